//! The Lambda Runtime API, as far as a function needs it, and the clock beside it.
//!
//! A function asks for its next event, and answers it. The time of an invocation runs from the moment its event is
//! handed out to the moment its answer has arrived.

use std::{
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

use crate::Outcome;

/// How long a function may take before the run is given up.
const PATIENCE: Duration = Duration::from_secs(30);
/// As large as an invocation may be on Lambda.
const LARGEST: usize = 6 * 1024 * 1024;
/// An answer of 2038: no function is to think that its time is up.
const DEADLINE: &str = "2147483647000";

/// What a function answered.
#[derive(Debug)]
pub(crate) struct Answer {
    /// From the event's handing out to the answer's arrival.
    pub(crate) took: Duration,
    /// What it said.
    pub(crate) body: Bytes,
    /// Whether it was an answer rather than an error.
    pub(crate) success: bool,
}

/// The Runtime API of one function's process.
pub(crate) struct RuntimeApi {
    /// What `AWS_LAMBDA_RUNTIME_API` is set to.
    pub(crate) address: String,
    polls: mpsc::UnboundedReceiver<Instant>,
    events: mpsc::UnboundedSender<String>,
    answers: mpsc::UnboundedReceiver<Answer>,
    server: JoinHandle<()>,
}

struct Shared {
    polls: mpsc::UnboundedSender<Instant>,
    events: Mutex<mpsc::UnboundedReceiver<String>>,
    handed: Mutex<Instant>,
    answers: mpsc::UnboundedSender<Answer>,
}

impl RuntimeApi {
    pub(crate) async fn new() -> Outcome<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?.to_string();
        let (polls_in, polls) = mpsc::unbounded_channel();
        let (events, events_out) = mpsc::unbounded_channel();
        let (answers_in, answers) = mpsc::unbounded_channel();
        let shared = Arc::new(Shared {
            polls: polls_in,
            events: Mutex::new(events_out),
            handed: Mutex::new(Instant::now()),
            answers: answers_in,
        });
        let routes = Router::new()
            .route("/2018-06-01/runtime/invocation/next", get(next))
            .route("/2018-06-01/runtime/invocation/{id}/response", post(answered))
            .route("/2018-06-01/runtime/invocation/{id}/error", post(failed))
            .route("/2018-06-01/runtime/init/error", post(failed))
            .layer(DefaultBodyLimit::max(LARGEST))
            .with_state(shared);
        let server = tokio::spawn(async move {
            let _ = axum::serve(listener, routes).await;
        });
        Ok(Self { address, polls, events, answers, server })
    }

    /// When the function asked for its next event, which it is waiting for now.
    pub(crate) async fn ready(&mut self) -> Outcome<Instant> {
        let poll = tokio::time::timeout(PATIENCE, self.polls.recv()).await;
        poll.ok().flatten().ok_or_else(|| "a function does not ask for its next event".into())
    }

    /// Hands out an event to the waiting function.
    pub(crate) async fn invoke(&mut self, event: String) -> Outcome<Answer> {
        self.events.send(event)?;
        let answer = tokio::time::timeout(PATIENCE, self.answers.recv()).await;
        answer.ok().flatten().ok_or_else(|| "a function does not answer".into())
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
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let headers = [
        ("content-type", "application/json"),
        ("lambda-runtime-aws-request-id", "8476a536-e9f4-11e8-9739-2dfe598c3fcd"),
        ("lambda-runtime-deadline-ms", DEADLINE),
        ("lambda-runtime-invoked-function-arn", "arn:aws:lambda:us-east-1:123456789012:function:measured"),
        ("lambda-runtime-trace-id", "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=0"),
    ];
    *shared.handed.lock().await = Instant::now();
    (headers, event).into_response()
}

async fn answered(State(shared): State<Arc<Shared>>, body: Bytes) -> StatusCode {
    arrived(&shared, body, true).await
}

async fn failed(State(shared): State<Arc<Shared>>, body: Bytes) -> StatusCode {
    arrived(&shared, body, false).await
}

async fn arrived(shared: &Shared, body: Bytes, success: bool) -> StatusCode {
    let now = Instant::now();
    let took = now.duration_since(*shared.handed.lock().await);
    let _ = shared.answers.send(Answer { took, body, success });
    StatusCode::ACCEPTED
}
