//! Conditional writes: one alone, or up to a hundred that happen together or not at all.
//!
//! What fails for now, because it collides with a transaction or is throttled, is sent again. What may have been
//! carried out, because its response was lost, is sent again where a repetition is known as one: a transaction has a
//! token, and a record that is written whole meets itself. An update has neither, and may count: it is repeated by the
//! client alone.

use std::ops::ControlFlow;

use aws_sdk_dynamodb::{
    error::BuildError,
    operation::{put_item::PutItemError, transact_write_items::TransactWriteItemsError, update_item::UpdateItemError},
    types::{
        CancellationReason, ConditionCheck, Delete, DeleteRequest, Put, PutRequest,
        ReturnValuesOnConditionCheckFailure, TransactWriteItem, Update, WriteRequest,
        builders::TransactWriteItemBuilder,
    },
};

use system::randomise;

use crate::{Store, StoreError, error::is_passing, expression::Expression, keys::Key, record::Item};

/// The most actions that DynamoDB takes in one transaction.
pub const MAX_ACTIONS: usize = 100;
/// The most writes that DynamoDB takes in one request where each happens by itself.
const MAX_BATCH: usize = 25;
/// How often a write is sent.
const ATTEMPTS: u32 = 8;
/// Why a write fails that was sent as often.
const IN_THE_WAY: &str = "collisions or throttling";

/// One write, with the condition that its expression holds.
#[derive(Debug, Clone)]
pub enum Write {
    /// Writes a whole record.
    Put(Item, Expression),
    /// Changes a record, or makes one.
    Update(Key, Expression),
    /// Removes a record, if there is one.
    Delete(Key, Expression),
    /// Changes nothing.
    Check(Key, Expression),
}

/// What became of writes.
#[derive(Debug, Clone, PartialEq)]
pub enum Written {
    /// All of them happened.
    Done,
    /// None of them happened: the conditions of these, by index, did not hold, with the records as they are.
    Conflict(Vec<(usize, Option<Item>)>),
}

impl Store {
    /// Writes all or nothing. Collisions with other transactions and throttling are waited out. A write whose response
    /// was lost on its way is asked for again under the same token, so that it happens once and is known to have
    /// happened.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when collisions or throttling outlast the attempts, or every response was lost.
    pub async fn transact(&self, writes: Vec<Write>) -> Result<Written, StoreError> {
        self.transact_made(|| Ok(writes.clone())).await
    }

    /// The same with writes that can be made again, and need not be copied for an attempt that is hardly ever the last
    /// but one.
    pub(crate) async fn transact_made(
        &self,
        mut make: impl FnMut() -> Result<Vec<Write>, StoreError>,
    ) -> Result<Written, StoreError> {
        let token = request_token();
        self.persist(ATTEMPTS, IN_THE_WAY, (), |()| {
            let (writes, token) = (make(), token.clone());
            async move { self.transact_once(writes?, token).await }
        })
        .await
    }

