//! Mails against a mail service that is slow, busy or silent, and against people who want none.

use std::time::Duration;

use aws_config::SdkConfig;
use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_sesv2::config::{BehaviorVersion, Region, SharedCredentialsProvider};
use deliver::{LONGEST, Outbound};
use domain::email::EmailAddress;
use domain::outbox::{MailState, OutboxMail};
use jiff::SignedDuration;
use serde_json::{Value, json};
use store::{
    keys::Key,
    record::{Item, value},
};
use system::now;

use crate::world::{
    Ask, Person, TEMPLATE, World,
    faults::Gate,
    person,
    post::{Luck, credentials},
};

async fn chess() -> (World, Person) {
    let world = World::new().await;
    let [mona] = world.people(["mona"]).await;
    world.community("chess", json!({})).await;
    world.member("chess", &mona, "moderator").await;
    world.pump().await;
    (world, mona)
}

/// The record of the invitation's only mail to its invitee.
async fn record_of_mail(world: &World, id: &str) -> Item {
    let of = |((pk, sk), _): &((String, String), Item)| *pk == format!("INVITATION#{id}") && sk.starts_with("MAIL#");
    world.dump().await.into_iter().find(of).unwrap().1
}

async fn owed(world: &World, id: &str) -> OutboxMail {
    value(record_of_mail(world, id).await).unwrap()
}

/// Changes the mail's record behind everyone's back.
async fn edit_mail(world: &World, id: &str, name: &str, number: i64) {
    let mut record = record_of_mail(world, id).await;
    record.insert(name.to_owned(), AttributeValue::N(number.to_string()));
    world.put_record(record).await;
}

async fn delivery(world: &World, mona: &Person, id: &str) -> Value {
    world.get(mona, format!("/invitations/{id}")).await.ok()["delivery"]["state"].clone()
}

/// Why mails are parked.
async fn parked(world: &World) -> Vec<String> {
    let notes = world.dump().await.into_iter().filter(|((pk, _), _)| pk == "PARKED");
    notes.map(|(_, note)| note["why"].as_s().unwrap().clone()).collect()
}

/// As if the invitation had been mailed an hour ago.
async fn rested(world: &World, id: &str) {
    world.edit(id, |one| one.mailed_at = one.mailed_at.map(|at| at - SignedDuration::from_hours(1))).await;
}

#[tokio::test]
async fn a_mail_of_which_nobody_knows_whether_it_was_taken_is_not_posted_again_before_its_lease_ends() {
    for luck in [Luck::Silence, Luck::Babble, Luck::Refused(504, "GatewayTimeout")] {
        let (world, mona) = chess().await;
        let id = world.invite_address(&mona, "chess", "ann@example.org").await;
        world.post.meets(luck);
        let changes = world.changes();
        assert!(!world.hand_over(&changes).await.is_empty(), "it stays owed");
        assert_eq!(world.post.take_posts(), 1, "one request, whatever the client usually repeats: {luck:?}");
        assert!(!world.hand_over(&changes).await.is_empty());
        assert_eq!(world.post.take_posts(), 0, "{luck:?}");
        // Afterwards it is posted once more: this is the window, and each of the two can be told from the other.
        edit_mail(&world, &id, "leasedUntil", 1).await;
        assert!(world.hand_over(&changes).await.is_empty());
        assert_eq!(world.post.take_posts(), 1);
        let mails = world.post.take_mails();
        assert_eq!(mails.last().unwrap().tag("attempt"), "2-1");
        assert_eq!(delivery(&world, &mona, &id).await, "sent");
    }
}

#[tokio::test]
async fn a_mail_that_may_have_gone_five_times_is_parked() {
    let (world, mona) = chess().await;
    let id = world.invite_address(&mona, "chess", "ann@example.org").await;
    let changes = world.changes();
    for _ in 0..5 {
        world.post.meets(Luck::Silence);
        assert!(!world.hand_over(&changes).await.is_empty());
        edit_mail(&world, &id, "leasedUntil", 1).await;
    }
    assert!(world.hand_over(&changes).await.is_empty());
    assert_eq!(world.post.take_posts(), 5);
    assert_eq!(parked(&world).await, ["too many attempts of which nobody knows what became"]);
    assert_eq!(delivery(&world, &mona, &id).await, "failed");
}

