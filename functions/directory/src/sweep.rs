//! Many invitations changed for one reason: page by page, some at a time, as long as there is time.

use std::time::Duration;

use domain::{
    Timestamp,
    invitation::{Invitation, Status},
    transition::Transition,
};
use futures::{StreamExt, TryStreamExt, stream};
use http_api::problem::Problem;
use store::{
    Store,
    execute::{Condition, Executed},
    keys::List,
    read::PageRequest,
};
use system::now;
use tokio::time::Instant;

use crate::ROUNDS;

/// How many records are worked on at the same time.
pub(crate) const CONCURRENCY: usize = 8;
/// How much of a list one query reads.
const PAGE: u32 = 100;
/// How long a request works before it asks to be repeated: well below what API Gateway waits.
const BUDGET: Duration = Duration::from_secs(20);

/// The moment at which a request stops taking on more work.
#[derive(Clone, Copy)]
pub(crate) struct TimeBudget(Instant);

impl TimeBudget {
    pub(crate) fn start() -> Self {
        Self(Instant::now() + BUDGET)
    }

    /// 503 once the time is over; a repetition goes on from there.
    pub(crate) fn check(self) -> Result<(), Problem> {
        if Instant::now() < self.0 { Ok(()) } else { Err(Problem::unavailable(now())) }
    }
}

/// The decision that a sweep takes on each invitation; `None` when nothing is left to do.
pub(crate) trait Decide: Fn(&Invitation) -> Option<Transition> + Sync {}
impl<F: Fn(&Invitation) -> Option<Transition> + Sync> Decide for F {}

/// Settles every invitation that `index` lists under `of` with that status; with any, without one.
pub(crate) async fn sweep(
    store: &Store,
    list: &List,
    status: Option<Status>,
    decide: &impl Decide,
    now: Timestamp,
    budget: TimeBudget,
) -> Result<(), Problem> {
    let mut after: Option<String> = None;
    loop {
        budget.check()?;
        let request = PageRequest { list, status, after: after.as_deref(), limit: PAGE, now };
        let page = store.page(&request).await?;
        after = page.entries.last().map(|(listing, _)| listing.clone());
        let invitations = page.entries.into_iter().map(|(_, invitation)| invitation).collect();
        settle_all(store, invitations, decide, now).await?;
        if !page.more || after.is_none() {
            return Ok(());
        }
    }
}

/// Settles some invitations, a few at a time.
pub(crate) async fn settle_all(
    store: &Store,
    invitations: Vec<Invitation>,
    decide: &impl Decide,
    now: Timestamp,
) -> Result<(), Problem> {
    stream::iter(invitations)
        .map(Ok)
        .try_for_each_concurrent(CONCURRENCY, |invitation| settle(store, invitation, decide, now))
        .await
}

/// Does what is decided on the invitation, and decides anew on what a faster writer has left.
pub(crate) async fn settle(
    store: &Store,
    mut invitation: Invitation,
    decide: &impl Decide,
    now: Timestamp,
) -> Result<(), Problem> {
    for _ in 0..ROUNDS {
        let Some(transition) = decide(&invitation) else { return Ok(()) };
        let losses = match store.execute(&[&transition], &[], now).await? {
            Executed::Done => return Ok(()),
            Executed::Conflict(losses) => losses,
        };
        for failed in losses {
            if matches!(failed.condition, Condition::Invitation(_)) {
                let Some(current) = failed.invitation()? else { return Ok(()) };
                invitation = current;
            }
        }
    }
    Err(Problem::unavailable(now))
}
