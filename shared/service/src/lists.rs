//! Lists of invitations, and one invitation by its id.

use std::{cmp::Reverse, collections::BTreeMap};

use domain::{
    Timestamp,
    id::{CommunityId, InvitationId},
    invitation::{Invitation, Status},
    person::{Caller, Party, User},
    refusal::Refusal,
    viewing::{RoleFact, Viewer},
};
use store::{
    Store, StoreError,
    keys::Key,
    listing,
    read::{Entry, PageRequest},
};

pub use store::keys::List;

use crate::{ServiceError, command::ViewedInvitation};

/// The most invitations on a page, and the most pending ones that are counted.
pub const MAX_LIMIT: u32 = 100;

/// One list and one place in it.
#[derive(Debug, Clone)]
pub struct ListRequest {
    /// The list.
    pub list: List,
    /// The status that the invitations have; any, without one.
    pub status: Option<Status>,
    /// The most invitations on the page, 1 to [`MAX_LIMIT`].
    pub limit: u32,
    /// Where the page before ended; `None` for the first page.
    pub after: Option<Position>,
    /// Whether to count the pending invitations.
    pub counting: bool,
}

/// The end of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position {
    /// The listing key of the last invitation on the page.
    pub listing: String,
    /// The count of pending invitations that the first page found.
    pub pending: Option<u32>,
}

/// A page of a list, in the order that it is shown in.
#[derive(Debug, Clone)]
pub struct Page {
    /// The invitations: pending ones first, and the newest first.
    pub invitations: Vec<Invitation>,
    /// Where the next page starts, if there is one.
    pub next: Option<Position>,
    /// The count of pending invitations, at most [`MAX_LIMIT`], where it was asked for and the list can tell.
    pub pending: Option<u32>,
}

/// Reads one page, at the price of one query. With `counting`, the first page reads far enough to count up to
/// [`MAX_LIMIT`] pending invitations; later pages carry the count along.
///
/// # Errors
/// [`StoreError`] if the query fails.
pub async fn page(store: &Store, request: &ListRequest, now: Timestamp) -> Result<Page, StoreError> {
    // The range of pending invitations is at the top of the list.
    let counting = request.counting && matches!(request.status, None | Some(Status::Pending));
    // One more than is shown tells whether there is a next page.
    let wanted = request.limit + 1;
    let range = PageRequest {
        list: &request.list,
        status: request.status,
        after: request.after.as_ref().map(|position| position.listing.as_str()),
        limit: if counting && request.after.is_none() { MAX_LIMIT.max(wanted) } else { wanted },
        now,
    };
    let mut entries = store.page(&range).await?.entries;
    let pending = match &request.after {
        Some(position) => position.pending,
        None if counting => {
            let count = entries.iter().filter(|entry| listing::is_pending(&entry.listing, now)).count();
            u32::try_from(count).ok().map(|count| count.min(MAX_LIMIT))
        }
        None => None,
    };
    let more = entries.len() > request.limit as usize;
    entries.truncate(request.limit as usize);
    let last = entries.last().filter(|_| more);
    let next = last.map(|entry| Position { listing: entry.listing.clone(), pending });
    let mut invitations = entries.into_iter().map(Entry::invitation).collect::<Result<Vec<_>, _>>()?;
    // The index sorts pending invitations by expiry; people expect the newest first.
    invitations.sort_by_key(|one| (one.status_at(now) != Status::Pending, Reverse(one.id)));
    Ok(Page { invitations, next, pending })
}

