//! Users as the platform describes them.

use std::ops::ControlFlow;

use domain::{
    Timestamp,
    id::UserId,
    invitation::Invitation,
    lifecycle,
    person::{Party, User},
    refusal::Refusal,
};
use store::{Store, keys::List, people::MAX_TOLD, record::UserRecord, retry, users::UserWrite};

use super::{Stored, address_owner::take_over, sweep::sweep};
use crate::{ServiceError, delivery::reach_again};

/// Writes the user as described. Live invitations of their verified address become theirs, invitation mails that found
/// no mailbox of theirs go to a new one, and they are found by their new name.
///
/// # Errors
/// [`Refusal::EmailTaken`] if the verified address is another user's; [`store::StoreError::OutOfTime`] if another
/// attempt must go on telling the name; [`ServiceError::Store`] if the table fails.
pub async fn put(store: &Store, user: User, now: Timestamp) -> Result<Stored<User>, ServiceError> {
    let Change { before, .. } = replace(store, &user.id, |_| Some(user.clone())).await?;
    if let Some(told) = before.as_ref().and_then(|record| record.renamed_to(&user)) {
        tell_name(store, &user, told, now).await?;
    }
    take_over(store, &user, now).await?;
    if let Some(unreached) = before.as_ref().and_then(|record| record.unreached.as_deref()) {
        reach_again(store, &user, unreached, now).await?;
    }
    Ok(Stored { record: user, created: before.is_none() })
}

/// Writes the user's name to the invitations to them, and to those of their connections that come after the one in
/// `told`. All of these are searched by it. If the name changes meanwhile, whoever changes it does the rest.
async fn tell_name(store: &Store, user: &User, told: String, now: Timestamp) -> Result<(), ServiceError> {
    let decide = &|one: &Invitation| lifecycle::rename(one, user);
    let party = Party::User(user.id.clone());
    for list in [List::To(party.clone()), List::RequestedFor(party)] {
        sweep(store, &list, None, decide, now).await?;
    }
    retry(Some(told), |told| async move {
        let Some(mut told) = told else { return Ok(ControlFlow::Break(())) };
        let mut connections = store.connections_of(&user.id).await?;
        connections.retain(|other| *other.as_str() > *told);
        for some in connections.chunks(MAX_TOLD) {
            store.in_time()?;
            let Some(last) = store.tell_name(user, &told, some).await? else {
                let is_named = |one: &User| (&one.display_name, one.active) == (&user.display_name, user.active);
                let present = store.user(&user.id).await?.filter(|record| is_named(&record.user));
                return Ok(ControlFlow::Continue(present.and_then(|record| record.renamed)));
            };
            told = last;
        }
        store.name_told(user, &told).await?;
        Ok::<_, ServiceError>(ControlFlow::Break(()))
    })
    .await
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
        // A suppressed user is written even if nothing else changes: the suppression may have been lifted.
        let stands = |record: &UserRecord| record.filed && !record.suppressed;
        if known == after.as_ref() && before.as_ref().is_none_or(stands) {
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
