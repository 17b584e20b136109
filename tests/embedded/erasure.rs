//! People and communities that the platform removes: nothing of theirs stays live, and no name or address stays.

use aws_sdk_dynamodb::types::AttributeValue;
use domain::{email::EmailAddress, invitation::Status, sending::Quota};
use serde_json::{Value, json};
use store::keys::Key;
use system::now;
use testkit::{
    SesEvent,
    api::Sender,
    embedded::{Request, chess, person},
};

use crate::list_order::with_clock;

#[tokio::test]
async fn erasing_a_user_withdraws_what_is_live_and_leaves_no_name_or_address() {
    let (world, mona) = chess("owner").await;
    let [ann, ben, _cleo, quentin] = world.people(["ann", "ben", "cleo", "quentin"]).await;
    world.member("chess", &quentin, "moderator").await;
    world.connect(&quentin, &ann).await;
    world.community_of("choir", &mona, "owner").await;
    let to_him = world.invite_user(&mona, "choir", &quentin).await;
    let accepted = world.invite_user(&quentin, "chess", &ann).await;
    world.command(&ann, &accepted, "accept").await.ok();
    let body = json!({ "userIds": ["ben"], "message": "It is me, Quentin." });
    let live = world.invite(&quentin, "chess", body).await.id().to_owned();
    world.pump().await;
    world.remove("users/quentin").await;
    world.remove("users/quentin").await;

    assert_eq!(world.status(&ben, &live).await, "cancelled");
    assert_eq!(world.status(&mona, &to_him).await, "cancelled");
    let kept = world.invitation(&ann, &accepted).await;
    let erased = Sender { id: "quentin".to_owned(), ..Sender::default() };
    assert_eq!((&*kept.status, kept.sender), ("accepted", erased));
    let key = "quentin@example.org".parse::<EmailAddress>().unwrap().key();
    for (place, record) in world.dump().await {
        let text = format!("{record:?}");
        for personal in ["Quentin", "quentin@example.org", "It is me"] {
            assert!(!text.contains(personal), "{place:?} still holds {personal}: {text}");
        }
        assert!(!place.0.starts_with("USER#quentin"), "{place:?}");
        // The counters of days know senders by id, as their invitations do; so may that of a community, by its
        // attributes.
        let is_counter = place.0.starts_with("DAYS#");
        assert!(is_counter || !place.1.ends_with("#quentin"), "{place:?}");
        assert!(!place.0.contains(key.as_str()), "{place:?}");
    }
    // No one is told, and no one can act as him.
    world.pump().await;
    assert!(
        world.fakes.take_mails().iter().all(|mail| mail.to != "quentin@example.org" || mail.tag("mail") != "declined")
    );
    world
        .post(&quentin, "/communities/chess/invitations", json!({ "userIds": ["cleo"] }))
        .await
        .refused(403, "caller_unknown");
}

#[tokio::test]
async fn an_erasure_that_breaks_off_anywhere_is_finished_by_its_repetition() {
    for transactions in 0.. {
        let (world, mona) = chess("owner").await;
        world.community_of("choir", &mona, "owner").await;
        let quentin = person("quentin");
        // One invitation was the address's before it was his; one is his own.
        let taken_over = world.invite_address(&mona, "choir", &quentin.email).await;
        world.register(&quentin).await;
        let own = world.invite_user(&mona, "chess", &quentin).await;
        world.pump().await;
        world.faults.fail_after(transactions);
        let removed = world.directory("DELETE", "users/quentin", Value::Null).await;
        world.faults.clear();
        if removed.status != 204 {
            world.command(&quentin, &own, "accept").await;
            world.remove("users/quentin").await;
        }
        assert_ne!(world.status(&mona, &own).await, "pending");
        assert_eq!(world.status(&mona, &taken_over).await, "cancelled");
        for (place, record) in world.dump().await {
            let text = format!("{record:?}");
            assert!(!text.contains("Quentin") && !text.contains(&quentin.email), "{transactions} {place:?}: {text}");
        }
        // The address is free for another.
        world.register(&person("nina").with_email(&quentin.email)).await;
        if removed.status == 204 {
            assert!(transactions > 2, "broke off nowhere");
            return;
        }
    }
}

