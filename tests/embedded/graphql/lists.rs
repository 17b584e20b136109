//! Connections: the same pages, cursors that go on behind every invitation, and reads that are made once.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use testkit::embedded::{Person, World, chess, person};

use super::calls::data;

const PAGE: &str = "query ($first: Int, $after: String, $status: InvitationStatus) {
    community(id: \"chess\") { invitations(first: $first, after: $after, status: $status) {
        errors problems { code param } edges { cursor node { id status } }
        pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } } }";

async fn page(world: &World, who: &Person, variables: Value) -> Value {
    data(world, who, PAGE, variables).await["community"]["invitations"].take()
}

/// A community with fifteen invitations, of which some were answered and some have lapsed.
async fn crowd() -> (World, Person) {
    let (world, mona) = chess("moderator").await;
    let mut ids = Vec::new();
    for id in world.users(15).await {
        ids.push((world.invite(&mona, "chess", json!({ "userIds": [id] })).await.id().to_owned(), id));
    }
    for (number, (id, user)) in ids.iter().enumerate() {
        let invitee = person(user);
        match number % 5 {
            0 => drop(world.command(&invitee, id, "accept").await),
            1 => drop(world.command(&invitee, id, "decline").await),
            2 => world.lapse(id).await,
            _ => {}
        }
    }
    (world, mona)
}

fn ids(page: &Value) -> Vec<Value> {
    page["edges"].as_array().unwrap().iter().map(|edge| edge["node"]["id"].clone()).collect()
}

#[tokio::test]
async fn the_list_goes_on_behind_every_invitation_and_from_the_end_of_every_page() {
    let (world, mona) = crowd().await;
    let rest = world.page(&mona, "/communities/chess/invitations?limit=100").await;
    let all: Vec<_> = rest.ids().into_iter().map(Value::from).collect();
    assert_eq!(all.len(), 15);
    let whole = page(&world, &mona, json!({ "first": 100 })).await;
    assert_eq!(ids(&whole), all);
    assert_eq!(whole["pageInfo"]["hasNextPage"], false);
    // Cursors of a page in the midst of the list, too.
    let part = page(&world, &mona, json!({ "first": 7 })).await;
    assert_eq!(part["pageInfo"]["hasNextPage"], true);
    for page_before in [&whole, &part] {
        for (index, edge) in (0..).zip(page_before["edges"].as_array().unwrap()) {
            let next = page(&world, &mona, json!({ "first": 100, "after": edge["cursor"] })).await;
            assert_eq!(ids(&next), all[index + 1..], "behind {index}");
            assert_eq!(next["pageInfo"]["hasPreviousPage"], true);
        }
    }
    for size in [1, 2, 4, 15] {
        let (mut found, mut after) = (Vec::new(), Value::Null);
        loop {
            let page = page(&world, &mona, json!({ "first": size, "after": after })).await;
            found.extend(ids(&page));
            after = page["pageInfo"]["endCursor"].clone();
            if page["pageInfo"]["hasNextPage"] == false {
                break;
            }
        }
        assert_eq!(found, all, "pages of {size}");
    }
}

#[tokio::test]
async fn a_cursor_is_good_for_the_same_caller_and_the_same_list_by_either_door() {
    let (world, mona) = crowd().await;
    let [olaf] = world.people(["olaf"]).await;
    world.member("chess", &olaf, "owner").await;
    let first = page(&world, &mona, json!({ "first": 2 })).await;
    let cursor = first["pageInfo"]["endCursor"].as_str().unwrap();
    let next = page(&world, &mona, json!({ "first": 2, "after": cursor })).await;
    let over_http = world.page(&mona, format!("/communities/chess/invitations?limit=2&cursor={cursor}")).await;
    assert_eq!(ids(&next), over_http.ids());
    for (who, variables) in [
        (&olaf, json!({ "after": cursor })),
        (&mona, json!({ "after": cursor, "status": "PENDING" })),
        (&mona, json!({ "after": format!("x{cursor}") })),
        (&mona, json!({ "after": "" })),
    ] {
        let refused = page(&world, who, variables).await;
        assert_eq!(refused["errors"], json!(["invalid_cursor"]));
        assert_eq!(refused["problems"], json!([{ "code": "invalid_cursor", "param": "after" }]));
        assert_eq!(refused["edges"], json!([]));
    }
}

