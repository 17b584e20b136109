//! Faults between the handlers' client and the table: changes that fail, and requests that are held up.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use aws_smithy_runtime_api::client::{
    http::{
        HttpClient as _, HttpConnector, HttpConnectorFuture, SharedHttpClient, SharedHttpConnector, http_client_fn,
    },
    orchestrator::HttpRequest,
};
use serde_json::{Value, json};
use tokio::sync::Notify;

use super::engine::{operation, response};

/// What happens to changes: transactions, and writes of one whole record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Mode {
    /// They are executed.
    #[default]
    Fine,
    /// That many more are executed, all others fail for good.
    FailingAfter(u32),
    /// That many more of them and of single writes conflict with others.
    Conflicting(u32),
    /// That many more are executed, and their responses lost.
    ResponsesLost(u32),
    /// That many more requests of the operation are throttled.
    Throttling(&'static str, u32),
}

/// The faults of one world.
#[derive(Debug, Clone, Default)]
pub struct Faults {
    mode: Arc<Mutex<Mode>>,
    /// What is held up next.
    stop: Arc<Mutex<Option<NextStop>>>,
    /// How long every request takes.
    delay: Arc<Mutex<Duration>>,
}

/// The operations of which the next request is held up, and where it waits.
type NextStop = (&'static [&'static str], Arc<Stop>);

/// What changes an invitation: a transaction, or a write of that record alone.
const CHANGES: &[&str] = &["TransactWriteItems", "PutItem"];

/// Where one request waits, between what its handler has read and what it writes.
#[derive(Debug, Default)]
pub struct Stop {
    reached: Notify,
    opened: Notify,
}

impl Stop {
    /// Waits until a request waits at the stop.
    pub async fn reached(&self) {
        self.reached.notified().await;
    }

    /// Lets it go on.
    pub fn open(&self) {
        self.opened.notify_one();
    }
}

impl Faults {
    /// Executes that many more changes; all others fail.
    pub fn fail_after(&self, changes: u32) {
        self.set(Mode::FailingAfter(changes));
    }

    /// Makes that many more writes of any kind conflict with a transaction.
    pub fn conflict(&self, writes: u32) {
        self.set(Mode::Conflicting(writes));
    }

    /// Executes that many more changes and loses their responses.
    pub fn lose_responses(&self, changes: u32) {
        self.set(Mode::ResponsesLost(changes));
    }

    /// Throttles that many more requests of the operation.
    pub fn throttle(&self, operation: &'static str, requests: u32) {
        self.set(Mode::Throttling(operation, requests));
    }

    /// Makes every request take that long, by the clock of the runtime.
    pub fn slow_down(&self, delay: Duration) {
        *self.delay.lock().unwrap() = delay;
    }

    /// Lets nothing fail any more.
    pub fn clear(&self) {
        self.set(Mode::Fine);
    }

    fn set(&self, mode: Mode) {
        *self.mode.lock().unwrap() = mode;
    }

    /// Holds up the next transaction or write of one whole record, and none after it.
    pub fn stop_next(&self) -> Arc<Stop> {
        self.stop_next_of(CHANGES)
    }

    /// Holds up the next update of one record, and none after it.
    pub fn stop_next_update(&self) -> Arc<Stop> {
        self.stop_next_of(&["UpdateItem"])
    }

    /// Holds up the next read of a batch, and none after it.
    pub fn stop_next_read(&self) -> Arc<Stop> {
        self.stop_next_of(&["BatchGetItem"])
    }

    fn stop_next_of(&self, operations: &'static [&'static str]) -> Arc<Stop> {
        let stop = Arc::<Stop>::default();
        *self.stop.lock().unwrap() = Some((operations, Arc::clone(&stop)));
        stop
    }

    /// Returns a client that reaches the table by `inner`, with these faults.
    pub(super) fn client(&self, inner: SharedHttpClient) -> SharedHttpClient {
        let faults = self.clone();
        http_client_fn(move |settings, components| {
            let inner = inner.http_connector(settings, components);
            SharedHttpConnector::new(Connector { inner, faults: faults.clone() })
        })
    }

    /// Returns the stop that the request waits at, if it does.
    fn stop_of(&self, request: &HttpRequest) -> Option<Arc<Stop>> {
        let mut stop = self.stop.lock().unwrap();
        stop.take_if(|(stopped, _)| stopped.contains(&operation(request))).map(|(_, stop)| stop)
    }

    /// Whether the response of this request is lost.
    fn loses_response_of(&self, request: &HttpRequest) -> bool {
        let mut mode = self.mode.lock().unwrap();
        let Mode::ResponsesLost(left @ 1..) = &mut *mode else { return false };
        let loses = CHANGES.contains(&operation(request));
        *left -= u32::from(loses);
        loses
    }

    /// Returns the error that a request gets in the table's stead.
    fn error_of(&self, request: &HttpRequest) -> Option<Value> {
        let operation = operation(request);
        if let Mode::Throttling(throttled, left @ 1..) = &mut *self.mode.lock().unwrap()
            && *throttled == operation
        {
            *left -= 1;
            return Some(json!({ "__type": "ThrottlingException" }));
        }
        let (transaction, change) = (operation == "TransactWriteItems", CHANGES.contains(&operation));
        if !change && operation != "UpdateItem" {
            return None;
        }
        match &mut *self.mode.lock().unwrap() {
            Mode::FailingAfter(0) if change => Some(json!({ "__type": "AccessDeniedException" })),
            Mode::FailingAfter(left) if change => {
                *left -= 1;
                None
            }
            Mode::Conflicting(left @ 1..) => {
                *left -= 1;
                Some(if transaction { cancelled() } else { json!({ "__type": "TransactionConflictException" }) })
            }
            _ => None,
        }
    }
}

fn cancelled() -> Value {
    json!({ "__type": "TransactionCanceledException", "CancellationReasons": [{ "Code": "TransactionConflict" }] })
}

#[derive(Debug)]
struct Connector {
    inner: SharedHttpConnector,
    faults: Faults,
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let delay = *self.faults.delay.lock().unwrap();
        if delay > Duration::ZERO {
            let inner = self.inner.clone();
            return HttpConnectorFuture::new(async move {
                tokio::time::sleep(delay).await;
                inner.call(request).await
            });
        }
        if let Some(stop) = self.faults.stop_of(&request) {
            let inner = self.inner.clone();
            return HttpConnectorFuture::new(async move {
                stop.reached.notify_one();
                stop.opened.notified().await;
                inner.call(request).await
            });
        }
        if self.faults.loses_response_of(&request) {
            let inner = self.inner.clone();
            return HttpConnectorFuture::new(async move {
                let _ = inner.call(request).await;
                Ok(response((500, json!({ "__type": "InternalServerError" }).to_string())))
            });
        }
        match self.faults.error_of(&request) {
            None => self.inner.call(request),
            Some(error) => HttpConnectorFuture::ready(Ok(response((400, error.to_string())))),
        }
    }
}
