//! What is logged, and what never is.

use std::{
    io::{Result, Write},
    sync::{Arc, LazyLock, Mutex},
};

use runtime::{SHARED_CRATES, log};
use serde_json::{Value, json};
use tracing::{Dispatch, subscriber::NoSubscriber};
use tracing_subscriber::filter::LevelFilter;

use testkit::{
    embedded::{SesFault, World, chess},
    files,
    template::template,
};

/// Listens to nothing, beside the listener of a test. To one listener alone tracing leaves out whatever another thread
/// logged first: it asks that thread, once for all, whether anybody listens.
static ANOTHER_LISTENER: LazyLock<Dispatch> = LazyLock::new(|| Dispatch::new(NoSubscriber::default()));

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> Result<()> {
        Ok(())
    }
}

impl Lines {
    fn take(&self) -> String {
        String::from_utf8(std::mem::take(&mut *self.0.lock().unwrap())).unwrap()
    }

    /// Collects all that this thread logs, from that level up.
    fn listen(&self, level: LevelFilter) -> tracing::subscriber::DefaultGuard {
        LazyLock::force(&ANOTHER_LISTENER);
        let lines = self.clone();
        let functions = files::names_in("functions");
        let functions: Vec<_> = functions.iter().map(String::as_str).collect();
        tracing::subscriber::set_default(log(level, &functions, move || lines.clone()))
    }
}

/// Everything that an invitation by mail goes through, on this thread.
#[tokio::test]
async fn no_level_of_logging_tells_an_address_a_name_a_message_or_a_link() {
    let lines = Lines::default();
    let _guard = lines.listen(LevelFilter::TRACE);
    let world = World::new().await;
    let [mona, ann] = world.people(["mona", "ann"]).await;
    world.community("chess", json!({})).await;
    world.member("chess", &mona, "moderator").await;
    let body = json!({ "userIds": ["ann"], "emails": ["zoe@example.org"], "message": "Do come!" });
    world.send(&mona, "chess", body).await;
    world.pump().await;
    let mails = world.fakes.take_mails();
    let tokens: Vec<_> = mails.iter().map(|mail| mail.token().unwrap().to_owned()).collect();
    for mail in &mails {
        world.submit(&mail.path("i"), "answer=accept").await;
    }
    world.get(&ann, "/me/invitations").await.ok();
    let told = lines.take();
    assert!(told.contains("batch done"), "the workspace's own crates are heard: {told}");
    for secret in tokens.iter().map(String::as_str).chain(["example.org", "Mona", "Ann", "Do come", "zoe"]) {
        let line = told.lines().find(|line| line.contains(secret));
        assert_eq!(line, None, "{secret}");
    }
}

#[tokio::test]
async fn parked_mails_and_a_mail_service_that_takes_none_raise_the_alarm_at_every_level_of_logging() {
    let alarm = &template().resource("MailsParked").properties;
    for (filter, log) in [("MailFaults", "MailLog"), ("WakeFaults", "DeliverLog")] {
        let filter = &template().resource(filter).properties;
        let metric = &filter["MetricTransformations"][0];
        assert_eq!(
            (&filter["LogGroupName"], &filter["FilterPattern"]),
            (&json!(log), &json!("{ $.level = \"ERROR\" }"))
        );
        assert_eq!((&alarm["Namespace"], &alarm["MetricName"]), (&metric["MetricNamespace"], &metric["MetricName"]));
    }
    assert_eq!((&alarm["Threshold"], &alarm["Statistic"]), (&json!(1), &json!("Sum")));

    let lines = Lines::default();
    let _guard = lines.listen(LevelFilter::ERROR);
    let errors = |words: &str| {
        let lines = lines.take();
        let told = lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        told.filter(|line| line["level"] == "ERROR" && line["message"] == words).count()
    };
    let (world, mona) = chess("moderator").await;
    world.wake().await;
    assert_eq!(errors("mails are parked"), 0);
    world.fakes.reject_next();
    world.invite_address(&mona, "chess", "ann@example.org").await;
    world.pump().await;
    assert_eq!(errors("a mail is parked"), 1);
    for _ in 0..2 {
        world.wake().await;
        assert_eq!(errors("mails are parked"), 1, "again each minute, so that the alarm lasts");
    }
    world.release_parked().await;
    world.deliver_mail().await;
    world.wake().await;
    assert_eq!(errors("mails are parked"), 0);
    world.fakes.fail_next(SesFault::Rejected(403, "AccessDeniedException"));
    world.invite_address(&mona, "chess", "ben@example.org").await;
    world.pump().await;
    assert_eq!(errors("the mail service takes no mail"), 1);
    world.wake().await;
    assert_eq!(errors("the mail service takes no mail"), 0, "nothing new is known");
    world.fakes.set_account(json!({ "SendingEnabled": false }));
    for _ in 0..2 {
        world.wake().await;
        assert_eq!(errors("the mail service takes no mail"), 1, "no mail is tried that could tell");
    }
}

