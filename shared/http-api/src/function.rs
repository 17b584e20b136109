//! What every HTTP function does around its own work: the request id, the log line, problems, and JSON.

use std::{convert::Infallible, sync::Arc};

use lambda_http::{
    Body, Request, RequestExt, Response,
    http::{HeaderValue, StatusCode, header},
    request::RequestContext,
};
use percent_encoding::percent_decode_str;
use serde::Serialize;

use super::{caller::Claims, problem::Problem};
use domain::id::InvitationId;
use store::Store;
use system::now;

/// What every HTTP function reaches: the table, and the claims that name its callers.
#[derive(Debug, Clone)]
pub struct Api {
    /// The table.
    pub store: Store,
    /// How callers are named.
    pub claims: Claims,
}

/// Serves `handler` as a Lambda function until its environment ends.
///
/// # Errors
/// A missing variable, or a runtime that cannot be reached.
pub async fn serve<F>(handler: impl Fn(Arc<Api>, Request) -> F + Send + Sync) -> Result<(), lambda_http::Error>
where
    F: Future<Output = Result<Response<Body>, Problem>> + Send,
{
    runtime::start_logging();
    let store = runtime::store(&runtime::aws()?).await?;
    let api = Arc::new(Api { store, claims: Claims::from_environment() });
    let handle = |request| {
        let work = answer(request, |request| handler(Arc::clone(&api), request));
        async { Ok::<_, Infallible>(work.await) }
    };
    lambda_http::run(lambda_http::service_fn(handle)).await
}

/// Answers `request` with what `handler` makes of it; whatever goes wrong becomes a problem with the request's id.
///
/// The log line carries the request id, the status and the code of a problem, and nothing of the request itself.
pub async fn answer<F>(request: Request, handler: impl FnOnce(Request) -> F) -> Response<Body>
where
    F: Future<Output = Result<Response<Body>, Problem>>,
{
    let request_id = request_id(&request);
    let outcome = handler(request).await;
    let response = outcome.unwrap_or_else(|problem| {
        tracing::info!(request_id, status = problem.status().as_u16(), code = problem.code(), "refused");
        problem.into_response(&request_id, now())
    });
    tracing::info!(request_id, status = response.status().as_u16(), "answered");
    response
}

/// A JSON answer.
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

/// The invitation that the route names.
///
/// # Errors
/// 404 if the text cannot be the id of one: what cannot exist is not there.
pub fn invitation_id(request: &Request) -> Result<InvitationId, Problem> {
    let id = parameter(request, "invitationId").and_then(|id| id.parse().ok());
    id.ok_or_else(|| domain::refusal::Refusal::InvitationNotFound.into())
}

/// The path parameter `name`, parsed.
///
/// # Errors
/// 400 that names the parameter.
pub fn path<T: std::str::FromStr<Err: ToString>>(request: &Request, name: &str) -> Result<T, Problem> {
    let text = parameter(request, name).unwrap_or_default();
    text.parse().map_err(|error: T::Err| Problem::malformed(name, error))
}

/// The path parameter `name` as its writer meant it; `None` if the route has none.
///
/// API Gateway hands over what it has decoded, `cargo lambda watch` and other gateways what stands in the path. No id and
/// no token has a per cent sign, so decoding what is decoded already changes nothing that could be meant. A plus sign in
/// a path means itself.
pub fn parameter(request: &Request, name: &str) -> Option<String> {
    let parameters = request.path_parameters();
    let text = parameters.first(name)?;
    // What is no text stays as it came, and is refused by whoever parses it.
    Some(percent_decode_str(text).decode_utf8().map_or_else(|_| text.to_owned(), Into::into))
}

/// The last segment of the request's path: on routes that differ by it alone, the verb.
pub fn verb(request: &Request) -> &str {
    request.raw_http_path().rsplit('/').next().unwrap_or_default()
}

fn request_id(request: &Request) -> String {
    match request.request_context_ref() {
        Some(RequestContext::ApiGatewayV2(context)) => context.request_id.clone().unwrap_or_default(),
        _ => String::new(),
    }
}
