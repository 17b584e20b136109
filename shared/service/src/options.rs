//! What a caller may do in a community, before they do it: for forms that offer nothing that is refused.

use domain::{
    Timestamp,
    community::MembershipMode,
    id::CommunityId,
    person::{Caller, User},
    refusal::Refusal,
    sending::{Quota, SearchScope, SendingRights, search_scope},
    settings::Settings,
};
use store::Store;

use crate::{ServiceError, inviter::Inviter};

/// What a caller may do in a community.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// Their rights to invite, or why they have none.
    pub rights: Result<SendingRights, Refusal>,
    /// The people that they find by name; none without a scope.
    pub search: Option<SearchScope>,
    /// Whether they decide on the community's invitations.
    pub moderates: bool,
    /// Whether invited users become members at once.
    pub mode: MembershipMode,
    /// The message of invitations without one of the sender's, with its tokens, in the caller's language.
    pub default_message: String,
    /// The caller's day.
    pub quota: Quota,
    /// What holds for everyone.
    pub settings: Settings,
}

/// Reads what the caller may do in the community: one batch read.
///
/// # Errors
/// [`Refusal::CommunityNotFound`], [`Refusal::CallerUnknown`] and [`Refusal::CallerInactive`];
/// [`ServiceError::Store`] if the read fails.
pub async fn options(
    store: &Store,
    caller: &Caller,
    community: &CommunityId,
    now: Timestamp,
) -> Result<Options, ServiceError> {
    let inviter = Inviter::read(store, caller, community, now).await?;
    let (rights, moderates) = (inviter.rights(), inviter.moderates());
    let search = rights.is_ok().then(|| search_scope(caller.site_administrator, inviter.role, &inviter.settings));
    let settings = inviter.settings;
    let locale = inviter.user.as_ref().and_then(User::locale).unwrap_or(settings.default_locale);
    Ok(Options {
        rights,
        search: search.and_then(Result::ok),
        moderates,
        mode: settings.membership_mode_in(&inviter.community),
        default_message: mail::unedited_message(&settings, locale).to_owned(),
        quota: inviter.quota,
        settings,
    })
}
