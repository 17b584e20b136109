//! The gate before the mail service: whether mails go out, and how many.
//!
//! What stops all mails alike (a right that is missing, a sender that is not verified, a paused account, a day that is
//! used up) is no fault of any of them. So the gate closes for a while, and the mails wait; then a few try whether it
//! is over.

use std::time::Duration;

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use super::time::{Timestamp, later, millis};

/// How long the gate stays closed before some mails try again.
const PAUSE: SignedDuration = SignedDuration::from_mins(5);
/// The mails that try whether a fault is mended.
const PROBES: u32 = 8;
/// The mails that are woken a minute at the most where the mail service has not said how many it takes.
const UNKNOWN_PACE: u32 = 600;

/// What is known of the mail service.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Gate {
    /// Until when no mail goes out.
    #[serde(skip_serializing_if = "Option::is_none", with = "millis")]
    pub closed_until: Option<Timestamp>,
    /// What closed it, until a mail has got through.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fault: Option<String>,
    /// The mails that the service takes in a second.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub per_second: Option<u32>,
    /// The shards of the table's stream, each of which has functions of its own that send mails.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shards: Option<u32>,
}

/// What the mail service says of the account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Account {
    /// Whether it sends at all.
    pub enabled: bool,
    /// The mails that it takes in a second.
    pub per_second: u32,
    /// The mails that it takes in 24 hours; `None` where there is no limit.
    pub per_day: Option<u32>,
    /// The mails that it took in the last 24 hours.
    pub sent: u32,
}

impl Account {
    /// Why no mail would go out now, if so.
    fn fault(&self) -> Option<&'static str> {
        match self.per_day {
            _ if !self.enabled => Some("sending is paused"),
            Some(most) if self.sent >= most => Some("the day is used up"),
            _ => None,
        }
    }

    fn left(&self) -> u32 {
        self.per_day.map_or(u32::MAX, |most| most.saturating_sub(self.sent))
    }
}

impl Gate {
    /// Until when it is closed, if it is at `now`.
    pub fn closed_at(&self, now: Timestamp) -> Option<Timestamp> {
        self.closed_until.filter(|until| *until > now)
    }

    /// The time between two mails of one function, where each shard of the stream has so many and all share the pace;
    /// none where that is not known.
    pub fn interval(&self, functions: u32) -> Duration {
        let sharing = u64::from(functions) * u64::from(self.shards.unwrap_or(1).max(1));
        match self.per_second {
            None | Some(0) => Duration::ZERO,
            Some(pace) => Duration::from_secs(sharing) / pace,
        }
    }

    /// The gate where the stream has that many shards, as far as it told.
    pub fn shared_by(&self, shards: Option<u32>) -> Self {
        Self { shards: shards.or(self.shards), ..self.clone() }
    }

    /// The gate after a mail met that fault.
    pub fn closed_by(&self, fault: &str, now: Timestamp) -> Self {
        Self { closed_until: Some(later(now, PAUSE)), fault: Some(fault.to_owned()), ..self.clone() }
    }

    /// The gate after a mail got through.
    pub fn opened(&self) -> Self {
        Self { closed_until: None, fault: None, ..self.clone() }
    }

    /// The gate after a look at the account, as far as it could be taken, and the waiting mails that may go on within
    /// the next minute.
    pub fn after(&self, account: Option<&Account>, now: Timestamp) -> (Self, u32) {
        let per_second = account.map(|account| account.per_second.max(1)).or(self.per_second);
        let known = Self { per_second, ..self.clone() };
        if let Some(fault) = account.and_then(Account::fault) {
            return (known.closed_by(fault, now), 0);
        }
        if self.closed_at(now).is_some() {
            return (known, 0);
        }
        let pace = per_second.map_or(UNKNOWN_PACE, |rate| rate.saturating_mul(60));
        let left = account.map_or(u32::MAX, Account::left);
        let most = if self.fault.is_some() { PROBES } else { pace };
        (known, most.min(left))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        later(Timestamp::UNIX_EPOCH, SignedDuration::from_secs(seconds))
    }

    fn account(sent: u32) -> Account {
        Account { enabled: true, per_second: 14, per_day: Some(50_000), sent }
    }

    #[test]
    fn mails_go_out_at_the_pace_of_the_account_and_no_more_than_the_day_holds() {
        let woken = |sent| Gate::default().after(Some(&account(sent)), at(0)).1;
        assert_eq!([woken(0), woken(49_990), woken(50_000)], [14 * 60, 10, 0]);
        let unlimited = Account { per_day: None, ..account(1_000_000) };
        assert_eq!(Gate::default().after(Some(&unlimited), at(0)).1, 14 * 60);
        assert_eq!(Gate::default().after(None, at(0)).1, UNKNOWN_PACE, "also when the account cannot be looked at");
    }

    #[test]
    fn a_day_that_is_used_up_and_a_paused_account_close_the_gate() {
        for (account, fault) in
            [(account(50_000), "the day is used up"), (Account { enabled: false, ..account(0) }, "sending is paused")]
        {
            let (gate, woken) = Gate::default().after(Some(&account), at(0));
            assert_eq!((gate.fault.as_deref(), gate.closed_at(at(299)), woken), (Some(fault), Some(at(300)), 0));
            assert_eq!(gate.closed_at(at(300)), None);
        }
    }

    #[test]
    fn after_a_pause_a_few_mails_try_and_the_first_that_gets_through_opens_the_gate() {
        let closed = Gate::default().closed_by("AccessDenied", at(0));
        assert_eq!(closed.after(Some(&account(0)), at(299)).1, 0);
        let (trying, woken) = closed.after(Some(&account(0)), at(300));
        assert_eq!((woken, trying.closed_at(at(300))), (PROBES, None));
        assert_eq!(trying.closed_by("AccessDenied", at(301)).closed_at(at(600)), Some(at(601)));
        assert_eq!(trying.opened().after(Some(&account(0)), at(302)).1, 14 * 60);
    }

    #[test]
    fn functions_that_send_at_the_same_time_share_the_pace() {
        let gate = Gate { per_second: Some(14), ..Gate::default() };
        assert_eq!([gate.interval(1), gate.interval(7)], [Duration::from_secs(1) / 14, Duration::from_millis(500)]);
        assert_eq!([Gate::default().interval(2), gate.interval(0)], [Duration::ZERO; 2]);
        let of_four_shards = gate.shared_by(Some(4)).shared_by(None);
        assert_eq!(of_four_shards.interval(7), Duration::from_secs(2), "each shard has as many");
        assert_eq!(gate.shared_by(Some(0)).interval(7), gate.interval(7));
    }
}
