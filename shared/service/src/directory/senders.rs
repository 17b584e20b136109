//! What an operator may do about a sender.

use domain::{
    Timestamp,
    id::UserId,
    invitation::{Invitation, WithdrawalReason},
    lifecycle,
};
use store::{Store, keys::List};

use super::sweep::sweep_live;
use crate::ServiceError;

/// Withdraws all live invitations that the user has sent. They need not be in the directory any more.
///
/// # Errors
/// [`store::StoreError::OutOfTime`] if another attempt must go on; any other [`ServiceError::Store`] if the table
/// fails.
pub async fn withdraw_all(store: &Store, sender: UserId, now: Timestamp) -> Result<(), ServiceError> {
    let decide = |one: &Invitation| lifecycle::end(one, WithdrawalReason::SenderWithdrawn, now);
    sweep_live(store, &List::By(sender), &decide, now).await
}
