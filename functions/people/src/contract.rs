//! What the contract says of the route, in a function of its handler's name.

use domain::{field::MAX_NAME_CHARS, id::CommunityId};
use http_api::{
    code::Code,
    contract::{Operation, Schema, json, openapi::path::ParameterIn, text},
};
use service::people::MAX_FOUND;

use crate::view::PeopleView;

pub(crate) fn search_people() -> Operation {
    let found = json!({"people": [
        {"userId": "ann", "displayName": "Ann Berg", "profileUrl": "https://community.example.org/people/ann"},
        {"userId": "anton", "displayName": "Jan-Anton Voss", "reason": "already_member"},
    ]});
    Operation::new("Sending", "Finds people to invite")
        .about(
            "By the beginning of any word of their names, without regard to case, accents and the forms of letters. Moderators and \
             above find everybody, members their connections; the setting `peopleSearch` may allow less. People who are not \
             active are not found, and no address shows.",
        )
        .path::<CommunityId>("communityId", "The community to invite to.")
        .optional(
            ParameterIn::Query,
            "q",
            "What has been typed of a name. Each word must begin a word of the name. Nobody is found by nothing.",
            text().max_length(Some(MAX_NAME_CHARS)),
        )
        .responds(
            200,
            "The people, in the order of the words that were found.",
            Schema::of::<PeopleView<'_>>().with("people", &json!({"maxItems": MAX_FOUND})),
            vec![("found", found)],
        )
        .refuses([
            Code::MalformedRequest,
            Code::CallerUnknown,
            Code::CallerInactive,
            Code::NotAMember,
            Code::InvitersAreAdministrators,
            Code::CommunityPrivate,
            Code::InvitationsNotAllowed,
            Code::PeopleSearchOff,
            Code::CommunityNotFound,
        ])
}
