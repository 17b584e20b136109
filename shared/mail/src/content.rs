//! What each mail of SPEC section 5 says: one variant, and one row of [`MailContent::features`], per mail.

use askama::{Template, filters::HtmlSafe};

use crate::{
    direction::{Direction, can_move},
    plain::Piece,
};
use domain::{
    invitation::Invitation,
    outbox::{Addressee, MailKind, OutboxMail},
};

/// The absolute URLs that an invitation mail carries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Links {
    /// The page with the accept button standing out.
    pub accept: String,
    /// The page with the decline button standing out.
    pub decline: String,
    /// The page that stops further invitations from the community.
    pub unsubscribe: String,
}

/// An answer that a sender is told of.
#[derive(Debug, Clone, Copy)]
pub struct Answer<'a> {
    /// The mail that would tell of it alone.
    pub(crate) content: &'a MailContent<'a>,
    pub(crate) invitation: &'a Invitation,
}

impl<'a> Answer<'a> {
    /// Returns the answer that a mail of that kind tells its invitation's sender of; `None` if it tells of none.
    pub fn new(kind: MailKind, invitation: &'a Invitation) -> Option<Self> {
        let content = match kind {
            MailKind::MembershipConfirmed => &MailContent::MembershipConfirmedToSender,
            MailKind::Declined => &MailContent::Declined,
            _ => return None,
        };
        Some(Self { content, invitation })
    }
}

/// What a mail says, with all that the invitation does not know.
#[derive(Debug, Clone, Copy)]
pub enum MailContent<'a> {
    /// To the invitee: you are invited.
    Invitation {
        /// Where to answer.
        links: &'a Links,
    },
    /// To the invitee: the invitation expires soon.
    Reminder {
        /// Where to answer.
        links: &'a Links,
    },
    /// To the invitee: you are a member now (automatic mode).
    Joined {
        /// Where to stop further invitations.
        links: &'a Links,
    },
    /// To the invitee: you accepted and are a member now.
    MembershipConfirmedToInvitee,
    /// To the sender: your invitation was accepted.
    MembershipConfirmedToSender,
    /// To moderators and above: a member asks to invite somebody.
    ApprovalNeeded,
    /// To moderators and above: a member asks to invite several people.
    ApprovalsNeeded {
        /// How many.
        people: u16,
    },
    /// To the sender: your request was rejected, for the invitation's reason if it has one.
    RequestRejected {
        /// The full name of the administrator who decided; may be empty when it is gone.
        decided_by: &'a str,
    },
    /// To the sender: the invitee said no.
    Declined,
    /// To the sender: what several invitees said.
    Answers {
        /// The answer to the mail's own invitation.
        first: Answer<'a>,
        /// The others.
        carried: &'a [Answer<'a>],
        /// How many more there are.
        more: usize,
    },
}

impl<'a> MailContent<'a> {
    /// Returns what a mail says to its addressee of its own invitation, or of its request.
    pub fn new(mail: &OutboxMail, links: &'a Links, decided_by: &'a str) -> Self {
        match (mail.kind, &mail.to) {
            (MailKind::Invitation, _) => Self::Invitation { links },
            (MailKind::Reminder, _) => Self::Reminder { links },
            (MailKind::Joined, _) => Self::Joined { links },
            (MailKind::MembershipConfirmed, Addressee::Invitee) => Self::MembershipConfirmedToInvitee,
            (MailKind::MembershipConfirmed, _) => Self::MembershipConfirmedToSender,
            (MailKind::ApprovalNeeded, _) => match mail.request {
                Some(request) => Self::ApprovalsNeeded { people: request.invitations },
                None => Self::ApprovalNeeded,
            },
            (MailKind::RequestRejected, _) => Self::RequestRejected { decided_by },
            (MailKind::Declined, _) => Self::Declined,
        }
    }

