//! The requests of one invocation, read from the JSON that `DynamoDB` speaks and built with the SDK.

use std::collections::HashMap;

use aws_sdk_dynamodb::{
    Client,
    error::{BuildError, DisplayErrorContext, SdkError},
    types::{
        AttributeValue, ConditionCheck, Delete, KeysAndAttributes, Put, ReturnConsumedCapacity,
        ReturnValuesOnConditionCheckFailure, TransactWriteItem, Update,
    },
};
use serde::Deserialize;

/// Groups of requests: those of one group go side by side.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Plan(pub(crate) Vec<Vec<Ask>>);

/// One request.
#[derive(Debug, Deserialize)]
pub(crate) enum Ask {
    GetItem(Get),
    BatchGetItem(Batch),
    Query(Box<Query>),
    TransactWriteItems(Transaction),
}

type Names = HashMap<String, String>;
type Values = HashMap<String, Value>;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Get {
    table_name: String,
    key: Values,
    consistent_read: Option<bool>,
    return_consumed_capacity: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Batch {
    request_items: HashMap<String, Wanted>,
    return_consumed_capacity: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Wanted {
    keys: Vec<Values>,
    consistent_read: Option<bool>,
    projection_expression: Option<String>,
    expression_attribute_names: Option<Names>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Query {
    table_name: String,
    index_name: Option<String>,
    key_condition_expression: Option<String>,
    projection_expression: Option<String>,
    expression_attribute_names: Option<Names>,
    expression_attribute_values: Option<Values>,
    exclusive_start_key: Option<Values>,
    scan_index_forward: Option<bool>,
    consistent_read: Option<bool>,
    limit: Option<i32>,
    return_consumed_capacity: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Transaction {
    transact_items: Vec<Action>,
    return_consumed_capacity: Option<String>,
    client_request_token: Option<String>,
}

/// One action of a transaction.
#[derive(Debug, Deserialize)]
enum Action {
    Put(Box<Act>),
    Update(Box<Act>),
    Delete(Box<Act>),
    ConditionCheck(Box<Act>),
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Act {
    table_name: String,
    item: Option<Values>,
    key: Option<Values>,
    update_expression: Option<String>,
    condition_expression: Option<String>,
    expression_attribute_names: Option<Names>,
    expression_attribute_values: Option<Values>,
    return_values_on_condition_check_failure: Option<String>,
}

/// An attribute's value.
#[derive(Debug, Deserialize)]
enum Value {
    S(String),
    N(String),
    #[serde(rename = "BOOL")]
    Bool(bool),
    L(Vec<Value>),
    M(Values),
}

impl From<Value> for AttributeValue {
    fn from(value: Value) -> Self {
        match value {
            Value::S(text) => Self::S(text),
            Value::N(number) => Self::N(number),
            Value::Bool(bool) => Self::Bool(bool),
            Value::L(list) => Self::L(list.into_iter().map(Into::into).collect()),
            Value::M(map) => Self::M(item(map)),
        }
    }
}

fn item(values: Values) -> HashMap<String, AttributeValue> {
    values.into_iter().map(|(name, value)| (name, value.into())).collect()
}

fn capacity(wanted: Option<String>) -> Option<ReturnConsumedCapacity> {
    wanted.as_deref().map(Into::into)
}

/// Sends the request.
///
/// # Errors
/// Whatever went wrong, in words.
pub(crate) async fn send(client: &Client, ask: Ask) -> Result<(), String> {
    match ask {
        Ask::GetItem(ask) => {
            let request = client.get_item().table_name(ask.table_name).set_key(Some(item(ask.key)));
            let request = request.set_consistent_read(ask.consistent_read);
            request
                .set_return_consumed_capacity(capacity(ask.return_consumed_capacity))
                .send()
                .await
                .map_err(failed)?;
        }
        Ask::BatchGetItem(ask) => {
            let mut request = client.batch_get_item();
            for (table, keys) in ask.request_items {
                request = request.request_items(table, keys.build().map_err(unbuilt)?);
            }
            request
                .set_return_consumed_capacity(capacity(ask.return_consumed_capacity))
                .send()
                .await
                .map_err(failed)?;
        }
        Ask::Query(ask) => {
            let request = client
                .query()
                .table_name(ask.table_name)
                .set_index_name(ask.index_name)
                .set_key_condition_expression(ask.key_condition_expression)
                .set_projection_expression(ask.projection_expression)
                .set_expression_attribute_names(ask.expression_attribute_names)
                .set_expression_attribute_values(ask.expression_attribute_values.map(item))
                .set_exclusive_start_key(ask.exclusive_start_key.map(item))
                .set_scan_index_forward(ask.scan_index_forward)
                .set_consistent_read(ask.consistent_read)
                .set_limit(ask.limit);
            request
                .set_return_consumed_capacity(capacity(ask.return_consumed_capacity))
                .send()
                .await
                .map_err(failed)?;
        }
        Ask::TransactWriteItems(ask) => {
            let actions = ask.transact_items.into_iter().map(Action::build).collect::<Result<_, _>>();
            let request = client
                .transact_write_items()
                .set_transact_items(Some(actions.map_err(unbuilt)?))
                .set_client_request_token(ask.client_request_token);
            request
                .set_return_consumed_capacity(capacity(ask.return_consumed_capacity))
                .send()
                .await
                .map_err(failed)?;
        }
    }
    Ok(())
}

fn failed<E: std::error::Error + 'static>(error: SdkError<E>) -> String {
    DisplayErrorContext(error).to_string()
}

fn unbuilt(error: BuildError) -> String {
    error.to_string()
}

impl Wanted {
    fn build(self) -> Result<KeysAndAttributes, BuildError> {
        KeysAndAttributes::builder()
            .set_keys(Some(self.keys.into_iter().map(item).collect()))
            .set_consistent_read(self.consistent_read)
            .set_projection_expression(self.projection_expression)
            .set_expression_attribute_names(self.expression_attribute_names)
            .build()
    }
}

impl Action {
    fn build(self) -> Result<TransactWriteItem, BuildError> {
        let action = TransactWriteItem::builder();
        let shown = |act: &Act| -> Option<ReturnValuesOnConditionCheckFailure> {
            act.return_values_on_condition_check_failure.as_deref().map(Into::into)
        };
        let action = match self {
            Self::Put(act) => action.put(
                Put::builder()
                    .set_return_values_on_condition_check_failure(shown(&act))
                    .table_name(act.table_name)
                    .set_item(act.item.map(item))
                    .set_condition_expression(act.condition_expression)
                    .set_expression_attribute_names(act.expression_attribute_names)
                    .set_expression_attribute_values(act.expression_attribute_values.map(item))
                    .build()?,
            ),
            Self::Update(act) => action.update(
                Update::builder()
                    .set_return_values_on_condition_check_failure(shown(&act))
                    .table_name(act.table_name)
                    .set_key(act.key.map(item))
                    .set_update_expression(act.update_expression)
                    .set_condition_expression(act.condition_expression)
                    .set_expression_attribute_names(act.expression_attribute_names)
                    .set_expression_attribute_values(act.expression_attribute_values.map(item))
                    .build()?,
            ),
            Self::Delete(act) => action.delete(
                Delete::builder()
                    .set_return_values_on_condition_check_failure(shown(&act))
                    .table_name(act.table_name)
                    .set_key(act.key.map(item))
                    .set_condition_expression(act.condition_expression)
                    .set_expression_attribute_names(act.expression_attribute_names)
                    .set_expression_attribute_values(act.expression_attribute_values.map(item))
                    .build()?,
            ),
            Self::ConditionCheck(act) => action.condition_check(
                ConditionCheck::builder()
                    .set_return_values_on_condition_check_failure(shown(&act))
                    .table_name(act.table_name)
                    .set_key(act.key.map(item))
                    .set_condition_expression(act.condition_expression)
                    .set_expression_attribute_names(act.expression_attribute_names)
                    .set_expression_attribute_values(act.expression_attribute_values.map(item))
                    .build()?,
            ),
        };
        Ok(action.build())
    }
}
