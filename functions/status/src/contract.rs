//! What the contract says of each route, in a function of its handler's name.

use domain::{id::InvitationId, invitation::Status};
use http_api::{
    code::Code,
    contract::{Operation, example_invitation, invitation},
};

pub(crate) fn get_invitation() -> Operation {
    let examples = Status::ALL.into_iter().map(|status| (status.as_str(), example_invitation(status)));
    Operation::new("Sending", "Tells where one invitation stands")
        .about("For its invitee, its sender, and moderators and above. To anyone else it does not exist.")
        .path::<InvitationId>("invitationId", "The invitation.")
        .responds(200, "The invitation.", invitation(), examples.collect())
        .refuses([Code::InvitationNotFound])
}
