//! The counters of a community, kept from the changes of its invitations.

use std::collections::{BTreeMap, BTreeSet};

use domain::{community::Era, id::InvitationId, invitation::Invitation, stats::MailResult};
use store::{Store, stats::Uncounted};

/// A change of an invitation.
#[derive(Debug, Clone)]
pub struct Change {
    /// The stream's number of the report of it.
    pub sequence: String,
    /// The invitation before; `None` for a new one, and for one that is to be dealt with again as if it were new.
    pub before: Option<Invitation>,
    /// The invitation as it is now.
    pub after: Invitation,
}

/// What is reported of the invitations of one community.
#[derive(Default)]
struct Reported<'a> {
    uncounted: BTreeMap<InvitationId, Uncounted<'a>>,
    sequences: Vec<String>,
}

/// Counts the latest state of every invitation that has entered a new one, and what became of mails. Returns the
/// reports that must come again.
pub async fn count(store: &Store, changes: &[Change]) -> Vec<String> {
    let mut communities: BTreeMap<Era, Reported<'_>> = BTreeMap::new();
    for change in changes.iter().filter(|change| change.counts()) {
        communities.entry(change.after.era()).or_default().add(change);
    }
    let mut failed = Vec::new();
    for (community, Reported { uncounted, sequences }) in communities {
        if let Err(error) = store.count_in(&community, &Vec::from_iter(uncounted)).await {
            tracing::warn!(community = %community.id, %error, "counting failed, will retry");
            failed.extend(sequences);
        }
    }
    failed
}

impl<'a> Reported<'a> {
    fn add(&mut self, change: &'a Change) {
        let after = &change.after;
        let new = || Uncounted { sender: &after.sender.id, latest: None, mails: BTreeSet::new() };
        let report = self.uncounted.entry(after.id).or_insert_with(new);
        if change.restates() && report.latest.is_none_or(|latest| latest.revision < after.revision) {
            report.latest = Some(after);
        }
        report.mails.extend(change.mail());
        self.sequences.push(change.sequence.clone());
    }
}

impl Change {
    /// Whether a counter or the deadline depends on it.
    fn counts(&self) -> bool {
        self.restates() || self.mail().is_some()
    }

    /// Whether the invitation has another status, or another expiry.
    fn restates(&self) -> bool {
        self.before
            .as_ref()
            .is_none_or(|before| before.status != self.after.status || before.expires_at != self.after.expires_at)
    }

    /// What became of its mail.
    fn mail(&self) -> Option<MailResult> {
        MailResult::of_change(self.before.as_ref(), &self.after)
    }
}
