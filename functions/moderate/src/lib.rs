//! Decides requests to invite, and mails pending invitations again.

#[cfg(feature = "openapi")]
mod contract;

use domain::lifecycle::Command;
use http_api::{api::Api, body, command, problem::Problem};
use lambda_http::{Body, Request, Response};
use serde::Deserialize;

http_api::routes! {
    POST "/invitations/{invitationId}/approve" => approve_invitation;
    POST "/invitations/{invitationId}/reject" => reject_invitation;
    POST "/invitations/{invitationId}/resend" => resend_invitation;
}

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
    let Rejection { reason } = body::json(request)?;
    command::run(api, request, &Command::Reject { reason: command::reason(reason)? }).await
}

async fn resend_invitation(api: &Api, request: &Request) -> Result<Response<Body>, Problem> {
    command::run(api, request, &Command::Resend).await
}
