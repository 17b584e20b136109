//! Suppressed addresses: which get mail again, since someone who knows better says so.

use domain::email::EmailAddress;
use store::Store;

use crate::ServiceError;

/// Lets mail go to the address again, if none did because it bounced or was called spam. Mails that did not go out
/// meanwhile are not sent by it: their senders may send them again.
///
/// # Errors
/// [`ServiceError::Store`] if the table fails; a repetition finishes the job.
pub async fn lift(store: &Store, address: &EmailAddress) -> Result<(), ServiceError> {
    Ok(store.lift_suppression(&address.key()).await?)
}
