//! The recipient of a mail: the address that it goes to, if there is one that takes it.

use domain::{
    Timestamp,
    delivery::{self, RecipientFact, Target},
    email::EmailAddress,
    id::UserId,
    invitation::Invitation,
    outbox::OutboxMail,
    person::{Party, Role, User},
    settings::Locale,
};
use store::{
    Store, StoreError,
    keys::{Key, Spread},
    read::Records,
    record::UserRecord,
};

/// Where a mail goes, and in which language.
#[derive(Debug, Clone)]
pub(super) struct Recipient {
    pub(super) address: EmailAddress,
    /// The language that the recipient has chosen; without one, the mail is in the network's.
    pub(super) locale: Option<Locale>,
}

/// What is found of the recipient of a mail.
pub(super) enum LookedUp {
    /// There is one.
    Recipient(Recipient),
    /// It is a user without a mailbox that takes the mail.
    Unreached(Box<User>),
    /// There is none that wants the mail, or no community to tell of.
    Nobody,
}

impl LookedUp {
    /// What a decision must know of it.
    pub(super) fn fact(&self) -> RecipientFact {
        match self {
            Self::Recipient(_) => RecipientFact::Found,
            Self::Unreached(_) => RecipientFact::Unreached,
            Self::Nobody => RecipientFact::Nobody,
        }
    }
}

/// The records in which the recipient is looked up.
pub(super) fn keys(mail: &OutboxMail, invitation: &Invitation, spread: Spread) -> impl Iterator<Item = Key> {
    let community = &invitation.community.id;
    let target = match delivery::target(mail, invitation) {
        Target::User(id) => Some(Key::user(id)),
        Target::Address(key, _) => Some(Key::address(key)),
        Target::Gone => None,
    };
    let invitee = mail.kind.rules().solicits.then(|| invitation.invitee.party());
    let moderator = delivery::moderator_of(mail).cloned().map(Party::User);
    let standings = invitee.into_iter().chain(moderator).map(|party| Key::standing(&party, community));
    [Key::community(community, spread)].into_iter().chain(target).chain(standings)
}

/// Looks up the recipient in those records, and in the address's own where the mail asks for something.
pub(super) async fn look_up(
    store: &Store,
    mail: &OutboxMail,
    invitation: &Invitation,
    records: &Records,
    now: Timestamp,
) -> Result<LookedUp, StoreError> {
    let spread = Spread::by_invitation(invitation.id);
    // What a mail carries for others may be about communities that are still there.
    if records.community_of(invitation, spread).is_none() && !mail.carries() {
        return Ok(LookedUp::Nobody);
    }
    let standing = records.standing(&invitation.invitee.party(), &invitation.community.id);
    if delivery::is_unwanted(mail, &standing, now) {
        return Ok(LookedUp::Nobody);
    }
    let moderates = |user| records.role(user, invitation, spread).is_some_and(Role::moderates);
    if delivery::moderator_of(mail).is_some_and(|user| !moderates(user)) {
        return Ok(LookedUp::Nobody);
    }
    Ok(match delivery::target(mail, invitation) {
        Target::User(id) => match records.user(id) {
            Some(found) => match user_recipient(store, found, mail, invitation, now).await? {
                Some(recipient) => LookedUp::Recipient(recipient),
                None => LookedUp::Unreached(Box::new(found.user.clone())),
            },
            None => unregistered_recipient(store, mail, invitation).await?,
        },
        Target::Address(key, email) if !records.address(key).suppressed => {
            LookedUp::Recipient(Recipient { address: email.clone(), locale: None })
        }
        Target::Address(..) | Target::Gone => LookedUp::Nobody,
    })
}

/// A user whom the directory does not know may have accepted with the address that they were invited by.
async fn unregistered_recipient(
    store: &Store,
    mail: &OutboxMail,
    invitation: &Invitation,
) -> Result<LookedUp, StoreError> {
    let Some(address) = delivery::address_before_registration(mail, invitation) else { return Ok(LookedUp::Nobody) };
    let key = address.key();
    let suppressed = store.read([Key::address(&key)]).await?.address(&key).suppressed;
    let recipient = Recipient { address: address.clone(), locale: None };
    Ok(if suppressed { LookedUp::Nobody } else { LookedUp::Recipient(recipient) })
}

async fn user_recipient(
    store: &Store,
    found: &UserRecord,
    mail: &OutboxMail,
    invitation: &Invitation,
    now: Timestamp,
) -> Result<Option<Recipient>, StoreError> {
    let Some(address) = delivery::address_of(&found.user, found.suppressed) else { return Ok(None) };
    let asks = mail.kind.rules().solicits || !found.user.email_verified;
    if asks && !takes_mail(store, &found.user.id, address, mail, invitation, now).await? {
        return Ok(None);
    }
    Ok(Some(Recipient { address: address.clone(), locale: found.user.locale() }))
}

/// Whether an address takes the mail, by its own records. The user's repeat what they say of a proven address, but not
/// at once, and say nothing of one that is theirs by the platform's word alone.
async fn takes_mail(
    store: &Store,
    user: &UserId,
    address: &EmailAddress,
    mail: &OutboxMail,
    invitation: &Invitation,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let (key, community) = (address.key(), &invitation.community.id);
    let party = Party::Address(key.clone());
    let records = store.read([Key::address(&key), Key::standing(&party, community)]).await?;
    if records.address(&key).suppressed {
        // So that the next send is told at once.
        store.suppress_for(user, &key).await?;
        return Ok(false);
    }
    Ok(!delivery::is_unwanted(mail, &records.standing(&party, community), now))
}
