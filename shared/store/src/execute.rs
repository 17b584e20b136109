//! The one place that writes transitions.
//!
//! A transition becomes the actions of one transaction; every rule that the decision relied on is a condition in it.
//! Either all of it happens or none, and the loser of a race gets the records that the winner left. A transition of
//! nothing but its invitation is one conditional write, at half the price.

use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    ops::ControlFlow,
};

use aws_sdk_dynamodb::types::AttributeValue;
use domain::{
    Timestamp,
    email::AddressKey,
    id::{InvitationId, UserId},
    invitation::Invitation,
    outbox::{NewMail, OutboxMail},
    person::{Member, Party, Role, Standing},
    sending::Quota,
    transition::{Guard, StandingChange, Transition},
};

use crate::{
    Store, StoreError,
    attributes::{
        ACTIVE, ALLOW_INVITATIONS, BLOCKED, COOLING_UNTIL, JOINED_BY, KIND, LIVE_BY_ADDRESS, LIVE_INVITATION,
        LIVE_UNTIL, MAILBOX, MAILBOX_ADDRESS, MAILBOX_BLOCKED, MAILBOX_COOLING_UNTIL, OWNER, OWNER_ACTIVE, PK,
        REVISION, ROLE, SENT_ON, SINCE, STAMP, USED,
    },
    expression::{Expression, number, string},
    idempotency::RequestWrite,
    keys::{Key, Spread, mail_name},
    record::{self, Address, Item, Kind, NoFields, due, invitation_record, record},
    retry::retry,
    write::{Write, Written},
};

pub use crate::write::MAX_ACTIONS;

/// The actions that a transition adds to a transaction at the most, aside from its guards of the community and of the
/// sender, which the invitations of one request share.
pub fn actions(transition: &Transition) -> usize {
    let sender = &transition.invitation.sender.id;
    let shared = |guard: &&Guard| match guard {
        Guard::CommunityInvites(_) => true,
        Guard::Active(user) => user == sender,
        _ => false,
    };
    let own = transition.guards.iter().filter(|guard| !shared(guard)).count();
    let waiting = transition.mails.iter().filter(|mail| mail.not_before.is_some()).count();
    1 + transition.standings.len() + transition.mails.len() + waiting + own
}

/// What is written in one transaction with transitions.
#[derive(Debug, Clone)]
pub enum ExtraWrite {
    /// That many invitations count against the sender's day. Its transitions must need an active sender.
    Quota(Quota, u32),
    /// The state of the idempotent request that asks for the transitions.
    IdempotentRequest(RequestWrite),
    /// The platform makes the user a member with that role, or gives a member another one.
    Membership(Membership),
}

/// A membership by the platform's word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Membership {
    /// The membership.
    pub member: Member,
    /// The role that the user had, as it was read.
    pub before: Option<Role>,
    /// The only invitation that the user's standing may still name as live, since it ends in the same transaction.
    pub ends: Option<InvitationId>,
}

/// A condition of a transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    /// The invitation of the transition with this index is as it was read, or does not exist yet.
    Invitation(usize),
    /// The party's standing allows the transition with this index.
    Standing(usize, Party),
    /// The guard holds.
    Guard(Guard),
    /// The sender's day has room.
    Quota,
    /// The idempotent request is as it was read.
    IdempotentRequest,
    /// The membership can be written.
    Membership(MembershipCondition),
}

/// What a membership needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MembershipCondition {
    /// The user is in the directory.
    User,
    /// The community is.
    Community,
    /// The user's standing has the role that was read, and names no live invitation but the one that ends.
    Standing,
}

/// A condition that did not hold, with the record that it is about.
#[derive(Debug, Clone, PartialEq)]
pub struct FailedCondition {
    /// The condition.
    pub condition: Condition,
    /// The key of the record.
    pub(crate) key: Key,
    /// The record as it is now; `None` when there is none.
    pub(crate) record: Option<Item>,
}

impl FailedCondition {
    /// Whether there is a record.
    pub fn found(&self) -> bool {
        self.record.is_some()
    }

    /// The invitation as it is now.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] if the record is not one of an invitation.
    pub fn invitation(&self) -> Result<Option<Invitation>, StoreError> {
        self.record.clone().map(record::invitation).transpose()
    }

