//! The types of the schema. An invitation is `http_api::view`'s, field by field: nothing is shown that is not shown
//! there.

use async_graphql::{Enum, ID, Scalar, ScalarType, SimpleObject, Value};
use domain::{Timestamp, invitation::Sender};
use http_api::{
    options::OptionsView,
    people::PersonView,
    period::{DayView, PeriodView, SenderView},
    sending::ResultView,
    view::{ActionView, CommunityView, DeliveryView, InvitationView, InviteeView},
};
use service::stats::{Numbers, StatsReader};

/// An invitation of one person to one community, as the caller sees it.
#[derive(Debug, Clone, SimpleObject)]
pub(crate) struct CommunityInvitation {
    /// The id of the invitation.
    id: ID,
    /// Who asked for the invitation.
    initiator_user_context: UserContext,
    /// Who is invited: a user, an address as its sender typed it, or none any more.
    invitee_user_context: UserContext,
    /// What it invites to.
    community: Community,
    /// When it was asked for, in seconds since 1970. `createdAt` tells the same and lasts beyond 2038.
    created: i64,
    /// What the caller may do with it now.
    cta: Vec<Cta>,
    /// Where it stands.
    status: InvitationStatus,
    /// The sender's words, or those that stand in their place.
    #[graphql(complexity = 5)]
    message: String,
    /// When it was asked for.
    created_at: DateTime,
    /// The first moment at which it is expired.
    expires_at: DateTime,
    /// When the invitee answered.
    answered_at: Option<DateTime>,
    /// Who approved or rejected it.
    decided_by: Option<ID>,
    /// Why it was rejected or withdrawn, for its sender and for moderators.
    reason: Option<String>,
    /// How its latest mail fares.
    delivery: Option<Delivery>,
}

/// A person, as far as the caller may know them.
#[derive(Debug, Clone, SimpleObject)]
pub(crate) struct UserContext {
    /// The platform's id. None of an invitee who was named by an address.
    id: Option<ID>,
    /// The full name.
    display_name: Option<String>,
    /// Where the profile is.
    profile_url: Option<String>,
    /// The address that the sender typed.
    email: Option<String>,
}

/// A community, as its invitations show it.
#[derive(Debug, Clone, SimpleObject)]
pub(crate) struct Community {
    /// The platform's id.
    id: ID,
    /// What people call it.
    title: String,
    /// Where its space is.
    url: Option<String>,
    /// Whether it is called a community or a network.
    r#type: CommunityType,
    /// What it is, in a few sentences. This and what follows stands where one invitation is asked for by its id.
    description: Option<String>,
    /// Where its rules are.
    rules_url: Option<String>,
    /// How many members it has, by the platform's count.
    member_count: Option<u64>,
}

/// What a caller may do in a community, by the rules that sending goes by.
#[derive(Debug, Clone, SimpleObject)]
#[allow(clippy::struct_excessive_bools, reason = "each says one thing for a form")]
pub(crate) struct CommunityOptions {
    /// Whether the caller may invite.
    may_invite: bool,
    /// Why the caller may not invite: the code that an attempt would be refused with.
    reason: Option<String>,
    /// Whether a moderator must approve what the caller asks for.
    needs_approval: bool,
    /// Whether only the caller's connections may be invited.
    connections_only: bool,
    /// Whether addresses may be invited.
    addresses_allowed: bool,
    /// The people that the caller finds by name.
    people_search: PeopleSearch,
    /// Whether the caller decides on the community's invitations.
    may_moderate: bool,
    /// Whether invited users become members at once.
    membership_mode: MembershipMode,
    /// The message of invitations without one of the sender's, in the caller's language and with its tokens.
    default_message: String,
    /// The tokens that a message may have.
    message_tokens: Vec<String>,
    /// How far one request may go.
    limits: SendLimits,
    /// The caller's allowance for the present UTC day.
    quota: Quota,
    /// The languages that mails and pages speak.
    languages: Vec<String>,
}

/// How far one request may go.
#[derive(Debug, Clone, SimpleObject)]
pub(crate) struct SendLimits {
    /// The most recipients.
    recipients: u32,
    /// The longest message.
    message_characters: usize,
    /// The longest lifetime.
    lifetime_days: u32,
    /// Days until an invitation expires for which no other number is asked.
    default_lifetime_days: u32,
}

