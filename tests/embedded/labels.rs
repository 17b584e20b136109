//! Names, titles and links are the current ones while there is a record, and as they were once it is gone.

use domain::{
    id::InvitationId,
    invitation::{CommunityLabel, Invitation, Sender},
};
use serde_json::json;
use testkit::{
    api,
    embedded::{Person, World, chess, person},
};

/// Mona moderates `chess`, Olaf owns it, and Ann is invited with words that name both; the mail is not sent yet.
async fn invited() -> (World, [Person; 3], String) {
    let (world, mona) = chess("moderator").await;
    let [ann, olaf] = world.people(["ann", "olaf"]).await;
    world.member("chess", &olaf, "owner").await;
    let message = "%sender% asks you into the %type% %community%.";
    let made = world.invite(&mona, "chess", json!({ "userIds": ["ann"], "message": message })).await;
    (world, [mona, ann, olaf], made.id().to_owned())
}

/// Gives everything another name and another link.
async fn rename_all(world: &World, [mona, ann, _]: &[Person; 3]) {
    let profile = "https://platform.example.org/p/ramona";
    world.register_with(mona, json!({ "displayName": "Ramona", "profileUrl": profile })).await;
    world.register_with(ann, json!({ "displayName": "Annette" })).await;
    let url = "https://platform.example.org/c/queens";
    world.community("chess", json!({ "title": "Queens", "url": url, "enrolment": "network" })).await;
}

