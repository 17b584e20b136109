//! Lists of invitations, and one invitation by its id.

use std::cmp::Reverse;

use domain::{
    Timestamp,
    actions::{Action, actions},
    community::Community,
    email::EmailAddress,
    fact::Fact,
    id::{CommunityId, InvitationId},
    invitation::{Invitation, Status},
    invitee_query::InviteeQuery,
    person::{Caller, Party, User},
    refusal::Refusal,
    settings::Settings,
    surroundings::Surroundings,
    viewing::{RoleFact, Viewer},
};
use store::{
    Store, StoreError,
    keys::{Key, Spread},
    page::PageRequest,
    read::{Records, surroundings_keys},
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
    /// What the invitations are searched by. Only a community's list can be searched.
    pub query: Option<InviteeQuery>,
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
    /// The caller, as the directory knows them.
    pub user: Option<User>,
    /// The invitations: pending ones first, then status by status, and the newest of each first.
    pub invitations: Vec<Listed>,
    /// Where the next page starts, if there is one.
    pub next: Option<Position>,
    /// The count of pending invitations, at most [`MAX_LIMIT`], where it was asked for and the list can tell.
    pub pending: Option<u32>,
    /// The moment whose statuses make the order.
    clock: Timestamp,
}

impl Page {
    /// Returns where a page starts that goes on behind each invitation of this one.
    pub fn positions(&self) -> Vec<Position> {
        let mut lapsed = self.next.as_ref().is_some_and(|next| next.lapsed);
        let mut positions: Vec<_> = self
            .invitations
            .iter()
            .rev()
            .map(|Listed { invitation, .. }| {
                let after = Place::at(invitation, self.clock);
                let position = Position { after, clock: self.clock, lapsed, pending: self.pending };
                lapsed |= invitation.status_at(self.clock) != invitation.status;
                position
            })
            .collect();
        positions.reverse();
        positions
    }
}

/// An invitation on a page.
#[derive(Debug, Clone)]
pub struct Listed {
    /// The invitation.
    pub invitation: Invitation,
    /// The caller's role in its community, as far as it had to be known.
    pub role: RoleFact,
    /// What the caller may do with it.
    pub actions: Vec<Action>,
}

/// Reads one page: one query for each list, or two where invitations have lapsed, and one batch of what it shows. With
/// `counting`, the first page reads far enough to count up to [`MAX_LIMIT`] pending invitations; later pages carry the
/// count along.
///
/// # Errors
/// [`StoreError`] if a read fails.
pub async fn page(store: &Store, caller: &Caller, request: &ListRequest, now: Timestamp) -> Result<Page, StoreError> {
    let found = Found::read(store, caller, request, now).await?;
    found.page(&store.read_to_show(found.keys()).await?)
}

/// Reads one page of the caller's own invitations. An address that the token proves to be theirs and the directory does
/// not know as theirs has a list of its own, which is shown as one with the caller's; that takes the page to be read
/// anew.
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
        return page(store, caller, request, now).await;
    };
    let found = Found::read(store, caller, request, now).await?;
    let records = store.read_to_show(found.keys().chain([Key::address(&address)])).await?;
    if records.address(&address).owner.as_ref() == Some(&caller.id) {
        return found.page(&records);
    }
    let mut both = request.clone();
    both.lists.push(List::To(Party::Address(address)));
    page(store, caller, &both, now).await
}

/// Counts the invitations that wait for the caller's answer, up to [`MAX_LIMIT`], as the first page of [`own_page`]
/// does: a query for the caller, and one for an address that the token proves to be theirs. What an address was sent is
/// its owner's as soon as the directory knows the owner, so that nothing is counted twice.
///
/// # Errors
/// [`StoreError`] if a query fails.
pub async fn pending_count(store: &Store, caller: &Caller, now: Timestamp) -> Result<u32, StoreError> {
    let own = store.count_waiting(&Party::User(caller.id.clone()), MAX_LIMIT, now).await?;
    match caller.verified_email() {
        Some(email) if own < MAX_LIMIT => {
            Ok(own + store.count_waiting(&Party::Address(email.key()), MAX_LIMIT - own, now).await?)
        }
        _ => Ok(own),
    }
}

