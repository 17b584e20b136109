//! SPEC section 2: how an invitation changes, and who may change it.
//!
//! Each function takes the invitation as it was read, the person who acts, and the time, and returns what changes. A
//! fact that was not read but must hold (the community allows invitations, the caller moderates it) becomes a [`Guard`]
//! of the transition, which the write itself checks. That keeps an operation at one read and one write.

use super::{
    Timestamp,
    email::AddressKey,
    fact::Fact,
    id::UserId,
    invitation::{Delivery, DeliveryState, Invitation, InvitedAs, Invitee, Sender, Status, WithdrawalReason},
    mailbox::Mailbox,
    outbox::{Addressee, MailKind, NewMail},
    person::{Party, User},
    refusal::Refusal,
    sending::{NotInvited, Outcome, SendingRights, check_invites, invitation_mails, sending_rights},
    settings::{EmailLinkResponse, SenderNotices, Settings},
    surroundings::Surroundings,
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
    /// A moderator approves it.
    Approve,
    /// A moderator rejects it.
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
    /// The verdict depends on the caller's role, which must be read first.
    RoleNeeded,
    /// The verdict depends on the surroundings, which must be read first.
    SurroundingsNeeded,
}

/// Decides a caller's command at `now`.
///
/// # Errors
/// The first rule that stands in the way. A caller who may not see the invitation learns only that there is none.
pub fn decide(
    command: &Command,
    invitation: &Invitation,
    viewer: &Viewer<'_>,
    around: &Surroundings,
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
            step.accept(invitee, viewer.user.map(|user| Guard::Active(user.id.clone())), settings)
        }
        Command::Decline { block } => {
            let mailbox = Mailbox::of_viewer(viewer, &around.mailbox_owner, invitation);
            step.decline(*block, mailbox.as_ref(), settings)
        }
        Command::Cancel => step.cancel(),
        Command::Approve => step.approve(&viewer.caller.id, around, settings),
        Command::Reject { reason } => step.reject(&viewer.caller.id, reason.clone()),
        Command::Resend => step.resend(around),
    };
    authority.apply(verdict)
}

/// Decides an answer given on the page behind a mail link. The link proves the mailbox; no token proves the person.
///
/// # Errors
/// [`Refusal::SignInNeeded`] where the network wants sign-in, or where the mailbox is not the invitee's;
/// [`Refusal::RegistrationNeeded`] when an address without a user accepts; [`Refusal::Conflict`] where the state
/// forbids it.
pub fn decide_by_link(
    command: &Command,
    invitation: &Invitation,
    mailbox: &Mailbox,
    settings: &Settings,
    now: Timestamp,
) -> Result<Verdict, Refusal> {
    let status = invitation.status_at(now);
    if settings.email_link_response == EmailLinkResponse::SignIn && status == Status::Pending {
        return Err(Refusal::SignInNeeded);
    }
    let step = Step { invitation, now };
    let verdict = match (command, &invitation.invitee) {
        (Command::Accept, Invitee::User { id, .. }) => {
            let acts = Guard::OwnedByActive(mailbox.address.clone(), id.clone());
            step.accept(invitation.invitee.clone(), Some(acts), settings)
        }
        (Command::Accept, Invitee::Address { .. }) if status == Status::Pending => Err(Refusal::RegistrationNeeded),
        (Command::Accept, Invitee::Address { .. }) => step.accept(invitation.invitee.clone(), None, settings),
        (Command::Decline { block }, _) => step.decline(*block, Some(mailbox), settings),
        _ => Err(Refusal::InvitationNotFound),
    };
    match verdict {
        Ok(Verdict::Change(_)) if !mailbox.is_invitee(invitation) => Err(Refusal::SignInNeeded),
        verdict => verdict,
    }
}

/// Decides the wish to get no more invitations from the community. A pending invitation is declined, and in any state
/// the community must never invite again. A mailbox that is not the invitee's speaks for itself alone: it gets no more
/// mail from the community, and the invitee may still answer.
///
/// # Errors
/// None. The signature is that of the other decisions.
pub fn unsubscribe(
    invitation: &Invitation,
    mailbox: &Mailbox,
    settings: &Settings,
    now: Timestamp,
) -> Result<Verdict, Refusal> {
    let step = Step { invitation, now };
    if !mailbox.is_invitee(invitation) {
        let mut transition = step.change(|_| {});
        mailbox.block(&mut transition);
        return Ok(Verdict::Change(Box::new(transition)));
    }
    match step.status() {
        Status::Pending => step.decline(true, Some(mailbox), settings),
        _ => Ok(step.block(Some(mailbox))),
    }
}

