//! Expiry: stored once the deadline is gone, within a minute or so, and of that invitation alone.

use aws_sdk_dynamodb::types::AttributeValue;
use domain::invitation::Status;
use jiff::SignedDuration;
use serde_json::json;
use system::now;
use testkit::embedded::{Person, World, chess, kind_of, person};

use crate::list_order::with_clock;

#[tokio::test]
async fn when_the_table_drops_the_deadline_the_invitation_expires_for_good() {
    let (world, mona) = chess("owner").await;
    let [ann, ben] = world.people(["ann", "ben"]).await;
    let lapsed = world.invite_user(&mona, "chess", &ann).await;
    let answered = world.invite_user(&mona, "chess", &ben).await;
    world.pump().await;
    world.command(&ben, &answered, "accept").await.ok();
    for id in [&lapsed, &answered] {
        world.lapse(id).await;
    }
    assert_eq!(
        world.stats(&mona, "chess").await.nonzero(),
        [("expired", 1), ("pending", 1)],
        "one lapsed, the other's answer is not counted yet"
    );
    assert_eq!(world.remove_by_ttl(), 2);
    world.pump().await;
    let stored = world.stored(&lapsed).await;
    assert_eq!(stored.status.as_str(), "expired");
    assert_eq!(world.stored(&answered).await.status.as_str(), "accepted");
    assert_eq!(world.stats(&mona, "chess").await.nonzero(), [("accepted", 1), ("expired", 1)]);
    let events = world.fakes.take_events();
    let expired: Vec<_> = events.iter().filter(|event| event.name == "InvitationExpired").collect();
    assert_eq!(expired.len(), 1);
    assert_eq!(expired[0].invitation_id, lapsed);
}

#[tokio::test]
async fn an_invitation_whose_mail_is_heard_of_while_it_expires_expires() {
    let (world, mona) = chess("owner").await;
    let id = world.invite_address(&mona, "chess", "ann@example.org").await;
    world.pump().await;
    world.lapse(&id).await;
    world.remove_by_ttl();
    let mut changes = world.changes();
    // Counting writes, too, and must not be what is held up.
    changes.retain(|change| change["eventName"] == "REMOVE");
    assert_eq!(changes.len(), 1);
    let expiry = world.faults.stop_next();
    let heard = async {
        expiry.reached().await;
        world.edit(&id, |one| one.revision += 1).await;
        expiry.open();
    };
    let (failed, ()) = tokio::join!(world.hand_over(&changes), heard);
    assert!(failed.is_empty());
    assert_eq!(world.stored(&id).await.status, Status::Expired);
}

#[tokio::test]
async fn a_deadline_that_a_later_approval_has_moved_expires_nothing() {
    let (world, mona) = chess("owner").await;
    let (_, ann, id) = world.requested().await;
    world.pump().await;
    let deadline = world.deadline(&id).await.unwrap();
    world.edit(&id, |one| one.expires_at = now() + SignedDuration::from_hours(1)).await;
    world.command(&mona, &id, "approve").await.ok();
    world.pump().await;
    let moved = world.deadline(&id).await.unwrap();
    assert!(moved["ttl"].as_n().unwrap() >= deadline["ttl"].as_n().unwrap(), "approval begins the lifetime anew");
    // The old deadline's removal comes late.
    let mut stale = deadline;
    stale.insert("ttl".to_owned(), AttributeValue::N("1".to_owned()));
    world.put_record(stale).await;
    world.remove_by_ttl();
    world.pump().await;
    assert_eq!(world.status(&ann, &id).await, "pending");
}

#[tokio::test]
async fn what_is_counted_has_its_deadline_and_is_given_none_again() {
    let (world, mona) = chess("owner").await;
    let id = world.invite_address(&mona, "chess", "ann@example.org").await;
    let mut changes = world.changes();
    // Its mail would be sent, too.
    changes.retain(|change| kind_of(change) == "invitation");
    world.faults.throttle("BatchWriteItem", u32::MAX);
    assert_eq!(world.hand_over(&changes).await.len(), 1, "it comes again");
    assert_eq!(world.stats(&mona, "chess").await.nonzero(), []);
    world.faults.clear();
    assert_eq!(world.hand_over(&changes).await.len(), 0);
    assert_eq!(world.stats(&mona, "chess").await.nonzero(), [("pending", 1)]);
    assert!(world.deadline(&id).await.is_some());
    world.meter.take();
    world.hand_over(&changes).await;
    assert_eq!(world.meter.take().writes.len(), 0, "what is told again asks for nothing");
}

#[tokio::test]
async fn a_deadline_comes_after_the_invitation_has_expired() {
    let (world, mona) = chess("owner").await;
    let id = world.invite_address(&mona, "chess", "ann@example.org").await;
    world.pump().await;
    let ttl: i64 = world.deadline(&id).await.unwrap()["ttl"].as_n().unwrap().parse().unwrap();
    assert!(ttl * 1_000 > world.stored(&id).await.expires_at.as_millisecond());
}

