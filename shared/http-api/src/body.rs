//! Reads request bodies; a wrong size, syntax or shape is each a problem of its own.

use lambda_http::{Body, Request};
use serde::de::DeserializeOwned;

use super::problem::Problem;

/// The largest body that is read, in bytes: far more than a hundred recipients and a full message need.
pub const MAX_BODY: usize = 256 * 1024;

/// Reads the JSON body of `request`; an empty body reads as `{}`.
///
/// # Errors
/// 413 above [`MAX_BODY`]; 400 that names the field if it is no JSON or of another shape.
pub fn json<T: DeserializeOwned>(request: &Request) -> Result<T, Problem> {
    let bytes = bytes(request)?;
    let bytes = if bytes.iter().all(u8::is_ascii_whitespace) { b"{}" } else { bytes };
    // A list would read as the fields in their order.
    if bytes.trim_ascii_start().first() != Some(&b'{') {
        return Err(Problem::malformed("body", "must be a JSON object"));
    }
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    serde_path_to_error::deserialize(&mut deserializer)
        .and_then(|value| match deserializer.end() {
            Ok(()) => Ok(value),
            Err(error) => Err(serde_path_to_error::Error::new(serde_path_to_error::Track::new().path(), error)),
        })
        .map_err(|error| {
            let path = error.path().to_string();
            let param = if matches!(path.as_str(), "." | "?") { "body".to_owned() } else { path };
            Problem::malformed(param, error.into_inner())
        })
}

/// Returns the bytes of the body.
///
/// # Errors
/// 413 above [`MAX_BODY`].
pub fn bytes(request: &Request) -> Result<&[u8], Problem> {
    let bytes = match request.body() {
        Body::Text(text) => text.as_bytes(),
        Body::Binary(bytes) => bytes,
        _ => &[],
    };
    if bytes.len() > MAX_BODY {
        return Err(Problem::too_large("body", format!("must be at most {MAX_BODY} bytes")));
    }
    Ok(bytes)
}