#[tokio::test]
async fn erasing_a_user_removes_all_their_records_however_many_there_are() {
    let (world, mona) = chess("owner").await;
    let [quentin] = world.people(["quentin"]).await;
    world.connect(&quentin, &mona).await;
    let connection =
        world.record(Key::connection(&quentin.id.parse().unwrap(), &mona.id.parse().unwrap())).await.unwrap();
    let connections = (0..600).map(|number| {
        let mut one = connection.clone();
        one.insert("sk".to_owned(), AttributeValue::S(format!("CONNECTION#{number}")));
        one
    });
    world.load_records(connections);
    world.remove("users/quentin").await;
    assert_eq!(world.dump().await.into_keys().find(|(pk, _)| pk == "USER#quentin"), None);
}

#[tokio::test]
async fn who_gets_the_id_of_an_erased_user_finds_none_of_their_invitations() {
    let (world, mona) = chess("owner").await;
    let [ann] = world.people(["ann"]).await;
    let id = world.invite_user(&mona, "chess", &ann).await;
    world.command(&ann, &id, "decline").await.ok();
    world.remove("users/ann").await;
    world.register(&ann).await;
    assert_eq!(world.mine(&ann).await.invitations, []);
}

#[tokio::test]
async fn erasing_a_user_takes_their_address_from_invitations_that_had_ended_before_it_was_theirs() {
    let (world, mona) = chess("owner").await;
    let quentin = person("quentin");
    let id = world.invite_address(&mona, "chess", &quentin.email).await;
    world.command(&mona, &id, "cancel").await.ok();
    world.register(&quentin).await;
    world.remove("users/quentin").await;
    for (place, record) in world.dump().await {
        assert!(!format!("{record:?}").contains(&quentin.email), "{place:?}: {record:?}");
    }
}

#[tokio::test]
async fn erasing_a_user_leaves_nothing_in_the_kept_results_of_those_who_invited_them() {
    let (world, mona) = chess("owner").await;
    let quentin = person("quentin");
    world.register(&quentin).await;
    let request = Request::send(&mona, "chess", &json!({ "emails": [quentin.email] }));
    world.call(request.key("key")).await.ok();
    world.remove("users/quentin").await;
    for (place, record) in world.dump().await {
        let text = format!("{record:?}");
        assert!(!text.contains("Quentin") && !text.contains("quentin@example.org"), "{place:?}: {text}");
    }
}

#[tokio::test]
async fn who_was_erased_accepts_nothing_that_is_left() {
    let (world, mona) = chess("owner").await;
    let [ann] = world.people(["ann"]).await;
    let id = world.invite_user(&mona, "chess", &ann).await;
    world.remove("users/ann").await;
    // As if the erasure had not found it.
    world.edit(&id, |one| one.status = Status::Pending).await;
    world.command(&ann, &id, "accept").await.refused(403, "caller_unknown");
}

#[tokio::test]
async fn removing_a_community_cancels_its_live_invitations_alone() {
    let (world, mona) = chess("owner").await;
    let [ann, ben, cleo] = world.people(["ann", "ben", "cleo"]).await;
    world.community_of("choir", &mona, "owner").await;
    let live = world.invite_user(&mona, "chess", &ann).await;
    let accepted = world.invite_user(&mona, "chess", &ben).await;
    world.command(&ben, &accepted, "accept").await.ok();
    let elsewhere = world.invite_user(&mona, "choir", &cleo).await;
    world.remove("communities/chess").await;
    let once = world.dump().await;
    for gone in ["chess", "nothing"] {
        world.remove(&format!("communities/{gone}")).await;
    }
    assert_eq!(world.dump().await, once, "there was nothing to remove");
    assert_eq!(world.status(&ann, &live).await, "cancelled");
    assert_eq!(world.status(&ben, &accepted).await, "accepted");
    assert_eq!(world.status(&cleo, &elsewhere).await, "pending");
    world
        .post(&mona, "/communities/chess/invitations", json!({ "userIds": ["cleo"] }))
        .await
        .refused(404, "community_not_found");
    world.command(&ann, &live, "accept").await.refused(409, "invitation_cancelled");
}

