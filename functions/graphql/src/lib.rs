//! The use cases of callers over GraphQL: one route, another adapter over `service`, with no rule of its own.
//!
//! What a rule refuses is data, in the words and codes of the HTTP API. What is no GraphQL request at all is refused as
//! everywhere in the API, by a problem.

mod answer;
#[cfg(feature = "openapi")]
mod contract;
mod limits;
mod mutation;
mod outcome;
mod page;
mod problem;
mod query;
mod schema;
mod session;
mod types;

use std::{env, sync::LazyLock};

use async_graphql::Variables;
use http_api::{api::Api, body, problem::Problem};
use lambda_http::{Body, Request, Response};
use serde::{Deserialize, de::IgnoredAny};

use crate::{limits::MAX_BODY, session::Session};

pub use crate::schema::sdl;

http_api::routes! {
    POST "/graphql" => execute_graphql;
}

/// Whether callers may read the schema itself: unless the deployment says `false`.
static INTROSPECTION: LazyLock<bool> =
    LazyLock::new(|| env::var("GRAPHQL_INTROSPECTION").map_or(true, |value| value != "false"));

/// The body of a request.
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = GraphqlRequest))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Posted {
    /// The document.
    pub(crate) query: String,
    /// Which operation of the document is meant, if it has several.
    pub(crate) operation_name: Option<String>,
    /// The values of the operation's variables.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Object>))]
    pub(crate) variables: Variables,
    /// What clients add for other servers; it is passed over.
    #[serde(rename = "extensions")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Object>))]
    _extensions: Option<IgnoredAny>,
}

/// Makes ready what every request needs, while the function starts.
pub fn prepare() {
    LazyLock::force(&INTROSPECTION);
    schema::prepare();
}

async fn execute_graphql(api: &Api, request: &Request) -> Result<Response<Body>, Problem> {
    execute(api, request, *INTROSPECTION).await
}

/// Executes the document in `request`; with `introspection`, it may ask for the schema, too.
///
/// # Errors
/// 401 without a caller, 413 for a body above 64 KB, 400 for one that holds no document.
pub async fn execute(api: &Api, request: &Request, introspection: bool) -> Result<Response<Body>, Problem> {
    let caller = api.claims.caller(request)?;
    let posted: Posted = body::json_within(request, MAX_BODY)?;
    let request_id = http_api::function::request_id(request);
    let answer = match limits::read(&posted.query, introspection) {
        Ok(document) => schema::execute(document, posted, Session::new(api, caller, request_id)).await,
        Err(fault) => fault.into(),
    };
    Ok(answer::response(answer, request))
}
