//! Shows what a community's invitations add up to.

use std::collections::BTreeMap;

use http_api::period::PeriodView;
use serde::Serialize;
use service::stats::{Numbers, PeriodStats};

#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Stats {
    #[cfg_attr(feature = "openapi", schema(value_type = BTreeMap<domain::invitation::Status, i64>))]
    counts: BTreeMap<&'static str, i64>,
    #[cfg_attr(feature = "openapi", schema(required))]
    acceptance_rate: Option<f64>,
    #[cfg_attr(feature = "openapi", schema(required))]
    median_answer_seconds: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    period: Option<PeriodView>,
}

impl Stats {
    pub(crate) fn new(numbers: &Numbers, period: Option<PeriodStats>) -> Self {
        Self {
            counts: numbers.counts.iter().map(|(status, count)| (status.as_str(), *count)).collect(),
            acceptance_rate: numbers.acceptance_rate,
            median_answer_seconds: numbers.median_answer_seconds,
            period: period.map(PeriodView::from),
        }
    }
}
