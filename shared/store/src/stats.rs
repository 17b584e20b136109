//! The tally of a community, kept from the table's stream: every invitation is counted once, whatever the stream
//! repeats or reorders.
//!
//! Beside each invitation stands what it is counted as and at which revision. A transaction changes the counts and
//! these marks together, so a repeated or late record finds itself counted already.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_dynamodb::types::{AttributeValue, Select};

use super::{
    Store, StoreError,
    expression::{Expression, number, string},
    keys::{Index, KIND, Key, LISTING, TTL, stats_partition},
    listing::lapsed_ranges,
    record::{Item, Kind, REVISION},
    write::{Write, Written},
};
use domain::{
    Timestamp,
    id::{CommunityId, InvitationId},
    invitation::{Invitation, Status},
    stats::{CommunityStats, Counter, counter_changes, magnitude},
};

/// Invitations in one transaction of the ledger: a mark each, with a deadline or a time to answer, and the tally.
const CHUNK: usize = 49;
/// How often a chunk is counted anew because another writer was faster.
const ROUNDS: u32 = 8;

/// What an invitation is counted as.
#[derive(Debug, Clone, Copy, serde::Deserialize)]
struct Mark {
    status: Status,
    revision: u64,
}

/// Invitations whose lifetime has passed and that the table still holds as live.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
        let mut tally = CommunityStats::default();
        for part in self.partition(&stats_partition(community), "").await? {
            add_part(&mut tally, &part);
        }
        Ok(tally)
    }

    /// Counts lapsed invitations of the community.
    ///
    /// # Errors
    /// [`StoreError`] if a query fails.
    pub async fn lapsed(&self, community: &CommunityId, now: Timestamp) -> Result<Lapsed, StoreError> {
        let [pending, awaiting_approval] = lapsed_ranges(now);
        let (pending, awaiting_approval) =
            futures::try_join!(self.count(community, pending), self.count(community, awaiting_approval))?;
        Ok(Lapsed { pending, awaiting_approval })
    }

    async fn count(&self, community: &CommunityId, (from, to): (String, String)) -> Result<i64, StoreError> {
        let mut pages = self
            .client
            .query()
            .table_name(&self.table)
            .index_name(Index::Community.name())
            .select(Select::Count)
            .key_condition_expression("#of = :of AND #listing BETWEEN :from AND :to")
            .expression_attribute_names("#of", Index::Community.hash())
            .expression_attribute_names("#listing", LISTING)
            .expression_attribute_values(":of", string(community.as_str()))
            .expression_attribute_values(":from", string(from))
            .expression_attribute_values(":to", string(to))
            .into_paginator()
            .send();
        let mut count = 0;
        while let Some(page) = pages.next().await {
            count += i64::from(page?.count());
        }
        Ok(count)
    }

    /// Counts invitations of one community as they are, and sets the deadlines of those that are live.
    ///
    /// # Errors
    /// [`StoreError`] if the table fails; counting again does no harm.
    pub async fn count_in(&self, community: &CommunityId, invitations: &[&Invitation]) -> Result<(), StoreError> {
        for chunk in invitations.chunks(CHUNK) {
            self.count_chunk(community, chunk).await?;
        }
        Ok(())
    }

    async fn count_chunk(&self, community: &CommunityId, invitations: &[&Invitation]) -> Result<(), StoreError> {
        for _ in 0..ROUNDS {
            let marks = self.marks(invitations).await?;
            let mut writes = Vec::new();
            let mut totals: BTreeMap<Counter, i64> = BTreeMap::new();
            for invitation in invitations {
                let mark = marks.get(&invitation.id);
                if mark.is_some_and(|mark| mark.revision >= invitation.revision) {
                    continue;
                }
                for (count, by) in counter_changes(mark.map(|mark| mark.status), invitation) {
                    *totals.entry(count).or_default() += by;
                }
                writes.push(remark(invitation, mark));
                writes.extend(deadline(invitation));
            }
            if writes.is_empty() {
                return Ok(());
            }
            writes.extend(add_up(community, &totals));
            if self.transact(writes).await? == Written::Done {
                return Ok(());
            }
        }
        Err(StoreError::Unavailable("too many writers".to_owned()))
    }

    async fn marks(&self, invitations: &[&Invitation]) -> Result<HashMap<InvitationId, Mark>, StoreError> {
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
fn remark(invitation: &Invitation, before: Option<&Mark>) -> Write {
    let mut expression = Expression::default();
    expression.set(KIND, string(Kind::Counted.as_str()));
    expression.set("status", string(invitation.status.as_str()));
    expression.set(REVISION, number(invitation.revision));
    match before {
        None => expression.require_missing(REVISION),
        Some(mark) => expression.require_equal(REVISION, number(mark.revision)),
    }
    Write::Update(Key::counted(invitation.id), expression)
}

/// The record whose deletion by TTL tells `deliver` that a live invitation's lifetime has passed.
fn deadline(invitation: &Invitation) -> Option<Write> {
    if invitation.status.is_final() {
        return None;
    }
    let mut item: Item = Key::deadline(invitation.id).into();
    item.insert(KIND.to_owned(), string(Kind::Deadline.as_str()));
    // TTL counts whole seconds: rounded up, so that it never comes early.
    item.insert(TTL.to_owned(), number(invitation.expires_at.as_second() + 1));
    Some(Write::Put(item, Expression::default()))
}

/// Times to answer are kept apart, by magnitude: a write costs by the size of the whole record.
fn add_up(community: &CommunityId, totals: &BTreeMap<Counter, i64>) -> impl Iterator<Item = Write> {
    let mut parts: BTreeMap<Key, Expression> = BTreeMap::new();
    for (count, by) in totals.iter().filter(|(_, by)| **by != 0) {
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

const SECONDS_PREFIX: &str = "seconds";
const ACCEPTED_ANSWERS: &str = "acceptedAnswers";
const DECLINED_ANSWERS: &str = "declinedAnswers";

fn attribute(count: Counter) -> String {
    match count {
        Counter::State(status) => status.as_str().to_owned(),
        Counter::AcceptedAnswer => ACCEPTED_ANSWERS.to_owned(),
        Counter::DeclinedAnswer => DECLINED_ANSWERS.to_owned(),
        Counter::AnswerSeconds(seconds) => format!("{SECONDS_PREFIX}{seconds}"),
    }
}

fn add_part(tally: &mut CommunityStats, part: &Item) {
    for (name, value) in part {
        let Some(count) = value.as_n().ok().and_then(|text| text.parse::<i64>().ok()) else { continue };
        if let Some(status) = Status::of_name(name) {
            tally.states.insert(status, count);
        } else if let Some(seconds) = name.strip_prefix(SECONDS_PREFIX).and_then(|text| text.parse().ok()) {
            tally.answer_seconds.insert(seconds, count);
        } else if name == ACCEPTED_ANSWERS {
            tally.accepted_answers = count;
        } else if name == DECLINED_ANSWERS {
            tally.declined_answers = count;
        }
    }
}

/// The kind of a record in a stream; `None` if it has none.
pub fn kind_of(item: &Item) -> Option<&str> {
    item.get(KIND).and_then(|kind| AttributeValue::as_s(kind).ok()).map(String::as_str)
}

/// The invitation whose partition the record stands in.
pub fn invitation_of(item: &Item) -> Option<InvitationId> {
    item.get(super::keys::PK)?.as_s().ok()?.strip_prefix("INVITATION#")?.parse().ok()
}
