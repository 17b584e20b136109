//! What follows by itself: counts, expiry, the fate of mails, refusals that stick, and people and communities that go.

use aws_sdk_dynamodb::types::AttributeValue;
use domain::{email::EmailAddress, invitation::Status, person::Party};
use jiff::SignedDuration;
use serde_json::{Value, json};
use store::keys::Key;
use system::now;

use crate::world::{Ask, Person, World, person};

async fn chess() -> (World, Person) {
    let world = World::new().await;
    let [mona] = world.people(["mona"]).await;
    world.settings(json!({ "declineCooldownDays": 0 })).await;
    world.community("chess", json!({})).await;
    world.member("chess", &mona, "owner").await;
    (world, mona)
}

/// A member, and whom they ask the moderators to invite, with the request.
async fn requested(world: &World) -> (Person, Person, String) {
    world.community("chess", json!({ "enrolment": "closed" })).await;
    let [mia, ann] = world.people(["mia", "ann"]).await;
    world.member("chess", &mia, "member").await;
    world.connect(&mia, &ann).await;
    let id = world.invite_user(&mia, "chess", &ann).await;
    (mia, ann, id)
}

async fn stats(world: &World, mona: &Person) -> Value {
    world.get(mona, "/communities/chess/invitations/stats").await.ok()
}

/// The counts that are not zero.
fn counts(stats: &Value) -> Vec<(&str, i64)> {
    let counts = stats["counts"].as_object().unwrap();
    assert_eq!(counts.len(), 7, "every state is counted");
    counts
        .iter()
        .map(|(name, count)| (name.as_str(), count.as_i64().unwrap()))
        .filter(|(_, count)| *count != 0)
        .collect()
}

/// Invites people, of whom some accept and some decline, each after so many seconds.
async fn some_history(world: &World, mona: &Person) {
    for (number, (verb, seconds)) in
        [("accept", 10), ("accept", 20), ("decline", 60), ("accept", 3_600), ("cancel", 0), ("", 0)]
            .into_iter()
            .enumerate()
    {
        let one = person(&format!("one{number}"));
        world.register(&one).await;
        let id = world.invite_user(mona, "chess", &one).await;
        // As if it had been sent that long ago.
        let ago = SignedDuration::from_secs(seconds);
        if seconds > 0 {
            let expiry = world.stored(&id).await.expires_at;
            world.set_expiry(&id, expiry - ago).await;
        }
        match verb {
            "" => {}
            "cancel" => drop(world.command(mona, &id, verb).await.ok()),
            _ => drop(world.command(&one, &id, verb).await.ok()),
        }
    }
}

#[tokio::test]
async fn stats_tell_the_states_the_share_of_yes_and_the_median_time_to_answer() {
    let (world, mona) = chess().await;
    let empty = stats(&world, &mona).await;
    assert_eq!(
        (counts(&empty), &empty["acceptanceRate"], &empty["medianAnswerSeconds"]),
        (vec![], &Value::Null, &Value::Null)
    );
    some_history(&world, &mona).await;
    world.pump().await;
    let told = stats(&world, &mona).await;
    assert_eq!(counts(&told), [("accepted", 3), ("cancelled", 1), ("declined", 1), ("pending", 1)]);
    assert_eq!(told["acceptanceRate"], 0.75);
    let median = told["medianAnswerSeconds"].as_u64().unwrap();
    assert!((20..=22).contains(&median), "the lower one of 20 and 60: {median}");
}

#[tokio::test]
async fn stats_are_right_however_often_and_in_whatever_order_changes_arrive() {
    let (world, mona) = chess().await;
    some_history(&world, &mona).await;
    let changes = world.history();
    // Backwards, in pieces of three with every piece twice, and as it was.
    let backwards: Vec<_> = changes.iter().rev().cloned().collect();
    let stuttering = changes.chunks(3).flat_map(|piece| [piece, piece].concat()).collect();
    for order in [backwards, stuttering, changes] {
        for batch in order.chunks(7) {
            world.hand_over(batch).await;
        }
    }
    world.pump().await;
    let told = stats(&world, &mona).await;
    assert_eq!(counts(&told), [("accepted", 3), ("cancelled", 1), ("declined", 1), ("pending", 1)]);
    assert_eq!(told["acceptanceRate"], 0.75);
    // Events come again under the same ids, and no mail goes out twice.
    let mails = world.post.take_mails();
    let mut ids: Vec<_> =
        mails.iter().map(|mail| (mail.tag("invitation"), mail.tag("mail"), mail.to.as_str())).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), mails.len());
    let events = world.post.take_events();
    let mut names: Vec<_> = events.iter().map(|event| (event["id"].to_string(), event["name"].to_string())).collect();
    names.sort();
    names.dedup();
    let of = |name: &str| names.iter().filter(|(_, found)| *found == format!("\"{name}\"")).count();
    assert_eq!(
        ["InvitationSent", "InvitationAccepted", "InvitationDeclined", "InvitationCancelled"].map(of),
        [6, 3, 1, 1]
    );
}

