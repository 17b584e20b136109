//! Reads request bodies; a wrong size, syntax or shape is each a problem of its own.

use lambda_http::{Body, Request};
use serde::de::DeserializeOwned;

use super::{
    json::{Json, Unreadable},
    problem::Problem,
};

/// The largest body that is read, in bytes: far more than a hundred recipients and a full message need.
pub const MAX_BODY: usize = 256 * 1024;

/// Reads the JSON body of `request`; an empty body reads as `{}`, and a field that is `null` as left out.
///
/// # Errors
/// As [`fields`], and 400 that names the field if it is of another shape.
pub fn json<T: DeserializeOwned>(request: &Request) -> Result<T, Problem> {
    json_within(request, MAX_BODY)
}

/// Reads the JSON body of `request` as [`json`] does, if it has at most that many bytes.
///
/// # Errors
/// As [`json`], and 413 above `most`.
pub fn json_within<T: DeserializeOwned>(request: &Request, most: usize) -> Result<T, Problem> {
    let fields = fields_of(bytes_within(request, most)?)?;
    serde_path_to_error::deserialize(Json::Object(fields)).map_err(|error| {
        let path = error.path().to_string();
        let param = if matches!(path.as_str(), "." | "?") { "body".to_owned() } else { path };
        match error.into_inner() {
            Unreadable::Field(name, detail) => Problem::malformed(name, detail),
            Unreadable::Missing(name) => Problem::malformed(name, "is required"),
            unreadable => Problem::malformed(param, unreadable),
        }
    })
}

/// Returns the fields of the JSON object in the body of `request`; an empty body has none.
///
/// # Errors
/// 413 above [`MAX_BODY`]; 400 if it is no JSON object.
pub fn fields(request: &Request) -> Result<Vec<(String, Json)>, Problem> {
    fields_of(bytes(request)?)
}

fn fields_of(bytes: &[u8]) -> Result<Vec<(String, Json)>, Problem> {
    // Some editors and exports begin a file with a byte order mark.
    let bytes = bytes.strip_prefix("\u{FEFF}".as_bytes()).unwrap_or(bytes);
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Ok(Vec::new());
    }
    match serde_json::from_slice(bytes) {
        Ok(Json::Object(fields)) => Ok(fields),
        Ok(_) => Err(Problem::malformed("body", "must be a JSON object")),
        // The parser tells it from what is no JSON by its words alone.
        Err(error) if error.to_string().starts_with("number out of range") => {
            Err(Problem::malformed("body", "has a number that is too large"))
        }
        Err(_) => Err(Problem::malformed("body", "must be a JSON object, complete and in UTF-8")),
    }
}

/// Returns the bytes of the body.
///
/// # Errors
/// 413 above [`MAX_BODY`].
pub fn bytes(request: &Request) -> Result<&[u8], Problem> {
    bytes_within(request, MAX_BODY)
}

fn bytes_within(request: &Request, most: usize) -> Result<&[u8], Problem> {
    let bytes = match request.body() {
        Body::Text(text) => text.as_bytes(),
        Body::Binary(bytes) => bytes,
        _ => &[],
    };
    if bytes.len() > most {
        return Err(Problem::too_large("body", format!("must be at most {most} bytes")));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    struct Sample {
        name: String,
        count: Option<i64>,
    }

    fn read(body: impl Into<Body>) -> Result<Sample, Problem> {
        json(&Request::new(body.into()))
    }

    #[test]
    fn a_body_is_read_with_or_without_a_byte_order_mark_and_null_reads_as_left_out() {
        let expected = Sample { name: "ann".to_owned(), count: None };
        assert_eq!(read("\u{FEFF} {\"name\": \"ann\", \"count\": null}"), Ok(expected));
        assert_eq!(read("{\"name\": \"ann\", \"count\": 7.0}").map(|sample| sample.count), Ok(Some(7)));
    }

    #[test]
    fn what_is_wrong_with_a_body_is_said_in_the_words_of_json() {
        let no_json = "body: must be a JSON object, complete and in UTF-8";
        for (body, detail) in [
            (&b"{"[..], no_json),
            (b"{\"name\": \"\xff\"}", no_json),
            (b"\xff\xfe{\0}\0", no_json),
            (b"{\"name\": \"a\", \"count\": 1e400}", "body: has a number that is too large"),
            (b"{\"name\": \"a\", \"count\": [-1e9999]}", "body: has a number that is too large"),
            (b"{\"name\": \"a\", \"count\": \"1e400\"}", "count: must be a whole number"),
            (b"[]", "body: must be a JSON object"),
            (b"\xef\xbb\xbf", "name: is required"),
            (b"{\"name\": null}", "name: is required"),
            (b"{\"name\": 7}", "name: must be a string"),
            (b"{\"name\": \"a\", \"count\": 7.5}", "count: must be a whole number"),
            (b"{\"name\": \"a\", \"name\": \"b\"}", "name: stands twice"),
            (b"{\"nom\": \"a\"}", "nom: unknown field, expected `name` or `count`"),
        ] {
            let problem = read(body.to_vec()).unwrap_err();
            assert_eq!((problem.status().as_u16(), problem.detail()), (400, detail));
        }
    }
}
