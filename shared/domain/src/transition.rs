//! A decision as data: what changes, and what must hold for it. The store executes nothing else.

use super::{
    Timestamp,
    email::AddressKey,
    id::{CommunityId, InvitationId, UserId},
    invitation::Invitation,
    outbox::NewMail,
    person::{MailboxWish, Party, Role},
};

/// A change of one invitation, with all that must happen together with it or not at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transition {
    /// The revision that was decided from; `None` for a new invitation.
    pub from: Option<u64>,
    /// The invitation afterwards.
    pub invitation: Invitation,
    /// How parties stand with the community afterwards.
    pub standings: Vec<(Party, StandingChange)>,
    /// The mails that it puts into the outbox.
    pub mails: Vec<NewMail>,
    /// What must still be true when it is written.
    pub guards: Vec<Guard>,
}

/// A change of a party's standing and, with it, the condition that it needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StandingChange {
    /// The invitation becomes (or stays) the live one. Needs a party that is no member, is willing, and has no other.
    Invite {
        /// The invitation.
        invitation: InvitationId,
        /// Its expiry.
        until: Timestamp,
        /// A user's present address, whose mailbox must be willing, too.
        address: Option<AddressKey>,
        /// Whether the sender named the party by an address.
        by_address: bool,
    },
    /// The party answered yes and becomes a member. Needs a party that is none.
    Join {
        /// The invitation that is the cause.
        invitation: InvitationId,
        /// The only invitation that may still be the live one, since it ends in the same transaction: the cause itself,
        /// or the party's own where the cause came to an address of theirs.
        ends: InvitationId,
    },
    /// The party becomes a member unasked (automatic mode). Needs what [`Self::Invite`] needs.
    Enrol {
        /// The invitation that is the cause.
        invitation: InvitationId,
        /// A user's present address, whose mailbox must be willing, too.
        address: Option<AddressKey>,
    },
    /// The invitation is no longer the live one. Where another one is, there is nothing to release.
    Release {
        /// The invitation.
        invitation: InvitationId,
    },
    /// The party answered no: the invitation is no longer live and the community waits, for ever if blocked. Another
    /// live one stays so.
    Decline {
        /// The invitation.
        invitation: InvitationId,
        /// Until when the community must not ask again.
        cooling_until: Timestamp,
        /// Whether it must never ask again.
        block: bool,
    },
    /// The community must never ask the party again. Where it has said so already, there is nothing to block.
    Block {
        /// Whether the party may be unknown. An erased one is, and must not come back by this.
        anew: bool,
    },
    /// The community waits, for ever if blocked: the mailbox of the invitee who declined wants the same.
    Concur {
        /// Until when the community must not ask again.
        cooling_until: Timestamp,
        /// Whether it must never ask again.
        block: bool,
    },
    /// A mailbox of the user has spoken through somebody else's mail or invitation. Where it has blocked the community
    /// already, there is nothing to add.
    Mailbox(MailboxWish),
}

/// A fact that is checked by the write itself.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Guard {
    /// The community exists and allows invitations.
    CommunityInvites(CommunityId),
    /// The community is none that has got its id since the invitation was sent.
    Unreplaced(CommunityId),
    /// The user is a moderator or above of the community.
    Moderates(UserId, CommunityId),
    /// The user is a member of the community in any role.
    Belongs(UserId, CommunityId),
    /// The user's role in the community is the one that was read.
    HasRole(UserId, CommunityId, Role),
    /// The user is known and active.
    Active(UserId),
    /// The address is no user's verified one.
    Unowned(AddressKey),
    /// The address is that user's verified one.
    Owned(AddressKey, UserId),
    /// The address is that user's verified one, and the user is active.
    OwnedByActive(AddressKey, UserId),
}
