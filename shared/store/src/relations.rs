//! Memberships and connections: records that join two others, which must be there.

use std::ops::ControlFlow;

use domain::{
    Timestamp,
    id::{CommunityId, UserId},
    person::{Connection, Member, Party, Standing},
    transition::Transition,
};

use crate::{
    Store, StoreError,
    attributes::{JOINED_BY, PK, ROLE},
    execute::{Condition, Executed, ExtraWrite, Membership, MembershipCondition},
    expression::{Expression, string},
    keys::{Key, MODERATOR_PREFIX, Spread, moderators_partition},
    people::{Acquaintance, is_named},
    read::key_of,
    record::{Kind, record},
    retry,
    write::{Write, Written},
};

/// The result of writing a record that joins two others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RelationWrite {
    /// It is written, and there was none before.
    Created,
    /// It is written over another.
    Replaced,
    /// There is no such user. Nothing is written.
    NoUser,
    /// There is no such community. Nothing is written.
    NoCommunity,
}

impl RelationWrite {
    fn new(created: bool) -> Self {
        if created { Self::Created } else { Self::Replaced }
    }
}

impl Store {
    /// Makes the user a member with that role, in one transaction with the withdrawal of the live invitation that their
    /// standing names. `standing` is theirs as it was read. What else is known of it stays, and for who has that role
    /// already nothing is written. Continues when another writer was faster.
    ///
    /// # Errors
    /// [`StoreError`] if the table fails.
    pub async fn put_member(
        &self,
        member: &Member,
        standing: &Standing,
        withdrawal: Option<&Transition>,
        now: Timestamp,
    ) -> Result<ControlFlow<RelationWrite>, StoreError> {
        if standing.role == Some(member.role) && withdrawal.is_none() {
            return self.confirm_member(member).await.map(ControlFlow::Break);
        }
        let transitions: Vec<_> = withdrawal.into_iter().collect();
        let membership = Membership { member: member.clone(), before: standing.role, ends: standing.live_at(now) };
        let failed = match self.execute(&transitions, &[ExtraWrite::Membership(membership)], now).await? {
            Executed::Done => return Ok(ControlFlow::Break(RelationWrite::new(standing.role.is_none()))),
            Executed::Conflict(failed) => failed,
        };
        let failed = |part| failed.iter().any(|failed| failed.condition == Condition::Membership(part));
        Ok(if failed(MembershipCondition::User) {
            ControlFlow::Break(RelationWrite::NoUser)
        } else if failed(MembershipCondition::Community) {
            ControlFlow::Break(RelationWrite::NoCommunity)
        } else {
            ControlFlow::Continue(())
        })
    }

    /// Says what a membership that is written already comes to: whether its user and its community are still there.
    async fn confirm_member(&self, member: &Member) -> Result<RelationWrite, StoreError> {
        let Member { community_id: community, user_id: user, .. } = member;
        let copy = Key::community(community, Spread::by_user(user));
        let found = self.read([Key::user(user), copy.clone()]).await?;
        Ok(match (found.has(&Key::user(user)), found.has(&copy)) {
            (false, _) => RelationWrite::NoUser,
            (_, false) => RelationWrite::NoCommunity,
            _ => RelationWrite::Replaced,
        })
    }

    /// Ends the membership, if there is one. What else is known of the user's standing stays.
    ///
    /// # Errors
    /// [`StoreError`] if the table fails.
    pub async fn remove_member(&self, community: &CommunityId, user: &UserId) -> Result<(), StoreError> {
        retry((), |()| self.remove_member_once(community, user)).await
    }

    async fn remove_member_once(&self, community: &CommunityId, user: &UserId) -> Result<ControlFlow<()>, StoreError> {
        let Some(role) = self.role(user, community).await? else { return Ok(ControlFlow::Break(())) };
        let (mut expression, moderator) = (end_of_membership(), Key::moderator(community, user));
        expression.require_equal(ROLE, string(role.as_str()));
        let standing = Key::standing(&Party::User(user.clone()), community);
        // Only a moderator's membership is in two places.
        let done = if role.moderates() {
            let writes = vec![Write::Update(standing, expression), Write::Delete(moderator, Expression::default())];
            self.transact(writes).await? == Written::Done
        } else {
            self.update(standing, expression).await?
        };
        Ok(if done { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    }

    /// Reads who moderates the community: moderators and above.
    ///
    /// # Errors
    /// [`StoreError`] if a query fails.
    pub async fn moderators(&self, community: &CommunityId) -> Result<Vec<UserId>, StoreError> {
        let records = self.partition(&moderators_partition(community), MODERATOR_PREFIX).await?;
        Ok(records.iter().filter_map(|record| key_of(record)?.moderated_by()).collect())
    }

    /// Ends the membership in a community that is no longer in the directory. Returns whether that is so: what the
    /// platform has brought back keeps its members.
    ///
    /// # Errors
    /// [`StoreError`] if the table fails.
    pub async fn remove_member_of_removed(&self, community: &CommunityId, user: &UserId) -> Result<bool, StoreError> {
        let mut gone = Expression::default();
        gone.require_missing(PK);
        let mut membership = end_of_membership();
        membership.require_existing(ROLE);
        let standing = Key::standing(&Party::User(user.clone()), community);
        let writes = vec![
            Write::Check(Key::community(community, Spread::by_user(user)), gone),
            Write::Update(standing, membership),
            Write::Delete(Key::moderator(community, user), Expression::default()),
        ];
        Ok(match self.transact(writes).await? {
            Written::Done => true,
            Written::Conflict(failed) => failed.iter().all(|(write, _)| *write != 0),
        })
    }

    /// Connects two users, both ways: each finds the other by name among their connections. Continues when one of them
    /// was given another name meanwhile.
    ///
    /// # Errors
    /// [`StoreError`] if the table fails.
    pub async fn put_connection(&self, connection: &Connection) -> Result<ControlFlow<RelationWrite>, StoreError> {
        let Connection { user_id: user, other_id: other } = connection;
        let records = self.read([Key::connection(user, other), Key::user(user), Key::user(other)]).await?;
        let (Some(one), Some(two)) = (records.user(user), records.user(other)) else {
            return Ok(ControlFlow::Break(RelationWrite::NoUser));
        };
        let mut writes = vec![is_named(&one.user), is_named(&two.user)];
        for (way, named) in both_ways(user, other).into_iter().zip([&two.user, &one.user]) {
            let record = record(Kind::Connection, way, &Acquaintance { name: named.search_name().to_string() })?;
            writes.push(Write::Put(record, Expression::default()));
        }
        Ok(match self.transact(writes).await? {
            Written::Done => ControlFlow::Break(RelationWrite::new(!records.are_connected(user, other))),
            Written::Conflict(_) => ControlFlow::Continue(()),
        })
    }

    /// Ends the connection, both ways, if there is one.
    ///
    /// # Errors
    /// [`StoreError`] if the table fails.
    pub async fn remove_connection(&self, user: &UserId, other: &UserId) -> Result<(), StoreError> {
        let mut keys = both_ways(user, other).to_vec();
        // A user has no connection to themselves. Both ways would be one record, which a transaction may name only
        // once.
        keys.dedup();
        self.remove(keys).await
    }
}

/// Ends the membership of a standing.
fn end_of_membership() -> Expression {
    let mut expression = Expression::default();
    expression.remove(ROLE);
    expression.remove(JOINED_BY);
    expression
}

fn both_ways(user: &UserId, other: &UserId) -> [Key; 2] {
    [Key::connection(user, other), Key::connection(other, user)]
}