#[track_caller]
fn is_current(one: &api::Invitation) {
    let community = (&*one.community.title, one.community.url.as_deref(), &*one.community.r#type);
    assert_eq!(community, ("Queens", Some("https://platform.example.org/c/queens"), "network"));
    let sender = (one.sender.display_name.as_deref(), one.sender.profile_url.as_deref());
    assert_eq!(sender, (Some("Ramona"), Some("https://platform.example.org/p/ramona")));
    assert_eq!(one.invitee.display_name.as_deref(), Some("Annette"));
    assert_eq!(one.message, "Ramona asks you into the network Queens.");
}

#[tokio::test]
async fn lists_answers_mails_and_pages_show_what_everything_is_called_now() {
    let (world, people, id) = invited().await;
    rename_all(&world, &people).await;
    let [mona, ann, olaf] = &people;
    for (who, path) in
        [(ann, "/me/invitations"), (mona, "/me/invitations/sent"), (olaf, "/communities/chess/invitations")]
    {
        is_current(&world.page(who, path).await.invitations[0]);
    }
    for who in [ann, mona, olaf] {
        is_current(&world.invitation(who, &id).await);
    }
    let mail = world.deliver_mail().await;
    assert!(mail.text.contains("Ramona") && mail.text.contains("/p/ramona"), "{}", mail.text);
    assert!(mail.text.contains("Queens") && mail.text.contains("/c/queens"), "{}", mail.text);
    assert!(!mail.text.contains("Mona") && !mail.text.contains("Chess"), "{}", mail.text);
    let page = world.open(&mail.path("i")).await;
    assert!(page.body.contains("Ramona") && page.body.contains("Queens"), "{}", page.body);
    world.backdate_mail(&id).await;
    is_current(&world.command(mona, &id, "resend").await.invitation());
    world.register_with(ann, json!({ "displayName": "Annegret" })).await;
    let accepted = world.command(ann, &id, "accept").await.invitation();
    assert_eq!(accepted.invitee.display_name.as_deref(), Some("Annegret"));
    world.pump().await;
    let mails = world.fakes.take_mails();
    let to_sender = mails.iter().find(|mail| mail.to == mona.email).unwrap();
    assert!(to_sender.text.contains("Annegret") && to_sender.text.contains("Queens"), "{}", to_sender.text);
    let page = world.open(&mail.path("i")).await;
    assert!(page.body.contains("Queens") && !page.body.contains("Chess"), "{}", page.body);
}

#[tokio::test]
async fn a_decided_request_and_a_repeated_send_show_current_names() {
    let (world, mona) = chess("moderator").await;
    let (mia, ann, id) = world.requested().await;
    let body = json!({ "userIds": ["mona"], "message": "%sender%, %community%" });
    world.connect(&mia, &mona).await;
    world.remove("communities/chess/members/mona").await;
    let first = world.send_with_key(&mia, "once", &body).await.sent();
    world.register_with(&mia, json!({ "displayName": "Maria" })).await;
    world.register_with(&ann, json!({ "displayName": "Annette" })).await;
    world.community("chess", json!({ "title": "Queens", "enrolment": "closed" })).await;
    let again = world.send_with_key(&mia, "once", &body).await.sent();
    let shown = |sent: &api::SendResponse| {
        let one = sent.results[0].invitation.clone().unwrap();
        (one.id, one.community.title, one.sender.display_name.unwrap(), one.message)
    };
    let (id_of_first, ..) = shown(&first);
    assert_eq!(shown(&again), (id_of_first, "Queens".into(), "Maria".into(), "Maria, Queens".into()));
    world.member("chess", &mona, "moderator").await;
    let approved = world.command(&mona, &id, "approve").await.invitation();
    let names = (approved.community.title, approved.sender.display_name, approved.invitee.display_name);
    assert_eq!(names, ("Queens".into(), Some("Maria".into()), Some("Annette".into())));
}

#[tokio::test]
async fn what_is_gone_keeps_its_label_and_what_is_erased_stays_so() {
    let (world, people, id) = invited().await;
    let [mona, ann, _] = &people;
    world.command(ann, &id, "decline").await.ok();
    world.remove("communities/chess").await;
    let titles = async || {
        let listed = world.mine(ann).await.invitations.remove(0);
        [listed.community.title, world.invitation(ann, &id).await.community.title]
    };
    assert_eq!(titles().await, ["Chess", "Chess"]);
    world.remove("users/mona").await;
    let senders = async || {
        let listed = world.mine(ann).await.invitations.remove(0);
        [listed.sender, world.invitation(ann, &id).await.sender]
    };
    let nobody = api::Sender { id: "mona".to_owned(), ..api::Sender::default() };
    assert_eq!(senders().await, [nobody.clone(), nobody.clone()]);
    // Somebody else, for all the invitation knows.
    world.register(mona).await;
    assert_eq!(senders().await, [nobody.clone(), nobody]);
}

#[tokio::test]
async fn the_name_of_who_accepted_by_a_token_alone_shows_once_the_directory_knows_it() {
    let (world, mona) = chess("owner").await;
    let zoe = person("zoe");
    let id = world.invite_address(&mona, "chess", &zoe.email).await;
    world.command(&zoe, &id, "accept").await.ok();
    let invitee = async || world.invitation(&mona, &id).await.invitee;
    let zoe_called = |name: Option<&str>| api::Invitee {
        user_id: Some("zoe".to_owned()),
        display_name: name.map(str::to_owned),
        ..api::Invitee::default()
    };
    assert_eq!(invitee().await, zoe_called(None));
    world.register(&zoe).await;
    assert_eq!(invitee().await, zoe_called(Some("Zoe")));
    assert_eq!(world.page(&mona, "/me/invitations/sent").await.invitations[0].invitee, zoe_called(Some("Zoe")));
    world.remove("users/zoe").await;
    assert_eq!(invitee().await, zoe_called(None));
    // Somebody else, for all the invitation knows.
    world.register(&zoe).await;
    assert_eq!(invitee().await, zoe_called(None));
}

#[tokio::test]
async fn a_page_costs_one_batch_read_however_many_communities_and_people_it_names() {
    let (world, people, id) = invited().await;
    let prototype = world.stored(&id).await;
    let copies: Vec<_> = (0..30_u8)
        .map(|number| Invitation {
            id: InvitationId::new(prototype.created_at.as_millisecond().unsigned_abs() + 1, [number; 10]),
            community: CommunityLabel { id: format!("club{number}").parse().unwrap(), ..prototype.community.clone() },
            sender: Sender { id: format!("sender{number}").parse().unwrap(), ..prototype.sender.clone() },
            ..prototype.clone()
        })
        .collect();
    world.load(&copies);
    world
        .directory("PUT", "communities/club29", json!({ "title": "Last", "visibility": "public", "enrolment": "open" }))
        .await
        .succeeded();
    world.directory("PUT", "users/sender29", json!({ "displayName": "Nora" })).await.succeeded();
    world.meter.take();
    let page = world.mine(&people[1]).await;
    let usage = world.meter.take();
    assert_eq!((usage.of("Query"), usage.of("BatchGetItem"), usage.total()), (1, 1, 2), "{usage:?}");
    let names: Vec<_> =
        page.invitations.iter().map(|one| (&*one.community.title, one.sender.display_name.as_deref())).collect();
    assert_eq!(names[..2], [("Last", Some("Nora")), ("Chess", Some("Mona"))]);
    assert_eq!(names.len(), 25);
}

#[tokio::test]
async fn a_page_that_reports_an_answer_names_the_community_as_it_is_called_now() {
    let (world, people, _) = invited().await;
    let mail = world.deliver_mail().await;
    rename_all(&world, &people).await;
    let page = world.submit(&mail.path("i"), "answer=decline").await;
    assert!(page.body.contains("Queens") && !page.body.contains("Chess"), "{}", page.body);
}
