//! Whether the peer in Node does the same as the functions: the same requests to both, on tables that began alike, must
//! have the same responses and leave the same records. A comparison of their speed would say nothing otherwise.

use std::{collections::BTreeMap, path::Path};

use domain::{Timestamp, id::InvitationId};
use dynoxide::Item;
use serde_json::{Map, Value, json};
use system::now;

use crate::{
    error::Result,
    fixtures::{CaseKind, Fixtures, INVITEE, OPEN, OWNER, SENDER},
    operation::{ACCEPT, LIST_MINE, SEND, STATUS},
    process::Process,
    program::Program,
    prototype::Case,
    request::Request,
    table::Table,
};

/// Each route, and the peer's name for the function behind it.
const ROUTES: [(&str, &str); 4] = [(SEND, "send"), (LIST_MINE, "list-mine"), (STATUS, "status"), (ACCEPT, "accept")];
/// A community that allows no invitations.
const SHUT: &str = "shut";
/// How often two requests race.
const ROUNDS: usize = 40;

/// Checks that both do the same, and returns how many requests were compared.
pub(crate) async fn check(fixtures: &Fixtures, binaries: &Path) -> Result<usize> {
    let ([ours, theirs], people) = tables(fixtures).await?;
    let began = now();
    let mut ours = Side::start(ours, began, |route, _| Ok(Program::behind(route, binaries))).await?;
    let mut theirs = Side::start(theirs, began, |route, name| Program::in_node(name, route)).await?;
    let mut compared = 0;
    for request in people.requests() {
        let [one, other] = [ours.respond(&request).await?, theirs.respond(&request).await?];
        if one != other {
            return Err(format!("Node differs at {request:?}:\n{one:#}\n{other:#}").into());
        }
        compared += 1;
    }
    let [one, other] = [ours.records()?, theirs.records()?];
    if let Some((key, record)) = one.iter().find(|(key, record)| other.get(*key) != Some(record)) {
        return Err(format!("Node left another record at {key}:\n{record:#}\n{:#?}", other.get(key)).into());
    }
    if let Some((key, record)) = other.iter().find(|(key, _)| !one.contains_key(*key)) {
        return Err(format!("Node left one more record at {key}:\n{record:#}").into());
    }
    for side in [&mut ours, &mut theirs] {
        side.race(fixtures).await?;
    }
    Ok(compared)
}

/// The people and invitations that the requests are about.
struct People {
    pending: Case,
    expired: Case,
    guests: Case,
    many: Case,
    /// Guests who cannot be invited, for one reason each.
    unwilling: Case,
}

/// Returns two equal tables, and who is in them.
async fn tables(fixtures: &Fixtures) -> Result<([Table; 2], People)> {
    let origin = fixtures.table(60).await?;
    let one = |kind| -> Result<Case> { Ok(fixtures.cases(&origin, kind, 1)?.remove(0)) };
    let people = People {
        pending: one(CaseKind::Pending)?,
        expired: one(CaseKind::Pending)?,
        guests: one(CaseKind::Guests(5))?,
        many: one(CaseKind::Guests(100))?,
        unwilling: one(CaseKind::Guests(5))?,
    };
    let mut records = Vec::new();
    for item in origin.dump()? {
        let mut record = serde_json::to_value(item)?;
        people.edit(&mut record);
        records.push(serde_json::from_value(record)?);
    }
    records.extend(people.more_records()?);
    let both = [Table::new(false).await?, Table::new(false).await?];
    for table in &both {
        table.load(records.clone())?;
    }
    Ok((both, people))
}

impl People {
    /// Makes records say what their people are for.
    fn edit(&self, record: &mut Value) {
        let past = (now().as_millisecond() - 60_000).to_string();
        if record["pk"]["S"] == format!("INVITATION#{}", self.expired.id) && record["sk"]["S"] == "INVITATION" {
            record["expiry"]["N"] = past.as_str().into();
            record["body"]["M"]["expiresAt"]["N"] = past.as_str().into();
        }
        if record["pk"]["S"] == format!("USER#{}", self.unwilling.users[0]) && record["sk"]["S"] == "USER" {
            record["active"]["BOOL"] = false.into();
        }
    }

    /// Returns what else there is: standings of the unwilling, and a community that allows no invitations.
    fn more_records(&self) -> Result<Vec<Item>> {
        let later = (now().as_millisecond() + 3_600_000).to_string();
        let standing = |user: &str, community: &str, fields: Value| {
            let mut record = json!({
                "pk": {"S": format!("USER#{user}")}, "sk": {"S": format!("STANDING#{community}")}, "kind": {"S": "standing"},
            });
            if let (Value::Object(record), Value::Object(fields)) = (&mut record, fields) {
                record.extend(fields);
            }
            record
        };
        let [_, member, blocked, cooling, mailbox] = &self.unwilling.users[..] else { return Err("five users".into()) };
        let address = crate::prototype::address(mailbox)?;
        let mut records = vec![
            standing(member, OPEN, json!({ "role": {"S": "member"} })),
            standing(blocked, OPEN, json!({ "blocked": {"BOOL": true} })),
            standing(cooling, OPEN, json!({ "coolingUntil": {"N": later} })),
            standing(
                mailbox,
                OPEN,
                json!({ "mailbox": {"M": { "address": {"S": address.as_str()}, "blocked": {"BOOL": true} }} }),
            ),
            standing(SENDER, SHUT, json!({ "role": {"S": "moderator"} })),
        ];
        records.extend((0..8).map(|copy| {
            json!({
                "pk": {"S": format!("COMMUNITY#{SHUT}#{copy}")}, "sk": {"S": "COMMUNITY"}, "kind": {"S": "community"},
                "id": {"S": SHUT}, "title": {"S": "Shut"}, "visibility": {"S": "public"}, "enrolment": {"S": "open"},
                "allowInvitations": {"BOOL": false},
            })
        }));
        records.into_iter().map(|record| Ok(serde_json::from_value(record)?)).collect()
    }

