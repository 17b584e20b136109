//! What a sender leaves behind that dies, and what an operator does about mails that were given up.

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::{Value, json};

use crate::world::{Ask, Person, World};

async fn chess() -> (World, Person) {
    let world = World::new().await;
    let [mona] = world.people(["mona"]).await;
    world.community("chess", json!({})).await;
    world.member("chess", &mona, "moderator").await;
    world.pump().await;
    (world, mona)
}

/// Hands the records to a sender that dies when the mail service has taken the mail and the table has not noted it.
async fn die_after_posting(world: &World, changes: &[Value]) {
    let lease = world.faults.stop_next_update();
    let mut handing = Box::pin(world.hand_over(changes));
    tokio::select! {
        _ = &mut handing => panic!("the sender must take a lease"),
        () = lease.reached() => {}
    }
    let settling = world.faults.stop_next_update();
    lease.open();
    tokio::select! {
        _ = &mut handing => panic!("the sender must note what it sent"),
        () = settling.reached() => {}
    }
}

/// The lease of the one mail there is ends.
async fn end_lease(world: &World) {
    let is_mail = |((_, sk), _): &((String, String), _)| sk.starts_with("MAIL#invitation");
    let (_, mut record) = world.dump().await.into_iter().find(is_mail).unwrap();
    assert_eq!(record["state"], AttributeValue::S("sending".to_owned()));
    record.insert("leasedUntil".to_owned(), AttributeValue::N("1".to_owned()));
    world.put_record(record).await;
}

#[tokio::test]
async fn a_sender_that_dies_before_it_notes_what_it_sent_doubles_that_mail_once_and_no_other() {
    let (world, mona) = chess().await;
    world.invite_address(&mona, "chess", "ann@example.org").await;
    let changes = world.changes();
    die_after_posting(&world, &changes).await;
    let mut mails = world.post.take_mails();
    assert_eq!(mails.len(), 1, "the mail service had taken the mail");

    // While the lease lasts nobody else sends it; the record stays due.
    assert!(!world.hand_over(&changes).await.is_empty());
    assert!(world.post.take_mails().is_empty());

    // Afterwards it goes out again, for nobody can know that it had: this is the window, and its price is one mail.
    end_lease(&world).await;
    assert!(world.hand_over(&changes).await.is_empty());
    mails.extend(world.post.take_mails());
    assert_eq!(mails.len(), 2);
    assert_eq!(
        (mails[0].tag("attempt"), mails[1].tag("attempt")),
        ("1-1", "2-1"),
        "duplicates can be told and counted"
    );

    // However often the stream repeats itself, there are no more; and both links work.
    for _ in 0..5 {
        assert!(world.hand_over(&changes).await.is_empty());
    }
    world.pump().await;
    assert!(world.post.take_mails().is_empty());
    for mail in &mails {
        assert_eq!(world.ask(Ask::new("GET", mail.path("i"))).await.status, 200);
    }
}

#[tokio::test]
async fn a_batch_that_comes_many_times_at_once_is_mailed_once() {
    let (world, mona) = chess().await;
    let emails: Vec<_> = (0..20).map(|number| format!("guest{number}@example.org")).collect();
    world.invite(&mona, "chess", json!({ "emails": emails })).await;
    let changes = world.changes();
    futures::future::join_all((0..4).map(|_| world.hand_over(&changes))).await;
    let mut to: Vec<_> = world.post.take_mails().into_iter().map(|mail| mail.to).collect();
    to.sort();
    let mut expected = emails.clone();
    expected.sort();
    assert_eq!(to, expected);
}

#[tokio::test]
async fn deleting_the_record_of_a_parked_mail_sends_it_again() {
    let (world, mona) = chess().await;
    let [ann] = world.people(["ann"]).await;
    let id = world.invite_user(&mona, "chess", &ann).await;
    world.post.refuse_next("MessageRejected");
    let changes = world.changes();
    // However often it comes, it waits for a person.
    for _ in 0..2 {
        assert!(world.hand_over(&changes).await.is_empty());
        assert!(world.post.take_mails().is_empty());
    }
    let parked = world.dump().await.into_keys().find(|(pk, _)| pk == "PARKED").unwrap();
    world.remove_record(&parked.0, &parked.1).await;
    let deletion = world.changes();
    assert!(world.hand_over(&deletion).await.is_empty());
    world.pump().await;
    let mails = world.post.take_mails();
    assert_eq!(mails.len(), 1);
    // The stream repeats itself: what has been sent meanwhile is not sent again.
    assert!(world.hand_over(&deletion).await.is_empty());
    world.pump().await;
    assert!(world.post.take_mails().is_empty());
    assert_eq!(world.get(&mona, format!("/invitations/{id}")).await.ok()["delivery"]["state"], "sent");
    assert!(world.dump().await.into_keys().all(|(pk, _)| pk != "PARKED"));
}

/// How often the client itself asks before it gives up; what it asks then is known to be the same request anyway.
const CLIENT_ATTEMPTS: u32 = 3;

#[tokio::test]
async fn a_write_whose_answer_is_lost_happens_once_and_is_answered_as_what_it_is() {
    let (world, mona) = chess().await;
    let [ann, ben] = world.people(["ann", "ben"]).await;
    world.faults.lose_answers(CLIENT_ATTEMPTS);
    let results = world.invite(&mona, "chess", json!({ "userIds": ["ann", "ben"] })).await;
    assert!(results.iter().all(|result| result["outcome"] == "invited"), "{results:?}");
    let ids = [&results[0], &results[1]].map(|result| result["invitation"]["id"].as_str().unwrap());
    world.faults.lose_answers(CLIENT_ATTEMPTS);
    assert_eq!(world.command(&ann, ids[0], "accept").await.ok()["status"], "accepted");
    world.faults.lose_answers(CLIENT_ATTEMPTS);
    assert_eq!(world.command(&mona, ids[1], "cancel").await.ok()["status"], "cancelled");
    assert_eq!(world.stored(ids[0]).await.revision, world.stored(ids[1]).await.revision);
    assert_eq!(world.get(&ben, "/me/invitations").await.ok()["pendingCount"], 0);
}
