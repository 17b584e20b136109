//! The requests of one invocation, read from the JSON that `DynamoDB` speaks and built with the SDK.

use std::collections::HashMap;

use aws_sdk_dynamodb::{
    Client,
    error::{BuildError, DisplayErrorContext, SdkError},
    types::{AttributeValue, ConditionCheck, Delete, KeysAndAttributes, Put, TransactWriteItem, Update},
};
use serde::Deserialize;

/// Groups of requests: those of one group go side by side.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Plan(pub(crate) Vec<Vec<Request>>);

/// One request. A field that is not known here is an error, since the floor would be a false one without it.
#[derive(Debug, Deserialize)]
pub(crate) enum Request {
    GetItem(Get),
    BatchGetItem(BatchGet),
    Query(Box<Query>),
    TransactWriteItems(Transaction),
}

type Names = HashMap<String, String>;
type Values = HashMap<String, Value>;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(crate) struct Get {
    table_name: String,
    key: Values,
    consistent_read: Option<bool>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(crate) struct BatchGet {
    request_items: HashMap<String, Keys>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Keys {
    keys: Vec<Values>,
    consistent_read: Option<bool>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(crate) struct Query {
    table_name: String,
    index_name: Option<String>,
    key_condition_expression: Option<String>,
    expression_attribute_names: Option<Names>,
    expression_attribute_values: Option<Values>,
    exclusive_start_key: Option<Values>,
    scan_index_forward: Option<bool>,
    consistent_read: Option<bool>,
    limit: Option<i32>,
    select: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(crate) struct Transaction {
    transact_items: Vec<Action>,
}

/// One action of a transaction.
#[derive(Debug, Deserialize)]
enum Action {
    Put(Box<Write>),
    Update(Box<Write>),
    Delete(Box<Write>),
    ConditionCheck(Box<Write>),
}

/// The fields of all actions: each has those that it needs.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Write {
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

/// Sends the request.
///
/// # Errors
/// Whatever went wrong, in words.
pub(crate) async fn send(client: &Client, request: Request) -> Result<(), String> {
    match request {
        Request::GetItem(get) => {
            let request = client.get_item().table_name(get.table_name).set_key(Some(item(get.key)));
            request.set_consistent_read(get.consistent_read).send().await.map(drop).map_err(failed)
        }
        Request::BatchGetItem(batch) => {
            let mut request = client.batch_get_item();
            for (table, keys) in batch.request_items {
                request = request.request_items(table, keys.build().map_err(incomplete)?);
            }
            request.send().await.map(drop).map_err(failed)
        }
        Request::Query(query) => {
            let request = client
                .query()
                .table_name(query.table_name)
                .set_index_name(query.index_name)
                .set_key_condition_expression(query.key_condition_expression)
                .set_expression_attribute_names(query.expression_attribute_names)
                .set_expression_attribute_values(query.expression_attribute_values.map(item))
                .set_exclusive_start_key(query.exclusive_start_key.map(item))
                .set_scan_index_forward(query.scan_index_forward)
                .set_consistent_read(query.consistent_read)
                .set_limit(query.limit)
                .set_select(query.select.as_deref().map(Into::into));
            request.send().await.map(drop).map_err(failed)
        }
        Request::TransactWriteItems(transaction) => {
            let actions = transaction.transact_items.into_iter().map(Action::build).collect::<Result<_, _>>();
            let request = client.transact_write_items().set_transact_items(Some(actions.map_err(incomplete)?));
            request.send().await.map(drop).map_err(failed)
        }
    }
}

fn failed<E: std::error::Error + 'static>(error: SdkError<E>) -> String {
    DisplayErrorContext(error).to_string()
}

fn incomplete(error: BuildError) -> String {
    error.to_string()
}

impl Keys {
    fn build(self) -> Result<KeysAndAttributes, BuildError> {
        KeysAndAttributes::builder()
            .set_keys(Some(self.keys.into_iter().map(item).collect()))
            .set_consistent_read(self.consistent_read)
            .build()
    }
}

/// Sets what all actions have in common: the SDK's builders are alike, but share no trait.
macro_rules! condition {
    ($builder:expr, $write:expr) => {
        $builder
            .table_name($write.table_name)
            .set_condition_expression($write.condition_expression)
            .set_expression_attribute_names($write.expression_attribute_names)
            .set_expression_attribute_values($write.expression_attribute_values.map(item))
            .set_return_values_on_condition_check_failure(
                $write.return_values_on_condition_check_failure.as_deref().map(Into::into),
            )
            .build()?
    };
}

impl Action {
    fn build(self) -> Result<TransactWriteItem, BuildError> {
        let action = TransactWriteItem::builder();
        let action = match self {
            Self::Put(write) => action.put(condition!(Put::builder().set_item(write.item.map(item)), write)),
            Self::Update(write) => {
                let update =
                    Update::builder().set_key(write.key.map(item)).set_update_expression(write.update_expression);
                action.update(condition!(update, write))
            }
            Self::Delete(write) => action.delete(condition!(Delete::builder().set_key(write.key.map(item)), write)),
            Self::ConditionCheck(write) => {
                let check = ConditionCheck::builder().set_key(write.key.map(item));
                action.condition_check(condition!(check, write))
            }
        };
        Ok(action.build())
    }
}
