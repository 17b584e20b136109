//! Lets the host platform keep users, communities, members, connections and settings in step.
//!
//! What happens is in `service::directory`; here requests become records, and records responses.

#[cfg(feature = "openapi")]
mod contract;
mod fields;
mod import;
mod records;
mod response;
#[cfg(feature = "openapi")]
mod schema;

#[cfg(test)]
mod tests;

use domain::email::{InvalidEmail, list};
use http_api::{
    api::Api,
    body,
    function::{parameter, path},
    problem::Problem,
    response::json,
};
use lambda_http::{Body, Request, Response, http::StatusCode};
use service::directory::{communities, connections, erasure, members, senders, settings, suppressions, users};
use system::now;

use crate::response::{no_content, shown};

/// The parameter of a path that names an address.
const ADDRESS: &str = "address";

http_api::routes! {
    PUT "/directory/users/{userId}" => put_user, site_administrators;
    DELETE "/directory/users/{userId}" => delete_user, site_administrators;
    DELETE "/directory/users/{userId}/invitations" => withdraw_invitations, site_administrators;
    PUT "/directory/users/{userId}/connections/{otherId}" => put_connection, site_administrators;
    DELETE "/directory/users/{userId}/connections/{otherId}" => delete_connection, site_administrators;
    PUT "/directory/communities/{communityId}" => put_community, site_administrators;
    DELETE "/directory/communities/{communityId}" => delete_community, site_administrators;
    PUT "/directory/communities/{communityId}/members/{userId}" => put_member, site_administrators;
    DELETE "/directory/communities/{communityId}/members/{userId}" => delete_member, site_administrators;
    GET "/directory/settings" => get_settings, site_administrators;
    PUT "/directory/settings" => put_settings, site_administrators;
    DELETE "/directory/suppressions/{address}" => delete_suppression, site_administrators;
    POST "/directory/import" => import_records, site_administrators;
}

async fn put_user(api: &Api, request: &Request) -> Result<Response<Body>, Problem> {
    let user = records::user(&path(request, "userId")?, &body::fields(request)?.into())?;
    shown(users::put(&api.store, user, now()).await?)
}

async fn delete_user(api: &Api, request: &Request) -> Result<Response<Body>, Problem> {
    erasure::erase(&api.store, &path(request, "userId")?, now()).await?;
    Ok(no_content())
}

async fn withdraw_invitations(api: &Api, request: &Request) -> Result<Response<Body>, Problem> {
    senders::withdraw_all(&api.store, path(request, "userId")?, now()).await?;
    Ok(no_content())
}

async fn put_connection(api: &Api, request: &Request) -> Result<Response<Body>, Problem> {
    let (user, other) = (path(request, "userId")?, path(request, "otherId")?);
    let connection = records::connection(&user, &other, &body::fields(request)?.into())?;
    shown(connections::put(&api.store, connection).await?)
}

async fn delete_connection(api: &Api, request: &Request) -> Result<Response<Body>, Problem> {
    connections::remove(&api.store, &path(request, "userId")?, &path(request, "otherId")?).await?;
    Ok(no_content())
}

async fn put_community(api: &Api, request: &Request) -> Result<Response<Body>, Problem> {
    let community = records::community(&path(request, "communityId")?, &body::fields(request)?.into())?;
    shown(communities::put(&api.store, community).await?)
}

async fn delete_community(api: &Api, request: &Request) -> Result<Response<Body>, Problem> {
    communities::remove(&api.store, path(request, "communityId")?, now()).await?;
    Ok(no_content())
}

async fn put_member(api: &Api, request: &Request) -> Result<Response<Body>, Problem> {
    let (community, user) = (path(request, "communityId")?, path(request, "userId")?);
    let member = records::member(&community, &user, &body::fields(request)?.into())?;
    shown(members::put(&api.store, member, now()).await?)
}

async fn delete_member(api: &Api, request: &Request) -> Result<Response<Body>, Problem> {
    members::remove(&api.store, &path(request, "communityId")?, &path(request, "userId")?).await?;
    Ok(no_content())
}

async fn get_settings(api: &Api, _: &Request) -> Result<Response<Body>, Problem> {
    json(StatusCode::OK, &settings::get(&api.store, now()).await?)
}

async fn put_settings(api: &Api, request: &Request) -> Result<Response<Body>, Problem> {
    let settings = records::settings(&body::fields(request)?.into())?;
    json(StatusCode::OK, &settings::put(&api.store, settings).await?)
}

async fn delete_suppression(api: &Api, request: &Request) -> Result<Response<Body>, Problem> {
    let address = parameter(request, ADDRESS).ok_or(InvalidEmail).and_then(|text| list::only(&text));
    let address = address.map_err(|error| Problem::malformed(ADDRESS, error))?;
    suppressions::lift(&api.store, &address).await?;
    Ok(no_content())
}

async fn import_records(api: &Api, request: &Request) -> Result<Response<Body>, Problem> {
    json(StatusCode::OK, &import::run(&api.store, body::json(request)?).await?)
}
