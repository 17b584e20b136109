//! Finds people to invite by the beginning of any word of their names. Two batch reads and a query, or two.

#[cfg(feature = "openapi")]
mod contract;
mod view;

use domain::{field::MAX_NAME_CHARS, id::CommunityId, search::SearchName};
use http_api::{
    api::Api,
    function::{json, path},
    problem::Problem,
    query::parameter,
};
use lambda_http::{Body, Request, Response, http::StatusCode};
use service::people;
use system::now;

use crate::view::PeopleView;

http_api::routes! {
    GET "/communities/{communityId}/people" => search_people;
}

async fn search_people(api: &Api, request: &Request) -> Result<Response<Body>, Problem> {
    let caller = api.claims.caller(request)?;
    let community: CommunityId = path(request, "communityId")?;
    let text = parameter(request, "q")?.unwrap_or_default();
    if text.chars().count() > MAX_NAME_CHARS {
        return Err(Problem::malformed("q", format!("must be at most {MAX_NAME_CHARS} characters")));
    }
    let found = people::search(&api.store, &caller, &community, &SearchName::new(&text), now()).await?;
    json(StatusCode::OK, &PeopleView::from(&*found))
}
