//! What a community's invitations add up to, for those who moderate it: all of them, and what happened in a period.

use std::{cmp::Reverse, collections::BTreeMap};

use domain::{
    Timestamp,
    community::Era,
    id::CommunityId,
    invitation::{Sender, Status},
    person::Caller,
    stats::{DayStats, Period},
};
use jiff::civil::Date;
use store::{
    Store, StoreError,
    keys::{Key, Spread},
};

use crate::{
    ServiceError,
    lists::{check_moderator, moderator_keys},
};

/// The most senders that are shown.
pub const MAX_SENDERS: usize = 100;

/// Reads the stats of a community for a caller who may see them.
#[derive(Debug, Clone)]
pub struct StatsReader {
    store: Store,
    community: Era,
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

/// What happened to a community's invitations in a period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeriodStats {
    /// The period.
    pub period: Period,
    /// Every day of it, in order.
    pub days: Vec<(Date, DayStats)>,
    /// The senders, who sent most first, at most [`MAX_SENDERS`].
    pub senders: Vec<(Sender, DayStats)>,
    /// The first day that counts for senders, where there is too much for all days to.
    pub senders_since: Option<Date>,
}

impl StatsReader {
    /// Lets the caller read, if they moderate the community. Reading costs more the more there is, so the right to it
    /// is checked first.
    ///
    /// # Errors
    /// As [`moderated_page`](crate::lists::moderated_page).
    pub async fn open(store: &Store, caller: &Caller, community: CommunityId) -> Result<Self, ServiceError> {
        let spread = Spread::by_user(&caller.id);
        let keys = moderator_keys(caller, &community).into_iter().chain([Key::community(&community, spread)]);
        let records = store.read(keys).await?;
        check_moderator(caller, &community, &records)?;
        let present = records.era(&community, spread);
        Ok(Self { store: store.clone(), community: present.unwrap_or(Era { id: community, since: None }) })
    }

    /// The community.
    pub fn community(&self) -> &CommunityId {
        &self.community.id
    }

    /// Reads the numbers. The counters are kept from the table's stream, moments behind the table; invitations whose
    /// lifetime has passed are counted on the spot, so that expiry is right to the second.
    ///
    /// # Errors
    /// [`StoreError`] if a read fails.
    pub async fn numbers(&self, now: Timestamp) -> Result<Numbers, StoreError> {
        let Self { store, community } = self;
        let (stats, lapsed) = futures::try_join!(store.community_stats(community), store.lapsed(&community.id, now))?;
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
        Ok(Numbers {
            counts: Status::ALL.into_iter().map(count).collect(),
            acceptance_rate: stats.answers.acceptance_rate(),
            median_answer_seconds: stats.answers.median_seconds(),
        })
    }

    /// Reads what happened in the period: a query for the days, one for the senders, and a batch for their names.
    ///
    /// # Errors
    /// [`StoreError`] if a read fails.
    pub async fn period(&self, period: Period) -> Result<PeriodStats, StoreError> {
        let Self { store, community } = self;
        let mut found = store.period_stats(community, period).await?;
        let mut senders: Vec<_> = found.senders.into_iter().collect();
        senders.sort_by_key(|(_, stats)| Reverse((stats.sent, stats.answers.all())));
        senders.truncate(MAX_SENDERS);
        let records = store.read_to_show(senders.iter().map(|(sender, _)| Key::user(sender))).await?;
        let named = |(id, stats)| {
            // Who has no record any more keeps the id alone.
            let sender = match records.user(&id) {
                Some(found) => Sender::from(&found.user),
                None => Sender { id, display_name: None, profile_url: None },
            };
            (sender, stats)
        };
        Ok(PeriodStats {
            period,
            days: period.days().map(|day| (day, found.days.remove(&day).unwrap_or_default())).collect(),
            senders: senders.into_iter().map(named).collect(),
            senders_since: found.senders_since,
        })
    }
}
