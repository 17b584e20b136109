//! What becomes of invitations where things go wrong or come twice: the same situations made with both, and what was
//! seen.
//!
//! Ours are the release binaries on an embedded table, two processes where two requests come at once. better-auth is
//! two Node processes on one `SQLite` file. A crash is the kernel's `SIGKILL`.

use std::{fs, path::Path, time::Duration};

use domain::Timestamp;
use serde_json::{Value, json};
use system::now;

use crate::{
    better_auth::{BetterAuth, Person, Response, invite},
    error::Result,
    fixtures::{CaseKind, Fixtures, OPEN, SENDER},
    operation::{ACCEPT, DECLINE, LINK, LIST_MINE, RESEND, SEND},
    process::Process,
    program::Program,
    prototype::Case,
    recorder::{Hold, Recorder},
    request::Request,
    table::Table,
};

/// How often requests that come at once are tried.
const ROUNDS: usize = 50;
/// The lifetime that is left of an invitation which expires while it is accepted.
const MOMENT: Duration = Duration::from_millis(1_500);

/// What was seen in one situation.
pub(crate) struct Seen {
    pub(crate) situation: &'static str,
    pub(crate) ours: String,
    pub(crate) theirs: String,
}

/// Makes every situation with both.
pub(crate) async fn observe(binaries: &Path, fixtures: &Fixtures) -> Result<Vec<Seen>> {
    let ours = Ours { binaries, fixtures, table: fixtures.table(20).await? };
    let file = binaries.join("better-auth.db");
    for suffix in ["", "-wal", "-shm"] {
        let _ = fs::remove_file(format!("{}{suffix}", file.display()));
    }
    let mut theirs = Theirs::start(&file.display().to_string()).await?;
    let mut seen = vec![
        Seen { situation: "a scanner opens the link", ours: ours.scanner().await?, theirs: theirs.scanner().await? },
        Seen {
            situation: "accept and decline at once",
            ours: ours.two_answers().await?,
            theirs: theirs.two_answers().await?,
        },
        Seen { situation: "invited twice", ours: ours.invited_twice().await?, theirs: theirs.invited_twice().await? },
        Seen {
            situation: "invited again after a decline",
            ours: ours.declined().await?,
            theirs: theirs.declined().await?,
        },
        Seen { situation: "address in other letters", ours: ours.casing().await?, theirs: theirs.casing().await? },
        Seen { situation: "mailed again, twice in a row", ours: ours.resent().await?, theirs: theirs.resent().await? },
        Seen { situation: "expiry during accept", ours: ours.expiry().await?, theirs: theirs.expiry().await? },
    ];
    let (ours, theirs) = (ours.crash().await?, theirs.crash().await?);
    seen.insert(2, Seen { situation: "crash while accepting", ours, theirs });
    Ok(seen)
}

/// The service.
struct Ours<'a> {
    binaries: &'a Path,
    fixtures: &'a Fixtures,
    table: Table,
}

/// A process of one function of ours.
struct Function(Process);

impl Function {
    /// Returns the status of the response, and its body: JSON, or the text of a page.
    async fn call(&mut self, request: &Request<'_>) -> Result<(u64, Value)> {
        let (_, response) = self.0.respond(request.event()).await?;
        let text = response["body"].as_str().unwrap_or_default();
        let body = serde_json::from_str(text).unwrap_or_else(|_| text.into());
        Ok((response["statusCode"].as_u64().unwrap_or_default(), body))
    }
}

