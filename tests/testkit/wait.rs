//! Waiting for what follows a change by itself.

use std::{
    thread::sleep,
    time::{Duration, Instant},
};

/// How long a slow machine may take.
const TIMEOUT: Duration = Duration::from_mins(1);
const PAUSE: Duration = Duration::from_millis(100);

/// Polls `look` until it finds something, such as what follows a change by way of the table's stream.
#[track_caller]
pub fn eventually<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let until = Instant::now() + TIMEOUT;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < until, "{what}: not within {} s", TIMEOUT.as_secs());
        sleep(PAUSE);
    }
}
