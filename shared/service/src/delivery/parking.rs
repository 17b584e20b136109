//! What is given up: parked for an operator, or dropped since no mailbox took it. It is queued again when an operator
//! releases it, or when its user has another mailbox.

use domain::{
    Timestamp, delivery,
    id::InvitationId,
    invitation::DeliveryState,
    outbox::{MailKind, MailState},
    person::{Party, User},
};
use store::{Store, StoreError, keys::Key, outbox::MailId};

use super::{error::DeliveryError, tracking::show};

/// How much is released at once at the most: one invocation has time for that.
const RELEASED: usize = 20_000;

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

/// Parks a mail that cannot be made, since it would hold up all behind it.
pub(super) async fn park_unwritable(store: &Store, id: &MailId, now: Timestamp) -> Result<(), StoreError> {
    tracing::error!(invitation = %id.invitation, mail = id.name, "a mail cannot be made");
    store.park(id, "it cannot be made from what the table holds", now).await
}

/// Parks a record that does not read. It would not read the next time either, and would hold up those behind it.
///
/// # Errors
/// [`StoreError`] if the table fails.
pub async fn park_record(store: &Store, id: InvitationId, sk: &str, now: Timestamp) -> Result<(), StoreError> {
    tracing::error!(invitation = %id, record = sk, "a record does not read");
    store.park_record(id, sk, "it does not read", now).await
}

/// Releases all that is parked, as much as one invocation has time for: the stream reports it. Returns how much.
///
/// # Errors
/// [`StoreError`] if the table fails; what was released stays so.
pub async fn release_all(store: &Store) -> Result<usize, StoreError> {
    store.release_parked(RELEASED).await
}

/// Goes on with a mail that an operator has released. The invitation shows it as queued.
///
/// # Errors
/// [`StoreError`] if the table fails.
pub async fn release_mail(store: &Store, id: &MailId, now: Timestamp) -> Result<(), StoreError> {
    queue_again(store, id, MailState::Parked, now).await
}

/// Goes on with a record that an operator has released: the stream reports it once more.
///
/// # Errors
/// [`StoreError`] if the table fails.
pub async fn release_record(store: &Store, key: Key, now: Timestamp) -> Result<(), StoreError> {
    store.report_again(key, now).await
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
