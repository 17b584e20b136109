//! What was sent: `GET /me/invitations/sent` for the sender, and for those who moderate a community
//! `GET /communities/{communityId}/invitations` and `…/stats`.
//!
//! One query a page. A moderator's role is read side by side with it.

#[cfg(feature = "openapi")]
pub mod contract;
mod stats;

use std::sync::Arc;

use domain::{
    id::CommunityId,
    person::Caller,
    viewing::{RoleFact, Viewer},
};
use http_api::{
    function::{Api, json, path, verb},
    list::ListQuery,
    problem::Problem,
};
use lambda_http::{Body, Request, Response, http::StatusCode};
use service::lists;
use store::{Store, keys::List};
use system::now;

/// Answers one request.
///
/// # Errors
/// 403 for a caller who does not moderate the community, 400 for a parameter that is none.
pub async fn handle(api: Arc<Api>, request: Request) -> Result<Response<Body>, Problem> {
    let caller = api.claims.caller(&request)?;
    match verb(&request) {
        "sent" => list_own(&api.store, &caller, &request).await,
        "stats" => stats::show(&api.store, &caller, &path(&request, "communityId")?).await,
        _ => list_community(&api.store, &caller, &request).await,
    }
}

async fn list_own(store: &Store, caller: &Caller, request: &Request) -> Result<Response<Body>, Problem> {
    let query = ListQuery::parse(request, List::By(caller.id.clone()), caller.id.as_str(), false)?;
    let now = now();
    let page = lists::page(store, &query.request, now).await?;
    let viewer = Viewer { caller, user: None, role: RoleFact::Unread };
    json(StatusCode::OK, &query.view(&page, &viewer, now))
}

async fn list_community(store: &Store, caller: &Caller, request: &Request) -> Result<Response<Body>, Problem> {
    let community: CommunityId = path(request, "communityId")?;
    let query = ListQuery::parse(request, List::Into(community.clone()), caller.id.as_str(), false)?;
    let now = now();
    let (moderator, page) = lists::moderated_page(store, caller, &community, &query.request, now).await?;
    let viewer = Viewer { caller, user: moderator.user.as_ref(), role: moderator.role };
    json(StatusCode::OK, &query.view(&page, &viewer, now))
}
