//! Addresses: which user owns one, and to which no mail goes any more.

use std::ops::ControlFlow;

use aws_sdk_dynamodb::types::AttributeValue;
use domain::{email::AddressKey, id::UserId};

use crate::{
    Store, StoreError,
    attributes::{KIND, OWNER, SK, SUPPRESSED},
    expression::{Expression, string},
    keys::Key,
    record::{Address, Kind},
    retry,
    write::{Write, Written},
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
        let owner = records.address(address).owner;
        if let Some(owner) = &owner {
            self.suppress_for(owner, address).await?;
        }
        if let Some(named) = named.filter(|named| owner.as_ref() != Some(named))
            && let Some(email) = records.user(named).and_then(|found| found.user.email.as_ref())
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

    /// Lifts the suppression of the address, if there is one: mail goes to it again. Its owner's own record hears of
    /// it; that of a user who has not proven the address, the next time the platform writes it.
    ///
    /// # Errors
    /// [`StoreError`] if the table fails, or conflicts do not end; a repetition finishes the job.
    pub async fn lift_suppression(&self, address: &AddressKey) -> Result<(), StoreError> {
        let Some(owner) = retry((), |()| self.lift_once(address)).await? else { return Ok(()) };
        let mut expression = Expression::default();
        expression.require_equal(SUPPRESSED, string(address.as_str()));
        expression.remove(SUPPRESSED);
        self.update(Key::user(&owner), expression).await.map(drop)
    }

    /// Lifts the suppression of an address whose owner stays who they are, and returns them. Of an address without an
    /// owner, nothing is left to know.
    async fn lift_once(&self, address: &AddressKey) -> Result<ControlFlow<Option<UserId>>, StoreError> {
        let key = Key::address(address);
        let Address { owner, suppressed, .. } = self.read([key.clone()]).await?.address(address);
        if !suppressed {
            return Ok(ControlFlow::Break(owner));
        }
        let mut expression = Expression::default();
        let write = if let Some(owner) = &owner {
            expression.require_equal(OWNER, string(owner.as_str()));
            expression.remove(SUPPRESSED);
            Write::Update(key, expression)
        } else {
            expression.require_missing(OWNER);
            Write::Delete(key, expression)
        };
        Ok(match self.transact(vec![write]).await? {
            Written::Done => ControlFlow::Break(owner),
            Written::Conflict(_) => ControlFlow::Continue(()),
        })
    }
}