/// A sender's allowance for one UTC day.
#[derive(Debug, Clone, SimpleObject)]
pub(crate) struct Quota {
    /// How many invitations a day has.
    per_day: u32,
    /// How many are left of this one.
    left: u32,
    /// When the next day begins.
    renews_at: DateTime,
}

/// Someone who was found by name.
#[derive(Debug, Clone, SimpleObject)]
pub(crate) struct FoundPerson {
    /// Who it is. No address shows.
    user_context: UserContext,
    /// Why they cannot be invited, where that is so.
    reason: Option<NotInvitable>,
}

/// Something that the caller may do: a mutation, and its arguments.
#[derive(Debug, Clone, SimpleObject)]
pub(crate) struct Cta {
    /// What it is. `ACCEPT_COMMUNITY_INVITATION` is the mutation `acceptCommunityInvitation`, and so on.
    action_id: ActionId,
    /// The arguments of the mutation.
    arguments: Vec<CtaArgument>,
}

/// An argument of a mutation.
#[derive(Debug, Clone, SimpleObject)]
pub(crate) struct CtaArgument {
    /// Its name.
    key: String,
    /// Its value.
    value: String,
}

/// How the latest mail of an invitation fares.
#[derive(Debug, Clone, SimpleObject)]
pub(crate) struct Delivery {
    /// Where it is.
    state: DeliveryState,
    /// Since when.
    at: DateTime,
}

/// What came of one recipient.
#[derive(Debug, Clone, SimpleObject)]
pub(crate) struct RecipientResult {
    /// The user's id, the address without what stood around it, or the text that is neither.
    recipient: String,
    /// What came of it.
    outcome: InvitationOutcome,
    /// The seconds after which the same request may succeed, where that is known.
    retry_after: Option<i64>,
    /// The invitation that was made, if one was.
    invitation: Option<CommunityInvitation>,
}

/// What a community's invitations add up to.
#[derive(Debug, Clone, SimpleObject)]
#[graphql(complex)]
pub(crate) struct CommunityStats {
    /// How many there are in each state.
    counts: Vec<StatusCount>,
    /// The share of answers that were yes; none without answers.
    acceptance_rate: Option<f64>,
    /// The median time to an answer, in seconds; none without answers.
    median_answer_seconds: Option<u64>,
    /// Reads more of them.
    #[graphql(skip)]
    pub(crate) reader: StatsReader,
}

/// What happened in a community in a period.
#[derive(Debug, Clone, SimpleObject)]
pub(crate) struct PeriodStats {
    /// The first day.
    from: String,
    /// The last day.
    to: String,
    /// Every day of the period, in order.
    days: Vec<DayStats>,
    /// Who sent what something happened to on these days: the one first who sent most, at most 100.
    senders: Vec<SenderStats>,
    /// The first day that counts for `senders`, where there is too much for the whole period to.
    senders_from: Option<String>,
}

/// What happened on a day (UTC).
#[derive(Debug, Clone, SimpleObject)]
pub(crate) struct DayStats {
    /// The day.
    date: String,
    /// Invitations that became pending, or made their invitee a member at once.
    sent: i64,
    /// Invitation mails that arrived.
    delivered: i64,
    /// Invitation mails that bounced, or were called spam. They may have arrived before.
    bounced: i64,
    /// Answers, yes and no.
    answered: i64,
    /// Answers that were yes.
    accepted: i64,
    /// The median time of the answers, in seconds; none without answers.
    median_answer_seconds: Option<u64>,
}

/// What happened to the invitations of one sender in the period.
#[derive(Debug, Clone, SimpleObject)]
pub(crate) struct SenderStats {
    /// The sender under their present name; who has been removed keeps the id alone.
    sender: UserContext,
    /// As of a day.
    sent: i64,
    /// As of a day.
    delivered: i64,
    /// As of a day.
    bounced: i64,
    /// As of a day.
    answered: i64,
    /// As of a day.
    accepted: i64,
    /// As of a day.
    median_answer_seconds: Option<u64>,
}

/// How many invitations are in one state.
#[derive(Debug, Clone, SimpleObject)]
pub(crate) struct StatusCount {
    /// The state.
    status: InvitationStatus,
    /// How many.
    count: i64,
}

/// A moment, as RFC 3339 writes it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct DateTime(Timestamp);

/// A moment, as RFC 3339 writes it.
#[Scalar]
impl ScalarType for DateTime {
    fn parse(value: Value) -> async_graphql::InputValueResult<Self> {
        match &value {
            Value::String(text) => Ok(Self(text.parse()?)),
            _ => Err(async_graphql::InputValueError::expected_type(value)),
        }
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.to_string())
    }
}

