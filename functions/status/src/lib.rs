//! Shows one invitation and where it stands.
//!
//! One batch read answers the invitee and the sender; anyone else's role in the community takes a second one.

#[cfg(feature = "openapi")]
mod contract;

use domain::viewing::Viewer;
use http_api::{
    api::Api,
    function::{invitation_id, json},
    problem::Problem,
    view::InvitationView,
};
use lambda_http::{Body, Request, Response, http::StatusCode};
use service::lists;
use system::now;

http_api::routes! {
    GET "/invitations/{invitationId}" => get_invitation;
}

async fn get_invitation(api: &Api, request: &Request) -> Result<Response<Body>, Problem> {
    let caller = api.claims.caller(request)?;
    let found = lists::invitation(&api.store, &caller, invitation_id(request)?).await?;
    let viewer = Viewer { caller: &caller, user: found.user.as_ref(), role: found.role };
    json(StatusCode::OK, &InvitationView::new(&found.invitation, &viewer, now()))
}
