//! People: users of the platform, callers of the API, and how each stands with a community.

use serde::{Deserialize, Serialize};

use super::{
    Timestamp,
    email::{AddressKey, EmailAddress, list},
    field::{self, Name, WebUrl},
    id::{CommunityId, InvitationId, UserId},
    search::SearchName,
    settings::{LanguageTag, Locale},
    time::millis,
};

/// A person known to the platform, as it last described them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct User {
    /// The platform's id of the person.
    pub id: UserId,
    /// The full name that others see.
    #[cfg_attr(feature = "openapi", schema(inline))]
    pub display_name: Name,
    /// Where the profile is.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(inline))]
    pub profile_url: Option<WebUrl>,
    /// Where mail reaches them.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "list::optional")]
    pub email: Option<EmailAddress>,
    /// Whether the platform has proof that the address is theirs.
    #[serde(default)]
    pub email_verified: bool,
    /// Whether the person may act and be invited.
    #[serde(default = "field::yes")]
    pub active: bool,
    /// The language they chose.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub locale: Option<LanguageTag>,
}

impl User {
    /// The language in which to speak to the user; `None` if they chose none that is spoken here.
    pub fn locale(&self) -> Option<Locale> {
        self.locale.as_ref().and_then(LanguageTag::locale)
    }

    /// The address, where it is proven to be the user's own.
    pub fn verified_email(&self) -> Option<&EmailAddress> {
        self.email.as_ref().filter(|_| self.email_verified)
    }

    /// The name by which a search finds the user: one without words, while they are not active.
    pub fn search_name(&self) -> SearchName {
        if self.active { SearchName::new(&self.display_name) } else { SearchName::default() }
    }

    /// The key of the present address, proven or not.
    pub fn address(&self) -> Option<AddressKey> {
        self.email.as_ref().map(EmailAddress::key)
    }
}

/// A role in a community, lowest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Takes part.
    Member,
    /// Decides requests, invites anyone.
    Moderator,
    /// Runs the community.
    Administrator,
    /// Owns it.
    Owner,
}

impl Role {
    /// Every role that moderates: moderators and above.
    pub const MODERATING: [Self; 3] = [Self::Moderator, Self::Administrator, Self::Owner];

    /// The name in the API and in the table.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Member => "member",
            Self::Moderator => "moderator",
            Self::Administrator => "administrator",
            Self::Owner => "owner",
        }
    }

    /// Whether the role decides requests and tracks the community's invitations.
    pub fn moderates(self) -> bool {
        self >= Self::Moderator
    }
}

/// A membership.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "the names say it, here and in the contract")]
pub struct Member {
    pub community_id: CommunityId,
    pub user_id: UserId,
    pub role: Role,
}

/// Two users who know each other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "the names say it, here and in the contract")]
pub struct Connection {
    pub user_id: UserId,
    pub other_id: UserId,
}

/// Who is calling, by the claims of a token that the gateway has verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The caller's id, from the configured claim.
    pub id: UserId,
    /// Whether the token carries the administrator group or scope.
    pub site_administrator: bool,
    /// The address in the token, if any.
    pub email: Option<EmailAddress>,
    /// Whether the identity provider has verified that address.
    pub email_verified: bool,
}

impl Caller {
    /// The address, where the identity provider has proof that it is the caller's own.
    pub fn verified_email(&self) -> Option<&EmailAddress> {
        self.email.as_ref().filter(|_| self.email_verified)
    }
}

/// The user or address that an invitation is for. A [`Standing`] is kept for each.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Party {
    /// A user.
    User(UserId),
    /// An address that belongs to no user yet.
    Address(AddressKey),
}

/// How a party stands with one community: member or not, invited or not, willing or not.
///
/// It is one record per pair, so that "at most one live invitation" and "accepted exactly when member" are each a
/// condition on one item.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Standing {
    /// The membership, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    /// The invitation that made the membership; absent when the platform did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub joined_by: Option<InvitationId>,
    /// The invitation that waits for an answer or approval. It counts until [`Standing::live_until`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub live_invitation: Option<InvitationId>,
    /// When the live invitation expires.
    #[serde(skip_serializing_if = "Option::is_none", with = "millis")]
    pub live_until: Option<Timestamp>,
    /// Whether the sender of the live invitation named the party by an address, which does not give away whose it is.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub live_by_address: bool,
    /// Until when the community must not invite again.
    #[serde(skip_serializing_if = "Option::is_none", with = "millis")]
    pub cooling_until: Option<Timestamp>,
    /// Whether the party wants no invitation from the community, ever.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub blocked: bool,
    /// Of a user: what a mailbox of theirs wants, which counts while it is their present one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mailbox: Option<MailboxWish>,
}

/// What a mailbox wants of a community, as its owner's standing repeats it. What it said itself stands in the standing
/// of the address, and stays there when the address changes hands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MailboxWish {
    /// The address.
    pub address: AddressKey,
    /// Until when the community must not invite again.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "millis")]
    pub cooling_until: Option<Timestamp>,
    /// Whether it wants no invitation from the community, ever.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub blocked: bool,
}

impl MailboxWish {
    /// Adds what the same mailbox wants by another record. Of two mailboxes, this one alone counts.
    pub fn and(self, other: Option<&Self>) -> Self {
        match other.filter(|other| other.address == self.address) {
            Some(other) => Self {
                cooling_until: self.cooling_until.max(other.cooling_until),
                blocked: self.blocked || other.blocked,
                ..self
            },
            None => self,
        }
    }
}

/// How long a party wants no invitation from a community.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Unwilling {
    /// Until then: it is cooling down.
    Until(Timestamp),
    /// For ever: it has blocked the community.
    ForEver,
}

impl Unwilling {
    fn at(now: Timestamp, cooling_until: Option<Timestamp>, blocked: bool) -> Option<Self> {
        let cools = cooling_until.filter(|until| *until > now).map(Self::Until);
        if blocked { Some(Self::ForEver) } else { cools }
    }
}

impl Standing {
    /// The invitation that is live at `now`.
    pub fn live_at(&self, now: Timestamp) -> Option<InvitationId> {
        self.live_invitation.filter(|_| self.live_until.is_some_and(|until| until > now))
    }

    /// How long the party wants no invitation, if that is so at `now`: by its own word, or by that of the mailbox at
    /// the user's present address, `email`.
    pub fn unwilling_at(&self, email: Option<&EmailAddress>, now: Timestamp) -> Option<Unwilling> {
        let mailbox = self.mailbox.as_ref().filter(|wish| email.is_some_and(|email| email.key() == wish.address));
        let mailbox = mailbox.and_then(|wish| Unwilling::at(now, wish.cooling_until, wish.blocked));
        Unwilling::at(now, self.cooling_until, self.blocked).max(mailbox)
    }

    /// What the mailbox of this standing's address wants at `now`, if it has said anything that still counts.
    pub fn wish_at(&self, address: &AddressKey, now: Timestamp) -> Option<MailboxWish> {
        let wish = MailboxWish {
            address: address.clone(),
            cooling_until: self.cooling_until.filter(|until| *until > now),
            blocked: self.blocked,
        };
        (wish.blocked || wish.cooling_until.is_some()).then_some(wish)
    }
}
