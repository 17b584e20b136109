//! Pages of lists: the queries that one takes, and the order of what they find.
//!
//! A list is in the order of its [places](Place) at one moment, the clock of its first page, which every later page
//! keeps to: so the pages are parts of one whole, whatever expires meanwhile. Index records lie in the order of what is
//! stored. The two differ in lapsed invitations alone, which the table still holds among the live ones:
//!
//! - Those that a page passes over are put aside for the end of the list. Where too many lie in between, a second query
//!   reads on.
//! - Where the expired begin, the lapsed ones that earlier pages have passed over are found again by a second query,
//!   and merged with those whose expiry is stored.
//!
//! As long as nothing has lapsed, a page is one query. What a query leaves unread, since DynamoDB reads a megabyte at a
//! time, ends the page early: it is short then, and never wrong.

use std::cmp::Reverse;

use aws_sdk_dynamodb::types::AttributeValue;
use domain::{
    Timestamp,
    id::{CommunityId, InvitationId},
    invitation::{Invitation, Status},
    invitee_query::InviteeQuery,
};

use crate::{
    Store, StoreError,
    attributes::{COMMUNITY, EXPIRY, FOUND_BY, INVITEE, LISTING, SENDER},
    expression::{number, string},
    keys::{Key, List, Spread, inviter_at, partition_of, recipient_at, user_at},
    listing::{Place, Range},
    record::Item,
};

/// How many index records are read beyond those that are wanted, so that some that have lapsed cost no second query.
const SPARE: u32 = 24;

/// Where a page starts and how much of it is wanted.
#[derive(Debug, Clone)]
pub struct PageRequest<'a> {
    /// The lists, which are shown as one.
    pub lists: &'a [List],
    /// Only those in this status.
    pub status: Option<Status>,
    /// Only those that it finds. Only a community's list can be searched.
    pub query: Option<&'a InviteeQuery>,
    /// Where the page before ended; `None` for the first page.
    pub after: Option<&'a Position>,
    /// The most entries that are wanted.
    pub limit: u32,
    /// Up to how many pending ones the first page counts; 0 if it does not.
    pub counted: u32,
    /// The present.
    pub now: Timestamp,
}

/// The end of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position {
    /// The place up to which the list has been shown.
    pub after: Place,
    /// The moment whose statuses make the order.
    pub clock: Timestamp,
    /// Whether there may be lapsed ones that are not shown yet.
    pub lapsed: bool,
    /// The count of pending ones, from the first page.
    pub pending: Option<u32>,
}

/// Entries of an index, in the order of the list.
#[derive(Debug, Clone)]
pub struct Page {
    /// The entries.
    pub entries: Vec<Entry>,
    /// The moment whose statuses make the order.
    pub clock: Timestamp,
    /// Where the next page starts, if there is one.
    pub next: Option<Position>,
    /// The count of pending ones, as far as it was asked for.
    pub pending: Option<u32>,
}

/// What an index has of an invitation: where it stands in the list, and whom it concerns.
#[derive(Debug, Clone)]
pub struct Entry {
    place: Place,
    /// When it expires, if it is stored as live.
    expiry: Option<Timestamp>,
    community: CommunityId,
    /// The partition of its sender, unless they have been erased.
    sender: Option<String>,
    /// The partition of its invitee, unless they have been erased.
    invitee: Option<String>,
}

impl Entry {
    /// The invitation.
    pub fn id(&self) -> InvitationId {
        self.place.id()
    }

    /// The records that the invitation is shown from: its own, its community's and its people's.
    pub fn keys(&self, spread: Spread) -> impl Iterator<Item = Key> {
        let own = [Key::invitation(self.id()), Key::community(&self.community, spread)];
        own.into_iter()
            .chain([&self.sender, &self.invitee].into_iter().flatten().filter_map(|partition| user_at(partition)))
    }

    /// The community that it is to, as long as it may be live.
    pub fn live_in(&self) -> Option<&CommunityId> {
        let is_live = [Status::Pending, Status::AwaitingApproval].into_iter().any(|status| self.place.is_among(status));
        is_live.then_some(&self.community)
    }