#[tokio::test]
async fn a_plain_no_for_now_is_followed_by_another_post_at_once() {
    for (status, error) in [
        (429, "TooManyRequestsException"),
        (500, "InternalServiceErrorException"),
        (503, "AnythingElse"),
        (400, "ThrottlingException"),
        (400, "LimitExceededException"),
        (400, "SendingPausedException"),
    ] {
        let (world, mona) = chess().await;
        world.post.meets(Luck::Refused(status, error));
        world.invite_address(&mona, "chess", "ann@example.org").await;
        assert!(world.hand_over(&world.changes()).await.is_empty());
        let mails = world.post.take_mails();
        assert_eq!((mails.len(), mails[0].tag("attempt"), world.post.take_posts()), (1, "1-2", 2), "{error}");
    }
}

#[tokio::test]
async fn a_mail_outlasts_any_throttling_and_is_sent_once() {
    let (world, mona) = chess().await;
    for _ in 0..400 {
        world.post.meets(Luck::Refused(429, "TooManyRequestsException"));
    }
    let id = world.invite_address(&mona, "chess", "ann@example.org").await;
    world.pump().await;
    assert_eq!((world.post.take_mails().len(), world.post.take_posts()), (1, 401));
    assert!(parked(&world).await.is_empty());
    assert_eq!(delivery(&world, &mona, &id).await, "sent");
    // Links that were never sent are not kept.
    let owed = owed(&world, &id).await;
    assert_eq!((owed.links.len(), owed.failures(), owed.state), (1, 1, MailState::Sent));
}

#[tokio::test]
async fn a_mail_that_the_mail_service_was_too_busy_for_a_whole_day_is_parked_and_begins_anew_when_unparked() {
    let (world, mona) = chess().await;
    let id = world.invite_address(&mona, "chess", "ann@example.org").await;
    let busy = || (0..7).for_each(|_| world.post.meets(Luck::Refused(429, "TooManyRequestsException")));
    busy();
    assert!(world.hand_over(&world.changes()).await.is_empty());
    let since = |hours| (now() - SignedDuration::from_hours(hours)).as_millisecond();
    edit_mail(&world, &id, "busySince", since(23)).await;
    busy();
    assert!(world.hand_over(&world.changes()).await.is_empty());
    assert!(parked(&world).await.is_empty());
    edit_mail(&world, &id, "busySince", since(25)).await;
    busy();
    assert!(world.hand_over(&world.changes()).await.is_empty());
    assert_eq!(parked(&world).await, ["the mail service has been too busy for a day"]);
    assert_eq!(delivery(&world, &mona, &id).await, "failed");

    let note = world.dump().await.into_keys().find(|(pk, _)| pk == "PARKED").unwrap();
    world.remove_record(&note.0, &note.1).await;
    busy();
    assert!(world.hand_over(&world.changes()).await.is_empty());
    assert_eq!(delivery(&world, &mona, &id).await, "queued", "it is owed again, and shows so");
    world.pump().await;
    assert_eq!(world.post.take_mails().len(), 1);
    assert_eq!(delivery(&world, &mona, &id).await, "sent");
}

#[tokio::test]
async fn a_mail_service_that_cannot_be_reached_is_a_busy_one() {
    let (mut world, mona) = chess().await;
    let id = world.invite_address(&mona, "chess", "ann@example.org").await;
    // Nobody listens there any more.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let aws = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static("us-east-1"))
        .credentials_provider(SharedCredentialsProvider::new(credentials()))
        .endpoint_url(format!("http://127.0.0.1:{port}"))
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .build();
    let reachable = std::mem::replace(&mut world.deliver.outbound.ses, Outbound::mail_service(&aws));
    assert!(world.hand_over(&world.changes()).await.is_empty(), "it queues again");
    assert_eq!((owed(&world, &id).await.failures(), owed(&world, &id).await.state), (0, MailState::Queued));
    world.deliver.outbound.ses = reachable;
    world.pump().await;
    assert_eq!(world.post.take_mails().len(), 1);
}

#[test]
fn the_function_has_the_time_that_a_batch_may_take() {
    assert!(TEMPLATE.timeout("DeliverFunction") >= LONGEST + Duration::from_secs(30));
}

