//! Communities: how one joins them and who sees them.

use serde::{Deserialize, Serialize};

use super::{
    field::{self, Count, Name, Prose, WebUrl},
    id::CommunityId,
    time::Timestamp,
};

/// A group that people join, as the host platform last described it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Community {
    /// The platform's id of the community.
    pub id: CommunityId,
    /// What people call it.
    #[cfg_attr(feature = "openapi", schema(inline))]
    pub title: Name,
    /// Where its space is.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(inline))]
    pub url: Option<WebUrl>,
    /// A few sentences for people who do not know it.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "field::unless_blank")]
    #[cfg_attr(feature = "openapi", schema(inline))]
    pub description: Option<Prose<2_000>>,
    /// Where its rules are.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(inline))]
    pub rules_url: Option<WebUrl>,
    /// How many members it has, by the platform's count.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(inline))]
    pub member_count: Option<Count>,
    /// Who sees it; members invite only into public ones.
    pub visibility: Visibility,
    /// How one joins it, which decides who may invite.
    pub enrolment: Enrolment,
    /// Whether anyone may be invited, and may accept, at all.
    #[serde(default = "field::yes")]
    pub allow_invitations: bool,
    /// Overrides the network's mode.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub membership_mode: Option<MembershipMode>,
}

/// One of the communities that an id has stood for, one after the other.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Era {
    /// The id.
    pub id: CommunityId,
    /// When the one before it was removed, if there was one.
    pub since: Option<Timestamp>,
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
