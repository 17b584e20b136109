//! Whoever becomes a member has no live invitation any more, from whichever side the membership comes.

use serde_json::{Value, json};
use store::keys::Key;
use testkit::embedded::{Request, World, chess, person};

/// What sender and moderators read of an invitation whose invitee has become a member without it.
const JOINED: &str = "The invited person has joined the community another way.";

/// Returns the names of the events since the last time.
async fn events(world: &World) -> Vec<String> {
    world.pump().await;
    world.fakes.take_events().into_iter().map(|event| event.name).collect()
}

#[tokio::test]
async fn the_invitation_of_whom_the_platform_makes_a_member_ends_in_silence() {
    let (world, mona) = chess("owner").await;
    let [ann, ben] = world.people(["ann", "ben"]).await;
    let accepted = world.invite_user(&mona, "chess", &ben).await;
    world.command(&ben, &accepted, "accept").await.ok();
    let id = world.invite_user(&mona, "chess", &ann).await;
    let mails = world.deliver_mails().await;
    let link = mails.iter().find(|mail| mail.tag("invitation") == id).unwrap().path("i");
    world.fakes.take_events();
    world.member("chess", &ann, "member").await;

    let mine = world.mine(&ann).await;
    assert_eq!((mine.pending_count, mine.statuses()), (Some(0), vec!["cancelled"]));
    let seen = world.invitation(&mona, &id).await;
    assert_eq!((&*seen.status, seen.reason.as_deref(), seen.actions), ("cancelled", Some(JOINED), vec![]));
    assert_eq!(world.invitation(&ann, &id).await.reason, None, "she knows");
    assert_eq!(events(&world).await, ["InvitationCancelled"]);
    assert!(world.fakes.take_mails().is_empty());
    let stats = world.stats(&mona, "chess").await;
    assert_eq!((stats.nonzero(), stats.acceptance_rate), (vec![("accepted", 1), ("cancelled", 1)], Some(1.0)));
    for verb in ["accept", "decline"] {
        world.command(&ann, &id, verb).await.refused(409, "invitation_cancelled");
    }
    for page in [world.open(&link).await, world.submit(&link, "answer=accept").await] {
        assert!(page.status == 410 && page.body.contains("You are already a member"), "{page:?}");
    }

    // Losing the membership revives nothing, and she can be invited again at once.
    world.remove("communities/chess/members/ann").await;
    let page = world.open(&link).await;
    assert!(page.status == 410 && page.body.contains("This invitation was withdrawn"), "{page:?}");
    let again = world.invite_user(&mona, "chess", &ann).await;
    assert_eq!(world.status(&mona, &id).await, "cancelled");
    world.command(&ann, &again, "accept").await.ok();
}

#[tokio::test]
async fn a_queued_mail_to_whom_the_platform_makes_a_member_is_not_sent() {
    let (world, mona) = chess("owner").await;
    let [ann] = world.people(["ann"]).await;
    world.invite_user(&mona, "chess", &ann).await;
    world.member("chess", &ann, "moderator").await;
    assert_eq!(world.role(&ann, "chess").await.as_deref(), Some("moderator"));
    world.pump().await;
    assert!(world.fakes.take_mails().is_empty());
}

#[tokio::test]
async fn a_link_tells_only_the_member_that_they_are_one() {
    let (world, mona) = chess("owner").await;
    let [ann] = world.people(["ann"]).await;
    world.invite_user(&mona, "chess", &ann).await;
    let link = world.deliver_mail().await.path("i");
    world.member("chess", &ann, "member").await;
    world.register(&ann.with_email("new@example.org")).await;
    let page = world.open(&link).await;
    assert!(page.status == 410 && page.body.contains("This invitation was withdrawn"), "{page:?}");
}

#[tokio::test]
async fn a_request_to_invite_whom_the_platform_makes_a_member_leaves_the_queue() {
    let (world, mona) = chess("owner").await;
    let (mia, ann, id) = world.requested().await;
    world.member("chess", &ann, "member").await;
    assert_eq!(world.page(&mona, "/communities/chess/invitations?status=awaiting_approval").await.invitations, []);
    let refused = world.command(&mona, &id, "approve").await;
    assert_eq!(refused.refused(409, "invitation_cancelled").invitation_status(), "cancelled");
    assert_eq!(world.invitation(&mia, &id).await.reason.as_deref(), Some(JOINED));
    assert_eq!(events(&world).await, ["InvitationRequested", "InvitationCancelled"]);
    assert!(world.fakes.take_mails().is_empty(), "no moderator is asked any more");
}

