//! One run: a world, callers, the stream's driver, and the checks when all is quiet.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use futures::future::join_all;
use serde_json::{Value, json};
use system::simulation::Simulation;
use tokio::sync::RwLock;

use super::{
    history::History,
    invariants::{Inspection, Taken},
    layer::{Counts, Layer},
    program::{self, COMMUNITIES, DAILY_QUOTA, Deed, Rumours, USERS},
    schedule::{CALL, Call, Clock, Dice, Machine, Order, Purpose},
};
use crate::world::{
    Answer, Ask, World,
    engine::Engine,
    platform,
    post::{Luck, Mail},
};

use aws_smithy_runtime_api::client::http::SharedHttpClient;

/// Callers at the same time.
const CALLERS: usize = 8;
/// Drivers of the stream, each with the items of some partitions.
const SHARDS: usize = 2;
/// Records that a repetition may reach back over.
const PAST: usize = 2_000;
/// Records that most repetitions reach back over: some of them are still being worked on.
const LATEST: usize = 20;
/// Operations between two inspections of the table.
const PHASE: usize = 400;
/// How often the platform repeats a request that it was not answered.
const REPEATS: usize = 12;
/// The size of the batches that `deliver` gets at the most.
const BATCH: usize = 25;
/// Rounds in which everything must be delivered once nothing fails any more.
const ROUNDS: usize = 40;

/// How long a run is and in which order it goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Plan {
    pub(super) seed: u64,
    pub(super) operations: usize,
    pub(super) parallel: bool,
}

/// What a run came to.
#[derive(Debug, Clone)]
pub(super) struct Report {
    pub(super) wrong: Vec<String>,
    pub(super) counts: Counts,
    pub(super) calls: u64,
    pub(super) unknown: u64,
    pub(super) replays: u64,
    pub(super) statuses: BTreeMap<u16, u64>,
    pub(super) invitations: usize,
    pub(super) mails: u64,
    pub(super) doubled: u64,
    pub(super) most_at_once: usize,
    pub(super) digest: u64,
}

struct Run {
    world: World,
    layer: Layer,
    dice: Dice,
    clock: Clock,
    simulation: Simulation,
    rumours: Mutex<Rumours>,
    history: Mutex<History>,
    /// Time moves only while nobody is at work: no function lives for hours.
    work: RwLock<()>,
    numbers: AtomicU64,
    left: Mutex<usize>,
    callers_left: AtomicU64,
    stream: Mutex<Stream>,
    taken: Arc<Mutex<Taken>>,
    posted: Arc<Mutex<BTreeMap<u64, Vec<String>>>>,
    wrong: Mutex<Vec<String>>,
    /// Directory requests that were never answered.
    unfinished: Mutex<VecDeque<(Purpose, String, Ask)>>,
    stormy: Arc<AtomicBool>,
    /// Mails that went out more often than is noted.
    doubled: AtomicU64,
}

#[derive(Default)]
struct Stream {
    shards: [VecDeque<Value>; SHARDS],
    /// Records that failed and come again later.
    late: Vec<Value>,
    past: VecDeque<Value>,
    doubles: u64,
}

/// Runs a plan on a runtime of its own.
pub(super) fn run(plan: Plan) -> Report {
    fastrand::seed(plan.seed);
    let runtime = if plan.parallel {
        tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build()
    } else {
        tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build()
    };
    runtime.unwrap().block_on(async {
        let run = Arc::new(Run::new(plan).await);
        tokio::select! {
            biased;
            () = run.perform(plan) => {}
            () = run.layer.conduct() => {}
        }
        run.report()
    })
}

impl Run {
    async fn new(plan: Plan) -> Self {
        static RUNS: AtomicU64 = AtomicU64::new(0);
        let (dice, clock) = (Dice::new(plan.seed), Clock::default());
        let order = if plan.parallel { Order::Parallel } else { Order::chosen() };
        let engine = Engine::new();
        let layer = Layer::new(engine.clone(), order, dice.clone(), clock.clone());
        let name = format!("run-{}", RUNS.fetch_add(1, Ordering::SeqCst));
        let world = World::behind(engine, SharedHttpClient::new(layer.clone()), name).await;
        let (taken, stormy) = (Arc::<Mutex<Taken>>::default(), Arc::<AtomicBool>::default());
        let posted = Arc::<Mutex<BTreeMap<u64, Vec<String>>>>::default();
        world.post.expose({
            let (layer, dice, taken, stormy) = (layer.clone(), dice.clone(), Arc::clone(&taken), Arc::clone(&stormy));
            let posted = Arc::clone(&posted);
            move |mail| {
                let luck = if stormy.load(Ordering::SeqCst) { luck(&dice) } else { None };
                let id = mail.tag("invitation");
                if !matches!(luck, Some(Luck::Lost | Luck::Refused(..))) {
                    *taken.lock().unwrap().entry((id.to_owned(), mail.tag("mail").to_owned())).or_default() += 1;
                    let call = CALL.with(|call| call.number);
                    posted.lock().unwrap().entry(call).or_default().push(id.to_owned());
                }
                if matches!(luck, Some(Luck::Silence | Luck::Babble)) {
                    layer.with_ledger(|ledger| ledger.disturb(id));
                }
                luck
            }
        });
        Self {
            world,
            layer,
            simulation: Simulation::new(Machine { clock: clock.clone(), dice: dice.clone() }),
            dice,
            clock,
            rumours: Mutex::default(),
            history: Mutex::default(),
            work: RwLock::new(()),
            numbers: AtomicU64::new(0),
            left: Mutex::new(0),
            callers_left: AtomicU64::new(0),
            stream: Mutex::default(),
            taken,
            posted,
            wrong: Mutex::default(),
            unfinished: Mutex::default(),
            stormy,
            doubled: AtomicU64::new(0),
        }
    }

