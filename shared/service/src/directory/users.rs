//! Users as the platform describes them.

use std::ops::ControlFlow;

use domain::{Timestamp, id::UserId, person::User, refusal::Refusal};
use store::{Store, record::UserRecord, retry, users::UserWrite};

use super::{Stored, address_owner::take_over};
use crate::{ServiceError, delivery::reach_again};

/// Writes the user as described. Live invitations of their verified address become theirs, and invitation mails that found
/// no mailbox of theirs go to a new one.
///
/// # Errors
/// [`Refusal::EmailTaken`] if the verified address is another user's; [`ServiceError::Store`] if the table fails.
pub async fn put(store: &Store, user: User, now: Timestamp) -> Result<Stored<User>, ServiceError> {
    let Change { before, .. } = replace(store, &user.id, |_| Some(user.clone())).await?;
    take_over(store, &user, now).await?;
    if let Some(unreached) = before.as_ref().and_then(|record| record.unreached.as_deref()) {
        reach_again(store, &user, unreached, now).await?;
    }
    Ok(Stored { record: user, created: before.is_none() })
}

/// Makes the user inactive. Returns them, if there is such a user.
pub(super) async fn deactivate(store: &Store, id: &UserId) -> Result<Option<User>, ServiceError> {
    let change = replace(store, id, |user| Some(User { active: false, ..user?.clone() })).await?;
    Ok(change.after)
}

/// Removes an inactive user, along with the ownership of their address. Returns whether they are gone: a user that
/// the platform has brought back meanwhile stays.
pub(super) async fn remove(store: &Store, id: &UserId) -> Result<bool, ServiceError> {
    let change = replace(store, id, |user| user.filter(|user| user.active).cloned()).await?;
    Ok(change.after.is_none())
}

/// A user before and after a change.
struct Change {
    before: Option<UserRecord>,
    after: Option<User>,
}

/// Replaces the user by what `edit` makes of them; `None` removes them.
async fn replace(
    store: &Store,
    id: &UserId,
    edit: impl Fn(Option<&User>) -> Option<User>,
) -> Result<Change, ServiceError> {
    let edit = &edit;
    retry((), |()| async move {
        let before = store.user(id).await?;
        let known = before.as_ref().map(|record| &record.user);
        let after = edit(known);
        // Whether a suppression has been lifted meanwhile, a user hears by being written.
        let suppressed = before.as_ref().is_some_and(|record| record.suppressed);
        if known == after.as_ref() && !suppressed {
            return Ok(ControlFlow::Break(Change { before, after }));
        }
        match store.replace_user(id, before.as_ref(), after.as_ref()).await? {
            UserWrite::Done => Ok(ControlFlow::Break(Change { before, after })),
            UserWrite::Conflict => Ok(ControlFlow::Continue(())),
            UserWrite::EmailTaken => Err(Refusal::EmailTaken.into()),
        }
    })
    .await
}
