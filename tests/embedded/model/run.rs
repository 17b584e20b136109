//! One run: a world, callers, the delivery of the stream, and the checks when all is quiet.

mod delivery;

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
use testkit::embedded::{Request, SesFault, World, engine::Engine, platform};
use tokio::sync::RwLock;

use self::delivery::{SHARDS, Stream};
use super::{
    history::History,
    invariants::{Inspection, Taken},
    known::{Known, USERS, community_id, user_id},
    layer::{Counts, Layer},
    program::{self, Action, COMMUNITIES, DAILY_QUOTA},
    schedule::{CALL, Call, Clock, Machine, Order, Purpose, Random},
};

/// Callers at the same time.
const CALLERS: usize = 8;
/// Operations between two inspections of the table.
const PHASE: usize = 400;
/// How often the platform repeats a request that it was not answered.
const REPEATS: usize = 12;

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
    pub(super) violations: Vec<String>,
    pub(super) counts: Counts,
    pub(super) calls: u64,
    pub(super) unknown: u64,
    pub(super) replays: u64,
    pub(super) statuses: BTreeMap<u16, u64>,
    pub(super) invitations: usize,
    pub(super) mails: u64,
    pub(super) sent_twice: u64,
    pub(super) most_at_once: usize,
    pub(super) digest: u64,
}

struct Run {
    world: World,
    layer: Layer,
    random: Random,
    clock: Clock,
    simulation: Simulation,
    known: Mutex<Known>,
    history: Mutex<History>,
    /// Time moves only while no function is at work: none lives for hours.
    work: RwLock<()>,
    numbers: AtomicU64,
    left: Mutex<usize>,
    callers_left: AtomicU64,
    stream: Mutex<Stream>,
    taken: Arc<Mutex<Taken>>,
    posted: Arc<Mutex<BTreeMap<u64, Vec<String>>>>,
    violations: Mutex<Vec<String>>,
    /// Directory requests that were never answered.
    unfinished: Mutex<VecDeque<(Purpose, String, Request)>>,
    failing: Arc<AtomicBool>,
    /// Mails that went out more often than is noted.
    sent_twice: AtomicU64,
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
        let run = Arc::new(Run::new(plan));
        tokio::select! {
            biased;
            () = run.perform(plan) => {}
            () = run.layer.schedule() => {}
        }
        run.report()
    })
}

impl Run {
    fn new(plan: Plan) -> Self {
        static RUNS: AtomicU64 = AtomicU64::new(0);
        let (random, clock) = (Random::new(plan.seed), Clock::default());
        let order = if plan.parallel { Order::Parallel } else { Order::chosen() };
        let engine = Engine::default();
        let layer = Layer::new(engine.clone(), order, random.clone(), clock.clone());
        let name = format!("run-{}", RUNS.fetch_add(1, Ordering::SeqCst));
        let world = World::behind(engine, layer.client(), name);
        let (taken, failing) = (Arc::<Mutex<Taken>>::default(), Arc::<AtomicBool>::default());
        let posted = Arc::<Mutex<BTreeMap<u64, Vec<String>>>>::default();
        world.fakes.script({
            let (layer, random, taken, failing) =
                (layer.clone(), random.clone(), Arc::clone(&taken), Arc::clone(&failing));
            let posted = Arc::clone(&posted);
            move |mail| {
                let fault = if failing.load(Ordering::SeqCst) { ses_fault(&random) } else { None };
                let id = mail.tag("invitation");
                if !matches!(fault, Some(SesFault::LostRequest | SesFault::Refused(..))) {
                    *taken.lock().unwrap().entry((id.to_owned(), mail.tag("mail").to_owned())).or_default() += 1;
                    let call = CALL.with(|call| call.number);
                    posted.lock().unwrap().entry(call).or_default().push(id.to_owned());
                }
                if matches!(fault, Some(SesFault::LostResponse | SesFault::Garbage)) {
                    layer.with_log(|log| log.disturb(id));
                }
                fault
            }
        });
        Self {
            world,
            layer,
            simulation: Simulation::new(Machine { clock: clock.clone(), random: random.clone() }),
            random,
            clock,
            known: Mutex::default(),
            history: Mutex::default(),
            work: RwLock::new(()),
            numbers: AtomicU64::new(0),
            left: Mutex::new(0),
            callers_left: AtomicU64::new(0),
            stream: Mutex::default(),
            taken,
            posted,
            violations: Mutex::default(),
            unfinished: Mutex::default(),
            failing,
            sent_twice: AtomicU64::new(0),
        }
    }