#[tokio::test]
async fn an_import_makes_members_as_a_put_does() {
    let (world, mona) = chess("owner").await;
    let [ann] = world.people(["ann"]).await;
    let id = world.invite_user(&mona, "chess", &ann).await;
    let member = json!({ "type": "member", "communityId": "chess", "userId": "ann", "role": "member" });
    world.directory("POST", "import", json!({ "records": [member] })).await.ok();
    assert_eq!(world.status(&mona, &id).await, "cancelled");
}

#[tokio::test]
async fn whoever_is_invited_by_id_and_by_address_has_neither_invitation_as_a_member() {
    let (world, mona) = chess("owner").await;
    // Her address is hers by her own word only, so the two invitations are two parties'.
    let zoe = person("zoe");
    world.register(&zoe.clone().unverified()).await;
    let own = world.invite_user(&mona, "chess", &zoe).await;
    let mailed = world.invite_address(&mona, "chess", &zoe.email).await;
    world.member("chess", &zoe, "member").await;
    assert_eq!(world.invitation(&mona, &own).await.reason.as_deref(), Some(JOINED));
    // Nobody knows yet whose address it is.
    assert_eq!(world.status(&mona, &mailed).await, "pending");
    let link = world.deliver_mail().await.path("i");
    world.register(&zoe).await;
    let seen = world.invitation(&mona, &mailed).await;
    assert_eq!((&*seen.status, seen.reason.as_deref()), ("cancelled", Some(JOINED)));
    assert!(world.open(&link).await.body.contains("You are already a member"));
}

#[tokio::test]
async fn an_address_that_brings_a_second_invitation_or_an_unwanted_one_says_so_and_no_more() {
    let (world, mona) = chess("owner").await;
    let [ann, ben] = ["ann", "ben"].map(person);
    for user in [&ann, &ben] {
        world.register(&user.clone().unverified()).await;
    }
    world.invite_user(&mona, "chess", &ann).await;
    let second = world.invite_address(&mona, "chess", &ann.email).await;
    let blocked = world.invite_user(&mona, "chess", &ben).await;
    // Not through a mailbox, which would keep to it as an address.
    let block = Request::new("POST", format!("/invitations/{blocked}/decline")).by(&ben.clone().unverified());
    world.call(block.json(&json!({ "block": true }))).await.ok();
    let unwanted = world.invite_address(&mona, "chess", &ben.email).await;
    for (user, id) in [(&ann, &second), (&ben, &unwanted)] {
        world.register(user).await;
        let seen = world.invitation(&mona, id).await;
        // The same words: that the address turned out to be a user's is not for the sender to hear.
        let reason = "The invited person cannot be invited to the community.";
        assert_eq!((&*seen.status, seen.reason.as_deref()), ("cancelled", Some(reason)));
    }
}

#[tokio::test]
async fn a_lapsed_invitation_expires_although_its_invitee_has_become_a_member() {
    let (world, mona) = chess("owner").await;
    let [ann] = world.people(["ann"]).await;
    let id = world.invite_user(&mona, "chess", &ann).await;
    world.lapse(&id).await;
    world.member("chess", &ann, "member").await;
    assert_eq!(world.status(&mona, &id).await, "expired");
    assert!(!world.standing(&ann, "chess").await.unwrap().contains_key("liveInvitation"));
}

#[tokio::test]
async fn a_standing_that_names_what_is_no_longer_live_keeps_nobody_from_being_a_member() {
    let (world, mona) = chess("owner").await;
    let [ann] = world.people(["ann"]).await;
    let id = world.invite_user(&mona, "chess", &ann).await;
    // As nothing should leave it.
    let key = Key::invitation(id.parse().unwrap());
    world.remove_record((key.pk, key.sk)).await;
    world.member("chess", &ann, "member").await;
    assert!(!world.standing(&ann, "chess").await.unwrap().contains_key("liveInvitation"));
}

