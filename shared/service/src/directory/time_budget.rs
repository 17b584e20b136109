//! How long one request may work.

use std::time::Duration;

use tokio::time::Instant;

use crate::ServiceError;

/// How long a request works before it asks to be repeated: well below what API Gateway waits.
const BUDGET: Duration = Duration::from_secs(20);

/// The moment at which a request stops taking on more work.
#[derive(Debug, Clone, Copy)]
pub(super) struct TimeBudget(Instant);

impl TimeBudget {
    pub(super) fn start() -> Self {
        Self(Instant::now() + BUDGET)
    }

    /// Fails once the time is over; a repetition goes on from there.
    pub(super) fn check(self) -> Result<(), ServiceError> {
        if Instant::now() < self.0 { Ok(()) } else { Err(ServiceError::OutOfTime) }
    }
}
