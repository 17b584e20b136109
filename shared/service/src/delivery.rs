//! Delivery of the mails in the outbox: what comes next for one, its lease, its content, and what came of it.
//!
//! The mail service itself is the caller's. What `domain::delivery` decides is carried out here, as far as the table
//! goes; a mail that is to be sent comes back as a [`Draft`].

use std::ops::ControlFlow;

use domain::{
    Timestamp,
    community::Community,
    delivery::{self, RecipientFact, Step, Target},
    email::EmailAddress,
    id::{InvitationId, UserId},
    invitation::{DeliveryState, Invitation},
    lifecycle,
    link::{LinkToken, SECRET_BYTES},
    outbox::{MailKind, MailState, MailedLink, OutboxMail},
    person::{Party, User},
    settings::{Locale, Settings},
};
use mail::{Links, MailContent, RenderedMail};
use store::{
    Store, StoreError,
    execute::Executed,
    keys::{Key, Spread},
    outbox::{Lease, MailId},
    record::UserRecord,
    retry,
};
use system::randomise;

use crate::labels;

/// Why a mail is not delivered by this attempt.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DeliveryError {
    /// The table failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Another attempt is at it.
    #[error("another attempt holds the lease")]
    Leased,
    /// Its content cannot be made from what the table holds.
    #[error("the mail cannot be written")]
    Unwritable,
}

/// A mail that is to be sent, with all that its content is made from.
#[derive(Debug)]
pub struct Draft {
    id: MailId,
    mail: OutboxMail,
    context: Context,
}

/// What the content of a mail is made from.
#[derive(Debug, Clone)]
struct Context {
    /// The invitation, with the labels that hold now.
    invitation: Invitation,
    settings: Settings,
    community: Community,
    recipient: Recipient,
    /// The name of the moderator who decided; empty where none did, or where the name is gone.
    decided_by: String,
}

/// Where a mail goes, and in which language.
#[derive(Debug, Clone)]
struct Recipient {
    address: EmailAddress,
    /// The language that the recipient has chosen; without one, the mail is in the network's.
    locale: Option<Locale>,
}

/// What is found of the recipient of a mail.
enum LookedUp {
    /// There is one.
    Recipient(Box<Context>),
    /// It is a user without a mailbox that takes the mail.
    Unreached(Box<User>),
    /// There is none that wants the mail, or no community to tell of.
    Nobody,
}

/// A leased mail, ready for the mail service. It carries links and an address, so it has no `Debug`.
#[allow(missing_debug_implementations, reason = "its links and its address must not reach a log by accident")]
pub struct OutgoingMail {
    /// The address that it goes to.
    pub to: EmailAddress,
    /// The name of the product, which the mail comes from.
    pub product: String,
    /// Subject and content.
    pub rendered: RenderedMail,
    /// The link that stops further mails of this kind, where there may be some.
    pub unsubscribe: Option<String>,
    /// The invitation that it is about.
    pub invitation: InvitationId,
    /// Its kind.
    pub kind: MailKind,
    /// The revision of the invitation that it came with.
    pub revision: u32,
    /// The number of this attempt.
    pub attempt: u32,
}

