//! The mail that a request to invite would send. Writes nothing.

use domain::{
    Timestamp,
    id::CommunityId,
    invitation::{Invitee, Status},
    person::Caller,
    sending::Recipient,
    settings::Locale,
};
use mail::{Links, MailContent, RenderedMail};
use store::Store;

use super::{
    facts::Facts,
    submission::{Named, Submission, Submitted, draw_id},
    terms::terms,
};
use crate::ServiceError;

/// What stands where a mail has its links, which are made when it is sent.
const NO_LINK: &str = "https://example.com/";

/// Returns the mail for the first recipient that is one; in the network's language if there is none. An address gets
/// the mail of one that is no user's: a preview, of which no one is told, would be the place to find out whose it is.
///
/// # Errors
/// As [`send`](super::send), as far as the whole request is concerned.
pub async fn preview(
    store: &Store,
    caller: &Caller,
    community: &CommunityId,
    submission: &Submission,
    now: Timestamp,
) -> Result<RenderedMail, ServiceError> {
    let facts = Facts::read(store, caller, community, submission, None, now).await?;
    let settings = facts.settings();
    let (terms, _) = terms(caller, &facts, submission, &settings, now)?;
    let nobody = || (Invitee::User { id: caller.id.clone(), display_name: None, invited_as: None }, None);
    let (invitee, locale) = submission.recipients.iter().find_map(|one| invitee(&facts, one)).unwrap_or_else(nobody);
    let invitation = terms.invitation(draw_id(now)?, invitee);
    let links = Links { accept: NO_LINK.into(), decline: NO_LINK.into(), unsubscribe: NO_LINK.into() };
    // Automatic mode: the mail tells its reader of a membership that exists already.
    let joins = invitation.status == Status::Accepted || invitation.joins_on_approval;
    let content = if joins { MailContent::Joined { links: &links } } else { MailContent::Invitation { links: &links } };
    let locale = locale.unwrap_or(settings.default_locale);
    Ok(mail::render(&content, &invitation, facts.community(), &settings, locale)?)
}

fn invitee(facts: &Facts, recipient: &Submitted) -> Option<(Invitee, Option<Locale>)> {
    if let Named::Email(email) = &recipient.names {
        return Some((Invitee::address(email.clone()), None));
    }
    match facts.recipient(recipient) {
        Recipient::User { user, .. } => Some((Invitee::user(&user, None), user.locale())),
        _ => None,
    }
}
