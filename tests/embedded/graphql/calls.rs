//! Documents, and the responses to them in the shape of the HTTP API.

use serde_json::{Map, Value, json};
use testkit::{
    Response,
    embedded::{Person, Request, World},
};

use super::schema::everything_of;

/// Everything that a refusal tells.
pub(crate) const REFUSAL: &str = "errors problems { code message param status retryAfter invitationStatus }";

/// Everything that an invitation shows.
pub(crate) fn invitation() -> String {
    everything_of("CommunityInvitation")
}

/// Everything that a page shows.
pub(crate) fn page() -> String {
    format!(
        "{REFUSAL} edges {{ cursor node {{ {} }} }} pageInfo {{ hasNextPage hasPreviousPage startCursor endCursor }}",
        invitation()
    )
}

/// Returns a request to execute the document.
pub(crate) fn request(who: &Person, query: &str, variables: &Value) -> Request {
    Request::new("POST", "/graphql").by(who).json(&json!({ "query": query, "variables": variables }))
}

/// Executes the document.
pub(crate) async fn execute(world: &World, who: &Person, query: &str, variables: Value) -> Response {
    world.call(request(who, query, &variables)).await
}

/// Executes the document, which must be executed without a failure, and returns its data.
pub(crate) async fn data(world: &World, who: &Person, query: &str, variables: Value) -> Value {
    let mut response = execute(world, who, query, variables).await.ok().json();
    assert_eq!(response["errors"], Value::Null, "{query}: {response}");
    response["data"].take()
}

/// Gives a command on an invitation, or reads it; returns the invitation, or the status and the code of the refusal.
pub(crate) async fn command(world: &World, who: &Person, id: &str, command: &str) -> Result<Value, (u16, String)> {
    let invitation = invitation();
    let document = match command {
        "read" => format!("query ($id: ID!) {{ it: invitation(id: $id) {{ {REFUSAL} response {{ {invitation} }} }} }}"),
        _ => format!(
            "mutation ($id: ID!) {{ it: {command}CommunityInvitation(id: $id) {{ {REFUSAL} response {{ {invitation} }} }} }}"
        ),
    };
    let mut payload = data(world, who, &document, json!({ "id": id })).await["it"].take();
    match refused(&payload) {
        Some(problem) => {
            assert_eq!(payload["response"], Value::Null, "{payload}");
            let status = problem["status"].as_u64().unwrap().try_into().unwrap();
            Err((status, problem["code"].as_str().unwrap().to_owned()))
        }
        None => Ok(as_rest(payload["response"].take())),
    }
}

/// Returns the only problem, if there is one; both of its forms must tell the same.
pub(crate) fn refused(payload: &Value) -> Option<&Value> {
    let problems = payload["problems"].as_array().unwrap();
    let codes: Vec<_> = problems.iter().map(|problem| problem["code"].clone()).collect();
    assert_eq!(payload["errors"], json!(codes), "{payload}");
    assert!(problems.iter().all(|problem| !problem["message"].as_str().unwrap().is_empty()), "{payload}");
    problems.first()
}

/// What has another name over HTTP, another form, or none.
const SHOWN_OTHERWISE: [&str; 7] =
    ["id", "initiatorUserContext", "inviteeUserContext", "community", "created", "cta", "status"];

/// Returns an invitation as the HTTP API shows it.
pub(crate) fn as_rest(node: Value) -> Value {
    let id = node["id"].as_str().unwrap();
    let created: jiff::Timestamp = node["createdAt"].as_str().unwrap().parse().unwrap();
    assert_eq!(node["created"], created.as_second());
    let act = |action: &Value| {
        assert_eq!(action["arguments"], json!([{ "key": "id", "value": id }]));
        let (verb, _) = action["actionId"].as_str().unwrap().split_once('_').unwrap();
        json!({
            "id": action["actionId"], "method": "POST", "href": format!("/invitations/{id}/{}", verb.to_lowercase()),
        })
    };
    let invitee = &node["inviteeUserContext"];
    let mut shown = json!({
        "id": id,
        "communityId": node["community"]["id"],
        "community": node["community"],
        "sender": node["initiatorUserContext"],
        "invitee": { "userId": invitee["id"], "displayName": invitee["displayName"], "email": invitee["email"] },
        "status": lower(&node["status"]),
        "actions": node["cta"].as_array().unwrap().iter().map(act).collect::<Vec<_>>(),
    });
    shown["community"]["type"] = lower(&node["community"]["type"]);
    for (name, value) in node.as_object().unwrap().iter().filter(|(name, _)| !SHOWN_OTHERWISE.contains(&name.as_str()))
    {
        shown[name] = value.clone();
    }
    if shown["delivery"].is_object() {
        shown["delivery"]["state"] = lower(&node["delivery"]["state"]);
    }
    without_nulls(shown)
}

fn lower(name: &Value) -> Value {
    name.as_str().unwrap().to_lowercase().into()
}

/// Returns the value without what it does not have.
pub(crate) fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(fields) => {
            let kept = fields.into_iter().filter(|(_, value)| !value.is_null());
            Value::Object(kept.map(|(name, value)| (name, without_nulls(value))).collect::<Map<_, _>>())
        }
        other => other,
    }
}
