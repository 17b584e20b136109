//! What was really written, invitation by invitation, and the simple model that says what may be.
//!
//! The model knows nothing of the domain's code. It gets every write that the table took, with the call that made it,
//! and says at once what should not have been.

use std::collections::{BTreeMap, BTreeSet};

use dynoxide::Item;

use super::{
    schedule::{Call, Purpose},
    stored::{era, number, text},
    wire::{Request, Write},
};

/// One state of an invitation, as it was written.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) revision: u64,
    pub(super) status: String,
    pub(super) purpose: Purpose,
    pub(super) expires: i64,
    /// The address that it was for, if it was for no user.
    pub(super) address: Option<String>,
    /// What is known of the latest mail: that it arrived, or bounced.
    mail: Option<&'static str>,
}

/// What became of a mail.
#[derive(Debug, Clone)]
pub(super) struct MailResult {
    pub(super) era: String,
    pub(super) sender: String,
    /// That it arrived, or bounced.
    pub(super) result: &'static str,
    pub(super) at: i64,
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
    mails: Vec<MailResult>,
    violations: Vec<String>,
}

/// From which states to which, by what, and which mails the outbox gets.
type Edge = (&'static [&'static str], &'static str, &'static [Purpose], &'static [&'static str]);

use Purpose::{
    Accept, Approve, Cancel, Decline, DeleteCommunity, DeleteUser, Deliver, Link, PutMember, PutUser, Reject, Send,
    Unsubscribe, WithdrawSent,
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
    (LIVE, "cancelled", &[Cancel, DeleteUser, DeleteCommunity, PutUser, PutMember, WithdrawSent, Accept], &[]),
    // What removes invitations does so with those that have lapsed.
    (LIVE, "expired", &[Deliver, DeleteUser, DeleteCommunity, WithdrawSent], &[]),
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

    /// Returns what became of mails, each time that an invitation was written with it.
    pub(super) fn mails(&self) -> &[MailResult] {
        &self.mails
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
    pub(super) fn disturbed(&mut self, request: &Request) {
        for write in request.writes() {
            if let Some(id) = write.partition("INVITATION#")
                && write.sk().is_some_and(|sk| sk.starts_with("MAIL#"))
            {
                self.disturb(id);
            }
        }
    }

    /// Notes that a call has not been shown that record of an index.
    pub(super) fn unseen(&mut self, call: &Call, item: &Item) {
        let removes = matches!(call.purpose, Purpose::DeleteUser | Purpose::DeleteCommunity);
        let id = text(item, &["pk"]).and_then(|pk| pk.strip_prefix("INVITATION#"));
        if let Some(id) = id.filter(|_| removes) {
            self.unseen.insert(id.to_owned());
        }
    }

    /// Takes in a write that the table took.
    pub(super) fn written(&mut self, call: &Call, request: &Request, at: i64) {
        if let Some(token) = request.token()
            && !self.tokens.insert(token.to_owned())
        {
            return;
        }
        let writes = request.writes();
        let mut joined: Vec<_> = writes.iter().filter_map(|write| joined_by(write)).collect();
        for write in &writes {
            if write.kind() == Some("invitation") {
                let Some(id) = write.partition("INVITATION#") else { continue };
                let outbox = outbox(&writes, id);
                let joins = joined.iter().position(|(by, _)| *by == id).map(|index| joined.swap_remove(index).1);
                self.step(call, id, &write.item, &outbox, joins, at);
            }
        }
        for (by, party) in joined {
            self.violations.push(format!("{party} became a member by {by}, which was not accepted with it"));
        }
    }

    fn step(&mut self, call: &Call, id: &str, item: &Item, outbox: &[&str], joins: Option<&str>, at: i64) {
        let body_number = |name: &str| number(item, &["body", name]).unwrap_or_default();
        let entry = Entry {
            revision: body_number("revision").unsigned_abs(),
            status: text(item, &["body", "status"]).unwrap_or_default().to_owned(),
            purpose: call.purpose,
            expires: body_number("expiresAt"),
            address: text(item, &["body", "invitee", "address", "email"]).map(str::to_owned),
            mail: match text(item, &["body", "delivery", "state"]) {
                Some("delivered") => Some("delivered"),
                Some("bounced" | "complained") => Some("bounced"),
                _ => None,
            },
        };
        let states = self.states.entry(id.to_owned()).or_default();
        let before = states.last();
        let (from, revision) = before.map_or((NEW, 0), |before| (before.status.as_str(), before.revision));
        if let Some(result) = entry.mail.filter(|_| before.is_none_or(|before| before.mail != entry.mail)) {
            let body = |path: &[&str]| text(item, &[&["body"], path].concat()).unwrap_or_default().to_owned();
            let at = number(item, &["body", "delivery", "at"]).unwrap_or_default();
            self.mails.push(MailResult { era: era(item), sender: body(&["sender", "id"]), result, at });
        }
        let mut violations = Vec::new();
        if entry.revision != revision + 1 {
            violations.push(format!("revision {revision} is followed by {}", entry.revision));
        }
        let user = text(item, &["body", "invitee", "user", "id"]).unwrap_or_default();
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
            let answered = body_number("answeredAt");
            if matches!(call.purpose, Accept | Decline | Link) && answered >= entry.expires {
                violations.push(format!("answered at {answered}, after {}", entry.expires));
            }
            if entry.status == "expired" && at < entry.expires {
                violations.push(format!("expired at {at}, before {}", entry.expires));
            }
        }
        // One of the requests that are made together asks for all; a reminder is there where the network wants one.
        let asked = outbox.is_empty() && expected == ["approval_needed"];
        let mails: Vec<_> = outbox.iter().copied().filter(|kind| *kind != "reminder").collect();
        if mails != expected && !asked {
            violations.push(format!("{from} became {} with {outbox:?} in the outbox, not {expected:?}", entry.status));
        }
        let accepts = entry.status == "accepted" && from != "accepted";
        let member = joins.map(|party| party == format!("USER#{user}"));
        if member != accepts.then_some(true) {
            violations.push(format!("{from} became {}, and {joins:?} a member", entry.status));
        }
        let call = call.number;
        self.violations.extend(violations.into_iter().map(|what| format!("{id}, in call {call}: {what}")));
        states.push(entry);
        self.by_call.entry(call).or_default().push(id.to_owned());
    }
}

/// Returns the kinds of the mails that the transaction puts in the outbox for the invitation.
fn outbox<'a>(writes: &[&'a Write], id: &str) -> Vec<&'a str> {
    let mails =
        writes.iter().filter(|write| write.partition("INVITATION#") == Some(id) && write.kind() == Some("mail"));
    mails.filter_map(|write| text(&write.item, &["mail"])).collect()
}

/// Returns the invitation by which the write makes a party a member, and the party's partition.
fn joined_by(write: &Write) -> Option<(&str, &str)> {
    Some((write.sets("joinedBy")?, write.pk()?))
}
