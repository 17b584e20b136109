//! What can be asked.

use std::sync::Arc;

use async_graphql::{ComplexObject, Context, ID, Object, SimpleObject};
use domain::id::{CommunityId, InvalidId};
use http_api::{
    function::invitation_named,
    options::OptionsView,
    people::{PeopleView, search_name},
    period,
    problem::Problem,
    view::InvitationView,
};
use service::{lists, stats::StatsReader};

use crate::{
    page::{self, CommunityInvitationConnection, Lists, PageKey, READ},
    problem::{Payload, ProblemNode, Refused, payload, unless_failed},
    session::{Reader, Session},
    types::{CommunityInvitation, CommunityOptions, CommunityStats, FoundPerson, InvitationStatus, PeriodStats},
};

/// What a period costs of a document's complexity: where much has happened, it reads as much as a hundred records do.
const PERIOD: usize = 100;

/// The root of questions.
pub(crate) struct Query;

/// The caller.
pub(crate) struct Me;

/// The people who were found.
#[derive(SimpleObject)]
pub(crate) struct FoundPeople {
    /// The codes of what stands in the way; empty if nothing does.
    errors: Vec<String>,
    /// The same with words and particulars.
    problems: Vec<ProblemNode>,
    /// The people.
    people: Vec<FoundPerson>,
}

/// A community, as those see it who invite to it.
pub(crate) struct InvitingCommunity(ID);

#[Object]
impl Query {
    /// The caller.
    async fn me(&self) -> Me {
        Me
    }

    /// A community, for those who invite to it or moderate it.
    async fn community(&self, #[graphql(desc = "The platform's id of the community.")] id: ID) -> InvitingCommunity {
        InvitingCommunity(id)
    }

    /// One invitation: for its invitee, its sender, and moderators and above. To anyone else it does not exist.
    #[graphql(complexity = "READ + child_complexity")]
    async fn invitation(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The id of the invitation.")] id: ID,
    ) -> Option<Payload<CommunityInvitation>> {
        let Session { reader, invitations, .. } = Session::of(context);
        let found = match invitation_named(&id) {
            Ok(id) => {
                let Reader { store, caller, now } = reader.clone();
                let read = |id| async move {
                    let (found, community) = lists::invitation(&store, &caller, id, now).await?;
                    Ok(InvitationView::found(found, &caller, now).about(community.as_ref()))
                };
                invitations.get(id, read).await
            }
            Err(problem) => Err(problem),
        };
        payload(context, found.map(CommunityInvitation::from))
    }
}

#[Object]
impl Me {
    /// The platform's id of the caller.
    async fn id(&self, context: &Context<'_>) -> ID {
        ID(Session::of(context).reader.caller.id.as_str().to_owned())
    }

    /// The caller's own invitations.
    #[graphql(complexity = "page::complexity(first, child_complexity)")]
    async fn invitations(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The most invitations on the page, 1 to 100; 25 without it.")] first: Option<i32>,
        #[graphql(desc = "A cursor of the same list.")] after: Option<String>,
        #[graphql(desc = "Only invitations in this state.")] status: Option<InvitationStatus>,
    ) -> Option<Arc<CommunityInvitationConnection>> {
        PageKey::new(Lists::Mine, first, after, status).load(context).await
    }

    /// What the caller has sent.
    #[graphql(complexity = "page::complexity(first, child_complexity)")]
    async fn sent_invitations(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The most invitations on the page, 1 to 100; 25 without it.")] first: Option<i32>,
        #[graphql(desc = "A cursor of the same list.")] after: Option<String>,
        #[graphql(desc = "Only invitations in this state.")] status: Option<InvitationStatus>,
    ) -> Option<Arc<CommunityInvitationConnection>> {
        PageKey::new(Lists::Sent, first, after, status).load(context).await
    }

    /// How many invitations wait for the caller's answer: for a badge. It is exact up to 100 and stops there.
    #[graphql(complexity = "READ + child_complexity")]
    async fn pending_count(&self, context: &Context<'_>) -> Option<u32> {
        let Session { reader, waiting, .. } = Session::of(context);
        let Reader { store, caller, now } = reader.clone();
        let read = |()| async move { Ok(lists::pending_count(&store, &caller, now).await?) };
        unless_failed(context, waiting.get((), read).await.map(Some), |_| None).flatten()
    }
}

#[Object]
impl InvitingCommunity {
    /// The platform's id of the community, as it was asked for.
    async fn id(&self) -> &ID {
        &self.0
    }

