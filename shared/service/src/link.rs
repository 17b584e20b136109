//! What the holder of a mail link may do: answer, and stop further invitations.

use domain::{
    Timestamp,
    community::Community,
    invitation::{CommunityLabel, Invitation, Invitee},
    lifecycle::{self, Command, Holder, InviteeFact},
    link::LinkToken,
    person::User,
    refusal::Refusal,
    settings::EmailLinkResponse,
};
use store::{
    Store, StoreError,
    keys::{Key, Spread},
    read::Records,
};

pub use store::outbox::LinkTarget;

use crate::{ServiceError, command::perform_by_link, labels};

/// What the holder of a link asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LinkRequest {
    /// An answer: accepting or declining.
    Answer(Command),
    /// No further invitations from the community.
    Unsubscribe,
}

/// How a pending invitation is answered by the holder of a link to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WayToAnswer {
    /// Here and now.
    Here,
    /// Declining here; accepting takes an account.
    AfterRegistration,
    /// After signing in: the network wants it so, or the link's address is not known to be the invitee's.
    SignedIn,
}

/// What a page about a pending invitation shows.
#[derive(Debug, Clone)]
pub struct Pending {
    /// The invitation, with the labels that hold now.
    pub invitation: Invitation,
    /// The community as it is now, if it still exists.
    pub community: Option<Community>,
    /// How the holder of the link may answer.
    pub way: WayToAnswer,
}

/// Finds what the token opens; `None` if it is no link of this service.
///
/// # Errors
/// [`StoreError`] if the read fails.
pub async fn open(store: &Store, token: &LinkToken) -> Result<Option<LinkTarget>, StoreError> {
    store.link_target(token).await
}

/// Carries out what the holder of the link asks for.
///
/// # Errors
/// [`ServiceError::Refused`] with the rule that stands in the way, [`ServiceError::Store`] if the table fails.
pub async fn perform(
    store: &Store,
    target: &LinkTarget,
    request: &LinkRequest,
    now: Timestamp,
) -> Result<(), ServiceError> {
    // Reading whose address it is costs a request, which the condition of the write saves.
    match (decide(store, target, request, InviteeFact::Unread, now).await, request) {
        // The address is not the invitee's: what is asked for is asked for the address alone.
        (Err(ServiceError::Refused(Refusal::SignInNeeded)), LinkRequest::Unsubscribe) => {
            let (_, records) = read(store, target).await?;
            let invitee = invitee(target, &records)?;
            decide(store, target, request, InviteeFact::Known(invitee.as_ref()), now).await
        }
        (done, _) => done,
    }
}

/// Reads what a page about a pending invitation shows.
///
/// # Errors
/// [`StoreError`] if the read fails.
pub async fn pending(store: &Store, target: &LinkTarget) -> Result<Pending, StoreError> {
    let (spread, records) = read(store, target).await?;
    let invitee = invitee(target, &records)?;
    let holder = Holder { address: &target.link.address, invitee: InviteeFact::Known(invitee.as_ref()) };
    let sign_in = target.settings.email_link_response == EmailLinkResponse::SignIn;
    let way = match target.invitation.invitee {
        _ if sign_in || holder.is_invitee(&target.invitation) != Some(true) => WayToAnswer::SignedIn,
        Invitee::Address { .. } => WayToAnswer::AfterRegistration,
        Invitee::User { .. } => WayToAnswer::Here,
    };
    let community = records.community(&target.invitation.community.id, spread)?;
    Ok(Pending { invitation: labels::relabel(target.invitation.clone(), &records, spread)?, community, way })
}

/// Reads what the community of the invitation is called now.
///
/// # Errors
/// [`StoreError`] if the read fails.
pub async fn community(store: &Store, target: &LinkTarget) -> Result<CommunityLabel, StoreError> {
    let label = &target.invitation.community;
    let spread = Spread::by_invitation(target.invitation.id);
    let records = store.read([Key::community(&label.id, spread)]).await?;
    Ok(records.community(&label.id, spread)?.as_ref().map_or_else(|| label.clone(), CommunityLabel::from))
}

async fn decide(
    store: &Store,
    target: &LinkTarget,
    request: &LinkRequest,
    invitee: InviteeFact<'_>,
    now: Timestamp,
) -> Result<(), ServiceError> {
    let holder = Holder { address: &target.link.address, invitee };
    let decide = |invitation: &Invitation| match request {
        LinkRequest::Answer(command) => lifecycle::decide_by_link(command, invitation, &holder, &target.settings, now),
        LinkRequest::Unsubscribe => lifecycle::unsubscribe(invitation, &holder, &target.settings, now),
    };
    perform_by_link(store, target.invitation.clone(), &decide, now).await.map(drop)
}

/// Reads the community that the invitation is to, and its people.
async fn read(store: &Store, target: &LinkTarget) -> Result<(Spread, Records), StoreError> {
    let spread = Spread::by_invitation(target.invitation.id);
    Ok((spread, store.read(labels::keys(&target.invitation, spread)).await?))
}

/// The invitee, where that is a user.
fn invitee(target: &LinkTarget, records: &Records) -> Result<Option<User>, StoreError> {
    match &target.invitation.invitee {
        Invitee::User { id, .. } => Ok(records.user(id)?.map(|found| found.user)),
        Invitee::Address { .. } => Ok(None),
    }
}
