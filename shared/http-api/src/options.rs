//! Shows what a caller may do in a community.

use domain::{
    Timestamp,
    community::MembershipMode,
    id::CommunityId,
    message::{MAX_MESSAGE_CHARS, TOKENS},
    sending::{Quota, SearchScope, SendingRights},
    settings::{Locale, MAX_LIFETIME_DAYS, PeopleSearch, Settings},
};
use serde::Serialize;
use service::options::Options;

use super::problem::Problem;

/// What a caller may do in a community.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = CommunityOptions))]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_excessive_bools, reason = "each says one thing")]
#[allow(missing_docs, reason = "openapi.yaml is made from the fields")]
pub struct OptionsView<'a> {
    #[cfg_attr(feature = "openapi", schema(value_type = CommunityId))]
    pub community_id: &'a str,
    pub may_invite: bool,
    /// Why the caller may not invite, as the problem of an attempt would say.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<crate::code::Code>))]
    pub reason: Option<&'static str>,
    /// Whether a moderator must approve what the caller asks for.
    pub needs_approval: bool,
    /// Whether only the caller's connections may be invited.
    pub connections_only: bool,
    /// Whether addresses may be invited.
    pub addresses_allowed: bool,
    /// The people that the caller finds by name.
    pub people_search: PeopleSearch,
    pub may_moderate: bool,
    /// Whether invited users become members at once.
    pub membership_mode: MembershipMode,
    /// The message of invitations without one of the sender's, in the caller's language and with its tokens. Sent back
    /// as it is, each reader gets it in theirs.
    pub default_message: &'a str,
    pub message_tokens: [&'static str; TOKENS.len()],
    pub limits: SendLimits,
    pub quota: QuotaView,
    /// The languages that mails and pages speak.
    pub languages: [Locale; Locale::ALL.len()],
}

/// How far one request may go.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = SendLimits))]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "openapi.yaml is made from the fields")]
pub struct SendLimits {
    pub recipients: u32,
    pub message_characters: usize,
    pub lifetime_days: u32,
    /// Days until an invitation expires for which no other number is asked.
    pub default_lifetime_days: u32,
}

/// The caller's allowance for the present UTC day.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = Quota))]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "openapi.yaml is made from the fields")]
pub struct QuotaView {
    pub per_day: u32,
    pub left: u32,
    pub renews_at: Timestamp,
}

impl<'a> OptionsView<'a> {
    /// Shows the options of the community.
    pub fn new(community: &'a CommunityId, options: &'a Options) -> Self {
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
            limits: SendLimits::from(&options.settings),
            quota: QuotaView::from(&options.quota),
            languages: Locale::ALL,
        }
    }
}

impl From<&Settings> for SendLimits {
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
