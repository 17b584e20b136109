//! One command on one invitation, from the read to the write: what accepting, declining, cancelling, approving,
//! rejecting and resending have in common.

use std::ops::ControlFlow;

use domain::{
    Timestamp,
    actions::{Action, actions},
    email::EmailAddress,
    fact::Fact,
    id::{InvitationId, UserId},
    invitation::Invitation,
    lifecycle::{self, Command, Verdict},
    person::{Caller, Party, Role, User},
    refusal::Refusal,
    settings::Settings,
    surroundings::Surroundings,
    transition::{Guard, StandingChange, Transition},
    viewing::{RoleFact, Viewer},
};
use store::{
    Store, StoreError,
    execute::{Condition, Executed, FailedCondition},
    keys::Key,
    retry,
};

use crate::{
    ServiceError,
    decision::{moved_on, refusal_of},
    labels::Labels,
};

/// An invitation, and what is known of the caller who looks at it.
#[derive(Debug, Clone)]
pub struct ViewedInvitation {
    /// The invitation as it is now.
    pub invitation: Invitation,
    /// The caller, as the directory knows them.
    pub user: Option<User>,
    /// The caller's role, as far as it had to be known.
    pub role: RoleFact,
    /// What the caller may do with it now.
    pub actions: Vec<Action>,
}

/// The facts of a decision that a faster writer may change.
#[derive(Debug, Clone)]
struct Facts {
    invitation: Invitation,
    role: RoleFact,
    around: Surroundings,
    /// The other live invitations of the party that accepts this one, which are moot then.
    moot: Vec<Invitation>,
}

impl Facts {
    fn new(invitation: Invitation) -> Self {
        Self { invitation, role: RoleFact::Unread, around: Surroundings::default(), moot: Vec::new() }
    }

    /// The facts that tell what the caller may do next. After a change they do already; a repetition may have to read.
    async fn for_actions(
        self,
        store: &Store,
        caller: &Caller,
        user: Option<&User>,
        settings: &Settings,
        now: Timestamp,
    ) -> Result<Self, StoreError> {
        let viewer = Viewer { caller, user, role: self.role };
        if actions(&self.invitation, &viewer, &self.around, settings, now) != Fact::Unread {
            return Ok(self);
        }
        let role = store.role_for(&caller.id, &self.invitation);
        let (role, around) = futures::try_join!(role, store.surroundings(&self.invitation))?;
        Ok(Self { role: RoleFact::Known(role), around, ..self })
    }

    fn actions(&self, caller: &Caller, user: Option<&User>, settings: &Settings, now: Timestamp) -> Vec<Action> {
        let viewer = Viewer { caller, user, role: self.role };
        match actions(&self.invitation, &viewer, &self.around, settings, now) {
            Fact::Known(actions) => actions,
            Fact::Unread => Vec::new(),
        }
    }
}

/// Carries out `command` of a signed-in caller: one read and one transaction, unless the decision needs to know more or
/// another writer interferes; and beside them one read of what the invitation is shown with.
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
    let labelled = invitation.clone();
    let labels = async { Ok(Labels::read(store, &labelled).await?) };
    let moot = match command {
        Command::Accept => at_token_address(store, caller, known, &invitation, now).await?,
        _ => None,
    };
    let facts = Facts { moot: moot.into_iter().collect(), ..Facts::new(invitation) };
    let done = retry(facts, |facts| async move {
        let viewer = Viewer { caller, user: known, role: facts.role };
        let verdict = lifecycle::decide(command, &facts.invitation, &viewer, &facts.around, settings, now);
        // Whoever becomes a member has no live invitation from then on: it has moved on since it was read.
        if let Err(Refusal::AlreadyMember(_)) = verdict
            && let Some(current) = store.invitation(id).await?
            && current.revision != facts.invitation.revision
        {
            return Ok(ControlFlow::Continue(Facts { role: facts.role, ..Facts::new(current) }));
        }
        match verdict? {
            Verdict::Unchanged => Ok(ControlFlow::Break(facts)),
            Verdict::RoleNeeded => {
                let role = store.role_for(&caller.id, &facts.invitation).await?;
                Ok(ControlFlow::Continue(Facts { role: RoleFact::Known(role), ..facts }))
            }
            Verdict::SurroundingsNeeded => {
                let around = store.surroundings(&facts.invitation).await?;
                Ok(ControlFlow::Continue(Facts { around, ..facts }))
            }
            Verdict::Change(transition) => write(store, *transition, facts, Some(&caller.id), now).await,
        }
    });
    let (facts, labels) = futures::try_join!(done, labels)?;
    let facts = facts.for_actions(store, caller, known, settings, now).await?;
    let actions = facts.actions(caller, known, settings, now);
    let (invitation, role) = (labels.relabel(facts.invitation), facts.role);
    Ok(ViewedInvitation { invitation, user, role, actions })
}

