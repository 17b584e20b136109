//! The outbox in the table: the record of every mail, its lease, and what an operator parks and releases.

use std::ops::ControlFlow;

use domain::{
    Timestamp,
    email::AddressKey,
    id::{CommunityId, InvitationId},
    invitation::Invitation,
    link::LinkToken,
    outbox::{Addressee, MailKind, MailState, MailedLink, NewMail, OutboxMail},
    person::User,
    sending::Quota,
    settings::Settings,
    time::later,
};
use jiff::{SignedDuration, civil::Date};

use crate::{
    Store, StoreError,
    attributes::{
        AGAIN, AT, ATTEMPTS, BUSY_SINCE, COUNTED_ON, FORGIVEN, KIND, LEASED_UNTIL, LINKS, NOT_BEFORE, SK, STATE, TTL,
        USED, WHY,
    },
    expression::{Expression, number, string},
    keys::{
        Key, MAIL_PREFIX, SPREAD, Spread, addressee_name, deadline_partition, due_at, due_partition, mail_name,
        parked_partition,
    },
    record::{self, Item, Kind, due, invitation_of, kind_of},
    retry, users,
    write::{MAX_ACTIONS, Write, Written},
};

/// How long a lease lasts: longer than an attempt takes to be told yes or no, after which nothing of it goes on.
pub const LEASE: SignedDuration = SignedDuration::from_secs(90);

/// How far apart the clocks of two functions may be. A deadline that is reported too early for the one that is to store
/// the expiry would not be reported again.
const SKEW: SignedDuration = SignedDuration::from_secs(10);

/// Sorts behind every id.
const PAST_ALL: &str = "~";

/// A mail in the outbox, by the key of its record.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MailId {
    /// The invitation that the mail is about.
    pub invitation: InvitationId,
    /// The name of the mail among those of its invitation.
    pub name: String,
}

/// The lease of a mail.
#[derive(Debug, Clone)]
pub struct Lease {
    /// Its end.
    until: Timestamp,
    /// The place of its link among those of the mail.
    link: usize,
    /// The day that the mail counts against its recipient's mailbox, if it is known to count.
    pub counted_on: Option<Date>,
}

/// An invitation with its mails.
#[derive(Debug, Clone)]
pub struct InvitationWithMails {
    id: InvitationId,
    /// The invitation.
    pub invitation: Option<Invitation>,
    /// Its mails, by name.
    pub mails: Vec<(String, OutboxMail)>,
}

/// What a link opens.
#[derive(Debug, Clone)]
pub struct LinkTarget {
    /// The invitation.
    pub invitation: Invitation,
    /// The link, as it was mailed.
    pub link: MailedLink,
    /// The network settings.
    pub settings: Settings,
}

impl Lease {
    /// The end of the lease.
    pub fn until(&self) -> Timestamp {
        self.until
    }
}

impl MailId {
    /// Returns the mail that the record is one of; `None` if it is none.
    pub fn of_record(item: &Item) -> Option<Self> {
        let name = item.get(SK)?.as_s().ok()?.strip_prefix(MAIL_PREFIX)?.to_owned();
        Some(Self { invitation: invitation_of(item)?, name })
    }

    /// Returns the mail that the record at `key` parks; `None` if it parks none.
    pub fn of_parked(key: &Key) -> Option<Self> {
        let (invitation, name) = key.parked_mail()?;
        Some(Self { invitation, name: name.to_owned() })
    }

    /// Returns the mail whose time has come when the record at `key` goes; `None` if it is about none.
    pub fn of_due(key: &Key) -> Option<Self> {
        let (invitation, name) = key.due_mail()?;
        Some(Self { invitation, name: name.to_owned() })
    }

    /// The revision of the invitation that the mail came with: the larger, the later.
    pub fn revision(&self) -> Option<u64> {
        self.name.split('#').nth(2)?.parse().ok()
    }

    pub(crate) fn key(&self) -> Key {
        Key::mail(self.invitation, &self.name)
    }
}

impl std::fmt::Display for MailId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}#{}", self.invitation, self.name)
    }
}

impl InvitationWithMails {
    /// The mail of that name.
    pub fn mail(&self, name: &str) -> Option<&OutboxMail> {
        self.mails.iter().find(|(known, _)| known == name).map(|(_, mail)| mail)
    }

