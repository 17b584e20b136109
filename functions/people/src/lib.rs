//! Finds people to invite by the beginning of any word of their names. Two batch reads and a query, or two.

#[cfg(feature = "openapi")]
mod contract;

use domain::id::CommunityId;
use http_api::{
    api::Api,
    function::path,
    people::{PeopleView, search_name},
    problem::Problem,
    query::parameter,
    response::json,
};
use lambda_http::{Body, Request, Response, http::StatusCode};
use service::people;
use system::now;

http_api::routes! {
    GET "/communities/{communityId}/people" => search_people;
}

async fn search_people(api: &Api, request: &Request) -> Result<Response<Body>, Problem> {
    let caller = api.claims.caller(request)?;
    let community: CommunityId = path(request, "communityId")?;
    let text = parameter(request, "q")?.unwrap_or_default();
    let found = people::search(&api.store, &caller, &community, &search_name(&text)?, now()).await?;
    json(StatusCode::OK, &PeopleView::from(&*found))
}
