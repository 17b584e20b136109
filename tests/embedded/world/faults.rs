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

/// What happens to transactions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Mode {
    /// They are carried out.
    #[default]
    Fine,
    /// That many more are carried out, all others refused for good.
    RefusedAfter(u32),
    /// They collide with others, again and again.
    Colliding,
}

/// The layer.
#[derive(Debug, Clone)]
pub(crate) struct Faults {
    inner: SharedHttpClient,
    mode: Arc<Mutex<Mode>>,
}

impl Faults {
    pub(super) fn new() -> Self {
        let inner = aws_smithy_http_client::Builder::new().build_http();
        Self { inner, mode: Arc::default() }
    }

    /// After that many more transactions, all others fail.
    pub(crate) fn refuse_after(&self, transactions: u32) {
        *self.mode.lock().unwrap() = Mode::RefusedAfter(transactions);
    }

    /// Every transaction collides with another one.
    pub(crate) fn collide(&self) {
        *self.mode.lock().unwrap() = Mode::Colliding;
    }

    /// Nothing fails any more.
    pub(crate) fn heal(&self) {
        *self.mode.lock().unwrap() = Mode::Fine;
    }

    /// The answer that a request gets in the table's stead.
    fn answer(&self, request: &HttpRequest) -> Option<Value> {
        if request.headers().get("x-amz-target") != Some("DynamoDB_20120810.TransactWriteItems") {
            return None;
        }
        let mut mode = self.mode.lock().unwrap();
        match &mut *mode {
            Mode::Fine => None,
            Mode::RefusedAfter(0) => Some(json!({ "__type": "AccessDeniedException" })),
            Mode::RefusedAfter(left) => {
                *left -= 1;
                None
            }
            Mode::Colliding => Some(json!({
                "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
                "CancellationReasons": [{ "Code": "TransactionConflict" }],
            })),
        }
    }
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
        match self.faults.answer(&request) {
            None => self.inner.call(request),
            Some(answer) => {
                let status = StatusCode::try_from(400).unwrap();
                HttpConnectorFuture::ready(Ok(HttpResponse::new(status, answer.to_string().into())))
            }
        }
    }
}
