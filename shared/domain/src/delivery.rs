//! What comes next for a mail in the outbox, as a pure function of the facts.
//!
//! The facts come in stages, because most mails that come by again need no more than their own record: a decision that
//! needs the recipient says so, and is taken again when the recipient has been looked up.

use jiff::SignedDuration;

use super::{
    email::{AddressKey, EmailAddress},
    id::UserId,
    invitation::{DeliveryState, Invitation, Invitee},
    outbox::{Addressee, MailState, OutboxMail},
    person::{Standing, User},
    time::Timestamp,
};

/// The attempts that may end without the mail being known as sent or rejected before an operator must look at it. Each
/// of them may have sent it once more.
const MAX_FAILURES: u32 = 5;

/// How long the mail service may be too busy for a mail before an operator must look at it. The service's daily quota
/// counts the last 24 hours, so whatever had used it up is past by then.
const PATIENCE: SignedDuration = SignedDuration::from_hours(24);

/// What to do with a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Nothing: it is dealt with.
    Skip,
    /// Show in the invitation that its mail has got this far. The attempt that brought it there did not get to it.
    Show(DeliveryState),
    /// Wait for the attempt that holds the lease.
    Wait,
    /// Drop it: what it says is not true any more.
    Drop,
    /// Replace it by one mail to each moderator.
    FanOut,
    /// Look up its recipient, then decide again.
    LookUp,
    /// Drop it and show it as failed: there is no address to send it to, or nothing left to tell of.
    Fail,
    /// Park it for an operator, for this reason.
    Park(&'static str),
    /// Send it.
    Send,
}

/// What is known of the recipient of a mail, which costs a read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecipientFact {
    /// Not looked up yet.
    Unread,
    /// There is none, or none that wants the mail.
    Nobody,
    /// There is one.
    Found,
}

/// Decides what comes next for `mail`, which is about `invitation`.
pub fn decide(mail: &OutboxMail, invitation: &Invitation, recipient: RecipientFact, now: Timestamp) -> Step {
    let rules = mail.kind.rules();
    let timely = rules.wanted_while.is_none_or(|status| invitation.status_at(now) == status);
    let wanted = timely && (mail.to != Addressee::Invitee || invitation.has_reached_invitee());
    match mail.state {
        MailState::Sent => return show(mail, invitation, DeliveryState::Sent),
        MailState::Parked => return show(mail, invitation, DeliveryState::Failed),
        MailState::Dropped if wanted => return show(mail, invitation, DeliveryState::Failed),
        MailState::Dropped => return Step::Skip,
        MailState::Sending if mail.leased_until.is_some_and(|until| until > now) => return Step::Wait,
        MailState::Sending | MailState::Queued => {}
    }
    match recipient {
        _ if !wanted => Step::Drop,
        _ if mail.to == Addressee::Moderators => Step::FanOut,
        RecipientFact::Unread => Step::LookUp,
        RecipientFact::Nobody => Step::Fail,
        RecipientFact::Found if mail.failures() >= MAX_FAILURES => {
            Step::Park("too many attempts of which nobody knows what became")
        }
        RecipientFact::Found => Step::Send,
    }
}

/// Decides whether to park a mail that the mail service has been too busy for, and why; `None` to queue it again.
pub fn after_busy(mail: &OutboxMail, now: Timestamp) -> Option<&'static str> {
    let patient = mail.busy_since.is_none_or(|since| now.duration_since(since) < PATIENCE);
    (!patient).then_some("the mail service has been too busy for a day")
}

/// A mail that is dealt with comes by again: the invitation shows it, unless it does already.
fn show(mail: &OutboxMail, invitation: &Invitation, state: DeliveryState) -> Step {
    let queued = invitation.delivery.as_ref().is_some_and(|delivery| delivery.state == DeliveryState::Queued);
    if queued && mail.kind.rules().tracked { Step::Show(state) } else { Step::Skip }
}

/// The person or the address that a mail goes to, as the invitation names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target<'a> {
    /// A user, whose address the directory knows.
    User(&'a UserId),
    /// An address.
    Address(&'a AddressKey, &'a EmailAddress),
    /// Nothing is left of the name or address.
    Gone,
}

/// The target of `mail`.
pub fn target<'a>(mail: &'a OutboxMail, invitation: &'a Invitation) -> Target<'a> {
    match (&mail.to, &invitation.invitee) {
        (Addressee::User(id), _) | (Addressee::Invitee, Invitee::User { id, .. }) => Target::User(id),
        (Addressee::Sender, _) => Target::User(&invitation.sender.id),
        (Addressee::Invitee, Invitee::Address { key, email: Some(email) }) => Target::Address(key, email),
        (Addressee::Invitee, Invitee::Address { email: None, .. }) | (Addressee::Moderators, _) => Target::Gone,
    }
}

/// Whether a party with this standing, a person or a mailbox, is not to get `mail`: it wants no invitation of the community.
pub fn is_refused(mail: &OutboxMail, standing: &Standing, now: Timestamp) -> bool {
    mail.kind.rules().solicits && standing.unwilling_at(None, now).is_some()
}

/// The address of a user that a mail may go to, if there is one.
pub fn address_of(user: &User, suppressed: bool) -> Option<&EmailAddress> {
    user.email.as_ref().filter(|_| user.active && !suppressed)
}

/// The mailbox at which a mail may reach the user. Another one may take what this one did not.
pub fn mailbox_of(user: &User) -> Option<AddressKey> {
    user.email.as_ref().filter(|_| user.active).map(EmailAddress::key)
}

#[cfg(test)]
mod tests;
