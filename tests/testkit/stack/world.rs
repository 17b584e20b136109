//! A community of a test's own, with people of its own.

use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use serde_json::{Value, json};

use super::{Mail, Part, Person, call, serial, stack};
use crate::Response;

/// While some test changes the network's settings, no other test runs.
static SETTINGS: RwLock<()> = RwLock::new(());

#[derive(Debug)]
enum Turn {
    Shared { _with_others: RwLockReadGuard<'static, ()> },
    Alone { _guard: RwLockWriteGuard<'static, ()>, before: Value },
}

impl Drop for Turn {
    fn drop(&mut self) {
        if let Self::Alone { before, .. } = self {
            let (url, authorization) = (&stack().api_url, stack().administrator().authorization());
            let headers = [("Authorization", authorization.as_str())];
            call("PUT", &format!("{url}/directory/settings"), &headers, Some(&before.to_string()));
        }
    }
}

/// A community of the test's own.
#[derive(Debug)]
pub struct World {
    /// The id of the community.
    pub community: String,
    /// Its title.
    pub title: String,
    /// The site administrator.
    pub administrator: Person,
    turn: Option<Turn>,
}

impl World {
    /// Makes a public community with open enrolment.
    #[allow(clippy::new_without_default, reason = "it calls the stack")]
    pub fn new() -> Self {
        Self::with(&json!({}))
    }

    /// Makes a community that differs from a public one with open enrolment in those fields.
    pub fn with(fields: &Value) -> Self {
        let guard = SETTINGS.read().unwrap_or_else(PoisonError::into_inner);
        Self::build(fields, Some(Turn::Shared { _with_others: guard }))
    }

    /// Makes a public community with open enrolment, in a network with those settings. No other test runs meanwhile.
    pub fn alone_with_settings(settings: &Value) -> Self {
        let guard = SETTINGS.write().unwrap_or_else(PoisonError::into_inner);
        let before = stack().administrator().get("/directory/settings").ok().json();
        let turn = Turn::Alone { _guard: guard, before };
        stack().administrator().put("/directory/settings", settings).expect(200);
        Self::build(&json!({}), Some(turn))
    }

    /// Returns a token that was good until a moment ago, for a test that is alone.
    pub fn expired_token(&self) -> String {
        assert!(matches!(self.turn, Some(Turn::Alone { .. })), "others would sign in meanwhile");
        stack().expired_token()
    }

    /// Makes another community, with that moderator, for a test that has its turn already.
    pub fn another(moderator: &Person) -> Self {
        let other = Self::build(&json!({}), None);
        other.import(&[other.member_record(moderator, "moderator")]);
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
    pub fn describe(&self, fields: &Value) {
        let mut body = json!({
            "title": self.title,
            "url": format!("https://community.example.org/{}", self.community),
            "description": "Neighbours who grow vegetables.",
            "memberCount": 1234,
            "visibility": "public",
            "enrolment": "open",
        });
        body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        self.administrator.put(&format!("/directory/communities/{}", self.community), &body).succeeded();
    }

    /// Makes new people, who can call the API.
    pub fn people<const N: usize>(&self, parts: [Part; N]) -> [Person; N] {
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
            records.extend(part.role().map(|role| self.member_record(person, role)));
        }
        self.import(&records);
        people
    }

    /// Imports records that must all be fine.
    pub fn import(&self, records: &[Value]) {
        let imported = self.administrator.post("/directory/import", &json!({"records": records})).import();
        for result in imported.results {
            assert!([200, 201].contains(&result.status), "{result:?}");
        }
    }

    /// Returns a membership as the directory's import takes it.
    pub fn member_record(&self, person: &Person, role: &str) -> Value {
        json!({"type": "member", "communityId": self.community, "userId": person.id, "role": role})
    }

    /// Connects two users.
    pub fn connect(&self, one: &Person, other: &Person) {
        self.import(&[json!({"type": "connection", "userId": one.id, "otherId": other.id})]);
    }

    /// Returns the path of the community's invitations.
    pub fn path(&self) -> String {
        format!("/communities/{}/invitations", self.community)
    }

    /// Sends.
    #[track_caller]
    pub fn send(&self, sender: &Person, body: &Value) -> Response {
        sender.post(&self.path(), body)
    }

    /// Sends with an `Idempotency-Key`.
    #[track_caller]
    pub fn send_once(&self, sender: &Person, key: &str, body: &Value) -> Response {
        let authorization = sender.authorization();
        stack().api("POST", &self.path(), &[("Authorization", &authorization), ("Idempotency-Key", key)], Some(body))
    }

    /// Returns the outcome for the only recipient of a request.
    #[track_caller]
    pub fn outcome(&self, sender: &Person, body: &Value) -> String {
        let sent = self.send(sender, body).sent();
        assert_eq!(sent.results.len(), 1);
        sent.outcomes()[0].to_owned()
    }

    /// Invites a user, and returns the invitation's id.
    #[track_caller]
    pub fn invite(&self, sender: &Person, invitee: &Person) -> String {
        self.send(sender, &json!({"userIds": [invitee.id]})).sent().results[0].id().to_owned()
    }

    /// Invites an address, and returns the invitation's id.
    #[track_caller]
    pub fn invite_address(&self, sender: &Person, address: &str) -> String {
        self.send(sender, &json!({"emails": [address]})).sent().results[0].id().to_owned()
    }

    /// Invites a user and waits for the mail; returns the invitation's id and the mail.
    #[track_caller]
    pub fn invite_by_mail(&self, sender: &Person, invitee: &Person) -> (String, Mail) {
        let before = stack().mails_to(&invitee.email).len();
        let id = self.invite(sender, invitee);
        (id, stack().await_mails(&invitee.email, before + 1).remove(before))
    }
}
