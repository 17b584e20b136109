//! Every field, as every kind of caller: nobody sees more than over HTTP, nor less, under whatever name they ask.

use std::collections::{BTreeMap, BTreeSet};

use domain::sending::Quota;
use jiff::ToSpan;
use serde_json::{Value, json};
use testkit::embedded::{Person, World, person};

use super::{
    bulk,
    calls::{REFUSAL, as_rest, command, data, invitation, page, refused, without_nulls},
    schema::{everything_of, fields_of, types},
};
use crate::matrix::{CALLERS, COMMANDS, club};

/// Returns a person for a kind of caller.
fn caller(kind: &str) -> Person {
    Person { site_administrator: kind == "site_administrator", ..person(kind) }
}

/// Returns a community with invitations in every state and of every kind, and their ids.
async fn full_club() -> (World, Vec<String>) {
    let world = club().await;
    let (sender, moderator) = (person("sender"), person("moderator"));
    let mut ids = Vec::new();
    for number in 0..7 {
        let name = format!("invitee{number}");
        let [invitee] = world.people([name.as_str()]).await;
        ids.push(world.invite_user(&sender, "club", &invitee).await);
    }
    for invitee in ["invitee", "inactive_invitee"] {
        world.register(&person(invitee)).await;
        ids.push(world.invite_user(&sender, "club", &person(invitee)).await);
        world.command(&moderator, &ids[ids.len() - 1], "approve").await.ok();
    }
    ids.push(world.invite_address(&moderator, "club", "guest@example.org").await);
    ids.push(world.invite_address(&moderator, "club", "member@other.example.org").await);
    for id in &ids[1..5] {
        world.command(&moderator, id, "approve").await.ok();
    }
    world.command(&person("invitee2"), &ids[2], "accept").await.ok();
    world.command(&person("invitee3"), &ids[3], "decline").await.ok();
    world.lapse(&ids[4]).await;
    world.post(&moderator, format!("/invitations/{}/reject", ids[5]), json!({ "reason": "Full." })).await.ok();
    world.command(&sender, &ids[6], "cancel").await.ok();
    world.register_with(&person("inactive_invitee"), json!({ "active": false })).await;
    world.register_with(&person("inactive_sender"), json!({ "active": false })).await;
    let about = json!({
        "enrolment": "closed", "description": "A club.", "memberCount": 7, "rulesUrl": "https://platform.example.org/rules",
    });
    world.community("club", about).await;
    world.pump().await;
    (world, ids)
}

/// What a list shows over HTTP: its invitations, or the status and the code of the refusal.
async fn listed(world: &World, who: &Person, path: &str) -> Result<Value, Value> {
    let response = world.get(who, path).await;
    match response.code() {
        Some(code) => Err(json!([response.status, code])),
        None => Ok(response.json()["invitations"].take()),
    }
}

/// The same as GraphQL shows it.
fn shown(connection: &mut Value) -> Result<Value, Value> {
    if let Some(problem) = refused(connection) {
        let told = json!([problem["status"], problem["code"]]);
        assert_eq!(connection["edges"], json!([]));
        return Err(told);
    }
    let edges = connection["edges"].as_array_mut().unwrap();
    Ok(edges.iter_mut().map(|edge| as_rest(edge["node"].take())).collect())
}

#[tokio::test]
async fn every_caller_sees_in_every_invitation_what_they_see_over_http() {
    let (world, ids) = full_club().await;
    for kind in CALLERS {
        let who = caller(kind);
        for id in &ids {
            let response = world.get(&who, format!("/invitations/{id}")).await;
            let expected = match response.code() {
                Some(code) => Err((response.status, code)),
                None => Ok(response.json()),
            };
            assert_eq!(command(&world, &who, id, "read").await, expected, "{kind} reads {id}");
        }
    }
}