/// What the indexes have of a page.
struct Found<'a> {
    caller: &'a Caller,
    request: &'a ListRequest,
    page: store::page::Page,
    now: Timestamp,
    spread: Spread,
}

impl<'a> Found<'a> {
    async fn read(
        store: &Store,
        caller: &'a Caller,
        request: &'a ListRequest,
        now: Timestamp,
    ) -> Result<Self, StoreError> {
        let ListRequest { lists, status, query, limit, after, counting } = request;
        let counted = if *counting { MAX_LIMIT } else { 0 };
        let (query, after) = (query.as_ref(), after.as_ref());
        let range = PageRequest { lists, status: *status, query, after, limit: *limit, counted, now };
        Ok(Self { caller, request, page: store.page(&range).await?, now, spread: Spread::by_time(now) })
    }

    /// The records that the page is shown from, and those that tell what the caller may do.
    fn keys(&self) -> impl Iterator<Item = Key> {
        let entries = &self.page.entries;
        let (own, party) = ([Key::settings(self.spread), Key::user(&self.caller.id)], self.party());
        let asked = entries.iter().filter(|_| self.asks_around());
        let roles = asked.clone().filter_map(move |entry| Some(Key::standing(&party, entry.live_in()?)));
        let around = asked.flat_map(store::page::Entry::surroundings_keys);
        let shown = entries.iter().flat_map(|entry| entry.keys(self.spread));
        shown.chain(own).chain(roles).chain(around)
    }

    fn party(&self) -> Party {
        Party::User(self.caller.id.clone())
    }

    /// Whether the caller may be more to an invitation than its invitee, so that their role and what is around it
    /// matter. To an invited user there is no more: whoever becomes a member has no live invitation from then on. An
    /// address that only their token knows may have one to a community that they moderate, or one that they sent.
    fn asks_around(&self) -> bool {
        self.request.lists != [List::To(self.party())] || self.caller.site_administrator
    }

    /// The page, as these records have it.
    fn page(&self, records: &Records) -> Result<Page, StoreError> {
        let user = records.user(&self.caller.id).map(|record| &record.user);
        let settings = records.settings(self.spread);
        let mut invitations = Vec::new();
        for entry in &self.page.entries {
            if let Some(invitation) = records.invitation(entry.id()).filter(|one| self.holds(one))
                && !self.is_former(invitation, records)
            {
                let invitation = labels::relabel(invitation.clone(), records, self.spread);
                let (role, actions) = self.actions(&invitation, user, records, &settings)?;
                invitations.push(Listed { invitation, role, actions });
            }
        }
        invitations.sort_by_key(|one| Reverse(Place::at(&one.invitation, self.page.clock)));
        let (user, next) = (user.cloned(), self.next(records));
        Ok(Page { user, invitations, next, pending: self.page.pending, clock: self.page.clock })
    }

    fn actions(
        &self,
        invitation: &Invitation,
        user: Option<&User>,
        records: &Records,
        settings: &Settings,
    ) -> Result<(RoleFact, Vec<Action>), StoreError> {
        let role = RoleFact::Known(records.role(&self.caller.id, invitation, self.spread));
        let around = if self.asks_around() {
            records.surroundings(invitation, self.spread)
        } else {
            Surroundings {
                community: Fact::Known(records.community_of(invitation, self.spread).cloned()),
                ..Default::default()
            }
        };
        let viewer = Viewer { caller: self.caller, user, role };
        match actions(invitation, &viewer, &around, settings, self.now) {
            Fact::Known(actions) => Ok((role, actions)),
            Fact::Unread => Err(StoreError::Damaged(format!("invitation {} with unread facts", invitation.id))),
        }
    }

    /// Whether a community's list leaves the invitation out, since another community had the id when it was made.
    fn is_former(&self, invitation: &Invitation, records: &Records) -> bool {
        let is_of_community = matches!(&self.request.lists[..], [List::Into(_)]);
        is_of_community && !records.is_to_present_community(invitation, self.spread)
    }

