//! The embedded DynamoDB: one database for each size, with the table that `template.yaml` describes.

use std::path::Path;

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use dynoxide::{
    Database, DynoxideError, ImportOptions, Item, actions::transact_write_items::TransactWriteItemsRequest,
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use testkit::template::template;
use tokio::net::TcpListener;

use crate::error::Result;

/// The name of the table.
pub(crate) const TABLE: &str = "invitations";

/// A served table.
pub(crate) struct Table {
    /// The URL for clients.
    pub(crate) endpoint: String,
    database: Database,
}

impl Table {
    /// Serves an empty table in memory on a port of its own. The embedded database looks through all that it has ever
    /// streamed at every write, which AWS does not, so that only the table of the prototypes has a stream.
    pub(crate) async fn new(streams: bool) -> Result<Self> {
        Self::of(Database::memory()?, streams).await
    }

    /// Serves an empty table without a stream that is in a file. One that is in memory has a transaction look through
    /// the more the larger it has become.
    pub(crate) async fn in_file(file: &Path) -> Result<Self> {
        Self::of(Database::new(&file.to_string_lossy())?, false).await
    }

    async fn of(database: Database, streams: bool) -> Result<Self> {
        let mut request = template().create_table(TABLE);
        if !streams {
            request["StreamSpecification"] = Value::Null;
        }
        database.create_table(serde_json::from_value(request)?)?;
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let endpoint = format!("http://{}", listener.local_addr()?);
        tokio::spawn(dynoxide::server::serve_on(listener, database.clone()));
        Ok(Self { endpoint, database })
    }

    /// Serves the table at another URL as well, where the tokens of transactions are left out. The embedded database
    /// looks through those of the last ten minutes at every transaction, which AWS does not.
    pub(crate) async fn without_tokens(&self) -> Result<String> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let endpoint = format!("http://{}", listener.local_addr()?);
        let routes = Router::new().fallback(execute).with_state(self.database.clone());
        tokio::spawn(async move { axum::serve(listener, routes).await });
        Ok(endpoint)
    }

    /// Returns every record.
    pub(crate) fn dump(&self) -> Result<Vec<Item>> {
        let (mut items, mut from) = (Vec::new(), Value::Null);
        loop {
            let scan = serde_json::from_value(json!({ "TableName": TABLE, "ExclusiveStartKey": from }))?;
            let page = self.database.scan(scan)?;
            items.extend(page.items.unwrap_or_default());
            match page.last_evaluated_key {
                Some(key) => from = serde_json::to_value(key)?,
                None => return Ok(items),
            }
        }
    }

    /// Returns the record at that key, as DynamoDB's JSON; null where there is none.
    pub(crate) fn record(&self, pk: &str, sk: &str) -> Result<Value> {
        let key = json!({ "pk": {"S": pk}, "sk": {"S": sk} });
        let get = serde_json::from_value(json!({ "TableName": TABLE, "Key": key }))?;
        Ok(serde_json::to_value(self.database.get_item(get)?.item)?)
    }

    /// Writes one record in place of another.
    pub(crate) fn put(&self, record: Value) -> Result<()> {
        self.database.put_item(serde_json::from_value(json!({ "TableName": TABLE, "Item": record }))?)?;
        Ok(())
    }

    /// Writes records as they are, without the stream.
    pub(crate) fn load(&self, items: Vec<Item>) -> Result<()> {
        self.database.import_items(TABLE, items, ImportOptions::default())?;
        Ok(())
    }

    /// Returns the records of the stream so far, as `deliver` gets them.
    pub(crate) fn changes(&self) -> Result<Vec<Value>> {
        let streams = self.database.list_streams(serde_json::from_value(json!({ "TableName": TABLE }))?)?;
        let stream_arn = streams.streams.first().ok_or("the table has no stream")?.stream_arn.clone();
        let stream = self.database.describe_stream(serde_json::from_value(json!({ "StreamArn": stream_arn }))?)?;
        let shard = stream.stream_description.shards.first().ok_or("the stream has no shard")?.shard_id.clone();
        let start = json!({ "StreamArn": stream_arn, "ShardId": shard, "ShardIteratorType": "TRIM_HORIZON" });
        let mut iterator = self.database.get_shard_iterator(serde_json::from_value(start)?)?.shard_iterator;
        let mut changes = Vec::new();
        while let Some(from) = iterator {
            let page = self.database.get_records(serde_json::from_value(json!({ "ShardIterator": from }))?)?;
            if page.records.is_empty() {
                break;
            }
            for record in &page.records {
                changes.push(serde_json::to_value(record)?);
            }
            iterator = page.next_shard_iterator;
        }
        Ok(changes)
    }
}

/// Executes what functions ask for under load.
async fn execute(State(database): State<Database>, headers: HeaderMap, body: Bytes) -> Response {
    let target = headers.get("x-amz-target").and_then(|target| target.to_str().ok()).unwrap_or_default();
    match target.rsplit('.').next().unwrap_or_default() {
        "BatchGetItem" => reply(&body, |request| database.batch_get_item(request)),
        "Query" => reply(&body, |request| database.query(request)),
        "TransactWriteItems" => reply(&body, |request| {
            database.transact_write_items(TransactWriteItemsRequest { client_request_token: None, ..request })
        }),
        _ => StatusCode::NOT_IMPLEMENTED.into_response(),
    }
}

fn reply<Q: DeserializeOwned, A: Serialize>(body: &[u8], run: impl FnOnce(Q) -> Result<A, DynoxideError>) -> Response {
    let done = serde_json::from_slice(body).map_err(|error| DynoxideError::SerializationException(error.to_string()));
    let (status, json) = match done.and_then(run) {
        Ok(response) => (200, serde_json::to_string(&response).unwrap_or_default()),
        Err(error) => (error.status_code(), error.to_json()),
    };
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
    (status, [("content-type", "application/x-amz-json-1.0")], json).into_response()
}