#[tokio::test]
async fn events_name_ids_and_times_and_nothing_personal() {
    let (world, mona) = chess().await;
    world.invite(&mona, "chess", json!({ "emails": ["secret@example.org"], "message": "Do come!" })).await;
    world.pump().await;
    let token = world.post.take_mails()[0].path("i").replace("/i/", "");
    for event in world.post.take_events() {
        let text = event.to_string();
        for personal in ["secret", "example.org", "Do come", "Mona", &token] {
            assert!(!text.contains(personal), "{text}");
        }
        let mut fields: Vec<_> = event.as_object().unwrap().keys().map(String::as_str).collect();
        fields.sort_unstable();
        let allowed = ["communityId", "createdAt", "expiresAt", "id", "invitationId", "name", "senderId", "status"];
        assert_eq!(fields, allowed);
    }
}

#[tokio::test]
async fn an_event_that_the_bus_refuses_is_told_later_and_no_other_twice() {
    let (world, mona) = chess().await;
    let [ann, ben] = world.people(["ann", "ben"]).await;
    world.invite_user(&mona, "chess", &ann).await;
    world.invite_user(&mona, "chess", &ben).await;
    world.post.refuse_events(1);
    let again = world.hand_over(&world.changes()).await;
    assert_eq!((again.len(), world.post.take_events().len()), (1, 1));
    assert!(world.hand_over(&again).await.is_empty());
    assert_eq!(world.post.take_events().len(), 1);
}

#[tokio::test]
async fn when_the_table_drops_the_deadline_the_invitation_expires_for_good() {
    let (world, mona) = chess().await;
    let [ann, ben] = world.people(["ann", "ben"]).await;
    let lapsed = world.invite_user(&mona, "chess", &ann).await;
    let answered = world.invite_user(&mona, "chess", &ben).await;
    world.pump().await;
    world.command(&ben, &answered, "accept").await.ok();
    for id in [&lapsed, &answered] {
        world.lapse(id).await;
    }
    assert_eq!(
        counts(&stats(&world, &mona).await),
        [("expired", 1), ("pending", 1)],
        "one lapsed, the other's answer is not counted yet"
    );
    assert_eq!(world.sweep_ttl(), 2);
    world.pump().await;
    let stored = world.stored(&lapsed).await;
    assert_eq!(stored.status.as_str(), "expired");
    assert_eq!(world.stored(&answered).await.status.as_str(), "accepted");
    assert_eq!(counts(&stats(&world, &mona).await), [("accepted", 1), ("expired", 1)]);
    let events = world.post.take_events();
    let expired: Vec<_> = events.iter().filter(|event| event["name"] == "InvitationExpired").collect();
    assert_eq!(expired.len(), 1);
    assert_eq!(expired[0]["invitationId"], lapsed);
}

#[tokio::test]
async fn an_invitation_whose_mail_is_heard_of_while_it_expires_expires() {
    let (world, mona) = chess().await;
    let id = world.invite_address(&mona, "chess", "ann@example.org").await;
    world.pump().await;
    world.lapse(&id).await;
    world.sweep_ttl();
    let changes = world.changes();
    let expiry = world.faults.stop_next();
    let heard = async {
        expiry.reached().await;
        world.edit(&id, |one| one.revision += 1).await;
        expiry.open();
    };
    let (failed, ()) = tokio::join!(world.hand_over(&changes), heard);
    assert!(failed.is_empty());
    assert_eq!(world.stored(&id).await.status, Status::Expired);
}

