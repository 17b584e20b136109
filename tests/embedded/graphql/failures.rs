//! What fails on our side is told beside the data, without a word of what only we should know.

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::{Value, json};
use store::keys::Key;
use testkit::embedded::chess;

use super::calls::{data, execute, request};

const TWO: &str = "mutation ($first: ID!, $second: ID!) {
    first: cancelCommunityInvitation(id: $first) { errors response { status } }
    second: cancelCommunityInvitation(id: $second) { errors response { status } } }";

#[tokio::test]
async fn a_failure_has_the_status_and_the_code_that_it_has_over_http_and_nothing_internal() {
    let (world, mona) = chess("moderator").await;
    let [ann] = world.people(["ann"]).await;
    let id = world.invite_user(&mona, "chess", &ann).await;
    let document = "mutation ($id: ID!) { cancelCommunityInvitation(id: $id) { errors } }";
    for (status, code) in [(500, "internal_error"), (503, "unavailable")] {
        let fail = || if status == 500 { world.faults.fail_after(0) } else { world.faults.conflict(u32::MAX) };
        fail();
        let over_http = world.command(&mona, &id, "cancel").await.refused(status, code);
        world.faults.clear();
        fail();
        let response = execute(&world, &mona, document, json!({ "id": id })).await;
        world.faults.clear();
        response.expect(status);
        assert_eq!(response.header("content-type"), Some("application/graphql-response+json"));
        let told = response.json();
        assert_eq!(told["errors"][0]["message"], over_http.detail);
        assert_eq!(told["errors"][0]["path"], json!(["cancelCommunityInvitation"]));
        let mut extensions = json!({ "code": code, "status": status, "requestId": "request-1" });
        if let Some(seconds) = over_http.retry_after {
            extensions["retryAfter"] = seconds.into();
        }
        assert_eq!(told["errors"][0]["extensions"], extensions);
        let internal = ["dynamo", "Dynamo", "Store", "Transact", "hrottl", "src/"].into_iter();
        assert_eq!(internal.filter(|word| response.body.contains(word)).count(), 0, "{}", response.body);
    }
}

#[tokio::test]
async fn what_was_done_before_a_failure_is_told() {
    let (world, mona) = chess("moderator").await;
    let [ann, ben] = world.people(["ann", "ben"]).await;
    let (first, second) =
        (world.invite_user(&mona, "chess", &ann).await, world.invite_user(&mona, "chess", &ben).await);
    world.faults.fail_after(1);
    let response = execute(&world, &mona, TWO, json!({ "first": first, "second": second })).await.ok().json();
    world.faults.clear();
    assert_eq!(response["data"]["first"], json!({ "errors": [], "response": { "status": "CANCELLED" } }));
    assert_eq!(response["data"]["second"], Value::Null);
    assert_eq!(response["errors"][0]["path"], json!(["second"]));
    assert_eq!(world.status(&mona, &second).await, "pending");
    let again = data(&world, &mona, TWO, json!({ "first": first, "second": second })).await;
    assert_eq!(again["second"]["response"]["status"], "CANCELLED");
}

#[tokio::test]
async fn a_question_of_which_a_part_failed_gets_no_part_of_the_data() {
    let (world, mona) = chess("moderator").await;
    let [ann] = world.people(["ann"]).await;
    let id = world.invite_user(&mona, "chess", &ann).await;
    let mut broken = world.record(Key::invitation(id.parse().unwrap())).await.unwrap();
    broken.insert("body".to_owned(), AttributeValue::S("?".to_owned()));
    world.put_record(broken).await;
    let response = execute(&world, &ann, "{ __typename me { __typename id invitations { errors } } }", json!({})).await;
    response.expect(500);
    let told = response.json();
    assert_eq!(told.get("data"), None, "{told}");
    assert_eq!(told["errors"][0]["extensions"]["code"], "internal_error");
    assert_eq!(told["errors"][0]["path"], json!(["me", "invitations"]));
    assert!(!response.body.to_lowercase().contains("damaged"), "{}", response.body);
    // So it is where the document has a mutation besides, which is not the one that is executed.
    let document = "query Ask { me { id invitations { errors } } } \
        mutation Do($id: ID!) { cancelCommunityInvitation(id: $id) { errors } }";
    let body = json!({ "query": document, "operationName": "Ask" });
    let response = world.post(&ann, "/graphql", body).await;
    response.expect(500);
    assert_eq!(response.json().get("data"), None);
}

#[tokio::test]
async fn a_refusal_does_not_stop_the_mutations_after_it() {
    let (world, mona) = chess("moderator").await;
    let [ann] = world.people(["ann"]).await;
    let second = world.invite_user(&mona, "chess", &ann).await;
    let done = data(&world, &mona, TWO, json!({ "first": "ghost", "second": second })).await;
    assert_eq!(done["first"], json!({ "errors": ["invitation_not_found"], "response": null }));
    assert_eq!(done["second"]["response"]["status"], "CANCELLED");
}

#[tokio::test]
async fn without_a_caller_nothing_is_executed_and_who_accepts_the_newer_media_type_gets_it() {
    let (world, mona) = chess("moderator").await;
    let document = json!({ "query": "{ me { id } }" });
    world
        .call(testkit::embedded::Request::new("POST", "/graphql").json(&document))
        .await
        .refused(401, "unauthenticated");
    for (accept, media_type, status) in [
        ("*/*", "application/json", 200),
        ("application/json", "application/json", 200),
        ("application/graphql-response+json, application/json;q=0.9", "application/graphql-response+json", 400),
    ] {
        let good = world.call(request(&mona, "{ me { id } }", &json!({})).header("accept", accept)).await;
        assert_eq!(good.ok().header("content-type"), Some(media_type));
        assert_eq!(good.json(), json!({ "data": { "me": { "id": "mona" } } }));
        let bad = world.call(request(&mona, "{ you }", &json!({})).header("accept", accept)).await;
        assert_eq!((bad.status, bad.header("content-type")), (status, Some(media_type)));
        assert_eq!(bad.json()["errors"][0]["extensions"]["code"], "malformed_request");
        assert_eq!(bad.json().get("data"), None);
        bad.header("cache-control").expect("nobody keeps it");
    }
}
