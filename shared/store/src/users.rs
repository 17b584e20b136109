//! Users, and the addresses that are theirs.
//!
//! A user and the ownership of addresses change in one transaction, which is conditional on what was read. So an
//! address never has two owners, and never one whose record does not name it.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::AttributeValue;
use domain::{
    delivery::mailbox_of,
    email::{AddressKey, EmailAddress},
    id::UserId,
    person::User,
};

use crate::{
    Store, StoreError,
    attributes::{
        ACTIVE, DISPLAY_NAME, EMAIL, EMAIL_VERIFIED, KIND, OWNER, OWNER_ACTIVE, PK, SK, SUPPRESSED, UNREACHED,
    },
    expression::{Expression, string},
    keys::Key,
    people::refile,
    record::{Address, Item, Kind, OPTIONAL_OF_USER, UserRecord, user_record},
    write::{Write, Written},
};

/// The result of a user's change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UserWrite {
    /// It is written.
    Done,
    /// The user or an address is no longer as it was read. Nothing is written.
    Conflict,
    /// The verified address is another user's. Nothing is written.
    EmailTaken,
}

impl Store {
    /// Reads the user.
    ///
    /// # Errors
    /// [`StoreError`] if the read fails.
    pub async fn user(&self, id: &UserId) -> Result<Option<UserRecord>, StoreError> {
        Ok(self.read([Key::user(id)]).await?.user(id).cloned())
    }

    /// Replaces the user `before`, as they were read, by `after`, along with the ownership of addresses. Without an
    /// `after`, the user is removed.
    ///
    /// # Errors
    /// [`StoreError`] if the table fails.
    pub async fn replace_user(
        &self,
        id: &UserId,
        before: Option<&UserRecord>,
        after: Option<&User>,
    ) -> Result<UserWrite, StoreError> {
        let unreached = before.and_then(|record| record.unreached.clone());
        let renamed = before.zip(after).and_then(|(record, user)| record.renamed_to(user));
        let filed = before.filter(|record| record.filed).map(|record| &record.user);
        let before = before.map(|record| &record.user);
        let owned = after.and_then(User::verified_email).map(EmailAddress::key);
        let present = after.and_then(|user| user.email.as_ref()).map(EmailAddress::key);
        let former = before.and_then(User::verified_email).map(EmailAddress::key);
        let concerned: BTreeSet<_> = former.iter().chain(&present).collect();
        let addresses = self.read(concerned.iter().map(|key| Key::address(key))).await?;
        let mut writes = Vec::new();
        let mut suppressed = false;
        for key in concerned {
            let address = addresses.address(key);
            let owns = owned.as_ref() == Some(key);
            if owns && address.owner.as_ref().is_some_and(|owner| owner != id) {
                return Ok(UserWrite::EmailTaken);
            }
            suppressed |= address.suppressed && present.as_ref() == Some(key);
            writes.push(own(id, key, &address, after.filter(|_| owns)));
        }
        writes.extend(refile(filed, after)?);
        let mut unchanged = unchanged(before);
        if let Some(user) = before {
            unchanged.require_equal(DISPLAY_NAME, string(&*user.display_name));
        }
        match &unreached {
            Some(mailbox) => unchanged.require_equal(UNREACHED, string(mailbox)),
            None => unchanged.require_missing(UNREACHED),
        }
        writes.push(match after.cloned() {
            Some(user) => {
                let record = user_record(&UserRecord { user, suppressed, unreached, filed: true, renamed })?;
                rewrite(id, record, unchanged)
            }
            None => Write::Delete(Key::user(id), unchanged),
        });
        Ok(match self.transact(writes).await? {
            Written::Done => UserWrite::Done,
            Written::Conflict(_) => UserWrite::Conflict,
        })
    }

    /// Notes that what the mailbox did not take is queued for another one. A mail that failed since is another matter.
    ///
    /// # Errors
    /// [`StoreError`] if the table fails.
    pub async fn queued_for_another(&self, id: &UserId, mailbox: &str) -> Result<(), StoreError> {
        let mut expression = Expression::default();
        expression.require_equal(UNREACHED, string(mailbox));
        expression.remove(UNREACHED);
        self.update(Key::user(id), expression).await.map(drop)
    }
}

/// Writes a user's record anew, but for what sending counts there: that goes on while the platform describes the user.
fn rewrite(id: &UserId, record: Item, mut expression: Expression) -> Write {
    for attribute in OPTIONAL_OF_USER.into_iter().filter(|attribute| !record.contains_key(*attribute)) {
        expression.remove(attribute);
    }
    let key = [PK, SK];
    for (attribute, value) in record.into_iter().filter(|(attribute, _)| !key.contains(&attribute.as_str())) {
        expression.set(&attribute, value);
    }
    Write::Update(Key::user(id), expression)
}

/// Notes that a mailbox of the user, who is still as they were read, did not take an invitation mail.
pub(crate) fn unreached(user: &User) -> Write {
    let mut expression = unchanged(Some(user));
    expression.set(UNREACHED, string(mailbox_of(user).as_ref().map_or("", AddressKey::as_str)));
    Write::Update(Key::user(&user.id), expression)
}

/// Makes the user `id` the owner of the address as `owner`, or no longer, provided that the address is still as it was
/// read. It repeats whether its owner is active, so that who answers by it is checked by one record.
fn own(id: &UserId, key: &AddressKey, address: &Address, owner: Option<&User>) -> Write {
    let mut expression = Expression::default();
    // An owner's own record names the address, and is conditional itself.
    if address.owner.is_none() {
        expression.require_missing(OWNER);
    }
    if address.suppressed {
        expression.require_existing(SUPPRESSED);
    } else {
        expression.require_missing(SUPPRESSED);
    }
    let key = Key::address(key);
    if let Some(owner) = owner {
        expression.set(KIND, string(Kind::Address.as_str()));
        expression.set(OWNER, string(id.as_str()));
        expression.set(OWNER_ACTIVE, AttributeValue::Bool(owner.active));
        Write::Update(key, expression)
    } else if address.owner.as_ref() != Some(id) {
        Write::Check(key, expression)
    } else if address.suppressed {
        expression.remove(OWNER);
        expression.remove(OWNER_ACTIVE);
        Write::Update(key, expression)
    } else {
        Write::Delete(key, expression)
    }
}

/// The condition that the user, as far as addresses and activity go, is still as they were read.
fn unchanged(before: Option<&User>) -> Expression {
    let mut expression = Expression::default();
    let Some(user) = before else {
        expression.require_missing(PK);
        return expression;
    };
    expression.require_equal(ACTIVE, AttributeValue::Bool(user.active));
    expression.require_equal(EMAIL_VERIFIED, AttributeValue::Bool(user.email_verified));
    match &user.email {
        Some(email) => expression.require_equal(EMAIL, string(email.as_str())),
        None => expression.require_missing(EMAIL),
    }
    expression
}

/// The condition that the user is inactive, or not in the directory.
pub(crate) fn is_leaving(id: &UserId) -> Write {
    let mut expression = Expression::default();
    expression.require_missing_or_equal(ACTIVE, AttributeValue::Bool(false));
    Write::Check(Key::user(id), expression)
}

/// The condition that the address is still the user's verified one.
pub(crate) fn owns(id: &UserId, address: &AddressKey) -> Write {
    let mut expression = Expression::default();
    expression.require_equal(OWNER, string(id.as_str()));
    Write::Check(Key::address(address), expression)
}
