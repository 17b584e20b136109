//! What a run tells on standard error while it goes on.

use std::{
    io::{Write as _, stderr},
    time::Instant,
};

/// Prints a line of progress.
pub(crate) fn print(line: &str) {
    let _ = writeln!(stderr(), "{line}");
}

/// Returns what prints a line of progress with the time since now.
pub(crate) fn progress() -> impl Fn(&str) {
    let began = Instant::now();
    move |what| print(&format!("[{:4} s] {what}", began.elapsed().as_secs()))
}
