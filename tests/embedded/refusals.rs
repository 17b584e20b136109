//! Every refusal: its status, its code, and that nothing has changed.

use http_api::code::Code;
use serde_json::{Value, json};

use testkit::{
    api::Problem,
    embedded::{Person, Request, World, chess as chess_of, person},
    template::template,
};

/// Returns a community of a moderator, and of a member who knows Ann.
pub(crate) async fn chess() -> (World, [Person; 3]) {
    let (world, mona) = chess_of("moderator").await;
    let [mia, ann] = world.people(["mia", "ann"]).await;
    world.member("chess", &mia, "member").await;
    world.connect(&mia, &ann).await;
    (world, [mona, mia, ann])
}

const SEND: &str = "/communities/chess/invitations";
/// Ids for the paths of routes.
const IDS: [(&str, &str); 4] =
    [("communityId", "chess"), ("userId", "ann"), ("otherId", "mia"), ("address", "ann@example.org")];

fn ann() -> Value {
    json!({ "userIds": ["ann"] })
}

/// Codes that no route responds with: what a link refuses is shown as a page.
const NEVER_SEEN: [&str; 2] = ["registration_needed", "sign_in_needed"];

#[test]
fn every_code_has_a_test() {
    let tests = [
        include_str!("refusals.rs"),
        include_str!("approvals.rs"),
        include_str!("matrix.rs"),
        include_str!("lists.rs"),
        include_str!("idempotency.rs"),
        include_str!("people.rs"),
    ];
    let is_tested = |code: &str| tests.iter().any(|test| test.contains(&format!("\"{code}\"")));
    let codes = Code::ALL.iter().map(|code| code.as_str()).filter(|code| !NEVER_SEEN.contains(code));
    let untested: Vec<_> = codes.filter(|code| !is_tested(code)).collect();
    assert_eq!(untested, Vec::<&str>::new());
}

#[tokio::test]
async fn who_sends_no_token_is_asked_for_one_on_every_route() {
    let world = World::new().await;
    for route in template().routes().iter().filter(|route| !route.is_elements()) {
        let values = [("invitationId", "01ARZ3NDEKTSV4RRFFQ69G5FAV"), ("token", "x")];
        let path = route.at(&[&values[..], &IDS].concat());
        let response = world.call(Request::new(&route.method, path)).await;
        if route.is_page() {
            assert_eq!(response.status, 404, "{route:?}");
        } else {
            response.refused(401, "unauthenticated");
        }
    }
}

#[tokio::test]
async fn the_elements_are_for_everyone_and_other_versions_of_them_for_nobody() {
    let world = World::new().await;
    let get = async |method, path: &str| world.call(Request::new(method, path)).await;
    let href = get("GET", "/ui").await.ok().json()["href"].as_str().unwrap().to_owned();
    for path in ["/ui", "/ui/invitations.js", &href] {
        for method in ["GET", "HEAD"] {
            get(method, path).await.ok();
        }
    }
    get("GET", "/ui/0000000000000000/invitations.js").await.refused(404, "no_such_route");
}

