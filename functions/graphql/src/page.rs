//! Pages of invitations, as connections over the cursors of the HTTP API.

use std::sync::Arc;

use async_graphql::{Context, SimpleObject, connection::PageInfo};
use domain::{id::CommunityId, invitation::Status, person::Party};
use http_api::{
    list::{DEFAULT_LIMIT, ListArguments, ListQuery, views},
    problem::Problem,
};
use service::lists::{self, List};

use crate::{
    problem::{ProblemNode, Refused, unless_failed},
    session::{Once, Reader, Session},
    types::{CommunityInvitation, InvitationStatus},
};

/// A page of a list: pending invitations first, then status by status, the newest first in each.
#[derive(SimpleObject)]
pub(crate) struct CommunityInvitationConnection {
    /// The codes of what stands in the way; empty if nothing does.
    errors: Vec<String>,
    /// The same with words and particulars.
    problems: Vec<ProblemNode>,
    /// The invitations.
    edges: Vec<CommunityInvitationEdge>,
    /// Where the page lies in the list. A page may be short although there is a next one.
    page_info: PageInfo,
}

/// An invitation in a list.
#[derive(SimpleObject)]
pub(crate) struct CommunityInvitationEdge {
    /// Where the list goes on behind it. It is good for the same caller and the same list.
    cursor: String,
    /// The invitation.
    node: CommunityInvitation,
}

/// The pages that have been read for one request.
pub(crate) type Pages = Once<PageKey, Arc<CommunityInvitationConnection>>;

/// Which page is asked for.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct PageKey {
    pub(crate) list: Lists,
    pub(crate) first: Option<i32>,
    pub(crate) after: Option<String>,
    pub(crate) status: Option<Status>,
    /// What a community's list is searched by.
    pub(crate) text: Option<String>,
}

/// Which list is asked for.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) enum Lists {
    /// The caller's own invitations.
    Mine,
    /// What the caller has sent.
    Sent,
    /// All of a community's, for those who moderate it.
    Community(CommunityId),
}

impl PageKey {
    /// A list with what narrows it.
    pub(crate) fn new(
        list: Lists,
        first: Option<i32>,
        after: Option<String>,
        status: Option<InvitationStatus>,
    ) -> Self {
        Self { list, first, after, status: status.map(Status::from), text: None }
    }

    /// The same, searched by what was typed of a name or an address.
    pub(crate) fn found_by(self, text: Option<String>) -> Self {
        Self { text, ..self }
    }

    /// Returns the page; `None` after a failure of ours.
    pub(crate) async fn load(self, context: &Context<'_>) -> Option<Arc<CommunityInvitationConnection>> {
        let reader = Session::of(context).reader.clone();
        let pages: &Pages = context.data_unchecked();
        let page = pages.get(self, |key| async move { key.read(&reader).await.map(Arc::new) }).await;
        unless_failed(context, page, |refused| Arc::new(refused.into()))
    }

    async fn read(self, reader: &Reader) -> Result<CommunityInvitationConnection, Problem> {
        let Reader { store, caller, now } = reader;
        let list = match &self.list {
            Lists::Mine => List::To(Party::User(caller.id.clone())),
            Lists::Sent => List::By(caller.id.clone()),
            Lists::Community(community) => List::Into(community.clone()),
        };
        let follows = self.after.is_some();
        let arguments = ListArguments {
            status: self.status,
            text: self.text,
            limit: self.first.map(i64::from),
            cursor: self.after,
        };
        let query = ListQuery::new(arguments, vec![list], caller.id.as_str(), false)?;
        let page = match &self.list {
            Lists::Mine => lists::own_page(store, caller, &query.request, *now).await?,
            Lists::Sent => lists::page(store, caller, &query.request, *now).await?,
            Lists::Community(community) => {
                lists::moderated_page(store, caller, community, &query.request, *now).await?
            }
        };
        let next = page.next.as_ref().map(|next| query.seal(next));
        let cursors: Vec<_> = page.positions().iter().map(|position| query.seal(position)).collect();
        let page_info = PageInfo {
            has_previous_page: follows,
            has_next_page: next.is_some(),
            start_cursor: cursors.first().cloned(),
            end_cursor: next.or_else(|| cursors.last().cloned()),
        };
        let nodes = views(page, caller, *now).into_iter().map(CommunityInvitation::from);
        let edges = cursors.into_iter().zip(nodes).map(|(cursor, node)| CommunityInvitationEdge { cursor, node });
        Ok(CommunityInvitationConnection {
            errors: Vec::new(),
            problems: Vec::new(),
            edges: edges.collect(),
            page_info,
        })
    }
}

impl From<Refused> for CommunityInvitationConnection {
    fn from(Refused { errors, problems }: Refused) -> Self {
        let page_info =
            PageInfo { has_previous_page: false, has_next_page: false, start_cursor: None, end_cursor: None };
        Self { errors, problems, edges: Vec::new(), page_info }
    }
}

/// What a page costs of a document's complexity: what is shown of its invitations counts once for every twenty that it
/// may hold, since they are read together.
pub(crate) fn complexity(first: Option<i32>, of_each: usize) -> usize {
    let default = usize::try_from(DEFAULT_LIMIT).unwrap_or_default();
    let first = first.map_or(default, |first| usize::try_from(first).unwrap_or_default());
    READ + of_each.saturating_mul(first.clamp(1, 100).div_ceil(20))
}

/// What a read costs of a document's complexity.
pub(crate) const READ: usize = 10;
