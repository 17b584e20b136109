//! How a response is sent: its media type, its HTTP status, and nothing that only we should know.

use async_graphql::{Response, ServerError, Value};
use http_api::{code::Code, response::not_stored};
use lambda_http::{
    Body, Request,
    http::{StatusCode, header::ACCEPT},
};
use serde::Serialize;

/// The media type of responses whose HTTP status tells of a document that was not executed.
pub(crate) const GRAPHQL_RESPONSE: &str = "application/graphql-response+json";
/// The media type of responses to clients that do not know the other.
const JSON: &str = "application/json";

/// The largest response, in bytes: Lambda passes on six megabytes.
const MAX_RESPONSE: usize = 5_000_000;
/// The most faults of a document that are told.
const MAX_ERRORS: usize = 10;
/// The longest text about a fault, in characters: it may quote the document.
const MAX_MESSAGE: usize = 400;

#[derive(Serialize)]
struct Shown<'a> {
    /// What was asked for; missing if nothing was executed.
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<&'a Value>,
    #[serde(skip_serializing_if = "<[ServerError]>::is_empty")]
    errors: &'a [ServerError],
}

/// Returns the HTTP response to `request` that carries what the document came to.
pub(crate) fn over_http(response: Response, request: &Request) -> lambda_http::Response<Body> {
    let accepted = request.headers().get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok());
    let media_type =
        if accepted.into_iter().any(|value| value.contains(GRAPHQL_RESPONSE)) { GRAPHQL_RESPONSE } else { JSON };
    let response = shortened(response);
    let (status, text) = match (status(&response, media_type), text(&response)) {
        (status, text) if text.len() <= MAX_RESPONSE => (status, text),
        _ => (StatusCode::OK, text(&too_large())),
    };
    // A status that tells something is told in the media type in which it counts.
    not_stored(status, if status == StatusCode::OK { media_type } else { GRAPHQL_RESPONSE }, text)
}

/// Returns the response to a document that only asks: if a part of it failed on our side, all of it did, so that the
/// status tells of it. What mutations have done before one fails is told all the same.
pub(crate) fn to_question(mut response: Response) -> Response {
    if response.errors.iter().any(|error| failure(error).is_some()) {
        response.data = Value::Null;
    }
    response
}

/// The status: that of our failure if nothing is left of the data, 400 for a document that was not executed where the
/// client knows that media type, else 200.
fn status(response: &Response, media_type: &str) -> StatusCode {
    let failure = response.errors.iter().filter_map(failure).max();
    match (&response.data, failure) {
        (Value::Object(fields), Some(failure)) if fields.values().all(|value| *value == Value::Null) => failure,
        (Value::Null, Some(failure)) => failure,
        (Value::Null, None) if !response.errors.is_empty() && media_type == GRAPHQL_RESPONSE => StatusCode::BAD_REQUEST,
        _ => StatusCode::OK,
    }
}

/// The HTTP status of a failure of ours.
fn failure(error: &ServerError) -> Option<StatusCode> {
    match error.extensions.as_ref()?.get("status")? {
        Value::Number(status) => StatusCode::from_u16(status.as_u64()?.try_into().ok()?).ok(),
        _ => None,
    }
}

fn text(response: &Response) -> String {
    let data = Some(&response.data).filter(|data| **data != Value::Null);
    serde_json::to_string(&Shown { data, errors: &response.errors }).unwrap_or_default()
}

/// The response with no more faults, and no longer ones, than anybody reads; each has a code.
fn shortened(mut response: Response) -> Response {
    response.errors.truncate(MAX_ERRORS);
    for error in &mut response.errors {
        if let Some((end, _)) = error.message.char_indices().nth(MAX_MESSAGE) {
            error.message.truncate(end);
            error.message.push('…');
        }
        let extensions = error.extensions.get_or_insert_default();
        if extensions.get("code").is_none() {
            extensions.set("code", Code::MalformedRequest.as_str());
        }
    }
    response
}

fn too_large() -> Response {
    let mut error = ServerError::new("The response is larger than 5 MB. Ask for less at once.", None);
    error.extensions.get_or_insert_default().set("code", Code::TooLarge.as_str());
    Response::from_errors(vec![error])
}