    /// Whether the user is active now, where the condition is about a user.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] if the record is not one of a user.
    pub fn is_active(&self) -> Result<bool, StoreError> {
        Ok(self.record.clone().map(record::user).transpose()?.is_some_and(|found| found.user.active))
    }

    /// The user whose verified address it is now, where the condition is about an address.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] if the record is not one of an address.
    pub fn owner(&self) -> Result<Option<UserId>, StoreError> {
        Ok(self.record.clone().map(record::value::<Address>).transpose()?.and_then(|address| address.owner))
    }

    /// The standing as it is now.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] if the record is not one of a standing.
    pub fn standing(&self) -> Result<Standing, StoreError> {
        Ok(self.record.clone().map(record::value).transpose()?.unwrap_or_default())
    }
}

/// The result of a transaction.
#[derive(Debug, Clone, PartialEq)]
pub enum Executed {
    /// All of it is written.
    Done,
    /// None of it is written, because these conditions did not hold.
    Conflict(Vec<FailedCondition>),
}

impl Store {
    /// Writes `transitions` and `extra` in one transaction, at the time they were decided.
    ///
    /// Collisions with other transactions are waited out. What a failed condition means is for the caller to say.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when collisions or throttling outlast the attempts. Nothing is written then, unless
    /// the response was lost on its way, which a repetition finds out.
    pub async fn execute(
        &self,
        transitions: &[&Transition],
        extra: &[ExtraWrite],
        now: Timestamp,
    ) -> Result<Executed, StoreError> {
        retry(HashSet::new(), |mut skipped| async move {
            let plan = || Plan::new(transitions, extra, &skipped, now);
            let (mut writes, checks) = plan()?.finish();
            let written = match writes.pop() {
                // Whoever finds their own write in the way, because its response was lost, takes it for a repetition.
                Some(Write::Put(record, condition)) if writes.is_empty() && extra.is_empty() => {
                    self.put(record, condition).await?
                }
                last => {
                    writes.extend(last);
                    let mut made = Some(writes);
                    self.transact_made(|| made.take().map_or_else(|| Ok(plan()?.finish().0), Ok)).await?
                }
            };
            let Written::Conflict(failed) = written else { return Ok(ControlFlow::Break(Executed::Done)) };
            let failed = failed.into_iter().flat_map(|(index, record)| {
                let (key, conditions) = &checks[index];
                conditions.iter().map(move |condition| FailedCondition {
                    condition: condition.clone(),
                    key: key.clone(),
                    record: record.clone(),
                })
            });
            let failed: Vec<_> = failed.collect();
            // A standing that is so already does not stop what else is to be written.
            let places = failed.iter().map(|failed| place(&failed.condition, transitions)).collect::<Option<Vec<_>>>();
            skipped.extend(places.iter().flatten().cloned());
            let is_over = places.is_none() || transitions.iter().enumerate().any(|one| is_repeated(one, &skipped));
            Ok(if is_over { ControlFlow::Break(Executed::Conflict(failed)) } else { ControlFlow::Continue(skipped) })
        })
        .await
    }
}

/// A standing, by the index of the transition that changes it and its party.
type Place = (usize, Party);

/// The standing whose condition failed, if all it asked for was that there is something to change: it names the
/// invitation that ends, or has not blocked the community yet.
fn place(condition: &Condition, transitions: &[&Transition]) -> Option<Place> {
    let Condition::Standing(index, party) = condition else { return None };
    let (_, change) = transitions[*index].standings.iter().find(|(changed, _)| changed == party)?;
    let ends = matches!(change, StandingChange::Release { .. } | StandingChange::Decline { .. });
    (ends || blocks(change)).then(|| (*index, party.clone()))
}

/// Whether all that the transition with this index is for is to block, and all of that was done before.
fn is_repeated((index, transition): (usize, &&Transition), skipped: &HashSet<Place>) -> bool {
    let done = |(party, change): &(Party, _)| blocks(change) && skipped.contains(&(index, party.clone()));
    !transition.standings.is_empty() && transition.standings.iter().all(done)
}

fn blocks(change: &StandingChange) -> bool {
    matches!(change, StandingChange::Block { .. } | StandingChange::Mailbox(_))
}

