//! The same request again: it is done once, whether its response was lost, its function died, or many come at once.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::AttributeValue;
use domain::{Timestamp, invitation::Status};
use futures::future::join_all;
use jiff::SignedDuration;
use serde_json::{Value, json};
use store::{keys::Key, record::Item};
use system::now;
use testkit::embedded::{Person, Request, World, chess, person};

use crate::list_order::with_clock;

fn millis(at: Timestamp) -> AttributeValue {
    AttributeValue::N(at.as_millisecond().to_string())
}

async fn edit_request(world: &World, caller: &Person, key: &str, edit: impl FnOnce(&mut Item)) {
    let mut request = world.record(Key::idempotency(&caller.id.parse().unwrap(), key)).await.unwrap();
    edit(&mut request);
    world.put_record(request).await;
}

/// Ends the lease of the function that began the request.
async fn end_lease(world: &World, caller: &Person, key: &str) {
    edit_request(world, caller, key, |request| drop(request.insert("leasedUntil".to_owned(), millis(now())))).await;
}

/// Sends with the key in a function that dies before its second transaction.
async fn die_half_way(world: &World, caller: &Person, body: &Value) {
    let first = world.faults.stop_next();
    let death = async {
        first.reached().await;
        let second = world.faults.stop_next();
        first.open();
        second.reached().await;
    };
    tokio::select! {
        response = world.send_with_key(caller, "key", body) => panic!("{response:?}"),
        () = death => {}
    }
}

#[tokio::test]
async fn a_key_belongs_to_one_request_of_one_caller_for_a_day() {
    let (world, mona) = chess("moderator").await;
    let [mo] = world.people(["mo"]).await;
    world.member("chess", &mo, "moderator").await;
    world.users(3).await;
    let body = json!({ "userIds": ["user0"] });
    world.send_with_key(&mona, "key", &body).await.ok();
    world.send_with_key(&mona, "key", &json!({ "userIds": ["user1"] })).await.refused(422, "idempotency_key_reused");
    world.community_of("choir", &mona, "owner").await;
    world.call(Request::send(&mona, "choir", &body).key("key")).await.refused(422, "idempotency_key_reused");
    // Another caller's key is another key.
    let other = world.send_with_key(&mo, "key", &json!({ "userIds": ["user1"] })).await;
    assert_eq!(other.header("idempotency-replayed"), None);
    assert_eq!(other.sent().outcomes(), ["invited"]);
    // A day later the key is free again.
    edit_request(&world, &mona, "key", |request| {
        request.insert("startedAt".to_owned(), millis(now() - SignedDuration::from_hours(24)));
    })
    .await;
    let again = world.send_with_key(&mona, "key", &json!({ "userIds": ["user2"] })).await;
    assert_eq!(again.header("idempotency-replayed"), None);
    assert_eq!(again.sent().outcomes(), ["invited"]);
}

