//! SPEC section 2: how an invitation changes, and who may change it.
//!
//! Each function takes the invitation as it was read, the person who acts, and the time, and returns what changes. A
//! fact that was not read but must hold (the community allows invitations, the caller moderates it) becomes a [`Guard`]
//! of the transition, which the write itself checks. That keeps an operation at one read and one write.

use super::{
    Timestamp,
    email::AddressKey,
    id::UserId,
    invitation::{Delivery, DeliveryState, Invitation, InvitedAs, Invitee, Sender, Status},
    outbox::{Addressee, MailKind, NewMail},
    person::{Party, User},
    refusal::Refusal,
    settings::{EmailLinkResponse, Settings},
    time::days_later,
    transition::{Guard, StandingChange, Transition},
    viewing::{Addressed, RoleFact, Viewer},
};

/// A change of an invitation that a caller asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// The invitee says yes.
    Accept,
    /// The invitee says no.
    Decline {
        /// And wants no further invitation from the community.
        block: bool,
    },
    /// The sender or a moderator withdraws it.
    Cancel,
    /// A moderator grants the request.
    Approve,
    /// A moderator refuses the request.
    Reject {
        /// Why, for the sender to read.
        reason: Option<String>,
    },
    /// The sender or a moderator has it mailed again.
    Resend,
}

/// The result of a decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The invitation changes like this.
    Change(Box<Transition>),
    /// It is so already: the command is a repetition and succeeds.
    Unchanged,
    /// The answer depends on the caller's role, which must be read first.
    RoleNeeded,
}

/// Decides a caller's command at `now`.
///
/// # Errors
/// The first rule that stands in the way. A caller who may not see the invitation learns only that there is none.
pub fn decide(
    command: &Command,
    invitation: &Invitation,
    viewer: &Viewer<'_>,
    settings: &Settings,
    now: Timestamp,
) -> Result<Verdict, Refusal> {
    let authority = match command {
        Command::Accept | Command::Decline { .. } => may_answer(invitation, viewer),
        Command::Cancel => may_withdraw(invitation, viewer),
        Command::Approve | Command::Reject { .. } => may_moderate(invitation, viewer),
        Command::Resend => may_resend(invitation, viewer),
    }?;
    let step = Step { invitation, now };
    let verdict = match command {
        Command::Accept => {
            let invitee = invitee_of(invitation, viewer);
            step.accept(invitee, viewer.user.map(|user| &user.id))
        }
        Command::Decline { block } => step.decline(*block, settings),
        Command::Cancel => step.cancel(),
        Command::Approve => step.approve(&viewer.caller.id),
        Command::Reject { reason } => step.reject(&viewer.caller.id, reason.clone()),
        Command::Resend => step.resend(),
    };
    authority.apply(verdict)
}

/// The holder of a mail link. All that is known of them is that they read the address that it was mailed to.
#[derive(Debug, Clone, Copy)]
pub struct Holder<'a> {
    /// The address.
    pub address: &'a AddressKey,
    /// The invitee's record, where the invitee is a user.
    pub invitee: InviteeFact<'a>,
}

/// The invitee's record, which costs a read and is often not needed.
#[derive(Debug, Clone, Copy)]
pub enum InviteeFact<'a> {
    /// Not read yet: the write itself checks who owns the address.
    Unread,
    /// The directory's record, or that there is none.
    Known(Option<&'a User>),
}

impl Holder<'_> {
    /// Whether the holder is the invitee: the address was invited itself, or is the invited user's verified one. `None`
    /// while that takes the invitee's record.
    pub fn is_invitee(&self, invitation: &Invitation) -> Option<bool> {
        match (&invitation.invitee, self.invitee) {
            (Invitee::Address { key, .. }, _) => Some(key == self.address),
            (Invitee::User { .. }, InviteeFact::Unread) => None,
            (Invitee::User { id, .. }, InviteeFact::Known(user)) => {
                let verified = user.filter(|user| user.id == *id).and_then(User::verified_email);
                Some(verified.is_some_and(|email| email.key() == *self.address))
            }
        }
    }

    /// What must still hold when the holder's answer is written.
    fn guard(&self, invitation: &Invitation) -> Option<Guard> {
        match &invitation.invitee {
            Invitee::Address { .. } => None,
            Invitee::User { id, .. } => Some(Guard::Owned(self.address.clone(), id.clone())),
        }
    }
}

