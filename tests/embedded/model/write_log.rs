//! What was really written, invitation by invitation, and the simple model that says what may be.
//!
//! The model knows nothing of the domain's code. It gets every write that the table took, with the call that made it, and
//! says at once what should not have been.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::schedule::{Call, Purpose};

/// One state of an invitation, as it was written.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) revision: u64,
    pub(super) status: String,
    pub(super) purpose: Purpose,
    pub(super) expires: i64,
}

/// All writes of a run.
#[derive(Debug, Default)]
pub(super) struct WriteLog {
    states: BTreeMap<String, Vec<Entry>>,
    /// The invitations that each call has written.
    by_call: BTreeMap<u64, Vec<String>>,
    /// How often something went wrong with a request about a mail of the invitation.
    disturbed: BTreeMap<String, u64>,
    /// Invitations that a removal did not see in an index that lagged.
    unseen: BTreeSet<String>,
    /// Transactions that were executed, by the token that makes repetitions harmless.
    tokens: BTreeSet<String>,
    violations: Vec<String>,
}

/// From which states to which, by what, and which mails the outbox gets.
type Edge = (&'static [&'static str], &'static str, &'static [Purpose], &'static [&'static str]);

use Purpose::{
    Accept, Approve, Cancel, Decline, DeleteCommunity, DeleteUser, Deliver, Link, PutUser, Reject, Send, Unsubscribe,
};

const NEW: &str = "";
const LIVE: &[&str] = &["awaiting_approval", "pending"];
/// SPEC's picture of the lifecycle. Nothing leaves a state that stands on the right only.
const EDGES: [Edge; 10] = [
    (&[NEW], "pending", &[Send], &["invitation"]),
    (&[NEW], "awaiting_approval", &[Send], &["approval_needed"]),
    (&[NEW], "accepted", &[Send], &["joined"]),
    (&["awaiting_approval"], "pending", &[Approve], &["invitation"]),
    (&["awaiting_approval"], "accepted", &[Approve], &["joined"]),
    (&["awaiting_approval"], "rejected", &[Reject], &["request_rejected"]),
    (&["pending"], "accepted", &[Accept, Link], &["membership_confirmed", "membership_confirmed"]),
    (&["pending"], "declined", &[Decline, Link, Unsubscribe], &["declined"]),
    (LIVE, "cancelled", &[Cancel, DeleteUser, DeleteCommunity, PutUser], &[]),
    (LIVE, "expired", &[Deliver], &[]),
];

impl WriteLog {
    /// Returns the states of the invitation so far.
    pub(super) fn states(&self, id: &str) -> &[Entry] {
        self.states.get(id).map_or(&[], Vec::as_slice)
    }

    /// Returns the invitations that the call has changed.
    pub(super) fn changed_by(&self, call: u64) -> &[String] {
        self.by_call.get(&call).map_or(&[], Vec::as_slice)
    }

    pub(super) fn disturbances(&self, id: &str) -> u64 {
        self.disturbed.get(id).copied().unwrap_or_default()
    }

    pub(super) fn was_unseen(&self, id: &str) -> bool {
        self.unseen.contains(id)
    }

    pub(super) fn violations(&mut self) -> Vec<String> {
        std::mem::take(&mut self.violations)
    }

    pub(super) fn count(&self) -> usize {
        self.states.len()
    }

    /// Notes that a mail of the invitation may have been sent twice, or its record not kept.
    pub(super) fn disturb(&mut self, id: &str) {
        *self.disturbed.entry(id.to_owned()).or_default() += 1;
    }

    /// Notes that something goes wrong with that request.
    pub(super) fn disturbed(&mut self, request: &Value) {
        for write in writes(request) {
            if let Some(id) = partition(write, "INVITATION#")
                && sort_key(write).is_some_and(|sk| sk.starts_with("MAIL#"))
            {
                self.disturb(&id);
            }
        }
    }

    /// Notes that a call has not been shown that record of an index.
    pub(super) fn unseen(&mut self, call: &Call, item: &Value) {
        let removes = matches!(call.purpose, Purpose::DeleteUser | Purpose::DeleteCommunity);
        if let Some(id) = item["pk"]["S"].as_str().and_then(|pk| pk.strip_prefix("INVITATION#")).filter(|_| removes) {
            self.unseen.insert(id.to_owned());
        }
    }

