//! Invitations of an address become those of the user whose verified address it is, whose standings repeat what its
//! mailbox wants as long as it is theirs.
//!
//! Every step holds only while the address is the user's, and every invitation moves by its revision: of two users who
//! are given the same address one after the other, at most one gets an invitation.

use std::ops::ControlFlow;

use domain::{
    Timestamp,
    email::AddressKey,
    id::{CommunityId, InvitationId},
    invitation::{Invitation, WithdrawalReason},
    lifecycle,
    person::{MailboxWish, Party, Standing, User},
};
use futures::{StreamExt, TryStreamExt, stream};
use store::{Store, StoreError, execute::Condition, retry, standings::TakenOver};

use super::sweep::CONCURRENCY;
use crate::{
    ServiceError,
    decision::{Applied, apply, apply_unconditional},
};

/// Gives the user what the table keeps for their verified address. A repetition finds nothing left to do.
pub(super) async fn take_over(store: &Store, user: &User, now: Timestamp) -> Result<(), ServiceError> {
    let Some(email) = user.verified_email() else { return Ok(()) };
    let owner = &AddressOwner { store, user, address: email.key(), now };
    let standings = store.standings_of(&Party::Address(owner.address.clone())).await?;
    stream::iter(standings)
        .map(Ok)
        .try_for_each_concurrent(CONCURRENCY, |(community, standing)| async move {
            store.in_time()?;
            if let Some(wish) = standing.wish_at(&owner.address, now) {
                owner.take_over_wish(&community, wish).await?;
            }
            match standing.live_at(now) {
                Some(id) => owner.take_over_invitation(id).await,
                None => Ok(()),
            }
        })
        .await
}

/// A user, who gets what their address has.
struct AddressOwner<'a> {
    store: &'a Store,
    user: &'a User,
    address: AddressKey,
    now: Timestamp,
}

impl AddressOwner<'_> {
    /// Repeats in the user's standing what the mailbox wants of the community.
    async fn take_over_wish(&self, community: &CommunityId, wish: MailboxWish) -> Result<(), ServiceError> {
        let party = &Party::User(self.user.id.clone());
        let wish = &wish;
        retry((), |()| async move {
            let known = self.store.standing(party, community).await?.mailbox;
            // What the mailbox has said since it was read is known already.
            let wish = wish.clone().and(known.as_ref());
            if known.as_ref() == Some(&wish) {
                return Ok(ControlFlow::Break(()));
            }
            Ok(match self.store.put_mailbox_wish(&self.user.id, community, known.as_ref(), &wish).await? {
                TakenOver::Conflict => ControlFlow::Continue(()),
                // What another user's mailbox wants is theirs to hear.
                TakenOver::Done | TakenOver::NotOwner => ControlFlow::Break(()),
            })
        })
        .await
    }

    async fn take_over_invitation(&self, id: InvitationId) -> Result<(), ServiceError> {
        let Some(invitation) = self.store.invitation(id).await? else { return Ok(()) };
        let is_ours = |one: &Invitation| one.invitee.party() == Party::Address(self.address.clone());
        let transfer = |one: &Invitation| is_ours(one).then(|| lifecycle::transfer(one, self.user, self.now))?;
        let Applied::Conflict(failed) = apply(self.store, invitation.clone(), &transfer, self.now).await? else {
            return Ok(());
        };
        if failed.iter().any(|failed| matches!(failed.condition, Condition::Guard(_))) {
            // The address is another user's by now.
            return Ok(());
        }
        let own = failed.iter().find(|failed| matches!(failed.condition, Condition::Standing(_, Party::User(_))));
        let own = own.ok_or_else(|| StoreError::Damaged(format!("invitation {id} in no known state")))?;
        let why = nothing_to_answer(&own.standing()?, self.now);
        let withdraw = |one: &Invitation| is_ours(one).then(|| lifecycle::withdraw(one, why, self.now))?;
        Ok(apply_unconditional(self.store, invitation, &withdraw, self.now).await?)
    }
}

/// Why there is nothing to answer for a user who stands so with the community.
fn nothing_to_answer(standing: &Standing, now: Timestamp) -> WithdrawalReason {
    if standing.role.is_some() {
        WithdrawalReason::JoinedAnotherWay
    } else if standing.live_at(now).is_some() {
        WithdrawalReason::InvitedAlready
    } else {
        WithdrawalReason::InviteeUnavailable
    }
}
