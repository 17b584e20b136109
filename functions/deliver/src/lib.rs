//! Pays what changes owe, from the table's stream: mails, events for the host platform, the community's counts, and
//! the expiry of invitations whose deadline has passed.
//!
//! The stream tells of everything at least once, sometimes twice and out of order. So nothing here trusts a record to
//! be news: mails are leased, counts are marked, events have stable ids, and expiry is decided from the invitation.

mod announce;
mod mail;
mod outbound;

use std::collections::BTreeMap;

use aws_lambda_events::{
    dynamodb::{Event, EventRecord},
    streams::{DynamoDbBatchItemFailure, DynamoDbEventResponse},
};
use domain::{
    id::{CommunityId, InvitationId},
    invitation::Invitation,
    lifecycle,
};
use futures::{StreamExt, stream};
use store::{
    Store, StoreError,
    execute::Executed,
    keys::{AGAIN, Key},
    outbox::{MailId, MailState, OutboxMail},
    read::key_of,
    record::{self, Item, Kind},
    stats::{invitation_of, kind_of},
};
use system::now;
use tokio::time::Instant;

pub use crate::{mail::LONGEST, outbound::Outbound};

/// Mails that are on their way at once: enough to hide the mail service's latency, few enough to keep to its rate.
const CONCURRENT_MAILS: usize = 8;
/// How often an expiry is decided anew because another writer was faster.
const ROUNDS: u32 = 8;

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
    changes: Vec<Change>,
    deadlines: Vec<(String, Item)>,
    unparked: Vec<(String, Key)>,
    unreadable: Vec<(String, InvitationId, String)>,
}

/// One change of an invitation.
pub(crate) struct Change {
    pub(crate) sequence: String,
    pub(crate) before: Option<Invitation>,
    pub(crate) after: Invitation,
}

impl Deliver {
    /// Pays what a batch of records owes, and names the records that must come again.
    ///
    /// # Errors
    /// None: failures are per record.
    pub async fn handle(&self, event: Event) -> Result<DynamoDbEventResponse, lambda_runtime::Error> {
        let begun = Instant::now();
        let work = Work::of(event.records);
        let mails = stream::iter(&work.mails)
            .map(async |(mail, sequences)| match self.pay_or_park(mail, begun).await {
                Ok(()) => Vec::new(),
                Err(error) => {
                    tracing::warn!(invitation = %mail.invitation, mail = mail.name, %error, "mail delivery failed, will retry");
                    sequences.clone()
                }
            })
            .buffer_unordered(CONCURRENT_MAILS)
            .concat();
        let (unread, unpaid, untold, uncounted, unexpired, parked) = futures::join!(
            self.set_aside(&work.unreadable),
            mails,
            self.announce(&work.changes),
            self.count(&work.changes),
            self.expire(&work.deadlines),
            self.unpark_all(&work.unparked)
        );
        let mut failed: Vec<String> = [unread, unpaid, untold, uncounted, unexpired, parked].concat();
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

    /// Counts the latest state of every invitation that has entered a new one.
    async fn count(&self, changes: &[Change]) -> Vec<String> {
        let mut communities: BTreeMap<&CommunityId, BTreeMap<_, &Change>> = BTreeMap::new();
        for change in changes.iter().filter(|change| change.counts()) {
            let latest = communities.entry(&change.after.community.id).or_default();
            let newest = latest.entry(change.after.id).or_insert(change);
            if change.after.revision > newest.after.revision {
                *newest = change;
            }
        }
        let mut failed = Vec::new();
        for (community, latest) in communities {
            let invitations: Vec<_> = latest.values().map(|change| &change.after).collect();
            if let Err(error) = self.store.count_in(community, &invitations).await {
                tracing::warn!(%community, %error, "counting failed, will retry");
                failed.extend(latest.values().map(|change| change.sequence.clone()));
            }
        }
        failed
    }

    /// A record that does not read will not read the next time either, and would hold up those behind it. An operator
    /// finds it among the parked mails.
    async fn set_aside(&self, records: &[(String, InvitationId, String)]) -> Vec<String> {
        let mut failed = Vec::new();
        for (sequence, id, sk) in records {
            tracing::error!(invitation = %id, record = sk, "a record does not read");
            if let Err(error) = self.store.set_aside(*id, sk, "it does not read", now()).await {
                tracing::warn!(invitation = %id, %error, "a record that does not read is not set aside");
                failed.push(sequence.clone());
            }
        }
        failed
    }

    /// An operator has deleted records that held something back.
    async fn unpark_all(&self, parked: &[(String, Key)]) -> Vec<String> {
        let mut failed = Vec::new();
        for (sequence, key) in parked {
            let done = match (key.unread(), MailId::of_parked(key)) {
                (Some(unread), _) => self.store.tell_again(unread, now()).await.map_err(Into::into),
                (None, Some(mail)) => self.unpark(&mail).await,
                (None, None) => Ok(()),
            };
            if let Err(error) = done {
                tracing::warn!(parked = key.sk, %error, "releasing a parked record failed, will retry");
                failed.push(sequence.clone());
            }
        }
        failed
    }

    async fn expire(&self, deadlines: &[(String, Item)]) -> Vec<String> {
        let mut failed = Vec::new();
        for (sequence, deadline) in deadlines {
            if let Err(error) = self.expire_one(deadline).await {
                tracing::warn!(%error, "expiry failed, will retry");
                failed.push(sequence.clone());
            }
        }
        failed
    }

    /// Writes the expiry of an invitation whose deadline record has gone. One that was answered, or got a later
    /// deadline meanwhile, stays as it is.
    async fn expire_one(&self, deadline: &Item) -> Result<(), StoreError> {
        let Some(id) = invitation_of(deadline) else { return Ok(()) };
        for _ in 0..ROUNDS {
            let Some(invitation) = self.store.account(id).await?.invitation else { return Ok(()) };
            let Some(transition) = lifecycle::expire(&invitation, now()) else { return Ok(()) };
            if self.store.execute(&[&transition], &[], now()).await? == Executed::Done {
                return Ok(());
            }
        }
        Err(StoreError::Unavailable("too many writers".to_owned()))
    }
}

impl Work {
    fn of(records: Vec<EventRecord>) -> Self {
        let mut work = Self::default();
        for event in records {
            let sequence = event.change.sequence_number.clone().unwrap_or_default();
            work.sort(event, &sequence);
        }
        work
    }

