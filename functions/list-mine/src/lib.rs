//! `GET /me/invitations`: the caller's own invitations, pending first, with the count for a badge. One query.

#[cfg(feature = "openapi")]
pub mod contract;

use std::sync::Arc;

use domain::{
    person::Party,
    viewing::{RoleFact, Viewer},
};
use http_api::{
    function::{Api, json},
    list::ListQuery,
    problem::Problem,
};
use lambda_http::{Body, Request, Response, http::StatusCode};
use service::lists;
use store::keys::List;
use system::now;

/// Answers one request.
///
/// # Errors
/// 400 for a parameter that is none, or a cursor of another list.
pub async fn handle(api: Arc<Api>, request: Request) -> Result<Response<Body>, Problem> {
    let caller = api.claims.caller(&request)?;
    let mine = List::To(Party::User(caller.id.clone()));
    let query = ListQuery::parse(&request, mine, caller.id.as_str(), true)?;
    let now = now();
    let page = lists::page(&api.store, &query.request, now).await?;
    let viewer = Viewer { caller: &caller, user: None, role: RoleFact::Unread };
    json(StatusCode::OK, &query.view(&page, &viewer, now))
}