/// Decides an answer given on the page behind a mail link. The link proves the address; no token proves the person.
///
/// # Errors
/// [`Refusal::SignInNeeded`] where the network wants sign-in, or where the address is not known to be the invitee's;
/// [`Refusal::RegistrationNeeded`] when an address without a user accepts; [`Refusal::Conflict`] where the state forbids
/// it.
pub fn decide_by_link(
    command: &Command,
    invitation: &Invitation,
    holder: &Holder<'_>,
    settings: &Settings,
    now: Timestamp,
) -> Result<Verdict, Refusal> {
    let status = invitation.status_at(now);
    if settings.email_link_response == EmailLinkResponse::SignIn && status == Status::Pending {
        return Err(Refusal::SignInNeeded);
    }
    let step = Step { invitation, now };
    let verdict = match (command, &invitation.invitee) {
        (Command::Accept, Invitee::User { id, .. }) => step.accept(invitation.invitee.clone(), Some(id)),
        (Command::Accept, Invitee::Address { .. }) if status == Status::Pending => Err(Refusal::RegistrationNeeded),
        (Command::Accept, Invitee::Address { .. }) => step.accept(invitation.invitee.clone(), None),
        (Command::Decline { block }, _) => step.decline(*block, settings),
        _ => Err(Refusal::InvitationNotFound),
    };
    match verdict {
        Ok(Verdict::Change(_)) if holder.is_invitee(invitation) == Some(false) => Err(Refusal::SignInNeeded),
        Ok(Verdict::Change(mut transition)) => {
            transition.guards.extend(holder.guard(invitation));
            Ok(Verdict::Change(transition))
        }
        verdict => verdict,
    }
}

/// Decides the wish to get no more invitations from the community. A pending invitation is declined, and in any state
/// the community must never invite again. A holder who is not known to be the invitee speaks for the address alone: it
/// gets no more mail from the community, and the invitee may still answer.
///
/// # Errors
/// None. The signature is that of the other decisions.
pub fn unsubscribe(
    invitation: &Invitation,
    holder: &Holder<'_>,
    settings: &Settings,
    now: Timestamp,
) -> Result<Verdict, Refusal> {
    let (party, anew) = match (holder.is_invitee(invitation), holder.invitee) {
        (None | Some(true), _) => (invitation.invitee.party(), false),
        // The invitee has been erased, and with them what there was to say no to.
        (Some(false), InviteeFact::Known(None)) => return Ok(Verdict::Unchanged),
        (Some(false), _) => (Party::Address(holder.address.clone()), true),
    };
    let mut transition = if !anew && invitation.status_at(now) == Status::Pending {
        match (Step { invitation, now }).decline(true, settings)? {
            Verdict::Change(transition) => *transition,
            unchanged => return Ok(unchanged),
        }
    } else {
        let mut transition = change(invitation, |_| {});
        transition.standings.push((party, StandingChange::Block { anew }));
        transition
    };
    if !anew {
        transition.guards.extend(holder.guard(invitation));
    }
    Ok(Verdict::Change(Box::new(transition)))
}

/// Marks an invitation whose lifetime has passed as expired. `None` unless that is so.
pub fn expire(invitation: &Invitation, now: Timestamp) -> Option<Transition> {
    let lapsed = !invitation.status.is_final() && invitation.status_at(now) == Status::Expired;
    // The standing may already hold a newer invitation; a lapsed one in it counts for nothing.
    lapsed.then(|| change(invitation, |after| after.status = Status::Expired))
}

/// Withdraws a live invitation because its community or one of its people is gone. `None` when it is not live.
pub fn withdraw(invitation: &Invitation, now: Timestamp) -> Option<Transition> {
    match (Step { invitation, now }).cancel() {
        Ok(Verdict::Change(transition)) => Some(*transition),
        _ => None,
    }
}

/// Transfers a live invitation of an address to `user`, as long as the address is theirs. `None` when it is not live.
pub fn transfer(invitation: &Invitation, user: &User, now: Timestamp) -> Option<Transition> {
    if invitation.status_at(now).is_final() {
        return None;
    }
    let typed = match &invitation.invitee {
        Invitee::Address { email, .. } => email.as_ref(),
        Invitee::User { .. } => None,
    };
    let mut transition = change(invitation, |after| after.invitee = Invitee::user(user, typed));
    transition.standings = vec![
        (invitation.invitee.party(), StandingChange::Release { invitation: invitation.id }),
        (
            Party::User(user.id.clone()),
            StandingChange::Invite { invitation: invitation.id, until: invitation.expires_at },
        ),
    ];
    if let Party::Address(key) = invitation.invitee.party() {
        transition.guards.push(Guard::Owned(key, user.id.clone()));
    }
    Some(transition)
}

