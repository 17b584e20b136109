//! Lists the caller's own invitations, pending first, with the count for a badge. One query.

#[cfg(feature = "openapi")]
mod contract;

use domain::{
    person::Party,
    viewing::{RoleFact, Viewer},
};
use http_api::{api::Api, function::json, list::ListQuery, problem::Problem};
use lambda_http::{Body, Request, Response, http::StatusCode};
use service::lists::{self, List};
use system::now;

http_api::routes! {
    GET "/me/invitations" => list_my_invitations;
}

async fn list_my_invitations(api: &Api, request: &Request) -> Result<Response<Body>, Problem> {
    let caller = api.claims.caller(request)?;
    let mine = List::To(Party::User(caller.id.clone()));
    let query = ListQuery::parse(request, mine, caller.id.as_str(), true)?;
    let now = now();
    let page = lists::page(&api.store, &query.request, now).await?;
    let viewer = Viewer { caller: &caller, user: None, role: RoleFact::Unread };
    json(StatusCode::OK, &query.view(&page, &viewer, now))
}
