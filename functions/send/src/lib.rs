//! Invites many people at once, with one outcome per recipient, and previews the mail that they would get.

#[cfg(feature = "openapi")]
mod contract;

use domain::id::CommunityId;
use http_api::{
    api::Api,
    body,
    function::path,
    problem::Problem,
    response::json,
    sending::{self, SendRequest},
};
use lambda_http::{Body, Request, Response, http::StatusCode};
use serde::Serialize;
use system::now;

http_api::routes! {
    POST "/communities/{communityId}/invitations" => send_invitations;
    POST "/communities/{communityId}/invitations/preview" => preview_invitations;
}

async fn send_invitations(api: &Api, request: &Request) -> Result<Response<Body>, Problem> {
    let caller = api.claims.caller(request)?;
    let community: CommunityId = path(request, "communityId")?;
    let body: SendRequest = body::json(request)?;
    let key =
        request.headers().get("idempotency-key").map(|key| sending::idempotency_key(key.as_bytes())).transpose()?;
    let submission = body.parse()?;
    let result = service::send::send(&api.store, &caller, &community, submission, key, now()).await?;
    sending::respond(result, &caller)
}

/// The mail of a preview.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
struct Preview {
    subject: String,
    text: String,
    html: String,
}

async fn preview_invitations(api: &Api, request: &Request) -> Result<Response<Body>, Problem> {
    let caller = api.claims.caller(request)?;
    let community: CommunityId = path(request, "communityId")?;
    let submission = body::json::<SendRequest>(request)?.parse()?;
    let mail = service::send::preview(&api.store, &caller, &community, &submission, now()).await?;
    json(StatusCode::OK, &Preview { subject: mail.subject, text: mail.text, html: mail.html })
}
