//! One command on one invitation, from the read to the write: what accepting, declining, cancelling, approving,
//! rejecting and resending have in common.

use std::ops::ControlFlow;

use domain::{
    Timestamp,
    fact::Fact,
    id::{InvitationId, UserId},
    invitation::Invitation,
    lifecycle::{self, Command, Verdict},
    person::{Caller, Party, Role, User},
    refusal::Refusal,
    surroundings::Surroundings,
    transition::{Guard, StandingChange, Transition},
    viewing::{RoleFact, Viewer},
};
use store::{
    Store, StoreError,
    execute::{Condition, Executed, FailedCondition},
    retry,
};

use crate::{ServiceError, decision::moved_on};

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
    around: Surroundings,
}

impl Facts {
    fn new(invitation: Invitation) -> Self {
        Self { invitation, role: RoleFact::Unread, around: Surroundings::default() }
    }
}

/// Carries out `command` of a signed-in caller: one read and one transaction, unless the decision needs to know more or
/// another writer interferes.
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
    let done = retry(Facts::new(invitation), |facts| async move {
        let viewer = Viewer { caller, user: known, role: facts.role };
        match lifecycle::decide(command, &facts.invitation, &viewer, &facts.around, settings, now)? {
            Verdict::Unchanged => Ok(ControlFlow::Break(facts)),
            Verdict::RoleNeeded => {
                let role = store.role(&caller.id, &facts.invitation.community.id).await?;
                Ok(ControlFlow::Continue(Facts { role: RoleFact::Known(role), ..facts }))
            }
            Verdict::SurroundingsNeeded => {
                let around = store.surroundings(&facts.invitation).await?;
                Ok(ControlFlow::Continue(Facts { around, ..facts }))
            }
            Verdict::Change(transition) => write(store, *transition, facts, Some(&caller.id), now).await,
        }
    });
    let Facts { invitation, role, .. } = done.await?;
    Ok(ViewedInvitation { invitation, user, role })
}

/// Carries out what the holder of a mail link asks for, on the invitation as it was read; `decide` is asked again, with
/// the owner of the link's address as far as it is known, whenever another writer was faster.
///
/// # Errors
/// As [`perform`].
pub(crate) async fn perform_by_link(
    store: &Store,
    invitation: Invitation,
    decide: &(impl Fn(&Invitation, &Fact<Option<UserId>>) -> Result<Verdict, Refusal> + Sync),
    now: Timestamp,
) -> Result<Invitation, ServiceError> {
    let done = retry(Facts::new(invitation), |facts| async move {
        match decide(&facts.invitation, &facts.around.mailbox_owner)? {
            Verdict::Change(transition) => write(store, *transition, facts, None, now).await,
            Verdict::Unchanged | Verdict::RoleNeeded | Verdict::SurroundingsNeeded => Ok(ControlFlow::Break(facts)),
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
            Ok(ControlFlow::Break(Facts { invitation: transition.invitation, role, ..facts }))
        }
        Executed::Conflict(failed) => resolve(&failed, &transition, facts, caller, now),
    }
}

/// What a failed condition stands for.
enum Meaning {
    /// The caller has this role now: the decision may differ.
    Role(Option<Role>),
    /// The mailbox that speaks is this user's now: the decision may differ.
    Owner(Option<UserId>),
    /// What was read of the surroundings is no longer so: the decision may differ.
    Outdated,
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
        return Ok(ControlFlow::Continue(Facts { role: facts.role, ..Facts::new(invitation) }));
    }
    let (mut end, mut outdated) = (None, false);
    for failed in failed {
        match meaning(failed, transition, &facts, now)? {
            Meaning::Role(role) if caller.is_some() => {
                return Ok(ControlFlow::Continue(Facts { role: RoleFact::Known(role), ..facts }));
            }
            Meaning::Role(_) => return Err(Refusal::InvitationNotFound.into()),
            Meaning::Owner(owner) => {
                let around = Surroundings { mailbox_owner: Fact::Known(owner), ..facts.around };
                return Ok(ControlFlow::Continue(Facts { around, ..facts }));
            }
            Meaning::Outdated => outdated = true,
            Meaning::Repeated => end = end.or(Some(Ok(()))),
            Meaning::Refused(refusal) => end = Some(Err(refusal)),
        }
    }
    match end {
        _ if outdated => Ok(ControlFlow::Continue(Facts { around: Surroundings::default(), ..facts })),
        Some(Ok(())) => Ok(ControlFlow::Break(facts)),
        Some(Err(refusal)) => Err(refusal.into()),
        None => Err(StoreError::Damaged(format!("invitation {} in no known state", facts.invitation.id)).into()),
    }
}

fn meaning(
    failed: &FailedCondition,
    transition: &Transition,
    facts: &Facts,
    now: Timestamp,
) -> Result<Meaning, StoreError> {
    Ok(match &failed.condition {
        Condition::Guard(Guard::Moderates(..) | Guard::Belongs(..)) => Meaning::Role(failed.standing()?.role),
        // Whose the mailbox is was only taken for granted.
        Condition::Guard(Guard::Owned(..) | Guard::Unowned(_)) => Meaning::Owner(failed.owner()?),
        Condition::Standing(..) | Condition::Guard(_) if facts.around.invitee != Fact::Unread => Meaning::Outdated,
        Condition::Standing(_, party) if joins(transition, party) => {
            Meaning::Refused(Refusal::AlreadyMember(facts.invitation.status_at(now)))
        }
        Condition::Standing(..) => Meaning::Repeated,
        Condition::Guard(Guard::CommunityInvites(_)) if failed.found() => {
            Meaning::Refused(Refusal::InvitationsNotAllowed)
        }
        Condition::Guard(Guard::CommunityInvites(_)) => Meaning::Refused(Refusal::CommunityNotFound),
        Condition::Guard(Guard::Active(_)) if failed.found() => Meaning::Refused(Refusal::CallerInactive),
        Condition::Guard(Guard::Active(_)) => Meaning::Refused(Refusal::CallerUnknown),
        Condition::Invitation(_) | Condition::Quota | Condition::Request => {
            return Err(StoreError::Damaged("a command failed on a condition that none has".to_owned()));
        }
    })
}

/// Whether the transition makes the party a member by their own answer, which asks that they are none.
fn joins(transition: &Transition, party: &Party) -> bool {
    let join = |(of, change): &(Party, StandingChange)| of == party && matches!(change, StandingChange::Join { .. });
    transition.standings.iter().any(join)
}
