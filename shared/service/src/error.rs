//! Why a use case does not do what was asked.

use domain::refusal::Refusal;
use store::StoreError;

/// Why something was not done.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ServiceError {
    /// A rule forbids it.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The table failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The system gives no randomness to draw an id from.
    #[error("there is no randomness")]
    NoRandomness,
    /// A mail cannot be shown.
    #[error("a mail cannot be rendered")]
    Unwritable,
}

impl From<mail::RenderError> for ServiceError {
    fn from(_: mail::RenderError) -> Self {
        Self::Unwritable
    }
}
