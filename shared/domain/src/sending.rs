//! SPEC section 3: who may invite, and the outcome for each recipient.

use jiff::{civil::Date, tz::TimeZone};
use serde::{Deserialize, Serialize};

use super::{
    Timestamp,
    community::{Community, Enrolment, MembershipMode, Visibility},
    email::{AddressKey, EmailAddress},
    id::{InvitationId, UserId},
    invitation::{CommunityLabel, Invitation, Invitee, Sender, Status},
    message::Message,
    outbox::{Addressee, MailKind, NewMail, RequestSize},
    person::{Party, Role, Standing, Unwilling, User},
    refusal::Refusal,
    settings::{PeopleSearch, Settings},
    time::{days_later, millis},
    transition::{Guard, StandingChange, Transition},
};

/// What came of one recipient of a bulk send.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// A pending invitation was made.
    Invited,
    /// A request was made that a moderator must approve.
    AwaitingApproval,
    /// The user is a member now (automatic mode).
    Joined,
    /// The recipient is a member already.
    AlreadyMember,
    /// The recipient has a live invitation already.
    AlreadyInvited,
    /// No user has that id.
    UnknownUser,
    /// Inactive, blocked or suppressed: the sender cannot tell which.
    Unavailable,
    /// The sender may invite only their own connections, and this is none.
    NotConnected,
    /// The text is no email address.
    InvalidEmail,
    /// The recipient stands earlier in the same request.
    Duplicate,
    /// The recipient declined lately.
    CoolingDown,
    /// The sender's day is used up.
    OverQuota,
}

impl Outcome {
    /// Every outcome, in SPEC's order.
    pub const ALL: [Self; 12] = [
        Self::Invited,
        Self::AwaitingApproval,
        Self::Joined,
        Self::AlreadyMember,
        Self::AlreadyInvited,
        Self::UnknownUser,
        Self::Unavailable,
        Self::NotConnected,
        Self::InvalidEmail,
        Self::Duplicate,
        Self::CoolingDown,
        Self::OverQuota,
    ];
}

/// The rights of a sender to invite into a community.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SendingRights {
    /// A moderator must approve each invitation.
    pub needs_approval: bool,
    /// Only the sender's connections may be invited. Else any user may, and any address: an outcome that depended on
    /// whether an address is a user's would tell.
    pub connections_only: bool,
}

impl SendingRights {
    /// To invite anyone, at once.
    pub const ANYONE: Self = Self { needs_approval: false, connections_only: false };
}

/// Returns the rights of `user`, who may be a site administrator, to invite into `community`.
///
/// # Errors
/// The rule of SPEC section 3 that forbids it altogether.
pub fn sending_rights(
    site_administrator: bool,
    user: Option<&User>,
    community: Option<&Community>,
    role: Option<Role>,
    settings: &Settings,
) -> Result<SendingRights, Refusal> {
    let user = user.ok_or(Refusal::CallerUnknown)?;
    if !user.active {
        return Err(Refusal::CallerInactive);
    }
    let community = community.ok_or(Refusal::CommunityNotFound)?;
    let rights = match role {
        _ if site_administrator => SendingRights::ANYONE,
        None => return Err(Refusal::NotAMember),
        Some(Role::Administrator | Role::Owner) => SendingRights::ANYONE,
        Some(_) if community.enrolment == Enrolment::Network => return Err(Refusal::InvitersAreAdministrators),
        Some(Role::Moderator) => SendingRights::ANYONE,
        Some(Role::Member) if community.visibility == Visibility::Private => return Err(Refusal::CommunityPrivate),
        Some(Role::Member) => SendingRights {
            needs_approval: community.enrolment == Enrolment::Closed,
            connections_only: settings.members_invite_connections_only,
        },
    };
    check_invites(Some(community))?;
    Ok(rights)
}

/// Refuses for a community that is gone, or allows no invitations.
///
/// # Errors
/// [`Refusal::CommunityNotFound`] or [`Refusal::InvitationsNotAllowed`].
pub fn check_invites(community: Option<&Community>) -> Result<(), Refusal> {
    let community = community.ok_or(Refusal::CommunityNotFound)?;
    if !community.allow_invitations {
        return Err(Refusal::InvitationsNotAllowed);
    }
    Ok(())
}

/// The people that a search by name may find.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SearchScope {
    /// Every active user.
    Everybody,
    /// The connections of who searches.
    Connections,
}

/// Returns the people that a caller who may invite finds by name: moderators and above everybody, members their
/// connections, unless the network has less of it.
///
/// # Errors
/// [`Refusal::PeopleSearchOff`] where the network has none.
pub fn search_scope(site_administrator: bool, role: Option<Role>, settings: &Settings) -> Result<SearchScope, Refusal> {
    let moderates = site_administrator || role.is_some_and(Role::moderates);
    match settings.people_search {
        PeopleSearch::Off => Err(Refusal::PeopleSearchOff),
        PeopleSearch::Everybody if moderates => Ok(SearchScope::Everybody),
        PeopleSearch::Everybody | PeopleSearch::Connections => Ok(SearchScope::Connections),
    }
}

