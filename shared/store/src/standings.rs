//! How parties stand with communities. What a mailbox wants is repeated in the standing of the user who owns its
//! address.

use domain::{
    id::{CommunityId, UserId},
    person::{MailboxWish, Party, Standing},
};

use crate::{
    Store, StoreError,
    attributes::{KIND, MAILBOX},
    expression::{Expression, string},
    keys::{Key, STANDING_PREFIX, party_partition},
    read::key_of,
    record::{self, Kind},
    users,
    write::{Write, Written},
};

/// The result of repeating in the owner's standing what a mailbox wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TakenOver {
    /// It is written.
    Done,
    /// The user's own standing is no longer as it was read. Nothing is written.
    Conflict,
    /// The address is no longer the user's. Nothing is written.
    NotOwner,
}

impl Store {
    /// Reads how the party stands with all communities that know it.
    ///
    /// # Errors
    /// [`StoreError`] if a query fails.
    pub async fn standings_of(&self, party: &Party) -> Result<Vec<(CommunityId, Standing)>, StoreError> {
        let mut standings = Vec::new();
        for item in self.partition(&party_partition(party), STANDING_PREFIX).await? {
            if let Some(community) = key_of(&item).and_then(|key| key.standing_with()) {
                standings.push((community, record::value(item)?));
            }
        }
        Ok(standings)
    }

    /// Writes into the user's standing with the community what their mailbox wants, in place of what was read there.
    /// The address must still be theirs.
    ///
    /// # Errors
    /// [`StoreError`] if the table fails.
    pub async fn put_mailbox_wish(
        &self,
        user: &UserId,
        community: &CommunityId,
        before: Option<&MailboxWish>,
        wish: &MailboxWish,
    ) -> Result<TakenOver, StoreError> {
        let mut expression = Expression::default();
        match before {
            Some(before) => expression.require_equal(MAILBOX, serde_dynamo::to_attribute_value(before)?),
            None => expression.require_missing(MAILBOX),
        }
        expression.set(KIND, string(Kind::Standing.as_str()));
        expression.set(MAILBOX, serde_dynamo::to_attribute_value(wish)?);
        let key = Key::standing(&Party::User(user.clone()), community);
        let writes = vec![users::owns(user, &wish.address), Write::Update(key, expression)];
        Ok(match self.transact(writes).await? {
            Written::Done => TakenOver::Done,
            Written::Conflict(failed) if failed.iter().any(|(write, _)| *write == 0) => TakenOver::NotOwner,
            Written::Conflict(_) => TakenOver::Conflict,
        })
    }
}
