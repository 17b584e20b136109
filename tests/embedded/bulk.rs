//! Inviting many at once: one outcome each, in order, at a bounded price, and once however often it is asked.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::AttributeValue;
use domain::invitation::Status;
use serde_json::{Value, json};
use store::keys::Key;
use system::now;

use crate::world::{Answer, Ask, Person, World, person};

const SEND: &str = "/communities/chess/invitations";

async fn chess() -> (World, Person) {
    let world = World::new().await;
    let [mona] = world.people(["mona"]).await;
    world.community("chess", json!({})).await;
    world.member("chess", &mona, "moderator").await;
    (world, mona)
}

async fn send_with_key(world: &World, caller: &Person, key: &str, body: &Value) -> Answer {
    world.ask(Ask::new("POST", SEND).by(caller).header("idempotency-key", key).json(body)).await
}

fn outcomes(results: &[Value]) -> Vec<&str> {
    results.iter().map(|result| result["outcome"].as_str().unwrap()).collect()
}

/// That many users, from `user0` on.
async fn users(world: &World, count: usize) -> Vec<String> {
    let ids: Vec<_> = (0..count).map(|number| format!("user{number}")).collect();
    for chunk in ids.chunks(100) {
        let records: Vec<_> = chunk.iter().map(|id| user(id)).collect();
        let results = world.directory("POST", "import", json!({ "records": records })).await.ok();
        assert!(results["results"].as_array().unwrap().iter().all(|result| result["status"] == 201), "{results}");
    }
    ids
}

fn user(id: &str) -> Value {
    let email = format!("{id}@example.org");
    json!({ "type": "user", "userId": id, "displayName": id, "email": email, "emailVerified": true })
}

/// The invitations that the table holds.
async fn invitations(world: &World) -> usize {
    world.dump().await.keys().filter(|(_, sk)| sk == "INVITATION").count()
}

#[tokio::test]
async fn every_outcome_is_told_in_the_order_of_the_recipients() {
    let (world, mona) = chess().await;
    let [mia, ann, ben, cleo, dan, eve, fay, gus] =
        world.people(["mia", "ann", "ben", "cleo", "dan", "eve", "fay", "gus"]).await;
    world.member("chess", &mia, "member").await;
    world.member("chess", &ben, "member").await;
    world.invite_user(&mona, "chess", &cleo).await;
    world.register_with(&dan, json!({ "active": false })).await;
    let declined = world.invite_user(&mona, "chess", &eve).await;
    world.command(&eve, &declined, "decline").await.ok();
    let blocked = world.invite_user(&mona, "chess", &fay).await;
    world.post(&fay, format!("/invitations/{blocked}/decline"), json!({ "block": true })).await.ok();
    let users = json!(["ann", "ben", "cleo", "dan", "eve", "fay", "nobody", "ann", "no id!"]);
    let emails = "new@example.org; ANN@Example.org\nnot an address,, gus@example.org\r\nNEW@example.org";
    let answer = world.post(&mona, SEND, json!({ "userIds": users, "emails": emails })).await.ok();
    let results = answer["results"].as_array().unwrap();
    let expected = [
        ("ann", "invited"),
        ("ben", "already_member"),
        ("cleo", "already_invited"),
        ("dan", "unavailable"),
        ("eve", "cooling_down"),
        ("fay", "unavailable"),
        ("nobody", "unknown_user"),
        ("ann", "duplicate"),
        ("no id!", "unknown_user"),
        ("new@example.org", "invited"),
        ("ANN@Example.org", "duplicate"),
        ("not an address", "invalid_email"),
        ("gus@example.org", "invited"),
        ("NEW@example.org", "duplicate"),
    ];
    let found: Vec<_> = results
        .iter()
        .map(|result| (result["recipient"].as_str().unwrap(), result["outcome"].as_str().unwrap()))
        .collect();
    assert_eq!(found, expected);
    let thirty_days = 30 * 86_400;
    let wait = results[4]["retryAfter"].as_i64().unwrap();
    assert!((thirty_days - 60..=thirty_days + 1).contains(&wait), "{wait}");
    // An address of a user is an invitation to that user.
    assert_eq!(results[12]["invitation"]["invitee"]["userId"], "gus");
    assert_eq!(results[9]["invitation"]["invitee"], json!({ "email": "new@example.org" }));
    let summary = &answer["summary"];
    let counts = ["invited", "duplicate", "unavailable", "unknown_user", "joined"].map(|name| summary[name].clone());
    assert_eq!(counts, [3, 3, 2, 2, 0].map(Value::from));
    assert_eq!(summary.as_object().unwrap().len(), 12, "every outcome is counted: {summary}");
    let _ = (ann, gus, person("x"));
}

