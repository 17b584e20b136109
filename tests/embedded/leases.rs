//! Senders that die, are late, or come at the same time: a lease lets one at a time send a mail, and its state tells
//! the others what came of it.

use std::sync::Arc;

use domain::outbox::MailState;
use futures::future::join_all;
use jiff::SignedDuration;
use serde_json::{Value, json};
use system::now;
use testkit::{
    SesEvent,
    embedded::{Person, SesFault, Stop, World, chess},
};

/// Returns a world in which a mail to Ann is due: with its sender, the invitation's id, and the records of the stream.
async fn due() -> (World, Person, String, Vec<Value>) {
    let (world, mona) = chess("moderator").await;
    let id = world.invite_address(&mona, "chess", "ann@example.org").await;
    let changes = world.changes();
    (world, mona, id, changes)
}

/// Hands the records to a sender that dies when the mail service has taken the mail and the table has not noted it.
async fn die_after_posting(world: &World, changes: &[Value]) {
    let lease = world.faults.stop_next_update();
    let mut handing = Box::pin(world.hand_over(changes));
    tokio::select! {
        _ = &mut handing => panic!("the sender must take a lease"),
        () = lease.reached() => {}
    }
    let noted = async { leased(world, &lease).await.reached().await };
    tokio::select! {
        _ = &mut handing => panic!("the sender must note what it sent"),
        () = noted => {}
    }
}

/// Lets a sender take its lease and count the mail; returns where its next update waits.
async fn leased(world: &World, lease: &Stop) -> Arc<Stop> {
    let counted = world.faults.stop_next_update();
    lease.open();
    counted.reached().await;
    let next = world.faults.stop_next_update();
    counted.open();
    next
}

#[tokio::test]
async fn a_sender_that_dies_before_it_notes_what_it_sent_doubles_that_mail_once_and_no_other() {
    let (world, _, id, changes) = due().await;
    die_after_posting(&world, &changes).await;
    let mut mails = world.fakes.take_mails();
    assert_eq!(mails.len(), 1, "the mail service had taken the mail");

    // While the lease lasts no one else sends it; it is looked at again when that ends.
    assert!(world.hand_over(&changes).await.is_empty());
    assert!(world.fakes.take_mails().is_empty());

    // Afterwards it goes out again, for no one can know that it had: this is the window, and its price is one mail.
    assert_eq!(world.outbox_mail(&id).await.state, MailState::Sending);
    world.end_mail_lease(&id).await;
    assert!(world.hand_over(&changes).await.is_empty());
    mails.extend(world.fakes.take_mails());
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
    assert!(world.fakes.take_mails().is_empty());
    for mail in &mails {
        assert_eq!(world.open(&mail.path("i")).await.status, 200);
    }
}

#[tokio::test]
async fn a_batch_that_comes_many_times_at_once_is_mailed_once() {
    let (world, mona) = chess("moderator").await;
    let emails: Vec<_> = (0..20).map(|number| format!("guest{number}@example.org")).collect();
    world.send(&mona, "chess", json!({ "emails": emails })).await;
    let changes = world.changes();
    join_all((0..4).map(|_| world.hand_over(&changes))).await;
    let to = world.fakes.take_recipients();
    let mut expected = emails.clone();
    expected.sort();
    assert_eq!(to, expected);
}

#[tokio::test]
async fn a_mail_that_many_are_about_to_send_is_sent_once() {
    let (world, mona) = chess("owner").await;
    for round in 0..12 {
        world.invite_address(&mona, "chess", &format!("guest{round}@example.org")).await;
        let changes = world.changes();
        join_all((0..8).map(|_| world.hand_over(&changes))).await;
        assert_eq!(world.fakes.take_mails().len(), 1, "round {round}");
    }
}

#[tokio::test]
async fn a_mail_that_was_sent_shows_so_also_when_its_sender_could_not_say_it_at_once() {
    let (world, mona, id, changes) = due().await;
    world.faults.fail_after(0);
    assert!(!world.hand_over(&changes).await.is_empty());
    world.faults.clear();
    assert_eq!(world.fakes.take_mails().len(), 1);
    assert_eq!(world.outbox_mail(&id).await.state, MailState::Sent);
    assert_eq!(world.delivery(&mona, &id).await, "queued");
    assert!(world.hand_over(&changes).await.is_empty());
    assert_eq!(world.delivery(&mona, &id).await, "sent");
    // What came to be known since is not undone by another repetition.
    world.ses_event(&SesEvent::new("Reject", &id).tag("revision", "1")).await;
    assert!(world.hand_over(&changes).await.is_empty());
    assert_eq!(world.delivery(&mona, &id).await, "failed");
    assert!(world.fakes.take_mails().is_empty());
}

/// Hands the changes to a sender, and does `meanwhile` once it has read the mail and waits at the stop before its
/// lease.
async fn sending<T>(world: &World, changes: &[Value], meanwhile: impl AsyncFnOnce(&Stop) -> T) -> (Vec<Value>, T) {
    let lease = world.faults.stop_next_update();
    tokio::join!(world.hand_over(changes), async {
        lease.reached().await;
        meanwhile(&lease).await
    })
}

