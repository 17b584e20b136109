//! A plan over the functions themselves: the handlers, the stream and `deliver`, over the embedded engine without a
//! network. The clock is that of a runtime that does not wait.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex},
    time::Duration,
};

use aws_sdk_dynamodb::types::AttributeValue;
use domain::{Timestamp, outbox::OutboxMail};
use serde_json::{Value, json};
use store::record::value;
use system::simulation;
use testkit::{
    embedded::{Person, SesFault, World},
    template::template,
};
use tokio::time::{Instant, sleep, sleep_until};

use super::{
    plan::{BATCH, BacklogResult, Clock, EVENT_LANES, LANES, Plan},
    service::{MailService, Rejected},
};

/// How often the stream is read.
const POLLS: Duration = Duration::from_secs(1);

impl simulation::World for Clock {
    fn now(&self) -> Timestamp {
        Self::now(*self)
    }

    fn randomise(&self, bytes: &mut [u8]) {
        fastrand::fill(bytes);
    }
}

/// Runs the plan.
pub(super) fn run(plan: Plan) -> BacklogResult {
    fastrand::seed(7);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    runtime.block_on(async {
        let clock = Clock::start();
        simulation::Simulation::new(clock).run(Box::pin(Deployment::run(plan, clock))).await
    })
}

/// The records of the stream that wait for one of a mapping's functions.
type Lane = Mutex<VecDeque<(Instant, Value)>>;

struct Deployment {
    plan: Plan,
    clock: Clock,
    world: World,
    mona: Person,
    service: Arc<Mutex<MailService>>,
    /// When each invitation's mail was taken, and how often.
    taken: Arc<Mutex<BTreeMap<String, u32>>>,
    last_taken: Arc<Mutex<Duration>>,
    mails: [Lane; LANES],
    events: [Lane; EVENT_LANES],
    oldest_report: Mutex<Duration>,
    slowest_event: Mutex<Duration>,
}

impl Deployment {
    async fn run(plan: Plan, clock: Clock) -> BacklogResult {
        let mut world = World::without_network(&format!("backlog-{}-{:?}", plan.per_second, plan.quota));
        world.deliver.outbound.concurrency = u32::try_from(LANES).unwrap();
        world.deliver.outbound.first_pause = Duration::from_millis(500);
        let [mona] = world.people(["mona"]).await;
        world.community_of("chess", &mona, "owner").await;
        world.settings(json!({ "dailyInvitationsPerSender": 10_000 })).await;
        let service = Arc::new(Mutex::new(MailService::new(plan.per_second, plan.quota, plan.period)));
        let (taken, last_taken) = (Arc::<Mutex<BTreeMap<_, _>>>::default(), Arc::<Mutex<Duration>>::default());
        world.fakes.script({
            let (service, taken, last_taken) = (Arc::clone(&service), Arc::clone(&taken), Arc::clone(&last_taken));
            move |mail| match service.lock().unwrap().post(clock.now().as_millisecond()) {
                Ok(()) => {
                    *taken.lock().unwrap().entry(mail.tag("invitation").to_owned()).or_default() += 1;
                    *last_taken.lock().unwrap() = clock.0.elapsed();
                    None
                }
                Err(Rejected::Busy) => Some(SesFault::Rejected(429, "TooManyRequestsException")),
                Err(Rejected::UsedUp) => Some(SesFault::Rejected(400, "Daily message quota exceeded")),
            }
        });
        let deployment = Self {
            plan,
            clock,
            world,
            mona,
            service,
            taken,
            last_taken,
            mails: Default::default(),
            events: Default::default(),
            oldest_report: Mutex::default(),
            slowest_event: Mutex::default(),
        };
        tokio::select! {
            () = deployment.all_taken() => {}
            () = deployment.work() => {}
        }
        deployment.result().await
    }

    async fn work(&self) {
        let mails =
            futures::future::join_all(self.mails.iter().map(|lane| self.follow(lane, &self.oldest_report, false)));
        let events =
            futures::future::join_all(self.events.iter().map(|lane| self.follow(lane, &self.slowest_event, true)));
        tokio::join!(self.make(), self.wake(), self.read(), mails, events);
    }

