//! A community's statistics: right however often, in whatever order and by how many at once changes are counted.

use domain::{id::InvitationId, invitation::Invitation};
use jiff::SignedDuration;
use serde_json::Value;
use testkit::embedded::{Person, World, chess, kind_of, person};

/// Invites people, of whom some accept and some decline, each after so many seconds.
async fn some_history(world: &World, mona: &Person) {
    for (number, (verb, seconds)) in
        [("accept", 10), ("accept", 20), ("decline", 60), ("accept", 3_600), ("cancel", 0), ("", 0)]
            .into_iter()
            .enumerate()
    {
        let one = person(&format!("one{number}"));
        world.register(&one).await;
        let id = world.invite_user(mona, "chess", &one).await;
        // As if it had been sent that long ago.
        let ago = SignedDuration::from_secs(seconds);
        if seconds > 0 {
            let expiry = world.stored(&id).await.expires_at;
            world.set_expiry(&id, expiry - ago).await;
        }
        match verb {
            "" => {}
            "cancel" => drop(world.command(mona, &id, verb).await.ok()),
            _ => drop(world.command(&one, &id, verb).await.ok()),
        }
    }
}

#[tokio::test]
async fn stats_tell_the_states_the_share_of_yes_and_the_median_time_to_answer() {
    let (world, mona) = chess("owner").await;
    let empty = world.stats(&mona, "chess").await;
    assert_eq!((empty.nonzero(), empty.acceptance_rate, empty.median_answer_seconds), (vec![], None, None));
    some_history(&world, &mona).await;
    world.pump().await;
    let stats = world.stats(&mona, "chess").await;
    assert_eq!(stats.nonzero(), [("accepted", 3), ("cancelled", 1), ("declined", 1), ("pending", 1)]);
    assert_eq!(stats.acceptance_rate, Some(0.75));
    let median = stats.median_answer_seconds.unwrap();
    assert!((20..=22).contains(&median), "the lower one of 20 and 60: {median}");
}

/// Hands over all changes once more in other orders, some of them twice.
pub(crate) async fn hand_over_in_other_orders(world: &World) {
    let changes = world.history();
    // Backwards, in pieces of three with every piece twice, and as it was.
    let backwards: Vec<_> = changes.iter().rev().cloned().collect();
    let stuttering = changes.chunks(3).flat_map(|piece| [piece, piece].concat()).collect();
    for order in [backwards, stuttering, changes] {
        for batch in order.chunks(7) {
            world.hand_over(batch).await;
        }
    }
    world.pump().await;
}

#[tokio::test]
async fn stats_are_right_however_often_and_in_whatever_order_changes_arrive() {
    let (world, mona) = chess("owner").await;
    some_history(&world, &mona).await;
    hand_over_in_other_orders(&world).await;
    let stats = world.stats(&mona, "chess").await;
    assert_eq!(stats.nonzero(), [("accepted", 3), ("cancelled", 1), ("declined", 1), ("pending", 1)]);
    assert_eq!(stats.acceptance_rate, Some(0.75));
    // Events come again under the same ids, and no mail goes out twice.
    let mails = world.fakes.take_mails();
    let mut ids: Vec<_> =
        mails.iter().map(|mail| (mail.tag("invitation"), mail.tag("mail"), mail.to.as_str())).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), mails.len());
    let events = world.fakes.take_events();
    let mut names: Vec<_> = events.iter().map(|event| (event.id.as_str(), event.name.as_str())).collect();
    names.sort_unstable();
    names.dedup();
    let of = |name: &str| names.iter().filter(|(_, found)| *found == name).count();
    assert_eq!(
        ["InvitationSent", "InvitationAccepted", "InvitationDeclined", "InvitationCancelled"].map(of),
        [6, 3, 1, 1]
    );
}

/// Hands the changes over twice at once, one time slower than the other.
pub(crate) async fn hand_over_twice_at_once(world: &World, changes: &[Value]) {
    let count = world.faults.stop_next();
    let slow = world.hand_over(changes);
    let fast = async {
        count.reached().await;
        world.hand_over(changes).await;
        count.open();
    };
    tokio::join!(slow, fast);
}

#[tokio::test]
async fn a_change_that_two_count_at_once_is_counted_once() {
    let (world, mona) = chess("owner").await;
    let [ann] = world.people(["ann"]).await;
    let id = world.invite_user(&mona, "chess", &ann).await;
    world.pump().await;
    world.command(&ann, &id, "accept").await.ok();
    hand_over_twice_at_once(&world, &world.changes()).await;
    assert_eq!(world.stats(&mona, "chess").await.nonzero(), [("accepted", 1)]);
}

#[tokio::test]
async fn a_new_invitation_that_two_count_at_once_is_counted_once() {
    let (world, mona) = chess("owner").await;
    // The day has begun: what begins it is written on another condition.
    world.invite_address(&mona, "chess", "ben@example.org").await;
    world.pump().await;
    world.invite_address(&mona, "chess", "ann@example.org").await;
    let mut changes = world.changes();
    // Its mail would be sent, too.
    changes.retain(|change| kind_of(change) == "invitation");
    assert_eq!(changes.len(), 1);
    hand_over_twice_at_once(&world, &changes).await;
    assert_eq!(world.stats(&mona, "chess").await.nonzero(), [("pending", 2)]);
}

#[tokio::test]
async fn stats_cost_no_more_however_many_have_lapsed() {
    let (world, mona) = chess("owner").await;
    let id = world.invite_address(&mona, "chess", "ann@example.org").await;
    world.pump().await;
    world.lapse(&id).await;
    let prototype = world.stored(&id).await;
    let copies = |numbers: std::ops::Range<u32>| {
        let copy = |number: u32| {
            let mut entropy = [0; 10];
            entropy[..4].copy_from_slice(&number.to_be_bytes());
            let id = InvitationId::new(prototype.created_at.as_millisecond().unsigned_abs(), entropy);
            Invitation { id, ..prototype.clone() }
        };
        numbers.map(copy).collect::<Vec<_>>()
    };
    world.load(&copies(0..100));
    world.meter.take();
    let counts = world.stats(&mona, "chess").await;
    assert_eq!(counts.nonzero(), [("expired", 101)], "all of those of the last minutes");
    assert_eq!(world.meter.take().total(), 3);
    world.load(&copies(100..12_000));
    let counts = world.stats(&mona, "chess").await;
    let usage = world.meter.take();
    assert_eq!(usage.total(), 3, "{usage:?}");
    assert!(usage.read_units <= 132.0, "{usage:?}");
    assert!(counts.nonzero()[0].1 > 5_000, "{counts:?}");
}
