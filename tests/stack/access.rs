//! Who gets in at all, besides what `callers` tries: a stranger learns nothing from any route, an administrator may do
//! all.

use serde_json::json;

use testkit::{
    stack::{Part, World, call, free_address, serial, stack},
    template::{Route, template},
};

#[test]
fn a_route_that_is_none_is_not_found() {
    let authorization = stack().administrator().authorization();
    for path in ["/", "/invitations", "/directory", "/directory/users", "/communities/x", "/i", "/i/a/b"] {
        let response = call("GET", &format!("{}{path}", stack().api_url), &[("Authorization", &authorization)], None);
        assert_eq!(response.status, 404, "{path}: {response:?}");
    }
}

/// A community with people, and invitations in several states: something to see for those who may.
struct Inhabited {
    world: World,
    private: Vec<String>,
    values: Vec<(&'static str, String)>,
}

fn inhabited() -> Inhabited {
    let world = World::new();
    let [owner, moderator, ines] = world.people([Part::Owner, Part::Moderator, Part::Outsider]);
    let address = free_address();
    let invitation = world.invite(&moderator, &ines);
    world.invite_address(&moderator, &address);
    let mut private = vec![world.title.clone(), address, invitation.clone()];
    for person in [&owner, &moderator, &ines] {
        private.extend([person.name.clone(), person.email.clone(), person.id.clone()]);
    }
    let values = vec![
        ("communityId", world.community.clone()),
        ("invitationId", invitation),
        ("userId", ines.id.clone()),
        ("otherId", owner.id),
        ("address", ines.email),
    ];
    Inhabited { world, private, values }
}

/// A document that asks for all there is to see of a community and of its invitations.
fn question(community: &str) -> String {
    let node = "edges { node { id inviteeUserContext { id displayName email } community { title } } }";
    let own = format!("me {{ invitations {{ {node} }} sentInvitations {{ {node} }} }}");
    let of_all = format!("community(id: \"{community}\") {{ invitations {{ {node} }} stats {{ errors }} }}");
    format!("{{ {own} {of_all} }}")
}

fn api_routes() -> impl Iterator<Item = &'static Route> {
    template().routes().iter().filter(|route| !route.public)
}

#[test]
fn a_stranger_gets_403_404_or_an_empty_list_from_every_route_and_sees_nobodys_data() {
    let Inhabited { world, private, values } = inhabited();
    let values: Vec<_> = values.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let strangers = world.people([Part::Outsider, Part::Inactive, Part::Unknown]);
    for (stranger, route) in strangers.iter().flat_map(|one| api_routes().map(move |route| (one, route))) {
        let body = json!({"emails": [free_address()]});
        let body = Some(&body).filter(|_| route.path.starts_with("/communities/"));
        let nothing = json!({});
        let body = body.or(Some(&nothing)).filter(|_| ["POST", "PUT"].contains(&route.method.as_str()));
        // Where a question is a document, what the caller may not see is null.
        let question = json!({"query": question(&world.community)});
        let body = if route.path == "/graphql" { Some(&question) } else { body };
        let response = stranger.call(&route.method, &route.at(&values), body);
        if route.path == "/me/invitations/count" {
            assert_eq!(response.count(), 0);
        } else if route.path.starts_with("/me/") {
            assert_eq!(response.page().invitations, [], "{route:?}");
        } else if route.path.ends_with("/options") && response.status == 200 {
            assert!(response.body.contains("\"mayInvite\":false"), "{response:?}");
        } else if route.path == "/graphql" {
            assert_eq!(response.status, 200, "{response:?}");
        } else {
            assert!([403, 404].contains(&response.status), "{route:?} for {}: {response:?}", stranger.name);
        }
        if route.path.starts_with("/invitations/") {
            response.refused(404, "invitation_not_found");
        }
        for secret in &private {
            // What the stranger has put into the path themselves is no news.
            let known = values.iter().any(|(_, value)| value == secret);
            assert!(known || !response.body.contains(secret.as_str()), "{route:?} tells {secret}: {response:?}");
        }
    }
    for stranger in &strangers {
        assert_eq!(stack().mails_to(&stranger.email).len(), 0);
    }
}

#[test]
fn a_site_administrator_may_do_anything_in_a_community_that_is_not_theirs() {
    let world = World::with(&json!({"enrolment": "network", "visibility": "private"}));
    // The site administrator of the stack file is in its directory.
    let (administrator, address) = (&world.administrator, free_address());
    let invitation = world.invite_address(administrator, &address);
    assert_eq!(administrator.sees(&invitation).invitee.email, Some(address));
    administrator.page(&world.path());
    administrator.get(&format!("{}/stats", world.path())).stats();
    assert_eq!(administrator.command("cancel", &invitation).invitation().status, "cancelled");
}

#[test]
fn a_member_reads_no_list_of_the_community_and_no_statistics() {
    let world = World::new();
    let [member] = world.people([Part::Member]);
    for path in ["", "/stats", "/stats?from=2026-11-01&to=2026-11-29", "/export"].map(|path| world.path() + path) {
        member.get(&path).refused(403, "not_moderator");
    }
    // No caller can tell a community that is not there from one that is not theirs.
    member.get(&format!("/communities/nowhere-{}/invitations", serial())).refused(403, "not_moderator");
}