/// What all invitations of one request have in common.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// What it invites to.
    pub community: CommunityLabel,
    /// When the community that had the id before was removed, if one was.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "millis")]
    pub community_since: Option<Timestamp>,
    /// Who sends it.
    pub sender: Sender,
    /// The sender's words, or the network's.
    pub message: Option<Message>,
    /// Days until it expires.
    pub lifetime_days: u32,
    /// Whether invited users become members at once.
    pub mode: MembershipMode,
    /// Whether no mail tells the invitees, since the platform does.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub silent: bool,
    /// The sender's rights.
    #[serde(rename = "reach")]
    pub rights: SendingRights,
    /// The moment of the request.
    #[serde(with = "jiff::fmt::serde::timestamp::millisecond::required")]
    pub now: Timestamp,
    /// When invitees are reminded, if they are.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "millis")]
    pub reminder_at: Option<Timestamp>,
}

/// A recipient, as far as the directory knows one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recipient {
    /// An id that no user has.
    UnknownUser,
    /// Text that is no address.
    InvalidEmail,
    /// A user, by id or by the verified address.
    User {
        /// Who it is.
        user: Box<User>,
        /// How they stand with the community.
        standing: Standing,
        /// Whether they are a connection of the sender's.
        connected: bool,
        /// Whether mail to their address bounced for good or was called spam.
        suppressed: bool,
        /// The address that they were named by, if they were.
        typed: Option<EmailAddress>,
    },
    /// An address of no user.
    Address {
        /// The address.
        email: EmailAddress,
        /// How its owner stands with the community.
        standing: Standing,
        /// Whether mail to it bounced for good or was called spam.
        suppressed: bool,
    },
}

/// Why a recipient gets no invitation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotInvited {
    /// The outcome to report.
    pub outcome: Outcome,
    /// The first moment at which the same request may succeed.
    pub retry_after: Option<Timestamp>,
}

impl From<Outcome> for NotInvited {
    fn from(outcome: Outcome) -> Self {
        Self { outcome, retry_after: None }
    }
}

impl Recipient {
    /// The party that an invitation would be for, if there is one.
    pub fn party(&self) -> Option<Party> {
        match self {
            Self::UnknownUser | Self::InvalidEmail => None,
            Self::User { user, .. } => Some(Party::User(user.id.clone())),
            Self::Address { email, .. } => Some(Party::Address(email.key())),
        }
    }

    /// Whether the sender of the live invitation named them by an address.
    pub fn is_invited_by_address(&self) -> bool {
        matches!(self, Self::User { standing, .. } | Self::Address { standing, .. } if standing.live_by_address)
    }

    /// A user's present address.
    fn email(&self) -> Option<&EmailAddress> {
        match self {
            Self::User { user, .. } => user.email.as_ref(),
            Self::UnknownUser | Self::InvalidEmail | Self::Address { .. } => None,
        }
    }

    /// The key of a user's present address.
    pub fn address(&self) -> Option<AddressKey> {
        self.email().map(EmailAddress::key)
    }

    /// The invitee that the recipient makes at `now` for a sender with these rights, or why they make none. An
    /// invitation that is their `own` live one already does not stand in its own way.
    ///
    /// # Errors
    /// The outcome that SPEC section 4 names. A sender who may not invite a person learns nothing else about them, and
    /// a block hides everything but itself.
    pub fn admit(
        &self,
        rights: SendingRights,
        own: Option<InvitationId>,
        now: Timestamp,
    ) -> Result<Invitee, NotInvited> {
        let (invitee, standing, unavailable) = match self {
            Self::UnknownUser => return Err(Outcome::UnknownUser.into()),
            Self::InvalidEmail => return Err(Outcome::InvalidEmail.into()),
            // An address is nobody's connection: that a connection's were told apart would say whose it is.
            Self::User { connected: false, .. } | Self::User { typed: Some(_), .. } | Self::Address { .. }
                if rights.connections_only =>
            {
                return Err(Outcome::NotConnected.into());
            }
            Self::User { user, standing, suppressed, typed, .. } => {
                (Invitee::user(user, typed.as_ref()), standing, !user.active || *suppressed)
            }
            Self::Address { email, standing, suppressed } => (Invitee::address(email.clone()), standing, *suppressed),
        };
        let unwilling = standing.unwilling_at(self.email(), now);
        if standing.role.is_some() {
            return Err(Outcome::AlreadyMember.into());
        }
        if unavailable || unwilling == Some(Unwilling::ForEver) {
            return Err(Outcome::Unavailable.into());
        }
        if standing.live_at(now).is_some_and(|live| Some(live) != own) {
            return Err(Outcome::AlreadyInvited.into());
        }
        match unwilling {
            Some(Unwilling::Until(until)) => {
                Err(NotInvited { outcome: Outcome::CoolingDown, retry_after: Some(until) })
            }
            _ => Ok(invitee),
        }
    }
}

