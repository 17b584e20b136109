//! What the contract says of each route, in a function of its handler's name.

use http_api::contract::{Operation, list};

pub(crate) fn list_my_invitations() -> Operation {
    let operation = Operation::new("Answering", "Lists the caller's own invitations")
        .about("`pendingCount` is the number for a badge; it is exact up to 100 and stops there.");
    list(operation, true)
}
