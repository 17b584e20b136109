//! One command on one invitation, from the read to the write: what accepting, declining, cancelling, approving,
//! rejecting and resending have in common.

use std::ops::ControlFlow;

use domain::{
    Timestamp,
    id::{InvitationId, UserId},
    invitation::{Invitation, Status},
    lifecycle::{self, Command, Verdict},
    person::{Caller, Party, Role, Standing, User},
    refusal::Refusal,
    transition::{Guard, StandingChange, Transition},
    viewing::{RoleFact, Viewer},
};
use store::{
    Store, StoreError,
    execute::{Condition, Executed, FailedCondition},
    retry,
};

use crate::{ServiceError, decision::moved_on, labels};

/// An invitation, and what is known of the caller who looks at it.
#[derive(Debug, Clone)]
pub struct ViewedInvitation {
    /// The invitation as it is now.
    pub invitation: Invitation,
    /// The caller, as the directory knows them.
    pub user: Option<User>,
    /// The caller's role, as far as it had to be known.
    pub role: RoleFact,
}

/// The facts of a decision that a faster writer may change.
#[derive(Debug, Clone)]
struct Facts {
    invitation: Invitation,
    role: RoleFact,
}

/// Carries out `command` of a signed-in caller: one read and one transaction, unless another writer interferes, and one
/// read of what the invitation is shown with.
///
/// # Errors
/// [`ServiceError::Refused`] with the rule that stands in the way, [`ServiceError::Store`] if the table fails.
pub async fn perform(
    store: &Store,
    caller: &Caller,
    id: InvitationId,
    command: &Command,
    now: Timestamp,
) -> Result<ViewedInvitation, ServiceError> {
    let subject = store.subject(id, caller).await?;
    let invitation = subject.invitation.ok_or(Refusal::InvitationNotFound)?;
    let user = subject.user.map(|record| record.user);
    let (known, settings) = (user.as_ref(), &subject.settings);
    let facts = Facts { invitation, role: RoleFact::Unread };
    let done = retry(facts, |facts| async move {
        let viewer = Viewer { caller, user: known, role: facts.role };
        match lifecycle::decide(command, &facts.invitation, &viewer, settings, now)? {
            Verdict::Unchanged => Ok(ControlFlow::Break(facts)),
            Verdict::RoleNeeded => {
                let role = store.role(&caller.id, &facts.invitation.community.id).await?;
                Ok(ControlFlow::Continue(Facts { role: RoleFact::Known(role), ..facts }))
            }
            Verdict::Change(transition) => write(store, *transition, facts, Some(&caller.id), now).await,
        }
    });
    let Facts { invitation, role } = done.await?;
    Ok(ViewedInvitation { invitation: labels::current(store, invitation).await?, user, role })
}

/// Carries out what the holder of a mail link asks for, on the invitation as it was read; `decide` is asked again
/// whenever another writer was faster.
///
/// # Errors
/// As [`perform`].
pub(crate) async fn perform_by_link(
    store: &Store,
    invitation: Invitation,
    decide: &(impl Fn(&Invitation) -> Result<Verdict, Refusal> + Sync),
    now: Timestamp,
) -> Result<Invitation, ServiceError> {
    let facts = Facts { invitation, role: RoleFact::Unread };
    let done = retry(facts, |facts| async move {
        match decide(&facts.invitation)? {
            Verdict::Change(transition) => write(store, *transition, facts, None, now).await,
            Verdict::Unchanged | Verdict::RoleNeeded => Ok(ControlFlow::Break(facts)),
        }
    });
    done.await.map(|facts| facts.invitation)
}

/// Writes the transition that was decided from `facts`. Without a `caller`, the holder of a mail link acts.
async fn write(
    store: &Store,
    transition: Transition,
    facts: Facts,
    caller: Option<&UserId>,
    now: Timestamp,
) -> Result<ControlFlow<Facts, Facts>, ServiceError> {
    match store.execute(&[&transition], &[], now).await? {
        Executed::Done => {
            // The guard that held is as good as having read the role.
            let guarded = transition.guards.iter().any(|guard| matches!(guard, Guard::Moderates(..)));
            let unread = facts.role == RoleFact::Unread;
            let role = if guarded && unread { RoleFact::Known(Some(Role::Moderator)) } else { facts.role };
            Ok(ControlFlow::Break(Facts { invitation: transition.invitation, role }))
        }
        Executed::Conflict(failed) => resolve(&failed, &transition, facts, caller, now),
    }
}

