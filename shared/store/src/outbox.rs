//! The record of one owed mail.

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use super::{
    Store, StoreError,
    execute::{Executed, MAX_ACTIONS},
    expression::{Expression, number, string},
    keys::{AGAIN, KIND, Key, MAIL_PREFIX, MODERATOR_PREFIX, SK, moderators_partition},
    record::{self, Address, Item, Kind, SUPPRESSED},
    stats::{invitation_of, kind_of},
    write::{Write, Written},
};
use domain::{
    Timestamp,
    email::AddressKey,
    id::{CommunityId, InvitationId, UserId},
    invitation::{DeliveryState, Invitation},
    lifecycle,
    link::{LinkDigest, LinkToken},
    settings::{Locale, Settings},
    time::later,
    transition::{Addressee, MailKind, NewMail},
};

/// A mail that an invitation owes: recorded with the change that owes it, paid by `deliver`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OutboxMail {
    /// What it says.
    pub mail: MailKind,
    /// Whom it goes to.
    pub to: Addressee,
    /// How far it has got.
    pub state: MailState,
    /// How often it was leased.
    #[serde(default)]
    pub attempts: u32,
    /// How many of these count for nothing: the mail service was only too busy, or an operator has begun anew.
    #[serde(default)]
    pub forgiven: u32,
    /// Since when the mail service has been too busy for it.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "domain::person::millis")]
    pub busy_since: Option<Timestamp>,
    /// Until when the sender in charge may take; after that another may try.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "domain::person::millis")]
    pub leased_until: Option<Timestamp>,
    /// The links that attempts have put into the mail. Any of them may have arrived.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub links: Vec<MailedLink>,
}

/// A link that was mailed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailedLink {
    /// What is kept of the link.
    pub digest: LinkDigest,
    /// Where it was mailed to: whoever holds it has proven to read that address, and nothing else.
    pub address: AddressKey,
    /// The language that its reader has chosen, as far as is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locale: Option<Locale>,
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

/// How far an owed mail has got.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MailState {
    /// Nobody is sending it.
    Queued,
    /// Someone is, until the lease ends.
    Sending,
    /// The mail service has it.
    Sent,
    /// It is not needed any more: the invitation was withdrawn or answered first, or there is no address.
    Dropped,
    /// Sending failed too often; an operator decides.
    Parked,
}

impl MailState {
    /// The name in the table.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Sending => "sending",
            Self::Sent => "sent",
            Self::Dropped => "dropped",
            Self::Parked => "parked",
        }
    }
}

impl OutboxMail {
    /// How often it may have been sent without anybody knowing, or was not.
    pub fn failures(&self) -> u32 {
        self.attempts.saturating_sub(self.forgiven)
    }

    /// The record of a new_mail that has just arisen.
    pub fn new(new_mail: &NewMail) -> Self {
        Self {
            mail: new_mail.kind,
            to: new_mail.to.clone(),
            state: MailState::Queued,
            attempts: 0,
            forgiven: 0,
            busy_since: None,
            leased_until: None,
            links: Vec::new(),
        }
    }
}

/// The mails that carry links, to the invitee alone.
const LINKING: [MailKind; 2] = [MailKind::Invitation, MailKind::Joined];

/// What the mail that is owed at that revision is called among those of its invitation: the same for the same change,
/// however often it is tried.
pub fn mail_name(kind: MailKind, to: &Addressee, revision: u64) -> String {
    format!("{}#{}#{revision}", kind.as_str(), addressee_name(to))
}

fn addressee_name(to: &Addressee) -> &str {
    match to {
        Addressee::Invitee => "invitee",
        Addressee::Sender => "sender",
        Addressee::Moderators => "moderators",
        Addressee::User(id) => id.as_str(),
    }
}

/// The lease that a sender takes: longer than one takes to be told yes or no, after which nobody is behind it any more.
pub const LEASE: SignedDuration = SignedDuration::from_secs(90);

/// A mail in charge.
#[derive(Debug, Clone)]
pub struct Lease {
    /// Until when.
    until: Timestamp,
    /// The place of its link among those of the mail.
    link: usize,
}

/// How often a change is decided anew because another writer was faster. Each round, someone gets done.
const ROUNDS: u32 = 8;

/// One owed mail, by the key of its record.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MailId {
    /// The invitation that owes it.
    pub invitation: InvitationId,
    /// What it is called among those of its invitation.
    pub name: String,
}

