//! `make bench`: how fast the functions are, beside the least that they could do, and what a million invitations cost.
//!
//! `bench BINARIES` measures everything and writes the pages; `bench BINARIES --smoke` only shows that it can.
//! `bench BINARIES --only PART` prints the operations whose name has that part, and writes nothing.
//! `bench BINARIES --better-auth` measures better-auth beside the functions, and what both do where things go wrong.
//! `bench BINARIES --growth` measures the operations on a table of ten million invitations.
//! `bench BINARIES --load MINUTES` keeps one core busy for that long.

mod agreement;
mod behaviour;
mod beside_node;
mod better_auth;
mod cost;
mod error;
mod fixtures;
mod handlers;
mod load;
mod measure;
mod operation;
mod page;
mod plan;
mod plot;
mod process;
mod profiles;
mod program;
mod progress;
mod prototype;
mod recorder;
mod request;
mod results;
mod runtime_api;
mod size;
mod speed;
mod table;
mod timing;

use std::path::PathBuf;

use testkit::template::template;

use crate::{
    cost::Prices,
    error::Result,
    fixtures::{Fixtures, LARGE},
    measure::{Contestants, Repetitions, measure, measure_background},
    operation::{BACKGROUND, BackgroundStep, OPERATIONS, Operation},
    page::megabytes,
    process::memory_of,
    program::Program,
    progress::{print, progress},
    results::{BackgroundResult, Metrics, NodeResult, OperationResult, Results, TableResult},
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
        [binaries, "--better-auth"] => Bench::new(binaries).await?.better_auth().await,
        [binaries, "--growth"] => Bench::new(binaries).await?.growth().await,
        [binaries, "--load", minutes] => {
            let minutes = minutes.parse()?;
            let Bench { binaries, fixtures } = Bench::new(binaries).await?;
            load::run(&binaries, &fixtures, minutes).await
        }
        [binaries, "--only", part] => Bench::new(binaries).await?.print_only(part).await,
        ["--profiles", ref folders @ ..] => {
            let folders: Vec<_> = folders.iter().map(PathBuf::from).collect();
            profiles::compare(&folders).await
        }
        _ => Err("usage: bench BINARIES [--smoke | --only PART | --better-auth | --growth | --load MINUTES]; bench --profiles BINARIES...".into()),
    }
}

/// What every run has.
struct Bench {
    /// The folder of the binaries.
    binaries: PathBuf,
    fixtures: Fixtures,
}

impl Bench {
    async fn new(binaries: &str) -> Result<Self> {
        Ok(Self { binaries: binaries.into(), fixtures: Fixtures::new().await? })
    }

    async fn measure_everything(self) -> Result<()> {
        const SIZES: [usize; 3] = [1_000, 100_000, 1_000_000];
        let progress = progress();
        let compared = agreement::check(&self.fixtures, &self.binaries).await?;
        progress(&format!("Node's responses to {compared} requests and its records are ours"));
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
        let prices = Prices::read()?;
        speed::write(&results, &prices)?;
        plot::write(&results.operations)?;
        cost::write(&results, &prices)?;
        progress("docs/speed.md, its pictures and docs/cost.md are written");
        Ok(())
    }

    /// Measures the operations on the smallest table and on the largest that fits into memory.
    async fn growth(self) -> Result<()> {
        let progress = progress();
        let small = self.fixtures.table(1_000).await?;
        progress(&format!("a table of {} invitations", LARGE.invitations));
        let tables = [(1_000, small), (LARGE.invitations, self.fixtures.large_table(&LARGE).await?)];
        let memory = memory_of(std::process::id(), "VmRSS:")?;
        progress(&format!("it takes {:.0} MB", megabytes(memory)));
        let mut operations = Vec::new();
        for (number, operation) in (1..).zip(&OPERATIONS) {
            progress(&format!("{number:2} of {}: {}", OPERATIONS.len(), operation.name));
            let repetitions = Repetitions { starts: 1, warm: 400 };
            let contestants = self.contestants(operation);
            operations.push(measure(operation, &contestants, &self.fixtures, &tables, repetitions).await?);
        }
        speed::write_growth(&operations)
    }

    /// Measures better-auth beside the functions, and looks at what both do.
    async fn better_auth(self) -> Result<()> {
        let seen = behaviour::observe(&self.binaries, &self.fixtures).await?;
        let table = self.fixtures.table(1_000).await?;
        let compared = better_auth::measure(&self.binaries, &self.fixtures, &table).await?;
        speed::write_better_auth(&compared, &seen)
    }

    /// Measures everything a few times, on a small table: a few seconds.
    async fn smoke(self) -> Result<()> {
        agreement::check(&self.fixtures, &self.binaries).await?;
        let tables = [(100, self.fixtures.table(100).await?)];
        for operation in &OPERATIONS {
            let result = self.measure(operation, &tables, Repetitions { starts: 1, warm: 2 }).await?;
            let (requests, most) = (result.smallest.usage.requests(), operation.most_requests);
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
            let TableResult { function: ours, floor, usage, .. } = &result.smallest;
            let ratio = |of: fn(&Metrics) -> f64| of(ours) / of(floor);
            print(&format!(
                "{:32} p50 {:7.0} us, {:.2}; p95 {:7.0} us; processor {:6.0} us, {:.2}; init {:6.0} us, {:.2}; first {:.2}; memory {:.2}; {} requests: {}",
                operation.name,
                ours.p50,
                ratio(|metrics| metrics.p50),
                ours.p95,
                ours.cpu,
                ratio(|metrics| metrics.cpu),
                ours.init,
                ratio(|metrics| metrics.init),
                ratio(|metrics| metrics.first),
                ratio(|metrics| megabytes(metrics.memory)),
                usage.requests(),
                usage.names(),
            ));
            if let Some(NodeResult { metrics: node, .. }) = &result.node {
                let times = |of: fn(&Metrics) -> f64| of(node) / of(ours);
                print(&format!(
                    "{:28} init {:.1}, first {:.1}, p50 {:.1}, processor {:.1}, memory {:.1} times as much",
                    "  in Node",
                    times(|metrics| metrics.init),
                    times(|metrics| metrics.first),
                    times(|metrics| metrics.p50),
                    times(|metrics| metrics.cpu),
                    times(|metrics| megabytes(metrics.memory)),
                ));
            }
        }
        Ok(())
    }

    /// Returns the function behind the operation, and its floor.
    fn contestants(&self, operation: &Operation) -> Contestants {
        Contestants {
            function: Program::behind(operation.route, &self.binaries),
            floor: Program::binary(&self.binaries.join(FLOOR)),
            node: None,
        }
    }

    async fn measure(
        &self,
        operation: &'static Operation,
        tables: &[(usize, Table)],
        repetitions: Repetitions,
    ) -> Result<OperationResult> {
        let node = operation.in_node.map(|name| Program::in_node(name, operation.route)).transpose()?;
        let contestants = Contestants { node, ..self.contestants(operation) };
        measure(operation, &contestants, &self.fixtures, tables, repetitions).await
    }

    async fn measure_background(
        &self,
        step: &'static BackgroundStep,
        table: &Table,
        times: usize,
    ) -> Result<BackgroundResult> {
        measure_background(step, &Program::binary(&self.binaries.join(step.function)), &self.fixtures, table, times)
            .await
    }
}
