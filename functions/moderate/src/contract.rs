//! What the contract says of each route, in a function of its handler's name.

use domain::invitation::Status::{self, Accepted, AwaitingApproval, Cancelled, Declined, Expired, Pending, Rejected};
use http_api::{
    code::Code,
    command::MAX_REASON_CHARS,
    contract::{Operation, Schema, command, json},
};

use crate::Rejection;

pub(crate) fn approve_invitation() -> Operation {
    // An invitation that needed no approval is pending, too, and cannot be approved.
    let conflicts = Status::ALL.into_iter().filter(|status| *status != AwaitingApproval);
    command("Moderating", "Approves a request for an invitation", Pending, conflicts)
        .about(
            "For moderators and above. It asks again all that sending asked, of the invitee and of the sender. In automatic \
             mode the invitee becomes a member at once.",
        )
        .refuses([
            Code::NotModerator,
            Code::InvitationsNotAllowed,
            Code::CommunityNotFound,
            Code::AlreadyMember,
            Code::InviteeUnavailable,
            Code::SenderMayNotInvite,
        ])
}

pub(crate) fn reject_invitation() -> Operation {
    let body = Schema::of::<Rejection>().with("reason", &json!({"maxLength": MAX_REASON_CHARS}));
    let conflicts = [Pending, Accepted, Declined, Cancelled, Expired];
    command("Moderating", "Rejects a request for an invitation", Rejected, conflicts)
        .about("For moderators and above. The sender is told, with the reason. Repeating it changes nothing.")
        .reads(body, vec![("reason", json!({"reason": "The club is full until spring."}))])
        .refuses([Code::NotModerator, Code::MalformedRequest, Code::TooLarge, Code::InvalidValue])
}

pub(crate) fn resend_invitation() -> Operation {
    let conflicts = Status::ALL.into_iter().filter(|status| *status != Pending);
    command("Sending", "Mails a pending invitation again", Pending, conflicts)
        .about("For its sender while a member, and moderators and above; at most once an hour. Earlier links keep working.")
        .refuses([
            Code::NotSender,
            Code::NotAMember,
            Code::InvitationsNotAllowed,
            Code::CommunityNotFound,
            Code::AlreadyMember,
            Code::InviteeUnavailable,
            Code::ResentRecently,
        ])
}
