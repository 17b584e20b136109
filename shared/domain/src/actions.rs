//! What a viewer may do with an invitation: exactly the commands that would change it now.
//!
//! No rule stands here. Each command is decided as if it had been given, and what the decision would have the write
//! check is looked up in the facts.

use serde::Serialize;

use super::{
    Timestamp,
    fact::Fact,
    id::UserId,
    invitation::{Invitation, Status},
    lifecycle::{Command, Verdict, decide, decide_by_link},
    mailbox::Mailbox,
    refusal::Refusal,
    sending::Recipient,
    settings::Settings,
    surroundings::Surroundings,
    transition::{Guard, StandingChange, Transition},
    viewing::Viewer,
};

/// Something that a caller may do with an invitation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Action {
    /// Answer yes.
    #[serde(rename = "ACCEPT_COMMUNITY_INVITATION")]
    Accept,
    /// Answer no.
    #[serde(rename = "DECLINE_COMMUNITY_INVITATION")]
    Decline,
    /// Withdraw it.
    #[serde(rename = "CANCEL_COMMUNITY_INVITATION")]
    Cancel,
    /// Let it go to its invitee.
    #[serde(rename = "APPROVE_COMMUNITY_INVITATION")]
    Approve,
    /// Keep it from its invitee.
    #[serde(rename = "REJECT_COMMUNITY_INVITATION")]
    Reject,
    /// Mail it again.
    #[serde(rename = "RESEND_COMMUNITY_INVITATION")]
    Resend,
}

impl Action {
    const ALL: [Self; 6] = [Self::Accept, Self::Decline, Self::Cancel, Self::Approve, Self::Reject, Self::Resend];

    /// The last segment of the action's route.
    pub fn verb(self) -> &'static str {
        match self {
            Self::Accept => "accept",
            Self::Decline => "decline",
            Self::Cancel => "cancel",
            Self::Approve => "approve",
            Self::Reject => "reject",
            Self::Resend => "resend",
        }
    }

    /// Whether the action is for invitations in that state: what the state forbids depends on nothing else.
    fn suits(self, status: Status) -> bool {
        match self {
            Self::Accept | Self::Decline | Self::Resend => status == Status::Pending,
            Self::Approve | Self::Reject => status == Status::AwaitingApproval,
            Self::Cancel => !status.is_final(),
        }
    }

    fn command(self) -> Command {
        match self {
            Self::Accept => Command::Accept,
            Self::Decline => Command::Decline { block: false },
            Self::Cancel => Command::Cancel,
            Self::Approve => Command::Approve,
            Self::Reject => Command::Reject { reason: None },
            Self::Resend => Command::Resend,
        }
    }
}

/// The actions that the viewer may take at `now`; unread as long as one of them depends on a fact that was not read.
pub fn actions(
    invitation: &Invitation,
    viewer: &Viewer<'_>,
    around: &Surroundings,
    settings: &Settings,
    now: Timestamp,
) -> Fact<Vec<Action>> {
    let status = invitation.status_at(now);
    let mut actions = Vec::new();
    for action in Action::ALL.into_iter().filter(|action| action.suits(status)) {
        let is_open = match decide(&action.command(), invitation, viewer, around, settings, now) {
            Ok(Verdict::Change(transition)) => would_be_written(&transition, Some(viewer), around),
            Ok(Verdict::RoleNeeded | Verdict::SurroundingsNeeded) => Fact::Unread,
            Ok(Verdict::Unchanged) | Err(_) => Fact::Known(false),
        };
        match is_open {
            Fact::Known(true) => actions.push(action),
            Fact::Known(false) => {}
            Fact::Unread => return Fact::Unread,
        }
    }
    Fact::Known(actions)
}

/// Whether the reader of the mailbox can accept the invitation at `now`, here or where they are led to.
pub fn is_acceptable_by_link(
    invitation: &Invitation,
    mailbox: &Mailbox,
    around: &Surroundings,
    settings: &Settings,
    now: Timestamp,
) -> bool {
    let transition = match decide_by_link(&Command::Accept, invitation, mailbox, settings, now) {
        Ok(Verdict::Change(transition)) => transition,
        // Accepted elsewhere, it is on the same conditions.
        Err(Refusal::SignInNeeded | Refusal::RegistrationNeeded) => {
            return around.invites() == Fact::Known(true);
        }
        _ => return false,
    };
    would_be_written(&transition, None, around) == Fact::Known(true)
}

/// Whether all that the transition needs holds, by the facts.
fn would_be_written(transition: &Transition, viewer: Option<&Viewer<'_>>, around: &Surroundings) -> Fact<bool> {
    let sender = &transition.invitation.sender.id;
    let guards = transition.guards.iter().map(|guard| match guard {
        Guard::CommunityInvites(_) => around.invites(),
        Guard::Active(user) | Guard::OwnedByActive(_, user) => is_active(user, sender, viewer, around),
        // The role was not read, or the decision would not leave it to the write.
        Guard::Moderates(..) | Guard::Belongs(..) | Guard::Unreplaced(_) => Fact::Unread,
        // The decision was taken from this role; and it is the same for every owner of the mailbox.
        Guard::HasRole(..) | Guard::Owned(..) | Guard::Unowned(_) => Fact::Known(true),
    });
    let joins = transition.standings.iter().any(|(_, change)| matches!(change, StandingChange::Join { .. }));
    let no_member = viewer.filter(|_| joins).map(|viewer| viewer.role.map(|role| role.is_none()));
    guards.chain(no_member).reduce(Fact::and).unwrap_or(Fact::Known(true))
}

fn is_active(user: &UserId, sender: &UserId, viewer: Option<&Viewer<'_>>, around: &Surroundings) -> Fact<bool> {
    match (viewer, &around.sender, &around.invitee) {
        // Nothing is decided for callers who are not active themselves.
        (Some(viewer), ..) if viewer.caller.id == *user => Fact::Known(true),
        (_, Fact::Known(now), _) if user == sender => Fact::Known(now.user.as_ref().is_some_and(|user| user.active)),
        (_, _, Fact::Known(Recipient::User { user: invitee, .. })) if invitee.id == *user => {
            Fact::Known(invitee.active)
        }
        (_, _, Fact::Known(_)) if user != sender => Fact::Known(false),
        _ => Fact::Unread,
    }
}
