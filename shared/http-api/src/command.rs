//! Serves the routes that give a command on one invitation and respond with the invitation.

use lambda_http::{Body, Request, Response, http::StatusCode};

use super::{
    api::Api,
    function::{invitation_id, json},
    problem::Problem,
    view::InvitationView,
};
use domain::{lifecycle::Command, viewing::Viewer};
use service::command::perform;
use system::now;

/// Carries out `command` on the invitation that the route names, for the caller of `request`.
///
/// # Errors
/// 404 if the caller may not see the invitation, 403 if they may not do this to it, 409 with the state that does not
/// allow it, 503 when the table is busy.
pub async fn run(api: &Api, request: &Request, command: &Command) -> Result<Response<Body>, Problem> {
    let caller = api.claims.caller(request)?;
    let id = invitation_id(request)?;
    let now = now();
    let found = Box::pin(perform(&api.store, &caller, id, command, now)).await?;
    let viewer = Viewer { caller: &caller, user: found.user.as_ref(), role: found.role };
    json(StatusCode::OK, &InvitationView::new(&found.invitation, &found.actions, &viewer, now))
}
