//! The invitation itself and the states it passes through.

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use super::{
    Timestamp,
    community::{Community, CommunityType, Era},
    email::{AddressKey, EmailAddress},
    id::{CommunityId, InvitationId, UserId},
    message::Message,
    named::named,
    person::{Party, User},
    time::{days_earlier, later, millis},
};

/// How long after a mail the next one may be asked for (SPEC section 4: at most once an hour).
pub const RESEND_INTERVAL: SignedDuration = SignedDuration::from_hours(1);

named! {
    /// Where an invitation stands.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
    #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
    pub enum Status {
        /// A member asked for it; a moderator has not decided yet.
        AwaitingApproval = "awaiting_approval",
        /// The invitee has not answered yet.
        Pending = "pending",
        /// The invitee said yes and is a member.
        Accepted = "accepted",
        /// The invitee said no.
        Declined = "declined",
        /// A moderator rejected it.
        Rejected = "rejected",
        /// The sender or a moderator withdrew it.
        Cancelled = "cancelled",
        /// Its lifetime passed without an answer.
        Expired = "expired",
    }
}

impl Status {
    /// Whether nothing leaves this state.
    pub fn is_final(self) -> bool {
        !matches!(self, Self::AwaitingApproval | Self::Pending)
    }
}

named! {
    /// Why an invitation was withdrawn without a decision to cancel it.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
    pub enum WithdrawalReason {
        /// The invitee has become a member without it.
        JoinedAnotherWay = "joined_another_way",
        /// The invitee of an address turned out to have an invitation as a user already.
        InvitedAlready = "invited_already",
        /// The invitee of an address turned out to be a user who cannot be invited. Why that is, is nobody's business.
        InviteeUnavailable = "invitee_unavailable",
        /// The platform has withdrawn all that the sender had sent.
        SenderWithdrawn = "sender_withdrawn",
        /// The community was removed.
        CommunityRemoved = "community_removed",
        /// The sender or the invitee was removed.
        PersonRemoved = "person_removed",
    }
}

impl WithdrawalReason {
    /// The reason in words for the sender and for moderators.
    pub fn words(self) -> &'static str {
        match self {
            Self::JoinedAnotherWay => "The invited person has joined the community another way.",
            // That an address turned out to be a user's is not for the sender to hear.
            Self::InvitedAlready | Self::InviteeUnavailable => "The invited person cannot be invited to the community.",
            Self::SenderWithdrawn => "The platform has withdrawn all invitations of the sender.",
            Self::CommunityRemoved => "The community was removed from the platform.",
            Self::PersonRemoved => "The platform has withdrawn the invitation.",
        }
    }
}

/// The community as its invitations show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct CommunityLabel {
    /// The platform's id of the community.
    pub id: CommunityId,
    /// What people call it.
    pub title: String,
    /// Where its space is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Whether it is called a community or a network.
    #[serde(rename = "type")]
    pub community_type: CommunityType,
}

impl From<&Community> for CommunityLabel {
    fn from(community: &Community) -> Self {
        Self {
            id: community.id.clone(),
            title: community.title.clone().into(),
            url: community.url.clone().map(Into::into),
            community_type: community.enrolment.community_type(),
        }
    }
}

/// The sender as their invitations show them. An erased sender keeps the id and loses the rest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Sender {
    /// The platform's id of the sender.
    pub id: UserId,
    /// The full name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// Where the profile is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile_url: Option<String>,
}

impl Sender {
    /// Whether the sender has been erased.
    pub fn is_erased(&self) -> bool {
        self.display_name.is_none()
    }
}

impl From<&User> for Sender {
    fn from(user: &User) -> Self {
        Self {
            id: user.id.clone(),
            display_name: Some(user.display_name.clone().into()),
            profile_url: user.profile_url.clone().map(Into::into),
        }
    }
}

/// The person or address that an invitation is for. Names and addresses vanish with the person's erasure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Invitee {
    /// A user of the platform.
    User {
        /// The platform's id of the invitee.
        id: UserId,
        /// The full name.
        #[serde(skip_serializing_if = "Option::is_none")]
        display_name: Option<String>,
        /// The address that the sender typed, where they named the invitee by one.
        #[serde(skip_serializing_if = "Option::is_none")]
        invited_as: Option<InvitedAs>,
    },
    /// An address that belonged to no user when it was invited.
    Address {
        /// What the address is known by.
        key: AddressKey,
        /// The address.
        #[serde(skip_serializing_if = "Option::is_none")]
        email: Option<EmailAddress>,
    },
}

/// How the sender of an invitation named a user by an address of theirs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum InvitedAs {
    /// By this address, as it was typed.
    Address(EmailAddress),
    /// By one that has been erased with the user.
    Erased,
}

impl Invitee {
    /// The invitee that `user` is, named by the user's id or by the address in `typed`.
    pub fn user(user: &User, typed: Option<&EmailAddress>) -> Self {
        Self::User {
            id: user.id.clone(),
            display_name: Some(user.display_name.clone().into()),
            invited_as: typed.cloned().map(InvitedAs::Address),
        }
    }

    /// The invitee behind `email`.
    pub fn address(email: EmailAddress) -> Self {
        Self::Address { key: email.key(), email: Some(email) }
    }

    /// Whether the person, or the address, has been erased. Who accepted by a token alone has no name either, but the
    /// address.
    pub fn is_erased(&self) -> bool {
        match self {
            Self::User { invited_as: Some(InvitedAs::Address(_)), .. } => false,
            Self::User { display_name, .. } => display_name.is_none(),
            Self::Address { email, .. } => email.is_none(),
        }
    }

