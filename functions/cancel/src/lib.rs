//! Withdraws an invitation, silently.

#[cfg(feature = "openapi")]
mod contract;

use domain::lifecycle::Command;
use http_api::{api::Api, command, problem::Problem};
use lambda_http::{Body, Request, Response};

http_api::routes! {
    POST "/invitations/{invitationId}/cancel" => cancel_invitation;
}

async fn cancel_invitation(api: &Api, request: &Request) -> Result<Response<Body>, Problem> {
    command::run(api, request, &Command::Cancel).await
}
