//! One command on one invitation, from the read to the write: what `respond`, `cancel` and `moderate` have in common.

use domain::{
    Timestamp,
    id::{InvitationId, UserId},
    invitation::Invitation,
    lifecycle::{self, Command, Verdict},
    person::{Caller, Party, Standing, User},
    refusal::Refusal,
    transition::{Guard, StandingChange, Transition},
    viewing::{RoleFact, Viewer},
};
use store::{
    Store, StoreError,
    execute::{Cause, Executed, Loss},
    record,
};

use crate::ServiceError;

/// How often a decision is taken anew because another writer was faster. Each round, someone gets done.
const ROUNDS: u32 = 6;

/// An invitation after a command, and the eyes that it is shown to.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// The invitation as it is now.
    pub invitation: Invitation,
    /// The caller, as the directory knows them.
    pub user: Option<User>,
    /// The caller's role, as far as it had to be known.
    pub role: RoleFact,
}

/// Carries out `command` of a signed-in caller: one read and one transaction, unless someone else interferes.
///
/// # Errors
/// [`ServiceError::Refused`] with the rule that stands in the way, [`ServiceError::Store`] if the table fails.
pub async fn perform(
    store: &Store,
    caller: &Caller,
    id: InvitationId,
    command: &Command,
    now: Timestamp,
) -> Result<Outcome, ServiceError> {
    let subject = store.subject(id, caller).await?;
    let mut invitation = subject.invitation.ok_or(Refusal::InvitationNotFound)?;
    let user = subject.user.map(|record| record.user);
    let mut role = RoleFact::Unread;
    for _ in 0..ROUNDS {
        let viewer = Viewer { caller, user: user.as_ref(), role };
        match lifecycle::decide(command, &invitation, &viewer, &subject.settings, now)? {
            Verdict::Unchanged => return Ok(Outcome { invitation, user, role }),
            Verdict::RoleNeeded => {
                role = RoleFact::Known(store.role(&caller.id, &invitation.community.id).await?);
            }
            Verdict::Change(transition) => match store.execute(&[&transition], &[], now).await? {
                Executed::Done => {
                    // The guard that held is as good as having read the role.
                    if role == RoleFact::Unread && transition.guards.iter().any(|g| matches!(g, Guard::Moderates(..))) {
                        role = RoleFact::Known(Some(domain::person::Role::Moderator));
                    }
                    return Ok(Outcome { invitation: transition.invitation, user, role });
                }
                Executed::Lost(losses) => match judge(losses, &transition, &invitation, Some(&caller.id), now)? {
                    News::Invitation(current) => invitation = *current,
                    News::Role(known) => role = known,
                    News::Repeated => return Ok(Outcome { invitation, user, role }),
                },
            },
        }
    }
    Err(StoreError::Unavailable("too many writers".to_owned()).into())
}

/// Carries out what the holder of a mail link decides, on the invitation as the page read it; `decide` is asked anew
/// whenever another writer was faster.
///
/// # Errors
/// As [`perform`].
pub async fn perform_by_link(
    store: &Store,
    mut invitation: Invitation,
    decide: impl Fn(&Invitation) -> Result<Verdict, Refusal>,
    now: Timestamp,
) -> Result<Invitation, ServiceError> {
    for _ in 0..ROUNDS {
        match decide(&invitation)? {
            Verdict::Change(transition) => match store.execute(&[&transition], &[], now).await? {
                Executed::Done => return Ok(transition.invitation),
                Executed::Lost(losses) => match judge(losses, &transition, &invitation, None, now)? {
                    News::Invitation(current) => invitation = *current,
                    News::Role(_) => return Err(Refusal::InvitationNotFound.into()),
                    News::Repeated => return Ok(invitation),
                },
            },
            Verdict::Unchanged | Verdict::RoleNeeded => return Ok(invitation),
        }
    }
    Err(StoreError::Unavailable("too many writers".to_owned()).into())
}

/// What a lost write has taught, from which the decision is taken anew.
enum News {
    Invitation(Box<Invitation>),
    Role(RoleFact),
    /// It is so already, or there is nobody left for whom it could be.
    Repeated,
}

/// Reads the lost write of a transition on `invitation`: news if a new decision may differ, else the refusal that the failed condition
/// stands for. Without a `caller`, the invitee acts by a mail link.
fn judge(
    losses: Vec<Loss>,
    transition: &Transition,
    invitation: &Invitation,
    caller: Option<&UserId>,
    now: Timestamp,
) -> Result<News, ServiceError> {
    let status = invitation.status_at(now);
    let mut refusal = None;
    let mut repeated = false;
    for Loss { cause, item } in losses {
        let found = item.is_some();
        match cause {
            // Another writer was faster. What they left decides, before anything else that also failed.
            Cause::Invitation(_) => {
                let current = item.map(record::invitation).transpose()?.ok_or(Refusal::InvitationNotFound)?;
                return Ok(News::Invitation(Box::new(current)));
            }
            Cause::Guard(Guard::Moderates(..) | Guard::Belongs(..)) => {
                let standing: Standing = item.map(record::value).transpose()?.unwrap_or_default();
                return Ok(News::Role(RoleFact::Known(standing.role)));
            }
            Cause::Guard(Guard::CommunityInvites(_)) if found => refusal = Some(Refusal::InvitationsNotAllowed),
            Cause::Guard(Guard::CommunityInvites(_)) => refusal = Some(Refusal::CommunityNotFound),
            Cause::Guard(Guard::Active(user)) if caller.is_some_and(|caller| *caller != user) => {
                refusal = Some(Refusal::InviteeUnavailable(status));
            }
            Cause::Guard(Guard::Active(_)) if found => refusal = Some(Refusal::CallerInactive),
            Cause::Guard(Guard::Active(_)) => refusal = Some(Refusal::CallerUnknown),
            Cause::Standing(_, party) if blocks(transition, &party) => repeated = true,
            Cause::Standing(..) => {
                let standing: Standing = item.map(record::value).transpose()?.unwrap_or_default();
                let of = if standing.role.is_some() { Refusal::AlreadyMember } else { Refusal::InviteeUnavailable };
                refusal = Some(of(status));
            }
            // The address that a link was mailed to is no longer the invitee's.
            Cause::Guard(Guard::Owned(..)) => refusal = Some(Refusal::SignInNeeded),
            Cause::Guard(Guard::Unowned(_)) | Cause::Quota | Cause::Record => {}
        }
    }
    if repeated {
        return Ok(News::Repeated);
    }
    let id = invitation.id;
    Err(refusal.map_or_else(|| StoreError::Damaged(format!("invitation {id} in no known state")).into(), Into::into))
}

/// Whether all that the transition wants of the party is that it blocks the community.
fn blocks(transition: &Transition, party: &Party) -> bool {
    let block = |(of, change): &(Party, StandingChange)| of == party && matches!(change, StandingChange::Block { .. });
    transition.standings.iter().any(block)
}
