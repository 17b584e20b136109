//! A deployed stack, and for each test a community and people of its own in it.

mod aws;
pub(crate) mod http;
pub(crate) mod mail;
pub(crate) mod template;

use std::{
    sync::{
        OnceLock, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard,
        atomic::{AtomicU64, Ordering},
    },
    thread::sleep,
    time::{Duration, Instant, SystemTime},
};

use serde::Deserialize;
use serde_json::{Value, json};

pub(crate) use self::{http::Answer, mail::Mail};

/// How long whatever follows a change may take on a slow machine.
const PATIENCE: Duration = Duration::from_mins(1);

/// The stack that the tests talk to, as its file describes it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Stack {
    pub(crate) api_url: String,
    pub(crate) endpoint_url: String,
    pub(crate) region: String,
    pub(crate) table_name: String,
    user_pool_id: String,
    client_id: String,
    people: Vec<DemoPerson>,
}

#[derive(Deserialize)]
struct DemoPerson {
    role: String,
    token: String,
}

/// The stack under test.
pub(crate) fn stack() -> &'static Stack {
    static STACK: OnceLock<Stack> = OnceLock::new();
    STACK.get_or_init(|| {
        let Some(file) = std::env::var_os("INVITATIONS_STACK") else {
            panic!("These tests need a deployed stack: run `make test`.");
        };
        // Cargo starts tests in the folder of their crate; a relative path is meant from the workspace.
        let file = std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../..")).join(file);
        let text = std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
    })
}

impl Stack {
    /// Calls the API, and checks what holds for each of its answers.
    #[track_caller]
    pub(crate) fn api(&self, method: &str, path: &str, headers: &[(&str, &str)], body: Option<&Value>) -> Answer {
        let body = body.map(Value::to_string);
        let answer = http::call(method, &format!("{}{path}", self.api_url), headers, body.as_deref());
        answer.keeps_promises();
        answer
    }

    /// The site administrator.
    pub(crate) fn administrator(&self) -> Person {
        let found = self.people.iter().find(|person| person.role == "site_administrator").unwrap();
        Person { id: String::new(), name: String::new(), email: String::new(), token: found.token.clone() }
    }
}

/// Waits until `look` finds what must come, such as what follows a change by way of the table's stream.
#[track_caller]
pub(crate) fn eventually<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < deadline, "{what}: not within {} s", PATIENCE.as_secs());
        sleep(Duration::from_millis(100));
    }
}

/// Somebody who calls the API.
#[derive(Debug, Clone)]
pub(crate) struct Person {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) email: String,
    token: String,
}

impl Person {
    pub(crate) fn authorization(&self) -> String {
        format!("Bearer {}", self.token)
    }

    #[track_caller]
    pub(crate) fn call(&self, method: &str, path: &str, body: Option<&Value>) -> Answer {
        stack().api(method, path, &[("Authorization", &*self.authorization())], body)
    }

    #[track_caller]
    pub(crate) fn get(&self, path: &str) -> Answer {
        self.call("GET", path, None)
    }

    #[track_caller]
    pub(crate) fn put(&self, path: &str, body: &Value) -> Answer {
        self.call("PUT", path, Some(body))
    }

    #[track_caller]
    pub(crate) fn post(&self, path: &str, body: &Value) -> Answer {
        self.call("POST", path, Some(body))
    }

    #[track_caller]
    pub(crate) fn delete(&self, path: &str) -> Answer {
        self.call("DELETE", path, None)
    }

    /// Gives a command such as `accept` on an invitation.
    #[track_caller]
    pub(crate) fn command(&self, command: &str, invitation: &str) -> Answer {
        self.post(&format!("/invitations/{invitation}/{command}"), &json!({}))
    }

    /// The person as the directory's import takes them: active, with a verified address.
    pub(crate) fn record(&self) -> Value {
        json!({
            "type": "user",
            "userId": self.id,
            "displayName": self.name,
            "profileUrl": format!("https://community.example.org/people/{}", self.id),
            "email": self.email,
            "emailVerified": true,
        })
    }

    /// The invitation as this person sees it.
    #[track_caller]
    pub(crate) fn sees(&self, invitation: &str) -> Value {
        self.get(&format!("/invitations/{invitation}")).ok()
    }
}

