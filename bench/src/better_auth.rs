//! better-auth over HTTP: its process, and how fast its invitations are beside ours, turn by turn.

use std::{
    path::Path,
    process::Stdio,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
};

use crate::{
    error::Result,
    fixtures::Fixtures,
    operation::Operation,
    process::{Process, cpu_of, memory_of},
    program::{Program, node},
    table::Table,
    timing::{Timing, median, quantile},
};

const SERVER: &str = "bench/peers/better-auth/server.mjs";
/// The routes of its organization plugin.
const ROUTES: &str = "/api/auth/organization";
/// As many invitations as a page of ours shows.
const LISTED: usize = 25;
const WARM_UP: usize = 50;
const WARM: usize = 400;

/// A started server.
pub(crate) struct BetterAuth {
    child: Child,
    pid: u32,
    url: String,
    agent: ureq::Agent,
}

/// A person with a session.
#[derive(Debug, Clone, serde::Deserialize)]
pub(crate) struct Person {
    pub(crate) id: String,
    pub(crate) email: String,
    cookie: String,
}

/// A response of the server.
#[derive(Debug, Clone)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) body: Value,
    elapsed: Duration,
}

impl BetterAuth {
    /// Starts a server of the database in that file; `:memory:` is one in memory.
    pub(crate) async fn start(file: &str) -> Result<Self> {
        if !Path::new("bench/peers/better-auth/node_modules").exists() {
            return Err("better-auth is missing: make peers".into());
        }
        let mut command = Command::new(node()?);
        command.args([SERVER, file]).stdin(Stdio::null()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut child = command.env("NODE_ENV", "production").spawn()?;
        let stdout = child.stdout.take().ok_or("no output")?;
        let port = BufReader::new(stdout).lines().next_line().await?.ok_or("better-auth did not start")?;
        let pid = child.id().ok_or("better-auth ended at once")?;
        let agent = ureq::Agent::new_with_config(ureq::Agent::config_builder().http_status_as_error(false).build());
        Ok(Self { child, pid, url: format!("http://127.0.0.1:{}", port.trim()), agent })
    }

    /// Sends a request to one of its own routes; a POST if there is a body.
    pub(crate) async fn call(&self, route: &str, person: Option<&Person>, body: Option<Value>) -> Result<Response> {
        self.send(format!("{}{ROUTES}{route}", self.url), person, body).await
    }

    /// Calls one of the routes that are there for the bench.
    pub(crate) async fn bench(&self, name: &str, arguments: Value) -> Result<Value> {
        Ok(self.send(format!("{}/bench/{name}", self.url), None, Some(arguments)).await?.body)
    }

    async fn send(&self, url: String, person: Option<&Person>, body: Option<Value>) -> Result<Response> {
        let (agent, origin) = (self.agent.clone(), self.url.clone());
        let cookie = person.map(|person| person.cookie.clone()).unwrap_or_default();
        let sent = tokio::task::spawn_blocking(move || -> Result<Response> {
            let began = Instant::now();
            let mut response = match body {
                None => agent.get(&url).header("cookie", &cookie).call()?,
                Some(body) => {
                    let request = agent.post(&url).header("cookie", &cookie).header("origin", &origin);
                    request.header("content-type", "application/json").send(body.to_string())?
                }
            };
            let text = response.body_mut().read_to_string()?;
            let elapsed = began.elapsed();
            let body = serde_json::from_str(&text).unwrap_or(Value::Null);
            Ok(Response { status: response.status().as_u16(), body, elapsed })
        });
        sent.await?
    }

    /// As [`Self::call`], of which nothing but a success is expected.
    pub(crate) async fn must(&self, route: &str, person: &Person, body: Option<Value>) -> Result<Value> {
        let response = self.call(route, Some(person), body).await?;
        if response.status == 200 { Ok(response.body) } else { Err(format!("{route}: {response:?}").into()) }
    }

    async fn timed(&self, route: &str, person: &Person, body: Option<Value>) -> Result<(Timing, Value)> {
        let before = cpu_of(self.pid)?;
        let response = self.call(route, Some(person), body).await?;
        let cpu = cpu_of(self.pid)?.saturating_sub(before);
        if response.status == 200 {
            Ok((Timing { elapsed: response.elapsed, cpu }, response.body))
        } else {
            Err(format!("{route}: {response:?}").into())
        }
    }

    /// Registers people of these names.
    pub(crate) async fn people(&self, names: &[String]) -> Result<Vec<Person>> {
        Ok(serde_json::from_value(self.bench("people", json!(names)).await?)?)
    }

    /// Has the person make an organization, and returns its id.
    pub(crate) async fn organization(&self, owner: &Person, slug: &str) -> Result<String> {
        let made = self.must("/create", owner, Some(json!({ "name": slug, "slug": slug }))).await?;
        Ok(made["id"].as_str().ok_or_else(|| made.to_string())?.to_owned())
    }

    /// Waits until the process has ended by itself.
    pub(crate) async fn ended(mut self) -> Result<()> {
        self.child.wait().await?;
        Ok(())
    }

    pub(crate) async fn stop(mut self) -> Result<()> {
        Ok(self.child.kill().await?)
    }
}

/// What inviting somebody takes.
pub(crate) fn invite(email: &str, organization: &str) -> Value {
    json!({ "email": email, "role": "member", "organizationId": organization })
}

/// One operation of both.
pub(crate) struct Compared {
    pub(crate) name: &'static str,
    pub(crate) ours: Measured,
    pub(crate) theirs: Measured,
}

/// What one of them takes, in microseconds and bytes.
pub(crate) struct Measured {
    pub(crate) p50: f64,
    pub(crate) p99: f64,
    pub(crate) cpu: f64,
    pub(crate) memory: u64,
}

impl Measured {
    fn of(timings: &[Timing], memory: u64) -> Self {
        let elapsed = || timings.iter().map(|timing| timing.elapsed);
        let cpu = median(timings.iter().map(|timing| timing.cpu));
        Self { p50: median(elapsed()), p99: quantile(elapsed(), 0.99), cpu, memory }
    }
}

/// Measures both, turn by turn: inviting one person, a list of 25 invitations of one's own, accepting.
pub(crate) async fn measure(binaries: &Path, fixtures: &Fixtures, table: &Table) -> Result<Vec<Compared>> {
    let server = BetterAuth::start(":memory:").await?;
    let names: Vec<_> = (0..WARM_UP + WARM).map(|number| format!("guest-{number}")).collect();
    let guests = server.people(&names).await?;
    let [owner, invitee] = &server.people(&["owner".to_owned(), "invitee".to_owned()]).await?[..] else {
        return Err("two people were asked for".into());
    };
    let home = server.organization(owner, "harbour").await?;
    for number in 0..LISTED {
        let organization = server.organization(owner, &format!("listed-{number}")).await?;
        server.must("/invite-member", owner, Some(invite(&invitee.email, &organization))).await?;
    }
    let mut made = Vec::new();
    let mut compared = Vec::new();
    for (name, ours) in
        [("invite one person", "send to 1 user"), ("list one's own 25", "list-mine"), ("accept", "accept")]
    {
        let operation = Operation::named(ours)?;
        let program = Program::behind(operation.route, binaries);
        let mut process = Process::start(&program, &table.endpoint).await?;
        let cases = fixtures.cases(table, operation.case, if operation.reads() { 1 } else { WARM_UP + WARM })?;
        let (mut own, mut others) = (Vec::new(), Vec::new());
        for (case, guest) in cases.iter().cycle().zip(&guests) {
            own.push(process.invoke(operation.event(case)).await?);
            let (timing, body) = match ours {
                "send to 1 user" => server.timed("/invite-member", owner, Some(invite(&guest.email, &home))).await?,
                "list-mine" => server.timed("/list-user-invitations", invitee, None).await?,
                _ => {
                    let id: &Value = &made[others.len()];
                    server.timed("/accept-invitation", guest, Some(json!({ "invitationId": id }))).await?
                }
            };
            if ours == "send to 1 user" {
                made.push(body["id"].clone());
            }
            others.push(timing);
        }
        let ours = Measured::of(&own[WARM_UP..], process.peak_memory()?);
        let theirs = Measured::of(&others[WARM_UP..], memory_of(server.pid, "VmHWM:")?);
        compared.push(Compared { name, ours, theirs });
        process.stop().await?;
    }
    server.stop().await?;
    Ok(compared)
}