    /// The records that tell what may be done with it, besides those that it is shown from.
    pub fn surroundings_keys(&self) -> impl Iterator<Item = Key> {
        let is = |status| self.place.is_among(status);
        let live = is(Status::Pending) || is(Status::AwaitingApproval);
        let invitee =
            self.invitee.iter().filter(move |_| live).flat_map(|invitee| recipient_at(invitee, &self.community));
        // Approving asks all that sending asked.
        let asked = self.sender.as_ref().zip(self.invitee.as_ref()).filter(|_| is(Status::AwaitingApproval));
        let sender = asked.map(|(sender, invitee)| inviter_at(sender, invitee, &self.community));
        invitee.chain(sender.into_iter().flatten())
    }

    /// Whether it is stored as live, and had expired by then.
    fn has_lapsed(&self, clock: Timestamp) -> bool {
        self.expiry.is_some_and(|expiry| expiry <= clock)
    }

    fn read(item: &Item) -> Result<Self, StoreError> {
        let text = |name: &str| item.get(name).and_then(|value| value.as_s().ok());
        let damaged = || StoreError::Damaged("an index record that does not read".to_owned());
        let parse = || {
            let expiry: Option<i64> = match item.get(EXPIRY) {
                Some(expiry) => Some(expiry.as_n().ok()?.parse().ok()?),
                None => None,
            };
            Some(Self {
                place: text(LISTING)?.parse().ok()?,
                expiry: expiry.and_then(|millis| Timestamp::from_millisecond(millis).ok()),
                community: text(COMMUNITY)?.parse().ok()?,
                sender: text(SENDER).cloned(),
                invitee: text(INVITEE).map(|hash| partition_of(hash).to_owned()),
            })
        };
        parse().ok_or_else(damaged)
    }
}

/// What is known of one list.
struct Known {
    entries: Vec<Entry>,
    /// The place down to which all is known; `None`: to the end.
    end: Option<Place>,
    /// Whether there may be lapsed ones besides those found.
    unknown_lapsed: bool,
}

impl Known {
    /// Whether the place is no further than all is known.
    fn reaches(&self, place: Place) -> bool {
        self.end.is_none_or(|end| end <= place)
    }

    fn count(&self, counts: impl Fn(Place) -> bool) -> usize {
        self.entries.iter().filter(|entry| self.reaches(entry.place) && counts(entry.place)).count()
    }

    fn add(&mut self, more: Self) {
        self.entries.extend(more.entries);
        self.end = more.end;
    }

    /// Puts lapsed ones where they belong.
    fn sort_out(&mut self, clock: Timestamp) {
        for entry in self.entries.iter_mut().filter(|entry| entry.has_lapsed(clock)) {
            entry.place = entry.place.expired();
        }
    }
}

impl PageRequest<'_> {
    fn clock(&self) -> Timestamp {
        self.after.map_or(self.now, |position| position.clock)
    }

    fn place(&self) -> Option<Place> {
        self.after.map(|position| position.after)
    }

    fn wants_expired(&self) -> bool {
        matches!(self.status, None | Some(Status::Expired))
    }

    /// Whether the page begins among the expired.
    fn starts_expired(&self) -> bool {
        let place = self.place();
        self.status == Some(Status::Expired) || place.is_some_and(|place| place.is_among(Status::Expired))
    }

    /// Whether there may be lapsed ones that the queries from here on do not meet.
    fn has_passed_lapsed(&self) -> bool {
        let unknown = self.status == Some(Status::Expired);
        self.wants_expired() && self.after.map_or(unknown, |position| position.lapsed)
    }

    fn counts(&self) -> bool {
        self.counted > 0 && self.after.is_none() && matches!(self.status, None | Some(Status::Pending))
    }

    /// How many index records the first query reads. One more than is shown tells whether there is a next page. Where
    /// some are searched for, as many as a query can read.
    fn ahead(&self) -> Option<u32> {
        let counted = if self.counts() { self.counted } else { 0 };
        self.query.is_none().then_some((self.limit + 1).max(counted) + SPARE)
    }

    /// How many index records are read of what is stored as expired.
    fn ahead_among_expired(&self) -> Option<u32> {
        self.query.is_none().then_some(self.limit + 1)
    }

    /// Whether too little was found, because of what lies in between.
    fn is_short(&self, known: &Known) -> bool {
        let limit = self.limit as usize;
        let uncounted = || {
            let pending = known.count(|place| place.is_among(Status::Pending));
            self.counts() && pending < self.counted as usize && !known.reaches(Place::last_of(Status::Pending))
        };
        // A search reads one megabyte for a page.
        self.query.is_none() && known.end.is_some() && (known.count(|_| true) <= limit || uncounted())
    }
}

