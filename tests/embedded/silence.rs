//! Invitations that the platform tells people of: no mail, and all else as ever.

use serde_json::json;
use testkit::embedded::{World, chess, recipients};

#[tokio::test]
async fn no_mail_tells_of_a_silent_invitation_and_everything_else_is_as_ever() {
    let (world, mona) = chess("owner").await;
    let [ann, ben] = world.people(["ann", "ben"]).await;
    let body = json!({ "userIds": ["ann", "ben"], "emails": ["zoe@example.org"], "notify": false });
    let sent = world.send(&mona, "chess", body).await;
    assert_eq!(sent.outcomes(), ["invited"; 3]);
    for result in &sent.results {
        let shown = world.invitation(&mona, result.id()).await;
        assert_eq!(result.made().action_ids(), shown.action_ids(), "what the sender may do, they may at once");
    }
    world.pump().await;
    assert_eq!(recipients(&world.fakes.take_mails()), [""; 0]);
    let events: Vec<_> = world.fakes.take_events().into_iter().map(|event| event.name).collect();
    assert_eq!(events, ["InvitationSent"; 3]);
    let [to_ann, to_ben, to_zoe] = [0, 1, 2].map(|index| sent.results[index].id().to_owned());
    let shown = world.invitation(&ann, &to_ann).await;
    assert_eq!((shown.delivery, world.waiting(&ann).await), (None, 1));
    world.command(&ann, &to_ann, "accept").await.ok();
    world.pump().await;
    let mails = world.fakes.take_mails();
    assert_eq!(recipients(&mails), ["ann@example.org", "mona@example.org"], "the answer is told");
    // Whoever has it cancelled had heard of it.
    world.command(&mona, &to_ben, "cancel").await.ok();
    assert_eq!(world.mine(&ben).await.statuses(), ["cancelled"]);
    // Who sent it may mail it after all, at once, and again an hour later.
    assert!(world.invitation(&mona, &to_zoe).await.action_ids().contains(&"RESEND_COMMUNITY_INVITATION"));
    world.command(&mona, &to_zoe, "resend").await.ok();
    assert_eq!(world.deliver_mail().await.to, "zoe@example.org");
    assert_eq!(world.delivery(&mona, &to_zoe).await, "sent");
    world.command(&mona, &to_zoe, "resend").await.refused(429, "resent_recently");
}

#[tokio::test]
async fn a_silent_request_is_told_to_moderators_and_not_to_the_invitee() {
    for (mode, status) in [("acceptance", "pending"), ("automatic", "accepted")] {
        let world = World::new().await;
        let [mona, mia, ann] = world.people(["mona", "mia", "ann"]).await;
        world.community("chess", json!({ "enrolment": "closed", "membershipMode": mode })).await;
        world.member("chess", &mona, "moderator").await;
        world.member("chess", &mia, "member").await;
        world.connect(&mia, &ann).await;
        let body = json!({ "userIds": ["ann"], "notify": false });
        let id = world.invite(&mia, "chess", body).await.id().to_owned();
        world.pump().await;
        assert_eq!(recipients(&world.fakes.take_mails()), ["mona@example.org"]);
        assert_eq!(world.command(&mona, &id, "approve").await.invitation().status, status);
        world.pump().await;
        assert_eq!(recipients(&world.fakes.take_mails()), [""; 0], "{mode}");
        assert_eq!(world.mine(&ann).await.statuses(), [status]);
    }
}

#[tokio::test]
async fn a_silent_request_that_is_withdrawn_has_reached_nobody() {
    let world = World::new().await;
    let [mona, mia, ann] = world.people(["mona", "mia", "ann"]).await;
    world.community("chess", json!({ "enrolment": "closed" })).await;
    world.member("chess", &mona, "moderator").await;
    world.member("chess", &mia, "member").await;
    world.connect(&mia, &ann).await;
    let id = world.invite(&mia, "chess", json!({ "userIds": ["ann"], "notify": false })).await.id().to_owned();
    world.command(&mia, &id, "cancel").await.ok();
    assert_eq!(world.mine(&ann).await.statuses(), [""; 0]);
}

#[tokio::test]
async fn members_who_join_silently_get_no_mail() {
    let (world, mona) = chess("owner").await;
    let [ann] = world.people(["ann"]).await;
    world.community("chess", json!({ "membershipMode": "automatic" })).await;
    let body = json!({ "userIds": ["ann"], "notify": false });
    assert_eq!(world.outcome(&mona, "chess", body).await, "joined");
    world.pump().await;
    assert_eq!(recipients(&world.fakes.take_mails()), [""; 0]);
    assert_eq!(world.role(&ann, "chess").await.as_deref(), Some("member"));
}

#[tokio::test]
async fn silence_is_part_of_the_request_and_not_of_its_preview() {
    let (world, mona) = chess("owner").await;
    world.people(["ann"]).await;
    let [loud, silent] = [true, false].map(|notify| json!({ "userIds": ["ann"], "notify": notify }));
    let first = world.send_with_key(&mona, "key", &silent).await.sent();
    assert_eq!(world.send_with_key(&mona, "key", &silent).await.sent(), first);
    world.send_with_key(&mona, "key", &loud).await.refused(422, "idempotency_key_reused");
    world.send_with_key(&mona, "other", &loud).await.ok();
    world.send_with_key(&mona, "other", &json!({ "userIds": ["ann"] })).await.ok();
    let preview = async |body| world.post(&mona, "/communities/chess/invitations/preview", body).await.preview();
    assert_eq!(preview(silent).await, preview(loud).await);
}
