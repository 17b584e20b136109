//! What the fields of a record may say, and in which order an import is applied.

use domain::{
    community::{Community, Enrolment, Visibility},
    email::EmailAddress,
    field::Whole,
    person::{Member, Role, User},
    settings::Settings,
};
use http_api::{json::Json, problem::Problem};
use serde_json::{Value, json};

use crate::{
    fields::Fields,
    import::{self, RecordType},
    records,
};

fn body(value: Value) -> Fields {
    match serde_json::from_value(value).unwrap() {
        Json::Object(fields) => fields.into(),
        other => panic!("{other:?} has no fields"),
    }
}

fn user(value: Value) -> Result<User, Problem> {
    records::user(&"ada".parse().unwrap(), &body(value))
}

fn community(value: Value) -> Result<Community, Problem> {
    records::community(&"chess".parse().unwrap(), &body(value))
}

fn member(value: Value) -> Result<Member, Problem> {
    records::member(&"chess".parse().unwrap(), &"ada".parse().unwrap(), &body(value))
}

fn settings(value: Value) -> Result<Settings, Problem> {
    records::settings(&body(value))
}

fn params(problem: &Problem) -> Vec<&str> {
    problem.faults().iter().map(|fault| fault.param.as_str()).collect()
}

#[test]
fn a_user_needs_a_name_and_no_more() {
    let ada = user(json!({"displayName": " Ada Lovelace "})).unwrap();
    assert_eq!(&*ada.display_name, "Ada Lovelace");
    assert!(ada.active && !ada.email_verified && ada.email.is_none());
}

#[test]
fn null_reads_as_left_out() {
    let ada = user(json!({"displayName": "Ada", "profileUrl": null, "email": null, "active": null})).unwrap();
    assert!(ada.active && ada.profile_url.is_none());
}

#[test]
fn every_fault_of_a_user_is_named_at_once() {
    let problem = user(json!({
        "displayName": " ", "profileUrl": "ftp://a.example", "email": "ada", "emailVerified": true, "locale": "?",
    }))
    .unwrap_err();
    assert_eq!(problem.status(), 422);
    assert_eq!(params(&problem), ["displayName", "profileUrl", "email", "locale"]);
}

#[test]
fn an_address_that_is_not_there_is_not_verified() {
    let problem = user(json!({"displayName": "Ada", "emailVerified": true})).unwrap_err();
    assert_eq!(params(&problem), ["emailVerified"]);
}

#[test]
fn a_community_needs_a_title_a_visibility_and_an_enrolment() {
    let problem = community(json!({})).unwrap_err();
    assert_eq!(params(&problem), ["title", "visibility", "enrolment"]);
    let chess = community(json!({"title": "Chess", "visibility": "private", "enrolment": "network"})).unwrap();
    assert_eq!((chess.visibility, chess.enrolment), (Visibility::Private, Enrolment::Network));
    assert!(chess.allow_invitations && chess.membership_mode.is_none());
}

#[test]
fn every_fault_of_a_community_is_named_at_once() {
    let problem = community(json!({
        "title": "Chess", "url": "x", "description": "x".repeat(2_001), "rulesUrl": "x", "memberCount": -1,
        "visibility": "secret", "enrolment": "", "membershipMode": "never",
    }))
    .unwrap_err();
    let faulty = ["url", "description", "rulesUrl", "memberCount", "visibility", "enrolment", "membershipMode"];
    assert_eq!(params(&problem), faulty);
    assert!(problem.detail().contains("`public` or `private`"), "{}", problem.detail());
}

#[test]
fn texts_without_words_are_none() {
    for blank in ["", " \n", "\u{200B}"] {
        let chess = json!({"title": "Chess", "visibility": "public", "enrolment": "open", "description": blank});
        assert_eq!(community(chess).unwrap().description, None);
        assert_eq!(settings(json!({"defaultMessage": blank, "postalAddress": blank})), Ok(Settings::default()));
    }
}

#[test]
fn names_of_characters_that_nobody_sees_are_refused() {
    for unseen in ["\u{200B}", "\u{2060}\u{FE0F}", "\u{3164}", "\u{2800} "] {
        assert_eq!(params(&user(json!({"displayName": unseen})).unwrap_err()), ["displayName"]);
        assert_eq!(params(&settings(json!({"productName": unseen})).unwrap_err()), ["productName"]);
        let chess = json!({"title": unseen, "visibility": "public", "enrolment": "open"});
        assert_eq!(params(&community(chess).unwrap_err()), ["title"]);
    }
}

#[test]
fn a_whole_number_is_whole_however_it_is_written() {
    let read = settings(json!({"invitationLifetimeDays": 7.0})).unwrap();
    assert_eq!(read.invitation_lifetime_days, Whole::new(7));
    for far in [1e300, -1e300, 366.0] {
        let problem = settings(json!({"invitationLifetimeDays": far})).unwrap_err();
        assert_eq!((problem.status().as_u16(), params(&problem)), (422, vec!["invitationLifetimeDays"]), "{far}");
    }
}

