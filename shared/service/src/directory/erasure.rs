//! The erasure of a user: nothing that names the person stays behind.
//!
//! The user is made inactive first, which keeps them from acting and from being invited while the rest is found and
//! changed. An invitation from which they are erased leaves their lists, and a record that is removed is no longer
//! theirs: so whatever breaks an erasure off, its repetition finds what is left to do and nothing else. What leads to
//! the rest goes last, their address with it.

use std::ops::ControlFlow;

use domain::{
    Timestamp,
    email::EmailAddress,
    id::UserId,
    invitation::Invitation,
    lifecycle,
    person::{Party, User},
};
use store::{
    Store, StoreError,
    erasure::{Belongings, Removal},
    keys::List,
    retry,
};

use super::{
    sweep::{apply_to_all, sweep},
    users,
};
use crate::ServiceError;

/// Removes the user, their live invitations, and their name and address from all others.
///
/// # Errors
/// [`StoreError::OutOfTime`] if another attempt must go on; any other [`ServiceError::Store`] if the table fails.
pub async fn erase(store: &Store, id: &UserId, now: Timestamp) -> Result<(), ServiceError> {
    let user = users::deactivate(store, id).await?;
    let address = user.as_ref().and_then(User::verified_email).map(EmailAddress::key);
    let decide = &|one: &Invitation| lifecycle::erase(one, id, address.as_ref(), now);
    for party in address.clone().map(Party::Address).into_iter().chain([Party::User(id.clone())]) {
        for list in [List::To(party.clone()), List::RequestedFor(party)] {
            sweep(store, &list, None, decide, now).await?;
        }
    }
    let sent = List::By(id.clone());
    sweep(store, &sent, None, decide, now).await?;
    loop {
        // Until the user is gone, they can be connected, enrolled or given an invitation.
        let round = |()| async move {
            store.in_time()?;
            let belongings = store.belongings(id).await?;
            apply_to_all(store, store.live_invitations(&belongings).await?, decide, now).await?;
            Ok::<_, ServiceError>(match remove(store, &belongings, now).await? {
                Removal::Conflict => ControlFlow::Continue(()),
                removal => ControlFlow::Break((removal, belongings)),
            })
        };
        let (removal, belongings) = retry((), round).await?;
        let is_over = match removal {
            Removal::Active => true,
            _ if belongings.more => false,
            _ if !belongings.is_known() => true,
            _ => {
                // What they sent a moment before may not have been in the index yet, and nothing else leads to it.
                sweep(store, &sent, None, decide, now).await?;
                // What came before their own record went is found by one more round.
                !users::remove(store, id).await?
            }
        };
        if is_over {
            return Ok(());
        }
    }
}

/// Removes those records but the user's own, as long as the user is not active again.
async fn remove(store: &Store, belongings: &Belongings, now: Timestamp) -> Result<Removal, StoreError> {
    for batch in belongings.batches() {
        store.in_time()?;
        let removal = store.remove_batch(batch, now).await?;
        if removal != Removal::Done {
            return Ok(removal);
        }
    }
    Ok(Removal::Done)
}
