//! How many invitation mails a mailbox gets in a day, whoever sends, and what becomes of those beyond it.

use domain::outbox::MailState;
use serde_json::json;
use testkit::embedded::{World, chess, person};

use crate::{
    list_order::{Clock, with_clock},
    notices::{DAY, HOUR, told},
};

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

#[tokio::test]
async fn an_invitation_that_is_mailed_again_while_its_mail_waits_is_mailed_once() {
    with_clock(async |clock: Clock| {
        let (world, mona) = chess("moderator").await;
        let [ann] = world.people(["ann"]).await;
        world.settings(json!({ "dailyInvitationMailsPerAddress": 1 })).await;
        world.community_of("choir", &mona, "moderator").await;
        world.invite_user(&mona, "chess", &ann).await;
        assert_eq!(told(&world, &ann).await.len(), 1);
        let id = world.invite_user(&mona, "choir", &ann).await;
        for _ in 0..3 {
            clock.forward(HOUR);
            world.command(&mona, &id, "resend").await.ok();
            assert!(told(&world, &ann).await.is_empty());
        }
        clock.forward(DAY);
        assert_eq!(told(&world, &ann).await.len(), 1);
        clock.forward(DAY);
        assert!(told(&world, &ann).await.is_empty());
        assert_eq!(world.delivery(&mona, &id).await, "sent");
    })
    .await;
}
