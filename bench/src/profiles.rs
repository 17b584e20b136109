//! The release profile, chosen by figures: one function built in several ways, turn by turn in one run.

use std::{
    fmt::Write as _,
    path::{Path, PathBuf},
    time::Duration,
};

use crate::{
    Outcome,
    measure::quantile,
    nursery::Nursery,
    operation::OPERATIONS,
    process::Process,
    report::{machine, splice},
    size::sizes,
};

/// What is compared: the largest function, at one writing operation.
const OPERATION: &str = "send to 1 user";
const STARTS: usize = 15;
const WARM: usize = 400;

struct Candidate<'a> {
    directory: &'a Path,
    process: Process,
    inits: Vec<Duration>,
    warm: Vec<Duration>,
    computed: Vec<Duration>,
}

/// Writes what is between the markers of `docs/speed.md` that are about profiles. The directories are named after them.
pub(crate) async fn compare(directories: &[PathBuf]) -> Outcome<()> {
    let operation = OPERATIONS.iter().find(|operation| operation.name == OPERATION).ok_or("no such operation")?;
    let nursery = Nursery::new().await?;
    let table = nursery.table(1_000).await?;
    let mut candidates = Vec::new();
    for directory in directories {
        let process = Process::start(&directory.join(operation.function), &table.endpoint).await?;
        let (inits, warm, computed) = (vec![process.init], Vec::new(), Vec::new());
        candidates.push(Candidate { directory, process, inits, warm, computed });
    }
    for _ in 1..STARTS {
        for candidate in &mut candidates {
            let binary = candidate.directory.join(operation.function);
            let fresh = Process::start(&binary, &table.endpoint).await?;
            std::mem::replace(&mut candidate.process, fresh).stop().await?;
            candidate.inits.push(candidate.process.init);
        }
    }
    let mut cases = nursery.cases(&table, operation.about, WARM * candidates.len())?.into_iter();
    for turn in 0..WARM {
        for index in 0..candidates.len() {
            let index = (index + turn) % candidates.len();
            let case = cases.next().ok_or("too few cases")?;
            let (sample, _) = candidates[index].process.request((operation.event)(&case)).await?;
            if turn > WARM / 10 {
                candidates[index].warm.push(sample.took);
                candidates[index].computed.push(sample.computed);
            }
        }
    }
    let mut text = format!("Measured on {} ({}).\n\n", jiff::Zoned::now().date(), machine());
    writeln!(
        text,
        "| Profile | binary, MB | zip, MB | init, ms | p50, ms | processor time, ms |\n|---|--:|--:|--:|--:|--:|"
    )?;
    for candidate in candidates {
        let size = sizes(candidate.directory, &[operation.function])?.remove(0).host;
        let name = candidate.directory.to_string_lossy();
        let name = name.trim_end_matches("/release").rsplit('/').next().unwrap_or_default();
        let millis = |times: &[Duration]| quantile(times.iter().copied(), 0.5) / 1e3;
        #[allow(clippy::cast_precision_loss, reason = "a count of bytes")]
        let (binary, zip) = (size.0 as f64 / 1e6, size.1 as f64 / 1e6);
        writeln!(
            text,
            "| {name} | {binary:.2} | {zip:.2} | {:.2} | {:.2} | {:.2} |",
            millis(&candidate.inits),
            millis(&candidate.warm),
            millis(&candidate.computed)
        )?;
        candidate.process.stop().await?;
    }
    splice(Path::new("docs/speed.md"), "profiles", &text)
}