/// Decides what comes next for a mail and does it; what is to be sent is returned.
///
/// # Errors
/// [`DeliveryError::Leased`] while another attempt is at it, [`DeliveryError::Store`] if the table fails.
pub async fn next(store: &Store, id: &MailId, now: Timestamp) -> Result<Option<Draft>, DeliveryError> {
    let found = store.invitation_with_mails(id.invitation).await?;
    let (Some(mail), Some(invitation)) = (found.mail(&id.name), found.invitation.as_ref()) else { return Ok(None) };
    let mut looked_up = LookedUp::Nobody;
    let mut step = delivery::decide(mail, invitation, RecipientFact::Unread, now);
    if step == Step::LookUp {
        looked_up = look_up(store, mail, invitation, now).await?;
        let found = matches!(looked_up, LookedUp::Recipient(_));
        let fact = if found { RecipientFact::Found } else { RecipientFact::Nobody };
        step = delivery::decide(mail, invitation, fact, now);
    }
    match step {
        Step::Skip | Step::LookUp => {}
        Step::Show(state) => show(store, id, mail.kind, state, now).await?,
        Step::Wait => return Err(DeliveryError::Leased),
        Step::Drop => drop_mail(store, id, mail).await?,
        Step::FanOut => store.fan_out(id, mail, &invitation.community.id).await?,
        Step::Fail => {
            match &looked_up {
                LookedUp::Unreached(user) if mail.kind.rules().tracked => drop_unreached(store, id, mail, user).await?,
                _ => drop_mail(store, id, mail).await?,
            }
            show(store, id, mail.kind, DeliveryState::Failed, now).await?;
        }
        Step::Park(why) => park(store, id, mail.kind, why, now).await?,
        Step::Send => {
            if let LookedUp::Recipient(context) = looked_up {
                return Ok(Some(Draft { id: id.clone(), mail: mail.clone(), context: *context }));
            }
        }
    }
    Ok(None)
}

/// Writes the mail, with links below `public_base_url` that nothing has carried before, and takes its lease.
///
/// # Errors
/// [`DeliveryError::Leased`] if another attempt was faster, [`DeliveryError::Unwritable`] if its content cannot be made.
pub async fn lease(
    store: &Store,
    draft: &Draft,
    public_base_url: &str,
    now: Timestamp,
) -> Result<(Lease, OutgoingMail), DeliveryError> {
    let Draft { id, mail, context } = draft;
    let revision = id.revision().and_then(|revision| revision.try_into().ok()).ok_or(DeliveryError::Unwritable)?;
    let mut secret = [0; SECRET_BYTES];
    randomise(&mut secret).map_err(|_| DeliveryError::Unwritable)?;
    let token = LinkToken::new(id.invitation, revision, secret);
    let links = links(public_base_url, &token);
    let rendered = write(mail, context, &links)?;
    let Recipient { address, locale } = &context.recipient;
    let link = MailedLink { digest: token.digest(), address: address.key(), locale: *locale };
    let lease = store.lease(id, mail, &link, now).await?.ok_or(DeliveryError::Leased)?;
    let outgoing = OutgoingMail {
        to: address.clone(),
        product: context.settings.product_name.to_string(),
        rendered,
        unsubscribe: mail.kind.rules().solicits.then_some(links.unsubscribe),
        invitation: id.invitation,
        kind: mail.kind,
        revision,
        attempt: mail.attempts + 1,
    };
    Ok((lease, outgoing))
}

/// Notes that the mail service has the mail.
///
/// # Errors
/// [`DeliveryError::Store`] if the table fails.
pub async fn sent(store: &Store, draft: &Draft, now: Timestamp) -> Result<(), DeliveryError> {
    store.mark_sent(&draft.id).await?;
    Ok(show(store, &draft.id, draft.mail.kind, DeliveryState::Sent, now).await?)
}

/// Notes that the mail service has been too busy for the mail: it queues again behind all others, however often, until
/// it has waited for too long.
///
/// # Errors
/// [`DeliveryError::Store`] if the table fails.
pub async fn busy(store: &Store, draft: &Draft, lease: &Lease, now: Timestamp) -> Result<(), DeliveryError> {
    match delivery::after_busy(&draft.mail, now) {
        None => Ok(store.requeue(&draft.id, lease, now).await?),
        Some(why) => park(store, &draft.id, draft.mail.kind, why, now).await,
    }
}

/// Notes that the mail service will not send the mail.
///
/// # Errors
/// [`DeliveryError::Store`] if the table fails.
pub async fn rejected(store: &Store, draft: &Draft, why: &str, now: Timestamp) -> Result<(), DeliveryError> {
    park(store, &draft.id, draft.mail.kind, why, now).await
}

