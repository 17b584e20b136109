//! One run: a world, callers, the delivery of the stream, and the checks when all is quiet.

mod delivery;
mod state;
mod stream;

use std::{
    collections::BTreeMap,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use futures::future::join_all;
use serde_json::{Value, json};
use testkit::embedded::{Request, platform};

pub(super) use self::state::Plan;
use self::{
    state::{CALLERS, Run},
    stream::SHARDS,
};
use super::{
    invariants::Inspection,
    known::{USERS, community_id, user_id},
    layer::Counts,
    program::{self, Action, COMMUNITIES, DAILY_QUOTA},
    schedule::Purpose,
};

/// Operations between two inspections of the table.
const PHASE: usize = 400;

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
