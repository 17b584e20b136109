//! What the host platform hears on the event bus.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use testkit::{
    api::Event,
    eventually,
    stack::{Part, World, free_address, stack},
};

#[test]
fn the_host_platform_hears_of_every_change_by_ids_and_never_by_address_or_name() {
    let world = World::with(&json!({"enrolment": "closed"}));
    let [moderator, member, ines, ivo, noor, nils] =
        world.people([Part::Moderator, Part::Member, Part::Outsider, Part::Outsider, Part::Outsider, Part::Outsider]);
    let address = free_address();
    let queue = stack().subscribe(&world.community);

    for invitee in [&ines, &nils] {
        world.connect(&member, invitee);
    }
    let accepted = world.invite(&member, &ines);
    moderator.command("approve", &accepted).ok();
    ines.command("accept", &accepted).ok();
    let rejected = world.invite(&member, &nils);
    moderator.command("reject", &rejected).ok();
    let declined = world.invite(&moderator, &ivo);
    ivo.command("decline", &declined).ok();
    let cancelled = world.invite(&moderator, &noor);
    moderator.command("cancel", &cancelled).ok();
    let sent = world.invite_address(&moderator, &address);

    let mut expected = BTreeSet::new();
    let mut expect = |invitation: &str, names: &[&str]| {
        expected.extend(names.iter().map(|name| ((*name).to_owned(), invitation.to_owned())));
    };
    expect(&accepted, &["InvitationRequested", "InvitationSent", "InvitationAccepted", "MembershipActivated"]);
    expect(&rejected, &["InvitationRequested", "InvitationRejected"]);
    expect(&declined, &["InvitationSent", "InvitationDeclined"]);
    expect(&cancelled, &["InvitationSent", "InvitationCancelled"]);
    expect(&sent, &["InvitationSent"]);

    let mut received: BTreeMap<String, Event> = BTreeMap::new();
    let told = |received: &BTreeMap<String, Event>| -> BTreeSet<(String, String)> {
        received.values().map(|event| (event.name.clone(), event.invitation_id.clone())).collect()
    };
    eventually("everything is received", || {
        // Repetitions carry the same id.
        for event in stack().received(&queue) {
            received.insert(event.id.clone(), event);
        }
        Some(()).filter(|()| told(&received).is_superset(&expected))
    });
    assert_eq!(told(&received), expected);
    assert_eq!(received.len(), expected.len(), "the same change has the same id: {received:?}");
    for event in received.values() {
        let text = event.raw.to_string();
        for private in [&address, &ines.email, &ines.name, &moderator.name, &world.title, "/i/"] {
            assert!(!text.contains(private), "{text}");
        }
    }
}
