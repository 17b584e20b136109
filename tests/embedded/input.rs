//! What people and programs put into requests: pasted, copied, exported, half filled in; and what they are told of it.

use domain::text::is_blank;
use serde_json::{Value, json};
use testkit::{
    Response,
    embedded::{Request, World, chess, person},
};

const SEND: &str = "/communities/chess/invitations";

/// Words of the code, and of its parsers, that mean nothing to a caller.
const WORDS_OF_THE_CODE: [&str; 22] = [
    "u8",
    "u16",
    "u32",
    "u64",
    "usize",
    "i8",
    "i16",
    "i32",
    "i64",
    "f32",
    "f64",
    "struct",
    "enum",
    "sequence",
    "map",
    "unit",
    "variant",
    "column",
    "EOF",
    "serde",
    "Option",
    "recursion",
];

/// Fails if a response tells a caller something in the words of the code.
#[track_caller]
pub(crate) fn assert_plain(response: &Response) {
    let said = |value: &Value| {
        let details: Vec<_> = [&value["detail"], &value["error"]["detail"]]
            .into_iter()
            .chain(value["errors"].as_array().into_iter().flatten().map(|fault| &fault["detail"]))
            .filter_map(|detail| detail.as_str().map(str::to_owned))
            .collect();
        details
    };
    let body: Value = serde_json::from_str(&response.body).unwrap_or_default();
    let results = body["results"].as_array().cloned().unwrap_or_default();
    for detail in results.iter().flat_map(said).chain(said(&body)) {
        let mut words = detail.split(|c: char| !c.is_alphanumeric());
        let plain = !words.any(|word| WORDS_OF_THE_CODE.contains(&word))
            && !["invalid type", "invalid value", "expected value", "at line"]
                .iter()
                .any(|words| detail.contains(words));
        assert!(plain && !is_blank(&detail), "{}: {detail}", response.request);
    }
}

#[tokio::test]
async fn a_pasted_list_is_understood_and_each_recipient_appears_once_as_its_address() {
    let pasted = "\u{FEFF}Erin Bar <e@x.test>, <f@x.test>; mailto:g@x.test\n\"h@x.test\",\"i@x.test\"\tj@x.test. \
                  “Smith, Alice” <a@x.test>；k@x.test、l@x.test\u{2028}\u{202A}m@x.test\u{202C}\nSmith, Bo <b@x.test>;;\n\
                  nobody, e@x.test";
    let expected = ["e", "f", "g", "h", "i", "j", "a", "k", "l", "m", "b"].map(|user| format!("{user}@x.test"));
    for emails in [json!(pasted), json!([pasted, " ", "\u{200B}"]), json!(pasted.split('\n').collect::<Vec<_>>())] {
        let (world, mona) = chess("moderator").await;
        let sent = world.send(&mona, "chess", json!({ "emails": emails })).await;
        let (invited, rest) = sent.results.split_at(expected.len());
        for (result, address) in invited.iter().zip(&expected) {
            assert_eq!((&*result.recipient, &*result.outcome), (&**address, "invited"));
            assert_eq!(result.made().invitee.email.as_ref(), Some(address));
        }
        let rest: Vec<_> = rest.iter().map(|result| (&*result.recipient, &*result.outcome)).collect();
        assert_eq!(rest, [("nobody", "invalid_email"), ("e@x.test", "duplicate")]);
    }
}

#[tokio::test]
async fn a_link_that_writes_a_mail_names_all_whom_it_would_write_to() {
    let (world, mona) = chess("moderator").await;
    let link = "mailto:a@x.test?cc=b@y.test&to=c@z.test&subject=d@x.test&bcc=A@x.test,e%40x.test";
    let sent = world.send(&mona, "chess", json!({ "emails": link })).await;
    assert_eq!(sent.recipients(), ["a@x.test", "b@y.test", "c@z.test", "e@x.test"]);
    assert_eq!(sent.outcomes(), ["invited"; 4]);
    // Where one address is asked for, such a link is none.
    let body = json!({ "displayName": "Ada", "email": "mailto:a@x.test?cc=b@y.test" });
    assert_eq!(world.directory("PUT", "users/ada", body).await.refused(422, "invalid_value").param(), "email");
}

