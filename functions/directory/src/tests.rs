//! What the fields of a record may say, and in which order an import is applied.

use domain::{
    community::{Community, Enrolment, MembershipMode, Visibility},
    field::Whole,
    person::{Member, Role, User},
    settings::{EmailLinkResponse, Settings},
};
use http_api::problem::Problem;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::{
    import::{self, RecordType},
    records,
};

fn body<T: DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).unwrap()
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
fn a_description_without_words_is_none() {
    let chess = json!({"title": "Chess", "visibility": "public", "enrolment": "open", "description": " \n"});
    assert_eq!(community(chess).unwrap().description, None);
}

#[test]
fn a_value_of_another_type_is_malformed_whatever_else_is_at_fault() {
    for (bad, param, detail) in [
        (json!({"title": 7}), "title", "title: invalid type: integer `7`, expected a string"),
        (json!({"title": [], "url": "x"}), "title", "title: invalid type: sequence, expected a string"),
        (
            json!({"memberCount": 1.5, "title": ""}),
            "memberCount",
            "memberCount: invalid type: floating point `1.5`, expected i64",
        ),
        (json!({"visibility": true}), "visibility", "visibility: invalid type: boolean `true`, expected a string"),
        (
            json!({"allowInvitations": "no"}),
            "allowInvitations",
            "allowInvitations: invalid type: string \"no\", expected a boolean",
        ),
    ] {
        let problem = community(bad).unwrap_err();
        assert_eq!((problem.status().as_u16(), params(&problem), problem.detail()), (400, vec![param], detail));
    }
}

#[test]
fn a_field_that_stands_twice_is_refused() {
    assert!(serde_json::from_str::<crate::fields::Fields>(r#"{"title": "Chess", "title": "Go"}"#).is_err());
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
    let wanted = Settings {
        membership_mode: MembershipMode::Automatic,
        invitation_lifetime_days: Whole::new(365),
        decline_cooldown_days: Whole::new(0),
        max_recipients_per_request: Whole::new(1),
        daily_invitations_per_sender: Whole::new(1_000_000),
        members_invite_connections_only: false,
        email_link_response: EmailLinkResponse::SignIn,
        default_message: Some("Come to %community%.".parse().unwrap()),
        registration_url: Some("https://a.example/register".parse().unwrap()),
        product_name: "Harbour".parse().unwrap(),
        logo_url: Some("https://a.example/logo.png".parse().unwrap()),
        support_email: Some("help@a.example".parse().unwrap()),
        postal_address: Some("Pier 1\nHarbour".parse().unwrap()),
        default_locale: domain::settings::Locale::De,
    };
    assert_eq!(settings(serde_json::to_value(&wanted).unwrap()), Ok(wanted));
}

#[test]
fn every_fault_of_the_settings_is_named_at_once() {
    let problem = settings(json!({
        "membershipMode": "x", "invitationLifetimeDays": 0, "declineCooldownDays": 3651,
        "maxRecipientsPerRequest": 101, "dailyInvitationsPerSender": -1, "emailLinkResponse": "x",
        "defaultMessage": " ", "registrationUrl": "x", "productName": "x".repeat(101), "logoUrl": "x",
        "supportEmail": "x", "postalAddress": "x".repeat(501), "defaultLocale": "xx",
    }))
    .unwrap_err();
    let mut named = params(&problem);
    named.sort_unstable();
    assert_eq!(
        named,
        [
            "dailyInvitationsPerSender",
            "declineCooldownDays",
            "defaultLocale",
            "defaultMessage",
            "emailLinkResponse",
            "invitationLifetimeDays",
            "logoUrl",
            "maxRecipientsPerRequest",
            "membershipMode",
            "postalAddress",
            "productName",
            "registrationUrl",
            "supportEmail",
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
        let (found, upsert) = import::parse(record.clone());
        let Err(problem) = upsert else { panic!("{record} was understood") };
        assert_eq!((found, problem.status().as_u16(), params(&problem)), (record_type, 400, vec![param]), "{record}");
    }
}

/// The lengths of the waves in which records are applied.
fn waves(records: Value) -> Vec<usize> {
    let Value::Array(records) = records else { panic!("records are a list") };
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