    /// All invitations to the community, for moderators and above. `AWAITING_APPROVAL` is the queue of requests to
    /// decide.
    #[graphql(complexity = "page::complexity(first, child_complexity)")]
    async fn invitations(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The most invitations on the page, 1 to 100; 25 without it.")] first: Option<i32>,
        #[graphql(desc = "A cursor of the same list.")] after: Option<String>,
        #[graphql(desc = "Only invitations in this state.")] status: Option<InvitationStatus>,
        #[graphql(desc = "What has been typed of an invitee's name or address.")] query: Option<String>,
    ) -> Option<Arc<CommunityInvitationConnection>> {
        match self.parse() {
            Ok(community) => {
                let page = PageKey::new(Lists::Community(community), first, after, status);
                page.found_by(query).load(context).await
            }
            Err(problem) => unless_failed(context, Err(problem), |refused| Arc::new(refused.into())),
        }
    }

    /// What the community's invitations add up to, for moderators and above. The counts follow the invitations by
    /// moments.
    #[graphql(complexity = "READ + child_complexity")]
    async fn stats(&self, context: &Context<'_>) -> Option<Payload<CommunityStats>> {
        let Session { reader, numbers, .. } = Session::of(context);
        let found = match self.parse() {
            Ok(community) => {
                let Reader { store, caller, now } = reader.clone();
                let read = |community| async move {
                    let stats = StatsReader::open(&store, &caller, community).await?;
                    let numbers = stats.numbers(now).await?;
                    Ok((stats, numbers))
                };
                numbers.get(community, read).await
            }
            Err(problem) => Err(problem),
        };
        payload(context, found.map(CommunityStats::from))
    }

    /// What the caller may do in the community, so that a form offers nothing that would be refused.
    #[graphql(complexity = "READ + child_complexity")]
    async fn options(&self, context: &Context<'_>) -> Option<Payload<CommunityOptions>> {
        let Session { reader, options, .. } = Session::of(context);
        let found = match self.parse() {
            Ok(community) => {
                let Reader { store, caller, now } = reader.clone();
                let read = |community| async move {
                    let found = service::options::options(&store, &caller, &community, now).await?;
                    Ok(OptionsView::new(&community, &found).into())
                };
                options.get(community, read).await
            }
            Err(problem) => Err(problem),
        };
        payload(context, found)
    }

    /// Finds people to invite by the beginning of any word of their names: at most ten, in the order of the words that
    /// were found.
    #[graphql(complexity = "READ + child_complexity")]
    async fn people(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "What has been typed of a name. Nobody is found by nothing.")] query: String,
    ) -> Option<FoundPeople> {
        let Session { reader, people, .. } = Session::of(context);
        let found = match self.parse() {
            Ok(community) => {
                let reader = reader.clone();
                people
                    .get((community, query), |(community, text)| async move { find(&reader, &community, &text).await })
                    .await
            }
            Err(problem) => Err(problem),
        };
        let found = found.map(|people| FoundPeople { errors: Vec::new(), problems: Vec::new(), people });
        unless_failed(context, found, |Refused { errors, problems }| FoundPeople {
            errors,
            problems,
            people: Vec::new(),
        })
    }
}

#[ComplexObject]
impl CommunityStats {
    /// What happened on the days of a period, at most 92, and to whose invitations. Days are kept for 400 days.
    #[graphql(complexity = "PERIOD + child_complexity")]
    async fn period(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The first day (UTC), as in 2026-11-01.")] from: String,
        #[graphql(desc = "The last day (UTC).")] to: String,
    ) -> Option<Payload<PeriodStats>> {
        let stats = self.reader.clone();
        let found = match period::between(&from, &to) {
            Ok(period) => {
                let key = (stats.community().clone(), period);
                let read = |(_, period)| async move { Ok(stats.period(period).await?.into()) };
                Session::of(context).periods.get(key, read).await
            }
            Err(problem) => Err(problem),
        };
        payload(context, found.map(PeriodStats::from))
    }
}

async fn find(reader: &Reader, community: &CommunityId, text: &str) -> Result<Vec<FoundPerson>, Problem> {
    let Reader { store, caller, now } = reader;
    let found = service::people::search(store, caller, community, &search_name(text)?, *now).await?;
    Ok(PeopleView::from(&*found).people.iter().map(FoundPerson::from).collect())
}

impl InvitingCommunity {
    fn parse(&self) -> Result<CommunityId, Problem> {
        self.0.parse().map_err(|error: InvalidId| Problem::malformed("communityId", error))
    }
}
