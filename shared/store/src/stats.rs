//! The counters of a community, kept from the table's stream: everything is counted once, whatever the stream repeats
//! or reorders.
//!
//! Beside each invitation stands the status that it is counted in, its revision then, and which of its mails are
//! counted. A transaction changes the counters and these marks together, so a repeated or late report finds itself
//! counted already.
//!
//! Each day has counters of its own, of all senders together and of each. A day counts what happened on it, whenever it
//! is reported; the result of a mail happened when `feedback` was told of it. The counters of the last day stand in the
//! community's own record, so that one write counts a status and a day. The first change of a later day moves them to a
//! record of their day, and adds its answers to those of all time.

use std::collections::BTreeMap;

use domain::{
    Timestamp,
    community::Era,
    id::{CommunityId, UserId},
    invitation::Status,
    stats::{CommunityStats, DayStats, Period},
};
use jiff::civil::Date;

use crate::{
    Store, StoreError,
    attributes::{COMMUNITY, EXPIRY, LISTING, MOVED},
    expression::{number, string},
    keys::{BY_EXPIRY, Key, days_in, days_partition, senders_in, stats_partition},
    listing::Place,
    read::key_of,
    record::Item,
};

mod count;
mod counters;

pub use count::Uncounted;
use counters::{Present, counts};

/// The most requests for the counters of senders, a megabyte each: some 25,000 records of a sender and a day.
const SENDER_REQUESTS: usize = 4;

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
            let of_all = counts(&record).filter(|(sender, ..)| sender.is_none());
            of_all.for_each(|(_, counter, count)| stats.add(counter, count));
        }
        Ok(stats)
    }

    /// The counters of a period. The days are one record each, and at most two requests. Where there is more of senders
    /// than is read, only the last days count for them, each of them wholly.
    ///
    /// # Errors
    /// [`StoreError`] if a read fails.
    pub async fn period_stats(&self, community: &Era, period: Period) -> Result<PeriodStats, StoreError> {
        // First, and the days consistently: what moves meanwhile is then found twice rather than not at all.
        let own = Key::stats(community);
        let records = self.read_to_show([own.clone()]).await?;
        let present: Present = records.value(&own)?.unwrap_or_default();
        let partition = days_partition(community);
        let days = self.last_between(&partition, days_in(period), true, usize::MAX);
        let apart = self.last_between(&partition, senders_in(period), false, SENDER_REQUESTS);
        let (days, apart) = futures::try_join!(days, apart)?;
        let place = |record: &Item| key_of(record)?.counted_sender();
        // The day at which the reading ended may have more.
        let cut = if apart.all { None } else { apart.items.last().and_then(place).map(|(day, _)| day) };
        let since = cut.map(|day| day.tomorrow().unwrap_or(day));
        let is_whole = |day: Date| since.is_none_or(|since| since <= day);
        let mut stats = PeriodStats { senders_since: since, ..PeriodStats::default() };
        let of_days = days.items.iter().filter_map(|record| Some((key_of(record)?.counted_day()?, record)));
        let has_moved = |present| of_days.clone().any(|(day, record)| day == present && record.contains_key(MOVED));
        let is_asked_for = |day: &Date| (period.from()..=period.to()).contains(day);
        let present = present.day.filter(|day| is_asked_for(day) && !has_moved(*day)).zip(records.item(&own));
        for (day, record) in of_days.clone().chain(present) {
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

    /// Counts lapsed invitations of the community, by one query. They are those of the last minutes, unless a great
    /// many have lapsed together: of these it finds as many as DynamoDB reads at once, some 7,000.
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
}
