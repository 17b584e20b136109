//! What stops all mails alike: they wait behind the gate, nothing is parked for it, and all of them go out in the end.

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use aws_config::SdkConfig;
use aws_sdk_sesv2::config::{BehaviorVersion, Region, SharedCredentialsProvider};
use deliver::task::Task;
use domain::outbox::MailState;
use serde_json::{Value, json};
use testkit::{
    SesEvent,
    embedded::{Person, SesFault, World, chess, credentials, kind_of},
    template::template,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use crate::list_order::with_clock;

const MINUTE: i64 = 60_000;

async fn invite(world: &World, mona: &Person, count: usize) -> Vec<String> {
    let emails: Vec<_> = (0..count).map(|number| format!("guest{number}@example.org")).collect();
    let sent = world.send(mona, "chess", json!({ "emails": emails })).await;
    sent.results.iter().map(|result| result.id().to_owned()).collect()
}

fn account(enabled: bool, sent: f64) -> Value {
    json!({
        "SendingEnabled": enabled,
        "SendQuota": { "Max24HourSend": 50_000.0, "MaxSendRate": 14.0, "SentLast24Hours": sent },
    })
}

#[tokio::test]
async fn a_fault_that_is_no_mail_s_own_parks_none_and_all_go_out_once_it_is_mended() {
    for (status, error) in [
        (403, "AccessDeniedException"),
        (400, "AccountSuspendedException"),
        (400, "SendingPausedException"),
        (400, "MailFromDomainNotVerifiedException"),
        (404, "NotFoundException"),
    ] {
        with_clock(async |clock| {
            let (world, mona) = chess("owner").await;
            world.fakes.script(move |_| Some(SesFault::Rejected(status, error)));
            let ids = invite(&world, &mona, 30).await;
            world.pump().await;
            let tried = world.fakes.take_ses_requests();
            assert!((1..=8).contains(&tried), "those that were on their way: {tried}, {error}");
            assert!(world.parked().await.is_empty(), "{error}");
            assert_eq!(world.delivery(&mona, &ids[29]).await, "queued");
            // Nobody asks again for five minutes, then a few.
            clock.forward(4 * MINUTE);
            world.wake().await;
            world.pump().await;
            assert_eq!(world.fakes.take_ses_requests(), 0, "{error}");
            clock.forward(3 * MINUTE);
            world.wake().await;
            world.pump().await;
            assert!((1..=8).contains(&world.fakes.take_ses_requests()), "{error}");

            world.fakes.script(|_| None);
            let mut sent = 0;
            for _ in 0..4 {
                clock.forward(4 * MINUTE);
                world.wake().await;
                sent += world.deliver_mails().await.len();
            }
            assert_eq!(sent, 30, "{error}");
            for id in &ids {
                let mail = world.outbox_mail(id).await;
                assert_eq!(
                    (mail.state, mail.failures(), mail.links.len()),
                    (MailState::Sent, 1, 1),
                    "{error}: one attempt counts"
                );
            }
        })
        .await;
    }
}

/// Lambda reads each shard of the stream by itself, with as many functions.
#[tokio::test]
async fn the_functions_of_all_shards_share_the_pace_of_the_account() {
    let (world, _) = chess("owner").await;
    let mut intervals = Vec::new();
    for shards in [1, 4] {
        world.fakes.set_shards(shards);
        world.wake().await;
        intervals.push(world.api.store.gate().await.unwrap().interval(2));
    }
    assert_eq!(intervals, [Duration::from_secs(2) / 14, Duration::from_secs(8) / 14]);
}

#[tokio::test]
async fn a_day_that_is_used_up_costs_a_mail_one_wait_and_no_post() {
    with_clock(async |clock| {
        let (world, mona) = chess("owner").await;
        world.fakes.set_account(account(true, 50_000.0));
        world.wake().await;
        let ids = invite(&world, &mona, 20).await;
        world.pump().await;
        world.meter.take();
        for _ in 0..60 {
            clock.forward(20 * MINUTE);
            world.wake().await;
            world.pump().await;
        }
        assert_eq!(world.fakes.take_ses_requests(), 0);
        let writes = world.meter.take().write_units;
        assert!(writes <= 60.0 * 2.0, "the gate alone is written while mails wait: {writes}");
        // As many go out as the day has room for again.
        world.fakes.set_account(account(true, 49_995.0));
        clock.forward(6 * MINUTE);
        world.wake().await;
        assert!((1..=5).contains(&world.deliver_mails().await.len()));
        world.fakes.set_account(account(true, 0.0));
        world.wake().await;
        world.pump().await;
        for id in ids {
            assert_eq!(world.outbox_mail(&id).await.state, MailState::Sent);
        }
    })
    .await;
}

#[tokio::test]
async fn the_answers_of_a_day_without_mail_are_told_together_when_it_is_over() {
    with_clock(async |clock| {
        let (world, mona) = chess("owner").await;
        world.settings(json!({ "inviteeConfirmation": false })).await;
        let people = world.people(["ann", "ben", "cem", "dora"]).await;
        let mut invited = Vec::new();
        for person in &people {
            invited.push(world.invite_user(&mona, "chess", person).await);
        }
        world.deliver_mails().await;
        world.fakes.set_account(account(false, 0.0));
        world.wake().await;
        for (person, id) in people.iter().zip(&invited) {
            world.command(person, id, "accept").await.ok();
            assert!(world.deliver_mails().await.is_empty());
        }
        world.fakes.set_account(account(true, 0.0));
        clock.forward(10 * MINUTE);
        world.wake().await;
        let mails = world.deliver_mails().await;
        assert_eq!(mails.iter().map(|mail| &*mail.subject).collect::<Vec<_>>(), ["4 answers to your invitations"]);
    })
    .await;
}

#[tokio::test]
async fn a_mail_that_another_has_in_charge_does_not_hold_up_the_batch_and_is_looked_at_when_its_lease_ends() {
    with_clock(async |clock| {
        let (world, mona) = chess("owner").await;
        let ids = invite(&world, &mona, 2).await;
        world.fakes.script(|mail| (mail.to == "guest0@example.org").then_some(SesFault::LostRequest));
        let changes = world.changes();
        assert!(world.hand_over(&changes).await.is_empty(), "nothing of it comes again by itself");
        assert_eq!(world.fakes.take_mail().to, "guest1@example.org");
        assert!(world.hand_over(&changes).await.is_empty(), "nor while the lease lasts");
        assert_eq!(world.outbox_mail(&ids[0]).await.attempts, 1);
        world.fakes.script(|_| None);
        clock.forward(2 * MINUTE);
        world.wake().await;
        assert_eq!(world.deliver_mail().await.to, "guest0@example.org");
    })
    .await;
}

#[tokio::test]
async fn what_is_parked_is_spread_and_released_by_one_task() {
    let (world, mona) = chess("owner").await;
    world.fakes.script(|_| Some(SesFault::Rejected(400, "MessageRejected")));
    let ids = invite(&world, &mona, 50).await;
    world.pump().await;
    let partitions: BTreeSet<_> = world.parked().await.into_keys().map(|(pk, _)| pk).collect();
    assert_eq!((world.parked().await.len(), partitions.len()), (50, 8));
    world.fakes.script(|_| None);
    world.meter.take();
    assert_eq!(world.deliver.perform(Task::Release).await.unwrap().mails, 50);
    assert!(world.meter.take().total() <= 8 * 2, "a query and a batch of deletions for each partition");
    assert_eq!(world.deliver_mails().await.len(), 50);
    assert!(world.parked().await.is_empty());
    assert_eq!(world.delivery(&mona, &ids[0]).await, "sent");
}

#[tokio::test]
async fn mails_and_all_else_come_by_mappings_of_their_own() {
    let (world, mona) = chess("owner").await;
    let [ann] = world.people(["ann"]).await;
    world.fakes.reject_next();
    let id = world.invite_user(&mona, "chess", &ann).await;
    world.pump().await;
    world.release_parked().await;
    world.pump().await;
    world.command(&ann, &id, "accept").await.ok();
    world.pump().await;
    world.set_expiry(&id, system::now()).await;
    let mut kinds = BTreeSet::new();
    for record in world.history() {
        let of = |image: &str| record["dynamodb"][image]["kind"]["S"].as_str().map(str::to_owned);
        let kind = of("NewImage").or_else(|| of("OldImage")).unwrap();
        let mapped = ["DeliverMapping", "MailMapping"].map(|mapping| template().maps(mapping, &record));
        let is_mail = ["mail", "due", "parked"].contains(&&*kind);
        assert_eq!(mapped, [!is_mail, is_mail], "{kind}");
        kinds.insert(kind);
    }
    assert!(kinds.len() >= 3, "{kinds:?}");
}

/// The stream keeps its reports for a day.
#[tokio::test]
async fn mails_that_are_late_in_the_stream_wait_in_the_table_and_go_out_at_the_pace_of_the_mail_service() {
    with_clock(async |clock| {
        let (world, mona) = chess("owner").await;
        let ids = invite(&world, &mona, 20).await;
        let changes = world.changes();
        clock.forward(61 * MINUTE);
        assert!(world.hand_over(&changes).await.is_empty(), "the stream is done with them");
        assert_eq!(world.fakes.take_ses_requests(), 0);
        clock.forward(2 * MINUTE);
        world.wake().await;
        assert_eq!(world.deliver_mails().await.len(), 20);
        for id in &ids {
            let mail = world.outbox_mail(id).await;
            assert_eq!((mail.state, mail.attempts), (MailState::Sent, 1));
        }
    })
    .await;
}

#[tokio::test]
async fn what_is_noted_of_a_mail_hands_over_nothing_and_each_mail_comes_by_once() {
    let (world, mona) = chess("owner").await;
    world.settings(json!({ "senderNotices": "each" })).await;
    let [ann] = world.people(["ann"]).await;
    let id = world.invite_user(&mona, "chess", &ann).await;
    world.pump().await;
    world.ses_event(&SesEvent::new("Delivery", &id)).await;
    world.command(&ann, &id, "accept").await.ok();
    world.pump().await;
    assert_eq!(world.fakes.take_mails().len(), 3, "the invitation, and to each that it was accepted");
    let all = world.whole_stream();
    let handed_over = all.iter().filter(|record| template().maps("MailMapping", record));
    assert_eq!(handed_over.count(), 3);
    let of_mails = all.iter().filter(|record| kind_of(record) == "mail");
    assert!(of_mails.count() >= 9, "each was made, leased and sent");
}

/// A mail service that forgets its connections between two batches, as a frozen process finds it: what is written to
/// one of them is lost. Returns where it is and what makes it forget.
async fn forgetful() -> (String, Arc<AtomicU32>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (address, epoch) = (format!("http://{}", listener.local_addr().unwrap()), Arc::new(AtomicU32::new(0)));
    let current = Arc::clone(&epoch);
    tokio::spawn(async move {
        while let Ok((connection, _)) = listener.accept().await {
            tokio::spawn(serve(connection, current.load(Ordering::SeqCst), Arc::clone(&current)));
        }
    });
    (address, epoch)
}

async fn serve(mut connection: TcpStream, born: u32, current: Arc<AtomicU32>) {
    let (mut seen, mut buffer) = (Vec::new(), vec![0; 65_536]);
    while let Ok(read @ 1..) = connection.read(&mut buffer).await {
        seen.extend_from_slice(&buffer[..read]);
        if current.load(Ordering::SeqCst) != born {
            return;
        }
        let text = String::from_utf8_lossy(&seen).to_lowercase();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head.split("content-length: ").nth(1).and_then(|rest| rest.split("\r\n").next());
        if length.map_or(0, |length| length.parse().unwrap()) <= body.len() {
            let response = "{\"MessageId\":\"message\"}";
            let head = format!(
                "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
                response.len()
            );
            connection.write_all(format!("{head}{response}").as_bytes()).await.unwrap();
            seen.clear();
        }
    }
}

#[tokio::test]
async fn a_connection_that_died_while_the_process_was_frozen_costs_no_mail_its_lease() {
    let (mut world, mona) = chess("owner").await;
    let (address, epoch) = forgetful().await;
    world.deliver.outbound.mail_service = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static("us-east-1"))
        .credentials_provider(SharedCredentialsProvider::new(credentials()))
        .endpoint_url(address)
        .build();
    for (number, guest) in ["ann@example.org", "ben@example.org", "cem@example.org"].into_iter().enumerate() {
        epoch.store(u32::try_from(number).unwrap(), Ordering::SeqCst);
        let id = world.invite_address(&mona, "chess", guest).await;
        assert!(world.hand_over(&world.changes()).await.is_empty());
        let mail = world.outbox_mail(&id).await;
        assert_eq!((mail.state, mail.attempts), (MailState::Sent, 1), "{guest}");
    }
}
