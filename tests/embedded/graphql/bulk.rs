//! Inviting many at once: the same outcomes, the same keys.

use serde_json::{Value, json};
use testkit::embedded::{Person, World, chess};

use super::calls::{REFUSAL, as_rest, data, invitation};

/// Everything that inviting many tells.
pub(crate) const DOCUMENT: &str = "mutation ($community: ID!, $users: [ID!], $emails: [String!], $message: String, $days: Int, $key: String) {
    it: createCommunityInvitations(communityId: $community, userIds: $users, emails: $emails, message: $message,
        expiresInDays: $days, idempotencyKey: $key) { REFUSAL replayed results { recipient outcome retryAfter invitation { INVITATION } } }
}";

async fn invite(world: &World, who: &Person, variables: Value) -> Value {
    let document = DOCUMENT.replace("REFUSAL", REFUSAL).replace("INVITATION", &invitation());
    data(world, who, &document, variables).await["it"].take()
}

#[tokio::test]
async fn every_recipient_has_the_outcome_that_they_have_over_http() {
    let (world, mona) = chess("moderator").await;
    let [ann, ben] = world.people(["ann", "ben"]).await;
    world.invite_user(&mona, "chess", &ben).await;
    let recipients =
        json!({ "userIds": ["ann", "ben", "mona", "ghost", "ann"], "emails": ["a@b.test; x", "ann@example.org"] });
    let variables = json!({
        "community": "chess", "users": recipients["userIds"], "emails": recipients["emails"], "message": "Hello!", "days": 5,
    });
    let mut payload = invite(&world, &mona, variables).await;
    assert_eq!(payload["errors"], json!([]));
    let outcomes: Vec<_> = payload["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["recipient"].clone(), one["outcome"].clone()))
        .collect();
    let expected = [
        ("ann", "INVITED"),
        ("ben", "ALREADY_INVITED"),
        ("mona", "ALREADY_MEMBER"),
        ("ghost", "UNKNOWN_USER"),
        ("ann", "DUPLICATE"),
        ("a@b.test", "INVITED"),
        ("x", "INVALID_EMAIL"),
        ("ann@example.org", "ALREADY_INVITED"),
    ];
    assert_eq!(outcomes, expected.map(|(recipient, outcome)| (json!(recipient), json!(outcome))));
    let made = as_rest(payload["results"][0]["invitation"].take());
    assert_eq!(made["message"], "Hello!");
    assert_eq!(made, world.get(&mona, format!("/invitations/{}", made["id"].as_str().unwrap())).await.json());
    assert_eq!(world.status(&ann, made["id"].as_str().unwrap()).await, "pending");
}

#[tokio::test]
async fn a_key_replays_the_response_by_either_door() {
    let (world, mona) = chess("moderator").await;
    let [_ann, _ben] = world.people(["ann", "ben"]).await;
    let variables = json!({ "community": "chess", "users": ["ann"], "key": "once" });
    let first = invite(&world, &mona, variables.clone()).await;
    assert_eq!(first["replayed"], false);
    let stored = world.dump().await;
    let second = invite(&world, &mona, variables).await;
    assert_eq!((&second["replayed"], &second["results"]), (&json!(true), &first["results"]));
    let over_http = world.send_with_key(&mona, "once", &json!({ "userIds": ["ann"] })).await;
    assert_eq!(over_http.header("idempotency-replayed"), Some("true"));
    assert_eq!(world.dump().await, stored);
    let other = invite(&world, &mona, json!({ "community": "chess", "users": ["ben"], "key": "once" })).await;
    assert_eq!(other["errors"], json!(["idempotency_key_reused"]));
    assert_eq!(other["problems"][0]["param"], "idempotencyKey");
}

#[tokio::test]
async fn what_is_wrong_with_the_whole_request_is_told_with_each_argument_at_fault() {
    let (world, mona) = chess("moderator").await;
    for (variables, code, params) in [
        (json!({ "users": [] }), "invalid_value", vec!["userIds"]),
        (json!({ "users": ["ann"], "days": 0 }), "invalid_value", vec!["expiresInDays"]),
        (
            json!({ "users": ["ann"], "days": 366, "message": "m".repeat(2_001) }),
            "invalid_value",
            vec!["message", "expiresInDays"],
        ),
        (json!({ "users": ["ann"], "message": "%who%" }), "unknown_message_token", vec!["message"]),
        (json!({ "users": ["ann"], "key": "" }), "malformed_request", vec!["idempotencyKey"]),
        (json!({ "users": vec!["ann"; 101] }), "too_many_recipients", vec!["recipients"]),
        (json!({ "users": ["ann"], "community": "no id!" }), "malformed_request", vec!["communityId"]),
        (json!({ "users": ["ann"], "community": "ghost" }), "community_not_found", vec![]),
    ] {
        let mut all = json!({ "community": "chess" });
        all.as_object_mut().unwrap().extend(variables.as_object().unwrap().clone());
        let payload = invite(&world, &mona, all).await;
        assert_eq!(payload["errors"], json!([code]), "{payload}");
        let problems = payload["problems"].as_array().unwrap();
        let told: Vec<_> = problems.iter().filter_map(|problem| problem["param"].as_str()).collect();
        assert_eq!(told, params, "{payload}");
        assert_eq!(payload["results"], json!([]));
    }
}

#[tokio::test]
async fn blocking_and_reasons_come_along() {
    let (world, mona) = chess("moderator").await;
    let (_, ann, id) = world.requested().await;
    let document = "mutation ($id: ID!) { it: rejectCommunityInvitation(id: $id, reason: \"  Full.  \") { errors response { reason } } }";
    let rejected = data(&world, &mona, document, json!({ "id": id })).await;
    assert_eq!(rejected["it"], json!({ "errors": [], "response": { "reason": "Full." } }));
    let id = world.invite_user(&mona, "chess", &ann).await;
    let document = "mutation ($id: ID!) { it: declineCommunityInvitation(id: $id, block: true) { errors } }";
    data(&world, &ann, document, json!({ "id": id })).await;
    let again = invite(&world, &mona, json!({ "community": "chess", "users": ["ann"] })).await;
    assert_eq!(again["results"][0]["outcome"], "UNAVAILABLE");
    let long = "r".repeat(501);
    let document = format!(
        "mutation {{ it: rejectCommunityInvitation(id: \"{id}\", reason: \"{long}\") {{ errors problems {{ param }} }} }}"
    );
    let refused = data(&world, &mona, &document, json!({})).await;
    assert_eq!(refused["it"], json!({ "errors": ["invalid_value"], "problems": [{ "param": "reason" }] }));
}
