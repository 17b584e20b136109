//! Memberships and connections: records that join two others, which must be there.

use domain::{
    id::{CommunityId, UserId},
    person::{Connection, Member, Party, Role},
};
use serde::Serialize;

use crate::{
    Store, StoreError,
    attributes::{JOINED_BY, KIND, PK, ROLE},
    expression::{Expression, string},
    keys::{Key, Spread},
    record::{Kind, record},
    users,
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
    /// Makes the user a member with that role. What else is known of their standing stays.
    ///
    /// # Errors
    /// [`StoreError`] if the table fails.
    pub async fn put_member(&self, member: &Member) -> Result<RelationWrite, StoreError> {
        let Member { community_id: community, user_id: user, role } = member;
        let created = self.role(user, community).await?.is_none();
        let mut standing = Expression::default();
        standing.set(KIND, string(Kind::Standing.as_str()));
        standing.set(ROLE, string(role.as_str()));
        let writes = vec![
            users::is_known(user),
            Write::Check(Key::community(community, Spread::by_user(user)), existing(PK)),
            Write::Update(Key::standing(&Party::User(user.clone()), community), standing),
            moderator(community, user, *role)?,
        ];
        Ok(match self.transact(writes).await? {
            Written::Done => RelationWrite::new(created),
            Written::Conflict(failed) if failed.iter().any(|(write, _)| *write == 0) => RelationWrite::NoUser,
            Written::Conflict(_) => RelationWrite::NoCommunity,
        })
    }

    /// Ends the membership, if there is one. What else is known of the user's standing stays.
    ///
    /// # Errors
    /// [`StoreError`] if the table fails.
    pub async fn remove_member(&self, community: &CommunityId, user: &UserId) -> Result<(), StoreError> {
        let mut standing = existing(ROLE);
        standing.remove(ROLE);
        standing.remove(JOINED_BY);
        let key = Key::standing(&Party::User(user.clone()), community);
        let moderator = Write::Delete(Key::moderator(community, user), Expression::default());
        // A conflict says that there was no membership.
        self.transact(vec![Write::Update(key, standing), moderator]).await.map(drop)
    }

    /// Connects two users, both ways.
    ///
    /// # Errors
    /// [`StoreError`] if the table fails.
    pub async fn put_connection(&self, connection: &Connection) -> Result<RelationWrite, StoreError> {
        let Connection { user_id: user, other_id: other } = connection;
        let created = !self.read([Key::connection(user, other)]).await?.are_connected(user, other);
        let mut writes = vec![users::is_known(user), users::is_known(other)];
        for way in both_ways(user, other) {
            writes.push(Write::Put(record(Kind::Connection, way, &NoFields {})?, Expression::default()));
        }
        Ok(match self.transact(writes).await? {
            Written::Done => RelationWrite::new(created),
            Written::Conflict(_) => RelationWrite::NoUser,
        })
    }

    /// Ends the connection, both ways, if there is one.
    ///
    /// # Errors
    /// [`StoreError`] if the table fails.
    pub async fn remove_connection(&self, user: &UserId, other: &UserId) -> Result<(), StoreError> {
        let mut keys = both_ways(user, other).to_vec();
        // A user has no connection to themselves. Both ways would be one record, which a transaction may name only once.
        keys.dedup();
        self.remove(keys).await
    }
}

/// What a record says that has nothing but its key.
#[derive(Serialize)]
struct NoFields {}

/// Keeps the list of moderators in step with the role.
fn moderator(community: &CommunityId, user: &UserId, role: Role) -> Result<Write, StoreError> {
    let key = Key::moderator(community, user);
    if !role.moderates() {
        return Ok(Write::Delete(key, Expression::default()));
    }
    Ok(Write::Put(record(Kind::Moderator, key, &NoFields {})?, Expression::default()))
}

fn both_ways(user: &UserId, other: &UserId) -> [Key; 2] {
    [Key::connection(user, other), Key::connection(other, user)]
}

fn existing(attribute: &str) -> Expression {
    let mut expression = Expression::default();
    expression.require_existing(attribute);
    expression
}
