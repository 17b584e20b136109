//! Mails that are given up: parked for an operator, or dropped since no mailbox took them. They are queued again once that may help.

use domain::{
    Timestamp, delivery,
    invitation::DeliveryState,
    outbox::{MailKind, MailState},
    person::{Party, User},
};
use store::{Store, StoreError, outbox::MailId};

use super::{error::DeliveryError, tracking::show};

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

/// Parks a mail, and shows so.
pub(super) async fn park(
    store: &Store,
    id: &MailId,
    kind: MailKind,
    why: &str,
    now: Timestamp,
) -> Result<(), DeliveryError> {
    tracing::error!(invitation = %id.invitation, mail = id.name, why, "a mail is parked");
    store.park(id, why, now).await?;
    Ok(show(store, id, kind, DeliveryState::Failed, now).await?)
}
