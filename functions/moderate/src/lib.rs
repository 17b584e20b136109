//! Decides requests to invite, and mails pending invitations again.

#[cfg(feature = "openapi")]
mod contract;

use domain::{field::Prose, lifecycle::Command, text::is_blank};
use http_api::{
    api::Api,
    body, command,
    problem::{Fault, Problem},
};
use lambda_http::{Body, Request, Response};
use serde::Deserialize;

http_api::routes! {
    POST "/invitations/{invitationId}/approve" => approve_invitation;
    POST "/invitations/{invitationId}/reject" => reject_invitation;
    POST "/invitations/{invitationId}/resend" => resend_invitation;
}

/// The longest reason for a rejection, in characters: what reads well in a mail.
pub const MAX_REASON_CHARS: usize = 500;

#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
struct Rejection {
    reason: Option<String>,
}

async fn approve_invitation(api: &Api, request: &Request) -> Result<Response<Body>, Problem> {
    command::run(api, request, &Command::Approve).await
}

async fn reject_invitation(api: &Api, request: &Request) -> Result<Response<Body>, Problem> {
    let reason = reason(request)?;
    command::run(api, request, &Command::Reject { reason }).await
}

async fn resend_invitation(api: &Api, request: &Request) -> Result<Response<Body>, Problem> {
    command::run(api, request, &Command::Resend).await
}

fn reason(request: &Request) -> Result<Option<String>, Problem> {
    let Rejection { reason } = body::json(request)?;
    let written = reason.filter(|reason| !is_blank(reason));
    let read = written.map(|reason| reason.trim().parse::<Prose<MAX_REASON_CHARS>>()).transpose();
    match read {
        Ok(reason) => Ok(reason.map(String::from)),
        Err(fault) => Err(Problem::invalid(vec![Fault::new("reason", fault)])),
    }
}
