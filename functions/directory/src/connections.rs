//! `PUT` and `DELETE /directory/users/{userId}/connections/{otherId}`. A connection holds both ways.

use domain::{id::UserId, refusal::Refusal};
use http_api::problem::{Fault, Problem};
use serde::{Deserialize, Serialize};
use store::{
    Store,
    expression::Expression,
    keys::Key,
    record::{self, Kind},
    write::{Write, Written},
};

use crate::{Stored, users};

/// What the platform says of a connection besides who it joins: nothing.
#[derive(Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct ConnectionBody {}

/// Two users who know each other.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Connection {
    user_id: UserId,
    other_id: UserId,
}

/// Connects two users, who must both be in the directory.
pub(crate) async fn put(
    store: &Store,
    user_id: UserId,
    other_id: UserId,
    body: &ConnectionBody,
) -> Result<Stored<Connection>, Problem> {
    if user_id == other_id {
        return Err(Problem::invalid(vec![Fault::new("otherId", "must be another user than userId")]));
    }
    let [there, back] = both_ways(&user_id, &other_id);
    let created = store.read([there.clone()]).await?.get(&there).is_none();
    let writes = vec![
        users::known(&user_id),
        users::known(&other_id),
        Write::Put(record::record(Kind::Connection, there, body)?, Expression::default()),
        Write::Put(record::record(Kind::Connection, back, body)?, Expression::default()),
    ];
    match store.transact(writes).await? {
        Written::Done => Ok(Stored { record: Connection { user_id, other_id }, created }),
        Written::Conflict(_) => Err(Refusal::NotInDirectory("user").into()),
    }
}

/// Ends the connection.
pub(crate) async fn delete(store: &Store, user: &UserId, other: &UserId) -> Result<(), Problem> {
    let mut keys = both_ways(user, other).to_vec();
    // Nobody is connected to themselves; the two ways would be one record, which a transaction may name only once.
    keys.dedup();
    Ok(store.remove(keys).await?)
}

fn both_ways(user: &UserId, other: &UserId) -> [Key; 2] {
    [Key::connection(user, other), Key::connection(other, user)]
}
