//! What callers know of invitations, links and mails, and pass on to one another.

use std::collections::{BTreeMap, VecDeque};

use serde_json::Value;
use testkit::{
    api::SendResponse,
    embedded::{Mail, Person, person},
};

use super::schedule::Random;

/// Users of the world.
pub(super) const USERS: usize = 30;
/// How far back callers look for an invitation to act on.
const MEMORY: usize = 60;

/// An invitation that callers know.
#[derive(Debug, Clone)]
pub(super) struct KnownInvitation {
    pub(super) id: String,
    pub(super) community: String,
    pub(super) sender: String,
    /// The user id or address.
    pub(super) invitee: String,
}

/// What callers know.
#[derive(Debug, Default)]
pub(super) struct Known {
    invitations: VecDeque<KnownInvitation>,
    /// Tokens of links in mails.
    pub(super) links: VecDeque<String>,
    /// Sends with an idempotency key: the caller, the community, the key and the body.
    pub(super) keyed: VecDeque<(Person, String, String, Value)>,
    /// The invitation that another caller has just chosen.
    focus: Option<KnownInvitation>,
    /// The last send: the caller, the community and the body.
    pub(super) last_send: Option<(String, usize, Value)>,
    /// Mails that arrived.
    pub(super) mails: VecDeque<Mail>,
    /// The address of each user, and whether it is verified, where it is not their own.
    pub(super) emails: BTreeMap<String, (String, bool)>,
    /// The number of idempotency keys so far.
    pub(super) keys: u64,
}

impl Known {
    /// Returns the person with the address that they were last given.
    pub(super) fn person(&self, id: &str) -> Person {
        let own = person(id);
        match self.emails.get(id).cloned() {
            Some((email, email_verified)) => Person { email, email_verified, ..own },
            None => own,
        }
    }

    /// Takes in what came of a send.
    pub(super) fn sent(&mut self, sender: &str, community: &str, sent: SendResponse) {
        for made in sent.results.into_iter().filter_map(|result| result.invitation) {
            if let Some(invitee) = made.invitee.user_id.or(made.invitee.email) {
                let (community, sender) = (community.to_owned(), sender.to_owned());
                remember(&mut self.invitations, KnownInvitation { id: made.id, community, sender, invitee });
            }
        }
    }

    /// Takes in a mail that arrived.
    pub(super) fn arrived(&mut self, mail: Mail) {
        if let Some(token) = mail.token() {
            remember(&mut self.links, token.to_owned());
        }
        remember(&mut self.mails, mail);
    }

    /// Returns an invitation to act on: often the one that another caller is busy with.
    pub(super) fn some(&mut self, random: &Random) -> KnownInvitation {
        if random.permille(400)
            && let Some(focus) = self.focus.take()
        {
            return focus;
        }
        let some = self.any(random);
        self.focus = Some(some.clone());
        some
    }

    fn any(&self, random: &Random) -> KnownInvitation {
        let none = || KnownInvitation {
            id: "01KH0000000000000000000000".to_owned(),
            community: community_id(0),
            sender: user_id(0),
            invitee: user_id(1),
        };
        // The latest mostly, which others are busy with as well.
        let reach = if random.permille(500) { 4.min(self.invitations.len()) } else { self.invitations.len() };
        let back = 1 + random.below(reach);
        self.invitations
            .len()
            .checked_sub(back)
            .and_then(|index| self.invitations.get(index))
            .cloned()
            .unwrap_or_else(none)
    }

    /// Returns the user who has the address, as far as callers know.
    pub(super) fn owner(&self, invitee: &str) -> String {
        let known = (0..USERS).map(user_id).find(|id| self.person(id).email == invitee);
        known.unwrap_or_else(|| invitee.to_owned())
    }
}

/// Keeps the new one, and forgets the oldest of too many.
pub(super) fn remember<T>(memory: &mut VecDeque<T>, new: T) {
    memory.push_back(new);
    if memory.len() > MEMORY {
        memory.pop_front();
    }
}

pub(super) fn user_id(index: usize) -> String {
    format!("u{index}")
}

pub(super) fn community_id(index: usize) -> String {
    format!("c{index}")
}
