//! What comes next for a mail in the outbox, as a pure function of the facts.
//!
//! The facts come in stages, because most mails that come by again need no more than their own record: a decision that
//! needs the recipient, or the other invitations of the same request, says so, and is taken again when they have been
//! looked up.

use jiff::SignedDuration;

use super::{
    digest::{Digest, DigestStep},
    email::{AddressKey, EmailAddress},
    fact::Fact,
    gate::Gate,
    id::{InvitationId, UserId},
    invitation::{DeliveryState, Invitation, InvitedAs, Invitee, Status},
    outbox::{Addressee, MailState, OutboxMail},
    person::{Standing, User},
    sending::Quota,
    settings::{SenderNotices, Settings},
    time::{Timestamp, later},
};

/// The attempts that may end without the mail being known as sent or rejected before an operator must look at it. Each
/// of them may have sent it once more.
const MAX_FAILURES: u32 = 5;

/// How long the mail service may be too busy for a mail of an invitation that is over before an operator must look at
/// it. The service's daily quota counts the last 24 hours, so whatever had used it up is past by then.
const PATIENCE: SignedDuration = SignedDuration::from_hours(24);
/// For how long a mail that met a busy mail service queues again at once.
const EAGER: SignedDuration = SignedDuration::from_mins(5);
/// The longest that a mail waits between two attempts at a busy mail service.
const LONGEST_WAIT: SignedDuration = SignedDuration::from_hours(1);

/// What to do with a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Nothing: it is dealt with.
    Skip,
    /// Show in the invitation that its mail has got this far. The attempt that brought it there did not get to it.
    Show(DeliveryState),
    /// Wait for the attempt that holds the lease.
    Wait,
    /// Drop it: what it says is not true any more, or a later mail says it.
    Drop,
    /// Replace it by one mail to each moderator.
    FanOut,
    /// Look up the other invitations of its request, then decide again.
    LookUpRequest,
    /// Look up its recipient, then decide again.
    LookUp,
    /// Let it wait until then.
    Postpone(Timestamp),
    /// Let it wait until then, and carry the notices to the same sender that come meanwhile.
    Carry(Timestamp),
    /// Leave what it says to the notice that waits.
    Join,
    /// Have it carry no more than it does, then decide again.
    Close,
    /// Read all of it once more, then decide again.
    Again,
    /// Drop it and show it as failed: there is no address to send it to, or nothing left to tell of.
    Fail,
    /// The same, and note with its user that no mailbox of theirs took it, so that it is queued again once they have
    /// another one.
    FailUnreached,
    /// Park it for an operator, for this reason.
    Park(&'static str),
    /// Send it.
    Send,
}

/// What is known around a mail, as far as it was looked up.
#[derive(Debug, Clone, Copy, Default)]
pub struct Facts<'a> {
    /// Whether the invitation has been mailed again since.
    pub outdated: bool,
    /// Whether an invitation of the same request waits for approval.
    pub request_waits: Fact<bool>,
    /// The recipient.
    pub recipient: RecipientFact,
    /// What the network wants its people to hear; looked up with the recipient.
    pub notices: Option<Notices<'a>>,
    /// Until when no mail goes out, if the gate is closed.
    pub closed_until: Option<Timestamp>,
}

/// What the network wants its people to hear, and what a sender has heard.
#[derive(Debug, Clone, Copy)]
pub struct Notices<'a> {
    /// How a sender hears of answers.
    pub to_senders: SenderNotices,
    /// Whether there are reminders.
    pub reminders: bool,
    /// How far the sender has been told.
    pub digest: &'a Digest,
    /// The name of the mail in there.
    pub name: &'a str,
}

impl<'a> Notices<'a> {
    /// What `settings` want, for the mail of that name to a sender who has been told as much as `digest` says.
    pub fn new(settings: &Settings, digest: &'a Digest, name: &'a str) -> Self {
        let reminders = settings.reminder_days_before_expiry.get() > 0;
        Self { to_senders: settings.sender_notices, reminders, digest, name }
    }

    /// What comes next for a mail whose recipient was found or not, as far as it depends on these; `None` to send it.
    fn next(&self, mail: &OutboxMail, found: bool, now: Timestamp) -> Option<Step> {
        if mail.kind.rules().reminds && !self.reminders {
            return Some(Step::Drop);
        }
        if !mail.is_sender_notice() {
            return None;
        }
        let step = self.digest.next(self.name, mail.carries(), now);
        match (self.to_senders, step) {
            // Whatever becomes of it, nothing more may be left to it.
            (_, DigestStep::Close) => Some(Step::Close),
            (_, DigestStep::Again) => Some(Step::Again),
            (SenderNotices::None, _) => Some(Step::Drop),
            (SenderNotices::Each, _) | (_, DigestStep::Send) => None,
            _ if !found => None,
            (_, DigestStep::Join) => Some(Step::Join),
            (_, DigestStep::Carry(until)) => Some(Step::Carry(until)),
            (_, DigestStep::Wait(until)) => Some(Step::Postpone(until)),
        }
    }

