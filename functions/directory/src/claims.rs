//! Invitations of an address become those of the user whose verified address it is, and so do its refusals.
//!
//! Every step holds only while the address is the user's, and every invitation moves by its revision: of two users who
//! are given the same address one after the other, at most one gets an invitation.

use aws_sdk_dynamodb::types::AttributeValue;
use domain::{
    Timestamp,
    email::AddressKey,
    id::{CommunityId, InvitationId},
    invitation::Invitation,
    lifecycle,
    person::{Party, Standing, User},
};
use futures::{StreamExt, TryStreamExt, stream};
use http_api::problem::Problem;
use store::{
    Store,
    attributes::KIND,
    execute::{Condition, Executed, FailedCondition},
    expression::{Expression, number, string},
    keys::{Key, STANDING_PREFIX, address_partition},
    read::key_of,
    record::{self, Kind},
    write::{Write, Written},
};

use crate::{ROUNDS, sweep};

/// Gives the user what the table keeps for their verified address. A repetition finds nothing left to do.
pub(crate) async fn claim(store: &Store, user: &User, now: Timestamp) -> Result<(), Problem> {
    let Some(email) = user.verified_email() else { return Ok(()) };
    let heir = Heir { store, user, address: email.key(), now };
    let mut standings = Vec::new();
    for item in store.partition(&address_partition(&heir.address), STANDING_PREFIX).await? {
        if let Some(community) = key_of(&item).and_then(|key| key.standing_with()) {
            standings.push((community, record::value::<Standing>(item)?));
        }
    }
    let heir = &heir;
    stream::iter(standings)
        .map(Ok)
        .try_for_each_concurrent(sweep::CONCURRENCY, |(community, standing)| async move {
            heir.take_over(&community, &standing).await
        })
        .await
}

/// A user on the way to what their address has.
struct Heir<'a> {
    store: &'a Store,
    user: &'a User,
    address: AddressKey,
    now: Timestamp,
}

impl Heir<'_> {
    fn party(&self) -> Party {
        Party::User(self.user.id.clone())
    }

    async fn take_over(&self, community: &CommunityId, standing: &Standing) -> Result<(), Problem> {
        self.refuse_alike(community, standing).await?;
        match standing.live_at(self.now) {
            Some(id) => self.claim(id).await,
            None => Ok(()),
        }
    }

    /// Whom the address refused, its owner refuses: for good, or for as long.
    async fn refuse_alike(&self, community: &CommunityId, standing: &Standing) -> Result<(), Problem> {
        let cooling_until = standing.cooling_at(self.now);
        if !standing.blocked && cooling_until.is_none() {
            return Ok(());
        }
        let key = Key::standing(&self.party(), community);
        for _ in 0..ROUNDS {
            let own = self.store.read([key.clone()]).await?.standing(&self.party(), community)?;
            let blocks = standing.blocked && !own.blocked;
            let cools = cooling_until.filter(|until| own.cooling_until.is_none_or(|own| own < *until));
            if !blocks && cools.is_none() {
                return Ok(());
            }
            let writes = vec![Write::Update(key.clone(), refusal(&own, blocks, cools)), self.still_owned()];
            match self.store.transact(writes).await? {
                Written::Conflict(failed) if failed.iter().all(|(write, _)| *write == 0) => {}
                // Done; or the address is another's by now, and so is what it refuses.
                _ => return Ok(()),
            }
        }
        Err(Problem::unavailable(self.now))
    }

    fn still_owned(&self) -> Write {
        let mut expression = Expression::default();
        expression.require_equal("owner", string(self.user.id.as_str()));
        Write::Check(Key::address(&self.address), expression)
    }

    async fn claim(&self, id: InvitationId) -> Result<(), Problem> {
        for _ in 0..ROUNDS {
            let Some(invitation) = self.read(id).await? else { return Ok(()) };
            let Some(transition) = lifecycle::transfer(&invitation, self.user, self.now) else { return Ok(()) };
            let losses = match self.store.execute(&[&transition], &[], self.now).await? {
                Executed::Done => return Ok(()),
                Executed::Conflict(losses) => losses,
            };
            let lost = |cause: fn(&Condition) -> bool| {
                losses.iter().any(|FailedCondition { condition: lost, .. }| cause(lost))
            };
            if lost(|cause| matches!(cause, Condition::Guard(_))) {
                // The address is another's by now.
                return Ok(());
            }
            if lost(|cause| matches!(cause, Condition::Standing(_, Party::User(_)))) {
                // A member, invited already, or not willing: there is nothing left to answer.
                return sweep::settle(self.store, invitation, &|one| lifecycle::withdraw(one, self.now), self.now)
                    .await;
            }
        }
        Err(Problem::unavailable(self.now))
    }

    /// The invitation, while it is one of the address.
    async fn read(&self, id: InvitationId) -> Result<Option<Invitation>, Problem> {
        let key = Key::invitation(id);
        let found = self.store.read([key.clone()]).await?.get(&key).cloned().map(record::invitation).transpose()?;
        Ok(found.filter(|one| one.invitee.party() == Party::Address(self.address.clone())))
    }
}

/// What makes the user's standing refuse, provided that it is still as it was read.
fn refusal(own: &Standing, blocks: bool, cools: Option<Timestamp>) -> Expression {
    let mut expression = Expression::default();
    expression.set(KIND, string(Kind::Standing.as_str()));
    if blocks {
        expression.set("blocked", AttributeValue::Bool(true));
    }
    if let Some(until) = cools {
        expression.set("coolingUntil", number(until.as_millisecond()));
    }
    match own.cooling_until {
        Some(until) => expression.require_equal("coolingUntil", number(until.as_millisecond())),
        None => expression.require_missing("coolingUntil"),
    }
    expression
}
