//! Names by which people are found: of all users in one order, and of each user's connections beside the connection.
//!
//! What is filed of a user is written with the user, in one transaction, so that it is always that of the present name.
//! A user's name beside their connections follows it: the user's record says how far that is for as long as some have
//! not been told.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::{operation::query::builders::QueryFluentBuilder, types::AttributeValue};
use domain::{id::UserId, person::User, search::SearchName};
use serde::{Deserialize, Serialize};

use crate::{
    Store, StoreError,
    attributes::{ACTIVE, DISPLAY_NAME, NAME, PK, RENAMED, SK},
    expression::{Expression, string},
    keys::{CONNECTION_PREFIX, Key, names_partition, user_partition},
    read::key_of,
    record::{self, Item, Kind, NoFields, record},
    write::{MAX_ACTIONS, Write, Written},
};

/// What a connection says of the other user.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Acquaintance {
    /// The name that they are found by.
    pub(crate) name: String,
}

/// A user, with a name that a search compares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// The user.
    pub user: UserId,
    /// The name: of one that is filed, from one of its words on.
    pub name: SearchName,
}

/// What files the user under the name that they have afterwards, and no longer under that from before.
///
/// # Errors
/// [`StoreError::Damaged`] if a record cannot be made.
pub(crate) fn refile(before: Option<&User>, after: Option<&User>) -> Result<Vec<Write>, StoreError> {
    let filed = |user: Option<&User>| -> BTreeSet<Key> {
        let names =
            user.into_iter().flat_map(|user| user.search_name().turns().into_iter().map(|turn| (turn, &user.id)));
        names.filter_map(|(turn, id)| Key::name(&turn, id)).collect()
    };
    let (before, after) = (filed(before), filed(after));
    let removals = before.difference(&after).map(|key| Ok(Write::Delete(key.clone(), Expression::default())));
    let additions = after
        .difference(&before)
        .map(|key| Ok(Write::Put(record(Kind::Name, key.clone(), &NoFields {})?, Expression::default())));
    removals.chain(additions).collect()
}

impl Store {
    /// Reads names that begin like the text, which is folded, in their order and at most so many: by one query. A user
    /// is among them once for each of their words that begins so.
    ///
    /// # Errors
    /// [`StoreError`] if the query fails.
    pub async fn names_from(&self, folded: &str, most: u32) -> Result<Vec<Named>, StoreError> {
        let Some(partition) = names_partition(folded) else { return Ok(Vec::new()) };
        let query = self.names(partition, folded).set_limit(i32::try_from(most).ok());
        let found = self.within_time(query.send()).await??.items.unwrap_or_default();
        let filed = found.iter().filter_map(|item| key_of(item)?.filed_name());
        Ok(filed.map(|(name, user)| Named { user, name }).collect())
    }

    /// Reads the connections of the user whose names have the text, which is folded, somewhere: by one query, and so of
    /// some nine thousand connections at the most.
    ///
    /// # Errors
    /// [`StoreError`] if the query fails.
    pub async fn connections_with(&self, user: &UserId, folded: &str) -> Result<Vec<Named>, StoreError> {
        let query = self
            .names(user_partition(user), CONNECTION_PREFIX)
            .filter_expression("contains(#name, :name)")
            .expression_attribute_names("#name", NAME)
            .expression_attribute_values(":name", string(folded));
        let found = self.within_time(query.send()).await??.items.unwrap_or_default();
        found.into_iter().filter_map(|item| connection(item).transpose()).collect()
    }

    fn names(&self, partition: String, prefix: &str) -> QueryFluentBuilder {
        self.client
            .query()
            .table_name(&self.table)
            .key_condition_expression("#pk = :pk AND begins_with(#sk, :prefix)")
            .expression_attribute_names("#pk", PK)
            .expression_attribute_names("#sk", SK)
            .expression_attribute_values(":pk", string(partition))
            .expression_attribute_values(":prefix", string(prefix))
    }

    /// Reads the user's connections, in order.
    ///
    /// # Errors
    /// [`StoreError`] if a query fails.
    pub async fn connections_of(&self, user: &UserId) -> Result<Vec<UserId>, StoreError> {
        let records = self.partition(&user_partition(user), CONNECTION_PREFIX).await?;
        Ok(records.iter().filter_map(|record| key_of(record)?.connected_to()).collect())
    }

    /// Writes the user's present name to the connections that come after `told`, at most [`MAX_TOLD`] of them. Returns
    /// the last of them. `None` if something changed meanwhile: the name, how far another attempt has come, or one of
    /// the connections.
    ///
    /// # Errors
    /// [`StoreError`] if the table fails.
    pub async fn tell_name(
        &self,
        user: &User,
        told: &str,
        connections: &[UserId],
    ) -> Result<Option<String>, StoreError> {
        let name = user.search_name().to_string();
        let last = connections.last().map_or(told, UserId::as_str);
        let tell = |other: &UserId| {
            let mut expression = Expression::default();
            expression.require_existing(PK);
            expression.set(NAME, string(&*name));
            Write::Update(Key::connection(other, &user.id), expression)
        };
        let mut expression = is_told(user, told);
        expression.set(RENAMED, string(last));
        let note = Write::Update(Key::user(&user.id), expression);
        let writes = [note].into_iter().chain(connections.iter().map(tell)).collect();
        Ok((self.transact(writes).await? == Written::Done).then(|| last.to_owned()))
    }

    /// Notes that all connections of the user know the present name, if `told` was the last who was told.
    ///
    /// # Errors
    /// [`StoreError`] if the table fails.
    pub async fn name_told(&self, user: &User, told: &str) -> Result<(), StoreError> {
        let mut expression = is_told(user, told);
        expression.remove(RENAMED);
        self.update(Key::user(&user.id), expression).await.map(drop)
    }
}

/// The condition that the user has the same name as when they were read, and `told` is the last connection who was told
/// it.
fn is_told(user: &User, told: &str) -> Expression {
    let mut expression = named(user);
    expression.require_equal(RENAMED, string(told));
    expression
}

/// The condition that the user has the same name to be found by as when they were read.
pub(crate) fn is_named(user: &User) -> Write {
    Write::Check(Key::user(&user.id), named(user))
}

fn named(user: &User) -> Expression {
    let mut expression = Expression::default();
    expression.require_equal(DISPLAY_NAME, string(&*user.display_name));
    expression.require_equal(ACTIVE, AttributeValue::Bool(user.active));
    expression
}

/// The most connections that are told a name at once: one action of the transaction notes how far that is.
pub const MAX_TOLD: usize = MAX_ACTIONS - 1;

fn connection(item: Item) -> Result<Option<Named>, StoreError> {
    let Some(user) = key_of(&item).and_then(|key| key.connected_to()) else { return Ok(None) };
    let Acquaintance { name } = record::value(item)?;
    Ok(Some(Named { user, name: SearchName::of_folded(&name) }))
}
