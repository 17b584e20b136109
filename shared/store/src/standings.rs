//! How parties stand with communities, and how what an address refuses comes to the address's owner.

use aws_sdk_dynamodb::types::AttributeValue;
use domain::{
    Timestamp,
    email::AddressKey,
    id::{CommunityId, UserId},
    person::{Party, Standing},
};

use crate::{
    Store, StoreError,
    attributes::{BLOCKED, COOLING_UNTIL, KIND},
    expression::{Expression, number, string},
    keys::{Key, STANDING_PREFIX, party_partition},
    read::key_of,
    record::{self, Kind},
    users,
    write::{Write, Written},
};

/// The result of taking over what an address refuses.
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
    /// Reads how the party stands with the community.
    ///
    /// # Errors
    /// [`StoreError`] if the read fails.
    pub async fn standing(&self, party: &Party, community: &CommunityId) -> Result<Standing, StoreError> {
        let key = Key::standing(party, community);
        let found = self.client.get_item().table_name(&self.table).set_key(Some(key.into())).consistent_read(true);
        Ok(found.send().await?.item.map(record::value).transpose()?.unwrap_or_default())
    }

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

    /// Makes the user refuse the community's invitations: for good if `blocks`, and until the time in `cools`. `own` is
    /// the user's standing as it was read, `address` the one that must still be theirs.
    ///
    /// # Errors
    /// [`StoreError`] if the table fails.
    pub async fn take_over_refusal(
        &self,
        (user, address): (&UserId, &AddressKey),
        community: &CommunityId,
        own: &Standing,
        blocks: bool,
        cools: Option<Timestamp>,
    ) -> Result<TakenOver, StoreError> {
        let mut expression = Expression::default();
        expression.set(KIND, string(Kind::Standing.as_str()));
        if blocks {
            expression.set(BLOCKED, AttributeValue::Bool(true));
        }
        if let Some(until) = cools {
            expression.set(COOLING_UNTIL, number(until.as_millisecond()));
        }
        match own.cooling_until {
            Some(until) => expression.require_equal(COOLING_UNTIL, number(until.as_millisecond())),
            None => expression.require_missing(COOLING_UNTIL),
        }
        let key = Key::standing(&Party::User(user.clone()), community);
        let writes = vec![users::owns(user, address), Write::Update(key, expression)];
        Ok(match self.transact(writes).await? {
            Written::Done => TakenOver::Done,
            Written::Conflict(failed) if failed.iter().any(|(write, _)| *write == 0) => TakenOver::NotOwner,
            Written::Conflict(_) => TakenOver::Conflict,
        })
    }
}