#[tokio::test]
async fn a_deadline_that_a_later_offer_has_moved_expires_nothing() {
    let (world, mona) = chess().await;
    let (_, ann, id) = requested(&world).await;
    world.pump().await;
    let deadline = world.record(Key::deadline(id.parse().unwrap())).await.unwrap();
    world.edit(&id, |one| one.expires_at = now() + SignedDuration::from_hours(1)).await;
    world.command(&mona, &id, "approve").await.ok();
    world.pump().await;
    let moved = world.record(Key::deadline(id.parse().unwrap())).await.unwrap();
    assert!(moved["ttl"].as_n().unwrap() >= deadline["ttl"].as_n().unwrap(), "approval begins the lifetime anew");
    // The old deadline's removal comes late.
    let mut stale = deadline;
    stale.insert("ttl".to_owned(), AttributeValue::N("1".to_owned()));
    world.put_record(stale).await;
    world.sweep_ttl();
    world.pump().await;
    assert_eq!(world.status(&ann, &id).await, "pending");
}

/// An event of the mail service about an invitation mail.
fn mail_event(kind: &str, invitation: &str, mail: &str, details: Value) -> feedback::MailEvent {
    let mut detail = json!({
        "eventType": kind,
        "mail": { "messageId": "m", "tags": { "invitation": [invitation], "mail": [mail], "attempt": ["1"] } },
    });
    detail.as_object_mut().unwrap().extend(details.as_object().unwrap().clone());
    serde_json::from_value(json!({ "source": "aws.ses", "detail": detail })).unwrap()
}

fn bounce(kind: &str, address: &str) -> Value {
    json!({ "bounce": { "bounceType": kind, "bouncedRecipients": [{ "emailAddress": address }] } })
}

async fn delivery(world: &World, mona: &Person, id: &str) -> Value {
    world.get(mona, format!("/invitations/{id}")).await.ok()["delivery"]["state"].clone()
}

#[tokio::test]
async fn the_invitation_shows_how_far_its_mail_got_and_never_goes_back() {
    let (world, mona) = chess().await;
    let [ann] = world.people(["ann"]).await;
    let id = world.invite_user(&mona, "chess", &ann).await;
    assert_eq!(delivery(&world, &mona, &id).await, "queued");
    world.pump().await;
    assert_eq!(delivery(&world, &mona, &id).await, "sent");
    for (event, details, state) in [
        ("Open", json!({}), "sent"),
        ("Bounce", bounce("Transient", &ann.email), "sent"),
        ("Delivery", json!({}), "delivered"),
        ("Delivery", json!({}), "delivered"),
        (
            "Complaint",
            json!({ "complaint": { "complainedRecipients": [{ "emailAddress": ann.email }] } }),
            "complained",
        ),
        ("Delivery", json!({}), "complained"),
    ] {
        world.feedback.handle(mail_event(event, &id, "invitation", details)).await.unwrap();
        assert_eq!(delivery(&world, &mona, &id).await, state, "{event}");
    }
    // What became of other mails is not the invitation's.
    let other = world.invite_address(&mona, "chess", "x@example.org").await;
    world.feedback.handle(mail_event("Delivery", &other, "declined", json!({}))).await.unwrap();
    assert_eq!(delivery(&world, &mona, &other).await, "queued");
}

#[tokio::test]
async fn an_address_that_bounces_gets_no_more_mail_also_when_its_owner_registers_later() {
    let (world, mona) = chess().await;
    let id = world.invite_address(&mona, "chess", "Zoe@example.org").await;
    world.pump().await;
    world
        .feedback
        .handle(mail_event("Bounce", &id, "invitation", bounce("Permanent", "zoe@EXAMPLE.org")))
        .await
        .unwrap();
    assert_eq!(delivery(&world, &mona, &id).await, "bounced");
    world.pump().await;
    assert!(world.post.take_events().iter().any(|event| event["name"] == "MailBounced"));
    world.command(&mona, &id, "cancel").await.ok();
    let outcome = async |body: Value| world.invite(&mona, "chess", body).await[0]["outcome"].clone();
    assert_eq!(outcome(json!({ "emails": ["zoe@example.org"] })).await, "unavailable");
    world.register(&person("zoe")).await;
    assert_eq!(outcome(json!({ "userIds": ["zoe"] })).await, "unavailable");
    // With another address there is nothing against it.
    world.register(&Person { email: "new@example.org".to_owned(), ..person("zoe") }).await;
    assert_eq!(outcome(json!({ "userIds": ["zoe"] })).await, "invited");
}

