//! What the contract says of each route, in a function of its handler's name.

use domain::{id::CommunityId, invitation::Status};
use http_api::{
    code::Code,
    contract::{Map, Operation, Schema, Value, json, list, openapi::path::ParameterIn, text},
    list::MAX_QUERY_CHARS,
};

use crate::stats::Stats;

pub(crate) fn list_sent_invitations() -> Operation {
    list(Operation::new("Sending", "Lists what the caller has sent"), false)
}

pub(crate) fn list_community_invitations() -> Operation {
    let operation = Operation::new("Moderating", "Lists a community's invitations")
        .about("For moderators and above. `status=awaiting_approval` is the queue of requests to decide.");
    let q = text().max_length(Some(MAX_QUERY_CHARS));
    let operation = list(operation, false).optional(
        ParameterIn::Query,
        "q",
        "Only invitations whose invitee has a name in which each of these words begins a word, or an address that begins so. Who was \
         invited by an address is found by it, and by name once they have accepted. A page of a search may be short, and \
         even empty, although it has a `nextCursor`.",
        q,
    );
    for_moderators(operation)
}

pub(crate) fn get_invitation_stats() -> Operation {
    let operation = Operation::new("Moderating", "Adds a community's invitations up")
        .about("For moderators and above. The counts follow the invitations by moments.")
        .responds(200, "The sums.", Schema::of::<Stats>(), vec![("stats", example())])
        .refuses([Code::MalformedRequest]);
    for_moderators(operation)
}

fn for_moderators(operation: Operation) -> Operation {
    let operation = operation.path::<CommunityId>("communityId", "The community.");
    operation.refuses([Code::CallerUnknown, Code::CallerInactive, Code::NotModerator])
}

fn example() -> Value {
    let counts = Status::ALL.into_iter().zip([2, 9, 30, 10, 1, 3, 5]);
    let counts: Map<_, _> = counts.map(|(status, count)| (status.as_str().to_owned(), Value::from(count))).collect();
    json!({"counts": counts, "acceptanceRate": 0.75, "medianAnswerSeconds": 5_400})
}