#[tokio::test]
async fn a_page_holds_one_to_a_hundred_invitations_of_the_state_that_is_asked_for() {
    let (world, mona) = crowd().await;
    for first in [0, -1, 101, i32::MAX] {
        let refused = page(&world, &mona, json!({ "first": first })).await;
        assert_eq!(refused["problems"], json!([{ "code": "malformed_request", "param": "first" }]), "{first}");
    }
    for (status, count) in [("PENDING", 6), ("ACCEPTED", 3), ("DECLINED", 3), ("EXPIRED", 3), ("CANCELLED", 0)] {
        let found = page(&world, &mona, json!({ "status": status })).await;
        let statuses: Vec<_> =
            found["edges"].as_array().unwrap().iter().map(|edge| edge["node"]["status"].clone()).collect();
        assert_eq!(statuses, vec![json!(status); count]);
    }
}

#[tokio::test]
async fn a_communitys_list_is_searched_as_over_http() {
    let (world, mona) = crowd().await;
    let document = "query ($query: String, $first: Int, $after: String) { community(id: \"chess\") {
        invitations(query: $query, first: $first, after: $after) { errors problems { param } edges { node { id } } pageInfo { endCursor } } } }";
    let search =
        async |variables: Value| data(&world, &mona, document, variables).await["community"]["invitations"].take();
    let over_http = world.page(&mona, "/communities/chess/invitations?q=user1").await;
    let found = search(json!({ "query": "user1" })).await;
    assert_eq!(ids(&found), over_http.ids());
    assert!((1..15).contains(&ids(&found).len()), "{found}");
    let first = search(json!({ "query": "user1", "first": 1 })).await;
    let other = search(json!({ "query": "user2", "after": first["pageInfo"]["endCursor"] })).await;
    assert_eq!(other["errors"], json!(["invalid_cursor"]));
    let long = search(json!({ "query": "a".repeat(321) })).await;
    assert_eq!((&long["errors"], &long["problems"][0]["param"]), (&json!(["malformed_request"]), &json!("query")));
}

#[tokio::test]
async fn what_is_asked_for_twice_is_read_once() {
    let (world, mona) = chess("moderator").await;
    let [ann] = world.people(["ann"]).await;
    let id = world.invite_user(&mona, "chess", &ann).await;
    let document = format!(
        "{{ a: invitation(id: \"{id}\") {{ response {{ id }} }} b: invitation(id: \"{id}\") {{ response {{ status }} }} \
           invitation(id: \"{id}\") {{ errors }} \
           m: me {{ i: invitations(first: 3) {{ errors }} j: invitations(first: 3) {{ errors }} }} n: me {{ invitations(first: 3) {{ errors }} }} \
           c: community(id: \"chess\") {{ stats {{ errors }} }} d: community(id: \"chess\") {{ t: stats {{ errors }} }} }}"
    );
    world.meter.take();
    let found = data(&world, &mona, &document, json!({})).await;
    assert_eq!(found["a"]["response"]["id"], id.as_str());
    assert_eq!(found["b"]["response"]["status"], "PENDING");
    // Two reads of the invitation, two of the page, three of the numbers.
    assert_eq!(world.meter.take().total(), 7);
}

#[tokio::test]
async fn a_hundred_invitations_to_as_many_communities_take_the_one_query_and_the_one_batch_that_they_take_over_http() {
    let world = World::new().await;
    let [ann, root] = world.people(["ann", "root"]).await;
    let root = root.site_administrator();
    let community = |number: usize| {
        json!({
            "type": "community", "communityId": format!("club{number}"), "title": format!("Club {number}"),
            "visibility": "public", "enrolment": "open",
        })
    };
    let records: Vec<_> = (0..100).map(community).collect();
    world.directory("POST", "import", json!({ "records": records })).await.ok();
    for number in 0..100 {
        world.invite_user(&root, &format!("club{number}"), &ann).await;
    }
    world.meter.take();
    let over_http = world.page(&ann, "/me/invitations?limit=100").await;
    let usage = world.meter.take();
    let document = "{ me { invitations(first: 100) { edges { node { id community { id title } } } } } }";
    let found = data(&world, &ann, document, json!({})).await["me"]["invitations"].take();
    assert_eq!(world.meter.take(), usage);
    // A hundred invitations and communities, and who is shown with them: more than two requests hold.
    assert_eq!(usage.requests, BTreeMap::from([("BatchGetItem".to_owned(), 3), ("Query".to_owned(), 1)]));
    assert_eq!(ids(&found), over_http.ids());
    let titles =
        found["edges"].as_array().unwrap().iter().map(|edge| edge["node"]["community"]["title"].as_str().unwrap());
    assert_eq!(titles.collect::<BTreeSet<_>>().len(), 100);
}
