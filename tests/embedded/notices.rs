//! What moderators, senders and invitees are told of, and how often: as much as the network wants, nothing twice, and
//! nothing lost, whoever dies in between.

use domain::outbox::MailState;
use futures::future::join_all;
use serde_json::{Value, json};
use store::record::Item;
use testkit::{
    SesEvent,
    embedded::{Mail, Person, SesFault, World, chess, person},
};

use crate::list_order::{Clock, with_clock};

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// Returns a world with those settings in which Mona, its moderator, has invited some people to chess, with the ids of
/// the invitations. What was mailed so far is put aside.
async fn invited(settings: Value, count: usize) -> (World, Person, Vec<(Person, String)>) {
    let (world, mona) = chess("moderator").await;
    world.settings(settings).await;
    let ids = world.users(count).await;
    let sent = world.send(&mona, "chess", json!({ "userIds": ids })).await;
    let invitations: Vec<_> =
        ids.iter().zip(&sent.results).map(|(id, result)| (person(id), result.id().to_owned())).collect();
    world.deliver_mails().await;
    (world, mona, invitations)
}

async fn accept(world: &World, (who, id): &(Person, String)) {
    world.command(who, id, "accept").await.ok();
}

/// Delivers what is due, and returns the mails to the person.
async fn told(world: &World, whom: &Person) -> Vec<Mail> {
    world.wake().await;
    let mails = world.deliver_mails().await;
    mails.into_iter().filter(|mail| mail.to == whom.email).collect()
}

/// Which of the people a mail names, by the numbers in their names.
fn named(mail: &Mail, people: usize) -> Vec<usize> {
    let words: Vec<_> = mail.text.split(|c: char| !c.is_ascii_alphanumeric()).collect();
    (0..people).filter(|number| words.iter().any(|word| word.eq_ignore_ascii_case(&format!("user{number}")))).collect()
}

#[tokio::test]
async fn moderators_get_one_mail_for_a_request_however_many_it_asks_for() {
    let (world, mona) = chess("moderator").await;
    world.community("chess", json!({ "enrolment": "closed" })).await;
    world.settings(json!({ "membersInviteConnectionsOnly": false })).await;
    let [mia, mo] = world.people(["mia", "mo"]).await;
    world.member("chess", &mia, "member").await;
    world.member("chess", &mo, "moderator").await;
    world.pump().await;
    let ids = world.users(100).await;
    let sent = world.send(&mia, "chess", json!({ "userIds": ids })).await;
    assert!(sent.results.iter().all(|result| result.outcome == "awaiting_approval"));
    let mails = world.deliver_mails().await;
    let to: Vec<_> = mails.iter().map(|mail| &*mail.to).collect();
    assert_eq!(to, [&*mo.email, &*mona.email]);
    for mail in &mails {
        assert_eq!(mail.subject, "Mia asks to invite 100 people to Chess");
    }
    // The next request is another one, and one for one person names them.
    let [zoe] = world.people(["zoe"]).await;
    world.send(&mia, "chess", json!({ "userIds": [zoe.id] })).await;
    let mails = world.deliver_mails().await;
    assert_eq!(mails.len(), 2);
    assert!(mails.iter().all(|mail| mail.text.contains("Zoe")));
}

#[tokio::test]
async fn a_request_is_heard_of_while_anything_in_it_waits() {
    let (world, mona) = chess("moderator").await;
    world.community("chess", json!({ "enrolment": "closed" })).await;
    world.settings(json!({ "membersInviteConnectionsOnly": false })).await;
    let [mia] = world.people(["mia"]).await;
    world.member("chess", &mia, "member").await;
    world.pump().await;
    let ask = async |emails: [&str; 2]| {
        let sent = world.send(&mia, "chess", json!({ "emails": emails })).await;
        sent.results.iter().map(|result| result.id().to_owned()).collect::<Vec<_>>()
    };
    // Who is faster than the mail has decided the first one, of two.
    let first = ask(["a@example.org", "b@example.org"]).await;
    world.command(&mona, &first[0], "reject").await.ok();
    let mails = told(&world, &mona).await;
    assert_eq!(mails.len(), 1);
    // And both of them.
    for id in ask(["c@example.org", "d@example.org"]).await {
        world.command(&mona, &id, "reject").await.ok();
    }
    assert!(told(&world, &mona).await.is_empty());
}

