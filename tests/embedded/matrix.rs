//! Every combination of the rules of who may invite whom, and of who may do what to an invitation.
//!
//! The expectations are read from the specification's sections 2 to 4, word by word, and not from the code.

#![allow(clippy::match_same_arms, reason = "one line for each line of the specification")]

use std::collections::BTreeMap;

use futures::{StreamExt, stream};
use serde_json::{Value, json};

use testkit::embedded::{Person, World, person};

use crate::graphql::calls;

/// A way in. Whoever comes in by it meets the same rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Door {
    Http,
    Graphql,
}

const ROLES: [&str; 6] = ["none", "member", "moderator", "administrator", "owner", "site_administrator"];
const ENROLMENTS: [&str; 4] = ["open", "moderated", "closed", "network"];
const VISIBILITIES: [&str; 2] = ["public", "private"];
const MODES: [&str; 2] = ["acceptance", "automatic"];
const RECIPIENTS: [&str; 3] = ["connection", "stranger", "address"];

#[derive(Debug, Clone, Copy)]
struct Case {
    role: &'static str,
    enrolment: &'static str,
    visibility: &'static str,
    mode: &'static str,
    connections_only: bool,
    recipient: &'static str,
}

/// Returns what the specification says: the code of a refusal, or the recipient's outcome.
fn expected(case: Case) -> Result<&'static str, &'static str> {
    let at_once = match (case.mode, case.recipient) {
        // An email address of no user still gets a pending invitation, since someone must first register.
        ("automatic", "connection" | "stranger") => Ok("joined"),
        _ => Ok("invited"),
    };
    match (case.role, case.enrolment) {
        ("site_administrator", _) => at_once,
        ("none", _) => Err("not_a_member"),
        ("administrator" | "owner", _) => at_once,
        (_, "network") => Err("inviters_are_administrators"),
        ("moderator", _) => at_once,
        ("member", _) if case.visibility == "private" => Err("community_private"),
        // "While `membersInviteConnectionsOnly` holds, only their own connections; where it does not hold, any user and
        // any email address."
        ("member", _) if case.recipient != "connection" && case.connections_only => Ok("not_connected"),
        ("member", "closed") => Ok("awaiting_approval"),
        ("member", _) => at_once,
        _ => unreachable!(),
    }
}

fn sender(role: &str) -> Person {
    Person { site_administrator: role == "site_administrator", ..person(&format!("the_{role}")) }
}

/// Returns a person for the sender of that role to invite.
fn recipient(role: &str, kind: &str) -> Person {
    person(&format!("{kind}_of_{role}"))
}

fn community(enrolment: &str, visibility: &str, mode: &str) -> String {
    format!("{enrolment}-{visibility}-{mode}")
}

async fn network(connections_only: bool) -> World {
    let world = World::new().await;
    world.settings(json!({ "membersInviteConnectionsOnly": connections_only })).await;
    for role in ROLES {
        world.register(&sender(role)).await;
        for kind in ["connection", "stranger"] {
            world.register(&recipient(role, kind)).await;
        }
        world.connect(&sender(role), &recipient(role, "connection")).await;
    }
    for (enrolment, visibility, mode) in communities() {
        let id = community(enrolment, visibility, mode);
        let fields = json!({ "enrolment": enrolment, "visibility": visibility, "membershipMode": mode });
        world.community(&id, fields).await;
        for role in &ROLES[1..5] {
            world.member(&id, &sender(role), role).await;
        }
    }
    world
}