/// What a failed condition stands for.
enum Meaning {
    /// The caller has this role now: the decision may differ.
    Role(Option<Role>),
    /// It is so already, or there is nothing left that it could be done to.
    Repeated,
    /// A rule stands in the way.
    Refused(Refusal),
}

/// Resolves a conflict: the facts to decide again with, or the end, or the refusal that the failed condition stands for.
fn resolve(
    failed: &[FailedCondition],
    transition: &Transition,
    facts: Facts,
    caller: Option<&UserId>,
    now: Timestamp,
) -> Result<ControlFlow<Facts, Facts>, ServiceError> {
    if let Some(moved) = moved_on(failed) {
        let invitation = moved.invitation()?.ok_or(Refusal::InvitationNotFound)?;
        return Ok(ControlFlow::Continue(Facts { invitation, ..facts }));
    }
    let status = facts.invitation.status_at(now);
    let mut refusal = None;
    for failed in failed {
        match meaning(failed, transition, caller, status)? {
            Meaning::Role(role) if caller.is_some() => {
                return Ok(ControlFlow::Continue(Facts { role: RoleFact::Known(role), ..facts }));
            }
            Meaning::Role(_) => return Err(Refusal::InvitationNotFound.into()),
            Meaning::Repeated => return Ok(ControlFlow::Break(facts)),
            Meaning::Refused(found) => refusal = Some(found),
        }
    }
    let unexplained = || StoreError::Damaged(format!("invitation {} in no known state", facts.invitation.id));
    Err(refusal.map_or_else(|| unexplained().into(), ServiceError::from))
}

fn meaning(
    failed: &FailedCondition,
    transition: &Transition,
    caller: Option<&UserId>,
    status: Status,
) -> Result<Meaning, StoreError> {
    Ok(match &failed.condition {
        Condition::Guard(Guard::Moderates(..) | Guard::Belongs(..)) => Meaning::Role(failed.standing()?.role),
        Condition::Standing(_, party) if only_blocks(transition, party) => Meaning::Repeated,
        Condition::Standing(..) => Meaning::Refused(unwilling(&failed.standing()?, status)),
        Condition::Guard(Guard::CommunityInvites(_)) if failed.found() => {
            Meaning::Refused(Refusal::InvitationsNotAllowed)
        }
        Condition::Guard(Guard::CommunityInvites(_)) => Meaning::Refused(Refusal::CommunityNotFound),
        Condition::Guard(Guard::Active(user)) if caller.is_some_and(|caller| caller != user) => {
            Meaning::Refused(Refusal::InviteeUnavailable(status))
        }
        Condition::Guard(Guard::Active(_)) if failed.found() => Meaning::Refused(Refusal::CallerInactive),
        Condition::Guard(Guard::Active(_)) => Meaning::Refused(Refusal::CallerUnknown),
        // The address that a link was mailed to is no longer the invitee's.
        Condition::Guard(Guard::Owned(..)) => Meaning::Refused(Refusal::SignInNeeded),
        Condition::Invitation(_) | Condition::Guard(Guard::Unowned(_)) | Condition::Quota | Condition::Request => {
            return Err(StoreError::Damaged("a command failed on a condition that none has".to_owned()));
        }
    })
}

fn unwilling(standing: &Standing, status: Status) -> Refusal {
    if standing.role.is_some() { Refusal::AlreadyMember(status) } else { Refusal::InviteeUnavailable(status) }
}

/// Whether all that the transition asks of the party is that it blocks the community.
fn only_blocks(transition: &Transition, party: &Party) -> bool {
    let block = |(of, change): &(Party, StandingChange)| of == party && matches!(change, StandingChange::Block { .. });
    transition.standings.iter().any(block)
}
