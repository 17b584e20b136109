//! Tells a caller what they may do in a community: what a form needs to offer nothing that would be refused. One batch
//! read.

#[cfg(feature = "openapi")]
mod contract;

use domain::id::CommunityId;
use http_api::{api::Api, function::path, options::OptionsView, problem::Problem, response::json};
use lambda_http::{Body, Request, Response, http::StatusCode};
use system::now;

http_api::routes! {
    GET "/communities/{communityId}/options" => get_community_options;
}

async fn get_community_options(api: &Api, request: &Request) -> Result<Response<Body>, Problem> {
    let caller = api.claims.caller(request)?;
    let community: CommunityId = path(request, "communityId")?;
    let options = service::options::options(&api.store, &caller, &community, now()).await?;
    json(StatusCode::OK, &OptionsView::new(&community, &options))
}