#[tokio::test]
async fn the_mail_service_gets_half_a_minute_for_a_mail() {
    let world = World::new().await;
    let timeouts = world.deliver.outbound.ses.config().timeout_config().cloned().unwrap();
    let half_a_minute = Some(Duration::from_secs(30));
    assert_eq!(timeouts.operation_attempt_timeout(), half_a_minute);
    assert_eq!(timeouts.operation_timeout(), half_a_minute);
}

/// An event of the mail service about the mail that was owed at that revision.
fn mail_event(kind: &str, invitation: &str, revision: &str, details: Value) -> feedback::MailEvent {
    let tags = json!({ "invitation": [invitation], "mail": ["invitation"], "revision": [revision] });
    let mut detail = json!({ "eventType": kind, "mail": { "messageId": "m", "tags": tags } });
    detail.as_object_mut().unwrap().extend(details.as_object().unwrap().clone());
    serde_json::from_value(json!({ "source": "aws.ses", "detail": detail })).unwrap()
}

fn bounce(address: &str) -> Value {
    json!({ "bounce": { "bounceType": "Permanent", "bouncedRecipients": [{ "emailAddress": address }] } })
}

#[tokio::test]
async fn late_news_of_an_earlier_mail_is_not_taken_for_that_of_the_one_mailed_since() {
    let (world, mona) = chess().await;
    let id = world.invite_address(&mona, "chess", "ann@example.org").await;
    world.pump().await;
    let first = world.post.take_mails().remove(0);
    rested(&world, &id).await;
    world.command(&mona, &id, "resend").await.ok();
    let hear = async |kind, revision: &str| {
        world.feedback.handle(mail_event(kind, &id, revision, json!({}))).await.unwrap();
        delivery(&world, &mona, &id).await
    };
    assert_eq!(hear("Delivery", first.tag("revision")).await, "queued");
    world.pump().await;
    let second = world.post.take_mails().remove(0);
    assert_eq!(hear("Reject", first.tag("revision")).await, "sent");
    assert_eq!(hear("Delivery", second.tag("revision")).await, "delivered");
}

#[tokio::test]
async fn a_mail_that_was_sent_shows_so_also_when_its_sender_could_not_say_it_at_once() {
    let (world, mona) = chess().await;
    let id = world.invite_address(&mona, "chess", "ann@example.org").await;
    let changes = world.changes();
    world.faults.refuse_after(0);
    assert!(!world.hand_over(&changes).await.is_empty());
    world.faults.heal();
    assert_eq!(world.post.take_mails().len(), 1);
    assert_eq!((owed(&world, &id).await.state, delivery(&world, &mona, &id).await), (MailState::Sent, "queued".into()));
    assert!(world.hand_over(&changes).await.is_empty());
    assert_eq!(delivery(&world, &mona, &id).await, "sent");
    // What came to be known since is not undone by another repetition.
    world.feedback.handle(mail_event("Reject", &id, "1", json!({}))).await.unwrap();
    assert!(world.hand_over(&changes).await.is_empty());
    assert_eq!(delivery(&world, &mona, &id).await, "failed");
    assert!(world.post.take_mails().is_empty());
}

#[tokio::test]
async fn whoever_has_blocked_the_community_meanwhile_gets_neither_the_queued_mail_nor_a_resent_one() {
    let (world, mona) = chess().await;
    let [ann] = world.people(["ann"]).await;
    let first = world.invite_user(&mona, "chess", &ann).await;
    world.pump().await;
    let unsubscribe = world.post.take_mails().remove(0).path("u");
    world.command(&mona, &first, "cancel").await.ok();
    let second = world.invite_user(&mona, "chess", &ann).await;
    assert_eq!(world.ask(Ask::new("POST", &unsubscribe)).await.status, 200);
    world.pump().await;
    assert!(world.post.take_mails().is_empty());
    assert_eq!(delivery(&world, &mona, &second).await, "failed");
    rested(&world, &second).await;
    world.command(&mona, &second, "resend").await.refused(409, "invitee_unavailable");
}