impl Ours<'_> {
    fn program(&self, route: &str) -> Program {
        Program::behind(route, self.binaries)
    }

    async fn function(&self, route: &str) -> Result<Function> {
        self.function_at(route, &self.table.endpoint).await
    }

    async fn function_at(&self, route: &str, endpoint: &str) -> Result<Function> {
        Ok(Function(Process::start(&self.program(route), endpoint).await?))
    }

    fn case(&self, kind: CaseKind) -> Result<Case> {
        Ok(self.fixtures.cases(&self.table, kind, 1)?.remove(0))
    }

    /// Returns the status that is stored of the invitation, and whether its invitee is a member.
    fn state(&self, case: &Case) -> Result<(String, bool)> {
        let invitation = self.table.record(&format!("INVITATION#{}", case.id), "INVITATION")?;
        let standing = self.table.record(&format!("USER#{}", case.users[0]), &format!("STANDING#{OPEN}"))?;
        let status = invitation["body"]["M"]["status"]["S"].as_str().ok_or("no status")?;
        Ok((status.to_owned(), standing["role"]["S"].is_string()))
    }

    fn told(&self, case: &Case) -> Result<String> {
        let (status, is_member) = self.state(case)?;
        Ok(told(&status, is_member))
    }

    async fn scanner(&self) -> Result<String> {
        let case = self.case(CaseKind::Mailed)?;
        let mut respond = self.function(LINK).await?;
        let (status, page) = respond.call(&Request::to(LINK).with("proxy+", &case.token)).await?;
        let (head, _) = respond.call(&Request::to("HEAD /i/{proxy+}").with("proxy+", &case.token)).await?;
        let buttons = page.as_str().unwrap_or_default().matches(r#"<button name="answer""#).count();
        let state = self.told(&case)?;
        Ok(format!(
            "GET and HEAD of the mailed link: {status}, {head}, a page with {buttons} buttons to answer; {state}"
        ))
    }

    async fn two_answers(&self) -> Result<String> {
        let (mut one, mut other) = (self.function(ACCEPT).await?, self.function(DECLINE).await?);
        let (mut single, mut consistent) = (0, 0);
        for _ in 0..ROUNDS {
            let case = self.case(CaseKind::Pending)?;
            let accept = Request::to(ACCEPT).by(&case.users[0]).with("invitationId", &case.id);
            let decline = Request::to(DECLINE).by(&case.users[0]).with("invitationId", &case.id);
            let ((yes, _), (no, _)) = tokio::try_join!(one.call(&accept), other.call(&decline))?;
            let (status, is_member) = self.state(&case)?;
            single += usize::from(
                [yes, no] == [200, 409] && status == "accepted" || [yes, no] == [409, 200] && status == "declined",
            );
            consistent += usize::from((status == "accepted") == is_member);
        }
        Ok(format!(
            "{single} of {ROUNDS}: one is told 200, the other 409 with the state that won; in {consistent} a member exactly if \
             accepted"
        ))
    }

    async fn crash(&self) -> Result<String> {
        let (mut states, mut writes) = (Vec::new(), 0);
        for hold in [Hold::BeforeTable, Hold::AfterTable] {
            let case = self.case(CaseKind::Pending)?;
            let accept = Request::to(ACCEPT).by(&case.users[0]).with("invitationId", &case.id);
            let recorder = Recorder::start(&self.table.endpoint).await?;
            let mut respond = self.function_at(ACCEPT, &recorder.endpoint).await?;
            recorder.hold(hold, "TransactWriteItems");
            tokio::select! {
                response = respond.call(&accept) => return Err(format!("not held: {response:?}").into()),
                () = recorder.held() => {}
            }
            respond.0.stop().await?;
            writes = recorder.take().writes();
            let state = self.told(&case)?;
            let (again, _) = self.function(ACCEPT).await?.call(&accept).await?;
            states.push(format!("{state}, accepted again: {again}"));
        }
        Ok(format!("writes: {writes}. Killed before: {}. Killed after, before the response: {}", states[0], states[1]))
    }

    async fn invited_twice(&self) -> Result<String> {
        let (mut one, mut other) = (self.function(SEND).await?, self.function(SEND).await?);
        let outcome = |(_, body): &(u64, Value)| body["results"][0]["outcome"].as_str().unwrap_or_default().to_owned();
        let case = self.case(CaseKind::Guests(1))?;
        one.call(&invitation(&case)).await?;
        let second = outcome(&one.call(&invitation(&case)).await?);
        let mut single = 0;
        for _ in 0..ROUNDS {
            let case = self.case(CaseKind::Guests(1))?;
            let request = invitation(&case);
            let (first, second) = tokio::try_join!(one.call(&request), other.call(&request))?;
            let mut outcomes = [outcome(&first), outcome(&second)];
            outcomes.sort();
            single += usize::from(outcomes == ["already_invited", "invited"]);
        }
        Ok(format!("the second: `{second}`. Both at once: {single} of {ROUNDS} make one invitation"))
    }

    async fn declined(&self) -> Result<String> {
        let case = self.case(CaseKind::Pending)?;
        let decline = Request::to(DECLINE).by(&case.users[0]).with("invitationId", &case.id);
        let (status, _) = self.function(DECLINE).await?.call(&decline).await?;
        let (_, body) = self.function(SEND).await?.call(&invitation(&case)).await?;
        let result = &body["results"][0];
        let days = result["retryAfter"].as_i64().unwrap_or_default() / 86_400;
        Ok(format!(
            "declined: {status}; invited again: `{}`, for {days} days",
            result["outcome"].as_str().unwrap_or_default()
        ))
    }

    async fn casing(&self) -> Result<String> {
        let case = self.case(CaseKind::Guests(1))?;
        let guest = &case.users[0];
        let address = format!("{guest}@example.org").to_uppercase();
        let request = Request::to(SEND).by(SENDER).with("communityId", OPEN).body(json!({ "emails": [address] }));
        let (_, sent) = self.function(SEND).await?.call(&request).await?;
        let (_, listed) = self.function(LIST_MINE).await?.call(&Request::to(LIST_MINE).by(guest)).await?;
        let id = sent["results"][0]["invitation"]["id"].as_str().ok_or("not invited")?;
        let accept = Request::to(ACCEPT).by(guest).with("invitationId", id);
        let (accepted, _) = self.function(ACCEPT).await?.call(&accept).await?;
        let listed = listed["invitations"].as_array().map_or(0, Vec::len);
        Ok(format!("invited in capitals: {listed} in the invitee's list; accepted: {accepted}"))
    }

    async fn resent(&self) -> Result<String> {
        let case = self.case(CaseKind::MailedLongAgo)?;
        let resend = Request::to(RESEND).by(SENDER).with("invitationId", &case.id);
        let mut moderate = self.function(RESEND).await?;
        let (first, body) = moderate.call(&resend).await?;
        let (second, refused) = moderate.call(&resend).await?;
        let (link, _) = self.function(LINK).await?.call(&Request::to(LINK).with("proxy+", &case.token)).await?;
        let same = if body["id"] == case.id.as_str() { "the same id" } else { "another id" };
        let code = refused["code"].as_str().unwrap_or_default();
        Ok(format!("{first} with {same}, then {second} `{code}`; the link mailed before: {link}"))
    }

    async fn expiry(&self) -> Result<String> {
        let case = self.case(CaseKind::Pending)?;
        let expires_at = now() + MOMENT;
        self.expire(&case, expires_at)?;
        let accept = Request::to(ACCEPT).by(&case.users[0]).with("invitationId", &case.id);
        let recorder = Recorder::start(&self.table.endpoint).await?;
        let mut respond = self.function_at(ACCEPT, &recorder.endpoint).await?;
        recorder.hold(Hold::BeforeTable, "TransactWriteItems");
        let release = async {
            recorder.held().await;
            tokio::time::sleep(until(expires_at)).await;
            recorder.release();
            Ok(())
        };
        let ((during, _), ()) = tokio::try_join!(respond.call(&accept), release)?;
        let state = self.told(&case)?;
        let late = self.case(CaseKind::Pending)?;
        self.expire(&late, now())?;
        let accept = Request::to(ACCEPT).by(&late.users[0]).with("invitationId", &late.id);
        let (after, body) = respond.call(&accept).await?;
        let code = body["code"].as_str().unwrap_or_default();
        Ok(format!(
            "asked in time, written late: {during}, {state}. Asked after it: {after} `{code}`, {}",
            self.told(&late)?
        ))
    }

    /// Has the invitation expire then.
    fn expire(&self, case: &Case, at: Timestamp) -> Result<()> {
        let millis = at.as_millisecond().to_string();
        let mut invitation = self.table.record(&format!("INVITATION#{}", case.id), "INVITATION")?;
        invitation["expiry"]["N"] = millis.as_str().into();
        invitation["body"]["M"]["expiresAt"]["N"] = millis.as_str().into();
        self.table.put(invitation)?;
        let mut standing = self.table.record(&format!("USER#{}", case.users[0]), &format!("STANDING#{OPEN}"))?;
        standing["liveUntil"]["N"] = millis.into();
        self.table.put(standing)
    }
}