    /// The invitation's latest mail to its invitee, if it is dropped although what it says is true at `now`.
    pub fn dropped(&self, now: Timestamp) -> Option<MailId> {
        let status = self.invitation.as_ref()?.status_at(now);
        let is_it = |(name, mail): &&(String, OutboxMail)| {
            let id = MailId { invitation: self.id, name: name.clone() };
            let latest = id.revision().is_some_and(|revision| !self.is_outdated(revision));
            let rules = mail.kind.rules();
            let wanted = rules.tracked && rules.wanted_while == Some(status);
            latest && wanted && mail.state == MailState::Dropped
        };
        let (name, _) = self.mails.iter().find(is_it)?;
        Some(MailId { invitation: self.id, name: name.clone() })
    }

    /// Whether the invitation has been mailed again since the mail that came with that revision.
    pub fn is_outdated(&self, revision: u64) -> bool {
        let invitations = self.mails.iter().filter(|(_, mail)| mail.kind.rules().tracked);
        let of = |(name, _): &(String, OutboxMail)| MailId { invitation: self.id, name: name.clone() }.revision();
        invitations.filter_map(of).any(|later| later > revision)
    }
}

impl Store {
    /// Reads the invitation and its mails, in one consistent query.
    ///
    /// # Errors
    /// [`StoreError`] if the query fails.
    pub async fn invitation_with_mails(&self, id: InvitationId) -> Result<InvitationWithMails, StoreError> {
        let mut found = InvitationWithMails { id, invitation: None, mails: Vec::new() };
        for item in self.partition(&Key::invitation(id).pk, "").await? {
            if let Some(mail) = MailId::of_record(&item) {
                found.mails.push((mail.name, record::value(item)?));
            } else if kind_of(&item) == Some(Kind::Invitation.as_str()) {
                found.invitation = Some(record::invitation(item)?);
            }
        }
        Ok(found)
    }

    /// Reads what the token opens, in one batch; `None` if it is no link of this service.
    ///
    /// # Errors
    /// [`StoreError`] if the read fails.
    pub async fn link_target(&self, token: &LinkToken) -> Result<Option<LinkTarget>, StoreError> {
        let (id, revision) = (token.invitation(), u64::from(token.revision()));
        let soliciting = MailKind::ALL.into_iter().filter(|kind| kind.rules().solicits);
        let mails: Vec<_> =
            soliciting.map(|kind| Key::mail(id, &mail_name(kind, &Addressee::Invitee, revision))).collect();
        let spread = Spread::by_invitation(id);
        let records = self.read([Key::invitation(id), Key::settings(spread)].into_iter().chain(mails.clone())).await?;
        let mut links = Vec::new();
        for mail in &mails {
            links.extend(records.value::<OutboxMail>(mail)?.map(|mail| mail.links).unwrap_or_default());
        }
        let digest = token.digest();
        match (records.invitation(id), links.into_iter().find(|link| link.digest == digest)) {
            (Some(invitation), Some(link)) => {
                Ok(Some(LinkTarget { invitation: invitation.clone(), link, settings: records.settings(spread) }))
            }
            _ => Ok(None),
        }
    }

    /// Takes the lease of a mail that is still as it was read, and keeps the link that the mail will carry. `None` if
    /// another attempt has leased or finished it since.
    ///
    /// # Errors
    /// [`StoreError`] if the table fails.
    pub async fn lease(
        &self,
        id: &MailId,
        mail: &OutboxMail,
        link: &MailedLink,
        now: Timestamp,
    ) -> Result<Option<Lease>, StoreError> {
        let (lease, expression) = leasing(mail, link, now)?;
        Ok(self.update(id.key(), expression).await?.then_some(lease))
    }

    /// Queues a mail again that was not sent because the mail service is too busy, as if this attempt had not been; its
    /// link is forgotten. The stream's report of this change is the next attempt.
    ///
    /// # Errors
    /// [`StoreError`] if the table fails.
    pub async fn requeue(&self, id: &MailId, lease: &Lease, now: Timestamp) -> Result<(), StoreError> {
        let mut expression = giving_back(lease);
        expression.set(STATE, string(MailState::Queued.as_str()));
        expression.set_missing(BUSY_SINCE, number(now.as_millisecond()));
        self.update(id.key(), expression).await.map(drop)
    }

