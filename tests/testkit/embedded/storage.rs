//! The table as a whole: loading many records, removing what has outlived its `ttl`, moving to a new database.

use aws_sdk_dynamodb::types::AttributeValue as Sdk;
use domain::invitation::Invitation;
use dynoxide::{AttributeValue as Native, ImportOptions};
use serde_json::{Value, json};
use store::record::{Item, invitation_record};

use super::{World, engine::TABLE};

impl World {
    /// Writes the invitations as they are, quickly, and without a trace in the stream.
    pub fn load(&self, invitations: &[Invitation]) {
        self.load_records(invitations.iter().map(|one| invitation_record(one).unwrap()));
    }

    /// Writes the records as they are, quickly, and without a trace in the stream.
    pub fn load_records(&self, items: impl IntoIterator<Item = Item>) {
        let items = items.into_iter().map(native).collect();
        self.engine.database().import_items(TABLE, items, ImportOptions::default()).unwrap();
    }

    /// Moves the table, as it is, to a new database, where its stream is empty: the engine takes the longer for each
    /// write the more its stream holds. Everything in the stream must have been dealt with.
    pub async fn move_table(&self) {
        let items = self.dump().await.into_values();
        self.engine.renew();
        self.stream.restart(self.engine.create_table());
        self.load_records(items);
        self.fresh_changes();
    }

    /// Does what the table does some time after a record's `ttl`, by the clock of a test; returns how many records
    /// went.
    pub fn remove_outlived(&self, now: i64) -> usize {
        let scan = json!({
            "TableName": TABLE, "FilterExpression": "#ttl < :now", "ProjectionExpression": "pk, sk",
            "ExpressionAttributeNames": { "#ttl": "ttl" },
            "ExpressionAttributeValues": { ":now": { "N": (now / 1_000).to_string() } },
        });
        let mut keys = Vec::new();
        let mut start = Value::Null;
        loop {
            let mut request = scan.clone();
            if !start.is_null() {
                request["ExclusiveStartKey"] = start;
            }
            let (_, page) = self.engine.execute("Scan", &request.to_string());
            let mut page: Value = serde_json::from_str(&page).unwrap();
            keys.extend(page["Items"].as_array().unwrap().iter().cloned());
            start = page["LastEvaluatedKey"].take();
            if start.is_null() {
                break;
            }
        }
        for key in &keys {
            let mut delete = scan.clone();
            let request = delete.as_object_mut().unwrap();
            request.remove("ProjectionExpression");
            // Unless someone has given it more time since.
            let condition = request.remove("FilterExpression").unwrap();
            request.insert("ConditionExpression".to_owned(), condition);
            request.insert("Key".to_owned(), key.clone());
            self.engine.execute("DeleteItem", &delete.to_string());
        }
        keys.len()
    }
}

fn native(item: Item) -> dynoxide::Item {
    item.into_iter().map(|(name, value)| (name, native_value(value))).collect()
}

fn native_value(value: Sdk) -> Native {
    match value {
        Sdk::S(text) => Native::S(text),
        Sdk::N(number) => Native::N(number),
        Sdk::Bool(bool) => Native::BOOL(bool),
        Sdk::M(map) => Native::M(native(map)),
        Sdk::L(list) => Native::L(list.into_iter().map(native_value).collect()),
        other => panic!("no record has a {other:?}"),
    }
}
