//! A sender's day: what is sent counts, whatever happens to the sender's record meanwhile, and each day by itself.

use domain::sending::Quota;
use serde_json::json;
use store::keys::Key;
use system::now;
use testkit::embedded::{Person, Request, World, chess};

use crate::list_order::{Clock, with_clock};

const DAY: i64 = 24 * 60 * 60 * 1_000;

/// Mona, who may invite two people in a day, and some whom she has not invited.
async fn two_a_day() -> (World, Person) {
    let (world, mona) = chess("moderator").await;
    world.settings(json!({ "dailyInvitationsPerSender": 2 })).await;
    world.users(4).await;
    (world, mona)
}

async fn left(world: &World, sender: &Person) -> u32 {
    world.options(sender, "chess").await.quota.left
}

/// Invites the user of that number, and returns the outcome.
async fn invite(world: &World, sender: &Person, number: u32) -> String {
    world.outcome(sender, "chess", json!({ "userIds": [format!("user{number}")] })).await
}

#[tokio::test]
async fn a_new_day_begins_with_nothing_sent() {
    with_clock(async |clock: Clock| {
        let (world, mona) = two_a_day().await;
        for number in 0..2 {
            assert_eq!(invite(&world, &mona, number).await, "invited");
        }
        let third = Request::send(&mona, "chess", &json!({ "userIds": ["user2"] }));
        world.call(third).await.refused(429, "daily_quota_used");
        clock.forward(DAY);
        assert_eq!(left(&world, &mona).await, 2);
        assert_eq!(invite(&world, &mona, 2).await, "invited");
        assert_eq!(left(&world, &mona).await, 1);
    })
    .await;
}

/// What is begun right before midnight, with so many invited earlier that day, is written when the next day has begun.
async fn begun_before_midnight(earlier: u32) {
    with_clock(async |clock: Clock| {
        let (world, mona) = two_a_day().await;
        for number in 2..2 + earlier {
            assert_eq!(invite(&world, &mona, number).await, "invited");
        }
        clock.forward(Quota::day_ends(now()).as_millisecond() - now().as_millisecond() - 1);
        let gate = world.faults.stop_next();
        let late = world.invite(&mona, "chess", json!({ "userIds": ["user0"] }));
        let meanwhile = async {
            gate.reached().await;
            clock.forward(2);
            assert_eq!(invite(&world, &mona, 1).await, "invited");
            gate.open();
        };
        let (late, ()) = tokio::join!(late, meanwhile);
        assert_eq!((&*late.outcome, late.retry_after), ("over_quota", Some(1)), "the new day is open");
        assert_eq!((left(&world, &mona).await, world.count_invitations().await), (1, 1 + earlier as usize));
    })
    .await;
}

#[tokio::test]
async fn what_was_begun_before_midnight_counts_against_no_other_day() {
    begun_before_midnight(0).await;
    begun_before_midnight(1).await;
}

#[tokio::test]
async fn of_two_first_requests_of_a_day_both_count() {
    let (world, mona) = two_a_day().await;
    let gate = world.faults.stop_next();
    let first = invite(&world, &mona, 0);
    let meanwhile = async {
        gate.reached().await;
        assert_eq!(invite(&world, &mona, 1).await, "invited");
        gate.open();
    };
    let (first, ()) = tokio::join!(first, meanwhile);
    assert_eq!((&*first, left(&world, &mona).await), ("invited", 0));
}

#[tokio::test]
async fn what_was_sent_outlives_what_the_platform_says_of_the_sender() {
    let (world, mona) = two_a_day().await;
    assert_eq!(invite(&world, &mona, 0).await, "invited");
    let profile = json!({ "profileUrl": "https://platform.example.org/mona", "locale": "de" });
    world.register_with(&mona, profile.clone()).await;
    // In the same moment.
    let gate = world.faults.stop_next();
    let meanwhile = async {
        gate.reached().await;
        assert_eq!(invite(&world, &mona, 1).await, "invited");
        gate.open();
    };
    tokio::join!(world.register(&mona), meanwhile);
    assert_eq!(left(&world, &mona).await, 0);
    let record = world.record(Key::user(&mona.id.parse().unwrap())).await.unwrap();
    for left_out in profile.as_object().unwrap().keys() {
        assert!(!record.contains_key(left_out), "the platform has left it out: {left_out}");
    }
}
