//! What screens ask for besides the invitations themselves: counts, options, people, and searched lists.

use serde_json::json;

use testkit::{
    eventually,
    stack::{Part, World, free_address, stack},
};

#[test]
fn the_badge_counts_what_waits_for_an_answer() {
    let world = World::new();
    let [moderator, ines] = world.people([Part::Moderator, Part::Outsider]);
    let other = World::another(&moderator);
    let first = world.invite(&moderator, &ines);
    other.invite(&moderator, &ines);
    let counts = |expected: u32| {
        eventually("the count follows", || Some(()).filter(|()| ines.get("/me/invitations/count").count() == expected));
    };
    counts(2);
    ines.command("accept", &first).ok();
    counts(1);
    assert_eq!(moderator.get("/me/invitations/count").count(), 0);
}

#[test]
fn a_form_is_told_what_its_user_may_do_and_whom_they_find() {
    let world = World::with(&json!({"enrolment": "closed"}));
    let [owner, member, friend, stranger] = world.people([Part::Owner, Part::Member, Part::Outsider, Part::Outsider]);
    world.connect(&member, &friend);
    let options = format!("/communities/{}/options", world.community);
    let told = member.get(&options).options();
    assert_eq!((told.may_invite, told.needs_approval, told.addresses_allowed), (true, true, false));
    assert_eq!((&*told.people_search, told.may_moderate), ("connections", false));
    let told = owner.get(&options).options();
    assert_eq!((told.needs_approval, told.addresses_allowed, told.may_moderate), (false, true, true));
    assert_eq!(stranger.get(&options).options().reason.as_deref(), Some("not_a_member"));

    // The names of these people end in numbers of their own.
    let serial = |name: &str| name.rsplit(' ').next().unwrap().to_owned();
    let found = |searcher: &testkit::stack::Person, query: &str| {
        let path = format!("/communities/{}/people?q={query}", world.community);
        searcher.get(&path).people().people
    };
    eventually("the friend is found", || Some(()).filter(|()| found(&owner, &serial(&friend.name)).len() == 1));
    assert_eq!(found(&owner, &serial(&stranger.name))[0].user_id, stranger.id);
    assert_eq!(found(&member, &serial(&friend.name))[0].display_name, friend.name);
    assert_eq!(found(&member, &serial(&stranger.name)), []);
    assert_eq!(found(&owner, &serial(&member.name))[0].reason.as_deref(), Some("already_member"));
    let refused = stranger.get(&format!("/communities/{}/people?q=a", world.community));
    refused.refused(403, "not_a_member");
}

#[test]
fn a_community_s_list_is_searched_by_name_and_address() {
    let world = World::new();
    let [moderator, ines] = world.people([Part::Moderator, Part::Outsider]);
    let (to_her, address) = (world.invite(&moderator, &ines), free_address());
    let to_address = world.invite_address(&moderator, &address);
    for (query, expected) in [
        (ines.name.rsplit(' ').next().unwrap(), vec![&*to_her]),
        (address.split('@').next().unwrap(), vec![&*to_address]),
        ("nobody", vec![]),
    ] {
        let list = format!("{}?q={query}&status=pending", world.path());
        eventually("the search follows", || Some(()).filter(|()| moderator.page(&list).ids() == expected));
    }
    let shown = ines.sees(&to_her).community;
    assert_eq!(
        (shown.description.as_deref(), shown.member_count),
        (Some("Neighbours who grow vegetables."), Some(1234))
    );
}

#[test]
fn a_silent_invitation_is_mailed_when_somebody_resends_it() {
    let world = World::new();
    let [moderator] = world.people([Part::Moderator]);
    let [silent, loud] = [(); 2].map(|()| free_address());
    let sent = world.send(&moderator, &json!({"emails": [silent], "notify": false})).sent();
    let id = sent.results[0].id().to_owned();
    // What was sent after it has arrived.
    world.invite_address(&moderator, &loud);
    stack().await_mails(&loud, 1);
    assert_eq!(stack().mails_to(&silent).len(), 0);
    assert_eq!(moderator.sees(&id).delivery, None);
    moderator.command("resend", &id).ok();
    stack().await_mails(&silent, 1);
}
