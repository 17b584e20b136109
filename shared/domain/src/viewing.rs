//! Who sees an invitation, and how much of it.
//!
//! An address does not give away the account behind it: an invitee whom the sender named by an address appears as that
//! address to everyone else until they accept, whether or not it is a user's.

use super::{
    email::EmailAddress,
    fact::Fact,
    id::UserId,
    invitation::{Invitation, InvitedAs, Invitee, Status},
    person::{Caller, Role, User},
    refusal::Refusal,
};

/// A caller with what the directory says of them.
#[derive(Debug, Clone, Copy)]
pub struct Viewer<'a> {
    /// The caller, by the token.
    pub caller: &'a Caller,
    /// The caller's record in the directory, if there is one.
    pub user: Option<&'a User>,
    /// The caller's role in the invitation's community.
    pub role: RoleFact,
}

/// The caller's role, or that they have none.
pub type RoleFact = Fact<Option<Role>>;

impl RoleFact {
    /// Whether the role is known to moderate.
    pub fn moderates(self) -> bool {
        matches!(self, Self::Known(Some(role)) if role.moderates())
    }
}

/// How far an invitation is addressed to a caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Addressed {
    /// It is theirs to answer.
    Yes,
    /// It is for an address that is theirs by their own word only.
    Unverified,
    /// It is for someone else.
    No,
}

impl Viewer<'_> {
    /// Whether the invitation is for the caller: by user id, or by a verified address. A request that nobody has
    /// approved is for no invitee yet.
    pub fn addressed(&self, invitation: &Invitation) -> Addressed {
        if !invitation.has_reached_invitee() {
            return Addressed::No;
        }
        let (key, by_its_verification) = match (&invitation.invitee, shown_to_others(invitation)) {
            (Invitee::User { id, .. }, _) if *id == self.caller.id => return Addressed::Yes,
            // The user's alone. To one who merely says that the address is theirs, it is as if there were no such user.
            (Invitee::User { .. }, ShownInvitee::Address(email)) => (email.key(), Addressed::No),
            (Invitee::User { .. }, _) => return Addressed::No,
            (Invitee::Address { key, .. }, _) => (key.clone(), Addressed::Yes),
        };
        let is_invited = |email: Option<&EmailAddress>| email.is_some_and(|email| email.key() == key);
        if is_invited(self.caller.verified_email()) || is_invited(self.user.and_then(User::verified_email)) {
            by_its_verification
        } else if is_invited(self.caller.email.as_ref()) || is_invited(self.user.and_then(|user| user.email.as_ref())) {
            Addressed::Unverified
        } else {
            Addressed::No
        }
    }

    /// Whether the caller asked for the invitation.
    pub fn is_sender(&self, invitation: &Invitation) -> bool {
        invitation.sender.id == self.caller.id
    }

    /// Whether the caller decides on the community's invitations, as far as is known.
    pub fn moderates(&self) -> bool {
        let active = self.user.is_none_or(|user| user.active);
        active && (self.caller.site_administrator || self.role.moderates())
    }

    /// Whether the caller may see the invitation, as far as is known: `None` until the role has been read.
    pub fn sees(&self, invitation: &Invitation) -> Option<bool> {
        if self.addressed(invitation) == Addressed::Yes || self.is_sender(invitation) || self.moderates() {
            return Some(true);
        }
        match self.role {
            RoleFact::Unread => None,
            RoleFact::Known(_) => Some(false),
        }
    }

    /// Whether the caller may see the invitee's address: the sender may, and those who moderate the community.
    pub fn sees_address(&self, invitation: &Invitation) -> bool {
        self.is_sender(invitation) || self.moderates()
    }

    /// Returns the invitee as the caller sees them: themselves, or what everyone else sees.
    pub fn shown_invitee<'i>(&self, invitation: &'i Invitation) -> ShownInvitee<'i> {
        match &invitation.invitee {
            Invitee::User { id, display_name, .. } if *id == self.caller.id => {
                ShownInvitee::User { id, display_name: display_name.as_deref() }
            }
            _ => match shown_to_others(invitation) {
                ShownInvitee::Address(_) if !self.sees_address(invitation) => ShownInvitee::Nobody,
                shown => shown,
            },
        }
    }

    /// Refuses a caller who is inactive, or unknown without being a site administrator.
    ///
    /// # Errors
    /// [`Refusal::CallerInactive`] or [`Refusal::CallerUnknown`].
    pub fn check_active(&self) -> Result<(), Refusal> {
        match self.user {
            Some(user) if !user.active => Err(Refusal::CallerInactive),
            None if !self.caller.site_administrator => Err(Refusal::CallerUnknown),
            _ => Ok(()),
        }
    }
}

/// The invitee of an invitation, as far as somebody gets to see them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ShownInvitee<'a> {
    /// A user.
    User {
        /// The platform's id of the invitee.
        id: &'a UserId,
        /// The full name, as far as it is known.
        display_name: Option<&'a str>,
    },
    /// An address, as the sender typed it.
    Address(&'a EmailAddress),
    /// Nothing of them.
    Nobody,
}

/// Returns the invitee as they appear to everyone but themselves: to the sender and to moderators, in answers, notices
/// and events.
pub fn shown_to_others(invitation: &Invitation) -> ShownInvitee<'_> {
    match &invitation.invitee {
        // The membership of who has accepted is there for all to see.
        Invitee::User { id, display_name, invited_as }
            if invited_as.is_none() || invitation.status == Status::Accepted =>
        {
            ShownInvitee::User { id, display_name: display_name.as_deref() }
        }
        Invitee::User { invited_as: Some(InvitedAs::Address(email)), .. }
        | Invitee::Address { email: Some(email), .. } => ShownInvitee::Address(email),
        Invitee::User { .. } | Invitee::Address { email: None, .. } => ShownInvitee::Nobody,
    }
}
