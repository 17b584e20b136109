//! Counts the handlers' requests to `DynamoDB` and what they cost.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex},
};

use aws_sdk_dynamodb::{
    config::{ConfigBag, Intercept, RuntimeComponents, interceptors as context},
    error::BoxError,
    operation::{
        batch_get_item::BatchGetItemInput, batch_write_item::BatchWriteItemInput, get_item::GetItemInput,
        put_item::PutItemInput, query::QueryInput, transact_write_items::TransactWriteItemsInput,
        update_item::UpdateItemInput,
    },
    types::{AttributeValue, ReturnConsumedCapacity, TransactWriteItem, WriteRequest},
};
use aws_smithy_runtime_api::client::{interceptors::dyn_dispatch_hint, orchestrator::Metadata};
use serde_json::Value;

/// Requests by operation, and the capacity units that they used.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Usage {
    /// Requests by operation.
    pub requests: BTreeMap<String, u32>,
    /// Capacity units of reads.
    pub read_units: f64,
    /// Capacity units of writes.
    pub write_units: f64,
    /// Those of them that the indexes took.
    pub index_units: f64,
    /// What was written and checked. Besides its indexes, a record of up to a kilobyte costs a unit alone, and two in a
    /// transaction.
    pub writes: BTreeMap<String, u32>,
}

impl Usage {
    /// Returns the number of all requests.
    pub fn total(&self) -> u32 {
        self.requests.values().sum()
    }

    /// Returns the number of requests of that operation.
    pub fn of(&self, operation: &str) -> u32 {
        self.requests.get(operation).copied().unwrap_or_default()
    }
}

/// Returns the name of the record with that key.
fn record(key: Option<&HashMap<String, AttributeValue>>) -> String {
    let part = |name| key?.get(name)?.as_s().ok()?.split('#').next().map(str::to_lowercase);
    match (part("pk"), part("sk")) {
        // Their sort keys are times, names and ids.
        (Some(pk), _) if ["deadline", "due", "name", "parked"].contains(&&*pk) => pk,
        (_, sk) => sk.unwrap_or_default(),
    }
}

/// Returns what an action of a transaction does to which record.
fn action(item: &TransactWriteItem) -> String {
    let put = item.put().map(|put| ("put", Some(put.item())));
    let update = item.update().map(|update| ("update", Some(update.key())));
    let delete = item.delete().map(|delete| ("delete", Some(delete.key())));
    let check = item.condition_check().map(|check| ("check", Some(check.key())));
    let (verb, key) = put.or(update).or(delete).or(check).unwrap_or_default();
    format!("{verb} {}", record(key))
}

/// Returns what a write that stands for itself in a request of several does to which record.
fn one_of_several(request: &WriteRequest) -> String {
    let put = request.put_request().map(|put| ("put", Some(put.item())));
    let delete = request.delete_request().map(|delete| ("delete", Some(delete.key())));
    let (verb, key) = put.or(delete).unwrap_or_default();
    format!("{verb} {} alone", record(key))
}

/// An interceptor of the handlers' client.
#[derive(Debug, Clone, Default)]
pub struct Meter(Arc<Mutex<Usage>>);

impl Meter {
    /// Returns what has been used since the last time.
    pub fn take(&self) -> Usage {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

#[dyn_dispatch_hint]
impl Intercept for Meter {
    fn name(&self) -> &'static str {
        "Meter"
    }

    fn modify_before_serialization(
        &self,
        context: &mut context::BeforeSerializationInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let wanted = Some(ReturnConsumedCapacity::Indexes);
        let input = context.input_mut();
        let mut writes = Vec::new();
        if let Some(input) = input.downcast_mut::<QueryInput>() {
            input.return_consumed_capacity = wanted;
        } else if let Some(input) = input.downcast_mut::<GetItemInput>() {
            input.return_consumed_capacity = wanted;
        } else if let Some(input) = input.downcast_mut::<BatchGetItemInput>() {
            input.return_consumed_capacity = wanted;
        } else if let Some(input) = input.downcast_mut::<UpdateItemInput>() {
            input.return_consumed_capacity = wanted;
            writes.push(format!("update {} alone", record(input.key())));
        } else if let Some(input) = input.downcast_mut::<PutItemInput>() {
            input.return_consumed_capacity = wanted;
            writes.push(format!("put {} alone", record(input.item())));
        } else if let Some(input) = input.downcast_mut::<BatchWriteItemInput>() {
            input.return_consumed_capacity = wanted;
            writes.extend(input.request_items().into_iter().flat_map(HashMap::values).flatten().map(one_of_several));
        } else if let Some(input) = input.downcast_mut::<TransactWriteItemsInput>() {
            input.return_consumed_capacity = wanted;
            writes.extend(input.transact_items().iter().map(action));
        }
        let usage = &mut *self.0.lock().unwrap();
        for write in writes {
            *usage.writes.entry(write).or_default() += 1;
        }
        Ok(())
    }

    fn read_before_transmit(
        &self,
        _: &context::BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let operation = config.load::<Metadata>().map(|metadata| metadata.name().to_owned()).unwrap_or_default();
        *self.0.lock().unwrap().requests.entry(operation).or_default() += 1;
        Ok(())
    }

    fn read_after_deserialization(
        &self,
        context: &context::AfterDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let body = context.response().body().bytes().unwrap_or_default();
        let body: Value = serde_json::from_slice(body).unwrap_or_default();
        let consumed = &body["ConsumedCapacity"];
        let tables = consumed.as_array().map_or(std::slice::from_ref(consumed), Vec::as_slice);
        let units: f64 = tables.iter().filter_map(|table| table["CapacityUnits"].as_f64()).sum();
        let indexes = tables.iter().filter_map(|table| table["GlobalSecondaryIndexes"].as_object());
        let indexes: f64 =
            indexes.flat_map(|indexes| indexes.values()).filter_map(|index| index["CapacityUnits"].as_f64()).sum();
        let writes = config.load::<Metadata>().is_some_and(|metadata| {
            ["TransactWriteItems", "BatchWriteItem", "UpdateItem", "PutItem", "DeleteItem"].contains(&metadata.name())
        });
        let usage = &mut *self.0.lock().unwrap();
        if writes {
            usage.write_units += units;
            usage.index_units += indexes;
        } else {
            usage.read_units += units;
        }
        Ok(())
    }
}
