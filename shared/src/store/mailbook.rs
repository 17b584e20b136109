//! The record of one owed mail.

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use super::{
    Store, StoreError,
    execute::MAX_ACTIONS,
    expression::{Expression, number, string},
    keys::{KIND, Key, MAIL_PREFIX, MODERATOR_PREFIX, SK, moderators_partition},
    ledger::{invitation_of, kind_of},
    read::key_of,
    record::{self, Address, Item, Kind, SUPPRESSED},
    write::{Write, Written},
};
use crate::domain::{
    Timestamp,
    email::AddressKey,
    id::{CommunityId, InvitationId},
    invitation::Invitation,
    lifecycle::later,
    link::LinkDigest,
    transition::{Addressee, Debt, MailKind},
};

/// A mail that an invitation owes: recorded with the change that owes it, paid by `deliver`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OwedMail {
    /// What it says.
    pub mail: MailKind,
    /// Whom it goes to.
    pub to: Addressee,
    /// How far it has got.
    pub state: MailState,
    /// How often sending was tried.
    #[serde(default)]
    pub attempts: u32,
    /// Until when the sender in charge may take; after that another may try.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "crate::domain::person::millis")]
    pub leased_until: Option<Timestamp>,
    /// The digests of the links that attempts have put into the mail. Any of them may have arrived.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub links: Vec<LinkDigest>,
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
    #[must_use]
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

impl OwedMail {
    /// The record of a debt that has just arisen.
    #[must_use]
    pub fn new(debt: &Debt) -> Self {
        Self {
            mail: debt.kind,
            to: debt.to.clone(),
            state: MailState::Queued,
            attempts: 0,
            leased_until: None,
            links: Vec::new(),
        }
    }
}

/// What the mail is called among those of its invitation: the same for the same change, however often it is tried.
#[must_use]
pub fn mail_name(invitation: &Invitation, debt: &Debt) -> String {
    format!("{}#{}#{}", debt.kind.as_str(), addressee_name(&debt.to), invitation.revision)
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

/// One owed mail, by the key of its record.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MailRef {
    /// The invitation that owes it.
    pub invitation: InvitationId,
    /// What it is called among those of its invitation.
    pub name: String,
}

impl MailRef {
    /// The mail whose record that is; `None` if it is none.
    #[must_use]
    pub fn of_record(item: &Item) -> Option<Self> {
        let name = item.get(SK)?.as_s().ok()?.strip_prefix(MAIL_PREFIX)?.to_owned();
        Some(Self { invitation: invitation_of(item)?, name })
    }

    /// The mail that was parked by that record; `None` if it is none.
    #[must_use]
    pub fn of_parked(item: &Item) -> Option<Self> {
        let key = key_of(item)?;
        let (invitation, name) = key.parked_mail()?;
        Some(Self { invitation, name: name.to_owned() })
    }

    fn key(&self) -> Key {
        Key::mail(self.invitation, &self.name)
    }
}

/// An invitation with all that hangs on it.
#[derive(Debug, Clone)]
pub struct Account {
    /// The invitation.
    pub invitation: Option<Invitation>,
    /// Its mails, by name.
    pub mails: Vec<(String, OwedMail)>,
}

impl Account {
    /// The mail of that name.
    #[must_use]
    pub fn mail(&self, name: &str) -> Option<&OwedMail> {
        self.mails.iter().find(|(known, _)| known == name).map(|(_, mail)| mail)
    }

    /// Whether a mail of the invitation carries this link.
    #[must_use]
    pub fn has_link(&self, digest: &LinkDigest) -> bool {
        self.mails.iter().any(|(_, mail)| mail.links.contains(digest))
    }
}

impl Store {
    /// The invitation and its mails, in one consistent query.
    ///
    /// # Errors
    /// [`StoreError`] if the query fails.
    pub async fn account(&self, id: InvitationId) -> Result<Account, StoreError> {
        let mut account = Account { invitation: None, mails: Vec::new() };
        for item in self.partition(&Key::invitation(id).pk, "").await? {
            if let Some(mail) = MailRef::of_record(&item) {
                account.mails.push((mail.name, record::value(item)?));
            } else if kind_of(&item) == Some(Kind::Invitation.as_str()) {
                account.invitation = Some(record::invitation(item)?);
            }
        }
        Ok(account)
    }

    /// Takes the mail in charge for [`LEASE`], and keeps the digest of the link that it will carry. `false` if someone
    /// else has it, or it is settled.
    ///
    /// # Errors
    /// [`StoreError`] if the table fails.
    pub async fn lease(&self, mail: &MailRef, link: &LinkDigest, now: Timestamp) -> Result<bool, StoreError> {
        let mut expression = Expression::default();
        let (state, until) = (expression.name("state"), expression.name("leasedUntil"));
        let queued = expression.value(string(MailState::Queued.as_str()));
        let sending = expression.value(string(MailState::Sending.as_str()));
        let instant = expression.value(number(now.as_millisecond()));
        expression.require(format!("{state} = {queued} OR ({state} = {sending} AND {until} <= {instant})"));
        expression.set("state", string(MailState::Sending.as_str()));
        expression.set("leasedUntil", number(later(now, LEASE).as_millisecond()));
        expression.increase("attempts", 1);
        expression.append("links", AttributeValue::S(link.as_str().to_owned()));
        self.update(mail.key(), expression).await
    }

