//! Decides requests to invite, and mails pending invitations again.

#[cfg(feature = "openapi")]
mod contract;

use domain::lifecycle::Command;
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
    let reason = reason.map(|reason| reason.trim().to_owned()).filter(|reason| !reason.is_empty());
    if let Some(text) = &reason {
        let plain = text.chars().all(|c| !c.is_control() || c == '\n' || c == '\t');
        if text.chars().count() > MAX_REASON_CHARS || !plain {
            let detail = format!("must be plain text of at most {MAX_REASON_CHARS} characters");
            return Err(Problem::invalid(vec![Fault::new("reason", detail)]));
        }
    }
    Ok(reason)
}