#[tokio::test]
async fn whoever_is_no_user_becomes_no_member_and_keeps_their_invitation() {
    let (world, mona) = chess("owner").await;
    let [ann] = world.people(["ann"]).await;
    let id = world.invite_user(&mona, "chess", &ann).await;
    world.community("choir", json!({})).await;
    for (path, part) in [("chess/members/ghost", "user"), ("none/members/ann", "community")] {
        let refused = world.directory("PUT", format!("communities/{path}"), json!({ "role": "member" })).await;
        assert!(refused.refused(404, "not_in_directory").detail.contains(part), "{refused:?}");
    }
    assert_eq!(world.status(&mona, &id).await, "pending");
}

#[tokio::test]
async fn what_an_address_got_ends_the_own_invitation_of_whoever_accepts_it() {
    for closed in [false, true] {
        let (world, mona) = chess("owner").await;
        let [mia] = world.people(["mia"]).await;
        world.member("chess", &mia, "member").await;
        // The directory knows her without an address; her token brings a verified one.
        let zoe = person("zoe");
        world.register_with(&zoe, json!({ "email": null, "emailVerified": false })).await;
        world.connect(&mia, &zoe).await;
        let enrolment = if closed { "closed" } else { "open" };
        world.community("chess", json!({ "enrolment": enrolment })).await;
        let own = world.invite_user(if closed { &mia } else { &mona }, "chess", &zoe).await;
        let mailed = world.invite_address(&mona, "chess", &zoe.email).await;
        world.pump().await;
        world.fakes.take_events();
        world.fakes.take_mails();
        world.command(&zoe, &mailed, "accept").await.ok();
        let seen = world.invitation(&mona, &own).await;
        assert_eq!((&*seen.status, seen.reason.as_deref()), ("cancelled", Some(JOINED)));
        let mut told = events(&world).await;
        told.sort();
        assert_eq!(told, ["InvitationAccepted", "InvitationCancelled", "MembershipActivated"]);
        assert_eq!(world.fakes.take_recipients(), [&*mona.email], "of the acceptance alone");
        // A request that nobody had approved has never been hers.
        let (status, code) = if closed { (404, "invitation_not_found") } else { (409, "invitation_cancelled") };
        world.command(&zoe, &own, "decline").await.refused(status, code);
        world.remove("communities/chess/members/zoe").await;
        world.invite_user(&mona, "chess", &zoe).await;
    }
}

#[tokio::test]
async fn what_the_address_of_a_token_got_ends_with_the_own_invitation_that_its_reader_accepts() {
    for overtaken in [false, true] {
        let (world, mona) = chess("owner").await;
        let zoe = person("zoe");
        world.register_with(&zoe, json!({ "email": null, "emailVerified": false })).await;
        let own = world.invite_user(&mona, "chess", &zoe).await;
        let mailed = world.invite_address(&mona, "chess", &zoe.email).await;
        world.pump().await;
        world.fakes.take_events();
        world.fakes.take_mails();
        if overtaken {
            // Both invitations change between the read and the write.
            let write = world.faults.stop_next();
            let accept = world.command(&zoe, &own, "accept");
            let meanwhile = async {
                write.reached().await;
                for id in [&own, &mailed] {
                    world.edit(id, |invitation| invitation.revision += 1).await;
                }
                write.open();
            };
            tokio::join!(accept, meanwhile).0.ok();
        } else {
            world.command(&zoe, &own, "accept").await.ok();
        }
        assert_eq!(world.role(&zoe, "chess").await.as_deref(), Some("member"));
        let seen = world.invitation(&mona, &mailed).await;
        assert_eq!((&*seen.status, seen.reason.as_deref()), ("cancelled", Some(JOINED)));
        let mine = world.mine(&zoe).await;
        assert_eq!((mine.pending_count, mine.statuses()), (Some(0), vec!["accepted", "cancelled"]));
        world.command(&zoe, &mailed, "decline").await.refused(409, "invitation_cancelled");
    }
}

