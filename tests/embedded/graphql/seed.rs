//! What the platform's own description of its GraphQL front says, to the letter.

use serde_json::{Value, json};
use testkit::{
    embedded::{World, person},
    platform::EXAMPLE,
};

use super::calls::{data, execute};

async fn platform() -> World {
    let world = World::new().await;
    let [_, _] = world.people(["mona", "345"]).await;
    world.community_of("2", &person("mona"), "moderator").await;
    world
}

#[tokio::test]
async fn the_platforms_example_invites() {
    let world = platform().await;
    let payload = data(&world, &person("mona"), EXAMPLE, json!({})).await["createCommunityInvitation"].take();
    assert_eq!(payload["errors"], json!([]));
    let response = &payload["response"];
    assert_eq!(response["community"], json!({ "id": "2" }));
    let stored = world.stored(response["id"].as_str().unwrap()).await;
    assert_eq!(response["created"], stored.created_at.as_second());
    let cancel = json!({
        "actionId": "CANCEL_COMMUNITY_INVITATION", "arguments": [{ "key": "id", "value": response["id"] }],
    });
    assert_eq!(response["cta"], json!([cancel]));
}

#[tokio::test]
async fn what_one_recipient_comes_to_is_told_by_the_code_of_the_outcome() {
    let world = platform().await;
    let invite = async |who: &str, user: &str| {
        let document = format!(
            "mutation {{ createCommunityInvitation(communityId: \"2\", inviteeUserContextId: \"{user}\") \
             {{ errors problems {{ code param status }} response {{ status }} }} }}"
        );
        data(&world, &person(who), &document, json!({})).await["createCommunityInvitation"].take()
    };
    let outcome = |code: &str| {
        let problem = json!({ "code": code, "param": "inviteeUserContextId", "status": null });
        json!({ "errors": [code], "problems": [problem], "response": null })
    };
    assert_eq!(invite("mona", "345").await["response"], json!({ "status": "PENDING" }));
    assert_eq!(invite("mona", "345").await, outcome("already_invited"));
    assert_eq!(invite("mona", "mona").await, outcome("already_member"));
    assert_eq!(invite("mona", "nobody").await, outcome("unknown_user"));
    assert_eq!(invite("mona", "no id!").await, outcome("unknown_user"));
    let refusal = json!({ "code": "not_a_member", "param": null, "status": 403 });
    assert_eq!(
        invite("345", "mona").await,
        json!({ "errors": ["not_a_member"], "problems": [refusal], "response": null })
    );
}

#[tokio::test]
async fn every_action_names_the_mutation_and_the_arguments_that_carry_it_out() {
    let world = platform().await;
    let invited = data(&world, &person("mona"), EXAMPLE, json!({})).await["createCommunityInvitation"].take();
    let id = invited["response"]["id"].as_str().unwrap();
    let document = "query ($id: ID!) { invitation(id: $id) { response { cta { actionId arguments { key value } } } } }";
    let offered = data(&world, &person("345"), document, json!({ "id": id })).await;
    let offered = offered["invitation"]["response"]["cta"].as_array().unwrap();
    assert_eq!(offered.len(), 2, "{offered:?}");
    let accept = &offered[0];
    let verb = accept["actionId"].as_str().unwrap().split('_').next().unwrap().to_lowercase();
    let argument = &accept["arguments"][0];
    let document = format!(
        "mutation {{ {verb}CommunityInvitation({}: {}) {{ errors response {{ status cta {{ actionId }} }} }} }}",
        argument["key"].as_str().unwrap(),
        argument["value"],
    );
    let response = execute(&world, &person("345"), &document, Value::Null).await.ok().json();
    let expected = json!({ "errors": [], "response": { "status": "ACCEPTED", "cta": [] } });
    assert_eq!(response["data"]["acceptCommunityInvitation"], expected);
}
