//! The same request twice is one request: `Idempotency-Key`.
//!
//! The answer is kept in the transaction that finishes the work, so it exists exactly when the work is done. A request
//! that needs several transactions marks itself as running in each; if it dies, the next attempt with the key derives
//! the same invitation ids, finds those that exist, and makes the rest.

use domain::{Timestamp, id::InvitationId, refusal::Refusal, time::later};
use http_api::problem::Problem;
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use store::{
    StoreError,
    execute::Companion,
    keys::{Key, TTL},
    record::{self, Item, Kind},
};

use crate::{answer::Answer, request::ordered_id};

/// How long an answer is kept (SPEC section 4).
const KEPT: SignedDuration = SignedDuration::from_hours(24);
/// How long a request counts as running: as long as a function may run, after which nobody is behind it any more.
const LEASE: SignedDuration = SignedDuration::from_secs(30);

/// The record of an idempotent request.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct RequestRecord {
    digest: String,
    /// Changes with every write, so that of two attempts one notices the other.
    stamp: String,
    #[serde(with = "jiff::fmt::serde::timestamp::millisecond::required")]
    started_at: Timestamp,
    #[serde(with = "jiff::fmt::serde::timestamp::millisecond::required")]
    leased_until: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    answer: Option<String>,
}

/// What the table knows of earlier requests with the same key.
pub(crate) enum Earlier {
    /// It was answered.
    Answered(Box<Answer>),
    /// Nobody is working on it.
    Claimable(Claim),
}

/// The right to work on a request.
pub(crate) struct Claim {
    pub(crate) key: Key,
    pub(crate) digest: String,
    started_at: Timestamp,
    replaces: Option<String>,
    writes: u32,
    resumes: bool,
}

/// Looks at the record of the key, if there is one.
///
/// Refuses with 422 if the key belongs to another request, with 409 while another attempt is running.
pub(crate) fn look(item: Option<&Item>, key: &Key, digest: &str, now: Timestamp) -> Result<Earlier, Problem> {
    let found: Option<RequestRecord> = item.cloned().map(record::value).transpose()?;
    let claim = |started_at, replaces, resumes| Claim {
        key: key.clone(),
        digest: digest.to_owned(),
        started_at,
        replaces,
        writes: 0,
        resumes,
    };
    let Some(found) = found else { return Ok(Earlier::Claimable(claim(now, None, false))) };
    if later(found.started_at, KEPT) <= now {
        return Ok(Earlier::Claimable(claim(now, Some(found.stamp), false)));
    }
    if found.digest != digest {
        return Err(Refusal::IdempotencyKeyReused.into());
    }
    if let Some(answer) = found.answer {
        let answer = serde_json::from_str(&answer).map_err(|error| StoreError::Damaged(error.to_string()))?;
        return Ok(Earlier::Answered(Box::new(answer)));
    }
    if found.leased_until > now {
        return Err(Refusal::RequestStillRunning { until: found.leased_until }.into());
    }
    Ok(Earlier::Claimable(claim(found.started_at, Some(found.stamp), true)))
}

impl Claim {
    /// Whether an earlier attempt may have done part of the work.
    pub(crate) fn resumes(&self) -> bool {
        self.resumes
    }

    /// The id of the invitation for the recipient at `index`: the same in every attempt.
    pub(crate) fn invitation_id(&self, index: usize) -> InvitationId {
        let seed = format!("{}|{}|{}|{index}", self.key.pk, self.key.sk, self.digest);
        let digest: [u8; 32] = Sha256::digest(seed).into();
        let mut entropy = [0; 10];
        entropy.copy_from_slice(&digest[..10]);
        ordered_id(self.started_at, index, entropy)
    }

    /// What to write along with the next invitations: the finished answer with the last of them.
    pub(crate) fn record(&self, answer: &Answer, last: bool, now: Timestamp) -> Result<Companion, Problem> {
        let kept = RequestRecord {
            digest: self.digest.clone(),
            stamp: self.stamp(self.writes),
            started_at: self.started_at,
            leased_until: later(now, LEASE),
            answer: last.then(|| serde_json::to_string(answer)).transpose().map_err(|_| Problem::internal())?,
        };
        let mut item = record::record(Kind::Idempotency, self.key.clone(), &kept)?;
        let ttl = later(self.started_at, KEPT).as_second();
        item.insert(TTL.to_owned(), aws_sdk_dynamodb::types::AttributeValue::N(ttl.to_string()));
        Ok(Companion::Record { key: self.key.clone(), item, replaces: self.replaces.clone() })
    }

    /// The record just made has been written.
    pub(crate) fn written(&mut self) {
        self.replaces = Some(self.stamp(self.writes));
        self.writes += 1;
    }

    /// One stamp per write and attempt: an attempt is told by the record that it replaced first.
    fn stamp(&self, write: u32) -> String {
        let before = self.replaces.as_deref().unwrap_or("new");
        let seed = format!("{}|{before}|{write}", self.key.sk);
        hex::encode(&Sha256::digest(seed)[..12])
    }
}
