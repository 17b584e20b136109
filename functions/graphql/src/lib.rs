//! The use cases of callers over GraphQL: one route, another adapter over `service`, with no rule of its own.
//!
//! What a rule refuses is data, in the words and codes of the HTTP API. What is no GraphQL request at all is refused as
//! everywhere in the API, by a problem.

#[cfg(feature = "openapi")]
mod contract;
mod limits;
mod mutation;
mod outcome;
mod page;
mod problem;
mod query;
mod request;
mod response;
mod schema;
mod session;
mod types;

use std::{env, sync::LazyLock};

use http_api::{api::Api, body, function::request_id, problem::Problem};
use lambda_http::{Body, Request, Response};

use crate::{limits::MAX_BODY, request::Posted, session::Session};

pub use crate::schema::sdl;

http_api::routes! {
    POST "/graphql" => execute_graphql;
}

/// Whether callers may read the schema itself: unless the deployment says `false`.
static INTROSPECTION: LazyLock<bool> =
    LazyLock::new(|| env::var("GRAPHQL_INTROSPECTION").ok().is_none_or(|value| value != "false"));

/// Makes ready what every request needs, while the function starts.
pub fn prepare() {
    LazyLock::force(&INTROSPECTION);
    schema::prepare();
}

async fn execute_graphql(api: &Api, request: &Request) -> Result<Response<Body>, Problem> {
    let caller = api.claims.caller(request)?;
    let posted: Posted = body::json_within(request, MAX_BODY)?;
    let response = match limits::read(&posted.query, *INTROSPECTION) {
        Ok(document) => {
            let session = Session::new(api, caller, request_id(request));
            Box::pin(schema::execute(document, posted, session)).await
        }
        Err(fault) => fault.into(),
    };
    Ok(response::over_http(response, request))
}
