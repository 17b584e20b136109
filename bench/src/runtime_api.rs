//! The Lambda Runtime API, as far as a function needs it, and the clock beside it.
//!
//! A function asks for its next event, and posts its response. The time of an invocation runs from handing out the
//! event to the arrival of the response.

use std::{
    future::pending,
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{
    Router,
    body::Bytes,
    extract::{DefaultBodyLimit, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use tokio::{
    net::TcpListener,
    sync::{Mutex, mpsc},
    task::JoinHandle,
};

use crate::error::Result;

/// How long a function may take before the run fails.
const TIMEOUT: Duration = Duration::from_secs(30);
/// The largest response that Lambda takes.
const MAX_BYTES: usize = 6 * 1024 * 1024;
/// The end of every invocation, in milliseconds: in 2038, so that no function runs out of time.
const DEADLINE: &str = "2147483647000";

/// The response of a function.
#[derive(Debug)]
pub(crate) struct FunctionResponse {
    /// From handing out the event to the arrival of the response.
    pub(crate) elapsed: Duration,
    pub(crate) arrived: Instant,
    pub(crate) body: Bytes,
    /// Whether the function reported no error.
    pub(crate) success: bool,
}

/// The Runtime API of one function's process.
pub(crate) struct RuntimeApi {
    /// The value of `AWS_LAMBDA_RUNTIME_API`.
    pub(crate) address: String,
    polls: mpsc::UnboundedReceiver<Instant>,
    events: mpsc::UnboundedSender<String>,
    responses: mpsc::UnboundedReceiver<FunctionResponse>,
    server: JoinHandle<()>,
}

struct Shared {
    polls: mpsc::UnboundedSender<Instant>,
    events: Mutex<mpsc::UnboundedReceiver<String>>,
    /// When the event was handed out.
    handed_out: Mutex<Instant>,
    responses: mpsc::UnboundedSender<FunctionResponse>,
}

impl RuntimeApi {
    pub(crate) async fn new() -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?.to_string();
        let (polls_in, polls) = mpsc::unbounded_channel();
        let (events, events_out) = mpsc::unbounded_channel();
        let (responses_in, responses) = mpsc::unbounded_channel();
        let shared = Arc::new(Shared {
            polls: polls_in,
            events: Mutex::new(events_out),
            handed_out: Mutex::new(Instant::now()),
            responses: responses_in,
        });
        let routes = Router::new()
            .route("/2018-06-01/runtime/invocation/next", get(next))
            .route("/2018-06-01/runtime/invocation/{id}/response", post(succeeded))
            .route("/2018-06-01/runtime/invocation/{id}/error", post(failed))
            .route("/2018-06-01/runtime/init/error", post(failed))
            .layer(DefaultBodyLimit::max(MAX_BYTES))
            .with_state(shared);
        let server = tokio::spawn(async move {
            let _ = axum::serve(listener, routes).await;
        });
        Ok(Self { address, polls, events, responses, server })
    }

    /// Waits until the function asks for its next event, and returns when that was.
    pub(crate) async fn ready(&mut self) -> Result<Instant> {
        let poll = tokio::time::timeout(TIMEOUT, self.polls.recv()).await;
        poll.ok().flatten().ok_or_else(|| "a function does not ask for its next event".into())
    }

    /// Hands out an event to the waiting function, and returns its response.
    pub(crate) async fn invoke(&mut self, event: String) -> Result<FunctionResponse> {
        self.events.send(event)?;
        let response = tokio::time::timeout(TIMEOUT, self.responses.recv()).await;
        response.ok().flatten().ok_or_else(|| "a function does not respond".into())
    }
}

impl Drop for RuntimeApi {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn next(State(shared): State<Arc<Shared>>) -> Response {
    let _ = shared.polls.send(Instant::now());
    let Some(event) = shared.events.lock().await.recv().await else {
        // There are no more events: the function waits until it is ended, as between two events on Lambda.
        return pending().await;
    };
    let headers = [
        ("content-type", "application/json"),
        ("lambda-runtime-aws-request-id", "8476a536-e9f4-11e8-9739-2dfe598c3fcd"),
        ("lambda-runtime-deadline-ms", DEADLINE),
        ("lambda-runtime-invoked-function-arn", "arn:aws:lambda:us-east-1:123456789012:function:measured"),
        ("lambda-runtime-trace-id", "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=0"),
    ];
    *shared.handed_out.lock().await = Instant::now();
    (headers, event).into_response()
}

async fn succeeded(State(shared): State<Arc<Shared>>, body: Bytes) -> StatusCode {
    respond(&shared, body, true).await
}

async fn failed(State(shared): State<Arc<Shared>>, body: Bytes) -> StatusCode {
    respond(&shared, body, false).await
}

async fn respond(shared: &Shared, body: Bytes, success: bool) -> StatusCode {
    let arrived = Instant::now();
    let elapsed = arrived.duration_since(*shared.handed_out.lock().await);
    let _ = shared.responses.send(FunctionResponse { elapsed, arrived, body, success });
    StatusCode::ACCEPTED
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_function_that_gets_no_more_events_is_left_waiting() {
        let (polls, mut polled) = mpsc::unbounded_channel();
        let (_, events) = mpsc::unbounded_channel();
        let (responses, _) = mpsc::unbounded_channel();
        let handed_out = Mutex::new(Instant::now());
        let shared = Arc::new(Shared { polls, events: Mutex::new(events), handed_out, responses });
        assert!(tokio::time::timeout(Duration::ZERO, next(State(shared))).await.is_err());
        assert!(polled.recv().await.is_some());
    }
}
