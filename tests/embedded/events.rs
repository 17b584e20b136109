//! Events for the host platform: what they name, and that none is lost or told twice when the bus or the stream fails.

use aws_sdk_dynamodb::types::AttributeValue;
use domain::invitation::Status;
use serde_json::json;
use store::keys::Key;
use testkit::embedded::chess;

#[tokio::test]
async fn events_name_ids_and_times_and_nothing_personal() {
    let (world, mona) = chess("owner").await;
    world.send(&mona, "chess", json!({ "emails": ["secret@example.org"], "message": "Do come!" })).await;
    let token = world.deliver_mail().await.token().unwrap().to_owned();
    for event in world.fakes.take_events() {
        let text = format!("{} {}", event.name, event.raw);
        for personal in ["secret", "example.org", "Do come", "Mona", &token] {
            assert!(!text.contains(personal), "{text}");
        }
        let mut fields: Vec<_> = event.raw.as_object().unwrap().keys().map(String::as_str).collect();
        fields.sort_unstable();
        let allowed = ["communityId", "createdAt", "expiresAt", "id", "invitationId", "senderId", "status"];
        assert_eq!(fields, allowed);
    }
}

#[tokio::test]
async fn an_event_that_the_bus_does_not_take_is_told_later_and_no_other_twice() {
    let (world, mona) = chess("owner").await;
    let [ann, ben] = world.people(["ann", "ben"]).await;
    world.invite_user(&mona, "chess", &ann).await;
    world.invite_user(&mona, "chess", &ben).await;
    world.fakes.fail_events(1);
    let again = world.hand_over(&world.changes()).await;
    assert_eq!((again.len(), world.fakes.take_events().len()), (1, 1));
    assert!(world.hand_over(&again).await.is_empty());
    assert_eq!(world.fakes.take_events().len(), 1);
}

#[tokio::test]
async fn an_invitation_whose_end_was_told_in_vain_expires_when_an_operator_asks() {
    let (world, mona) = chess("moderator").await;
    let id = world.invite_address(&mona, "chess", "ann@example.org").await;
    world.pump().await;
    world.set_expiry(&id, system::now()).await;
    world.remove_by_ttl();
    world.changes();
    world.fakes.take_events();
    let key = Key::invitation(id.parse().unwrap());
    let mut record = world.record(key).await.unwrap();
    record.insert("again".to_owned(), AttributeValue::N("1".to_owned()));
    world.put_record(record).await;
    world.pump().await;
    let events: Vec<_> = world.fakes.take_events().into_iter().map(|event| event.name).collect();
    assert_eq!(events, ["InvitationSent", "InvitationExpired"]);
    let stored = world.stored(&id).await;
    assert_eq!(stored.status, Status::Expired);
}

#[tokio::test]
async fn what_the_stream_told_in_vain_is_told_again_when_an_operator_asks() {
    let (world, mona) = chess("moderator").await;
    let id = world.invite_address(&mona, "chess", "ann@example.org").await;
    world.changes();
    world.pump().await;
    assert!(world.fakes.take_mails().is_empty() && world.fakes.take_events().is_empty(), "all of it was lost");
    for mut record in [world.mail_record(&id).await, world.record(Key::invitation(id.parse().unwrap())).await.unwrap()]
    {
        record.insert("again".to_owned(), AttributeValue::N("1".to_owned()));
        world.put_record(record).await;
    }
    world.pump().await;
    assert_eq!(world.fakes.take_mails().len(), 1);
    let events = world.fakes.take_events();
    assert_eq!(events.iter().map(|event| event.name.as_str()).collect::<Vec<_>>(), ["InvitationSent"]);
    assert_eq!(world.stats(&mona, "chess").await.counts["pending"], 1);
    assert_eq!(world.delivery(&mona, &id).await, "sent");
}