#[tokio::test]
async fn one_click_on_unsubscribe_declines_and_blocks_the_community_alone() {
    let (world, mona) = chess().await;
    let [ann] = world.people(["ann"]).await;
    let id = world.invite_user(&mona, "chess", &ann).await;
    world.pump().await;
    let mail = world.post.take_mails().remove(0);
    let link = mail.path("u");
    assert_eq!(mail.header("List-Unsubscribe"), Some(&*format!("<{}{link}>", crate::world::post::BASE_URL)));
    assert_eq!(mail.header("List-Unsubscribe-Post"), Some("List-Unsubscribe=One-Click"));
    let click = Ask::new("POST", &link).form("List-Unsubscribe=One-Click");
    for _ in 0..2 {
        assert_eq!(world.ask(click.clone()).await.status, 200);
    }
    assert_eq!(world.status(&ann, &id).await, "declined");
    let outcome = world.invite(&mona, "chess", json!({ "userIds": ["ann"] })).await[0]["outcome"].clone();
    assert_eq!(outcome, "unavailable");
    world.community("choir", json!({})).await;
    world.member("choir", &mona, "owner").await;
    assert_eq!(world.invite(&mona, "choir", json!({ "userIds": ["ann"] })).await[0]["outcome"], "invited");
}

#[tokio::test]
async fn unsubscribing_works_also_from_a_mail_of_an_invitation_long_gone() {
    let (world, mona) = chess().await;
    let id = world.invite_address(&mona, "chess", "zoe@example.org").await;
    world.pump().await;
    let link = world.post.take_mails()[0].path("u");
    world.command(&mona, &id, "cancel").await.ok();
    assert_eq!(world.ask(Ask::new("POST", &link)).await.status, 200);
    assert_eq!(world.stored(&id).await.status.as_str(), "cancelled");
    assert_eq!(
        world.invite(&mona, "chess", json!({ "emails": ["ZOE@example.org"] })).await[0]["outcome"],
        "unavailable"
    );
    // The refusal is the person's, also under the name they register by.
    world.register(&person("zoe")).await;
    assert_eq!(world.invite(&mona, "chess", json!({ "userIds": ["zoe"] })).await[0]["outcome"], "unavailable");
}

#[tokio::test]
async fn a_busy_mail_service_delays_mails_and_loses_none() {
    let (world, mona) = chess().await;
    for _ in 0..3 {
        world.post.refuse_next("TooManyRequestsException");
    }
    let emails: Vec<_> = (0..10).map(|number| format!("guest{number}@example.org")).collect();
    world.invite(&mona, "chess", json!({ "emails": emails })).await;
    world.pump().await;
    let mut to: Vec<_> = world.post.take_mails().into_iter().map(|mail| mail.to).collect();
    to.sort();
    assert_eq!(to, emails);
}

#[tokio::test]
async fn a_mail_that_is_refused_is_parked_where_an_operator_finds_it() {
    let (world, mona) = chess().await;
    let id = world.invite_address(&mona, "chess", "x@example.org").await;
    world.post.refuse_next("MessageRejected");
    world.pump().await;
    assert!(world.post.take_mails().is_empty());
    assert_eq!(delivery(&world, &mona, &id).await, "failed");
    let parked: Vec<_> = world.dump().await.into_iter().filter(|((pk, _), _)| pk == "PARKED").collect();
    assert_eq!(parked.len(), 1);
    assert!(parked[0].0.1.starts_with(&id));
    assert!(!format!("{:?}", parked[0].1).contains("example.org"), "no address beside the invitation's own");
}

#[tokio::test]
async fn refusing_an_unverified_address_changes_with_its_verification() {
    let (world, mona) = chess().await;
    let zoe = Person { email_verified: false, ..person("zoe") };
    let id = world.invite_address(&mona, "chess", "ZOE@example.org").await;
    world.register(&zoe).await;
    assert_eq!(world.get(&zoe, "/me/invitations").await.ok()["invitations"], json!([]));
    world.get(&zoe, format!("/invitations/{id}")).await.refused(404, "invitation_not_found");
    world.register(&person("zoe")).await;
    assert_eq!(world.get(&zoe, "/me/invitations").await.ok()["pendingCount"], 1);
    assert_eq!(world.command(&zoe, &id, "accept").await.ok()["invitee"]["userId"], "zoe");
    assert_eq!(world.role(&zoe, "chess").await.as_deref(), Some("member"));
}

