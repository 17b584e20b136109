//! The sort key of the three indexes: one string that makes every list one contiguous range.
//!
//! Read backwards it gives pending invitations first, the newest first, then the others state by state. Live ones are
//! sorted by expiry, which for one lifetime is the order of their making; so "pending" and "expired" are ranges that
//! end at the clock, exact to the millisecond, without anything having to be written when an invitation expires:
//!
//! ```text
//!  9 pending ............ by expiry: live ones above the clock, lapsed ones below
//!  8 expired ............ by expiry: adjacent to the lapsed pending ones
//!  7 awaiting approval .. by expiry, mirrored: lapsed requests are adjacent to the expired
//!  6 accepted · 5 declined · 4 rejected · 3 cancelled .. by id, which is by creation
//! ```

use domain::{
    Timestamp,
    id::InvitationId,
    invitation::{Invitation, Status},
};

/// Mirrors times, so that requests which expire later sort lower. Thirteen digits last until the year 2286.
const MIRROR: i64 = 9_999_999_999_999;
/// Sorts after every digit, letter and `#`.
const LAST: char = '~';

/// The listing key of an invitation as it is stored.
pub fn listing(invitation: &Invitation) -> String {
    let id = invitation.id;
    let expiry = invitation.expires_at.as_millisecond();
    match invitation.status {
        Status::Pending => format!("9#{expiry:013}#{id}"),
        Status::Expired => format!("8#{expiry:013}#{id}"),
        Status::AwaitingApproval => format!("7#{:013}#{id}", MIRROR - expiry),
        Status::Accepted => format!("6#{id}"),
        Status::Declined => format!("5#{id}"),
        Status::Rejected => format!("4#{id}"),
        Status::Cancelled => format!("3#{id}"),
    }
}

/// The listing keys of all invitations whose status at `now` is `status`; of all there are, without one.
///
/// Both ends belong to the range.
pub fn range(status: Option<Status>, now: Timestamp) -> (String, String) {
    let now = now.as_millisecond();
    let whole = |rank: char| (format!("{rank}#"), format!("{rank}#{LAST}"));
    match status {
        None => ("3#".to_owned(), format!("9#{LAST}")),
        Some(Status::Pending) => (format!("9#{:013}", now + 1), format!("9#{LAST}")),
        Some(Status::Expired) => (format!("7#{:013}", MIRROR - now), format!("9#{now:013}#{LAST}")),
        Some(Status::AwaitingApproval) => ("7#".to_owned(), format!("7#{:013}#{LAST}", MIRROR - now - 1)),
        Some(Status::Accepted) => whole('6'),
        Some(Status::Declined) => whole('5'),
        Some(Status::Rejected) => whole('4'),
        Some(Status::Cancelled) => whole('3'),
    }
}

/// The listing keys of invitations that are stored as pending, and as awaiting approval, although expired at `now`.
pub fn lapsed_ranges(now: Timestamp) -> [(String, String); 2] {
    let now = now.as_millisecond();
    [("9#".to_owned(), format!("9#{now:013}#{LAST}")), (format!("7#{:013}", MIRROR - now), format!("7#{LAST}"))]
}

/// Whether the listing key is that of an invitation pending at `now`.
pub fn is_pending(listing: &str, now: Timestamp) -> bool {
    listing >= range(Some(Status::Pending), now).0.as_str()
}

/// The invitation that a listing key belongs to.
pub fn invitation_of(listing: &str) -> Option<InvitationId> {
    listing.rsplit('#').next()?.parse().ok()
}
