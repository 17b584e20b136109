//! The stats of a community: how many invitations there are in each status, how fast people answer, and what happened
//! on each day.

use std::collections::BTreeMap;

use jiff::{ToSpan, civil::Date};

use super::{
    invitation::{DeliveryState, Invitation, Status},
    sending::Quota,
    time::Timestamp,
};

/// The counters of one community.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CommunityStats {
    /// Invitations in each stored status.
    pub states: BTreeMap<Status, i64>,
    /// What was answered.
    pub answers: Answers,
}

/// The counters of one UTC day, or of one sender in it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DayStats {
    /// Invitations that became pending, or made their invitee a member at once.
    pub sent: i64,
    /// Invitation mails that arrived.
    pub delivered: i64,
    /// Invitation mails that bounced for good, or were called spam.
    pub bounced: i64,
    /// What was answered.
    pub answers: Answers,
}

/// The counters of answers. Users who joined unasked gave none.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Answers {
    /// Invitations whose invitee said yes.
    pub accepted: i64,
    /// Invitations whose invitee said no.
    pub declined: i64,
    /// Answers by the seconds they took, as [`rounded_seconds`].
    pub seconds: BTreeMap<u64, i64>,
}

/// The bits of a time to answer that are kept.
const PRECISION: u32 = 7;

/// Seconds rounded to 7 significant bits: exact below 128, off by less than 1 in 64 above.
///
/// It bounds the number of different values (about 1,300 in a year), so that the median of any number of answers can be
/// read at the price of one query.
pub fn rounded_seconds(seconds: u64) -> u64 {
    let dropped = magnitude(seconds);
    (seconds >> dropped) << dropped
}

/// How often the time doubles beyond what is kept exactly. Times of one magnitude round to at most 128 values.
pub fn magnitude(seconds: u64) -> u32 {
    (u64::BITS - seconds.leading_zeros()).saturating_sub(PRECISION)
}

/// Seconds from when the invitation became pending to the answer, if there was one.
pub fn seconds_to_answer(invitation: &Invitation) -> Option<u64> {
    Some(invitation.answered_at?.duration_since(invitation.sent_at()).as_secs().unsigned_abs())
}

impl CommunityStats {
    /// Adds to a counter.
    pub fn add(&mut self, counter: Counter, by: i64) {
        match counter {
            Counter::State(status) => *self.states.entry(status).or_default() += by,
            counter => self.answers.add(counter, by),
        }
    }
}

impl DayStats {
    /// Adds to a counter.
    pub fn add(&mut self, counter: Counter, by: i64) {
        match counter {
            Counter::Sent => self.sent += by,
            Counter::Delivered => self.delivered += by,
            Counter::Bounced => self.bounced += by,
            counter => self.answers.add(counter, by),
        }
    }
}

impl Answers {
    fn add(&mut self, counter: Counter, by: i64) {
        match counter {
            Counter::AcceptedAnswer => self.accepted += by,
            Counter::DeclinedAnswer => self.declined += by,
            Counter::AnswerSeconds(seconds) => *self.seconds.entry(seconds).or_default() += by,
            Counter::State(_) | Counter::Sent | Counter::Delivered | Counter::Bounced => {}
        }
    }

    /// How many there were.
    pub fn all(&self) -> i64 {
        self.accepted + self.declined
    }

    /// The share of answers that were yes; `None` without answers.
    #[allow(clippy::cast_precision_loss, reason = "counts of invitations are far below 2^52")]
    pub fn acceptance_rate(&self) -> Option<f64> {
        let answers = self.all();
        (answers > 0).then(|| self.accepted as f64 / answers as f64)
    }

    /// The median time to an answer in seconds, rounded as [`rounded_seconds`]; the lower one of an even number.
    pub fn median_seconds(&self) -> Option<u64> {
        let answers: i64 = self.seconds.values().sum();
        let middle = (answers + 1) / 2;
        let mut seen = 0;
        self.seconds.iter().find_map(|(seconds, count)| {
            seen += count;
            (answers > 0 && seen >= middle).then_some(*seconds)
        })
    }
}

/// One counter of a community.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Counter {
    /// Invitations in a status.
    State(Status),
    /// Invitations that became pending, or made their invitee a member at once, on a day.
    Sent,
    /// Invitation mails that arrived on a day.
    Delivered,
    /// Invitation mails that bounced or were called spam on a day.
    Bounced,
    /// Answers that were yes.
    AcceptedAnswer,
    /// Answers that were no.
    DeclinedAnswer,
    /// Answers that took this long, as [`rounded_seconds`].
    AnswerSeconds(u64),
}

