//! A forwarder between a function and the table: it records the requests, and adds up their capacity units.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use axum::{
    Router,
    body::Bytes,
    extract::{DefaultBodyLimit, State},
    http::{HeaderMap, StatusCode, Uri},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};
use tokio::{net::TcpListener, sync::Notify, task::JoinHandle};

use crate::error::Result;

/// The operations that change the table.
const WRITES: [&str; 5] = ["TransactWriteItems", "BatchWriteItem", "UpdateItem", "PutItem", "DeleteItem"];

/// What one invocation uses of other services.
#[derive(Debug, Clone, Default)]
pub(crate) struct Usage {
    /// The requests to the table, each with its operation. Those of one group go side by side.
    pub(crate) groups: Vec<Vec<(String, Value)>>,
    pub(crate) read_units: f64,
    pub(crate) write_units: f64,
    /// Mails that were sent.
    pub(crate) mails: usize,
    /// Events that were put on the bus.
    pub(crate) events: usize,
    /// The bytes of the body that a caller gets.
    pub(crate) response_bytes: usize,
}

impl Usage {
    /// Returns the number of requests to the table.
    pub(crate) fn requests(&self) -> usize {
        self.groups.iter().map(Vec::len).sum()
    }

    /// Returns the number of those that change it.
    pub(crate) fn writes(&self) -> usize {
        self.groups.iter().flatten().filter(|(name, _)| WRITES.contains(&name.as_str())).count()
    }

    /// Returns how many requests of each operation there were.
    pub(crate) fn names(&self) -> String {
        let mut counts: BTreeMap<&str, u32> = BTreeMap::new();
        for (name, _) in self.groups.iter().flatten() {
            *counts.entry(name).or_default() += 1;
        }
        counts.iter().map(|(name, count)| format!("{count} {name}")).collect::<Vec<_>>().join(", ")
    }
}

/// A forwarder to one table.
pub(crate) struct Recorder {
    /// The URL for clients.
    pub(crate) endpoint: String,
    shared: Arc<Shared>,
    server: JoinHandle<()>,
}

struct Shared {
    table: String,
    recording: Mutex<Recording>,
    /// Which request is to be held, and where.
    to_hold: Mutex<Option<(Hold, &'static str)>>,
    held: Notify,
    released: Notify,
}

/// Where a request is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hold {
    /// On its way to the table.
    BeforeTable,
    /// Done, on the way back.
    AfterTable,
}

#[derive(Default)]
struct Recording {
    usage: Usage,
    /// Requests that have no response yet.
    in_flight: u32,
}

impl Recording {
    /// Notes a request: one that begins while another has no response yet goes side by side with it.
    fn begin(&mut self, name: String, request: Value) {
        let groups = &mut self.usage.groups;
        match groups.last_mut() {
            Some(group) if self.in_flight > 0 => group.push((name, request)),
            _ => groups.push(vec![(name, request)]),
        }
        self.in_flight += 1;
    }

    fn end(&mut self, name: &str, units: f64) {
        self.in_flight -= 1;
        if WRITES.contains(&name) {
            self.usage.write_units += units;
        } else {
            self.usage.read_units += units;
        }
    }
}

impl Shared {
    fn recording(&self) -> MutexGuard<'_, Recording> {
        self.recording.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns where the request is to be held, if it is the one.
    fn holds(&self, name: &str) -> Option<Hold> {
        let mut to_hold = self.to_hold.lock().unwrap_or_else(PoisonError::into_inner);
        to_hold.take_if(|(_, held)| *held == name).map(|(hold, _)| hold)
    }

    async fn wait(&self) {
        self.held.notify_one();
        self.released.notified().await;
    }
}

