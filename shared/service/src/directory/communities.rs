//! Communities as the platform describes them.

use domain::{
    Timestamp,
    community::Community,
    id::CommunityId,
    invitation::{Invitation, WithdrawalReason},
    lifecycle,
};
use store::{Store, keys::List, retry};

use super::{Stored, sweep::sweep_live};
use crate::ServiceError;

/// Writes the community as described.
///
/// # Errors
/// [`ServiceError::Store`] if the table fails.
pub async fn put(store: &Store, community: Community) -> Result<Stored<Community>, ServiceError> {
    let created = retry((), |()| store.put_community(&community)).await?;
    Ok(Stored { record: community, created })
}

/// Removes the community, which ends inviting and accepting, then withdraws its live invitations, and ends the
/// memberships of those who moderate it.
///
/// Other members stay on record, since nothing lists them: without the community they mean nothing, and they are
/// members again if the platform brings the same id back. What was sent before stays its invitees' and senders'. Who
/// moderates an id that comes back sees no invitation of it and no count, since the id may be another community's.
///
/// # Errors
/// [`store::StoreError::OutOfTime`] if another attempt must go on; any other [`ServiceError::Store`] if the table
/// fails.
pub async fn remove(store: &Store, id: CommunityId, now: Timestamp) -> Result<(), ServiceError> {
    store.remove_community(&id, now).await?;
    let decide = |one: &Invitation| lifecycle::end(one, WithdrawalReason::CommunityRemoved, now);
    let invitations = List::Into(id.clone());
    sweep_live(store, &invitations, &decide, now).await?;
    remove_moderators(store, &id).await?;
    // What was sent a moment before the removal may not have been in the index yet, and nothing else leads to it.
    sweep_live(store, &invitations, &decide, now).await
}

/// Ends the memberships of moderators and above, as long as the platform does not bring the community back.
async fn remove_moderators(store: &Store, id: &CommunityId) -> Result<(), ServiceError> {
    for moderator in store.moderators(id).await? {
        store.in_time()?;
        if !store.remove_member_of_removed(id, &moderator).await? {
            break;
        }
    }
    Ok(())
}
