//! Communities as the platform describes them.

use domain::{
    Timestamp,
    community::Community,
    id::CommunityId,
    invitation::{Invitation, Status},
    lifecycle,
};
use store::{Store, keys::List};

use super::{Stored, sweep::sweep, time_budget::TimeBudget};
use crate::ServiceError;

/// Writes the community as described.
///
/// # Errors
/// [`ServiceError::Store`] if the table fails.
pub async fn put(store: &Store, community: Community) -> Result<Stored<Community>, ServiceError> {
    let created = store.put_community(&community).await?;
    Ok(Stored { record: community, created })
}

/// Removes the community, which ends inviting and accepting, then withdraws its live invitations.
///
/// Its members stay on record, moderators among them: without the community they mean nothing, and the platform may
/// bring it back.
///
/// # Errors
/// [`ServiceError::OutOfTime`] if another attempt must go on; [`ServiceError::Store`] if the table fails.
pub async fn remove(store: &Store, id: CommunityId, now: Timestamp) -> Result<(), ServiceError> {
    let budget = TimeBudget::start();
    store.remove_community(&id).await?;
    let decide = |one: &Invitation| lifecycle::withdraw(one, now);
    let list = List::Into(id);
    for status in [Status::Pending, Status::AwaitingApproval] {
        sweep(store, &list, Some(status), &decide, now, budget).await?;
    }
    Ok(())
}
