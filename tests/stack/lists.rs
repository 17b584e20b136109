//! Lists: whole, in order, page by page, and each reader's own.

use serde_json::json;

use crate::world::{Part, World, eventually, free_address, ids, stack};

#[test]
fn pages_join_to_the_whole_list_and_count_what_is_pending() {
    let world = World::new();
    let [moderator, ines] = world.people([Part::Moderator, Part::Outsider]);
    // The same person in several communities has a list of several.
    let others = [(); 3].map(|()| World::another(&moderator));
    let mut sent = vec![world.invite(&moderator, &ines)];
    sent.extend(others.iter().map(|other| other.invite(&moderator, &ines)));
    ines.command("decline", &sent[3]).ok();
    // Pending first, newest first.
    let expected = [2, 1, 0, 3].map(|index: usize| sent[index].clone());

    for list in ["/me/invitations", "/me/invitations/sent"] {
        let reader = if list == "/me/invitations" { &ines } else { &moderator };
        eventually("the list is whole", || {
            let page = reader.get(list).ok();
            let counted = list == "/me/invitations/sent" || page["pendingCount"] == 3;
            Some(()).filter(|()| ids(&page) == expected && counted)
        });
        let (mut read, mut cursor) = (Vec::new(), Some(String::new()));
        while let Some(at) = cursor {
            let page = reader.get(&format!("{list}?limit=1&cursor={at}")).ok();
            read.extend(ids(&page));
            assert!(read.len() <= expected.len(), "{list} does not end: {read:?}");
            assert!(list == "/me/invitations/sent" || page["pendingCount"] == 3, "{page}");
            cursor = page["nextCursor"].as_str().map(str::to_owned);
        }
        assert_eq!(read, expected, "{list}");
        let declined = reader.get(&format!("{list}?status=declined")).ok();
        assert_eq!(ids(&declined), sent[3..]);
    }
}

#[test]
fn a_cursor_is_good_for_its_caller_and_query_only() {
    let world = World::new();
    let [moderator] = world.people([Part::Moderator]);
    let addresses = [(); 2].map(|()| free_address());
    world.send(&moderator, &json!({"emails": addresses})).ok();
    let page = eventually("there are two pages", || {
        Some(moderator.get("/me/invitations/sent?limit=1").ok()).filter(|page| page["nextCursor"].is_string())
    });
    let cursor = page["nextCursor"].as_str().unwrap();
    moderator.get(&format!("/me/invitations/sent?limit=1&cursor={cursor}")).ok();
    for other in [
        format!("/me/invitations/sent?status=pending&cursor={cursor}"),
        format!("/me/invitations?cursor={cursor}"),
        format!("{}?cursor={cursor}", world.path()),
        format!("/me/invitations/sent?cursor=A{}", &cursor[1..]),
    ] {
        // The first letter of a cursor may happen to be an A.
        if !other.ends_with(&format!("sent?cursor={cursor}")) {
            moderator.get(&other).refused(400, "invalid_cursor");
        }
    }
}

#[test]
fn an_invitation_shows_as_expired_the_moment_it_is() {
    let world = World::new();
    let [moderator, ines] = world.people([Part::Moderator, Part::Outsider]);
    let invitation = world.invite(&moderator, &ines);
    stack().let_expire(&invitation);
    assert_eq!(ines.sees(&invitation)["status"], "expired");
    assert_eq!(ines.sees(&invitation)["actions"], json!([]));
    eventually("every list says so", || {
        let mine = ines.get("/me/invitations?status=expired").ok();
        let all = moderator.get(&format!("{}?status=expired", world.path())).ok();
        let expired = [invitation.clone()];
        Some(()).filter(|()| ids(&mine) == expired && ids(&all) == expired)
    });
    let pending = ines.get("/me/invitations?status=pending").ok();
    assert_eq!((ids(&pending).len(), &pending["pendingCount"]), (0, &json!(0)));
}

#[test]
fn actions_are_what_this_reader_may_do_now() {
    let world = World::new();
    let [owner, moderator, ines] = world.people([Part::Owner, Part::Moderator, Part::Outsider]);
    let invitation = world.invite(&moderator, &ines);
    let act = |id: &str, verb: &str| json!({"id": format!("{id}_COMMUNITY_INVITATION"), "method": "POST", "href": format!("/invitations/{invitation}/{verb}")});
    let answer = json!([act("ACCEPT", "accept"), act("DECLINE", "decline")]);
    assert_eq!(ines.sees(&invitation)["actions"], answer);
    for reader in [&owner, &moderator, &world.administrator] {
        assert_eq!(reader.sees(&invitation)["actions"], json!([act("CANCEL", "cancel")]));
    }
    stack().let_rest(&invitation);
    let rested = json!([act("CANCEL", "cancel"), act("RESEND", "resend")]);
    assert_eq!(moderator.sees(&invitation)["actions"], rested);
    // Every action that is offered works as it is offered.
    let resend = rested[1]["href"].as_str().unwrap();
    assert_eq!(moderator.post(resend, &json!({})).ok()["id"], json!(invitation));
}