#[tokio::test]
async fn a_member_whose_role_changes_keeps_how_they_joined() {
    let (world, mona) = chess("owner").await;
    let [ann] = world.people(["ann"]).await;
    let id = world.invite_user(&mona, "chess", &ann).await;
    world.command(&ann, &id, "accept").await.ok();
    let put = world.directory("PUT", "communities/chess/members/ann", json!({ "role": "moderator" })).await;
    assert_eq!(put.status, 200, "{put:?}");
    assert_eq!(world.status(&ann, &id).await, "accepted");
    let standing = world.standing(&ann, "chess").await.unwrap();
    assert_eq!(standing["joinedBy"].as_s().unwrap(), &id);
    assert_eq!(world.directory("PUT", "users/ann/connections/mona", Value::Null).await.status, 201);
}

/// Returns who is on the community's list of moderators.
async fn moderators(world: &World) -> Vec<String> {
    let places = world.dump().await.into_keys().filter(|(pk, _)| pk == "MODERATORS#chess");
    places.map(|(_, sk)| sk).collect()
}

#[tokio::test]
#[allow(clippy::float_cmp, reason = "units are whole, or halves")]
async fn a_member_who_is_told_of_again_costs_no_write_and_others_do_not_meet_on_the_list_of_moderators() {
    let (world, mona) = chess("owner").await;
    let [ann] = world.people(["ann"]).await;
    world.meter.take();
    for (person, role, units) in [
        (&ann, "member", 6.0),
        (&ann, "member", 0.0),
        (&ann, "moderator", 8.0),
        (&ann, "administrator", 6.0),
        (&mona, "owner", 0.0),
    ] {
        world.member("chess", person, role).await;
        assert_eq!(world.meter.take().write_units, units, "{role}");
    }
    assert_eq!(moderators(&world).await, ["MODERATOR#ann", "MODERATOR#mona"]);
    // Ending a membership is one write, unless it is on the list, too.
    world.member("chess", &ann, "member").await;
    world.meter.take();
    world.remove("communities/chess/members/ann").await;
    assert_eq!(world.meter.take().write_units, 1.0);
    world.remove("communities/chess/members/ann").await;
    assert_eq!(world.meter.take().write_units, 0.0);
    world.remove("communities/chess/members/mona").await;
    assert!(moderators(&world).await.is_empty());
}

#[tokio::test]
async fn a_member_who_is_told_of_again_must_still_be_there_and_so_must_the_community() {
    let (world, _) = chess("owner").await;
    let [ann, ben] = world.people(["ann", "ben"]).await;
    for person in [&ann, &ben] {
        world.member("chess", person, "member").await;
    }
    world.remove_record(("USER#ben".to_owned(), "USER".to_owned())).await;
    let tell = async |id: &str| {
        world.directory("PUT", format!("communities/chess/members/{id}"), json!({ "role": "member" })).await
    };
    assert_eq!(tell("ben").await.refused(404, "not_in_directory").detail, "The directory has no such user.");
    world.remove("communities/chess").await;
    assert_eq!(tell("ann").await.refused(404, "not_in_directory").detail, "The directory has no such community.");
}

#[tokio::test]
async fn the_list_of_moderators_keeps_in_step_with_roles_that_change_at_the_same_time() {
    for (before, told, meanwhile) in [
        (None, Some("member"), "moderator"),
        (Some("member"), None, "moderator"),
        (Some("moderator"), Some("owner"), "member"),
    ] {
        let (world, _) = chess("owner").await;
        let [ann] = world.people(["ann"]).await;
        world.remove("communities/chess/members/mona").await;
        if let Some(role) = before {
            world.member("chess", &ann, role).await;
        }
        let gate = if told.is_some() { world.faults.stop_next() } else { world.faults.stop_next_update() };
        let overtaken = async {
            gate.reached().await;
            world.member("chess", &ann, meanwhile).await;
            gate.open();
        };
        let last = async {
            match told {
                Some(role) => world.member("chess", &ann, role).await,
                None => world.remove("communities/chess/members/ann").await,
            }
        };
        tokio::join!(last, overtaken);
        assert_eq!(world.role(&ann, "chess").await.as_deref(), told);
        let listed = moderators(&world).await.len();
        assert_eq!(listed, usize::from(told == Some("owner")), "{before:?}, {told:?}");
    }
}
