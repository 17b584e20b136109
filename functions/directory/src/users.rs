//! `PUT /directory/users/{userId}`, and which addresses are whose.
//!
//! A user and the ownership of addresses change in one transaction, which is conditional on what was read. So an
//! address never has two owners, and never one who does not say so.

use std::{collections::BTreeSet, str::FromStr};

use aws_sdk_dynamodb::types::AttributeValue;
use domain::{
    email::{AddressKey, EmailAddress},
    id::UserId,
    person::User,
    refusal::Refusal,
    settings::LanguageTag,
};
use http_api::problem::Problem;
use serde::Deserialize;
use store::{
    Store,
    attributes::{ACTIVE, KIND, PK},
    expression::{Expression, string},
    keys::Key,
    record::{Address, Kind, user_record},
    write::{Write, Written},
};
use system::now;

use crate::{
    ROUNDS, Stored, claims,
    fields::{self, Faults},
};

/// What the platform says of a user.
#[derive(Default, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub(crate) struct UserBody {
    display_name: Option<String>,
    profile_url: Option<String>,
    pub(crate) email: Option<String>,
    email_verified: Option<bool>,
    active: Option<bool>,
    locale: Option<String>,
}

impl UserBody {
    pub(crate) fn parse(self, id: UserId) -> Result<User, Problem> {
        let mut faults = Faults::default();
        let email_verified = self.email_verified.unwrap_or(false);
        if email_verified && self.email.is_none() {
            faults.add("emailVerified", "must be false without an email");
        }
        let display_name = faults.required("displayName", self.display_name, fields::name);
        let profile_url = faults.optional("profileUrl", self.profile_url, fields::url);
        let email = faults.optional("email", self.email, EmailAddress::from_str);
        let locale = faults.optional("locale", self.locale, LanguageTag::from_str);
        let active = self.active.unwrap_or(true);
        let user = |display_name| User { id, display_name, profile_url, email, email_verified, active, locale };
        faults.finish(display_name.map(user))
    }
}

/// Keeps the user as described. Live invitations of a verified address become theirs.
pub(crate) async fn put(store: &Store, id: UserId, body: UserBody) -> Result<Stored<User>, Problem> {
    let user = body.parse(id)?;
    let (before, _) = replace(store, &user.id, |_| Some(user.clone())).await?;
    claims::claim(store, &user, now()).await?;
    Ok(Stored { record: user, created: before.is_none() })
}

/// Makes the user inactive; returns them, if there is such a user.
pub(crate) async fn deactivate(store: &Store, id: &UserId) -> Result<Option<User>, Problem> {
    let (_, user) = replace(store, id, |user| Some(User { active: false, ..user?.clone() })).await?;
    Ok(user)
}

/// Removes an inactive user, along with the ownership of their address. Whom the platform has brought back meanwhile
/// stays: `false`.
pub(crate) async fn remove(store: &Store, id: &UserId) -> Result<bool, Problem> {
    let (_, left) = replace(store, id, |user| user.filter(|user| user.active).cloned()).await?;
    Ok(left.is_none())
}

/// Replaces the user by what `edit` makes of them, or removes them, along with the ownership of addresses. Returns the
/// user before and after.
async fn replace(
    store: &Store,
    id: &UserId,
    edit: impl Fn(Option<&User>) -> Option<User>,
) -> Result<(Option<User>, Option<User>), Problem> {
    for _ in 0..ROUNDS {
        let before = store.read([Key::user(id)]).await?.user(id)?.map(|record| record.user);
        let after = edit(before.as_ref());
        if before == after {
            return Ok((before, after));
        }
        let writes = writes(store, id, before.as_ref(), after.as_ref()).await?;
        if store.transact(writes).await? == Written::Done {
            return Ok((before, after));
        }
    }
    Err(Problem::unavailable(now()))
}

async fn writes(
    store: &Store,
    id: &UserId,
    before: Option<&User>,
    after: Option<&User>,
) -> Result<Vec<Write>, Problem> {
    let owned = after.and_then(User::verified_email).map(EmailAddress::key);
    let present = after.and_then(|user| user.email.as_ref()).map(EmailAddress::key);
    let former = before.and_then(User::verified_email).map(EmailAddress::key);
    let concerned: BTreeSet<_> = former.iter().chain(&present).collect();
    let addresses = store.read(concerned.iter().map(|key| Key::address(key))).await?;
    let mut writes = Vec::new();
    let mut suppressed = false;
    for key in concerned {
        let address: Address = addresses.value(&Key::address(key))?.unwrap_or_default();
        suppressed |= address.suppressed && present.as_ref() == Some(key);
        writes.push(own(id, key, &address, owned.as_ref() == Some(key))?);
    }
    let unchanged = unchanged(before);
    writes.push(match after {
        Some(user) => Write::Put(user_record(user, suppressed)?, unchanged),
        None => Write::Delete(Key::user(id), unchanged),
    });
    Ok(writes)
}

/// Makes the user the owner of the address, or no longer, provided that it is still as it was read.
fn own(id: &UserId, key: &AddressKey, address: &Address, owns: bool) -> Result<Write, Problem> {
    let mut expression = Expression::default();
    match &address.owner {
        Some(owner) if owner != id && owns => return Err(Refusal::EmailTaken.into()),
        // Whose own it is says so in their own record, which is still as it was read.
        Some(_) => {}
        None => expression.require_missing("owner"),
    }
    if address.suppressed {
        expression.require_existing("suppressed");
    } else {
        expression.require_missing("suppressed");
    }
    let key = Key::address(key);
    if owns {
        expression.set(KIND, string(Kind::Address.as_str()));
        expression.set("owner", string(id.as_str()));
        return Ok(Write::Update(key, expression));
    }
    if address.owner.as_ref() != Some(id) {
        return Ok(Write::Check(key, expression));
    }
    if address.suppressed {
        expression.remove("owner");
        return Ok(Write::Update(key, expression));
    }
    Ok(Write::Delete(key, expression))
}

/// The condition that the user, as far as addresses and activity are concerned, is still as it was read.
fn unchanged(before: Option<&User>) -> Expression {
    let mut expression = Expression::default();
    let Some(user) = before else {
        expression.require_missing(PK);
        return expression;
    };
    expression.require_equal("active", AttributeValue::Bool(user.active));
    expression.require_equal("emailVerified", AttributeValue::Bool(user.email_verified));
    match &user.email {
        Some(email) => expression.require_equal("email", string(email.as_str())),
        None => expression.require_missing("email"),
    }
    expression
}

/// The condition that the user is inactive, or not in the directory.
pub(crate) fn leaving(id: &UserId) -> Write {
    let mut expression = Expression::default();
    expression.require_missing_or_equal(ACTIVE, AttributeValue::Bool(false));
    Write::Check(Key::user(id), expression)
}

/// The condition that the user is in the directory.
pub(crate) fn known(id: &UserId) -> Write {
    let mut expression = Expression::default();
    expression.require_existing(PK);
    Write::Check(Key::user(id), expression)
}
