//! Many records of all kinds, a result each. A bad record never stops the others.
//!
//! Records that have something to do with each other are applied in the order they came in; the others at the same
//! time. A wave is as many records from the front as have nothing to do with each other. An address that one user gives
//! up and another gets shows in neither's record: who finds it taken is tried again at the end of the wave.

use std::mem;

use domain::{
    Timestamp,
    community::Community,
    email::{AddressKey, EmailAddress},
    id::{CommunityId, UserId},
    person::{Connection, Member, User},
    refusal::Refusal,
};
use futures::{StreamExt, stream};
use serde::Serialize;
use store::Store;

use super::{Stored, communities, connections, members, sweep::CONCURRENCY, users};
use crate::ServiceError;

/// One record of an import.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Record {
    /// A user.
    User(User),
    /// A community.
    Community(Community),
    /// A membership.
    Member(Member),
    /// A connection.
    Connection(Connection),
}

/// Applies the records. A record that could not be read keeps its error. Results are in the order of the records.
pub async fn import<E: From<ServiceError>>(
    store: &Store,
    records: Vec<Result<Record, E>>,
    now: Timestamp,
) -> Vec<Result<Stored<Record>, E>> {
    let mut results = Vec::new();
    for wave in waves(records) {
        let applied = wave.into_iter().map(|record| async move {
            let record = record.map_err(Attempt::Over)?;
            put(store, record.clone(), now).await.map_err(|error| match error {
                ServiceError::Refused(Refusal::EmailTaken) => Attempt::AddressTaken(record),
                error => Attempt::Over(error.into()),
            })
        });
        for result in stream::iter(applied).buffered(CONCURRENCY).collect::<Vec<_>>().await {
            results.push(match result {
                Ok(stored) => Ok(stored),
                Err(Attempt::Over(error)) => Err(error),
                Err(Attempt::AddressTaken(record)) => put(store, record, now).await.map_err(E::from),
            });
        }
    }
    results
}

/// An attempt at a record that did not succeed.
enum Attempt<E> {
    /// It will not.
    Over(E),
    /// The user's address was another one's.
    AddressTaken(Record),
}

async fn put(store: &Store, record: Record, now: Timestamp) -> Result<Stored<Record>, ServiceError> {
    store.in_time()?;
    Ok(match record {
        Record::User(user) => users::put(store, user, now).await?.map(Record::User),
        Record::Community(community) => communities::put(store, community).await?.map(Record::Community),
        Record::Member(member) => members::put(store, member, now).await?.map(Record::Member),
        Record::Connection(connection) => connections::put(store, connection).await?.map(Record::Connection),
    })
}

/// Something that a record changes, or needs to be as earlier records have left it.
#[derive(PartialEq, Eq)]
enum Subject {
    User(UserId),
    Address(AddressKey),
    Community(CommunityId),
    Member(CommunityId, UserId),
    Connection(UserId, UserId),
}

impl Record {
    fn changes(&self) -> Vec<Subject> {
        match self {
            Self::User(user) => {
                let address = user.email.as_ref().map(EmailAddress::key).map(Subject::Address);
                [Subject::User(user.id.clone())].into_iter().chain(address).collect()
            }
            Self::Community(community) => vec![Subject::Community(community.id.clone())],
            Self::Member(Member { community_id, user_id, .. }) => {
                vec![Subject::Member(community_id.clone(), user_id.clone())]
            }
            Self::Connection(Connection { user_id, other_id }) => {
                let (one, two) = if user_id < other_id { (user_id, other_id) } else { (other_id, user_id) };
                vec![Subject::Connection(one.clone(), two.clone())]
            }
        }
    }

    fn needs(&self) -> Vec<Subject> {
        match self {
            Self::User(_) | Self::Community(_) => Vec::new(),
            Self::Member(Member { community_id, user_id, .. }) => {
                vec![Subject::Community(community_id.clone()), Subject::User(user_id.clone())]
            }
            Self::Connection(Connection { user_id, other_id }) => {
                vec![Subject::User(user_id.clone()), Subject::User(other_id.clone())]
            }
        }
    }
}

/// Cuts the records, in their order, wherever one has to wait for those before it.
pub fn waves<E>(records: Vec<Result<Record, E>>) -> Vec<Vec<Result<Record, E>>> {
    let (mut waves, mut wave) = (Vec::new(), Vec::new());
    let (mut touched, mut relied_on) = (Vec::new(), Vec::new());
    for record in records {
        let changes = record.as_ref().map(Record::changes).unwrap_or_default();
        let needs = record.as_ref().map(Record::needs).unwrap_or_default();
        let waits = changes.iter().any(|subject| touched.contains(subject) || relied_on.contains(subject))
            || needs.iter().any(|subject| touched.contains(subject));
        if waits {
            waves.push(mem::take(&mut wave));
            touched.clear();
            relied_on.clear();
        }
        touched.extend(changes);
        relied_on.extend(needs);
        wave.push(record);
    }
    waves.push(wave);
    waves
}
