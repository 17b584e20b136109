//! The names, titles and links that hold now, wherever an invitation is shown or mailed.

use domain::{
    id::UserId,
    invitation::{Invitation, Invitee},
};
use store::{
    Store, StoreError,
    keys::{Key, Spread},
    read::Records,
};

/// The records that an invitation's labels are taken from.
pub(crate) fn keys(invitation: &Invitation, spread: Spread) -> impl Iterator<Item = Key> {
    let people = [Some(&invitation.sender.id), invitee(invitation)].into_iter().flatten();
    [Key::community(&invitation.community.id, spread)].into_iter().chain(people.map(Key::user))
}

/// The invitation with the labels of these records; those that are not among them stay as they were.
pub(crate) fn relabel(invitation: Invitation, records: &Records, spread: Spread) -> Invitation {
    let user = |id| records.user(id).map(|record| &record.user);
    let community = records.community_of(&invitation, spread);
    let (sender, invitee) = (user(&invitation.sender.id), invitee(&invitation).and_then(user));
    invitation.relabelled(community, sender, invitee)
}

/// The labels that hold now.
#[derive(Debug)]
pub(crate) struct Labels {
    records: Records,
    spread: Spread,
}

impl Labels {
    /// Reads the labels of an invitation.
    ///
    /// # Errors
    /// [`StoreError`] if the read fails.
    pub(crate) async fn read(store: &Store, invitation: &Invitation) -> Result<Self, StoreError> {
        let spread = Spread::by_invitation(invitation.id);
        Ok(Self { records: store.read(keys(invitation, spread)).await?, spread })
    }

    /// The invitation with these labels, whatever else of it has changed.
    pub(crate) fn relabel(&self, invitation: Invitation) -> Invitation {
        relabel(invitation, &self.records, self.spread)
    }
}

fn invitee(invitation: &Invitation) -> Option<&UserId> {
    match &invitation.invitee {
        Invitee::User { id, .. } => Some(id),
        Invitee::Address { .. } => None,
    }
}