    /// Lets a mail wait that has been leased and is not sent, as if this attempt had not been.
    ///
    /// # Errors
    /// [`StoreError`] if the table fails.
    pub async fn put_off(&self, id: &MailId, lease: &Lease, until: Timestamp) -> Result<(), StoreError> {
        let writes = waiting(id, giving_back(lease), until);
        self.transact(writes.into()).await.map(drop)
    }

    /// Lets a mail that is still as it was read wait until then. `false` if another attempt has leased or finished it
    /// since.
    ///
    /// # Errors
    /// [`StoreError`] if the table fails.
    pub async fn postpone(&self, id: &MailId, mail: &OutboxMail, until: Timestamp) -> Result<bool, StoreError> {
        let writes = waiting(id, unchanged(mail), until);
        Ok(self.transact(writes.into()).await? == Written::Done)
    }

    /// Counts one more invitation mail to the address on that day. `false` if it has got as many as it may.
    ///
    /// # Errors
    /// [`StoreError`] if the table fails.
    pub async fn count_mail(&self, address: &AddressKey, now: Timestamp, most: u32) -> Result<bool, StoreError> {
        let mut expression = Expression::default();
        expression.set(KIND, string(Kind::Mailed.as_str()));
        expression.set(TTL, number(later(Quota::day_ends(now), SignedDuration::from_hours(24)).as_second()));
        expression.increase(USED, 1);
        expression.require_missing_or_at_most(USED, i64::from(most) - 1);
        self.update(Key::mailed(address, Quota::day(now)), expression).await
    }

    /// Notes that the mail service has the mail, and ends the lease.
    ///
    /// # Errors
    /// [`StoreError`] if the table fails.
    pub async fn mark_sent(&self, id: &MailId) -> Result<(), StoreError> {
        let mut expression = Expression::default();
        expression.set(STATE, string(MailState::Sent.as_str()));
        expression.remove(LEASED_UNTIL);
        expression.require_existing(SK);
        self.update(id.key(), expression).await.map(drop)
    }

    /// Drops a mail that is still as it was read. `false` if another attempt has leased or finished it since.
    ///
    /// # Errors
    /// [`StoreError`] if the table fails.
    pub async fn drop_mail(&self, id: &MailId, mail: &OutboxMail) -> Result<bool, StoreError> {
        self.update(id.key(), dropping(mail)).await
    }

    /// Drops an invitation mail that no mailbox of its user takes, and notes so in the user's record. `false` unless
    /// both are still as they were read.
    ///
    /// # Errors
    /// [`StoreError`] if the table fails.
    pub async fn drop_unreached(&self, id: &MailId, mail: &OutboxMail, user: &User) -> Result<bool, StoreError> {
        let writes = vec![Write::Update(id.key(), dropping(mail)), users::unreached(user)];
        Ok(self.transact(writes).await? == Written::Done)
    }

    /// Parks the mail where an operator finds it. Deleting the record that this leaves releases the mail.
    ///
    /// # Errors
    /// [`StoreError`] if the table fails.
    pub async fn park(&self, id: &MailId, why: &str, now: Timestamp) -> Result<(), StoreError> {
        let mut expression = Expression::default();
        expression.set(STATE, string(MailState::Parked.as_str()));
        expression.remove(LEASED_UNTIL);
        expression.require_existing(SK);
        let parked = parked(Key::parked(id.invitation, &id.name), why, now);
        let writes = vec![Write::Update(id.key(), expression), Write::Put(parked, Expression::default())];
        self.transact(writes).await.map(drop)
    }

    /// Parks a record in the invitation's partition that does not read. Deleting the record that this leaves has it
    /// looked at again.
    ///
    /// # Errors
    /// [`StoreError`] if the table fails.
    pub async fn park_record(&self, id: InvitationId, sk: &str, why: &str, now: Timestamp) -> Result<(), StoreError> {
        let parked = parked(Key::parked_record(id, sk), why, now);
        self.transact(vec![Write::Put(parked, Expression::default())]).await.map(drop)
    }