/// Where an invitation stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::invitation::Status")]
pub(crate) enum InvitationStatus {
    /// A member asked for it; a moderator has not decided yet.
    AwaitingApproval,
    /// The invitee has not answered yet.
    Pending,
    /// The invitee said yes and is a member.
    Accepted,
    /// The invitee said no.
    Declined,
    /// A moderator rejected it.
    Rejected,
    /// It was withdrawn.
    Cancelled,
    /// Its lifetime passed without an answer.
    Expired,
}

/// Something that a caller may do with an invitation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::actions::Action")]
pub(crate) enum ActionId {
    /// Answer yes: `acceptCommunityInvitation`.
    #[graphql(name = "ACCEPT_COMMUNITY_INVITATION")]
    Accept,
    /// Answer no: `declineCommunityInvitation`.
    #[graphql(name = "DECLINE_COMMUNITY_INVITATION")]
    Decline,
    /// Withdraw it: `cancelCommunityInvitation`.
    #[graphql(name = "CANCEL_COMMUNITY_INVITATION")]
    Cancel,
    /// Approve it: `approveCommunityInvitation`.
    #[graphql(name = "APPROVE_COMMUNITY_INVITATION")]
    Approve,
    /// Reject it: `rejectCommunityInvitation`.
    #[graphql(name = "REJECT_COMMUNITY_INVITATION")]
    Reject,
    /// Mail it again: `resendCommunityInvitation`.
    #[graphql(name = "RESEND_COMMUNITY_INVITATION")]
    Resend,
}

/// Where a mail is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::invitation::DeliveryState")]
pub(crate) enum DeliveryState {
    /// Not sent yet.
    Queued,
    /// Given up: it could not be sent.
    Failed,
    /// Handed to the mail service.
    Sent,
    /// Taken by the recipient's server.
    Delivered,
    /// Refused by the recipient's server.
    Bounced,
    /// Reported as spam.
    Complained,
}

/// What an invitation calls the community.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::community::CommunityType")]
pub(crate) enum CommunityType {
    /// A community of open, moderated or closed enrolment.
    Community,
    /// A community of network enrolment.
    Network,
}

/// The people that those who may invite find by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::settings::PeopleSearch")]
pub(crate) enum PeopleSearch {
    /// Moderators and above find everybody, members their connections.
    Everybody,
    /// Everyone finds their own connections.
    Connections,
    /// There is no search.
    Off,
}

/// Whether an invited user must answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::community::MembershipMode")]
pub(crate) enum MembershipMode {
    /// The invitee accepts or declines.
    Acceptance,
    /// The invitee becomes a member at once and is told so.
    Automatic,
}

/// Why a person cannot be invited.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "http_api::people::ReasonView")]
pub(crate) enum NotInvitable {
    /// They are a member already.
    AlreadyMember,
    /// They have a live invitation already.
    AlreadyInvited,
}

/// What came of one recipient.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::sending::Outcome")]
pub(crate) enum InvitationOutcome {
    /// A pending invitation was made.
    Invited,
    /// A moderator must approve it first.
    AwaitingApproval,
    /// The user is a member now (automatic mode).
    Joined,
    /// The recipient is a member already.
    AlreadyMember,
    /// The recipient has a live invitation already.
    AlreadyInvited,
    /// No user has that id.
    UnknownUser,
    /// Inactive, blocked or suppressed: the sender cannot tell which.
    Unavailable,
    /// The sender may invite only their own connections, and this is none.
    NotConnected,
    /// The text is no email address.
    InvalidEmail,
    /// The recipient stands earlier in the same request.
    Duplicate,
    /// The recipient declined lately.
    CoolingDown,
    /// The sender's day is used up.
    OverQuota,
}

impl From<InvitationView> for CommunityInvitation {
    fn from(view: InvitationView) -> Self {
        let id = view.id.to_string();
        let act = |action: ActionView| Cta {
            action_id: action.id.into(),
            arguments: vec![CtaArgument { key: "id".to_owned(), value: id.clone() }],
        };
        Self {
            initiator_user_context: view.sender.into(),
            invitee_user_context: view.invitee.into(),
            community: view.community.into(),
            created: view.created_at.as_second(),
            cta: view.actions.into_iter().map(act).collect(),
            status: view.status.into(),
            message: view.message,
            created_at: DateTime(view.created_at),
            expires_at: DateTime(view.expires_at),
            answered_at: view.answered_at.map(DateTime),
            decided_by: view.decided_by.map(|user| ID(user.into())),
            reason: view.reason,
            delivery: view.delivery.map(Delivery::from),
            id: ID(id),
        }
    }
}

