//! The counters of a community, kept from the table's stream: every invitation is counted once, whatever the stream
//! repeats or reorders.
//!
//! Beside each invitation stands the status that it is counted in, and its revision then. A transaction changes the
//! counters and these marks together, so a repeated or late report finds itself counted already.

use std::{
    collections::{BTreeMap, HashMap},
    ops::ControlFlow,
};

use domain::{
    Timestamp,
    id::{CommunityId, InvitationId},
    invitation::{Invitation, Status},
    stats::{CommunityStats, Counter, counter_changes, magnitude},
};

use crate::{
    Store, StoreError,
    attributes::{
        ACCEPTED_ANSWERS, COMMUNITY, DECLINED_ANSWERS, EXPIRY, KIND, LISTING, REVISION, SECONDS_PREFIX, STATUS, TTL,
    },
    expression::{Expression, number, string},
    keys::{BY_EXPIRY, Key, stats_partition},
    listing::Place,
    record::{Item, Kind},
    retry,
    write::{Write, Written},
};

/// Invitations that one transaction counts: a mark each, with a deadline or a time to answer, and the counters.
const CHUNK: usize = 49;

/// The status that an invitation is counted in.
#[derive(Debug, Clone, Copy, serde::Deserialize)]
struct CountedStatus {
    status: Status,
    revision: u64,
}

/// Invitations whose lifetime has passed and that the table still holds as live.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Lapsed {
    /// Those that waited for an answer.
    pub pending: i64,
    /// Those that waited for approval.
    pub awaiting_approval: i64,
}

impl Store {
    /// The community's counts; all zero before the first invitation.
    ///
    /// # Errors
    /// [`StoreError`] if the read fails.
    pub async fn community_stats(&self, community: &CommunityId) -> Result<CommunityStats, StoreError> {
        let mut stats = CommunityStats::default();
        for part in self.partition(&stats_partition(community), "").await? {
            add_part(&mut stats, &part);
        }
        Ok(stats)
    }

    /// Counts lapsed invitations of the community, by one query. They are those of the last minutes, unless a great many have
    /// lapsed together: of these it finds as many as DynamoDB reads at once, some 7,000.
    ///
    /// # Errors
    /// [`StoreError`] if the query fails.
    pub async fn lapsed(&self, community: &CommunityId, now: Timestamp) -> Result<Lapsed, StoreError> {
        let query = self
            .client
            .query()
            .table_name(&self.table)
            .index_name(BY_EXPIRY)
            .key_condition_expression("#community = :community AND #expiry <= :now")
            .expression_attribute_names("#community", COMMUNITY)
            .expression_attribute_names("#expiry", EXPIRY)
            .expression_attribute_values(":community", string(community.as_str()))
            .expression_attribute_values(":now", number(now.as_millisecond()));
        let mut lapsed = Lapsed::default();
        for item in self.by_deadline(query.send()).await??.items.unwrap_or_default() {
            let place: Option<Place> = item.get(LISTING).and_then(|listing| listing.as_s().ok()?.parse().ok());
            match place {
                Some(place) if place.is_among(Status::Pending) => lapsed.pending += 1,
                _ => lapsed.awaiting_approval += 1,
            }
        }
        Ok(lapsed)
    }

    /// Counts invitations of one community as they are, and sets the deadlines of those that are live.
    ///
    /// # Errors
    /// [`StoreError`] if the table fails; counting again does no harm.
    pub async fn count_in(&self, community: &CommunityId, invitations: &[&Invitation]) -> Result<(), StoreError> {
        for chunk in invitations.chunks(CHUNK) {
            retry((), |()| self.count_chunk(community, chunk)).await?;
        }
        Ok(())
    }

