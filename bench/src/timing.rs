//! How long invocations take.

use std::time::Duration;

/// The time of one invocation.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Timing {
    /// From handing out the event to the arrival of the response.
    pub(crate) elapsed: Duration,
    /// How long the threads of the process were on a processor for it.
    pub(crate) cpu: Duration,
}

/// Returns the median in microseconds.
pub(crate) fn median(times: impl Iterator<Item = Duration>) -> f64 {
    quantile(times, 0.5)
}

/// Returns the value in microseconds that this part of the times does not exceed. The 99th percentile of fewer than a
/// hundred times is the longest of them.
pub(crate) fn quantile(times: impl Iterator<Item = Duration>, part: f64) -> f64 {
    let mut times: Vec<_> = times.collect();
    times.sort();
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "few")]
    let index = ((times.len() as f64 * part) as usize).min(times.len().saturating_sub(1));
    times.get(index).map_or(0.0, |time| time.as_secs_f64() * 1e6)
}