    /// Waits until all mails are out, and what follows has been dealt with.
    async fn all_taken(&self) {
        let all = self.plan.mails as usize;
        while self.taken.lock().unwrap().len() < all {
            sleep(Duration::from_secs(1)).await;
        }
        sleep(Duration::from_mins(3)).await;
    }

    async fn make(&self) {
        for tenth in 0..self.plan.mails / 10 {
            sleep_until(self.clock.0 + Duration::from_secs(u64::from(tenth) * 10) / self.plan.made).await;
            let emails: Vec<_> = (0..10).map(|number| format!("guest{tenth}-{number}@example.org")).collect();
            self.world.send(&self.mona, "chess", json!({ "emails": emails })).await;
        }
    }

    async fn wake(&self) {
        loop {
            sleep(Duration::from_mins(1)).await;
            let account = self.service.lock().unwrap().account(self.clock.now().as_millisecond());
            let most = account.per_day.map_or(-1.0, f64::from);
            let (rate, sent) = (f64::from(account.per_second), f64::from(account.sent));
            self.world.fakes.set_account(json!({
                "SendingEnabled": true,
                "SendQuota": { "Max24HourSend": most, "MaxSendRate": rate, "SentLast24Hours": sent },
            }));
            self.world.wake().await;
        }
    }

    /// Reads the stream, and deals it out to the mappings: what concerns one partition comes to one of their functions.
    async fn read(&self) {
        loop {
            sleep(POLLS).await;
            for record in self.world.fresh_changes() {
                let spread: usize =
                    record["dynamodb"]["Keys"]["pk"]["S"].as_str().unwrap().bytes().map(usize::from).sum();
                for (mapping, lanes) in [("MailMapping", &self.mails[..]), ("DeliverMapping", &self.events[..])] {
                    if template().maps(mapping, &record) {
                        let lane = &lanes[spread % lanes.len()];
                        lane.lock().unwrap().push_back((Instant::now(), record.clone()));
                    }
                }
            }
        }
    }

    /// Hands one batch after the other over; notes how old a record was at the most when its turn came, or when it was
    /// done.
    async fn follow(&self, lane: &Lane, oldest: &Mutex<Duration>, when_done: bool) {
        loop {
            let batch: Vec<_> = {
                let mut records = lane.lock().unwrap();
                let next = records.len().min(BATCH);
                records.drain(..next).collect()
            };
            if batch.is_empty() {
                sleep(POLLS).await;
                continue;
            }
            let age = || batch.iter().map(|(at, _)| at.elapsed()).max().unwrap_or_default();
            let before = age();
            let records: Vec<_> = batch.iter().map(|(_, record)| record.clone()).collect();
            let again = self.world.hand_over(&records).await;
            let age = if when_done { age() } else { before };
            {
                let mut oldest = oldest.lock().unwrap();
                *oldest = oldest.max(age);
            }
            let mut records = lane.lock().unwrap();
            again.into_iter().rev().for_each(|record| records.push_front((Instant::now(), record)));
        }
    }

    async fn result(&self) -> BacklogResult {
        let taken = self.taken.lock().unwrap().clone();
        let rejected = {
            let service = self.service.lock().unwrap();
            service.busy + service.used_up
        };
        let is_mail = |item: &&store::record::Item| item.get("kind") == Some(&AttributeValue::S("mail".to_owned()));
        let table = self.world.dump().await;
        let left = table.values().filter(is_mail).filter(|item| {
            let mail: OutboxMail = value((*item).clone()).unwrap();
            mail.state != domain::outbox::MailState::Sent
        });
        BacklogResult {
            sent: taken.len() as u64,
            twice: taken.values().map(|times| u64::from(times - 1)).sum(),
            left: left.count() as u64,
            last_sent: *self.last_taken.lock().unwrap(),
            rejected,
            waited: 0,
            waited_most: 0,
            oldest_report: *self.oldest_report.lock().unwrap(),
            slowest_event: *self.slowest_event.lock().unwrap(),
        }
    }
}
