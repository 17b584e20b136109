//! The counters of a community, kept from the table's stream: everything is counted once, whatever the stream repeats or
//! reorders.
//!
//! Beside each invitation stands the status that it is counted in, its revision then, and which of its mails are counted. A
//! transaction changes the counters and these marks together, so a repeated or late report finds itself counted already.
//! Days have counters of their own, all together and for each sender: by the time of what happened, not of its report; what became
//! of a mail happened when `feedback` heard of it.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::ControlFlow,
};

use domain::{
    Timestamp,
    community::Era,
    id::{CommunityId, InvitationId, UserId},
    invitation::{Invitation, Status},
    stats::{CommunityStats, Counter, DayStats, MailResult, Period, counter_changes, day_counts, magnitude},
};
use jiff::{ToSpan, civil::Date, tz::TimeZone};
use serde::Deserialize;

use crate::{
    Store, StoreError,
    attributes::{
        ACCEPTED_ANSWERS, BOUNCED, COMMUNITY, DECLINED_ANSWERS, DELIVERED, EXPIRY, KIND, LISTING, REVISION,
        SECONDS_PREFIX, SENT, STATUS, TTL,
    },
    expression::{Expression, number, string},
    keys::{BY_EXPIRY, Key, days_in, days_partition, senders_in, stats_partition},
    listing::Place,
    read::key_of,
    record::{Item, Kind},
    retry,
    write::{MAX_ACTIONS, Write, Written},
};

/// How long the counters of a day are kept after it.
const DAYS_KEPT: i64 = 400;
/// The most requests for the counters of senders, a megabyte each: some 25,000 records of a sender and a day.
const SENDER_REQUESTS: usize = 4;

/// What is counted of an invitation. What became of its mails are further attributes.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
struct Mark {
    status: Option<Status>,
    /// Revisions begin at 1.
    #[serde(default)]
    revision: u64,
}

/// What the stream reports of one invitation, as far as it is counted.
#[derive(Debug, Clone)]
pub struct Uncounted<'a> {
    /// Who sent it.
    pub sender: &'a UserId,
    /// The invitation, as the latest change of its status or expiry left it.
    pub latest: Option<&'a Invitation>,
    /// What became of its mails.
    pub mails: BTreeSet<MailResult>,
}

