//! What the holder of a mail link may do: answer, and stop further invitations.

use domain::{
    Timestamp,
    community::Community,
    invitation::{Invitation, Invitee},
    lifecycle::{self, Command, Holder, InviteeFact},
    link::LinkToken,
    person::User,
    refusal::Refusal,
    settings::EmailLinkResponse,
};
use store::{
    Store, StoreError,
    keys::{Key, Spread},
};

pub use store::outbox::LinkTarget;

use crate::{ServiceError, command::perform_by_link};

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
            let (_, invitee) = read(store, target).await?;
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
    let (community, invitee) = read(store, target).await?;
    let holder = Holder { address: &target.link.address, invitee: InviteeFact::Known(invitee.as_ref()) };
    let sign_in = target.settings.email_link_response == EmailLinkResponse::SignIn;
    let way = match target.invitation.invitee {
        _ if sign_in || holder.is_invitee(&target.invitation) != Some(true) => WayToAnswer::SignedIn,
        Invitee::Address { .. } => WayToAnswer::AfterRegistration,
        Invitee::User { .. } => WayToAnswer::Here,
    };
    Ok(Pending { community, way })
}

/// Whether the holder of the link is a member of the community, as far as a link tells: the address that it was mailed
/// to is a member's verified one.
///
/// # Errors
/// [`StoreError`] if a read fails.
pub async fn is_member(store: &Store, target: &LinkTarget) -> Result<bool, StoreError> {
    let address = &target.link.address;
    match store.read([Key::address(address)]).await?.address(address)?.owner {
        Some(owner) => Ok(store.role(&owner, &target.invitation.community.id).await?.is_some()),
        None => Ok(false),
    }
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

/// Reads the community that the invitation is to, and the invitee, where that is a user.
async fn read(store: &Store, target: &LinkTarget) -> Result<(Option<Community>, Option<User>), StoreError> {
    let invitation = &target.invitation;
    let (community, spread) = (&invitation.community.id, Spread::by_invitation(invitation.id));
    let invitee = match &invitation.invitee {
        Invitee::User { id, .. } => Some(id),
        Invitee::Address { .. } => None,
    };
    let keys = [Key::community(community, spread)].into_iter().chain(invitee.map(Key::user));
    let records = store.read(keys).await?;
    let user = match invitee {
        Some(id) => records.user(id)?.map(|found| found.user),
        None => None,
    };
    Ok((records.community(community, spread)?, user))
}