#[tokio::test]
async fn a_verified_address_in_the_token_is_enough_without_the_directory() {
    let (world, mona) = chess().await;
    let id = world.invite_address(&mona, "chess", "Zoe@Example.org").await;
    let zoe = person("zoe");
    assert_eq!(world.command(&zoe, &id, "accept").await.ok()["status"], "accepted");
    assert_eq!(world.role(&zoe, "chess").await.as_deref(), Some("member"));
    // The address's own standing holds nothing any more, and the same again succeeds.
    assert_eq!(world.command(&zoe, &id, "accept").await.ok()["status"], "accepted");
}

#[tokio::test]
async fn erasing_a_user_withdraws_what_is_live_and_leaves_no_name_or_address() {
    let (world, mona) = chess().await;
    let [ann, ben, cleo, quentin] = world.people(["ann", "ben", "cleo", "quentin"]).await;
    world.member("chess", &quentin, "moderator").await;
    world.connect(&quentin, &ann).await;
    let to_him = {
        world.community("choir", json!({})).await;
        world.member("choir", &mona, "owner").await;
        world.invite_user(&mona, "choir", &quentin).await
    };
    let accepted = world.invite_user(&quentin, "chess", &ann).await;
    world.command(&ann, &accepted, "accept").await.ok();
    let body = json!({ "userIds": ["ben"], "message": "It is me, Quentin." });
    let live = world.invite(&quentin, "chess", body).await[0]["invitation"]["id"].as_str().unwrap().to_owned();
    world.pump().await;
    world.directory("DELETE", "users/quentin", Value::Null).await.ok();
    world.directory("DELETE", "users/quentin", Value::Null).await.ok();

    assert_eq!(world.status(&ben, &live).await, "cancelled");
    assert_eq!(world.status(&mona, &to_him).await, "cancelled");
    let kept = world.get(&ann, format!("/invitations/{accepted}")).await.ok();
    assert_eq!((&kept["status"], &kept["sender"]), (&json!("accepted"), &json!({ "id": "quentin" })));
    let key = "quentin@example.org".parse::<EmailAddress>().unwrap().key();
    for (place, record) in world.dump().await {
        let text = format!("{record:?}");
        for personal in ["Quentin", "quentin@example.org", "It is me"] {
            assert!(!text.contains(personal), "{place:?} still holds {personal}: {text}");
        }
        assert!(!place.0.starts_with("USER#quentin"), "{place:?}");
        assert!(!place.1.ends_with("#quentin"), "{place:?}");
        assert!(!place.0.contains(key.as_str()), "{place:?}");
    }
    // Nobody is told, and nobody can act as him.
    world.pump().await;
    assert!(
        world.post.take_mails().iter().all(|mail| mail.to != "quentin@example.org" || mail.tag("mail") != "declined")
    );
    world
        .post(&quentin, "/communities/chess/invitations", json!({ "userIds": ["cleo"] }))
        .await
        .refused(403, "caller_unknown");
    let _ = cleo;
}

#[tokio::test]
async fn an_erasure_that_breaks_off_anywhere_is_finished_by_its_repetition() {
    for transactions in 0.. {
        let (world, mona) = chess().await;
        world.community("choir", json!({})).await;
        world.member("choir", &mona, "owner").await;
        let quentin = person("quentin");
        // One invitation was the address's before it was his; one is his own.
        let taken_over = world.invite_address(&mona, "choir", &quentin.email).await;
        world.register(&quentin).await;
        let own = world.invite_user(&mona, "chess", &quentin).await;
        world.pump().await;
        world.faults.refuse_after(transactions);
        let answer = world.directory("DELETE", "users/quentin", Value::Null).await;
        world.faults.heal();
        if answer.status != 204 {
            world.command(&quentin, &own, "accept").await;
            world.directory("DELETE", "users/quentin", Value::Null).await.ok();
        }
        assert_ne!(world.status(&mona, &own).await, "pending");
        assert_eq!(world.status(&mona, &taken_over).await, "cancelled");
        for (place, record) in world.dump().await {
            let text = format!("{record:?}");
            assert!(!text.contains("Quentin") && !text.contains(&quentin.email), "{transactions} {place:?}: {text}");
        }
        // The address is free for another.
        world.register(&Person { email: quentin.email, ..person("nina") }).await;
        if answer.status == 204 {
            assert!(transactions > 2, "broke off nowhere");
            return;
        }
    }
}

