//! `GET /communities/{communityId}/invitations/stats`: what a community's invitations add up to.

use std::collections::BTreeMap;

use domain::{id::CommunityId, person::Caller};
use http_api::{function::json, problem::Problem};
use lambda_http::{Body, Response, http::StatusCode};
use serde::Serialize;
use service::lists;
use store::Store;
use system::now;

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

pub(crate) async fn show(store: &Store, caller: &Caller, community: &CommunityId) -> Result<Response<Body>, Problem> {
    let numbers = lists::numbers(store, caller, community, now()).await?;
    let stats = Stats {
        counts: numbers.counts.iter().map(|(status, count)| (status.as_str(), *count)).collect(),
        acceptance_rate: numbers.acceptance_rate,
        median_answer_seconds: numbers.median_answer_seconds,
    };
    json(StatusCode::OK, &stats)
}
