//! How counters stand in records: each is an attribute, named after what it counts and, where it is about one sender,
//! after them.

use domain::{id::UserId, invitation::Status, stats::Counter};
use jiff::civil::Date;
use serde::Deserialize;

use crate::{
    attributes::{ACCEPTED_ANSWERS, BOUNCED, DECLINED_ANSWERS, DELIVERED, OF_SENDER, SECONDS_PREFIX, SENT},
    record::Item,
};

/// The community's own record, as far as it binds who writes it.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
pub(super) struct Present {
    /// The day whose counters it holds.
    pub(super) day: Option<Date>,
    /// How often its counters have changed.
    #[serde(default)]
    pub(super) revision: u64,
}

/// The attribute of a counter of the whole community, or of one sender's invitations.
pub(super) fn attribute_of(counter: Counter, sender: Option<&UserId>) -> String {
    let name = attribute(counter);
    match sender {
        Some(sender) => format!("{name}{OF_SENDER}{sender}"),
        None => name,
    }
}

/// The attribute of a counter of the whole community.
pub(super) fn attribute(counter: Counter) -> String {
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
pub(super) fn counts(record: &Item) -> impl Iterator<Item = (Option<UserId>, Counter, i64)> {
    record.iter().filter_map(|(name, value)| {
        let (name, sender) = match name.split_once(OF_SENDER) {
            Some((name, sender)) => (name, Some(sender.parse().ok()?)),
            None => (name.as_str(), None),
        };
        Some((sender, counter(name)?, value.as_n().ok()?.parse().ok()?))
    })
}
