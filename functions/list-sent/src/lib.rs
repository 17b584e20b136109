//! Lists what was sent: to the sender their own invitations, and to those who moderate a community all of its.
//!
//! A query and a batch read a page; a moderator's role is read with the batch. An export is the same page as a table.

#[cfg(feature = "openapi")]
mod contract;
mod export;
mod stats;

use domain::id::CommunityId;
use futures::{FutureExt, future::OptionFuture};
use http_api::{
    api::Api,
    function::path,
    list::{ListArguments, ListQuery, MAX_LIMIT, views},
    period,
    problem::Problem,
    response::{json, not_stored},
};
use lambda_http::{
    Body, Request, Response,
    http::{HeaderValue, StatusCode, header},
};
use service::{
    lists::{self, List},
    stats::StatsReader,
};
use system::now;

use crate::{export::Unwritable, stats::Stats};

http_api::routes! {
    GET "/me/invitations/sent" => list_sent_invitations;
    GET "/communities/{communityId}/invitations" => list_community_invitations;
    GET "/communities/{communityId}/invitations/stats" => get_invitation_stats;
    GET "/communities/{communityId}/invitations/export" => export_invitations;
}

async fn list_sent_invitations(api: &Api, request: &Request) -> Result<Response<Body>, Problem> {
    let caller = api.claims.caller(request)?;
    let query = ListQuery::parse(request, vec![List::By(caller.id.clone())], caller.id.as_str(), false)?;
    let now = now();
    let page = lists::page(&api.store, &caller, &query.request, now).await?;
    query.respond(page, &caller, now)
}

async fn list_community_invitations(api: &Api, request: &Request) -> Result<Response<Body>, Problem> {
    let caller = api.claims.caller(request)?;
    let community: CommunityId = path(request, "communityId")?;
    let query = ListQuery::parse(request, vec![List::Into(community.clone())], caller.id.as_str(), false)?;
    let now = now();
    let page = lists::moderated_page(&api.store, &caller, &community, &query.request, now).await?;
    query.respond(page, &caller, now)
}

async fn get_invitation_stats(api: &Api, request: &Request) -> Result<Response<Body>, Problem> {
    let caller = api.claims.caller(request)?;
    let (community, period) = (path(request, "communityId")?, period::parse(request)?);
    let stats = StatsReader::open(&api.store, &caller, community).await?;
    let in_period = OptionFuture::from(period.map(|period| stats.period(period)));
    let (numbers, in_period) = futures::try_join!(stats.numbers(now()), in_period.map(Option::transpose))?;
    json(StatusCode::OK, &Stats::new(&numbers, in_period))
}

async fn export_invitations(api: &Api, request: &Request) -> Result<Response<Body>, Problem> {
    let caller = api.claims.caller(request)?;
    let community: CommunityId = path(request, "communityId")?;
    let mut arguments = ListArguments::parse(request, true)?;
    arguments.limit.get_or_insert(MAX_LIMIT.into());
    let query = ListQuery::new(arguments.clone(), vec![List::Into(community.clone())], caller.id.as_str(), false)?;
    let now = now();
    let page = lists::moderated_page(&api.store, &caller, &community, &query.request, now).await?;
    let next = page.next.as_ref().map(|next| export::next_link(&arguments, &query.seal(next)));
    let text = export::table(views(page, &caller, now), query.request.after.is_none());
    let text = text.map_err(|Unwritable| Problem::internal())?;
    let mut response = not_stored(StatusCode::OK, "text/csv; charset=utf-8", text);
    if let Some(link) = next {
        let link = HeaderValue::try_from(link).map_err(|_| Problem::internal())?;
        response.headers_mut().insert(header::LINK, link);
    }
    Ok(response)
}