impl Terms {
    /// The invitation named `id` for `recipient`, or why there is none.
    ///
    /// # Errors
    /// As [`Recipient::admit`].
    pub fn make(&self, id: InvitationId, recipient: &Recipient) -> Result<Transition, NotInvited> {
        let invitee = recipient.admit(self.rights, None, self.now)?;
        Ok(self.transition(id, invitee, recipient.address()))
    }

    /// The invitation named `id` as it is made for `invitee`.
    pub fn invitation(&self, id: InvitationId, invitee: Invitee) -> Invitation {
        let joins = self.mode == MembershipMode::Automatic && matches!(invitee, Invitee::User { .. });
        let mut invitation = Invitation {
            id,
            community: self.community.clone(),
            community_since: self.community_since,
            sender: self.sender.clone(),
            invitee,
            status: Status::AwaitingApproval,
            message: self.message.clone(),
            // A request that is resumed later keeps its place among the others.
            created_at: id.made_at(),
            expires_at: days_later(self.now, self.lifetime_days),
            lifetime_days: self.lifetime_days,
            silent: self.silent,
            offered: false,
            joins_on_approval: joins && self.rights.needs_approval,
            answered_at: None,
            decided_by: None,
            reason: None,
            withdrawal: None,
            delivery: None,
            mailed_at: None,
            revision: 1,
        };
        match (self.rights.needs_approval, joins) {
            (true, _) => {}
            (false, true) => invitation.status = Status::Accepted,
            (false, false) => invitation.make_pending(self.now),
        }
        invitation
    }

    fn transition(&self, id: InvitationId, invitee: Invitee, address: Option<AddressKey>) -> Transition {
        let (party, by_address) = (invitee.party(), invitee.is_named_by_address());
        let invitation = self.invitation(id, invitee);
        let mails = match invitation.status {
            // The request as a whole asks the moderators.
            Status::AwaitingApproval => Vec::new(),
            // The platform tells the invitee itself.
            _ if invitation.silent => Vec::new(),
            Status::Accepted => vec![NewMail::new(MailKind::Joined, Addressee::Invitee)],
            _ => invitation_mails(self.reminder_at),
        };
        let standing = match invitation.status {
            Status::Accepted => StandingChange::Enrol { invitation: id, address },
            _ => StandingChange::Invite { invitation: id, until: invitation.expires_at, address, by_address },
        };
        let mut guards =
            vec![Guard::CommunityInvites(self.community.id.clone()), Guard::Active(self.sender.id.clone())];
        guards.push(match &party {
            Party::Address(key) => Guard::Unowned(key.clone()),
            // A user who is being erased is not invited by a request that read them before.
            Party::User(id) => Guard::Active(id.clone()),
        });
        Transition { from: None, invitation, standings: vec![(party, standing)], mails, guards }
    }
}

/// The mails of an invitation that becomes pending, with a reminder where one is wanted.
pub(crate) fn invitation_mails(reminder_at: Option<Timestamp>) -> Vec<NewMail> {
    let invitation = NewMail::new(MailKind::Invitation, Addressee::Invitee);
    let reminder = |at| NewMail { not_before: Some(at), ..NewMail::new(MailKind::Reminder, Addressee::Invitee) };
    [invitation].into_iter().chain(reminder_at.map(reminder)).collect()
}

/// Has the moderators hear of a request by the first of its invitations, once for all that wait for approval. `true` if
/// one of these does.
pub fn ask_moderators<'a>(made: impl IntoIterator<Item = &'a mut Transition>, size: RequestSize) -> bool {
    let mut waiting = made.into_iter().filter(|one| one.invitation.status == Status::AwaitingApproval);
    let Some(first) = waiting.next() else { return false };
    let request = (size.invitations > 1).then_some(size);
    let asks = NewMail { request, ..NewMail::new(MailKind::ApprovalNeeded, Addressee::Moderators) };
    first.mails.push(asks);
    true
}

/// The outcome that a new invitation is reported as.
pub fn outcome_of(made: &Invitation) -> Outcome {
    match made.status {
        Status::AwaitingApproval => Outcome::AwaitingApproval,
        Status::Accepted => Outcome::Joined,
        _ => Outcome::Invited,
    }
}

/// A sender's allowance for one UTC day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quota {
    /// The sender.
    pub sender: UserId,
    /// The day.
    pub day: Date,
    /// Invitations already made that day.
    pub used: u32,
    /// Invitations that may be made in a day.
    pub limit: u32,
}

impl Quota {
    /// The day that `now` is in.
    pub fn day(now: Timestamp) -> Date {
        now.to_zoned(TimeZone::UTC).date()
    }

    /// Invitations that may still be made.
    pub fn left(&self) -> u32 {
        self.limit.saturating_sub(self.used)
    }

    /// When the next day begins.
    pub fn renews_at(&self) -> Timestamp {
        end_of(self.day)
    }

    /// When the day ends that `now` is in.
    pub fn day_ends(now: Timestamp) -> Timestamp {
        end_of(Self::day(now))
    }
}

/// When the UTC day ends.
fn end_of(day: Date) -> Timestamp {
    let midnight = day.tomorrow().and_then(|day| day.to_zoned(TimeZone::UTC));
    midnight.map_or(Timestamp::MAX, |midnight| midnight.timestamp())
}
