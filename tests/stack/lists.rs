//! Lists: whole, in order, page by page, and each reader's own.

use serde_json::json;

use testkit::{
    SesEvent,
    api::{Action, DayStats},
    eventually,
    stack::{Part, World, free_address, stack},
};

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
            let page = reader.page(list);
            let counted = list == "/me/invitations/sent" || page.pending_count == Some(3);
            Some(()).filter(|()| page.ids() == expected && counted)
        });
        let (mut read, mut cursor) = (Vec::new(), Some(String::new()));
        while let Some(at) = cursor {
            let page = reader.page(&format!("{list}?limit=1&cursor={at}"));
            read.extend(page.ids().into_iter().map(str::to_owned));
            assert!(read.len() <= expected.len(), "{list} does not end: {read:?}");
            assert!(list == "/me/invitations/sent" || page.pending_count == Some(3), "{page:?}");
            cursor = page.next_cursor;
        }
        assert_eq!(read, expected, "{list}");
        let declined = reader.page(&format!("{list}?status=declined"));
        assert_eq!(declined.ids(), sent[3..]);
    }
}

#[test]
fn a_cursor_is_good_for_its_caller_and_query_only() {
    let world = World::new();
    let [moderator] = world.people([Part::Moderator]);
    let addresses = [(); 2].map(|()| free_address());
    world.send(&moderator, &json!({"emails": addresses})).ok();
    let page = eventually("there are two pages", || {
        Some(moderator.page("/me/invitations/sent?limit=1")).filter(|page| page.next_cursor.is_some())
    });
    let cursor = page.next();
    moderator.page(&format!("/me/invitations/sent?limit=1&cursor={cursor}"));
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
    stack().expire(&invitation);
    assert_eq!(ines.sees(&invitation).status, "expired");
    assert_eq!(ines.sees(&invitation).actions, []);
    eventually("every list says so", || {
        let mine = ines.page("/me/invitations?status=expired");
        let all = moderator.page(&format!("{}?status=expired", world.path()));
        let expired = [invitation.clone()];
        Some(()).filter(|()| mine.ids() == expired && all.ids() == expired)
    });
    let pending = ines.page("/me/invitations?status=pending");
    assert_eq!((pending.ids().len(), pending.pending_count), (0, Some(0)));
}

#[test]
fn actions_are_what_this_reader_may_do_now() {
    let world = World::new();
    let [owner, moderator, ines] = world.people([Part::Owner, Part::Moderator, Part::Outsider]);
    let invitation = world.invite(&moderator, &ines);
    let act = |id: &str, verb: &str| Action {
        id: format!("{id}_COMMUNITY_INVITATION"),
        method: "POST".to_owned(),
        href: format!("/invitations/{invitation}/{verb}"),
    };
    assert_eq!(ines.sees(&invitation).actions, [act("ACCEPT", "accept"), act("DECLINE", "decline")]);
    for reader in [&owner, &moderator, &world.administrator] {
        assert_eq!(reader.sees(&invitation).actions, [act("CANCEL", "cancel")]);
    }
    stack().backdate_mail(&invitation);
    let resendable = [act("CANCEL", "cancel"), act("RESEND", "resend")];
    assert_eq!(moderator.sees(&invitation).actions, resendable);
    // Every action that is offered works as it is offered.
    assert_eq!(moderator.post(&resendable[1].href, &json!({})).invitation().id, invitation);
}

#[test]
fn what_happened_shows_by_day_and_by_sender_and_the_list_as_a_table() {
    let world = World::new();
    let [moderator, ines] = world.people([Part::Moderator, Part::Outsider]);
    let (invitation, _) = world.invite_by_mail(&moderator, &ines);
    stack().ses_event(&SesEvent::new("Delivery", &invitation));
    let accepted = ines.command("accept", &invitation).invitation();
    let (from, to) = (&accepted.created_at[..10], &accepted.answered_at.as_ref().unwrap()[..10]);
    let path = format!("{}/stats?from={from}&to={to}", world.path());
    let period = eventually("all of it is counted", || {
        let period = moderator.get(&path).stats().period.expect("a period was asked for");
        let sum = |of: fn(&DayStats) -> i64| period.days.iter().map(of).sum::<i64>();
        let counted = [sum(|day| day.sent), sum(|day| day.delivered), sum(|day| day.accepted), sum(|day| day.answered)];
        Some(period).filter(|_| counted == [1; 4])
    });
    let [sender] = &period.senders[..] else { panic!("one sender: {period:?}") };
    assert_eq!((&sender.sender.id, sender.sender.display_name.as_ref()), (&moderator.id, Some(&moderator.name)));
    assert_eq!((sender.sent, sender.delivered, sender.bounced, sender.accepted), (1, 1, 0, 1));

    world.invite_address(&moderator, &free_address());
    let first = eventually("there are two pages", || {
        let page = moderator.get(&format!("{}/export?limit=1", world.path()));
        Some(page).filter(|page| page.ok().header("link").is_some())
    });
    assert_eq!(first.header("content-type"), Some("text/csv; charset=utf-8"));
    assert!(first.body.starts_with("\u{FEFF}id,status,recipient,"), "{}", first.body);
    let link = first.header("link").unwrap().strip_prefix('<').unwrap().strip_suffix(">; rel=\"next\"").unwrap();
    let last = moderator.get(&format!("{}/export{link}", world.path()));
    assert_eq!(last.ok().header("link"), None);
    assert!(last.body.starts_with(&format!("{invitation},accepted,{},{},", ines.name, ines.id)), "{}", last.body);
}
