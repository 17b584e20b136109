//! Expiry in the table. Lists and answers go by the clock; this only makes the stored status follow, for events and
//! counters.

use domain::{Timestamp, id::InvitationId, lifecycle};
use store::{Store, StoreError};

use crate::decision::apply_unconditional;

/// Writes the expiry of an invitation whose deadline has passed. One that was answered, or got a later deadline, stays
/// as it is.
///
/// # Errors
/// [`StoreError`] if the table fails, or conflicts do not end.
pub async fn expire(store: &Store, id: InvitationId, now: Timestamp) -> Result<(), StoreError> {
    match store.invitation(id).await? {
        Some(invitation) => apply_unconditional(store, invitation, &|one| lifecycle::expire(one, now), now).await,
        None => Ok(()),
    }
}
