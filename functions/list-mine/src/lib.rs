//! Lists the caller's own invitations, pending first, with the count for a badge. One query, and one batch read.

use domain::person::Party;
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
    let query = ListQuery::parse(request, vec![mine], caller.id.as_str(), true)?;
    let now = now();
    let page = lists::own_page(&api.store, &caller, &query.request, now).await?;
    json(StatusCode::OK, &query.view(page, &caller, now))
}

/// What the contract says of the route, in a function of its handler's name.
#[cfg(feature = "openapi")]
mod contract {
    use http_api::contract::{Operation, list};

    pub(crate) fn list_my_invitations() -> Operation {
        let operation = Operation::new("Answering", "Lists the caller's own invitations")
            .about("`pendingCount` is the number for a badge; it is exact up to 100 and stops there.");
        list(operation, true)
    }
}
