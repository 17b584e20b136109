//! What is around an invitation now: the facts besides the invitation and its viewer that decisions may depend on.

use super::{
    community::Community,
    fact::Fact,
    id::UserId,
    person::{Role, User},
    sending::{Recipient, check_invites},
};

/// The facts, as far as they were read. A decision that needs one which was not says so, and is taken again.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Surroundings {
    /// The community, if it exists.
    pub community: Fact<Option<Community>>,
    /// The sender.
    pub sender: Fact<SenderNow>,
    /// The invitee, as a recipient of the sender's now.
    pub invitee: Fact<Recipient>,
    /// The user who owns the address of the mailbox that speaks, if one does.
    pub mailbox_owner: Fact<Option<UserId>>,
}

impl Surroundings {
    /// Whether there is a community that allows invitations.
    pub fn invites(&self) -> Fact<bool> {
        match &self.community {
            Fact::Unread => Fact::Unread,
            Fact::Known(community) => Fact::Known(check_invites(community.as_ref()).is_ok()),
        }
    }
}

/// The sender of an invitation, as they are by now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SenderNow {
    /// The directory's record, if there is one.
    pub user: Option<User>,
    /// The role in the community.
    pub role: Option<Role>,
}
