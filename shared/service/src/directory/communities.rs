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

/// Removes the community, which ends inviting and accepting, then ends the memberships of those who moderate it, and
/// withdraws its live invitations. Those of a community that has come back with the id meanwhile stay.
///
/// Other members stay on record, since nothing lists them: without the community they mean nothing, and they are
/// members again if the platform brings the same id back. What was sent before stays its invitees' and senders'. Who
/// moderates an id that comes back sees no invitation of it and no count, since the id may be another community's.
///
/// # Errors
/// [`store::StoreError::OutOfTime`] if another attempt must go on; any other [`ServiceError::Store`] if the table
/// fails.
pub async fn remove(store: &Store, id: CommunityId, now: Timestamp) -> Result<(), ServiceError> {
    let removed = store.remove_community(&id, now).await?;
    remove_moderators(store, &id).await?;
    let decide = |one: &Invitation| {
        let is_of_next = removed.is_some() && one.community_since == removed;
        (!is_of_next).then(|| lifecycle::end(one, WithdrawalReason::CommunityRemoved, now)).flatten()
    };
    // What was sent a moment before the removal may not be in the index at first, and nothing else leads to it.
    for _ in 0..2 {
        sweep_live(store, &List::Into(id.clone()), &decide, now).await?;
    }
    Ok(())
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
