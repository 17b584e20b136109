//! What the holder of a mail link may do: answer, and stop further invitations.

use domain::{
    Timestamp,
    actions::is_acceptable_by_link,
    community::Community,
    email::EmailAddress,
    fact::Fact,
    id::UserId,
    invitation::{CommunityLabel, Invitation, Invitee},
    lifecycle::{self, Command},
    link::LinkToken,
    mailbox::Mailbox,
    settings::EmailLinkResponse,
};
use store::{
    Store, StoreError,
    keys::{Key, Spread},
};

pub use store::outbox::LinkTarget;

use crate::{ServiceError, command::perform_by_link, labels};

/// What the holder of a link asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LinkCommand {
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
    /// Whether the invitation could be accepted now.
    pub acceptable: bool,
    /// The address that the invitee answers with elsewhere. The link was mailed there.
    pub address: Option<EmailAddress>,
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
    request: &LinkCommand,
    now: Timestamp,
) -> Result<(), ServiceError> {
    let decide = |invitation: &Invitation, owner: &Fact<Option<UserId>>| {
        let mailbox = Mailbox::of_link(&target.link.address, owner, invitation);
        match request {
            LinkCommand::Answer(command) => {
                lifecycle::decide_by_link(command, invitation, &mailbox, &target.settings, now)
            }
            LinkCommand::Unsubscribe => lifecycle::unsubscribe(invitation, &mailbox, &target.settings, now),
        }
    };
    perform_by_link(store, target.invitation.clone(), &decide, now).await.map(drop)
}

/// Reads what a page about a pending invitation shows.
///
/// # Errors
/// [`StoreError`] if the read fails.
pub async fn pending(store: &Store, target: &LinkTarget, now: Timestamp) -> Result<Pending, StoreError> {
    let (invitation, address) = (&target.invitation, &target.link.address);
    let spread = Spread::by_invitation(invitation.id);
    let records = store.read(labels::keys(invitation, spread).chain([Key::address(address)])).await?;
    let mailbox = Mailbox::of_link(address, &Fact::Known(records.address(address).owner), invitation);
    let sign_in = target.settings.email_link_response == EmailLinkResponse::SignIn;
    let way = match invitation.invitee {
        _ if sign_in || !mailbox.is_invitee(invitation) => WayToAnswer::SignedIn,
        Invitee::Address { .. } => WayToAnswer::AfterRegistration,
        Invitee::User { .. } => WayToAnswer::Here,
    };
    let user = match &invitation.invitee {
        Invitee::User { id, .. } => records.user(id).map(|record| &record.user),
        Invitee::Address { .. } => None,
    };
    let own_address = mailbox.own_address(invitation, user).cloned();
    let around = records.surroundings(invitation, spread);
    let acceptable = is_acceptable_by_link(invitation, &mailbox, &around, &target.settings, now);
    let community = records.community_of(invitation, spread).cloned();
    let invitation = labels::relabel(invitation.clone(), &records, spread);
    Ok(Pending { invitation, community, way, acceptable, address: own_address })
}

/// Reads what the community of the invitation is called now.
///
/// # Errors
/// [`StoreError`] if the read fails.
pub async fn community(store: &Store, target: &LinkTarget) -> Result<CommunityLabel, StoreError> {
    let label = &target.invitation.community;
    let spread = Spread::by_invitation(target.invitation.id);
    let records = store.read([Key::community(&label.id, spread)]).await?;
    Ok(records.community_of(&target.invitation, spread).map_or_else(|| label.clone(), CommunityLabel::from))
}

/// Whether the holder of the link is a member of the community, as far as a link tells: the address that it was mailed
/// to is a member's verified one.
///
/// # Errors
/// [`StoreError`] if a read fails.
pub async fn is_member(store: &Store, target: &LinkTarget) -> Result<bool, StoreError> {
    let address = &target.link.address;
    match store.read([Key::address(address)]).await?.address(address).owner {
        Some(owner) => Ok(store.role(&owner, &target.invitation.community.id).await?.is_some()),
        None => Ok(false),
    }
}
