//! The one place that writes transitions.
//!
//! A transition becomes the actions of one transaction; every rule that the decision relied on is a condition in it.
//! Either all of it happens or none, and whoever loses a race is told what the winner left.

use std::collections::{BTreeMap, HashSet};

use aws_sdk_dynamodb::types::AttributeValue;

use super::{
    Store, StoreError,
    expression::{Expression, number, string},
    keys::{KIND, Key, PK, TTL},
    outbox::{OutboxMail, mail_name},
    record::{Item, Kind, REVISION, invitation_record, record},
    write::{Write, Written},
};
use domain::{
    Timestamp,
    id::InvitationId,
    person::{Party, Role},
    sending::Quota,
    transition::{Guard, StandingChange, Transition},
};

/// The most actions that DynamoDB takes in one transaction.
pub const MAX_ACTIONS: usize = 100;
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
    1 + transition.standings.len() + transition.mails.len() + own
}

/// What is written together with transitions.
#[derive(Debug, Clone)]
pub enum Companion {
    /// That many invitations count against the sender's day.
    Quota(Quota, u32),
    /// This record is written whole, if the key has none yet or the one with that stamp.
    Record {
        /// Its key.
        key: Key,
        /// Its attributes.
        item: Item,
        /// The value of its `stamp` attribute that may be replaced.
        replaces: Option<String>,
    },
}

/// Why a transaction was not written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cause {
    /// The invitation of the transition with this index has moved on, or exists already.
    Invitation(usize),
    /// The party's standing does not allow the transition with this index.
    Standing(usize, Party),
    /// A guard does not hold.
    Guard(Guard),
    /// The sender's day is used up.
    Quota,
    /// The companion record is another's.
    Record,
}

/// A condition that did not hold, with the record that it was about.
#[derive(Debug, Clone, PartialEq)]
pub struct Loss {
    /// What the condition stood for.
    pub cause: Cause,
    /// The record as it is; `None` when there is none.
    pub item: Option<Item>,
}

/// What became of a transaction.
#[derive(Debug, Clone, PartialEq)]
pub enum Executed {
    /// All of it is written.
    Done,
    /// None of it is written, for these reasons.
    Lost(Vec<Loss>),
}

impl Store {
    /// Writes `transitions` and `companions` in one transaction, at the time they were decided.
    ///
    /// Collisions with other transactions are waited out; conditions that fail are the caller's to judge.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when collisions or throttling outlast the attempts. Nothing is written then, unless
    /// the answer was lost on its way, which a repetition finds out.
    pub async fn execute(
        &self,
        transitions: &[&Transition],
        companions: &[Companion],
        now: Timestamp,
    ) -> Result<Executed, StoreError> {
        let mut unnamed = HashSet::new();
        loop {
            let mut plan = Plan::default();
            for (index, transition) in transitions.iter().enumerate() {
                plan.add(index, transition, &unnamed, now)?;
            }
            for companion in companions {
                plan.accompany(companion);
            }
            let (writes, causes) = plan.finish();
            let refused = match self.transact(writes).await? {
                Written::Done => return Ok(Executed::Done),
                Written::Conflict(refused) => refused,
            };
            let losses = refused.into_iter().flat_map(|(index, item)| {
                causes[index].iter().map(move |cause| Loss { cause: cause.clone(), item: item.clone() })
            });
            let losses: Vec<_> = losses.collect();
            // A standing that names another invitation, or none, is no obstacle to ending this one.
            let ended = losses.iter().map(|loss| ends(&loss.cause, transitions)).collect::<Option<Vec<_>>>();
            match ended {
                Some(ended) => unnamed.extend(ended),
                None => return Ok(Executed::Lost(losses)),
            }
        }
    }
}

/// A standing, by the index of the transition that changes it and its party.
type Place = (usize, Party);