/// What one query reads of a range.
#[derive(Debug, Clone, Copy, Default)]
struct Reading<'a> {
    /// The most index records.
    limit: Option<u32>,
    /// Only what had lapsed by then.
    lapsed_by: Option<Timestamp>,
    /// Only what it finds.
    query: Option<&'a InviteeQuery>,
}

impl Reading<'_> {
    /// The conditions on each index record.
    fn filter(&self) -> Vec<String> {
        let lapsed = self.lapsed_by.map(|_| "#expiry <= :clock".to_owned());
        let found = self.query.map(|query| {
            let words: Vec<_> =
                (0..query.words().len()).map(|index| format!("contains(#text, :word{index})")).collect();
            let name = if words.is_empty() { String::new() } else { format!(" OR ({})", words.join(" AND ")) };
            format!("(contains(#text, :address){name})")
        });
        lapsed.into_iter().chain(found).collect()
    }
}

impl Store {
    /// Reads one page of the lists: a query for each, and a second one where some have lapsed. Where requests may be
    /// among more live ones than a query reads, a page of the expired takes a third.
    ///
    /// # Errors
    /// [`StoreError`] if a query fails.
    pub async fn page(&self, request: &PageRequest<'_>) -> Result<Page, StoreError> {
        let lists = request.lists.iter().map(|list| self.read_list(list, request));
        let lists = futures::future::try_join_all(lists).await?;
        let mut all = Known {
            end: lists.iter().filter_map(|known| known.end).max(),
            unknown_lapsed: lists.iter().any(|known| known.unknown_lapsed),
            entries: lists.into_iter().flat_map(|known| known.entries).collect(),
        };
        all.entries.sort_by_key(|entry| Reverse(entry.place));
        all.entries.dedup_by_key(|entry| entry.place);
        let pending = match request.after {
            Some(position) => position.pending,
            None => request.counts().then(|| count_pending(&all, request.counted)),
        };
        let (known, limit) = (all.count(|_| true), request.limit as usize);
        let after = if known > limit { Some(all.entries[limit - 1].place) } else { all.end };
        let rest = all.entries.split_off(known.min(limit));
        let clock = request.clock();
        let lapsed = all.unknown_lapsed || rest.iter().any(|entry| entry.has_lapsed(clock));
        let next = after.map(|after| Position { after, clock, lapsed, pending });
        Ok(Page { entries: all.entries, clock, next, pending })
    }

    async fn read_list(&self, list: &List, request: &PageRequest<'_>) -> Result<Known, StoreError> {
        let (clock, place) = (request.clock(), request.place());
        let reading = Reading { query: request.query, ..Reading::default() };
        let wanted = Range::of(request.status);
        let rest = wanted.clone().after(place);
        let mut known;
        if request.starts_expired() && request.has_passed_lapsed() {
            let stored = self.read_range(list, rest, Reading { limit: request.ahead_among_expired(), ..reading });
            let (stored, lapsed) = futures::try_join!(stored, self.read_lapsed(list, place, clock, reading))?;
            known = merged(stored, lapsed);
        } else {
            known = self.read_range(list, rest, Reading { limit: request.ahead(), ..reading }).await?;
            known.sort_out(clock);
            known.entries.retain(|entry| wanted.contains(entry.place));
            let is_short = request.is_short(&known);
            if is_short {
                let rest = wanted.clone().after(known.end);
                known.add(self.read_range(list, rest, reading).await?);
                known.sort_out(clock);
                known.entries.retain(|entry| wanted.contains(entry.place));
            }
            known.unknown_lapsed = request.has_passed_lapsed();
            let before_expired = Place::last_of(Status::Cancelled);
            let is_full = known.count(|place| place >= before_expired) > request.limit as usize;
            if known.unknown_lapsed && !is_full && known.end.is_none_or(|end| end < before_expired) {
                if is_short {
                    // Two queries are enough for one page.
                    known.end = Some(before_expired);
                } else {
                    known = merged(known, self.read_lapsed(list, None, clock, reading).await?);
                }
            }
        }
        Ok(known)
    }