    /// Returns what the mail has besides its wording: one row per mail.
    pub(crate) fn features(&self) -> Features<'a> {
        let none = Features::default();
        match *self {
            Self::Invitation { links } | Self::Reminder { links } => Features {
                quote: Quote::Message,
                buttons: Buttons::Answer(links),
                about: true,
                unsubscribe: Some(&links.unsubscribe),
                ..none
            },
            Self::Joined { links } => Features {
                quote: Quote::PersonalMessage,
                buttons: Buttons::Visit,
                about: true,
                unsubscribe: Some(&links.unsubscribe),
                ..none
            },
            Self::MembershipConfirmedToInvitee => Features { buttons: Buttons::Visit, ..none },
            Self::ApprovalNeeded => {
                Features { names_invitee: true, quote: Quote::PersonalMessage, buttons: Buttons::Visit, ..none }
            }
            Self::ApprovalsNeeded { .. } => Features { quote: Quote::PersonalMessage, buttons: Buttons::Visit, ..none },
            Self::RequestRejected { .. } => Features { names_invitee: true, quote: Quote::Reason, ..none },
            Self::MembershipConfirmedToSender | Self::Declined | Self::Answers { .. } => {
                Features { names_invitee: true, ..none }
            }
        }
    }
}

/// What a mail has besides its wording; by default nothing.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Features<'a> {
    /// Whether the mail may name the invitee, or their address: only senders and moderators may read it.
    pub(crate) names_invitee: bool,
    /// What a person wrote.
    pub(crate) quote: Quote,
    pub(crate) buttons: Buttons<'a>,
    /// Whether the community introduces itself.
    pub(crate) about: bool,
    /// Where to stop further invitations.
    pub(crate) unsubscribe: Option<&'a str>,
}

/// Which text of a person a mail quotes.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) enum Quote {
    #[default]
    None,
    /// The invitation's message, or the one that stands for it.
    Message,
    /// The invitation's message, if it is the sender's own words.
    PersonalMessage,
    /// The reason of a rejection, if there is one.
    Reason,
}

/// Which buttons a mail has.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) enum Buttons<'a> {
    #[default]
    None,
    /// Accept and decline.
    Answer(&'a Links),
    /// To the community, if it has a URL.
    Visit,
}

/// The parts of a mail's wording. Each language's `mail.txt` has a passage for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MailPart {
    Subject,
    Opening,
    Closing,
    Because,
    Accept,
    Decline,
    Visit,
    About,
    Rules,
    Unsubscribe,
    Help,
}

impl MailPart {
    /// Whether the part is the label of a link.
    pub(crate) fn is_link(self) -> bool {
        matches!(self, Self::Accept | Self::Decline | Self::Visit | Self::Rules | Self::Unsubscribe)
    }
}

/// What the wording of a mail can name. `N` is a name as the format shows it, already safe in that format.
pub(crate) struct MailValues<N> {
    pub(crate) sender: N,
    pub(crate) sender_name: N,
    pub(crate) community: N,
    pub(crate) community_name: N,
    pub(crate) invitee: N,
    pub(crate) administrator: N,
    pub(crate) product: N,
    pub(crate) kind: &'static str,
    pub(crate) expires: String,
    /// How many people, invitations or answers the mail is about.
    pub(crate) count: String,
    /// How many of them it does not name; empty where it names all.
    pub(crate) more: String,
    /// Whether the message is the sender's own words.
    pub(crate) personal: bool,
    /// Whether invitees with an account become members by the approval.
    pub(crate) joins: bool,
    /// Whether the rejection has a reason.
    pub(crate) reason: bool,
}

/// A piece of text in HTML: escaped, isolated if it is a name, and a link where it leads somewhere.
///
/// Many mail programs drop `<bdi>` and keep `dir`, so that a name that could move what is around it has both.
///
/// Mail programs make links of what looks like one, unless it is in an anchor already: so it is put into one that leads
/// nowhere. For those that look at each stretch of text alone, `<wbr>` cuts it. Neither shows, and neither is copied.
#[derive(Template)]
#[template(path = "mail/piece.html")]
pub(crate) struct HtmlPiece {
    pub(crate) piece: Piece,
    /// The direction of the text around it.
    pub(crate) among: Direction,
    /// Whether it stands in a link's label, where no other anchor may be.
    pub(crate) in_link: bool,
}

impl HtmlPiece {
    /// Whether an anchor has to keep a stretch of these parts from becoming a link.
    fn is_dead_link(&self, parts: &[&str]) -> bool {
        parts.len() > 1 && !self.in_link && self.piece.href.is_none()
    }

    fn can_move(&self) -> bool {
        self.piece.is_name && can_move(&self.piece.text, self.among)
    }
}

impl HtmlSafe for HtmlPiece {}
