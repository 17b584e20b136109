//! All that the table holds of a user, and its removal.

use domain::{
    Timestamp,
    id::{InvitationId, UserId},
    invitation::Invitation,
    person::Standing,
};

use crate::{
    Store, StoreError,
    attributes::{LIVE_INVITATION, LIVE_UNTIL},
    expression::Expression,
    keys::{Key, user_partition},
    read::key_of,
    record::{self, Item},
    users,
    write::{MAX_ACTIONS, Write, Written},
};

/// The records of a user that one transaction removes at the most: one action is the condition that the user is
/// inactive, and each record may have one that mirrors it.
const BATCH: usize = (MAX_ACTIONS - 1) / 2;
/// The records of a user that are read at once.
const READ: usize = 10 * BATCH;

/// Some records of one user.
#[derive(Debug)]
pub struct Belongings {
    user: UserId,
    items: Vec<Item>,
    /// Whether there may be more.
    pub more: bool,
}

/// Some records of one user that one transaction removes.
#[derive(Debug)]
pub struct Batch<'a> {
    user: &'a UserId,
    keys: Vec<Key>,
}

/// The result of a removal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Removal {
    /// The records are gone.
    Done,
    /// One of them leads to a live invitation. Nothing is removed.
    Conflict,
    /// The user is active again, and keeps their records. Nothing is removed.
    Active,
}

impl Belongings {
    /// Whether the user's own record is among them.
    pub fn is_known(&self) -> bool {
        self.keys().any(|key| key == Key::user(&self.user))
    }

    /// The invitations that the user's standings name.
    fn live_invitations(&self) -> impl Iterator<Item = InvitationId> {
        let standings = self.items.iter().filter(|item| key_of(item).is_some_and(|key| key.standing_with().is_some()));
        standings.filter_map(|item| record::value::<Standing>(item.clone()).ok()?.live_invitation)
    }

    /// All but the user's own record, which goes together with the ownership of their address.
    pub fn batches(&self) -> Vec<Batch<'_>> {
        let keys: Vec<_> = self.keys().filter(|key| *key != Key::user(&self.user)).collect();
        keys.chunks(BATCH).map(|keys| Batch { user: &self.user, keys: keys.to_vec() }).collect()
    }

    fn keys(&self) -> impl Iterator<Item = Key> {
        self.items.iter().filter_map(key_of)
    }
}

impl Store {
    /// Reads the first records in the user's partition. Those that are removed make room for the next.
    ///
    /// # Errors
    /// [`StoreError`] if the query fails.
    pub async fn belongings(&self, user: &UserId) -> Result<Belongings, StoreError> {
        let query = self.whole_partition(&user_partition(user)).limit(i32::try_from(READ).unwrap_or(i32::MAX));
        let found = self.within_time(query.send()).await??;
        let more = found.last_evaluated_key.is_some();
        Ok(Belongings { user: user.clone(), items: found.items.unwrap_or_default(), more })
    }

    /// Reads the invitations that the user's standings name: an index may lag behind, these do not.
    ///
    /// # Errors
    /// [`StoreError`] if the read fails.
    pub async fn live_invitations(&self, of: &Belongings) -> Result<Vec<Invitation>, StoreError> {
        let ids: Vec<_> = of.live_invitations().collect();
        let found = self.read(ids.iter().copied().map(Key::invitation)).await?;
        Ok(ids.into_iter().filter_map(|id| found.invitation(id).cloned()).collect())
    }

    /// Removes records of a user who is inactive, each with the one that mirrors it, unless one of them leads to an
    /// invitation that is live at `now`.
    ///
    /// # Errors
    /// [`StoreError`] if the table fails.
    pub async fn remove_batch(&self, batch: Batch<'_>, now: Timestamp) -> Result<Removal, StoreError> {
        let removals = batch.keys.into_iter().flat_map(|key| removal(batch.user, key, now));
        let writes = [users::is_leaving(batch.user)].into_iter().chain(removals).collect();
        Ok(match self.transact(writes).await? {
            Written::Done => Removal::Done,
            Written::Conflict(failed) if failed.iter().any(|(write, _)| *write == 0) => Removal::Active,
            Written::Conflict(_) => Removal::Conflict,
        })
    }
}

/// What removes a record of the user, unless it leads to a live invitation, and the record that mirrors it.
fn removal(user: &UserId, key: Key, now: Timestamp) -> impl Iterator<Item = Write> {
    let mut expression = Expression::default();
    let mirror = if let Some(community) = key.standing_with() {
        expression.require_lapsed(LIVE_INVITATION, LIVE_UNTIL, now.as_millisecond());
        Some(Key::moderator(&community, user))
    } else {
        key.connected_to().map(|other| Key::connection(&other, user))
    };
    let mirror = mirror.map(|key| Write::Delete(key, Expression::default()));
    [Write::Delete(key, expression)].into_iter().chain(mirror)
}