    /// Whether the mail may carry those to the same sender that come while it waits: it is told by digest, and no other
    /// carries them.
    fn may_carry(&self, mail: &OutboxMail) -> bool {
        mail.is_in_digest(self.to_senders) && self.digest.carrier.is_none()
    }
}

/// What is known of the recipient of a mail, which costs a read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RecipientFact {
    /// Not looked up yet.
    #[default]
    Unread,
    /// There is none, or none that wants the mail.
    Nobody,
    /// It is a user without a mailbox that takes the mail.
    Unreached,
    /// There is one.
    Found,
}

/// Decides what comes next for `mail`, which is about `invitation`.
pub fn decide(mail: &OutboxMail, invitation: &Invitation, facts: &Facts<'_>, now: Timestamp) -> Step {
    let timely = is_timely(mail, invitation, facts, now);
    let outdated = facts.outdated && mail.kind.rules().tracked;
    let heard = mail.to != Addressee::Invitee || invitation.has_reached_invitee();
    let wanted = timely != Fact::Known(false) && heard && !outdated;
    match mail.state {
        MailState::Sent => return show(mail, invitation, DeliveryState::Sent),
        MailState::Parked => return show(mail, invitation, DeliveryState::Failed),
        MailState::Dropped if wanted => return show(mail, invitation, DeliveryState::Failed),
        MailState::Dropped | MailState::Collected => return Step::Skip,
        MailState::Sending if mail.leased_until.is_some_and(|until| until > now) => return Step::Wait,
        MailState::Sending | MailState::Queued | MailState::Waiting => {}
    }
    let early = mail.not_before.filter(|at| mail.state == MailState::Waiting && *at > now);
    match (facts.recipient, early) {
        _ if !wanted => return Step::Drop,
        _ if timely == Fact::Unread => return Step::LookUpRequest,
        (_, Some(at)) => return Step::Postpone(at),
        (RecipientFact::Unread, None) => {}
        (recipient, None) => {
            let found = recipient == RecipientFact::Found;
            if let Some(step) = facts.notices.and_then(|notices| notices.next(mail, found, now)) {
                return step;
            }
        }
    }
    match facts.recipient {
        _ if mail.to == Addressee::Moderators => Step::FanOut,
        RecipientFact::Unread => Step::LookUp,
        RecipientFact::Unreached if mail.kind.rules().tracked => Step::FailUnreached,
        RecipientFact::Nobody | RecipientFact::Unreached => Step::Fail,
        RecipientFact::Found if mail.failures() >= MAX_FAILURES => {
            Step::Park("too many attempts of which nobody knows what became")
        }
        RecipientFact::Found => match facts.closed_until {
            Some(until) => wait_for_gate(mail, facts, spread(invitation.id, until)),
            None => Step::Send,
        },
    }
}

/// Lets a mail wait that would be sent if the gate were open.
fn wait_for_gate(mail: &OutboxMail, facts: &Facts<'_>, until: Timestamp) -> Step {
    let carries = facts.notices.is_some_and(|notices| notices.may_carry(mail));
    if carries { Step::Carry(until) } else { Step::Postpone(until) }
}

/// Whether what the mail says is true, as far as is known. A request for many is, while one of them waits for approval.
fn is_timely(mail: &OutboxMail, invitation: &Invitation, facts: &Facts<'_>, now: Timestamp) -> Fact<bool> {
    let Some(status) = mail.kind.rules().wanted_while else { return Fact::Known(true) };
    match mail.request {
        _ if invitation.status_at(now) == status => Fact::Known(true),
        Some(_) => facts.request_waits,
        None => Fact::Known(false),
    }
}

/// How long the invitations of one request may take to be made: as long as a function may run.
const MAKING: SignedDuration = SignedDuration::from_secs(60);

/// Whether one of the invitations of a request waits for approval; `None` stands for one that is not there. The first
/// of them was made at `created_at`, and what is not there soon after it may still come.
pub fn request_waits<'a>(
    invitations: impl IntoIterator<Item = Option<&'a Invitation>>,
    created_at: Timestamp,
    now: Timestamp,
) -> bool {
    let coming = later(created_at, MAKING) > now;
    let waits = |one: &Invitation| one.status_at(now) == Status::AwaitingApproval;
    invitations.into_iter().any(|one| one.map_or(coming, waits))
}