/// The actions of a transaction: one for each record, since DynamoDB takes no two for the same.
#[derive(Default)]
struct Plan {
    actions: BTreeMap<Key, Action>,
    guards: BTreeSet<Guard>,
}

#[derive(Default)]
struct Action {
    put: Option<Item>,
    deletes: bool,
    expression: Expression,
    changes: bool,
    conditions: Vec<Condition>,
}

impl Action {
    /// Makes it the change of a standing, which several reasons may have.
    fn change_standing(&mut self) -> &mut Expression {
        if !self.changes {
            self.changes = true;
            self.expression.set(KIND, string(Kind::Standing.as_str()));
        }
        &mut self.expression
    }
}

impl Plan {
    fn new(
        transitions: &[&Transition],
        extra: &[ExtraWrite],
        skipped: &HashSet<Place>,
        now: Timestamp,
    ) -> Result<Self, StoreError> {
        let mut plan = Self::default();
        for (index, transition) in transitions.iter().enumerate() {
            plan.add(index, transition, skipped, now)?;
        }
        for write in extra {
            plan.add_extra(write, now)?;
        }
        Ok(plan)
    }

    fn at(&mut self, key: Key, condition: Option<Condition>) -> &mut Action {
        let action = self.actions.entry(key).or_default();
        action.conditions.extend(condition);
        action
    }

    /// Adds a transition; the standings in `skipped` are known not to name its invitation, or to have blocked already.
    fn add(
        &mut self,
        index: usize,
        transition: &Transition,
        skipped: &HashSet<Place>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let invitation = &transition.invitation;
        let action = self.at(Key::invitation(invitation.id), Some(Condition::Invitation(index)));
        action.put = Some(invitation_record(invitation)?);
        match transition.from {
            None => action.expression.require_missing(PK),
            Some(revision) => action.expression.require_equal(REVISION, number(revision)),
        }
        for (party, change) in &transition.standings {
            let named = !skipped.contains(&(index, party.clone()));
            if !named && !matches!(change, StandingChange::Decline { .. }) {
                continue;
            }
            let key = Key::standing(party, &invitation.community.id);
            let action = self.at(key, Some(Condition::Standing(index, party.clone())));
            stand(action.change_standing(), change, named, now)?;
        }
        for mail in &transition.mails {
            let key = Key::mail(invitation.id, &mail_name(mail.kind, &mail.to, invitation.revision));
            let item = record(Kind::Mail, key.clone(), &OutboxMail::new(mail))?;
            self.at(key, None).put = Some(item);
            self.wake(invitation.id, mail, invitation.revision);
        }
        let spread = Spread::by_invitation(invitation.id);
        for guard in &transition.guards {
            self.guard(guard, spread, invitation.community_since);
        }
        Ok(())
    }

    /// Has a mail come by again whose time is yet to come.
    fn wake(&mut self, id: InvitationId, mail: &NewMail, revision: u64) {
        let Some(at) = mail.not_before else { return };
        let (key, item) = due(at, id, &mail_name(mail.kind, &mail.to, revision));
        self.at(key, None).put = Some(item);
    }

    /// Adds a guard of an invitation to the community that has its id since then.
    fn guard(&mut self, guard: &Guard, spread: Spread, since: Option<Timestamp>) {
        let standing = |user: &_, community| Key::standing(&Party::User(Clone::clone(user)), community);
        let key = match guard {
            Guard::CommunityInvites(community) | Guard::Unreplaced(community) => Key::community(community, spread),
            Guard::Moderates(user, community)
            | Guard::Belongs(user, community)
            | Guard::HasRole(user, community, _) => standing(user, community),
            Guard::Active(user) => Key::user(user),
            Guard::Unowned(address) | Guard::Owned(address, _) | Guard::OwnedByActive(address, _) => {
                Key::address(address)
            }
        };
        // Transitions of one transaction share their community: one copy of it answers for all.
        if !self.guards.insert(guard.clone()) {
            return;
        }
        let expression = &mut self.at(key, Some(Condition::Guard(guard.clone()))).expression;
        let since = since.map(|at| number(at.as_millisecond()));
        match guard {
            Guard::CommunityInvites(_) => {
                expression.require_equal(ALLOW_INVITATIONS, yes());
                // An id that has come back may be another community's.
                expression.require_as_read(SINCE, since);
            }
            // A community that is gone has none in its place.
            Guard::Unreplaced(_) => match since {
                Some(since) => expression.require_missing_or_equal(SINCE, since),
                None => expression.require_missing(SINCE),
            },
            Guard::Active(_) => expression.require_equal(ACTIVE, yes()),
            Guard::Unowned(_) => expression.require_missing(OWNER),
            Guard::Owned(_, user) => expression.require_equal(OWNER, string(user.as_str())),
            Guard::OwnedByActive(_, user) => {
                expression.require_equal(OWNER, string(user.as_str()));
                expression.require_equal(OWNER_ACTIVE, yes());
            }
            Guard::Belongs(..) => expression.require_existing(ROLE),
            Guard::HasRole(_, _, role) => expression.require_equal(ROLE, string(role.as_str())),
            Guard::Moderates(..) => expression.require_any(ROLE, Role::MODERATING.map(|role| string(role.as_str()))),
        }
    }