/// The counters of senders in a period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SenderStats {
    /// The counters of each.
    pub senders: BTreeMap<UserId, DayStats>,
    /// The first day that they count, where there is more than is read.
    pub since: Option<Date>,
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
    pub async fn community_stats(&self, community: &Era) -> Result<CommunityStats, StoreError> {
        let mut stats = CommunityStats::default();
        for record in self.partition(&stats_partition(community), "").await? {
            counts(&record).for_each(|(counter, count)| stats.add(counter, count));
        }
        Ok(stats)
    }

    /// The counters of the days of a period on which anything happened. That is one record a day, and at most two requests.
    ///
    /// # Errors
    /// [`StoreError`] if the read fails.
    pub async fn day_stats(&self, community: &Era, period: Period) -> Result<BTreeMap<Date, DayStats>, StoreError> {
        let found = self.last_between(&days_partition(community), days_in(period), usize::MAX).await?;
        let day = |record: &Item| Some((key_of(record)?.counted_day()?, day_stats(record)));
        Ok(found.items.iter().filter_map(day).collect())
    }

    /// The counters of everyone who sent what something happened to in a period. Where there is more than is read, only the
    /// last days count, each of them wholly.
    ///
    /// # Errors
    /// [`StoreError`] if the read fails.
    pub async fn sender_stats(&self, community: &Era, period: Period) -> Result<SenderStats, StoreError> {
        let found = self.last_between(&days_partition(community), senders_in(period), SENDER_REQUESTS).await?;
        let place = |record: &Item| key_of(record)?.counted_sender();
        // The day at which the reading ended may have more.
        let cut = if found.all { None } else { found.items.last().and_then(place).map(|(day, _)| day) };
        let mut senders = BTreeMap::<UserId, DayStats>::new();
        for record in &found.items {
            if let Some((_, sender)) = place(record).filter(|(day, _)| Some(*day) != cut) {
                senders.entry(sender).or_default().merge(day_stats(record));
            }
        }
        Ok(SenderStats { senders, since: cut.map(|day| day.tomorrow().unwrap_or(day)) })
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

    /// Counts what is reported of invitations of one community, and sets the deadlines of those that are live.
    ///
    /// # Errors
    /// [`StoreError`] if the table fails; counting again does no harm.
    pub async fn count_in(&self, community: &Era, reports: &[(InvitationId, Uncounted<'_>)]) -> Result<(), StoreError> {
        let mut open = vec![reports];
        while let Some(part) = open.pop() {
            let counted = retry((), |()| self.count_part(community, part)).await?;
            if counted == Part::TooLarge {
                let (one, other) = part.split_at(part.len() / 2);
                open.extend([one, other]);
            }
        }
        Ok(())
    }

    async fn count_part(
        &self,
        community: &Era,
        reports: &[(InvitationId, Uncounted<'_>)],
    ) -> Result<ControlFlow<Part>, StoreError> {
        let marks = self.read(reports.iter().map(|(id, _)| Key::counted(*id))).await?;
        let (mut writes, mut changes) = (Vec::new(), Changes::new(community));
        for (id, report) in reports {
            let key = Key::counted(*id);
            let mark: Mark = marks.value(&key)?.unwrap_or_default();
            let is_open = |result: &MailResult| marks.get(&key).is_none_or(|mark| !mark.contains_key(&counted(result)));
            let latest = report.latest.filter(|invitation| mark.revision < invitation.revision);
            let mut mails: Vec<_> = report.mails.iter().filter(|result| is_open(result)).collect();
            // They are in order: of what is told twice, the first day holds.
            mails.dedup_by_key(|result| counted(result));
            if let Some(invitation) = latest {
                for (counter, by) in counter_changes(mark.status, invitation) {
                    changes.add(counter, by);
                }
                for (day, counter) in day_counts(mark.status, invitation) {
                    changes.add_on(day, report.sender, counter);
                }
                writes.extend(deadline(invitation));
            }
            for result in &mails {
                changes.add_on(result.day, report.sender, result.counter);
            }
            if latest.is_some() || !mails.is_empty() {
                writes.push(mark_counted(key, mark, latest, &mails));
            }
        }
        if writes.is_empty() {
            return Ok(ControlFlow::Break(Part::Counted));
        }
        writes.extend(changes.writes());
        // One report alone is never too large: it comes from one batch of the stream.
        if writes.len() > MAX_ACTIONS && reports.len() > 1 {
            return Ok(ControlFlow::Break(Part::TooLarge));
        }
        let done = self.transact(writes).await? == Written::Done;
        Ok(if done { ControlFlow::Break(Part::Counted) } else { ControlFlow::Continue(()) })
    }
}

/// What became of some reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    /// All of it is counted.
    Counted,
    /// None of it is: it takes more than one transaction.
    TooLarge,
}

/// Marks what is counted of an invitation, unless someone has done so since the mark was read.
fn mark_counted(key: Key, mark: Mark, latest: Option<&Invitation>, mails: &[&MailResult]) -> Write {
    let mut expression = Expression::default();
    expression.set(KIND, string(Kind::Counted.as_str()));
    if let Some(invitation) = latest {
        expression.set(STATUS, string(invitation.status.as_str()));
        expression.set(REVISION, number(invitation.revision));
        match mark.revision {
            0 => expression.require_missing(REVISION),
            revision => expression.require_equal(REVISION, number(revision)),
        }
    }
    for attribute in mails.iter().map(|result| counted(result)) {
        expression.set(&attribute, number(1));
        expression.require_missing(&attribute);
    }
    Write::Update(key, expression)
}

/// The attribute that marks the result of a mail as counted.
fn counted(result: &MailResult) -> String {
    format!("{}{}", attribute(result.counter), result.mailed_at.as_millisecond())
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

/// How the counters of a community change, by the records that they stand in.
struct Changes<'a> {
    community: &'a Era,
    all: BTreeMap<Key, BTreeMap<Counter, i64>>,
    days: BTreeMap<Key, (Date, BTreeMap<Counter, i64>)>,
}

impl<'a> Changes<'a> {
    fn new(community: &'a Era) -> Self {
        Self { community, all: BTreeMap::new(), days: BTreeMap::new() }
    }

    /// Adds to a counter of all time. Times to answer are kept apart, by magnitude: a write costs by the size of the whole
    /// record.
    fn add(&mut self, counter: Counter, by: i64) {
        let key = match counter {
            Counter::AnswerSeconds(seconds) => Key::answer_times(self.community, magnitude(seconds)),
            _ => Key::stats(self.community),
        };
        *self.all.entry(key).or_default().entry(counter).or_default() += by;
    }

    /// Adds one to a counter of a day, and to the sender's of that day.
    fn add_on(&mut self, day: Date, sender: &UserId, counter: Counter) {
        for key in [Key::day_stats(self.community, day), Key::sender_stats(self.community, day, sender)] {
            let (_, counters) = self.days.entry(key).or_insert_with(|| (day, BTreeMap::new()));
            *counters.entry(counter).or_default() += 1;
        }
    }

    fn writes(self) -> impl Iterator<Item = Write> {
        let all = self.all.into_iter().filter_map(|(key, counters)| {
            let mut expression = increase(&counters)?;
            expression.set(KIND, string(Kind::Stats.as_str()));
            Some(Write::Update(key, expression))
        });
        let days = self.days.into_iter().filter_map(|(key, (day, counters))| {
            let mut expression = increase(&counters)?;
            expression.set(KIND, string(Kind::DayStats.as_str()));
            expression.set(TTL, number(kept_until(day).as_second()));
            Some(Write::Update(key, expression))
        });
        all.chain(days)
    }
}

/// Returns what changes the counters; `None` if they stay as they are.
fn increase(counters: &BTreeMap<Counter, i64>) -> Option<Expression> {
    let mut expression = None;
    for (counter, by) in counters.iter().filter(|(_, by)| **by != 0) {
        expression.get_or_insert_with(Expression::default).increase(&attribute(*counter), *by);
    }
    expression
}

/// Until when the counters of a day are kept.
fn kept_until(day: Date) -> Timestamp {
    let last = day.checked_add(DAYS_KEPT.days()).unwrap_or(Date::MAX);
    last.to_zoned(TimeZone::UTC).map_or(Timestamp::MAX, |midnight| midnight.timestamp())
}

fn attribute(counter: Counter) -> String {
    match counter {
        Counter::State(status) => status.as_str().to_owned(),
        Counter::Sent => SENT.to_owned(),
        Counter::Delivered => DELIVERED.to_owned(),
        Counter::Bounced => BOUNCED.to_owned(),
        Counter::AcceptedAnswer => ACCEPTED_ANSWERS.to_owned(),
        Counter::DeclinedAnswer => DECLINED_ANSWERS.to_owned(),
        Counter::AnswerSeconds(seconds) => format!("{SECONDS_PREFIX}{seconds}"),
    }
}

/// The counter that has the attribute.
fn counter(attribute: &str) -> Option<Counter> {
    Some(match attribute {
        SENT => Counter::Sent,
        DELIVERED => Counter::Delivered,
        BOUNCED => Counter::Bounced,
        ACCEPTED_ANSWERS => Counter::AcceptedAnswer,
        DECLINED_ANSWERS => Counter::DeclinedAnswer,
        name => match name.strip_prefix(SECONDS_PREFIX) {
            Some(seconds) => Counter::AnswerSeconds(seconds.parse().ok()?),
            None => Counter::State(Status::of_name(name)?),
        },
    })
}

/// The counters that stand in the record.
fn counts(record: &Item) -> impl Iterator<Item = (Counter, i64)> {
    record.iter().filter_map(|(name, value)| Some((counter(name)?, value.as_n().ok()?.parse().ok()?)))
}

fn day_stats(record: &Item) -> DayStats {
    let mut stats = DayStats::default();
    counts(record).for_each(|(counter, count)| stats.add(counter, count));
    stats
}
