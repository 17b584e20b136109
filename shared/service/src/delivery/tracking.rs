//! How far an invitation's mail has got, as the invitation shows it.

use std::ops::ControlFlow;

use domain::{Timestamp, id::InvitationId, invitation::DeliveryState, lifecycle, outbox::MailKind};
use store::{Store, StoreError, execute::Executed, outbox::MailId, retry};

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
pub(super) async fn show(
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