#[test]
fn an_address_is_read_in_any_form_and_kept_without_what_is_around_it() {
    for typed in
        ["Ada <ada@bücher.test>", "mailto:ada@bücher.test", "\u{200B}ada@bücher.test\u{FEFF} ", "“ada@bücher.test”"]
    {
        let ada = user(json!({"displayName": "Ada", "email": typed})).unwrap();
        assert_eq!(ada.email.as_ref().map(EmailAddress::as_str), Some("ada@bücher.test"), "{typed}");
        let support = settings(json!({"supportEmail": typed})).unwrap().support_email;
        assert_eq!(support.as_ref().map(EmailAddress::as_mailed), Some("ada@xn--bcher-kva.test"), "{typed}");
    }
    for bad in ["ada@1.2.3.4", "ada@x_y.test", "ada@x.123", "a@x.test, b@x.test", "jörg@x.test", ""] {
        let problem = user(json!({"displayName": "Ada", "email": bad})).unwrap_err();
        assert_eq!((problem.status().as_u16(), params(&problem)), (422, vec!["email"]), "{bad}");
    }
}

#[test]
fn a_value_of_another_type_is_malformed_whatever_else_is_at_fault() {
    for (bad, param, detail) in [
        (json!({"title": 7}), "title", "title: must be a string"),
        (json!({"title": [], "url": "x"}), "title", "title: must be a string"),
        (json!({"memberCount": 1.5, "title": ""}), "memberCount", "memberCount: must be a whole number"),
        (json!({"memberCount": "7"}), "memberCount", "memberCount: must be a whole number"),
        (json!({"visibility": true}), "visibility", "visibility: must be a string"),
        (json!({"allowInvitations": "no"}), "allowInvitations", "allowInvitations: must be a boolean"),
        (json!({"titel": "Chess", "zone": "c"}), "titel", ""),
    ] {
        let problem = community(bad).unwrap_err();
        assert_eq!((problem.status().as_u16(), params(&problem)), (400, vec![param]));
        assert!(problem.detail() == detail || detail.is_empty(), "{}", problem.detail());
    }
}