#[tokio::test]
async fn a_community_that_comes_back_has_its_moderators_asked_again() {
    let (world, mona) = chess().await;
    let [mia, ann] = world.people(["mia", "ann"]).await;
    world.connect(&mia, &ann).await;
    world.directory("DELETE", "communities/chess", Value::Null).await.ok();
    world.community("chess", json!({ "enrolment": "closed" })).await;
    world.member("chess", &mia, "member").await;
    world.invite_user(&mia, "chess", &ann).await;
    world.pump().await;
    let to: Vec<_> = world.post.take_mails().into_iter().map(|mail| mail.to).collect();
    assert_eq!(to, [mona.email]);
}

#[tokio::test]
async fn an_invitation_stays_decidable_when_its_invitee_has_joined_by_another() {
    let (world, mona) = chess().await;
    let [moderator] = world.people(["mod"]).await;
    world.member("chess", &moderator, "moderator").await;
    for (verb, becomes) in [("decline", "declined"), ("cancel", "cancelled")] {
        // The directory knows her without an address; her token brings a verified one.
        let zoe = person(&format!("zoe-{verb}"));
        world.register_with(&zoe, json!({ "email": null, "emailVerified": false })).await;
        let own = world.invite_user(&mona, "chess", &zoe).await;
        let mailed = world.invite_address(&mona, "chess", &zoe.email).await;
        world.command(&zoe, &mailed, "accept").await.ok();
        world.command(&zoe, &own, "accept").await.refused(409, "already_member");
        let who = if verb == "decline" { &zoe } else { &moderator };
        assert_eq!(world.command(who, &own, verb).await.ok()["status"], becomes);
        assert_eq!(world.role(&zoe, "chess").await.as_deref(), Some("member"));
    }
}

#[tokio::test]
async fn a_change_that_two_count_at_once_is_counted_once() {
    let (world, mona) = chess().await;
    let [ann] = world.people(["ann"]).await;
    let id = world.invite_user(&mona, "chess", &ann).await;
    world.pump().await;
    world.command(&ann, &id, "accept").await.ok();
    let changes = world.changes();
    let count = world.faults.stop_next();
    let slow = world.hand_over(&changes);
    let fast = async {
        count.reached().await;
        world.hand_over(&changes).await;
        count.open();
    };
    tokio::join!(slow, fast);
    assert_eq!(counts(&stats(&world, &mona).await), [("accepted", 1)]);
}

#[tokio::test]
async fn a_deadline_comes_after_the_invitation_has_expired() {
    let (world, mona) = chess().await;
    let id = world.invite_address(&mona, "chess", "ann@example.org").await;
    world.pump().await;
    let ttl: i64 =
        world.record(Key::deadline(id.parse().unwrap())).await.unwrap()["ttl"].as_n().unwrap().parse().unwrap();
    assert!(ttl * 1_000 > world.stored(&id).await.expires_at.as_millisecond());
}

#[tokio::test]
async fn an_invitee_never_hears_of_a_request_that_was_withdrawn() {
    let (world, mona) = chess().await;
    let (mia, ann, id) = requested(&world).await;
    world.command(&mia, &id, "cancel").await.ok();
    assert_eq!(world.status(&mona, &id).await, "cancelled");
    for query in ["", "?status=cancelled"] {
        let list = world.get(&ann, format!("/me/invitations{query}")).await.ok();
        assert_eq!(list["invitations"], json!([]), "{query}");
    }
}

#[tokio::test]
async fn erasing_a_user_takes_their_address_from_invitations_that_had_ended_before_it_was_theirs() {
    let (world, mona) = chess().await;
    let quentin = person("quentin");
    let id = world.invite_address(&mona, "chess", &quentin.email).await;
    world.command(&mona, &id, "cancel").await.ok();
    world.register(&quentin).await;
    world.directory("DELETE", "users/quentin", Value::Null).await.ok();
    for (place, record) in world.dump().await {
        assert!(!format!("{record:?}").contains(&quentin.email), "{place:?}: {record:?}");
    }
}

#[tokio::test]
async fn who_was_erased_accepts_nothing_that_is_left() {
    let (world, mona) = chess().await;
    let [ann] = world.people(["ann"]).await;
    let id = world.invite_user(&mona, "chess", &ann).await;
    world.directory("DELETE", "users/ann", Value::Null).await.ok();
    // As if the erasure had not found it.
    world.edit(&id, |one| one.status = Status::Pending).await;
    world.command(&ann, &id, "accept").await.refused(403, "caller_unknown");
}

