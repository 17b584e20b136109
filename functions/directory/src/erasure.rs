//! `DELETE /directory/users/{userId}`: nothing that names the person stays behind.
//!
//! The user is made inactive first, so that nobody acts as them or invites them while the rest is found and changed.
//! What leads to the rest goes last, their address with it. A removal that runs out of time is continued by its
//! repetition.

use invitations::{
    domain::{
        Timestamp,
        email::EmailAddress,
        id::UserId,
        invitation::Invitation,
        lifecycle,
        person::{Party, Role, Standing, User},
    },
    http::problem::Problem,
    runtime::now,
    store::{
        Store,
        execute::MAX_ACTIONS,
        expression::Expression,
        keys::{Index, Key, party_partition, requested_partition, user_partition},
        read::key_of,
        record::{self, Item},
        write::{Write, Written},
    },
};

use crate::{
    sweep::{self, Deadline, Decide},
    users,
};

/// Removes the user, their live invitations, and their name and address from all others.
pub(crate) async fn erase(store: &Store, id: &UserId) -> Result<(), Problem> {
    let (now, deadline) = (now(), Deadline::start());
    let user = users::deactivate(store, id).await?;
    let address = user.as_ref().and_then(User::verified_email).map(EmailAddress::key);
    let decide = |one: &Invitation| lifecycle::erase(one, id, address.as_ref(), now);
    let parties = address.clone().map(Party::Address).into_iter().chain([Party::User(id.clone())]);
    for party in parties {
        for of in [party_partition(&party), requested_partition(&party)] {
            sweep::sweep(store, (Index::Invitee, of), None, &decide, now, deadline).await?;
        }
    }
    sweep::sweep(store, (Index::Sender, user_partition(id)), None, &decide, now, deadline).await?;
    let items = store.partition(&user_partition(id), "").await?;
    settle_live(store, &items, &decide, now).await?;
    sweep::remove(store, &doomed(id, &items), deadline).await?;
    users::remove(store, id).await?;
    // Until that moment they could be connected, invited or made a member. From now on nobody can.
    let items = store.partition(&user_partition(id), "").await?;
    if items.iter().filter_map(key_of).any(|key| key == Key::user(id)) {
        // Whom the platform has brought back keeps what they have.
        return Ok(());
    }
    settle_live(store, &items, &decide, now).await?;
    remove_left(store, id, &doomed(id, &items), deadline).await
}

/// Removes what came to the user while the rest was going, for as long as they are not back.
async fn remove_left(store: &Store, id: &UserId, keys: &[Key], deadline: Deadline) -> Result<(), Problem> {
    for keys in keys.chunks(MAX_ACTIONS - 1) {
        deadline.check()?;
        let mut writes = vec![users::gone(id)];
        writes.extend(keys.iter().map(|key| Write::Delete(key.clone(), Expression::default())));
        if store.transact(writes).await? != Written::Done {
            return Ok(());
        }
    }
    Ok(())
}

/// Settles what the standings name: an index may lag behind, these do not.
async fn settle_live(store: &Store, items: &[Item], decide: &impl Decide, now: Timestamp) -> Result<(), Problem> {
    let ids = standings(items).filter_map(|(_, standing)| standing.live_invitation);
    let keys: Vec<_> = ids.map(Key::invitation).collect();
    let found = store.read(keys.clone()).await?;
    let invitations = keys.iter().filter_map(|key| found.get(key).cloned()).map(record::invitation);
    sweep::settle_all(store, invitations.collect::<Result<_, _>>()?, decide, now).await
}

/// The keys of all records that go with the user: those elsewhere before those that lead to them.
///
/// The user's own is not among them: it goes together with the ownership of their address.
fn doomed(id: &UserId, items: &[Item]) -> Vec<Key> {
    let own = items.iter().filter_map(key_of).filter(|key| *key != Key::user(id));
    let moderating = standings(items).filter(|(_, standing)| standing.role.is_some_and(Role::moderates));
    let elsewhere =
        moderating.filter_map(|(key, _)| key.standing_with()).map(|community| Key::moderator(&community, id));
    let ways_back = own.clone().filter_map(|key| key.connected_to()).map(|other| Key::connection(&other, id));
    elsewhere.chain(ways_back).chain(own).collect()
}

/// The standings among the records.
fn standings(items: &[Item]) -> impl Iterator<Item = (Key, Standing)> {
    items.iter().filter_map(|item| {
        let key = key_of(item).filter(|key| key.standing_with().is_some())?;
        Some((key, record::value(item.clone()).ok()?))
    })
}
