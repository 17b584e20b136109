//! The record of one owed mail.

use serde::{Deserialize, Serialize};

use crate::domain::{
    Timestamp,
    invitation::Invitation,
    link::LinkDigest,
    transition::{Addressee, Debt, MailKind},
};

/// A mail that an invitation owes: recorded with the change that owes it, paid by `deliver`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OwedMail {
    /// What it says.
    pub mail: MailKind,
    /// Whom it goes to.
    pub to: Addressee,
    /// How far it has got.
    pub state: MailState,
    /// How often sending was tried.
    #[serde(default)]
    pub attempts: u32,
    /// Until when the sender in charge may take; after that another may try.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "crate::domain::person::millis")]
    pub leased_until: Option<Timestamp>,
    /// The digests of the links that attempts have put into the mail. Any of them may have arrived.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub links: Vec<LinkDigest>,
}

/// How far an owed mail has got.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MailState {
    /// Nobody is sending it.
    Queued,
    /// Someone is, until the lease ends.
    Sending,
    /// The mail service has it.
    Sent,
    /// It is not needed any more: the invitation was withdrawn or answered first, or there is no address.
    Dropped,
    /// Sending failed too often; an operator decides.
    Parked,
}

impl OwedMail {
    /// The record of a debt that has just arisen.
    #[must_use]
    pub fn new(debt: &Debt) -> Self {
        Self {
            mail: debt.kind,
            to: debt.to.clone(),
            state: MailState::Queued,
            attempts: 0,
            leased_until: None,
            links: Vec::new(),
        }
    }
}

/// What the mail is called among those of its invitation: the same for the same change, however often it is tried.
#[must_use]
pub fn mail_name(invitation: &Invitation, debt: &Debt) -> String {
    let to = match &debt.to {
        Addressee::Invitee => "invitee",
        Addressee::Sender => "sender",
        Addressee::Moderators => "moderators",
        Addressee::User(id) => id.as_str(),
    };
    format!("{}#{to}#{}", debt.kind.as_str(), invitation.revision)
}
