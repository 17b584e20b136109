//! Communities: how one joins them and who sees them.

use serde::{Deserialize, Serialize};

use super::id::CommunityId;

/// A group that people join, as the host platform last described it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Community {
    /// The platform's id of the community.
    pub id: CommunityId,
    /// What people call it.
    pub title: String,
    /// Where its space is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// A few sentences for people who do not know it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Where its rules are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rules_url: Option<String>,
    /// How many members it has, by the platform's count.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub member_count: Option<u64>,
    /// Who sees it; members invite only into public ones.
    pub visibility: Visibility,
    /// How one joins it, which decides who may invite.
    pub enrolment: Enrolment,
    /// Whether anyone may be invited, and may accept, at all.
    pub allow_invitations: bool,
    /// Overrides the network's mode.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub membership_mode: Option<MembershipMode>,
}

/// Who sees a community.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Visibility {
    /// Everyone.
    Public,
    /// Its members.
    Private,
}

/// How people come to be members of a community.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Enrolment {
    /// Anyone joins.
    Open,
    /// Anyone asks to join.
    Moderated,
    /// One is let in; what a member asks for needs a moderator's approval.
    Closed,
    /// Its administrators alone let people in.
    Network,
}

/// Whether an invited user must answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum MembershipMode {
    /// The invitee accepts or declines.
    #[default]
    Acceptance,
    /// The invitee becomes a member at once and is told so.
    Automatic,
}

/// What an invitation calls the community: the `%type%` of messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum CommunityType {
    /// A community of open, moderated or closed enrolment.
    Community,
    /// A community of network enrolment.
    Network,
}

impl Enrolment {
    /// What a community of this enrolment is called.
    pub fn community_type(self) -> CommunityType {
        match self {
            Self::Open | Self::Moderated | Self::Closed => CommunityType::Community,
            Self::Network => CommunityType::Network,
        }
    }
}