/// Erases a user from an invitation: withdraws a live one, and removes their name and address. `None` when nothing is
/// left to do.
pub fn erase(
    invitation: &Invitation,
    user: &UserId,
    address: Option<&AddressKey>,
    now: Timestamp,
) -> Option<Transition> {
    let mut transition = withdraw(invitation, now).unwrap_or_else(|| change(invitation, |_| {}));
    let after = &mut transition.invitation;
    if after.sender.id == *user {
        after.sender = Sender { id: user.clone(), display_name: None, profile_url: None };
        after.message = None;
    }
    match &mut after.invitee {
        Invitee::User { id, display_name, invited_as } if id == user => {
            *display_name = None;
            *invited_as = invited_as.as_ref().map(|_| InvitedAs::Erased);
        }
        Invitee::Address { key, email } if Some(&*key) == address => *email = None,
        _ => {}
    }
    let untouched = Invitation { revision: invitation.revision, ..after.clone() } == *invitation;
    (!untouched).then_some(transition)
}

/// Shows that the invitation mail has got as far as `state`. `None` when it is known to have got further.
pub fn track(invitation: &Invitation, state: DeliveryState, now: Timestamp) -> Option<Transition> {
    let is_next = invitation.delivery.as_ref().is_some_and(|delivery| delivery.state.leads_to(state));
    is_next.then(|| change(invitation, |after| after.delivery = Some(Delivery { state, at: now })))
}

/// The right to give a command, as far as it is known.
enum Authority {
    /// Known to exist.
    Known,
    /// It exists if the write finds this guard to hold.
    Provided(Guard),
    /// It does not exist; the refusal depends on the role.
    RoleNeeded,
}

impl Authority {
    /// Adds the guard to a change. A verdict that changes nothing has no write to check the role in, and a
    /// refusal would tell a stranger about the invitation: both need the role first.
    fn apply(self, verdict: Result<Verdict, Refusal>) -> Result<Verdict, Refusal> {
        match (self, verdict) {
            (Self::Known, verdict) => verdict,
            (Self::Provided(guard), Ok(Verdict::Change(mut transition))) => {
                transition.guards.push(guard);
                Ok(Verdict::Change(transition))
            }
            (Self::Provided(_) | Self::RoleNeeded, _) => Ok(Verdict::RoleNeeded),
        }
    }
}

fn may_answer(invitation: &Invitation, viewer: &Viewer<'_>) -> Result<Authority, Refusal> {
    match viewer.addressed(invitation) {
        Addressed::Yes => {}
        Addressed::Unverified => return Err(Refusal::EmailUnverified),
        Addressed::No if viewer.sees(invitation) == Some(true) => return Err(Refusal::NotInvitee),
        // A moderator is told that it is not theirs to answer, anyone else nothing.
        Addressed::No if viewer.role == RoleFact::Unread => return Ok(Authority::RoleNeeded),
        Addressed::No => return Err(Refusal::InvitationNotFound),
    }
    let by_address = matches!(invitation.invitee, Invitee::Address { .. });
    match viewer.user {
        Some(user) if !user.active => Err(Refusal::CallerInactive),
        // A verified address in the token is enough for an invitation to that address, and to repeat the answer: accepted,
        // it names the user alone.
        None if !by_address && invitation.status != Status::Accepted => Err(Refusal::CallerUnknown),
        _ => Ok(Authority::Known),
    }
}

fn may_withdraw(invitation: &Invitation, viewer: &Viewer<'_>) -> Result<Authority, Refusal> {
    if !viewer.is_sender(invitation) {
        return may_moderate_or(invitation, viewer, Refusal::NotSender);
    }
    viewer.check_active().map(|()| Authority::Known)
}

fn may_moderate(invitation: &Invitation, viewer: &Viewer<'_>) -> Result<Authority, Refusal> {
    may_moderate_or(invitation, viewer, Refusal::NotModerator)
}

