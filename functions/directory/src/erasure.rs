//! `DELETE /directory/users/{userId}`: nothing that names the person stays behind.
//!
//! The user is made inactive first, so that nobody acts as them or invites them while the rest is found and changed.
//! What leads to the rest goes last, their address with it. A removal that runs out of time is continued by its
//! repetition.

use domain::{
    Timestamp,
    email::EmailAddress,
    id::UserId,
    invitation::Invitation,
    lifecycle,
    person::{Party, Standing, User},
};
use http_api::problem::Problem;
use store::{
    Store,
    attributes::{LIVE_INVITATION, LIVE_UNTIL},
    expression::Expression,
    keys::{Key, List, user_partition},
    read::key_of,
    record::{self, Item},
    write::{MAX_ACTIONS, Write, Written},
};
use system::now;

use crate::{
    ROUNDS,
    sweep::{self, Decide, TimeBudget},
    users,
};

/// Removes the user, their live invitations, and their name and address from all others.
pub(crate) async fn erase(store: &Store, id: &UserId) -> Result<(), Problem> {
    let (now, budget) = (now(), TimeBudget::start());
    let user = users::deactivate(store, id).await?;
    let address = user.as_ref().and_then(User::verified_email).map(EmailAddress::key);
    let decide = |one: &Invitation| lifecycle::erase(one, id, address.as_ref(), now);
    let parties = address.clone().map(Party::Address).into_iter().chain([Party::User(id.clone())]);
    for party in parties {
        for list in [List::To(party.clone()), List::RequestedFor(party)] {
            sweep::sweep(store, &list, None, &decide, now, budget).await?;
        }
    }
    sweep::sweep(store, &List::By(id.clone()), None, &decide, now, budget).await?;
    // Until the user is gone, they can be connected, enrolled or given an invitation: round by round, what has come since.
    for _ in 0..ROUNDS {
        let items = store.partition(&user_partition(id), "").await?;
        settle_live(store, &items, &decide, now).await?;
        let removals: Vec<_> = items.iter().filter_map(|item| removal(id, item, now)).collect();
        match remove(store, id, removals, budget).await? {
            Removed::All if !items.iter().any(|item| is_user(id, item)) => return Ok(()),
            Removed::All if !users::remove(store, id).await? => return Ok(()),
            Removed::All | Removed::Outrun => {}
            Removed::Unwanted => return Ok(()),
        }
    }
    Err(Problem::unavailable(now))
}

/// How the removal of records went.
enum Removed {
    /// None of them is left.
    All,
    /// An invitation that they lead to came in between.
    Outrun,
    /// The platform has brought the user back, who keeps what is left.
    Unwanted,
}

/// Removes records for as long as the user is not back: one with the other that mirrors it.
async fn remove(store: &Store, id: &UserId, removals: Vec<Vec<Write>>, budget: TimeBudget) -> Result<Removed, Problem> {
    let mut removals = removals.into_iter().peekable();
    while removals.peek().is_some() {
        budget.check()?;
        let some = removals.by_ref().take((MAX_ACTIONS - 1) / 2).flatten();
        let writes = [users::leaving(id)].into_iter().chain(some).collect();
        if let Written::Conflict(failed) = store.transact(writes).await? {
            let is_back = failed.iter().any(|(write, _)| *write == 0);
            return Ok(if is_back { Removed::Unwanted } else { Removed::Outrun });
        }
    }
    Ok(Removed::All)
}

/// Settles what the standings name: an index may lag behind, these do not.
async fn settle_live(store: &Store, items: &[Item], decide: &impl Decide, now: Timestamp) -> Result<(), Problem> {
    let standings = items.iter().filter(|item| key_of(item).is_some_and(|key| key.standing_with().is_some()));
    let live = standings.filter_map(|item| record::value::<Standing>(item.clone()).ok()?.live_invitation);
    let keys: Vec<_> = live.map(Key::invitation).collect();
    let found = store.read(keys.clone()).await?;
    let invitations = keys.iter().filter_map(|key| found.get(key).cloned()).map(record::invitation);
    sweep::settle_all(store, invitations.collect::<Result<_, _>>()?, decide, now).await
}

/// What removes a record of the user, unless it leads to a live invitation; `None` for the user's own, which goes together
/// with the ownership of their address.
fn removal(id: &UserId, item: &Item, now: Timestamp) -> Option<Vec<Write>> {
    let key = key_of(item).filter(|key| *key != Key::user(id))?;
    let mut settled = Expression::default();
    let mirror = if let Some(community) = key.standing_with() {
        settled.require_lapsed(LIVE_INVITATION, LIVE_UNTIL, now.as_millisecond());
        Some(Key::moderator(&community, id))
    } else {
        key.connected_to().map(|other| Key::connection(&other, id))
    };
    let mirror = mirror.map(|key| Write::Delete(key, Expression::default()));
    Some([Write::Delete(key, settled)].into_iter().chain(mirror).collect())
}

fn is_user(id: &UserId, item: &Item) -> bool {
    key_of(item).is_some_and(|key| key == Key::user(id))
}