/// The invitation that the standing of the user with chess names.
async fn live(world: &World, user: &Person) -> Option<String> {
    let standing = Key::standing(&Party::User(user.id.parse().unwrap()), &"chess".parse().unwrap());
    Some(world.record(standing).await?.get("liveInvitation")?.as_s().unwrap().clone())
}

#[tokio::test]
async fn an_invitation_that_ends_leaves_a_later_one_of_its_invitee_alone() {
    let (world, mona) = chess().await;
    let [ann] = world.people(["ann"]).await;
    let lapsed = world.invite_user(&mona, "chess", &ann).await;
    world.pump().await;
    world.lapse(&lapsed).await;
    let later = world.invite_user(&mona, "chess", &ann).await;
    world.sweep_ttl();
    world.pump().await;
    assert_eq!(world.stored(&lapsed).await.status.as_str(), "expired");
    assert_eq!(live(&world, &ann).await.as_ref(), Some(&later));

    // As nothing should leave it: the standing names another one.
    for verb in ["decline", "cancel"] {
        let ben = person(&format!("ben-{verb}"));
        world.register(&ben).await;
        let own = world.invite_user(&mona, "chess", &ben).await;
        let named = AttributeValue::S(later.clone());
        world.edit_standing(&ben, "chess", |standing| drop(standing.insert("liveInvitation".to_owned(), named))).await;
        world.command(if verb == "decline" { &ben } else { &mona }, &own, verb).await.ok();
        assert_eq!(live(&world, &ben).await.as_ref(), Some(&later));
    }
}

#[tokio::test]
async fn who_joins_by_what_an_address_of_theirs_got_keeps_their_own_invitation() {
    let (world, mona) = chess().await;
    // The directory knows her without an address; her token brings a verified one.
    let zoe = person("zoe");
    world.register_with(&zoe, json!({ "email": null, "emailVerified": false })).await;
    let own = world.invite_user(&mona, "chess", &zoe).await;
    let mailed = world.invite_address(&mona, "chess", &zoe.email).await;
    world.command(&zoe, &mailed, "accept").await.ok();
    world.directory("DELETE", "communities/chess/members/zoe", Value::Null).await.ok();
    let again = world.invite(&mona, "chess", json!({ "userIds": ["zoe"] })).await;
    assert_eq!(again[0]["outcome"], "already_invited", "one of a pair is live");
    world.command(&zoe, &own, "accept").await.ok();
    assert_eq!(world.role(&zoe, "chess").await.as_deref(), Some("member"));
}

#[tokio::test]
async fn erasing_a_user_leaves_nothing_in_the_kept_answers_of_those_who_invited_them() {
    let (world, mona) = chess().await;
    let quentin = person("quentin");
    world.register(&quentin).await;
    let ask = Ask::new("POST", "/communities/chess/invitations").by(&mona).header("idempotency-key", "key");
    world.ask(ask.json(&json!({ "emails": [quentin.email] }))).await.ok();
    world.directory("DELETE", "users/quentin", Value::Null).await.ok();
    for (place, record) in world.dump().await {
        let text = format!("{record:?}");
        assert!(!text.contains("Quentin") && !text.contains("quentin@example.org"), "{place:?}: {text}");
    }
}

#[tokio::test]
async fn removing_a_community_cancels_its_live_invitations_alone() {
    let (world, mona) = chess().await;
    let [ann, ben, cleo] = world.people(["ann", "ben", "cleo"]).await;
    world.community("choir", json!({})).await;
    world.member("choir", &mona, "owner").await;
    let live = world.invite_user(&mona, "chess", &ann).await;
    let accepted = world.invite_user(&mona, "chess", &ben).await;
    world.command(&ben, &accepted, "accept").await.ok();
    let elsewhere = world.invite_user(&mona, "choir", &cleo).await;
    world.directory("DELETE", "communities/chess", Value::Null).await.ok();
    world.directory("DELETE", "communities/chess", Value::Null).await.ok();
    assert_eq!(world.status(&ann, &live).await, "cancelled");
    assert_eq!(world.status(&ben, &accepted).await, "accepted");
    assert_eq!(world.status(&cleo, &elsewhere).await, "pending");
    world
        .post(&mona, "/communities/chess/invitations", json!({ "userIds": ["cleo"] }))
        .await
        .refused(404, "community_not_found");
    world.command(&ann, &live, "accept").await.refused(409, "invitation_cancelled");
}
