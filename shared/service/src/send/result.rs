//! The result of a request to invite: one entry per recipient, in order.
//!
//! What is kept of it names no person: the rest of every invitation follows from the terms, and the recipients from the
//! request that comes again. So an erased person is in no kept result.

use domain::{
    Timestamp,
    actions::{Action, actions},
    fact::Fact,
    id::InvitationId,
    invitation::Invitation,
    person::{Caller, Party, Role},
    sending::{Outcome, Terms},
    surroundings::{SenderNow, Surroundings},
    viewing::{RoleFact, Viewer},
};
use serde::{Deserialize, Serialize};

use super::{facts::Facts, submission::Submission};

/// What became of a request.
#[derive(Clone)]
pub struct SendResult {
    /// What became of each recipient, in order.
    pub results: Vec<RecipientResult>,
    /// The sender's role in the community.
    pub role: Option<Role>,
    /// The moment of the request.
    pub at: Timestamp,
    /// Whether it is the result of an earlier request with the same idempotency key.
    pub replayed: bool,
}

/// What became of one recipient. It has no `Debug`, because the text may be an address.
#[derive(Clone)]
pub struct RecipientResult {
    /// The text that named the recipient.
    pub recipient: String,
    /// What came of it.
    pub outcome: Outcome,
    /// The seconds after which the same request may succeed, where that is known.
    pub retry_after: Option<i64>,
    /// The invitation that was made, if one was.
    pub invitation: Option<Invitation>,
    /// What the sender may do with it.
    pub actions: Vec<Action>,
}

/// What is kept of the result of an idempotent request.
#[derive(Serialize, Deserialize)]
pub(super) struct KeptResult {
    #[serde(rename = "offer")]
    pub(super) terms: Terms,
    pub(super) role: Option<Role>,
    pub(super) entries: Vec<Entry>,
}

/// What is kept of one recipient's result.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Entry {
    pub(super) outcome: Outcome,
    /// In seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) retry_after: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) made: Option<Made>,
}

/// An invitation that was made.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Made {
    pub(super) id: InvitationId,
    pub(super) party: Party,
    #[serde(with = "jiff::fmt::serde::timestamp::millisecond::required")]
    pub(super) at: Timestamp,
}

impl KeptResult {
    /// The result in full, for the submission that it is one of.
    pub(super) fn in_full(
        &self,
        caller: &Caller,
        submission: &Submission,
        facts: &Facts,
        replayed: bool,
    ) -> SendResult {
        let (community, sender, settings) = (facts.community(), facts.sender(), facts.settings());
        let viewer = Viewer { caller, user: sender, role: RoleFact::Known(self.role) };
        let mut around = Surroundings {
            community: Fact::Known(community.cloned()),
            sender: Fact::Known(SenderNow { user: sender.cloned(), role: self.role }),
            ..Surroundings::default()
        };
        let now = self.terms.now;
        let entries = self.entries.iter().zip(&submission.recipients);
        let results = entries.map(|(entry, recipient)| {
            let invitation = entry.made.as_ref().map(|made| {
                let invitee = facts.invitee(&made.party, recipient);
                let invitation = Terms { now: made.at, ..self.terms.clone() }.invitation(made.id, invitee);
                invitation.relabelled(community, sender, None)
            });
            let actions = invitation.as_ref().map(|made| {
                around.invitee = Fact::Known(facts.recipient(recipient));
                actions(made, &viewer, &around, &settings, now)
            });
            let actions = match actions {
                Some(Fact::Known(actions)) => actions,
                Some(Fact::Unread) | None => Vec::new(),
            };
            RecipientResult {
                recipient: recipient.text.clone(),
                outcome: entry.outcome,
                retry_after: entry.retry_after,
                invitation,
                actions,
            }
        });
        SendResult { results: results.collect(), role: self.role, at: self.terms.now, replayed }
    }
}
