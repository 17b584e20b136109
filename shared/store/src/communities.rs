//! Communities, and the settings of the network.

use domain::{Timestamp, community::Community, id::CommunityId, settings::Settings};

use crate::{
    Store, StoreError,
    expression::Expression,
    keys::{Key, Spread},
    record::{Kind, record},
    write::Write,
};

impl Store {
    /// Writes the community, all its copies at once. Returns whether there was none before.
    ///
    /// # Errors
    /// [`StoreError`] if the table fails.
    pub async fn put_community(&self, community: &Community) -> Result<bool, StoreError> {
        let copies: Vec<_> = Key::community_copies(&community.id).collect();
        let known = self.read(copies.first().cloned()).await?;
        let created = known.is_empty();
        let writes = copies
            .into_iter()
            .map(|copy| Ok(Write::Put(record(Kind::Community, copy, community)?, Expression::default())));
        self.transact(writes.collect::<Result<_, StoreError>>()?).await?;
        Ok(created)
    }

    /// Removes the community.
    ///
    /// # Errors
    /// [`StoreError`] if the table fails.
    pub async fn remove_community(&self, id: &CommunityId) -> Result<(), StoreError> {
        self.remove(Key::community_copies(id).collect()).await
    }

    /// Reads the network settings; the defaults until some are written.
    ///
    /// # Errors
    /// [`StoreError`] if the read fails.
    pub async fn settings(&self, now: Timestamp) -> Result<Settings, StoreError> {
        let spread = Spread::by_time(now);
        self.read([Key::settings(spread)]).await?.settings(spread)
    }

    /// Replaces the network settings, all copies at once.
    ///
    /// # Errors
    /// [`StoreError`] if the table fails.
    pub async fn put_settings(&self, settings: &Settings) -> Result<(), StoreError> {
        let writes = Key::settings_copies()
            .map(|copy| Ok(Write::Put(record(Kind::Settings, copy, settings)?, Expression::default())));
        self.transact(writes.collect::<Result<_, StoreError>>()?).await.map(drop)
    }
}
