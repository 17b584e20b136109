//! What callers were told, held against what was really written.

use std::{
    collections::{BTreeMap, BTreeSet},
    hash::{DefaultHasher, Hash, Hasher},
};

use serde_json::Value;

use super::{
    ledger::Ledger,
    program::{MINE, SENT},
    schedule::{Call, Purpose},
};
use crate::world::Answer;

const DAY: i64 = 86_400_000;

/// What an idempotent send was answered first.
#[derive(Debug)]
struct Answered {
    at: i64,
    results: String,
    erasures: u64,
}

/// All that callers were told, as far as later checks need it.
#[derive(Debug, Default)]
pub(super) struct History {
    pub(super) calls: u64,
    /// Answers that leave open what happened: none at all, or a 503.
    pub(super) unknown: u64,
    /// Requests to the API by the status of their answer.
    pub(super) statuses: BTreeMap<u16, u64>,
    pub(super) replays: u64,
    answered: BTreeMap<(String, String, String), Answered>,
    /// How often the removal of a user began or ended.
    erasures: BTreeMap<String, u64>,
    /// Users to whom no mail could go at some time.
    unreachable: BTreeSet<String>,
    gone_communities: BTreeSet<String>,
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

    pub(super) fn was_erased(&self, user: &str) -> bool {
        self.erasures.contains_key(user)
    }

    pub(super) fn was_unreachable(&self, party: &str) -> bool {
        self.unreachable.contains(party)
    }

    pub(super) fn was_removed(&self, community: &str) -> bool {
        self.gone_communities.contains(community)
    }

    /// A number that two runs share only if they were alike in everything.
    pub(super) fn digest(&self) -> u64 {
        self.digest.finish()
    }

    /// Takes something into the digest.
    pub(super) fn note(&mut self, what: &impl Hash) {
        what.hash(&mut self.digest);
    }

    /// A call was answered, or never will be. Returns what should not have been.
    pub(super) fn told(
        &mut self,
        call: &Call,
        about: &str,
        key: Option<&(String, Value)>,
        answer: Option<&Answer>,
        ledger: &Ledger,
        at: i64,
    ) -> Vec<String> {
        self.calls += 1;
        self.note(&(call.number, call.purpose as u8, at));
        let Some(answer) = answer else {
            self.unknown += 1;
            return Vec::new();
        };
        self.note(&(answer.status, &answer.body));
        *self.statuses.entry(answer.status).or_default() += 1;
        let mut wrong = Vec::new();
        if answer.status >= 500 {
            self.unknown += 1;
            if answer.status != 503 || !call.troubled() {
                wrong.push("is answered so although nothing failed".to_owned());
            }
        } else {
            wrong.extend(definite(call, about, answer, ledger, at));
            if let Some((key, body)) = key.filter(|_| answer.status == 200) {
                wrong.extend(self.repeated(call, (key, body), about, answer, at));
            }
        }
        let (number, purpose) = (call.number, call.purpose);
        let what = |wrong| format!("call {number}, {purpose:?} {about}: {wrong}: {} {}", answer.status, answer.body);
        wrong.into_iter().map(what).collect()
    }

    /// The same key and body is answered as before.
    fn repeated(
        &mut self,
        call: &Call,
        (key, body): (&str, &Value),
        about: &str,
        answer: &Answer,
        at: i64,
    ) -> Option<String> {
        let results: Vec<_> = answer.ok()["results"].as_array().unwrap().iter().map(brief).collect();
        let results = results.join(" ");
        let erasures = self.erasures.get(&call.user).copied().unwrap_or_default();
        let request = (call.user.clone(), key.to_owned(), format!("{about} {body}"));
        let first = self.answered.get(&request);
        // A day later, or after the sender's erasure, it is a new request.
        if let Some(first) = first.filter(|first| at < first.at + DAY && first.erasures == erasures) {
            self.replays += 1;
            return (first.results != results).then(|| format!("was first answered {}", first.results));
        }
        // Kept since the request began, which was some time before its answer.
        self.answered.insert(request, Answered { at: at - 60_000, results, erasures });
        None
    }
}

fn brief(result: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    format!("{}:{}:{}", text(&result["recipient"]), text(&result["outcome"]), text(&result["invitation"]["id"]))
}

/// What a definite answer says must be so.
fn definite(call: &Call, about: &str, answer: &Answer, ledger: &Ledger, at: i64) -> Vec<String> {
    let mut wrong = Vec::new();
    let reached = |status: &str| ledger.lineage(about).iter().any(|entry| entry.status == status);
    let mine = ledger.changed_by(call.number);
    let ok = answer.status < 300;
    let told = match call.purpose {
        Purpose::Accept => Some(reached("accepted")),
        Purpose::Decline => Some(reached("declined")),
        Purpose::Cancel => Some(reached("cancelled")),
        Purpose::Reject => Some(reached("rejected")),
        Purpose::Approve => Some(ledger.lineage(about).iter().any(|entry| entry.purpose == Purpose::Approve)),
        Purpose::Resend => Some(mine.iter().any(|id| id == about)),
        _ => None,
    };
    if ok && told == Some(false) {
        wrong.push("succeeds, and nothing of it is written".to_owned());
    }
    let refuses = !ok && (told.is_some() || call.purpose == Purpose::Send);
    if refuses && !mine.is_empty() {
        wrong.push(format!("is refused, and has changed {mine:?}"));
    }
    if ok && matches!(call.purpose, Purpose::Read) && !mine.is_empty() {
        wrong.push(format!("only reads, and has changed {mine:?}"));
    }
    if let Some(status) = answer.code().as_deref().and_then(|code| code.strip_prefix("invitation_")) {
        let expired = status == "expired" && ledger.lineage(about).iter().any(|entry| entry.expires <= at);
        if status != "not_found" && !expired && !reached(status) {
            wrong.push("names a state that never was".to_owned());
        }
    }
    if ok && call.purpose == Purpose::Send {
        for result in answer.ok()["results"].as_array().into_iter().flatten() {
            let made = ["invited", "awaiting_approval", "joined"].contains(&result["outcome"].as_str().unwrap());
            let id = result["invitation"]["id"].as_str();
            if made && id.is_none_or(|id| ledger.lineage(id).is_empty()) {
                wrong.push(format!("reports {result}, which is not written"));
            }
        }
    }
    for (list, owner) in [(MINE, "/invitee/userId"), (SENT, "/sender/id")] {
        if ok && call.purpose == Purpose::Read && about == list {
            let listed = answer.ok()["invitations"].as_array().cloned().unwrap_or_default();
            let foreign = listed.iter().find(|one| one.pointer(owner) != Some(&call.user.as_str().into()));
            wrong.extend(foreign.map(|one| format!("lists what is another's: {one}")));
        }
    }
    wrong
}
