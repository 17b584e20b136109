//! What the mail service reports: how far a mail got, and addresses that no mail goes to any more.

use domain::email::EmailAddress;
use serde_json::json;
use testkit::{
    SesEvent,
    embedded::{chess, person},
};

#[tokio::test]
async fn the_invitation_shows_how_far_its_mail_got_and_never_goes_back() {
    let (world, mona) = chess("owner").await;
    let [ann] = world.people(["ann"]).await;
    let id = world.invite_user(&mona, "chess", &ann).await;
    assert_eq!(world.delivery(&mona, &id).await, "queued");
    world.pump().await;
    assert_eq!(world.delivery(&mona, &id).await, "sent");
    for (event, state) in [
        (SesEvent::new("Open", &id), "sent"),
        // The mail service has stopped trying; or an automatic reply was faster than the news of the delivery.
        (SesEvent::new("Bounce", &id).bounced("Transient", &ann.email), "failed"),
        (SesEvent::new("Delivery", &id), "delivered"),
        (SesEvent::new("Bounce", &id).bounced("Transient", &ann.email), "delivered"),
        (SesEvent::new("Bounce", &id).bounced("Undetermined", &ann.email), "delivered"),
        (SesEvent::new("Delivery", &id), "delivered"),
        (SesEvent::new("Complaint", &id).complained(&ann.email), "complained"),
        (SesEvent::new("Delivery", &id), "complained"),
    ] {
        world.ses_event(&event).await;
        assert_eq!(world.delivery(&mona, &id).await, state, "{event:?}");
    }
    // What became of other mails is not the invitation's.
    let other = world.invite_address(&mona, "chess", "x@example.org").await;
    world.ses_event(&SesEvent::new("Delivery", &other).tag("mail", "declined")).await;
    assert_eq!(world.delivery(&mona, &other).await, "queued");
}

#[tokio::test]
async fn an_address_that_bounces_gets_no_more_mail_also_when_its_owner_registers_later() {
    let (world, mona) = chess("owner").await;
    let id = world.invite_address(&mona, "chess", "Zoe@example.org").await;
    world.pump().await;
    world.ses_event(&SesEvent::new("Bounce", &id).bounced("Permanent", "zoe@EXAMPLE.org")).await;
    assert_eq!(world.delivery(&mona, &id).await, "bounced");
    world.pump().await;
    assert!(world.fakes.take_events().iter().any(|event| event.name == "MailBounced"));
    world.command(&mona, &id, "cancel").await.ok();
    let outcome = async |body| world.outcome(&mona, "chess", body).await;
    assert_eq!(outcome(json!({ "emails": ["zoe@example.org"] })).await, "unavailable");
    world.register(&person("zoe")).await;
    assert_eq!(outcome(json!({ "userIds": ["zoe"] })).await, "unavailable");
    // With another address there is nothing against it.
    world.register(&person("zoe").with_email("new@example.org")).await;
    assert_eq!(outcome(json!({ "userIds": ["zoe"] })).await, "invited");
}

#[tokio::test]
async fn late_news_of_an_earlier_mail_is_not_taken_for_that_of_the_one_mailed_since() {
    let (world, mona) = chess("moderator").await;
    let id = world.invite_address(&mona, "chess", "ann@example.org").await;
    world.pump().await;
    let first = world.fakes.take_mail();
    world.backdate_mail(&id).await;
    world.command(&mona, &id, "resend").await.ok();
    let hear = async |kind, revision: &str| {
        world.ses_event(&SesEvent::new(kind, &id).tag("revision", revision)).await;
        world.delivery(&mona, &id).await
    };
    assert_eq!(hear("Delivery", first.tag("revision")).await, "queued");
    world.pump().await;
    let second = world.fakes.take_mail();
    assert_eq!(hear("Reject", first.tag("revision")).await, "sent");
    assert_eq!(hear("Delivery", second.tag("revision")).await, "delivered");
}

#[tokio::test]
async fn an_address_that_bounced_gets_no_mail_for_a_user_who_has_not_proven_it_either() {
    let (world, mona) = chess("moderator").await;
    let ann = person("ann").unverified();
    world.register(&ann).await;
    world.community_of("choir", &mona, "owner").await;
    let by_address = world.invite_address(&mona, "chess", &ann.email).await;
    world.pump().await;
    world.fakes.take_mails();
    world.ses_event(&SesEvent::bounce(&by_address, &ann.email)).await;
    let id = world.invite_user(&mona, "chess", &ann).await;
    world.pump().await;
    assert!(world.fakes.take_mails().is_empty());
    assert_eq!(world.delivery(&mona, &id).await, "failed");
    let outcome = world.outcome(&mona, "choir", json!({ "userIds": ["ann"] })).await;
    assert_eq!(outcome, "unavailable", "the next sender is told at once");
}

