//! What can be done. Each mutation is one use case, carried out in the order of the document.

use async_graphql::{Context, ID, Object, SimpleObject};
use domain::{
    id::{CommunityId, InvalidId},
    lifecycle::Command,
};
use http_api::{
    command::{perform, reason},
    function::invitation_named,
    problem::Problem,
    sending::{self, ResultView, SendRequest},
};
use service::send::{Submission, send};
use system::now;

use crate::{
    outcome,
    page::{self, READ},
    problem::{Payload, ProblemNode, Refused, payload, unless_failed},
    session::Session,
    types::{CommunityInvitation, RecipientResult},
};

/// The root of commands.
pub(crate) struct Mutation;

/// What came of a request to invite many at once.
#[derive(SimpleObject)]
pub(crate) struct CreateCommunityInvitationsPayload {
    /// The codes of what stands in the way of the whole request; empty if nothing does.
    errors: Vec<String>,
    /// The same with words and particulars.
    problems: Vec<ProblemNode>,
    /// What came of each recipient, in the order they were named, the users before the addresses.
    results: Vec<RecipientResult>,
    /// Whether this is the response to an earlier request with the same key.
    replayed: bool,
}

#[Object]
impl Mutation {
    /// Invites one user to a community.
    #[graphql(complexity = "READ + child_complexity")]
    async fn create_community_invitation(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The platform's id of the community to invite to.")] community_id: ID,
        #[graphql(desc = "The platform's id of the user to invite.")] invitee_user_context_id: ID,
    ) -> Option<Payload<CommunityInvitation>> {
        let sent = invite_one(Session::of(context), &community_id, invitee_user_context_id).await;
        match sent.map(made) {
            Ok(Ok(invitation)) => payload(context, Ok(invitation)),
            Ok(Err(refused)) => Some(refused.into()),
            Err(problem) => payload(context, Err(problem)),
        }
    }

    /// Invites many people at once, each with an outcome of their own: one recipient never stops another.
    #[graphql(complexity = "page::complexity(Some(100), child_complexity)")]
    #[allow(clippy::too_many_arguments, reason = "they are the mutation's")]
    async fn create_community_invitations(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The platform's id of the community to invite to.")] community_id: ID,
        #[graphql(desc = "The platform's ids of users to invite.")] user_ids: Option<Vec<ID>>,
        #[graphql(desc = "Addresses to invite, as people paste them; each text may hold several.")] emails: Option<
            Vec<String>,
        >,
        #[graphql(desc = "The sender's own words, up to 2,000 characters.")] message: Option<String>,
        #[graphql(desc = "Days until the invitations expire, 1 to 365.")] expires_in_days: Option<i32>,
        #[graphql(
            desc = "Makes repetitions safe for 24 hours: the same key with the same request replays the response."
        )]
        idempotency_key: Option<String>,
        #[graphql(desc = "With false, no mail tells the invitees, since the platform does.")] notify: Option<bool>,
    ) -> Option<CreateCommunityInvitationsPayload> {
        let request = SendRequest {
            user_ids: user_ids.unwrap_or_default().into_iter().map(|id| id.0).collect(),
            emails: emails.unwrap_or_default(),
            message,
            expires_in_days: expires_in_days.map(i64::from),
            notify,
        };
        let sent = invite_many(Session::of(context), &community_id, request, idempotency_key.as_deref()).await;
        unless_failed(context, sent, |Refused { errors, problems }| CreateCommunityInvitationsPayload {
            errors,
            problems,
            results: Vec::new(),
            replayed: false,
        })
    }

    /// Accepts: the caller becomes a member. For the invitee; repeating it changes nothing.
    #[graphql(complexity = "READ + child_complexity")]
    async fn accept_community_invitation(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The id of the invitation.")] id: ID,
    ) -> Option<Payload<CommunityInvitation>> {
        command(context, &id, Command::Accept).await
    }

    /// Declines. For the invitee; repeating it changes nothing.
    #[graphql(complexity = "READ + child_complexity")]
    async fn decline_community_invitation(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The id of the invitation.")] id: ID,
        #[graphql(desc = "Declines for good: no further invitation from the community reaches the caller.")]
        block: Option<bool>,
    ) -> Option<Payload<CommunityInvitation>> {
        command(context, &id, Command::Decline { block: block.unwrap_or_default() }).await
    }

    /// Withdraws in silence. For the sender, and moderators and above; repeating it changes nothing.
    #[graphql(complexity = "READ + child_complexity")]
    async fn cancel_community_invitation(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The id of the invitation.")] id: ID,
    ) -> Option<Payload<CommunityInvitation>> {
        command(context, &id, Command::Cancel).await
    }

    /// Approves a request for an invitation. For moderators and above.
    #[graphql(complexity = "READ + child_complexity")]
    async fn approve_community_invitation(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The id of the invitation.")] id: ID,
    ) -> Option<Payload<CommunityInvitation>> {
        command(context, &id, Command::Approve).await
    }

    /// Rejects a request for an invitation; its sender is told. For moderators and above.
    #[graphql(complexity = "READ + child_complexity")]
    async fn reject_community_invitation(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The id of the invitation.")] id: ID,
        #[graphql(name = "reason", desc = "Why, for the sender to read, up to 500 characters.")] written: Option<
            String,
        >,
    ) -> Option<Payload<CommunityInvitation>> {
        match reason(written) {
            Ok(reason) => command(context, &id, Command::Reject { reason }).await,
            Err(problem) => payload(context, Err(problem)),
        }
    }

    /// Mails a pending invitation again, at most once an hour. For its sender while a member, and moderators and above.
    #[graphql(complexity = "READ + child_complexity")]
    async fn resend_community_invitation(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The id of the invitation.")] id: ID,
    ) -> Option<Payload<CommunityInvitation>> {
        command(context, &id, Command::Resend).await
    }
}

