//! Withdraws an invitation, silently.

use domain::lifecycle::Command;
use http_api::{api::Api, command, problem::Problem};
use lambda_http::{Body, Request, Response};

http_api::routes! {
    POST "/invitations/{invitationId}/cancel" => cancel_invitation;
}

async fn cancel_invitation(api: &Api, request: &Request) -> Result<Response<Body>, Problem> {
    command::run(api, request, &Command::Cancel).await
}

/// What the contract says of the route, in a function of its handler's name.
#[cfg(feature = "openapi")]
mod contract {
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
}
