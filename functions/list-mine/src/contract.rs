//! The route of `list-mine`, for the contract.

use http_api::contract::{Operation, list};

/// The operation of `list-mine`.
pub fn operations() -> Vec<Operation> {
    let operation = Operation::new("GET", "/me/invitations", "listMyInvitations", "Lists the caller's own invitations");
    let about = "`pendingCount` is the number for a badge; it is exact up to 100 and stops there.";
    vec![list(operation.about(about), true)]
}