#[tokio::test]
async fn malformed_requests_name_the_part_at_fault() {
    let (world, [mona, ..]) = chess().await;
    let bodies = [
        ("{", "body"),
        ("[]", "body"),
        (r#"{"userIds": "ann"}"#, "userIds"),
        (r#"{"userIds": [1]}"#, "userIds[0]"),
        (r#"{"emails": 7}"#, "emails"),
        (r#"{"user": ["ann"]}"#, "user"),
        (r#"{"expiresInDays": "soon"}"#, "expiresInDays"),
    ];
    for (body, param) in bodies {
        let response = world.call(Request::new("POST", SEND).by(&mona).body(body.to_owned())).await;
        assert_eq!(response.refused(400, "malformed_request").param(), param, "{body}");
    }
    let long = "k".repeat(256);
    for key in ["", &long] {
        let request = Request::send(&mona, "chess", &ann()).key(key);
        assert_eq!(world.call(request).await.refused(400, "malformed_request").param(), "Idempotency-Key");
    }
    for (path, param) in [
        ("/me/invitations?status=open", "status"),
        ("/me/invitations?limit=0", "limit"),
        ("/me/invitations?limit=101", "limit"),
        ("/me/invitations/sent?limit=x", "limit"),
        ("/communities/chess%20club/invitations", "communityId"),
    ] {
        assert_eq!(world.get(&mona, path).await.refused(400, "malformed_request").param(), param, "{path}");
    }
}

#[tokio::test]
async fn values_that_make_no_sense_are_named_all_at_once() {
    let (world, [mona, ..]) = chess().await;
    let problem =
        world.post(&mona, SEND, json!({ "userIds": ["ann"], "message": "bell\u{7}", "expiresInDays": 366 })).await;
    assert_eq!(problem.refused(422, "invalid_value").params(), ["message", "expiresInDays"]);
    for days in [0, -1, 366] {
        world
            .post(&mona, SEND, json!({ "userIds": ["ann"], "expiresInDays": days }))
            .await
            .refused(422, "invalid_value");
    }
    for message in ["a".repeat(2_001), "bell\u{7}".to_owned()] {
        world.post(&mona, SEND, json!({ "userIds": ["ann"], "message": message })).await.refused(422, "invalid_value");
    }
    world.post(&mona, SEND, json!({})).await.refused(422, "invalid_value");
    let problem = world.post(&mona, SEND, json!({ "userIds": ["ann"], "message": "%name% and %x%" })).await;
    let detail = problem.refused(422, "unknown_message_token").detail;
    assert!(detail.contains("%name%") && detail.contains("%x%"), "{detail}");
    let reject = json!({ "reason": "r".repeat(501) });
    for reject in [reject, json!({ "reason": "Not\u{7}now" })] {
        let path = "/invitations/01ARZ3NDEKTSV4RRFFQ69G5FAV/reject";
        world.post(&mona, path, reject).await.refused(422, "invalid_value");
    }
}

#[tokio::test]
async fn requests_that_are_too_large_are_refused() {
    let (world, [mona, ..]) = chess().await;
    let many: Vec<_> = (0..101).map(|number| format!("user{number}")).collect();
    world.post(&mona, SEND, json!({ "userIds": many })).await.refused(413, "too_many_recipients");
    // A crowd is not even looked at.
    world.meter.take();
    let crowd: Vec<_> = (0..1_001).map(|number| format!("user{number}")).collect();
    world.post(&mona, SEND, json!({ "userIds": crowd })).await.refused(413, "too_many_recipients");
    assert_eq!(world.meter.take().total(), 0);
    world.settings(json!({ "maxRecipientsPerRequest": 2 })).await;
    let three = json!({ "userIds": ["a", "b"], "emails": "c@example.org" });
    world.post(&mona, SEND, three).await.refused(413, "too_many_recipients");
    let huge = json!({ "userIds": ["x".repeat(300_000)] });
    world.post(&mona, SEND, huge).await.refused(413, "too_large");
    let records: Vec<_> = (0..101).map(|_| json!({})).collect();
    world.directory("POST", "import", json!({ "records": records })).await.refused(413, "too_large");
}

#[tokio::test]
async fn only_people_with_the_right_may_invite() {
    let (world, [mona, mia, _]) = chess().await;
    world.community("choir", json!({})).await;
    world.post(&mona, "/communities/choir/invitations", ann()).await.refused(403, "not_a_member");
    world.post(&mona, "/communities/nowhere/invitations", ann()).await.refused(404, "community_not_found");
    world.post(&person("ghost"), SEND, ann()).await.refused(403, "caller_unknown");
    world.community("hall", json!({ "enrolment": "network" })).await;
    world.member("hall", &mona, "moderator").await;
    world.post(&mona, "/communities/hall/invitations", ann()).await.refused(403, "inviters_are_administrators");
    world.community("attic", json!({ "visibility": "private" })).await;
    world.member("attic", &mia, "member").await;
    world.post(&mia, "/communities/attic/invitations", ann()).await.refused(403, "community_private");
    world.community("chess", json!({ "allowInvitations": false })).await;
    world.post(&mona, SEND, ann()).await.refused(403, "invitations_not_allowed");
    world.post(&mona, format!("{SEND}/preview"), ann()).await.refused(403, "invitations_not_allowed");
    world.community("chess", json!({})).await;
    world.register_with(&mona, json!({ "active": false })).await;
    world.post(&mona, SEND, ann()).await.refused(403, "caller_inactive");
    world.post(&mona, format!("{SEND}/preview"), ann()).await.refused(403, "caller_inactive");
}

#[tokio::test]
async fn only_site_administrators_keep_the_directory() {
    let (world, [mona, ..]) = chess().await;
    for route in template().routes().iter().filter(|route| route.is_directory()) {
        world.call(Request::new(&route.method, route.at(&IDS)).by(&mona)).await.refused(403, "not_site_administrator");
    }
    for path in ["communities/chess/members/nobody", "communities/nowhere/members/ann"] {
        world.directory("PUT", path, json!({ "role": "member" })).await.refused(404, "not_in_directory");
    }
    world.directory("PUT", "users/ann/connections/ann", json!({})).await.refused(422, "invalid_value");
    let taken = json!({ "displayName": "Other", "email": "ANN@example.org", "emailVerified": true });
    world.directory("PUT", "users/other", taken).await.refused(409, "email_taken");
}

#[tokio::test]
async fn an_answer_is_refused_when_something_changed_since_the_invitation() {
    let (world, [mona, _, ann]) = chess().await;
    let id = world.invite_user(&mona, "chess", &ann).await;
    world.community("chess", json!({ "allowInvitations": false })).await;
    world.command(&ann, &id, "accept").await.refused(403, "invitations_not_allowed");
    world.community("chess", json!({})).await;
    world.register_with(&ann, json!({ "active": false })).await;
    world.command(&ann, &id, "accept").await.refused(403, "caller_inactive");
    world.register(&ann).await;
    world.member("chess", &ann, "member").await;
    world.command(&ann, &id, "accept").await.refused(409, "invitation_cancelled");
    world.remove("communities/chess/members/ann").await;
    world.command(&ann, &id, "accept").await.refused(409, "invitation_cancelled");
    // The directory does not know that the invited address is the member's.
    world.register_with(&ann, json!({ "email": null, "emailVerified": false })).await;
    let mailed = world.invite_address(&mona, "chess", &ann.email).await;
    world.member("chess", &ann, "member").await;
    world.command(&ann, &mailed, "accept").await.refused(409, "already_member");
}

#[tokio::test]
async fn who_blocks_while_somebody_else_invites_them_is_not_invited_though_no_mailbox_says_so() {
    let (world, mona) = testkit::embedded::chess("owner").await;
    world.settings(json!({ "declineCooldownDays": 0 })).await;
    let zoe = person("zoe");
    world.register_with(&zoe, json!({ "email": null, "emailVerified": false })).await;
    let id = world.invite_user(&mona, "chess", &zoe).await;
    world.command(&zoe, &id, "decline").await.ok();
    let stop = world.faults.stop_next();
    let (result, ()) = futures::join!(world.invite(&mona, "chess", json!({ "userIds": ["zoe"] })), async {
        stop.reached().await;
        // Said of what was declined before, it begins no cooldown that would stand in the way too.
        world.post(&zoe, format!("/invitations/{id}/decline"), json!({ "block": true })).await.ok();
        stop.open();
    });
    assert_eq!(result.outcome, "unavailable");
}

#[tokio::test]
async fn whoever_is_not_active_is_offered_nothing_to_do() {
    let (world, [mona, _, ann]) = chess().await;
    let id = world.invite_user(&mona, "chess", &ann).await;
    assert_eq!(world.invitation(&ann, &id).await.actions.len(), 2);
    world.register_with(&ann, json!({ "active": false })).await;
    assert_eq!(world.invitation(&ann, &id).await.actions, []);
}

#[tokio::test]
async fn an_invitation_to_an_address_is_nobody_elses() {
    let (world, [mona, mia, _]) = chess().await;
    let id = world.invite_address(&mona, "chess", "zoe@example.org").await;
    for stranger in [mia, person("yan"), person("yan").unverified()] {
        world.get(&stranger, format!("/invitations/{id}")).await.refused(404, "invitation_not_found");
        for verb in ["accept", "decline"] {
            world.command(&stranger, &id, verb).await.refused(404, "invitation_not_found");
        }
    }
    assert_eq!(world.status(&mona, &id).await, "pending");
}

#[tokio::test]
async fn a_moderator_who_is_not_active_any_more_sees_and_decides_nothing() {
    let (world, [mona, _, ann]) = chess().await;
    let [mo] = world.people(["mo"]).await;
    world.member("chess", &mo, "moderator").await;
    let id = world.invite_user(&mona, "chess", &ann).await;
    world.get(&mo, format!("/invitations/{id}")).await.ok();
    world.register_with(&mo, json!({ "active": false })).await;
    world.get(&mo, format!("/invitations/{id}")).await.refused(404, "invitation_not_found");
    world.command(&mo, &id, "cancel").await.refused(404, "invitation_not_found");
    world.get(&mo, "/communities/chess/invitations").await.refused(403, "caller_inactive");
}

#[tokio::test]
async fn an_unverified_address_is_advised_to_be_verified() {
    let (world, [mona, ..]) = chess().await;
    let id = world.invite_address(&mona, "chess", "zoe@example.org").await;
    let zoe = person("zoe").unverified();
    let response = world.command(&zoe, &id, "accept").await;
    let problem = response.refused(403, "email_unverified");
    assert!(problem.detail.contains("Verify"), "{problem:?}");
    world.register(&zoe).await;
    world.command(&zoe, &id, "decline").await.refused(403, "email_unverified");
    assert_eq!(world.status(&mona, &id).await, "pending");
}

#[tokio::test]
async fn every_final_state_conflicts_with_what_would_leave_it() {
    let (world, [mona, mia, ann]) = chess().await;
    world.settings(json!({ "declineCooldownDays": 0 })).await;
    let conflict = |problem: Problem, status: &str| assert_eq!(problem.invitation_status(), status);

    let id = world.invite_user(&mona, "chess", &ann).await;
    conflict(world.command(&mona, &id, "approve").await.refused(409, "invitation_pending"), "pending");
    world.command(&ann, &id, "decline").await.ok();
    world.command(&ann, &id, "decline").await.ok();
    for (who, verb) in [(&ann, "accept"), (&mona, "cancel"), (&mona, "resend"), (&mona, "approve"), (&mona, "reject")] {
        conflict(world.command(who, &id, verb).await.refused(409, "invitation_declined"), "declined");
    }
    let id = world.invite_user(&mona, "chess", &ann).await;
    world.command(&mona, &id, "cancel").await.ok();
    for (who, verb) in [(&ann, "accept"), (&ann, "decline"), (&mona, "resend"), (&mona, "approve")] {
        conflict(world.command(who, &id, verb).await.refused(409, "invitation_cancelled"), "cancelled");
    }
    let id = world.invite_user(&mona, "chess", &ann).await;
    world.lapse(&id).await;
    for (who, verb) in [
        (&ann, "accept"),
        (&ann, "decline"),
        (&mona, "cancel"),
        (&mona, "resend"),
        (&mona, "approve"),
        (&mona, "reject"),
    ] {
        conflict(world.command(who, &id, verb).await.refused(409, "invitation_expired"), "expired");
    }
    world.community("chess", json!({ "enrolment": "closed" })).await;
    let id = world.invite_user(&mia, "chess", &ann).await;
    let resent = world.command(&mona, &id, "resend").await;
    conflict(resent.refused(409, "invitation_awaiting_approval"), "awaiting_approval");
    world.command(&mona, &id, "reject").await.ok();
    world.command(&mona, &id, "reject").await.ok();
    for (who, verb) in [(&mona, "approve"), (&mia, "cancel")] {
        conflict(world.command(who, &id, verb).await.refused(409, "invitation_rejected"), "rejected");
    }
    let id = world.invite_user(&mona, "chess", &ann).await;
    world.command(&ann, &id, "accept").await.ok();
    for (who, verb) in [(&ann, "decline"), (&mona, "cancel"), (&mona, "resend"), (&mona, "approve"), (&mona, "reject")]
    {
        conflict(world.command(who, &id, verb).await.refused(409, "invitation_accepted"), "accepted");
    }
}

#[tokio::test]
async fn a_sender_whose_day_is_used_up_is_told_when_the_next_begins() {
    let (world, [mona, ..]) = chess().await;
    world.settings(json!({ "dailyInvitationsPerSender": 1 })).await;
    world.send(&mona, "chess", ann()).await;
    let response = world.post(&mona, SEND, json!({ "userIds": ["mia", "ben"] })).await;
    response.refused(429, "daily_quota_used");
    let wait: u32 = response.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=86_401).contains(&wait), "{wait}");
}

#[tokio::test]
async fn commands_on_what_is_no_invitation_find_none() {
    let (world, [mona, ..]) = chess().await;
    for id in ["01ARZ3NDEKTSV4RRFFQ69G5FAV", "nonsense", "01arz3ndektsv4rrffq69g5fa"] {
        world.get(&mona, format!("/invitations/{id}")).await.refused(404, "invitation_not_found");
        for verb in ["accept", "decline", "cancel", "approve", "reject", "resend"] {
            world.command(&mona, id, verb).await.refused(404, "invitation_not_found");
        }
    }
}

#[tokio::test]
async fn when_the_table_fails_nothing_internal_shows() {
    let (world, [mona, ..]) = chess().await;
    world.faults.fail_after(0);
    let response = world.post(&mona, SEND, ann()).await;
    let problem = response.refused(500, "internal_error");
    assert_eq!(problem.request_id, "request-1");
    assert_eq!(problem.detail, "Something went wrong on our side.");
    world.faults.conflict(u32::MAX);
    let response = world.post(&mona, SEND, ann()).await;
    response.refused(503, "unavailable");
    assert!(response.header("retry-after").is_some());
}