    /// Takes in a write that the table took.
    pub(super) fn written(&mut self, call: &Call, request: &Value, at: i64) {
        if let Some(token) = request["ClientRequestToken"].as_str()
            && !self.tokens.insert(token.to_owned())
        {
            return;
        }
        let writes = writes(request);
        let mut joined: Vec<_> = writes.iter().filter_map(|write| joined_by(write)).collect();
        for write in &writes {
            let item = &write["Item"];
            if item["kind"]["S"] == "invitation" {
                let Some(id) = partition(write, "INVITATION#") else { continue };
                let outbox = outbox(&writes, &id);
                let joins = joined.iter().position(|(by, _)| *by == id).map(|index| joined.swap_remove(index).1);
                self.step(call, &id, &item["body"]["M"], &outbox, joins, at);
            }
        }
        for (by, party) in joined {
            self.violations.push(format!("{party} became a member by {by}, which was not accepted with it"));
        }
    }

    fn step(&mut self, call: &Call, id: &str, body: &Value, outbox: &[String], joins: Option<String>, at: i64) {
        let text = |value: &Value| value["S"].as_str().unwrap_or_default().to_owned();
        let number = |value: &Value| value["N"].as_str().and_then(|text| text.parse::<i64>().ok()).unwrap_or_default();
        let entry = Entry {
            revision: number(&body["revision"]).unsigned_abs(),
            status: text(&body["status"]),
            purpose: call.purpose,
            expires: number(&body["expiresAt"]),
        };
        let states = self.states.entry(id.to_owned()).or_default();
        let before = states.last();
        let (from, revision) = before.map_or((NEW, 0), |before| (before.status.as_str(), before.revision));
        let mut violations = Vec::new();
        if entry.revision != revision + 1 {
            violations.push(format!("revision {revision} is followed by {}", entry.revision));
        }
        let invitee = &body["invitee"]["M"];
        let user = text(&invitee["user"]["M"]["id"]);
        let mut expected: &[&str] = if call.purpose == Purpose::Resend { &["invitation"] } else { &[] };
        if from != entry.status {
            let edge = EDGES.iter().find(|(froms, to, ..)| froms.contains(&from) && *to == entry.status);
            match edge {
                None => violations.push(format!("{from} became {}", entry.status)),
                Some((_, _, by, mails)) => {
                    expected = mails;
                    if !by.contains(&call.purpose) {
                        violations.push(format!("{:?} made {from} {}", call.purpose, entry.status));
                    }
                }
            }
            if matches!(call.purpose, Accept) && user != call.user {
                violations.push(format!("{} accepted what is for {user}", call.user));
            }
            let answered = number(&body["answeredAt"]);
            if matches!(call.purpose, Accept | Decline | Link) && answered >= entry.expires {
                violations.push(format!("answered at {answered}, after {}", entry.expires));
            }
            if entry.status == "expired" && at < entry.expires {
                violations.push(format!("expired at {at}, before {}", entry.expires));
            }
        }
        if outbox != expected {
            violations.push(format!("{from} became {} with {outbox:?} in the outbox, not {expected:?}", entry.status));
        }
        let accepts = entry.status == "accepted" && from != "accepted";
        let member = joins.as_deref().map(|party| party == format!("USER#{user}"));
        if member != accepts.then_some(true) {
            violations.push(format!("{from} became {}, and {joins:?} a member", entry.status));
        }
        let call = call.number;
        self.violations.extend(violations.into_iter().map(|what| format!("{id}, in call {call}: {what}")));
        states.push(entry);
        self.by_call.entry(call).or_default().push(id.to_owned());
    }
}

/// Returns the single writes of a request.
fn writes(request: &Value) -> Vec<&Value> {
    match request["TransactItems"].as_array() {
        Some(items) => items.iter().filter_map(|item| item.as_object()?.values().next()).collect(),
        None => vec![request],
    }
}

fn key_part<'a>(write: &'a Value, name: &str) -> Option<&'a str> {
    write["Item"][name]["S"].as_str().or_else(|| write["Key"][name]["S"].as_str())
}

fn sort_key(write: &Value) -> Option<&str> {
    key_part(write, "sk")
}

fn partition(write: &Value, prefix: &str) -> Option<String> {
    key_part(write, "pk")?.strip_prefix(prefix).map(str::to_owned)
}

/// Returns the kinds of the mails that the transaction puts in the outbox for the invitation.
fn outbox(writes: &[&Value], id: &str) -> Vec<String> {
    let of = |write: &&&Value| partition(write, "INVITATION#").as_deref() == Some(id);
    let mails = writes.iter().filter(of).filter(|write| write["Item"]["kind"]["S"] == "mail");
    mails.filter_map(|write| write["Item"]["mail"]["S"].as_str().map(str::to_owned)).collect()
}

/// Returns the invitation by which the write makes a party a member, and the party's partition.
fn joined_by(write: &Value) -> Option<(String, String)> {
    let update = write["UpdateExpression"].as_str()?;
    let placeholder = update.split_once("#joinedBy = ")?.1.split([',', ' ']).next()?;
    let by = write["ExpressionAttributeValues"][placeholder]["S"].as_str()?;
    Some((by.to_owned(), key_part(write, "pk")?.to_owned()))
}