    /// Returns the requests, in order.
    fn requests(&self) -> Vec<Request<'_>> {
        let guest = &self.guests.users;
        let (invitee, late) = (self.pending.users[0].as_str(), self.expired.users[0].as_str());
        let words = "Hello, %sender% asks you into the %type% %community%: 100% worth it.";
        vec![
            send(SENDER, OPEN, json!({ "userIds": guest[..2] })),
            send(
                SENDER,
                OPEN,
                json!({ "userIds": [guest[0], guest[0], "nobody", OWNER, "not an id", guest[2]], "expiresInDays": 7, "message": words }),
            ),
            send(SENDER, OPEN, json!({ "userIds": self.unwilling.users })),
            send("platform", OPEN, json!({ "userIds": [guest[3]] })),
            send(OWNER, OPEN, json!({ "userIds": [guest[3]] })),
            send(invitee, OPEN, json!({ "userIds": [guest[3]] })),
            send(SENDER, "nowhere", json!({ "userIds": [guest[3]] })),
            send(SENDER, SHUT, json!({ "userIds": [guest[3]] })),
            send(SENDER, OPEN, json!({ "userIds": [] })),
            send(SENDER, OPEN, json!({ "userIds": [guest[4]], "message": "Hello %recipient%" })),
            send(SENDER, OPEN, json!({ "userIds": [guest[4]], "expiresInDays": 366 })),
            send(SENDER, OPEN, json!({ "userIds": vec![guest[4].as_str(); 101] })),
            send(SENDER, OPEN, json!({ "userIds": self.many.users })),
            on(STATUS, invitee, &self.pending),
            on(STATUS, SENDER, &self.pending),
            on(STATUS, OWNER, &self.pending),
            on(STATUS, INVITEE, &self.pending),
            on(STATUS, late, &self.expired),
            Request::to(STATUS).by(OWNER).with("invitationId", "01ARZ3NDEKTSV4RRFFQ69G5FAV"),
            Request::to(STATUS).by(OWNER).with("invitationId", "none"),
            on(ACCEPT, INVITEE, &self.pending),
            on(ACCEPT, SENDER, &self.pending),
            on(ACCEPT, OWNER, &self.pending),
            on(ACCEPT, late, &self.expired),
            list(late),
            list(invitee),
            on(ACCEPT, invitee, &self.pending),
            on(ACCEPT, invitee, &self.pending),
            on(STATUS, invitee, &self.pending),
            on(STATUS, SENDER, &self.pending),
            list(invitee),
            list(INVITEE),
            list(INVITEE).query("limit", "2"),
            list(INVITEE).query("status", "accepted"),
            list(INVITEE).query("status", "pending"),
            list(INVITEE).query("status", "expired"),
            list(INVITEE).query("limit", "0"),
            list(INVITEE).query("status", "lost"),
            list(INVITEE).query("cursor", "abc"),
            send(SENDER, OPEN, json!({ "userIds": [invitee, late] })),
            Request::to(LIST_MINE),
        ]
    }
}

fn send<'a>(sender: &'a str, community: &'a str, body: Value) -> Request<'a> {
    Request::to(SEND).by(sender).with("communityId", community).body(body)
}

fn on<'a>(route: &'a str, caller: &'a str, case: &'a Case) -> Request<'a> {
    Request::to(route).by(caller).with("invitationId", &case.id)
}

fn list(caller: &str) -> Request<'_> {
    Request::to(LIST_MINE).by(caller)
}