impl From<Sender> for UserContext {
    fn from(Sender { id, display_name, profile_url }: Sender) -> Self {
        Self { id: Some(ID(id.into())), display_name, profile_url, email: None }
    }
}

impl From<InviteeView> for UserContext {
    fn from(InviteeView { user_id, display_name, email }: InviteeView) -> Self {
        let id = user_id.map(|id| ID(id.into()));
        Self { id, display_name, profile_url: None, email: email.map(String::from) }
    }
}

impl From<CommunityView> for Community {
    fn from(view: CommunityView) -> Self {
        Self {
            id: ID(view.id.into()),
            title: view.title,
            url: view.url,
            r#type: view.r#type.into(),
            description: view.description,
            rules_url: view.rules_url,
            member_count: view.member_count,
        }
    }
}

impl From<OptionsView<'_>> for CommunityOptions {
    fn from(view: OptionsView<'_>) -> Self {
        Self {
            may_invite: view.may_invite,
            reason: view.reason.map(str::to_owned),
            needs_approval: view.needs_approval,
            connections_only: view.connections_only,
            addresses_allowed: view.addresses_allowed,
            people_search: view.people_search.into(),
            may_moderate: view.may_moderate,
            membership_mode: view.membership_mode.into(),
            default_message: view.default_message.to_owned(),
            message_tokens: view.message_tokens.map(str::to_owned).into(),
            limits: SendLimits {
                recipients: view.limits.recipients,
                message_characters: view.limits.message_characters,
                lifetime_days: view.limits.lifetime_days,
                default_lifetime_days: view.limits.default_lifetime_days,
            },
            quota: Quota {
                per_day: view.quota.per_day,
                left: view.quota.left,
                renews_at: DateTime(view.quota.renews_at),
            },
            languages: view.languages.map(|locale| locale.as_str().to_owned()).into(),
        }
    }
}

impl From<&PersonView<'_>> for FoundPerson {
    fn from(view: &PersonView<'_>) -> Self {
        let user_context = UserContext {
            id: Some(view.user_id.into()),
            display_name: Some(view.display_name.to_owned()),
            profile_url: view.profile_url.map(str::to_owned),
            email: None,
        };
        Self { user_context, reason: view.reason.map(NotInvitable::from) }
    }
}

impl From<DeliveryView> for Delivery {
    fn from(DeliveryView { state, at }: DeliveryView) -> Self {
        Self { state: state.into(), at: DateTime(at) }
    }
}

impl From<ResultView> for RecipientResult {
    fn from(ResultView { recipient, outcome, retry_after, invitation }: ResultView) -> Self {
        Self { recipient, outcome: outcome.into(), retry_after, invitation: invitation.map(CommunityInvitation::from) }
    }
}

impl From<(StatsReader, Numbers)> for CommunityStats {
    fn from((reader, numbers): (StatsReader, Numbers)) -> Self {
        let Numbers { counts, acceptance_rate, median_answer_seconds } = numbers;
        let count = |(status, count): (domain::invitation::Status, i64)| StatusCount { status: status.into(), count };
        Self { counts: counts.into_iter().map(count).collect(), acceptance_rate, median_answer_seconds, reader }
    }
}

impl From<PeriodView> for PeriodStats {
    fn from(PeriodView { from, to, days, senders, senders_from }: PeriodView) -> Self {
        Self {
            from: from.to_string(),
            to: to.to_string(),
            days: days.into_iter().map(DayStats::from).collect(),
            senders: senders.into_iter().map(SenderStats::from).collect(),
            senders_from: senders_from.map(|day| day.to_string()),
        }
    }
}

impl From<DayView> for DayStats {
    fn from(view: DayView) -> Self {
        let DayView { date, sent, delivered, bounced, answered, accepted, median_answer_seconds } = view;
        Self { date: date.to_string(), sent, delivered, bounced, answered, accepted, median_answer_seconds }
    }
}

impl From<SenderView> for SenderStats {
    fn from(view: SenderView) -> Self {
        let SenderView { sender, sent, delivered, bounced, answered, accepted, median_answer_seconds } = view;
        Self { sender: sender.into(), sent, delivered, bounced, answered, accepted, median_answer_seconds }
    }
}