#[tokio::test]
async fn a_suppressed_address_is_unavailable_by_id_and_by_address() {
    let (world, mona) = chess().await;
    let [ann] = world.people(["ann"]).await;
    for email in [&ann.email, "gone@example.org"] {
        world.deliver.store.suppress(&email.parse::<domain::email::EmailAddress>().unwrap().key(), None).await.unwrap();
    }
    let results = world.invite(&mona, "chess", json!({ "userIds": ["ann"], "emails": ["gone@example.org"] })).await;
    assert_eq!(outcomes(&results), ["unavailable", "unavailable"]);
}

#[tokio::test]
async fn members_learn_nothing_of_people_they_do_not_know() {
    let (world, _) = chess().await;
    let [mia, ben, fay] = world.people(["mia", "ben", "fay"]).await;
    world.member("chess", &mia, "member").await;
    world.member("chess", &ben, "member").await;
    world.register_with(&fay, json!({ "active": false })).await;
    let results =
        world.invite(&mia, "chess", json!({ "userIds": ["ben", "fay"], "emails": [ben.email, "x@y.org"] })).await;
    assert_eq!(outcomes(&results), ["not_connected", "not_connected", "duplicate", "not_connected"]);
}

#[tokio::test]
async fn the_quota_of_a_day_is_never_exceeded_and_the_rest_is_told_so() {
    let (world, mona) = chess().await;
    world.settings(json!({ "dailyInvitationsPerSender": 5 })).await;
    let ids = users(&world, 8).await;
    world.member("chess", &person("user1"), "member").await;
    let results = world.invite(&mona, "chess", json!({ "userIds": ids })).await;
    // Who gets none does not count.
    let expected =
        ["invited", "already_member", "invited", "invited", "invited", "invited", "over_quota", "over_quota"];
    assert_eq!(outcomes(&results), expected);
    assert!(results[7]["retryAfter"].as_i64().is_some_and(|wait| wait > 0));
    assert_eq!(invitations(&world).await, 5);
}

#[tokio::test]
async fn a_hundred_mixed_recipients_cost_twelve_requests_at_most_and_a_repetition_changes_nothing() {
    let (world, mona) = chess().await;
    let ids = users(&world, 75).await;
    for member in &ids[..5] {
        world.member("chess", &person(member), "member").await;
    }
    world.invite(&mona, "chess", json!({ "userIds": ids[5..10] })).await;
    world.register_with(&person("user10"), json!({ "active": false })).await;
    let mut emails: Vec<_> = (0..20).map(|number| format!("guest{number}@example.org")).collect();
    emails.extend(["user70@example.org".to_owned(), "GUEST0@example.org".to_owned(), "nobody@".to_owned()]);
    let mut user_ids = ids[..70].to_vec();
    user_ids.extend((0..7).map(|number| format!("ghost{number}")));
    let body = json!({ "userIds": user_ids, "emails": emails });
    world.meter.take();
    let first = send_with_key(&world, &mona, "hundred", &body).await;
    let usage = world.meter.take();
    let answer = first.ok();
    let mut expected = ["already_member"; 5].to_vec();
    expected.extend(["already_invited"; 5]);
    expected.push("unavailable");
    expected.extend(["invited"; 59]);
    expected.extend(["unknown_user"; 7]);
    expected.extend(["invited"; 21]);
    expected.extend(["duplicate", "invalid_email"]);
    assert_eq!(outcomes(answer["results"].as_array().unwrap()), expected);
    assert!(usage.total() <= 12, "{usage:?}");

    let before = world.dump().await;
    let second = send_with_key(&world, &mona, "hundred", &body).await;
    let usage = world.meter.take();
    assert_eq!(second.header("idempotency-replayed"), Some("true"));
    assert_eq!(first.header("idempotency-replayed"), None);
    assert_eq!(second.ok(), answer);
    assert_eq!(usage.of("TransactWriteItems"), 0, "{usage:?}");
    assert_eq!(world.dump().await, before);
    world.pump().await;
    assert_eq!(world.post.take_mails().len(), 85);
}

#[tokio::test]
async fn a_hundred_addresses_cost_twelve_requests_at_most() {
    let (world, mona) = chess().await;
    let emails: Vec<_> = (0..100).map(|number| format!("guest{number}@example.org")).collect();
    world.meter.take();
    let results = world.invite(&mona, "chess", json!({ "emails": emails })).await;
    let usage = world.meter.take();
    assert!(results.iter().all(|result| result["outcome"] == "invited"));
    assert!(usage.total() <= 12, "{usage:?}");
}

