//! Memberships as the platform describes them.

use domain::{
    id::{CommunityId, UserId},
    person::Member,
};
use store::Store;

use super::Stored;
use crate::ServiceError;

/// Makes the user a member with that role, whatever else is known of how they stand with the community.
///
/// Both must be in the directory: a late message brings no erased user back.
///
/// # Errors
/// [`domain::refusal::Refusal::NotInDirectory`] if one of them is not; [`ServiceError::Store`] if the table fails.
pub async fn put(store: &Store, member: Member) -> Result<Stored<Member>, ServiceError> {
    let write = store.put_member(&member).await?;
    Stored::related(member, write)
}

/// Ends the membership. Whether the user is willing to be invited stays known.
///
/// # Errors
/// [`ServiceError::Store`] if the table fails.
pub async fn remove(store: &Store, community: &CommunityId, user: &UserId) -> Result<(), ServiceError> {
    Ok(store.remove_member(community, user).await?)
}
