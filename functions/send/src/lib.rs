//! `POST /communities/{communityId}/invitations`: invites many at once, one outcome per recipient.
//! `POST …/preview`: the mail that the same request would send.

#[cfg(feature = "openapi")]
pub mod contract;
mod request;
mod response;

use std::sync::Arc;

use domain::id::CommunityId;
use http_api::{
    body,
    function::{Api, path, verb},
    problem::Problem,
};
use lambda_http::{Body, Request, Response};
use system::now;

use crate::request::SendRequest;

/// Answers one request.
///
/// # Errors
/// The problem that stands in the way of the whole request; what concerns one recipient is an outcome.
pub async fn handle(api: Arc<Api>, request: Request) -> Result<Response<Body>, Problem> {
    let caller = api.claims.caller(&request)?;
    let community: CommunityId = path(&request, "communityId")?;
    let body: SendRequest = body::json(&request)?;
    if verb(&request) == "preview" {
        let submission = body.parse()?;
        let mail = service::send::preview(&api.store, &caller, &community, &submission, now()).await?;
        return response::preview(&mail);
    }
    let key = request::idempotency_key(&request)?;
    let submission = body.parse()?;
    let result = service::send::send(&api.store, &caller, &community, submission, key, now()).await?;
    response::sent(&result, &caller)
}