    fn sort(&mut self, event: EventRecord, sequence: &str) {
        let before: Item = event.change.old_image.into();
        let after: Item = event.change.new_image.into();
        let of = invitation_of(&after).zip(key_of(&after).map(|key| key.sk));
        if let (Err(_), Some((id, sk))) = (self.take(before, after, sequence), of) {
            self.unreadable.push((sequence.to_owned(), id, sk));
        }
    }

    fn take(&mut self, before: Item, after: Item, sequence: &str) -> Result<(), StoreError> {
        // Whoever asks for it again has seen that the first time was in vain.
        let again = after.get(AGAIN).is_some_and(|again| before.get(AGAIN) != Some(again));
        match kind_of(&after) {
            Some(kind) if kind == Kind::Mail.as_str() => {
                if let Some(mail) = MailId::of_record(&after)
                    && (record::value::<OutboxMail>(after)?.state == MailState::Queued || again)
                {
                    self.mails.entry(mail).or_default().push(sequence.to_owned());
                }
            }
            Some(kind) if kind == Kind::Invitation.as_str() => {
                let before = if before.is_empty() || again { None } else { Some(record::invitation(before)?) };
                self.changes.push(Change { sequence: sequence.to_owned(), before, after: record::invitation(after)? });
            }
            None if kind_of(&before) == Some(Kind::Deadline.as_str()) => {
                self.deadlines.push((sequence.to_owned(), before));
            }
            None => self.unparked.extend(key_of(&before).map(|key| (sequence.to_owned(), key))),
            _ => {}
        }
        Ok(())
    }
}

impl Change {
    /// Whether the tally or the deadline depends on it.
    fn counts(&self) -> bool {
        self.before
            .as_ref()
            .is_none_or(|before| before.status != self.after.status || before.expires_at != self.after.expires_at)
    }
}
