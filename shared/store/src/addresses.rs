//! Addresses: which user owns one, and to which no mail goes any more.

use aws_sdk_dynamodb::types::AttributeValue;
use domain::{email::AddressKey, id::UserId};

use crate::{
    Store, StoreError,
    attributes::{KIND, SK, SUPPRESSED},
    expression::{Expression, string},
    keys::Key,
    record::Kind,
};

impl Store {
    /// Suppresses the address: no more mail goes to it, whatever user it belongs to. `named` is a user who was mailed
    /// there, and may have it without having proven so.
    ///
    /// # Errors
    /// [`StoreError`] if the table fails; a repetition finishes the job.
    pub async fn suppress(&self, address: &AddressKey, named: Option<&UserId>) -> Result<(), StoreError> {
        let mut expression = Expression::default();
        expression.set(KIND, string(Kind::Address.as_str()));
        expression.set(SUPPRESSED, AttributeValue::Bool(true));
        self.update(Key::address(address), expression).await?;
        let records = self.read([Key::address(address)].into_iter().chain(named.map(Key::user))).await?;
        let owner = records.address(address)?.owner;
        if let Some(owner) = &owner {
            self.suppress_for(owner, address).await?;
        }
        if let Some(named) = named.filter(|named| owner.as_ref() != Some(named))
            && let Some(email) = records.user(named)?.and_then(|found| found.user.email)
            && email.key() == *address
        {
            self.suppress_for(named, address).await?;
        }
        Ok(())
    }

    /// Notes in the user's own record that no mail goes to that address of theirs, which saves a send a read.
    ///
    /// # Errors
    /// [`StoreError`] if the table fails.
    pub async fn suppress_for(&self, user: &UserId, address: &AddressKey) -> Result<(), StoreError> {
        let mut expression = Expression::default();
        expression.set(SUPPRESSED, string(address.as_str()));
        expression.require_existing(SK);
        self.update(Key::user(user), expression).await.map(drop)
    }
}
