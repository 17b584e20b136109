//! The record of an idempotent request.

use domain::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    Store, StoreError,
    attributes::{LEASED_UNTIL, STAMP, TTL},
    expression::{Expression, number, string},
    keys::Key,
    record::{Item, Kind, record},
};

/// What is kept of an idempotent request.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct IdempotentRequest {
    /// What tells the request from others that come with the same key.
    pub digest: String,
    /// Changes with every write, so that of two attempts one notices the other.
    pub stamp: String,
    /// When the first attempt began.
    #[serde(with = "jiff::fmt::serde::timestamp::millisecond::required")]
    pub started_at: Timestamp,
    /// Until when the last attempt counts as running.
    #[serde(with = "jiff::fmt::serde::timestamp::millisecond::required")]
    pub leased_until: Timestamp,
    /// The result, once there is one.
    #[serde(rename = "answer", skip_serializing_if = "Option::is_none")]
    pub result: Option<String>,
}

/// A write of an idempotent request's record, whole, on the condition that it is as it was read.
#[derive(Debug, Clone)]
pub struct RequestWrite {
    /// The key of the record.
    pub key: Key,
    /// The record from now on.
    pub request: IdempotentRequest,
    /// The stamp that the record was read with; `None` where there was none.
    pub replaces: Option<String>,
    /// When the record is of no more use.
    pub kept_until: Timestamp,
}

impl Store {
    /// Ends the lease of the attempt that wrote the request's record with that stamp. What another one has written
    /// since stays.
    ///
    /// # Errors
    /// [`StoreError`] if the table fails.
    pub async fn end_lease(&self, request: Key, stamp: &str) -> Result<(), StoreError> {
        let mut expression = Expression::default();
        expression.require_equal(STAMP, string(stamp));
        expression.set(LEASED_UNTIL, number(0));
        self.update(request, expression).await.map(drop)
    }
}

impl RequestWrite {
    pub(crate) fn item(&self) -> Result<Item, StoreError> {
        let mut item = record(Kind::Idempotency, self.key.clone(), &self.request)?;
        item.insert(TTL.to_owned(), number(self.kept_until.as_second()));
        Ok(item)
    }
}
