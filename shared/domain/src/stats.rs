//! The stats of a community: how many invitations there are in each status, and how fast people answer.

use std::collections::BTreeMap;

use jiff::SignedDuration;

use super::invitation::{Invitation, Status};

/// The counters of one community.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CommunityStats {
    /// Invitations in each stored status.
    pub states: BTreeMap<Status, i64>,
    /// Invitations whose invitee said yes. Users who joined unasked do not count.
    pub accepted_answers: i64,
    /// Invitations whose invitee said no.
    pub declined_answers: i64,
    /// Answers by the seconds they took, as [`rounded_seconds`].
    pub answer_seconds: BTreeMap<u64, i64>,
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
    let lifetime = SignedDuration::from_hours(24 * i64::from(invitation.lifetime_days));
    let until_expiry = invitation.expires_at.duration_since(invitation.answered_at?);
    Some((lifetime - until_expiry).as_secs().unsigned_abs())
}

impl CommunityStats {
    /// The share of answers that were yes; `None` without answers.
    #[allow(clippy::cast_precision_loss, reason = "counts of invitations are far below 2^52")]
    pub fn acceptance_rate(&self) -> Option<f64> {
        let answers = self.accepted_answers + self.declined_answers;
        (answers > 0).then(|| self.accepted_answers as f64 / answers as f64)
    }

    /// The median time to an answer in seconds, rounded as [`rounded_seconds`]; the lower one of an even number.
    pub fn median_answer_seconds(&self) -> Option<u64> {
        let answers: i64 = self.answer_seconds.values().sum();
        let middle = (answers + 1) / 2;
        let mut seen = 0;
        self.answer_seconds.iter().find_map(|(seconds, count)| {
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
    /// Answers that were yes.
    AcceptedAnswer,
    /// Answers that were no.
    DeclinedAnswer,
    /// Answers that took this long, as [`rounded_seconds`].
    AnswerSeconds(u64),
}

/// Returns how counters change when an invitation, counted in the status `before` so far, is counted as it is now.
pub fn counter_changes(before: Option<Status>, invitation: &Invitation) -> Vec<(Counter, i64)> {
    if before == Some(invitation.status) {
        return Vec::new();
    }
    let mut counts = vec![(Counter::State(invitation.status), 1)];
    counts.extend(before.map(|status| (Counter::State(status), -1)));
    if let Some(seconds) = seconds_to_answer(invitation) {
        let answer =
            if invitation.status == Status::Accepted { Counter::AcceptedAnswer } else { Counter::DeclinedAnswer };
        counts.extend([(answer, 1), (Counter::AnswerSeconds(rounded_seconds(seconds)), 1)]);
    }
    counts
}
