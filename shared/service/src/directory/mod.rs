//! The directory: the platform's users, communities, members, connections and settings, kept in step.
//!
//! Every write is an upsert that can be repeated, and so is every removal: one that runs out of time is continued by
//! its repetition. What the platform may not know of happens along the way: invitations of an address become those of
//! its owner, and the live invitations of a user end when they become a member, are erased or removed.

mod address_owner;
pub mod communities;
pub mod connections;
pub mod erasure;
pub mod import;
pub mod members;
pub mod senders;
pub mod settings;
pub mod suppressions;
mod sweep;
pub mod users;

use domain::refusal::Refusal;
use store::relations::RelationWrite;

use crate::ServiceError;

/// A record as it is kept from now on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored<T> {
    /// The record.
    pub record: T,
    /// Whether there was none before.
    pub created: bool,
}

impl<T> Stored<T> {
    fn map<U>(self, change: impl FnOnce(T) -> U) -> Stored<U> {
        Stored { record: change(self.record), created: self.created }
    }

    fn related(record: T, write: RelationWrite) -> Result<Self, ServiceError> {
        match write {
            RelationWrite::Created => Ok(Self { record, created: true }),
            RelationWrite::Replaced => Ok(Self { record, created: false }),
            RelationWrite::NoUser => Err(Refusal::NotInDirectory("user").into()),
            RelationWrite::NoCommunity => Err(Refusal::NotInDirectory("community").into()),
        }
    }
}
