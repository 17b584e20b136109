//! The embedded table without a network between: a request is answered where it is made.

use std::sync::{Arc, RwLock};

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
use dynoxide::Database;
use serde::{Serialize, de::DeserializeOwned};

/// What the table answers: a status and JSON.
pub(crate) type Reply = (u16, String);

/// The engine, in which a table may be moved from one database to another.
#[derive(Clone)]
pub(crate) struct Engine(Arc<RwLock<Database>>);

impl Engine {
    pub(crate) fn new() -> Self {
        Self(Arc::new(RwLock::new(Database::memory().unwrap())))
    }

    /// The database that it uses now.
    pub(crate) fn database(&self) -> Database {
        self.0.read().unwrap().clone()
    }

    /// Uses an empty database from now on.
    pub(super) fn renew(&self) {
        *self.0.write().unwrap() = Database::memory().unwrap();
    }

    /// Carries out one request.
    pub(crate) fn carry_out(&self, operation: &str, body: &str) -> Reply {
        carry_out(&self.database(), operation, body)
    }
}

/// The name of the operation that the request asks for.
pub(crate) fn operation(request: &HttpRequest) -> &str {
    let target = request.headers().get("x-amz-target").unwrap_or_default();
    target.split_once('.').map_or(target, |(_, operation)| operation)
}

fn carry_out(database: &Database, operation: &str, body: &str) -> Reply {
    match operation {
        "BatchGetItem" => reply(body, |request| database.batch_get_item(request)),
        "CreateTable" => reply(body, |request| database.create_table(request)),
        "DeleteItem" => reply(body, |request| database.delete_item(request)),
        "GetItem" => reply(body, |request| database.get_item(request)),
        "PutItem" => reply(body, |request| database.put_item(request)),
        "Query" => reply(body, |request| database.query(request)),
        "Scan" => reply(body, |request| database.scan(request)),
        "TransactWriteItems" => reply(body, |request| database.transact_write_items(request)),
        "UpdateItem" => reply(body, |request| database.update_item(request)),
        "UpdateTimeToLive" => reply(body, |request| database.update_time_to_live(request)),
        _ => panic!("an operation that the tests do not know: {operation}"),
    }
}

fn reply<Q: DeserializeOwned, A: Serialize>(body: &str, run: impl FnOnce(Q) -> dynoxide::Result<A>) -> Reply {
    match run(serde_json::from_str(body).expect("the request must read")) {
        Ok(answer) => (200, serde_json::to_string(&answer).unwrap()),
        Err(error) => (error.status_code(), error.to_json()),
    }
}

pub(crate) fn response((status, body): Reply) -> HttpResponse {
    HttpResponse::new(StatusCode::try_from(status).unwrap(), body.into())
}

/// The text of a request.
pub(crate) fn text(request: &HttpRequest) -> String {
    String::from_utf8_lossy(request.body().bytes().unwrap_or_default()).into_owned()
}

/// The table as a client reaches it directly.
#[derive(Clone)]
pub(super) struct Direct(pub(super) Engine);

impl std::fmt::Debug for Direct {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Direct")
    }
}

impl HttpClient for Direct {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Direct {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let reply = self.0.carry_out(operation(&request), &text(&request));
        HttpConnectorFuture::ready(Ok(response(reply)))
    }
}

impl Direct {
    pub(super) fn client(self) -> SharedHttpClient {
        SharedHttpClient::new(self)
    }
}