#[tokio::test]
async fn thirty_answers_in_an_hour_are_two_mails_that_name_all_thirty() {
    with_clock(async |clock: Clock| {
        let (world, mona, invitations) = invited(json!({ "inviteeConfirmation": false }), 30).await;
        let mut mails = Vec::new();
        for one in &invitations {
            accept(&world, one).await;
            mails.extend(told(&world, &mona).await);
            clock.forward(MINUTE);
        }
        assert_eq!(mails.len(), 1, "the first at once, then none for an hour");
        assert_eq!(mails[0].subject, "Your invitation to user0 was accepted");
        clock.forward(30 * MINUTE);
        mails.extend(told(&world, &mona).await);
        assert_eq!(mails.len(), 2);
        assert_eq!(mails[1].subject, "29 answers to your invitations");
        let all: Vec<_> = mails.iter().flat_map(|mail| named(mail, 30)).collect();
        assert_eq!(all, (0..30).collect::<Vec<_>>(), "each is told once");
        clock.forward(DAY);
        assert!(told(&world, &mona).await.is_empty());
    })
    .await;
}

#[tokio::test]
async fn what_is_answered_at_once_by_many_is_told_once_each() {
    with_clock(async |clock: Clock| {
        let (world, mona, invitations) = invited(json!({}), 24).await;
        for (number, (who, id)) in invitations.iter().enumerate() {
            world.command(who, id, if number % 3 == 0 { "decline" } else { "accept" }).await.ok();
        }
        let changes = world.changes();
        join_all((0..3).map(|_| world.hand_over(&changes))).await;
        // What failed comes again, and all of it is repeated.
        for _ in 0..3 {
            world.hand_over(&changes).await;
        }
        world.pump().await;
        clock.forward(HOUR);
        let changes_of_the_hour = {
            world.wake().await;
            world.changes()
        };
        join_all((0..3).map(|_| world.hand_over(&changes_of_the_hour))).await;
        world.pump().await;
        let mails = world.fakes.take_mails().into_iter().filter(|mail| mail.to == mona.email);
        let mut all: Vec<_> = mails.flat_map(|mail| named(&mail, 24)).collect();
        all.sort_unstable();
        assert_eq!(all, (0..24).collect::<Vec<_>>());
    })
    .await;
}

#[tokio::test]
async fn a_sender_hears_of_each_answer_or_of_none_where_the_network_wants_that() {
    for (notices, heard) in [("each", 3), ("none", 0)] {
        let (world, mona, invitations) = invited(json!({ "senderNotices": notices }), 3).await;
        for one in &invitations[..2] {
            accept(&world, one).await;
        }
        world.command(&invitations[2].0, &invitations[2].1, "decline").await.ok();
        assert_eq!(told(&world, &mona).await.len(), heard, "{notices}");
    }
}

#[tokio::test]
async fn an_invitee_who_accepts_gets_a_confirmation_where_the_network_wants_one() {
    for (settings, confirmed) in [(json!({}), 1), (json!({ "inviteeConfirmation": false }), 0)] {
        let (world, _, invitations) = invited(settings, 1).await;
        accept(&world, &invitations[0]).await;
        assert_eq!(told(&world, &invitations[0].0).await.len(), confirmed);
    }
}

/// Answers that are told of together: the first is mailed at once, the others wait, the first of them for all.
async fn waiting(clock: &Clock) -> (World, Person, Vec<(Person, String)>) {
    let (world, mona, invitations) = invited(json!({ "inviteeConfirmation": false }), 4).await;
    for one in &invitations {
        accept(&world, one).await;
        world.pump().await;
    }
    world.fakes.take_mails();
    clock.forward(HOUR);
    (world, mona, invitations)
}

