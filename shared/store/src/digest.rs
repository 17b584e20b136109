//! What a sender has been told of answers, and the notices that wait to be told together.
//!
//! A notice joins the one that waits, or becomes it, in one transaction with its own mail; the one that waits is closed
//! before it is leased. So each is in exactly one mail, even if a function dies in between.

use aws_sdk_dynamodb::types::AttributeValue;
use domain::{
    Timestamp,
    digest::INTERVAL,
    id::{InvitationId, UserId},
    outbox::{MailKind, MailState, MailedLink, OutboxMail},
    time::later,
};
use jiff::SignedDuration;

use crate::{
    Store, StoreError,
    attributes::{CARRIER, KIND, LEASED_UNTIL, STATE, TOLD_AT, TOLD_BY, TTL},
    expression::{Expression, number, string},
    keys::{Key, notices_of, user_partition},
    outbox::{Lease, MailId, leasing, unchanged, waiting},
    read::key_of,
    record::{Item, Kind},
    write::{Write, Written},
};

/// How long it is kept what a sender was told, and a notice that another mail carries: that mail may be parked for a
/// while.
const KEPT: SignedDuration = SignedDuration::from_hours(24 * 90);

/// The result of leasing a notice.
#[derive(Debug, Clone)]
pub enum NoticeLease {
    /// It is leased.
    Leased(Lease),
    /// Another attempt has leased or finished it.
    Taken,
    /// The sender has been told something else meanwhile.
    Overtaken,
}

impl Store {
    /// Lets a notice wait until then and carry those that come meanwhile. `false` if something has changed since it was
    /// read.
    ///
    /// # Errors
    /// [`StoreError`] if the table fails.
    pub async fn carry(
        &self,
        sender: &UserId,
        id: &MailId,
        mail: &OutboxMail,
        until: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut digest = Expression::default();
        digest.set(KIND, string(Kind::Digest.as_str()));
        digest.set(TTL, kept_until(until));
        digest.set(CARRIER, string(id.to_string()));
        digest.require_missing(CARRIER);
        let mut writes = vec![Write::Update(Key::digest(sender), digest)];
        writes.extend(waiting(id, unchanged(mail), until));
        Ok(self.transact(writes).await? == Written::Done)
    }

    /// Leaves what a notice says to the one that waits. `false` if something has changed since it was read.
    ///
    /// # Errors
    /// [`StoreError`] if the table fails.
    pub async fn join(
        &self,
        sender: &UserId,
        id: &MailId,
        mail: &OutboxMail,
        carrier: &str,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut waits = Expression::default();
        waits.require_equal(CARRIER, string(carrier));
        let mut collected = unchanged(mail);
        collected.set(STATE, string(MailState::Collected.as_str()));
        collected.remove(LEASED_UNTIL);
        let mut notice: Item = Key::notice(sender, carrier, id.invitation, &id.name).into();
        notice.insert(KIND.to_owned(), string(Kind::Notice.as_str()));
        notice.insert(TTL.to_owned(), kept_until(now));
        let writes = vec![
            Write::Check(Key::digest(sender), waits),
            Write::Update(id.key(), collected),
            Write::Put(notice, Expression::default()),
        ];
        Ok(self.transact(writes).await? == Written::Done)
    }

    /// Has the notice that waits carry no more than it does.
    ///
    /// # Errors
    /// [`StoreError`] if the table fails.
    pub async fn close(&self, sender: &UserId, id: &MailId) -> Result<(), StoreError> {
        let mut digest = Expression::default();
        digest.require_equal(CARRIER, string(id.to_string()));
        digest.remove(CARRIER);
        self.update(Key::digest(sender), digest).await.map(drop)
    }

    /// Notes that the sender is told, and takes the lease of a notice that is still as it was read, as [`Store::lease`]
    /// does.
    ///
    /// # Errors
    /// [`StoreError`] if the table fails.
    pub async fn lease_notice(
        &self,
        sender: &UserId,
        id: &MailId,
        mail: &OutboxMail,
        link: &MailedLink,
        now: Timestamp,
    ) -> Result<NoticeLease, StoreError> {
        let (lease, leased) = leasing(mail, link, now)?;
        let mut told = Expression::default();
        let hour_ago = later(now, -INTERVAL).as_millisecond();
        told.require_lapsed_or_equal(TOLD_BY, string(id.to_string()), TOLD_AT, hour_ago);
        told.set(KIND, string(Kind::Digest.as_str()));
        told.set(TTL, kept_until(now));
        told.set(TOLD_BY, string(id.to_string()));
        told.set(TOLD_AT, number(now.as_millisecond()));
        // Two writes cost half of a transaction. If the process ends between them, this mail may still be leased, and
        // no other one of the sender's within the hour.
        if !self.update(Key::digest(sender), told).await? {
            return Ok(NoticeLease::Overtaken);
        }
        Ok(if self.update(id.key(), leased).await? { NoticeLease::Leased(lease) } else { NoticeLease::Taken })
    }

    /// The notices that the mail of the sender's carries: each one's kind and its invitation, in the order in which
    /// these were made.
    ///
    /// # Errors
    /// [`StoreError`] if a query fails.
    pub async fn notices(
        &self,
        sender: &UserId,
        carrier: &MailId,
    ) -> Result<Vec<(MailKind, InvitationId)>, StoreError> {
        let name = carrier.to_string();
        let found = self.partition(&user_partition(sender), &notices_of(&name)).await?;
        let notice = |key: Key| {
            let (id, mail) = key.notice_mail(&name)?;
            Some((MailKind::of_name(mail.split('#').next()?)?, id))
        };
        Ok(found.iter().filter_map(key_of).filter_map(notice).collect())
    }
}

/// The `ttl` of a record that is written at that time.
fn kept_until(at: Timestamp) -> AttributeValue {
    number(later(at, KEPT).as_second())
}
