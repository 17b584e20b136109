//! GraphQL through the gateway, by the function that has its own rights.

use serde_json::{Value, json};

use testkit::{
    Response, files,
    platform::EXAMPLE,
    stack::{Part, Person, World, call, stack},
};

fn execute(who: &Person, document: &str, variables: &Value) -> Response {
    who.post("/graphql", &json!({"query": document, "variables": variables}))
}

fn data(who: &Person, document: &str, variables: &Value) -> Value {
    let mut response = execute(who, document, variables).ok().json();
    assert_eq!(response["errors"], Value::Null, "{response}");
    response["data"].take()
}

#[test]
fn the_platforms_example_works_as_it_is_written() {
    let world = World::new();
    let [moderator] = world.people([Part::Moderator]);
    let community =
        json!({"type": "community", "communityId": "2", "title": "Two", "visibility": "public", "enrolment": "open"});
    let member = json!({"type": "member", "communityId": "2", "userId": moderator.id, "role": "moderator"});
    let invitee = json!({"type": "user", "userId": "345", "displayName": "User 345"});
    world.import(&[community, invitee]);
    world.import(&[member]);
    let payload = data(&moderator, EXAMPLE, &Value::Null)["createCommunityInvitation"].take();
    assert_eq!(payload["errors"], json!([]), "{payload}");
    let response = &payload["response"];
    assert_eq!(response["community"]["id"], "2");
    assert!(response["created"].as_i64().is_some_and(|seconds| seconds > 1_700_000_000), "{payload}");
    assert_eq!(response["cta"][0]["actionId"], "CANCEL_COMMUNITY_INVITATION");
    assert_eq!(response["cta"][0]["arguments"][0], json!({"key": "id", "value": response["id"]}));
    let again = data(&moderator, EXAMPLE, &Value::Null)["createCommunityInvitation"].take();
    assert_eq!(again, json!({"errors": ["already_invited"], "response": null}));
    let id = response["id"].as_str().unwrap();
    moderator.command("cancel", id).ok();
}

#[test]
fn all_that_callers_do_can_be_done_over_graphql_alone() {
    let world = World::with(&json!({"enrolment": "closed"}));
    let [moderator, member, ines] = world.people([Part::Moderator, Part::Member, Part::Outsider]);
    world.connect(&member, &ines);
    let give = |who: &Person, mutation: &str, id: &str| {
        let document = format!(
            "mutation ($id: ID!) {{ it: {mutation}CommunityInvitation(id: $id) {{ errors response {{ status }} }} }}"
        );
        let mut payload = data(who, &document, &json!({"id": id}))["it"].take();
        assert_eq!(payload["errors"], json!([]), "{mutation}: {payload}");
        payload["response"]["status"].take()
    };
    let ask = || {
        let document = "mutation ($community: ID!, $user: ID!) { it: createCommunityInvitations(communityId: $community, \
            userIds: [$user], idempotencyKey: null) { errors results { outcome invitation { id } } } }";
        let payload = data(&member, document, &json!({"community": world.community, "user": ines.id}))["it"].take();
        assert_eq!(payload["results"][0]["outcome"], "AWAITING_APPROVAL", "{payload}");
        payload["results"][0]["invitation"]["id"].as_str().unwrap().to_owned()
    };
    assert_eq!(give(&moderator, "reject", &ask()), "REJECTED");
    assert_eq!(give(&member, "cancel", &ask()), "CANCELLED");
    let id = ask();
    assert_eq!(give(&moderator, "approve", &id), "PENDING");
    stack().backdate_mail(&id);
    assert_eq!(give(&moderator, "resend", &id), "PENDING");
    let lists = "query ($community: ID!, $id: ID!) { me { sentInvitations { edges { node { id } } } } invitation(id: $id) { errors } \
        community(id: $community) { invitations(status: PENDING) { edges { node { id } } } stats { errors response { counts { count } } } } }";
    let seen = data(&moderator, lists, &json!({"community": world.community, "id": id}));
    assert_eq!(seen["community"]["invitations"]["edges"], json!([{"node": {"id": id}}]), "{seen}");
    assert_eq!((&seen["invitation"]["errors"], &seen["community"]["stats"]["errors"]), (&json!([]), &json!([])));
    let mine = data(&ines, "{ me { invitations { edges { node { id } } } } }", &Value::Null);
    assert_eq!(mine["me"]["invitations"]["edges"], json!([{"node": {"id": id}}]), "{mine}");
    assert_eq!(give(&ines, "accept", &id), "ACCEPTED");
}

#[test]
fn documents_that_are_not_executed_never_become_a_5xx() {
    let world = World::new();
    let [member] = world.people([Part::Member]);
    for document in [
        "{".repeat(30_000),
        format!("{{ invitation(id: {} }}", "[".repeat(30_000)),
        "{ ...f } fragment f on Query { ...f ...f }".to_owned(),
        format!("mutation {{ {} }}", "m: cancelCommunityInvitation(id: 1) { errors } ".repeat(1_000)),
    ] {
        let told = execute(&member, &document, &Value::Null).ok().json();
        assert_eq!(told["errors"][0]["extensions"]["code"], "malformed_request", "{told}");
    }
    let large = json!({"query": "#".repeat(70_000)});
    member.post("/graphql", &large).refused(413, "too_large");
    let (url, authorization) = (format!("{}/graphql?query=%7Bme%7Bid%7D%7D", stack().api_url), member.authorization());
    let got = call("GET", &url, &[("Authorization", &authorization)], None);
    assert_eq!(got.status, 404, "there is no GET: {}", got.body);
}

#[test]
fn the_schema_that_is_served_is_the_checked_in_one() {
    let world = World::new();
    let [member] = world.people([Part::Member]);
    let kept = files::read("schema.graphql");
    let served = data(&member, "{ __schema { types { name } } }", &Value::Null);
    for one in served["__schema"]["types"].as_array().unwrap() {
        let name = one["name"].as_str().unwrap();
        let is_own = !name.starts_with("__") && !["Boolean", "Float", "ID", "Int", "String"].contains(&name);
        assert!(!is_own || kept.contains(&format!(" {name} ")) || kept.contains(&format!("scalar {name}")), "{name}");
    }
}
