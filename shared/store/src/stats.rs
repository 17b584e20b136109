//! The counters of a community, kept from the table's stream: everything is counted once, whatever the stream repeats or
//! reorders.
//!
//! Beside each invitation stands the status that it is counted in, its revision then, and which of its mails are counted. A
//! transaction changes the counters and these marks together, so a repeated or late report finds itself counted already.
//! Days have counters of their own, all together and for each sender: by the time of what happened, not of its report; what became
//! of a mail happened when `feedback` heard of it. As long as the record of a day is small, its senders stand in it, too, and one write
//! counts both; the others have a record each. Either will do, since a reader adds both up.

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
        ACCEPTED_ANSWERS, BOUNCED, COMMUNITY, DECLINED_ANSWERS, DELIVERED, EXPIRY, KIND, LISTING, OF_SENDER, REVISION,
        SECONDS_PREFIX, SENT, STATUS, TTL,
    },
    expression::{Expression, number, string},
    keys::{BY_EXPIRY, Key, days_in, days_partition, senders_in, stats_partition},
    listing::Place,
    read::{Records, key_of},
    record::{Item, Kind},
    retry,
    write::{MAX_ACTIONS, Write, Written},
};

/// How long the counters of a day are kept after it.
const DAYS_KEPT: i64 = 400;
/// The most requests for the counters of senders, a megabyte each: some 25,000 records of a sender and a day.
const SENDER_REQUESTS: usize = 4;
/// Up to how many bytes the counters of senders fill the record of a day. A write costs by the size of the whole record, a unit
/// for each kilobyte: the rest of the first is for what else happens on the day, such as times to answer.
const SHARED_BYTES: usize = 768;
/// The bytes of a number, of up to four digits as counters have.
const NUMBER_BYTES: usize = 3;

/// By how much counters change.
type Changes = BTreeMap<Counter, i64>;

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

impl Uncounted<'_> {
    /// The days on which it may count, whatever is counted of it already.
    fn days(&self) -> impl Iterator<Item = Date> {
        let counts = self.latest.into_iter().flat_map(|invitation| day_counts(None, invitation));
        counts.map(|(day, _)| day).chain(self.mails.iter().map(|result| result.day))
    }
}