impl MailId {
    /// The mail whose record that is; `None` if it is none.
    pub fn of_record(item: &Item) -> Option<Self> {
        let name = item.get(SK)?.as_s().ok()?.strip_prefix(MAIL_PREFIX)?.to_owned();
        Some(Self { invitation: invitation_of(item)?, name })
    }

    /// The mail that the record at `key` parks; `None` if it parks none.
    pub fn of_parked(key: &Key) -> Option<Self> {
        let (invitation, name) = key.parked_mail()?;
        Some(Self { invitation, name: name.to_owned() })
    }

    /// The invitation's revision at which the mail was owed: the larger, the later.
    pub fn revision(&self) -> Option<u64> {
        self.name.split('#').nth(2)?.parse().ok()
    }

    fn key(&self) -> Key {
        Key::mail(self.invitation, &self.name)
    }
}

/// An invitation with all that hangs on it.
#[derive(Debug, Clone)]
pub struct Account {
    /// Whose account it is.
    id: InvitationId,
    /// The invitation.
    pub invitation: Option<Invitation>,
    /// Its mails, by name.
    pub mails: Vec<(String, OutboxMail)>,
}

impl Account {
    /// The mail of that name.
    pub fn mail(&self, name: &str) -> Option<&OutboxMail> {
        self.mails.iter().find(|(known, _)| known == name).map(|(_, mail)| mail)
    }

    /// Whether the invitation has been mailed anew since the mail that was owed at that revision.
    fn is_outdated(&self, revision: u64) -> bool {
        let invitations = self.mails.iter().filter(|(_, mail)| mail.mail == MailKind::Invitation);
        let of = |(name, _): &(String, OutboxMail)| MailId { invitation: self.id, name: name.clone() }.revision();
        invitations.filter_map(of).any(|later| later > revision)
    }
}

impl Store {
    /// The invitation and its mails, in one consistent query.
    ///
    /// # Errors
    /// [`StoreError`] if the query fails.
    pub async fn account(&self, id: InvitationId) -> Result<Account, StoreError> {
        let mut account = Account { id, invitation: None, mails: Vec::new() };
        for item in self.partition(&Key::invitation(id).pk, "").await? {
            if let Some(mail) = MailId::of_record(&item) {
                account.mails.push((mail.name, record::value(item)?));
            } else if kind_of(&item) == Some(Kind::Invitation.as_str()) {
                account.invitation = Some(record::invitation(item)?);
            }
        }
        Ok(account)
    }

    /// What the token opens, in one batch read; `None` if it is no link of ours.
    ///
    /// # Errors
    /// [`StoreError`] if the read fails.
    pub async fn link_target(&self, token: &LinkToken) -> Result<Option<LinkTarget>, StoreError> {
        let (id, revision) = (token.invitation(), u64::from(token.revision()));
        let mails = LINKING.map(|kind| Key::mail(id, &mail_name(kind, &Addressee::Invitee, revision)));
        let records = self.read([Key::invitation(id), Key::settings()].into_iter().chain(mails.clone())).await?;
        let mut links = Vec::new();
        for mail in &mails {
            links.extend(records.value::<OutboxMail>(mail)?.map(|mail| mail.links).unwrap_or_default());
        }
        let digest = token.digest();
        let invitation = records.get(&Key::invitation(id)).cloned().map(record::invitation).transpose()?;
        match (invitation, links.into_iter().find(|link| link.digest == digest)) {
            (Some(invitation), Some(link)) => Ok(Some(LinkTarget { invitation, link, settings: records.settings()? })),
            _ => Ok(None),
        }
    }

    /// Takes the mail in charge for [`LEASE`], as it was read: nobody's, or of somebody whose lease is over. Keeps the link
    /// that it will carry. `None` if someone else has had it since, or has settled it.
    ///
    /// # Errors
    /// [`StoreError`] if the table fails.
    pub async fn lease(
        &self,
        mail: &MailId,
        owed: &OutboxMail,
        link: &MailedLink,
        now: Timestamp,
    ) -> Result<Option<Lease>, StoreError> {
        let lease = Lease { until: later(now, LEASE), link: owed.links.len() };
        let mut expression = unchanged(owed);
        expression.set("state", string(MailState::Sending.as_str()));
        expression.set("leasedUntil", number(lease.until.as_millisecond()));
        expression.increase("attempts", 1);
        expression.append("links", serde_dynamo::to_attribute_value(link)?);
        Ok(self.update(mail.key(), expression).await?.then_some(lease))
    }

