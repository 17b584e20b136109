//! Shows one invitation and where it stands, with what one should know of the community before answering.
//!
//! One batch reads it, and one what it is shown with and what the caller may do.

use http_api::{api::Api, function::invitation_id, problem::Problem, response::json, view::InvitationView};
use lambda_http::{Body, Request, Response, http::StatusCode};
use service::lists;
use system::now;

http_api::routes! {
    GET "/invitations/{invitationId}" => get_invitation;
}

async fn get_invitation(api: &Api, request: &Request) -> Result<Response<Body>, Problem> {
    let caller = api.claims.caller(request)?;
    let now = now();
    let (found, community) = lists::invitation(&api.store, &caller, invitation_id(request)?, now).await?;
    json(StatusCode::OK, &InvitationView::found(found, &caller, now).about(community.as_ref()))
}

/// What the contract says of the route, in a function of its handler's name.
#[cfg(feature = "openapi")]
mod contract {
    use domain::{id::InvitationId, invitation::Status};
    use http_api::{
        code::Code,
        contract::{Operation, example_invitation, invitation},
    };

    pub(crate) fn get_invitation() -> Operation {
        let examples = Status::ALL.into_iter().map(|status| {
            let mut invitation = example_invitation(status);
            invitation["community"]["description"] = "Evenings of chess, for beginners too.".into();
            invitation["community"]["rulesUrl"] = "https://community.example.org/chess/rules".into();
            invitation["community"]["memberCount"] = 1_204.into();
            (status.as_str(), invitation)
        });
        Operation::new("Sending", "Tells where one invitation stands")
            .about(
                "For its invitee, its sender, and moderators and above. To anyone else it does not exist. The community is shown \
                 with its description, rules and member count, as far as the platform has told them.",
            )
            .path::<InvitationId>("invitationId", "The invitation.")
            .responds(200, "The invitation.", invitation(), examples.collect())
            .refuses([Code::InvitationNotFound])
    }
}