fn communities() -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    ENROLMENTS.into_iter().flat_map(|enrolment| {
        VISIBILITIES
            .into_iter()
            .flat_map(move |visibility| MODES.into_iter().map(move |mode| (enrolment, visibility, mode)))
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_invite_whom_is_as_the_specification_says_in_every_combination() {
    invite_in_every_combination(Door::Http).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_invite_whom_over_graphql_is_the_same_in_every_combination() {
    invite_in_every_combination(Door::Graphql).await;
}

async fn invite_in_every_combination(door: Door) {
    let mut wrong = Vec::new();
    let mut cases = 0;
    for connections_only in [true, false] {
        let world = &network(connections_only).await;
        let all = communities().flat_map(|(enrolment, visibility, mode)| {
            ROLES.into_iter().flat_map(move |role| {
                RECIPIENTS.into_iter().map(move |recipient| Case {
                    role,
                    enrolment,
                    visibility,
                    mode,
                    connections_only,
                    recipient,
                })
            })
        });
        let found: Vec<_> = stream::iter(all)
            .map(|case| async move { (case, invite(world, door, case).await) })
            .buffered(4)
            .collect()
            .await;
        cases += found.len();
        wrong.extend(
            found
                .into_iter()
                .filter(|(case, found)| *found != expected(*case).map(str::to_owned).map_err(str::to_owned)),
        );
    }
    assert_eq!(cases, 576);
    assert!(wrong.is_empty(), "{} of {cases} are wrong: {wrong:#?}", wrong.len());
}

/// Returns the outcome of one invitation, after a look at what it left behind.
async fn invite(world: &World, door: Door, case: Case) -> Result<String, String> {
    let id = community(case.enrolment, case.visibility, case.mode);
    let invitee = recipient(case.role, case.recipient);
    let body = match case.recipient {
        "address" => json!({ "emails": [invitee.email] }),
        _ => json!({ "userIds": [invitee.id] }),
    };
    let found = match door {
        Door::Http => send(world, &sender(case.role), &id, body).await,
        Door::Graphql => send_over_graphql(world, &sender(case.role), &id, body).await,
    };
    let role = world.role(&invitee, &id).await;
    match found {
        Err((status, code)) => {
            assert_eq!((status, role), (403, None), "{case:?}");
            Err(code)
        }
        Ok((outcome, made)) => {
            assert_eq!(role.is_some(), outcome == "joined", "{case:?}: {outcome}");
            assert_eq!(made, outcome != "not_connected", "{case:?}: {outcome}");
            Ok(outcome)
        }
    }
}

/// Returns the only outcome, and whether an invitation was made; or the status and the code of the refusal.
async fn send(world: &World, who: &Person, community: &str, body: Value) -> Result<(String, bool), (u16, String)> {
    let response = world.post(who, format!("/communities/{community}/invitations"), body).await;
    if let Some(code) = response.code() {
        return Err((response.status, code));
    }
    let result = response.sent().results.remove(0);
    Ok((result.outcome, result.invitation.is_some()))
}

async fn send_over_graphql(
    world: &World,
    who: &Person,
    community: &str,
    mut variables: Value,
) -> Result<(String, bool), (u16, String)> {
    let document = "mutation ($community: ID!, $userIds: [ID!], $emails: [String!]) {
        it: createCommunityInvitations(communityId: $community, userIds: $userIds, emails: $emails) {
            errors problems { code message status } results { outcome invitation { id } } } }";
    variables["community"] = community.into();
    let payload = calls::data(world, who, document, variables).await["it"].take();
    if let Some(problem) = calls::refused(&payload) {
        let status = problem["status"].as_u64().unwrap().try_into().unwrap();
        return Err((status, problem["code"].as_str().unwrap().to_owned()));
    }
    let result = &payload["results"][0];
    Ok((result["outcome"].as_str().unwrap().to_lowercase(), result["invitation"].is_object()))
}

pub(crate) const CALLERS: [&str; 12] = [
    "stranger",
    "other_owner",
    "unknown",
    "member",
    "sender",
    "inactive_sender",
    "invitee",
    "inactive_invitee",
    "moderator",
    "administrator",
    "owner",
    "site_administrator",
];
pub(crate) const COMMANDS: [&str; 7] = ["read", "accept", "decline", "cancel", "approve", "reject", "resend"];
const STATES: [&str; 3] = ["awaiting_approval", "pending", "accepted"];

/// Returns what the specification says of a command: success, or the status and code of the refusal.
fn permitted(caller: &str, command: &str, state: &str) -> Result<(), (u16, &'static str)> {
    let moderates = ["moderator", "administrator", "owner", "site_administrator"].contains(&caller);
    let sends = ["sender", "inactive_sender"].contains(&caller);
    let invited = ["invitee", "inactive_invitee"].contains(&caller);
    // "Its invitee (not before it is approved …)."
    let hears = invited && state != "awaiting_approval";
    if !moderates && !sends && !hears {
        // To anyone else it does not exist.
        return Err((404, "invitation_not_found"));
    }
    let may = match command {
        "read" => return Ok(()),
        "accept" | "decline" => {
            if invited {
                Ok(())
            } else {
                Err((403, "not_invitee"))
            }
        }
        "approve" | "reject" => {
            if moderates {
                Ok(())
            } else {
                Err((403, "not_moderator"))
            }
        }
        _ => {
            if moderates || sends {
                Ok(())
            } else {
                Err((403, "not_sender"))
            }
        }
    };
    // An inactive caller does nothing, whatever else they might do.
    if caller.starts_with("inactive") && may != Err((403, "not_invitee")) {
        return Err((403, "caller_inactive"));
    }
    may?;
    match (command, state) {
        ("accept" | "decline" | "cancel", "pending") => Ok(()),
        ("cancel" | "approve" | "reject", "awaiting_approval") => Ok(()),
        // Repetitions: these were accepted, and approved, before.
        ("accept", "accepted") | ("approve", "pending") => Ok(()),
        ("resend", "pending") => Err((429, "resent_recently")),
        (_, "awaiting_approval") => Err((409, "invitation_awaiting_approval")),
        (_, "pending") => Err((409, "invitation_pending")),
        _ => Err((409, "invitation_accepted")),
    }
}

/// Returns a community with a person for every kind of caller.
pub(crate) async fn club() -> World {
    let world = World::new().await;
    world.settings(json!({ "membersInviteConnectionsOnly": false })).await;
    world.community("club", json!({ "enrolment": "closed" })).await;
    world.community("other", json!({})).await;
    for caller in CALLERS.into_iter().filter(|caller| !["unknown", "invitee", "inactive_invitee"].contains(caller)) {
        world.register(&person(caller)).await;
    }
    for (caller, role) in [
        ("member", "member"),
        ("sender", "member"),
        ("inactive_sender", "member"),
        ("moderator", "moderator"),
        ("administrator", "administrator"),
        ("owner", "owner"),
    ] {
        world.member("club", &person(caller), role).await;
    }
    world.member("other", &person("other_owner"), "owner").await;
    world
}

/// Returns a fresh invitation in that state, and its invitee.
async fn invitation(world: &World, caller: &str, state: &str, invitee: Person) -> (String, Person) {
    world.register(&invitee).await;
    let sender = person(if caller == "inactive_sender" { caller } else { "sender" });
    let id = world.invite_user(&sender, "club", &invitee).await;
    if state != "awaiting_approval" {
        world.command(&person("moderator"), &id, "approve").await.ok();
    }
    if state == "accepted" {
        world.command(&invitee, &id, "accept").await.ok();
    }
    (id, invitee)
}

#[tokio::test]
async fn who_may_do_what_to_an_invitation_is_as_the_specification_says_in_every_combination() {
    command_in_every_combination(Door::Http).await;
}

#[tokio::test]
async fn who_may_do_what_to_an_invitation_over_graphql_is_the_same_in_every_combination() {
    command_in_every_combination(Door::Graphql).await;
}

async fn command_in_every_combination(door: Door) {
    let world = &club().await;
    let mut made = Vec::new();
    // What is refused changes nothing, so all refusals can be met by the same invitation; a success gets its own.
    let mut shared = BTreeMap::new();
    for (number, (caller, command, state)) in combinations().enumerate() {
        let invitee = person(&format!("invitee{number}"));
        let own = command != "read" && permitted(caller, command, state).is_ok();
        let group = if caller.starts_with("inactive") { caller } else { "everyone else" };
        let subject = match shared.get(&(group, state)).filter(|_| !own) {
            Some(subject) => Clone::clone(subject),
            None => invitation(world, caller, state, invitee).await,
        };
        if !own {
            shared.insert((group, state), subject.clone());
        }
        made.push((caller, command, state, subject));
    }
    for (_, _, _, (_, invitee)) in made.iter().filter(|(caller, ..)| *caller == "inactive_invitee") {
        world.register_with(invitee, json!({ "active": false })).await;
    }
    world.register_with(&person("inactive_sender"), json!({ "active": false })).await;
    let mut wrong = Vec::new();
    for (caller, command, state, (id, invitee)) in made {
        let who = match caller {
            "invitee" | "inactive_invitee" => invitee,
            "site_administrator" => Person { site_administrator: true, ..person(caller) },
            _ => person(caller),
        };
        let before = world.stored(&id).await;
        let found = match door {
            Door::Http => give(world, &who, &id, command).await,
            Door::Graphql => calls::command(world, &who, &id, command).await,
        };
        if let Ok(shown) = &found {
            assert_eq!(
                *shown,
                world.get(&who, format!("/invitations/{id}")).await.json(),
                "{caller} · {command} · {state}"
            );
        }
        let found = found.map(drop);
        let wanted = permitted(caller, command, state);
        if found != wanted.map_err(|(status, code)| (status, code.to_owned())) {
            wrong.push(format!("{caller} · {command} · {state}: {found:?} instead of {wanted:?}"));
        }
        if found.is_err() || command == "read" {
            assert_eq!(world.stored(&id).await, before, "{caller} · {command} · {state} changed something");
        }
    }
    assert!(wrong.is_empty(), "{} are wrong:\n{}", wrong.len(), wrong.join("\n"));
}

/// Gives a command on an invitation, or reads it; returns the invitation, or the status and the code of the refusal.
async fn give(world: &World, who: &Person, id: &str, command: &str) -> Result<Value, (u16, String)> {
    let response = match command {
        "read" => world.get(who, format!("/invitations/{id}")).await,
        _ => world.command(who, id, command).await,
    };
    match response.code() {
        None => Ok(response.json()),
        Some(code) => Err((response.status, code)),
    }
}

fn combinations() -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    CALLERS.into_iter().flat_map(|caller| {
        COMMANDS.into_iter().flat_map(move |command| STATES.into_iter().map(move |state| (caller, command, state)))
    })
}
