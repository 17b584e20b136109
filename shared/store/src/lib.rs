//! The domain in one DynamoDB table.
//!
//! [`keys`] alone knows how keys are made, [`record`] how records look, [`execute`] is the one place that writes
//! transitions. `docs/table.md` is the design in prose, with the requests and capacity units of every access.

mod addresses;
pub mod attributes;
mod communities;
pub mod erasure;
pub mod execute;
pub mod expression;
pub mod idempotency;
pub mod keys;
pub mod listing;
pub mod outbox;
pub mod read;
pub mod record;
pub mod relations;
mod retry;
pub mod standings;
pub mod stats;
pub mod users;
pub mod write;

use std::time::Duration;

use aws_sdk_dynamodb::{
    Client,
    error::{ProvideErrorMetadata, SdkError},
};

pub use retry::retry;

/// The table and the client that reaches it.
#[derive(Debug, Clone)]
pub struct Store {
    client: Client,
    table: String,
}

/// The table cannot be read or written now, or holds something that it should not.
///
/// Says nothing of what was asked for: it ends up in logs.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// Throttled, timed out, or in conflict for longer than was worth waiting for. Trying again is right.
    #[error("the table is unavailable: {0}")]
    Unavailable(String),
    /// The request was refused for a reason that a retry does not mend.
    #[error("the table refused a request: {0}")]
    Permanent(String),
    /// A record does not read as what its key says it is.
    #[error("a record is damaged: {0}")]
    Damaged(String),
}

impl Store {
    /// The store in `table`, reached through `client`.
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        Self { client, table: table.into() }
    }

    /// Opens the connection that the first request will use, so that it finds the handshake done.
    ///
    /// What comes of it does not matter: a failure shows again, and is reported, where it matters; that a function may
    /// not read this record opens the connection all the same. It waits two seconds at the most, since Lambda gives a
    /// start ten.
    pub async fn warm_up(&self) {
        let request = self.client.get_item().table_name(&self.table).set_key(Some(keys::Key::settings().into()));
        let _ = tokio::time::timeout(Duration::from_secs(2), request.send()).await;
    }
}

/// Error codes of DynamoDB that a later attempt may not meet.
const TRANSIENT: [&str; 8] = [
    "ThrottlingException",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "TransactionInProgressException",
    "TransactionConflictException",
    "InternalServerError",
    "InternalServerErrorException",
    "ServiceUnavailable",
];

impl<E: ProvideErrorMetadata> From<SdkError<E>> for StoreError {
    fn from(error: SdkError<E>) -> Self {
        match &error {
            SdkError::ServiceError(refused) => {
                let code = refused.err().code().unwrap_or("unknown").to_owned();
                if TRANSIENT.contains(&code.as_str()) { Self::Unavailable(code) } else { Self::Permanent(code) }
            }
            SdkError::ConstructionFailure(_) => Self::Permanent("the request could not be built".to_owned()),
            SdkError::TimeoutError(_) => Self::Unavailable("timeout".to_owned()),
            SdkError::DispatchFailure(_) => Self::Unavailable("no connection".to_owned()),
            _ => Self::Unavailable("broken response".to_owned()),
        }
    }
}

impl From<serde_dynamo::Error> for StoreError {
    fn from(error: serde_dynamo::Error) -> Self {
        Self::Damaged(error.to_string())
    }
}