#[tokio::test]
async fn a_hundred_addresses_of_users_cost_twelve_requests_at_most() {
    let (world, mona) = chess().await;
    let emails: Vec<_> = users(&world, 100).await.iter().map(|id| format!("{id}@example.org")).collect();
    world.meter.take();
    let results = world.invite(&mona, "chess", json!({ "emails": emails })).await;
    let usage = world.meter.take();
    assert!(results.iter().all(|result| result["invitation"]["invitee"]["userId"].is_string()));
    assert!(usage.total() <= 12, "{usage:?}");
}

#[tokio::test]
async fn a_key_belongs_to_one_request_of_one_caller_for_a_day() {
    let (world, mona) = chess().await;
    let [mo] = world.people(["mo"]).await;
    world.member("chess", &mo, "moderator").await;
    users(&world, 3).await;
    let body = json!({ "userIds": ["user0"] });
    send_with_key(&world, &mona, "key", &body).await.ok();
    send_with_key(&world, &mona, "key", &json!({ "userIds": ["user1"] })).await.refused(422, "idempotency_key_reused");
    world.community("choir", json!({})).await;
    world.member("choir", &mona, "owner").await;
    let elsewhere =
        Ask::new("POST", "/communities/choir/invitations").by(&mona).header("idempotency-key", "key").json(&body);
    world.ask(elsewhere).await.refused(422, "idempotency_key_reused");
    // Another caller's key is another key.
    let other = send_with_key(&world, &mo, "key", &json!({ "userIds": ["user1"] })).await;
    assert_eq!(other.header("idempotency-replayed"), None);
    assert_eq!(other.ok()["results"][0]["outcome"], "invited");
    // A day later the key is free again.
    edit_request(&world, &mona, "key", |request| {
        request.insert("startedAt".to_owned(), millis(now() - jiff::SignedDuration::from_hours(24)));
    })
    .await;
    let again = send_with_key(&world, &mona, "key", &json!({ "userIds": ["user2"] })).await;
    assert_eq!(again.header("idempotency-replayed"), None);
    assert_eq!(again.ok()["results"][0]["outcome"], "invited");
}

