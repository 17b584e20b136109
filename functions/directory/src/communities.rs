//! `PUT` and `DELETE /directory/communities/{communityId}`.

use domain::{
    community::Community,
    id::CommunityId,
    invitation::{Invitation, Status},
    lifecycle,
};
use http_api::problem::Problem;
use serde::Deserialize;
use store::{
    Store,
    expression::Expression,
    keys::{Key, List},
    record::{self, Kind},
    write::Write,
};
use system::now;

use crate::{
    Stored,
    fields::{self, Faults, MAX_DESCRIPTION_CHARS},
    sweep::{self, TimeBudget},
};

/// What the platform says of a community.
#[derive(Default, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub(crate) struct CommunityBody {
    title: Option<String>,
    url: Option<String>,
    description: Option<String>,
    rules_url: Option<String>,
    member_count: Option<i64>,
    visibility: Option<String>,
    enrolment: Option<String>,
    allow_invitations: Option<bool>,
    membership_mode: Option<String>,
}

impl CommunityBody {
    pub(crate) fn parse(self, id: CommunityId) -> Result<Community, Problem> {
        let mut faults = Faults::default();
        let community = self.read(id, &mut faults);
        faults.finish(community)
    }

    fn read(self, id: CommunityId, faults: &mut Faults) -> Option<Community> {
        let title = faults.required("title", self.title, fields::name);
        let url = faults.optional("url", self.url, fields::url);
        let prose = |text: &str| fields::prose(text, MAX_DESCRIPTION_CHARS);
        let description = faults.optional("description", self.description, prose).flatten();
        let rules_url = faults.optional("rulesUrl", self.rules_url, fields::url);
        let member_count = self
            .member_count
            .and_then(|count| u64::try_from(count).map_err(|_| faults.add("memberCount", "must not be negative")).ok());
        let visibility = faults.required("visibility", self.visibility, fields::choice);
        let enrolment = faults.required("enrolment", self.enrolment, fields::choice);
        let allow_invitations = self.allow_invitations.unwrap_or(true);
        let membership_mode = faults.optional("membershipMode", self.membership_mode, fields::choice);
        Some(Community {
            id,
            title: title?,
            url,
            description,
            rules_url,
            member_count,
            visibility: visibility?,
            enrolment: enrolment?,
            allow_invitations,
            membership_mode,
        })
    }
}

/// Keeps the community as described, in all its copies at once.
pub(crate) async fn put(store: &Store, id: CommunityId, body: CommunityBody) -> Result<Stored<Community>, Problem> {
    let community = body.parse(id)?;
    let known = Key::community_copies(&community.id).take(1);
    let created = store.read(known).await?.is_empty();
    let copies = Key::community_copies(&community.id).map(|key| record::record(Kind::Community, key, &community));
    let writes = copies.map(|copy| Ok(Write::Put(copy?, Expression::default())));
    store.transact(writes.collect::<Result<_, Problem>>()?).await?;
    Ok(Stored { record: community, created })
}

/// Removes the community, so that nobody invites to it or accepts any more, then withdraws its live invitations.
///
/// Its members stay on record, moderators among them: without the community they mean nothing, and the platform may
/// bring it back.
pub(crate) async fn delete(store: &Store, id: &CommunityId) -> Result<(), Problem> {
    let (now, budget) = (now(), TimeBudget::start());
    store.remove(Key::community_copies(id).collect()).await?;
    let decide = |one: &Invitation| lifecycle::withdraw(one, now);
    for status in [Status::Pending, Status::AwaitingApproval] {
        let listed = List::Into(id.clone());
        sweep::sweep(store, &listed, Some(status), &decide, now, budget).await?;
    }
    Ok(())
}
