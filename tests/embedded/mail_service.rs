//! Mails against a mail service that is busy, silent or out of reach, and the time that they may take.

use std::time::Duration;

use aws_config::SdkConfig;
use aws_sdk_sesv2::config::{BehaviorVersion, Region, SharedCredentialsProvider};
use deliver::timing::LONGEST;
use domain::outbox::MailState;
use serde_json::json;
use testkit::{
    embedded::{SesFault, World, chess, credentials},
    template::template,
};

use crate::list_order::with_clock;

#[tokio::test]
async fn a_busy_mail_service_delays_mails_and_loses_none() {
    let (world, mona) = chess("owner").await;
    world.fakes.throttle(3);
    let emails: Vec<_> = (0..10).map(|number| format!("guest{number}@example.org")).collect();
    world.send(&mona, "chess", json!({ "emails": emails })).await;
    world.pump().await;
    let to = world.fakes.take_recipients();
    assert_eq!(to, emails);
}

#[tokio::test]
async fn a_mail_of_which_nobody_knows_whether_it_was_taken_is_not_posted_again_before_its_lease_ends() {
    for fault in [SesFault::LostResponse, SesFault::Garbage, SesFault::Rejected(504, "GatewayTimeout")] {
        let (world, mona) = chess("moderator").await;
        let id = world.invite_address(&mona, "chess", "ann@example.org").await;
        world.fakes.fail_next(fault);
        let changes = world.changes();
        assert!(world.hand_over(&changes).await.is_empty(), "it stays in the outbox");
        assert_eq!(world.fakes.take_ses_requests(), 1, "one request, whatever the client usually repeats: {fault:?}");
        assert!(world.hand_over(&changes).await.is_empty());
        assert_eq!(world.fakes.take_ses_requests(), 0, "{fault:?}");
        // Afterwards it is posted once more: this is the window, and each of the two can be told from the other.
        world.end_mail_lease(&id).await;
        assert!(world.hand_over(&changes).await.is_empty());
        assert_eq!(world.fakes.take_ses_requests(), 1);
        let mails = world.fakes.take_mails();
        assert_eq!(mails.last().unwrap().tag("attempt"), "2-1");
        assert_eq!(world.delivery(&mona, &id).await, "sent");
    }
}

#[tokio::test]
async fn a_mail_that_may_have_gone_five_times_is_parked() {
    let (world, mona) = chess("moderator").await;
    let id = world.invite_address(&mona, "chess", "ann@example.org").await;
    let changes = world.changes();
    for _ in 0..5 {
        world.fakes.fail_next(SesFault::LostResponse);
        assert!(world.hand_over(&changes).await.is_empty());
        world.end_mail_lease(&id).await;
    }
    assert!(world.hand_over(&changes).await.is_empty());
    assert_eq!(world.fakes.take_ses_requests(), 5);
    assert_eq!(world.parked_reasons().await, ["too many attempts of which nobody knows what became"]);
    assert_eq!(world.delivery(&mona, &id).await, "failed");
}

#[tokio::test]
async fn a_plain_no_for_now_is_followed_by_another_post_at_once() {
    for (status, error) in [
        (429, "TooManyRequestsException"),
        (500, "InternalServiceErrorException"),
        (503, "AnythingElse"),
        (400, "ThrottlingException"),
        (400, "LimitExceededException"),
    ] {
        let (world, mona) = chess("moderator").await;
        world.fakes.fail_next(SesFault::Rejected(status, error));
        world.invite_address(&mona, "chess", "ann@example.org").await;
        assert!(world.hand_over(&world.changes()).await.is_empty());
        let mails = world.fakes.take_mails();
        assert_eq!((mails.len(), mails[0].tag("attempt"), world.fakes.take_ses_requests()), (1, "1-2", 2), "{error}");
    }
}

#[tokio::test]
async fn a_mail_outlasts_any_throttling_and_is_sent_once() {
    let (world, mona) = chess("moderator").await;
    world.fakes.throttle(400);
    let id = world.invite_address(&mona, "chess", "ann@example.org").await;
    world.pump().await;
    assert_eq!((world.fakes.take_mails().len(), world.fakes.take_ses_requests()), (1, 401));
    assert!(world.parked_reasons().await.is_empty());
    assert_eq!(world.delivery(&mona, &id).await, "sent");
    // Links that were never sent are not kept.
    let mail = world.outbox_mail(&id).await;
    assert_eq!((mail.links.len(), mail.failures(), mail.state), (1, 1, MailState::Sent));
}

#[tokio::test]
async fn a_mail_that_the_mail_service_is_too_busy_for_waits_as_long_as_its_invitation_lives() {
    with_clock(async |clock| {
        let (world, mona) = chess("moderator").await;
        let id = world.invite_address(&mona, "chess", "ann@example.org").await;
        world.fakes.script(|_| Some(SesFault::Rejected(429, "TooManyRequestsException")));
        let changes = world.changes();
        assert!(world.hand_over(&changes).await.is_empty());
        // From the fifth minute on it waits, longer each time, for as long as it takes.
        for hours in [1, 2, 24, 24, 24] {
            clock.forward(hours * 3_600_000);
            assert!(world.hand_over(&changes).await.is_empty());
            world.wake().await;
            world.pump().await;
            assert_eq!(world.outbox_mail(&id).await.state, MailState::Waiting);
        }
        assert!(world.parked_reasons().await.is_empty());
        assert_eq!(world.delivery(&mona, &id).await, "queued");
        world.fakes.script(|_| None);
        clock.forward(2 * 3_600_000);
        world.wake().await;
        assert_eq!(world.deliver_mail().await.to, "ann@example.org");
        assert_eq!(world.delivery(&mona, &id).await, "sent");
    })
    .await;
}

#[tokio::test]
async fn a_mail_service_that_cannot_be_reached_is_a_busy_one() {
    let (mut world, mona) = chess("moderator").await;
    let id = world.invite_address(&mona, "chess", "ann@example.org").await;
    // Nothing listens there any more.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let aws = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static("us-east-1"))
        .credentials_provider(SharedCredentialsProvider::new(credentials()))
        .endpoint_url(format!("http://127.0.0.1:{port}"))
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .build();
    let reachable = std::mem::replace(&mut world.deliver.outbound.mail_service, aws);
    assert!(world.hand_over(&world.changes()).await.is_empty(), "it queues again");
    let mail = world.outbox_mail(&id).await;
    assert_eq!((mail.failures(), mail.state), (0, MailState::Queued));
    world.deliver.outbound.mail_service = reachable;
    world.pump().await;
    assert_eq!(world.fakes.take_mails().len(), 1);
}

#[test]
fn the_function_has_the_time_that_a_batch_may_take() {
    assert!(template().timeout("deliver") >= LONGEST + Duration::from_secs(30));
}

#[tokio::test]
async fn the_mail_service_gets_half_a_minute_for_a_mail() {
    let world = World::new().await;
    let timeouts = world.deliver.outbound.connect().config().timeout_config().cloned().unwrap();
    let half_a_minute = Some(Duration::from_secs(30));
    assert_eq!(timeouts.operation_attempt_timeout(), half_a_minute);
    assert_eq!(timeouts.operation_timeout(), half_a_minute);
}
