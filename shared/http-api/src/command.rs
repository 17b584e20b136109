//! Gives commands on one invitation, and shows the invitation as they leave it.

use lambda_http::{Body, Request, Response, http::StatusCode};

use super::{
    api::Api,
    function::invitation_id,
    problem::{Fault, Problem},
    response::json,
    view::InvitationView,
};
use domain::{field::Prose, id::InvitationId, lifecycle::Command, person::Caller, text::is_blank};
use store::Store;
use system::now;

/// The longest reason for a rejection, in characters: what reads well in a mail.
pub const MAX_REASON_CHARS: usize = 500;

/// Carries out `command` on the invitation that the route names, for the caller of `request`.
///
/// # Errors
/// As [`perform`].
pub async fn run(api: &Api, request: &Request, command: &Command) -> Result<Response<Body>, Problem> {
    let caller = api.claims.caller(request)?;
    json(StatusCode::OK, &perform(&api.store, &caller, invitation_id(request)?, command).await?)
}

/// Carries out `command` on one invitation, and shows what has become of it.
///
/// # Errors
/// 404 if the caller may not see the invitation, 403 if they may not do this to it, 409 with the state that does not
/// allow it, 503 when the table is busy.
pub async fn perform(
    store: &Store,
    caller: &Caller,
    id: InvitationId,
    command: &Command,
) -> Result<InvitationView, Problem> {
    let now = now();
    let found = Box::pin(service::command::perform(store, caller, id, command, now)).await?;
    Ok(InvitationView::found(found, caller, now))
}

/// Reads the reason that a moderator gives with a rejection; a blank one is none.
///
/// # Errors
/// 422 if it is too long.
pub fn reason(written: Option<String>) -> Result<Option<String>, Problem> {
    let written = written.filter(|reason| !is_blank(reason));
    let read = written.map(|reason| reason.trim().parse::<Prose<MAX_REASON_CHARS>>()).transpose();
    match read {
        Ok(reason) => Ok(reason.map(String::from)),
        Err(fault) => Err(Problem::invalid(vec![Fault::new("reason", fault)])),
    }
}
