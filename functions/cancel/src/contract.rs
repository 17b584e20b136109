//! The route of `cancel`, for the contract.

use domain::invitation::Status;
use http_api::{
    code::Code,
    contract::{Operation, command},
};

/// The operation of `cancel`.
pub fn operations() -> Vec<Operation> {
    let conflicts = [Status::Accepted, Status::Declined, Status::Rejected, Status::Expired];
    let path = "/invitations/{invitationId}/cancel";
    let operation = command(path, "cancelInvitation", "Withdraws an invitation", Status::Cancelled, conflicts)
        .about("For its sender, and moderators and above. Nobody is told; repeating it changes nothing.")
        .refuses([Code::NotSender]);
    vec![operation]
}
