//! Counts the handlers' requests to `DynamoDB` and what they cost.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use aws_sdk_dynamodb::{
    config::{ConfigBag, Intercept, RuntimeComponents, interceptors as context},
    error::BoxError,
    operation::{
        batch_get_item::BatchGetItemInput, get_item::GetItemInput, query::QueryInput,
        transact_write_items::TransactWriteItemsInput, update_item::UpdateItemInput,
    },
    types::ReturnConsumedCapacity,
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
        if let Some(input) = input.downcast_mut::<QueryInput>() {
            input.return_consumed_capacity = wanted;
        } else if let Some(input) = input.downcast_mut::<GetItemInput>() {
            input.return_consumed_capacity = wanted;
        } else if let Some(input) = input.downcast_mut::<BatchGetItemInput>() {
            input.return_consumed_capacity = wanted;
        } else if let Some(input) = input.downcast_mut::<UpdateItemInput>() {
            input.return_consumed_capacity = wanted;
        } else if let Some(input) = input.downcast_mut::<TransactWriteItemsInput>() {
            input.return_consumed_capacity = wanted;
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
        let units = match &body["ConsumedCapacity"] {
            Value::Array(tables) => tables.iter().filter_map(|table| table["CapacityUnits"].as_f64()).sum(),
            table => table["CapacityUnits"].as_f64().unwrap_or_default(),
        };
        let writes = config.load::<Metadata>().is_some_and(|metadata| {
            ["TransactWriteItems", "UpdateItem", "PutItem", "DeleteItem"].contains(&metadata.name())
        });
        let usage = &mut *self.0.lock().unwrap();
        *(if writes { &mut usage.write_units } else { &mut usage.read_units }) += units;
        Ok(())
    }
}
