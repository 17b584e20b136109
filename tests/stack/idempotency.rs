//! The same request twice is one request.

use serde_json::json;

use testkit::stack::{Part, World, free_address, stack};

#[test]
fn a_repetition_gets_the_first_answer_and_nobody_is_mailed_twice() {
    let world = World::new();
    let [moderator, ines, ivo] = world.people([Part::Moderator, Part::Outsider, Part::Outsider]);
    let body = json!({"userIds": [ines.id], "emails": "not an address", "message": "Come!"});
    let first = world.send_once(&moderator, "once", &body);
    assert_eq!(first.header("idempotency-replayed"), None);
    stack().await_mail(&ines.email);
    // Other white space and another order of the fields are the same request.
    let respelled = json!({"message": "Come!", "emails": ["not an address"], "userIds": [ines.id]});
    for body in [&body, &respelled] {
        let again = world.send_once(&moderator, "once", body);
        assert_eq!(again.header("idempotency-replayed"), Some("true"));
        assert_eq!(again.ok().json(), first.ok().json());
    }
    // A later mail has come, so a second one of the same request would have come as well.
    world.invite_by_mail(&moderator, &ivo);
    assert_eq!(stack().mails_to(&ines.email).len(), 1);
}

#[test]
fn the_same_request_many_times_at_once_invites_once() {
    let world = World::new();
    let [moderator] = world.people([Part::Moderator]);
    let address = free_address();
    let body = json!({"emails": [address]});
    let responses = std::thread::scope(|scope| {
        let requests = [(); 6].map(|()| scope.spawn(|| world.send_once(&moderator, "race", &body)));
        requests.map(|request| request.join().unwrap())
    });
    let done: Vec<_> = responses.iter().filter(|response| response.status == 200).collect();
    assert!(!done.is_empty());
    for response in responses.iter().filter(|response| response.status != 200) {
        response.refused(409, "request_still_running");
    }
    assert!(done.iter().all(|response| response.json() == done[0].json()), "{done:?}");
    assert_eq!(done.iter().filter(|response| response.header("idempotency-replayed").is_none()).count(), 1);
    stack().await_mail(&address);
}

#[test]
fn a_key_belongs_to_its_caller() {
    let world = World::new();
    let [moderator, other] = world.people([Part::Moderator, Part::Moderator]);
    let (one, two) = (free_address(), free_address());
    world.send_once(&moderator, "shared", &json!({"emails": [one]})).ok();
    let response = world.send_once(&other, "shared", &json!({"emails": [two]}));
    assert_eq!(response.header("idempotency-replayed"), None);
    assert_eq!(response.sent().summary["invited"], 1);
}

#[test]
fn a_key_has_1_to_255_characters() {
    let world = World::new();
    let [moderator] = world.people([Part::Moderator]);
    let body = json!({"emails": [free_address()]});
    let problem = world.send_once(&moderator, &"k".repeat(256), &body).refused(400, "malformed_request");
    assert_eq!(problem.param(), "Idempotency-Key");
    world.send_once(&moderator, &"k".repeat(255), &body).ok();
}

#[test]
fn a_refused_request_does_not_use_its_key_up() {
    let world = World::with(&json!({"allowInvitations": false}));
    let [moderator] = world.people([Part::Moderator]);
    let body = json!({"emails": [free_address()]});
    world.send_once(&moderator, "later", &body).refused(403, "invitations_not_allowed");
    world.describe(&json!({"allowInvitations": true}));
    assert_eq!(world.send_once(&moderator, "later", &body).sent().summary["invited"], 1);
}