/// Marks an invitation whose lifetime has passed as expired. `None` unless that is so.
pub fn expire(invitation: &Invitation, now: Timestamp) -> Option<Transition> {
    let lapsed = !invitation.status.is_final() && invitation.status_at(now) == Status::Expired;
    // The standing may already hold a newer invitation; a lapsed one in it counts for nothing.
    lapsed.then(|| change(invitation, |after| after.status = Status::Expired))
}

/// Withdraws a live invitation for a reason other than a decision on it. `None` when it is not live.
pub fn withdraw(invitation: &Invitation, why: WithdrawalReason, now: Timestamp) -> Option<Transition> {
    match (Step { invitation, now }).cancel() {
        Ok(Verdict::Change(mut transition)) => {
            transition.invitation.withdrawal = Some(why);
            Some(*transition)
        }
        _ => None,
    }
}

/// Ends an invitation that is stored as live: withdraws it for that reason, or stores its expiry if it has lapsed.
/// `None` when nothing is left to do.
pub fn end(invitation: &Invitation, why: WithdrawalReason, now: Timestamp) -> Option<Transition> {
    withdraw(invitation, why, now).or_else(|| expire(invitation, now))
}

/// Ends `other`, which the standing of the party that joins still names: a member has no live invitation. It must be
/// written together with `joining`. `None` if it is not live any more.
pub fn make_moot(joining: &mut Transition, other: &Invitation, now: Timestamp) -> Option<Transition> {
    let concerned = other.invitee.party();
    for (party, change) in &mut joining.standings {
        if let StandingChange::Join { ends, .. } = change
            && *party == concerned
        {
            *ends = other.id;
        }
    }
    withdraw(other, WithdrawalReason::JoinedAnotherWay, now)
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
    let invite = StandingChange::Invite {
        invitation: invitation.id,
        until: invitation.expires_at,
        address: user.address(),
        by_address: true,
    };
    transition.standings = vec![
        (invitation.invitee.party(), StandingChange::Release { invitation: invitation.id }),
        (Party::User(user.id.clone()), invite),
    ];
    if let Party::Address(key) = invitation.invitee.party() {
        transition.guards.push(Guard::Owned(key, user.id.clone()));
    }
    Some(transition)
}

