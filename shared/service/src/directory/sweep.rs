//! One decision applied to many invitations: page by page, some at a time, as long as there is time.
//!
//! What an ending or an erasing sweep has changed is not where it looks any more: it leaves the status or the list. So
//! one that is repeated goes on where the last one stopped, and keeps no note of how far that was. One that tells a new
//! name looks through all again, and writes what is still to be told: nobody is invited so often that reading alone
//! takes all the time.

use domain::{
    Timestamp,
    invitation::{Invitation, Status},
    transition::Transition,
};
use futures::{StreamExt, TryStreamExt, stream};
use store::{Store, keys::List};

use crate::{ServiceError, decision::apply_unconditional};

/// How many records are worked on at the same time.
pub(super) const CONCURRENCY: usize = 8;
/// How many invitations of a list are read at once.
const PAGE: u32 = 100;

/// The decision that a sweep takes on each invitation; `None` when nothing is left to do.
pub(super) trait Decide: Fn(&Invitation) -> Option<Transition> + Sync {}
impl<F: Fn(&Invitation) -> Option<Transition> + Sync> Decide for F {}

/// Applies the decision to every invitation that is stored in the list with the status; to all, without one.
pub(super) async fn sweep(
    store: &Store,
    list: &List,
    status: Option<Status>,
    decide: &impl Decide,
    now: Timestamp,
) -> Result<(), ServiceError> {
    let mut after = None;
    loop {
        store.in_time()?;
        let (invitations, next) = store.stored_page(list, status, after, PAGE).await?;
        apply_to_all(store, invitations, decide, now).await?;
        if next.is_none() {
            return Ok(());
        }
        after = next;
    }
}

/// Applies the decision to every invitation of the list that is stored as live. It must leave none that is.
pub(super) async fn sweep_live(
    store: &Store,
    list: &List,
    decide: &impl Decide,
    now: Timestamp,
) -> Result<(), ServiceError> {
    for status in [Status::Pending, Status::AwaitingApproval] {
        sweep(store, list, Some(status), decide, now).await?;
    }
    Ok(())
}

/// Applies the decision to some invitations, a few at a time.
pub(super) async fn apply_to_all(
    store: &Store,
    invitations: impl IntoIterator<Item = Invitation>,
    decide: &impl Decide,
    now: Timestamp,
) -> Result<(), ServiceError> {
    stream::iter(invitations)
        .map(Ok)
        .try_for_each_concurrent(CONCURRENCY, |invitation| async move {
            Ok(apply_unconditional(store, invitation, decide, now).await?)
        })
        .await
}
