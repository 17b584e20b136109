//! The model test: random programs of many callers against the real handlers, with a stream that repeats and delays, a
//! network and a mail service that fail, and functions that crash.
//!
//! A run is wholly determined by its seed: one request to the table goes at a time, a seeded scheduler chooses which,
//! time is paused and randomness seeded. The same programs also run on several threads, where nothing is determined.
//!
//! `SEEDS`, `OPERATIONS` and `SEED` set how much is run; `make prove` runs all of it.

mod fault;
mod history;
mod invariants;
mod known;
mod layer;
mod program;
mod run;
mod schedule;
mod stored;
mod wire;
mod write_log;

use std::{
    collections::BTreeMap,
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use self::run::{Plan, Report, run};

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().map_or(default, |text| text.parse().expect("must be a number"))
}

fn operations() -> usize {
    usize::try_from(setting("OPERATIONS", 200)).unwrap()
}

/// Returns the seeds to run: one, or so many.
fn seeds() -> std::ops::Range<u64> {
    match std::env::var("SEED") {
        Ok(seed) => {
            let seed = seed.parse().expect("must be a number");
            seed..seed + 1
        }
        Err(_) => 0..setting("SEEDS", 2),
    }
}

/// Fails with all that a run found, and with how to see it again.
fn assert_holds(plan: Plan, report: &Report) {
    let Plan { seed, operations, parallel } = plan;
    let threads = if parallel { ", if the threads meet so again" } else { "" };
    let again = format!("SEED={seed} OPERATIONS={operations} make prove{threads}");
    assert!(report.violations.is_empty(), "seed {seed}:\n{}\nagain: {again}", report.violations.join("\n"));
}

/// Returns what some runs came to, in words.
fn summary(reports: &[Report], started: Instant) -> String {
    let sum = |of: fn(&Report) -> u64| reports.iter().map(of).sum::<u64>();
    let (mut faults, mut statuses) = (BTreeMap::<_, u64>::new(), BTreeMap::<_, u64>::new());
    for report in reports {
        report.counts.faults.iter().for_each(|(fault, count)| *faults.entry(*fault).or_default() += count);
        report.statuses.iter().for_each(|(status, count)| *statuses.entry(*status).or_default() += count);
    }
    format!(
        "{} runs: {} calls {statuses:?}, {} of unknown result, {} replayed; {} requests to the table, faults {faults:?}, \
         {} conflicts, {} failed conditions; {} invitations, {} mails, {} of them twice; {:.0} s",
        reports.len(),
        sum(|report| report.calls),
        sum(|report| report.unknown),
        sum(|report| report.replays),
        sum(|report| report.counts.requests),
        sum(|report| report.counts.conflicts),
        sum(|report| report.counts.failed_conditions),
        sum(|report| report.invitations as u64),
        sum(|report| report.mails),
        sum(|report| report.sent_twice),
        started.elapsed().as_secs_f64(),
    )
}

#[test]
fn whatever_many_callers_do_and_whatever_fails_nothing_is_lost_doubled_or_contradicted() {
    let (seeds, operations, started) = (seeds(), operations(), Instant::now());
    let (next, reports) = (AtomicU64::new(seeds.start), Mutex::new(Vec::new()));
    // Each run is one thread's; the machine has more.
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::SeqCst);
                    if seed >= seeds.end {
                        return;
                    }
                    let plan = Plan { seed, operations, parallel: false };
                    let report = run(plan);
                    assert_holds(plan, &report);
                    let mut reports = reports.lock().unwrap();
                    reports.push(report);
                    eprintln!("seed {seed} holds; {}", summary(&reports, started));
                }
            });
        }
    });
}

#[test]
fn a_seed_determines_everything() {
    let plan = Plan { seed: 7, operations: 150, parallel: false };
    let (one, other) = (run(plan), run(plan));
    assert_eq!((one.digest, one.calls, one.mails), (other.digest, other.calls, other.mails));
    let another = run(Plan { seed: 8, ..plan });
    assert_ne!(one.digest, another.digest);
}

#[test]
fn the_same_programs_hold_on_many_threads() {
    let mut conflicts = 0;
    for seed in seeds().take(2) {
        let plan = Plan { seed, operations: operations(), parallel: true };
        let started = Instant::now();
        let report = run(plan);
        assert_holds(plan, &report);
        assert!(report.most_at_once >= 2, "requests were never on their way at the same time");
        conflicts += report.counts.conflicts;
        eprintln!("in parallel, {} at once; {}", report.most_at_once, summary(std::slice::from_ref(&report), started));
    }
    assert!(conflicts > 0, "no two transactions met");
}
