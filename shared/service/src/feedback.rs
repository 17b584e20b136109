//! What became of a mail, by the mail service's report: the invitation shows it, and an address that takes no mail is
//! suppressed.

use domain::{
    Timestamp,
    email::EmailAddress,
    id::{InvitationId, UserId},
    invitation::{DeliveryState, Invitee},
    outbox::MailKind,
};
use store::{Store, StoreError};

use crate::delivery::track;

/// A report on one mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailReport {
    /// The invitation that the mail is about, as far as the report names one.
    pub invitation: Option<InvitationId>,
    /// The kind of the mail, as far as the report names one.
    pub kind: Option<MailKind>,
    /// The revision of the invitation that the mail came with.
    pub revision: Option<u64>,
    /// How far the mail has got.
    pub state: DeliveryState,
    /// The addresses that mail bounced from for good, or whose owner called it spam.
    pub unreachable: Vec<EmailAddress>,
}

/// Takes in a report. A repetition changes nothing.
///
/// # Errors
/// [`StoreError`] if the table fails; the report is to come again then.
pub async fn record(store: &Store, report: &MailReport, now: Timestamp) -> Result<(), StoreError> {
    if !report.unreachable.is_empty() {
        let invitee = invitee(store, report.invitation).await?;
        for address in &report.unreachable {
            store.suppress(&address.key(), invitee.as_ref()).await?;
        }
    }
    let tracked = report.kind.is_some_and(|kind| kind.rules().tracked);
    match report.invitation.filter(|_| tracked) {
        Some(id) => track(store, id, report.revision, report.state, now).await,
        None => Ok(()),
    }
}

/// The user that the invitation is for, if it is for one.
async fn invitee(store: &Store, id: Option<InvitationId>) -> Result<Option<UserId>, StoreError> {
    let Some(id) = id else { return Ok(None) };
    Ok(store.invitation_with_mails(id).await?.invitation.and_then(|invitation| match invitation.invitee {
        Invitee::User { id, .. } => Some(id),
        Invitee::Address { .. } => None,
    }))
}