    /// Ends the lease of a mail that was not sent because the mail service is too busy: it is owed as if this attempt
    /// had not been, and its link is forgotten. The record in the stream that this makes is the next attempt.
    ///
    /// # Errors
    /// [`StoreError`] if the table fails.
    pub async fn put_off(&self, mail: &MailId, lease: &Lease, now: Timestamp) -> Result<(), StoreError> {
        let mut expression = Expression::default();
        // Whoever has come too late for the own lease leaves the mail to the one who has it now.
        expression.require_equal("leasedUntil", number(lease.until.as_millisecond()));
        expression.set("state", string(MailState::Queued.as_str()));
        expression.remove("leasedUntil");
        expression.remove_element("links", lease.link);
        expression.increase("forgiven", 1);
        expression.set_missing("busySince", number(now.as_millisecond()));
        self.update(mail.key(), expression).await.map(drop)
    }

    /// Ends the lease of a mail that the mail service has.
    ///
    /// # Errors
    /// [`StoreError`] if the table fails.
    pub async fn settle(&self, mail: &MailId) -> Result<(), StoreError> {
        let mut expression = Expression::default();
        expression.set("state", string(MailState::Sent.as_str()));
        expression.remove("leasedUntil");
        expression.require_existing(SK);
        self.update(mail.key(), expression).await.map(drop)
    }

    /// Drops a mail that nobody is to get any more, as it was read. `false` if somebody has taken it in charge since.
    ///
    /// # Errors
    /// [`StoreError`] if the table fails.
    pub async fn drop_unsent(&self, mail: &MailId, owed: &OutboxMail) -> Result<bool, StoreError> {
        let mut expression = unchanged(owed);
        expression.set("state", string(MailState::Dropped.as_str()));
        expression.remove("leasedUntil");
        self.update(mail.key(), expression).await
    }

    /// Parks the mail where an operator finds it. Deleting the record that this leaves sends it again.
    ///
    /// # Errors
    /// [`StoreError`] if the table fails.
    pub async fn park(&self, mail: &MailId, why: &str, now: Timestamp) -> Result<(), StoreError> {
        let mut expression = Expression::default();
        expression.set("state", string(MailState::Parked.as_str()));
        expression.remove("leasedUntil");
        expression.require_existing(SK);
        let note = note(Key::parked(mail.invitation, &mail.name), why, now);
        let writes = vec![Write::Update(mail.key(), expression), Write::Put(note, Expression::default())];
        self.transact(writes).await.map(drop)
    }

    /// Notes, where an operator finds it, that a record in the invitation's partition does not read. Deleting the note
    /// has it looked at again.
    ///
    /// # Errors
    /// [`StoreError`] if the table fails.
    pub async fn set_aside(&self, id: InvitationId, sk: &str, why: &str, now: Timestamp) -> Result<(), StoreError> {
        let note = note(Key::parked_record(id, sk), why, now);
        self.transact(vec![Write::Put(note, Expression::default())]).await.map(drop)
    }

    /// Has the stream tell of the record once more.
    ///
    /// # Errors
    /// [`StoreError`] if the table fails.
    pub async fn tell_again(&self, key: Key, now: Timestamp) -> Result<(), StoreError> {
        let mut expression = Expression::default();
        expression.require_existing(SK);
        expression.set(AGAIN, number(now.as_millisecond()));
        self.update(key, expression).await.map(drop)
    }

    /// Queues a parked mail again, as if it had never been tried.
    ///
    /// # Errors
    /// [`StoreError`] if the table fails.
    pub async fn unpark(&self, mail: &MailId) -> Result<(), StoreError> {
        let mut expression = Expression::default();
        expression.require_equal("state", string(MailState::Parked.as_str()));
        expression.set("state", string(MailState::Queued.as_str()));
        expression.copy("forgiven", "attempts");
        expression.remove("busySince");
        self.update(mail.key(), expression).await.map(drop)
    }

    /// Shows in the invitation how far the invitation mail has got that was owed at `revision`, unless a later one is
    /// on its way.
    ///
    /// # Errors
    /// [`StoreError`] if the table fails, or others write without end.
    pub async fn track(
        &self,
        id: InvitationId,
        revision: Option<u64>,
        state: DeliveryState,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        for _ in 0..ROUNDS {
            let account = self.account(id).await?;
            if revision.is_some_and(|revision| account.is_outdated(revision)) {
                return Ok(());
            }
            let Some(invitation) = account.invitation else { return Ok(()) };
            let Some(transition) = lifecycle::track(&invitation, state, now) else { return Ok(()) };
            if self.execute(&[&transition], &[], now).await? == Executed::Done {
                return Ok(());
            }
        }
        Err(too_many_writers())
    }

