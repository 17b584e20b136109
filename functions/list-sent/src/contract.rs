//! The routes of `list-sent`, for the contract.

use domain::{id::CommunityId, invitation::Status};
use http_api::{
    code::Code,
    contract::{Map, Operation, Schema, Value, json, list},
};

use crate::stats::Stats;

/// The operations of `list-sent`.
pub fn operations() -> Vec<Operation> {
    let sent = Operation::new("GET", "/me/invitations/sent", "listSentInvitations", "Lists what the caller has sent");
    let path = "/communities/{communityId}/invitations";
    let all = Operation::new("GET", path, "listCommunityInvitations", "Lists a community's invitations")
        .about("For moderators and above. `status=awaiting_approval` is the queue of requests to decide.");
    let path = "/communities/{communityId}/invitations/stats";
    let stats = Operation::new("GET", path, "getInvitationStats", "Adds a community's invitations up")
        .about("For moderators and above. The counts follow the invitations by moments.")
        .answers(200, "The sums.", Schema::of::<Stats>(), vec![("stats", example())])
        .refuses([Code::MalformedRequest]);
    vec![list(sent, false), for_moderators(list(all, false)), for_moderators(stats)]
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
