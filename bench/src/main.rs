//! `make bench`: how fast the functions are, beside the least that they could do, and what a million invitations cost.
//!
//! `bench BINARIES` measures everything and writes the pages; `bench BINARIES --smoke` only shows that it can.
//! `bench BINARIES --only PART` prints the operations whose name has that part, and writes nothing.

mod background;
mod cost;
mod event;
mod measure;
mod nursery;
mod operation;
mod plan;
mod plot;
mod process;
mod profiles;
mod recorder;
mod report;
mod runtime_api;
mod size;
mod table;

use std::{
    error::Error,
    io::{Write as _, stderr},
    path::{Path, PathBuf},
    time::Instant,
};

use crate::{
    measure::{Effort, measure},
    nursery::Nursery,
    operation::OPERATIONS,
    report::Findings,
};

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// The name of every function, and of the floor.
fn functions() -> Outcome<Vec<String>> {
    let folder = std::fs::read_dir("functions")?;
    let mut names: Vec<_> =
        folder.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned())).collect::<Outcome<_>>()?;
    names.sort();
    names.push("floor".to_owned());
    Ok(names)
}

#[tokio::main]
async fn main() -> Outcome<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        [binaries] => everything(Path::new(binaries)).await,
        [binaries, "--smoke"] => smoke(Path::new(binaries)).await,
        [binaries, "--only", part] => only(Path::new(binaries), part).await,
        ["--profiles", ref directories @ ..] => {
            let directories: Vec<_> = directories.iter().map(PathBuf::from).collect();
            profiles::compare(&directories).await
        }
        _ => Err("usage: bench BINARIES [--smoke | --only PART]; bench --profiles BINARIES...".into()),
    }
}

/// Says what is being done, to whoever waits.
fn say(what: &str) {
    let _ = writeln!(stderr(), "{what}");
}

async fn everything(binaries: &Path) -> Outcome<()> {
    const SIZES: [usize; 3] = [1_000, 100_000, 1_000_000];
    let began = Instant::now();
    let nursery = Nursery::new().await?;
    let mut tables = Vec::new();
    for size in SIZES {
        say(&format!("[{:4} s] a table of {size} invitations", began.elapsed().as_secs()));
        tables.push((size, nursery.table(size).await?));
    }
    let effort = Effort { starts: 15, warm: 400 };
    let mut findings = Findings {
        machine: report::machine(),
        date: jiff::Zoned::now().date().to_string(),
        warm: effort.warm,
        starts: effort.starts,
        sizes: size::sizes(binaries, &functions()?)?,
        ..Findings::default()
    };
    for (number, operation) in OPERATIONS.iter().enumerate() {
        let seconds = began.elapsed().as_secs();
        say(&format!("[{seconds:4} s] {:2} of {}: {}", number + 1, OPERATIONS.len(), operation.name));
        findings.rows.push(measure(operation, binaries, &nursery, &tables, effort).await?);
    }
    let (_, small) = tables.first().ok_or("no table")?;
    findings.steps = background::steps(binaries, &nursery, small, 100).await?;
    findings.write()?;
    findings.price()?;
    say(&format!("[{:4} s] docs/speed.md, docs/speed.svg and docs/cost.md are written", began.elapsed().as_secs()));
    Ok(())
}

/// Every operation a few times, on a small table: a few seconds.
async fn smoke(binaries: &Path) -> Outcome<()> {
    let nursery = Nursery::new().await?;
    let tables = [(100, nursery.table(100).await?)];
    for operation in &OPERATIONS {
        let row = measure(operation, binaries, &nursery, &tables, Effort { starts: 1, warm: 2 }).await?;
        if row.requests > row.most {
            say(&format!("{}: {} requests, at most {}", row.name, row.requests, row.most));
        }
    }
    let (_, table) = &tables[0];
    background::steps(binaries, &nursery, table, 2).await?;
    Ok(())
}

/// Some operations, while one works on them.
#[allow(clippy::cast_precision_loss, reason = "a count of bytes")]
async fn only(binaries: &Path, part: &str) -> Outcome<()> {
    let nursery = Nursery::new().await?;
    let tables = [(1_000, nursery.table(1_000).await?)];
    for operation in OPERATIONS.iter().filter(|operation| operation.name.contains(part)) {
        let row = measure(operation, binaries, &nursery, &tables, Effort { starts: 9, warm: 300 }).await?;
        let ratio = |value: fn(&measure::Figures) -> f64| value(&row.ours) / value(&row.floor);
        say(&format!(
            "{:28} p50 {:7.0} us, {:.2}; processor {:6.0} us, {:.2}; init {:6.0} us, {:.2}; first {:.2}; memory {:.2}; {} requests: {}",
            row.name,
            row.ours.p50,
            ratio(|figures| figures.p50),
            row.ours.computed,
            ratio(|figures| figures.computed),
            row.ours.init,
            ratio(|figures| figures.init),
            ratio(|figures| figures.first),
            ratio(|figures| figures.memory as f64),
            row.requests,
            row.which,
        ));
    }
    Ok(())
}
