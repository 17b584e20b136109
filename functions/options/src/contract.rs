//! What the contract says of the route, in a function of its handler's name.

use domain::{id::CommunityId, settings::Locale};
use http_api::{
    code::Code,
    contract::{Operation, Schema, Value, json},
    options::OptionsView,
};

pub(crate) fn get_community_options() -> Operation {
    Operation::new("Sending", "Tells what the caller may do in a community")
        .about(
            "By the rules that sending goes by, so that a form offers nothing that would be refused. Whoever may not invite learns \
             why: the `reason` is the code that an attempt would be refused with.",
        )
        .path::<CommunityId>("communityId", "The community to invite to.")
        .responds(
            200,
            "What the caller may do now.",
            Schema::of::<OptionsView<'_>>(),
            vec![("moderator", moderator()), ("member", member()), ("stranger", stranger())],
        )
        .refuses([Code::MalformedRequest, Code::CallerUnknown, Code::CallerInactive, Code::CommunityNotFound])
}

fn moderator() -> Value {
    json!({
        "communityId": "chess",
        "mayInvite": true,
        "needsApproval": false,
        "connectionsOnly": false,
        "addressesAllowed": true,
        "peopleSearch": "everybody",
        "mayModerate": true,
        "membershipMode": "acceptance",
        "defaultMessage": "%sender% has invited you to join the %community% %type%. …",
        "messageTokens": ["%sender%", "%community%", "%type%"],
        "limits": {"recipients": 100, "messageCharacters": 2_000, "lifetimeDays": 365, "defaultLifetimeDays": 30},
        "quota": {"perDay": 500, "left": 488, "renewsAt": "2026-11-02T00:00:00Z"},
        "languages": Locale::ALL,
    })
}

fn member() -> Value {
    let mut options = moderator();
    for (field, value) in [
        ("needsApproval", json!(true)),
        ("connectionsOnly", json!(true)),
        ("addressesAllowed", json!(false)),
        ("peopleSearch", json!("connections")),
        ("mayModerate", json!(false)),
    ] {
        options[field] = value;
    }
    options
}

fn stranger() -> Value {
    let mut options = moderator();
    for (field, value) in [
        ("mayInvite", json!(false)),
        ("reason", json!("not_a_member")),
        ("addressesAllowed", json!(false)),
        ("peopleSearch", json!("off")),
        ("mayModerate", json!(false)),
    ] {
        options[field] = value;
    }
    options
}