    fn add_extra(&mut self, extra: &ExtraWrite, now: Timestamp) -> Result<(), StoreError> {
        match extra {
            ExtraWrite::Quota(quota, count) => {
                // The sender's record, which the transitions check anyway.
                let action = self.at(Key::user(&quota.sender), Some(Condition::Quota));
                action.changes = true;
                let (day, expression) = (string(quota.day.to_string()), &mut action.expression);
                if quota.used == 0 {
                    expression.require_missing_or_before(SENT_ON, day.clone());
                    expression.set(SENT_ON, day);
                    expression.set(USED, number(count));
                } else {
                    expression.require_equal(SENT_ON, day);
                    expression.require_missing_or_at_most(USED, i64::from(quota.limit) - i64::from(*count));
                    expression.increase(USED, i64::from(*count));
                }
            }
            ExtraWrite::IdempotentRequest(write) => {
                let action = self.at(write.key.clone(), Some(Condition::IdempotentRequest));
                action.put = Some(write.item()?);
                match &write.replaces {
                    None => action.expression.require_missing(PK),
                    Some(stamp) => action.expression.require_equal(STAMP, string(stamp)),
                }
            }
            ExtraWrite::Membership(membership) => self.add_membership(membership, now)?,
        }
        Ok(())
    }

    fn add_membership(&mut self, membership: &Membership, now: Timestamp) -> Result<(), StoreError> {
        let Member { community_id: community, user_id: user, role } = &membership.member;
        let on = |part| Some(Condition::Membership(part));
        let known = self.at(Key::user(user), on(MembershipCondition::User));
        known.expression.require_existing(PK);
        let spread = Spread::by_user(user);
        let existing = self.at(Key::community(community, spread), on(MembershipCondition::Community));
        existing.expression.require_existing(PK);

        let standing = Key::standing(&Party::User(user.clone()), community);
        let expression = self.at(standing, on(MembershipCondition::Standing)).change_standing();
        no_live_but(expression, membership.ends, now);
        clear_live(expression);
        match membership.before {
            Some(before) => expression.require_equal(ROLE, string(before.as_str())),
            None => expression.require_missing(ROLE),
        }
        expression.set(ROLE, string(role.as_str()));

        // The list of moderators keeps in step with the role. It is one partition for the whole community, which the
        // memberships of all others must not meet in.
        if membership.before.is_some_and(Role::moderates) != role.moderates() {
            let key = Key::moderator(community, user);
            let item = record(Kind::Moderator, key.clone(), &NoFields {})?;
            let listed = self.at(key, None);
            if role.moderates() {
                listed.put = Some(item);
            } else {
                listed.deletes = true;
            }
        }
        Ok(())
    }

    /// The writes, and the conditions of each.
    fn finish(self) -> (Vec<Write>, Vec<(Key, Vec<Condition>)>) {
        let write = |(key, action): (Key, Action)| {
            let write = match action.put {
                Some(item) => Write::Put(item, action.expression),
                None if action.deletes => Write::Delete(key.clone(), action.expression),
                None if action.changes => Write::Update(key.clone(), action.expression),
                None => Write::Check(key.clone(), action.expression),
            };
            (write, (key, action.conditions))
        };
        self.actions.into_iter().map(write).unzip()
    }
}

