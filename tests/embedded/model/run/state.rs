//! What a run has, and how it makes one call.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use serde_json::Value;
use system::simulation::Simulation;
use testkit::embedded::{Request, SesFault, World, engine::Engine, platform};
use tokio::sync::RwLock;

use super::{
    super::{
        history::History,
        invariants::Taken,
        known::Known,
        layer::Layer,
        schedule::{CALL, Call, Clock, Machine, Order, Purpose, Random},
    },
    stream::Stream,
};

/// Callers at the same time.
pub(super) const CALLERS: usize = 8;
/// How often the platform repeats a request that got no response.
const REPEATS: usize = 12;

/// How long a run is and in which order it goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::model) struct Plan {
    pub(in crate::model) seed: u64,
    pub(in crate::model) operations: usize,
    pub(in crate::model) parallel: bool,
}

pub(super) struct Run {
    pub(super) world: World,
    pub(super) layer: Layer,
    pub(super) random: Random,
    pub(super) clock: Clock,
    pub(super) simulation: Simulation,
    pub(super) known: Mutex<Known>,
    pub(super) history: Mutex<History>,
    /// Time moves only while no function is at work: none lives for hours.
    pub(super) work: RwLock<()>,
    pub(super) numbers: AtomicU64,
    pub(super) left: Mutex<usize>,
    pub(super) callers_left: AtomicU64,
    pub(super) stream: Mutex<Stream>,
    pub(super) taken: Arc<Mutex<Taken>>,
    pub(super) posted: Arc<Mutex<BTreeMap<u64, Vec<String>>>>,
    pub(super) violations: Mutex<Vec<String>>,
    /// Directory requests that never got a response.
    pub(super) unfinished: Mutex<VecDeque<(Purpose, String, Request)>>,
    pub(super) failing: Arc<AtomicBool>,
    /// Mails that went out more often than is noted.
    pub(super) sent_twice: AtomicU64,
}

impl Run {
    pub(super) fn new(plan: Plan) -> Self {
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
                if !matches!(fault, Some(SesFault::LostRequest | SesFault::Rejected(..))) {
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

    pub(super) fn begin(&self, caller: usize, purpose: Purpose, user: &str) -> Arc<Call> {
        Call::new(self.numbers.fetch_add(1, Ordering::SeqCst), caller, purpose, user)
    }

    /// Does the work as one call; returns `None` if its function crashes.
    pub(super) async fn within<T>(&self, call: &Arc<Call>, work: impl Future<Output = T>) -> Option<T> {
        let work = self.simulation.run(CALL.scope(Arc::clone(call), work));
        tokio::select! {
            biased;
            done = work => Some(done),
            () = call.crash.notified() => None,
        }
    }

    /// Makes a request, and notes its response.
    pub(super) async fn request(
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

    /// Notes what a request may do to a user or community, whether it gets a response or not.
    fn note_effect(&self, purpose: Purpose, about: &str) {
        let mut history = self.history.lock().unwrap();
        match purpose {
            Purpose::DeleteUser => history.erasing(about),
            Purpose::PutUser => history.unreachable(about),
            Purpose::DeleteCommunity => history.removing(about),
            Purpose::PutMember | Purpose::DeleteMember => history.moving(about),
            _ => {}
        }
    }
}

/// Draws what goes wrong with a mail.
fn ses_fault(random: &Random) -> Option<SesFault> {
    match random.below(1_000) {
        0..40 => Some(SesFault::Rejected(429, "TooManyRequestsException")),
        40..55 => Some(SesFault::LostResponse),
        55..65 => Some(SesFault::Garbage),
        65..80 => Some(SesFault::LostRequest),
        80..85 => Some(SesFault::Rejected(400, "MessageRejected")),
        _ => None,
    }
}