    /// Where the next page starts. What comes after one that is left out, in the same status, is older and left out,
    /// too.
    fn next(&self, records: &Records) -> Option<Position> {
        let next = self.page.next.clone()?;
        let last = self.page.entries.last().and_then(|entry| records.invitation(entry.id()));
        let after = match last.filter(|last| self.is_former(last, records)) {
            Some(last) => next.after.min(Place::last_of(last.status_at(self.page.clock))),
            None => next.after,
        };
        Some(Position { after, ..next })
    }

    /// Whether the invitation belongs on the page as it is now. An index may lag behind: what has moved on stays away
    /// from a page that its new place is not on.
    fn holds(&self, invitation: &Invitation) -> bool {
        let (request, place) = (self.request, Place::at(invitation, self.page.clock));
        let is_after = request.after.as_ref().is_none_or(|before| place < before.after);
        let is_before = self.page.next.as_ref().is_none_or(|next| place >= next.after);
        let is_listed = lists_of(invitation).iter().any(|list| request.lists.contains(list));
        let is_wanted = request.status.is_none_or(|status| status == invitation.status_at(self.now));
        let is_found = request.query.as_ref().is_none_or(|query| query.finds(invitation));
        is_after && is_before && is_listed && is_wanted && is_found
    }
}

/// Reads one invitation that the caller may see, and its community: one batch for itself, and one for what it is shown
/// with and what the caller may do.
///
/// # Errors
/// [`Refusal::InvitationNotFound`] if the caller may not see it, [`ServiceError::Store`] if the table fails.
pub async fn invitation(
    store: &Store,
    caller: &Caller,
    id: InvitationId,
    now: Timestamp,
) -> Result<(ViewedInvitation, Option<Community>), ServiceError> {
    let subject = store.subject(id, caller).await?;
    let invitation = subject.invitation.ok_or(Refusal::InvitationNotFound)?;
    let user = subject.user.map(|record| record.user);
    let (spread, party) = (Spread::by_invitation(id), Party::User(caller.id.clone()));
    let standing = Key::standing(&party, &invitation.community.id);
    let is_live = !invitation.status_at(now).is_final();
    let around = is_live.then(|| surroundings_keys(&invitation, spread)).into_iter().flatten();
    let records = store.read(labels::keys(&invitation, spread).chain([standing]).chain(around)).await?;
    let role = RoleFact::Known(records.role(&caller.id, &invitation, spread));
    let viewer = Viewer { caller, user: user.as_ref(), role };
    if viewer.sees(&invitation) != Some(true) {
        return Err(Refusal::InvitationNotFound.into());
    }
    let around = records.surroundings(&invitation, spread);
    let actions = match actions(&invitation, &viewer, &around, &subject.settings, now) {
        Fact::Known(actions) => actions,
        Fact::Unread => return Err(StoreError::Damaged(format!("invitation {id} with unread facts")).into()),
    };
    let community = records.community_of(&invitation, spread).cloned();
    let invitation = labels::relabel(invitation, &records, spread);
    Ok((ViewedInvitation { invitation, user, role, actions }, community))
}

/// Checks that the caller moderates the community.
///
/// Refuses with [`Refusal::NotModerator`] and what [`Viewer::check_active`] refuses.
pub(crate) fn check_moderator(caller: &Caller, community: &CommunityId, records: &Records) -> Result<(), ServiceError> {
    let user = records.user(&caller.id).map(|record| &record.user);
    let role = RoleFact::Known(records.standing(&Party::User(caller.id.clone()), community).role);
    let viewer = Viewer { caller, user, role };
    viewer.check_active()?;
    if viewer.moderates() { Ok(()) } else { Err(Refusal::NotModerator.into()) }
}

/// The records that tell whether the caller moderates the community.
pub(crate) fn moderator_keys(caller: &Caller, community: &CommunityId) -> [Key; 2] {
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
) -> Result<Page, ServiceError> {
    let found = Found::read(store, caller, request, now).await?;
    let records = store.read(found.keys().chain(moderator_keys(caller, community))).await?;
    check_moderator(caller, community, &records)?;
    Ok(found.page(&records)?)
}