#[tokio::test]
async fn the_spelling_of_the_body_does_not_matter_to_a_key() {
    let (world, mona) = chess().await;
    users(&world, 1).await;
    let ask = |body: &str| Ask::new("POST", SEND).by(&mona).header("idempotency-key", "key").body(body.to_owned());
    world.ask(ask(r#"{"userIds":["user0"],"emails":["a@example.org"]}"#)).await.ok();
    let again = world.ask(ask("{ \"emails\": \"a@example.org\",\n \"userIds\": [\"user0\"] }")).await;
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
}

#[tokio::test]
async fn a_refused_request_leaves_its_key_free() {
    let (world, mona) = chess().await;
    users(&world, 1).await;
    let body = json!({ "userIds": ["user0"] });
    world.community("chess", json!({ "allowInvitations": false })).await;
    send_with_key(&world, &mona, "key", &body).await.refused(403, "invitations_not_allowed");
    world.community("chess", json!({})).await;
    assert_eq!(send_with_key(&world, &mona, "key", &body).await.ok()["results"][0]["outcome"], "invited");
}

#[tokio::test]
async fn a_request_that_died_half_way_is_finished_by_its_repetition_and_nobody_is_invited_twice() {
    let (world, mona) = chess().await;
    let ids = users(&world, 80).await;
    let body = json!({ "userIds": ids });
    world.faults.refuse_after(1);
    send_with_key(&world, &mona, "key", &body).await.refused(500, "internal_error");
    world.faults.heal();
    let begun = invitations(&world).await;
    assert!((1..80).contains(&begun), "{begun}");
    world.pump().await;
    assert_eq!(world.post.take_mails().len(), begun);

    // Whoever is behind the first attempt may still be at it.
    let early = send_with_key(&world, &mona, "key", &body).await;
    early.refused(409, "request_still_running");
    assert!(early.header("retry-after").is_some());
    assert_eq!(invitations(&world).await, begun);

    end_lease(&world, &mona, "key").await;
    // One of those already invited has answered meanwhile, which is not forgotten.
    let first = person("user0");
    let id = world.get(&first, "/me/invitations").await.ok()["invitations"][0]["id"].as_str().unwrap().to_owned();
    world.command(&first, &id, "accept").await.ok();
    let results = send_with_key(&world, &mona, "key", &body).await.ok()["results"].as_array().unwrap().clone();
    assert!(results.iter().all(|result| result["outcome"] == "invited"), "{results:?}");
    let recipients: Vec<_> = results.iter().map(|result| result["recipient"].as_str().unwrap()).collect();
    assert_eq!(recipients, ids);
    assert_eq!(results[0]["invitation"]["id"], id);
    let distinct: BTreeSet<_> = results.iter().map(|result| result["invitation"]["id"].to_string()).collect();
    assert_eq!((distinct.len(), invitations(&world).await), (80, 80));
    world.pump().await;
    let mails = world.post.take_mails();
    assert_eq!(mails.iter().filter(|mail| mail.tag("mail") == "invitation").count(), 80 - begun);
    let day = domain::sending::Quota::day(now());
    let quota = world.record(Key::quota(&"mona".parse().unwrap(), day)).await.unwrap();
    assert_eq!(quota["used"], AttributeValue::N("80".to_owned()));
    assert_eq!(world.stored(&id).await.status, Status::Accepted);
    let replay = send_with_key(&world, &mona, "key", &body).await;
    assert_eq!(replay.header("idempotency-replayed"), Some("true"));
}

#[tokio::test]
async fn a_half_done_request_is_finished_even_when_it_used_up_the_day() {
    let (world, mona) = chess().await;
    world.settings(json!({ "dailyInvitationsPerSender": 32 })).await;
    let ids = users(&world, 40).await;
    let body = json!({ "userIds": ids });
    world.faults.refuse_after(1);
    send_with_key(&world, &mona, "key", &body).await;
    world.faults.heal();
    end_lease(&world, &mona, "key").await;
    let results = send_with_key(&world, &mona, "key", &body).await.ok()["results"].as_array().unwrap().clone();
    let mut expected = ["invited"; 32].to_vec();
    expected.extend(["over_quota"; 8]);
    assert_eq!(outcomes(&results), expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_request_many_times_at_once_is_done_once() {
    let (world, mona) = chess().await;
    let ids = users(&world, 20).await;
    let body = json!({ "userIds": ids });
    let all = (0..8).map(|_| send_with_key(&world, &mona, "key", &body));
    let answers = futures::future::join_all(all).await;
    let first = answers.iter().filter(|answer| answer.status == 200 && answer.header("idempotency-replayed").is_none());
    assert_eq!(first.count(), 1);
    for answer in &answers {
        if answer.status != 200 {
            answer.refused(409, "request_still_running");
        }
    }
    assert_eq!(invitations(&world).await, 20);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_died_is_finished_by_one_of_many_attempts_at_once() {
    let (world, mona) = chess().await;
    let body = json!({ "userIds": users(&world, 40).await });
    world.faults.refuse_after(1);
    send_with_key(&world, &mona, "key", &body).await;
    world.faults.heal();
    end_lease(&world, &mona, "key").await;
    let answers = futures::future::join_all((0..8).map(|_| send_with_key(&world, &mona, "key", &body))).await;
    let (finished, others): (Vec<_>, Vec<_>) =
        answers.iter().partition(|answer| answer.status == 200 && answer.header("idempotency-replayed").is_none());
    assert_eq!(finished.len(), 1);
    let results = finished[0].clone().ok()["results"].clone();
    assert_eq!(outcomes(results.as_array().unwrap()), ["invited"; 40]);
    for other in others {
        match other.status {
            200 => assert_eq!(other.clone().ok()["results"], results),
            _ => drop(other.refused(409, "request_still_running")),
        }
    }
}

#[tokio::test]
async fn the_records_of_a_day_and_of_a_key_go_by_themselves() {
    let (world, mona) = chess().await;
    users(&world, 1).await;
    send_with_key(&world, &mona, "key", &json!({ "userIds": ["user0"] })).await.ok();
    let kept = [
        Key::idempotency(&mona.id.parse().unwrap(), "key"),
        Key::quota(&mona.id.parse().unwrap(), domain::sending::Quota::day(now())),
    ];
    let in_two_days = now() + jiff::SignedDuration::from_hours(49);
    world.remove_outlived(now().as_millisecond());
    for key in &kept {
        assert!(world.record(key.clone()).await.is_some(), "{key:?}");
    }
    world.remove_outlived(in_two_days.as_millisecond());
    for key in &kept {
        assert!(world.record(key.clone()).await.is_none(), "{key:?}");
    }
}

fn millis(at: jiff::Timestamp) -> AttributeValue {
    AttributeValue::N(at.as_millisecond().to_string())
}

async fn edit_request(world: &World, caller: &Person, key: &str, edit: impl FnOnce(&mut store::record::Item)) {
    let mut request = world.record(Key::idempotency(&caller.id.parse().unwrap(), key)).await.unwrap();
    edit(&mut request);
    world.put_record(request).await;
}

/// Lets the lease of whoever began the request be over.
async fn end_lease(world: &World, caller: &Person, key: &str) {
    edit_request(world, caller, key, |request| drop(request.insert("leasedUntil".to_owned(), millis(now())))).await;
}