#[tokio::test]
async fn the_spelling_of_the_body_does_not_matter_to_a_key() {
    let (world, mona) = chess("moderator").await;
    world.users(1).await;
    let spelled = |body: &str| Request::send(&mona, "chess", &Value::Null).key("key").body(body.to_owned());
    world.call(spelled(r#"{"userIds":["user0"],"emails":["a@example.org"]}"#)).await.ok();
    let again = world.call(spelled("{ \"emails\": \"a@example.org\",\n \"userIds\": [\"user0\"] }")).await;
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
}

#[tokio::test]
async fn a_refused_request_leaves_its_key_free() {
    let (world, mona) = chess("moderator").await;
    world.users(1).await;
    let body = json!({ "userIds": ["user0"] });
    world.community("chess", json!({ "allowInvitations": false })).await;
    world.send_with_key(&mona, "key", &body).await.refused(403, "invitations_not_allowed");
    world.community("chess", json!({})).await;
    assert_eq!(world.send_with_key(&mona, "key", &body).await.sent().outcomes(), ["invited"]);
}

#[tokio::test]
async fn a_request_that_died_half_way_is_finished_by_its_repetition_and_nobody_is_invited_twice() {
    let (world, mona) = chess("moderator").await;
    let ids = world.users(80).await;
    let body = json!({ "userIds": ids });
    die_half_way(&world, &mona, &body).await;
    let begun = world.count_invitations().await;
    assert!((1..80).contains(&begun), "{begun}");
    world.pump().await;
    assert_eq!(world.fakes.take_mails().len(), begun);

    // The function that began it may still be at work.
    let early = world.send_with_key(&mona, "key", &body).await;
    early.refused(409, "request_still_running");
    assert!(early.header("retry-after").is_some());
    assert_eq!(world.count_invitations().await, begun);

    end_lease(&world, &mona, "key").await;
    // One of those already invited has answered meanwhile, which is not forgotten.
    let first = person("user0");
    let id = world.mine(&first).await.invitations[0].id.clone();
    world.command(&first, &id, "accept").await.ok();
    let sent = world.send_with_key(&mona, "key", &body).await.sent();
    assert!(sent.outcomes().iter().all(|outcome| *outcome == "invited"), "{sent:?}");
    assert_eq!(sent.recipients(), ids);
    assert_eq!(sent.results[0].id(), id);
    let distinct: BTreeSet<_> = sent.results.iter().map(|result| result.id()).collect();
    assert_eq!((distinct.len(), world.count_invitations().await), (80, 80));
    world.pump().await;
    let mails = world.fakes.take_mails();
    assert_eq!(mails.iter().filter(|mail| mail.tag("mail") == "invitation").count(), 80 - begun);
    let sender = world.record(Key::user(&"mona".parse().unwrap())).await.unwrap();
    assert_eq!(sender["used"], AttributeValue::N("80".to_owned()));
    assert_eq!(world.stored(&id).await.status, Status::Accepted);
    let replay = world.send_with_key(&mona, "key", &body).await;
    assert_eq!(replay.header("idempotency-replayed"), Some("true"));
}

#[tokio::test]
async fn an_attempt_that_gives_up_ends_its_own_lease_and_no_other() {
    let (world, mona) = chess("moderator").await;
    let body = json!({ "userIds": world.users(80).await });
    die_half_way(&world, &mona, &body).await;
    let key = Key::idempotency(&mona.id.parse().unwrap(), "key");
    let stamp = world.record(key.clone()).await.unwrap()["stamp"].as_s().unwrap().clone();
    world.api.store.end_lease(key.clone(), "another attempt's").await.unwrap();
    world.send_with_key(&mona, "key", &body).await.refused(409, "request_still_running");
    world.api.store.end_lease(key, &stamp).await.unwrap();
    assert_eq!(world.send_with_key(&mona, "key", &body).await.sent().outcomes(), ["invited"; 80]);
}

#[tokio::test]
async fn a_half_done_request_is_finished_even_when_it_used_up_the_day() {
    let (world, mona) = chess("moderator").await;
    world.settings(json!({ "dailyInvitationsPerSender": 32 })).await;
    let ids = world.users(40).await;
    let body = json!({ "userIds": ids });
    world.faults.fail_after(1);
    world.send_with_key(&mona, "key", &body).await;
    world.faults.clear();
    end_lease(&world, &mona, "key").await;
    let sent = world.send_with_key(&mona, "key", &body).await.sent();
    let mut expected = ["invited"; 32].to_vec();
    expected.extend(["over_quota"; 8]);
    assert_eq!(sent.outcomes(), expected);
}

#[tokio::test]
async fn what_a_repetition_goes_on_with_stands_where_its_request_began() {
    with_clock(async |clock| {
        let (world, mona) = chess("moderator").await;
        let body = json!({ "userIds": world.users(40).await });
        world.faults.fail_after(1);
        world.send_with_key(&mona, "key", &body).await;
        world.faults.clear();
        clock.forward(3_600_000);
        world.invite_address(&mona, "chess", "zoe@example.org").await;
        clock.forward(3_600_000);
        let sent = world.send_with_key(&mona, "key", &body).await.sent();
        assert_eq!(sent.outcomes(), ["invited"; 40]);
        let page = world.page(&mona, "/me/invitations/sent?limit=100").await;
        let created: Vec<_> = page.invitations.iter().map(|one| &one.created_at).collect();
        assert_eq!(created.len(), 41);
        assert!(created.is_sorted_by(|newer, older| newer >= older), "{created:?}");
        for (of_page, result) in page.invitations[1..].iter().rev().zip(&sent.results) {
            let made = result.made();
            assert_eq!((&of_page.id, &of_page.expires_at), (&made.id, &made.expires_at));
        }
    })
    .await;
}

#[tokio::test]
async fn a_result_that_is_shown_again_offers_what_can_be_done_by_now() {
    let (world, mona) = chess("moderator").await;
    let [ann, _] = world.people(["ann", "ben"]).await;
    let body = json!({ "userIds": ["ann", "ben"] });
    let sent = world.send_with_key(&mona, "key", &body).await.sent();
    world.command(&ann, sent.results[0].id(), "accept").await.ok();
    let replayed = world.send_with_key(&mona, "key", &body).await.sent();
    let shown: Vec<_> =
        replayed.results.iter().map(|result| (&*result.made().status, result.made().action_ids())).collect();
    assert_eq!(shown, [("pending", vec![]), ("pending", sent.results[1].made().action_ids())]);
    assert_eq!(shown[1].1, world.invitation(&mona, sent.results[1].id()).await.action_ids());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_request_many_times_at_once_is_done_once() {
    let (world, mona) = chess("moderator").await;
    let ids = world.users(20).await;
    let body = json!({ "userIds": ids });
    let all = (0..8).map(|_| world.send_with_key(&mona, "key", &body));
    let responses = join_all(all).await;
    let first =
        responses.iter().filter(|response| response.status == 200 && response.header("idempotency-replayed").is_none());
    assert_eq!(first.count(), 1);
    for response in &responses {
        if response.status != 200 {
            response.refused(409, "request_still_running");
        }
    }
    assert_eq!(world.count_invitations().await, 20);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_died_is_finished_by_one_of_many_attempts_at_once() {
    let (world, mona) = chess("moderator").await;
    let body = json!({ "userIds": world.users(40).await });
    world.faults.fail_after(1);
    world.send_with_key(&mona, "key", &body).await;
    world.faults.clear();
    end_lease(&world, &mona, "key").await;
    let responses = join_all((0..8).map(|_| world.send_with_key(&mona, "key", &body))).await;
    let (finished, others): (Vec<_>, Vec<_>) = responses
        .iter()
        .partition(|response| response.status == 200 && response.header("idempotency-replayed").is_none());
    assert_eq!(finished.len(), 1);
    let sent = finished[0].sent();
    assert_eq!(sent.outcomes(), ["invited"; 40]);
    for other in others {
        match other.status {
            200 => assert_eq!(other.sent().results, sent.results),
            _ => drop(other.refused(409, "request_still_running")),
        }
    }
}

#[tokio::test]
async fn the_record_of_a_key_goes_by_itself() {
    let (world, mona) = chess("moderator").await;
    world.users(1).await;
    world.send_with_key(&mona, "key", &json!({ "userIds": ["user0"] })).await.ok();
    let key = Key::idempotency(&mona.id.parse().unwrap(), "key");
    world.remove_outlived(now().as_millisecond());
    assert!(world.record(key.clone()).await.is_some());
    world.remove_outlived((now() + SignedDuration::from_hours(49)).as_millisecond());
    assert!(world.record(key).await.is_none());
}

/// How often the client itself repeats a request before it gives up; the table knows those repetitions anyway.
const CLIENT_ATTEMPTS: u32 = 3;

#[tokio::test]
async fn a_write_whose_response_is_lost_happens_once_and_is_told_as_what_it_is() {
    let (world, mona) = chess("moderator").await;
    let [ann, ben] = world.people(["ann", "ben"]).await;
    world.faults.lose_responses(CLIENT_ATTEMPTS);
    let sent = world.send(&mona, "chess", json!({ "userIds": ["ann", "ben"] })).await;
    assert_eq!(sent.outcomes(), ["invited", "invited"]);
    let ids = [sent.results[0].id(), sent.results[1].id()];
    world.faults.lose_responses(CLIENT_ATTEMPTS);
    assert_eq!(world.command(&ann, ids[0], "accept").await.invitation().status, "accepted");
    world.faults.lose_responses(CLIENT_ATTEMPTS);
    assert_eq!(world.command(&mona, ids[1], "cancel").await.invitation().status, "cancelled");
    assert_eq!(world.stored(ids[0]).await.revision, world.stored(ids[1]).await.revision);
    assert_eq!(world.mine(&ben).await.pending_count, Some(0));
}

#[tokio::test]
async fn a_result_that_is_shown_again_names_no_other_community_that_has_the_id_by_now() {
    let (world, mona) = chess("moderator").await;
    world.people(["ann"]).await;
    let body = json!({ "userIds": ["ann"] });
    world.send_with_key(&mona, "key", &body).await.ok();
    for (title, shown) in [("Rapid", "Rapid"), ("", "Rapid"), ("Choir", "Chess")] {
        if title.is_empty() {
            world.remove("communities/chess").await;
            continue;
        }
        world.community("chess", json!({ "title": title })).await;
        let replayed = world.send_with_key(&mona, "key", &body).await.sent();
        assert_eq!(replayed.results[0].made().community.title, shown);
    }
}
