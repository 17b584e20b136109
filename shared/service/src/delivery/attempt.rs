//! One attempt at sending a mail: its lease, and what came of it.

use domain::{
    Timestamp,
    delivery::{self, AfterBusy},
    email::EmailAddress,
    id::InvitationId,
    invitation::DeliveryState,
    link::{LinkToken, SECRET_BYTES},
    outbox::{MailKind, MailedLink},
    sending::Quota,
    settings::SenderNotices,
};
use mail::RenderedMail;
use store::{
    Store,
    digest::NoticeLease,
    outbox::{Lease, MailId},
};
use system::randomise;

use super::{content::links, error::DeliveryError, next::Draft, parking::park, recipient::Recipient, tracking::show};

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

/// Writes the mail, with links below `public_base_url` that nothing has carried before, and takes its lease. `None` if the
/// recipient's mailbox has got as much as it may today: the mail waits for tomorrow.
///
/// # Errors
/// [`DeliveryError::Leased`] if another attempt was faster, [`DeliveryError::Overtaken`] if another mail to the same sender
/// was, [`DeliveryError::Unwritable`] if its content cannot be made.
pub async fn lease(
    store: &Store,
    draft: &Draft,
    public_base_url: &str,
    now: Timestamp,
) -> Result<Option<(Lease, OutgoingMail)>, DeliveryError> {
    let Draft { id, mail, recipient, context } = draft;
    let revision = id.revision().and_then(|revision| revision.try_into().ok()).ok_or(DeliveryError::Unwritable)?;
    let mut secret = [0; SECRET_BYTES];
    randomise(&mut secret).map_err(|_| DeliveryError::Unwritable)?;
    let token = LinkToken::new(id.invitation, revision, secret);
    let links = links(public_base_url, &token);
    let rendered = context.write(mail, recipient, &links)?;
    let rules = mail.kind.rules();
    let Recipient { address, locale } = recipient;
    let link = MailedLink { digest: token.digest(), address: address.key(), locale: *locale };
    let mut lease = take(store, draft, &link, now).await?;
    let today = Some(Quota::day(now));
    if rules.solicits && lease.counted_on != today {
        let most = context.settings.daily_invitation_mails_per_address.get();
        if !store.count_mail(&link.address, now, most).await? {
            store.put_off(id, &lease, delivery::next_day(id.invitation, now)).await?;
            return Ok(None);
        }
        lease.counted_on = today;
    }
    let outgoing = OutgoingMail {
        to: address.clone(),
        product: context.settings.product_name.to_string(),
        rendered,
        unsubscribe: rules.solicits.then_some(links.unsubscribe),
        invitation: id.invitation,
        kind: mail.kind,
        revision,
        attempt: mail.attempts + 1,
    };
    Ok(Some((lease, outgoing)))
}

async fn take(store: &Store, draft: &Draft, link: &MailedLink, now: Timestamp) -> Result<Lease, DeliveryError> {
    let Draft { id, mail, context, .. } = draft;
    if !is_in_digest(draft) {
        return store.lease(id, mail, link, now).await?.ok_or(DeliveryError::Leased);
    }
    match store.lease_notice(&context.invitation.sender.id, id, mail, link, now).await? {
        NoticeLease::Leased(lease) => Ok(lease),
        NoticeLease::Taken => Err(DeliveryError::Leased),
        NoticeLease::Overtaken => Err(DeliveryError::Overtaken),
    }
}

/// Notes that the mail service has the mail.
///
/// # Errors
/// [`DeliveryError::Store`] if the table fails.
pub async fn sent(store: &Store, draft: &Draft, now: Timestamp) -> Result<(), DeliveryError> {
    store.mark_sent(&draft.id).await?;
    Ok(show(store, &draft.id, draft.mail.kind, DeliveryState::Sent, now).await?)
}

/// Notes that the mail service has been too busy for the mail: it comes by again, however often, until it has waited for
/// too long.
///
/// # Errors
/// [`DeliveryError::Store`] if the table fails.
pub async fn busy(store: &Store, draft: &Draft, lease: &Lease, now: Timestamp) -> Result<(), DeliveryError> {
    match delivery::after_busy(&draft.mail, &draft.context.invitation, now) {
        AfterBusy::Requeue => Ok(store.requeue(&draft.id, lease, now).await?),
        AfterBusy::Wait(until) => Ok(store.put_off(&draft.id, lease, until).await?),
        AfterBusy::Park(why) => park(store, &draft.id, draft.mail.kind, why, now).await,
    }
}

/// Notes that nobody knows whether the mail service has the mail: it comes by again when its lease is over.
///
/// # Errors
/// [`DeliveryError::Store`] if the table fails.
pub async fn unanswered(store: &Store, draft: &Draft, lease: &Lease) -> Result<(), DeliveryError> {
    Ok(store.look_again(&draft.id, lease.until()).await?)
}

/// Has a mail that there was no time for come by again.
///
/// # Errors
/// [`DeliveryError::Store`] if the table fails.
pub async fn untried(store: &Store, id: &MailId, now: Timestamp) -> Result<(), DeliveryError> {
    Ok(store.look_again(id, delivery::spread(id.invitation, now)).await?)
}

/// Lets a mail wait that was leased while no mail goes out, as if this attempt had not been.
///
/// # Errors
/// [`DeliveryError::Store`] if the table fails.
pub async fn put_off(store: &Store, draft: &Draft, lease: &Lease, until: Timestamp) -> Result<(), DeliveryError> {
    Ok(store.put_off(&draft.id, lease, delivery::spread(draft.id.invitation, until)).await?)
}

/// Lets a mail wait that no mail goes out for at the moment. A notice carries those to the same sender that come meanwhile.
///
/// # Errors
/// [`DeliveryError::Overtaken`] if something has changed since it was read, [`DeliveryError::Store`] if the table fails.
pub async fn postpone(store: &Store, draft: &Draft, until: Timestamp) -> Result<(), DeliveryError> {
    let Draft { id, mail, context, .. } = draft;
    let until = delivery::spread(id.invitation, until);
    if is_in_digest(draft) {
        if store.carry(&context.invitation.sender.id, id, mail, until).await? {
            return Ok(());
        }
        // Another one waits already, and takes what has not waited yet.
        if !mail.carries() {
            return Err(DeliveryError::Overtaken);
        }
    }
    if store.postpone(id, mail, until).await? { Ok(()) } else { Err(DeliveryError::Overtaken) }
}

/// Whether the mail tells a sender of an answer by digest.
fn is_in_digest(draft: &Draft) -> bool {
    draft.mail.is_sender_notice() && draft.context.settings.sender_notices == SenderNotices::Digest
}

/// Notes that the mail service will not send the mail.
///
/// # Errors
/// [`DeliveryError::Store`] if the table fails.
pub async fn rejected(store: &Store, draft: &Draft, why: &str, now: Timestamp) -> Result<(), DeliveryError> {
    park(store, &draft.id, draft.mail.kind, why, now).await
}