/// Parks a mail that cannot be made, since it would hold up all behind it.
///
/// # Errors
/// [`DeliveryError::Store`] if the table fails.
pub async fn park_unwritable(store: &Store, id: &MailId, now: Timestamp) -> Result<(), DeliveryError> {
    tracing::error!(invitation = %id.invitation, mail = id.name, "a mail cannot be made");
    Ok(store.park(id, "it cannot be made from what the table holds", now).await?)
}

/// Releases a parked mail: an operator has deleted the record that held it back. The invitation shows it as queued.
///
/// # Errors
/// [`DeliveryError::Store`] if the table fails.
pub async fn release(store: &Store, id: &MailId, now: Timestamp) -> Result<(), DeliveryError> {
    Ok(queue_again(store, id, MailState::Parked, now).await?)
}

/// Queues the invitation mails again that found no mailbox of the user to take them, once the user has another one than
/// `unreached`. Whether that one takes them is looked up when they are sent.
///
/// # Errors
/// [`StoreError`] if the table fails; a repetition queues none twice.
pub(crate) async fn reach_again(store: &Store, user: &User, unreached: &str, now: Timestamp) -> Result<(), StoreError> {
    if delivery::mailbox_of(user).is_none_or(|mailbox| mailbox.as_str() == unreached) {
        return Ok(());
    }
    for (_, standing) in store.standings_of(&Party::User(user.id.clone())).await? {
        let Some(id) = standing.live_at(now) else { continue };
        let found = store.invitation_with_mails(id).await?;
        if let Some(mail) = found.dropped(now) {
            queue_again(store, &mail, MailState::Dropped, now).await?;
        }
    }
    store.queued_for_another(&user.id, unreached).await
}

async fn queue_again(store: &Store, id: &MailId, given_up: MailState, now: Timestamp) -> Result<(), StoreError> {
    store.queue_again(id, given_up).await?;
    let found = store.invitation_with_mails(id.invitation).await?;
    match found.mail(&id.name) {
        Some(mail) if mail.state == MailState::Queued => show(store, id, mail.kind, DeliveryState::Queued, now).await,
        _ => Ok(()),
    }
}

/// Shows in the invitation how far the invitation mail has got that came with `revision`, unless a later one is on its
/// way.
///
/// # Errors
/// [`StoreError`] if the table fails, or conflicts do not end.
pub async fn track(
    store: &Store,
    id: InvitationId,
    revision: Option<u64>,
    state: DeliveryState,
    now: Timestamp,
) -> Result<(), StoreError> {
    retry((), |()| track_once(store, id, revision, state, now)).await
}

