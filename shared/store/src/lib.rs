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
mod persist;
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
use tokio::time::{Instant, timeout_at};

pub use error::StoreError;
pub use retry::retry;

/// How long a step of long work may take: as long as one attempt at a request to the table, as `runtime::aws` has it.
const STEP: Duration = Duration::from_secs(5);

/// The table and the client that reaches it.
#[derive(Debug, Clone)]
pub struct Store {
    client: Client,
    table: String,
    /// When whoever asked must have their response; `None` where nobody waits for one.
    deadline: Option<Instant>,
}

impl Store {
    /// The store in `table`, reached through `client`.
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        Self { client, table: table.into(), deadline: None }
    }

    /// The same store for work whose response is due after `time`: nothing is attempted any more then, and nothing waited for.
    pub fn within(&self, time: Duration) -> Self {
        Self { deadline: Some(Instant::now() + time), ..self.clone() }
    }

    /// Says whether long work may take its next step. Whoever is told that it may not stops, and can be asked to go on.
    ///
    /// # Errors
    /// [`StoreError::OutOfTime`] if the step might not be done by the deadline.
    pub fn in_time(&self) -> Result<(), StoreError> {
        self.has_left(STEP)
    }

    fn has_left(&self, time: Duration) -> Result<(), StoreError> {
        match self.deadline {
            Some(deadline) if Instant::now() + time >= deadline => Err(StoreError::OutOfTime),
            _ => Ok(()),
        }
    }

    /// Waits for `work` no longer than until the deadline, after which it is not begun.
    ///
    /// # Errors
    /// [`StoreError::OutOfTime`] if the deadline comes first. A request that was on its way may be carried out all the same.
    fn by_deadline<T>(&self, work: impl Future<Output = T>) -> impl Future<Output = Result<T, StoreError>> {
        // A request of the SDK is large, and would be part of every use case.
        let work = Box::pin(work);
        async move {
            self.has_left(Duration::ZERO)?;
            match self.deadline {
                Some(deadline) => timeout_at(deadline, work).await.map_err(|_| StoreError::OutOfTime),
                None => Ok(work.await),
            }
        }
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