#[tokio::test]
async fn a_digest_whose_sender_dies_after_posting_comes_twice_alike_and_loses_nothing() {
    with_clock(async |clock: Clock| {
        let (world, mona, _) = waiting(&clock).await;
        world.wake().await;
        let changes = world.changes();
        world.fakes.fail_next(SesFault::LostResponse);
        assert!(world.hand_over(&changes).await.is_empty());
        // While the lease lasts no one repeats it.
        assert!(world.hand_over(&changes).await.is_empty());
        clock.forward(2 * MINUTE);
        assert!(world.hand_over(&changes).await.is_empty());
        let mails = world.fakes.take_mails();
        assert_eq!(mails.len(), 2, "this is the window");
        for mail in &mails {
            assert_eq!((&*mail.to, named(mail, 4)), (&*mona.email, vec![1, 2, 3]));
        }
        clock.forward(DAY);
        assert!(world.hand_over(&changes).await.is_empty());
        assert!(told(&world, &mona).await.is_empty());
    })
    .await;
}

#[tokio::test]
async fn an_answer_that_comes_while_a_digest_is_sent_is_in_the_next_one() {
    with_clock(async |clock: Clock| {
        let (world, mona, _) = waiting(&clock).await;
        let [ben] = world.people(["user9"]).await;
        let id = world.invite_user(&mona, "chess", &ben).await;
        world.pump().await;
        world.fakes.take_mails();
        world.wake().await;
        let changes = world.changes();
        // The digest is closed; what notes it as told waits, while the answer joins, or would like to.
        let closing = world.faults.stop_next_update();
        let meanwhile = async {
            closing.reached().await;
            let lease = world.faults.stop_next_update();
            closing.open();
            lease.reached().await;
            accept(&world, &(ben.clone(), id)).await;
            let answered = world.changes();
            assert!(world.hand_over(&answered).await.is_empty());
            lease.open();
        };
        let (failed, ()) = tokio::join!(world.hand_over(&changes), meanwhile);
        assert!(failed.is_empty());
        world.pump().await;
        clock.forward(HOUR);
        let mut mails = world.fakes.take_mails();
        mails.extend(told(&world, &mona).await);
        let mut all: Vec<_> = mails.iter().map(|mail| named(mail, 10)).collect();
        all.sort();
        assert_eq!(all, [vec![1, 2, 3], vec![9]]);
    })
    .await;
}

#[tokio::test]
async fn an_answer_that_joins_a_digest_which_is_sent_meanwhile_is_in_the_next_one() {
    with_clock(async |clock: Clock| {
        let (world, mona, _) = waiting(&clock).await;
        let [ben] = world.people(["user9"]).await;
        let id = world.invite_user(&mona, "chess", &ben).await;
        world.pump().await;
        world.fakes.take_mails();
        accept(&world, &(ben, id)).await;
        let mut changes = world.changes();
        changes.retain(|change| change["dynamodb"]["NewImage"]["kind"]["S"] == "mail");
        let joining = world.faults.stop_next();
        let meanwhile = async {
            joining.reached().await;
            world.wake().await;
            world.pump().await;
            joining.open();
        };
        let (failed, ()) = tokio::join!(world.hand_over(&changes), meanwhile);
        assert!(failed.is_empty());
        world.pump().await;
        clock.forward(HOUR);
        let mut mails = world.fakes.take_mails();
        mails.extend(told(&world, &mona).await);
        let mut all: Vec<_> = mails.iter().map(|mail| named(mail, 10)).collect();
        all.sort();
        assert_eq!(all, [vec![1, 2, 3], vec![9]]);
    })
    .await;
}

