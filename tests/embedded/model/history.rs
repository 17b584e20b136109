//! What callers got in response, held against what was really written.

use std::{
    collections::{BTreeMap, BTreeSet},
    hash::{DefaultHasher, Hash, Hasher},
};

use serde_json::Value;
use testkit::{
    Response,
    api::{Invitation, SendResult},
};

use super::{
    program::{MINE, SENT},
    schedule::{Call, Purpose},
    write_log::WriteLog,
};

const DAY: i64 = 86_400_000;

/// What an idempotent send got in response first.
#[derive(Debug)]
struct FirstResponse {
    at: i64,
    results: String,
    erasures: u64,
}

/// All responses to callers, as far as later checks need them.
#[derive(Debug, Default)]
pub(super) struct History {
    pub(super) calls: u64,
    /// Calls whose response leaves open what happened: none at all, or a 503.
    pub(super) unknown: u64,
    /// Requests to the API by the status of their response.
    pub(super) statuses: BTreeMap<u16, u64>,
    pub(super) replays: u64,
    first_responses: BTreeMap<(String, String, String), FirstResponse>,
    /// How often the removal of a user began or ended.
    erasures: BTreeMap<String, u64>,
    /// Users to whom no mail could go at some time.
    unreachable: BTreeSet<String>,
    gone_communities: BTreeSet<String>,
    /// Users who were given a role, or none any more.
    moved: BTreeSet<String>,
    /// Everything in order, as one number.
    digest: DefaultHasher,
}

impl History {
    /// The user is removed, begins or ends to be.
    pub(super) fn erasing(&mut self, user: &str) {
        *self.erasures.entry(user.to_owned()).or_default() += 1;
        self.unreachable(user);
    }

    pub(super) fn unreachable(&mut self, party: &str) {
        self.unreachable.insert(party.to_owned());
    }

    pub(super) fn removing(&mut self, community: &str) {
        self.gone_communities.insert(community.to_owned());
    }

    pub(super) fn moving(&mut self, user: &str) {
        self.moved.insert(user.to_owned());
    }

    pub(super) fn was_moved(&self, user: &str) -> bool {
        self.moved.contains(user)
    }

    pub(super) fn was_erased(&self, user: &str) -> bool {
        self.erasures.contains_key(user)
    }

    pub(super) fn was_unreachable(&self, party: &str) -> bool {
        self.unreachable.contains(party)
    }

    pub(super) fn was_removed(&self, community: &str) -> bool {
        self.gone_communities.contains(community)
    }

    /// Returns a number that two runs share only if they were alike in everything.
    pub(super) fn digest(&self) -> u64 {
        self.digest.finish()
    }

    /// Takes something into the digest.
    pub(super) fn note(&mut self, what: &impl Hash) {
        what.hash(&mut self.digest);
    }

    /// Records that a call got its response, or never will; returns what should not have been.
    pub(super) fn record(
        &mut self,
        call: &Call,
        about: &str,
        key: Option<&(String, Value)>,
        response: Option<&Response>,
        log: &WriteLog,
        at: i64,
    ) -> Vec<String> {
        self.calls += 1;
        self.note(&(call.number, call.purpose as u8, at));
        let Some(response) = response else {
            self.unknown += 1;
            return Vec::new();
        };
        self.note(&(response.status, &response.body));
        *self.statuses.entry(response.status).or_default() += 1;
        let mut violations = Vec::new();
        if response.status >= 500 {
            self.unknown += 1;
            if response.status != 503 || !call.troubled() {
                violations.push("gets that although nothing failed".to_owned());
            }
        } else {
            violations.extend(definite(call, about, response, log, at));
            if let Some((key, body)) = key.filter(|_| response.status == 200) {
                violations.extend(self.repeated(call, (key, body), about, response, at));
            }
        }
        let (number, purpose) = (call.number, call.purpose);
        let what = |violation| {
            format!("call {number}, {purpose:?} {about}: {violation}: {} {}", response.status, response.body)
        };
        violations.into_iter().map(what).collect()
    }

