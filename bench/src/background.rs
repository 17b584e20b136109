//! What follows an invitation: `deliver` and `feedback`, which have no caller who waits and hence no floor, but a price.

use std::{fs, path::Path};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    Outcome,
    measure::quantile,
    nursery::{About, Case, Nursery},
    process::Process,
    recorder::Recorder,
    table::Table,
};

/// What one step costs.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Step {
    pub(crate) name: String,
    pub(crate) function: String,
    /// The time on a processor, in microseconds: the median.
    pub(crate) computed: f64,
    /// From process start to the first request for an event, in microseconds.
    pub(crate) init: f64,
    /// Requests to the table that wait for one another.
    pub(crate) rounds: usize,
    pub(crate) requests: usize,
    pub(crate) read_units: f64,
    pub(crate) write_units: f64,
    pub(crate) mails: usize,
    pub(crate) events: usize,
}

/// Measures every step on a small table, that many times.
pub(crate) async fn steps(binaries: &Path, nursery: &Nursery, table: &Table, times: usize) -> Outcome<Vec<Step>> {
    let feedback = |case: &Case| -> Outcome<String> {
        let mut event: Value = serde_json::from_str(&fs::read_to_string("events/feedback-delivery.json")?)?;
        event["detail"]["mail"]["tags"]["invitation"][0] = case.id.as_str().into();
        Ok(event.to_string())
    };
    Ok(vec![
        step("deliver, after a send", "deliver", binaries, nursery, table, About::Pending, times, |case| {
            Ok(nursery.told(case, false))
        })
        .await?,
        step("deliver, after an acceptance", "deliver", binaries, nursery, table, About::Accepted, times, |case| {
            Ok(nursery.told(case, true))
        })
        .await?,
        step("feedback, mail delivered", "feedback", binaries, nursery, table, About::Linked, times, feedback).await?,
    ])
}

#[allow(clippy::too_many_arguments, reason = "three calls, side by side")]
async fn step(
    name: &str,
    function: &str,
    binaries: &Path,
    nursery: &Nursery,
    table: &Table,
    about: About,
    times: usize,
    event: impl Fn(&Case) -> Outcome<String>,
) -> Outcome<Step> {
    let recorder = Recorder::before(&table.endpoint).await?;
    let mut process = Process::start(&binaries.join(function), &recorder.endpoint).await?;
    let mut samples = Vec::new();
    let mut usage = recorder.take();
    for case in nursery.cases(table, about, times)? {
        samples.push(process.invoke(event(&case)?).await?.0.computed);
        usage = recorder.take();
    }
    let step = Step {
        name: name.to_owned(),
        function: function.to_owned(),
        computed: quantile(samples.into_iter(), 0.5),
        init: process.init.as_secs_f64() * 1e6,
        rounds: usage.groups.len(),
        requests: usage.requests(),
        read_units: usage.read_units,
        write_units: usage.write_units,
        mails: usage.mails,
        events: usage.events,
    };
    process.stop().await?;
    Ok(step)
}
