//! Why a mail is not delivered.

use store::StoreError;

/// Why a mail is not delivered by this attempt.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DeliveryError {
    /// The table failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Another attempt is at it.
    #[error("another attempt holds the lease")]
    Leased,
    /// The batch has no time left for it.
    #[error("the batch has no time left for it")]
    NoTime,
    /// Its content cannot be made from what the table holds.
    #[error("the mail cannot be written")]
    Unwritable,
}