#[tokio::test]
async fn a_bounce_is_noted_with_the_user_whom_the_mail_was_for() {
    let (world, mona) = chess("moderator").await;
    world.community_of("choir", &mona, "owner").await;
    let ann = person("ann").unverified();
    world.register(&ann).await;
    let id = world.invite_user(&mona, "chess", &ann).await;
    world.pump().await;
    let outcome = async || world.outcome(&mona, "choir", json!({ "userIds": ["ann"] })).await;
    world.ses_event(&SesEvent::bounce(&id, "other@example.org")).await;
    assert_eq!(outcome().await, "invited", "it was another address that bounced");
    let again = world.mine(&ann).await.invitations[0].id.clone();
    world.command(&mona, &again, "cancel").await.ok();
    world.ses_event(&SesEvent::bounce(&id, &ann.email)).await;
    assert_eq!(outcome().await, "unavailable");
}

#[tokio::test]
async fn whoever_cannot_be_reached_any_more_gets_no_mail_that_was_in_the_outbox_before() {
    let (world, mona) = chess("moderator").await;
    world.community_of("choir", &mona, "owner").await;
    let [ann, ben] = world.people(["ann", "ben"]).await;
    let to_ann = world.invite_user(&mona, "chess", &ann).await;
    let to_guest = world.invite_address(&mona, "chess", "guest@example.org").await;
    world.pump().await;
    world.fakes.take_mails();
    let mut unsent = vec![world.invite_user(&mona, "choir", &ann).await, world.invite_user(&mona, "choir", &ben).await];
    unsent.push(world.invite_address(&mona, "choir", "guest@example.org").await);
    world.ses_event(&SesEvent::bounce(&to_ann, &ann.email)).await;
    world.ses_event(&SesEvent::bounce(&to_guest, "guest@example.org")).await;
    world.register_with(&ben, json!({ "active": false })).await;
    world.pump().await;
    assert!(world.fakes.take_mails().is_empty());
    for id in unsent {
        assert_eq!(world.delivery(&mona, &id).await, "failed");
    }
}

#[tokio::test]
async fn a_late_bounce_of_an_earlier_address_says_nothing_of_the_present_one() {
    let (world, mona) = chess("moderator").await;
    for community in ["choir", "club"] {
        world.community_of(community, &mona, "owner").await;
    }
    let ann = person("ann").unverified();
    let mut mailed = Vec::new();
    for (community, email) in [("chess", "one@example.org"), ("choir", "two@example.org")] {
        let ann = ann.with_email(email);
        world.register(&ann).await;
        mailed.push(world.invite_user(&mona, community, &ann).await);
        world.pump().await;
    }
    world.ses_event(&SesEvent::bounce(&mailed[1], "two@example.org")).await;
    world.ses_event(&SesEvent::bounce(&mailed[0], "one@example.org")).await;
    let outcome = world.outcome(&mona, "club", json!({ "userIds": ["ann"] })).await;
    assert_eq!(outcome, "unavailable");
}

#[tokio::test]
async fn a_bounce_that_comes_while_the_address_changes_says_nothing_of_the_new_one() {
    let (world, mona) = chess("moderator").await;
    world.community_of("choir", &mona, "owner").await;
    let [ann] = world.people(["ann"]).await;
    let id = world.invite_user(&mona, "chess", &ann).await;
    world.pump().await;
    let address = world.faults.stop_next_update();
    let bounce = SesEvent::bounce(&id, &ann.email);
    futures::join!(world.ses_event(&bounce), async {
        address.reached().await;
        let user = world.faults.stop_next_update();
        address.open();
        user.reached().await;
        world.register(&ann.with_email("new@example.org")).await;
        user.open();
    });
    assert_eq!(world.outcome(&mona, "choir", json!({ "userIds": ["ann"] })).await, "invited");
}

#[tokio::test]
async fn a_suppressed_address_is_unavailable_by_id_and_by_address() {
    let (world, mona) = chess("moderator").await;
    let [ann] = world.people(["ann"]).await;
    for email in [&ann.email, "gone@example.org"] {
        world.deliver.store.suppress(&email.parse::<EmailAddress>().unwrap().key(), None).await.unwrap();
    }
    let sent = world.send(&mona, "chess", json!({ "userIds": ["ann"], "emails": ["gone@example.org"] })).await;
    assert_eq!(sent.outcomes(), ["unavailable", "unavailable"]);
}

#[tokio::test]
async fn feedback_whose_write_lost_its_response_is_written_once() {
    let (world, mona) = chess("moderator").await;
    let id = world.invite_address(&mona, "chess", "ann@example.org").await;
    world.pump().await;
    let before = world.stored(&id).await.revision;
    world.faults.lose_responses(5);
    world.ses_event(&SesEvent::new("Delivery", &id).tag("revision", "1")).await;
    world.faults.clear();
    assert_eq!(
        (world.delivery(&mona, &id).await.as_str(), world.stored(&id).await.revision),
        ("delivered", before + 1)
    );
}

#[tokio::test]
async fn feedback_that_collides_with_another_write_waits_it_out() {
    let (world, mona) = chess("moderator").await;
    let id = world.invite_address(&mona, "chess", "ann@example.org").await;
    world.pump().await;
    world.faults.conflict(3);
    world.ses_event(&SesEvent::new("Delivery", &id).tag("revision", "1")).await;
    assert_eq!(world.delivery(&mona, &id).await, "delivered");
}
