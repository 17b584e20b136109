//! A backlog of mails: far more than the mail service takes at once. None is lost, none parked, none sent twice, and
//! events do not wait for them.
//!
//! Two ways of running the same plan: the functions themselves over the embedded engine, with some hundred mails; and
//! what they decide (`domain::delivery`, `domain::gate`) over records as plain values, with as many as anybody wants.
//! `make simulate` runs a million; docs/scale.md has what came of it.

mod deployment;
mod outbox;
mod plan;
mod service;

use std::time::Duration;

use self::plan::{BacklogResult, DAY, PACE, Plan};

/// Fails unless every mail went out once, and no event waited for one.
#[track_caller]
fn assert_holds(plan: Plan, result: &BacklogResult) {
    let told = format!("{plan:?}: {result:?}");
    assert_eq!((result.sent, result.left, result.twice), (plan.mails.into(), 0, 0), "{told}");
    assert!(result.slowest_event <= Duration::from_secs(5), "{told}");
    // The stream keeps a report for a day, and the mapping gives it up an hour before.
    assert!(result.oldest_report < Duration::from_hours(3), "{told}");
    // What the account takes is used: what it takes at once, and what a period has room for.
    let rate = f64::from(plan.mails) / f64::from(plan.per_second.min(plan.made).min(PACE));
    let periods = plan.quota.map_or(0, |quota| plan.mails.div_ceil(quota) - 1);
    let ideal = rate.max(plan.period.as_secs_f64() * f64::from(periods));
    let slack = 1.25 * ideal + 900.0 * f64::from(periods + 1);
    assert!(result.last_sent.as_secs_f64() <= slack, "{slack} s: {told}");
}

#[test]
fn a_backlog_goes_out_at_the_pace_of_the_mail_service_and_nothing_waits_for_it() {
    for (per_second, quota) in [(1, None), (5, Some(80))] {
        let plan = Plan { mails: 200, made: 20, per_second, quota, period: Duration::from_mins(15) };
        let real = deployment::run(plan);
        assert_holds(plan, &real);
        // The plain values tell the same story.
        let simulated = outbox::run(plan);
        assert_holds(plan, &simulated);
        let ratio = simulated.last_sent.as_secs_f64() / real.last_sent.as_secs_f64();
        assert!((0.8..1.25).contains(&ratio), "{real:?} {simulated:?}");
    }
}

/// The plans of docs/scale.md: as many mails as `MAILS` says.
#[test]
#[allow(clippy::print_stdout, reason = "the docs quote it")]
fn a_backlog_of_any_size_does_too() {
    let mails = std::env::var("MAILS").map_or(20_000, |text| text.parse().expect("must be a number"));
    println!(
        "| Mails a second | Mails a day | All are out after | Posts rejected | Waits | Of a mail | Oldest report | Event |"
    );
    println!("|--:|--:|--:|--:|--:|--:|--:|--:|");
    for (per_second, quota) in [(14, None), (500, None), (14, Some(50_000)), (500, Some(50_000))] {
        // A day that is used up many times over takes as many mails for each of its smaller days.
        let quota = quota.map(|quota: u32| if mails < 200_000 { mails / 4 } else { quota });
        let plan = Plan { mails, made: 330, per_second, quota, period: DAY };
        let result = outbox::run(plan);
        println!(
            "| {per_second} | {} | {:.1} h | {} | {} | {} | {:.0} min | {:.1} s |",
            quota.map_or("no limit".to_owned(), |quota| quota.to_string()),
            result.last_sent.as_secs_f64() / 3_600.0,
            result.rejected,
            result.waited,
            result.waited_most,
            result.oldest_report.as_secs_f64() / 60.0,
            result.slowest_event.as_secs_f64(),
        );
        assert_holds(plan, &result);
    }
}
