//! The release profile, chosen by figures: one function built in several ways, turn by turn in one run.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use crate::{
    error::Result,
    fixtures::Fixtures,
    operation::Operation,
    page::{measured_on, megabytes, splice, table, today},
    process::Process,
    program::Program,
    size::Size,
    timing::{Timing, median},
};

/// What is compared: one function, at an operation that writes.
const OPERATION: &str = "send to 1 user";
const STARTS: usize = 15;
const WARM: usize = 400;

/// The function as one profile builds it.
struct Candidate {
    profile: String,
    program: Program,
    process: Process,
    inits: Vec<Duration>,
    timings: Vec<Timing>,
}

/// Writes what is between the markers of `docs/speed.md` that are about profiles. The folders are named after them.
pub(crate) async fn compare(folders: &[PathBuf]) -> Result<()> {
    let operation = Operation::named(OPERATION)?;
    let fixtures = Fixtures::new().await?;
    let served = fixtures.table(1_000).await?;
    let mut candidates = Vec::new();
    for folder in folders {
        let profile = folder.to_string_lossy();
        let profile = profile.trim_end_matches("/release").rsplit('/').next().unwrap_or_default().to_owned();
        let program = Program::behind(operation.route, folder);
        let process = Process::start(&program, &served.endpoint).await?;
        candidates.push(Candidate { profile, program, inits: vec![process.init], process, timings: Vec::new() });
    }
    for _ in 1..STARTS {
        for candidate in &mut candidates {
            let fresh = Process::start(&candidate.program, &served.endpoint).await?;
            std::mem::replace(&mut candidate.process, fresh).stop().await?;
            candidate.inits.push(candidate.process.init);
        }
    }
    let mut cases = fixtures.cases(&served, operation.case, WARM * candidates.len())?.into_iter();
    for turn in 0..WARM {
        for index in 0..candidates.len() {
            let index = (index + turn) % candidates.len();
            let case = cases.next().ok_or("too few cases")?;
            let timing = candidates[index].process.invoke(operation.event(&case)).await?;
            if turn > WARM / 10 {
                candidates[index].timings.push(timing);
            }
        }
    }
    let mut rows = Vec::new();
    for Candidate { profile, program, process, inits, timings } in candidates {
        process.stop().await?;
        let Size { binary, zip } = Size::of(&program.uploaded)?;
        let elapsed = timings.iter().map(|timing| timing.elapsed);
        let cpu = timings.iter().map(|timing| timing.cpu);
        let milliseconds = [median(inits.into_iter()), median(elapsed), median(cpu)].map(|micros| micros / 1e3);
        let figures = [megabytes(binary), megabytes(zip)].into_iter().chain(milliseconds);
        rows.push([profile].into_iter().chain(figures.map(|figure| format!("{figure:.2}"))).collect());
    }
    let rows = table("Profile | binary, MB: | zip, MB: | init, ms: | p50, ms: | processor time, ms:", rows);
    splice(Path::new("docs/speed.md"), "profiles", &format!("{}\n\n{rows}", measured_on(&today())))
}