    /// Makes the stream report the record once more.
    ///
    /// # Errors
    /// [`StoreError`] if the table fails.
    pub async fn report_again(&self, key: Key, now: Timestamp) -> Result<(), StoreError> {
        let mut expression = Expression::default();
        expression.require_existing(SK);
        expression.set(AGAIN, number(now.as_millisecond()));
        self.update(key, expression).await.map(drop)
    }

    /// Queues a mail again that was given up as that state says, as if it had never been tried.
    ///
    /// # Errors
    /// [`StoreError`] if the table fails.
    pub async fn queue_again(&self, id: &MailId, given_up: MailState) -> Result<(), StoreError> {
        let mut expression = Expression::default();
        expression.require_equal(STATE, string(given_up.as_str()));
        expression.set(STATE, string(MailState::Queued.as_str()));
        expression.copy(FORGIVEN, ATTEMPTS);
        expression.remove(BUSY_SINCE);
        self.update(id.key(), expression).await.map(drop)
    }

    /// Has a mail come by again at that time, whatever it is doing until then.
    ///
    /// # Errors
    /// [`StoreError`] if the table fails.
    pub async fn look_again(&self, id: &MailId, at: Timestamp) -> Result<(), StoreError> {
        let (_, due) = due(at, id.invitation, &id.name);
        self.transact(vec![Write::Put(due, Expression::default())]).await.map(drop)
    }

    /// Releases what is parked, some `most` of it in all: the stream reports it. Returns how much.
    ///
    /// # Errors
    /// [`StoreError`] if the table fails; what was released stays so.
    pub async fn release_parked(&self, most: usize) -> Result<usize, StoreError> {
        let share = most.div_ceil(usize::from(SPREAD));
        let mut released = 0;
        for number in 0..SPREAD {
            // Whatever is parked again meanwhile sorts where it did, and is not met twice.
            let keys = self.keys_before(&parked_partition(number), PAST_ALL, share).await?;
            released += keys.len();
            self.forget(keys).await?;
        }
        Ok(released)
    }

