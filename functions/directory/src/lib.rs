//! Lets the host platform keep users, communities, members, connections and settings in step.
//!
//! Every write is an upsert that can be repeated, and so is every removal: one that ran out of time is continued by
//! the next attempt. What the platform may not know of happens along the way: invitations of an address become those
//! of its owner, and whoever is erased or removed takes their live invitations along.

mod claims;
mod communities;
mod connections;
#[cfg(feature = "openapi")]
mod contract;
mod erasure;
mod fields;
mod import;
mod members;
mod settings;
mod sweep;
mod users;

#[cfg(test)]
mod tests;

use http_api::{
    body,
    function::{Api, json, path},
    problem::Problem,
};
use lambda_http::{
    Body, Request, Response,
    http::{HeaderValue, StatusCode, header},
};
use serde::Serialize;

http_api::routes! {
    PUT "/directory/users/{userId}" => put_user, site_administrators;
    DELETE "/directory/users/{userId}" => delete_user, site_administrators;
    PUT "/directory/users/{userId}/connections/{otherId}" => put_connection, site_administrators;
    DELETE "/directory/users/{userId}/connections/{otherId}" => delete_connection, site_administrators;
    PUT "/directory/communities/{communityId}" => put_community, site_administrators;
    DELETE "/directory/communities/{communityId}" => delete_community, site_administrators;
    PUT "/directory/communities/{communityId}/members/{userId}" => put_member, site_administrators;
    DELETE "/directory/communities/{communityId}/members/{userId}" => delete_member, site_administrators;
    GET "/directory/settings" => get_settings, site_administrators;
    PUT "/directory/settings" => put_settings, site_administrators;
    POST "/directory/import" => import_records, site_administrators;
}

/// How often a write is prepared anew because another writer was faster.
const ROUNDS: u32 = 6;

async fn put_user(api: &Api, request: &Request) -> Result<Response<Body>, Problem> {
    users::put(&api.store, path(request, "userId")?, body::json(request)?).await?.response()
}

async fn delete_user(api: &Api, request: &Request) -> Result<Response<Body>, Problem> {
    erasure::erase(&api.store, &path(request, "userId")?).await?;
    Ok(no_content())
}

async fn put_connection(api: &Api, request: &Request) -> Result<Response<Body>, Problem> {
    let (user, other) = (path(request, "userId")?, path(request, "otherId")?);
    connections::put(&api.store, user, other, &body::json(request)?).await?.response()
}

async fn delete_connection(api: &Api, request: &Request) -> Result<Response<Body>, Problem> {
    connections::delete(&api.store, &path(request, "userId")?, &path(request, "otherId")?).await?;
    Ok(no_content())
}

async fn put_community(api: &Api, request: &Request) -> Result<Response<Body>, Problem> {
    communities::put(&api.store, path(request, "communityId")?, body::json(request)?).await?.response()
}

async fn delete_community(api: &Api, request: &Request) -> Result<Response<Body>, Problem> {
    communities::delete(&api.store, &path(request, "communityId")?).await?;
    Ok(no_content())
}

async fn put_member(api: &Api, request: &Request) -> Result<Response<Body>, Problem> {
    let (community, user) = (path(request, "communityId")?, path(request, "userId")?);
    members::put(&api.store, community, user, body::json(request)?).await?.response()
}

async fn delete_member(api: &Api, request: &Request) -> Result<Response<Body>, Problem> {
    members::delete(&api.store, &path(request, "communityId")?, path(request, "userId")?).await?;
    Ok(no_content())
}

async fn get_settings(api: &Api, _: &Request) -> Result<Response<Body>, Problem> {
    json(StatusCode::OK, &settings::get(&api.store).await?)
}

async fn put_settings(api: &Api, request: &Request) -> Result<Response<Body>, Problem> {
    json(StatusCode::OK, &settings::put(&api.store, body::json(request)?).await?)
}

async fn import_records(api: &Api, request: &Request) -> Result<Response<Body>, Problem> {
    json(StatusCode::OK, &import::run(&api.store, body::json(request)?).await?)
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
