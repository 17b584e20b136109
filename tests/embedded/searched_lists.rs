//! A community's list, searched: by names and addresses as those who moderate see them, at one query a page.

use domain::{
    id::InvitationId,
    invitation::{Invitation, Invitee},
};
use serde_json::json;
use testkit::{
    api::Page,
    embedded::{Person, World, chess, person},
};

const LIST: &str = "/communities/chess/invitations";

async fn search(world: &World, caller: &Person, query: &str) -> Page {
    world.page(caller, format!("{LIST}?q={query}")).await
}

#[tokio::test]
async fn invitations_are_found_by_words_of_a_name_and_by_the_beginning_of_an_address() {
    let (world, mona) = chess("owner").await;
    for (id, name) in [("ada", "Ada King Lovelace"), ("adam", "Adam Ångström"), ("ann", "Ann Exner")] {
        world.register_with(&person(id), json!({ "displayName": name })).await;
        world.invite_user(&mona, "chess", &person(id)).await;
    }
    for address in ["ann.berg@example.org", "Carl@Bücher.example", "dora@xn--bcher-kva.example"] {
        world.invite_address(&mona, "chess", address).await;
    }
    let ids = async |query: &str| {
        let page = search(&world, &mona, query).await;
        let shown = page.invitations.into_iter().map(|one| one.invitee.user_id.or(one.invitee.email).unwrap());
        let mut shown: Vec<_> = shown.collect();
        shown.sort();
        shown
    };
    for (query, expected) in [
        ("ada", &["ada", "adam"][..]),
        ("lovelace+ad", &["ada"]),
        ("angstrom", &["adam"]),
        ("ann", &["ann", "ann.berg@example.org"]),
        ("ann.b", &["ann.berg@example.org"]),
        ("ANN.BERG%40EX", &["ann.berg@example.org"]),
        ("ann%40ex", &[]),
        ("carl%40b%C3%BCcher", &["Carl@Bücher.example"]),
        // However its domain is typed.
        ("carl%40bu%CC%88ch", &["Carl@Bücher.example"]),
        ("CARL%40B%C3%9CCHER%E3%80%82example", &["Carl@Bücher.example"]),
        ("carl%40xn--bcher-kva.example", &["Carl@Bücher.example"]),
        ("%3Ccarl%40b%C3%BCcher.example%3E", &["Carl@Bücher.example"]),
        ("dora%40xn--bch", &["dora@xn--bcher-kva.example"]),
        ("dora%40b%C3%BCch", &["dora@xn--bcher-kva.example"]),
        ("berg", &[]),
        ("example.org", &[]),
        ("%40", &[]),
        ("nobody", &[]),
    ] {
        assert_eq!(ids(query).await, expected, "{query}");
    }
    assert_eq!(search(&world, &mona, "").await.invitations.len(), 6, "nothing is searched for");
    assert_eq!(world.page(&mona, format!("{LIST}?q=ada&status=accepted")).await.invitations, []);
    assert_eq!(world.page(&mona, format!("{LIST}?q=ada&status=pending")).await.invitations.len(), 2);
    let long = "a".repeat(321);
    assert_eq!(world.get(&mona, format!("{LIST}?q={long}")).await.refused(400, "malformed_request").param(), "q");
    world.get(&person("ada"), format!("{LIST}?q=ada")).await.refused(403, "not_moderator");
}

#[tokio::test]
async fn an_address_does_not_give_away_the_name_behind_it_until_they_accept() {
    let (world, mona) = chess("owner").await;
    let zoe = person("zoe");
    world.register_with(&zoe, json!({ "displayName": "Zora Quist" })).await;
    let of_user = world.invite_address(&mona, "chess", &zoe.email).await;
    let found = async |query: &str| search(&world, &mona, query).await.invitations.len();
    assert_eq!((found("zoe%40ex").await, found("zora").await, found("quist").await), (1, 0, 0));
    world.command(&zoe, &of_user, "accept").await.ok();
    assert_eq!((found("zoe%40ex").await, found("zora").await), (0, 1), "the membership is there for all to see");
    // An address that becomes a user's stays an address.
    world.invite_address(&mona, "chess", "yara@example.org").await;
    world.register_with(&person("yara"), json!({ "displayName": "Ylva Quist" })).await;
    assert_eq!((found("yara%40").await, found("ylva").await), (1, 0));
    // What is erased is not found.
    world.remove("users/zoe").await;
    assert_eq!((found("zora").await, found("zoe").await), (0, 0));
}