    async fn perform(self: &Arc<Self>, plan: Plan) {
        self.set_up().await;
        let mut left = plan.operations;
        while left > 0 {
            let phase = left.min(PHASE);
            left -= phase;
            self.set_failing(true);
            *self.left.lock().unwrap() = phase;
            self.callers_left.store(CALLERS as u64, Ordering::SeqCst);
            let callers = (0..CALLERS).map(|caller| tokio::spawn(Arc::clone(self).call_on(caller)));
            let callers = async { join_all(callers).await.into_iter().for_each(Result::unwrap) };
            let drivers = join_all((0..SHARDS).map(|shard| self.drive(shard)));
            tokio::join!(callers, drivers);
            self.set_failing(false);
            self.deliver_all().await;
            self.inspect().await;
            if !self.violations.lock().unwrap().is_empty() {
                return;
            }
            self.world.move_table().await;
        }
    }

    fn set_failing(&self, failing: bool) {
        self.layer.set_failing(failing);
        self.failing.store(failing, Ordering::SeqCst);
    }

    /// Registers all users and communities, with some members each.
    async fn set_up(&self) {
        let settings = json!({
            "declineCooldownDays": 1, "dailyInvitationsPerSender": DAILY_QUOTA, "invitationLifetimeDays": 2,
            "membersInviteConnectionsOnly": self.random.permille(500),
            "senderNotices": if self.random.permille(700) { "digest" } else { "each" },
            "reminderDaysBeforeExpiry": usize::from(self.random.permille(500)),
            "dailyInvitationMailsPerAddress": if self.random.permille(500) { 4 } else { 1_000 },
        });
        self.tell("PUT", "settings", &settings).await;
        for user in (0..USERS).map(user_id) {
            let body = json!({ "displayName": user, "email": format!("{user}@example.org"), "emailVerified": true });
            self.tell("PUT", &format!("users/{user}"), &body).await;
        }
        for index in 0..COMMUNITIES.len() {
            let community = format!("communities/{}", community_id(index));
            self.tell("PUT", &community, &program::community_body(index)).await;
            for (user, role) in [(index, "owner"), (index + 6, "moderator"), (index + 12, "member")] {
                let path = format!("{community}/members/{}", user_id(user));
                self.tell("PUT", &path, &json!({ "role": role })).await;
            }
        }
    }

    async fn tell(&self, method: &'static str, path: &str, body: &Value) {
        let request = Request::new(method, format!("/directory/{path}")).by(&platform()).json(body);
        let call = self.begin(CALLERS, Purpose::Settings, "platform");
        self.within(&call, self.world.call(request)).await.unwrap().succeeded();
    }

    fn begin(&self, caller: usize, purpose: Purpose, user: &str) -> Arc<Call> {
        Call::new(self.numbers.fetch_add(1, Ordering::SeqCst), caller, purpose, user)
    }

    /// Does the work as one call; returns `None` if its function crashes.
    async fn within<T>(&self, call: &Arc<Call>, work: impl Future<Output = T>) -> Option<T> {
        let work = self.simulation.run(CALL.scope(Arc::clone(call), work));
        tokio::select! {
            biased;
            done = work => Some(done),
            () = call.crash.notified() => None,
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
            let action = program::next(&mut self.known.lock().unwrap(), &self.random);
            match action {
                Action::Request { purpose, user, request, about, key } => {
                    self.request(caller, purpose, &user, request, &about, key.as_ref()).await;
                }
                Action::Feedback(event) => {
                    let _working = self.work.read().await;
                    let call = self.begin(caller, Purpose::Feedback, "");
                    let event = event.event();
                    self.bounced(&event);
                    let event = serde_json::from_value(event).unwrap();
                    self.within(&call, Box::pin(self.world.feedback.handle(event))).await;
                }
                Action::Wait(seconds) => {
                    let _alone = self.work.write().await;
                    self.clock.forward(Duration::from_secs(seconds));
                }
                Action::Expire => drop(self.world.remove_outlived(self.clock.millis())),
            }
        }
        self.callers_left.fetch_sub(1, Ordering::SeqCst);
    }

