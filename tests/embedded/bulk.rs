//! Inviting many at once: one outcome each, in order, at a bounded price.

use serde_json::json;
use testkit::{
    api::Invitee,
    embedded::{chess, person},
};

#[tokio::test]
async fn every_outcome_is_told_in_the_order_of_the_recipients() {
    let (world, mona) = chess("moderator").await;
    let [mia, _ann, ben, cleo, dan, eve, fay, gus] =
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
    let sent = world.send(&mona, "chess", json!({ "userIds": users, "emails": emails })).await;
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
        ("ANN@Example.org", "already_invited"),
        ("not an address", "invalid_email"),
        ("gus@example.org", "invited"),
        ("NEW@example.org", "duplicate"),
    ];
    let found: Vec<_> = sent.recipients().into_iter().zip(sent.outcomes()).collect();
    assert_eq!(found, expected);
    let thirty_days = 30 * 86_400;
    let wait = sent.results[4].retry_after.unwrap();
    assert!((thirty_days - 60..=thirty_days + 1).contains(&wait), "{wait}");
    // An address of a user is an invitation to that user, which the sender does not see.
    assert_eq!(sent.results[12].made().invitee, Invitee::address("gus@example.org"));
    assert_eq!(world.mine(&gus).await.ids(), [sent.results[12].id()]);
    assert_eq!(sent.results[9].made().invitee, Invitee::address("new@example.org"));
    let counts = ["invited", "duplicate", "unavailable", "unknown_user", "joined"].map(|name| sent.summary[name]);
    assert_eq!(counts, [3, 2, 2, 2, 0]);
    assert_eq!(sent.summary.len(), 12, "every outcome is counted: {:?}", sent.summary);
}

#[tokio::test]
async fn members_learn_nothing_of_people_they_do_not_know() {
    let (world, _) = chess("moderator").await;
    let [mia, ben, fay, gus] = world.people(["mia", "ben", "fay", "gus"]).await;
    world.connect(&mia, &gus).await;
    world.member("chess", &mia, "member").await;
    world.member("chess", &ben, "member").await;
    world.register_with(&fay, json!({ "active": false })).await;
    // Not even that an address is a connection's, or belongs to an id in the same request.
    let body = json!({ "userIds": ["ben", "fay"], "emails": [ben.email, gus.email, "x@y.org", ben.email] });
    let sent = world.send(&mia, "chess", body).await;
    let expected = ["not_connected", "not_connected", "not_connected", "not_connected", "not_connected", "duplicate"];
    assert_eq!(sent.outcomes(), expected);
}

#[tokio::test]
async fn a_person_by_two_names_in_one_request_is_told_what_a_second_request_would_be() {
    for (mode, outcomes) in
        [("acceptance", ["invited", "already_invited"]), ("automatic", ["joined", "already_member"])]
    {
        let (world, mona) = chess("owner").await;
        world.settings(json!({ "membershipMode": mode })).await;
        let [ann, ben, fay] = world.people(["ann", "ben", "fay"]).await;
        world.member("chess", &ben, "member").await;
        world.register_with(&fay, json!({ "active": false })).await;
        let body = json!({ "userIds": ["ann", "ben", "fay"], "emails": [ann.email, ben.email, fay.email, "x@y.org"] });
        let sent = world.send_with_key(&mona, "two names", &body).await.sent();
        let member = ["already_member", "unavailable"];
        let expected = [&outcomes[..1], &member, &outcomes[1..], &member, &["invited"]].concat();
        assert_eq!(sent.outcomes(), expected);
        let replayed = world.send_with_key(&mona, "two names", &body).await.sent();
        assert_eq!(replayed.outcomes(), expected);
        assert_eq!(world.mine(&ann).await.invitations.len(), 1);
    }
}

#[tokio::test]
async fn the_quota_of_a_day_is_never_exceeded_and_the_rest_is_told_so() {
    let (world, mona) = chess("moderator").await;
    world.settings(json!({ "dailyInvitationsPerSender": 5 })).await;
    let ids = world.users(8).await;
    world.member("chess", &person("user1"), "member").await;
    let sent = world.send(&mona, "chess", json!({ "userIds": ids })).await;
    // Who gets none does not count.
    let expected =
        ["invited", "already_member", "invited", "invited", "invited", "invited", "over_quota", "over_quota"];
    assert_eq!(sent.outcomes(), expected);
    assert!(sent.results[7].retry_after.is_some_and(|wait| wait > 0));
    assert_eq!(world.count_invitations().await, 5);
}

#[tokio::test]
async fn a_hundred_mixed_recipients_cost_twelve_requests_at_most_and_a_repetition_changes_nothing() {
    let (world, mona) = chess("moderator").await;
    let ids = world.users(75).await;
    for member in &ids[..5] {
        world.member("chess", &person(member), "member").await;
    }
    world.send(&mona, "chess", json!({ "userIds": ids[5..10] })).await;
    world.register_with(&person("user10"), json!({ "active": false })).await;
    let mut emails: Vec<_> = (0..20).map(|number| format!("guest{number}@example.org")).collect();
    emails.extend(["user70@example.org".to_owned(), "GUEST0@example.org".to_owned(), "nobody@".to_owned()]);
    let mut user_ids = ids[..70].to_vec();
    user_ids.extend((0..7).map(|number| format!("ghost{number}")));
    let body = json!({ "userIds": user_ids, "emails": emails });
    world.meter.take();
    let first = world.send_with_key(&mona, "hundred", &body).await;
    let usage = world.meter.take();
    let sent = first.sent();
    let mut expected = ["already_member"; 5].to_vec();
    expected.extend(["already_invited"; 5]);
    expected.push("unavailable");
    expected.extend(["invited"; 59]);
    expected.extend(["unknown_user"; 7]);
    expected.extend(["invited"; 21]);
    expected.extend(["duplicate", "invalid_email"]);
    assert_eq!(sent.outcomes(), expected);
    assert!(usage.total() <= 12, "{usage:?}");

    let before = world.dump().await;
    let second = world.send_with_key(&mona, "hundred", &body).await;
    let usage = world.meter.take();
    assert_eq!(second.header("idempotency-replayed"), Some("true"));
    assert_eq!(first.header("idempotency-replayed"), None);
    assert_eq!(second.sent(), sent);
    assert_eq!(usage.writes.len(), 0, "{usage:?}");
    assert_eq!(world.dump().await, before);
    world.pump().await;
    assert_eq!(world.fakes.take_mails().len(), 85);
}

#[tokio::test]
async fn a_hundred_addresses_cost_twelve_requests_at_most() {
    let (world, mona) = chess("moderator").await;
    let emails: Vec<_> = (0..100).map(|number| format!("guest{number}@example.org")).collect();
    world.meter.take();
    let sent = world.send(&mona, "chess", json!({ "emails": emails })).await;
    let usage = world.meter.take();
    assert!(sent.outcomes().iter().all(|outcome| *outcome == "invited"));
    assert!(usage.total() <= 12, "{usage:?}");
}

#[tokio::test]
async fn a_hundred_addresses_of_users_cost_twelve_requests_at_most() {
    let (world, mona) = chess("moderator").await;
    let ids = world.users(100).await;
    let emails: Vec<_> = ids.iter().map(|id| format!("{id}@example.org")).collect();
    world.meter.take();
    let sent = world.send(&mona, "chess", json!({ "emails": emails })).await;
    let usage = world.meter.take();
    assert!(usage.total() <= 12, "{usage:?}");
    for (id, result) in ids.iter().zip(&sent.results) {
        assert_eq!(world.mine(&person(id)).await.ids(), [result.id()]);
    }
}
