//! Counts what is reported of invitations.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::ControlFlow,
};

use domain::{
    Timestamp,
    community::Era,
    id::{InvitationId, UserId},
    invitation::{Invitation, Status},
    stats::{Counter, MailResult, day_counts, magnitude, status_changes},
};
use jiff::{ToSpan, civil::Date, tz::TimeZone};
use serde::Deserialize;

use super::counters::{Present, attribute, attribute_of, counts};
use crate::{
    Store, StoreError,
    attributes::{DAY, KIND, MOVED, REVISION, STATUS, TTL},
    expression::{Expression, number, string},
    keys::Key,
    record::{Item, Kind},
    retry,
    write::{MAX_ACTIONS, Write, Written},
};

/// How long the counters of a day are kept after it.
const DAYS_KEPT: i64 = 400;
/// Up to how many bytes the counters of senders and of times to answer fill the record of a community. A write costs by
/// the size of the whole record, a unit for each kilobyte: the rest of the first is for the other counters.
const SHARED_BYTES: usize = 800;
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

impl Store {
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
        let own = Key::stats(community);
        let marks = reports.iter().map(|(id, _)| Key::counted(*id));
        let records = self.read(marks.chain([own.clone()])).await?;
        let (mut writes, mut counted, mut deadlines) = (Vec::new(), Counted::default(), Vec::new());
        for (id, report) in reports {
            let key = Key::counted(*id);
            let mark: Mark = records.value(&key)?.unwrap_or_default();
            let is_open =
                |result: &MailResult| records.item(&key).is_none_or(|mark| !mark.contains_key(&mark_of(result)));
            let latest = report.latest.filter(|invitation| mark.revision < invitation.revision);
            let mut mails: Vec<_> = report.mails.iter().filter(|result| is_open(result)).collect();
            // They are in order: of what is told twice, the first day holds.
            mails.dedup_by_key(|result| mark_of(result));
            if let Some(invitation) = latest {
                for (status, by) in status_changes(mark.status, invitation) {
                    counted.restate(status, by);
                }
                for (day, counter) in day_counts(mark.status, invitation) {
                    counted.add(day, report.sender, counter);
                }
                deadlines.extend(deadline(invitation));
            }
            for result in &mails {
                counted.add(result.day, report.sender, result.counter);
            }
            if latest.is_some() || !mails.is_empty() {
                writes.push(mark_counted(key, mark, latest, &mails));
            }
        }
        if writes.is_empty() {
            return Ok(ControlFlow::Break(Part::Counted));
        }
        let present = records.value(&own)?.unwrap_or_default();
        writes.extend(counted.writes(community, OwnRecord::new(own.clone(), present, records.item(&own))));
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
    for attribute in mails.iter().map(|result| mark_of(result)) {
        expression.set(&attribute, number(1));
        expression.require_missing(&attribute);
    }
    Write::Update(key, expression)
}

/// The attribute that marks the result of a mail as counted.
fn mark_of(result: &MailResult) -> String {
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

/// What reports add to the counters of a community.
#[derive(Default)]
struct Counted<'a> {
    statuses: Changes,
    /// What happened on each day, by sender.
    days: BTreeMap<Date, BTreeMap<&'a UserId, Changes>>,
}

impl<'a> Counted<'a> {
    fn restate(&mut self, status: Status, by: i64) {
        *self.statuses.entry(Counter::State(status)).or_default() += by;
    }

    fn add(&mut self, day: Date, sender: &'a UserId, counter: Counter) {
        let senders = self.days.entry(day).or_default();
        *senders.entry(sender).or_default().entry(counter).or_default() += 1;
    }

    /// What writes all this, where the community's own record is as it was read.
    fn writes(self, community: &Era, mut own: OwnRecord) -> Vec<Write> {
        let mut apart = Apart { community, of_days: BTreeMap::new(), of_all_time: BTreeMap::new() };
        if let Some(last) = self.days.keys().next_back() {
            own.begin(*last, &mut apart);
        }
        let statuses: Vec<_> = self.statuses.into_iter().map(|(status, by)| (attribute(status), by)).collect();
        own.add(statuses);
        for (day, senders) in self.days {
            let is_present = own.day == Some(day);
            let mut all = Changes::new();
            for (counter, by) in senders.values().flatten() {
                *all.entry(*counter).or_default() += by;
            }
            for (counter, by) in all {
                let change = vec![(attribute(counter), by)];
                let may_be_apart = matches!(counter, Counter::AnswerSeconds(_));
                if is_present && (!may_be_apart || own.has_room(&change)) {
                    own.add(change);
                } else {
                    apart.add_on(Key::day_stats(community, day), day, attribute(counter), by);
                    apart.add_of_all_time(counter, by);
                }
            }
            for (sender, changes) in senders {
                let named: Vec<_> =
                    changes.iter().map(|(counter, by)| (attribute_of(*counter, Some(sender)), *by)).collect();
                if is_present && own.has_room(&named) {
                    own.add(named);
                } else {
                    for (counter, by) in changes {
                        apart.add_on(Key::sender_stats(community, day, sender), day, attribute(counter), by);
                    }
                }
            }
        }
        own.write().into_iter().chain(apart.writes()).collect()
    }
}