impl Recorder {
    /// Starts a forwarder to the table at that URL.
    pub(crate) async fn start(table: &str) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let endpoint = format!("http://{}", listener.local_addr()?);
        let shared = Arc::new(Shared {
            table: table.to_owned(),
            recording: Mutex::default(),
            to_hold: Mutex::default(),
            held: Notify::new(),
            released: Notify::new(),
        });
        let routes = Router::new().fallback(forward).layer(DefaultBodyLimit::disable()).with_state(Arc::clone(&shared));
        let server = tokio::spawn(async move {
            let _ = axum::serve(listener, routes).await;
        });
        Ok(Self { endpoint, shared, server })
    }

    /// Returns what was used since the last time.
    pub(crate) fn take(&self) -> Usage {
        std::mem::take(&mut *self.shared.recording()).usage
    }

    /// Has the next request of that operation held until it is released.
    pub(crate) fn hold(&self, hold: Hold, operation: &'static str) {
        *self.shared.to_hold.lock().unwrap_or_else(PoisonError::into_inner) = Some((hold, operation));
    }

    /// Waits until the request is held.
    pub(crate) async fn held(&self) {
        self.shared.held.notified().await;
    }

    /// Lets the held request go on.
    pub(crate) fn release(&self) {
        self.shared.released.notify_one();
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn forward(State(shared): State<Arc<Shared>>, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let target = headers.get("x-amz-target").and_then(|target| target.to_str().ok()).unwrap_or_default().to_owned();
    let name = target.rsplit('.').next().unwrap_or_default().to_owned();
    let request: Value = serde_json::from_slice(&body).unwrap_or_default();
    if let Some(response) = other_service(&shared, &uri, &target, &request) {
        return response;
    }
    let hold = shared.holds(&name);
    if hold == Some(Hold::BeforeTable) {
        shared.wait().await;
    }
    shared.recording().begin(name.clone(), request.clone());
    let mut metered = request;
    metered["ReturnConsumedCapacity"] = json!("INDEXES");
    let url = shared.table.clone();
    let response = tokio::task::spawn_blocking(move || {
        let config = ureq::Agent::config_builder().http_status_as_error(false).build();
        let request = ureq::Agent::new_with_config(config).post(&url);
        let request = request.header("x-amz-target", &target).header("content-type", "application/x-amz-json-1.0");
        // The table checks that there is a signature, not whose.
        let request = request
            .header("authorization", "AWS4-HMAC-SHA256 Credential=a/20261101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0")
            .header("x-amz-date", "20261101T000000Z");
        let mut response = request.send(metered.to_string()).ok()?;
        Some((response.status().as_u16(), response.body_mut().read_to_string().ok()?))
    });
    let Ok(Some((status, text))) = response.await else { return StatusCode::BAD_GATEWAY.into_response() };
    let response: Value = serde_json::from_str(&text).unwrap_or_default();
    let units = match &response["ConsumedCapacity"] {
        Value::Array(tables) => tables.iter().filter_map(|table| table["CapacityUnits"].as_f64()).sum(),
        table => table["CapacityUnits"].as_f64().unwrap_or_default(),
    };
    shared.recording().end(&name, units);
    if hold == Some(Hold::AfterTable) {
        shared.wait().await;
    }
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
    (status, [("content-type", "application/x-amz-json-1.0")], text).into_response()
}

/// Returns the success of the mail service or the event bus, if the request is for one of them.
fn other_service(shared: &Shared, uri: &Uri, target: &str, request: &Value) -> Option<Response> {
    let usage = &mut shared.recording().usage;
    let response = if uri.path() == "/v2/email/outbound-emails" {
        usage.mails += 1;
        json!({ "MessageId": "0107019a3c2d4e5f-5a4b3c2d-1e0f-4a5b-8c7d-6e5f4a3b2c1d-000000" })
    } else if target == "AWSEvents.PutEvents" {
        let put = request["Entries"].as_array().map_or(0, Vec::len);
        usage.events += put;
        let entries = vec![json!({ "EventId": "11710aed-b79e-4468-a20b-bb3c0c3b4860" }); put];
        json!({ "FailedEntryCount": 0, "Entries": entries })
    } else {
        return None;
    };
    Some(([("content-type", "application/json")], response.to_string()).into_response())
}