    async fn transact_once(
        &self,
        writes: Vec<Write>,
        token: Option<String>,
    ) -> Result<ControlFlow<Written>, StoreError> {
        let items = writes.into_iter().map(|write| write.build(&self.table)).collect::<Result<_, _>>()?;
        let request = self.client.transact_write_items().set_transact_items(Some(items));
        let request = request.set_client_request_token(token);
        let Err(error) = self.within_time(request.send()).await? else {
            return Ok(ControlFlow::Break(Written::Done));
        };
        let Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) = error.as_service_error() else {
            return again(error.into());
        };
        let failed = failed_conditions(cancelled.cancellation_reasons())?;
        Ok(if failed.is_empty() { ControlFlow::Continue(()) } else { ControlFlow::Break(Written::Conflict(failed)) })
    }

    /// Changes one record at half the price of a transaction. `false` if its condition did not hold. Collisions with
    /// transactions and throttling are waited out.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when collisions or throttling outlast the attempts, or the response was lost. The
    /// record may be changed then.
    pub async fn update(&self, key: Key, expression: Expression) -> Result<bool, StoreError> {
        let finished = expression.finish();
        let request = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(key.into()))
            .set_update_expression(finished.update)
            .set_condition_expression(finished.condition)
            .set_expression_attribute_names(finished.names)
            .set_expression_attribute_values(finished.values);
        self.persist(ATTEMPTS, IN_THE_WAY, (), |()| {
            let request = request.clone();
            async move {
                let Err(error) = self.within_time(request.send()).await? else { return Ok(ControlFlow::Break(true)) };
                match error.as_service_error() {
                    Some(UpdateItemError::ConditionalCheckFailedException(_)) => Ok(ControlFlow::Break(false)),
                    _ if is_passing(&error) => Ok(ControlFlow::Continue(())),
                    _ => Err(error.into()),
                }
            }
        })
        .await
    }

    /// Writes one whole record at half the price of a transaction. Collisions with transactions and throttling are
    /// waited out. There is no token: a write whose response was lost on its way shows as a conflict with what it left
    /// itself.
    ///
    /// # Errors
    /// As [`Store::transact`].
    pub(crate) async fn put(&self, record: Item, expression: Expression) -> Result<Written, StoreError> {
        let finished = expression.finish();
        let request = self
            .client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(record))
            .set_condition_expression(finished.condition)
            .set_expression_attribute_names(finished.names)
            .set_expression_attribute_values(finished.values)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        self.persist(ATTEMPTS, IN_THE_WAY, (), |()| {
            let request = request.clone();
            async move {
                let Err(error) = self.within_time(request.send()).await? else {
                    return Ok(ControlFlow::Break(Written::Done));
                };
                match error.as_service_error() {
                    Some(PutItemError::ConditionalCheckFailedException(failed)) => {
                        Ok(ControlFlow::Break(Written::Conflict(vec![(0, failed.item().cloned())])))
                    }
                    _ => again(error.into()),
                }
            }
        })
        .await
    }

    /// Writes whole records, whatever was there, each by itself at half the price of a transaction.
    ///
    /// # Errors
    /// [`StoreError`] if the table fails, or leaves some undone; some may be written then.
    pub(crate) async fn put_each(&self, records: Vec<Item>) -> Result<(), StoreError> {
        let put = |record| {
            let request = PutRequest::builder().set_item(Some(record)).build();
            request.map(|request| WriteRequest::builder().put_request(request).build())
        };
        self.write_each(records.into_iter().map(put).collect()).await
    }

    /// Removes records whose deletion is what matters, each by itself. What is there no more is fine.
    ///
    /// # Errors
    /// [`StoreError`] if the table fails, or leaves some undone; some may be removed then.
    pub(crate) async fn forget(&self, keys: Vec<Key>) -> Result<(), StoreError> {
        let delete = |key: Key| {
            let request = DeleteRequest::builder().set_key(Some(key.into())).build();
            request.map(|request| WriteRequest::builder().delete_request(request).build())
        };
        self.write_each(keys.into_iter().map(delete).collect()).await
    }

    async fn write_each(&self, requests: Result<Vec<WriteRequest>, BuildError>) -> Result<(), StoreError> {
        let requests = requests.map_err(|error| StoreError::Permanent(error.to_string()))?;
        for requests in requests.chunks(MAX_BATCH) {
            self.persist(ATTEMPTS, "unprocessed writes", requests.to_vec(), |requests| async move {
                let request = self.client.batch_write_item().request_items(&self.table, requests);
                let response = self.within_time(request.send()).await??;
                let left = response.unprocessed_items.unwrap_or_default().remove(&self.table);
                Ok(left.map_or(ControlFlow::Break(()), ControlFlow::Continue))
            })
            .await?;
        }
        Ok(())
    }

    /// Removes records that are not written any more, in transactions of a hundred.
    ///
    /// # Errors
    /// [`StoreError`] if the table fails; some may be removed then.
    pub async fn remove(&self, keys: Vec<Key>) -> Result<(), StoreError> {
        for keys in keys.chunks(MAX_ACTIONS) {
            let deletions = keys.iter().map(|key| Write::Delete(key.clone(), Expression::default()));
            self.transact(deletions.collect()).await?;
        }
        Ok(())
    }
}

/// Has a request sent again that failed for now, or whose response was lost.
fn again<T>(error: StoreError) -> Result<ControlFlow<T>, StoreError> {
    match error {
        StoreError::Unavailable(_) => Ok(ControlFlow::Continue(())),
        error => Err(error),
    }
}

/// What makes the attempts at one transaction one: DynamoDB remembers the token of a success for ten minutes. Without
/// randomness there is none, and the client draws one for each attempt.
fn request_token() -> Option<String> {
    let mut random = [0; 16];
    randomise(&mut random).ok().map(|()| hex::encode(random))
}

/// The failed conditions among a cancelled transaction's reasons; none if it only collided.
fn failed_conditions(reasons: &[CancellationReason]) -> Result<Vec<(usize, Option<Item>)>, StoreError> {
    let mut failed = Vec::new();
    for (index, reason) in reasons.iter().enumerate() {
        match reason.code().unwrap_or("None") {
            "ConditionalCheckFailed" => failed.push((index, reason.item.clone())),
            "None" | "TransactionConflict" | "ThrottlingError" | "ProvisionedThroughputExceeded" => {}
            code => return Err(StoreError::Permanent(code.to_owned())),
        }
    }
    Ok(failed)
}

/// Adds to a builder what every write of a transaction has: the table, the condition, and that a failed condition shows
/// the record as it is.
macro_rules! conditional {
    ($builder:expr, $table:expr, $finished:expr) => {
        $builder
            .table_name($table)
            .set_condition_expression($finished.condition)
            .set_expression_attribute_names($finished.names)
            .set_expression_attribute_values($finished.values)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .build()
    };
}

impl Write {
    fn build(self, table: &str) -> Result<TransactWriteItem, StoreError> {
        let item = TransactWriteItem::builder();
        let built = match self {
            Self::Put(record, expression) => {
                let finished = expression.finish();
                conditional!(Put::builder().set_item(Some(record)), table, finished).map(|put| item.put(put))
            }
            Self::Update(key, expression) => {
                let finished = expression.finish();
                let update = Update::builder().set_key(Some(key.into())).set_update_expression(finished.update);
                conditional!(update, table, finished).map(|update| item.update(update))
            }
            Self::Delete(key, expression) => {
                let finished = expression.finish();
                let delete = Delete::builder().set_key(Some(key.into()));
                conditional!(delete, table, finished).map(|delete| item.delete(delete))
            }
            Self::Check(key, expression) => {
                let finished = expression.finish();
                let check = ConditionCheck::builder().set_key(Some(key.into()));
                conditional!(check, table, finished).map(|check| item.condition_check(check))
            }
        };
        built.map(TransactWriteItemBuilder::build).map_err(|error| StoreError::Permanent(error.to_string()))
    }
}
