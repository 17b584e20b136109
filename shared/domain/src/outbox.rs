//! The outbox: a mail is recorded in the transaction of the change that calls for it, and sent from that record.
//!
//! What a mail of each kind depends on is one row of [`MailKind::rules`]; a new kind is a new row.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{
    email::AddressKey,
    id::UserId,
    invitation::Status,
    link::LinkDigest,
    named::named,
    settings::{Locale, SenderNotices},
    time::{Timestamp, millis},
};

/// A mail that a transition puts into the outbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewMail {
    /// What the mail says.
    pub kind: MailKind,
    /// The people it goes to.
    pub to: Addressee,
    /// When it is to be sent, if not at once.
    pub not_before: Option<Timestamp>,
    /// How much it asks for, if for more than one invitation.
    pub request: Option<RequestSize>,
}

impl NewMail {
    /// A mail of that kind to those people, to be sent at once.
    pub fn new(kind: MailKind, to: Addressee) -> Self {
        Self { kind, to, not_before: None, request: None }
    }
}

/// How many invitations one request asks for. A mail about the first of them speaks of all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestSize {
    /// The places in the request that may have an invitation (see [`at_place`](super::id::InvitationId::at_place)).
    pub places: u16,
    /// The invitations that were to be made.
    pub invitations: u16,
}

named! {
    /// The mails of SPEC section 5, by their names in the table, in tags and in logs.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
    pub enum MailKind {
        /// You are invited; here are the links to answer with.
        Invitation = "invitation",
        /// You are a member now (automatic mode).
        Joined = "joined",
        /// The invitation was accepted.
        MembershipConfirmed = "membership_confirmed",
        /// A member asks for an invitation; decide it.
        ApprovalNeeded = "approval_needed",
        /// Your request was rejected.
        RequestRejected = "request_rejected",
        /// Your invitation was declined.
        Declined = "declined",
        /// Your invitation expires soon; here are the links once more.
        Reminder = "reminder",
    }
}

/// What delivery must know of a kind of mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a column of the table of kinds")]
pub struct MailRules {
    /// The status in which alone the mail is still true; `None` for one that stays true.
    pub wanted_while: Option<Status>,
    /// Whether the mail solicits: it carries links, a recipient who blocked the community does not get it, and a
    /// mailbox gets no more than so many of them a day.
    pub solicits: bool,
    /// Whether the invitation shows how this mail fares.
    pub tracked: bool,
    /// Whether it tells of an answer, which a sender hears of as the network wants.
    pub answers: bool,
    /// Whether it reminds of what another mail has said, which a network may not want.
    pub reminds: bool,
}

impl MailKind {
    /// Returns what delivery must know of mails of this kind.
    pub fn rules(self) -> MailRules {
        let notice = MailRules { wanted_while: None, solicits: false, tracked: false, answers: false, reminds: false };
        let soliciting = MailRules { wanted_while: Some(Status::Pending), solicits: true, ..notice };
        match self {
            Self::Invitation => MailRules { tracked: true, ..soliciting },
            Self::Reminder => MailRules { reminds: true, ..soliciting },
            Self::Joined => MailRules { solicits: true, ..notice },
            Self::ApprovalNeeded => MailRules { wanted_while: Some(Status::AwaitingApproval), ..notice },
            Self::MembershipConfirmed | Self::Declined => MailRules { answers: true, ..notice },
            Self::RequestRejected => notice,
        }
    }
}

/// The people a mail goes to. The address is looked up when the mail is sent.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Addressee {
    /// The invitee of the invitation.
    Invitee,
    /// The sender of the invitation.
    Sender,
    /// Every moderator and above of the community. Delivery replaces the mail by one to each of them.
    Moderators,
    /// One user.
    User(UserId),
}

/// The record of a mail in the outbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OutboxMail {
    /// What the mail says.
    #[serde(rename = "mail")]
    pub kind: MailKind,
    /// The people it goes to.
    pub to: Addressee,
    /// How far the mail has got.
    pub state: MailState,
    /// How often the mail was leased.
    #[serde(default)]
    pub attempts: u32,
    /// How many attempts count for nothing: the mail service was busy, or an operator released the mail.
    #[serde(default)]
    pub forgiven: u32,
    /// Since when the mail service has been too busy for the mail.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "millis")]
    pub busy_since: Option<Timestamp>,
    /// The end of the lease. After it, another attempt may begin.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "millis")]
    pub leased_until: Option<Timestamp>,
    /// When the mail is to be sent, if it has to wait, or had to.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "millis")]
    pub not_before: Option<Timestamp>,
    /// The UTC day that the mail counts against the recipient's mailbox.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counted_on: Option<Date>,
    /// How much the mail asks for, if for more than one invitation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<RequestSize>,
    /// The links that attempts have put into the mail. Any of them may have arrived.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub links: Vec<MailedLink>,
}

/// A link that was mailed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailedLink {
    /// What is kept of the link.
    pub digest: LinkDigest,
    /// The address that the link was mailed to. The link proves that its holder reads this address, and nothing else.
    pub address: AddressKey,
    /// The language that the reader has chosen, as far as is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locale: Option<Locale>,
}

named! {
    /// How far a mail has got.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
    pub enum MailState {
        /// It waits for an attempt.
        Queued = "queued",
        /// It waits for its time.
        Waiting = "waiting",
        /// An attempt holds its lease.
        Sending = "sending",
        /// The mail service has it.
        Sent = "sent",
        /// It is not needed any more: the invitation was withdrawn, answered or mailed again first, or there is nobody
        /// for it.
        Dropped = "dropped",
        /// Another mail tells its recipient what it says.
        Collected = "collected",
        /// Sending failed too often; an operator decides.
        Parked = "parked",
    }
}

impl OutboxMail {
    /// The record of a mail that no attempt has been made at.
    pub fn new(mail: &NewMail) -> Self {
        Self {
            kind: mail.kind,
            to: mail.to.clone(),
            state: if mail.not_before.is_some() { MailState::Waiting } else { MailState::Queued },
            attempts: 0,
            forgiven: 0,
            busy_since: None,
            leased_until: None,
            not_before: mail.not_before,
            counted_on: None,
            request: mail.request,
            links: Vec::new(),
        }
    }

    /// Whether the mail tells a sender of an answer, as the network wants.
    pub fn is_sender_notice(&self) -> bool {
        self.to == Addressee::Sender && self.kind.rules().answers
    }

    /// Whether the mail tells a sender of an answer by digest, where senders hear of answers in that way.
    pub fn is_in_digest(&self, to_senders: SenderNotices) -> bool {
        self.is_sender_notice() && to_senders == SenderNotices::Digest
    }

    /// Whether the mail tells of more than its own invitation's answer: it has waited, and carries what came meanwhile.
    pub fn carries(&self) -> bool {
        self.is_sender_notice() && self.not_before.is_some()
    }

    /// Whether the mail has yet to be counted against its recipient's mailbox on that day.
    pub fn is_uncounted_on(&self, day: Date) -> bool {
        self.kind.rules().solicits && self.counted_on != Some(day)
    }

    /// How many attempts failed, or ended without a word from the mail service.
    pub fn failures(&self) -> u32 {
        self.attempts.saturating_sub(self.forgiven)
    }
}