fn invitation(case: &Case) -> Request<'_> {
    Request::to(SEND).by(SENDER).with("communityId", OPEN).body(json!({ "userIds": case.users }))
}

fn told(status: &str, is_member: bool) -> String {
    format!("{status}, {}", if is_member { "a member" } else { "no member" })
}

/// How long until a little after that moment.
fn until(moment: Timestamp) -> Duration {
    Duration::try_from(moment.duration_since(now())).unwrap_or_default() + Duration::from_millis(200)
}

/// better-auth.
struct Theirs {
    file: String,
    servers: [BetterAuth; 2],
    owner: Person,
    organization: String,
    guests: usize,
}

impl Theirs {
    async fn start(file: &str) -> Result<Self> {
        let servers = [BetterAuth::start(file).await?, BetterAuth::start(file).await?];
        let owner = servers[0].people(&["owner".to_owned()]).await?.remove(0);
        let organization = servers[0].organization(&owner, "harbour").await?;
        Ok(Self { file: file.to_owned(), servers, owner, organization, guests: 0 })
    }

    async fn guest(&mut self) -> Result<Person> {
        self.guests += 1;
        Ok(self.servers[0].people(&[format!("guest-{}", self.guests)]).await?.remove(0))
    }

    async fn invited(&mut self) -> Result<(Person, String)> {
        let guest = self.guest().await?;
        let body =
            self.servers[0].must("/invite-member", &self.owner, Some(invite(&guest.email, &self.organization))).await?;
        Ok((guest, body["id"].as_str().ok_or("no id")?.to_owned()))
    }