/// Writes a standing's change, and the condition that it needs. `named` is whether a live invitation that ends is the
/// one that the standing names.
fn stand(expression: &mut Expression, change: &StandingChange, named: bool, now: Timestamp) -> Result<(), StoreError> {
    match change {
        StandingChange::Invite { invitation, until, address, by_address } => {
            willing(expression, *invitation, address.as_ref(), now);
            expression.set(LIVE_INVITATION, string(invitation.to_string()));
            expression.set(LIVE_UNTIL, number(until.as_millisecond()));
            if *by_address {
                expression.set(LIVE_BY_ADDRESS, yes());
            } else {
                expression.remove(LIVE_BY_ADDRESS);
            }
        }
        StandingChange::Enrol { invitation, address } => {
            willing(expression, *invitation, address.as_ref(), now);
            enrol(expression, *invitation);
            clear_live(expression);
        }
        StandingChange::Join { invitation, ends } => {
            expression.require_missing(ROLE);
            no_live_but(expression, Some(*ends), now);
            enrol(expression, *invitation);
            clear_live(expression);
        }
        StandingChange::Release { invitation } => {
            expression.require_equal(LIVE_INVITATION, string(invitation.to_string()));
            clear_live(expression);
        }
        StandingChange::Decline { invitation, cooling_until, block } => {
            expression.set(COOLING_UNTIL, number(cooling_until.as_millisecond()));
            if *block {
                expression.set(BLOCKED, yes());
            }
            if named {
                expression.require_equal(LIVE_INVITATION, string(invitation.to_string()));
                clear_live(expression);
            }
        }
        StandingChange::Block { anew } => {
            expression.require_missing(BLOCKED);
            if !anew {
                expression.require_existing(PK);
            }
            expression.set(BLOCKED, yes());
        }
        StandingChange::Concur { cooling_until, block } => {
            expression.set(COOLING_UNTIL, number(cooling_until.as_millisecond()));
            if *block {
                expression.set(BLOCKED, yes());
            }
        }
        StandingChange::Mailbox(wish) => {
            expression.require_other_or_missing(MAILBOX_ADDRESS, string(wish.address.as_str()), MAILBOX_BLOCKED);
            expression.set(MAILBOX, serde_dynamo::to_attribute_value(wish)?);
        }
    }
    Ok(())
}

/// Ends the live invitation of the standing.
fn clear_live(expression: &mut Expression) {
    expression.remove(LIVE_INVITATION);
    expression.remove(LIVE_UNTIL);
    expression.remove(LIVE_BY_ADDRESS);
}

/// Requires a party without a live invitation but the one with that `id`: a member has none.
fn no_live_but(expression: &mut Expression, id: Option<InvitationId>, now: Timestamp) {
    let now = now.as_millisecond();
    match id {
        Some(id) => expression.require_lapsed_or_equal(LIVE_INVITATION, string(id.to_string()), LIVE_UNTIL, now),
        None => expression.require_lapsed(LIVE_INVITATION, LIVE_UNTIL, now),
    }
}

fn enrol(expression: &mut Expression, invitation: InvitationId) {
    expression.set(ROLE, string(Role::Member.as_str()));
    expression.set(JOINED_BY, string(invitation.to_string()));
}

/// Requires a party that is no member, has not blocked the community, is not cooling down, and has no other live
/// invitation than the one with that `id`; and of a user's mailbox at `address` the same, as far as it has a say.
fn willing(expression: &mut Expression, id: InvitationId, address: Option<&AddressKey>, now: Timestamp) {
    expression.require_missing(ROLE);
    expression.require_missing(BLOCKED);
    expression.require_missing_or_at_most(COOLING_UNTIL, now.as_millisecond());
    no_live_but(expression, Some(id), now);
    if let Some(address) = address {
        let address = string(address.as_str());
        expression.require_other_or_missing(MAILBOX_ADDRESS, address.clone(), MAILBOX_BLOCKED);
        expression.require_other_or_lapsed(MAILBOX_ADDRESS, address, MAILBOX_COOLING_UNTIL, now.as_millisecond());
    }
}

fn yes() -> AttributeValue {
    AttributeValue::Bool(true)
}
