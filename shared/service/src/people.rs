//! The search for people to invite: by the beginning of any word of their names, however many there are.

use std::collections::HashSet;

use domain::{
    Timestamp,
    id::{CommunityId, UserId},
    person::{Caller, Party, User},
    search::SearchName,
    sending::{NotInvited, Outcome, Recipient, SearchScope, SendingRights, search_scope},
};
use store::{Store, StoreError, keys::Key, people::Named, read::Records};

use crate::{ServiceError, inviter::Inviter};

/// The most people that a search finds.
pub const MAX_FOUND: usize = 10;
/// How many filed names are read for them: some begin so with several of their words.
const READ: u32 = 30;
/// How many are read of those that begin like the longest word, where not all of them have the other words.
const READ_TO_COMPARE: u32 = 300;

/// Someone who was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// Who it is.
    pub user: User,
    /// Why an invitation would have no effect, where that is so.
    pub reason: Option<Reason>,
}

/// Why an invitation of a person who was found would have no effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// They are a member.
    AlreadyMember,
    /// They have a live invitation.
    AlreadyInvited,
}

/// Finds people for the caller to invite to the community: at most [`MAX_FOUND`], in the order of the words that were
/// found. That takes two batch reads and a query, or two where several words are not found one after the other.
///
/// # Errors
/// What stands in the way of sending, and [`domain::refusal::Refusal::PeopleSearchOff`]; [`ServiceError::Store`] if a
/// read fails.
pub async fn search(
    store: &Store,
    caller: &Caller,
    community: &CommunityId,
    query: &SearchName,
    now: Timestamp,
) -> Result<Vec<Candidate>, ServiceError> {
    let inviter = Inviter::read(store, caller, community, now).await?;
    let rights = inviter.rights()?;
    let scope = search_scope(caller.site_administrator, inviter.role, &inviter.settings)?;
    let Some(longest) = query.longest() else { return Ok(Vec::new()) };
    let found = match scope {
        SearchScope::Everybody => everybody(store, query, longest).await?,
        SearchScope::Connections => connections(store, &caller.id, query, longest).await?,
    };
    let asked = Asked { caller: &caller.id, community, query, rights, now };
    let records = store.read_to_show(found.iter().flat_map(|user| asked.keys(user))).await?;
    Ok(found.iter().filter_map(|user| asked.candidate(user, &records)).collect())
}

/// Looks for all users whose names the query finds.
async fn everybody(store: &Store, query: &SearchName, longest: &str) -> Result<Vec<UserId>, StoreError> {
    let mut found = store.names_from(&query.to_string(), READ).await?;
    if query.has_several() && found.len() < MAX_FOUND {
        found.extend(store.names_from(longest, READ_TO_COMPARE).await?);
    }
    Ok(first_of(found, query))
}

/// Looks for the user's connections whose names the query finds.
async fn connections(
    store: &Store,
    user: &UserId,
    query: &SearchName,
    longest: &str,
) -> Result<Vec<UserId>, StoreError> {
    let mut found = store.connections_with(user, longest).await?;
    found.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(first_of(found, query))
}

/// Returns the first users whose names the query finds, each once.
fn first_of(named: Vec<Named>, query: &SearchName) -> Vec<UserId> {
    let mut seen = HashSet::new();
    let found = named.into_iter().filter(|one| query.finds(&one.name)).map(|one| one.user);
    found.filter(|user| seen.insert(user.clone())).take(MAX_FOUND).collect()
}

/// What is asked about everyone who was found.
struct Asked<'a> {
    caller: &'a UserId,
    community: &'a CommunityId,
    query: &'a SearchName,
    rights: SendingRights,
    now: Timestamp,
}

impl Asked<'_> {
    /// The records that tell whether someone can be invited.
    fn keys(&self, user: &UserId) -> impl Iterator<Item = Key> {
        let connection = self.rights.connections_only.then(|| Key::connection(self.caller, user));
        let standing = Key::standing(&Party::User(user.clone()), self.community);
        [Key::user(user), standing].into_iter().chain(connection)
    }

    /// The user as they are now, if they are still found.
    fn candidate(&self, user: &UserId, records: &Records) -> Option<Candidate> {
        let recipient = records.user_recipient(user, None, self.caller, self.community);
        let reason = match recipient.admit(self.rights, None, self.now) {
            Err(NotInvited { outcome: Outcome::AlreadyMember, .. }) => Some(Reason::AlreadyMember),
            // That an invitation to an address is to this person is not for the caller to hear.
            Err(NotInvited { outcome: Outcome::AlreadyInvited, .. }) if !recipient.is_invited_by_address() => {
                Some(Reason::AlreadyInvited)
            }
            Err(NotInvited { outcome: Outcome::NotConnected, .. }) => return None,
            // Who does not want to be invited looks like everyone else.
            _ => None,
        };
        match recipient {
            Recipient::User { user, .. } if self.query.finds(&user.search_name()) => {
                Some(Candidate { user: *user, reason })
            }
            _ => None,
        }
    }
}