    async fn rows(&self, table: &str, column: &str, value: &str) -> Result<Vec<Value>> {
        let rows = self.servers[0].bench("rows", json!([table, column, value])).await?;
        Ok(serde_json::from_value(rows)?)
    }

    async fn state(&self, guest: &Person, id: &str) -> Result<(String, bool)> {
        let invitations = self.rows("invitation", "id", id).await?;
        let status = invitations.first().and_then(|row| row["status"].as_str()).ok_or("no status")?;
        Ok((status.to_owned(), !self.rows("member", "userId", &guest.id).await?.is_empty()))
    }

    async fn told(&self, guest: &Person, id: &str) -> Result<String> {
        let (status, is_member) = self.state(guest, id).await?;
        Ok(told(&status, is_member))
    }

    async fn answer(&self, server: usize, route: &str, guest: &Person, id: &str) -> Result<Response> {
        self.servers[server].call(route, Some(guest), Some(json!({ "invitationId": id }))).await
    }

    async fn scanner(&mut self) -> Result<String> {
        let (guest, id) = self.invited().await?;
        let mut statuses = Vec::new();
        for route in [format!("/accept-invitation?invitationId={id}"), format!("/get-invitation?id={id}")] {
            statuses.push(self.servers[0].call(&route, None, None).await?.status.to_string());
        }
        Ok(format!(
            "GET of accept-invitation and get-invitation: {}; {}",
            statuses.join(", "),
            self.told(&guest, &id).await?
        ))
    }

    async fn two_answers(&mut self) -> Result<String> {
        let (mut both, mut consistent) = (0, 0);
        for _ in 0..ROUNDS {
            let (guest, id) = self.invited().await?;
            let accept = self.answer(0, "/accept-invitation", &guest, &id);
            let reject = self.answer(1, "/reject-invitation", &guest, &id);
            let (yes, no) = tokio::try_join!(accept, reject)?;
            let (status, is_member) = self.state(&guest, &id).await?;
            both += usize::from([yes.status, no.status] == [200, 200]);
            consistent += usize::from((status == "accepted") == is_member);
        }
        Ok(format!("{both} of {ROUNDS}: both are told 200; in {consistent} a member exactly if accepted"))
    }

    async fn invited_twice(&mut self) -> Result<String> {
        let (guest, _) = self.invited().await?;
        let body = Some(invite(&guest.email, &self.organization));
        let second = self.servers[0].call("/invite-member", Some(&self.owner), body).await?;
        let mut single = 0;
        for _ in 0..ROUNDS {
            let guest = self.guest().await?;
            let body = || Some(invite(&guest.email, &self.organization));
            let [one, other] = &self.servers;
            let one = one.call("/invite-member", Some(&self.owner), body());
            let other = other.call("/invite-member", Some(&self.owner), body());
            tokio::try_join!(one, other)?;
            single += usize::from(self.rows("invitation", "email", &guest.email).await?.len() == 1);
        }
        Ok(format!("the second: {}. Both at once: {single} of {ROUNDS} make one invitation", refused(&second)))
    }

