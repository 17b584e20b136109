//! Shows an invitation to one viewer. Every field is named here; nothing gets out that is not.

use serde::Serialize;

use domain::{
    Timestamp,
    actions::Action,
    community::{Community, CommunityType},
    email::EmailAddress,
    field::Count,
    id::{CommunityId, InvitationId, UserId},
    invitation::{CommunityLabel, Delivery, DeliveryState, Invitation, Sender, Status},
    person::Caller,
    settings::Locale,
    viewing::{ShownInvitee, Viewer},
};
use service::command::ViewedInvitation;

/// An invitation as one viewer sees it at one moment. Whatever it is shown in, such as JSON or GraphQL, shows these
/// fields.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = Invitation))]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "openapi.yaml and schema.graphql are made from the fields")]
pub struct InvitationView {
    pub id: InvitationId,
    pub community_id: CommunityId,
    pub community: CommunityView,
    pub sender: Sender,
    pub invitee: InviteeView,
    pub status: Status,
    pub message: String,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answered_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decided_by: Option<UserId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delivery: Option<DeliveryView>,
    pub actions: Vec<ActionView>,
}

/// The community as its invitations show it. What it is and what it asks of its members stands in a single invitation
/// alone.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = CommunityLabel))]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "as of the invitation")]
pub struct CommunityView {
    pub id: CommunityId,
    pub title: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    pub r#type: CommunityType,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rules_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub member_count: Option<u64>,
}

impl From<CommunityLabel> for CommunityView {
    fn from(CommunityLabel { id, title, url, community_type }: CommunityLabel) -> Self {
        Self { id, title, url, r#type: community_type, description: None, rules_url: None, member_count: None }
    }
}

/// The invitee as the viewer sees them: a user, an address, or none any more.
#[derive(Debug, Clone, Default, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = Invitee))]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "as of the invitation")]
pub struct InviteeView {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<UserId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<EmailAddress>,
}

/// How the latest mail of the invitation fares.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = Delivery))]
#[allow(missing_docs, reason = "as of the invitation")]
pub struct DeliveryView {
    pub state: DeliveryState,
    pub at: Timestamp,
}

/// Something that the viewer may do with the invitation now, and by which request.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = AllowedAction))]
#[allow(missing_docs, reason = "as of the invitation")]
pub struct ActionView {
    pub id: Action,
    pub method: &'static str,
    pub href: String,
}

impl From<ShownInvitee<'_>> for InviteeView {
    fn from(shown: ShownInvitee<'_>) -> Self {
        match shown {
            ShownInvitee::User { id, display_name } => {
                Self { user_id: Some(id.clone()), display_name: display_name.map(str::to_owned), email: None }
            }
            ShownInvitee::Address(email) => Self { email: Some(email.clone()), ..Self::default() },
            ShownInvitee::Nobody => Self::default(),
        }
    }
}

impl InvitationView {
    /// Returns `invitation` as `viewer`, who may see it and has these actions, sees it at `now`.
    pub fn new(invitation: Invitation, actions: &[Action], viewer: &Viewer<'_>, now: Timestamp) -> Self {
        let message = message(&invitation);
        Self::with_message(message, invitation, actions, viewer, now)
    }

    /// As [`InvitationView::new`], where it is known already what [`message`] returns for the invitation.
    pub(crate) fn with_message(
        message: String,
        invitation: Invitation,
        actions: &[Action],
        viewer: &Viewer<'_>,
        now: Timestamp,
    ) -> Self {
        let id = invitation.id;
        let act = |action: &Action| ActionView {
            id: *action,
            method: "POST",
            href: format!("/invitations/{id}/{}", action.verb()),
        };
        Self {
            id,
            community_id: invitation.community.id.clone(),
            invitee: viewer.shown_invitee(&invitation).into(),
            status: invitation.status_at(now),
            message,
            created_at: invitation.created_at,
            expires_at: invitation.expires_at,
            answered_at: invitation.answered_at,
            // A moderator's words to the sender are for the sender and for moderators alone, and so is a withdrawal's
            // reason.
            reason: reason(&invitation).filter(|_| viewer.sees_address(&invitation)).map(str::to_owned),
            actions: actions.iter().map(act).collect(),
            community: invitation.community.into(),
            sender: invitation.sender,
            decided_by: invitation.decided_by,
            delivery: invitation.delivery.map(|Delivery { state, at }| DeliveryView { state, at }),
        }
    }

    /// Returns what was found for the caller, as they see it at `now`.
    pub fn found(found: ViewedInvitation, caller: &Caller, now: Timestamp) -> Self {
        let ViewedInvitation { invitation, user, role, actions } = found;
        Self::new(invitation, &actions, &Viewer { caller, user: user.as_ref(), role }, now)
    }

    /// Shows what one should know of the community before answering, as far as there is a record of it.
    pub fn about(mut self, community: Option<&Community>) -> Self {
        if let Some(community) = community {
            self.community.description = community.description.as_deref().map(str::to_owned);
            self.community.rules_url = community.rules_url.as_deref().map(str::to_owned);
            self.community.member_count = community.member_count.map(Count::get);
        }
        self
    }
}

/// Returns the invitation's message with its tokens replaced.
pub(crate) fn message(invitation: &Invitation) -> String {
    mail::plain_message(invitation, Locale::En)
}

/// Why the invitation was rejected or withdrawn.
fn reason(invitation: &Invitation) -> Option<&str> {
    invitation.reason.as_deref().or_else(|| Some(invitation.withdrawal?.words()))
}
