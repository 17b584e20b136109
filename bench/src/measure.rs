//! One run: a function and its floor, turn by turn, on tables of several sizes at once.

use std::{path::Path, time::Duration};

use serde::{Deserialize, Serialize};

use crate::{
    Outcome,
    nursery::{About, Case, Nursery},
    operation::Operation,
    plan::Plan,
    process::{Process, Sample},
    recorder::{Recorder, Usage},
    table::Table,
};

/// How much is measured.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Effort {
    /// Processes that are started for the time of their init and of their first invocation.
    pub(crate) starts: usize,
    /// Warm invocations.
    pub(crate) warm: usize,
}

/// Warm invocations before the first that counts: caches fill, branches are learned.
const WARMING: usize = 15;

/// What was found of one process.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Figures {
    /// From process start to the first request for an event, in microseconds: the median of the starts.
    pub(crate) init: f64,
    /// The first invocation, in microseconds: the median of the starts.
    pub(crate) first: f64,
    /// A warm invocation, in microseconds: the median.
    pub(crate) p50: f64,
    /// The same, of which one in a hundred takes longer.
    pub(crate) p99: f64,
    /// The time on a processor of a warm invocation, in microseconds: the median.
    pub(crate) computed: f64,
    /// The most memory held, in bytes.
    pub(crate) memory: u64,
}

/// What was found of one operation.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) function: String,
    pub(crate) most: usize,
    pub(crate) ours: Figures,
    pub(crate) floor: Figures,
    pub(crate) requests: usize,
    /// How many of them wait for one another.
    pub(crate) rounds: usize,
    pub(crate) which: String,
    /// For each size of the table: a warm invocation in microseconds (the median), read and write units.
    pub(crate) sizes: Vec<(usize, f64, f64, f64)>,
}

impl Figures {
    fn of(starts: &[(Duration, Duration)], warm: &[Sample], memory: u64) -> Self {
        Self {
            init: quantile(starts.iter().map(|(init, _)| *init), 0.5),
            first: quantile(starts.iter().map(|(_, first)| *first), 0.5),
            p50: quantile(warm.iter().map(|sample| sample.took), 0.5),
            p99: quantile(warm.iter().map(|sample| sample.took), 0.99),
            computed: quantile(warm.iter().map(|sample| sample.computed), 0.5),
            memory,
        }
    }
}

/// The value, in microseconds, that this part of the times does not exceed.
pub(crate) fn quantile(times: impl Iterator<Item = Duration>, part: f64) -> f64 {
    let mut times: Vec<_> = times.collect();
    times.sort();
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "few")]
    let index = ((times.len() as f64 * part) as usize).min(times.len().saturating_sub(1));
    times.get(index).map_or(0.0, |time| time.as_secs_f64() * 1e6)
}

/// A function on one table, with what is left to invoke it with.
struct Runner {
    process: Process,
    /// What the process is told first, if anything, and the event that counts.
    events: std::vec::IntoIter<(Option<String>, String)>,
    samples: Vec<Sample>,
}

impl Runner {
    async fn step(&mut self, counts: bool) -> Outcome<Sample> {
        let (preparation, event) = self.events.next().ok_or("too few cases were prepared")?;
        if let Some(preparation) = preparation {
            self.process.request(preparation).await?;
        }
        let (sample, _) = self.process.request(event).await?;
        if counts {
            self.samples.push(sample);
        }
        Ok(sample)
    }
}

/// What the function does for one invocation, on one table.
async fn record(binary: &Path, table: &Table, nursery: &Nursery, operation: &Operation) -> Outcome<(Usage, Plan)> {
    let recorder = Recorder::before(&table.endpoint).await?;
    let mut process = Process::start(binary, &recorder.endpoint).await?;
    recorder.take();
    let case = nursery.cases(table, operation.about, 1)?.remove(0);
    process.request((operation.event)(&case)).await?;
    let usage = recorder.take();
    process.stop().await?;
    let plan = Plan::of(&usage, &case, operation.reads);
    Ok((usage, plan))
}

