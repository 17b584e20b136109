//! A load run: lives of invitations, begun at even intervals, while everything shares one processor.
//!
//! The functions, the table and this process are pinned to one core, and lives begin as often as keeps it busy four fifths of
//! the time. As on Lambda, a process handles one event at a time, and where none is idle another one is started.

use std::{
    path::Path,
    process,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use serde_json::json;
use testkit::template::template;
use tokio::{task::JoinSet, time::sleep_until};

use crate::{
    error::Result,
    fixtures::{CaseKind, Fixtures, OPEN, SENDER},
    page::{measured_on, megabytes, splice, table, today},
    process::{Process, cpu_of},
    program::Program,
    request::Request,
    results::ratio,
    table::Table,
    timing::{median, quantile},
};

/// What happens to an invitation, in order: it is sent to one user, who lists what they have, looks at it, and accepts.
const STEPS: [(&str, &str); 4] = [
    ("send to 1 user", "POST /communities/{communityId}/invitations"),
    ("list-mine", "GET /me/invitations"),
    ("status, to the invitee", "GET /invitations/{invitationId}"),
    ("accept", "POST /invitations/{invitationId}/accept"),
];
/// How much of the core is to be busy.
const BUSY: f64 = 0.8;
/// How long lives follow each other without a pause, to find how many the core can take.
const CALIBRATION: Duration = Duration::from_secs(10);
/// The target for the 99th percentile, as a ratio to the median.
const P99: f64 = 3.0;
/// The target for memory at the end, as a ratio to that after a tenth of the run.
const GROWTH: f64 = 1.05;

/// The processes of one function.
struct Pool {
    program: Program,
    endpoint: String,
    idle: Mutex<Vec<Process>>,
    started: AtomicUsize,
    elapsed: Mutex<Vec<Duration>>,
}

impl Pool {
    /// Has an idle process handle the event, or one that is started for it. Returns the response.
    async fn invoke(&self, event: String) -> Result<serde_json::Value> {
        let idle = lock(&self.idle).pop();
        let mut process = if let Some(process) = idle {
            process
        } else {
            self.started.fetch_add(1, Ordering::Relaxed);
            Process::start(&self.program, &self.endpoint).await?
        };
        let (timing, response) = process.respond(event).await?;
        lock(&self.elapsed).push(timing.elapsed);
        lock(&self.idle).push(process);
        if response["statusCode"] == 200 {
            Ok(serde_json::from_str(response["body"].as_str().unwrap_or("null"))?)
        } else {
            Err(response.to_string().into())
        }
    }

    /// Returns the most memory that one of its idle processes holds, in bytes.
    fn memory(&self) -> Result<u64> {
        let memory = lock(&self.idle).iter().map(Process::memory).collect::<Result<Vec<_>>>()?;
        Ok(memory.into_iter().max().unwrap_or_default())
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Runs for that many minutes, and writes what is between the markers of `docs/speed.md` that are about the load.
pub(crate) async fn run(binaries: &Path, fixtures: &Fixtures, minutes: f64) -> Result<()> {
    if thread::available_parallelism()?.get() > 1 {
        return Err("run it on one core: taskset --cpu-list 0 bench BINARIES --load MINUTES".into());
    }
    let table = fixtures.table(1_000).await?;
    let pools = Arc::new(STEPS.map(|(_, route)| Pool {
        program: Program::binary(&binaries.join(&template().function_behind(route).name)),
        endpoint: table.endpoint.clone(),
        idle: Mutex::default(),
        started: AtomicUsize::new(0),
        elapsed: Mutex::default(),
    }));
    let per_second = lives_per_second(&pools, fixtures, &table).await?;
    let interval = Duration::from_secs_f64(1.0 / (per_second * BUSY));
    let length = Duration::from_secs_f64(minutes * 60.0);
    let load = Load::run(&pools, fixtures, &table, interval, length).await?;
    splice(Path::new("docs/speed.md"), "load", &load.told(&pools, minutes))
}

/// Returns how many lives the core can take, one after another.
async fn lives_per_second(pools: &[Pool; 4], fixtures: &Fixtures, table: &Table) -> Result<f64> {
    let mut lives = 0_u32;
    let began = Instant::now();
    while began.elapsed() < CALIBRATION {
        for guest in guests(fixtures, table, 20)? {
            live(pools, &guest).await?;
            lives += 1;
        }
    }
    let per_second = f64::from(lives) / began.elapsed().as_secs_f64();
    for pool in pools {
        lock(&pool.elapsed).clear();
    }
    Ok(per_second)
}

fn guests(fixtures: &Fixtures, table: &Table, count: usize) -> Result<Vec<String>> {
    let cases = fixtures.cases(table, CaseKind::Guests(1), count)?;
    Ok(cases.into_iter().flat_map(|case| case.users).collect())
}

/// One invitation from its making to its acceptance.
async fn live(pools: &[Pool; 4], guest: &str) -> Result<()> {
    let request = |step: usize| Request::to(STEPS[step].1);
    let body = json!({ "userIds": [guest] });
    let sent = pools[0].invoke(request(0).by(SENDER).with("communityId", OPEN).body(body).event()).await?;
    let id = sent["results"][0]["invitation"]["id"].as_str().ok_or_else(|| sent.to_string())?;
    pools[1].invoke(request(1).by(guest).event()).await?;
    pools[2].invoke(request(2).by(guest).with("invitationId", id).event()).await?;
    pools[3].invoke(request(3).by(guest).with("invitationId", id).event()).await?;
    Ok(())
}

/// What a run has found.
struct Load {
    lives: usize,
    errors: Vec<String>,
    /// How much of the core was busy.
    busy: f64,
    /// The memory of each function's largest process after a tenth of the run, and at its end.
    memory: [(u64, u64); 4],
}

impl Load {
    async fn run(
        pools: &Arc<[Pool; 4]>,
        fixtures: &Fixtures,
        table: &Table,
        interval: Duration,
        length: Duration,
    ) -> Result<Self> {
        let lives = usize::try_from(length.as_nanos() / interval.as_nanos())?;
        let guests = guests(fixtures, table, lives)?;
        let (mut running, mut errors) = (JoinSet::new(), Vec::new());
        let mut memory = [(0, 0); 4];
        let mut begins = tokio::time::Instant::now();
        let (began, before) = (Instant::now(), busy(pools)?);
        for (index, guest) in guests.into_iter().enumerate() {
            if index == lives / 10 {
                for (memory, pool) in memory.iter_mut().zip(pools.iter()) {
                    memory.0 = pool.memory()?;
                }
            }
            sleep_until(begins).await;
            begins += interval;
            let pools = Arc::clone(pools);
            running.spawn(async move { live(&pools, &guest).await });
            while let Some(ended) = running.try_join_next() {
                errors.extend(ended?.err().map(|error| error.to_string()));
            }
        }
        while let Some(ended) = running.join_next().await {
            errors.extend(ended?.err().map(|error| error.to_string()));
        }
        let busy = busy(pools)?.saturating_sub(before).as_secs_f64() / began.elapsed().as_secs_f64();
        for (memory, pool) in memory.iter_mut().zip(pools.iter()) {
            memory.1 = pool.memory()?;
        }
        Ok(Self { lives, errors, busy, memory })
    }

    fn told(&self, pools: &[Pool; 4], minutes: f64) -> String {
        let mut missed = Vec::new();
        let rows = STEPS.iter().zip(pools).zip(self.memory).map(|(((name, _), pool), (early, late))| {
            let elapsed = lock(&pool.elapsed);
            let (p50, p99) = (median(elapsed.iter().copied()), quantile(elapsed.iter().copied(), 0.99));
            let (spread, growth) = (ratio(p99, p50), ratio(megabytes(late), megabytes(early)));
            for (what, found, most) in [("p99 / p50", spread, P99), ("memory, end / beginning", growth, GROWTH)] {
                if found > most {
                    missed.push(format!("{name}: {what} {found:.2}, at most {most}"));
                }
            }
            vec![
                (*name).to_owned(),
                elapsed.len().to_string(),
                format!("{:.2}", p50 / 1e3),
                format!("{:.2}", p99 / 1e3),
                format!("{spread:.2}"),
                pool.started.load(Ordering::Relaxed).to_string(),
                format!("{:.1}", megabytes(early)),
                format!("{:.1}", megabytes(late)),
                format!("{growth:.2}"),
            ]
        });
        let columns = "Operation | calls: | p50, ms: | p99, ms: | p99 / p50: | processes: | memory after a tenth, MB: | \
                       at the end, MB: | ratio:";
        let rows = table(columns, rows);
        let first = self.errors.first().map(|error| format!(" (the first: {error})")).unwrap_or_default();
        let missed = if missed.is_empty() { "None.".to_owned() } else { format!("{}.", missed.join("; ")) };
        format!(
            "{} For {minutes} minutes: {} invitations, {:.0} calls a second, the core busy for {:.0} % of the time. Errors: \
             {}{first}.\n\n{rows}\nTargets missed: {missed}",
            measured_on(&today()),
            self.lives,
            calls_per_second(pools, minutes),
            self.busy * 100.0,
            self.errors.len(),
        )
    }
}

#[allow(clippy::cast_precision_loss, reason = "a count of calls")]
fn calls_per_second(pools: &[Pool; 4], minutes: f64) -> f64 {
    let calls: usize = pools.iter().map(|pool| lock(&pool.elapsed).len()).sum();
    calls as f64 / (minutes * 60.0)
}

/// Returns how long this process and the functions' have been on the core.
fn busy(pools: &[Pool; 4]) -> Result<Duration> {
    let mut busy = cpu_of(process::id())?;
    for pool in pools {
        for process in lock(&pool.idle).iter() {
            busy += process.cpu()?;
        }
    }
    Ok(busy)
}
