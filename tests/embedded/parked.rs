//! Mails that were given up: an operator finds them, nothing waits for them, and they are sent on demand.

use aws_sdk_dynamodb::types::AttributeValue;
use testkit::embedded::{chess, recipients};

#[tokio::test]
async fn a_mail_that_is_rejected_is_parked_where_an_operator_finds_it() {
    let (world, mona) = chess("owner").await;
    let id = world.invite_address(&mona, "chess", "x@example.org").await;
    world.fakes.reject_next();
    world.pump().await;
    assert!(world.fakes.take_mails().is_empty());
    assert_eq!(world.delivery(&mona, &id).await, "failed");
    let mut parked = world.parked().await;
    let ((_, name), note) = parked.pop_first().unwrap();
    assert!(parked.is_empty() && name.starts_with(&id), "{name} {parked:?}");
    assert!(!format!("{note:?}").contains("example.org"), "no address beside the invitation's own");
}

#[tokio::test]
async fn deleting_the_record_of_a_parked_mail_sends_it_again() {
    let (world, mona) = chess("moderator").await;
    let [ann] = world.people(["ann"]).await;
    let id = world.invite_user(&mona, "chess", &ann).await;
    world.fakes.reject_next();
    let changes = world.changes();
    // However often it comes, it waits for a person.
    for _ in 0..2 {
        assert!(world.hand_over(&changes).await.is_empty());
        assert!(world.fakes.take_mails().is_empty());
    }
    world.release_parked().await;
    let deletion = world.changes();
    assert!(world.hand_over(&deletion).await.is_empty());
    world.deliver_mail().await;
    // The stream repeats itself: what has been sent meanwhile is not sent again.
    assert!(world.hand_over(&deletion).await.is_empty());
    world.pump().await;
    assert!(world.fakes.take_mails().is_empty());
    assert_eq!(world.delivery(&mona, &id).await, "sent");
    assert!(world.parked().await.is_empty());
}

#[tokio::test]
async fn a_mail_that_cannot_be_made_holds_up_no_other() {
    let (world, mona) = chess("moderator").await;
    let id = world.invite_address(&mona, "chess", "ann@example.org").await;
    let mut damaged = world.mail_record(&id).await;
    damaged.insert("sk".to_owned(), AttributeValue::S("MAIL#invitation#invitee#9".to_owned()));
    damaged.insert("to".to_owned(), AttributeValue::S("nobody we know".to_owned()));
    world.put_record(damaged).await;
    world.invite_address(&mona, "chess", "ben@example.org").await;
    let mails = world.deliver_mails().await;
    assert_eq!(recipients(&mails), ["ben@example.org"]);
    let mut why = world.parked_reasons().await;
    why.sort();
    assert_eq!(why, ["it cannot be made from what the table holds", "it does not read"]);
}