#[tokio::test]
async fn a_mutation_that_fails_beside_one_that_is_done_raises_the_alarm_at_every_level_of_logging() {
    let filter = &template().resource("GraphqlFaults").properties;
    let metric = &filter["MetricTransformations"][0];
    assert_eq!(
        (&filter["LogGroupName"], &filter["FilterPattern"]),
        (&json!("GraphqlLog"), &json!("{ $.level = \"ERROR\" }"))
    );
    let alarm = &template().resource("GraphqlFailures").properties;
    assert_eq!((&alarm["Namespace"], &alarm["MetricName"]), (&metric["MetricNamespace"], &metric["MetricName"]));
    assert_eq!((&alarm["Threshold"], &alarm["Statistic"]), (&json!(1), &json!("Sum")));

    let (world, mona) = chess("moderator").await;
    let [ann, ben] = world.people(["ann", "ben"]).await;
    let ids = [world.invite_user(&mona, "chess", &ann).await, world.invite_user(&mona, "chess", &ben).await];
    let [first, second] = ids.map(|id| format!("cancelCommunityInvitation(id: \"{id}\") {{ errors }}"));
    let document = json!({ "query": format!("mutation {{ first: {first} second: {second} }}") });
    let lines = Lines::default();
    let _guard = lines.listen(LevelFilter::ERROR);
    for (fails, count) in [(true, 1), (false, 0)] {
        if fails {
            world.faults.fail_after(1);
        }
        let response = world.post(&mona, "/graphql", document.clone()).await;
        world.faults.clear();
        assert_eq!(response.status, 200, "so that no other alarm hears of it");
        let told = lines.take();
        let told = told.lines().filter(|line| line.contains("a part of a document failed"));
        let told: Vec<Value> = told.map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(told.len(), count, "{told:?}");
        assert!(told.iter().all(|line| line["level"] == "ERROR" && line["request_id"] == "request-1"), "{told:?}");
    }
}

#[test]
fn the_level_is_that_of_our_own_crates_and_dependencies_only_warn() {
    let lines = Lines::default();
    let told = |level| {
        let _guard = lines.listen(level);
        let span =
            tracing::info_span!(target: "lambda_runtime::layers::trace", "Lambda runtime invoke", requestId = "id-1");
        let _entered = span.enter();
        tracing::trace!(target: "deliver::mail", "own trace");
        tracing::info!(target: "deliver::mail", "own info");
        tracing::error!(target: "deliver::mail", "own error");
        tracing::info!(target: "aws_smithy_runtime::client", "foreign info");
        tracing::warn!(target: "aws_smithy_runtime::client", "foreign warning");
        lines.take()
    };
    let words = |text: &str| {
        let heard = ["own trace", "own info", "own error", "foreign info", "foreign warning"];
        heard.into_iter().filter(|word| text.contains(word)).collect::<Vec<_>>()
    };
    assert_eq!(words(&told(LevelFilter::TRACE)), ["own trace", "own info", "own error", "foreign warning"]);
    assert_eq!(words(&told(LevelFilter::INFO)), ["own info", "own error", "foreign warning"]);
    assert_eq!(words(&told(LevelFilter::ERROR)), ["own error"]);
    let ids = |line: &str| line.matches("id-1").count();
    assert!(told(LevelFilter::INFO).lines().all(|line| ids(line) == 1), "every line has its request's id, once");
}

#[test]
fn a_line_that_another_thread_logged_first_is_heard() {
    let lines = Lines::default();
    let _guard = lines.listen(LevelFilter::TRACE);
    let log = || tracing::info!(target: "deliver::mail", "again");
    std::thread::spawn(log).join().unwrap();
    assert_eq!(lines.take(), "");
    log();
    assert!(lines.take().contains("again"));
}

#[test]
fn every_shared_crate_counts_as_our_own() {
    let mut crates: Vec<_> = files::names_in("shared").into_iter().map(|name| name.replace('-', "_")).collect();
    crates.sort();
    assert_eq!(crates, SHARED_CRATES);
}
