//! `POST /invitations/{invitationId}/cancel`: withdraws an invitation, silently.

#[cfg(feature = "openapi")]
pub mod contract;

use std::sync::Arc;

use domain::lifecycle::Command;
use http_api::{command, function::Api, problem::Problem};
use lambda_http::{Body, Request, Response};

/// Answers one request.
///
/// # Errors
/// The problem that stands in the way; see [`command::run`].
pub async fn handle(api: Arc<Api>, request: Request) -> Result<Response<Body>, Problem> {
    command::run(&api, &request, &Command::Cancel).await
}