/// The standing whose condition failed, if all it asked for was to name the invitation that ends.
fn ends(cause: &Cause, transitions: &[&Transition]) -> Option<Place> {
    let Cause::Standing(index, party) = cause else { return None };
    let (_, change) = transitions[*index].standings.iter().find(|(changed, _)| changed == party)?;
    let ends = matches!(change, StandingChange::Release { .. } | StandingChange::Decline { .. });
    ends.then(|| (*index, party.clone()))
}

/// The actions of a transaction: one for each record, since DynamoDB takes no two for the same.
#[derive(Default)]
struct Plan(BTreeMap<Key, Action>);

#[derive(Default)]
struct Action {
    put: Option<Item>,
    expression: Expression,
    changes: bool,
    causes: Vec<Cause>,
}

impl Plan {
    fn at(&mut self, key: Key, cause: Option<Cause>) -> &mut Action {
        let action = self.0.entry(key).or_default();
        action.causes.extend(cause);
        action
    }

    /// Adds a transition; the standings in `unnamed` are known not to name its invitation.
    fn add(
        &mut self,
        index: usize,
        transition: &Transition,
        unnamed: &HashSet<Place>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let invitation = &transition.invitation;
        let action = self.at(Key::invitation(invitation.id), Some(Cause::Invitation(index)));
        action.put = Some(invitation_record(invitation)?);
        match transition.from {
            None => action.expression.require_missing(PK),
            Some(revision) => action.expression.require_equal(REVISION, number(revision)),
        }
        for (party, change) in &transition.standings {
            let named = !unnamed.contains(&(index, party.clone()));
            if !named && matches!(change, StandingChange::Release { .. }) {
                continue;
            }
            let key = Key::standing(party, &invitation.community.id);
            let action = self.at(key, Some(Cause::Standing(index, party.clone())));
            action.changes = true;
            action.expression.set(KIND, string(Kind::Standing.as_str()));
            stand(&mut action.expression, change, named, now);
        }
        for mail in &transition.mails {
            let key = Key::mail(invitation.id, &mail_name(mail.kind, &mail.to, invitation.revision));
            let item = record(Kind::Mail, key.clone(), &OutboxMail::new(mail))?;
            self.at(key, None).put = Some(item);
        }
        // A byte of the id's entropy, so that invitations of one request check different copies of their community.
        let spread = invitation.id.to_bytes()[15];
        for guard in &transition.guards {
            self.guard(guard, spread);
        }
        Ok(())
    }

    fn guard(&mut self, guard: &Guard, spread: u8) {
        let standing = |user: &_, community| Key::standing(&Party::User(Clone::clone(user)), community);
        let key = match guard {
            Guard::CommunityInvites(community) => Key::community(community, spread),
            Guard::Moderates(user, community) | Guard::Belongs(user, community) => standing(user, community),
            Guard::Active(user) => Key::user(user),
            Guard::Unowned(address) | Guard::Owned(address, _) => Key::address(address),
        };
        // Transitions of one transaction share their community: one copy of it answers for all.
        let cause = Cause::Guard(guard.clone());
        if self.0.values().any(|action| action.causes.contains(&cause)) {
            return;
        }
        let expression = &mut self.at(key, Some(cause)).expression;
        match guard {
            Guard::CommunityInvites(_) => expression.require_equal("allowInvitations", true_value()),
            Guard::Active(_) => expression.require_equal("active", true_value()),
            Guard::Unowned(_) => expression.require_missing("owner"),
            Guard::Owned(_, user) => expression.require_equal("owner", string(user.as_str())),
            Guard::Belongs(..) => {
                let role = expression.name("role");
                expression.require(format!("attribute_exists({role})"));
            }
            Guard::Moderates(..) => {
                let role = expression.name("role");
                let roles: Vec<_> =
                    Role::MODERATING.iter().map(|role| expression.value(string(role.as_str()))).collect();
                expression.require(format!("{role} IN ({})", roles.join(", ")));
            }
        }
    }

