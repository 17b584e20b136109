//! The routes of `respond`, for the contract: two for programs, and the pages behind mail links.

use domain::{
    invitation::Status::{self, Accepted, Declined, Pending},
    link::TOKEN_CHARS,
};
use http_api::{
    code::Code,
    contract::{Content, Operation, Schema, command, json},
};

use crate::Decline;

/// The operations of `respond`.
pub fn operations() -> Vec<Operation> {
    vec![
        accept(),
        decline(),
        offered(page("GET", "/i/{token}", "showInvitationPage", "Shows the page behind the link of a mail")),
        probe(),
        answered(page("POST", "/i/{token}", "answerOnPage", "Answers with a button of the page")),
        page("GET", "/u/{token}", "showUnsubscribePage", "Asks whether to stop invitations from the community")
            .shows(200, "The question. Opening it changes nothing."),
        unsubscribe(),
    ]
}

fn accept() -> Operation {
    let conflicts = Status::ALL.into_iter().filter(|status| ![Pending, Accepted].contains(status));
    command(
        "/invitations/{invitationId}/accept",
        "acceptInvitation",
        "Accepts: the caller becomes a member",
        Accepted,
        conflicts,
    )
    .about("For the invitee. Membership and answer are one step; repeating the same answer changes nothing.")
    .refuses([
        Code::NotInvitee,
        Code::EmailUnverified,
        Code::InvitationsNotAllowed,
        Code::CommunityNotFound,
        Code::AlreadyMember,
        Code::InviteeUnavailable,
    ])
}

fn decline() -> Operation {
    let conflicts = Status::ALL.into_iter().filter(|status| ![Pending, Declined].contains(status));
    command(
        "/invitations/{invitationId}/decline",
        "declineInvitation",
        "Declines, if wished for good",
        Declined,
        conflicts,
    )
    .about("For the invitee. With `block`, no further invitation from the community reaches them.")
    .reads(Schema::of::<Decline>(), vec![("once", json!({})), ("forGood", json!({"block": true}))])
    .refuses([Code::NotInvitee, Code::EmailUnverified, Code::MalformedRequest, Code::TooLarge])
}

fn page(method: &'static str, path: &'static str, id: &'static str, summary: &'static str) -> Operation {
    let token = json!({
        "type": "string", "minLength": TOKEN_CHARS, "maxLength": TOKEN_CHARS, "pattern": "^[A-Za-z0-9_-]+$",
    });
    Operation::new(method, path, id, summary)
        .public()
        .path_like("token", "What the link carries. It is a secret; whoever has it may answer.", &token)
        .shows(404, "No link of ours, or its invitation is kept no more.")
        .shows(503, "Busy; the page asks to try again.")
}

fn offered(operation: Operation) -> Operation {
    let intent = json!({"type": "string", "enum": ["accept", "decline"], "default": "accept"});
    operation
        .about("Changes nothing, ever: scanners open links.")
        .optional("query", "intent", "Which button stands out.", &intent)
        .shows(200, "The invitation, with its buttons.")
        .shows(409, "A moderator has not approved the invitation yet.")
        .shows(410, "Nothing is left to answer: the page says what happened and what to do.")
}

fn probe() -> Operation {
    let operation = page("HEAD", "/i/{token}", "probeInvitationPage", "Tells whether the page is there");
    let mut operation = offered(operation);
    for answer in &mut operation.answers {
        answer.content = None;
    }
    operation
}

fn answered(operation: Operation) -> Operation {
    let schema = json!({
        "type": "object",
        "required": ["answer"],
        "properties": {
            "answer": {"type": "string", "enum": ["accept", "decline"]},
            "block": {"type": "string", "const": "on", "description": "Declines for good."},
        },
    });
    let examples = vec![("decline".to_owned(), json!({"answer": "decline", "block": "on"}))];
    let body = Some(Content { media_type: "application/x-www-form-urlencoded", schema, examples });
    let operation = operation
        .shows(200, "The answer is taken, now or earlier.")
        .shows(400, "The form is none of ours; the page is shown again.")
        .shows(403, "Registering or signing in comes first, or the community or the invitee may not.")
        .shows(409, "A moderator has not approved the invitation yet, or the invitee is a member already.")
        .shows(410, "Nothing is left to answer: the page says what happened and what to do.");
    Operation { body, ..operation }
}

fn unsubscribe() -> Operation {
    page("POST", "/u/{token}", "unsubscribe", "Stops invitations from the community")
        .about("The one click of RFC 8058; whatever is posted means it.")
        .shows(200, "No invitation from the community will come any more.")
}