/// Measures an operation on tables of those sizes; the floor and all figures but the last ones are of the first.
pub(crate) async fn measure(
    operation: &Operation,
    binaries: &Path,
    nursery: &Nursery,
    tables: &[(usize, Table)],
    effort: Effort,
) -> Outcome<Row> {
    let (function, floor) = (binaries.join(operation.function), binaries.join("floor"));
    let (_, small) = tables.first().ok_or("no table")?;
    let warm = (effort.warm / operation.one_in).max(1) + WARMING.min(effort.warm);
    let cases = |table: &Table, count: usize| -> Outcome<Vec<_>> {
        let always = operation.reads || operation.about == About::Nothing;
        let cases = nursery.cases(table, operation.about, if always { 1 } else { count })?;
        Ok(cases.iter().cycle().take(count).cloned().collect())
    };
    let mut sizes = Vec::new();
    let mut plan = None;
    let mut usage = Usage::default();
    for (size, table) in tables {
        let (used, seen) = record(&function, table, nursery, operation).await?;
        sizes.push((*size, 0.0, used.read_units, used.write_units));
        if plan.is_none() {
            (plan, usage) = (Some(seen), used);
        }
    }
    let plan = plan.ok_or("no table")?;
    let events = |table: &Table, count: usize| -> Outcome<_> {
        let cases = cases(table, count)?;
        Ok(cases.iter().map(|case| (None, (operation.event)(case))).collect::<Vec<_>>().into_iter())
    };
    let count = effort.starts + warm;
    let mut runners = Vec::new();
    let ours = Runner {
        process: Process::start(&function, &small.endpoint).await?,
        events: events(small, count)?,
        samples: Vec::new(),
    };
    let prepared = |case: &Case| Ok((Some(plan.prepare(case)?), (operation.event)(case)));
    let plans = cases(small, count)?.iter().map(prepared).collect::<Outcome<Vec<_>>>()?;
    let theirs = Runner {
        process: Process::start(&floor, &small.endpoint).await?,
        events: plans.into_iter(),
        samples: Vec::new(),
    };
    runners.extend([ours, theirs]);
    let mut starts = [Vec::new(), Vec::new()];
    for _ in 0..effort.starts {
        for (runner, (binary, starts)) in runners.iter_mut().zip([&function, &floor].into_iter().zip(&mut starts)) {
            let fresh = Process::start(binary, &small.endpoint).await?;
            std::mem::replace(&mut runner.process, fresh).stop().await?;
            let first = runner.step(false).await?;
            starts.push((runner.process.init, first.took));
        }
    }
    for (_, table) in &tables[1..] {
        let process = Process::start(&function, &table.endpoint).await?;
        runners.push(Runner { process, events: events(table, warm)?, samples: Vec::new() });
    }
    for turn in 0..warm {
        let counts = turn >= WARMING.min(effort.warm);
        // Whoever comes first in a round is not always the same one.
        for index in 0..runners.len() {
            let index = (index + turn) % runners.len();
            runners[index].step(counts).await?;
        }
    }
    for (size, runner) in sizes.iter_mut().zip(runners.iter().enumerate().filter(|(index, _)| *index != 1)) {
        size.1 = quantile(runner.1.samples.iter().map(|sample| sample.took), 0.5);
    }
    let figures = |index: usize| -> Outcome<Figures> {
        let runner: &Runner = &runners[index];
        Ok(Figures::of(&starts[index], &runner.samples, runner.process.peak_memory()?))
    };
    let row = Row {
        name: operation.name.to_owned(),
        function: operation.function.to_owned(),
        most: operation.most,
        ours: figures(0)?,
        floor: figures(1)?,
        requests: usage.requests(),
        rounds: usage.groups.len(),
        which: usage.names(),
        sizes,
    };
    for runner in runners {
        runner.process.stop().await?;
    }
    Ok(row)
}
