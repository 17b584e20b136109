//! What moderators, senders and invitees are told of, and how often: as much as the network wants, nothing twice, and
//! nothing lost, whoever dies in between. Reminders are in `reminders`.

use futures::future::join_all;
use serde_json::{Value, json};
use testkit::{
    SesEvent,
    embedded::{Mail, Person, SesFault, World, chess, kind_of, person, recipients},
};

use crate::list_order::{Clock, with_clock};

const MINUTE: i64 = 60_000;
pub(crate) const HOUR: i64 = 60 * MINUTE;
pub(crate) const DAY: i64 = 24 * HOUR;

/// Returns a world with those settings in which Mona, its moderator, has invited some people to chess, with the ids of
/// the invitations. What was mailed so far is put aside.
pub(crate) async fn invited(settings: Value, count: usize) -> (World, Person, Vec<(Person, String)>) {
    let (world, mona) = chess("moderator").await;
    world.settings(settings).await;
    let ids = world.users(count).await;
    let sent = world.send(&mona, "chess", json!({ "userIds": ids })).await;
    let invitations: Vec<_> =
        ids.iter().zip(&sent.results).map(|(id, result)| (person(id), result.id().to_owned())).collect();
    world.deliver_mails().await;
    (world, mona, invitations)
}

pub(crate) async fn accept(world: &World, (who, id): &(Person, String)) {
    world.command(who, id, "accept").await.ok();
}

/// Delivers what is due, and returns the mails to the person.
pub(crate) async fn told(world: &World, whom: &Person) -> Vec<Mail> {
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
async fn who_has_ceased_to_moderate_does_not_hear_of_a_request_that_waited() {
    let (world, mona) = chess("moderator").await;
    world.community("chess", json!({ "enrolment": "closed" })).await;
    world.settings(json!({ "membersInviteConnectionsOnly": false })).await;
    let [mia, mo, mary] = world.people(["mia", "mo", "mary"]).await;
    world.member("chess", &mia, "member").await;
    for moderator in [&mo, &mary] {
        world.member("chess", moderator, "moderator").await;
    }
    world.invite_address(&mia, "chess", "zoe@example.org").await;
    // The mail to all moderators becomes one to each of them.
    world.hand_over(&world.fresh_changes()).await;
    assert!(world.fakes.take_mails().is_empty());
    world.member("chess", &mo, "member").await;
    world.remove("communities/chess/members/mary").await;
    assert_eq!(recipients(&world.deliver_mails().await), [&*mona.email]);
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

#[tokio::test]
async fn who_accepts_before_the_directory_knows_them_is_told_at_the_address_that_was_invited() {
    for (bounces, confirmed) in [(false, 1), (true, 0)] {
        let (world, mona) = chess("moderator").await;
        let zoe = person("zoe");
        let id = world.invite_address(&mona, "chess", &zoe.email).await;
        world.deliver_mail().await;
        world.command(&zoe, &id, "accept").await.ok();
        if bounces {
            world.ses_event(&SesEvent::new("Bounce", &id).bounced("Permanent", &zoe.email)).await;
        }
        let mails = told(&world, &zoe).await;
        assert_eq!(mails.len(), confirmed, "{bounces}");
        assert!(mails.iter().all(|mail| mail.tag("mail") == "membership_confirmed"));
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

/// A digest whose time has come, and somebody's invitation that is not answered yet.
async fn beside_a_digest(clock: &Clock) -> (World, Person, (Person, String)) {
    let (world, mona, _) = waiting(clock).await;
    let [ben] = world.people(["user9"]).await;
    let id = world.invite_user(&mona, "chess", &ben).await;
    world.pump().await;
    world.fakes.take_mails();
    (world, mona, (ben, id))
}

/// Asserts that nothing failed while both came at once, and that the answer is told in a digest after the other one.
async fn assert_told_in_two_digests(world: &World, mona: &Person, clock: &Clock, failed: &[Value]) {
    assert!(failed.is_empty());
    world.pump().await;
    clock.forward(HOUR);
    let mut mails = world.fakes.take_mails();
    mails.extend(told(world, mona).await);
    let mut all: Vec<_> = mails.iter().map(|mail| named(mail, 10)).collect();
    all.sort();
    assert_eq!(all, [vec![1, 2, 3], vec![9]]);
}

#[tokio::test]
async fn an_answer_that_comes_while_a_digest_is_sent_is_in_the_next_one() {
    with_clock(async |clock: Clock| {
        let (world, mona, ben) = beside_a_digest(&clock).await;
        world.wake().await;
        let changes = world.changes();
        // The digest is closed; what notes it as told waits, while the answer joins, or would like to.
        let closing = world.faults.stop_next_update();
        let meanwhile = async {
            closing.reached().await;
            let lease = world.faults.stop_next_update();
            closing.open();
            lease.reached().await;
            accept(&world, &ben).await;
            let answered = world.changes();
            assert!(world.hand_over(&answered).await.is_empty());
            lease.open();
        };
        let (failed, ()) = tokio::join!(world.hand_over(&changes), meanwhile);
        assert_told_in_two_digests(&world, &mona, &clock, &failed).await;
    })
    .await;
}

#[tokio::test]
async fn an_answer_that_joins_a_digest_which_is_sent_meanwhile_is_in_the_next_one() {
    with_clock(async |clock: Clock| {
        let (world, mona, ben) = beside_a_digest(&clock).await;
        accept(&world, &ben).await;
        let mut changes = world.changes();
        changes.retain(|change| kind_of(change) == "mail");
        let joining = world.faults.stop_next();
        let meanwhile = async {
            joining.reached().await;
            world.wake().await;
            world.pump().await;
            joining.open();
        };
        let (failed, ()) = tokio::join!(world.hand_over(&changes), meanwhile);
        assert_told_in_two_digests(&world, &mona, &clock, &failed).await;
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
            changes.extend(world.changes().into_iter().filter(|change| kind_of(change) == "mail"));
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
        changes.retain(|change| kind_of(change) == "mail");
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