    async fn count_chunk(
        &self,
        community: &CommunityId,
        invitations: &[&Invitation],
    ) -> Result<ControlFlow<()>, StoreError> {
        let marks = self.marks(invitations).await?;
        let mut writes = Vec::new();
        let mut changes: BTreeMap<Counter, i64> = BTreeMap::new();
        for invitation in invitations {
            let mark = marks.get(&invitation.id);
            if mark.is_some_and(|mark| mark.revision >= invitation.revision) {
                continue;
            }
            for (counter, by) in counter_changes(mark.map(|mark| mark.status), invitation) {
                *changes.entry(counter).or_default() += by;
            }
            writes.push(mark_counted(invitation, mark));
            writes.extend(deadline(invitation));
        }
        if writes.is_empty() {
            return Ok(ControlFlow::Break(()));
        }
        writes.extend(change_counters(community, &changes));
        let done = self.transact(writes).await? == Written::Done;
        Ok(if done { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    }

    async fn marks(&self, invitations: &[&Invitation]) -> Result<HashMap<InvitationId, CountedStatus>, StoreError> {
        let records = self.read(invitations.iter().map(|invitation| Key::counted(invitation.id))).await?;
        let mut marks = HashMap::new();
        for invitation in invitations {
            if let Some(mark) = records.value(&Key::counted(invitation.id))? {
                marks.insert(invitation.id, mark);
            }
        }
        Ok(marks)
    }
}

/// Marks the invitation as counted, unless someone has done so since `before` was read.
fn mark_counted(invitation: &Invitation, before: Option<&CountedStatus>) -> Write {
    let mut expression = Expression::default();
    expression.set(KIND, string(Kind::Counted.as_str()));
    expression.set(STATUS, string(invitation.status.as_str()));
    expression.set(REVISION, number(invitation.revision));
    match before {
        None => expression.require_missing(REVISION),
        Some(mark) => expression.require_equal(REVISION, number(mark.revision)),
    }
    Write::Update(Key::counted(invitation.id), expression)
}

/// The record whose deletion tells `deliver` that a live invitation's lifetime has passed.
fn deadline(invitation: &Invitation) -> Option<Write> {
    if invitation.status.is_final() {
        return None;
    }
    let mut item: Item = Key::deadline(invitation.expires_at, invitation.id).into();
    item.insert(KIND.to_owned(), string(Kind::Deadline.as_str()));
    // TTL counts whole seconds: rounded up, so that it never comes early.
    item.insert(TTL.to_owned(), number(invitation.expires_at.as_second() + 1));
    Some(Write::Put(item, Expression::default()))
}

/// Times to answer are kept apart, by magnitude: a write costs by the size of the whole record.
fn change_counters(community: &CommunityId, changes: &BTreeMap<Counter, i64>) -> impl Iterator<Item = Write> {
    let mut parts: BTreeMap<Key, Expression> = BTreeMap::new();
    for (count, by) in changes.iter().filter(|(_, by)| **by != 0) {
        let key = match count {
            Counter::AnswerSeconds(seconds) => Key::answer_times(community, magnitude(*seconds)),
            _ => Key::stats(community),
        };
        parts.entry(key).or_default().increase(&attribute(*count), *by);
    }
    parts.into_iter().map(|(key, mut expression)| {
        expression.set(KIND, string(Kind::Stats.as_str()));
        Write::Update(key, expression)
    })
}

fn attribute(count: Counter) -> String {
    match count {
        Counter::State(status) => status.as_str().to_owned(),
        Counter::AcceptedAnswer => ACCEPTED_ANSWERS.to_owned(),
        Counter::DeclinedAnswer => DECLINED_ANSWERS.to_owned(),
        Counter::AnswerSeconds(seconds) => format!("{SECONDS_PREFIX}{seconds}"),
    }
}

fn add_part(stats: &mut CommunityStats, part: &Item) {
    for (name, value) in part {
        let Some(count) = value.as_n().ok().and_then(|text| text.parse::<i64>().ok()) else { continue };
        if let Some(status) = Status::of_name(name) {
            stats.states.insert(status, count);
        } else if let Some(seconds) = name.strip_prefix(SECONDS_PREFIX).and_then(|text| text.parse().ok()) {
            stats.answer_seconds.insert(seconds, count);
        } else if name == ACCEPTED_ANSWERS {
            stats.accepted_answers = count;
        } else if name == DECLINED_ANSWERS {
            stats.declined_answers = count;
        }
    }
}
