//! A plan over plain values: what the functions decide is decided by the same code, and what they would write is
//! written into a list. The clock is that of a runtime that does not wait.

use std::{
    cell::{Cell, RefCell},
    collections::{BTreeSet, VecDeque},
    time::Duration,
};

use deliver::{
    CONCURRENT_MAILS, TRIES,
    timing::{LATEST, POSTS, TAKES_ON},
};
use domain::{
    Timestamp,
    delivery::{self, AfterFailure, Facts, Failure, Notices, RecipientFact, Step},
    digest::Digest,
    gate::Gate,
    id::InvitationId,
    invitation::Invitation,
    outbox::{Addressee, MailKind, MailState, NewMail, OutboxMail},
    settings::Settings,
    time::later,
};
use futures::{FutureExt, StreamExt, stream};
use jiff::SignedDuration;
use serde_json::json;
use store::outbox::LEASE;
use tokio::{
    sync::Notify,
    time::{Instant, sleep, sleep_until},
};

use super::{
    plan::{BATCH, BacklogResult, Clock, EVENT_LANES, LANES, Plan},
    service::{MailService, Rejected},
};

/// How long a request to the table takes, and one to the mail service: about as long as they do.
const TABLE: Duration = Duration::from_millis(5);
const POST: Duration = Duration::from_millis(50);
/// How long a batch of events and counts takes.
const EVENTS: Duration = Duration::from_millis(100);
/// How long a mail waits when the mail service is busy for the first time.
const FIRST_PAUSE: Duration = Duration::from_millis(500);

/// What the stream reports, in its order, to one function at a time.
#[derive(Default)]
struct Lane {
    reports: RefCell<VecDeque<(Instant, u32)>>,
    more: Notify,
}

impl Lane {
    fn report(&self, number: u32) {
        self.reports.borrow_mut().push_back((Instant::now(), number));
        self.more.notify_one();
    }

    /// Waits for the next batch.
    async fn batch(&self) -> Vec<(Instant, u32)> {
        loop {
            {
                let mut reports = self.reports.borrow_mut();
                let next = reports.len().min(BATCH);
                if next > 0 {
                    return reports.drain(..next).collect();
                }
            }
            self.more.notified().await;
        }
    }
}

/// The table, the stream, and the functions behind it.
struct Simulation {
    plan: Plan,
    clock: Clock,
    settings: Settings,
    /// What every invitation looks like.
    prototype: Invitation,
    mails: RefCell<Vec<OutboxMail>>,
    /// How often each waited.
    waits: RefCell<Vec<u32>>,
    due: RefCell<BTreeSet<(Timestamp, u32)>>,
    gate: RefCell<Gate>,
    service: RefCell<MailService>,
    lanes: [Lane; LANES],
    events: [Lane; EVENT_LANES],
    open: Cell<u32>,
    done: Notify,
    result: RefCell<BacklogResult>,
}

/// Runs the plan.
pub(super) fn run(plan: Plan) -> BacklogResult {
    fastrand::seed(7);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    runtime.block_on(async {
        let simulation = Simulation::new(plan);
        let functions = stream::iter(&simulation.lanes).map(|lane| simulation.send(lane).boxed_local());
        let others = stream::iter(&simulation.events).map(|lane| simulation.tell(lane).boxed_local());
        let rest = [simulation.make().boxed_local(), simulation.wake().boxed_local()];
        let all = functions.chain(others).chain(stream::iter(rest));
        tokio::select! {
            () = simulation.done.notified() => {}
            () = all.for_each_concurrent(None, |function| function) => {}
        }
        // Events of what was sent last are still on their way.
        let mut result = *simulation.result.borrow();
        let service = simulation.service.borrow();
        result.rejected = service.busy + service.used_up;
        result.left = simulation.mails.borrow().iter().filter(|mail| mail.state != MailState::Sent).count() as u64;
        result.waited_most = simulation.waits.borrow().iter().copied().max().unwrap_or_default();
        result
    })
}

impl Simulation {
    fn new(plan: Plan) -> Self {
        let clock = Clock::start();
        Self {
            plan,
            clock,
            settings: Settings::default(),
            prototype: prototype(clock.now()),
            mails: RefCell::default(),
            waits: RefCell::default(),
            due: RefCell::default(),
            gate: RefCell::default(),
            service: RefCell::new(MailService::new(plan.per_second, plan.quota, plan.period)),
            lanes: Default::default(),
            events: Default::default(),
            open: Cell::new(plan.mails),
            done: Notify::new(),
            result: RefCell::default(),
        }
    }

    fn millis(&self) -> i64 {
        self.clock.now().as_millisecond()
    }

