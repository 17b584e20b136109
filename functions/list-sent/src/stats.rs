//! Shows what a community's invitations add up to.

use std::collections::BTreeMap;

use serde::Serialize;
use service::lists::Numbers;

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
}

impl From<Numbers> for Stats {
    fn from(numbers: Numbers) -> Self {
        Self {
            counts: numbers.counts.iter().map(|(status, count)| (status.as_str(), *count)).collect(),
            acceptance_rate: numbers.acceptance_rate,
            median_answer_seconds: numbers.median_answer_seconds,
        }
    }
}