#[tokio::test]
async fn a_link_in_a_mail_to_an_unproven_address_answers_nothing_and_stops_the_mail_to_that_address_alone() {
    let (world, mona) = chess().await;
    let ann = Person { email_verified: false, ..person("ann") };
    world.register(&ann).await;
    let id = world.invite_user(&mona, "chess", &ann).await;
    world.pump().await;
    let mail = world.post.take_mails().remove(0);
    let page = world.ask(Ask::new("GET", mail.path("i"))).await;
    assert!(page.status == 200 && !page.body.contains("<button"), "the page leads to signing in: {}", page.body);
    for form in ["answer=accept", "answer=decline", "answer=decline&block=on"] {
        assert_eq!(world.ask(Ask::new("POST", mail.path("i")).form(form)).await.status, 403, "{form}");
    }
    assert_eq!(world.status(&ann, &id).await, "pending");

    // Whoever reads the address may have enough of the mails. The invitation stays Ann's to answer.
    for _ in 0..2 {
        assert_eq!(world.ask(Ask::new("POST", mail.path("u"))).await.status, 200);
    }
    assert_eq!(world.status(&ann, &id).await, "pending");
    rested(&world, &id).await;
    world.command(&mona, &id, "resend").await.ok();
    world.pump().await;
    assert!(world.post.take_mails().is_empty());
    assert_eq!(delivery(&world, &mona, &id).await, "failed");
    assert_eq!(world.command(&ann, &id, "accept").await.ok()["status"], "accepted");
}

#[tokio::test]
async fn a_link_stops_answering_when_its_address_is_no_longer_the_invitees() {
    let (world, mona) = chess().await;
    let [ann] = world.people(["ann"]).await;
    let id = world.invite_user(&mona, "chess", &ann).await;
    world.pump().await;
    let link = world.post.take_mails().remove(0).path("i");
    world.register(&Person { email: "new@example.org".to_owned(), ..ann.clone() }).await;
    assert_eq!(world.ask(Ask::new("POST", &link).form("answer=decline")).await.status, 403);
    assert_eq!(world.status(&ann, &id).await, "pending");
    world.register(&ann).await;
    assert_eq!(world.ask(Ask::new("POST", &link).form("answer=decline")).await.status, 200);
}

#[tokio::test]
async fn an_address_that_changes_hands_between_the_look_and_the_write_answers_nothing() {
    let (world, mona) = chess().await;
    let [ann] = world.people(["ann"]).await;
    let id = world.invite_user(&mona, "chess", &ann).await;
    world.pump().await;
    let link = world.post.take_mails().remove(0).path("i");
    let gate = world.faults.stop_next();
    let ask = Ask::new("POST", &link).form("answer=accept");
    let (answer, ()) = futures::join!(world.ask(ask), async {
        gate.reached().await;
        world.register(&Person { email: "new@example.org".to_owned(), ..ann.clone() }).await;
        gate.open();
    });
    assert_eq!(answer.status, 403);
    assert_eq!(world.status(&ann, &id).await, "pending");
}

#[tokio::test]
async fn an_address_that_bounced_gets_no_mail_for_a_user_who_has_not_proven_it_either() {
    let (world, mona) = chess().await;
    let ann = Person { email_verified: false, ..person("ann") };
    world.register(&ann).await;
    world.community("choir", json!({})).await;
    world.member("choir", &mona, "owner").await;
    let by_address = world.invite_address(&mona, "chess", &ann.email).await;
    world.pump().await;
    world.post.take_mails();
    world.feedback.handle(mail_event("Bounce", &by_address, "1", bounce(&ann.email))).await.unwrap();
    let id = world.invite_user(&mona, "chess", &ann).await;
    world.pump().await;
    assert!(world.post.take_mails().is_empty());
    assert_eq!(delivery(&world, &mona, &id).await, "failed");
    let results = world.invite(&mona, "choir", json!({ "userIds": ["ann"] })).await;
    assert_eq!(results[0]["outcome"], "unavailable", "the next sender is told at once");
}