    /// Reads the lapsed ones that come after a place among the expired; all, without one.
    async fn read_lapsed(
        &self,
        list: &List,
        after: Option<Place>,
        clock: Timestamp,
        reading: Reading<'_>,
    ) -> Result<Known, StoreError> {
        let reading = Reading { lapsed_by: Some(clock), ..reading };
        let stored = |status| after.map(|place| Place::new(status, place.id()));
        let rest = Range::live().after(stored(Status::Pending));
        let mut known = self.read_range(list, rest, reading).await?;
        if known.end.is_some() && list.holds_requests() {
            // There are more live ones than a query reads. Requests would come last, but are as new as the others.
            let rest = Range::of(Some(Status::AwaitingApproval)).after(stored(Status::AwaitingApproval));
            let requests = self.read_range(list, rest, reading).await?;
            known.entries.retain(|entry| entry.place.is_among(Status::Pending));
            known.end = known.end.filter(|end| end.is_among(Status::Pending));
            let end = requests.end.map(Place::expired);
            known.entries.extend(requests.entries);
            known.end = known.end.map(Place::expired).max(end);
        }
        known.sort_out(clock);
        known.end = known.end.map(Place::expired);
        known.entries.retain(|entry| after.is_none_or(|after| entry.place < after));
        known.unknown_lapsed = known.end.is_some();
        Ok(known)
    }

    /// Reads a part of a list, in one query of at most a megabyte.
    async fn read_range(&self, list: &List, range: Option<Range>, reading: Reading<'_>) -> Result<Known, StoreError> {
        let mut known = Known { entries: Vec::new(), end: None, unknown_lapsed: false };
        let Some(range) = range else { return Ok(known) };
        let mut query = self
            .client
            .query()
            .table_name(&self.table)
            .index_name(list.index())
            .key_condition_expression("#of = :of AND #listing BETWEEN :from AND :to")
            .expression_attribute_names("#of", list.hash())
            .expression_attribute_names("#listing", LISTING)
            .expression_attribute_values(":of", string(list.of()))
            .expression_attribute_values(":from", string(range.from))
            .expression_attribute_values(":to", string(range.to))
            .scan_index_forward(false)
            .set_limit(reading.limit.and_then(|limit| i32::try_from(limit).ok()));
        let filter = reading.filter();
        if !filter.is_empty() {
            query = query.filter_expression(filter.join(" AND "));
        }
        if let Some(clock) = reading.lapsed_by {
            query = query
                .expression_attribute_names("#expiry", EXPIRY)
                .expression_attribute_values(":clock", number(clock.as_millisecond()));
        }
        if let Some(searched) = reading.query {
            query = query
                .expression_attribute_names("#text", FOUND_BY)
                .expression_attribute_values(":address", string(searched.address()));
            for (index, word) in searched.words().iter().enumerate() {
                query = query.expression_attribute_values(format!(":word{index}"), string(word));
            }
        }
        let output = self.within_time(query.send()).await??;
        for item in output.items.unwrap_or_default() {
            known.entries.push(Entry::read(&item)?);
        }
        let end = output.last_evaluated_key.as_ref().and_then(|key| key.get(LISTING));
        known.end = end.and_then(|key| AttributeValue::as_s(key).ok()).and_then(|key| key.parse().ok());
        Ok(known)
    }

    /// Reads some of the invitations that are stored in a list with that status, or with any; also where the next ones
    /// start, if there are some.
    ///
    /// # Errors
    /// [`StoreError`] if a read fails.
    pub async fn stored_page(
        &self,
        list: &List,
        status: Option<Status>,
        after: Option<Place>,
        limit: u32,
    ) -> Result<(Vec<Invitation>, Option<Place>), StoreError> {
        let reading = Reading { limit: Some(limit), ..Reading::default() };
        let found = self.read_range(list, Range::of(status).after(after), reading).await?;
        let records = self.read(found.entries.iter().map(|entry| Key::invitation(entry.id()))).await?;
        let invitations = found.entries.iter().filter_map(|entry| records.invitation(entry.id()).cloned());
        Ok((invitations.collect(), found.end))
    }
}

/// What is stored as expired, with what has lapsed: all is known as far as both are.
fn merged(mut stored: Known, lapsed: Known) -> Known {
    stored.entries.extend(lapsed.entries);
    stored.end = stored.end.max(lapsed.end);
    stored.unknown_lapsed = lapsed.unknown_lapsed;
    stored
}

fn count_pending(known: &Known, most: u32) -> u32 {
    let count = known.count(|place| place.is_among(Status::Pending));
    u32::try_from(count).map_or(most, |count| count.min(most))
}
