//! A load run: lives of invitations, begun at even intervals, while everything shares one processor.
//!
//! The functions, the table and this process are pinned to one core, and lives begin as often as keeps it busy four
//! fifths of the time. How often that is changes with what a shared machine leaves of the core, by half within seconds,
//! so the rate is set anew several times a second: what begins too often would pile up until then. As on Lambda, a
//! process handles one event at a time. All are started before, since those that AWS starts take time elsewhere.
//!
//! A call's time is that of its caller, who waits for a process, too: it runs from the moment at which the call was
//! due, not from that at which this process came to make it.

use std::{
    env, fs,
    path::Path,
    process,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use tokio::{
    sync::{Semaphore, mpsc},
    task::{JoinSet, spawn_blocking},
};

use crate::{
    error::Result,
    fixtures::{CaseKind, Fixtures, OPEN},
    operation::{ACCEPT, LIST_MINE, SEND, STATUS},
    page::{measured_on, megabytes, splice, table, today},
    process::{Process, cpu_of, memory_of},
    program::Program,
    progress::print,
    request::Request,
    results::ratio,
    table::Table,
    timing::{median, quantile},
};

/// What happens to an invitation, in order: it is sent to one user, who lists what they have, looks at it, and accepts.
const STEPS: [(&str, &str); 4] =
    [("send to 1 user", SEND), ("list-mine", LIST_MINE), ("status, to the invitee", STATUS), ("accept", ACCEPT)];
/// How many members send, turn by turn.
const SENDERS: usize = 1_000;
/// How many one of them may send in a day where the network does not say otherwise.
const DAILY: usize = 500;
/// For how much of the time the core is to be busy.
const BUSY: f64 = 0.8;
/// How often the rate is set anew, how often it is told, and how long that goes on before anything is measured.
const PERIOD: Duration = Duration::from_millis(150);
const TOLD: Duration = Duration::from_secs(5);
const WARM_UP: Duration = Duration::from_secs(80);
/// The rate at first, in lives a second, which any core can take; and the highest one, which none could so far.
const FIRST_RATE: f64 = 20.0;
const HIGHEST_RATE: f64 = 150.0;
/// How many processes each function has. With more of them a stall has so many work side by side on one core that each
/// call takes twice its time of it, and the stall never ends.
const PROCESSES: usize = 2;
/// How many lives may go on at once. More than that begin faster than they end.
const MOST_AT_ONCE: usize = 1_000;
/// The target for the 99th percentile, as a ratio to the median.
const P99: f64 = 3.0;
/// The target for memory at the end, as a ratio to that after a tenth of the run.
const GROWTH: f64 = 1.05;

/// The processes of one function.
struct Pool {
    pids: Vec<u32>,
    idle: Mutex<Vec<Process>>,
    /// As many turns as there are processes.
    turns: Semaphore,
    elapsed: Mutex<Vec<Duration>>,
}

impl Pool {
    async fn start(program: &Program, endpoint: &str) -> Result<Self> {
        let mut idle = Vec::new();
        for _ in 0..PROCESSES {
            idle.push(Process::start(program, endpoint).await?);
        }
        Ok(Self {
            pids: idle.iter().map(|process| process.pid).collect(),
            idle: idle.into(),
            turns: Semaphore::new(PROCESSES),
            elapsed: Mutex::default(),
        })
    }

    /// Has a process handle the event that was due then, as soon as one is idle. Returns the response.
    async fn invoke(&self, due: Instant, event: String) -> Result<Value> {
        let _turn = self.turns.acquire().await?;
        let idle = lock(&self.idle).pop();
        let mut process = idle.ok_or("too many processes have failed")?;
        let (response, body) = process.call(event).await?;
        lock(&self.elapsed).push(response.arrived.duration_since(due));
        lock(&self.idle).push(process);
        if body["statusCode"] == 200 {
            Ok(serde_json::from_str(body["body"].as_str().unwrap_or("null"))?)
        } else {
            Err(body.to_string().into())
        }
    }

    /// Returns the most memory that one of its processes holds, in bytes.
    fn memory(&self) -> Result<u64> {
        let memory = self.pids.iter().map(|pid| memory_of(*pid, "VmRSS:")).collect::<Result<Vec<_>>>()?;
        Ok(memory.into_iter().max().unwrap_or_default())
    }

    /// Returns how long its processes have been on the core.
    fn cpu(&self) -> Result<Duration> {
        self.pids.iter().map(|pid| cpu_of(*pid)).sum()
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
    let folder = env::temp_dir().join(format!("invitations-load-{}", process::id()));
    fs::create_dir(&folder)?;
    let done = run_in(&folder, binaries, fixtures, minutes).await;
    fs::remove_dir_all(&folder)?;
    done
}

async fn run_in(folder: &Path, binaries: &Path, fixtures: &Fixtures, minutes: f64) -> Result<()> {
    let table = fixtures.fill(Table::in_file(&folder.join("table")).await?, 1_000)?;
    let endpoint = table.without_tokens().await?;
    let members = fixtures.cases(&table, CaseKind::Accepted, SENDERS)?;
    let mut pools = Vec::new();
    for (_, route) in STEPS {
        let program = Program::behind(route, binaries);
        pools.push(Pool::start(&program, &endpoint).await?);
    }
    let mut load = Load {
        fixtures,
        table: &table,
        pools: pools.into(),
        senders: members.into_iter().flat_map(|case| case.users).collect(),
        begun: 0,
        rate: Arc::new(Mutex::new(FIRST_RATE)),
    };
    let warm_up = load.stage(WARM_UP).await?;
    if let Some(error) = warm_up.errors.into_iter().next() {
        return Err(error.into());
    }
    let stage = load.stage(Duration::from_secs_f64(minutes * 60.0)).await?;
    print(&stage.shares.told());
    splice(Path::new("docs/speed.md"), "load", &stage.told(&load.pools, minutes))
}

/// What the warm-up and the measured run share.
struct Load<'a> {
    fixtures: &'a Fixtures,
    table: &'a Table,
    pools: Arc<[Pool]>,
    senders: Vec<String>,
    /// How many lives have begun so far.
    begun: usize,
    /// How many begin in a second.
    rate: Arc<Mutex<f64>>,
}

impl Load<'_> {
    /// Begins lives at even intervals for that long, and waits for the end of all.
    async fn stage(&mut self, length: Duration) -> Result<Stage> {
        let most = most_lives(length);
        if self.begun + most > SENDERS * DAILY {
            return Err(format!("so many invitations are more than {SENDERS} senders may send in a day").into());
        }
        let guests = self.fixtures.cases(self.table, CaseKind::Guests(1), most)?;
        let mut guests = guests.into_iter().flat_map(|case| case.users);
        for pool in self.pools.iter() {
            lock(&pool.elapsed).clear();
        }
        let (mut running, mut stage) = (JoinSet::new(), Stage::default());
        let began = Moment::now(&self.pools)?;
        let (mut period, mut told) = (Moment::now(&self.pools)?, Moment::now(&self.pools)?);
        let mut is_early = true;
        let mut beginnings = at_intervals(Arc::clone(&self.rate), length);
        while let Some(due) = beginnings.recv().await {
            if is_early && due >= began.at + length / 10 {
                is_early = false;
                for (memory, pool) in stage.memory.iter_mut().zip(self.pools.iter()) {
                    memory.0 = pool.memory()?;
                }
            }
            if due >= period.at + PERIOD {
                self.set_rate(&began, &period)?;
                period = Moment::now(&self.pools)?;
            }
            if due >= told.at + TOLD {
                print(&format!("{:.1} lives a second: {}", lock(&self.rate), told.shares_since(&self.pools)?.told()));
                told = Moment::now(&self.pools)?;
            }
            let guest = guests.next().ok_or("more lives than there are guests")?;
            let (pools, sender) = (Arc::clone(&self.pools), self.senders[self.begun % SENDERS].clone());
            self.begun += 1;
            stage.lives += 1;
            running.spawn(async move { live(&pools, due, &sender, &guest).await });
            while let Some(ended) = running.try_join_next() {
                stage.errors.extend(ended?.err().map(|error| error.to_string()));
            }
            stage.most_at_once = stage.most_at_once.max(running.len());
            if running.len() > MOST_AT_ONCE {
                running.shutdown().await;
                return Err(format!("lives begin faster than they end, {:.1} a second", lock(&self.rate)).into());
            }
        }
        while let Some(ended) = running.join_next().await {
            stage.errors.extend(ended?.err().map(|error| error.to_string()));
        }
        stage.shares = began.shares_since(&self.pools)?;
        for (memory, pool) in stage.memory.iter_mut().zip(self.pools.iter()) {
            memory.1 = pool.memory()?;
        }
        Ok(stage)
    }

    /// Brings the rate nearer to the one at which the core is as busy as it is to be, if a life takes what it took in
    /// the last period.
    fn set_rate(&self, began: &Moment, period: &Moment) -> Result<()> {
        // Hundredths of a second, in which the kernel counts the others, are too coarse for a period.
        let others = began.shares_since(&self.pools)?.others;
        let busy = Shares { others, ..period.shares_since(&self.pools)? }.all();
        let mut rate = lock(&self.rate);
        // Half of the way to it: a dozen lives tell what one takes to a tenth, and the whole way overshot each time. At
        // most twice as fast, since what little a slow rate takes tells little of what a quick one will take.
        *rate = (*rate * (BUSY / busy).sqrt().clamp(0.5, 2.0)).clamp(1.0, HIGHEST_RATE);
        Ok(())
    }
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count, and at least nothing")]
fn most_lives(length: Duration) -> usize {
    (HIGHEST_RATE * length.as_secs_f64()).ceil() as usize + 1
}

/// Tells for that long when lives are due, each at that moment. A thread of its own does, because the runtime's clock
/// knows whole milliseconds alone.
fn at_intervals(rate: Arc<Mutex<f64>>, length: Duration) -> mpsc::UnboundedReceiver<Instant> {
    let (tell, told) = mpsc::unbounded_channel();
    spawn_blocking(move || {
        let mut due = Instant::now();
        let end = due + length;
        while due < end && tell.send(due).is_ok() {
            due += Duration::from_secs_f64(1.0 / *lock(&rate));
            thread::sleep(due.saturating_duration_since(Instant::now()));
        }
    });
    told
}

/// One invitation from its making to its acceptance.
async fn live(pools: &[Pool], due: Instant, sender: &str, guest: &str) -> Result<()> {
    let request = |step: usize| Request::to(STEPS[step].1);
    let event = request(0).by(sender).with("communityId", OPEN).body(json!({ "userIds": [guest] })).event();
    let sent = pools[0].invoke(due, event).await?;
    let id = sent["results"][0]["invitation"]["id"].as_str().ok_or_else(|| sent.to_string())?;
    pools[1].invoke(Instant::now(), request(1).by(guest).event()).await?;
    pools[2].invoke(Instant::now(), request(2).by(guest).with("invitationId", id).event()).await?;
    pools[3].invoke(Instant::now(), request(3).by(guest).with("invitationId", id).event()).await?;
    Ok(())
}

/// Who had the core, and for how long; once divided by a time, for how much of it.
#[derive(Default)]
struct Shares {
    functions: f64,
    /// The table, and what measures.
    harness: f64,
    /// All others on this machine, and those that it shares its processor with.
    others: f64,
}

impl Shares {
    /// Returns for how many seconds each has had it so far.
    fn of(pools: &[Pool]) -> Result<Self> {
        let functions = pools.iter().map(Pool::cpu).sum::<Result<Duration>>()?.as_secs_f64();
        let harness = cpu_of(process::id())?.as_secs_f64();
        Ok(Self { functions, harness, others: core()? - functions - harness })
    }

    /// Returns for how much of the time the core was busy.
    fn all(&self) -> f64 {
        self.functions + self.harness + self.others
    }

    fn told(&self) -> String {
        let percent = |share: f64| format!("{:.0} %", share * 100.0);
        format!(
            "the core busy for {} of the time, {} with the functions, {} with the table and the harness, {} with others",
            percent(self.all()),
            percent(self.functions),
            percent(self.harness),
            percent(self.others),
        )
    }
}

/// A moment, and who had had the core for how long by then.
struct Moment {
    at: Instant,
    shares: Shares,
}

impl Moment {
    fn now(pools: &[Pool]) -> Result<Self> {
        Ok(Self { at: Instant::now(), shares: Shares::of(pools)? })
    }

    /// Returns who has had the core since, and for how much of the time.
    fn shares_since(&self, pools: &[Pool]) -> Result<Shares> {
        let now = Self::now(pools)?;
        let share = |of: fn(&Shares) -> f64| (of(&now.shares) - of(&self.shares)) / (now.at - self.at).as_secs_f64();
        Ok(Shares {
            functions: share(|shares| shares.functions),
            harness: share(|shares| shares.harness),
            // The kernel counts all of them in hundredths of a second.
            others: share(|shares| shares.others).max(0.0),
        })
    }
}

/// Returns for how many seconds the core of this process has not been idle.
fn core() -> Result<f64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let allowed = status.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:"));
    let name = format!("cpu{} ", allowed.ok_or("the kernel tells no core")?.trim());
    let stat = fs::read_to_string("/proc/stat")?;
    let times = stat.lines().find_map(|line| line.strip_prefix(&name)).ok_or_else(|| format!("no {name}"))?;
    let times = times.split(' ').map(str::parse).collect::<Result<Vec<f64>, _>>()?;
    // user, nice, system, idle, waiting, interrupts twice, stolen; what comes then is in the others.
    let busy = times.iter().take(8).sum::<f64>() - times.iter().skip(3).take(2).sum::<f64>();
    Ok(busy / 100.0)
}

