//! Reminders: to whom they go before an invitation expires, once each, and who gets none.

use serde_json::json;
use store::record::Item;
use testkit::{
    SesEvent,
    embedded::{World, chess},
};

use crate::{
    list_order::{Clock, with_clock},
    notices::{DAY, accept, invited, told},
};

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
async fn who_was_mailed_again_is_reminded_all_the_same() {
    with_clock(async |clock: Clock| {
        let settings = json!({ "reminderDaysBeforeExpiry": 3, "invitationLifetimeDays": 10 });
        let (world, mona, invitations) = invited(settings, 1).await;
        let (ann, id) = &invitations[0];
        clock.forward(DAY);
        world.command(&mona, id, "resend").await.ok();
        clock.forward(7 * DAY);
        let kinds: Vec<_> = told(&world, ann).await.iter().map(|mail| mail.tag("mail").to_owned()).collect();
        assert_eq!(kinds, ["invitation", "reminder"]);
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