#[tokio::test]
async fn a_bounce_is_noted_with_the_user_whom_the_mail_was_for() {
    let (world, mona) = chess().await;
    world.community("choir", json!({})).await;
    world.member("choir", &mona, "owner").await;
    let ann = Person { email_verified: false, ..person("ann") };
    world.register(&ann).await;
    let id = world.invite_user(&mona, "chess", &ann).await;
    world.pump().await;
    let outcome = async || world.invite(&mona, "choir", json!({ "userIds": ["ann"] })).await[0]["outcome"].clone();
    world.feedback.handle(mail_event("Bounce", &id, "1", bounce("other@example.org"))).await.unwrap();
    assert_eq!(outcome().await, "invited", "it was another address that bounced");
    let again = world.get(&ann, "/me/invitations").await.ok()["invitations"][0]["id"].as_str().unwrap().to_owned();
    world.command(&mona, &again, "cancel").await.ok();
    world.feedback.handle(mail_event("Bounce", &id, "1", bounce(&ann.email))).await.unwrap();
    assert_eq!(outcome().await, "unavailable");
}

#[tokio::test]
async fn whoever_cannot_be_reached_any_more_gets_no_mail_that_was_owed_before() {
    let (world, mona) = chess().await;
    world.community("choir", json!({})).await;
    world.member("choir", &mona, "owner").await;
    let [ann, ben] = world.people(["ann", "ben"]).await;
    let to_ann = world.invite_user(&mona, "chess", &ann).await;
    let to_guest = world.invite_address(&mona, "chess", "guest@example.org").await;
    world.pump().await;
    world.post.take_mails();
    let mut owed = vec![world.invite_user(&mona, "choir", &ann).await, world.invite_user(&mona, "choir", &ben).await];
    owed.push(world.invite_address(&mona, "choir", "guest@example.org").await);
    world.feedback.handle(mail_event("Bounce", &to_ann, "1", bounce(&ann.email))).await.unwrap();
    world.feedback.handle(mail_event("Bounce", &to_guest, "1", bounce("guest@example.org"))).await.unwrap();
    world.register_with(&ben, json!({ "active": false })).await;
    world.pump().await;
    assert!(world.post.take_mails().is_empty());
    for id in owed {
        assert_eq!(delivery(&world, &mona, &id).await, "failed");
    }
}

#[tokio::test]
async fn a_late_bounce_of_an_earlier_address_says_nothing_of_the_present_one() {
    let (world, mona) = chess().await;
    for community in ["choir", "club"] {
        world.community(community, json!({})).await;
        world.member(community, &mona, "owner").await;
    }
    let mut ann = Person { email_verified: false, ..person("ann") };
    let mut mailed = Vec::new();
    for (community, email) in [("chess", "one@example.org"), ("choir", "two@example.org")] {
        ann.email = email.to_owned();
        world.register(&ann).await;
        mailed.push(world.invite_user(&mona, community, &ann).await);
        world.pump().await;
    }
    world.feedback.handle(mail_event("Bounce", &mailed[1], "1", bounce("two@example.org"))).await.unwrap();
    world.feedback.handle(mail_event("Bounce", &mailed[0], "1", bounce("one@example.org"))).await.unwrap();
    let results = world.invite(&mona, "club", json!({ "userIds": ["ann"] })).await;
    assert_eq!(results[0]["outcome"], "unavailable");
}

#[tokio::test]
async fn a_bounce_that_comes_while_the_address_changes_says_nothing_of_the_new_one() {
    let (world, mona) = chess().await;
    world.community("choir", json!({})).await;
    world.member("choir", &mona, "owner").await;
    let [ann] = world.people(["ann"]).await;
    let id = world.invite_user(&mona, "chess", &ann).await;
    world.pump().await;
    let address = world.faults.stop_next_update();
    let heard = world.feedback.handle(mail_event("Bounce", &id, "1", bounce(&ann.email)));
    let (heard, ()) = futures::join!(heard, async {
        address.reached().await;
        let user = world.faults.stop_next_update();
        address.open();
        user.reached().await;
        world.register(&Person { email: "new@example.org".to_owned(), ..ann.clone() }).await;
        user.open();
    });
    heard.unwrap();
    let results = world.invite(&mona, "choir", json!({ "userIds": ["ann"] })).await;
    assert_eq!(results[0]["outcome"], "invited");
}

#[tokio::test]
async fn nobody_is_mailed_about_a_community_that_is_gone() {
    let (world, mona) = chess().await;
    let id = world.invite_address(&mona, "chess", "ann@example.org").await;
    for key in Key::community_copies(&"chess".parse().unwrap()) {
        world.remove_record(&key.pk, &key.sk).await;
    }
    world.pump().await;
    assert!(world.post.take_mails().is_empty());
    assert_eq!(owed(&world, &id).await.state, MailState::Dropped);
}