    /// Makes the invitations. The stream reports each of them and its mail.
    async fn make(&self) {
        let mail = OutboxMail::new(&NewMail::new(MailKind::Invitation, Addressee::Invitee));
        for number in 0..self.plan.mails {
            sleep_until(self.clock.0 + Duration::from_secs(number.into()) / self.plan.made).await;
            self.mails.borrow_mut().push(mail.clone());
            self.waits.borrow_mut().push(0);
            self.lane(number).report(number);
            self.told(number);
        }
        std::future::pending::<()>().await;
    }

    fn lane(&self, number: u32) -> &Lane {
        &self.lanes[number as usize % LANES]
    }

    /// The invitation has changed: events and counters follow.
    fn told(&self, number: u32) {
        self.events[number as usize % EVENT_LANES].report(number);
    }

    /// Follows up changes of invitations.
    async fn tell(&self, lane: &Lane) {
        loop {
            let batch = lane.batch().await;
            sleep(EVENTS).await;
            let slowest = batch.iter().map(|(at, _)| at.elapsed()).max().unwrap_or_default();
            let result = &mut *self.result.borrow_mut();
            result.slowest_event = result.slowest_event.max(slowest);
        }
    }

    /// Looks at the account each minute, and wakes as many mails as the gate lets go on.
    async fn wake(&self) {
        loop {
            sleep(Duration::from_mins(1)).await;
            let account = self.service.borrow_mut().account(self.millis());
            let (gate, most) = self.gate.borrow().after(Some(&account), self.clock.now());
            *self.gate.borrow_mut() = gate;
            for _ in 0..most {
                let next = self.due.borrow().first().copied().filter(|(at, _)| *at <= self.clock.now());
                let Some((at, number)) = next else { break };
                self.due.borrow_mut().remove(&(at, number));
                self.lane(number).report(number);
            }
        }
    }

    /// Sends the mails of one batch after the other.
    async fn send(&self, lane: &Lane) {
        loop {
            let reports = lane.batch().await;
            sleep(TABLE).await;
            let oldest = reports.iter().map(|(at, _)| at.elapsed()).max().unwrap_or_default();
            {
                let result = &mut *self.result.borrow_mut();
                result.oldest_report = result.oldest_report.max(oldest);
            }
            let batch = Batch {
                begun: Instant::now(),
                late: oldest > LATEST,
                next_post: Cell::new(Instant::now()),
                interval: self.gate.borrow().interval(u32::try_from(LANES).unwrap()),
            };
            let mails = reports.iter().map(|(_, number)| self.deliver(*number, &batch));
            stream::iter(mails).buffer_unordered(CONCURRENT_MAILS).collect::<Vec<_>>().await;
        }
    }

    fn invitation(&self, number: u32) -> Invitation {
        Invitation { id: id(number), ..self.prototype.clone() }
    }

    async fn deliver(&self, number: u32, batch: &Batch) {
        if !batch.takes_on() {
            return self.put_aside(number, delivery::spread(id(number), self.clock.now()));
        }
        sleep(2 * TABLE).await;
        let (mail, invitation, now) =
            (self.mails.borrow()[number as usize].clone(), self.invitation(number), self.clock.now());
        let mut facts = Facts::default();
        let mut step = delivery::decide(&mail, &invitation, &facts, now);
        let digest = Digest::default();
        if step == Step::LookUp {
            facts.recipient = RecipientFact::Found;
            facts.notices = Some(Notices::new(&self.settings, &digest, ""));
            facts.closed_until = self.gate.borrow().closed_at(now);
            step = delivery::decide(&mail, &invitation, &facts, now);
        }
        match step {
            Step::Send => {}
            Step::Postpone(until) => return self.postpone(number, until),
            Step::Wait => return self.put_aside(number, mail.leased_until.unwrap_or(now)),
            Step::Skip | Step::Show(_) => return,
            // Whatever else it is counts as lost.
            _ => return self.end(number, MailState::Dropped),
        }
        let wait = batch.turn();
        if batch.begun.elapsed() + wait >= TAKES_ON {
            return self.put_aside(number, delivery::spread(id(number), self.clock.now()));
        }
        sleep(wait).await;
        self.post(number).await;
    }