    /// Replaces a new_mail to all moderators of the community by one new_mail to each.
    ///
    /// # Errors
    /// [`StoreError`] if the table fails; a repetition adds nothing twice.
    pub async fn fan_out(&self, mail: &MailId, owed: &OutboxMail, community: &CommunityId) -> Result<(), StoreError> {
        let moderators = self.partition(&moderators_partition(community), MODERATOR_PREFIX).await?;
        let new_mails = moderators.iter().filter_map(|moderator| {
            let id = moderator.get(SK)?.as_s().ok()?.strip_prefix(MODERATOR_PREFIX)?.parse().ok()?;
            let new_mail = NewMail { kind: owed.mail, to: Addressee::User(id) };
            Some((Key::mail(mail.invitation, &format!("{}#{}", mail.name, addressee_name(&new_mail.to))), new_mail))
        });
        let new_mails: Vec<_> = new_mails.collect();
        for new_mails in new_mails.chunks(MAX_ACTIONS) {
            self.owe(new_mails).await?;
        }
        self.settle(mail).await
    }

    /// Records those of the new_mails that are not recorded yet, however often it is tried.
    async fn owe(&self, new_mails: &[(Key, NewMail)]) -> Result<(), StoreError> {
        for _ in 0..ROUNDS {
            let known = self.read(new_mails.iter().map(|(key, _)| key.clone())).await?;
            let mut writes = Vec::new();
            for (key, new_mail) in new_mails.iter().filter(|(key, _)| known.get(key).is_none()) {
                let mut missing = Expression::default();
                missing.require_missing(SK);
                writes.push(Write::Put(record::record(Kind::Mail, key.clone(), &OutboxMail::new(new_mail))?, missing));
            }
            if writes.is_empty() || self.transact(writes).await? == Written::Done {
                return Ok(());
            }
        }
        Err(too_many_writers())
    }
}

/// The condition that nobody has taken the mail in charge or settled it since it was read.
fn unchanged(owed: &OutboxMail) -> Expression {
    let mut expression = Expression::default();
    expression.require_equal("state", string(owed.state.as_str()));
    expression.require_equal("attempts", number(owed.attempts));
    expression
}

fn note(key: Key, why: &str, now: Timestamp) -> Item {
    let mut note: Item = key.into();
    note.insert(KIND.to_owned(), string(Kind::Parked.as_str()));
    note.insert("why".to_owned(), string(why));
    note.insert("at".to_owned(), number(now.as_millisecond()));
    note
}

fn too_many_writers() -> StoreError {
    StoreError::Unavailable("too many writers".to_owned())
}

impl Store {
    /// No more mail goes to the address, whoever it belongs to. `named` is whom else it was mailed for: a user may have
    /// it without having proven so.
    ///
    /// # Errors
    /// [`StoreError`] if the table fails; a repetition finishes the job.
    pub async fn suppress(&self, address: &AddressKey, named: Option<&UserId>) -> Result<(), StoreError> {
        let mut expression = Expression::default();
        expression.set(KIND, string(Kind::Address.as_str()));
        expression.set(SUPPRESSED, AttributeValue::Bool(true));
        self.update(Key::address(address), expression).await?;
        let key = Key::address(address);
        let records = self.read([key.clone()].into_iter().chain(named.map(Key::user))).await?;
        let known: Address = records.value(&key)?.unwrap_or_default();
        if let Some(owner) = &known.owner {
            self.suppress_for(owner, address).await?;
        }
        if let Some(named) = named.filter(|named| known.owner.as_ref() != Some(named))
            && let Some(email) = records.user(named)?.and_then(|found| found.user.email)
            && email.key() == *address
        {
            self.suppress_for(named, address).await?;
        }
        Ok(())
    }

    /// Says in the user's own record that no mail goes to that address of theirs, which saves a send the look at it.
    ///
    /// # Errors
    /// [`StoreError`] if the table fails.
    pub async fn suppress_for(&self, user: &UserId, address: &AddressKey) -> Result<(), StoreError> {
        let mut expression = Expression::default();
        expression.set(SUPPRESSED, string(address.as_str()));
        expression.require_existing(SK);
        self.update(Key::user(user), expression).await.map(drop)
    }
}