/// Hands the changes to a sender that wants to drop the mail, and lets it do so once the one at `stop` has sent it.
async fn dropped_late(world: &World, changes: &[Value], id: &str, stop: &Stop) -> Vec<Value> {
    let dropped = world.faults.stop_next_update();
    let end = async {
        dropped.reached().await;
        stop.open();
        while world.outbox_mail(id).await.state != MailState::Sent {
            tokio::task::yield_now().await;
        }
        dropped.open();
    };
    tokio::join!(world.hand_over(changes), end).0
}

#[tokio::test]
async fn a_mail_that_was_sent_is_not_dropped_by_whoever_comes_late() {
    let (world, mona, id, changes) = due().await;
    let (sent, late) = sending(&world, &changes, async |lease| {
        world.command(&mona, &id, "cancel").await.ok();
        dropped_late(&world, &changes, &id, lease).await
    })
    .await;
    assert!(sent.is_empty());
    assert!(!late.is_empty(), "the record comes again");
    assert_eq!((world.fakes.take_mails().len(), world.outbox_mail(&id).await.state), (1, MailState::Sent));
    assert!(world.hand_over(&late).await.is_empty());
}

#[tokio::test]
async fn a_mail_that_was_dropped_is_not_sent_by_whoever_still_wanted_to() {
    let (world, mona, id, changes) = due().await;
    let (late, ()) = sending(&world, &changes, async |lease| {
        world.command(&mona, &id, "cancel").await.ok();
        assert!(world.hand_over(&changes).await.is_empty());
        lease.open();
    })
    .await;
    assert!(!late.is_empty(), "the record comes again");
    assert!(world.hand_over(&late).await.is_empty());
    assert_eq!((world.fakes.take_mails().len(), world.outbox_mail(&id).await.state), (0, MailState::Dropped));
}

#[tokio::test]
async fn a_mail_whose_sender_is_late_is_not_dropped_once_it_is_noted_as_sent() {
    let (world, mona, id, changes) = due().await;
    let (sent, late) = sending(&world, &changes, async |lease| {
        let noted = leased(&world, lease).await;
        noted.reached().await;
        world.end_mail_lease(&id).await;
        world.command(&mona, &id, "cancel").await.ok();
        dropped_late(&world, &changes, &id, &noted).await
    })
    .await;
    assert!(sent.is_empty());
    assert!(!late.is_empty(), "the record comes again");
    assert_eq!((world.fakes.take_mails().len(), world.outbox_mail(&id).await.state), (1, MailState::Sent));
}

#[tokio::test]
async fn a_mail_whose_record_is_in_another_transaction_is_sent_and_noted_all_the_same() {
    let (world, mona) = chess("moderator").await;
    let id = world.invite_address(&mona, "chess", "ann@example.org").await;
    world.faults.conflict(3);
    assert!(world.hand_over(&world.changes()).await.is_empty());
    assert_eq!((world.fakes.take_mails().len(), world.outbox_mail(&id).await.state), (1, MailState::Sent));
}

#[tokio::test]
async fn of_two_who_find_a_lease_over_one_takes_the_mail_in_charge() {
    let (world, _, id, changes) = due().await;
    let response_lost = async || {
        world.fakes.fail_next(SesFault::LostResponse);
        assert!(world.hand_over(&changes).await.is_empty());
        assert_eq!(world.fakes.take_ses_requests(), 1);
    };
    response_lost().await;
    world.end_mail_lease(&id).await;
    let (late, ()) = sending(&world, &changes, async |lease| {
        response_lost().await;
        lease.open();
    })
    .await;
    assert!(!late.is_empty(), "the record comes again");
    assert_eq!((world.fakes.take_ses_requests(), world.outbox_mail(&id).await.attempts), (0, 2));
}

#[tokio::test]
async fn who_gives_a_mail_back_that_another_has_in_charge_by_now_leaves_it_to_them() {
    let (world, mona) = chess("moderator").await;
    world.fakes.throttle(7);
    let id = world.invite_address(&mona, "chess", "ann@example.org").await;
    let changes = world.changes();
    sending(&world, &changes, async |lease| {
        let given_back = leased(&world, lease).await;
        given_back.reached().await;
        world.edit_mail(&id, "leasedUntil", (now() + SignedDuration::from_mins(1)).as_millisecond()).await;
        given_back.open();
    })
    .await;
    let mail = world.outbox_mail(&id).await;
    assert_eq!((mail.state, mail.forgiven, mail.links.len()), (MailState::Sending, 0, 1));
}

#[tokio::test]
async fn moderators_get_one_mail_each_however_often_they_are_looked_up() {
    let (world, mona) = chess("moderator").await;
    world.community("chess", json!({ "enrolment": "closed" })).await;
    let [mo, mia, ann, max] = world.people(["mo", "mia", "ann", "max"]).await;
    for (person, role) in [(&mo, "moderator"), (&mia, "member"), (&max, "moderator"), (&max, "member")] {
        world.member("chess", person, role).await;
    }
    world.connect(&mia, &ann).await;
    world.pump().await;
    let id = world.invite_user(&mia, "chess", &ann).await;
    let changes = world.changes();
    let mail_to_all = world.mail_record(&id).await;
    assert!(world.hand_over(&changes).await.is_empty());
    // As if the sender that looked them up had died before it was noted.
    world.put_record(mail_to_all).await;
    assert!(world.hand_over(&changes).await.is_empty());
    world.pump().await;
    let to = world.fakes.take_recipients();
    assert_eq!(to, [mo.email, mona.email]);
}