fn may_resend(invitation: &Invitation, viewer: &Viewer<'_>) -> Result<Authority, Refusal> {
    if !viewer.is_sender(invitation) || viewer.caller.site_administrator {
        return may_moderate_or(invitation, viewer, Refusal::NotSender);
    }
    viewer.check_active()?;
    // A sender who has left the community no longer sends in its name.
    match viewer.role {
        RoleFact::Known(None) => Err(Refusal::NotAMember),
        RoleFact::Known(Some(_)) => Ok(Authority::Known),
        RoleFact::Unread => {
            Ok(Authority::Provided(Guard::Belongs(viewer.caller.id.clone(), invitation.community.id.clone())))
        }
    }
}

fn may_moderate_or(invitation: &Invitation, viewer: &Viewer<'_>, refusal: Refusal) -> Result<Authority, Refusal> {
    if viewer.moderates() {
        return viewer.check_active().map(|()| Authority::Known);
    }
    match viewer.role {
        RoleFact::Known(_) if viewer.sees(invitation) == Some(true) => Err(refusal),
        RoleFact::Known(_) => Err(Refusal::InvitationNotFound),
        RoleFact::Unread => {
            viewer.check_active().map_err(|refusal| match viewer.sees(invitation) {
                Some(true) => refusal,
                _ => Refusal::InvitationNotFound,
            })?;
            Ok(Authority::Provided(Guard::Moderates(viewer.caller.id.clone(), invitation.community.id.clone())))
        }
    }
}

/// The invitee from the moment of acceptance: an address becomes the user it belongs to.
fn invitee_of(invitation: &Invitation, viewer: &Viewer<'_>) -> Invitee {
    match &invitation.invitee {
        invitee @ Invitee::User { .. } => invitee.clone(),
        Invitee::Address { .. } => Invitee::User {
            id: viewer.caller.id.clone(),
            display_name: viewer.user.map(|user| user.display_name.clone().into()),
            invited_as: None,
        },
    }
}

/// Returns a transition to a copy of the invitation, changed by `edit`, at the next revision.
fn change(invitation: &Invitation, edit: impl FnOnce(&mut Invitation)) -> Transition {
    let mut after = invitation.clone();
    after.revision += 1;
    edit(&mut after);
    Transition {
        from: Some(invitation.revision),
        invitation: after,
        standings: Vec::new(),
        mails: Vec::new(),
        guards: Vec::new(),
    }
}

/// One step of one invitation at one moment, rights aside.
struct Step<'a> {
    invitation: &'a Invitation,
    now: Timestamp,
}