#[tokio::test]
async fn every_caller_sees_in_every_list_what_they_see_over_http() {
    let (world, _) = full_club().await;
    let page = page();
    let document = format!(
        "query Mine {{ me {{ id invitations(first: 8) {{ {page} }} }} }}
         query Sent {{ me {{ sentInvitations(first: 8) {{ {page} }} }} }}
         query All {{ community(id: \"club\") {{ id invitations(first: 8) {{ {page} }} }} }}"
    );
    for kind in CALLERS {
        let who = caller(kind);
        for (name, pointer, path) in [
            ("Mine", "/me/invitations", "/me/invitations?limit=8"),
            ("Sent", "/me/sentInvitations", "/me/invitations/sent?limit=8"),
            ("All", "/community/invitations", "/communities/club/invitations?limit=8"),
        ] {
            let body = json!({ "query": only(&document, name) });
            let mut response = world.post(&who, "/graphql", body).await.ok().json();
            let found = shown(response["data"].pointer_mut(pointer).unwrap());
            assert_eq!(found, listed(&world, &who, path).await, "{kind}: {name}");
        }
    }
}

/// The operation of that name: a document's complexity is that of all its operations.
fn only<'a>(document: &'a str, name: &str) -> &'a str {
    document.lines().find(|line| line.contains(&format!("query {name} "))).unwrap()
}

#[tokio::test]
async fn every_caller_sees_in_the_numbers_what_they_see_over_http() {
    let (world, _) = full_club().await;
    let today = Quota::day(system::now());
    let (from, to) = (today - 40.days(), today + 1.day());
    let numbers = format!(
        "counts {{ status count }} acceptanceRate medianAnswerSeconds period(from: \"{from}\", to: \"{to}\") \
         {{ {REFUSAL} response {{ {} }} }}",
        everything_of("PeriodStats")
    );
    let document = format!("{{ community(id: \"club\") {{ stats {{ {REFUSAL} response {{ {numbers} }} }} }} }}");
    for kind in CALLERS {
        let who = caller(kind);
        let mut payload = data(&world, &who, &document, json!({})).await["community"]["stats"].take();
        let over_http = world.get(&who, format!("/communities/club/invitations/stats?from={from}&to={to}")).await;
        if let Some(problem) = refused(&payload) {
            assert_eq!(
                (&problem["status"], &problem["code"]),
                (&json!(over_http.status), &json!(over_http.code())),
                "{kind}"
            );
            continue;
        }
        let mut response = payload["response"].take();
        let counts = response["counts"].as_array().unwrap().iter();
        let count = |one: &Value| (one["status"].as_str().unwrap().to_lowercase(), one["count"].clone());
        response["counts"] = Value::Object(counts.map(count).collect());
        assert!(refused(&response["period"]).is_none());
        response["period"] = response["period"]["response"].take();
        let mut expected = over_http.ok().json();
        for rows in ["days", "senders"] {
            for row in response["period"][rows].as_array_mut().unwrap() {
                if let Some(sender) = row["sender"].as_object_mut() {
                    assert_eq!(sender.remove("email"), Some(Value::Null), "{kind}");
                    row["sender"] = without_nulls(row["sender"].take());
                }
                *row = without_nulls(row.take());
            }
        }
        response["period"] = without_nulls(response["period"].take());
        assert!(expected["period"]["senders"].as_array_mut().is_some_and(|senders| !senders.is_empty()));
        assert_eq!(response, expected, "{kind}");
    }
}

#[tokio::test]
async fn every_caller_gets_the_count_the_options_and_the_people_that_they_get_over_http() {
    let (world, _) = full_club().await;
    let document = format!(
        "{{ me {{ pendingCount }} community(id: \"club\") {{ options {{ {REFUSAL} response {{ {} }} }} \
         people(query: \"inv\") {{ {REFUSAL} people {{ userContext {{ id displayName profileUrl email }} reason }} }} }} }}",
        everything_of("CommunityOptions")
    );
    for kind in CALLERS {
        let who = caller(kind);
        let mut found = data(&world, &who, &document, json!({})).await;
        assert_eq!(found["me"]["pendingCount"], world.waiting(&who).await, "{kind}");
        let mut community = found["community"].take();
        let (options, people) = (community["options"].take(), community["people"].take());
        let response = world.get(&who, "/communities/club/options").await;
        let expected = (response.code().is_none()).then(|| response.json());
        assert_eq!(
            refused(&options).map(|problem| problem["code"].as_str().unwrap().to_owned()),
            response.code(),
            "{kind}"
        );
        assert_eq!(
            (!options["response"].is_null()).then(|| options_as_rest(options["response"].clone())),
            expected,
            "{kind}"
        );
        let response = world.get(&who, "/communities/club/people?q=inv").await;
        assert_eq!(
            refused(&people).map(|problem| problem["code"].as_str().unwrap().to_owned()),
            response.code(),
            "{kind}"
        );
        if response.code().is_none() {
            let shown: Vec<_> = people["people"].as_array().unwrap().iter().map(person_as_rest).collect();
            assert_eq!(json!({ "people": shown }), response.json(), "{kind}");
        }
    }
}

fn options_as_rest(mut options: Value) -> Value {
    options["communityId"] = "club".into();
    for name in ["peopleSearch", "membershipMode"] {
        options[name] = options[name].as_str().unwrap().to_lowercase().into();
    }
    without_nulls(options)
}

fn person_as_rest(found: &Value) -> Value {
    let person = &found["userContext"];
    assert_eq!(person["email"], Value::Null);
    let reason = found["reason"].as_str().map(str::to_lowercase);
    without_nulls(json!({
        "userId": person["id"], "displayName": person["displayName"], "profileUrl": person["profileUrl"], "reason": reason,
    }))
}

#[tokio::test]
async fn aliases_and_fragments_show_nothing_more() {
    let (world, ids) = full_club().await;
    let document = format!(
        "query ($id: ID!) {{ ...A b: invitation(id: $id) {{ ... on CommunityInvitationPayload {{ ...P }} }} \
         c: invitation(id: $id) {{ response {{ hidden: message who: inviteeUserContext {{ mail: email }} }} errors }} }}
         fragment A on Query {{ a: invitation(id: $id) {{ ...P }} }}
         fragment P on CommunityInvitationPayload {{ errors response {{ {} }} }}",
        invitation()
    );
    for kind in ["stranger", "other_owner", "unknown", "member"] {
        for id in &ids {
            let found = data(&world, &caller(kind), &document, json!({ "id": id })).await;
            let nothing = json!({ "errors": ["invitation_not_found"], "response": null });
            assert_eq!(found, json!({ "a": nothing, "b": nothing, "c": nothing }), "{kind}");
        }
    }
    // Whom the sender typed shows to moderators as that address, and to nobody else.
    let found = data(&world, &caller("moderator"), &document, json!({ "id": ids[9] })).await;
    assert_eq!(found["c"]["response"]["who"], json!({ "mail": "guest@example.org" }));
}

#[test]
fn these_tests_ask_for_every_field_that_there_is() {
    let page = page();
    let many = format!("{} {REFUSAL}", bulk::DOCUMENT);
    let given = |command: &str| format!("{command}CommunityInvitation");
    let mutations = COMMANDS.map(given).join(" ") + " createCommunityInvitation createCommunityInvitations";
    let stats =
        "community stats errors problems response counts status count acceptanceRate medianAnswerSeconds period id";
    let roots = "me invitations sentInvitations community invitation";
    let (invitation, period, options) = (invitation(), everything_of("PeriodStats"), everything_of("CommunityOptions"));
    let asked = BTreeMap::from([
        ("CommunityInvitation", &*invitation),
        ("CommunityInvitationPayload", "errors problems response"),
        ("UserContext", &invitation),
        ("Community", &invitation),
        ("Cta", &invitation),
        ("CtaArgument", &invitation),
        ("Delivery", &invitation),
        ("Problem", REFUSAL),
        ("CommunityInvitationConnection", &page),
        ("CommunityInvitationEdge", &page),
        ("PageInfo", &page),
        ("CommunityStats", stats),
        ("CommunityStatsPayload", stats),
        ("StatusCount", stats),
        ("PeriodStatsPayload", stats),
        ("PeriodStats", &period),
        ("DayStats", &period),
        ("SenderStats", &period),
        ("Query", roots),
        ("Mutation", &mutations),
        ("CreateCommunityInvitationsPayload", &many),
        ("RecipientResult", &many),
        ("Me", "id invitations sentInvitations pendingCount"),
        ("InvitingCommunity", "id invitations stats options people"),
        ("CommunityOptions", &options),
        ("CommunityOptionsPayload", "errors problems response"),
        ("SendLimits", &options),
        ("Quota", &options),
        ("FoundPeople", "errors problems people"),
        ("FoundPerson", "userContext reason"),
    ]);
    assert_eq!(asked.keys().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>(), types());
    for (name, asked) in asked {
        let fields = fields_of(name);
        assert!(!fields.is_empty(), "{name}");
        for (field, _) in fields {
            let is_asked = asked.split([' ', '{', '}']).any(|word| word == field);
            assert!(is_asked, "{name}.{field} is tried by no test");
        }
    }
}