    async fn post(&self, number: u32) {
        let begun = Instant::now();
        self.edit(number, |mail| {
            mail.state = MailState::Sending;
            mail.attempts += 1;
            mail.leased_until = Some(later(self.clock.now(), LEASE));
        });
        sleep(2 * TABLE).await;
        let mut failure = Failure::Busy;
        for post in 1..=TRIES {
            sleep(POST).await;
            let posted = self.service.borrow_mut().post(self.millis());
            match posted {
                Ok(()) => {
                    sleep(TABLE).await;
                    let opened = self.gate.borrow().opened();
                    *self.gate.borrow_mut() = opened;
                    self.told(number);
                    return self.end(number, MailState::Sent);
                }
                Err(Rejected::UsedUp) => {
                    let fault = "the day is used up";
                    let gate = self.gate.borrow().closed_by(fault, self.clock.now());
                    *self.gate.borrow_mut() = gate;
                    failure = Failure::Stopped(fault.to_owned());
                    break;
                }
                Err(Rejected::Busy) => {
                    let most = FIRST_PAUSE * (1 << (post - 1));
                    let pause = most / 2 + most.mul_f64(fastrand::f64() / 2.0);
                    if post == TRIES || begun.elapsed() + pause > POSTS {
                        break;
                    }
                    sleep(pause).await;
                }
            }
        }
        let (mail, invitation, now) =
            (self.mails.borrow()[number as usize].clone(), self.invitation(number), self.clock.now());
        self.edit(number, |mail| mail.forgiven += 1);
        let gate = self.gate.borrow().clone();
        match delivery::after_failure(&failure, &mail, &invitation, &gate, now) {
            AfterFailure::Requeue => {
                self.edit(number, |mail| {
                    mail.state = MailState::Queued;
                    mail.busy_since = mail.busy_since.or(Some(now));
                });
                self.lane(number).report(number);
            }
            AfterFailure::Wait(until) => self.postpone(number, until),
            AfterFailure::AwaitLease | AfterFailure::Park(_) => self.end(number, MailState::Parked),
        }
    }

    fn edit(&self, number: u32, edit: impl FnOnce(&mut OutboxMail)) {
        edit(&mut self.mails.borrow_mut()[number as usize]);
    }

    /// Lets the mail wait until then.
    fn postpone(&self, number: u32, until: Timestamp) {
        self.edit(number, |mail| {
            mail.state = MailState::Waiting;
            mail.not_before = Some(until);
            mail.leased_until = None;
        });
        self.put_aside(number, until);
    }

    /// Has the mail come by again at that time.
    fn put_aside(&self, number: u32, until: Timestamp) {
        self.due.borrow_mut().insert((until, number));
        self.waits.borrow_mut()[number as usize] += 1;
        self.result.borrow_mut().waited += 1;
    }

    /// Ends the mail.
    fn end(&self, number: u32, state: MailState) {
        let before = self.mails.borrow()[number as usize].state;
        self.edit(number, |mail| mail.state = state);
        let result = &mut *self.result.borrow_mut();
        if state == MailState::Sent {
            result.sent += 1;
            result.last_sent = self.clock.0.elapsed();
            result.twice += u64::from(before == MailState::Sent);
        }
        self.open.set(self.open.get().saturating_sub(1));
        if self.open.get() == 0 {
            self.done.notify_one();
        }
    }
}

/// What the mails of one batch share.
struct Batch {
    begun: Instant,
    late: bool,
    next_post: Cell<Instant>,
    interval: Duration,
}

impl Batch {
    fn takes_on(&self) -> bool {
        !self.late && self.begun.elapsed() < TAKES_ON
    }

    fn turn(&self) -> Duration {
        let now = Instant::now();
        let at = self.next_post.get().max(now);
        self.next_post.set(at + self.interval);
        at - now
    }
}

/// The id of an invitation, whose last bytes are as if drawn.
fn id(number: u32) -> InvitationId {
    let mut entropy = [0; 10];
    entropy[..4].copy_from_slice(&number.to_be_bytes());
    entropy[8..].copy_from_slice(&(number.wrapping_mul(2_654_435_761) >> 16).to_be_bytes()[2..]);
    InvitationId::new(0, entropy)
}

/// A pending invitation of an address, made at that time and live for 30 days.
fn prototype(at: Timestamp) -> Invitation {
    let (millis, days) = (at.as_millisecond(), SignedDuration::from_hours(24 * 30));
    serde_json::from_value(json!({
        "id": id(0), "community": { "id": "chess", "title": "Chess", "type": "community" },
        "sender": { "id": "mona", "displayName": "Mona" },
        "invitee": { "address": { "key": "key", "email": "ann@example.org" } },
        "status": "pending", "createdAt": millis, "expiresAt": later(at, days).as_millisecond(), "lifetimeDays": 30,
        "delivery": { "state": "queued", "at": millis }, "mailedAt": millis, "revision": 1,
    }))
    .unwrap()
}
