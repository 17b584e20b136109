//! Who sees what of an invitation.

use serde_json::json;

use testkit::{
    api::{Community, Invitee, Sender},
    eventually,
    stack::{Part, World, stack},
};

#[test]
fn an_invited_address_is_seen_by_sender_and_moderators_and_by_nobody_else() {
    let world = World::new();
    let [sender, moderator, member, stranger] =
        world.people([Part::Moderator, Part::Owner, Part::Member, Part::Outsider]);
    // Signed in with that verified address, and not in the directory: the addressee.
    let [addressee] = world.people([Part::Unknown]);
    let invitation = world.invite_address(&sender, &addressee.email);
    for reader in [&sender, &moderator, &world.administrator] {
        assert_eq!(reader.sees(&invitation).invitee, Invitee::address(&addressee.email));
    }
    for path in [world.path(), "/me/invitations/sent".to_owned()] {
        let listed = eventually("the list has it", || {
            Some(sender.page(&path)).filter(|list| list.ids() == [invitation.clone()])
        });
        assert_eq!(listed.invitations[0].invitee.email.as_ref(), Some(&addressee.email));
    }
    assert_eq!(addressee.sees(&invitation).invitee, Invitee::default());
    for reader in [&member, &stranger] {
        reader.get(&format!("/invitations/{invitation}")).refused(404, "invitation_not_found");
    }

    // A moderator no more: what others sent is not theirs to read.
    world.administrator.delete(&format!("/directory/communities/{}/members/{}", world.community, moderator.id));
    moderator.get(&format!("/invitations/{invitation}")).refused(404, "invitation_not_found");
    // The sender's own stays readable.
    world.administrator.delete(&format!("/directory/communities/{}/members/{}", world.community, sender.id));
    assert_eq!(sender.sees(&invitation).invitee.email, Some(addressee.email));
}

#[test]
fn a_verified_address_in_the_token_is_enough_to_answer() {
    let world = World::new();
    let [moderator, addressee] = world.people([Part::Moderator, Part::Unknown]);
    let invitation = world.invite_address(&moderator, &addressee.email.to_uppercase());
    let accepted = addressee.command("accept", &invitation).invitation();
    assert_eq!((&*accepted.status, accepted.invitee), ("accepted", Invitee::user(&addressee.id)));
}

#[test]
fn no_answer_holds_a_token_a_digest_or_an_address_that_is_not_its_readers_to_see() {
    let world = World::new();
    let [moderator, ines] = world.people([Part::Moderator, Part::Outsider]);
    let (invitation, mail) = world.invite_by_mail(&moderator, &ines);
    let link = mail.link("i");
    let token = link.rsplit('/').next().unwrap();
    assert_eq!(token.len(), 70);
    let responses = [
        moderator.get(&format!("/invitations/{invitation}")),
        moderator.get(&world.path()),
        moderator.get("/me/invitations/sent"),
        ines.get(&format!("/invitations/{invitation}")),
        ines.get("/me/invitations"),
        world.send(&moderator, &json!({"userIds": [ines.id]})),
        ines.command("accept", &invitation),
    ];
    for response in responses {
        let body = &response.expect(200).body;
        // The first 27 characters of a token spell the invitation's id and revision, the rest is the secret.
        for secret in [token, &token[27..], &ines.email, &moderator.email] {
            assert!(!body.contains(secret), "{} tells {secret}: {body}", response.request);
        }
        for field in ["token", "digest", "\"link", "revision", "mailedAt", "lifetimeDays"] {
            assert!(!body.contains(field), "{} shows {field}: {body}", response.request);
        }
    }
    // What is stored is no token either.
    let stored = stack().invitation_record(&invitation).to_string();
    assert!(!stored.contains(token) && !stored.contains(&token[27..]), "{stored}");
}

#[test]
fn an_invitation_has_the_fields_that_it_should_and_no_more() {
    let world = World::new();
    let [moderator, ines] = world.people([Part::Moderator, Part::Outsider]);
    let invitation = world.invite(&moderator, &ines);
    let seen = eventually("the mail has left", || Some(ines.sees(&invitation)).filter(|seen| seen.is_mail("sent")));
    let raw = ines.get(&format!("/invitations/{invitation}")).json();
    let mut fields: Vec<_> = raw.as_object().unwrap().keys().map(String::as_str).collect();
    fields.sort_unstable();
    let expected = [
        "actions",
        "community",
        "communityId",
        "createdAt",
        "delivery",
        "expiresAt",
        "id",
        "invitee",
        "message",
        "sender",
        "status",
    ];
    assert_eq!(fields, expected);
    let community = Community {
        id: world.community.clone(),
        title: world.title.clone(),
        url: Some(format!("https://community.example.org/{}", world.community)),
        r#type: "community".to_owned(),
        description: Some("Neighbours who grow vegetables.".to_owned()),
        rules_url: None,
        member_count: Some(1234),
    };
    assert_eq!((seen.community, &seen.community_id), (community, &world.community));
    let sender = Sender {
        profile_url: Some(format!("https://community.example.org/people/{}", moderator.id)),
        id: moderator.id,
        display_name: Some(moderator.name),
    };
    assert_eq!(seen.sender, sender);
    assert_eq!(seen.invitee, Invitee { display_name: Some(ines.name), ..Invitee::user(&ines.id) });
    for text in [seen.created_at, seen.expires_at] {
        assert!(text.ends_with('Z') && text.as_bytes()[10] == b'T', "{text}");
    }
}
