//! The page behind a mail link: what the invitee sees, in every state, as one HTML document without any script.
//!
//! It only shows. What a link may do is decided elsewhere.

pub(crate) mod render;

use std::fmt::Write as _;

use askama::{Template, filters::HtmlSafe};

use crate::plain::Piece;
use domain::{
    community::Community,
    email::EmailAddress,
    invitation::{CommunityLabel, Invitation, Status},
};

/// What a page is about.
#[derive(Debug, Clone, Copy)]
pub enum Page<'a> {
    /// The invitation and how to answer it.
    Pending(PendingPage<'a>),
    /// What became of the invitation to the community, or of the wish to have no more of them.
    Report(Report, &'a CommunityLabel),
    /// The link is none of ours, or its invitation is not kept any more.
    NotFound,
    /// Something failed on our side.
    TryAgain,
}

/// An invitation that waits for its answer.
#[derive(Debug, Clone, Copy)]
pub struct PendingPage<'a> {
    /// The invitation.
    pub invitation: &'a Invitation,
    /// Adds description, member count and rules.
    pub community: Option<&'a Community>,
    /// Which answer stands out.
    pub intent: Intent,
    /// How it is answered.
    pub answering: Answering<'a>,
}

/// The answer that stands out; it comes from the link and decides nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Intent {
    /// Accepting.
    #[default]
    Accept,
    /// Declining.
    Decline,
}

impl Intent {
    /// Returns the intent of `?intent=`; anything but `decline`, whatever a mail program has put behind it, is the
    /// default.
    pub fn of_query(value: Option<&str>) -> Self {
        if value.is_some_and(|value| value.starts_with("decline")) { Self::Decline } else { Self::Accept }
    }
}

/// How an invitation is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answering<'a> {
    /// Both buttons post `answer=accept` or `answer=decline`, the latter with `block=on` if wished.
    Here,
    /// Declining posts; accepting needs an account first.
    AfterRegistration {
        /// Where to register, with the way back (see [`with_return`]). Without it, the page says it in words.
        url: Option<&'a str>,
        /// With which account.
        account: Account<'a>,
    },
    /// Declining posts; accepting is not possible at the moment.
    DecliningHere,
    /// Only a signed-in invitee answers.
    SignedIn {
        /// Where to sign in. Without it, the page says it in words.
        url: Option<&'a str>,
        /// With which account.
        account: Account<'a>,
    },
}

/// The account with which an invitation is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Account<'a> {
    /// The address of the account, if it is the reader's own; the page shows it masked.
    pub address: Option<&'a EmailAddress>,
    /// Where to sign in with it for who is signed in with another one (see [`with_other_account`]). Without it, the
    /// page says it in words.
    pub switch_url: Option<&'a str>,
}

/// What a page reports, or asks, about a community.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Report {
    /// The invitee said yes, now or again.
    Accepted,
    /// The invitee said no, now or again.
    Declined {
        /// Whether the community may never ask again.
        blocked: bool,
    },
    /// The invitee had said yes before, so nothing else can be answered.
    AlreadyAccepted,
    /// The invitee had said no before, so nothing else can be answered.
    AlreadyDeclined,
    /// The invitation's lifetime has passed.
    Expired,
    /// The invitation was withdrawn.
    Cancelled,
    /// The community is gone, or allows no invitations any more.
    InvitationsNotAllowed,
    /// The invitee became a member another way.
    AlreadyMember,
    /// The invitee's account is not active.
    InviteeInactive,
    /// Asks whether to stop invitations from the community: posting the form does, opening the page must not.
    Unsubscribe,
    /// No invitation from the community will come any more.
    Unsubscribed,
}

impl Report {
    /// Returns what to report of an invitation that cannot be answered (any more); `None` while it can.
    pub fn of_status(status: Status) -> Option<Self> {
        match status {
            Status::Pending => None,
            Status::Accepted => Some(Self::AlreadyAccepted),
            Status::Declined => Some(Self::AlreadyDeclined),
            // No link leads to one that was not approved: the approval puts the mail that carries the link into the
            // outbox.
            Status::AwaitingApproval | Status::Rejected | Status::Cancelled => Some(Self::Cancelled),
            Status::Expired => Some(Self::Expired),
        }
    }
}

/// Returns `url` with `return_to=link` in its query: where registration sends people when it is done.
pub fn with_return(url: &str, link: &str) -> String {
    with_query(url, "return_to", link)
}

/// Returns `url` with `prompt=select_account` in its query, which `OpenID` Connect has for people who are signed in
/// with the wrong account, and with the way back, if there is one.
pub fn with_other_account(url: &str, back: Option<&str>) -> String {
    let url = with_query(url, "prompt", "select_account");
    back.map_or_else(|| url.clone(), |back| with_return(&url, back))
}

fn with_query(url: &str, name: &str, value: &str) -> String {
    let (page, fragment) = url.split_at(url.find('#').unwrap_or(url.len()));
    let joint = match page.split_once('?') {
        None => "?",
        Some((_, query)) if query.is_empty() || query.ends_with('&') => "",
        Some(_) => "&",
    };
    let mut encoded = String::new();
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    format!("{page}{joint}{name}={encoded}{fragment}")
}

impl Page<'_> {
    /// Returns the HTTP status that says the same as the page.
    pub fn status(&self) -> u16 {
        match self {
            Self::Pending(_) => 200,
            Self::Report(report, _) => match report {
                Report::Accepted | Report::Declined { .. } | Report::Unsubscribe | Report::Unsubscribed => 200,
                Report::InvitationsNotAllowed | Report::InviteeInactive => 403,
                Report::AlreadyMember => 409,
                Report::AlreadyAccepted | Report::AlreadyDeclined | Report::Expired | Report::Cancelled => 410,
            },
            Self::NotFound => 404,
            Self::TryAgain => 503,
        }
    }
}

/// The parts of a page's wording. Each language's `page.html` has a passage for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PagePart {
    Heading,
    Lead,
    Next,
    Onward,
    Writes,
    About,
    Rules,
    Expiry,
    Answer,
    Accept,
    Decline,
    Block,
    Addressee,
    OtherAccount,
    SignOut,
    Unsubscribe,
    Help,
}

/// What the wording of a page can name.
pub(crate) struct PageValues {
    pub(crate) product: PagePiece,
    pub(crate) community: PagePiece,
    pub(crate) community_name: PagePiece,
    pub(crate) sender: PagePiece,
    pub(crate) sender_name: PagePiece,
    pub(crate) addressee: PagePiece,
    pub(crate) kind: &'static str,
    /// Whether a mail confirms an acceptance.
    pub(crate) confirmed: bool,
    /// Whether the sender is told of an answer.
    pub(crate) told: bool,
}

/// A piece of text: escaped, isolated if it is a name, and a link where it leads somewhere.
///
/// A browser makes no links of text, so that nothing has to keep it from that.
#[derive(Template)]
#[template(path = "page/piece.html")]
pub(crate) struct PagePiece(pub(crate) Piece);

impl HtmlSafe for PagePiece {}
