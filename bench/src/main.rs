//! `make bench`: how fast the functions are, beside the least that they could do, and what a million invitations cost.
//!
//! `bench BINARIES` measures everything and writes the pages; `bench BINARIES --smoke` only shows that it can.
//! `bench BINARIES --only PART` prints the operations whose name has that part, and writes nothing.

mod cost;
mod error;
mod fixtures;
mod handlers;
mod measure;
mod operation;
mod page;
mod plan;
mod plot;
mod process;
mod profiles;
mod prototype;
mod recorder;
mod request;
mod results;
mod runtime_api;
mod size;
mod speed;
mod table;
mod timing;

use std::{
    io::{Write as _, stderr},
    path::PathBuf,
    time::Instant,
};

use testkit::template::template;

use crate::{
    error::Result,
    fixtures::Fixtures,
    measure::{Repetitions, measure, measure_background},
    operation::{BACKGROUND, BackgroundStep, OPERATIONS, Operation},
    results::{BackgroundResult, Metrics, OperationResult, Results},
    size::FunctionSize,
    table::Table,
};

/// The binary that every function is compared with.
const FLOOR: &str = "floor";

#[tokio::main]
async fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        [binaries] => Bench::new(binaries).await?.measure_everything().await,
        [binaries, "--smoke"] => Bench::new(binaries).await?.smoke().await,
        [binaries, "--only", part] => Bench::new(binaries).await?.print_only(part).await,
        ["--profiles", ref directories @ ..] => {
            let directories: Vec<_> = directories.iter().map(PathBuf::from).collect();
            profiles::compare(&directories).await
        }
        _ => Err("usage: bench BINARIES [--smoke | --only PART]; bench --profiles BINARIES...".into()),
    }
}

/// Prints a line of progress.
fn print(line: &str) {
    let _ = writeln!(stderr(), "{line}");
}

/// What every run has.
struct Bench {
    /// The directory of the binaries.
    binaries: PathBuf,
    fixtures: Fixtures,
}

impl Bench {
    async fn new(binaries: &str) -> Result<Self> {
        Ok(Self { binaries: binaries.into(), fixtures: Fixtures::new().await? })
    }

    async fn measure_everything(self) -> Result<()> {
        const SIZES: [usize; 3] = [1_000, 100_000, 1_000_000];
        let began = Instant::now();
        let progress = |what: &str| print(&format!("[{:4} s] {what}", began.elapsed().as_secs()));
        let mut tables = Vec::new();
        for size in SIZES {
            progress(&format!("a table of {size} invitations"));
            tables.push((size, self.fixtures.table(size).await?));
        }
        let functions = template().crates().into_iter();
        let sizes = functions.chain([FLOOR]).map(|function| FunctionSize::of(function, &self.binaries));
        let sizes = sizes.collect::<Result<_>>()?;
        let mut operations = Vec::new();
        for (number, operation) in (1..).zip(&OPERATIONS) {
            progress(&format!("{number:2} of {}: {}", OPERATIONS.len(), operation.name));
            operations.push(self.measure(operation, &tables, Repetitions { starts: 15, warm: 400 }).await?);
        }
        let mut background = Vec::new();
        for step in &BACKGROUND {
            background.push(self.measure_background(step, &tables[0].1, 100).await?);
        }
        let results = Results { date: page::today(), sizes, operations, background };
        speed::write(&results)?;
        plot::write(&results.operations)?;
        cost::write(&results)?;
        progress("docs/speed.md, docs/speed.svg and docs/cost.md are written");
        Ok(())
    }

    /// Measures everything a few times, on a small table: a few seconds.
    async fn smoke(self) -> Result<()> {
        let tables = [(100, self.fixtures.table(100).await?)];
        for operation in &OPERATIONS {
            let result = self.measure(operation, &tables, Repetitions { starts: 1, warm: 2 }).await?;
            let (requests, most) = (result.usage.requests(), operation.most_requests);
            if requests > most {
                print(&format!("{}: {requests} requests, at most {most}", operation.name));
            }
        }
        for step in &BACKGROUND {
            self.measure_background(step, &tables[0].1, 2).await?;
        }
        Ok(())
    }

    /// Prints some operations, while one works on them.
    async fn print_only(self, part: &str) -> Result<()> {
        let tables = [(1_000, self.fixtures.table(1_000).await?)];
        for operation in OPERATIONS.iter().filter(|operation| operation.name.contains(part)) {
            let result = self.measure(operation, &tables, Repetitions { starts: 9, warm: 300 }).await?;
            let OperationResult { ours, floor, usage, tables, .. } = &result;
            let ratio = |of: fn(&Metrics) -> f64| of(ours) / of(floor);
            print(&format!(
                "{:32} p50 {:7.0} us, {:.2}; p95 {:7.0} us; processor {:6.0} us, {:.2}; init {:6.0} us, {:.2}; first {:.2}; memory {:.2}; {} requests: {}",
                operation.name,
                ours.p50,
                ratio(|metrics| metrics.p50),
                tables.first().map_or(0.0, |table| table.p95),
                ours.cpu,
                ratio(|metrics| metrics.cpu),
                ours.init,
                ratio(|metrics| metrics.init),
                ratio(|metrics| metrics.first),
                ratio(|metrics| page::megabytes(metrics.memory)),
                usage.requests(),
                usage.names(),
            ));
        }
        Ok(())
    }

    async fn measure(
        &self,
        operation: &'static Operation,
        tables: &[(usize, Table)],
        repetitions: Repetitions,
    ) -> Result<OperationResult> {
        let function = self.binaries.join(&template().function_behind(operation.route).name);
        let floor = self.binaries.join(FLOOR);
        measure(operation, &function, &floor, &self.fixtures, tables, repetitions).await
    }

    async fn measure_background(
        &self,
        step: &'static BackgroundStep,
        table: &Table,
        times: usize,
    ) -> Result<BackgroundResult> {
        measure_background(step, &self.binaries.join(step.function), &self.fixtures, table, times).await
    }
}
