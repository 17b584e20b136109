//! Why something is not done. Refusals know no HTTP; `http_api::problem` gives each its status and code.

use super::{Timestamp, invitation::Status};

/// A rule that stands in the way, in words for the caller.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// No such invitation, or none that this caller may see: the two are not told apart.
    #[error("There is no such invitation, or it is not yours to see.")]
    InvitationNotFound,
    /// The directory has no such community.
    #[error("There is no such community.")]
    CommunityNotFound,
    /// The directory does not know the caller.
    #[error("You are not known to this platform's directory yet.")]
    CallerUnknown,
    /// The directory says that the caller is not active.
    #[error("Your account is not active.")]
    CallerInactive,
    /// Only members invite.
    #[error("Only members of the community can invite to it.")]
    NotAMember,
    /// Network enrolment: administrators and owners invite.
    #[error("Only administrators and owners can invite to this community.")]
    InvitersAreAdministrators,
    /// Members invite only into public communities.
    #[error("Members can invite only to public communities; ask a moderator.")]
    CommunityPrivate,
    /// The community allows no invitations.
    #[error("This community does not allow invitations at the moment.")]
    InvitationsNotAllowed,
    /// The network lets nobody search for people.
    #[error("This network has no search for people; name whom you invite by user id or address.")]
    PeopleSearchOff,
    /// Only the invitee answers.
    #[error("Only the invited person can answer this invitation.")]
    NotInvitee,
    /// The address of the invitation is the caller's by their own word only.
    #[error("Your email address is not verified yet. Verify it, sign in again, then answer the invitation.")]
    EmailUnverified,
    /// Only moderators and above decide and track.
    #[error("Only moderators, administrators and owners of the community can do this.")]
    NotModerator,
    /// Only the sender and moderators and above withdraw or resend.
    #[error("Only the sender and the community's moderators, administrators and owners can do this.")]
    NotSender,
    /// The invitee is a member already; the invitation stays in that state.
    #[error("The invited person is already a member of the community.")]
    AlreadyMember(Status),
    /// The invitee is not active, or wants no invitations from the community; the invitation stays in that state.
    #[error("The invited person cannot be invited to this community.")]
    InviteeUnavailable(Status),
    /// The sender is not active any more, or may not invite the invitee any more; the invitation stays in that state.
    #[error("The person who asked for this invitation may not invite to the community any more.")]
    SenderMayNotInvite(Status),
    /// The state does not allow it.
    #[error("{}", conflict(*.0))]
    Conflict(Status),
    /// A resend follows another mail too soon.
    #[error("An invitation can be mailed once an hour; try again later.")]
    ResentRecently {
        /// The first moment at which it is allowed.
        until: Timestamp,
    },
    /// The sender has used up the day's invitations.
    #[error("You have sent all invitations that you may send today; try again tomorrow.")]
    DailyQuotaUsed {
        /// When the next UTC day begins.
        until: Timestamp,
    },
    /// A request names no recipients.
    #[error("userIds or emails must name at least one recipient")]
    NoRecipients,
    /// A request names more recipients than the network allows.
    #[error("{found} recipients; at most {most} are allowed in one request. Send several requests.")]
    TooManyRecipients {
        /// How many it names.
        found: usize,
        /// How many it may name.
        most: u32,
    },
    /// The same idempotency key came with another request before.
    #[error("This Idempotency-Key was used with another request. Use a new key.")]
    IdempotencyKeyReused,
    /// A request with the same idempotency key is not finished yet.
    #[error("A request with this Idempotency-Key is still running. Try again in a moment.")]
    RequestStillRunning {
        /// When it is finished, or has failed, at the latest.
        until: Timestamp,
    },
    /// The directory has no such record.
    #[error("The directory has no such {0}.")]
    NotInDirectory(&'static str),
    /// The verified address is another user's already.
    #[error("Another user has this verified email address. Change or remove that user first.")]
    EmailTaken,
    /// An invitation by email waits for its owner to register.
    #[error("Register with the invited email address first, then accept the invitation.")]
    RegistrationNeeded,
    /// The network wants answers from signed-in people only.
    #[error("Sign in to answer this invitation.")]
    SignInNeeded,
}

fn conflict(status: Status) -> &'static str {
    match status {
        Status::AwaitingApproval => "The invitation still awaits a moderator's approval.",
        Status::Pending => "The invitation is already approved and waits for its answer.",
        Status::Accepted => "The invitation has already been accepted.",
        Status::Declined => "The invitation has already been declined.",
        Status::Rejected => "The request for this invitation has been rejected.",
        Status::Cancelled => "The invitation has been cancelled.",
        Status::Expired => "The invitation has expired.",
    }
}
