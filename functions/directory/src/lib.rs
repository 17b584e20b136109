//! `/directory/…`: the host platform keeps users, communities, members, connections and settings in step.
//!
//! Every write is an upsert that can be repeated, and so is every removal: one that ran out of time is continued by
//! the next attempt. What the platform may not know of happens along the way: invitations of an address become those
//! of its owner, and whoever is erased or removed takes their live invitations along.

mod claims;
mod communities;
mod connections;
#[cfg(feature = "openapi")]
pub mod contract;
mod erasure;
mod fields;
mod import;
mod members;
mod settings;
mod sweep;
mod users;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use http_api::{
    body,
    function::{Api, json, path},
    problem::Problem,
};
use lambda_http::{
    Body, Request, RequestExt, Response,
    http::{HeaderValue, StatusCode, header},
};
use serde::Serialize;

/// How often a write is prepared anew because another writer was faster.
const ROUNDS: u32 = 6;

/// Answers one request of a site administrator or a machine client.
///
/// # Errors
/// 403 for anyone else, 400 and 422 that name the fields at fault, 404 when a member or a connection names someone who
/// is not there, 409 when an address is taken, 503 when a removal needs another attempt.
pub async fn handle(api: Arc<Api>, request: Request) -> Result<Response<Body>, Problem> {
    api.claims.site_administrator(&request)?;
    let store = &api.store;
    match (request.method().as_str(), segments(request.raw_http_path()).as_slice()) {
        ("PUT", ["users", _]) => users::put(store, path(&request, "userId")?, body::json(&request)?).await?.response(),
        ("DELETE", ["users", _]) => {
            erasure::erase(store, &path(&request, "userId")?).await?;
            Ok(no_content())
        }
        ("PUT", ["users", _, "connections", _]) => {
            let (user, other) = (path(&request, "userId")?, path(&request, "otherId")?);
            connections::put(store, user, other, &body::json(&request)?).await?.response()
        }
        ("DELETE", ["users", _, "connections", _]) => {
            connections::delete(store, &path(&request, "userId")?, &path(&request, "otherId")?).await?;
            Ok(no_content())
        }
        ("PUT", ["communities", _]) => {
            communities::put(store, path(&request, "communityId")?, body::json(&request)?).await?.response()
        }
        ("DELETE", ["communities", _]) => {
            communities::delete(store, &path(&request, "communityId")?).await?;
            Ok(no_content())
        }
        ("PUT", ["communities", _, "members", _]) => {
            let (community, user) = (path(&request, "communityId")?, path(&request, "userId")?);
            members::put(store, community, user, body::json(&request)?).await?.response()
        }
        ("DELETE", ["communities", _, "members", _]) => {
            members::delete(store, &path(&request, "communityId")?, path(&request, "userId")?).await?;
            Ok(no_content())
        }
        ("GET", ["settings"]) => json(StatusCode::OK, &settings::get(store).await?),
        ("PUT", ["settings"]) => json(StatusCode::OK, &settings::put(store, body::json(&request)?).await?),
        ("POST", ["import"]) => json(StatusCode::OK, &import::run(store, body::json(&request)?).await?),
        _ => Err(Problem::no_route()),
    }
}

/// The segments of the path below `/directory`; none for any other path.
fn segments(path: &str) -> Vec<&str> {
    path.split('/').skip_while(|segment| *segment != "directory").skip(1).collect()
}

fn no_content() -> Response<Body> {
    let mut response = Response::new(Body::Empty);
    *response.status_mut() = StatusCode::NO_CONTENT;
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// A record as it is kept from now on.
struct Stored<T> {
    record: T,
    /// Whether there was none before.
    created: bool,
}

impl<T: Serialize> Stored<T> {
    fn status(&self) -> StatusCode {
        if self.created { StatusCode::CREATED } else { StatusCode::OK }
    }

    fn response(&self) -> Result<Response<Body>, Problem> {
        json(self.status(), &self.record)
    }
}