/// What a stage has found.
#[derive(Default)]
struct Stage {
    lives: usize,
    errors: Vec<String>,
    most_at_once: usize,
    shares: Shares,
    /// The memory of each function's largest process after a tenth of the stage, and at its end.
    memory: [(u64, u64); 4],
}

impl Stage {
    fn told(&self, pools: &[Pool], minutes: f64) -> String {
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
                format!("{:.1}", megabytes(early)),
                format!("{:.1}", megabytes(late)),
                format!("{growth:.2}"),
            ]
        });
        let columns = "Operation | calls: | p50, ms: | p99, ms: | p99 / p50: | memory after a tenth, MB: | \
                       at the end, MB: | ratio:";
        let rows = table(columns, rows);
        let first = self.errors.first().map(|error| format!(" (the first: {error})")).unwrap_or_default();
        let missed = if missed.is_empty() { "None.".to_owned() } else { format!("{}.", missed.join("; ")) };
        format!(
            "{} For {minutes} minutes: {} invitations, {:.0} calls a second, {} lives at once at the most; {}. Errors: \
             {}{first}.\n\n{rows}\nTargets missed: {missed}",
            measured_on(&today()),
            self.lives,
            calls_per_second(pools, minutes),
            self.most_at_once,
            self.shares.told(),
            self.errors.len(),
        )
    }
}

#[allow(clippy::cast_precision_loss, reason = "a count of calls")]
fn calls_per_second(pools: &[Pool], minutes: f64) -> f64 {
    let calls: usize = pools.iter().map(|pool| lock(&pool.elapsed).len()).sum();
    calls as f64 / (minutes * 60.0)
}
