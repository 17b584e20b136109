//! A function's process: how it is started and invoked, and what the kernel knows of it.

use std::{
    fs,
    process::Stdio,
    time::{Duration, Instant},
};

use serde_json::Value;
use tokio::process::{Child, Command};

use crate::{
    error::Result,
    program::Program,
    runtime_api::{FunctionResponse, RuntimeApi},
    table::TABLE,
    timing::Timing,
};

/// What Lambda and the template set.
const ENVIRONMENT: [(&str, &str); 20] = [
    ("AWS_LAMBDA_FUNCTION_NAME", "measured"),
    ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256"),
    ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
    ("AWS_LAMBDA_LOG_FORMAT", "JSON"),
    ("AWS_REGION", "us-east-1"),
    ("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE"),
    ("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
    ("TABLE_NAME", TABLE),
    ("LOG_LEVEL", "info"),
    ("USER_ID_CLAIM", "sub"),
    ("ADMINISTRATOR_CLAIM", "cognito:groups"),
    ("ADMINISTRATOR_VALUE", "administrators"),
    ("SENDER_ADDRESS", "invitations@example.com"),
    ("CONFIGURATION_SET", "invitations"),
    ("EVENT_BUS", "invitations"),
    ("PUBLIC_BASE_URL", "https://invitations.example.org"),
    ("MAIL_CONCURRENCY", "2"),
    ("TABLE_STREAM", "arn:aws:dynamodb:us-east-1:000000000000:table/invitations/stream/1"),
    ("GRAPHQL_INTROSPECTION", "true"),
    ("ALLOWED_ORIGINS", ""),
];

/// A started function that waits for an event.
pub(crate) struct Process {
    api: RuntimeApi,
    child: Child,
    pub(crate) pid: u32,
    /// From process start to the first request for an event.
    pub(crate) init: Duration,
}

impl Process {
    pub(crate) async fn start(program: &Program, endpoint: &str) -> Result<Self> {
        let mut api = RuntimeApi::new().await?;
        let mut command = Command::new(&program.executable);
        command
            .args(&program.arguments)
            .env_clear()
            .envs(ENVIRONMENT)
            .env("AWS_LAMBDA_RUNTIME_API", &api.address)
            .env("AWS_ENDPOINT_URL", endpoint)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .kill_on_drop(true);
        let started = Instant::now();
        let child = command.spawn().map_err(|error| format!("{program}: {error}"))?;
        let init = api.ready().await.map_err(|error| format!("{program}: {error}"))?.duration_since(started);
        let pid = child.id().ok_or("a function ended at once")?;
        Ok(Self { api, child, pid, init })
    }

    /// Has the function handle an event, and waits until it is ready for the next one. A response to the gateway must
    /// be a success.
    pub(crate) async fn invoke(&mut self, event: String) -> Result<Timing> {
        Ok(self.succeed(event).await?.0)
    }

    /// Does the same, and returns the response, too.
    pub(crate) async fn succeed(&mut self, event: String) -> Result<(Timing, Value)> {
        let (timing, response) = self.respond(event).await?;
        let status = response["statusCode"].as_u64();
        if status.is_some_and(|status| !(200..300).contains(&status)) {
            return Err(format!("an invocation failed: {response}").into());
        }
        Ok((timing, response))
    }

    /// Has the function handle an event, and waits until it is ready for the next one. Returns its response, which may
    /// be a refusal.
    pub(crate) async fn respond(&mut self, event: String) -> Result<(Timing, Value)> {
        let before = self.cpu()?;
        let (response, body) = self.call(event).await?;
        let cpu = self.cpu()?.saturating_sub(before);
        Ok((Timing { elapsed: response.elapsed, cpu }, body))
    }

    /// Does the same without asking for the processor's time, which takes some itself.
    pub(crate) async fn call(&mut self, event: String) -> Result<(FunctionResponse, Value)> {
        let response = self.api.invoke(event).await?;
        self.api.ready().await?;
        let body: Value = serde_json::from_slice(&response.body)?;
        if response.success { Ok((response, body)) } else { Err(format!("a function failed: {body}").into()) }
    }

    /// Returns the most memory that the process has held so far, in bytes.
    pub(crate) fn peak_memory(&self) -> Result<u64> {
        memory_of(self.pid, "VmHWM:")
    }

    /// Returns how long its threads have been on a processor.
    pub(crate) fn cpu(&self) -> Result<Duration> {
        cpu_of(self.pid)
    }

    pub(crate) async fn stop(mut self) -> Result<()> {
        Ok(self.child.kill().await?)
    }
}

/// Returns how long the threads of a process have been on a processor.
pub(crate) fn cpu_of(pid: u32) -> Result<Duration> {
    let mut nanoseconds = 0;
    for thread in fs::read_dir(format!("/proc/{pid}/task"))? {
        let times = fs::read_to_string(thread?.path().join("schedstat")).unwrap_or_default();
        nanoseconds += times.split(' ').next().and_then(|time| time.parse::<u64>().ok()).unwrap_or_default();
    }
    Ok(Duration::from_nanos(nanoseconds))
}

/// Returns what the kernel says of the memory of a process under that name, in bytes.
pub(crate) fn memory_of(pid: u32, name: &str) -> Result<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let memory = status.lines().find_map(|line| line.strip_prefix(name));
    let kilobytes = memory.and_then(|memory| memory.trim().strip_suffix(" kB"));
    Ok(kilobytes.ok_or_else(|| format!("the kernel tells no {name}"))?.parse::<u64>()? * 1024)
}

#[cfg(test)]
mod tests {
    use testkit::template::template;

    use super::ENVIRONMENT;

    #[test]
    fn a_process_has_every_variable_that_the_template_sets() {
        let mut variables = vec![template().variables()];
        let functions = template().resources_of("AWS::Serverless::Function");
        variables.extend(
            functions
                .into_iter()
                .filter_map(|name| template().resource(name).properties.pointer("/Environment/Variables")),
        );
        for variable in variables.into_iter().flat_map(|variables| variables.as_object().unwrap().keys()) {
            assert!(ENVIRONMENT.iter().any(|(name, _)| name == variable), "{variable} is not set");
        }
    }
}