#[tokio::test]
async fn blocking_once_more_changes_nothing_and_brings_nobody_back_who_was_erased() {
    let (world, mona) = chess().await;
    let [ann] = world.people(["ann"]).await;
    let id = world.invite_user(&mona, "chess", &ann).await;
    world.pump().await;
    let unsubscribe = world.post.take_mails().remove(0).path("u");
    let block = Ask::new("POST", format!("/invitations/{id}/decline")).by(&ann).json(&json!({ "block": true }));
    assert_eq!(world.ask(block.clone()).await.ok()["status"], "declined");
    world.pump().await;
    let blocked = world.dump().await;
    assert_eq!(world.ask(block).await.ok()["status"], "declined");
    assert_eq!(world.ask(Ask::new("POST", &unsubscribe)).await.status, 200);
    assert_eq!(world.dump().await, blocked);

    world.directory("DELETE", "users/ann", Value::Null).await.ok();
    let erased = world.dump().await;
    assert_eq!(world.ask(Ask::new("POST", &unsubscribe)).await.status, 200);
    assert_eq!(world.dump().await, erased);

    world.post.take_mails();
    let id = world.invite_address(&mona, "chess", "zoe@example.org").await;
    world.pump().await;
    let unsubscribe = world.post.take_mails().remove(0).path("u");
    world.register(&person("zoe")).await;
    world.directory("DELETE", "users/zoe", Value::Null).await.ok();
    let erased = world.dump().await;
    assert_eq!(world.ask(Ask::new("POST", &unsubscribe)).await.status, 200);
    assert_eq!(world.dump().await, erased, "{id}");
}

#[tokio::test]
async fn a_long_name_of_the_product_comes_in_words_that_mail_programs_read() {
    let (world, mona) = chess().await;
    let name = "Übergroßer Gärtnerverein – für Höfe, Dächer und Balkone in Österreich 🌱";
    world.settings(json!({ "productName": name })).await;
    world.invite_address(&mona, "chess", "ann@example.org").await;
    world.pump().await;
    let mail = world.post.take_mails().remove(0);
    let from = mail.request["FromEmailAddress"].as_str().unwrap();
    let words: Vec<_> = from.strip_suffix(" <invitations@example.org>").unwrap().split(' ').collect();
    assert!(words.len() > 1 && words.iter().all(|word| word.len() <= 75), "{from}");
    let text = |word: &str| {
        let encoded = word.strip_prefix("=?UTF-8?B?").unwrap().strip_suffix("?=").unwrap();
        String::from_utf8(base64::Engine::decode(&base64::prelude::BASE64_STANDARD, encoded).unwrap()).unwrap()
    };
    assert_eq!(words.into_iter().map(text).collect::<String>(), name);
}

#[tokio::test]
async fn what_the_stream_told_in_vain_is_told_again_when_an_operator_asks() {
    let (world, mona) = chess().await;
    let id = world.invite_address(&mona, "chess", "ann@example.org").await;
    world.changes();
    world.pump().await;
    assert!(world.post.take_mails().is_empty() && world.post.take_events().is_empty(), "all of it was lost");
    for mut record in
        [record_of_mail(&world, &id).await, world.record(Key::invitation(id.parse().unwrap())).await.unwrap()]
    {
        record.insert("again".to_owned(), AttributeValue::N("1".to_owned()));
        world.put_record(record).await;
    }
    world.pump().await;
    assert_eq!(world.post.take_mails().len(), 1);
    let events = world.post.take_events();
    assert_eq!(events.iter().map(|event| event["name"].as_str().unwrap()).collect::<Vec<_>>(), ["InvitationSent"]);
    let stats = world.get(&mona, "/communities/chess/invitations/stats").await.ok();
    assert_eq!(stats["counts"]["pending"], 1);
    assert_eq!(delivery(&world, &mona, &id).await, "sent");
}