#[tokio::test]
async fn an_invitation_is_found_by_the_name_that_its_invitee_has_now() {
    let (world, mona) = chess("owner").await;
    let [mia, ada] = world.people(["mia", "ada"]).await;
    world.community_of("club", &mona, "owner").await;
    world.community("club", json!({ "enrolment": "closed" })).await;
    world.member("club", &mia, "member").await;
    world.connect(&mia, &ada).await;
    world.register_with(&ada, json!({ "displayName": "Ada Lovelace" })).await;
    let to_her = world.invite_user(&mona, "chess", &ada).await;
    world.invite_user(&mia, "club", &ada).await;
    world.pump().await;
    world.fakes.take_mails();
    world.fakes.take_events();
    world.register_with(&ada, json!({ "displayName": "Ada Byron" })).await;
    for community in ["chess", "club"] {
        let found = async |query: &str| {
            let list = format!("/communities/{community}/invitations?q={query}");
            world.page(&mona, list).await.invitations.len()
        };
        assert_eq!((found("byron").await, found("lovelace").await), (1, 0), "{community}");
    }
    world.pump().await;
    assert!(world.fakes.take_mails().is_empty() && world.fakes.take_events().is_empty(), "nothing has happened");
    world.command(&ada, &to_her, "accept").await.ok();
}

#[tokio::test]
async fn a_searched_list_has_the_order_and_the_cursors_of_the_list() {
    let (world, mona) = chess("owner").await;
    let [olga] = world.people(["olga"]).await;
    world.member("chess", &olga, "moderator").await;
    world.register_with(&person("ann"), json!({ "displayName": "Ann Berg" })).await;
    let id = world.invite_user(&mona, "chess", &person("ann")).await;
    let prototype = world.stored(&id).await;
    let copy = |number: u16| {
        let mut entropy = [7; 10];
        entropy[..2].copy_from_slice(&number.to_be_bytes());
        let name = if number.is_multiple_of(3) { "Berta Berg" } else { "Carl Tal" };
        Invitation {
            id: InvitationId::new(prototype.created_at.as_millisecond().unsigned_abs() - u64::from(number), entropy),
            invitee: Invitee::User {
                id: format!("user{number}").parse().unwrap(),
                display_name: Some(name.to_owned()),
                invited_as: None,
            },
            ..prototype.clone()
        }
    };
    let copies: Vec<_> = (0..600).map(copy).collect();
    world.load(&copies);
    let (mut found, mut cursor, mut pages) = (Vec::new(), String::new(), 0);
    loop {
        world.meter.take();
        let page = world.page(&mona, format!("{LIST}?q=berta&limit=20&cursor={cursor}")).await;
        let usage = world.meter.take();
        assert_eq!((usage.of("Query"), usage.total()), (1, 2), "{usage:?}");
        found.extend(page.invitations.iter().map(|one| one.id.clone()));
        pages += 1;
        let Some(next) = page.next_cursor else { break };
        for (who, path) in [
            (&mona, format!("{LIST}?q=carl&limit=20&cursor={next}")),
            (&mona, format!("{LIST}?limit=20&cursor={next}")),
            (&olga, format!("{LIST}?q=berta&limit=20&cursor={next}")),
        ] {
            world.get(who, path).await.refused(400, "invalid_cursor");
        }
        cursor = next;
    }
    let expected: Vec<_> = copies.iter().step_by(3).map(|one| one.id.to_string()).collect();
    assert_eq!(found, expected, "the newest first");
    assert_eq!(pages, 10);
    // What has lapsed is found among the expired.
    world.lapse(&found[0]).await;
    let expired = world.page(&mona, format!("{LIST}?q=berta&status=expired")).await;
    assert_eq!(expired.ids(), [&*found[0]]);
    assert_eq!(world.page(&mona, format!("{LIST}?q=carl&status=expired")).await.invitations, []);
}
