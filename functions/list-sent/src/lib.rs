//! Lists what was sent: to the sender their own invitations, and to those who moderate a community all of its.
//!
//! A query and a batch read a page; a moderator's role is read with the batch.

#[cfg(feature = "openapi")]
mod contract;
mod stats;

use domain::id::CommunityId;
use http_api::{
    api::Api,
    function::{json, path},
    list::ListQuery,
    problem::Problem,
};
use lambda_http::{Body, Request, Response, http::StatusCode};
use service::lists::{self, List};
use system::now;

use crate::stats::Stats;

http_api::routes! {
    GET "/me/invitations/sent" => list_sent_invitations;
    GET "/communities/{communityId}/invitations" => list_community_invitations;
    GET "/communities/{communityId}/invitations/stats" => get_invitation_stats;
}

async fn list_sent_invitations(api: &Api, request: &Request) -> Result<Response<Body>, Problem> {
    let caller = api.claims.caller(request)?;
    let query = ListQuery::parse(request, vec![List::By(caller.id.clone())], caller.id.as_str(), false)?;
    let now = now();
    let page = lists::page(&api.store, &caller, &query.request, now).await?;
    json(StatusCode::OK, &query.view(page, &caller, now))
}

async fn list_community_invitations(api: &Api, request: &Request) -> Result<Response<Body>, Problem> {
    let caller = api.claims.caller(request)?;
    let community: CommunityId = path(request, "communityId")?;
    let query = ListQuery::parse(request, vec![List::Into(community.clone())], caller.id.as_str(), false)?;
    let now = now();
    let page = lists::moderated_page(&api.store, &caller, &community, &query.request, now).await?;
    json(StatusCode::OK, &query.view(page, &caller, now))
}

async fn get_invitation_stats(api: &Api, request: &Request) -> Result<Response<Body>, Problem> {
    let caller = api.claims.caller(request)?;
    let numbers = lists::numbers(&api.store, &caller, &path(request, "communityId")?, now()).await?;
    json(StatusCode::OK, &Stats::from(numbers))
}