#[tokio::test]
async fn a_mail_that_cannot_be_made_holds_up_no_other() {
    let (world, mona) = chess().await;
    let id = world.invite_address(&mona, "chess", "ann@example.org").await;
    let mut damaged = record_of_mail(&world, &id).await;
    damaged.insert("sk".to_owned(), AttributeValue::S("MAIL#invitation#invitee#9".to_owned()));
    damaged.insert("to".to_owned(), AttributeValue::S("nobody we know".to_owned()));
    world.put_record(damaged).await;
    world.invite_address(&mona, "chess", "ben@example.org").await;
    world.pump().await;
    let mails = world.post.take_mails();
    assert_eq!(mails.iter().map(|mail| &*mail.to).collect::<Vec<_>>(), ["ben@example.org"]);
    let mut why = parked(&world).await;
    why.sort();
    assert_eq!(why, ["it cannot be made from what the table holds", "it does not read"]);
}

#[tokio::test]
async fn a_preview_in_automatic_mode_is_the_mail_to_a_member() {
    let (world, mona) = chess().await;
    let [ann] = world.people(["ann"]).await;
    world.settings(json!({ "membershipMode": "automatic" })).await;
    let body = json!({ "userIds": [ann.id] });
    let preview = world.post(&mona, "/communities/chess/invitations/preview", body.clone()).await.ok();
    world.invite(&mona, "chess", body).await;
    world.pump().await;
    let mail = world.post.take_mails().remove(0);
    assert_eq!((mail.tag("mail"), &preview["subject"]), ("joined", &Value::from(mail.subject.as_str())));
    // An address of nobody is invited in that mode too.
    let body = json!({ "emails": ["zoe@example.org"] });
    let preview = world.post(&mona, "/communities/chess/invitations/preview", body.clone()).await.ok();
    world.invite(&mona, "chess", body).await;
    world.pump().await;
    let mail = world.post.take_mails().remove(0);
    assert_eq!((mail.tag("mail"), &preview["subject"]), ("invitation", &Value::from(mail.subject.as_str())));
    assert_eq!("zoe@example.org".parse::<EmailAddress>().unwrap().as_str(), mail.to);
}

/// Hands the changes to somebody who wants to drop the mail, and lets them do it once whoever waits at `gate` has sent it.
async fn dropped_late(world: &World, changes: &[Value], id: &str, gate: &Gate) -> Vec<Value> {
    let dropped = world.faults.stop_next_update();
    let end = async {
        dropped.reached().await;
        gate.open();
        while owed(world, id).await.state != MailState::Sent {
            tokio::task::yield_now().await;
        }
        dropped.open();
    };
    tokio::join!(world.hand_over(changes), end).0
}

#[tokio::test]
async fn a_mail_that_was_sent_is_not_dropped_by_whoever_comes_late() {
    let (world, mona) = chess().await;
    let id = world.invite_address(&mona, "chess", "ann@example.org").await;
    let changes = world.changes();
    let lease = world.faults.stop_next_update();
    let sending = world.hand_over(&changes);
    let dropping = async {
        lease.reached().await;
        world.command(&mona, &id, "cancel").await.ok();
        dropped_late(&world, &changes, &id, &lease).await
    };
    let (sent, late) = tokio::join!(sending, dropping);
    assert!(sent.is_empty());
    assert!(!late.is_empty(), "the record comes again");
    assert_eq!((world.post.take_mails().len(), owed(&world, &id).await.state), (1, MailState::Sent));
    assert!(world.hand_over(&late).await.is_empty());
}

#[tokio::test]
async fn a_mail_whose_record_is_in_another_transaction_is_sent_and_noted_all_the_same() {
    let (world, mona) = chess().await;
    let id = world.invite_address(&mona, "chess", "ann@example.org").await;
    world.faults.collide(3);
    assert!(world.hand_over(&world.changes()).await.is_empty());
    assert_eq!((world.post.take_mails().len(), owed(&world, &id).await.state), (1, MailState::Sent));
}

#[tokio::test]
async fn of_two_who_find_a_lease_over_one_takes_the_mail_in_charge() {
    let (world, mona) = chess().await;
    let id = world.invite_address(&mona, "chess", "ann@example.org").await;
    let changes = world.changes();
    let unheard = async || {
        world.post.meets(Luck::Silence);
        assert!(!world.hand_over(&changes).await.is_empty());
        assert_eq!(world.post.take_posts(), 1);
    };
    unheard().await;
    edit_mail(&world, &id, "leasedUntil", 1).await;
    let lease = world.faults.stop_next_update();
    let slow = world.hand_over(&changes);
    let fast = async {
        lease.reached().await;
        unheard().await;
        lease.open();
    };
    let (late, ()) = tokio::join!(slow, fast);
    assert!(!late.is_empty(), "the record comes again");
    assert_eq!((world.post.take_posts(), owed(&world, &id).await.attempts), (0, 2));
}

