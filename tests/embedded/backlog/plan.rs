//! What there is to send, how it went, and what both ways of running a plan go by.

use std::time::Duration;

use domain::Timestamp;
use tokio::time::Instant;

/// What there is to send, and how fast it may be sent.
#[derive(Debug, Clone, Copy)]
pub(super) struct Plan {
    /// The invitations, each with one mail.
    pub(super) mails: u32,
    /// How many are made in a second.
    pub(super) made: u32,
    /// How many mails the service takes in a second.
    pub(super) per_second: u32,
    /// How many mails the service takes in a period.
    pub(super) quota: Option<u32>,
    /// The period.
    pub(super) period: Duration,
}

/// What came of a plan.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct BacklogResult {
    /// Mails that the service took.
    pub(super) sent: u64,
    /// Mails that it took more than once.
    pub(super) twice: u64,
    /// Mails that are parked, dropped, or still in the outbox.
    pub(super) left: u64,
    /// How long after the first invitation the last mail went out.
    pub(super) last_sent: Duration,
    /// Posts that met a busy service, or a period that was used up.
    pub(super) rejected: u64,
    /// How often mails waited in the table, as far as that was counted.
    pub(super) waited: u64,
    /// How often one of them did at the most.
    pub(super) waited_most: u32,
    /// How old a report was at the most when a mail was looked at.
    pub(super) oldest_report: Duration,
    /// How long an event took at the most.
    pub(super) slowest_event: Duration,
}

/// How many functions follow up mails, and how many all else: as template.yaml has it.
pub(super) const LANES: usize = 2;
pub(super) const EVENT_LANES: usize = 10;
/// How many reports they get at once.
pub(super) const BATCH: usize = 25;

/// How many mails a second the functions send at the most: eight at a time each, 100 ms a mail.
pub(super) const PACE: u32 = 160;

pub(super) const DAY: Duration = Duration::from_hours(24);

/// The clock of a plan, which starts where the others do: 1 November 2026, noon.
#[derive(Debug, Clone, Copy)]
pub(super) struct Clock(pub(super) Instant);

impl Clock {
    pub(super) fn start() -> Self {
        Self(Instant::now())
    }

    pub(super) fn now(self) -> Timestamp {
        let passed = i64::try_from(self.0.elapsed().as_millis()).unwrap();
        Timestamp::from_millisecond(1_793_534_400_000 + passed).unwrap()
    }
}
