//! What the contract says of each route, in a function of its handler's name: two for programs, and the pages behind
//! mail links.

use domain::{
    invitation::Status::{Accepted, Cancelled, Declined, Expired},
    link::TOKEN_CHARS,
};
use http_api::{
    code::Code,
    contract::{
        Operation, Schema, command, content, json, keyword,
        openapi::{ObjectBuilder, Required, path::ParameterIn, request_body::RequestBodyBuilder, schema::Type},
        path_parameter, text,
    },
};

use crate::Decline;

pub(crate) fn accept_invitation() -> Operation {
    // A request that was not approved is not found.
    let conflicts = [Declined, Cancelled, Expired];
    command("Answering", "Accepts: the caller becomes a member", Accepted, conflicts)
        .about("For the invitee. Membership and answer are one step; repeating the same answer changes nothing.")
        .refuses([
            Code::NotInvitee,
            Code::EmailUnverified,
            Code::InvitationsNotAllowed,
            Code::CommunityNotFound,
            Code::AlreadyMember,
        ])
}

pub(crate) fn decline_invitation() -> Operation {
    let conflicts = [Accepted, Cancelled, Expired];
    command("Answering", "Declines, if wished for good", Declined, conflicts)
        .about("For the invitee. With `block`, no further invitation from the community reaches them.")
        .reads(Schema::of::<Decline>(), vec![("once", json!({})), ("forGood", json!({"block": true}))])
        .refuses([Code::NotInvitee, Code::EmailUnverified, Code::MalformedRequest, Code::TooLarge])
}

fn page(summary: &str) -> Operation {
    let token = text().min_length(Some(TOKEN_CHARS)).max_length(Some(TOKEN_CHARS)).pattern(Some("^[A-Za-z0-9_-]+$"));
    let description = "What the link carries. It is a secret; its holder may answer. Whatever a mail program has put \
        behind it, such as a slash or a full stop, is passed over.";
    Operation::new("Answering", summary)
        .parameter(path_parameter("token", description, token))
        .shows(404, "No link of ours, or its invitation is kept no more.")
        .shows(503, "Busy; the page asks to try again.")
}

fn offer(summary: &str) -> Operation {
    let intent = text().enum_values(Some(["accept", "decline"])).default(Some("accept".into()));
    page(summary)
        .about("Changes nothing, ever: scanners open links.")
        .optional(ParameterIn::Query, "intent", "Which button stands out.", intent)
        .shows(200, "The invitation, with its buttons.")
        .shows(410, "Nothing is left to answer: the page says what happened and what to do.")
}

pub(crate) fn show_invitation_page() -> Operation {
    offer("Shows the page behind the link of a mail")
}

pub(crate) fn probe_invitation_page() -> Operation {
    offer("Tells whether the page is there")
}

pub(crate) fn answer_on_page() -> Operation {
    let answer = text().enum_values(Some(["accept", "decline"]));
    let block = text().description(Some("Declines for good.")).extensions(keyword("const", "on"));
    let form = ObjectBuilder::new().schema_type(Type::Object).property("answer", answer).property("block", block);
    let form = content(form.required("answer"), vec![("decline", json!({"answer": "decline", "block": "on"}))]);
    let body = RequestBodyBuilder::new().content("application/x-www-form-urlencoded", form);
    page("Answers with a button of the page")
        .reads_body(body.required(Some(Required::True)).build())
        .shows(200, "The answer is taken, now or earlier.")
        .shows(400, "The form is none of ours; the page is shown again.")
        .shows(403, "Registering or signing in comes first, or the community or the invitee may not.")
        .shows(409, "The invitee is a member already.")
        .shows(410, "Nothing is left to answer: the page says what happened and what to do.")
}

fn question(summary: &str) -> Operation {
    page(summary).shows(200, "The question. Opening it changes nothing.")
}

pub(crate) fn show_unsubscribe_page() -> Operation {
    question("Asks whether to stop invitations from the community")
}

pub(crate) fn probe_unsubscribe_page() -> Operation {
    question("Tells whether the question is there")
}

pub(crate) fn unsubscribe() -> Operation {
    page("Stops invitations from the community")
        .about("The one click of RFC 8058; whatever is posted means it.")
        .shows(200, "No invitation from the community will come any more.")
}