    /// Whether the sender named them by an address.
    pub fn is_named_by_address(&self) -> bool {
        matches!(self, Self::Address { .. } | Self::User { invited_as: Some(_), .. })
    }

    /// The address that the sender named a user by, as long as it is kept.
    pub fn typed(&self) -> Option<&EmailAddress> {
        match self {
            Self::User { invited_as: Some(InvitedAs::Address(email)), .. } => Some(email),
            Self::User { .. } | Self::Address { .. } => None,
        }
    }

    /// Whose standing the invitation concerns.
    pub fn party(&self) -> Party {
        match self {
            Self::User { id, .. } => Party::User(id.clone()),
            Self::Address { key, .. } => Party::Address(key.clone()),
        }
    }
}

/// How the latest invitation mail fares.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// Where it is.
    pub state: DeliveryState,
    /// Since when.
    #[serde(with = "jiff::fmt::serde::timestamp::millisecond::required")]
    pub at: Timestamp,
}

/// Where a mail is, in the order in which it gets there: with two exceptions, a later state never gives way to an earlier one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum DeliveryState {
    /// In the outbox, not sent yet.
    Queued,
    /// Given up: it could not be sent, or the mail service has stopped trying.
    Failed,
    /// Handed to the mail service.
    Sent,
    /// Taken by the recipient's server.
    Delivered,
    /// Not taken by the recipient's server.
    Bounced,
    /// Reported as spam.
    Complained,
}

impl DeliveryState {
    /// Whether a mail that is in this state may be in that one next.
    pub fn leads_to(self, next: Self) -> bool {
        match (self, next) {
            // The mail service may reject or give up what it took, and an operator may queue again what was given up.
            (Self::Sent, Self::Failed) | (Self::Failed, Self::Queued) => true,
            _ => self < next,
        }
    }
}

/// An invitation of one invitee to one community by one sender.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Invitation {
    /// Its own id.
    pub id: InvitationId,
    /// What it invites to.
    pub community: CommunityLabel,
    /// When the community that had the id before was removed, if one was.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "millis")]
    pub community_since: Option<Timestamp>,
    /// Who asked for it, also when a moderator approved it.
    pub sender: Sender,
    /// The invitee.
    pub invitee: Invitee,
    /// The stored status; [`Invitation::status_at`] is the one that holds.
    pub status: Status,
    /// The sender's message, or the network's; the built-in one when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<Message>,
    /// When it was asked for.
    #[serde(with = "jiff::fmt::serde::timestamp::millisecond::required")]
    pub created_at: Timestamp,
    /// The first moment at which it is expired.
    #[serde(with = "jiff::fmt::serde::timestamp::millisecond::required")]
    pub expires_at: Timestamp,
    /// Days from when its invitee may answer to its expiry: approval starts them anew.
    pub lifetime_days: u32,
    /// Whether no mail tells the invitee of it, since the platform does.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub silent: bool,
    /// Of a silent one, whether it has been pending. Of any other, its mail tells.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub offered: bool,
    /// Whether approval makes the invitee a member at once (automatic mode).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub joins_on_approval: bool,
    /// When the invitee answered.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "millis")]
    pub answered_at: Option<Timestamp>,
    /// The moderator who approved or rejected it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decided_by: Option<UserId>,
    /// Why it was rejected.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Why it was withdrawn, unless somebody cancelled it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub withdrawal: Option<WithdrawalReason>,
    /// How the invitation mail fares, once there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delivery: Option<Delivery>,
    /// When the latest invitation mail was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "millis")]
    pub mailed_at: Option<Timestamp>,
    /// Counts the changes; every write is conditional on the one it was decided from.
    pub revision: u64,
}

impl Invitation {
    /// The status that holds at `now`: a live invitation is expired from the moment its lifetime has passed.
    pub fn status_at(&self, now: Timestamp) -> Status {
        if !self.status.is_final() && self.expires_at <= now { Status::Expired } else { self.status }
    }

    /// The community that it is to, whatever has the id now.
    pub fn era(&self) -> Era {
        Era { id: self.community.id.clone(), since: self.community_since }
    }

    /// Whether the invitee has, or could have, heard of it. One that was not approved is none of theirs.
    pub fn has_reached_invitee(&self) -> bool {
        match self.status {
            Status::AwaitingApproval | Status::Rejected => false,
            Status::Pending | Status::Accepted | Status::Declined => true,
            Status::Cancelled | Status::Expired => self.mailed_at.is_some() || self.offered,
        }
    }

    /// The invitation with the names, titles and links that hold now. Who or what has no record any more keeps the
    /// label as it was, and what was erased stays so, even if another takes over the id.
    pub fn relabelled(mut self, community: Option<&Community>, sender: Option<&User>, invitee: Option<&User>) -> Self {
        if let Some(community) = community {
            self.community = CommunityLabel::from(community);
        }
        if let Some(user) = sender.filter(|_| !self.sender.is_erased()) {
            self.sender = Sender::from(user);
        }
        let invitee = invitee.filter(|_| !self.invitee.is_erased());
        if let (Some(user), Invitee::User { display_name, .. }) = (invitee, &mut self.invitee) {
            *display_name = Some(user.display_name.clone().into());
        }
        self
    }

    /// When it became pending, or made its invitee a member at once: its lifetime before it expires.
    pub fn sent_at(&self) -> Timestamp {
        days_earlier(self.expires_at, self.lifetime_days)
    }

    /// When it may be mailed again; `None` when it never was.
    pub fn next_resend(&self) -> Option<Timestamp> {
        self.mailed_at.map(|at| later(at, RESEND_INTERVAL))
    }
}
