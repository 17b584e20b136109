//! Shows records as they are kept from now on.

use http_api::{problem::Problem, response::json};
use lambda_http::{
    Body, Response,
    http::{HeaderValue, StatusCode, header},
};
use serde::Serialize;
use service::directory::Stored;

/// Responds that there is nothing to show.
pub(crate) fn no_content() -> Response<Body> {
    let mut response = Response::new(Body::Empty);
    *response.status_mut() = StatusCode::NO_CONTENT;
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// The status of a record that was put: 201 for a new one.
pub(crate) fn status<T>(stored: &Stored<T>) -> StatusCode {
    if stored.created { StatusCode::CREATED } else { StatusCode::OK }
}

/// Shows a record that was put.
pub(crate) fn shown<T: Serialize>(stored: Stored<T>) -> Result<Response<Body>, Problem> {
    json(status(&stored), &stored.record)
}
