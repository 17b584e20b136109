//! What the reader of an address says against a community. It stays with the address when that changes its owner.

use super::{
    Timestamp,
    email::{AddressKey, EmailAddress},
    fact::Fact,
    id::UserId,
    invitation::{Invitation, Invitee},
    person::{MailboxWish, Party, User},
    transition::{Guard, StandingChange, Transition},
    viewing::Viewer,
};

/// The mailbox that a person speaks through: they are known to read what comes to its address.
///
/// It costs a read to know the user whose verified address it is. Until that is read the likely owner is taken for
/// granted, and the write itself checks it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mailbox {
    /// The address.
    pub address: AddressKey,
    /// The user whose verified address it is, if it is one's.
    pub owner: Option<UserId>,
}

impl Mailbox {
    /// The mailbox that a link was mailed to. Its likely owner is the invitee.
    pub fn of_link(address: &AddressKey, owner: &Fact<Option<UserId>>, invitation: &Invitation) -> Self {
        let likely = match &invitation.invitee {
            Invitee::User { id, .. } => Some(id),
            Invitee::Address { .. } => None,
        };
        Self::new(address.clone(), owner, likely)
    }

    /// The mailbox of a caller who answers: the invited one, or else their verified one by the directory, or else by
    /// their token. `None` where none is known.
    pub fn of_viewer(viewer: &Viewer<'_>, owner: &Fact<Option<UserId>>, invitation: &Invitation) -> Option<Self> {
        let theirs = viewer.user.and_then(User::verified_email).map(EmailAddress::key);
        let address = match &invitation.invitee {
            Invitee::Address { key, .. } => key.clone(),
            Invitee::User { .. } => theirs.clone().or_else(|| viewer.caller.verified_email().map(EmailAddress::key))?,
        };
        let likely = viewer.user.filter(|_| theirs.as_ref() == Some(&address)).map(|user| &user.id);
        Some(Self::new(address, owner, likely))
    }

    fn new(address: AddressKey, owner: &Fact<Option<UserId>>, likely: Option<&UserId>) -> Self {
        let owner = match owner {
            Fact::Unread => likely.cloned(),
            Fact::Known(owner) => owner.clone(),
        };
        Self { address, owner }
    }

    /// Whether who reads the mailbox is the invitee: the address was invited itself, or is the invited user's verified
    /// one.
    pub fn is_invitee(&self, invitation: &Invitation) -> bool {
        match &invitation.invitee {
            Invitee::Address { key, .. } => *key == self.address,
            Invitee::User { id, .. } => self.owner.as_ref() == Some(id),
        }
    }

    /// The address that the invitee is known by, if it is the mailbox's own: who reads a mailbox may see its address,
    /// and no other one of the invitee's. `user` is the record of an invited user.
    pub fn own_address<'a>(&self, invitation: &'a Invitation, user: Option<&'a User>) -> Option<&'a EmailAddress> {
        let known = match &invitation.invitee {
            Invitee::Address { email, .. } => email.as_ref(),
            Invitee::User { .. } => user.and_then(|user| user.email.as_ref()),
        };
        known.filter(|address| address.key() == self.address)
    }

    /// What must hold for whatever is said through the mailbox.
    pub fn guard(&self) -> Guard {
        match &self.owner {
            Some(owner) => Guard::Owned(self.address.clone(), owner.clone()),
            None => Guard::Unowned(self.address.clone()),
        }
    }

    /// Adds to the invitee's change that the mailbox wants no invitations until then, and none ever if it blocks.
    pub(crate) fn decline(&self, transition: &mut Transition, cooling_until: Timestamp, block: bool) {
        let itself = StandingChange::Concur { cooling_until, block };
        self.say(transition, itself, Some(cooling_until), block);
    }

    /// Adds to a change that the mailbox wants no invitations, ever.
    pub(crate) fn block(&self, transition: &mut Transition) {
        self.say(transition, StandingChange::Block { anew: true }, None, true);
    }

    /// Adds what the mailbox says to the standings that the change does not write itself.
    fn say(
        &self,
        transition: &mut Transition,
        itself: StandingChange,
        cooling_until: Option<Timestamp>,
        blocked: bool,
    ) {
        let wish = MailboxWish { address: self.address.clone(), cooling_until, blocked };
        let said = [
            Some((Party::Address(self.address.clone()), itself)),
            self.owner.clone().map(|owner| (Party::User(owner), StandingChange::Mailbox(wish))),
        ];
        for (party, change) in said.into_iter().flatten() {
            if transition.standings.iter().all(|(speaks, _)| *speaks != party) {
                transition.standings.push((party, change));
            }
        }
        transition.guards.push(self.guard());
    }
}
