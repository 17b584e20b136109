//! Communities, and the settings of the network.

use domain::{community::Community, id::CommunityId, settings::Settings};

use crate::{
    Store, StoreError,
    expression::Expression,
    keys::Key,
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
    pub async fn settings(&self) -> Result<Settings, StoreError> {
        self.read([Key::settings()]).await?.settings()
    }

    /// Replaces the network settings.
    ///
    /// # Errors
    /// [`StoreError`] if the table fails.
    pub async fn put_settings(&self, settings: &Settings) -> Result<(), StoreError> {
        let item = record(Kind::Settings, Key::settings(), settings)?;
        self.transact(vec![Write::Put(item, Expression::default())]).await.map(drop)
    }
}