    async fn declined(&mut self) -> Result<String> {
        let (guest, id) = self.invited().await?;
        let rejected = self.answer(0, "/reject-invitation", &guest, &id).await?;
        let body = Some(invite(&guest.email, &self.organization));
        let again = self.servers[0].call("/invite-member", Some(&self.owner), body).await?;
        Ok(format!("declined: {}; invited again: {}", rejected.status, refused(&again)))
    }

    async fn casing(&mut self) -> Result<String> {
        let guest = self.guest().await?;
        let body = Some(invite(&guest.email.to_uppercase(), &self.organization));
        let sent = self.servers[0].must("/invite-member", &self.owner, body).await?;
        let listed = self.servers[0].must("/list-user-invitations", &guest, None).await?;
        let accepted = self.answer(0, "/accept-invitation", &guest, sent["id"].as_str().unwrap_or_default()).await?;
        let listed = listed.as_array().map_or(0, Vec::len);
        Ok(format!("invited in capitals: {listed} in the invitee's list; accepted: {}", accepted.status))
    }

    async fn resent(&mut self) -> Result<String> {
        let (guest, id) = self.invited().await?;
        let before = self.servers[0].bench("mails", Value::Null).await?.as_u64().unwrap_or_default();
        let mut statuses = Vec::new();
        let mut same = true;
        for _ in 0..2 {
            let mut body = invite(&guest.email, &self.organization);
            body["resend"] = true.into();
            let response = self.servers[0].call("/invite-member", Some(&self.owner), Some(body)).await?;
            statuses.push(response.status.to_string());
            same &= response.body["id"] == id.as_str();
        }
        let mails = self.servers[0].bench("mails", Value::Null).await?.as_u64().unwrap_or_default() - before;
        let same = if same { "the same id" } else { "another id" };
        Ok(format!("{} with {same}, {mails} mails", statuses.join(", ")))
    }

    async fn expiry(&mut self) -> Result<String> {
        let (guest, id) = self.invited().await?;
        self.expire(&id, now() + MOMENT).await?;
        let pause = MOMENT.as_millis() + 300;
        self.servers[0].bench("fault", json!([[r#"update "invitation""#], pause])).await?;
        let during = self.answer(0, "/accept-invitation", &guest, &id).await?;
        let state = self.told(&guest, &id).await?;
        let (late, id) = self.invited().await?;
        self.expire(&id, now()).await?;
        let after = self.answer(0, "/accept-invitation", &late, &id).await?;
        Ok(format!(
            "asked in time, written late: {}, {state}. Asked after it: {}, {}",
            during.status,
            refused(&after),
            self.told(&late, &id).await?
        ))
    }

    async fn expire(&self, id: &str, at: Timestamp) -> Result<()> {
        self.servers[0].bench("expire", json!([id, at.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()])).await?;
        Ok(())
    }

    /// Ends the servers, too.
    async fn crash(mut self) -> Result<String> {
        let (guest, id) = self.invited().await?;
        let [one, other] = self.servers;
        other.stop().await?;
        one.bench("fault", json!([[r#"insert into "member""#]])).await?;
        let broken = one.call("/accept-invitation", Some(&guest), Some(json!({ "invitationId": id }))).await;
        if broken.is_ok() {
            return Err("better-auth did not crash".into());
        }
        one.ended().await?;
        self.servers = [BetterAuth::start(&self.file).await?, BetterAuth::start(&self.file).await?];
        let state = self.told(&guest, &id).await?;
        let again = self.answer(0, "/accept-invitation", &guest, &id).await?;
        for server in self.servers {
            server.stop().await?;
        }
        Ok(format!("killed before the member is inserted: {state}, accepted again: {}", refused(&again)))
    }
}

/// Returns the status of a response, and the code of a refusal.
fn refused(response: &Response) -> String {
    match response.body["code"].as_str() {
        Some(code) => format!("{} `{code}`", response.status),
        None => response.status.to_string(),
    }
}
