//! The domain in one DynamoDB table.
//!
//! [`keys`] alone knows how keys are made, [`record`] how records look, [`execute`] is the one place that writes
//! transitions. `docs/table.md` is the design in prose, with the requests and capacity units of every access.

mod addresses;
mod attributes;
mod communities;
pub mod digest;
pub mod erasure;
mod error;
pub mod execute;
mod expression;
pub mod gate;
pub mod idempotency;
pub mod keys;
pub mod listing;
pub mod outbox;
pub mod page;
pub mod people;
pub mod read;
pub mod record;
pub mod relations;
mod retry;
pub mod standings;
pub mod stats;
pub mod stream;
pub mod users;
mod waiting;
mod write;

use std::time::Duration;

use aws_sdk_dynamodb::Client;

pub use error::StoreError;
pub use retry::retry;

/// The table and the client that reaches it.
#[derive(Debug, Clone)]
pub struct Store {
    client: Client,
    table: String,
}

impl Store {
    /// The store in `table`, reached through `client`.
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        Self { client, table: table.into() }
    }

    /// Opens the connection that the first request will use, so that it finds the handshake done.
    ///
    /// It is the request that every function may make, so that no start leaves a denial in the account's trail. What comes
    /// of it does not matter: a failure shows again, and is reported, where it matters. It waits two seconds at the most,
    /// since Lambda gives a start ten.
    pub async fn warm_up(&self) {
        let settings = keys::Key::settings(keys::Spread::by_time(system::now()));
        let _ = tokio::time::timeout(Duration::from_secs(2), self.read([settings])).await;
    }
}