    async fn perform(self: &Arc<Self>, plan: Plan) {
        self.populate().await;
        let mut left = plan.operations;
        while left > 0 {
            let phase = left.min(PHASE);
            left -= phase;
            self.storm(true);
            *self.left.lock().unwrap() = phase;
            self.callers_left.store(CALLERS as u64, Ordering::SeqCst);
            let callers = (0..CALLERS).map(|caller| tokio::spawn(Arc::clone(self).call_on(caller)));
            let callers = async { join_all(callers).await.into_iter().for_each(Result::unwrap) };
            let drivers = join_all((0..SHARDS).map(|shard| self.drive(shard)));
            tokio::join!(callers, drivers);
            self.storm(false);
            self.settle().await;
            self.inspect().await;
            if !self.wrong.lock().unwrap().is_empty() {
                return;
            }
            self.world.move_table().await;
        }
    }

    fn storm(&self, stormy: bool) {
        self.layer.storm(stormy);
        self.stormy.store(stormy, Ordering::SeqCst);
    }

    /// Everyone registers, every community opens, and its owner comes in.
    async fn populate(&self) {
        let settings = json!({
            "declineCooldownDays": 1, "dailyInvitationsPerSender": DAILY_QUOTA, "invitationLifetimeDays": 2,
            "membersInviteConnectionsOnly": self.dice.permille(500),
        });
        self.tell("PUT", "settings", &settings).await;
        for user in (0..USERS).map(program::user_id) {
            let body = json!({ "displayName": user, "email": format!("{user}@example.org"), "emailVerified": true });
            self.tell("PUT", &format!("users/{user}"), &body).await;
        }
        for index in 0..COMMUNITIES.len() {
            let community = format!("communities/{}", program::community_id(index));
            self.tell("PUT", &community, &program::community_body(index)).await;
            for (user, role) in [(index, "owner"), (index + 6, "moderator"), (index + 12, "member")] {
                let path = format!("{community}/members/{}", program::user_id(user));
                self.tell("PUT", &path, &json!({ "role": role })).await;
            }
        }
    }

    async fn tell(&self, method: &'static str, path: &str, body: &Value) {
        let ask = Ask::new(method, format!("/directory/{path}")).by(&platform()).json(body);
        let call = self.begin(CALLERS, Purpose::Settings, "platform");
        self.within(&call, self.world.ask(ask)).await.unwrap().ok();
    }

    fn begin(&self, caller: usize, purpose: Purpose, user: &str) -> Arc<Call> {
        Call::new(self.numbers.fetch_add(1, Ordering::SeqCst), caller, purpose, user)
    }

    /// Works as one call; `None` if its function dies.
    async fn within<T>(&self, call: &Arc<Call>, work: impl Future<Output = T>) -> Option<T> {
        let work = self.simulation.run(CALL.scope(Arc::clone(call), work));
        tokio::select! {
            biased;
            done = work => Some(done),
            () = call.death.notified() => None,
        }
    }

    /// A caller does one thing after the other.
    async fn call_on(self: Arc<Self>, caller: usize) {
        loop {
            {
                let mut left = self.left.lock().unwrap();
                if *left == 0 {
                    break;
                }
                *left -= 1;
            }
            let deed = program::next(&mut self.rumours.lock().unwrap(), &self.dice);
            match deed {
                Deed::Ask { purpose, user, ask, about, key } => {
                    self.ask(caller, purpose, &user, ask, &about, key.as_ref()).await;
                }
                Deed::Feedback(event) => {
                    let _working = self.work.read().await;
                    let call = self.begin(caller, Purpose::Feedback, "");
                    self.bounced(&event);
                    let event = serde_json::from_value(event).unwrap();
                    self.within(&call, Box::pin(self.world.feedback.handle(event))).await;
                }
                Deed::Wait(seconds) => {
                    let _alone = self.work.write().await;
                    self.clock.forward(Duration::from_secs(seconds));
                }
                Deed::Expire => drop(self.world.remove_outlived(self.clock.millis())),
            }
        }
        self.callers_left.fetch_sub(1, Ordering::SeqCst);
    }