/// The counters of a period.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PeriodStats {
    /// Those of the days on which anything happened.
    pub days: BTreeMap<Date, DayStats>,
    /// Those of everyone who sent what something happened to.
    pub senders: BTreeMap<UserId, DayStats>,
    /// The first day that counts for senders, where there is more than is read.
    pub senders_since: Option<Date>,
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
            counts(&record).for_each(|(_, counter, count)| stats.add(counter, count));
        }
        Ok(stats)
    }

    /// The counters of a period. The days are one record each, and at most two requests. Where there is more of senders than is
    /// read, only the last days count for them, each of them wholly.
    ///
    /// # Errors
    /// [`StoreError`] if a read fails.
    pub async fn period_stats(&self, community: &Era, period: Period) -> Result<PeriodStats, StoreError> {
        let partition = days_partition(community);
        let days = self.last_between(&partition, days_in(period), usize::MAX);
        let apart = self.last_between(&partition, senders_in(period), SENDER_REQUESTS);
        let (days, apart) = futures::try_join!(days, apart)?;
        let place = |record: &Item| key_of(record)?.counted_sender();
        // The day at which the reading ended may have more.
        let cut = if apart.all { None } else { apart.items.last().and_then(place).map(|(day, _)| day) };
        let since = cut.map(|day| day.tomorrow().unwrap_or(day));
        let is_whole = |day: Date| since.is_none_or(|since| since <= day);
        let mut stats = PeriodStats { senders_since: since, ..PeriodStats::default() };
        for record in &days.items {
            let Some(day) = key_of(record).and_then(|key| key.counted_day()) else { continue };
            for (sender, counter, count) in counts(record) {
                match sender {
                    None => stats.days.entry(day).or_default().add(counter, count),
                    Some(sender) if is_whole(day) => stats.senders.entry(sender).or_default().add(counter, count),
                    Some(_) => {}
                }
            }
        }
        for record in &apart.items {
            let Some((_, sender)) = place(record).filter(|(day, _)| is_whole(*day)) else { continue };
            let stats = stats.senders.entry(sender).or_default();
            counts(record).for_each(|(_, counter, count)| stats.add(counter, count));
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
        for item in self.within_time(query.send()).await??.items.unwrap_or_default() {
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
        let marks = reports.iter().map(|(id, _)| Key::counted(*id));
        let days = reports.iter().flat_map(|(_, report)| report.days()).map(|day| Key::day_stats(community, day));
        let records = self.read(marks.chain(days)).await?;
        let (mut writes, mut all, mut deadlines) = (Vec::new(), Counted::new(community), Vec::new());
        for (id, report) in reports {
            let key = Key::counted(*id);
            let mark: Mark = records.value(&key)?.unwrap_or_default();
            let is_open =
                |result: &MailResult| records.item(&key).is_none_or(|mark| !mark.contains_key(&counted(result)));
            let latest = report.latest.filter(|invitation| mark.revision < invitation.revision);
            let mut mails: Vec<_> = report.mails.iter().filter(|result| is_open(result)).collect();
            // They are in order: of what is told twice, the first day holds.
            mails.dedup_by_key(|result| counted(result));
            if let Some(invitation) = latest {
                for (counter, by) in counter_changes(mark.status, invitation) {
                    all.add(counter, by);
                }
                for (day, counter) in day_counts(mark.status, invitation) {
                    all.add_on(day, report.sender, counter);
                }
                deadlines.extend(deadline(invitation));
            }
            for result in &mails {
                all.add_on(result.day, report.sender, result.counter);
            }
            if latest.is_some() || !mails.is_empty() {
                writes.push(mark_counted(key, mark, latest, &mails));
            }
        }
        if writes.is_empty() {
            return Ok(ControlFlow::Break(Part::Counted));
        }
        writes.extend(all.writes(&records));
        // One report alone is never too large: it comes from one batch of the stream.
        if writes.len() > MAX_ACTIONS && reports.len() > 1 {
            return Ok(ControlFlow::Break(Part::TooLarge));
        }
        // First, so that what is counted has its deadline. One that is written twice is the same.
        self.put_each(deadlines).await?;
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
fn deadline(invitation: &Invitation) -> Option<Item> {
    if invitation.status.is_final() {
        return None;
    }
    let mut item: Item = Key::deadline(invitation.expires_at, invitation.id).into();
    item.insert(KIND.to_owned(), string(Kind::Deadline.as_str()));
    // TTL counts whole seconds: rounded up, so that it never comes early.
    item.insert(TTL.to_owned(), number(invitation.expires_at.as_second() + 1));
    Some(item)
}

/// How the counters of a community change.
struct Counted<'a> {
    community: &'a Era,
    /// Those of all time, by their record.
    all: BTreeMap<Key, Changes>,
    /// Those of senders in a day. Each sender's are the day's, too.
    days: BTreeMap<Date, BTreeMap<&'a UserId, Changes>>,
}

impl<'a> Counted<'a> {
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
    fn add_on(&mut self, day: Date, sender: &'a UserId, counter: Counter) {
        let senders = self.days.entry(day).or_default();
        *senders.entry(sender).or_default().entry(counter).or_default() += 1;
    }

    /// What writes all this, where the records of the days are as they were read.
    fn writes(self, records: &Records) -> Vec<Write> {
        let Self { community, all, days } = self;
        let changed = all.into_iter().filter(|(_, changes)| changes.values().any(|by| *by != 0));
        let all = changed.map(|(key, changes)| {
            let mut expression = Expression::default();
            expression.set(KIND, string(Kind::Stats.as_str()));
            increase(&mut expression, &changes);
            Write::Update(key, expression)
        });
        let days = days.into_iter().flat_map(|(day, senders)| {
            day_writes(community, day, senders, records.item(&Key::day_stats(community, day)))
        });
        all.chain(days).collect()
    }
}

/// What counts on a day, whose record is as it was read. A sender whose counters fit into it is counted there, any other apart.
fn day_writes(community: &Era, day: Date, senders: BTreeMap<&UserId, Changes>, record: Option<&Item>) -> Vec<Write> {
    let is_new = |name: &String| record.is_none_or(|record| !record.contains_key(name));
    let mut size = record.map_or(0, size);
    let (mut all, mut shared, mut apart) = (Changes::new(), counting_on(day), Vec::new());
    for (sender, changes) in senders {
        for (counter, by) in &changes {
            *all.entry(*counter).or_default() += by;
        }
        let names: Vec<_> =
            changes.keys().map(|counter| format!("{}{OF_SENDER}{sender}", attribute(*counter))).collect();
        let growth: usize = names.iter().filter(|name| is_new(name)).map(|name| name.len() + NUMBER_BYTES).sum();
        if growth == 0 || size + growth <= SHARED_BYTES {
            size += growth;
            names.iter().zip(changes.values()).for_each(|(name, by)| shared.increase(name, *by));
        } else {
            let mut expression = counting_on(day);
            increase(&mut expression, &changes);
            apart.push(Write::Update(Key::sender_stats(community, day, sender), expression));
        }
    }
    increase(&mut shared, &all);
    apart.push(Write::Update(Key::day_stats(community, day), shared));
    apart
}

/// What a record is that counts on the day.
fn counting_on(day: Date) -> Expression {
    let mut expression = Expression::default();
    expression.set(KIND, string(Kind::DayStats.as_str()));
    expression.set(TTL, number(kept_until(day).as_second()));
    expression
}

/// Changes the counters.
fn increase(expression: &mut Expression, changes: &Changes) {
    for (counter, by) in changes.iter().filter(|(_, by)| **by != 0) {
        expression.increase(&attribute(*counter), *by);
    }
}

/// The bytes that a write of the record is charged by, but for a few.
fn size(record: &Item) -> usize {
    record.iter().map(|(name, value)| name.len() + value.as_s().map_or(NUMBER_BYTES, String::len)).sum()
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

/// The counters that stand in the record, each with the sender whom alone it is about, if it is.
fn counts(record: &Item) -> impl Iterator<Item = (Option<UserId>, Counter, i64)> {
    record.iter().filter_map(|(name, value)| {
        let (name, sender) = match name.split_once(OF_SENDER) {
            Some((name, sender)) => (name, Some(sender.parse().ok()?)),
            None => (name.as_str(), None),
        };
        Some((sender, counter(name)?, value.as_n().ok()?.parse().ok()?))
    })
}
