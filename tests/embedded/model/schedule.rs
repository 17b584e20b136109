//! Time, randomness and the order of requests: what makes a run repeatable from its seed.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering},
    },
    time::Duration,
};

use domain::Timestamp;
use system::simulation;
use tokio::sync::{Notify, oneshot};

/// Where a run's clock starts: 1 November 2026, noon.
const START: i64 = 1_793_534_400_000;

/// A seeded source of randomness that many share.
#[derive(Clone)]
pub(super) struct Random(Arc<Mutex<fastrand::Rng>>);

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        Self(Arc::new(Mutex::new(fastrand::Rng::with_seed(seed))))
    }

    /// A number below `end`.
    pub(super) fn below(&self, end: usize) -> usize {
        self.0.lock().unwrap().usize(0..end.max(1))
    }

    /// True so many times in a thousand.
    pub(super) fn permille(&self, chance: usize) -> bool {
        self.below(1_000) < chance
    }

    pub(super) fn pick<'a, T>(&self, from: &'a [T]) -> Option<&'a T> {
        from.get(self.below(from.len()))
    }

    fn fill(&self, bytes: &mut [u8]) {
        self.0.lock().unwrap().fill(bytes);
    }
}

/// The clock that the handlers see.
#[derive(Clone, Default)]
pub(super) struct Clock(Arc<AtomicI64>);

impl Clock {
    pub(super) fn millis(&self) -> i64 {
        START + self.0.load(Ordering::SeqCst)
    }

    pub(super) fn forward(&self, by: Duration) {
        self.0.fetch_add(i64::try_from(by.as_millis()).unwrap(), Ordering::SeqCst);
    }
}

/// What stands in for the system's clock and randomness.
pub(super) struct Machine {
    pub(super) clock: Clock,
    pub(super) random: Random,
}

impl simulation::World for Machine {
    fn now(&self) -> Timestamp {
        Timestamp::from_millisecond(self.clock.millis()).unwrap()
    }

    fn randomise(&self, bytes: &mut [u8]) {
        self.random.fill(bytes);
    }
}

/// What a call to a handler is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Purpose {
    Send,
    Accept,
    Decline,
    Cancel,
    Approve,
    Reject,
    Resend,
    Link,
    Unsubscribe,
    Read,
    PutUser,
    DeleteUser,
    WithdrawSent,
    PutMember,
    DeleteMember,
    Connect,
    PutCommunity,
    DeleteCommunity,
    Settings,
    Feedback,
    Deliver,
}

/// One call to a handler, from its first request to its response.
pub(super) struct Call {
    pub(super) number: u64,
    /// Who makes it; calls of one caller follow one another.
    pub(super) caller: usize,
    pub(super) purpose: Purpose,
    /// The user who makes it, where one does.
    pub(super) user: String,
    /// What went wrong on its way to the table.
    pub(super) troubles: AtomicU64,
    /// Whether its function crashed.
    pub(super) crashed: AtomicBool,
    pub(super) crash: Notify,
    tickets: AtomicU64,
}

impl Call {
    pub(super) fn new(number: u64, caller: usize, purpose: Purpose, user: &str) -> Arc<Self> {
        Arc::new(Self {
            number,
            caller,
            purpose,
            user: user.to_owned(),
            troubles: AtomicU64::new(0),
            crashed: AtomicBool::new(false),
            crash: Notify::new(),
            tickets: AtomicU64::new(0),
        })
    }

    pub(super) fn troubled(&self) -> bool {
        self.troubles.load(Ordering::SeqCst) > 0
    }

    pub(super) fn trouble(&self) {
        self.troubles.fetch_add(1, Ordering::SeqCst);
    }
}

tokio::task_local! {
    /// The call that the task is in.
    pub(super) static CALL: Arc<Call>;
}

/// Who may go next.
pub(super) enum Order {
    /// The one that the scheduler chooses.
    Chosen(Mutex<BTreeMap<(usize, u64), oneshot::Sender<()>>>),
    /// Everyone.
    Parallel,
}

impl Order {
    pub(super) fn chosen() -> Self {
        Self::Chosen(Mutex::default())
    }

    /// Waits for its turn.
    pub(super) async fn turn(&self, call: &Call) {
        match self {
            // As long as a request takes on its way, so that others are on theirs.
            Self::Parallel => tokio::time::sleep(Duration::from_millis(2)).await,
            Self::Chosen(waiting) => {
                let (go, gone) = oneshot::channel();
                let ticket = call.tickets.fetch_add(1, Ordering::SeqCst);
                waiting.lock().unwrap().insert((call.caller, ticket), go);
                // The scheduler lives as long as the run.
                let _ = gone.await;
            }
        }
    }

    /// Lets one request go at a time, whenever no task has anything else to do. Never ends.
    pub(super) async fn schedule(&self, random: &Random, clock: &Clock) {
        let Self::Chosen(waiting) = self else { return std::future::pending().await };
        loop {
            // Time is paused: it moves when every task waits, and only then.
            tokio::time::sleep(Duration::from_millis(1)).await;
            clock.forward(Duration::from_millis(1));
            let mut waiting = waiting.lock().unwrap();
            waiting.retain(|_, go| !go.is_closed());
            let callers: Vec<_> = waiting.keys().copied().collect();
            if let Some(next) = random.pick(&callers) {
                let _ = waiting.remove(next).unwrap().send(());
            }
        }
    }
}