async fn command(context: &Context<'_>, id: &ID, command: Command) -> Option<Payload<CommunityInvitation>> {
    let reader = &Session::of(context).reader;
    let done = match invitation_named(id) {
        Ok(id) => Box::pin(perform(&reader.store, &reader.caller, id, &command)).await,
        Err(problem) => Err(problem),
    };
    payload(context, done.map(CommunityInvitation::from))
}

async fn invite_one(session: &Session, community: &ID, user: ID) -> Result<Option<ResultView>, Problem> {
    let (reader, community) = (&session.reader, community_id(community)?);
    let submission = Submission::new(vec![user.0], Vec::new(), None, None)?;
    let sent = send(&reader.store, &reader.caller, &community, submission, None, now());
    Ok(sending::results(Box::pin(sent).await?, &reader.caller).pop())
}

async fn invite_many(
    session: &Session,
    community: &ID,
    request: SendRequest,
    key: Option<&str>,
) -> Result<CreateCommunityInvitationsPayload, Problem> {
    let reader = &session.reader;
    let community = community_id(community)?;
    let key = key.map(|key| sending::idempotency_key(key.as_bytes())).transpose()?;
    let sent = Box::pin(send(&reader.store, &reader.caller, &community, request.parse()?, key, now())).await?;
    let replayed = sent.replayed;
    let results = sending::results(sent, &reader.caller).into_iter().map(RecipientResult::from).collect();
    Ok(CreateCommunityInvitationsPayload { errors: Vec::new(), problems: Vec::new(), results, replayed })
}

fn community_id(id: &ID) -> Result<CommunityId, Problem> {
    id.parse().map_err(|error: InvalidId| Problem::malformed("communityId", error))
}

/// The invitation that was made for the only recipient, or why none was.
fn made(result: Option<ResultView>) -> Result<CommunityInvitation, Refused> {
    match result {
        Some(ResultView { invitation: Some(made), .. }) => Ok(made.into()),
        Some(ResultView { outcome, retry_after, .. }) => Err(outcome::problem(outcome, retry_after).into()),
        None => Err(Refused::default()),
    }
}
