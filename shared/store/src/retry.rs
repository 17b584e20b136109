//! The one way in which a write that a faster writer got in the way of is decided again.

use std::ops::ControlFlow;

use crate::error::StoreError;

/// How often a decision is taken in all. Each time one writer gets done, so that many meet at one record only in a
/// storm, which is better answered with 503 than waited out.
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
