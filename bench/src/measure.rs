//! One run: a function and its floor, turn by turn, on tables of several sizes at once.

use std::time::Duration;

use crate::{
    error::Result,
    fixtures::Fixtures,
    handlers::Handlers,
    operation::{BackgroundStep, Operation},
    plan::Plan,
    process::Process,
    program::Program,
    prototype::Case,
    recorder::{Recorder, Usage},
    results::{BackgroundResult, Metrics, NodeResult, OperationResult, TableResult},
    size::Size,
    table::Table,
    timing::{Timing, median, quantile},
};

/// How often things are measured.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Repetitions {
    /// Processes that are started for the time of their init and of their first invocation.
    pub(crate) starts: usize,
    /// Warm invocations.
    pub(crate) warm: usize,
}

/// Warm invocations before the first that counts: caches fill, branches are learned.
const WARM_UP: usize = 15;

impl Metrics {
    fn of(starts: &[(Duration, Duration)], warm: &[Timing], memory: u64) -> Self {
        Self {
            init: median(starts.iter().map(|(init, _)| *init)),
            first: median(starts.iter().map(|(_, first)| *first)),
            p50: median(warm.iter().map(|timing| timing.elapsed)),
            p99: quantile(warm.iter().map(|timing| timing.elapsed), 0.99),
            cpu: median(warm.iter().map(|timing| timing.cpu)),
            memory,
        }
    }
}

/// A process on one table, with the invocations that are left.
struct Runner {
    process: Process,
    invocations: std::vec::IntoIter<Invocation>,
    timings: Vec<Timing>,
}

/// One invocation: the event that prepares the process, if it needs one, and the event that is measured.
struct Invocation {
    preparation: Option<String>,
    event: String,
}

impl Runner {
    async fn start(program: &Program, table: &Table, invocations: Vec<Invocation>) -> Result<Self> {
        let process = Process::start(program, &table.endpoint).await?;
        Ok(Self { process, invocations: invocations.into_iter(), timings: Vec::new() })
    }

    async fn invoke(&mut self) -> Result<Timing> {
        let Invocation { preparation, event } = self.invocations.next().ok_or("too few cases were prepared")?;
        if let Some(preparation) = preparation {
            self.process.invoke(preparation).await?;
        }
        self.process.invoke(event).await
    }
}

/// What was recorded of a function that handled some events.
struct Recording {
    init: Duration,
    timings: Vec<Timing>,
    /// The usage of the last event.
    usage: Usage,
}

/// Has a function handle the events while a recorder stands between it and the table.
async fn record(
    program: &Program,
    table: &Table,
    events: impl IntoIterator<Item = Result<String>>,
) -> Result<Recording> {
    let recorder = Recorder::start(&table.endpoint).await?;
    let mut process = Process::start(program, &recorder.endpoint).await?;
    let mut recording = Recording { init: process.init, timings: Vec::new(), usage: Usage::default() };
    recorder.take();
    for event in events {
        let (timing, response) = process.succeed(event?).await?;
        recording.timings.push(timing);
        recording.usage = recorder.take();
        recording.usage.response_bytes = response["body"].as_str().map_or(0, str::len);
    }
    process.stop().await?;
    Ok(recording)
}

/// The programs that take turns at an operation.
pub(crate) struct Contestants {
    pub(crate) function: Program,
    pub(crate) floor: Program,
    /// The same operation in Node, if there is one.
    pub(crate) node: Option<Program>,
}

/// The order of a turn. Who comes after Node finds the processor's caches full of it. So over some turns each comes after each other one
/// equally often where their number is a prime, as it is with Node, and else after some.
fn order(turn: usize, count: usize) -> impl Iterator<Item = usize> {
    // By each of these steps all are reached.
    let steps: Vec<_> =
        (1..count).filter(|step| (2..=*step).all(|by| !step.is_multiple_of(by) || !count.is_multiple_of(by))).collect();
    let step = steps.get(turn / count % steps.len().max(1)).copied().unwrap_or(1);
    (0..count).map(move |place| (place * step + turn) % count)
}

