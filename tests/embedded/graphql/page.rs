//! The documents in docs/graphql.md do what the page says.

use serde_json::{Value, json};
use testkit::{
    embedded::{World, person},
    files,
};

use super::calls::execute;

#[tokio::test]
async fn every_document_on_the_page_is_executed_without_a_refusal() {
    let page = files::read("docs/graphql.md");
    let documents: Vec<_> =
        page.split("\n```graphql\n").skip(1).map(|rest| rest.split("\n```").next().unwrap()).collect();
    assert!(documents.len() >= 8, "{documents:?}");
    for document in documents {
        let (who, variables, world) = scene(document).await;
        let response = execute(&world, &person(who), document, variables).await.ok().json();
        assert_eq!(response["errors"], Value::Null, "{document}: {response}");
        for refusal in [r#""code":"#, r#""errors":[""#] {
            assert!(!response.to_string().contains(refusal), "{document}: {response}");
        }
    }
}

/// Returns who may execute the document, the values of its variables, and a world in which it can be done.
async fn scene(document: &str) -> (&'static str, Value, World) {
    let world = World::new().await;
    let [mona, _olga, mia, ann, _] = world.people(["mona", "olga", "mia", "ann", "345"]).await;
    for (community, fields) in [("2", json!({})), ("club", json!({ "enrolment": "closed" }))] {
        world.community(community, fields).await;
        world.member(community, &mona, "moderator").await;
        world.member(community, &mia, "member").await;
    }
    world.connect(&mia, &ann).await;
    let decides = document.contains("approve") || document.contains("reject");
    let (sender, community) = if decides { (&mia, "club") } else { (&mona, "2") };
    let id = world.invite_user(sender, community, &ann).await;
    if document.contains("resend") {
        world.backdate_mail(&id).await;
    }
    let answers = ["acceptCommunity", "declineCommunity"].iter().any(|name| document.contains(name));
    let variables = json!({ "id": id, "community": community, "first": 10, "after": null });
    let declared = |name: &str| document.contains(&format!("${name}:"));
    let variables = variables.as_object().unwrap().iter().filter(|(name, _)| declared(name));
    let variables = variables.map(|(name, value)| (name.clone(), value.clone())).collect();
    (if answers { "ann" } else { "mona" }, Value::Object(variables), world)
}