#[tokio::test]
async fn a_community_that_comes_back_gives_its_former_moderators_nothing() {
    let (world, mona) = chess("owner").await;
    let [mia, ann, otto] = world.people(["mia", "ann", "otto"]).await;
    world.connect(&mia, &ann).await;
    world.member("chess", &otto, "moderator").await;
    world.member("chess", &mia, "member").await;
    let former = world.invite_user(&mona, "chess", &ann).await;
    world.remove("communities/chess").await;
    assert_eq!(world.invitation(&mona, &former).await.reason.unwrap(), "The community was removed from the platform.");
    world.community("chess", json!({ "enrolment": "closed" })).await;
    for (former, code) in [(&mona, "not_moderator"), (&otto, "not_moderator")] {
        world.get(former, "/communities/chess/invitations").await.refused(403, code);
        let invite = Request::send(former, "chess", &json!({ "userIds": ["ann"] }));
        world.call(invite).await.refused(403, "not_a_member");
    }
    // Nothing lists other members: they are members again. Nobody is asked until someone moderates anew.
    let id = world.invite_user(&mia, "chess", &ann).await;
    world.pump().await;
    assert!(world.fakes.take_mails().is_empty());
    world.command(&mona, &id, "approve").await.refused(404, "invitation_not_found");
    world.member("chess", &mona, "owner").await;
    world.command(&mona, &id, "approve").await.ok();
}

#[tokio::test]
async fn who_moderates_an_id_that_comes_back_sees_nothing_of_the_community_that_had_it() {
    with_clock(async |clock| {
        let (world, mona) = chess("owner").await;
        let [ann, ben, olga, late] = world.people(["ann", "ben", "olga", "user-late"]).await;
        let guests = world.users(7).await;
        let mut former = vec![world.invite_address(&mona, "chess", "guest@example.org").await];
        former.push(world.invite_user(&mona, "chess", &ann).await);
        world.command(&ann, &former[1], "decline").await.ok();
        let sent = world.send(&mona, "chess", json!({ "userIds": guests })).await;
        former.extend(sent.results.iter().map(|result| result.id().to_owned()));
        clock.forward(60_000);
        world.remove("communities/chess").await;
        world.community_of("chess", &olga, "owner").await;
        let new = world.invite_user(&olga, "chess", &ben).await;
        let withdrawn = world.invite_user(&olga, "chess", &late).await;
        world.command(&olga, &withdrawn, "cancel").await.ok();

        for limit in [1, 2, 25] {
            let mut path = format!("/communities/chess/invitations?limit={limit}");
            let (mut listed, mut pages) = (Vec::new(), 0);
            loop {
                let page = world.page(&olga, &*path).await;
                listed.extend(page.ids().into_iter().map(str::to_owned));
                pages += 1;
                let Some(next) = page.next_cursor else { break };
                path = format!("/communities/chess/invitations?limit={limit}&cursor={next}");
            }
            assert_eq!(listed, [&*new, &withdrawn]);
            assert!(pages <= 5, "what is left out is passed over in one go: {pages} pages of {limit}");
        }
        let found = world.page(&olga, "/communities/chess/invitations?q=user").await;
        assert_eq!(found.ids(), [&*withdrawn]);
        for id in &former {
            world.get(&olga, format!("/invitations/{id}")).await.refused(404, "invitation_not_found");
            for verb in ["cancel", "approve", "reject", "resend"] {
                world.command(&olga, id, verb).await.refused(404, "invitation_not_found");
            }
        }
        // To those whom it concerns it stays what it was.
        world.community("chess", json!({ "title": "Queens" })).await;
        for (who, id) in [(&mona, &former[0]), (&ann, &former[1])] {
            assert_eq!(world.invitation(who, id).await.community.title, "Chess");
        }
        assert_eq!(world.page(&mona, "/me/invitations/sent").await.invitations[0].community.title, "Chess");
        assert_eq!(world.invitation(&ben, &new).await.community.title, "Queens");
        // Whatever the removal has missed is not accepted into another community.
        world.edit(&former[2], |one| one.status = Status::Pending).await;
        for verb in ["cancel", "approve", "reject", "resend"] {
            world.command(&olga, &former[2], verb).await.refused(404, "invitation_not_found");
        }
        let guest = person(&guests[0]);
        assert_eq!(world.invitation(&guest, &former[2]).await.action_ids(), ["DECLINE_COMMUNITY_INVITATION"]);
        world.command(&guest, &former[2], "accept").await.refused(403, "invitations_not_allowed");
        world.command(&ben, &new, "accept").await.ok();
    })
    .await;
}

