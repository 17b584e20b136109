//! What was sent: `GET /me/invitations/sent` for the sender, and for those who moderate a community
//! `GET /communities/{communityId}/invitations` and `…/stats`.
//!
//! One query a page. A moderator's role is read side by side with it.

#[cfg(feature = "openapi")]
pub mod contract;
mod stats;

use std::sync::Arc;

use domain::{
    id::CommunityId,
    person::{Caller, Party, Standing, User},
    refusal::Refusal,
    viewing::{RoleFact, Viewer},
};
use http_api::{
    function::{Api, json, path, verb},
    list::ListQuery,
    problem::Problem,
};
use lambda_http::{Body, Request, Response, http::StatusCode};
use store::{
    Store,
    keys::{Index, Key, user_partition},
};
use system::now;

/// Answers one request.
///
/// # Errors
/// 403 for whoever does not moderate the community, 400 for a parameter that is none.
pub async fn handle(api: Arc<Api>, request: Request) -> Result<Response<Body>, Problem> {
    let caller = api.claims.caller(&request)?;
    match verb(&request) {
        "sent" => list_own(&api.store, &caller, &request).await,
        "stats" => stats::answer(&api.store, &caller, &path(&request, "communityId")?).await,
        _ => list_community(&api.store, &caller, &request).await,
    }
}

async fn list_own(store: &Store, caller: &Caller, request: &Request) -> Result<Response<Body>, Problem> {
    let query = ListQuery::parse(request, Index::Sender, user_partition(&caller.id), caller.id.as_str())?;
    let now = now();
    let listed = query.fetch(store, false, now).await?;
    let viewer = Viewer { caller, user: None, role: RoleFact::Unread };
    json(StatusCode::OK, &listed.view(&viewer, now))
}

async fn list_community(store: &Store, caller: &Caller, request: &Request) -> Result<Response<Body>, Problem> {
    let community: CommunityId = path(request, "communityId")?;
    let of = community.as_str().to_owned();
    let query = ListQuery::parse(request, Index::Community, of, caller.id.as_str())?;
    let now = now();
    let (moderator, listed) = tokio::try_join!(moderator(store, caller, &community), query.fetch(store, false, now))?;
    let viewer = Viewer { caller, user: moderator.user.as_ref(), role: moderator.role };
    json(StatusCode::OK, &listed.view(&viewer, now))
}

/// A caller who is known to moderate a community.
pub(crate) struct Moderator {
    user: Option<User>,
    role: RoleFact,
}

/// Reads whether the caller moderates the community.
pub(crate) async fn moderator(store: &Store, caller: &Caller, community: &CommunityId) -> Result<Moderator, Problem> {
    let standing_key = Key::standing(&Party::User(caller.id.clone()), community);
    let records = store.read([Key::user(&caller.id), standing_key.clone()]).await?;
    let user = records.user(&caller.id)?.map(|record| record.user);
    let standing: Standing = records.value(&standing_key)?.unwrap_or_default();
    let role = RoleFact::Known(standing.role);
    let viewer = Viewer { caller, user: user.as_ref(), role };
    viewer.check_active()?;
    if viewer.moderates() { Ok(Moderator { user, role }) } else { Err(Refusal::NotModerator.into()) }
}
