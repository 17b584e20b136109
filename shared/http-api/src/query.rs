//! Reads the parameters of a query.

use lambda_http::{Request, RequestExt};

use super::problem::Problem;

/// Returns the query parameter `name`; `None` if it is empty or left out.
///
/// # Errors
/// 400 if it stands twice: whichever value was taken, half of the callers would have meant the other.
pub fn parameter(request: &Request, name: &str) -> Result<Option<String>, Problem> {
    let parameters = request.query_string_parameters();
    match parameters.all(name).unwrap_or_default().as_slice() {
        [] | [""] => Ok(None),
        [value] => Ok(Some((*value).to_owned())),
        _ => Err(Problem::malformed(name, "must stand once in the query")),
    }
}
