//! Invitation mails that found no mailbox of their invitee: they go out once there is one.

use domain::outbox::MailState;
use serde_json::{Value, json};
use testkit::{
    SesEvent,
    embedded::{Person, World, chess, kind_of, person},
};

/// What the platform says of someone whose address it does not know.
fn without_address() -> Value {
    json!({ "email": null, "emailVerified": false })
}

/// Returns a world in which Zoe, whose address nobody knows, is invited in vain, and the invitation's id.
async fn invited_in_vain() -> (World, Person, Person, String) {
    let (world, mona) = chess("owner").await;
    let zoe = person("zoe");
    world.register_with(&zoe, without_address()).await;
    let id = world.invite_user(&mona, "chess", &zoe).await;
    world.pump().await;
    assert!(world.fakes.take_mails().is_empty());
    assert_eq!(world.delivery(&mona, &id).await, "failed");
    (world, mona, zoe, id)
}

#[tokio::test]
async fn the_invitation_mail_goes_out_once_when_the_address_arrives() {
    for verified in [true, false] {
        let (world, mona, zoe, id) = invited_in_vain().await;
        world.register_with(&zoe, json!({ "emailVerified": verified })).await;
        assert_eq!(world.delivery(&mona, &id).await, "queued");
        let mail = world.deliver_mail().await;
        assert_eq!((&*mail.to, mail.tag("mail"), mail.tag("invitation")), (&*zoe.email, "invitation", &*id));
        assert_eq!(world.delivery(&mona, &id).await, "sent");
        for email in [zoe.email.clone(), "new@example.org".to_owned()] {
            world.register_with(&zoe, json!({ "email": email })).await;
            world.pump().await;
            assert!(world.fakes.take_mails().is_empty());
        }
        let answered = world.submit(&mail.path("i"), "answer=accept").await.status;
        assert_eq!(answered, 403, "the link was mailed to another address than hers");
    }
}

#[tokio::test]
async fn the_mail_of_an_invitation_that_has_ended_stays_dropped() {
    for verb in ["cancel", "lapse"] {
        let (world, mona, zoe, id) = invited_in_vain().await;
        if verb == "cancel" {
            world.command(&mona, &id, verb).await.ok();
        } else {
            world.lapse(&id).await;
        }
        world.register(&zoe).await;
        world.pump().await;
        assert!(world.fakes.take_mails().is_empty(), "{verb}");
        assert_eq!(world.outbox_mail(&id).await.state, MailState::Dropped);
    }
}

#[tokio::test]
async fn of_an_invitation_that_was_resent_in_vain_the_last_mail_goes_out() {
    let (world, mona, zoe, id) = invited_in_vain().await;
    world.backdate_mail(&id).await;
    world.command(&mona, &id, "resend").await.ok();
    world.pump().await;
    let revision = world.stored(&id).await.revision;
    world.register(&zoe).await;
    let mail = world.deliver_mail().await;
    assert_eq!(mail.tag("invitation"), id);
    let latest: u64 = mail.tag("revision").parse().unwrap();
    assert!(latest > 1 && latest <= revision, "the last one: {latest} of {revision}");
}

#[tokio::test]
async fn who_was_not_active_is_mailed_when_they_are_again() {
    let (world, mona) = chess("owner").await;
    let [ann] = world.people(["ann"]).await;
    let id = world.invite_user(&mona, "chess", &ann).await;
    world.register_with(&ann, json!({ "active": false })).await;
    world.pump().await;
    assert_eq!(world.delivery(&mona, &id).await, "failed");
    world.register(&ann).await;
    assert_eq!(world.deliver_mail().await.to, ann.email);
}

#[tokio::test]
async fn what_a_suppressed_address_did_not_take_goes_to_another_one() {
    for verified in [true, false] {
        let (world, mona) = chess("owner").await;
        world.community_of("choir", &mona, "owner").await;
        let ann = person("ann");
        let ann = if verified { ann } else { ann.unverified() };
        world.register(&ann).await;
        let bounced = world.invite_user(&mona, "choir", &ann).await;
        world.deliver_mail().await;
        let id = world.invite_user(&mona, "chess", &ann).await;
        Box::pin(world.ses_event(&SesEvent::bounce(&bounced, &ann.email))).await;
        world.pump().await;
        // The same address is no news.
        world.register_with(&ann, json!({ "locale": "de" })).await;
        assert_eq!(world.outbox_mail(&id).await.state, MailState::Dropped);
        world.pump().await;
        assert!(world.fakes.take_mails().is_empty());
        assert_eq!(world.delivery(&mona, &id).await, "failed");
        world.register(&ann.with_email("new@example.org")).await;
        let mail = world.deliver_mail().await;
        assert_eq!((&*mail.to, mail.tag("invitation")), ("new@example.org", &*id), "the other one was sent");
    }
}

#[tokio::test]
async fn an_address_that_arrives_while_the_mail_is_given_up_gets_it() {
    let (world, mona) = chess("owner").await;
    let zoe = person("zoe");
    world.register_with(&zoe, without_address()).await;
    let id = world.invite_user(&mona, "chess", &zoe).await;
    // Counting writes, too, and must not be what is held up.
    let mut changes = world.changes();
    changes.retain(|change| kind_of(change) == "mail");
    let gate = world.faults.stop_next();
    let arrives = async {
        gate.reached().await;
        world.register(&zoe).await;
        gate.open();
    };
    let (failed, ()) = tokio::join!(world.hand_over(&changes), arrives);
    assert_eq!(failed.len(), 1, "it comes again");
    assert!(world.hand_over(&failed).await.is_empty());
    assert_eq!(world.deliver_mail().await.tag("invitation"), id);
}

#[tokio::test]
async fn an_arrival_that_breaks_off_anywhere_is_finished_by_its_repetition() {
    for transactions in 0.. {
        let (world, mona, zoe, id) = invited_in_vain().await;
        world.community_of("choir", &mona, "owner").await;
        let other = world.invite_user(&mona, "choir", &zoe).await;
        world.pump().await;
        world.faults.fail_after(transactions);
        let put = json!({ "displayName": "Zoe", "email": zoe.email, "emailVerified": true });
        let arrived = world.directory("PUT", "users/zoe", put).await;
        world.faults.clear();
        world.register(&zoe).await;
        let mut mailed: Vec<_> =
            world.deliver_mails().await.iter().map(|mail| mail.tag("invitation").to_owned()).collect();
        mailed.sort();
        let mut both = [id, other];
        both.sort();
        assert_eq!(mailed, both, "each once");
        if arrived.status == 200 {
            assert!(transactions > 1, "broke off nowhere");
            return;
        }
    }
}
