//! Follows up changes from the table's stream: mails, events for the host platform, the community's counters, and the
//! expiry of invitations whose deadline has passed. Each minute it is told to look for those and for mails whose time has come.
//!
//! The stream reports everything at least once, sometimes twice and out of order. So nothing here trusts a report to
//! be new: mails are leased, counts are marked, events have stable ids, and expiry is decided from the invitation.

mod announce;
mod mail;
mod outbound;
pub mod task;
pub mod timing;

use std::collections::{BTreeMap, BTreeSet};

use aws_lambda_events::{
    dynamodb::{Event, EventRecord},
    streams::{DynamoDbBatchItemFailure, DynamoDbEventResponse},
};
use domain::{community::Era, id::InvitationId, invitation::Invitation, stats::MailResult};
use futures::{StreamExt, future, stream};
use service::{
    delivery::{self, DeliveryError},
    expiry,
};
use store::{
    Store,
    keys::Key,
    outbox::MailId,
    stats::Uncounted,
    stream::{Report, read},
};
use system::now;
use tokio::time::Instant;

pub use crate::{mail::TRIES, outbound::Outbound};

/// Mails that are on their way at once: enough to hide the mail service's latency, few enough to keep to its rate.
pub const CONCURRENT_MAILS: usize = 8;

/// Expiries that are stored at once, so that many at the same time do not hold up what follows them in the stream.
const CONCURRENT_EXPIRIES: usize = 8;

/// Everything that `deliver` reaches.
#[derive(Debug, Clone)]
pub struct Deliver {
    /// The table.
    pub store: Store,
    /// The mail service and the bus.
    pub outbound: Outbound,
}

/// What a batch of stream records asks for.
#[derive(Default)]
struct Work {
    mails: BTreeMap<MailId, Vec<String>>,
    /// When the oldest report of a mail was made, in Unix milliseconds.
    mails_since: Option<i64>,
    changes: Vec<Change>,
    deadlines: Vec<(String, InvitationId)>,
    released: Vec<(String, Released)>,
    unreadable: Vec<(String, InvitationId, String)>,
}

/// What an operator has released.
enum Released {
    Mail(MailId),
    Record(Key),
}

/// One change of an invitation.
pub(crate) struct Change {
    pub(crate) sequence: String,
    pub(crate) before: Option<Invitation>,
    pub(crate) after: Invitation,
}

impl Deliver {
    /// Follows up a batch of records, and names those that must come again.
    ///
    /// # Errors
    /// None: failures are per record.
    pub async fn handle(&self, event: Event) -> Result<DynamoDbEventResponse, lambda_runtime::Error> {
        let begun = Instant::now();
        let work = Work::of(event.records);
        let mails = self.deliver_all(&work, begun);
        let (unread, undelivered, untold, uncounted, unexpired, parked) = futures::join!(
            self.park_records(&work.unreadable),
            mails,
            self.announce(&work.changes),
            self.count(&work.changes),
            self.expire(&work.deadlines),
            self.release_all(&work.released)
        );
        let mut failed: Vec<String> = [unread, undelivered, untold, uncounted, unexpired, parked].concat();
        failed.sort();
        failed.dedup();
        tracing::info!(mails = work.mails.len(), changes = work.changes.len(), failed = failed.len(), "batch done");
        let failure = |sequence| {
            let mut failure = DynamoDbBatchItemFailure::default();
            failure.item_identifier = Some(sequence);
            failure
        };
        let mut response = DynamoDbEventResponse::default();
        response.batch_item_failures = failed.into_iter().map(failure).collect();
        Ok(response)
    }

    /// Delivers the mails. Returns the reports of those that must come again.
    async fn deliver_all(&self, Work { mails, mails_since, .. }: &Work, begun: Instant) -> Vec<String> {
        if mails.is_empty() {
            return Vec::new();
        }
        let batch = match self.batch(begun, *mails_since).await {
            Ok(batch) => batch,
            Err(error) => {
                tracing::warn!(%error, "the gate does not read, will retry");
                return mails.values().flatten().cloned().collect();
            }
        };
        let failed = stream::iter(mails).map(async |(mail, sequences)| match self.deliver_or_park(mail, &batch).await {
            Ok(()) => Vec::new(),
            Err(error) => {
                tracing::warn!(invitation = %mail.invitation, mail = mail.name, %error, "mail delivery failed, will retry");
                sequences.clone()
            }
        });
        failed.buffer_unordered(CONCURRENT_MAILS).concat().await
    }

