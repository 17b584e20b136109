//! Runs an HTTP function around its handlers: dispatch, the request id, the log line, problems, and JSON.

use std::{convert::Infallible, env};

use lambda_http::{
    Body, Request, RequestExt, Response,
    http::{HeaderValue, StatusCode, header},
    request::RequestContext,
};
use percent_encoding::percent_decode_str;
use serde::Serialize;

use super::{
    caller::Claims,
    problem::Problem,
    route::{self, Access, Function},
};
use domain::id::InvitationId;
use store::Store;
use system::now;

/// What the HTTP functions reach: the table, the claims that name their callers, and where links lead.
#[derive(Debug, Clone)]
pub struct Api {
    /// The table.
    pub store: Store,
    /// How callers are named.
    pub claims: Claims,
    /// Where links lead; empty for the address that a request came to.
    pub public_base_url: String,
}

/// Serves `function` as a Lambda function until its environment ends.
///
/// # Errors
/// A missing variable, or a runtime that cannot be reached.
pub async fn serve(function: &Function) -> Result<(), lambda_http::Error> {
    runtime::start_logging(function.name);
    let store = runtime::store(&runtime::aws()?).await?;
    let public_base_url = env::var("PUBLIC_BASE_URL").unwrap_or_default();
    let api = &Api { store, claims: Claims::from_environment(), public_base_url };
    let handle = async |request: Request| Ok::<_, Infallible>(respond(api, function, &request).await);
    lambda_http::run(lambda_http::service_fn(handle)).await
}

/// Has the handler of its route respond to `request`; what goes wrong becomes a problem with the request's id.
///
/// The log line carries the request id, the status and the code of a problem, and nothing of the request itself.
pub async fn respond(api: &Api, function: &Function, request: &Request) -> Response<Body> {
    let request_id = request_id(request);
    let response = handle(api, function, request).await.unwrap_or_else(|problem| {
        tracing::info!(request_id, status = problem.status().as_u16(), code = problem.code(), "refused");
        problem.into_response(&request_id, now())
    });
    tracing::info!(request_id, status = response.status().as_u16(), "responded");
    response
}

async fn handle(api: &Api, function: &Function, request: &Request) -> Result<Response<Body>, Problem> {
    let route = route::find(function.routes, request).ok_or_else(Problem::no_route)?;
    if route.access == Access::SiteAdministrators {
        api.claims.site_administrator(request)?;
    }
    (route.handler)(api, request).await
}

/// Returns a JSON response.
///
/// # Errors
/// 500 if `value` does not serialise.
pub fn json(status: StatusCode, value: &impl Serialize) -> Result<Response<Body>, Problem> {
    let text = serde_json::to_string(value).map_err(|_| Problem::internal())?;
    let mut response = Response::new(Body::Text(text));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// Returns the id of the invitation that the path names.
///
/// # Errors
/// 404 if the text cannot be the id of one: what cannot exist is not there.
pub fn invitation_id(request: &Request) -> Result<InvitationId, Problem> {
    let id = parameter(request, "invitationId").and_then(|id| id.parse().ok());
    id.ok_or_else(|| domain::refusal::Refusal::InvitationNotFound.into())
}

/// Parses the path parameter `name`.
///
/// # Errors
/// 400 that names the parameter.
pub fn path<T: std::str::FromStr<Err: ToString>>(request: &Request, name: &str) -> Result<T, Problem> {
    let text = parameter(request, name).unwrap_or_default();
    text.parse().map_err(|error: T::Err| Problem::malformed(name, error))
}

/// Returns the path parameter `name` as its writer meant it; `None` if the route has none.
///
/// API Gateway hands over what it has decoded, `cargo lambda watch` and other gateways what stands in the path. No id and
/// no token has a per cent sign, so decoding what is decoded already changes nothing that could be meant. A plus sign in
/// a path means itself.
pub fn parameter(request: &Request, name: &str) -> Option<String> {
    let parameters = request.path_parameters();
    let text = parameters.first(name)?;
    // What is no text stays as it came, and does not parse.
    Some(percent_decode_str(text).decode_utf8().map_or_else(|_| text.to_owned(), Into::into))
}

fn request_id(request: &Request) -> String {
    match request.request_context_ref() {
        Some(RequestContext::ApiGatewayV2(context)) => context.request_id.clone().unwrap_or_default(),
        _ => String::new(),
    }
}