#[tokio::test]
async fn who_gives_a_mail_back_that_another_has_in_charge_by_now_leaves_it_to_them() {
    let (world, mona) = chess().await;
    (0..7).for_each(|_| world.post.meets(Luck::Refused(429, "TooManyRequestsException")));
    let id = world.invite_address(&mona, "chess", "ann@example.org").await;
    let changes = world.changes();
    let lease = world.faults.stop_next_update();
    let slow = world.hand_over(&changes);
    let another = async {
        lease.reached().await;
        let given_back = world.faults.stop_next_update();
        lease.open();
        given_back.reached().await;
        edit_mail(&world, &id, "leasedUntil", (now() + SignedDuration::from_mins(1)).as_millisecond()).await;
        given_back.open();
    };
    tokio::join!(slow, another);
    let owed = owed(&world, &id).await;
    assert_eq!((owed.state, owed.forgiven, owed.links.len()), (MailState::Sending, 0, 1));
}

#[tokio::test]
async fn moderators_get_one_mail_each_however_often_they_are_looked_up() {
    let (world, mona) = chess().await;
    world.community("chess", json!({ "enrolment": "closed" })).await;
    let [mo, mia, ann, max] = world.people(["mo", "mia", "ann", "max"]).await;
    for (person, role) in [(&mo, "moderator"), (&mia, "member"), (&max, "moderator"), (&max, "member")] {
        world.member("chess", person, role).await;
    }
    world.connect(&mia, &ann).await;
    world.pump().await;
    let id = world.invite_user(&mia, "chess", &ann).await;
    let changes = world.changes();
    let mail_to_all = record_of_mail(&world, &id).await;
    assert!(world.hand_over(&changes).await.is_empty());
    // As if whoever looked them up had died before it was noted.
    world.put_record(mail_to_all).await;
    assert!(world.hand_over(&changes).await.is_empty());
    world.pump().await;
    let mut to: Vec<_> = world.post.take_mails().into_iter().map(|mail| mail.to).collect();
    to.sort();
    assert_eq!(to, [mo.email, mona.email]);
}

#[tokio::test]
async fn a_mail_that_was_dropped_is_not_sent_by_whoever_still_wanted_to() {
    let (world, mona) = chess().await;
    let id = world.invite_address(&mona, "chess", "ann@example.org").await;
    let changes = world.changes();
    let lease = world.faults.stop_next_update();
    let sending = world.hand_over(&changes);
    let dropping = async {
        lease.reached().await;
        world.command(&mona, &id, "cancel").await.ok();
        assert!(world.hand_over(&changes).await.is_empty());
        lease.open();
    };
    let (late, ()) = tokio::join!(sending, dropping);
    assert!(!late.is_empty(), "the record comes again");
    assert!(world.hand_over(&late).await.is_empty());
    assert_eq!((world.post.take_mails().len(), owed(&world, &id).await.state), (0, MailState::Dropped));
}

#[tokio::test]
async fn a_mail_whose_sender_is_late_is_not_dropped_once_it_is_noted_as_sent() {
    let (world, mona) = chess().await;
    let id = world.invite_address(&mona, "chess", "ann@example.org").await;
    let changes = world.changes();
    let lease = world.faults.stop_next_update();
    let sending = world.hand_over(&changes);
    let dropping = async {
        lease.reached().await;
        let settled = world.faults.stop_next_update();
        lease.open();
        settled.reached().await;
        edit_mail(&world, &id, "leasedUntil", 1).await;
        world.command(&mona, &id, "cancel").await.ok();
        dropped_late(&world, &changes, &id, &settled).await
    };
    let (sent, late) = tokio::join!(sending, dropping);
    assert!(sent.is_empty());
    assert!(!late.is_empty(), "the record comes again");
    assert_eq!((world.post.take_mails().len(), owed(&world, &id).await.state), (1, MailState::Sent));
}
