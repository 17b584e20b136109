//! `GET /invitations/{invitationId}`: one invitation and where it stands.
//!
//! One batch read answers the invitee and the sender; anyone else's role in the community takes a second one.

#[cfg(feature = "openapi")]
pub mod contract;

use std::sync::Arc;

use domain::viewing::Viewer;
use http_api::{
    function::{Api, invitation_id, json},
    problem::Problem,
    view::InvitationView,
};
use lambda_http::{Body, Request, Response, http::StatusCode};
use service::lists;
use system::now;

/// Answers one request.
///
/// # Errors
/// 404 for a caller who may not see the invitation.
pub async fn handle(api: Arc<Api>, request: Request) -> Result<Response<Body>, Problem> {
    let caller = api.claims.caller(&request)?;
    let viewed = lists::invitation(&api.store, &caller, invitation_id(&request)?).await?;
    let viewer = Viewer { caller: &caller, user: viewed.user.as_ref(), role: viewed.role };
    json(StatusCode::OK, &InvitationView::new(&viewed.invitation, &viewer, now()))
}