#[tokio::test]
async fn an_expiry_is_stored_and_told_within_a_minute() {
    with_clock(async |clock| {
        let (world, mona) = chess("owner").await;
        let [ann, ben] = world.people(["ann", "ben"]).await;
        let body = |id: &str| json!({ "userIds": [id], "expiresInDays": 1 });
        let lapsed = world.invite(&mona, "chess", body("ann")).await.id().to_owned();
        let answered = world.invite(&mona, "chess", body("ben")).await.id().to_owned();
        world.pump().await;
        world.command(&ben, &answered, "accept").await.ok();
        world.pump().await;
        world.fakes.take_events();
        let minute = async || {
            clock.forward(60_000);
            world.wake().await;
            world.pump().await;
        };
        clock.forward(24 * 60 * 60 * 1_000 - 61_000);
        minute().await;
        assert_eq!(world.stored(&lapsed).await.status, Status::Pending, "not before its time");
        minute().await;
        assert_eq!(world.stored(&lapsed).await.status, Status::Expired);
        assert_eq!(world.stored(&answered).await.status, Status::Accepted);
        let events: Vec<_> =
            world.fakes.take_events().into_iter().map(|event| (event.name, event.invitation_id)).collect();
        assert_eq!(events, [("InvitationExpired".to_owned(), lapsed.clone())]);
        assert_eq!(world.stats(&mona, "chess").await.nonzero(), [("accepted", 1), ("expired", 1)]);
        assert_eq!(world.deadline(&lapsed).await.or(world.deadline(&answered).await), None);
        assert_eq!(world.mine(&ann).await.statuses(), ["expired"]);
    })
    .await;
}

#[tokio::test]
async fn a_minute_ends_no_more_lifetimes_than_it_may_and_the_next_goes_on() {
    let (world, mona) = chess("owner").await;
    let emails: Vec<_> = (0..40).map(|number| format!("guest{number}@example.org")).collect();
    let sent = world.send(&mona, "chess", json!({ "emails": emails })).await;
    world.pump().await;
    for result in &sent.results {
        world.set_expiry(result.id(), now() - SignedDuration::from_mins(1)).await;
    }
    world.changes();
    let mut ended = 0;
    for _ in 0..20 {
        let some = world.deliver.store.end_lifetimes(now(), 16).await.unwrap();
        assert!(some <= 16);
        ended += some;
        if some == 0 {
            break;
        }
    }
    assert_eq!(ended, 40);
    world.pump().await;
    assert_eq!(world.stats(&mona, "chess").await.nonzero(), [("expired", 40)]);
}

#[tokio::test]
async fn an_expiry_that_the_clock_of_another_function_has_not_reached_is_not_lost() {
    let (world, mona) = chess("owner").await;
    let id = world.invite_address(&mona, "chess", "ann@example.org").await;
    world.pump().await;
    world.set_expiry(&id, now() - SignedDuration::from_secs(3)).await;
    world.wake().await;
    assert!(world.deadline(&id).await.is_some(), "it may be too early for who is to store it");
    world.set_expiry(&id, now() - SignedDuration::from_secs(11)).await;
    world.wake().await;
    assert!(world.deadline(&id).await.is_none());
}

/// Returns the invitation that the standing of the user with chess names.
async fn live(world: &World, user: &Person) -> Option<String> {
    Some(world.standing(user, "chess").await?.get("liveInvitation")?.as_s().unwrap().clone())
}

#[tokio::test]
async fn an_invitation_that_ends_leaves_a_later_one_of_its_invitee_alone() {
    let (world, mona) = chess("owner").await;
    let [ann] = world.people(["ann"]).await;
    let lapsed = world.invite_user(&mona, "chess", &ann).await;
    world.pump().await;
    world.lapse(&lapsed).await;
    let later = world.invite_user(&mona, "chess", &ann).await;
    world.remove_by_ttl();
    world.pump().await;
    assert_eq!(world.stored(&lapsed).await.status.as_str(), "expired");
    assert_eq!(live(&world, &ann).await.as_ref(), Some(&later));

    // As nothing should leave it: the standing names another one.
    for verb in ["decline", "cancel"] {
        let ben = person(&format!("ben-{verb}"));
        world.register(&ben).await;
        let own = world.invite_user(&mona, "chess", &ben).await;
        let named = AttributeValue::S(later.clone());
        world.edit_standing(&ben, "chess", |standing| drop(standing.insert("liveInvitation".to_owned(), named))).await;
        world.command(if verb == "decline" { &ben } else { &mona }, &own, verb).await.ok();
        assert_eq!(live(&world, &ben).await.as_ref(), Some(&later));
    }
}
