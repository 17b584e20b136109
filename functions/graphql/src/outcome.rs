//! What the mutation for one recipient says where the one for many has an outcome.

use domain::sending::Outcome;

use crate::problem::ProblemNode;

/// Returns the outcome as what stands in the way of inviting its recipient.
pub(crate) fn problem(outcome: Outcome, retry_after: Option<i64>) -> ProblemNode {
    let code = serde_json::to_value(outcome).ok().and_then(|name| name.as_str().map(str::to_owned));
    ProblemNode {
        code: code.unwrap_or_default(),
        message: words(outcome).to_owned(),
        param: Some("inviteeUserContextId".to_owned()),
        status: None,
        retry_after,
        invitation_status: None,
    }
}

fn words(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Invited => "The user is invited.",
        Outcome::AwaitingApproval => "A moderator must approve the invitation.",
        Outcome::Joined | Outcome::AlreadyMember => "The user is a member of the community already.",
        Outcome::AlreadyInvited => "The user has a live invitation to the community already.",
        Outcome::UnknownUser => "There is no such user.",
        Outcome::Unavailable => "The user cannot be invited to this community.",
        Outcome::NotConnected => "You can invite only your own connections to this community.",
        Outcome::InvalidEmail => "This is no email address.",
        Outcome::Duplicate => "The user is named twice.",
        Outcome::CoolingDown => "The user declined an invitation to the community lately; try again later.",
        Outcome::OverQuota => "You have sent all invitations that you may send today; try again tomorrow.",
    }
}