    /// No mail goes to that address any more, whoever has it.
    fn bounced(&self, event: &Value) {
        let bounced = event["detail"]["bounce"]["bouncedRecipients"][0]["emailAddress"].as_str();
        let Some(address) = bounced else { return };
        let mut history = self.history.lock().unwrap();
        history.unreachable(address.split('@').next().unwrap());
        if address.starts_with("guest") {
            (0..USERS).for_each(|user| history.unreachable(&program::user_id(user)));
        }
    }

    async fn ask(
        &self,
        caller: usize,
        purpose: Purpose,
        user: &str,
        ask: Ask,
        about: &str,
        key: Option<&(String, Value)>,
    ) {
        let repeats = if user == platform().id { REPEATS } else { 1 };
        for _ in 0..repeats {
            let _working = self.work.read().await;
            self.foresee(purpose, about);
            let call = self.begin(caller, purpose, user);
            let answer = self.within(&call, self.world.ask(ask.clone())).await;
            self.foresee(purpose, about);
            let wrong = self.layer.with_ledger(|ledger| {
                let mut history = self.history.lock().unwrap();
                history.told(&call, about, key, answer.as_ref(), ledger, self.clock.millis())
            });
            self.wrong.lock().unwrap().extend(wrong);
            if let Some(answer) = answer.filter(|answer: &Answer| answer.status < 500) {
                if purpose == Purpose::Send && answer.status == 200 {
                    self.rumours.lock().unwrap().sent(user, about, &answer.ok());
                }
                return;
            }
        }
        if repeats > 1 {
            self.unfinished.lock().unwrap().push_back((purpose, about.to_owned(), ask));
        }
    }

    /// What a request may make of someone, whether it is answered or not.
    fn foresee(&self, purpose: Purpose, about: &str) {
        let mut history = self.history.lock().unwrap();
        match purpose {
            Purpose::DeleteUser => history.erasing(about),
            Purpose::PutUser => history.unreachable(about),
            Purpose::DeleteCommunity => history.removing(about),
            _ => {}
        }
    }

    /// Takes new records of the stream, each to the shard of its item.
    fn fetch(&self) {
        let mut stream = self.stream.lock().unwrap();
        let fresh = self.world.fresh_changes();
        for record in fresh {
            let pk = record["dynamodb"]["Keys"]["pk"]["S"].as_str().unwrap();
            let shard = pk.bytes().map(usize::from).sum::<usize>() % SHARDS;
            stream.shards[shard].push_back(record);
        }
    }

    /// What the driver hands over next, and whether it is a repetition.
    fn batch(&self, shard: usize) -> (Vec<Value>, bool) {
        self.fetch();
        let mut stream = self.stream.lock().unwrap();
        let size = 1 + self.dice.below(BATCH);
        if self.dice.permille(150) && !stream.past.is_empty() {
            let reach = if self.dice.permille(700) { LATEST } else { PAST }.min(stream.past.len());
            let from = stream.past.len() - 1 - self.dice.below(reach);
            stream.doubles += 1;
            return (stream.past.iter().skip(from).take(size).cloned().collect(), true);
        }
        if self.dice.permille(100) && !stream.late.is_empty() {
            let size = stream.late.len().min(BATCH);
            return (stream.late.drain(..size).collect(), false);
        }
        let size = size.min(stream.shards[shard].len());
        let batch: Vec<_> = stream.shards[shard].drain(..size).collect();
        remember(&mut stream.past, &batch);
        (batch, false)
    }

    /// Drives one shard for as long as there are callers.
    async fn drive(&self, shard: usize) {
        let mut failures = 0;
        while self.callers_left.load(Ordering::SeqCst) > 0 {
            let (batch, again) = self.batch(shard);
            if batch.is_empty() || self.dice.permille(100) {
                // Late at times.
                let pause = if batch.is_empty() { 5 } else { 60 };
                tokio::time::sleep(Duration::from_millis(pause)).await;
            }
            if batch.is_empty() {
                continue;
            }
            let _working = self.work.read().await;
            let failed = self.hand_over(CALLERS + 1 + shard, &batch).await;
            let mut stream = self.stream.lock().unwrap();
            // What the mapping does: all from the first failure on comes again, up to a point.
            let rest = match failed {
                None => 0,
                Some(failed) => batch.iter().position(|record| failed.contains(record)).unwrap_or(batch.len()),
            };
            if again {
                continue;
            }
            failures = if rest == batch.len() { 0 } else { failures + 1 };
            let rest = batch[rest..].to_vec();
            if failures > 3 {
                failures = 0;
                stream.late.extend(rest);
            } else {
                rest.into_iter().rev().for_each(|record| stream.shards[shard].push_front(record));
            }
        }
    }

