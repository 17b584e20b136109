//! Memberships as the platform describes them.

use std::ops::ControlFlow;

use domain::{
    Timestamp,
    id::{CommunityId, UserId},
    invitation::WithdrawalReason,
    lifecycle,
    person::{Member, Party},
};
use store::{Store, StoreError, relations::RelationWrite, retry};

use super::Stored;
use crate::ServiceError;

/// Makes the user a member with that role, whatever else is known of how they stand with the community. A live
/// invitation of theirs is moot, and ends in silence with it.
///
/// Both must be in the directory: a late message brings no erased user back.
///
/// # Errors
/// [`domain::refusal::Refusal::NotInDirectory`] if one of them is not; [`ServiceError::Store`] if the table fails.
pub async fn put(store: &Store, member: Member, now: Timestamp) -> Result<Stored<Member>, ServiceError> {
    let write = retry((), |()| put_once(store, &member, now)).await?;
    Stored::related(member, write)
}

async fn put_once(store: &Store, member: &Member, now: Timestamp) -> Result<ControlFlow<RelationWrite>, StoreError> {
    let party = Party::User(member.user_id.clone());
    let standing = store.standing(&party, &member.community_id).await?;
    let live = match standing.live_at(now) {
        Some(id) => store.invitation(id).await?,
        None => None,
    };
    let withdrawal = live.and_then(|one| lifecycle::withdraw(&one, WithdrawalReason::JoinedAnotherWay, now));
    store.put_member(member, &standing, withdrawal.as_ref(), now).await
}

/// Ends the membership. Whether the user is willing to be invited stays known.
///
/// # Errors
/// [`ServiceError::Store`] if the table fails.
pub async fn remove(store: &Store, community: &CommunityId, user: &UserId) -> Result<(), ServiceError> {
    Ok(store.remove_member(community, user).await?)
}
