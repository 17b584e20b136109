//! A mail service that counts: so many mails a second, and so many within its longer period.

use std::{collections::VecDeque, time::Duration};

use domain::gate::Account;

/// What stands in the way of a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rejected {
    /// Too many within a second.
    Busy,
    /// Too many within the period.
    UsedUp,
}

/// The mail service, at times in milliseconds.
#[derive(Debug)]
pub(super) struct MailService {
    per_second: u32,
    quota: Option<u32>,
    period: Duration,
    /// What could be taken at once at `refilled`: the rate is one of a bucket.
    room: f64,
    refilled: i64,
    /// Mails of the last period, by second.
    taken: VecDeque<(i64, u32)>,
    in_period: u32,
    /// All requests that were rejected for being too many.
    pub(super) busy: u64,
    /// All requests that were rejected because the period is used up.
    pub(super) used_up: u64,
}

impl MailService {
    pub(super) fn new(per_second: u32, quota: Option<u32>, period: Duration) -> Self {
        Self {
            per_second,
            quota,
            period,
            room: f64::from(per_second),
            refilled: 0,
            taken: VecDeque::new(),
            in_period: 0,
            busy: 0,
            used_up: 0,
        }
    }

    fn forget(&mut self, now: i64) {
        let begins = now - i64::try_from(self.period.as_millis()).unwrap();
        while let Some((at, mails)) = self.taken.front().copied().filter(|(at, _)| *at <= begins) {
            debug_assert!(at <= begins);
            self.taken.pop_front();
            self.in_period -= mails;
        }
    }

    /// Takes a mail, or rejects it.
    pub(super) fn post(&mut self, now: i64) -> Result<(), Rejected> {
        self.forget(now);
        if self.quota.is_some_and(|quota| self.in_period >= quota) {
            self.used_up += 1;
            return Err(Rejected::UsedUp);
        }
        let rate = f64::from(self.per_second);
        #[allow(clippy::cast_precision_loss, reason = "it is some minutes at the most that count")]
        let passed = (now - self.refilled) as f64 / 1_000.0;
        self.room = (self.room + passed * rate).min(rate);
        self.refilled = now;
        if self.room < 1.0 {
            self.busy += 1;
            return Err(Rejected::Busy);
        }
        self.room -= 1.0;
        self.in_period += 1;
        let second = now / 1_000 * 1_000;
        match self.taken.back_mut() {
            Some((at, mails)) if *at == second => *mails += 1,
            _ => self.taken.push_back((second, 1)),
        }
        Ok(())
    }

    /// What it says of the account.
    pub(super) fn account(&mut self, now: i64) -> Account {
        self.forget(now);
        Account { enabled: true, per_second: self.per_second, per_day: self.quota, sent: self.in_period }
    }
}