impl Step<'_> {
    fn status(&self) -> Status {
        self.invitation.status_at(self.now)
    }

    fn conflict(&self) -> Result<Verdict, Refusal> {
        Err(Refusal::Conflict(self.status()))
    }

    fn change(&self, edit: impl FnOnce(&mut Invitation)) -> Transition {
        change(self.invitation, edit)
    }

    fn community_invites(&self) -> Guard {
        Guard::CommunityInvites(self.invitation.community.id.clone())
    }

    fn release(&self) -> (Party, StandingChange) {
        (self.invitation.invitee.party(), StandingChange::Release { invitation: self.invitation.id })
    }

    /// `known` is the accepting user where the directory has one; a verified address may come without.
    fn accept(&self, invitee: Invitee, known: Option<&UserId>) -> Result<Verdict, Refusal> {
        match self.status() {
            Status::Pending => {}
            Status::Accepted => return Ok(Verdict::Unchanged),
            _ => return self.conflict(),
        }
        let mut transition = self.change(|after| {
            after.status = Status::Accepted;
            after.answered_at = Some(self.now);
            after.invitee = invitee;
        });
        let (before, after) = (self.invitation.invitee.party(), transition.invitation.invitee.party());
        let own = before == after;
        if !own {
            transition.standings.push(self.release());
        }
        transition.standings.push((after, StandingChange::Join { invitation: self.invitation.id, own }));
        transition.mails = vec![
            NewMail { kind: MailKind::MembershipConfirmed, to: Addressee::Invitee },
            NewMail { kind: MailKind::MembershipConfirmed, to: Addressee::Sender },
        ];
        transition.guards.push(self.community_invites());
        transition.guards.extend(known.cloned().map(Guard::Active));
        Ok(Verdict::Change(Box::new(transition)))
    }

    fn decline(&self, block: bool, settings: &Settings) -> Result<Verdict, Refusal> {
        let party = self.invitation.invitee.party();
        match self.status() {
            Status::Pending => {}
            // An invitee who declined may still block.
            Status::Declined if block => {
                let mut transition = self.change(|_| {});
                transition.standings.push((party, StandingChange::Block { anew: false }));
                return Ok(Verdict::Change(Box::new(transition)));
            }
            Status::Declined => return Ok(Verdict::Unchanged),
            _ => return self.conflict(),
        }
        let mut transition = self.change(|after| {
            after.status = Status::Declined;
            after.answered_at = Some(self.now);
        });
        let cooling_until = days_later(self.now, settings.decline_cooldown_days.get());
        let decline = StandingChange::Decline { invitation: self.invitation.id, cooling_until, block };
        transition.standings.push((party, decline));
        transition.mails.push(NewMail { kind: MailKind::Declined, to: Addressee::Sender });
        Ok(Verdict::Change(Box::new(transition)))
    }

    fn cancel(&self) -> Result<Verdict, Refusal> {
        match self.status() {
            Status::Pending | Status::AwaitingApproval => {}
            Status::Cancelled => return Ok(Verdict::Unchanged),
            _ => return self.conflict(),
        }
        let mut transition = self.change(|after| after.status = Status::Cancelled);
        transition.standings.push(self.release());
        Ok(Verdict::Change(Box::new(transition)))
    }

    fn approve(&self, approver: &UserId) -> Result<Verdict, Refusal> {
        let invitation = self.invitation;
        match self.status() {
            Status::AwaitingApproval => {}
            Status::Pending if invitation.decided_by.is_some() => return Ok(Verdict::Unchanged),
            // In automatic mode the approval made the invitee a member.
            Status::Accepted if invitation.joins_on_approval => return Ok(Verdict::Unchanged),
            _ => return self.conflict(),
        }
        let party = invitation.invitee.party();
        let joins = invitation.joins_on_approval && matches!(party, Party::User(_));
        let mut transition = self.change(|after| {
            after.decided_by = Some(approver.clone());
            if joins {
                after.status = Status::Accepted;
            } else {
                after.make_pending(self.now);
            }
        });
        if let (true, Party::User(invitee)) = (joins, &party) {
            transition.guards.push(Guard::Active(invitee.clone()));
        }
        let (standing, mail) = if joins {
            (StandingChange::Enrol { invitation: invitation.id }, MailKind::Joined)
        } else {
            let until = transition.invitation.expires_at;
            (StandingChange::Invite { invitation: invitation.id, until }, MailKind::Invitation)
        };
        transition.standings.push((party, standing));
        transition.mails.push(NewMail { kind: mail, to: Addressee::Invitee });
        transition.guards.push(self.community_invites());
        Ok(Verdict::Change(Box::new(transition)))
    }

    fn reject(&self, moderator: &UserId, reason: Option<String>) -> Result<Verdict, Refusal> {
        match self.status() {
            Status::AwaitingApproval => {}
            Status::Rejected => return Ok(Verdict::Unchanged),
            _ => return self.conflict(),
        }
        let mut transition = self.change(|after| {
            after.status = Status::Rejected;
            after.decided_by = Some(moderator.clone());
            after.reason = reason;
        });
        transition.standings.push(self.release());
        transition.mails.push(NewMail { kind: MailKind::RequestRejected, to: Addressee::Sender });
        Ok(Verdict::Change(Box::new(transition)))
    }

    fn resend(&self) -> Result<Verdict, Refusal> {
        if self.status() != Status::Pending {
            return self.conflict();
        }
        if let Some(until) = self.invitation.next_resend().filter(|allowed| *allowed > self.now) {
            return Err(Refusal::ResentRecently { until });
        }
        let mut transition = self.change(|after| after.queue_mail(self.now));
        // The standing is checked as for a new invitation: an invitee who blocked the community since is not mailed.
        let invite = StandingChange::Invite { invitation: self.invitation.id, until: self.invitation.expires_at };
        transition.standings.push((self.invitation.invitee.party(), invite));
        transition.mails.push(NewMail { kind: MailKind::Invitation, to: Addressee::Invitee });
        transition.guards.push(self.community_invites());
        Ok(Verdict::Change(Box::new(transition)))
    }
}

impl Invitation {
    /// Makes the invitation pending: its lifetime begins at `now`, and its mail is queued.
    pub(super) fn make_pending(&mut self, now: Timestamp) {
        self.status = Status::Pending;
        self.expires_at = days_later(now, self.lifetime_days);
        self.queue_mail(now);
    }

    fn queue_mail(&mut self, now: Timestamp) {
        self.mailed_at = Some(now);
        self.delivery = Some(Delivery { state: DeliveryState::Queued, at: now });
    }
}

#[cfg(test)]
mod tests;