#[test]
fn a_field_that_stands_twice_is_refused() {
    let Ok(Json::Object(fields)) = serde_json::from_str(r#"{"title": "Chess", "title": null}"#) else { panic!() };
    let problem = records::community(&"chess".parse().unwrap(), &fields.into()).unwrap_err();
    assert_eq!((problem.status().as_u16(), problem.detail()), (400, "title: stands twice"));
}

#[test]
fn a_role_is_one_of_four() {
    for role in [Role::Member, Role::Moderator, Role::Administrator, Role::Owner] {
        assert_eq!(member(json!({"role": role})).map(|member| member.role), Ok(role));
    }
    let problem = member(json!({"role": "king"})).unwrap_err();
    assert_eq!(params(&problem), ["role"]);
}

#[test]
fn settings_that_are_left_out_are_the_defaults() {
    assert_eq!(settings(json!({})), Ok(Settings::default()));
}

#[test]
fn settings_read_back_as_they_were_put() {
    let wanted = json!({
        "membershipMode": "automatic", "invitationLifetimeDays": 365, "declineCooldownDays": 0,
        "maxRecipientsPerRequest": 1, "dailyInvitationsPerSender": 1_000_000, "dailyInvitationMailsPerAddress": 10_000,
        "membersInviteConnectionsOnly": false, "peopleSearch": "off", "emailLinkResponse": "sign_in",
        "senderNotices": "each", "inviteeConfirmation": false, "reminderDaysBeforeExpiry": 364,
        "defaultMessage": "Come to %community%.", "registrationUrl": "https://a.example/register",
        "productName": "Harbour", "logoUrl": "https://a.example/logo.png", "supportEmail": "help@a.example",
        "postalAddress": "Pier 1\nHarbour", "defaultLocale": "de",
    });
    let read = json!(settings(wanted.clone()).unwrap());
    for (field, value) in wanted.as_object().unwrap() {
        assert_eq!(read[field], *value, "{field}");
    }
}

#[test]
fn every_fault_of_the_settings_is_named_at_once() {
    let problem = settings(json!({
        "membershipMode": "x", "invitationLifetimeDays": 0, "declineCooldownDays": 3651,
        "maxRecipientsPerRequest": 101, "dailyInvitationsPerSender": -1, "emailLinkResponse": "x",
        "dailyInvitationMailsPerAddress": 0, "senderNotices": "x",
        "reminderDaysBeforeExpiry": 365,
        "defaultMessage": "x".repeat(2_001), "registrationUrl": "x", "productName": "x".repeat(101), "logoUrl": "x",
        "supportEmail": "x", "postalAddress": "x".repeat(501), "defaultLocale": "xx", "peopleSearch": "x",
    }))
    .unwrap_err();
    let mut named = params(&problem);
    named.sort_unstable();
    assert_eq!(
        named,
        [
            "dailyInvitationMailsPerAddress",
            "dailyInvitationsPerSender",
            "declineCooldownDays",
            "defaultLocale",
            "defaultMessage",
            "emailLinkResponse",
            "invitationLifetimeDays",
            "logoUrl",
            "maxRecipientsPerRequest",
            "membershipMode",
            "peopleSearch",
            "postalAddress",
            "productName",
            "registrationUrl",
            "reminderDaysBeforeExpiry",
            "senderNotices",
            "supportEmail"
        ]
    );
}

#[test]
fn unknown_tokens_of_the_default_message_have_their_own_code() {
    let problem = settings(json!({"defaultMessage": "Hello %name%"})).unwrap_err();
    assert_eq!(problem.code(), "unknown_message_token");
}

#[test]
fn unknown_fields_are_refused() {
    let problems =
        [user(json!({"displayname": "Ada"})).map(drop), settings(json!({"productname": "Harbour"})).map(drop)];
    for (problem, param) in problems.into_iter().zip(["displayname", "productname"]) {
        let problem = problem.unwrap_err();
        assert_eq!((problem.status().as_u16(), params(&problem)), (400, vec![param]));
    }
    // What the path says is no field.
    assert_eq!(user(json!({"displayName": "Ada", "id": "ada"})).unwrap_err().status(), 400);
}

#[test]
fn a_malformed_record_says_what_is_wrong_with_it() {
    for (record, record_type, param) in [
        (json!(7), None, "record"),
        (json!({}), None, "type"),
        (json!({"type": "place"}), None, "type"),
        (json!({"type": "user", "displayName": "Ada"}), Some(RecordType::User), "userId"),
        (json!({"type": "user", "userId": "a b"}), Some(RecordType::User), "userId"),
        (json!({"type": "user", "userId": "a", "active": "yes"}), Some(RecordType::User), "active"),
        (json!({"type": "community", "communityId": "c", "name": "x"}), Some(RecordType::Community), "name"),
        (json!({"type": "member", "communityId": "c", "role": "owner"}), Some(RecordType::Member), "userId"),
        (json!({"type": "connection", "userId": "a", "otherId": 1}), Some(RecordType::Connection), "otherId"),
    ] {
        let (found, upsert) = import::parse(serde_json::from_value(record.clone()).unwrap());
        let Err(problem) = upsert else { panic!("{record} was understood") };
        assert_eq!((found, problem.status().as_u16(), params(&problem)), (record_type, 400, vec![param]), "{record}");
    }
}

/// The lengths of the waves in which records are applied.
fn waves(records: Value) -> Vec<usize> {
    let Ok(Json::List(records)) = serde_json::from_value(records) else { panic!("records are a list") };
    let records = records.into_iter().map(|record| import::parse(record).1).collect();
    service::directory::import::waves(records).iter().map(Vec::len).collect()
}

#[test]
fn records_that_have_nothing_to_do_with_each_other_are_applied_together() {
    let records = json!([
        {"type": "user", "userId": "a", "displayName": "A"}, {"type": "user", "userId": "b", "displayName": "A"}, {"type": "community", "communityId": "a", "title": "A", "visibility": "public", "enrolment": "open"}, 7,
    ]);
    assert_eq!(waves(records), [4]);
}

#[test]
fn members_and_connections_wait_for_the_people_whom_they_name() {
    let records = json!([
        {"type": "user", "userId": "a", "displayName": "A"},
        {"type": "user", "userId": "b", "displayName": "A"},
        {"type": "community", "communityId": "c", "title": "C", "visibility": "public", "enrolment": "open"},
        {"type": "member", "communityId": "c", "userId": "a", "role": "member"},
        {"type": "member", "communityId": "c", "userId": "b", "role": "member"},
        {"type": "connection", "userId": "a", "otherId": "b"},
        {"type": "user", "userId": "b", "displayName": "A"},
    ]);
    assert_eq!(waves(records), [3, 3, 1]);
}

#[test]
fn records_of_the_same_thing_keep_their_order() {
    let users = json!([{"type": "user", "userId": "a", "displayName": "A"}, {"type": "user", "userId": "a", "displayName": "A"}]);
    assert_eq!(waves(users), [1, 1]);
    let addresses = json!([
        {"type": "user", "userId": "a", "displayName": "A", "email": "a@a.example"}, {"type": "user", "userId": "b", "displayName": "B", "email": "A@a.example"},
    ]);
    assert_eq!(waves(addresses), [1, 1]);
    let ways = json!([
        {"type": "connection", "userId": "a", "otherId": "b"}, {"type": "connection", "userId": "b", "otherId": "a"},
    ]);
    assert_eq!(waves(ways), [1, 1]);
}
