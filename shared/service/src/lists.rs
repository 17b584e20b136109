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
    keys::{Key, Spread},
    page::PageRequest,
    read::Records,
};

pub use store::{keys::List, listing::Place, page::Position};

use crate::{ServiceError, command::ViewedInvitation};

/// The most invitations on a page, and the most pending ones that are counted.
pub const MAX_LIMIT: u32 = 100;

/// A list, and one place in it.
#[derive(Debug, Clone)]
pub struct ListRequest {
    /// The lists that it is made of.
    pub lists: Vec<List>,
    /// The status that the invitations have; any, without one.
    pub status: Option<Status>,
    /// The most invitations on the page, 1 to [`MAX_LIMIT`].
    pub limit: u32,
    /// Where the page before ended; `None` for the first page.
    pub after: Option<Position>,
    /// Whether to count the pending invitations.
    pub counting: bool,
}

/// A page of a list, in the order that it is shown in.
#[derive(Debug, Clone)]
pub struct Page {
    /// The invitations: pending ones first, then status by status, and the newest of each first.
    pub invitations: Vec<Invitation>,
    /// Where the next page starts, if there is one.
    pub next: Option<Position>,
    /// The count of pending invitations, at most [`MAX_LIMIT`], where it was asked for and the list can tell.
    pub pending: Option<u32>,
}

/// Reads one page: one query for each list, or two where invitations have lapsed, and one batch of what it shows. With
/// `counting`, the first page reads far enough to count up to [`MAX_LIMIT`] pending invitations; later pages carry the
/// count along.
///
/// # Errors
/// [`StoreError`] if a read fails.
pub async fn page(store: &Store, request: &ListRequest, now: Timestamp) -> Result<Page, StoreError> {
    Ok(page_with(store, request, [], now).await?.0)
}

/// Reads one page, and the records at `keys` with the same batch.
async fn page_with(
    store: &Store,
    request: &ListRequest,
    keys: impl IntoIterator<Item = Key>,
    now: Timestamp,
) -> Result<(Page, Records), StoreError> {
    let ListRequest { lists, status, limit, after, counting } = request;
    let counted = if *counting { MAX_LIMIT } else { 0 };
    let range = PageRequest { lists, status: *status, after: after.as_ref(), limit: *limit, counted, now };
    let found = store.page(&range).await?;
    let spread = Spread::by_time(now);
    let keys: Vec<_> = keys.into_iter().chain(found.entries.iter().flat_map(|entry| entry.keys(spread))).collect();
    let records = if keys.is_empty() { Records::default() } else { store.read(keys).await? };
    let mut invitations = Vec::new();
    for entry in &found.entries {
        if let Some(invitation) = records.invitation(entry.id())?
            && belongs(&invitation, request, &found, now)
        {
            invitations.push(invitation);
        }
    }
    invitations.sort_by_key(|one| Reverse(Place::at(one, found.clock)));
    Ok((Page { invitations, next: found.next, pending: found.pending }, records))
}

/// Whether an invitation belongs on the page as it is now. An index may lag behind: what has moved on stays away from a
/// page that its new place is not on.
fn belongs(invitation: &Invitation, request: &ListRequest, found: &store::page::Page, now: Timestamp) -> bool {
    let place = Place::at(invitation, found.clock);
    let is_after = request.after.as_ref().is_none_or(|before| place < before.after);
    let is_before = found.next.as_ref().is_none_or(|next| place >= next.after);
    is_after && is_before && request.status.is_none_or(|status| status == invitation.status_at(now))
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

/// Whether the caller moderates the community.
///
/// Refuses with [`Refusal::NotModerator`] and what [`Viewer::check_active`] refuses.
fn check_moderator(caller: &Caller, community: &CommunityId, records: &Records) -> Result<Moderator, ServiceError> {
    let user = records.user(&caller.id)?.map(|record| record.user);
    let role = RoleFact::Known(records.standing(&Party::User(caller.id.clone()), community)?.role);
    let viewer = Viewer { caller, user: user.as_ref(), role };
    viewer.check_active()?;
    if viewer.moderates() { Ok(Moderator { user, role }) } else { Err(Refusal::NotModerator.into()) }
}

/// The records that tell whether the caller moderates the community.
fn moderator_keys(caller: &Caller, community: &CommunityId) -> [Key; 2] {
    [Key::user(&caller.id), Key::standing(&Party::User(caller.id.clone()), community)]
}

/// Reads one page of a community's invitations; the caller's right to it is read with the same batch.
///
/// # Errors
/// [`Refusal::NotModerator`] and what [`Viewer::check_active`] refuses, [`ServiceError::Store`] if a read fails.
pub async fn moderated_page(
    store: &Store,
    caller: &Caller,
    community: &CommunityId,
    request: &ListRequest,
    now: Timestamp,
) -> Result<(Moderator, Page), ServiceError> {
    let (page, records) = page_with(store, request, moderator_keys(caller, community), now).await?;
    Ok((check_moderator(caller, community, &records)?, page))
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
/// As [`moderated_page`].
pub async fn numbers(
    store: &Store,
    caller: &Caller,
    community: &CommunityId,
    now: Timestamp,
) -> Result<Numbers, ServiceError> {
    // Counting the lapsed ones costs more the more there are, so the right to it is checked first.
    check_moderator(caller, community, &store.read(moderator_keys(caller, community)).await?)?;
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
