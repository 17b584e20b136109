//! `GET /invitations/{invitationId}`: one invitation and where it stands.
//!
//! One batch read answers the invitee and the sender; anyone else's role in the community takes a second one.

#[cfg(feature = "openapi")]
pub mod contract;

use std::sync::Arc;

use domain::{
    refusal::Refusal,
    viewing::{RoleFact, Viewer},
};
use http_api::{
    function::{Api, invitation_id, json},
    problem::Problem,
    view::InvitationView,
};
use lambda_http::{Body, Request, Response, http::StatusCode};
use system::now;

/// Answers one request.
///
/// # Errors
/// 404 for whoever may not see the invitation.
pub async fn handle(api: Arc<Api>, request: Request) -> Result<Response<Body>, Problem> {
    let caller = api.claims.caller(&request)?;
    let id = invitation_id(&request)?;
    let subject = api.store.subject(id, &caller).await?;
    let invitation = subject.invitation.ok_or(Refusal::InvitationNotFound)?;
    let user = subject.user.map(|record| record.user);
    let mut viewer = Viewer { caller: &caller, user: user.as_ref(), role: RoleFact::Unread };
    if viewer.sees(&invitation).is_none() {
        viewer.role = RoleFact::Known(api.store.role(&caller.id, &invitation.community.id).await?);
    }
    if viewer.sees(&invitation) != Some(true) {
        return Err(Refusal::InvitationNotFound.into());
    }
    json(StatusCode::OK, &InvitationView::new(&invitation, &viewer, now()))
}
