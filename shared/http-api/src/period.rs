//! What happened in a community in a period: which days are asked for, and how the stats of them are shown.

use domain::{
    invitation::Sender,
    stats::{DayStats, Period},
};
use jiff::civil::Date;
use lambda_http::Request;
use serde::Serialize;
use service::stats::PeriodStats;

use super::{problem::Problem, query::parameter};

/// Returns the period between the query parameters `from` and `to`; `None` without both.
///
/// # Errors
/// 400 that names the one that is missing or that is no day, or `to` where both make no period.
pub fn parse(request: &Request) -> Result<Option<Period>, Problem> {
    match (parameter(request, "from")?, parameter(request, "to")?) {
        (None, None) => Ok(None),
        (Some(from), Some(to)) => between(&from, &to).map(Some),
        (None, Some(_)) => Err(Problem::malformed("from", "must stand beside `to`")),
        (Some(_), None) => Err(Problem::malformed("to", "must stand beside `from`")),
    }
}

/// Returns the period from one day to another.
///
/// # Errors
/// As [`parse`].
pub fn between(from: &str, to: &str) -> Result<Period, Problem> {
    let (from, to) = (day("from", from)?, day("to", to)?);
    Period::new(from, to).map_err(|error| Problem::malformed("to", error))
}

/// Reads a day in the one form that is taken.
fn day(name: &str, text: &str) -> Result<Date, Problem> {
    let day = text.parse().ok().filter(|day: &Date| day.year() > 0 && day.to_string() == text);
    day.ok_or_else(|| Problem::malformed(name, "must be a day, as in 2026-11-01"))
}

/// What happened in a period, day by day and sender by sender.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = PeriodStats))]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "openapi.yaml and schema.graphql are made from the fields")]
pub struct PeriodView {
    pub from: Date,
    pub to: Date,
    /// Every day of the period, in order.
    pub days: Vec<DayView>,
    /// Who sent what something happened to on these days: the one first who sent most, at most 100.
    pub senders: Vec<SenderView>,
    /// The first day that counts for `senders`, where there is too much for the whole period to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub senders_from: Option<Date>,
}

/// What happened on a day (UTC).
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = DayStats))]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "as of the period")]
pub struct DayView {
    pub date: Date,
    /// Invitations that became pending, or made their invitee a member at once.
    pub sent: i64,
    /// Invitation mails that arrived.
    pub delivered: i64,
    /// Invitation mails that bounced, or were called spam. They may have arrived before.
    pub bounced: i64,
    /// Answers, yes and no.
    pub answered: i64,
    pub accepted: i64,
    /// The median time of the answers, from when the invitation became pending.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub median_answer_seconds: Option<u64>,
}

/// What happened to the invitations of one sender in the period.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = SenderStats))]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "as of a day")]
pub struct SenderView {
    /// The sender under their present name; who has been removed keeps the id alone.
    pub sender: Sender,
    pub sent: i64,
    pub delivered: i64,
    pub bounced: i64,
    pub answered: i64,
    pub accepted: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub median_answer_seconds: Option<u64>,
}

impl From<PeriodStats> for PeriodView {
    fn from(PeriodStats { period, days, senders, senders_since }: PeriodStats) -> Self {
        Self {
            from: period.from(),
            to: period.to(),
            days: days.into_iter().map(DayView::from).collect(),
            senders: senders.into_iter().map(SenderView::from).collect(),
            senders_from: senders_since,
        }
    }
}

impl From<(Date, DayStats)> for DayView {
    fn from((date, DayStats { sent, delivered, bounced, answers }): (Date, DayStats)) -> Self {
        let (answered, accepted) = (answers.all(), answers.accepted);
        Self { date, sent, delivered, bounced, answered, accepted, median_answer_seconds: answers.median_seconds() }
    }
}

impl From<(Sender, DayStats)> for SenderView {
    fn from((sender, DayStats { sent, delivered, bounced, answers }): (Sender, DayStats)) -> Self {
        let (answered, accepted) = (answers.all(), answers.accepted);
        Self { sender, sent, delivered, bounced, answered, accepted, median_answer_seconds: answers.median_seconds() }
    }
}
