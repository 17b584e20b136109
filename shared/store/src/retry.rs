//! The one loop that decides again after a conflict.

use std::ops::ControlFlow;

use crate::error::StoreError;

/// How often a decision is taken in all. One writer succeeds each time. More than eight at one record are so rare that
/// a 503 is better than to wait.
const ATTEMPTS: u32 = 8;

/// Takes `attempt` until it breaks with its result. One that met a conflict continues with what the faster writer left,
/// and is decided again from that.
///
/// # Errors
/// What `attempt` fails with, and [`StoreError::Unavailable`] when conflicts do not end.
pub async fn retry<S, T, E, F>(mut state: S, mut attempt: impl FnMut(S) -> F) -> Result<T, E>
where
    F: Future<Output = Result<ControlFlow<T, S>, E>>,
    E: From<StoreError>,
{
    for _ in 0..ATTEMPTS {
        match attempt(state).await? {
            ControlFlow::Break(done) => return Ok(done),
            ControlFlow::Continue(left) => state = left,
        }
    }
    Err(StoreError::Unavailable("too many writers".to_owned()).into())
}
