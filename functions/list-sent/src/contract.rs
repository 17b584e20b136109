//! What the contract says of each route, in a function of its handler's name.

use domain::{id::CommunityId, invitation::Status};
use http_api::{
    code::Code,
    contract::{Map, Operation, Schema, Value, json, list},
};

use crate::stats::Stats;

pub(crate) fn list_sent_invitations() -> Operation {
    list(Operation::new("Sending", "Lists what the caller has sent"), false)
}

pub(crate) fn list_community_invitations() -> Operation {
    let operation = Operation::new("Moderating", "Lists a community's invitations")
        .about("For moderators and above. `status=awaiting_approval` is the queue of requests to decide.");
    for_moderators(list(operation, false))
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
