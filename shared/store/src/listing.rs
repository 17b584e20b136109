//! The sort key of the three indexes: a list is one range of it, and so is every status.
//!
//! Read backwards it gives the invitations status by status, pending ones first, and the newest of each first. The id
//! begins with the time of its making, and in one request it counts the recipients.
//!
//! ```text
//!  9 pending · 8 awaiting approval · 7 accepted · 6 declined · 5 rejected · 4 cancelled · 3 expired      rank#id
//! ```
//!
//! Nothing is written when an invitation expires. So lapsed ones lie among the live ones, and their place in a list,
//! where it is read at some moment, is another than that of their record: among the expired.

use std::{fmt, str::FromStr};

use domain::{
    Timestamp,
    id::InvitationId,
    invitation::{Invitation, Status},
};

/// Sorts after every digit, letter and `#`.
const LAST: char = '~';

/// The place of an invitation in a list: by status, then by creation. The greater comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    rank: char,
    id: InvitationId,
}

/// What of a list is read: both ends belong to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Range {
    pub(crate) from: String,
    pub(crate) to: String,
}

impl Place {
    /// The place of an invitation that has that status.
    pub fn new(status: Status, id: InvitationId) -> Self {
        Self { rank: rank(status), id }
    }

    /// The place of the invitation in a list as it is at `clock`.
    pub fn at(invitation: &Invitation, clock: Timestamp) -> Self {
        Self::new(invitation.status_at(clock), invitation.id)
    }

    /// The last place that an invitation with that status can have.
    pub fn last_of(status: Status) -> Self {
        Self::new(status, InvitationId::from_bytes([0; 16]))
    }

    /// The place of the same invitation once it has expired.
    pub(crate) fn expired(self) -> Self {
        Self::new(Status::Expired, self.id)
    }

    /// Whether an invitation in this place has that status.
    pub fn is_among(self, status: Status) -> bool {
        self.rank == rank(status)
    }

    /// The invitation.
    pub fn id(self) -> InvitationId {
        self.id
    }

    /// The greatest listing key after this one.
    fn next(self) -> String {
        match u128::from_be_bytes(self.id.to_bytes()).checked_sub(1) {
            Some(next) => Self { id: InvitationId::from_bytes(next.to_be_bytes()), ..self }.to_string(),
            None => format!("{}#", self.rank),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}#{}", self.rank, self.id)
    }
}

impl FromStr for Place {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (status, id) = text.split_once('#').ok_or(())?;
        let status = Status::ALL.into_iter().find(|one| status.chars().eq([rank(*one)])).ok_or(())?;
        Ok(Self::new(status, id.parse().map_err(|_| ())?))
    }
}

fn rank(status: Status) -> char {
    match status {
        Status::Pending => '9',
        Status::AwaitingApproval => '8',
        Status::Accepted => '7',
        Status::Declined => '6',
        Status::Rejected => '5',
        Status::Cancelled => '4',
        Status::Expired => '3',
    }
}

impl Range {
    /// All invitations that are stored with a status from `first` to `last` in the order of lists.
    fn between(first: Status, last: Status) -> Self {
        Self { from: format!("{}#", rank(last)), to: format!("{}#{LAST}", rank(first)) }
    }

    /// The invitations that are stored with that status; all, without one.
    pub fn of(status: Option<Status>) -> Self {
        status.map_or(Self::between(Status::Pending, Status::Expired), |status| Self::between(status, status))
    }

    /// The invitations that are stored as live.
    pub(crate) fn live() -> Self {
        Self::between(Status::Pending, Status::AwaitingApproval)
    }

    /// The part that comes after the place; `None` if that is nothing.
    pub fn after(self, place: Option<Place>) -> Option<Self> {
        let Some(place) = place else { return Some(self) };
        let to = place.next().min(self.to);
        (self.from <= to).then_some(Self { to, ..self })
    }

    /// Whether the place belongs to it.
    pub fn contains(&self, place: Place) -> bool {
        (&self.from..=&self.to).contains(&&place.to_string())
    }
}

/// The listing key of an invitation as it is stored.
pub fn listing(invitation: &Invitation) -> String {
    Place::new(invitation.status, invitation.id).to_string()
}