    /// Counts the latest state of every invitation that has entered a new one, and what became of mails.
    async fn count(&self, changes: &[Change]) -> Vec<String> {
        let mut communities: BTreeMap<Era, Reported<'_>> = BTreeMap::new();
        for change in changes.iter().filter(|change| change.counts()) {
            communities.entry(change.after.era()).or_default().add(change);
        }
        let mut failed = Vec::new();
        for (community, Reported { uncounted, sequences }) in communities {
            if let Err(error) = self.store.count_in(&community, &Vec::from_iter(uncounted)).await {
                tracing::warn!(community = %community.id, %error, "counting failed, will retry");
                failed.extend(sequences);
            }
        }
        failed
    }

    /// A record that does not read will not read the next time either, and would hold up those behind it. An operator
    /// finds it among the parked mails.
    async fn park_records(&self, records: &[(String, InvitationId, String)]) -> Vec<String> {
        let mut failed = Vec::new();
        for (sequence, id, sk) in records {
            tracing::error!(invitation = %id, record = sk, "a record does not read");
            if let Err(error) = self.store.park_record(*id, sk, "it does not read", now()).await {
                tracing::warn!(invitation = %id, %error, "parking a record that does not read failed, will retry");
                failed.push(sequence.clone());
            }
        }
        failed
    }

    /// Goes on with what an operator has released.
    async fn release_all(&self, released: &[(String, Released)]) -> Vec<String> {
        let mut failed = Vec::new();
        for (sequence, released) in released {
            let done = match released {
                Released::Record(key) => self.store.report_again(key.clone(), now()).await.map_err(DeliveryError::from),
                Released::Mail(mail) => delivery::release(&self.store, mail, now()).await,
            };
            if let Err(error) = done {
                tracing::warn!(%error, "releasing a parked record failed, will retry");
                failed.push(sequence.clone());
            }
        }
        failed
    }

    async fn expire(&self, deadlines: &[(String, InvitationId)]) -> Vec<String> {
        let failed = stream::iter(deadlines).map(async |(sequence, id)| {
            let failed = expiry::expire(&self.store, *id, now()).await.err();
            failed.map(|error| {
                tracing::warn!(invitation = %id, %error, "expiry failed, will retry");
                sequence.clone()
            })
        });
        failed.buffer_unordered(CONCURRENT_EXPIRIES).filter_map(future::ready).collect().await
    }
}

impl Work {
    fn of(records: Vec<EventRecord>) -> Self {
        let mut work = Self::default();
        for event in records {
            let sequence = event.change.sequence_number.clone().unwrap_or_default();
            let at = event.change.approximate_creation_date_time.timestamp_millis();
            if let Some(report) = read(event.change.old_image.into(), event.change.new_image.into()) {
                work.add(report, sequence, at);
            }
        }
        work
    }

    fn add(&mut self, report: Report, sequence: String, at: i64) {
        match report {
            Report::Mail(mail) | Report::Due(mail) => {
                self.mails.entry(mail).or_default().push(sequence);
                self.mails_since = Some(self.mails_since.map_or(at, |since| since.min(at)));
            }
            Report::Invitation { before, after } => {
                self.changes.push(Change { sequence, before: before.map(|before| *before), after: *after });
            }
            Report::Deadline(id) => self.deadlines.push((sequence, id)),
            Report::ReleasedMail(mail) => self.released.push((sequence, Released::Mail(mail))),
            Report::ReleasedRecord(key) => self.released.push((sequence, Released::Record(key))),
            Report::Unreadable(id, sk) => self.unreadable.push((sequence, id, sk)),
        }
    }
}

/// What is reported of the invitations of one community.
#[derive(Default)]
struct Reported<'a> {
    uncounted: BTreeMap<InvitationId, Uncounted<'a>>,
    sequences: Vec<String>,
}

impl<'a> Reported<'a> {
    fn add(&mut self, change: &'a Change) {
        let after = &change.after;
        let new = || Uncounted { sender: &after.sender.id, latest: None, mails: BTreeSet::new() };
        let report = self.uncounted.entry(after.id).or_insert_with(new);
        if change.restates() && report.latest.is_none_or(|latest| latest.revision < after.revision) {
            report.latest = Some(after);
        }
        report.mails.extend(change.mail());
        self.sequences.push(change.sequence.clone());
    }
}

impl Change {
    /// Whether a counter or the deadline depends on it.
    fn counts(&self) -> bool {
        self.restates() || self.mail().is_some()
    }

    /// Whether the invitation has another status, or another expiry.
    fn restates(&self) -> bool {
        self.before
            .as_ref()
            .is_none_or(|before| before.status != self.after.status || before.expires_at != self.after.expires_at)
    }

    /// What became of its mail.
    fn mail(&self) -> Option<MailResult> {
        MailResult::of_change(self.before.as_ref(), &self.after)
    }
}
