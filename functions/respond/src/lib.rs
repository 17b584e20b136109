//! Takes an invitee's answer: from a signed-in caller, and on the page behind a mail link, beside which another page
//! stops further invitations.

#[cfg(feature = "openapi")]
mod contract;
mod link;

use domain::lifecycle::Command;
use http_api::{api::Api, body, command, problem::Problem};
use lambda_http::{Body, Request, Response};
use serde::Deserialize;

use crate::link::Visit;

// The token, and what mail programs put behind it: a slash is one more segment. By another name than `proxy`, SAM would
// not let the gateway call the function on such a path.
http_api::routes! {
    POST "/invitations/{invitationId}/accept" => accept_invitation;
    POST "/invitations/{invitationId}/decline" => decline_invitation;
    GET "/i/{proxy+}" => show_invitation_page, everyone;
    HEAD "/i/{proxy+}" => probe_invitation_page, everyone;
    POST "/i/{proxy+}" => answer_on_page, everyone;
    GET "/u/{proxy+}" => show_unsubscribe_page, everyone;
    HEAD "/u/{proxy+}" => probe_unsubscribe_page, everyone;
    POST "/u/{proxy+}" => unsubscribe, everyone;
}

#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
struct Decline {
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<bool>))]
    block: bool,
}

async fn accept_invitation(api: &Api, request: &Request) -> Result<Response<Body>, Problem> {
    command::run(api, request, &Command::Accept).await
}

async fn decline_invitation(api: &Api, request: &Request) -> Result<Response<Body>, Problem> {
    let Decline { block } = body::json(request)?;
    command::run(api, request, &Command::Decline { block }).await
}

async fn show_invitation_page(api: &Api, request: &Request) -> Result<Response<Body>, Problem> {
    Ok(link::respond(api, request, Visit::ToInvitation).await)
}

async fn probe_invitation_page(api: &Api, request: &Request) -> Result<Response<Body>, Problem> {
    show_invitation_page(api, request).await
}

async fn answer_on_page(api: &Api, request: &Request) -> Result<Response<Body>, Problem> {
    Ok(link::respond(api, request, Visit::Answer).await)
}

async fn show_unsubscribe_page(api: &Api, request: &Request) -> Result<Response<Body>, Problem> {
    Ok(link::respond(api, request, Visit::ToUnsubscribe).await)
}

async fn probe_unsubscribe_page(api: &Api, request: &Request) -> Result<Response<Body>, Problem> {
    show_unsubscribe_page(api, request).await
}

async fn unsubscribe(api: &Api, request: &Request) -> Result<Response<Body>, Problem> {
    Ok(link::respond(api, request, Visit::Unsubscribe).await)
}
