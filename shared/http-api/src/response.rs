//! Responses, which nothing on their way may store.

use lambda_http::{
    Body, Response,
    http::{HeaderValue, StatusCode, header},
};
use serde::Serialize;

use super::problem::Problem;

/// Returns a JSON response.
///
/// # Errors
/// 500 if `value` does not serialise.
pub fn json(status: StatusCode, value: &impl Serialize) -> Result<Response<Body>, Problem> {
    let text = serde_json::to_string(value).map_err(|_| Problem::internal())?;
    Ok(not_stored(status, "application/json", text))
}

/// Returns a response that may not be stored.
pub fn not_stored(status: StatusCode, content_type: &'static str, text: String) -> Response<Body> {
    let mut response = Response::new(Body::Text(text));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