/// Who somebody is to a test's community.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    Owner,
    Administrator,
    Moderator,
    Member,
    /// Known to the directory, and no member.
    Outsider,
    /// As an outsider, with an address that nobody has verified.
    Unverified,
    /// As an outsider, and not active.
    Inactive,
    /// Signed up, and not known to the directory.
    Unknown,
}

impl Part {
    fn role(self) -> Option<&'static str> {
        match self {
            Self::Owner => Some("owner"),
            Self::Administrator => Some("administrator"),
            Self::Moderator => Some("moderator"),
            Self::Member => Some("member"),
            Self::Outsider | Self::Unverified | Self::Inactive | Self::Unknown => None,
        }
    }
}

/// While some test changes the network's settings, no other test runs.
static SETTINGS: RwLock<()> = RwLock::new(());

enum Turn {
    Shared { _with_others: RwLockReadGuard<'static, ()> },
    Alone { _guard: RwLockWriteGuard<'static, ()>, before: Value },
}

impl Drop for Turn {
    fn drop(&mut self) {
        if let Self::Alone { before, .. } = self {
            let (url, authorization) = (&stack().api_url, stack().administrator().authorization());
            let headers = [("Authorization", authorization.as_str())];
            http::call("PUT", &format!("{url}/directory/settings"), &headers, Some(&before.to_string()));
        }
    }
}

/// A community of the test's own.
pub(crate) struct World {
    pub(crate) community: String,
    pub(crate) title: String,
    pub(crate) administrator: Person,
    turn: Option<Turn>,
}

impl World {
    /// A public community with open enrolment.
    pub(crate) fn new() -> Self {
        Self::with(&json!({}))
    }

    /// A community that differs from a public one with open enrolment in those fields.
    pub(crate) fn with(fields: &Value) -> Self {
        let guard = SETTINGS.read().unwrap_or_else(PoisonError::into_inner);
        Self::build(fields, Some(Turn::Shared { _with_others: guard }))
    }

    /// A public community with open enrolment, in a network with those settings. No other test runs meanwhile.
    pub(crate) fn alone_with_settings(settings: &Value) -> Self {
        let guard = SETTINGS.write().unwrap_or_else(PoisonError::into_inner);
        let before = stack().administrator().get("/directory/settings").ok();
        let turn = Turn::Alone { _guard: guard, before };
        stack().administrator().put("/directory/settings", settings).expect(200);
        Self::build(&json!({}), Some(turn))
    }

    /// A token that was good until a moment ago, for a test that is alone.
    pub(crate) fn expired_token(&self) -> String {
        assert!(matches!(self.turn, Some(Turn::Alone { .. })), "others would sign in meanwhile");
        stack().expired_token()
    }

    /// Another community for a test that has its turn already, whose moderator that person is.
    pub(crate) fn another(moderator: &Person) -> Self {
        let other = Self::build(&json!({}), None);
        other.import(&[
            json!({"type": "member", "communityId": other.community, "userId": moderator.id, "role": "moderator"}),
        ]);
        other
    }

    fn build(fields: &Value, turn: Option<Turn>) -> Self {
        let serial = serial();
        let (community, title) = (format!("circle-{serial}"), format!("Circle {serial}"));
        let world = Self { community, title, administrator: stack().administrator(), turn };
        world.describe(fields);
        world
    }

    /// Replaces the community's record.
    pub(crate) fn describe(&self, fields: &Value) -> Answer {
        let mut body = json!({
            "title": self.title,
            "url": format!("https://community.example.org/{}", self.community),
            "description": "Neighbours who grow vegetables.",
            "memberCount": 1234,
            "visibility": "public",
            "enrolment": "open",
        });
        body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        let answer = self.administrator.put(&format!("/directory/communities/{}", self.community), &body);
        assert!([200, 201].contains(&answer.status), "{answer:?}");
        answer
    }

    /// New people, who can call the API.
    pub(crate) fn people<const N: usize>(&self, parts: [Part; N]) -> [Person; N] {
        let people = parts.map(|part| {
            let serial = serial();
            let (name, email) = (format!("{part:?} {serial}"), format!("{part:?}.{serial}@example.org").to_lowercase());
            let (id, token) = stack().sign_up(&email, part != Part::Unverified);
            Person { id, name, email, token }
        });
        let mut records = Vec::new();
        for (part, person) in parts.iter().zip(&people).filter(|(part, _)| **part != Part::Unknown) {
            let mut record = person.record();
            record["emailVerified"] = json!(*part != Part::Unverified);
            record["active"] = json!(*part != Part::Inactive);
            records.push(record);
            if let Some(role) = part.role() {
                records
                    .push(json!({"type": "member", "communityId": self.community, "userId": person.id, "role": role}));
            }
        }
        self.import(&records);
        people
    }

    /// Imports records that must all be fine.
    pub(crate) fn import(&self, records: &[Value]) {
        let imported = self.administrator.post("/directory/import", &json!({"records": records})).ok();
        for result in imported["results"].as_array().unwrap() {
            assert!([200, 201].contains(&result["status"].as_u64().unwrap()), "{result}");
        }
    }

    pub(crate) fn connect(&self, one: &Person, other: &Person) {
        self.import(&[json!({"type": "connection", "userId": one.id, "otherId": other.id})]);
    }

    /// The path of the community's invitations.
    pub(crate) fn path(&self) -> String {
        format!("/communities/{}/invitations", self.community)
    }

    #[track_caller]
    pub(crate) fn send(&self, sender: &Person, body: &Value) -> Answer {
        sender.post(&self.path(), body)
    }

    /// Sends with an `Idempotency-Key`.
    #[track_caller]
    pub(crate) fn send_once(&self, sender: &Person, key: &str, body: &Value) -> Answer {
        let authorization = sender.authorization();
        stack().api("POST", &self.path(), &[("Authorization", &authorization), ("Idempotency-Key", key)], Some(body))
    }

    /// The outcome for the only recipient of a request.
    #[track_caller]
    pub(crate) fn outcome(&self, sender: &Person, body: &Value) -> String {
        let outcomes = outcomes(&self.send(sender, body).ok());
        assert_eq!(outcomes.len(), 1);
        outcomes[0].clone()
    }

    /// Invites a user; answers the invitation's id.
    #[track_caller]
    pub(crate) fn invite(&self, sender: &Person, invitee: &Person) -> String {
        id_of_first(&self.send(sender, &json!({"userIds": [invitee.id]})).ok())
    }

    /// Invites an address; answers the invitation's id.
    #[track_caller]
    pub(crate) fn invite_address(&self, sender: &Person, address: &str) -> String {
        id_of_first(&self.send(sender, &json!({"emails": [address]})).ok())
    }

    /// Invites a user and waits for the mail; answers the invitation's id and the mail.
    #[track_caller]
    pub(crate) fn invite_by_mail(&self, sender: &Person, invitee: &Person) -> (String, Mail) {
        let before = stack().mails_to(&invitee.email).len();
        let id = self.invite(sender, invitee);
        (id, stack().await_mails(&invitee.email, before + 1).remove(before))
    }
}

/// An address that belongs to nobody.
pub(crate) fn free_address() -> String {
    format!("neighbour.{}@example.net", serial())
}

/// The id of the invitation that the first recipient got.
#[track_caller]
fn id_of_first(answer: &Value) -> String {
    let id = answer["results"][0]["invitation"]["id"].as_str();
    id.unwrap_or_else(|| panic!("no invitation in {answer}")).to_owned()
}

/// The outcomes of a request, in order.
pub(crate) fn outcomes(answer: &Value) -> Vec<String> {
    let results = answer["results"].as_array().unwrap();
    results.iter().map(|result| result["outcome"].as_str().unwrap().to_owned()).collect()
}

/// The ids of the invitations on a page of a list.
pub(crate) fn ids(list: &Value) -> Vec<String> {
    let invitations = list["invitations"].as_array().unwrap();
    invitations.iter().map(|invitation| invitation["id"].as_str().unwrap().to_owned()).collect()
}

/// Opens a page, or posts a form to it, without signing in.
pub(crate) fn page(method: &str, link: &str, form: Option<&str>) -> Answer {
    let form_type = [("Content-Type", "application/x-www-form-urlencoded")];
    http::call(method, link, if form.is_some() { &form_type } else { &[] }, form)
}

/// Letters and digits that no other test, of this run or another, has.
pub(crate) fn serial() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    static START: OnceLock<u64> = OnceLock::new();
    let start = START.get_or_init(|| {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
        u64::try_from(now.as_millis()).unwrap()
    });
    format!("{start:x}n{}", NEXT.fetch_add(1, Ordering::Relaxed))
}
