//! The events for the host platform (SPEC section 7). Payloads list their fields by name: ids and times, nothing
//! personal.

use serde::Serialize;

use super::{
    Timestamp,
    id::{CommunityId, InvitationId, UserId},
    invitation::{DeliveryState, Invitation, Status},
    named::named,
    viewing::{ShownInvitee, shown_to_others},
};

named! {
    /// What happened, by its name on the bus: the event's `detail-type`.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
    #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
    pub enum EventName {
        /// A member asked for an invitation that needs approval.
        InvitationRequested = "InvitationRequested",
        /// An invitation is pending.
        InvitationSent = "InvitationSent",
        /// The invitee said yes, or was made a member at once.
        InvitationAccepted = "InvitationAccepted",
        /// The invitee said no.
        InvitationDeclined = "InvitationDeclined",
        /// A moderator rejected it.
        InvitationRejected = "InvitationRejected",
        /// It was withdrawn.
        InvitationCancelled = "InvitationCancelled",
        /// Its lifetime passed.
        InvitationExpired = "InvitationExpired",
        /// The invitee is a member now.
        MembershipActivated = "MembershipActivated",
        /// The invitation mail bounced for good.
        MailBounced = "MailBounced",
    }
}

/// One thing that happened to one invitation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Event {
    /// The same for every repetition of the same event, so that a consumer can drop repeats.
    pub id: String,
    /// What happened.
    #[serde(skip)]
    pub name: EventName,
    /// The invitation.
    pub invitation_id: InvitationId,
    /// Its community.
    pub community_id: CommunityId,
    /// Its sender.
    pub sender_id: UserId,
    /// Its invitee, where that is a user: one who was invited by address only from acceptance on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub invitee_id: Option<UserId>,
    /// The moderator who approved or rejected it, if one did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decided_by: Option<UserId>,
    /// The invitation's status afterwards.
    pub status: Status,
    /// When the invitation was asked for.
    pub created_at: Timestamp,
    /// When it expires, or did.
    pub expires_at: Timestamp,
    /// When it was answered, if it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answered_at: Option<Timestamp>,
}

/// Returns the events of an invitation's change from `before` to `after`.
pub fn events(before: Option<&Invitation>, after: &Invitation) -> Vec<Event> {
    let mut names = Vec::new();
    if before.is_none_or(|before| before.status != after.status) {
        names.push(match after.status {
            Status::AwaitingApproval => EventName::InvitationRequested,
            Status::Pending => EventName::InvitationSent,
            Status::Accepted => EventName::InvitationAccepted,
            Status::Declined => EventName::InvitationDeclined,
            Status::Rejected => EventName::InvitationRejected,
            Status::Cancelled => EventName::InvitationCancelled,
            Status::Expired => EventName::InvitationExpired,
        });
        if after.status == Status::Accepted {
            names.push(EventName::MembershipActivated);
        }
    }
    let bounced = |invitation: &Invitation| {
        invitation.delivery.as_ref().is_some_and(|delivery| delivery.state == DeliveryState::Bounced)
    };
    if bounced(after) && !before.is_some_and(bounced) {
        names.push(EventName::MailBounced);
    }
    names.into_iter().map(|name| event(name, after)).collect()
}

fn event(name: EventName, invitation: &Invitation) -> Event {
    let invitee_id = match shown_to_others(invitation) {
        ShownInvitee::User { id, .. } => Some(id.clone()),
        ShownInvitee::Address(_) | ShownInvitee::Nobody => None,
    };
    Event {
        id: format!("{}-{}-{}", invitation.id, invitation.revision, name.as_str()),
        name,
        invitation_id: invitation.id,
        community_id: invitation.community.id.clone(),
        sender_id: invitation.sender.id.clone(),
        invitee_id,
        decided_by: invitation.decided_by.clone(),
        status: invitation.status,
        created_at: invitation.created_at,
        expires_at: invitation.expires_at,
        answered_at: invitation.answered_at,
    }
}
