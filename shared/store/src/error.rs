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
    /// A request failed for a reason that a retry does not mend.
    #[error("a request to the table failed: {0}")]
    Permanent(String),
    /// A record does not read as what its key says it is.
    #[error("a record is damaged: {0}")]
    Damaged(String),
}

/// Error codes of DynamoDB that a later attempt may not meet, and that say that nothing was carried out.
const PASSING: [&str; 4] = [
    "ThrottlingException",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "TransactionConflictException",
];

/// Error codes of DynamoDB that a later attempt may not meet, and that do not say whether the request was carried out.
const UNCERTAIN: [&str; 4] =
    ["TransactionInProgressException", "InternalServerError", "InternalServerErrorException", "ServiceUnavailable"];

/// Whether the table has said that it did not carry out the request, and may later.
pub(crate) fn is_passing<E: ProvideErrorMetadata>(error: &SdkError<E>) -> bool {
    error.as_service_error().and_then(E::code).is_some_and(|code| PASSING.contains(&code))
}

impl<E: ProvideErrorMetadata> From<SdkError<E>> for StoreError {
    fn from(error: SdkError<E>) -> Self {
        match &error {
            SdkError::ServiceError(failed) => {
                let code = failed.err().code().unwrap_or("unknown");
                let is_transient = PASSING.contains(&code) || UNCERTAIN.contains(&code);
                let code = code.to_owned();
                if is_transient { Self::Unavailable(code) } else { Self::Permanent(code) }
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
