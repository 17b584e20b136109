//! Withdrawing all that a sender has sent, by one call of the platform.

use serde_json::{Value, json};
use testkit::embedded::{Person, Request, World, chess};

const WITHDRAWN: &str = "The platform has withdrawn all invitations of the sender.";

/// Returns a world in which Mia, a member of a closed community and the owner of an open one, has sent some
/// invitations: the ids of those that are live.
async fn sent_by_mia() -> (World, [Person; 3], Vec<String>) {
    let (world, mona) = chess("owner").await;
    let (mia, ann, request) = world.requested().await;
    world.community_of("choir", &mia, "owner").await;
    let answered = world.invite_user(&mia, "choir", &mona).await;
    world.command(&mona, &answered, "decline").await.ok();
    let pending = world.invite_user(&mia, "choir", &ann).await;
    let mailed = world.invite_address(&mia, "choir", "guest@example.org").await;
    (world, [mona, mia, ann], vec![request, pending, mailed])
}

#[tokio::test]
async fn one_call_withdraws_all_live_invitations_of_a_sender_in_silence() {
    let (world, [mona, mia, ann], live) = sent_by_mia().await;
    let [ben] = world.people(["ben"]).await;
    let of_mona = world.invite_user(&mona, "chess", &ben).await;
    world.pump().await;
    world.fakes.take_mails();
    world.fakes.take_events();
    for _ in 0..2 {
        world.remove("users/mia/invitations").await;
    }
    for id in &live {
        let seen = world.invitation(&mia, id).await;
        assert_eq!((&*seen.status, seen.reason.as_deref()), ("cancelled", Some(WITHDRAWN)));
    }
    assert_eq!(world.page(&mia, "/me/invitations/sent?status=declined").await.ids().len(), 1);
    world.pump().await;
    assert!(world.fakes.take_mails().is_empty());
    let events: Vec<_> = world.fakes.take_events().into_iter().map(|event| event.name).collect();
    assert_eq!(events, ["InvitationCancelled"; 3]);
    assert_eq!(world.status(&ben, &of_mona).await, "pending", "another's");
    // Neither is what she may do concerned.
    world.invite_user(&mona, "chess", &ann).await;
    world.invite_user(&mia, "choir", &ann).await;
}

#[tokio::test]
async fn a_mail_that_waits_is_not_sent_for_a_sender_whose_invitations_are_withdrawn() {
    let (world, _, _) = sent_by_mia().await;
    world.remove("users/mia/invitations").await;
    world.pump().await;
    let soliciting = ["invitation", "approval_needed"];
    assert!(world.fakes.take_mails().iter().all(|mail| !soliciting.contains(&mail.tag("mail"))));
}

#[tokio::test]
async fn making_a_sender_inactive_withdraws_nothing_by_itself() {
    let (world, [mona, mia, ann], live) = sent_by_mia().await;
    world.register_with(&mia, json!({ "active": false })).await;
    assert_eq!(world.status(&ann, &live[1]).await, "pending");
    world.remove("users/mia/invitations").await;
    assert_eq!(world.status(&ann, &live[1]).await, "cancelled");
    assert_eq!(world.status(&mona, &live[0]).await, "cancelled");
}

#[tokio::test]
async fn only_site_administrators_withdraw_what_others_sent_and_the_sender_need_not_exist() {
    let (world, [_, mia, ann], live) = sent_by_mia().await;
    let withdraw = || Request::new("DELETE", "/directory/users/mia/invitations");
    for caller in [&mia, &ann] {
        world.call(withdraw().by(caller)).await.refused(403, "not_site_administrator");
    }
    assert_eq!(world.status(&mia, &live[1]).await, "pending");
    world.directory("DELETE", "users/ghost/invitations", Value::Null).await.expect(204);
}

#[tokio::test]
async fn a_withdrawal_that_breaks_off_anywhere_is_finished_by_its_repetition() {
    for transactions in 0..=3 {
        let (world, [_, mia, _], live) = sent_by_mia().await;
        world.faults.fail_after(transactions);
        let broken = world.directory("DELETE", "users/mia/invitations", Value::Null).await;
        assert_eq!(broken.status == 204, transactions == 3);
        world.faults.clear();
        world.remove("users/mia/invitations").await;
        for id in &live {
            assert_eq!(world.status(&mia, id).await, "cancelled");
        }
    }
}
