//! `POST /invitations/{invitationId}/approve`, `/reject` and `/resend`: decides requests and mails again.

#[cfg(feature = "openapi")]
pub mod contract;

use std::sync::Arc;

use domain::lifecycle::Command;
use http_api::{
    body, command,
    function::{Api, verb},
    problem::{Fault, Problem},
};
use lambda_http::{Body, Request, Response};
use serde::Deserialize;

/// The longest reason for a rejection, in characters: what reads well in a mail.
pub const MAX_REASON_CHARS: usize = 500;

#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
struct Rejection {
    reason: Option<String>,
}

/// Answers one request.
///
/// # Errors
/// 422 for a reason that is too long or no plain text, and the problem that stands in the way.
pub async fn handle(api: Arc<Api>, request: Request) -> Result<Response<Body>, Problem> {
    let command = match verb(&request) {
        "approve" => Command::Approve,
        "resend" => Command::Resend,
        "reject" => Command::Reject { reason: reason(&request)? },
        _ => return Err(Problem::no_route()),
    };
    command::run(&api, &request, &command).await
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