    fn accompany(&mut self, companion: &Companion) {
        match companion {
            Companion::Quota(quota, count) => {
                let action = self.at(Key::quota(&quota.sender, quota.day), Some(Cause::Quota));
                action.changes = true;
                let expression = &mut action.expression;
                expression.set(KIND, string(Kind::Quota.as_str()));
                // Nobody asks for the day after it has passed anywhere.
                expression.set(TTL, number(quota.renews_at().as_second() + 86_400));
                expression.increase("used", i64::from(*count));
                let (used, most) = (expression.name("used"), i64::from(quota.limit) - i64::from(*count));
                let most = expression.value(number(most));
                expression.require(format!("attribute_not_exists({used}) OR {used} <= {most}"));
            }
            Companion::Record { key, item, replaces } => {
                let action = self.at(key.clone(), Some(Cause::Record));
                action.put = Some(item.clone());
                match replaces {
                    None => action.expression.require_missing(PK),
                    Some(stamp) => action.expression.require_equal("stamp", string(stamp)),
                }
            }
        }
    }

    /// The writes, and what each one's condition stands for.
    fn finish(self) -> (Vec<Write>, Vec<Vec<Cause>>) {
        let write = |(key, action): (Key, Action)| {
            let write = match action.put {
                Some(item) => Write::Put(item, action.expression),
                None if action.changes => Write::Update(key, action.expression),
                None => Write::Check(key, action.expression),
            };
            (write, action.causes)
        };
        self.0.into_iter().map(write).unzip()
    }
}

/// Writes a standing's change, and the condition that it needs. `named` is whether a live invitation that ends is the
/// one that the standing names.
fn stand(expression: &mut Expression, change: &StandingChange, named: bool, now: Timestamp) {
    let settle = |expression: &mut Expression| {
        expression.remove("liveInvitation");
        expression.remove("liveUntil");
    };
    match change {
        StandingChange::Invite { invitation, until } => {
            willing(expression, &invitation.to_string(), now);
            expression.set("liveInvitation", string(invitation.to_string()));
            expression.set("liveUntil", number(until.as_millisecond()));
        }
        StandingChange::Enrol { invitation } => {
            willing(expression, &invitation.to_string(), now);
            enrol(expression, *invitation);
            settle(expression);
        }
        StandingChange::Join { invitation, own } => {
            expression.require_missing("role");
            enrol(expression, *invitation);
            if *own {
                settle(expression);
            }
        }
        StandingChange::Release { invitation } => {
            expression.require_equal("liveInvitation", string(invitation.to_string()));
            settle(expression);
        }
        StandingChange::Decline { invitation, cooling_until, block } => {
            expression.set("coolingUntil", number(cooling_until.as_millisecond()));
            if *block {
                expression.set("blocked", true_value());
            }
            if named {
                expression.require_equal("liveInvitation", string(invitation.to_string()));
                settle(expression);
            }
        }
        StandingChange::Block { anew } => {
            expression.require_missing("blocked");
            if !anew {
                expression.require_existing(PK);
            }
            expression.set("blocked", true_value());
        }
    }
}

fn enrol(expression: &mut Expression, invitation: InvitationId) {
    expression.set("role", string(Role::Member.as_str()));
    expression.set("joinedBy", string(invitation.to_string()));
}

/// Requires a party that is no member, has not blocked the community, is not cooling down, and has no other live
/// invitation than the one with that `id`.
fn willing(expression: &mut Expression, id: &str, now: Timestamp) {
    expression.require_missing("role");
    expression.require_missing("blocked");
    let now = expression.value(number(now.as_millisecond()));
    let cooling = expression.name("coolingUntil");
    expression.require(format!("attribute_not_exists({cooling}) OR {cooling} <= {now}"));
    let (live, until) = (expression.name("liveInvitation"), expression.name("liveUntil"));
    let id = expression.value(string(id));
    expression.require(format!("attribute_not_exists({live}) OR {until} <= {now} OR {live} = {id}"));
}

fn true_value() -> AttributeValue {
    AttributeValue::Bool(true)
}
