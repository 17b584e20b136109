//! Connections as the platform describes them. A connection holds both ways.

use domain::{id::UserId, person::Connection};
use store::{Store, StoreError, retry};

use super::Stored;
use crate::ServiceError;

/// Connects two users, who must both be in the directory.
///
/// # Errors
/// [`domain::refusal::Refusal::NotInDirectory`] if one of them is not; [`ServiceError::Store`] if the table fails.
pub async fn put(store: &Store, connection: Connection) -> Result<Stored<Connection>, ServiceError> {
    let write = retry((), |()| async { Ok::<_, StoreError>(store.put_connection(&connection).await?) }).await?;
    Stored::related(connection, write)
}

/// Ends the connection.
///
/// # Errors
/// [`ServiceError::Store`] if the table fails.
pub async fn remove(store: &Store, user: &UserId, other: &UserId) -> Result<(), ServiceError> {
    Ok(store.remove_connection(user, other).await?)
}