#[tokio::test]
async fn what_was_sent_while_a_community_was_being_removed_is_not_of_the_one_that_comes_back() {
    let (world, mona) = chess("owner").await;
    let [ann, olga] = world.people(["ann", "olga"]).await;
    let gate = world.faults.stop_next();
    let ((), late) = futures::join!(world.remove("communities/chess"), async {
        gate.reached().await;
        let late = world.invite_user(&mona, "chess", &ann).await;
        gate.open();
        late
    });
    world.community_of("chess", &olga, "owner").await;
    assert_eq!(world.page(&olga, "/communities/chess/invitations").await.ids(), [""; 0]);
    world.get(&olga, format!("/invitations/{late}")).await.refused(404, "invitation_not_found");
}

#[tokio::test]
async fn a_community_that_comes_back_counts_nothing_of_the_one_that_had_its_id() {
    with_clock(async |clock| {
        let (world, mona) = chess("owner").await;
        let [ann, ben, olga] = world.people(["ann", "ben", "olga"]).await;
        let answered = world.invite_user(&mona, "chess", &ann).await;
        let withdrawn = world.invite_user(&mona, "chess", &ben).await;
        world.pump().await;
        world.command(&ann, &answered, "decline").await.ok();
        world.ses_event(&SesEvent::new("Delivery", &withdrawn)).await;
        world.remove("communities/chess").await;
        world.community_of("chess", &olga, "owner").await;
        // The other one is there when the answer, the mail's arrival and the withdrawal are told.
        world.pump().await;
        assert!(world.stats(&olga, "chess").await.nonzero().is_empty());
        clock.forward(60_000);
        world.invite_user(&olga, "chess", &ben).await;
        world.pump().await;
        world.hand_over(&world.history()).await;
        let stats = world.stats(&olga, "chess").await;
        assert_eq!((stats.nonzero(), stats.acceptance_rate), (vec![("pending", 1)], None));
        let today = &Quota::day(now()).to_string();
        let period = world.period(&olga, "chess", today, today).await;
        assert_eq!(period.by_sender(), [("olga", ([1, 0, 0, 0, 0], None))]);
        assert_eq!(period.by_day(), [(&**today, ([1, 0, 0, 0, 0], None))]);
        // The next one counts nothing of either.
        world.remove("communities/chess").await;
        world.community_of("chess", &mona, "owner").await;
        world.pump().await;
        assert!(world.stats(&mona, "chess").await.nonzero().is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_community_that_is_written_while_it_is_removed_comes_back_as_another() {
    for comes_back_at_once in [false, true] {
        let (world, mona) = chess("owner").await;
        let [ann] = world.people(["ann"]).await;
        let former = world.invite_user(&mona, "chess", &ann).await;
        let gate = world.faults.stop_next();
        futures::join!(world.community("chess", json!({})), async {
            gate.reached().await;
            world.remove("communities/chess").await;
            if comes_back_at_once {
                world.community("chess", json!({})).await;
            }
            gate.open();
        });
        world.member("chess", &mona, "owner").await;
        assert_eq!(world.page(&mona, "/communities/chess/invitations").await.ids(), [""; 0]);
        assert_eq!(world.page(&mona, "/me/invitations/sent").await.ids(), [&*former]);
    }
}

#[tokio::test]
async fn a_removal_that_breaks_off_anywhere_is_finished_by_its_repetition() {
    for transactions in 0.. {
        let (world, mona) = chess("owner").await;
        let [ann, otto] = world.people(["ann", "otto"]).await;
        world.member("chess", &otto, "moderator").await;
        let id = world.invite_user(&mona, "chess", &ann).await;
        world.faults.fail_after(transactions);
        let removed = world.directory("DELETE", "communities/chess", Value::Null).await;
        world.faults.clear();
        world.remove("communities/chess").await;
        assert_eq!(world.status(&ann, &id).await, "cancelled");
        for one in [&mona, &otto] {
            assert_eq!(world.role(one, "chess").await, None);
        }
        if removed.status == 204 {
            assert_eq!(transactions, 4, "the community, two moderators, an invitation");
            return;
        }
    }
}
