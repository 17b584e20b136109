//! One decision on one invitation: taken, written, and taken again from what a faster writer left.

use std::ops::ControlFlow;

use domain::{
    Timestamp,
    invitation::Invitation,
    refusal::Refusal,
    transition::{Guard, Transition},
};
use store::{
    Store, StoreError,
    execute::{Condition, Executed, FailedCondition},
    retry,
};

/// The result of a decision.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Applied {
    /// It is written.
    Written,
    /// There was nothing to change.
    Unneeded,
    /// It is not written, because these conditions did not hold although the invitation was as it was read.
    Conflict(Vec<FailedCondition>),
}

/// Writes what `decide` makes of the invitation; `None` is nothing.
///
/// # Errors
/// [`StoreError`] if the table fails, or conflicts do not end.
pub(crate) async fn apply(
    store: &Store,
    invitation: Invitation,
    decide: &(impl Fn(&Invitation) -> Option<Transition> + Sync),
    now: Timestamp,
) -> Result<Applied, StoreError> {
    retry(invitation, |invitation| apply_once(store, invitation, decide, now)).await
}

/// Writes what `decide` makes of the invitation, where its only condition is that the invitation is as it was read.
///
/// # Errors
/// As [`apply`], and [`StoreError::Damaged`] if another condition fails after all.
pub(crate) async fn apply_unconditional(
    store: &Store,
    invitation: Invitation,
    decide: &(impl Fn(&Invitation) -> Option<Transition> + Sync),
    now: Timestamp,
) -> Result<(), StoreError> {
    let id = invitation.id;
    match apply(store, invitation, decide, now).await? {
        Applied::Written | Applied::Unneeded => Ok(()),
        Applied::Conflict(_) => Err(StoreError::Damaged(format!("invitation {id} in no known state"))),
    }
}

async fn apply_once(
    store: &Store,
    invitation: Invitation,
    decide: &(impl Fn(&Invitation) -> Option<Transition> + Sync),
    now: Timestamp,
) -> Result<ControlFlow<Applied, Invitation>, StoreError> {
    let Some(transition) = decide(&invitation) else { return Ok(ControlFlow::Break(Applied::Unneeded)) };
    let failed = match store.execute(&[&transition], &[], now).await? {
        Executed::Done => return Ok(ControlFlow::Break(Applied::Written)),
        Executed::Conflict(failed) => failed,
    };
    match moved_on(&failed) {
        Some(moved) => Ok(match moved.invitation()? {
            Some(current) => ControlFlow::Continue(current),
            None => ControlFlow::Break(Applied::Unneeded),
        }),
        None => Ok(ControlFlow::Break(Applied::Conflict(failed))),
    }
}

/// The condition that says that the invitation of the first transition has moved on. It decides before all others that
/// failed with it: they may hold for what the faster writer left.
pub(crate) fn moved_on(failed: &[FailedCondition]) -> Option<&FailedCondition> {
    failed.iter().find(|failed| failed.condition == Condition::Invitation(0))
}

/// Returns what the caller is told where a check of the community or of someone who acts has failed; `None` for what
/// only asks for another look.
pub(crate) fn refusal_of(guard: &Guard, found: bool) -> Option<Refusal> {
    match guard {
        Guard::CommunityInvites(_) if found => Some(Refusal::InvitationsNotAllowed),
        Guard::CommunityInvites(_) => Some(Refusal::CommunityNotFound),
        Guard::Active(_) | Guard::OwnedByActive(..) if found => Some(Refusal::CallerInactive),
        Guard::Active(_) | Guard::OwnedByActive(..) => Some(Refusal::CallerUnknown),
        Guard::Unreplaced(_)
        | Guard::Moderates(..)
        | Guard::Belongs(..)
        | Guard::HasRole(..)
        | Guard::Unowned(_)
        | Guard::Owned(..) => None,
    }
}
