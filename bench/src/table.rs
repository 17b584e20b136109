//! The embedded DynamoDB: one database for each size, with the table that `template.yaml` describes.

use std::collections::BTreeMap;

use dynoxide::{Database, ImportOptions, Item};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::Outcome;

/// What the table is called.
pub(crate) const TABLE: &str = "invitations";

/// A served table.
pub(crate) struct Table {
    /// Where it answers.
    pub(crate) endpoint: String,
    database: Database,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Template {
    resources: BTreeMap<String, Resource>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Resource {
    #[serde(default)]
    properties: BTreeMap<String, Value>,
}

impl Table {
    /// An empty table in memory, served on a port of its own. The embedded database looks through all that it has ever
    /// streamed at every write, which AWS does not, so that only the nursery's table has a stream.
    pub(crate) async fn new(streams: bool) -> Outcome<Self> {
        let database = Database::memory()?;
        let template: Template = serde_saphyr::from_str(&std::fs::read_to_string("template.yaml")?)?;
        let described = &template.resources.get("Table").ok_or("the template has no table")?.properties;
        let mut request = json!({ "TableName": TABLE });
        for part in ["BillingMode", "AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes"] {
            request[part] = described[part].clone();
        }
        if streams {
            request["StreamSpecification"] = json!({ "StreamEnabled": true, "StreamViewType": "NEW_AND_OLD_IMAGES" });
        }
        database.create_table(serde_json::from_value(request)?)?;
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let endpoint = format!("http://{}", listener.local_addr()?);
        tokio::spawn(dynoxide::server::serve_on(listener, database.clone()));
        Ok(Self { endpoint, database })
    }

    /// Every record.
    pub(crate) fn dump(&self) -> Outcome<Vec<Item>> {
        let scan = serde_json::from_value(json!({ "TableName": TABLE }))?;
        Ok(self.database.scan(scan)?.items.unwrap_or_default())
    }

    /// Writes records as they are, without anyone's being told.
    pub(crate) fn load(&self, items: Vec<Item>) -> Outcome<()> {
        self.database.import_items(TABLE, items, ImportOptions::default())?;
        Ok(())
    }

    /// What the stream has told so far, as `deliver` gets it.
    pub(crate) fn changes(&self) -> Outcome<Vec<Value>> {
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