    /// Whether anything is parked.
    ///
    /// # Errors
    /// [`StoreError`] if the table fails.
    pub async fn is_anything_parked(&self) -> Result<bool, StoreError> {
        for number in 0..SPREAD {
            if !self.keys_before(&parked_partition(number), PAST_ALL, 1).await?.is_empty() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Has the stream report mails whose time has come at `now`, `most` of them at the most. Returns how many.
    ///
    /// # Errors
    /// [`StoreError`] if the table fails; what was reported stays so.
    pub async fn wake(&self, now: Timestamp, most: usize) -> Result<usize, StoreError> {
        // Each minute another partition is the first, so that few for all are not always few for the same.
        let first = u8::try_from(now.as_second() / 60 % i64::from(SPREAD)).unwrap_or_default();
        self.forget_due((first..SPREAD).chain(0..first).map(due_partition), now, most).await
    }

    /// Has the stream report invitations whose deadline has passed, `most` of them at the most. Returns how many.
    ///
    /// # Errors
    /// [`StoreError`] if the table fails; what was reported stays so.
    pub async fn end_lifetimes(&self, now: Timestamp, most: usize) -> Result<usize, StoreError> {
        self.forget_due((0..SPREAD).map(deadline_partition), later(now, -SKEW), most).await
    }

    /// Removes the records of those partitions whose time has come, a share from each.
    async fn forget_due(
        &self,
        partitions: impl Iterator<Item = String>,
        now: Timestamp,
        most: usize,
    ) -> Result<usize, StoreError> {
        let share = most.div_ceil(usize::from(SPREAD));
        let end = due_at(later(now, SignedDuration::from_millis(1)));
        let mut gone = 0;
        for partition in partitions {
            let room = share.min(most - gone);
            if room > 0 {
                let keys = self.keys_before(&partition, &end, room).await?;
                gone += keys.len();
                self.forget(keys).await?;
            }
        }
        Ok(gone)
    }

    /// Replaces a mail to all moderators of the community by one mail to each.
    ///
    /// # Errors
    /// [`StoreError`] if the table fails; a repetition adds nothing twice.
    pub async fn fan_out(&self, id: &MailId, mail: &OutboxMail, community: &CommunityId) -> Result<(), StoreError> {
        let mails = self.moderators(community).await?.into_iter().map(|user| {
            let new = NewMail { request: mail.request, ..NewMail::new(mail.kind, Addressee::User(user)) };
            (Key::mail(id.invitation, &format!("{}#{}", id.name, addressee_name(&new.to))), new)
        });
        let mails: Vec<_> = mails.collect();
        for mails in mails.chunks(MAX_ACTIONS) {
            retry((), |()| self.add_missing(mails)).await?;
        }
        self.mark_sent(id).await
    }

    /// Adds those of the mails that are not in the outbox yet.
    async fn add_missing(&self, mails: &[(Key, NewMail)]) -> Result<ControlFlow<()>, StoreError> {
        let known = self.read(mails.iter().map(|(key, _)| key.clone())).await?;
        let mut writes = Vec::new();
        for (key, mail) in mails.iter().filter(|(key, _)| !known.has(key)) {
            let mut missing = Expression::default();
            missing.require_missing(SK);
            writes.push(Write::Put(record::record(Kind::Mail, key.clone(), &OutboxMail::new(mail))?, missing));
        }
        if writes.is_empty() || self.transact(writes).await? == Written::Done {
            return Ok(ControlFlow::Break(()));
        }
        Ok(ControlFlow::Continue(()))
    }
}

/// Requires that no attempt has leased or finished the mail since it was read.
pub(crate) fn unchanged(mail: &OutboxMail) -> Expression {
    let mut expression = Expression::default();
    expression.require_equal(STATE, string(mail.state.as_str()));
    expression.require_equal(ATTEMPTS, number(mail.attempts));
    expression
}

/// Leases the mail, unless an attempt has leased or finished it since it was read, and keeps the link that it will
/// carry.
pub(crate) fn leasing(mail: &OutboxMail, link: &MailedLink, now: Timestamp) -> Result<(Lease, Expression), StoreError> {
    let lease = Lease { until: later(now, LEASE), link: mail.links.len(), counted_on: mail.counted_on };
    let mut expression = unchanged(mail);
    expression.set(STATE, string(MailState::Sending.as_str()));
    expression.set(LEASED_UNTIL, number(lease.until.as_millisecond()));
    expression.increase(ATTEMPTS, 1);
    expression.append(LINKS, serde_dynamo::to_attribute_value(link)?);
    Ok((lease, expression))
}

/// Ends a lease under which nothing was sent, and forgets its link.
fn giving_back(lease: &Lease) -> Expression {
    let mut expression = Expression::default();
    // An attempt that outlived its lease leaves the mail to the one that holds it now.
    expression.require_equal(LEASED_UNTIL, number(lease.until.as_millisecond()));
    expression.remove(LEASED_UNTIL);
    expression.remove_element(LINKS, lease.link);
    expression.increase(FORGIVEN, 1);
    if let Some(day) = lease.counted_on {
        expression.set(COUNTED_ON, string(day.to_string()));
    }
    expression
}

/// Lets the mail wait until then, where `expression` allows it, and come by again.
pub(crate) fn waiting(id: &MailId, mut expression: Expression, until: Timestamp) -> [Write; 2] {
    expression.set(STATE, string(MailState::Waiting.as_str()));
    expression.set(NOT_BEFORE, number(until.as_millisecond()));
    let (_, due) = due(until, id.invitation, &id.name);
    [Write::Update(id.key(), expression), Write::Put(due, Expression::default())]
}

/// Drops the mail, unless an attempt has leased or finished it since it was read.
fn dropping(mail: &OutboxMail) -> Expression {
    let mut expression = unchanged(mail);
    expression.set(STATE, string(MailState::Dropped.as_str()));
    expression.remove(LEASED_UNTIL);
    expression
}

/// The record of something parked.
fn parked(key: Key, why: &str, now: Timestamp) -> Item {
    let mut item: Item = key.into();
    item.insert(KIND.to_owned(), string(Kind::Parked.as_str()));
    item.insert(WHY.to_owned(), string(why));
    item.insert(AT.to_owned(), number(now.as_millisecond()));
    item
}
