//! Follows up changes from the table's stream: mails, events for the host platform, the community's counters, and the
//! expiry of invitations whose deadline has passed. Each minute it is told to look for those and for mails whose time
//! has come.
//!
//! The stream reports everything at least once, sometimes twice and out of order. So nothing here trusts a report to
//! be new: mails are leased, counts are marked, events have stable ids, and expiry is decided from the invitation.

mod mail;
mod outbound;
pub mod task;
pub mod timing;
mod work;

use aws_lambda_events::{
    dynamodb::Event,
    streams::{DynamoDbBatchItemFailure, DynamoDbEventResponse},
};
use domain::{event::events, id::InvitationId};
use futures::{StreamExt, future, stream};
use service::{
    counting::{self, Change},
    delivery::{self, Batch},
    expiry,
};
use store::Store;
use system::now;
use tokio::time::Instant;

pub use crate::{mail::TRIES, outbound::Outbound};
use crate::{
    outbound::Announcement,
    task::{Done, Invocation, Response, Task},
    work::{Released, Work},
};

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

impl Deliver {
    /// Does what the invocation asks for.
    ///
    /// # Errors
    /// If a task fails. It may be set again.
    pub async fn invoke(&self, invocation: Invocation) -> Result<Response, lambda_runtime::Error> {
        match invocation {
            Invocation::Stream(event) => Ok(Response::Stream(Box::pin(self.handle(event)).await?)),
            Invocation::Task(task) => Ok(Response::Task(self.perform(task).await?)),
        }
    }

    /// Does the task, as far as one invocation gets.
    ///
    /// # Errors
    /// If the table fails. The task may be set again.
    pub async fn perform(&self, task: Task) -> Result<Done, lambda_runtime::Error> {
        let mails = match task {
            Task::Wake => {
                let (account, shards) = futures::join!(self.outbound.account(), self.outbound.shards());
                delivery::wake(&self.store, account.as_ref(), shards, now()).await?
            }
            Task::Release => delivery::release_all(&self.store).await?,
        };
        tracing::info!(?task, mails, "task done");
        Ok(Done { mails })
    }

    /// Follows up a batch of records, and names those that must come again.
    ///
    /// # Errors
    /// None: failures are per record.
    pub async fn handle(&self, event: Event) -> Result<DynamoDbEventResponse, lambda_runtime::Error> {
        let begun = Instant::now();
        let work = Work::of(event.records, now());
        let (unread, undelivered, untold, uncounted, unexpired, unreleased) = futures::join!(
            self.park_records(&work.unreadable),
            self.deliver_all(&work, begun),
            self.announce(&work.changes),
            counting::count(&self.store, &work.changes),
            self.expire(&work.deadlines),
            self.release_all(&work.released)
        );
        let mut failed: Vec<String> = [unread, undelivered, untold, uncounted, unexpired, unreleased].concat();
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
        let batch = match Batch::begin(&self.store, begun, *mails_since, self.outbound.concurrency).await {
            Ok(batch) => batch,
            Err(error) => {
                tracing::warn!(%error, "the gate does not read, will retry");
                return mails.values().flatten().cloned().collect();
            }
        };
        let (ses, base_url) = (self.outbound.connect(), &self.outbound.public_base_url);
        let post = |mail| self.outbound.send(&ses, mail);
        let failed = stream::iter(mails).map(async |(mail, sequences)| {
            match delivery::deliver(&self.store, mail, &batch, base_url, post).await {
                Ok(()) => Vec::new(),
                Err(error) => {
                    let (invitation, name) = (mail.invitation, &mail.name);
                    tracing::warn!(%invitation, mail = name, %error, "mail delivery failed, will retry");
                    sequences.clone()
                }
            }
        });
        failed.buffer_unordered(CONCURRENT_MAILS).concat().await
    }

    /// Announces what the changes mean. Returns the reports whose events the bus did not take.
    async fn announce(&self, changes: &[Change]) -> Vec<String> {
        let announcements = changes.iter().flat_map(|Change { sequence, before, after }| {
            let of = |event| Announcement { sequence: sequence.clone(), event };
            events(before.as_ref(), after).into_iter().map(of)
        });
        self.outbound.announce(&announcements.collect::<Vec<_>>()).await
    }

    /// Parks records that do not read. An operator finds them among the parked mails.
    async fn park_records(&self, records: &[(String, InvitationId, String)]) -> Vec<String> {
        let mut failed = Vec::new();
        for (sequence, id, sk) in records {
            if let Err(error) = delivery::park_record(&self.store, *id, sk, now()).await {
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
                Released::Record(key) => delivery::release_record(&self.store, key.clone(), now()).await,
                Released::Mail(mail) => delivery::release_mail(&self.store, mail, now()).await,
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
