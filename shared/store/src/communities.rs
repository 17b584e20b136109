//! Communities, and the settings of the network.

use std::ops::ControlFlow;

use domain::{Timestamp, community::Community, id::CommunityId, settings::Settings};

use crate::{
    Store, StoreError,
    attributes::{PK, SINCE},
    expression::{Expression, number},
    keys::{Key, Spread},
    record::{Kind, NoFields, record, since},
    write::{Write, Written},
};

impl Store {
    /// Writes the community, all its copies at once. Breaks with whether there was none before, and continues when
    /// another writer was faster.
    ///
    /// # Errors
    /// [`StoreError`] if the table fails.
    pub async fn put_community(&self, community: &Community) -> Result<ControlFlow<bool>, StoreError> {
        let removal = Key::removal(&community.id);
        let copies: Vec<_> = Key::community_copies(&community.id).collect();
        let records = self.read(copies.first().cloned().into_iter().chain([removal.clone()])).await?;
        let present = copies.first().and_then(|copy| records.community_at(copy));
        let created = present.is_none();
        let since = match present {
            Some((_, since)) => since.map(|since| number(since.as_millisecond())),
            None => records.item(&removal).and_then(|removal| removal.get(SINCE)).cloned(),
        };
        // Between the two, another writer may have removed the community, and even made it again.
        let is_of_era = |mut expression: Expression| {
            expression.require_as_read(SINCE, since.clone());
            expression
        };
        let write = |copy| {
            let mut as_read = Expression::default();
            if created {
                as_read.require_missing(PK);
            } else {
                as_read.require_existing(PK);
                as_read = is_of_era(as_read);
            }
            let mut item = record(Kind::Community, copy, community)?;
            item.extend(since.clone().map(|since| (SINCE.to_owned(), since)));
            Ok(Write::Put(item, as_read))
        };
        let mut writes = copies.into_iter().map(write).collect::<Result<Vec<_>, StoreError>>()?;
        if created {
            writes.push(Write::Check(removal, is_of_era(Expression::default())));
        }
        Ok(match self.transact(writes).await? {
            Written::Done => ControlFlow::Break(created),
            Written::Conflict(_) => ControlFlow::Continue(()),
        })
    }

    /// Removes the community, if it is there, and keeps when that was: what comes back with the id is told by it.
    /// Returns when the last removal was, in milliseconds; `None` if there was none.
    ///
    /// # Errors
    /// [`StoreError`] if the table fails.
    pub async fn remove_community(&self, id: &CommunityId, now: Timestamp) -> Result<Option<Timestamp>, StoreError> {
        let mut removal = record(Kind::Removal, Key::removal(id), &NoFields {})?;
        removal.insert(SINCE.to_owned(), number(now.as_millisecond()));
        let deletion = |copy| {
            let mut existing = Expression::default();
            existing.require_existing(PK);
            Write::Delete(copy, existing)
        };
        let deletions = Key::community_copies(id).map(deletion);
        let writes = [Write::Put(removal, Expression::default())].into_iter().chain(deletions).collect();
        if self.transact(writes).await? == Written::Done {
            return Ok(Timestamp::from_millisecond(now.as_millisecond()).ok());
        }
        // There is no community; there may have been one.
        let records = self.read([Key::removal(id)]).await?;
        Ok(records.item(&Key::removal(id)).and_then(since))
    }

    /// Reads the network settings; the defaults until some are written.
    ///
    /// # Errors
    /// [`StoreError`] if the read fails.
    pub async fn settings(&self, now: Timestamp) -> Result<Settings, StoreError> {
        let spread = Spread::by_time(now);
        Ok(self.read([Key::settings(spread)]).await?.settings(spread))
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
