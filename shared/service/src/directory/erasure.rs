//! The erasure of a user: nothing that names the person stays behind.
//!
//! The user is made inactive first, which keeps them from acting and from being invited while the rest is found and
//! changed. What leads to the rest goes last, their address with it. An erasure that runs out of time is continued by
//! its repetition.

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
    Store,
    erasure::{Belongings, Removal},
    keys::List,
    retry,
};

use super::{
    sweep::{apply_to_all, sweep},
    time_budget::TimeBudget,
    users,
};
use crate::ServiceError;

/// Removes the user, their live invitations, and their name and address from all others.
///
/// # Errors
/// [`ServiceError::OutOfTime`] if another attempt must go on; [`ServiceError::Store`] if the table fails.
pub async fn erase(store: &Store, id: &UserId, now: Timestamp) -> Result<(), ServiceError> {
    let budget = TimeBudget::start();
    let user = users::deactivate(store, id).await?;
    let address = user.as_ref().and_then(User::verified_email).map(EmailAddress::key);
    let decide = &|one: &Invitation| lifecycle::erase(one, id, address.as_ref(), now);
    for party in address.clone().map(Party::Address).into_iter().chain([Party::User(id.clone())]) {
        for list in [List::To(party.clone()), List::RequestedFor(party)] {
            sweep(store, &list, None, decide, now, budget).await?;
        }
    }
    sweep(store, &List::By(id.clone()), None, decide, now, budget).await?;
    // Until the user is gone, they can be connected, enrolled or given an invitation: each attempt removes what has come
    // since the last one.
    retry((), |()| async move {
        let belongings = store.belongings(id).await?;
        apply_to_all(store, store.live_invitations(&belongings).await?, decide, now).await?;
        let is_over = match remove(store, &belongings, now, budget).await? {
            Removal::Conflict => false,
            Removal::Active => true,
            // The user's own record goes last. What came before it went is found by one more attempt.
            Removal::Done => !belongings.is_known() || !users::remove(store, id).await?,
        };
        Ok(if is_over { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    })
    .await
}

/// Removes all records but the user's own, as long as the user is not active again.
async fn remove(
    store: &Store,
    belongings: &Belongings,
    now: Timestamp,
    budget: TimeBudget,
) -> Result<Removal, ServiceError> {
    for batch in belongings.batches() {
        budget.check()?;
        let removal = store.remove_batch(batch, now).await?;
        if removal != Removal::Done {
            return Ok(removal);
        }
    }
    Ok(Removal::Done)
}
