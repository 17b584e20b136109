//! Lists of invitations, and one invitation by its id.

use std::{cmp::Reverse, collections::BTreeMap};

use domain::{
    Timestamp,
    email::EmailAddress,
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
    record::lists_of,
};

pub use store::{keys::List, listing::Place, page::Position};

use crate::{ServiceError, command::ViewedInvitation, labels};

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
    let found = Found::read(store, request, now).await?;
    found.page(&store.read_to_show(found.keys()).await?)
}

/// Reads one page of the caller's own invitations. An address that the token proves to be theirs and the directory does not
/// know as theirs has a list of its own, which is shown as one with the caller's; that takes the page to be read anew.
///
/// # Errors
/// As [`page`].
pub async fn own_page(
    store: &Store,
    caller: &Caller,
    request: &ListRequest,
    now: Timestamp,
) -> Result<Page, StoreError> {
    let Some(address) = caller.verified_email().map(EmailAddress::key) else {
        return page(store, request, now).await;
    };
    let found = Found::read(store, request, now).await?;
    let records = store.read_to_show(found.keys().chain([Key::address(&address)])).await?;
    if records.address(&address)?.owner.as_ref() == Some(&caller.id) {
        return found.page(&records);
    }
    let mut both = request.clone();
    both.lists.push(List::To(Party::Address(address)));
    page(store, &both, now).await
}

/// What the indexes have of a page.
struct Found<'a> {
    request: &'a ListRequest,
    page: store::page::Page,
    now: Timestamp,
    spread: Spread,
}

impl<'a> Found<'a> {
    async fn read(store: &Store, request: &'a ListRequest, now: Timestamp) -> Result<Self, StoreError> {
        let ListRequest { lists, status, limit, after, counting } = request;
        let counted = if *counting { MAX_LIMIT } else { 0 };
        let range = PageRequest { lists, status: *status, after: after.as_ref(), limit: *limit, counted, now };
        Ok(Self { request, page: store.page(&range).await?, now, spread: Spread::by_time(now) })
    }

    /// The records that the page is shown from.
    fn keys(&self) -> impl Iterator<Item = Key> {
        self.page.entries.iter().flat_map(|entry| entry.keys(self.spread))
    }

    /// The page, as these records have it.
    fn page(&self, records: &Records) -> Result<Page, StoreError> {
        let mut invitations = Vec::new();
        for entry in &self.page.entries {
            if let Some(invitation) = records.invitation(entry.id())?.filter(|invitation| self.holds(invitation)) {
                invitations.push(labels::relabel(invitation, records, self.spread)?);
            }
        }
        invitations.sort_by_key(|one| Reverse(Place::at(one, self.page.clock)));
        Ok(Page { invitations, next: self.page.next.clone(), pending: self.page.pending })
    }

    /// Whether the invitation belongs on the page as it is now. An index may lag behind: what has moved on stays away from
    /// a page that its new place is not on.
    fn holds(&self, invitation: &Invitation) -> bool {
        let (request, place) = (self.request, Place::at(invitation, self.page.clock));
        let is_after = request.after.as_ref().is_none_or(|before| place < before.after);
        let is_before = self.page.next.as_ref().is_none_or(|next| place >= next.after);
        let is_listed = lists_of(invitation).iter().any(|list| request.lists.contains(list));
        let is_wanted = request.status.is_none_or(|status| status == invitation.status_at(self.now));
        is_after && is_before && is_listed && is_wanted
    }
}

/// Reads one invitation that the caller may see: one batch for itself, and one for what it is shown with, among which
/// is the role of a caller who is neither its invitee nor its sender.
///
/// # Errors
/// [`Refusal::InvitationNotFound`] if the caller may not see it, [`ServiceError::Store`] if the table fails.
pub async fn invitation(store: &Store, caller: &Caller, id: InvitationId) -> Result<ViewedInvitation, ServiceError> {
    let subject = store.subject(id, caller).await?;
    let invitation = subject.invitation.ok_or(Refusal::InvitationNotFound)?;
    let user = subject.user.map(|record| record.user);
    let mut viewer = Viewer { caller, user: user.as_ref(), role: RoleFact::Unread };
    let (spread, party) = (Spread::by_invitation(id), Party::User(caller.id.clone()));
    let standing = viewer.sees(&invitation).is_none().then(|| Key::standing(&party, &invitation.community.id));
    let records = store.read(labels::keys(&invitation, spread).chain(standing.clone())).await?;
    if standing.is_some() {
        viewer.role = RoleFact::Known(records.standing(&party, &invitation.community.id)?.role);
    }
    if viewer.sees(&invitation) != Some(true) {
        return Err(Refusal::InvitationNotFound.into());
    }
    let role = viewer.role;
    Ok(ViewedInvitation { invitation: labels::relabel(invitation, &records, spread)?, user, role })
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
    let found = Found::read(store, request, now).await?;
    let records = store.read(found.keys().chain(moderator_keys(caller, community))).await?;
    Ok((check_moderator(caller, community, &records)?, found.page(&records)?))
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
