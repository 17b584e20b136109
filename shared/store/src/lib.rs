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
mod warm_up;
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
    /// When the response is due; `None` where none is.
    due: Option<Instant>,
}

impl Store {
    /// The store in `table`, reached through `client`.
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        Self { client, table: table.into(), due: None }
    }

    /// Returns the same store for work whose response is due after `time`: from then on nothing is attempted or waited
    /// for.
    pub fn within(&self, time: Duration) -> Self {
        Self { due: Some(Instant::now() + time), ..self.clone() }
    }

    /// Says whether long work may take its next step. Work that may not stops where it is, and can be asked to go on.
    ///
    /// # Errors
    /// [`StoreError::OutOfTime`] if the step might not be done in time.
    pub fn in_time(&self) -> Result<(), StoreError> {
        self.has_left(STEP)
    }

    fn has_left(&self, time: Duration) -> Result<(), StoreError> {
        match self.due {
            Some(due) if Instant::now() + time >= due => Err(StoreError::OutOfTime),
            _ => Ok(()),
        }
    }

    /// Waits for `work` no longer than there is time; after that it is not begun.
    ///
    /// # Errors
    /// [`StoreError::OutOfTime`] if the time is over first. A request that was on its way may be carried out all the
    /// same.
    fn within_time<T>(&self, work: impl Future<Output = T>) -> impl Future<Output = Result<T, StoreError>> {
        // A request of the SDK is large, and would be part of every use case.
        let work = Box::pin(work);
        async move {
            self.has_left(Duration::ZERO)?;
            match self.due {
                Some(due) => timeout_at(due, work).await.map_err(|_| StoreError::OutOfTime),
                None => Ok(work.await),
            }
        }
    }
}
