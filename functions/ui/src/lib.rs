//! Serves the custom elements: one bundle, which is in the binary. It reaches nothing else, neither table nor caller.
//!
//! An address that names the bundle's digest serves the same bytes as long as it serves any, so they are kept for ever.
//! The address without it serves what is current, and is asked again after minutes.

mod bundle;
#[cfg(feature = "openapi")]
mod contract;
#[cfg(test)]
mod tests;

use http_api::{function::parameter, problem::Problem, response::json};
use lambda_http::{
    Body, Request, Response,
    http::{HeaderValue, StatusCode, header},
};
use serde::Serialize;

use crate::bundle::{HASH, HREF, INTEGRITY};

const FOR_EVER: &str = "public, max-age=31536000, immutable";
const FOR_MINUTES: &str = "public, max-age=300";

http_api::routes! { alone:
    GET "/ui" => describe_elements;
    HEAD "/ui" => probe_description;
    GET "/ui/invitations.js" => get_elements;
    HEAD "/ui/invitations.js" => probe_elements;
    GET "/ui/{hash}/invitations.js" => get_elements_by_hash;
    HEAD "/ui/{hash}/invitations.js" => probe_elements_by_hash;
}

/// Where the elements are, for pages that want to be sure of every byte.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
struct Elements {
    /// The address that never changes what it serves, below the API's.
    href: &'static str,
    /// What a `<script>` there has as `integrity`.
    integrity: &'static str,
}

fn describe_elements(_: &Request) -> Result<Response<Body>, Problem> {
    let mut response = json(StatusCode::OK, &Elements { href: HREF, integrity: INTEGRITY })?;
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static(FOR_MINUTES));
    bundle::open_to_every_origin(response.headers_mut());
    Ok(response)
}

fn probe_description(request: &Request) -> Result<Response<Body>, Problem> {
    describe_elements(request)
}

fn get_elements(request: &Request) -> Result<Response<Body>, Problem> {
    bundle::respond(request, FOR_MINUTES)
}

fn probe_elements(request: &Request) -> Result<Response<Body>, Problem> {
    get_elements(request)
}

fn get_elements_by_hash(request: &Request) -> Result<Response<Body>, Problem> {
    if parameter(request, "hash").as_deref() != Some(HASH) {
        return Err(Problem::no_route());
    }
    bundle::respond(request, FOR_EVER)
}

fn probe_elements_by_hash(request: &Request) -> Result<Response<Body>, Problem> {
    get_elements_by_hash(request)
}
