//! The route of `status`, for the contract.

use domain::{id::InvitationId, invitation::Status};
use http_api::{
    code::Code,
    contract::{Operation, example_invitation, invitation},
};

/// The operation of `status`.
pub fn operations() -> Vec<Operation> {
    let examples = Status::ALL.into_iter().map(|status| (status.as_str(), example_invitation(status)));
    let summary = "Tells where one invitation stands";
    let operation = Operation::new("GET", "/invitations/{invitationId}", "getInvitation", summary)
        .about("For its invitee, its sender, and moderators and above. To anyone else it does not exist.")
        .path::<InvitationId>("invitationId", "The invitation.")
        .answers(200, "The invitation.", invitation(), examples.collect())
        .refuses([Code::InvitationNotFound]);
    vec![operation]
}