    /// Notes that no mail goes to a bouncing address any more, whichever user has it.
    fn bounced(&self, event: &Value) {
        let bounced = event["detail"]["bounce"]["bouncedRecipients"][0]["emailAddress"].as_str();
        let Some(address) = bounced else { return };
        let mut history = self.history.lock().unwrap();
        history.unreachable(address.split('@').next().unwrap());
        if address.starts_with("guest") {
            (0..USERS).for_each(|user| history.unreachable(&user_id(user)));
        }
    }

    /// Makes a request, and notes its response.
    async fn request(
        &self,
        caller: usize,
        purpose: Purpose,
        user: &str,
        request: Request,
        about: &str,
        key: Option<&(String, Value)>,
    ) {
        let repeats = if user == platform().id { REPEATS } else { 1 };
        for _ in 0..repeats {
            let _working = self.work.read().await;
            self.note_effect(purpose, about);
            let call = self.begin(caller, purpose, user);
            let response = self.within(&call, self.world.call(request.clone())).await;
            self.note_effect(purpose, about);
            let violations = self.layer.with_log(|log| {
                let mut history = self.history.lock().unwrap();
                history.record(&call, about, key, response.as_ref(), log, self.clock.millis())
            });
            self.violations.lock().unwrap().extend(violations);
            if let Some(response) = response.filter(|response| response.status < 500) {
                if purpose == Purpose::Send && response.status == 200 {
                    self.known.lock().unwrap().sent(user, about, response.sent());
                }
                return;
            }
        }
        if repeats > 1 {
            self.unfinished.lock().unwrap().push_back((purpose, about.to_owned(), request));
        }
    }

    /// Notes what a request may do to a user or community, whether it is answered or not.
    fn note_effect(&self, purpose: Purpose, about: &str) {
        let mut history = self.history.lock().unwrap();
        match purpose {
            Purpose::DeleteUser => history.erasing(about),
            Purpose::PutUser => history.unreachable(about),
            Purpose::DeleteCommunity => history.removing(about),
            _ => {}
        }
    }

    async fn inspect(&self) {
        let table = self.world.dump().await;
        let found = self.layer.with_log(|log| {
            let (history, taken) = (self.history.lock().unwrap(), self.taken.lock().unwrap());
            let mut violations = log.violations();
            let (more, sent_twice) = Inspection::of(&table, log, &history, &taken, self.clock.millis());
            self.sent_twice.store(sent_twice, Ordering::SeqCst);
            violations.extend(more);
            violations
        });
        self.history.lock().unwrap().note(&table.keys().collect::<Vec<_>>());
        self.violations.lock().unwrap().extend(found);
    }

    fn report(&self) -> Report {
        let history = self.history.lock().unwrap();
        Report {
            violations: self.violations.lock().unwrap().clone(),
            counts: self.layer.counts(),
            calls: history.calls,
            unknown: history.unknown,
            replays: history.replays,
            statuses: history.statuses.clone(),
            invitations: self.layer.with_log(|log| log.count()),
            mails: self.taken.lock().unwrap().values().sum(),
            sent_twice: self.sent_twice.load(Ordering::SeqCst),
            most_at_once: self.layer.most_at_once(),
            digest: history.digest(),
        }
    }
}

/// Draws what goes wrong with a mail.
fn ses_fault(random: &Random) -> Option<SesFault> {
    match random.below(1_000) {
        0..40 => Some(SesFault::Refused(429, "TooManyRequestsException")),
        40..55 => Some(SesFault::LostResponse),
        55..65 => Some(SesFault::Garbage),
        65..80 => Some(SesFault::LostRequest),
        80..85 => Some(SesFault::Refused(400, "MessageRejected")),
        _ => None,
    }
}
