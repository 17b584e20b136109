//! Why the table cannot be read or written.

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};

/// The table cannot be read or written now, or holds something that it should not.
///
/// Says nothing of what was asked for: it ends up in logs.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// Throttled, timed out, or in conflict for longer than was worth waiting for. Trying again is right.
    #[error("the table is unavailable: {0}")]
    Unavailable(String),
    /// The time for the work is over. What is done stays, and asking again goes on from there.
    #[error("the time is over")]
    OutOfTime,
    /// The request was refused for a reason that a retry does not mend.
    #[error("the table refused a request: {0}")]
    Permanent(String),
    /// A record does not read as what its key says it is.
    #[error("a record is damaged: {0}")]
    Damaged(String),
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