/// Reads one invitation that the caller may see. One batch answers the invitee and the sender; the role of another
/// caller takes a second read.
///
/// # Errors
/// [`Refusal::InvitationNotFound`] if the caller may not see it, [`ServiceError::Store`] if the table fails.
pub async fn invitation(store: &Store, caller: &Caller, id: InvitationId) -> Result<ViewedInvitation, ServiceError> {
    let subject = store.subject(id, caller).await?;
    let invitation = subject.invitation.ok_or(Refusal::InvitationNotFound)?;
    let user = subject.user.map(|record| record.user);
    let mut viewer = Viewer { caller, user: user.as_ref(), role: RoleFact::Unread };
    if viewer.sees(&invitation).is_none() {
        viewer.role = RoleFact::Known(store.role(&caller.id, &invitation.community.id).await?);
    }
    if viewer.sees(&invitation) != Some(true) {
        return Err(Refusal::InvitationNotFound.into());
    }
    let role = viewer.role;
    Ok(ViewedInvitation { invitation, user, role })
}

/// A caller who is known to moderate a community.
#[derive(Debug, Clone)]
pub struct Moderator {
    /// The caller, as the directory knows them.
    pub user: Option<User>,
    /// Their role.
    pub role: RoleFact,
}

/// Reads whether the caller moderates the community.
///
/// # Errors
/// [`Refusal::NotModerator`] and what [`Viewer::check_active`] refuses, [`ServiceError::Store`] if the read fails.
pub async fn moderator(store: &Store, caller: &Caller, community: &CommunityId) -> Result<Moderator, ServiceError> {
    let party = Party::User(caller.id.clone());
    let records = store.read([Key::user(&caller.id), Key::standing(&party, community)]).await?;
    let user = records.user(&caller.id)?.map(|record| record.user);
    let role = RoleFact::Known(records.standing(&party, community)?.role);
    let viewer = Viewer { caller, user: user.as_ref(), role };
    viewer.check_active()?;
    if viewer.moderates() { Ok(Moderator { user, role }) } else { Err(Refusal::NotModerator.into()) }
}

/// Reads one page of a community's invitations, side by side with the caller's right to it.
///
/// # Errors
/// As [`moderator`] and [`page`].
pub async fn moderated_page(
    store: &Store,
    caller: &Caller,
    community: &CommunityId,
    request: &ListRequest,
    now: Timestamp,
) -> Result<(Moderator, Page), ServiceError> {
    let page = async { page(store, request, now).await.map_err(ServiceError::from) };
    futures::try_join!(moderator(store, caller, community), page)
}

/// What a community's invitations add up to.
#[derive(Debug, Clone, PartialEq)]
pub struct Numbers {
    /// How many invitations there are in each status.
    pub counts: BTreeMap<Status, i64>,
    /// The share of answers that were yes; `None` without answers.
    pub acceptance_rate: Option<f64>,
    /// The median time to an answer; `None` without answers.
    pub median_answer_seconds: Option<u64>,
}

/// Reads a community's numbers. The counters are kept from the table's stream, moments behind the table; invitations
/// whose lifetime has passed are counted on the spot, so that expiry is right to the second.
///
/// # Errors
/// As [`moderator`].
pub async fn numbers(
    store: &Store,
    caller: &Caller,
    community: &CommunityId,
    now: Timestamp,
) -> Result<Numbers, ServiceError> {
    // Counting the lapsed ones costs more the more there are, so the right to it is checked first.
    moderator(store, caller, community).await?;
    let (stats, lapsed) = futures::try_join!(store.community_stats(community), store.lapsed(community, now))?;
    let count = |status: Status| {
        let stored = stats.states.get(&status).copied().unwrap_or_default();
        let shown = match status {
            Status::Pending => stored - lapsed.pending,
            Status::AwaitingApproval => stored - lapsed.awaiting_approval,
            Status::Expired => stored + lapsed.pending + lapsed.awaiting_approval,
            _ => stored,
        };
        // The counters may lag behind the index that the lapsed ones are counted in.
        (status, shown.max(0))
    };
    let counts = Status::ALL.into_iter().map(count).collect();
    Ok(Numbers {
        counts,
        acceptance_rate: stats.acceptance_rate(),
        median_answer_seconds: stats.median_answer_seconds(),
    })
}
