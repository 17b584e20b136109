//! What the contract says of each route, in a function of its handler's name.

use http_api::{
    contract::{Operation, Schema, json, list},
    list::MAX_LIMIT,
};

use crate::InvitationCount;

pub(crate) fn list_my_invitations() -> Operation {
    let operation = Operation::new("Answering", "Lists the caller's own invitations")
        .about("`pendingCount` is the number for a badge; it is exact up to 100 and stops there.");
    list(operation, true)
}

pub(crate) fn count_my_invitations() -> Operation {
    let schema = Schema::of::<InvitationCount>().whole("pendingCount", &(0..=MAX_LIMIT));
    Operation::new("Answering", "Counts the invitations that wait for the caller's answer")
        .about(
            "The `pendingCount` of the list, right to the second: for a badge that asks often. It follows the invitations by \
             moments.",
        )
        .responds(200, "The count, which is exact up to 100 and stops there.", schema, vec![("count", json!({"pendingCount": 3}))])
}
