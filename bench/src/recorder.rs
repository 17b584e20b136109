//! Stands between a function and the table, notes what it asks for, and adds up what that costs.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use axum::{
    Router,
    body::Bytes,
    extract::{DefaultBodyLimit, State},
    http::{HeaderMap, StatusCode, Uri},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};
use tokio::{net::TcpListener, task::JoinHandle};

use crate::Outcome;

/// What one invocation asked for.
#[derive(Debug, Clone, Default)]
pub(crate) struct Usage {
    /// The requests, by operation, grouped by what went side by side.
    pub(crate) groups: Vec<Vec<(String, Value)>>,
    /// The capacity units that they read.
    pub(crate) read_units: f64,
    /// The capacity units that they wrote.
    pub(crate) write_units: f64,
    /// Mails that were sent.
    pub(crate) mails: usize,
    /// Events that were put on the bus.
    pub(crate) events: usize,
    pending: u32,
}

impl Usage {
    /// How many requests there were.
    pub(crate) fn requests(&self) -> usize {
        self.groups.iter().map(Vec::len).sum()
    }

    /// Which they were.
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
    /// Where it answers.
    pub(crate) endpoint: String,
    shared: Arc<Shared>,
    server: JoinHandle<()>,
}

struct Shared {
    table: String,
    usage: Mutex<Usage>,
}

impl Recorder {
    pub(crate) async fn before(table: &str) -> Outcome<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let endpoint = format!("http://{}", listener.local_addr()?);
        let shared = Arc::new(Shared { table: table.to_owned(), usage: Mutex::default() });
        let routes = Router::new().fallback(forward).layer(DefaultBodyLimit::disable()).with_state(Arc::clone(&shared));
        let server = tokio::spawn(async move {
            let _ = axum::serve(listener, routes).await;
        });
        Ok(Self { endpoint, shared, server })
    }

    /// What has been asked for since the last time.
    pub(crate) fn take(&self) -> Usage {
        std::mem::take(&mut *self.shared.usage.lock().unwrap_or_else(PoisonError::into_inner))
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
    let asked: Value = serde_json::from_slice(&body).unwrap_or_default();
    if let Some(answer) = outside(&shared, &uri, &target, &asked) {
        return answer;
    }
    {
        let mut usage = shared.usage.lock().unwrap_or_else(PoisonError::into_inner);
        if usage.pending == 0 || usage.groups.is_empty() {
            usage.groups.push(Vec::new());
        }
        usage.pending += 1;
        if let Some(group) = usage.groups.last_mut() {
            group.push((name.clone(), asked.clone()));
        }
    }
    let mut metered = asked;
    metered["ReturnConsumedCapacity"] = json!("INDEXES");
    let url = shared.table.clone();
    let answered = tokio::task::spawn_blocking(move || {
        let config = ureq::Agent::config_builder().http_status_as_error(false).build();
        let request = ureq::Agent::new_with_config(config).post(&url);
        let request = request.header("x-amz-target", &target).header("content-type", "application/x-amz-json-1.0");
        // The table checks that there is a signature, not whose.
        let request = request
            .header("authorization", "AWS4-HMAC-SHA256 Credential=a/20261101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0")
            .header("x-amz-date", "20261101T000000Z");
        let mut answer = request.send(metered.to_string()).ok()?;
        Some((answer.status().as_u16(), answer.body_mut().read_to_string().ok()?))
    });
    let Ok(Some((status, text))) = answered.await else { return StatusCode::BAD_GATEWAY.into_response() };
    let answer: Value = serde_json::from_str(&text).unwrap_or_default();
    let units = match &answer["ConsumedCapacity"] {
        Value::Array(tables) => tables.iter().filter_map(|table| table["CapacityUnits"].as_f64()).sum(),
        table => table["CapacityUnits"].as_f64().unwrap_or_default(),
    };
    let mut usage = shared.usage.lock().unwrap_or_else(PoisonError::into_inner);
    usage.pending -= 1;
    if ["TransactWriteItems", "UpdateItem", "PutItem", "DeleteItem"].contains(&name.as_str()) {
        usage.write_units += units;
    } else {
        usage.read_units += units;
    }
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
    (status, [("content-type", "application/x-amz-json-1.0")], text).into_response()
}

/// The answer of the mail service or the event bus, if the request is for one of them: a yes, at once.
fn outside(shared: &Shared, uri: &Uri, target: &str, asked: &Value) -> Option<Response> {
    let mut usage = shared.usage.lock().unwrap_or_else(PoisonError::into_inner);
    let answer = if uri.path() == "/v2/email/outbound-emails" {
        usage.mails += 1;
        json!({ "MessageId": "0107019a3c2d4e5f-5a4b3c2d-1e0f-4a5b-8c7d-6e5f4a3b2c1d-000000" })
    } else if target == "AWSEvents.PutEvents" {
        let put = asked["Entries"].as_array().map_or(0, Vec::len);
        usage.events += put;
        let entries = vec![json!({ "EventId": "11710aed-b79e-4468-a20b-bb3c0c3b4860" }); put];
        json!({ "FailedEntryCount": 0, "Entries": entries })
    } else {
        return None;
    };
    Some(([("content-type", "application/json")], answer.to_string()).into_response())
}
