//! What the contract says of each route, in a function of its handler's name.

use domain::invitation::Status;
use http_api::{
    code::Code,
    contract::{Operation, command},
};

pub(crate) fn cancel_invitation() -> Operation {
    let conflicts = [Status::Accepted, Status::Declined, Status::Rejected, Status::Expired];
    command("Sending", "Withdraws an invitation", Status::Cancelled, conflicts)
        .about("For its sender, and moderators and above. It is silent; repeating it changes nothing.")
        .refuses([Code::NotSender])
}
