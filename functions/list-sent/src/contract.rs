//! What the contract says of each route, in a function of its handler's name.

use domain::{id::CommunityId, invitation::Status};
use http_api::{
    code::Code,
    contract::{
        Map, Operation, Schema, Value, json, list, narrowed,
        openapi::{KnownFormat, ObjectBuilder, SchemaFormat, header::HeaderBuilder, path::ParameterIn},
        text,
    },
    list::{MAX_LIMIT, MAX_QUERY_CHARS},
};

use crate::stats::Stats;

pub(crate) fn list_sent_invitations() -> Operation {
    list(Operation::new("Sending", "Lists what the caller has sent"), false)
}

pub(crate) fn list_community_invitations() -> Operation {
    let operation = Operation::new("Moderating", "Lists a community's invitations")
        .about("For moderators and above. `status=awaiting_approval` is the queue of requests to decide.");
    for_moderators(searched(list(operation, false)))
}

pub(crate) fn get_invitation_stats() -> Operation {
    let operation = Operation::new("Moderating", "Adds a community's invitations up")
        .about(
            "For moderators and above. The counts follow the invitations by moments. With `from` and `to` also what happened on \
             the days between them, and to whose invitations. Days are kept for 400 days.",
        )
        .optional(ParameterIn::Query, "from", "The first day of a period (UTC).", day())
        .optional(
            ParameterIn::Query,
            "to",
            "The last day of the period: not before `from`, so that there are at most 92 days. One stands with the other.",
            day(),
        )
        .responds(200, "The sums.", Schema::of::<Stats>(), vec![("stats", example()), ("period", example_of_period())])
        .refuses([Code::MalformedRequest]);
    for_moderators(operation)
}

pub(crate) fn export_invitations() -> Operation {
    let operation = Operation::new("Moderating", "Exports a community's invitations").about(
        "For moderators and above. A page of the community's list as CSV that a spreadsheet opens safely: a cell that it would take \
         for a formula begins with an apostrophe. The first page begins with a byte order mark and the names of the columns: \
         `id,status,recipient,inviteeId,sender,senderId,createdAt,expiresAt,answeredAt,delivery,deliveryAt,reason`. All pages, one \
         after the other, are one table. `recipient` is the invitee's name, or the address for as long as others see them as that.",
    );
    let cursor = "Where the page before ended. It is in the `Link` to this one.";
    let link = HeaderBuilder::new().schema(Some(text())).description(Some(
        "`<…>; rel=\"next\"`, where there is a next page: its address, relative to that of this one.",
    ));
    let operation = narrowed(operation, MAX_LIMIT, cursor)
        .serves(200, "A page of the table, in the order of the list.", "text/csv")
        .with_header(200, "Link", link.build());
    for_moderators(searched(operation))
}

fn searched(operation: Operation) -> Operation {
    operation.optional(
        ParameterIn::Query,
        "q",
        "Only invitations whose invitee has a name in which each of these words begins a word, or an address that begins so. Who was \
         invited by an address is found by it, and by name once they have accepted. A page of a search may be short, and \
         even empty, although there is a next one.",
        text().max_length(Some(MAX_QUERY_CHARS)),
    )
}

fn day() -> ObjectBuilder {
    text().format(Some(SchemaFormat::KnownFormat(KnownFormat::Date)))
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

fn example_of_period() -> Value {
    let mut stats = example();
    let mona =
        json!({"id": "mona", "displayName": "Mona Lund", "profileUrl": "https://community.example.org/people/mona"});
    stats["period"] = json!({
        "from": "2026-11-01",
        "to": "2026-11-02",
        "days": [
            {
                "date": "2026-11-01", "sent": 3, "delivered": 2, "bounced": 1, "answered": 1, "accepted": 1,
                "medianAnswerSeconds": 3_584,
            },
            {"date": "2026-11-02", "sent": 0, "delivered": 0, "bounced": 0, "answered": 0, "accepted": 0},
        ],
        "senders": [{
            "sender": mona, "sent": 3, "delivered": 2, "bounced": 1, "answered": 1, "accepted": 1,
            "medianAnswerSeconds": 3_584,
        }],
    });
    stats
}