/// Returns how the counters of statuses change when an invitation, counted in the status `before` so far, is counted as
/// it is now.
pub fn status_changes(before: Option<Status>, invitation: &Invitation) -> impl Iterator<Item = (Status, i64)> {
    [(invitation.status, 1)].into_iter().chain(before.map(|status| (status, -1)))
}

/// The counters of the invitation's answer, if there was one.
fn answer(invitation: &Invitation) -> Option<[Counter; 2]> {
    let seconds = seconds_to_answer(invitation)?;
    let answer = if invitation.status == Status::Accepted { Counter::AcceptedAnswer } else { Counter::DeclinedAnswer };
    Some([answer, Counter::AnswerSeconds(rounded_seconds(seconds))])
}

/// Returns what happened, and on which day, to an invitation that was counted in the status `before` so far. Whatever
/// came between is in the invitation: it becomes pending once, and is answered once.
pub fn day_counts(before: Option<Status>, invitation: &Invitation) -> Vec<(Date, Counter)> {
    let mut counts = Vec::new();
    let was_sent = before.is_some_and(|status| status != Status::AwaitingApproval);
    if !was_sent && invitation.has_reached_invitee() {
        counts.push((Quota::day(invitation.sent_at()), Counter::Sent));
    }
    if before != Some(invitation.status)
        && let (Some(at), Some(answer)) = (invitation.answered_at, answer(invitation))
    {
        counts.extend(answer.map(|counter| (Quota::day(at), counter)));
    }
    counts
}

/// What became of one invitation mail. A mail arrives once at the most, and bounces once, whatever is told of it later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct MailResult {
    /// When the mail was asked for: no other mail of the invitation was at the same time.
    pub mailed_at: Timestamp,
    /// The counter that it belongs to.
    pub counter: Counter,
    /// The day on which it happened.
    pub day: Date,
}

impl MailResult {
    /// What a change of an invitation tells of its mail; `None` where it tells nothing new.
    pub fn of_change(before: Option<&Invitation>, after: &Invitation) -> Option<Self> {
        let counter = mail_counter(after)?;
        let delivery = after.delivery.as_ref()?;
        let is_new = before.and_then(mail_counter) != Some(counter);
        is_new.then_some(Self { mailed_at: after.mailed_at?, counter, day: Quota::day(delivery.at) })
    }
}

/// The counter of what became of the latest invitation mail, once it has arrived or bounced.
fn mail_counter(invitation: &Invitation) -> Option<Counter> {
    match invitation.delivery.as_ref()?.state {
        DeliveryState::Delivered => Some(Counter::Delivered),
        DeliveryState::Bounced | DeliveryState::Complained => Some(Counter::Bounced),
        DeliveryState::Queued | DeliveryState::Failed | DeliveryState::Sent => None,
    }
}

/// UTC days, from one to another, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Period {
    from: Date,
    to: Date,
}

/// The days that a period may have.
pub const MAX_PERIOD_DAYS: i32 = 92;

/// Why two days make no period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPeriod {
    /// The last one comes before the first.
    #[error("must not be before `from`")]
    Reversed,
    /// There are too many.
    #[error("must be so close to `from` that there are at most {MAX_PERIOD_DAYS} days")]
    TooLong,
}

impl Period {
    /// The days from `from` to `to`.
    ///
    /// # Errors
    /// [`InvalidPeriod`] if there are none, or more than [`MAX_PERIOD_DAYS`].
    pub fn new(from: Date, to: Date) -> Result<Self, InvalidPeriod> {
        match (to - from).get_days() {
            ..0 => Err(InvalidPeriod::Reversed),
            0..MAX_PERIOD_DAYS => Ok(Self { from, to }),
            _ => Err(InvalidPeriod::TooLong),
        }
    }

    /// The first day.
    pub fn from(&self) -> Date {
        self.from
    }

    /// The last day.
    pub fn to(&self) -> Date {
        self.to
    }

    /// Every day, in order.
    pub fn days(&self) -> impl Iterator<Item = Date> + use<> {
        let to = self.to;
        self.from.series(1.day()).take_while(move |day| *day <= to)
    }
}

#[cfg(test)]
mod tests;
