//! `GET /communities/{communityId}/invitations/stats`: what a community's invitations add up to.
//!
//! The counts are kept by `deliver` from the table's stream, moments behind the table. Invitations whose lifetime has
//! passed without the table having noticed yet are counted on the spot, so that expiry is right to the second.

use std::collections::BTreeMap;

use domain::{id::CommunityId, invitation::Status, person::Caller};
use http_api::{function::json, problem::Problem};
use lambda_http::{Body, Response, http::StatusCode};
use serde::Serialize;
use store::Store;
use system::now;

use crate::moderator;

#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Stats {
    #[cfg_attr(feature = "openapi", schema(value_type = BTreeMap<Status, i64>))]
    counts: BTreeMap<&'static str, i64>,
    #[cfg_attr(feature = "openapi", schema(required))]
    acceptance_rate: Option<f64>,
    #[cfg_attr(feature = "openapi", schema(required))]
    median_answer_seconds: Option<u64>,
}

pub(crate) async fn answer(store: &Store, caller: &Caller, community: &CommunityId) -> Result<Response<Body>, Problem> {
    let now = now();
    // Counting the lapsed ones costs more the more there are: nobody else shall have it done.
    moderator(store, caller, community).await?;
    let (tally, lapsed) = tokio::try_join!(store.community_stats(community), store.lapsed(community, now))?;
    let count = |status: Status| {
        let stored = tally.states.get(&status).copied().unwrap_or_default();
        let shown = match status {
            Status::Pending => stored - lapsed.pending,
            Status::AwaitingApproval => stored - lapsed.awaiting_approval,
            Status::Expired => stored + lapsed.pending + lapsed.awaiting_approval,
            _ => stored,
        };
        // The tally may lag behind the index that the lapsed ones are counted in.
        (status.as_str(), shown.max(0))
    };
    let stats = Stats {
        counts: Status::ALL.into_iter().map(count).collect(),
        acceptance_rate: tally.acceptance_rate(),
        median_answer_seconds: tally.median_answer_seconds(),
    };
    json(StatusCode::OK, &stats)
}