    /// Ends the lease with what became of the mail: sent, dropped, or queued again.
    ///
    /// # Errors
    /// [`StoreError`] if the table fails.
    pub async fn settle(&self, mail: &MailRef, state: MailState) -> Result<(), StoreError> {
        let mut expression = Expression::default();
        expression.set("state", string(state.as_str()));
        expression.remove("leasedUntil");
        expression.require_existing(SK);
        self.update(mail.key(), expression).await.map(drop)
    }

    /// Parks the mail where an operator finds it. Deleting the record that this leaves sends it again.
    ///
    /// # Errors
    /// [`StoreError`] if the table fails.
    pub async fn park(&self, mail: &MailRef, why: &str, now: Timestamp) -> Result<(), StoreError> {
        let mut expression = Expression::default();
        expression.set("state", string(MailState::Parked.as_str()));
        expression.remove("leasedUntil");
        expression.require_existing(SK);
        let mut note: Item = Key::parked(mail.invitation, &mail.name).into();
        note.insert(KIND.to_owned(), string(Kind::Parked.as_str()));
        note.insert("why".to_owned(), string(why));
        note.insert("at".to_owned(), number(now.as_millisecond()));
        let writes = vec![Write::Update(mail.key(), expression), Write::Put(note, Expression::default())];
        self.transact(writes).await.map(drop)
    }

    /// Queues a parked mail again, as if it had never been tried.
    ///
    /// # Errors
    /// [`StoreError`] if the table fails.
    pub async fn unpark(&self, mail: &MailRef) -> Result<(), StoreError> {
        let mut expression = Expression::default();
        expression.require_equal("state", string(MailState::Parked.as_str()));
        expression.set("state", string(MailState::Queued.as_str()));
        expression.set("attempts", number(0));
        self.update(mail.key(), expression).await.map(drop)
    }

    /// Replaces a debt to all moderators of the community by one debt to each.
    ///
    /// # Errors
    /// [`StoreError`] if the table fails; a repetition adds nothing twice.
    pub async fn fan_out(&self, mail: &MailRef, owed: &OwedMail, community: &CommunityId) -> Result<(), StoreError> {
        let moderators = self.partition(&moderators_partition(community), MODERATOR_PREFIX).await?;
        let debts = moderators.iter().filter_map(|moderator| {
            let id = moderator.get(SK)?.as_s().ok()?.strip_prefix(MODERATOR_PREFIX)?.parse().ok()?;
            let debt = Debt { kind: owed.mail, to: Addressee::User(id) };
            Some((Key::mail(mail.invitation, &format!("{}#{}", mail.name, addressee_name(&debt.to))), debt))
        });
        let debts: Vec<_> = debts.collect();
        for debts in debts.chunks(MAX_ACTIONS) {
            self.owe(debts).await?;
        }
        self.settle(mail, MailState::Sent).await
    }

    /// Records those of the debts that are not recorded yet, however often it is tried.
    async fn owe(&self, debts: &[(Key, Debt)]) -> Result<(), StoreError> {
        loop {
            let known = self.read(debts.iter().map(|(key, _)| key.clone())).await?;
            let mut writes = Vec::new();
            for (key, debt) in debts.iter().filter(|(key, _)| known.get(key).is_none()) {
                let mut missing = Expression::default();
                missing.require_missing(SK);
                writes.push(Write::Put(record::record(Kind::Mail, key.clone(), &OwedMail::new(debt))?, missing));
            }
            if writes.is_empty() || self.transact(writes).await? == Written::Done {
                return Ok(());
            }
        }
    }
}

impl Store {
    /// No more mail goes to the address, whoever it belongs to.
    ///
    /// # Errors
    /// [`StoreError`] if the table fails; a repetition finishes the job.
    pub async fn suppress(&self, address: &AddressKey) -> Result<(), StoreError> {
        let mut expression = Expression::default();
        expression.set(KIND, string(Kind::Address.as_str()));
        expression.set(SUPPRESSED, AttributeValue::Bool(true));
        self.update(Key::address(address), expression).await?;
        let key = Key::address(address);
        let known: Address = self.read([key.clone()]).await?.value(&key)?.unwrap_or_default();
        if let Some(owner) = known.owner {
            // The user's own record says so too, which saves a send the look at the address.
            let mut expression = Expression::default();
            expression.set(SUPPRESSED, string(address.as_str()));
            expression.require_existing(SK);
            self.update(Key::user(&owner), expression).await?;
        }
        Ok(())
    }
}
