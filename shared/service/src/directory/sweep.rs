//! One decision applied to many invitations: page by page, some at a time, as long as there is time.

use domain::{
    Timestamp,
    invitation::{Invitation, Status},
    transition::Transition,
};
use futures::{StreamExt, TryStreamExt, stream};
use store::{
    Store,
    keys::List,
    read::{Entry, PageRequest},
};

use super::time_budget::TimeBudget;
use crate::{ServiceError, decision::apply_unconditional};

/// How many records are worked on at the same time.
pub(super) const CONCURRENCY: usize = 8;
/// How much of a list one query reads.
const PAGE: u32 = 100;

/// The decision that a sweep takes on each invitation; `None` when nothing is left to do.
pub(super) trait Decide: Fn(&Invitation) -> Option<Transition> + Sync {}
impl<F: Fn(&Invitation) -> Option<Transition> + Sync> Decide for F {}

/// Applies the decision to every invitation of the list that has the status; to all, without one.
pub(super) async fn sweep(
    store: &Store,
    list: &List,
    status: Option<Status>,
    decide: &impl Decide,
    now: Timestamp,
    budget: TimeBudget,
) -> Result<(), ServiceError> {
    let mut after: Option<String> = None;
    loop {
        budget.check()?;
        let page = store.page(&PageRequest { list, status, after: after.as_deref(), limit: PAGE, now }).await?;
        after = page.entries.last().map(|entry| entry.listing.clone());
        let invitations = page.entries.into_iter().map(Entry::invitation).collect::<Result<Vec<_>, _>>()?;
        apply_to_all(store, invitations, decide, now).await?;
        if !page.more || after.is_none() {
            return Ok(());
        }
    }
}

/// Applies the decision to every live invitation of the list.
pub(super) async fn sweep_live(
    store: &Store,
    list: &List,
    decide: &impl Decide,
    now: Timestamp,
    budget: TimeBudget,
) -> Result<(), ServiceError> {
    for status in [Status::Pending, Status::AwaitingApproval] {
        sweep(store, list, Some(status), decide, now, budget).await?;
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
