//! The HTTP client.

use std::{sync::LazyLock, time::Duration};

use ureq::{Agent, http::Request};

use crate::Response;

const TIMEOUT: Duration = Duration::from_mins(1);
/// The mailbox of a long run is the largest body there is.
const LARGEST_BODY: u64 = 256 * 1024 * 1024;

static AGENT: LazyLock<Agent> =
    LazyLock::new(|| Agent::config_builder().http_status_as_error(false).timeout_global(Some(TIMEOUT)).build().into());

/// Makes one request.
pub fn call(method: &str, url: &str, headers: &[(&str, &str)], body: Option<&str>) -> Response {
    let name = format!("{method} {url}");
    let mut request = Request::builder().method(method).uri(url);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = match body {
        Some(body) => AGENT.run(request.body(body.to_owned()).unwrap()),
        None => AGENT.run(request.body(()).unwrap()),
    };
    let mut response = response.unwrap_or_else(|error| panic!("{name}: {error}"));
    let body = response.body_mut().with_config().limit(LARGEST_BODY).read_to_string();
    let body = body.unwrap_or_else(|error| panic!("{name}: {error}"));
    let text = |value: &ureq::http::HeaderValue| value.to_str().unwrap().to_owned();
    let headers = response.headers().iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect();
    Response { request: name, status: response.status().as_u16(), headers, body }
}

/// Opens a page, or posts a form to it, without signing in.
pub fn page(method: &str, link: &str, form: Option<&str>) -> Response {
    let form_type = [("Content-Type", "application/x-www-form-urlencoded")];
    call(method, link, if form.is_some() { &form_type } else { &[] }, form)
}