/// Measures an operation on all tables; its floor, Node and its metrics are those of the first.
pub(crate) async fn measure(
    operation: &'static Operation,
    contestants: &Contestants,
    fixtures: &Fixtures,
    tables: &[(usize, Table)],
    repetitions: Repetitions,
) -> Result<OperationResult> {
    let Contestants { function, floor, node } = contestants;
    let (_, small) = tables.first().ok_or("no table")?;
    let (starts, warm_up) = (repetitions.starts, WARM_UP.min(repetitions.warm));
    let warm = (repetitions.warm / operation.one_in).max(1) + warm_up;

    let mut table_results = Vec::new();
    let mut recorded = Vec::new();
    for (size, table) in tables {
        let case = fixtures.cases(table, operation.case, 1)?.remove(0);
        let usage = record(function, table, [Ok(operation.event(&case))]).await?.usage;
        let (read_units, write_units) = (usage.read_units, usage.write_units);
        table_results.push(TableResult { invitations: *size, p50: 0.0, p95: 0.0, read_units, write_units });
        recorded.push((usage, case));
    }
    let (usage, case) = recorded.swap_remove(0);
    let plan = Plan::new(&usage, case, operation.reads());

    let cases = |table: &Table, count: usize| -> Result<Vec<_>> {
        // What an invocation leaves as it was serves all of them.
        let needed = if operation.reads() { 1 } else { count };
        let cases = fixtures.cases(table, operation.case, needed)?;
        Ok(cases.into_iter().cycle().take(count).collect())
    };
    let own = |case: Case| Ok(Invocation { preparation: None, event: operation.event(&case) });
    let prepared =
        |case: Case| Ok(Invocation { preparation: Some(plan.prepare(&case)?), event: operation.event(&case) });
    let mut programs = vec![function, floor];
    programs.extend(node);
    let mut runners = Vec::new();
    for (index, program) in programs.iter().enumerate() {
        let cases = cases(small, starts + warm)?.into_iter();
        let invocations: Result<_> = if index == 1 { cases.map(prepared).collect() } else { cases.map(own).collect() };
        runners.push(Runner::start(program, small, invocations?).await?);
    }
    let mut first_invocations = vec![Vec::new(); programs.len()];
    for turn in 0..starts {
        for index in order(turn, programs.len()) {
            let runner = &mut runners[index];
            let fresh = Process::start(programs[index], &small.endpoint).await?;
            std::mem::replace(&mut runner.process, fresh).stop().await?;
            let first = runner.invoke().await?;
            first_invocations[index].push((runner.process.init, first.elapsed));
        }
    }
    for (_, table) in &tables[1..] {
        let invocations = cases(table, warm)?.into_iter().map(own).collect::<Result<_>>()?;
        runners.push(Runner::start(function, table, invocations).await?);
    }
    for turn in 0..warm {
        for index in order(turn, runners.len()) {
            let timing = runners[index].invoke().await?;
            if turn >= warm_up {
                runners[index].timings.push(timing);
            }
        }
    }

    let metrics = |index: usize| -> Result<Metrics> {
        let runner: &Runner = &runners[index];
        Ok(Metrics::of(&first_invocations[index], &runner.timings, runner.process.peak_memory()?))
    };
    let (ours, floor) = (metrics(0)?, metrics(1)?);
    let node = match node {
        Some(program) => {
            let case = fixtures.cases(small, operation.case, 1)?.remove(0);
            let usage = record(program, small, [Ok(operation.event(&case))]).await?.usage;
            Some(NodeResult { metrics: metrics(2)?, usage, size: Size::of(&program.uploaded)? })
        }
        None => None,
    };
    // The floor and Node run on the smallest table alone.
    for runner in runners.drain(1..programs.len()) {
        runner.process.stop().await?;
    }
    for (result, runner) in table_results.iter_mut().zip(runners) {
        result.p50 = median(runner.timings.iter().map(|timing| timing.elapsed));
        result.p95 = quantile(runner.timings.iter().map(|timing| timing.elapsed), 0.95);
        runner.process.stop().await?;
    }
    Ok(OperationResult { operation, ours, floor, node, usage, tables: table_results })
}

/// Measures a step in the background that many times.
pub(crate) async fn measure_background(
    step: &'static BackgroundStep,
    function: &Program,
    fixtures: &Fixtures,
    table: &Table,
    times: usize,
) -> Result<BackgroundResult> {
    Handlers::on(table).put_settings(step.notices()).await?;
    let cases = fixtures.cases(table, step.case, times)?;
    let Recording { init, timings, usage } =
        record(function, table, cases.iter().map(|case| (step.event)(fixtures, case))).await?;
    let cpu = median(timings.into_iter().map(|timing| timing.cpu));
    Ok(BackgroundResult { step, init: init.as_secs_f64() * 1e6, cpu, usage })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::order;

    #[test]
    fn everyone_comes_after_everyone_else_equally_often() {
        for (count, turns, times) in [(1, 3, 0), (2, 2, 1), (3, 6, 2), (5, 20, 4)] {
            let orders: Vec<Vec<_>> = (0..turns).map(|turn| order(turn, count).collect()).collect();
            let mut pairs: BTreeMap<_, usize> = BTreeMap::new();
            for pair in orders.iter().flat_map(|order| order.windows(2)) {
                *pairs.entry((pair[0], pair[1])).or_default() += 1;
            }
            assert_eq!(pairs.len(), count * (count - 1));
            assert!(pairs.values().all(|found| found.abs_diff(times) <= 1), "{count}: {pairs:?}");
        }
    }
}