/// The live invitation that the caller has at an address which the directory does not know as theirs, and their token
/// does.
async fn at_token_address(
    store: &Store,
    caller: &Caller,
    user: Option<&User>,
    invitation: &Invitation,
    now: Timestamp,
) -> Result<Option<Invitation>, StoreError> {
    let known = user.and_then(User::verified_email).map(EmailAddress::key);
    let address = caller.verified_email().map(EmailAddress::key).filter(|key| known.as_ref() != Some(key));
    let party = address.map(Party::Address).filter(|party| invitation.invitee.party() != *party);
    let Some(party) = party else { return Ok(None) };
    match store.standing(&party, &invitation.community.id).await?.live_at(now) {
        Some(id) => store.invitation(id).await,
        None => Ok(None),
    }
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
    mut transition: Transition,
    facts: Facts,
    caller: Option<&UserId>,
    now: Timestamp,
) -> Result<ControlFlow<Facts, Facts>, ServiceError> {
    let moot = facts.moot.iter().filter_map(|other| lifecycle::make_moot(&mut transition, other, now));
    let moot: Vec<_> = moot.collect();
    let transitions: Vec<_> = [&transition].into_iter().chain(&moot).collect();
    match store.execute(&transitions, &[], now).await? {
        Executed::Done => {
            // A guard that held is as good as having read the role, as far as it matters here.
            let held = transition.guards.iter().find_map(|guard| match guard {
                Guard::Moderates(..) => Some(Role::Moderator),
                Guard::Belongs(..) => Some(Role::Member),
                _ => None,
            });
            let role = match (facts.role, held) {
                (RoleFact::Unread, Some(role)) => RoleFact::Known(Some(role)),
                (role, _) => role,
            };
            Ok(ControlFlow::Break(Facts { invitation: transition.invitation, role, ..facts }))
        }
        Executed::Conflict(failed) => match in_the_way(&failed, &transition, &facts, now)? {
            Some(ids) => {
                let records = store.read(ids.iter().map(|id| Key::invitation(*id))).await?;
                let moot = ids.iter().filter_map(|id| records.invitation(*id).cloned()).collect();
                Ok(ControlFlow::Continue(Facts { moot, ..facts }))
            }
            None => match caller.filter(|_| is_replaced(&failed)) {
                // The role that held may be one in another community, which the invitation is not to.
                Some(caller) => {
                    let role = store.role_for(caller, &facts.invitation).await?;
                    Ok(ControlFlow::Continue(Facts { role: RoleFact::Known(role), ..facts }))
                }
                None => resolve(&failed, &transition, facts, caller, now),
            },
        },
    }
}

/// Whether another community may have the id of the invitation's by now, and nothing else has moved on.
fn is_replaced(failed: &[FailedCondition]) -> bool {
    let asks = |failed: &FailedCondition| matches!(failed.condition, Condition::Guard(Guard::Unreplaced(_)));
    moved_on(failed).is_none() && failed.iter().any(asks)
}

/// The other live invitations of the party that joins by the transition, if nothing else is in the way.
fn in_the_way(
    failed: &[FailedCondition],
    transition: &Transition,
    facts: &Facts,
    now: Timestamp,
) -> Result<Option<Vec<InvitationId>>, StoreError> {
    if moved_on(failed).is_some() {
        return Ok(None);
    }
    let mut known: Vec<_> = facts.moot.iter().map(|moot| moot.id).collect();
    for failed in failed {
        match &failed.condition {
            Condition::Standing(0, party) if joins(transition, party) => {
                let standing = failed.standing()?;
                if standing.role.is_none() {
                    let live = standing.live_at(now).filter(|live| !known.contains(live));
                    known.extend(live);
                    return Ok(live.map(|_| known));
                }
            }
            // One of them has changed since it was read.
            Condition::Invitation(_) | Condition::Standing(1.., _) => return Ok(Some(known)),
            _ => {}
        }
    }
    Ok(None)
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

/// Resolves a conflict: the facts to decide again with, or the end, or the refusal that the failed condition stands
/// for.
fn resolve(
    failed: &[FailedCondition],
    transition: &Transition,
    facts: Facts,
    caller: Option<&UserId>,
    now: Timestamp,
) -> Result<ControlFlow<Facts, Facts>, ServiceError> {
    if let Some(moved) = moved_on(failed) {
        let invitation = moved.invitation()?.ok_or(Refusal::InvitationNotFound)?;
        return Ok(ControlFlow::Continue(Facts { role: facts.role, moot: facts.moot, ..Facts::new(invitation) }));
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
        Condition::Guard(Guard::OwnedByActive(_, user)) => match failed.owner()? {
            Some(owner) if owner == *user => Meaning::Refused(Refusal::CallerInactive),
            owner => Meaning::Owner(owner),
        },
        Condition::Guard(Guard::HasRole(..) | Guard::Unreplaced(_)) => Meaning::Outdated,
        Condition::Standing(..) | Condition::Guard(_) if facts.around.invitee != Fact::Unread => Meaning::Outdated,
        Condition::Standing(_, party) if joins(transition, party) => {
            Meaning::Refused(Refusal::AlreadyMember(facts.invitation.status_at(now)))
        }
        Condition::Standing(..) => Meaning::Repeated,
        Condition::Guard(guard) => refusal_of(guard, failed.found()).map_or(Meaning::Outdated, Meaning::Refused),
        Condition::Invitation(_) | Condition::Quota | Condition::IdempotentRequest | Condition::Membership(_) => {
            return Err(StoreError::Damaged("a command failed on a condition that none has".to_owned()));
        }
    })
}

/// Whether the transition makes the party a member by their own answer.
fn joins(transition: &Transition, party: &Party) -> bool {
    let join = |(of, change): &(Party, StandingChange)| of == party && matches!(change, StandingChange::Join { .. });
    transition.standings.iter().any(join)
}