#[tokio::test]
async fn of_two_answers_at_once_one_is_told_and_the_other_one_waits() {
    with_clock(async |clock: Clock| {
        let (world, mona, invitations) = invited(json!({ "inviteeConfirmation": false }), 2).await;
        let mut changes = Vec::new();
        for one in &invitations {
            accept(&world, one).await;
            changes.extend(
                world.changes().into_iter().filter(|change| change["dynamodb"]["NewImage"]["kind"]["S"] == "mail"),
            );
        }
        // Both have been read while nobody had been told of anything.
        let noting = world.faults.stop_next_update();
        let meanwhile = async {
            noting.reached().await;
            assert!(world.hand_over(&changes[1..]).await.is_empty());
            noting.open();
        };
        let (failed, ()) = tokio::join!(world.hand_over(&changes[..1]), meanwhile);
        assert!(failed.is_empty());
        assert_eq!(named(&world.fakes.take_mail(), 2), [1]);
        clock.forward(HOUR);
        assert_eq!(named(&told(&world, &mona).await[0], 2), [0]);
    })
    .await;
}

#[tokio::test]
async fn a_notice_whose_attempt_dies_before_the_lease_is_sent_once_and_the_next_one_waits() {
    with_clock(async |clock: Clock| {
        let (world, mona, invitations) = invited(json!({ "inviteeConfirmation": false }), 2).await;
        accept(&world, &invitations[0]).await;
        let mut changes = world.changes();
        changes.retain(|change| change["dynamodb"]["NewImage"]["kind"]["S"] == "mail");
        let noting = world.faults.stop_next_update();
        let dies = async {
            noting.reached().await;
            let leasing = world.faults.stop_next_update();
            noting.open();
            leasing.reached().await;
        };
        tokio::select! {
            failed = world.hand_over(&changes) => panic!("it must not come to its end: {failed:?}"),
            () = dies => {}
        }
        // Another answer finds that the sender is being told.
        accept(&world, &invitations[1]).await;
        assert!(told(&world, &mona).await.is_empty());
        assert!(world.hand_over(&changes).await.is_empty());
        assert_eq!(named(&world.fakes.take_mail(), 2), [0]);
        clock.forward(HOUR);
        assert_eq!(named(&told(&world, &mona).await[0], 2), [1]);
    })
    .await;
}

