//! The terms of a request: what all its invitations share.

use domain::{
    Timestamp,
    invitation::{CommunityLabel, Sender},
    person::{Caller, Role},
    refusal::Refusal,
    sending::{Terms, sending_rights},
    settings::Settings,
};

use super::{facts::Facts, submission::Submission};
use crate::ServiceError;

/// Returns the terms of all invitations of a request, if the caller may send it, and the caller's role.
pub(super) fn terms(
    caller: &Caller,
    facts: &Facts,
    submission: &Submission,
    settings: &Settings,
    now: Timestamp,
) -> Result<(Terms, Option<Role>), ServiceError> {
    let (user, role, community) = (facts.sender(), facts.sender_role(), facts.community());
    let rights = sending_rights(caller.site_administrator, user, community, role, settings)?;
    let (Some(user), Some(community)) = (user, community) else { return Err(Refusal::CommunityNotFound.into()) };
    let most = settings.max_recipients_per_request.get();
    if submission.recipients.len() > most as usize {
        return Err(Refusal::TooManyRecipients { found: submission.recipients.len(), most }.into());
    }
    let lifetime_days = submission.expires_in_days.unwrap_or(settings.invitation_lifetime_days.get());
    let terms = Terms {
        community: CommunityLabel::from(community),
        community_since: facts.era().and_then(|era| era.since),
        sender: Sender::from(user),
        message: submission.message.clone().or_else(|| settings.default_message.clone()),
        lifetime_days,
        mode: settings.membership_mode_in(community),
        silent: submission.silent,
        rights,
        now,
        reminder_at: settings.reminder(now, lifetime_days),
    };
    Ok((terms, role))
}
