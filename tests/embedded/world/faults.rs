//! A layer between the handlers' client and the table in which transactions can fail.

use std::sync::{Arc, Mutex};

use aws_smithy_runtime_api::{
    client::{
        http::{
            HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
            SharedHttpConnector,
        },
        orchestrator::{HttpRequest, HttpResponse},
        runtime_components::RuntimeComponents,
    },
    http::StatusCode,
};
use serde_json::{Value, json};
use tokio::sync::Notify;

/// What happens to transactions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Mode {
    /// They are carried out.
    #[default]
    Fine,
    /// That many more are carried out, all others refused for good.
    RefusedAfter(u32),
    /// That many more of them and of single writes collide with others.
    Colliding(u32),
    /// That many more are carried out, and their answers lost.
    AnswersLost(u32),
}

/// The layer.
#[derive(Debug, Clone)]
pub(crate) struct Faults {
    inner: SharedHttpClient,
    mode: Arc<Mutex<Mode>>,
    /// The next request of that operation waits here.
    gate: Arc<Mutex<Option<Stop>>>,
}

/// The operation that is stopped, and where it waits.
type Stop = (&'static str, Arc<Gate>);

/// Where one transaction waits between what its handler has read and what it writes.
#[derive(Debug, Default)]
pub(crate) struct Gate {
    reached: Notify,
    opened: Notify,
}

impl Gate {
    /// Waits until a transaction waits at the gate.
    pub(crate) async fn reached(&self) {
        self.reached.notified().await;
    }

    /// Lets it go on.
    pub(crate) fn open(&self) {
        self.opened.notify_one();
    }
}

impl Faults {
    pub(super) fn new(inner: SharedHttpClient) -> Self {
        Self { inner, mode: Arc::default(), gate: Arc::default() }
    }

    /// After that many more transactions, all others fail.
    pub(crate) fn refuse_after(&self, transactions: u32) {
        *self.mode.lock().unwrap() = Mode::RefusedAfter(transactions);
    }

    /// That many more writes collide with a transaction.
    pub(crate) fn collide(&self, writes: u32) {
        *self.mode.lock().unwrap() = Mode::Colliding(writes);
    }

    /// That many more transactions are carried out without anyone hearing of it.
    pub(crate) fn lose_answers(&self, transactions: u32) {
        *self.mode.lock().unwrap() = Mode::AnswersLost(transactions);
    }

    /// Whether that happens to this request.
    fn loses_answer_of(&self, request: &HttpRequest) -> bool {
        let mut mode = self.mode.lock().unwrap();
        let Mode::AnswersLost(left @ 1..) = &mut *mode else { return false };
        let loses = is(request, "TransactWriteItems");
        *left -= u32::from(loses);
        loses
    }

    /// Stops the next transaction, and none after it.
    pub(crate) fn stop_next(&self) -> Arc<Gate> {
        self.stop_next_of("TransactWriteItems")
    }

    /// Stops the next change of one record, and none after it.
    pub(crate) fn stop_next_update(&self) -> Arc<Gate> {
        self.stop_next_of("UpdateItem")
    }

    /// Stops the next read of a batch, and none after it.
    pub(crate) fn stop_next_read(&self) -> Arc<Gate> {
        self.stop_next_of("BatchGetItem")
    }

    fn stop_next_of(&self, operation: &'static str) -> Arc<Gate> {
        let gate = Arc::<Gate>::default();
        *self.gate.lock().unwrap() = Some((operation, Arc::clone(&gate)));
        gate
    }

    /// The gate that the request stops at, if it does.
    fn stops(&self, request: &HttpRequest) -> Option<Arc<Gate>> {
        let mut gate = self.gate.lock().unwrap();
        gate.take_if(|(operation, _)| is(request, operation)).map(|(_, gate)| gate)
    }

    /// Nothing fails any more.
    pub(crate) fn heal(&self) {
        *self.mode.lock().unwrap() = Mode::Fine;
    }

    /// The answer that a request gets in the table's stead.
    fn answer(&self, request: &HttpRequest) -> Option<Value> {
        let transaction = is(request, "TransactWriteItems");
        if !transaction && !is(request, "UpdateItem") {
            return None;
        }
        let mut mode = self.mode.lock().unwrap();
        match &mut *mode {
            Mode::RefusedAfter(0) if transaction => Some(json!({ "__type": "AccessDeniedException" })),
            Mode::RefusedAfter(left) if transaction => {
                *left -= 1;
                None
            }
            Mode::Colliding(left @ 1..) => {
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

fn is(request: &HttpRequest, operation: &str) -> bool {
    let target = request.headers().get("x-amz-target").unwrap_or_default();
    target.strip_prefix("DynamoDB_20120810.") == Some(operation)
}

impl HttpClient for Faults {
    fn http_connector(&self, settings: &HttpConnectorSettings, components: &RuntimeComponents) -> SharedHttpConnector {
        let inner = self.inner.http_connector(settings, components);
        SharedHttpConnector::new(Connector { inner, faults: self.clone() })
    }
}

#[derive(Debug)]
struct Connector {
    inner: SharedHttpConnector,
    faults: Faults,
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        if let Some(gate) = self.faults.stops(&request) {
            let inner = self.inner.clone();
            return HttpConnectorFuture::new(async move {
                gate.reached.notify_one();
                gate.opened.notified().await;
                inner.call(request).await
            });
        }
        if self.faults.loses_answer_of(&request) {
            let inner = self.inner.clone();
            return HttpConnectorFuture::new(async move {
                let _ = inner.call(request).await;
                Ok(problem(500, &json!({ "__type": "InternalServerError" })))
            });
        }
        match self.faults.answer(&request) {
            None => self.inner.call(request),
            Some(answer) => HttpConnectorFuture::ready(Ok(problem(400, &answer))),
        }
    }
}

fn problem(status: u16, body: &Value) -> HttpResponse {
    HttpResponse::new(StatusCode::try_from(status).unwrap(), body.to_string().into())
}