/// The ids that the invitations of the mail's request may have.
pub fn request_of(mail: &OutboxMail, id: InvitationId) -> impl Iterator<Item = InvitationId> {
    let places = mail.request.map_or(0, |request| request.places);
    (0..places).map(move |place| id.at_place(place))
}

/// Why an attempt did not send its mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// The day of the recipient's mailbox has no room for it.
    NoRoom,
    /// The mail service was too busy for it.
    Busy,
    /// The mail service takes no mail at all, because of this fault.
    Stopped(String),
    /// The mail service will not send it, for this reason.
    Rejected(String),
    /// The mail service did not say. The mail may be on its way.
    NoResponse,
}

/// What to do with a mail that an attempt did not send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AfterFailure<'a> {
    /// Queue it again, behind all others.
    Requeue,
    /// Let it wait until then.
    Wait(Timestamp),
    /// Leave it alone until the lease of the attempt ends.
    AwaitLease,
    /// Park it for an operator, for this reason.
    Park(&'a str),
}

/// Decides what to do with a mail that an attempt did not send, by the gate as the failure left it.
pub fn after_failure<'a>(
    failure: &'a Failure,
    mail: &OutboxMail,
    invitation: &Invitation,
    gate: &Gate,
    now: Timestamp,
) -> AfterFailure<'a> {
    match failure {
        Failure::NoRoom => AfterFailure::Wait(next_day(invitation.id, now)),
        Failure::Busy => after_busy(mail, invitation, now),
        Failure::Stopped(_) => AfterFailure::Wait(spread(invitation.id, gate.closed_at(now).unwrap_or(now))),
        Failure::Rejected(why) => AfterFailure::Park(why),
        Failure::NoResponse => AfterFailure::AwaitLease,
    }
}

/// When a mail goes out for whose mailbox the day has no room: when the next day begins, each by chance at another
/// second of its first hour.
fn next_day(id: InvitationId, now: Timestamp) -> Timestamp {
    let bytes = id.to_bytes();
    let seconds = i64::from(u16::from_be_bytes([bytes[14], bytes[15]])) % 3_600;
    later(Quota::day_ends(now), SignedDuration::from_secs(seconds))
}

/// A mail that the mail service has been too busy for waits longer each time, for as long as its invitation lives.
fn after_busy(mail: &OutboxMail, invitation: &Invitation, now: Timestamp) -> AfterFailure<'static> {
    let waited = mail.busy_since.map_or(SignedDuration::ZERO, |since| now.duration_since(since));
    if waited < EAGER {
        AfterFailure::Requeue
    } else if waited < PATIENCE || now < invitation.expires_at {
        AfterFailure::Wait(spread(invitation.id, later(now, waited.min(LONGEST_WAIT))))
    } else {
        AfterFailure::Park("the mail service has been too busy for it")
    }
}

/// Some moment of the minute after `at`, by chance for each invitation, so that mails that were put off together do not
/// come back together.
pub fn spread(id: InvitationId, at: Timestamp) -> Timestamp {
    let bytes = id.to_bytes();
    let millis = u16::from_be_bytes([bytes[14], bytes[15]]) % 60_000;
    later(at, SignedDuration::from_millis(millis.into()))
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

/// The address that the invitee was invited by, where `mail` tells them of their answer. It takes the mail as long as
/// the directory does not know them.
pub fn address_before_registration<'a>(mail: &OutboxMail, invitation: &'a Invitation) -> Option<&'a EmailAddress> {
    let tells = mail.to == Addressee::Invitee && !mail.kind.rules().solicits;
    match &invitation.invitee {
        Invitee::User { invited_as: Some(InvitedAs::Address(email)), .. } if tells => Some(email),
        _ => None,
    }
}

/// The moderator that `mail` is for, as one of all: it is theirs only as long as they moderate the community.
pub fn moderator_of(mail: &OutboxMail) -> Option<&UserId> {
    match &mail.to {
        // One of all moderators, to whom the mail went.
        Addressee::User(id) => Some(id),
        Addressee::Invitee | Addressee::Sender | Addressee::Moderators => None,
    }
}

/// Whether a party with this standing, a person or a mailbox, is not to get `mail`: it wants no invitation of the
/// community.
pub fn is_unwanted(mail: &OutboxMail, standing: &Standing, now: Timestamp) -> bool {
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
