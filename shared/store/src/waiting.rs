//! How many invitations wait for somebody's answer, for a badge that is asked for again and again.
//!
//! The index has nothing of an invitation but its keys: 80 bytes, so that a hundred are one read unit. It is in the
//! order of their expiry, so that those which have lapsed lie outside the range that is counted.

use aws_sdk_dynamodb::types::Select;
use domain::{Timestamp, person::Party};

use crate::{
    Store, StoreError,
    attributes::{EXPIRY, WAITS_FOR},
    expression::{number, string},
    keys::{BY_WAITING, waited_for},
};

impl Store {
    /// Counts the pending invitations of the party that have not expired at `now`, up to `most`: by one query.
    ///
    /// # Errors
    /// [`StoreError`] if the query fails.
    pub async fn count_waiting(&self, party: &Party, most: u32, now: Timestamp) -> Result<u32, StoreError> {
        let query = self
            .client
            .query()
            .table_name(&self.table)
            .index_name(BY_WAITING)
            .select(Select::Count)
            .key_condition_expression("#for = :for AND #expiry > :now")
            .expression_attribute_names("#for", WAITS_FOR)
            .expression_attribute_names("#expiry", EXPIRY)
            .expression_attribute_values(":for", string(waited_for(party)))
            .expression_attribute_values(":now", number(now.as_millisecond()))
            .set_limit(i32::try_from(most).ok());
        let counted = self.within_time(query.send()).await??.count;
        Ok(u32::try_from(counted).unwrap_or_default().min(most))
    }
}
