//! Shows an invitation to one viewer. Every field is named here; nothing gets out that is not.

use serde::Serialize;

use domain::{
    Timestamp,
    actions::Action,
    community::{Community, CommunityType},
    field::Count,
    id::UserId,
    invitation::{CommunityLabel, Delivery, DeliveryState, Invitation, Sender, Status},
    settings::Locale,
    viewing::{ShownInvitee, Viewer},
};
use mail;

/// An invitation as `viewer` sees it at one moment.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = Invitation))]
#[serde(rename_all = "camelCase")]
pub struct InvitationView<'a> {
    #[cfg_attr(feature = "openapi", schema(value_type = domain::id::InvitationId))]
    id: String,
    #[cfg_attr(feature = "openapi", schema(value_type = domain::id::CommunityId))]
    community_id: &'a str,
    community: CommunityView<'a>,
    sender: &'a Sender,
    invitee: InviteeView<'a>,
    status: Status,
    message: String,
    created_at: Timestamp,
    expires_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    answered_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<domain::id::UserId>))]
    decided_by: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    delivery: Option<DeliveryView>,
    actions: Vec<ActionView>,
}

/// The community as its invitations show it. What it is and what it asks of its members stands in a single invitation alone.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = CommunityLabel))]
#[serde(rename_all = "camelCase")]
struct CommunityView<'a> {
    #[cfg_attr(feature = "openapi", schema(value_type = domain::id::CommunityId))]
    id: &'a str,
    title: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<&'a str>,
    r#type: CommunityType,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rules_url: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    member_count: Option<u64>,
}

impl<'a> From<&'a CommunityLabel> for CommunityView<'a> {
    fn from(label: &'a CommunityLabel) -> Self {
        Self {
            id: label.id.as_str(),
            title: &label.title,
            url: label.url.as_deref(),
            r#type: label.community_type,
            description: None,
            rules_url: None,
            member_count: None,
        }
    }
}

#[derive(Debug, Default, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = Invitee))]
#[serde(rename_all = "camelCase")]
struct InviteeView<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<domain::id::UserId>))]
    user_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    display_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<domain::email::EmailAddress>))]
    email: Option<&'a str>,
}

#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = Delivery))]
struct DeliveryView {
    state: DeliveryState,
    at: Timestamp,
}

#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = AllowedAction))]
struct ActionView {
    id: Action,
    method: &'static str,
    href: String,
}

impl<'a> InvitationView<'a> {
    /// Returns `invitation` as `viewer`, who may see it and has these actions, sees it at `now`.
    pub fn new(invitation: &'a Invitation, actions: &[Action], viewer: &Viewer<'_>, now: Timestamp) -> Self {
        let invitee = match viewer.shown_invitee(invitation) {
            ShownInvitee::User { id, display_name } => {
                InviteeView { user_id: Some(id.as_str()), display_name, email: None }
            }
            ShownInvitee::Address(email) => InviteeView { email: Some(email.as_str()), ..InviteeView::default() },
            ShownInvitee::Nobody => InviteeView::default(),
        };
        let act = |action: &Action| ActionView {
            id: *action,
            method: "POST",
            href: format!("/invitations/{}/{}", invitation.id, action.verb()),
        };
        Self {
            id: invitation.id.to_string(),
            community_id: invitation.community.id.as_str(),
            community: CommunityView::from(&invitation.community),
            sender: &invitation.sender,
            invitee,
            status: invitation.status_at(now),
            message: mail::plain_message(invitation, Locale::En),
            created_at: invitation.created_at,
            expires_at: invitation.expires_at,
            answered_at: invitation.answered_at,
            decided_by: invitation.decided_by.as_ref().map(UserId::as_str),
            // A moderator's words to the sender are for the sender and for moderators alone, and so is a withdrawal's reason.
            reason: reason(invitation).filter(|_| viewer.sees_address(invitation)),
            delivery: invitation
                .delivery
                .as_ref()
                .map(|Delivery { state, at }| DeliveryView { state: *state, at: *at }),
            actions: actions.iter().map(act).collect(),
        }
    }

    /// Shows what one should know of the community before answering, as far as there is a record of it.
    pub fn about(mut self, community: Option<&'a Community>) -> Self {
        if let Some(community) = community {
            self.community.description = community.description.as_deref();
            self.community.rules_url = community.rules_url.as_deref();
            self.community.member_count = community.member_count.map(Count::get);
        }
        self
    }
}

/// Why the invitation was rejected or withdrawn.
fn reason(invitation: &Invitation) -> Option<&str> {
    invitation.reason.as_deref().or_else(|| Some(invitation.withdrawal?.words()))
}