#[tokio::test]
async fn answers_wait_for_an_hour_after_the_digest_however_late_that_is() {
    with_clock(async |clock: Clock| {
        let (world, mona, _) = waiting(&clock).await;
        let [ben] = world.people(["user9"]).await;
        let id = world.invite_user(&mona, "chess", &ben).await;
        world.pump().await;
        // Nobody wakes anything for a while.
        clock.forward(5 * HOUR);
        assert_eq!(told(&world, &mona).await.len(), 1);
        accept(&world, &(ben, id)).await;
        assert!(told(&world, &mona).await.is_empty());
        clock.forward(HOUR);
        assert_eq!(told(&world, &mona).await.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_digest_that_is_never_woken_goes_out_when_the_table_removes_what_is_over() {
    with_clock(async |clock: Clock| {
        let (world, mona, _) = waiting(&clock).await;
        world.remove_outlived(system::now().as_millisecond() + 2_000);
        let mails = world.deliver_mails().await;
        assert_eq!((mails.len(), &*mails[0].to), (1, &*mona.email));
        assert!(told(&world, &mona).await.is_empty(), "and is not woken after that");
    })
    .await;
}

#[tokio::test]
async fn a_digest_that_is_parked_and_released_tells_all_that_it_carried() {
    with_clock(async |clock: Clock| {
        let (world, mona, invitations) = waiting(&clock).await;
        world.fakes.reject_next();
        assert!(told(&world, &mona).await.is_empty());
        assert_eq!(world.parked_reasons().await, ["MessageRejected"]);
        // What comes meanwhile is not left to it.
        clock.forward(2 * HOUR);
        let [ben] = world.people(["user9"]).await;
        let id = world.invite_user(&mona, "chess", &ben).await;
        accept(&world, &(ben, id)).await;
        assert_eq!(named(&told(&world, &mona).await[0], 10), [9]);
        world.release_parked().await;
        clock.forward(HOUR);
        assert_eq!(named(&told(&world, &mona).await[0], invitations.len()), [1, 2, 3]);
    })
    .await;
}

#[tokio::test]
async fn answers_are_told_also_when_the_network_changes_its_mind_meanwhile() {
    with_clock(async |clock: Clock| {
        let (world, mona, _) = waiting(&clock).await;
        world.settings(json!({ "senderNotices": "each" })).await;
        assert_eq!(named(&told(&world, &mona).await[0], 4), [1, 2, 3]);
        let (world, mona, _) = waiting(&clock).await;
        world.settings(json!({ "senderNotices": "none" })).await;
        assert!(told(&world, &mona).await.is_empty());
        // Nothing is left to the one that was dropped.
        world.settings(json!({})).await;
        let [ben] = world.people(["user9"]).await;
        let id = world.invite_user(&mona, "chess", &ben).await;
        accept(&world, &(ben, id)).await;
        assert_eq!(told(&world, &mona).await.len(), 1);
    })
    .await;
}

/// The reminder of the invitation, as the outbox has it.
async fn reminder_record(world: &World, id: &str) -> Option<Item> {
    let mails = world.dump().await.into_iter();
    mails.filter(|((pk, sk), _)| pk.ends_with(id) && sk.starts_with("MAIL#reminder")).map(|(_, item)| item).next()
}

#[tokio::test]
async fn an_invitee_is_reminded_once_some_days_before_the_expiry() {
    with_clock(async |clock: Clock| {
        let settings = json!({ "reminderDaysBeforeExpiry": 3, "invitationLifetimeDays": 10 });
        let (world, mona, invitations) = invited(settings, 1).await;
        let (ann, id) = &invitations[0];
        clock.forward(7 * DAY - 1);
        assert!(told(&world, ann).await.is_empty());
        clock.forward(2);
        world.wake().await;
        let changes = world.changes();
        assert!(world.hand_over(&changes).await.is_empty());
        let mail = world.fakes.take_mail();
        assert_eq!(
            (&*mail.to, mail.tag("mail"), &*mail.subject),
            (&*ann.email, "reminder", "Your invitation to Chess expires soon")
        );
        assert!(mail.header("List-Unsubscribe").is_some());
        // It is repeated by nothing, and its link works.
        for _ in 0..3 {
            assert!(world.hand_over(&changes).await.is_empty());
        }
        world.backdate_mail(id).await;
        world.command(&mona, id, "resend").await.ok();
        clock.forward(DAY);
        let mails = told(&world, ann).await;
        assert_eq!(mails.iter().map(|mail| mail.tag("mail")).collect::<Vec<_>>(), ["invitation"]);
        assert_eq!(world.submit(&mail.path("i"), "answer=accept").await.status, 200);
    })
    .await;
}

#[tokio::test]
async fn nobody_is_reminded_who_has_answered_or_opted_out_or_cannot_be_reached() {
    with_clock(async |clock: Clock| {
        let settings = json!({ "reminderDaysBeforeExpiry": 3, "invitationLifetimeDays": 10, "senderNotices": "none" });
        let (world, mona) = chess("moderator").await;
        world.settings(settings).await;
        let people = world.people(["ann", "ben", "cem", "dora", "eve", "finn"]).await;
        let mut invitations = Vec::new();
        for person in &people {
            let id = world.invite_user(&mona, "chess", person).await;
            let mail = world.deliver_mail().await;
            invitations.push((id, mail));
        }
        let [ann, ben, cem, dora, eve, finn] = &people;
        accept(&world, &(ann.clone(), invitations[0].0.clone())).await;
        world.command(ben, &invitations[1].0, "decline").await.ok();
        world.unsubscribe(&invitations[2].1.path("u")).await;
        world.ses_event(&SesEvent::new("Complaint", &invitations[3].0).complained(&dora.email)).await;
        world.command(&mona, &invitations[4].0, "cancel").await.ok();
        world.deliver_mails().await;
        clock.forward(7 * DAY + 1);
        world.wake().await;
        let to: Vec<_> = world.deliver_mails().await.into_iter().map(|mail| mail.to).collect();
        assert_eq!(to, [&*finn.email], "{cem:?} {eve:?}");
    })
    .await;
}

#[tokio::test]
async fn reminders_are_not_queued_by_default_nor_sent_once_they_are_unwanted() {
    with_clock(async |clock: Clock| {
        let (world, _, invitations) = invited(json!({}), 1).await;
        assert_eq!(reminder_record(&world, &invitations[0].1).await, None);
        let (world, _, invitations) = invited(json!({ "reminderDaysBeforeExpiry": 3 }), 1).await;
        assert!(reminder_record(&world, &invitations[0].1).await.is_some());
        world.settings(json!({})).await;
        clock.forward(29 * DAY);
        assert!(told(&world, &invitations[0].0).await.is_empty());
    })
    .await;
}

#[tokio::test]
async fn one_mailbox_gets_no_more_than_its_day_holds_whoever_sends() {
    with_clock(async |clock: Clock| {
        let world = World::new().await;
        world.settings(json!({ "dailyInvitationMailsPerAddress": 3, "senderNotices": "none" })).await;
        let [ann] = world.people(["ann"]).await;
        let mut invitations = Vec::new();
        for number in 0..8 {
            let (community, owner) = (format!("club{number}"), person(&format!("owner{number}")));
            world.register(&owner).await;
            world.community_of(&community, &owner, "owner").await;
            // By name and by address: it is the same mailbox.
            let id = match number % 2 {
                0 => world.invite_user(&owner, &community, &ann).await,
                _ => world.invite_address(&owner, &community, "ann@example.org").await,
            };
            invitations.push((owner, id));
        }
        assert_eq!(told(&world, &ann).await.len(), 3);
        for (owner, id) in &invitations {
            assert!(["sent", "queued"].contains(&&*world.delivery(owner, id).await));
        }
        assert!(told(&world, &ann).await.is_empty());
        // From noon to the second hour of the next day.
        clock.forward(13 * HOUR);
        assert_eq!(told(&world, &ann).await.len(), 3);
        clock.forward(DAY);
        assert_eq!(told(&world, &ann).await.len(), 2);
        clock.forward(DAY);
        assert!(told(&world, &ann).await.is_empty());
        for (_, id) in &invitations {
            assert_eq!(world.outbox_mail(id).await.state, MailState::Sent);
        }
    })
    .await;
}

#[tokio::test]
async fn a_busy_mail_service_does_not_use_up_the_day_of_a_mailbox() {
    with_clock(async |_| {
        let (world, mona) = chess("moderator").await;
        world.settings(json!({ "dailyInvitationMailsPerAddress": 1 })).await;
        world.fakes.throttle(40);
        world.invite_address(&mona, "chess", "ann@example.org").await;
        assert_eq!(world.deliver_mail().await.to, "ann@example.org");
    })
    .await;
}

#[tokio::test]
async fn a_mail_over_the_day_of_its_mailbox_is_dropped_if_the_invitation_is_over_by_then() {
    with_clock(async |clock: Clock| {
        let (world, mona) = chess("moderator").await;
        world.settings(json!({ "dailyInvitationMailsPerAddress": 1, "invitationLifetimeDays": 1 })).await;
        world.community_of("choir", &mona, "moderator").await;
        let mut ids = Vec::new();
        for community in ["chess", "choir"] {
            ids.push(world.invite_address(&mona, community, "ann@example.org").await);
        }
        assert_eq!(world.deliver_mails().await.len(), 1);
        clock.forward(25 * HOUR);
        world.wake().await;
        assert!(world.deliver_mails().await.is_empty());
        let mut states = Vec::new();
        for id in &ids {
            states.push(world.outbox_mail(id).await.state.as_str());
        }
        states.sort_unstable();
        assert_eq!(states, ["dropped", "sent"]);
    })
    .await;
}
