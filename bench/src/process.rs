//! A function's process: how it is started, and what the kernel knows of it.

use std::{
    fs,
    path::Path,
    process::Stdio,
    time::{Duration, Instant},
};

use serde_json::Value;
use tokio::process::{Child, Command};

use crate::{Outcome, runtime_api::RuntimeApi, table::TABLE};

/// A started function that waits for an event.
pub(crate) struct Process {
    api: RuntimeApi,
    child: Child,
    pid: u32,
    /// From starting the process to its first asking for an event.
    pub(crate) init: Duration,
}

/// One answered invocation.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sample {
    /// From handing out the event to the answer.
    pub(crate) took: Duration,
    /// What the process was on a processor for it.
    pub(crate) computed: Duration,
}

impl Process {
    pub(crate) async fn start(binary: &Path, endpoint: &str) -> Outcome<Self> {
        let mut api = RuntimeApi::new().await?;
        let mut command = Command::new(binary);
        command
            .env_clear()
            .env("AWS_LAMBDA_RUNTIME_API", &api.address)
            .env("AWS_LAMBDA_FUNCTION_NAME", "measured")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256")
            .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
            .env("AWS_LAMBDA_LOG_FORMAT", "JSON")
            .env("AWS_REGION", "us-east-1")
            .env("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
            .env("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
            .env("AWS_ENDPOINT_URL", endpoint)
            .env("TABLE_NAME", TABLE)
            .env("LOG_LEVEL", "info")
            .env("SENDER_ADDRESS", "invitations@example.com")
            .env("CONFIGURATION_SET", "invitations")
            .env("EVENT_BUS", "invitations")
            .env("PUBLIC_BASE_URL", "https://invitations.example.org")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .kill_on_drop(true);
        let started = Instant::now();
        let child = command.spawn().map_err(|error| format!("{}: {error}", binary.display()))?;
        let init = api.ready().await.map_err(|error| format!("{}: {error}", binary.display()))?.duration_since(started);
        let pid = child.id().ok_or("a function ended at once")?;
        Ok(Self { api, child, pid, init })
    }

    /// Has the event answered, and waits until the function is ready for the next one.
    pub(crate) async fn invoke(&mut self, event: String) -> Outcome<(Sample, Value)> {
        let before = self.computed()?;
        let answer = self.api.invoke(event).await?;
        self.api.ready().await?;
        let computed = self.computed()?.saturating_sub(before);
        let body: Value = serde_json::from_slice(&answer.body)?;
        if !answer.success {
            return Err(format!("a function failed: {body}").into());
        }
        Ok((Sample { took: answer.took, computed }, body))
    }

    /// The same for an event of the gateway, whose answer must be a success.
    pub(crate) async fn request(&mut self, event: String) -> Outcome<(Sample, Value)> {
        let (sample, answer) = self.invoke(event).await?;
        if !answer["statusCode"].as_u64().is_some_and(|status| (200..300).contains(&status)) {
            return Err(format!("a request was refused: {answer}").into());
        }
        Ok((sample, answer))
    }

    /// The most memory that the process has held so far, in bytes.
    pub(crate) fn peak_memory(&self) -> Outcome<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid))?;
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kilobytes = peak.and_then(|peak| peak.trim().strip_suffix(" kB")).ok_or("the kernel tells no VmHWM")?;
        Ok(kilobytes.parse::<u64>()? * 1024)
    }

    /// How long the threads of the process have been on a processor.
    fn computed(&self) -> Outcome<Duration> {
        let mut nanoseconds = 0;
        for thread in fs::read_dir(format!("/proc/{}/task", self.pid))? {
            let times = fs::read_to_string(thread?.path().join("schedstat")).unwrap_or_default();
            nanoseconds += times.split(' ').next().and_then(|time| time.parse::<u64>().ok()).unwrap_or_default();
        }
        Ok(Duration::from_nanos(nanoseconds))
    }

    pub(crate) async fn stop(mut self) -> Outcome<()> {
        Ok(self.child.kill().await?)
    }
}
