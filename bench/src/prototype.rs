//! Records that the service has left of one user and of their invitation, copied under other ids as often as needed.

use std::sync::atomic::{AtomicU64, Ordering};

use domain::{
    email::{AddressKey, EmailAddress},
    id::InvitationId,
    link::LinkToken,
    person::Party,
};
use dynoxide::Item;
use store::keys::waited_for;
use system::now;

use crate::error::Result;

/// What one invocation works on.
#[derive(Debug, Clone, Default)]
pub(crate) struct Case {
    /// The invited users, or those to be invited.
    pub(crate) users: Vec<String>,
    /// The invitation, if there is one.
    pub(crate) id: String,
    /// The token of its mail's link.
    pub(crate) token: String,
}

/// The records of one user, and of the invitation to them if there is one.
#[derive(Clone)]
pub(crate) struct Prototype {
    pub(crate) user: String,
    pub(crate) id: Option<InvitationId>,
    /// Each as JSON.
    pub(crate) records: Vec<String>,
}

impl Prototype {
    /// Returns the records of another user, with an invitation of their own.
    pub(crate) fn copy(&self) -> Result<(Case, Vec<Item>)> {
        let user = fresh_user();
        let mut replacements = renaming(&self.user, &user)?;
        let mut case = Case { users: vec![user], ..Case::default() };
        if let Some(old) = self.id {
            let id = fresh_id()?;
            let (before, after) = (link(old), link(id));
            case.id = id.to_string();
            case.token = after.reveal();
            replacements.push((old.to_string(), case.id.clone()));
            replacements.push((before.digest().as_str().to_owned(), after.digest().as_str().to_owned()));
        }
        let records = self.records.iter().map(|record| Ok(serde_json::from_str(&replace(record, &replacements))?));
        Ok((case, records.collect::<Result<_>>()?))
    }

    /// Returns the records as they would be of that user and that invitation.
    pub(crate) fn records_of(&self, user: &str, id: &str) -> impl Iterator<Item = String> {
        let mut replacements = naming(&self.user, user);
        replacements.extend(self.id.map(|old| (old.to_string(), id.to_owned())));
        self.records.iter().map(move |record| replace(record, &replacements))
    }
}

static NEXT: AtomicU64 = AtomicU64::new(1);

fn number() -> u64 {
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// Returns an id that nothing has yet.
pub(crate) fn fresh_id() -> Result<InvitationId> {
    let mut entropy = [0; 10];
    entropy[2..].copy_from_slice(&number().to_be_bytes());
    Ok(InvitationId::new(now().as_millisecond().try_into()?, entropy))
}

/// Returns a digest that nothing has yet: as many hexadecimal characters as SHA-256 has.
pub(crate) fn fresh_digest() -> String {
    format!("{:064x}", number())
}

/// Returns the id of a user who does not exist yet.
pub(crate) fn fresh_user() -> String {
    format!("guest-{:08}", number())
}

/// Returns the key of a user's address in the table.
pub(crate) fn address(user: &str) -> Result<AddressKey> {
    Ok(format!("{user}@example.org").parse::<EmailAddress>()?.key())
}

/// Returns the link in the mail of an invitation that has not changed since it was made.
pub(crate) fn link(id: InvitationId) -> LinkToken {
    const SECRET: [u8; 32] = [7; 32];
    LinkToken::new(id, 1, SECRET)
}

/// Returns the replacements that make a text about one user a text about another.
pub(crate) fn renaming(from: &str, to: &str) -> Result<Vec<(String, String)>> {
    let (before, after) = (address(from)?, address(to)?);
    let address = (before.as_str().to_owned(), after.as_str().to_owned());
    Ok([address].into_iter().chain(naming(from, to)).collect())
}

/// Returns what turns one user into another where they are named: by id, in the names that they are found by, and as
/// those whose answer something waits for.
fn naming(from: &str, to: &str) -> Vec<(String, String)> {
    let words = |id: &str| id.replace('-', " ");
    let waits = |id: &str| id.parse().map(|id| waited_for(&Party::User(id))).ok();
    let digest = waits(from).zip(waits(to));
    [(from.to_owned(), to.to_owned()), (words(from), words(to))].into_iter().chain(digest).collect()
}

/// Returns the text with the first of every pair replaced by the second.
pub(crate) fn replace(text: &str, pairs: &[(String, String)]) -> String {
    pairs.iter().fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
}
