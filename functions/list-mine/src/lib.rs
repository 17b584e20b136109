//! Lists the caller's own invitations, pending first, with the count for a badge: one query, and one batch read. The
//! count alone is a query or two of a smaller index.

#[cfg(feature = "openapi")]
mod contract;

use domain::person::Party;
use http_api::{api::Api, list::ListQuery, problem::Problem, response::json};
use lambda_http::{Body, Request, Response, http::StatusCode};
use serde::Serialize;
use service::lists::{self, List};
use system::now;

http_api::routes! {
    GET "/me/invitations" => list_my_invitations;
    GET "/me/invitations/count" => count_my_invitations;
}

async fn list_my_invitations(api: &Api, request: &Request) -> Result<Response<Body>, Problem> {
    let caller = api.claims.caller(request)?;
    let mine = List::To(Party::User(caller.id.clone()));
    let query = ListQuery::parse(request, vec![mine], caller.id.as_str(), true)?;
    let now = now();
    let page = lists::own_page(&api.store, &caller, &query.request, now).await?;
    query.respond(page, &caller, now)
}

/// What waits for the caller's answer.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
struct InvitationCount {
    pending_count: u32,
}

async fn count_my_invitations(api: &Api, request: &Request) -> Result<Response<Body>, Problem> {
    let caller = api.claims.caller(request)?;
    let pending_count = lists::pending_count(&api.store, &caller, now()).await?;
    json(StatusCode::OK, &InvitationCount { pending_count })
}
