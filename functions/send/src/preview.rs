//! `POST /communities/{communityId}/invitations/preview`: the mail that the same request would send. Writes nothing.

use domain::{
    id::CommunityId,
    invitation::{Invitee, Status},
    person::Caller,
    sending::Recipient,
    settings::Locale,
};
use http_api::{function::json, problem::Problem};
use lambda_http::{Body, Response, http::StatusCode};
use mail::{Letter, Links};
use serde::Serialize;
use store::Store;
use system::now;

use crate::{
    directory::Directory,
    request::{SendRequest, Submission, draw_id},
    terms,
};

/// What stands where a mail has its links, which are made when it is sent.
const NO_LINK: &str = "https://example.com/";

#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub(crate) struct Preview<'a> {
    subject: &'a str,
    text: &'a str,
    html: &'a str,
}

/// The mail for the first recipient that is one; in the network's language if there is none.
pub(crate) async fn answer(
    store: &Store,
    caller: &Caller,
    community: &CommunityId,
    body: SendRequest,
) -> Result<Response<Body>, Problem> {
    let now = now();
    let submission = Submission::parse(body)?;
    let mut directory = Directory::read(store, caller, community, &submission, None, now).await?;
    directory.resolve_owners(store, &submission).await?;
    let settings = directory.settings()?;
    let (terms, _) = terms(caller, &directory, &submission, &settings, now)?;
    let mut recipients = Vec::new();
    for recipient in &submission.recipients {
        recipients.push(directory.recipient(recipient)?);
    }
    let addressee = recipients.into_iter().find_map(addressee);
    let nobody = || (Invitee::User { id: caller.id.clone(), display_name: None }, None);
    let (invitee, locale) = addressee.unwrap_or_else(nobody);
    let invitation = terms.invitation(draw_id(now, 0)?, invitee);
    let links = Links { accept: NO_LINK.into(), decline: NO_LINK.into(), unsubscribe: NO_LINK.into() };
    let letter = match invitation.status {
        // Automatic mode: whoever gets the mail is a member already.
        Status::Accepted => Letter::Joined { unsubscribe: &links.unsubscribe },
        _ => Letter::Invitation { links: &links },
    };
    let community = directory.community()?;
    let locale = locale.unwrap_or(settings.default_locale);
    let mail =
        mail::render(&letter, &invitation, community.as_ref(), &settings, locale).map_err(|_| Problem::internal())?;
    json(StatusCode::OK, &Preview { subject: &mail.subject, text: &mail.text, html: &mail.html })
}

fn addressee(recipient: Recipient) -> Option<(Invitee, Option<Locale>)> {
    match recipient {
        Recipient::User { user, .. } => Some((Invitee::user(&user), user.locale())),
        Recipient::Address { email, .. } => Some((Invitee::address(email), None)),
        Recipient::UnknownUser | Recipient::InvalidEmail => None,
    }
}