/// Erases a user from an invitation: ends a live one, and removes their name and address. `None` when nothing is left
/// to do.
pub fn erase(
    invitation: &Invitation,
    user: &UserId,
    address: Option<&AddressKey>,
    now: Timestamp,
) -> Option<Transition> {
    let ended = end(invitation, WithdrawalReason::PersonRemoved, now);
    let mut transition = ended.unwrap_or_else(|| change(invitation, |_| {}));
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

/// Gives an invitation the present name of the user it is for, by which it is found. `None` when it has that name, or
/// is not theirs.
pub fn rename(invitation: &Invitation, user: &User) -> Option<Transition> {
    let is_theirs = invitation.invitee.party() == Party::User(user.id.clone());
    let Invitation { invitee, .. } = invitation.clone().relabelled(None, None, Some(user));
    (is_theirs && invitee != invitation.invitee).then(|| change(invitation, |after| after.invitee = invitee))
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
    /// It exists if the write finds these guards to hold.
    Provided(Vec<Guard>),
    /// It does not exist; the refusal depends on the role.
    RoleNeeded,
}

impl Authority {
    /// Adds the guard to a change. A verdict that changes nothing has no write to check the role in, and a
    /// refusal would tell a stranger about the invitation: both need the role first.
    fn apply(self, verdict: Result<Verdict, Refusal>) -> Result<Verdict, Refusal> {
        match (self, verdict) {
            (Self::Known, verdict) => verdict,
            (Self::Provided(_), Ok(Verdict::SurroundingsNeeded)) => Ok(Verdict::SurroundingsNeeded),
            (Self::Provided(guards), Ok(Verdict::Change(mut transition))) => {
                transition.guards.extend(guards);
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
        // A verified address in the token is enough for an invitation to that address, and to repeat the answer:
        // accepted, it names the user alone.
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
            let belongs = Guard::Belongs(viewer.caller.id.clone(), invitation.community.id.clone());
            Ok(Authority::Provided(vec![belongs]))
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
            let community = &invitation.community.id;
            let moderates = Guard::Moderates(viewer.caller.id.clone(), community.clone());
            Ok(Authority::Provided(vec![moderates, Guard::Unreplaced(community.clone())]))
        }
    }
}

/// The invitee from the moment of acceptance: an address becomes the user it belongs to.
fn invitee_of(invitation: &Invitation, viewer: &Viewer<'_>) -> Invitee {
    match &invitation.invitee {
        invitee @ Invitee::User { .. } => invitee.clone(),
        Invitee::Address { email, .. } => Invitee::User {
            id: viewer.caller.id.clone(),
            display_name: viewer.user.map(|user| user.display_name.clone().into()),
            // Kept until the directory has a name: it tells an unknown one from one that was erased.
            invited_as: email.clone().filter(|_| viewer.user.is_none()).map(InvitedAs::Address),
        },
    }
}

/// The sender, where the network has them hear of answers by mail.
fn sender_who_hears(settings: &Settings) -> Option<Addressee> {
    (settings.sender_notices != SenderNotices::None).then_some(Addressee::Sender)
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

    /// The refusal of an invitation that exists already, for the reason why nobody would make it now.
    fn not_invited(&self, why: &NotInvited) -> Refusal {
        match why.outcome {
            Outcome::AlreadyMember => Refusal::AlreadyMember(self.status()),
            Outcome::NotConnected => Refusal::SenderMayNotInvite(self.status()),
            _ => Refusal::InviteeUnavailable(self.status()),
        }
    }

    fn community_invites(&self) -> Guard {
        Guard::CommunityInvites(self.invitation.community.id.clone())
    }

    fn release(&self) -> (Party, StandingChange) {
        (self.invitation.invitee.party(), StandingChange::Release { invitation: self.invitation.id })
    }

    /// `acts` is what must hold of the accepting user where the directory has one; a verified address may come without.
    fn accept(&self, invitee: Invitee, acts: Option<Guard>, settings: &Settings) -> Result<Verdict, Refusal> {
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
        if before != after {
            transition.standings.push(self.release());
        }
        let join = StandingChange::Join { invitation: self.invitation.id, ends: self.invitation.id };
        transition.standings.push((after, join));
        let to_invitee = settings.invitee_confirmation.then_some(Addressee::Invitee);
        let told = to_invitee.into_iter().chain(sender_who_hears(settings));
        transition.mails = told.map(|to| NewMail::new(MailKind::MembershipConfirmed, to)).collect();
        transition.guards.push(self.community_invites());
        transition.guards.extend(acts);
        Ok(Verdict::Change(Box::new(transition)))
    }

    /// `mailbox` is the one that the invitee is known to read.
    fn decline(&self, block: bool, mailbox: Option<&Mailbox>, settings: &Settings) -> Result<Verdict, Refusal> {
        match self.status() {
            Status::Pending => {}
            // An invitee who declined may still block.
            Status::Declined if block => return Ok(self.block(mailbox)),
            Status::Declined => return Ok(Verdict::Unchanged),
            _ => return self.conflict(),
        }
        let mut transition = self.change(|after| {
            after.status = Status::Declined;
            after.answered_at = Some(self.now);
        });
        let cooling_until = days_later(self.now, settings.decline_cooldown_days.get());
        let decline = StandingChange::Decline { invitation: self.invitation.id, cooling_until, block };
        transition.standings.push((self.invitation.invitee.party(), decline));
        if let Some(mailbox) = mailbox {
            mailbox.decline(&mut transition, cooling_until, block);
        }
        transition.mails.extend(sender_who_hears(settings).map(|to| NewMail::new(MailKind::Declined, to)));
        Ok(Verdict::Change(Box::new(transition)))
    }

    /// Blocks the community for the invitee, and for the mailbox that they read, whatever becomes of the invitation.
    fn block(&self, mailbox: Option<&Mailbox>) -> Verdict {
        let mut transition = self.change(|_| {});
        // The owner of an address is known, or the write fails.
        let anew = mailbox.is_some_and(|mailbox| mailbox.is_invitee(self.invitation));
        transition.standings.push((self.invitation.invitee.party(), StandingChange::Block { anew }));
        if let Some(mailbox) = mailbox {
            mailbox.block(&mut transition);
        }
        Verdict::Change(Box::new(transition))
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

    /// Approving asks all that sending asked: of the sender, whether they may still invite there, and of the invitee,
    /// whether they may be invited. A site administrator's invitations need no approval, so that no sender here is one.
    fn approve(&self, approver: &UserId, around: &Surroundings, settings: &Settings) -> Result<Verdict, Refusal> {
        let invitation = self.invitation;
        match self.status() {
            Status::AwaitingApproval => {}
            Status::Pending if invitation.decided_by.is_some() => return Ok(Verdict::Unchanged),
            // In automatic mode the approval made the invitee a member.
            Status::Accepted if invitation.joins_on_approval => return Ok(Verdict::Unchanged),
            _ => return self.conflict(),
        }
        let (Fact::Known(community), Fact::Known(sender), Fact::Known(invitee)) =
            (&around.community, &around.sender, &around.invitee)
        else {
            return Ok(Verdict::SurroundingsNeeded);
        };
        let rights = sending_rights(false, sender.user.as_ref(), community.as_ref(), sender.role, settings);
        let rights = rights.map_err(|refusal| match refusal {
            Refusal::CommunityNotFound | Refusal::InvitationsNotAllowed => refusal,
            _ => Refusal::SenderMayNotInvite(self.status()),
        })?;
        invitee.admit(rights, Some(invitation.id), self.now).map_err(|why| self.not_invited(&why))?;
        let party = invitation.invitee.party();
        let joins = invitation.joins_on_approval && matches!(party, Party::User(_));
        let mut transition = self.change(|after| {
            after.decided_by = Some(approver.clone());
            if joins {
                after.status = Status::Accepted;
                after.expires_at = days_later(self.now, after.lifetime_days);
            } else {
                after.make_pending(self.now);
            }
        });
        let (sending, community) = (&invitation.sender.id, &invitation.community.id);
        transition.guards.push(Guard::Active(sending.clone()));
        transition.guards.extend(sender.role.map(|role| Guard::HasRole(sending.clone(), community.clone(), role)));
        if let Party::User(invitee) = &party {
            transition.guards.push(Guard::Active(invitee.clone()));
        }
        let address = invitee.address();
        let (standing, mails) = if joins {
            let joined = NewMail::new(MailKind::Joined, Addressee::Invitee);
            (StandingChange::Enrol { invitation: invitation.id, address }, vec![joined])
        } else {
            let until = transition.invitation.expires_at;
            let reminder_at = settings.reminder(self.now, invitation.lifetime_days);
            let by_address = invitation.invitee.is_named_by_address();
            let invite = StandingChange::Invite { invitation: invitation.id, until, address, by_address };
            (invite, invitation_mails(reminder_at))
        };
        transition.standings.push((party, standing));
        if !invitation.silent {
            transition.mails = mails;
        }
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
        transition.mails.push(NewMail::new(MailKind::RequestRejected, Addressee::Sender));
        Ok(Verdict::Change(Box::new(transition)))
    }

    /// Resending asks of the community and of the invitee all that sending asked.
    fn resend(&self, around: &Surroundings) -> Result<Verdict, Refusal> {
        if self.status() != Status::Pending {
            return self.conflict();
        }
        if let Some(until) = self.invitation.next_resend().filter(|allowed| *allowed > self.now) {
            return Err(Refusal::ResentRecently { until });
        }
        let (Fact::Known(community), Fact::Known(invitee)) = (&around.community, &around.invitee) else {
            return Ok(Verdict::SurroundingsNeeded);
        };
        check_invites(community.as_ref())?;
        let id = self.invitation.id;
        invitee.admit(SendingRights::ANYONE, Some(id), self.now).map_err(|why| self.not_invited(&why))?;
        let mut transition = self.change(|after| after.queue_mail(self.now));
        let (until, address) = (self.invitation.expires_at, invitee.address());
        let by_address = self.invitation.invitee.is_named_by_address();
        let invite = StandingChange::Invite { invitation: id, until, address, by_address };
        transition.standings.push((self.invitation.invitee.party(), invite));
        transition.mails.push(NewMail::new(MailKind::Invitation, Addressee::Invitee));
        transition.guards.push(self.community_invites());
        Ok(Verdict::Change(Box::new(transition)))
    }
}

impl Invitation {
    /// Makes the invitation pending: its lifetime begins at `now`, and its mail is queued, unless the platform tells of
    /// it.
    pub(super) fn make_pending(&mut self, now: Timestamp) {
        self.status = Status::Pending;
        self.expires_at = days_later(now, self.lifetime_days);
        if self.silent {
            self.offered = true;
        } else {
            self.queue_mail(now);
        }
    }

    fn queue_mail(&mut self, now: Timestamp) {
        self.mailed_at = Some(now);
        self.delivery = Some(Delivery { state: DeliveryState::Queued, at: now });
    }
}

#[cfg(test)]
mod tests;
