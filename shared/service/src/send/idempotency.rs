//! The same request twice is one request: `Idempotency-Key`.
//!
//! The result is kept in the transaction that finishes the work, so it exists exactly when the work is done. A request
//! that needs several transactions marks itself as running in each; if it dies, the next attempt with the key derives
//! the same invitation ids, finds those that exist, and makes the rest.

use domain::{Timestamp, id::InvitationId, refusal::Refusal, time::later};
use jiff::SignedDuration;
use sha2::{Digest, Sha256};
use store::{
    StoreError,
    idempotency::{IdempotentRequest, RequestWrite},
    keys::Key,
};

use super::{result::KeptResult, submission::first_id};
use crate::ServiceError;

/// How long a result is kept (SPEC section 4).
const KEPT: SignedDuration = SignedDuration::from_hours(24);
/// How long a request counts as running: as long as a function may run, after which nothing of it goes on.
const LEASE: SignedDuration = SignedDuration::from_secs(30);

/// What earlier requests with the same key leave to do.
pub(super) enum Earlier {
    /// Nothing: the request has this result.
    Finished(Box<KeptResult>),
    /// The work, or the rest of it.
    Open(Attempt),
}

/// One attempt at an idempotent request.
pub(super) struct Attempt {
    pub(super) key: Key,
    pub(super) digest: String,
    started_at: Timestamp,
    replaces: Option<String>,
    writes: u32,
    resumes: bool,
}

/// Looks at the record of the key, if there is one.
///
/// Refuses if the key belongs to another request, or another attempt is running.
pub(super) fn look(
    found: Option<IdempotentRequest>,
    key: &Key,
    digest: &str,
    now: Timestamp,
) -> Result<Earlier, ServiceError> {
    let attempt = |started_at, replaces, resumes| Attempt {
        key: key.clone(),
        digest: digest.to_owned(),
        started_at,
        replaces,
        writes: 0,
        resumes,
    };
    let Some(found) = found else { return Ok(Earlier::Open(attempt(now, None, false))) };
    if later(found.started_at, KEPT) <= now {
        return Ok(Earlier::Open(attempt(now, Some(found.stamp), false)));
    }
    if found.digest != digest {
        return Err(Refusal::IdempotencyKeyReused.into());
    }
    if let Some(result) = found.result {
        let result = serde_json::from_str(&result).map_err(|error| StoreError::Damaged(error.to_string()))?;
        return Ok(Earlier::Finished(Box::new(result)));
    }
    if found.leased_until > now {
        return Err(Refusal::RequestStillRunning { until: found.leased_until }.into());
    }
    Ok(Earlier::Open(attempt(found.started_at, Some(found.stamp), true)))
}

impl Attempt {
    /// Whether an earlier attempt may have done part of the work.
    pub(super) fn resumes(&self) -> bool {
        self.resumes
    }

    /// Returns the id of the invitation for the first recipient: the same in every attempt.
    pub(super) fn first_id(&self) -> InvitationId {
        let seed = format!("{}|{}|{}", self.key.pk, self.key.sk, self.digest);
        let digest: [u8; 32] = Sha256::digest(seed).into();
        let mut entropy = [0; 10];
        entropy.copy_from_slice(&digest[..10]);
        first_id(self.started_at, entropy)
    }

    /// Returns what to write along with the next invitations: the finished result with the last of them.
    pub(super) fn record(&self, result: &KeptResult, last: bool, now: Timestamp) -> Result<RequestWrite, StoreError> {
        let kept = last.then(|| serde_json::to_string(result)).transpose();
        let request = IdempotentRequest {
            digest: self.digest.clone(),
            stamp: self.stamp(self.writes),
            started_at: self.started_at,
            leased_until: later(now, LEASE),
            result: kept.map_err(|error| StoreError::Damaged(error.to_string()))?,
        };
        let kept_until = later(self.started_at, KEPT);
        Ok(RequestWrite { key: self.key.clone(), request, replaces: self.replaces.clone(), kept_until })
    }

    /// The record that the attempt has written last, and its stamp; `None` if it has written none.
    pub(super) fn lease(&self) -> Option<(Key, String)> {
        let stamp = self.replaces.clone().filter(|_| self.writes > 0)?;
        Some((self.key.clone(), stamp))
    }

    /// Notes that the record just made has been written.
    pub(super) fn written(&mut self) {
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