#[tokio::test]
async fn a_number_beyond_all_range_is_told_from_what_is_no_json() {
    let (world, mona) = chess("moderator").await;
    let body = r#"{"userIds": ["ann"], "expiresInDays": 1e400}"#.to_owned();
    let refused = world.call(Request::new("POST", SEND).by(&mona).body(body)).await;
    assert_eq!(refused.refused(400, "malformed_request").detail, "body: has a number that is too large");
    for days in ["1e300", "366", "0", "-1"] {
        let body = format!(r#"{{"userIds": ["ann"], "expiresInDays": {days}}}"#);
        let refused = world.call(Request::new("POST", SEND).by(&mona).body(body)).await;
        let refused = refused.refused(422, "invalid_value");
        assert_eq!(refused.param(), "expiresInDays");
        assert!(refused.detail.contains("must be a whole number from 1 to 365"), "{}", refused.detail);
    }
}

#[tokio::test]
async fn the_same_addresses_pasted_otherwise_are_the_same_request() {
    let (world, mona) = chess("moderator").await;
    let first = world.send_with_key(&mona, "key", &json!({ "emails": "Ann <ann@x.test>; ben@x.test" })).await;
    let again = world.send_with_key(&mona, "key", &json!({ "emails": ["ann@x.test", "mailto:ben@x.test"] })).await;
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    assert_eq!(again.sent(), first.sent());
    let other = world.send_with_key(&mona, "key", &json!({ "emails": "ben@x.test, ann@x.test" })).await;
    other.refused(422, "idempotency_key_reused");
}

#[tokio::test]
async fn more_addresses_than_any_settings_allow_are_counted_and_not_looked_at() {
    let (world, mona) = chess("moderator").await;
    world.meter.take();
    for emails in [json!("a@x.test ".repeat(1_001)), json!(["a@x.test,".repeat(500), "a@x.test\n".repeat(501)])] {
        let refused = world.post(&mona, SEND, json!({ "emails": emails })).await.refused(413, "too_many_recipients");
        assert!(refused.detail.contains("1001"), "{}", refused.detail);
    }
    assert_eq!(world.meter.take().total(), 0);
}

#[tokio::test]
async fn an_internationalised_domain_is_one_address_in_both_spellings() {
    let (world, mona) = chess("moderator").await;
    let id = world.invite_address(&mona, "chess", "Info@Bücher.test").await;
    assert_eq!(world.invitation(&mona, &id).await.invitee.email.as_deref(), Some("Info@Bücher.test"), "as typed");
    for again in ["info@xn--bcher-kva.test", "info@bu\u{308}cher.test"] {
        assert_eq!(world.outcome(&mona, "chess", json!({ "emails": [again] })).await, "already_invited", "{again}");
    }
    assert_eq!(world.deliver_mail().await.to, "Info@xn--bcher-kva.test");
    // The directory has the one spelling, the token the other.
    let ida = person("ida").with_email("info@xn--bcher-kva.test");
    world.register(&person("ida").with_email("info@bücher.test")).await;
    assert_eq!(world.mine(&ida).await.ids(), [&*id]);
    world.command(&ida, &id, "accept").await.ok();
    let taken = json!({ "displayName": "Other", "email": "INFO@XN--BCHER-KVA.test", "emailVerified": true });
    world.directory("PUT", "users/other", taken).await.refused(409, "email_taken");
}

#[tokio::test]
async fn what_cannot_be_mailed_is_no_address() {
    let (world, mona) = chess("moderator").await;
    for bad in [
        "a@1.2.3.4",
        "a@x.123",
        "a@x_y.test",
        "a@-x.test",
        "a@[1.2.3.4]",
        "jörg@x.test",
        "\"a b\"@x.test",
        "a@localhost",
    ] {
        let result = world.invite(&mona, "chess", json!({ "emails": [bad] })).await;
        assert_eq!((&*result.outcome, &*result.recipient), ("invalid_email", bad));
        let body = json!({ "displayName": "Ada", "email": bad });
        assert_eq!(
            world.directory("PUT", "users/ada", body).await.refused(422, "invalid_value").param(),
            "email",
            "{bad}"
        );
    }
}

#[tokio::test]
async fn the_forms_in_which_programs_write_the_same_request_are_taken() {
    let (world, mona) = chess("moderator").await;
    world.people(["ann", "ben", "cleo", "dan", "eve"]).await;
    let bodies = [
        r#"{"userIds": [" ann\n"], "emails": null, "expiresInDays": 7.0}"#,
        r#"{"userIds": ["ben\u200b"], "message": "", "expiresInDays": 7e0}"#,
        "\u{FEFF}{\"userIds\": [\"\u{FEFF}cleo\"], \"message\": null, \"expiresInDays\": 7}",
        r#"{"userIds": ["dan"], "message": " \n\u200b", "expiresInDays": 7}"#,
        r#"{"userIds": null, "emails": "eve@example.org", "expiresInDays": 7}"#,
    ];
    let mut messages = Vec::new();
    for (body, who) in bodies.into_iter().zip(["ann", "ben", "cleo", "dan", "eve@example.org"]) {
        let sent = world.call(Request::new("POST", SEND).by(&mona).body(body.to_owned())).await.sent();
        assert_eq!((sent.recipients(), sent.outcomes()), (vec![who], vec!["invited"]), "{body}");
        let made = sent.results[0].made();
        let time = |text: &str| text.parse::<domain::Timestamp>().unwrap().as_second();
        assert_eq!(time(&made.expires_at) - time(&made.created_at), 7 * 86_400, "{body}");
        messages.push(made.message.clone());
    }
    assert!(messages.iter().all(|message| *message == messages[0]), "the default message: {messages:?}");
    for days in ["7.5", "\"7\"", "true"] {
        let body = format!(r#"{{"userIds": ["ann"], "expiresInDays": {days}}}"#);
        let refused =
            world.call(Request::new("POST", SEND).by(&mona).body(body)).await.refused(400, "malformed_request");
        assert_eq!(refused.param(), "expiresInDays");
    }
}

#[tokio::test]
async fn links_in_messages_stay_as_they_are_and_lines_end_in_one_way() {
    let (world, mona) = chess("moderator").await;
    let message =
        "Read https://x.test/wiki/%E4%BD%A0%E5%A5%BD\rand caf%C3%A9%\u{B}or peut-%C3%AAtre%20pas\u{85}%sender%";
    let made = world.invite(&mona, "chess", json!({ "emails": ["ann@x.test"], "message": message })).await;
    let shown = &made.made().message;
    assert!(
        shown.starts_with("Read https://x.test/wiki/%E4%BD%A0%E5%A5%BD\nand caf%C3%A9%\nor peut-%C3%AAtre%20pas\n"),
        "{shown}"
    );
    assert!(!shown.contains("%sender%"), "{shown}");
    let typo =
        world.post(&mona, SEND, json!({ "emails": ["ben@x.test"], "message": "Hi %recipient%, see %C3%A9" })).await;
    let detail = typo.refused(422, "unknown_message_token").detail;
    assert!(detail.contains("%recipient%") && !detail.contains("%C3"), "{detail}");
}

#[tokio::test]
async fn a_query_parameter_that_stands_twice_is_named() {
    let (world, mona) = chess("moderator").await;
    for list in ["/me/invitations", "/me/invitations/sent", SEND] {
        for (param, query) in [
            ("status", "status=pending&status=pending"),
            ("limit", "limit=1&x=1&limit=2"),
            ("cursor", "cursor=&cursor="),
        ] {
            let refused = world.get(&mona, format!("{list}?{query}")).await.refused(400, "malformed_request");
            assert_eq!(refused.param(), param, "{list}?{query}");
        }
        world.get(&mona, format!("{list}?limit=1&status=&x=1&x=2")).await.ok();
    }
}

#[tokio::test]
async fn a_page_takes_the_first_of_what_a_link_says_twice_and_speaks_the_language_wanted_most() {
    let (world, mona) = chess("moderator").await;
    world.invite_address(&mona, "chess", "ann@x.test").await;
    let link = world.deliver_mail().await.path("i");
    let page = async |query: &str| world.open(&format!("{link}{query}")).await.body;
    assert_eq!(page("?intent=decline&intent=accept").await, page("?intent=decline").await);
    assert_ne!(page("?intent=decline").await, page("?intent=accept").await);
    // A page about nothing speaks as its reader asks.
    let nothing = async |wanted: &str| {
        let body = world.call(Request::new("GET", "/i/x").header("accept-language", wanted)).await.body;
        if body.contains("lang=\"de\"") { "de" } else { "en" }
    };
    for (wanted, spoken) in
        [("de;q=0.1, en;q=0.9", "en"), ("en;q=0.1, de;q=0.9", "de"), ("fr, de;q=0.3", "de"), ("de;q=0", "en")]
    {
        assert_eq!(nothing(wanted).await, spoken, "{wanted}");
    }
}

/// Every route with a JSON body, and the fields of it.
const BODIES: [(&str, &str, &[&str]); 9] = [
    ("POST", SEND, &["userIds", "emails", "message", "expiresInDays", "notify"]),
    ("POST", "/communities/chess/invitations/preview", &["userIds", "emails", "message", "expiresInDays", "notify"]),
    ("POST", "/invitations/01ARZ3NDEKTSV4RRFFQ69G5FAV/decline", &["block"]),
    ("POST", "/invitations/01ARZ3NDEKTSV4RRFFQ69G5FAV/reject", &["reason"]),
    ("PUT", "/directory/users/ann", &["displayName", "profileUrl", "email", "emailVerified", "active", "locale"]),
    (
        "PUT",
        "/directory/communities/attic",
        &["title", "description", "memberCount", "visibility", "enrolment", "allowInvitations"],
    ),
    ("PUT", "/directory/communities/chess/members/ann", &["role"]),
    (
        "PUT",
        "/directory/settings",
        &[
            "membershipMode",
            "invitationLifetimeDays",
            "peopleSearch",
            "defaultMessage",
            "supportEmail",
            "defaultLocale",
        ],
    ),
    ("POST", "/directory/import", &["records"]),
];

#[tokio::test]
async fn no_problem_speaks_of_types_of_the_code_or_places_in_the_text() {
    let (world, mona) = chess("moderator").await;
    world.people(["ann"]).await;
    let deep = format!("{}1{}", "{\"a\":".repeat(200), "}".repeat(200));
    let broken = [
        "{",
        "[]",
        "7",
        "nul",
        "\"x\"",
        "{\"a\"",
        "{\"a\":}",
        "{}{}",
        "{,}",
        "{'a': 1}",
        r#"{"message":"\ud800"}"#,
        "{\"x\":1e400}",
        "\u{FEFF}x",
        &deep,
    ];
    let values = [
        json!(true),
        json!(7),
        json!(-7),
        json!(7.5),
        json!(1e300),
        json!(u64::MAX),
        json!("x"),
        json!(""),
        json!("\0"),
        json!([]),
        json!([7]),
        json!([null]),
        json!([{}]),
        json!([{"type": 7}]),
        json!([{"type": "user", "userId": 7}]),
        json!([{"type": "user", "userId": "a", "active": 1}]),
        json!([{"type": "member"}]),
        json!({}),
        json!({"a": 1}),
    ];
    for (method, path, fields) in BODIES {
        let call = async |body: String| {
            let request = Request::new(method, path).body(body);
            let caller = if path.starts_with("/directory") { testkit::embedded::platform() } else { mona.clone() };
            world.call(request.by(&caller)).await
        };
        for body in broken {
            let response = call(body.to_owned()).await;
            assert_eq!(response.refused(400, "malformed_request").param(), "body", "{path}: {body}");
            assert_plain(&response);
        }
        let unknown = call(r#"{"nothing": null}"#.to_owned()).await;
        assert_eq!(unknown.refused(400, "malformed_request").param(), "nothing", "{path}");
        assert_plain(&unknown);
        for field in fields {
            let twice = call(format!(r#"{{"{field}": null, "{field}": null}}"#)).await;
            assert_eq!(twice.refused(400, "malformed_request").param(), *field, "{path}");
            assert_plain(&twice);
            for value in &values {
                assert_plain(&call(json!({ *field: value }).to_string()).await);
            }
        }
    }
}

#[tokio::test]
async fn a_name_that_nobody_can_see_is_refused() {
    let world = World::new().await;
    for unseen in [
        "\u{200B}",
        "\u{2060}\u{2063}",
        "\u{3164}",
        "\u{202E}\u{202C}",
        "\u{A0}\u{2800}",
        "\u{FFF9}",
        "\u{FFF9}\u{FFFB}",
        "\u{FFFC}",
        "\u{13430}",
    ] {
        let refused = world.directory("PUT", "users/ann", json!({ "displayName": unseen })).await;
        assert_eq!(refused.refused(422, "invalid_value").param(), "displayName");
        let body = json!({ "title": unseen, "visibility": "public", "enrolment": "open" });
        assert_eq!(
            world.directory("PUT", "communities/chess", body).await.refused(422, "invalid_value").param(),
            "title"
        );
    }
}

#[tokio::test]
async fn the_reason_of_a_rejection_may_have_lines_of_any_system() {
    let (world, mona) = chess("moderator").await;
    let [mia, ann] = world.people(["mia", "ann"]).await;
    world.community("chess", json!({ "enrolment": "closed" })).await;
    world.member("chess", &mia, "member").await;
    world.connect(&mia, &ann).await;
    let request = world.invite_user(&mia, "chess", &ann).await;
    let rejected =
        world.post(&mona, format!("/invitations/{request}/reject"), json!({ "reason": "Full.\r\nSorry.\r" })).await;
    assert_eq!(rejected.invitation().reason.as_deref(), Some("Full.\nSorry."));
}