/// The community's own record, and how it changes.
struct OwnRecord {
    key: Key,
    present: Present,
    /// The day whose counters it holds from now on.
    day: Option<Date>,
    /// The counters that it holds and keeps.
    held: BTreeMap<String, (Option<UserId>, Counter, i64)>,
    /// The counters that leave it.
    moved: BTreeSet<String>,
    changes: BTreeMap<String, i64>,
    /// The bytes that a write of it is charged by, but for a few.
    size: usize,
}

impl OwnRecord {
    /// The record as it was read.
    fn new(key: Key, present: Present, record: Option<&Item>) -> Self {
        let held = record.into_iter().flat_map(counts);
        let held = held.map(|found| (attribute_of(found.1, found.0.as_ref()), found)).collect();
        let size = record.map_or_else(|| size(&key.clone().into()), size);
        Self { key, present, day: present.day, held, moved: BTreeSet::new(), changes: BTreeMap::new(), size }
    }

    /// Begins with a day, if it is later than the present one, whose counters move to where they stay.
    fn begin(&mut self, day: Date, apart: &mut Apart<'_>) {
        if self.day.is_some_and(|present| day <= present) {
            return;
        }
        self.day = Some(day);
        let moved = self.held.extract_if(.., |_, (_, counter, _)| !matches!(counter, Counter::State(_)));
        for (name, (sender, counter, count)) in moved {
            self.size -= name.len() + NUMBER_BYTES;
            if sender.is_none() {
                apart.add_of_all_time(counter, count);
            }
            if let Some(before) = self.present.day {
                apart.add_on(Key::day_stats(apart.community, before), before, name.clone(), count);
            }
            self.moved.insert(name);
        }
        if let Some(before) = self.present.day {
            apart.add_on(Key::day_stats(apart.community, before), before, MOVED.to_owned(), 1);
        }
    }

    /// The bytes that it grows by with these changes.
    fn growth(&self, changes: &[(String, i64)]) -> usize {
        let is_new = |name: &&String| !self.held.contains_key(*name) && !self.changes.contains_key(*name);
        changes.iter().map(|(name, _)| name).filter(is_new).map(|name| name.len() + NUMBER_BYTES).sum()
    }

    /// Whether it has all these counters, or room for them.
    fn has_room(&self, changes: &[(String, i64)]) -> bool {
        let growth = self.growth(changes);
        growth == 0 || self.size + growth <= SHARED_BYTES
    }

    fn add(&mut self, changes: Vec<(String, i64)>) {
        self.size += self.growth(&changes);
        for (name, by) in changes {
            *self.changes.entry(name).or_default() += by;
        }
    }

    /// What writes it, if it changes.
    fn write(self) -> Option<Write> {
        let Self { key, present, day, moved, mut changes, .. } = self;
        changes.retain(|_, by| *by != 0);
        if changes.is_empty() && moved.is_empty() {
            return None;
        }
        let mut expression = Expression::default();
        expression.set(KIND, string(Kind::Stats.as_str()));
        expression.increase(REVISION, 1);
        expression.require_as_read(DAY, present.day.map(|day| string(day.to_string())));
        if let Some(day) = day.filter(|_| day != present.day) {
            expression.set(DAY, string(day.to_string()));
            // Nothing was counted since it was read: what moves is all that there is.
            expression.require_as_read(REVISION, (present.revision > 0).then(|| number(present.revision)));
        }
        for name in moved {
            match changes.remove(&name) {
                Some(by) => expression.set_counter(&name, by),
                None => expression.remove_counter(&name),
            }
        }
        for (name, by) in changes {
            expression.increase(&name, by);
        }
        Some(Write::Update(key, expression))
    }
}

/// What is counted outside the community's own record.
struct Apart<'a> {
    community: &'a Era,
    /// By the day that the record counts, and its key.
    of_days: BTreeMap<(Date, Key), BTreeMap<String, i64>>,
    of_all_time: BTreeMap<Key, BTreeMap<String, i64>>,
}

impl Apart<'_> {
    /// Adds to a counter of a day.
    fn add_on(&mut self, key: Key, day: Date, name: String, by: i64) {
        *self.of_days.entry((day, key)).or_default().entry(name).or_default() += by;
    }

    /// Adds to a counter of all time, if it is one of answers. Times to answer are kept apart, by magnitude: a write
    /// costs by the size of the whole record.
    fn add_of_all_time(&mut self, counter: Counter, by: i64) {
        let magnitude = match counter {
            Counter::AnswerSeconds(seconds) => magnitude(seconds),
            Counter::AcceptedAnswer | Counter::DeclinedAnswer => 0,
            Counter::State(_) | Counter::Sent | Counter::Delivered | Counter::Bounced => return,
        };
        let record = self.of_all_time.entry(Key::answers(self.community, magnitude)).or_default();
        *record.entry(attribute(counter)).or_default() += by;
    }

    fn writes(self) -> impl Iterator<Item = Write> {
        let of_days = self.of_days.into_iter().map(|((day, key), changes)| {
            let mut expression = increasing(changes);
            expression.set(KIND, string(Kind::DayStats.as_str()));
            expression.set(TTL, number(kept_until(day).as_second()));
            Write::Update(key, expression)
        });
        of_days.chain(self.of_all_time.into_iter().map(|(key, changes)| {
            let mut expression = increasing(changes);
            expression.set(KIND, string(Kind::Stats.as_str()));
            Write::Update(key, expression)
        }))
    }
}

/// What adds to the counters of a record.
fn increasing(changes: BTreeMap<String, i64>) -> Expression {
    let mut expression = Expression::default();
    for (name, by) in changes {
        expression.increase(&name, by);
    }
    expression
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