    /// Returns the records that failed; `None` if `deliver` died.
    async fn hand_over(&self, caller: usize, batch: &[Value]) -> Option<Vec<Value>> {
        let call = self.begin(caller, Purpose::Deliver, "");
        let failed = self.within(&call, self.world.hand_over(batch)).await;
        let posted = self.posted.lock().unwrap().remove(&call.number).unwrap_or_default();
        if failed.is_none() {
            // Whatever it had posted, it may not have noted.
            self.layer.with_ledger(|ledger| posted.iter().for_each(|id| ledger.disturb(id)));
        }
        let mut rumours = self.rumours.lock().unwrap();
        for mail in self.world.post.take_mails() {
            rumours.arrived(&mail.to, mail.tag("invitation"), mail.tag("mail"), token(&mail));
        }
        drop(rumours);
        self.world.post.take_events();
        self.history.lock().unwrap().note(&(call.number, self.clock.millis(), batch.len()));
        failed
    }

    /// Everything is answered, delivered and over.
    async fn settle(&self) {
        self.layer.quiet().await;
        let unfinished = std::mem::take(&mut *self.unfinished.lock().unwrap());
        for (purpose, about, ask) in unfinished {
            self.ask(CALLERS, purpose, &platform().id, ask, &about, None).await;
        }
        for _ in 0..ROUNDS {
            self.fetch();
            let mut all = Vec::new();
            {
                let mut stream = self.stream.lock().unwrap();
                all.append(&mut stream.late);
                stream.shards.iter_mut().for_each(|shard| all.extend(shard.drain(..)));
            }
            if all.is_empty() {
                if self.world.remove_outlived(self.clock.millis()) == 0 {
                    return;
                }
                continue;
            }
            // Past the leases of whoever died.
            self.clock.forward(Duration::from_secs(100));
            for batch in all.chunks(BATCH) {
                let failed = self.hand_over(CALLERS + 1, batch).await.unwrap_or_else(|| batch.to_vec());
                self.stream.lock().unwrap().late.extend(failed);
            }
        }
        let late = self.stream.lock().unwrap().late.len();
        self.wrong.lock().unwrap().push(format!("{late} records of the stream are never dealt with"));
    }

    async fn inspect(&self) {
        let table = self.world.dump().await;
        let found = self.layer.with_ledger(|ledger| {
            let (history, taken) = (self.history.lock().unwrap(), self.taken.lock().unwrap());
            let mut wrong = ledger.violations();
            let (more, doubled) = Inspection::of(&table, ledger, &history, &taken, self.clock.millis());
            self.doubled.store(doubled, Ordering::SeqCst);
            wrong.extend(more);
            wrong
        });
        self.history.lock().unwrap().note(&table.keys().collect::<Vec<_>>());
        self.wrong.lock().unwrap().extend(found);
    }

    fn report(&self) -> Report {
        let history = self.history.lock().unwrap();
        Report {
            wrong: self.wrong.lock().unwrap().clone(),
            counts: self.layer.counts(),
            calls: history.calls,
            unknown: history.unknown,
            replays: history.replays,
            statuses: history.statuses.clone(),
            invitations: self.layer.with_ledger(|ledger| ledger.count()),
            mails: self.taken.lock().unwrap().values().sum(),
            doubled: self.doubled.load(Ordering::SeqCst),
            most_at_once: self.layer.most_at_once(),
            digest: history.digest(),
        }
    }
}

fn remember(past: &mut VecDeque<Value>, batch: &[Value]) {
    past.extend(batch.iter().cloned());
    while past.len() > PAST {
        past.pop_front();
    }
}

/// What a mail meets in bad weather.
fn luck(dice: &Dice) -> Option<Luck> {
    match dice.below(1_000) {
        0..40 => Some(Luck::Refused(429, "TooManyRequestsException")),
        40..55 => Some(Luck::Silence),
        55..65 => Some(Luck::Babble),
        65..80 => Some(Luck::Lost),
        80..85 => Some(Luck::Refused(400, "MessageRejected")),
        _ => None,
    }
}

/// The token of the link in the mail, if it has one.
fn token(mail: &Mail) -> Option<String> {
    let (_, rest) = mail.text.split_once("/u/")?;
    Some(rest.split_whitespace().next()?.to_owned())
}