/// One of the two, with its table.
struct Side {
    table: Table,
    /// A process for each route, and a second one for races.
    processes: Vec<(&'static str, [Process; 2])>,
    began: Timestamp,
    /// The ids that it drew, in the order in which its responses named them.
    drawn: Vec<String>,
    known: String,
}

impl Side {
    async fn start(
        table: Table,
        began: Timestamp,
        program: impl Fn(&'static str, &str) -> Result<Program>,
    ) -> Result<Self> {
        let mut processes = Vec::new();
        for (route, name) in ROUTES {
            let program = program(route, name)?;
            let two =
                [Process::start(&program, &table.endpoint).await?, Process::start(&program, &table.endpoint).await?];
            processes.push((route, two));
        }
        let known = serde_json::to_string(&table.dump()?)?;
        Ok(Self { table, processes, began, drawn: Vec::new(), known })
    }

    fn process(&mut self, route: &str) -> Result<&mut [Process; 2]> {
        let found = self.processes.iter_mut().find(|(one, _)| *one == route);
        found.map(|(_, two)| two).ok_or_else(|| "no process for the route".into())
    }

    /// Returns the status and the body of the response, with what differs from run to run made alike.
    async fn respond(&mut self, request: &Request<'_>) -> Result<Value> {
        let (_, response) = self.process(request.route())?[0].respond(request.event()).await?;
        let mut body: Value = serde_json::from_str(response["body"].as_str().unwrap_or("null"))?;
        self.learn(&body);
        self.make_alike(&mut body);
        let kind = response["headers"]["content-type"].clone();
        Ok(json!({ "status": response["statusCode"], "contentType": kind, "body": body }))
    }

    /// Notes the ids that a response names for the first time.
    fn learn(&mut self, body: &Value) {
        for result in body["results"].as_array().into_iter().flatten() {
            if let Some(id) = result["invitation"]["id"].as_str() {
                self.drawn.push(id.to_owned());
            }
        }
    }

    fn make_alike(&self, value: &mut Value) {
        match value {
            Value::String(text) => *text = self.alike(text),
            Value::Array(items) => items.iter_mut().for_each(|item| self.make_alike(item)),
            Value::Object(fields) => {
                for (name, value) in &mut *fields {
                    match name.as_str() {
                        // Bound to the moment; and to the seconds until midnight.
                        "nextCursor" | "retryAfter" => *value = true.into(),
                        _ => self.make_alike(value),
                    }
                }
                self.make_numbers_alike(fields);
            }
            _ => {}
        }
    }

    /// Numbers of records that are moments: milliseconds, or seconds of a TTL.
    fn make_numbers_alike(&self, fields: &mut Map<String, Value>) {
        let Some(number) = fields.get("N").and_then(Value::as_str).and_then(|number| number.parse::<i64>().ok()) else {
            return;
        };
        let millis = if number > 1_000_000_000_000 { number } else { number * 1_000 };
        if millis > 1_000_000_000_000 {
            fields.insert("N".into(), self.hours(millis).into());
        }
    }

    fn alike(&self, text: &str) -> String {
        if let Ok(moment) = text.parse::<Timestamp>() {
            return self.hours(moment.as_millisecond());
        }
        let words = text.split(|letter: char| !letter.is_ascii_alphanumeric());
        let ids = words.filter(|word| word.len() == 26 && word.parse::<InvitationId>().is_ok());
        ids.filter(|id| !self.known.contains(id)).fold(text.to_owned(), |text, id| {
            let place = self.drawn.iter().position(|drawn| drawn == id);
            text.replace(id, &place.map_or("an id of no response".to_owned(), |place| format!("id {place}")))
        })
    }

    /// Returns how many hours after the beginning that is, to the nearest: nothing in a run takes half of one.
    fn hours(&self, millis: i64) -> String {
        format!("hour {}", (millis - self.began.as_millisecond() + 1_800_000).div_euclid(3_600_000))
    }

    /// Returns all records by their keys.
    fn records(&self) -> Result<BTreeMap<String, Value>> {
        let mut records = BTreeMap::new();
        for item in self.table.dump()? {
            let mut record = serde_json::to_value(item)?;
            self.make_alike(&mut record);
            records.insert(format!("{} {}", record["pk"]["S"], record["sk"]["S"]), record);
        }
        Ok(records)
    }

    /// Has two processes do the same at once, many times: one invitation is made of two, and one acceptance written.
    async fn race(&mut self, fixtures: &Fixtures) -> Result<()> {
        for _ in 0..ROUNDS {
            let guest = fixtures.cases(&self.table, CaseKind::Guests(1), 1)?.remove(0).users.remove(0);
            let request = Request::to(SEND).by(SENDER).with("communityId", OPEN).body(json!({ "userIds": [guest] }));
            let responses = self.at_once(SEND, &request).await?;
            let mut outcomes =
                responses.map(|body| body["results"][0]["outcome"].as_str().unwrap_or_default().to_owned());
            outcomes.sort();
            if outcomes != ["already_invited", "invited"] {
                return Err(format!("two invitations at once: {outcomes:?}").into());
            }
            let case = fixtures.cases(&self.table, CaseKind::Pending, 1)?.remove(0);
            let request = Request::to(ACCEPT).by(&case.users[0]).with("invitationId", &case.id);
            let states = self.at_once(ACCEPT, &request).await?.map(|body| body["status"].clone());
            if states != ["accepted", "accepted"] {
                return Err(format!("two acceptances at once: {states:?}").into());
            }
        }
        Ok(())
    }

    async fn at_once(&mut self, route: &str, request: &Request<'_>) -> Result<[Value; 2]> {
        let [one, other] = self.process(route)?;
        let (one, other) = tokio::try_join!(one.respond(request.event()), other.respond(request.event()))?;
        let body = |(_, response): (_, Value)| serde_json::from_str(response["body"].as_str().unwrap_or("null"));
        Ok([body(one)?, body(other)?])
    }
}
