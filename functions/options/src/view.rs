//! Shows what a caller may do.

use domain::{
    Timestamp,
    community::MembershipMode,
    id::CommunityId,
    message::{MAX_MESSAGE_CHARS, TOKENS},
    sending::{Quota, SearchScope, SendingRights},
    settings::{Locale, MAX_LIFETIME_DAYS, PeopleSearch, Settings},
};
use http_api::problem::Problem;
use serde::Serialize;
use service::options::Options;

#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = CommunityOptions))]
#[serde(rename_all = "camelCase")]
pub(crate) struct OptionsView<'a> {
    #[cfg_attr(feature = "openapi", schema(value_type = CommunityId))]
    community_id: &'a str,
    may_invite: bool,
    /// Why the caller may not invite, as the problem of an attempt would say.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<http_api::code::Code>))]
    reason: Option<&'static str>,
    /// Whether a moderator must approve what the caller asks for.
    needs_approval: bool,
    /// Whether only the caller's connections may be invited.
    connections_only: bool,
    /// Whether addresses may be invited.
    addresses_allowed: bool,
    /// Whom the caller finds by name.
    people_search: PeopleSearch,
    may_moderate: bool,
    /// Whether invited users become members at once.
    membership_mode: MembershipMode,
    /// The message of invitations without one of the sender's, in the caller's language and with its tokens. Sent back as it is,
    /// each reader gets it in theirs.
    default_message: &'a str,
    message_tokens: [&'static str; TOKENS.len()],
    limits: Limits,
    quota: QuotaView,
    /// The languages that mails and pages speak.
    languages: [Locale; Locale::ALL.len()],
}

/// How far one request may go.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = SendLimits))]
#[serde(rename_all = "camelCase")]
struct Limits {
    recipients: u32,
    message_characters: usize,
    lifetime_days: u32,
    /// Days until an invitation expires for which no other number is asked.
    default_lifetime_days: u32,
}

/// The caller's allowance for the present UTC day.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = Quota))]
#[serde(rename_all = "camelCase")]
struct QuotaView {
    per_day: u32,
    left: u32,
    renews_at: Timestamp,
}

impl<'a> OptionsView<'a> {
    pub(crate) fn new(community: &'a CommunityId, options: &'a Options) -> Self {
        let reason = options.rights.clone().err().map(|refusal| Problem::from(refusal).code());
        let may_invite = reason.is_none();
        let rights = options.rights.as_ref().copied().unwrap_or(SendingRights::ANYONE);
        Self {
            community_id: community.as_str(),
            may_invite,
            reason,
            needs_approval: rights.needs_approval,
            connections_only: rights.connections_only,
            addresses_allowed: may_invite && !rights.connections_only,
            people_search: match options.search {
                Some(SearchScope::Everybody) => PeopleSearch::Everybody,
                Some(SearchScope::Connections) => PeopleSearch::Connections,
                None => PeopleSearch::Off,
            },
            may_moderate: options.moderates,
            membership_mode: options.mode,
            default_message: &options.default_message,
            message_tokens: TOKENS,
            limits: Limits::from(&options.settings),
            quota: QuotaView::from(&options.quota),
            languages: Locale::ALL,
        }
    }
}

impl From<&Settings> for Limits {
    fn from(settings: &Settings) -> Self {
        Self {
            recipients: settings.max_recipients_per_request.get(),
            message_characters: MAX_MESSAGE_CHARS,
            lifetime_days: MAX_LIFETIME_DAYS,
            default_lifetime_days: settings.invitation_lifetime_days.get(),
        }
    }
}

impl From<&Quota> for QuotaView {
    fn from(quota: &Quota) -> Self {
        Self { per_day: quota.limit, left: quota.left(), renews_at: quota.renews_at() }
    }
}
