//! The embedded engine: a `DynamoDB` in memory, which a client reaches over HTTP or without a network.

use std::sync::{Arc, RwLock};

use aws_smithy_runtime_api::{
    client::{
        http::{HttpConnector, HttpConnectorFuture, SharedHttpClient, SharedHttpConnector, http_client_fn},
        orchestrator::{HttpRequest, HttpResponse},
    },
    http::StatusCode,
};
use dynoxide::Database;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::template::template;

/// What the table is called.
pub(super) const TABLE: &str = "invitations";

/// What the engine responds with: a status and JSON.
pub type Reply = (u16, String);

/// The engine, in which a table may be moved from one database to another.
#[derive(Clone)]
pub struct Engine(Arc<RwLock<Database>>);

impl Default for Engine {
    fn default() -> Self {
        Self(Arc::new(RwLock::new(Database::memory().unwrap())))
    }
}

impl Engine {
    /// Returns the database that it uses now.
    pub(super) fn database(&self) -> Database {
        self.0.read().unwrap().clone()
    }

    /// Uses an empty database from now on.
    pub(super) fn renew(&self) {
        *self.0.write().unwrap() = Database::memory().unwrap();
    }

    /// Creates the table that the template describes, and returns its stream.
    pub(super) fn create_table(&self) -> String {
        let (status, created) = self.execute("CreateTable", &template().create_table(TABLE).to_string());
        assert_eq!(status, 200, "{created}");
        let (status, set) = self.execute("UpdateTimeToLive", &template().time_to_live(TABLE).to_string());
        assert_eq!(status, 200, "{set}");
        let created: Value = serde_json::from_str(&created).unwrap();
        created["TableDescription"]["LatestStreamArn"].as_str().unwrap().to_owned()
    }

    /// Executes one request.
    pub fn execute(&self, operation: &str, body: &str) -> Reply {
        let database = self.database();
        match operation {
            "BatchGetItem" => reply(body, |request| database.batch_get_item(request)),
            "BatchWriteItem" => reply(body, |request| database.batch_write_item(request)),
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

    /// Returns an HTTP client that reaches the engine without a network.
    pub(super) fn client(&self) -> SharedHttpClient {
        let connector = SharedHttpConnector::new(Direct(self.clone()));
        http_client_fn(move |_, _| connector.clone())
    }
}

fn reply<Q: DeserializeOwned, A: Serialize>(body: &str, run: impl FnOnce(Q) -> dynoxide::Result<A>) -> Reply {
    match run(serde_json::from_str(body).expect("the request must read")) {
        Ok(response) => (200, serde_json::to_string(&response).unwrap()),
        Err(error) => (error.status_code(), error.to_json()),
    }
}

/// Returns the name of the operation that the request asks for.
pub fn operation(request: &HttpRequest) -> &str {
    let target = request.headers().get("x-amz-target").unwrap_or_default();
    target.split_once('.').map_or(target, |(_, operation)| operation)
}

/// Returns the text of a request.
pub fn text(request: &HttpRequest) -> String {
    String::from_utf8_lossy(request.body().bytes().unwrap_or_default()).into_owned()
}

/// Returns the reply as an HTTP response.
pub fn response((status, body): Reply) -> HttpResponse {
    HttpResponse::new(StatusCode::try_from(status).unwrap(), body.into())
}

struct Direct(Engine);

impl std::fmt::Debug for Direct {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Direct")
    }
}

impl HttpConnector for Direct {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let reply = self.0.execute(operation(&request), &text(&request));
        HttpConnectorFuture::ready(Ok(response(reply)))
    }
}
