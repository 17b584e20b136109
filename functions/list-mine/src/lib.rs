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
use store::keys::{Index, party_partition};
use system::now;

/// Answers one request.
///
/// # Errors
/// 400 for a parameter that is none, or a cursor of another list.
pub async fn handle(api: Arc<Api>, request: Request) -> Result<Response<Body>, Problem> {
    let caller = api.claims.caller(&request)?;
    let mine = party_partition(&Party::User(caller.id.clone()));
    let query = ListQuery::parse(&request, Index::Invitee, mine, caller.id.as_str())?;
    let now = now();
    let listed = query.fetch(&api.store, true, now).await?;
    let viewer = Viewer { caller: &caller, user: None, role: RoleFact::Unread };
    json(StatusCode::OK, &listed.view(&viewer, now))
}
