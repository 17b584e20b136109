//! An invitee's answer: `POST /invitations/{invitationId}/accept` and `/decline` of a signed-in caller, and the page
//! behind a mail link, `/i/{token}`, with its companion `/u/{token}` that stops further invitations.

#[cfg(feature = "openapi")]
pub mod contract;
mod link;

use std::sync::Arc;

use domain::lifecycle::Command;
use http_api::{
    body, command,
    function::{Api, parameter, verb},
    problem::Problem,
};
use lambda_http::{Body, Request, Response};
use serde::Deserialize;

#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
struct Decline {
    #[serde(default)]
    block: bool,
}

/// Answers one request. `public_base_url` is where links lead; empty for the address that the request came to.
///
/// # Errors
/// The problem that stands in the way of an API call. Pages never fail: they say what happened.
pub async fn handle(api: Arc<Api>, public_base_url: &str, request: Request) -> Result<Response<Body>, Problem> {
    if let Some(token) = parameter(&request, "token") {
        return Ok(link::respond(&api.store, public_base_url, &token, &request).await);
    }
    let command = match verb(&request) {
        "accept" => Command::Accept,
        "decline" => {
            let Decline { block } = body::json(&request)?;
            Command::Decline { block }
        }
        _ => return Err(Problem::no_route()),
    };
    command::run(&api, &request, &command).await
}
