//! The result of a request to invite: one entry per recipient, in order.
//!
//! What is kept of it names no person: the rest of every invitation follows from the terms, and the recipients from the
//! request that comes again. So an erased person is in no kept result.

use std::collections::HashMap;

use domain::{
    Timestamp,
    actions::{Action, actions},
    fact::Fact,
    id::InvitationId,
    invitation::Invitation,
    person::{Caller, Party, Role},
    sending::{Outcome, Terms},
    surroundings::{SenderNow, Surroundings},
    time::days_earlier,
    viewing::{RoleFact, Viewer},
};
use serde::{Deserialize, Serialize};
use store::{
    Store, StoreError,
    keys::{Key, Spread},
    read::surroundings_keys,
};

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
    /// When it was decided on, from which its lifetime counts.
    #[serde(with = "jiff::fmt::serde::timestamp::millisecond::required")]
    pub(super) at: Timestamp,
}

impl Made {
    pub(super) fn of(invitation: &Invitation) -> Self {
        let at = days_earlier(invitation.expires_at, invitation.lifetime_days);
        Self { id: invitation.id, party: invitation.invitee.party(), at }
    }
}

impl KeptResult {
    /// The result again, as it was. What may be done with its invitations goes by what they are by now.
    pub(super) async fn replay(
        &self,
        store: &Store,
        caller: &Caller,
        submission: &Submission,
        facts: &Facts,
        now: Timestamp,
    ) -> Result<SendResult, StoreError> {
        let ids = self.entries.iter().filter_map(|entry| Some(entry.made.as_ref()?.id));
        let found = store.read(ids.clone().map(Key::invitation)).await?;
        let present = ids.filter_map(|id| found.invitation(id));
        let live = present.filter(|invitation| !invitation.status_at(now).is_final());
        let (spread, sender) = (Spread::by_time(now), Party::User(caller.id.clone()));
        let keys = live.clone().flat_map(|invitation| {
            surroundings_keys(invitation, spread).chain([Key::standing(&sender, &invitation.community.id)])
        });
        let (records, settings) = (store.read(keys).await?, facts.settings());
        let user = records.user(&caller.id).map(|record| &record.user);
        let by_now = live.map(|invitation| {
            let role = RoleFact::Known(records.role(&caller.id, invitation, spread));
            let (viewer, around) = (Viewer { caller, user, role }, records.surroundings(invitation, spread));
            (invitation.id, known(actions(invitation, &viewer, &around, &settings, now)))
        });
        Ok(self.in_full(caller, submission, facts, Some(&by_now.collect())))
    }

    /// The result in full, for the submission that it is one of.
    pub(super) fn in_full(
        &self,
        caller: &Caller,
        submission: &Submission,
        facts: &Facts,
        by_now: Option<&HashMap<InvitationId, Vec<Action>>>,
    ) -> SendResult {
        let (sender, settings) = (facts.sender(), facts.settings());
        // Whatever has the id by now may be another community.
        let is_same = facts.era().is_some_and(|era| era.since == self.terms.community_since);
        let community = facts.community().filter(|_| is_same);
        let viewer = Viewer { caller, user: sender, role: RoleFact::Known(self.role) };
        let mut around = Surroundings {
            community: Fact::Known(community.cloned()),
            sender: Fact::Known(SenderNow { user: sender.cloned(), role: self.role }),
            ..Surroundings::default()
        };
        let entries = self.entries.iter().zip(&submission.recipients);
        let results = entries.map(|(entry, recipient)| {
            let invitation = entry.made.as_ref().map(|made| {
                let invitee = facts.invitee(&made.party, recipient);
                let invitation = Terms { now: made.at, ..self.terms.clone() }.invitation(made.id, invitee);
                invitation.relabelled(community, sender, None)
            });
            let actions = invitation.as_ref().map(|made| {
                if let Some(by_now) = by_now {
                    return by_now.get(&made.id).cloned().unwrap_or_default();
                }
                around.invitee = Fact::Known(facts.recipient(recipient));
                known(actions(made, &viewer, &around, &settings, self.terms.now))
            });
            RecipientResult {
                recipient: recipient.text.clone(),
                outcome: entry.outcome,
                retry_after: entry.retry_after,
                invitation,
                actions: actions.unwrap_or_default(),
            }
        });
        SendResult { results: results.collect(), role: self.role, at: self.terms.now, replayed: by_now.is_some() }
    }
}

/// The actions, all facts of which were read.
fn known(actions: Fact<Vec<Action>>) -> Vec<Action> {
    match actions {
        Fact::Known(actions) => actions,
        Fact::Unread => Vec::new(),
    }
}
