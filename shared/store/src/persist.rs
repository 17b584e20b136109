//! Requests that the table did not carry out, or not wholly, sent again after a pause.

use std::{ops::ControlFlow, time::Duration};

use system::randomise;
use tokio::time::sleep;

use crate::{Store, StoreError};

impl Store {
    /// Sends a request until it breaks with its result, some `attempts` times at the most. One that continues is sent
    /// again with what it left.
    ///
    /// # Errors
    /// What the request fails with, and [`StoreError::Unavailable`] for that reason when the attempts are over.
    pub(crate) async fn persist<S, T, F>(
        &self,
        attempts: u32,
        why: &str,
        mut left: S,
        mut send: impl FnMut(S) -> F,
    ) -> Result<T, StoreError>
    where
        F: Future<Output = Result<ControlFlow<T, S>, StoreError>>,
    {
        for attempt in 0..attempts {
            self.within_time(pause(attempt)).await?;
            match send(left).await? {
                ControlFlow::Break(done) => return Ok(done),
                ControlFlow::Continue(rest) => left = rest,
            }
        }
        Err(StoreError::Unavailable(why.to_owned()))
    }
}

/// Waits before a repeated attempt: full jitter up to 20 ms, doubling. Not at all before the first.
async fn pause(attempt: u32) {
    if attempt == 0 {
        return;
    }
    let ceiling = 20_u64 << attempt.min(6);
    let mut random = [0; 8];
    // Without randomness the wait is merely not jittered.
    let _ = randomise(&mut random);
    sleep(Duration::from_millis(u64::from_le_bytes(random) % ceiling)).await;
}
