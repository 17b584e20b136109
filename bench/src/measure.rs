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

/// A program on one table, with the invocations that are left.
struct Runner<'a> {
    program: &'a Program,
    table: &'a Table,
    process: Process,
    invocations: std::vec::IntoIter<Invocation>,
    /// The inits of processes that were started anew, and the first invocation of each.
    starts: Vec<(Duration, Duration)>,
    warm: Vec<Timing>,
}

/// One invocation: the event that prepares the process, if it needs one, and the event that is measured.
struct Invocation {
    preparation: Option<String>,
    event: String,
}

impl<'a> Runner<'a> {
    async fn start(
        program: &'a Program,
        table: &'a Table,
        invocations: impl Iterator<Item = Result<Invocation>>,
    ) -> Result<Self> {
        let invocations = invocations.collect::<Result<Vec<_>>>()?.into_iter();
        let process = Process::start(program, &table.endpoint).await?;
        Ok(Self { program, table, process, invocations, starts: Vec::new(), warm: Vec::new() })
    }

    /// Invokes a process that has just been started.
    async fn restart(&mut self) -> Result<()> {
        let fresh = Process::start(self.program, &self.table.endpoint).await?;
        std::mem::replace(&mut self.process, fresh).stop().await?;
        let first = self.invoke().await?;
        self.starts.push((self.process.init, first.elapsed));
        Ok(())
    }

    async fn invoke(&mut self) -> Result<Timing> {
        let Invocation { preparation, event } = self.invocations.next().ok_or("too few cases were prepared")?;
        if let Some(preparation) = preparation {
            self.process.invoke(preparation).await?;
        }
        self.process.invoke(event).await
    }

    fn metrics(&self) -> Result<Metrics> {
        let elapsed = || self.warm.iter().map(|timing| timing.elapsed);
        Ok(Metrics {
            init: median(self.starts.iter().map(|(init, _)| *init)),
            first: median(self.starts.iter().map(|(_, first)| *first)),
            p50: median(elapsed()),
            p95: quantile(elapsed(), 0.95),
            p99: quantile(elapsed(), 0.99),
            cpu: median(self.warm.iter().map(|timing| timing.cpu)),
            memory: self.process.peak_memory()?,
        })
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

/// The order of a turn. Who comes after Node finds the processor's caches full of it. So over some turns each comes
/// after each other one equally often where their number is a prime, as it is with Node, and else after some.
fn order(turn: usize, count: usize) -> impl Iterator<Item = usize> {
    // By each of these steps all are reached.
    let steps: Vec<_> =
        (1..count).filter(|step| (2..=*step).all(|by| !step.is_multiple_of(by) || !count.is_multiple_of(by))).collect();
    let step = steps.get(turn / count % steps.len().max(1)).copied().unwrap_or(1);
    (0..count).map(move |place| (place * step + turn) % count)
}

/// Measures an operation and its floor on all tables, and Node on the first.
pub(crate) async fn measure(
    operation: &'static Operation,
    contestants: &Contestants,
    fixtures: &Fixtures,
    tables: &[(usize, Table)],
    repetitions: Repetitions,
) -> Result<OperationResult> {
    let warm_up = WARM_UP.min(repetitions.warm);
    let warm = (repetitions.warm / operation.one_in).max(1) + warm_up;
    let (mut runners, usages) = runners(operation, contestants, fixtures, tables, repetitions.starts + warm).await?;
    // Starts are measured on the smallest table alone: by its function, its floor, and Node.
    let node = contestants.node.as_ref();
    let started: Vec<_> = [0, 1].into_iter().chain(node.is_some().then(|| runners.len() - 1)).collect();
    for turn in 0..repetitions.starts {
        for place in order(turn, started.len()) {
            runners[started[place]].restart().await?;
        }
    }
    for turn in 0..warm {
        for index in order(turn, runners.len()) {
            let timing = runners[index].invoke().await?;
            if turn >= warm_up {
                runners[index].warm.push(timing);
            }
        }
    }

    let node = match node {
        Some(program) => {
            let (usage, _) = recorded(operation, program, fixtures, smallest(tables)?).await?;
            let metrics = runners[started[2]].metrics()?;
            Some(NodeResult { metrics, usage, size: Size::of(&program.uploaded)? })
        }
        None => None,
    };
    let mut results = Vec::new();
    for ((pair, usage), (invitations, _)) in runners.chunks(2).zip(usages).zip(tables) {
        let [function, floor] = pair else { return Err("a function has no floor".into()) };
        let (function, floor) = (function.metrics()?, floor.metrics()?);
        results.push(TableResult { invitations: *invitations, function, floor, usage });
    }
    for runner in runners {
        runner.process.stop().await?;
    }
    let mut results = results.into_iter();
    let smallest = results.next().ok_or("no table")?;
    Ok(OperationResult { operation, smallest, larger: results.collect(), node })
}

/// Starts the programs: on each table the function and its floor, then Node on the smallest. Returns them, and what
/// the function uses on each table.
async fn runners<'a>(
    operation: &Operation,
    Contestants { function, floor, node }: &'a Contestants,
    fixtures: &Fixtures,
    tables: &'a [(usize, Table)],
    invocations: usize,
) -> Result<(Vec<Runner<'a>>, Vec<Usage>)> {
    let own = |case: Case| Ok(Invocation { preparation: None, event: operation.event(&case) });
    let cases = |table| cases(operation, fixtures, table, invocations);
    let (mut runners, mut usages) = (Vec::new(), Vec::new());
    for (_, table) in tables {
        let (usage, case) = recorded(operation, function, fixtures, table).await?;
        let plan = Plan::new(&usage, case, operation.reads());
        let prepared =
            |case: Case| Ok(Invocation { preparation: Some(plan.prepare(&case)?), event: operation.event(&case) });
        runners.push(Runner::start(function, table, cases(table)?.map(own)).await?);
        runners.push(Runner::start(floor, table, cases(table)?.map(prepared)).await?);
        usages.push(usage);
    }
    if let Some(node) = node {
        let table = smallest(tables)?;
        runners.push(Runner::start(node, table, cases(table)?.map(own)).await?);
    }
    Ok((runners, usages))
}

fn smallest(tables: &[(usize, Table)]) -> Result<&Table> {
    Ok(&tables.first().ok_or("no table")?.1)
}

/// Returns what one invocation uses, and the case that it was about.
async fn recorded(
    operation: &Operation,
    program: &Program,
    fixtures: &Fixtures,
    table: &Table,
) -> Result<(Usage, Case)> {
    let case = fixtures.cases(table, operation.case, 1)?.remove(0);
    Ok((record(program, table, [Ok(operation.event(&case))]).await?.usage, case))
}

/// Returns so many cases; what an invocation leaves as it was serves all of them.
fn cases(
    operation: &Operation,
    fixtures: &Fixtures,
    table: &Table,
    count: usize,
) -> Result<impl Iterator<Item = Case>> {
    let needed = if operation.reads() { 1 } else { count };
    Ok(fixtures.cases(table, operation.case, needed)?.into_iter().cycle().take(count))
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
        for (count, turns, times) in [(1, 3, 0), (2, 2, 1), (3, 6, 2), (5, 20, 4), (7, 42, 6)] {
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
