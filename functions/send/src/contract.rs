//! What the contract says of each route, in a function of its handler's name.

use domain::{id::CommunityId, invitation::Status, message::MAX_MESSAGE_CHARS, sending::Outcome};
use http_api::{
    code::Code,
    contract::{
        EXAMPLE_ID, Map, Operation, Schema, Value, example_invitation, json, keyword,
        openapi::{header::HeaderBuilder, path::ParameterIn},
        text,
    },
    sending::{MAX_IDEMPOTENCY_KEY, SendRequest, SendView},
};
use service::send::MAX_SUBMITTED;

use crate::Preview;

pub(crate) fn send_invitations() -> Operation {
    let key = text().min_length(Some(1)).max_length(Some(MAX_IDEMPOTENCY_KEY)).pattern(Some("^[ -~]+$"));
    let replayed = HeaderBuilder::new()
        .schema(Some(text().extensions(keyword("const", "true"))))
        .description(Some("The response is that to an earlier request with the same key."));
    let operation = Operation::new("Sending", "Invites many people at once")
        .about(
            "One recipient never stops another: the response has one result per recipient, in the order they were \
             named, the users before the addresses. An address is named without what stood around it. With `notify: false` \
             no mail tells the invitees: not of an invitation, not when it is approved, and not of a membership in automatic mode. \
             The platform does, and the invitation has no `delivery` until somebody resends it.",
        )
        .path::<CommunityId>("communityId", "The community to invite to.")
        .optional(
            ParameterIn::Header,
            "Idempotency-Key",
            "Makes repetitions safe for 24 hours: the same key with the same request replays the first response.",
            key,
        )
        .responds(200, "What came of each recipient.", Schema::of::<SendView>(), outcomes())
        .with_header(200, "Idempotency-Replayed", replayed.build())
        .refuses([Code::DailyQuotaUsed, Code::RequestStillRunning, Code::IdempotencyKeyReused]);
    common(operation)
}

pub(crate) fn preview_invitations() -> Operation {
    let mail = json!({
        "subject": "Mona Lund has invited you to join Chess",
        "text": "Mona Lund has invited you to join the Chess community. …",
        "html": "<!doctype html>…",
    });
    let operation = Operation::new("Sending", "Shows the mail that the same request would send")
        .about(
            "Writes nothing. Without recipients, the mail is shown in the network's language, and so it is to an address: \
             whether there is a user behind it does not show. `notify` changes nothing: it is the mail that a resend would send.",
        )
        .path::<CommunityId>("communityId", "The community to invite to.")
        .responds(200, "The mail to the first recipient.", Schema::of::<Preview>(), vec![("mail", mail)]);
    common(operation)
}

fn common(operation: Operation) -> Operation {
    let body = Schema::of::<SendRequest>()
        .chars("message", &(0..=MAX_MESSAGE_CHARS))
        .with("userIds", &json!({"maxItems": MAX_SUBMITTED}));
    operation
        .reads(
            body,
            vec![
                ("users", json!({"userIds": ["ann", "ben"], "message": "Hello from %sender%!", "expiresInDays": 14})),
                ("told by the platform", json!({"userIds": ["ann"], "notify": false})),
                ("addresses", json!({"emails": ["carl@example.org", "dora@example.org"]})),
                (
                    "pasted",
                    json!({"emails": "\"Berg, Carl\" <carl@example.org>; dora@example.org\nmailto:eve@example.org"}),
                ),
            ],
        )
        .refuses([
            Code::MalformedRequest,
            Code::CallerUnknown,
            Code::CallerInactive,
            Code::NotAMember,
            Code::InvitersAreAdministrators,
            Code::CommunityPrivate,
            Code::InvitationsNotAllowed,
            Code::CommunityNotFound,
            Code::TooLarge,
            Code::TooManyRecipients,
            Code::InvalidValue,
            Code::UnknownMessageToken,
        ])
}

/// A response for each outcome.
fn outcomes() -> Vec<(String, Value)> {
    Outcome::ALL.into_iter().map(|outcome| (name(outcome), response(outcome))).collect()
}

fn name(outcome: Outcome) -> String {
    json!(outcome).as_str().unwrap_or_default().to_owned()
}

fn response(outcome: Outcome) -> Value {
    let status = match outcome {
        Outcome::Invited => Some(Status::Pending),
        Outcome::AwaitingApproval => Some(Status::AwaitingApproval),
        Outcome::Joined => Some(Status::Accepted),
        _ => None,
    };
    let recipient = if outcome == Outcome::InvalidEmail { "carl@" } else { "ann" };
    let mut result = json!({"recipient": recipient, "outcome": outcome});
    if matches!(outcome, Outcome::CoolingDown | Outcome::OverQuota) {
        result["retryAfter"] = 86_400.into();
    }
    if let Some(status) = status {
        let mut invitation = example_invitation(status);
        invitation["actions"] = match status {
            Status::Accepted => json!([]),
            _ => json!([{
                "id": "CANCEL_COMMUNITY_INVITATION", "method": "POST", "href": format!("/invitations/{EXAMPLE_ID}/cancel"),
            }]),
        };
        result["invitation"] = invitation;
    }
    let count = |one: Outcome| (name(one), Value::from(u32::from(one == outcome)));
    json!({"results": [result], "summary": Outcome::ALL.into_iter().map(count).collect::<Map<_, _>>()})
}
