//! The bundle as it is sent: compressed as its client can read it, or not at all if the client has it.

use std::{env, sync::LazyLock};

use http_api::problem::Problem;
use lambda_http::{
    Body, Request, Response,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header, response::Builder},
};

/// The digest in the bundle's address.
pub(crate) const HASH: &str = env!("BUNDLE_HASH");
/// The bundle's address, below the API's.
pub(crate) const HREF: &str = concat!("/ui/", env!("BUNDLE_HASH"), "/invitations.js");
/// The bundle's digest, as browsers check it.
pub(crate) const INTEGRITY: &str = env!("BUNDLE_INTEGRITY");

pub(crate) const PLAIN: &str = include_str!("../../../ui/dist/invitations.js");
const BROTLI: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/invitations.js.br"));
const GZIP: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/invitations.js.gz"));
/// Weak, because it is the same for every compression.
const ETAG: &str = concat!("W/\"", env!("BUNDLE_HASH"), "\"");

/// Responds with the bundle, to be kept as `caching` says.
///
/// # Errors
/// 500 if the response cannot be put together.
pub(crate) fn respond(request: &Request, caching: &'static str) -> Result<Response<Body>, Problem> {
    let mut response = Response::builder()
        .header(header::CACHE_CONTROL, caching)
        .header(header::ETAG, ETAG)
        // The gateway repeats the origin that it lets in.
        .header(header::VARY, "accept-encoding, origin");
    if let Some(headers) = response.headers_mut() {
        open_to_every_origin(headers);
    }
    let response = if is_known(request) { with_nothing(response) } else { with_bundle(response, request) };
    response.map_err(|_| Problem::internal())
}

/// Lets pages of every origin read a response, isolated ones too. A module's script is fetched as any data is.
///
/// A gateway that is told which origins may call the API says so itself, in place of what a function says. Not every
/// gateway takes that away, and browsers refuse two opinions.
pub(crate) fn open_to_every_origin(headers: &mut HeaderMap) {
    static GATEWAY_TELLS: LazyLock<bool> =
        LazyLock::new(|| env::var("ALLOWED_ORIGINS").is_ok_and(|origins| !origins.is_empty()));
    let resource_policy = HeaderName::from_static("cross-origin-resource-policy");
    headers.insert(resource_policy, HeaderValue::from_static("cross-origin"));
    if !*GATEWAY_TELLS {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    }
}

fn with_nothing(response: Builder) -> lambda_http::http::Result<Response<Body>> {
    response.status(StatusCode::NOT_MODIFIED).body(Body::Empty)
}

fn with_bundle(response: Builder, request: &Request) -> lambda_http::http::Result<Response<Body>> {
    let response = response
        .header(header::CONTENT_TYPE, "text/javascript; charset=utf-8")
        .header(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    let compressed = [("br", BROTLI), ("gzip", GZIP)];
    match compressed.into_iter().find(|(coding, _)| accepts(request, coding)) {
        Some((coding, bytes)) => response.header(header::CONTENT_ENCODING, coding).body(Body::Binary(bytes.to_vec())),
        None => response.body(Body::Text(PLAIN.to_owned())),
    }
}

/// Whether the client has the bundle already.
fn is_known(request: &Request) -> bool {
    let known = text(request, &header::IF_NONE_MATCH);
    known.split(',').any(|tag| [ETAG.trim_start_matches("W/"), "*"].contains(&tag.trim().trim_start_matches("W/")))
}

/// Whether the client can read that compression, as it says itself. Some say so only to say that they do not: `q=0`.
fn accepts(request: &Request, coding: &str) -> bool {
    let accepted = text(request, &header::ACCEPT_ENCODING);
    accepted.split(',').any(|one| {
        let (name, weight) = one.split_once(';').unwrap_or((one, ""));
        let weight = weight.trim().trim_start_matches("q=");
        let never = !weight.is_empty() && weight.chars().all(|digit| "0.".contains(digit));
        name.trim().eq_ignore_ascii_case(coding) && !never
    })
}

fn text<'a>(request: &'a Request, name: &HeaderName) -> &'a str {
    request.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}