async fn track_once(
    store: &Store,
    id: InvitationId,
    revision: Option<u64>,
    state: DeliveryState,
    now: Timestamp,
) -> Result<ControlFlow<()>, StoreError> {
    let found = store.invitation_with_mails(id).await?;
    let outdated = revision.is_some_and(|revision| found.is_outdated(revision));
    let invitation = found.invitation.filter(|_| !outdated);
    let Some(transition) = invitation.and_then(|invitation| lifecycle::track(&invitation, state, now)) else {
        return Ok(ControlFlow::Break(()));
    };
    let done = store.execute(&[&transition], &[], now).await? == Executed::Done;
    Ok(if done { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
}

/// Shows in the invitation how far its mail has got, if it is one of the kind that shows.
async fn show(
    store: &Store,
    id: &MailId,
    kind: MailKind,
    state: DeliveryState,
    now: Timestamp,
) -> Result<(), StoreError> {
    if !kind.rules().tracked {
        return Ok(());
    }
    track(store, id.invitation, id.revision(), state, now).await
}

async fn park(store: &Store, id: &MailId, kind: MailKind, why: &str, now: Timestamp) -> Result<(), DeliveryError> {
    tracing::error!(invitation = %id.invitation, mail = id.name, why, "a mail is parked");
    store.park(id, why, now).await?;
    Ok(show(store, id, kind, DeliveryState::Failed, now).await?)
}

async fn drop_mail(store: &Store, id: &MailId, mail: &OutboxMail) -> Result<(), DeliveryError> {
    if store.drop_mail(id, mail).await? { Ok(()) } else { Err(DeliveryError::Leased) }
}

async fn drop_unreached(store: &Store, id: &MailId, mail: &OutboxMail, user: &User) -> Result<(), DeliveryError> {
    // The user has changed meanwhile, or another attempt is at it: either way it comes again.
    if store.drop_unreached(id, mail, user).await? { Ok(()) } else { Err(DeliveryError::Leased) }
}

/// Looks up the recipient and what the content needs.
async fn look_up(
    store: &Store,
    mail: &OutboxMail,
    invitation: &Invitation,
    now: Timestamp,
) -> Result<LookedUp, StoreError> {
    let target = delivery::target(mail, invitation);
    let (invitee, decider) = (invitation.invitee.party(), invitation.decided_by.as_ref());
    let (community, spread) = (&invitation.community.id, Spread::by_invitation(invitation.id));
    let mut keys = vec![Key::settings(spread)];
    keys.extend(labels::keys(invitation, spread));
    match target {
        Target::User(id) => keys.push(Key::user(id)),
        Target::Address(key, _) => keys.push(Key::address(key)),
        Target::Gone => {}
    }
    keys.extend(decider.map(Key::user));
    keys.extend(mail.kind.rules().solicits.then(|| Key::standing(&invitee, community)));
    let records = store.read(keys).await?;
    let settings = records.settings(spread)?;
    let Some(found) = records.community(community, spread)? else { return Ok(LookedUp::Nobody) };
    let standing = records.standing(&invitee, community)?;
    if delivery::is_refused(mail, &standing, now) {
        return Ok(LookedUp::Nobody);
    }
    let recipient = match target {
        Target::User(id) => {
            let Some(user) = records.user(id)? else { return Ok(LookedUp::Nobody) };
            match user_recipient(store, &user, mail, invitation, now).await? {
                Some(recipient) => recipient,
                None => return Ok(LookedUp::Unreached(Box::new(user.user))),
            }
        }
        Target::Address(key, email) if !records.address(key)?.suppressed => {
            Recipient { address: email.clone(), locale: None }
        }
        Target::Address(..) | Target::Gone => return Ok(LookedUp::Nobody),
    };
    let decided_by = match decider {
        Some(id) => records.user(id)?.map(|found| found.user.display_name.into()).unwrap_or_default(),
        None => String::new(),
    };
    let invitation = labels::relabel(invitation.clone(), &records, spread)?;
    Ok(LookedUp::Recipient(Box::new(Context { invitation, settings, community: found, recipient, decided_by })))
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

/// Whether an address takes the mail, by its own records. The user's repeat what they say of a proven address, but not at
/// once, and say nothing of one that is theirs by the platform's word alone.
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
    if records.address(&key)?.suppressed {
        // So that the next send is told at once.
        store.suppress_for(user, &key).await?;
        return Ok(false);
    }
    Ok(!delivery::is_refused(mail, &records.standing(&party, community)?, now))
}

fn links(public_base_url: &str, token: &LinkToken) -> Links {
    let (base, token) = (public_base_url, token.reveal());
    Links {
        accept: format!("{base}/i/{token}?intent=accept"),
        decline: format!("{base}/i/{token}?intent=decline"),
        unsubscribe: format!("{base}/u/{token}"),
    }
}

fn write(mail: &OutboxMail, context: &Context, links: &Links) -> Result<RenderedMail, DeliveryError> {
    let says = MailContent::new(mail.kind, &mail.to, links, &context.decided_by);
    let locale = context.recipient.locale.unwrap_or(context.settings.default_locale);
    mail::render(&says, &context.invitation, Some(&context.community), &context.settings, locale)
        .map_err(|_| DeliveryError::Unwritable)
}