    /// Checks that the same key and body get the same response as before.
    fn repeated(
        &mut self,
        call: &Call,
        (key, body): (&str, &Value),
        about: &str,
        response: &Response,
        at: i64,
    ) -> Option<String> {
        let results: Vec<_> = response.sent().results.iter().map(brief).collect();
        let results = results.join(" ");
        let erasures = self.erasures.get(&call.user).copied().unwrap_or_default();
        let request = (call.user.clone(), key.to_owned(), format!("{about} {body}"));
        let first = self.first_responses.get(&request);
        // A day later, or after the sender's erasure, it is a new request.
        if let Some(first) = first.filter(|first| at < first.at + DAY && first.erasures == erasures) {
            self.replays += 1;
            return (first.results != results).then(|| format!("first got {}", first.results));
        }
        // Kept since the request began, which was some time before its response.
        self.first_responses.insert(request, FirstResponse { at: at - 60_000, results, erasures });
        None
    }
}

fn brief(result: &SendResult) -> String {
    let id = result.invitation.as_ref().map_or("-", |made| &made.id);
    format!("{}:{}:{id}", result.recipient, result.outcome)
}

/// Returns what a definite response says although it is not so.
fn definite(call: &Call, about: &str, response: &Response, log: &WriteLog, at: i64) -> Vec<String> {
    let mut violations = Vec::new();
    let reached = |status: &str| log.states(about).iter().any(|entry| entry.status == status);
    let mine = log.changed_by(call.number);
    let ok = response.status < 300;
    let written = match call.purpose {
        Purpose::Accept => Some(reached("accepted")),
        Purpose::Decline => Some(reached("declined")),
        Purpose::Cancel => Some(reached("cancelled")),
        Purpose::Reject => Some(reached("rejected")),
        Purpose::Approve => Some(log.states(about).iter().any(|entry| entry.purpose == Purpose::Approve)),
        Purpose::Resend => Some(mine.iter().any(|id| id == about)),
        _ => None,
    };
    if ok && written == Some(false) {
        violations.push("succeeds, and nothing of it is written".to_owned());
    }
    let refuses = !ok && (written.is_some() || call.purpose == Purpose::Send);
    if refuses && !mine.is_empty() {
        violations.push(format!("is refused, and has changed {mine:?}"));
    }
    if ok && matches!(call.purpose, Purpose::Read) && !mine.is_empty() {
        violations.push(format!("only reads, and has changed {mine:?}"));
    }
    if let Some(status) = response.code().as_deref().and_then(|code| code.strip_prefix("invitation_")) {
        let expired = status == "expired" && log.states(about).iter().any(|entry| entry.expires <= at);
        if status != "not_found" && !expired && !reached(status) {
            violations.push("names a state that never was".to_owned());
        }
    }
    if ok && call.purpose == Purpose::Send {
        for result in response.sent().results {
            let made = ["invited", "awaiting_approval", "joined"].contains(&&*result.outcome);
            let id = result.invitation.as_ref().map(|made| &made.id);
            if made && id.is_none_or(|id| log.states(id).is_empty()) {
                violations.push(format!("reports {result:?}, which is not written"));
            }
        }
    }
    let own_address = about.strip_prefix(MINE);
    if ok && call.purpose == Purpose::Read && (own_address.is_some() || about == SENT) {
        let is_own = |one: &Invitation| match own_address {
            Some(address) => {
                one.invitee.user_id.as_deref() == Some(&*call.user)
                    || log.states(&one.id).iter().any(|entry| entry.address.as_deref() == Some(address))
            }
            None => one.sender.id == call.user,
        };
        let foreign = response.page().invitations.into_iter().find(|one| !is_own(one));
        violations.extend(foreign.map(|one| format!("lists what is another's: {one:?}")));
    }
    violations
}
