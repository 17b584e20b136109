//! Moments and the spans between them, without overflow.

use jiff::SignedDuration;
pub use jiff::Timestamp;
/// Times are kept as milliseconds, which compare as numbers in conditions.
pub use jiff::fmt::serde::timestamp::millisecond::optional as millis;

/// `at` plus `span`, or the end of time.
pub fn later(at: Timestamp, span: SignedDuration) -> Timestamp {
    at.checked_add(span).unwrap_or(Timestamp::MAX)
}

/// `at` plus whole days.
pub fn days_later(at: Timestamp, days: u32) -> Timestamp {
    later(at, SignedDuration::from_hours(24 * i64::from(days)))
}

/// `at` less whole days, or the beginning of time.
pub fn days_earlier(at: Timestamp, days: u32) -> Timestamp {
    at.checked_sub(SignedDuration::from_hours(24 * i64::from(days))).unwrap_or(Timestamp::MIN)
}
