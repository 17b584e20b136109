//! The page behind a mail link: what the invitee sees, in every state, as one HTML document without any script.
//!
//! Rendering is pure and only shows; what a link may do is decided elsewhere. The wording is in `templates/en.html` and
//! `de.html`, `page.html` arranges it. Text that people wrote passes through `mail::plain` and the templates' escaping.

use std::{fmt::Write as _, sync::LazyLock};

use askama::{Template, filters::HtmlSafe};
use base64::{Engine, prelude::BASE64_STANDARD};
use domain::{
    community::{Community, CommunityType},
    email::EmailAddress,
    invitation::{CommunityLabel, Invitation, Status},
    settings::{Locale, Settings},
};
use mail::{
    RenderError,
    pieces::{self, Piece},
    plain, words,
};
use sha2::{Digest, Sha256};

const STYLE: &str = include_str!("../templates/page.css");

/// The `Content-Security-Policy` of every page: nothing loads, nothing runs, nothing frames it; the one style sheet is
/// known by its digest, and forms lead back to us.
pub fn content_security_policy() -> &'static str {
    static POLICY: LazyLock<String> = LazyLock::new(|| {
        let digest = BASE64_STANDARD.encode(Sha256::digest(STYLE));
        format!(
            "default-src 'none'; style-src 'sha256-{digest}'; form-action 'self'; base-uri 'none'; \
             frame-ancestors 'none'"
        )
    });
    &POLICY
}

/// What a page is about.
#[derive(Debug, Clone, Copy)]
pub enum Page<'a> {
    /// The invitation and how to answer it.
    Offer(Offer<'a>),
    /// What became of the invitation to the community, or of the wish to have no more of them.
    Outcome(Outcome, &'a CommunityLabel),
    /// The link is none of ours, or its invitation is not kept any more.
    NotFound,
    /// Something failed on our side.
    TryAgain,
}

/// An invitation that waits for its answer.
#[derive(Debug, Clone, Copy)]
pub struct Offer<'a> {
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
    /// The intent of `?intent=`; anything but `decline` is the default.
    pub fn of_query(value: Option<&str>) -> Self {
        if value == Some("decline") { Self::Decline } else { Self::Accept }
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
    },
    /// Only a signed-in invitee answers.
    SignedIn {
        /// Where to sign in. Without it, the page says it in words.
        url: Option<&'a str>,
    },
}

/// What a page reports, or asks, about a community.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
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
    /// A moderator has not approved the invitation yet.
    AwaitingApproval,
    /// A moderator refused the invitation.
    Rejected,
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

impl Outcome {
    /// What to report of an invitation that cannot be answered (any more); `None` while it can.
    pub fn of_status(status: Status) -> Option<Self> {
        match status {
            Status::Pending => None,
            Status::AwaitingApproval => Some(Self::AwaitingApproval),
            Status::Accepted => Some(Self::AlreadyAccepted),
            Status::Declined => Some(Self::AlreadyDeclined),
            Status::Rejected => Some(Self::Rejected),
            Status::Cancelled => Some(Self::Cancelled),
            Status::Expired => Some(Self::Expired),
        }
    }
}

/// `url` with `return_to=link` in its query: where registration sends people when it is done.
pub fn with_return(url: &str, link: &str) -> String {
    let (page, fragment) = url.split_at(url.find('#').unwrap_or(url.len()));
    let joint = match page.split_once('?') {
        None => "?",
        Some((_, query)) if query.is_empty() || query.ends_with('&') => "",
        Some(_) => "&",
    };
    let mut encoded = String::new();
    for byte in link.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    format!("{page}{joint}return_to={encoded}{fragment}")
}

impl Page<'_> {
    /// The HTTP status that says the same as the page.
    pub fn status(&self) -> u16 {
        match self {
            Self::Offer(_) => 200,
            Self::Outcome(outcome, _) => match outcome {
                Outcome::Accepted | Outcome::Declined { .. } | Outcome::Unsubscribe | Outcome::Unsubscribed => 200,
                Outcome::InvitationsNotAllowed | Outcome::InviteeInactive => 403,
                Outcome::AwaitingApproval | Outcome::AlreadyMember => 409,
                Outcome::AlreadyAccepted
                | Outcome::AlreadyDeclined
                | Outcome::Expired
                | Outcome::Cancelled
                | Outcome::Rejected => 410,
            },
            Self::NotFound => 404,
            Self::TryAgain => 503,
        }
    }

    /// The HTML document, to be served with [`content_security_policy`].
    pub fn render(&self, settings: &Settings, locale: Locale) -> Result<String, RenderError> {
        let community = self.community();
        let title = community.map(|community| pieces::community_title(community, locale)).unwrap_or_default();
        let kind = community.map_or(CommunityType::Community, |community| community.community_type);
        let sender = match self {
            Self::Offer(Offer { invitation, .. }) => Some(&invitation.sender),
            _ => None,
        };
        let name = sender.map(|sender| pieces::sender_name(sender, locale)).unwrap_or_default();
        let document = Document {
            page: self,
            locale,
            language: words::language_tag(locale),
            style: STYLE,
            product: plain::line(&settings.product_name),
            community: Name(Piece::new(&title, community.and_then(|community| community.url.as_deref()))),
            community_name: Name(Piece::new(&title, None)),
            sender: Name(Piece::new(&name, sender.and_then(|sender| sender.profile_url.as_deref()))),
            sender_name: Name(Piece::new(&name, None)),
            kind: words::community_type(kind, locale),
            offer: match self {
                Self::Offer(offer) => Some(offer.shown(settings, locale)),
                _ => None,
            },
            onward: self.onward(),
            support: settings.support_email.as_deref().filter(|address| address.parse::<EmailAddress>().is_ok()),
        };
        Ok(document.render()?)
    }

    fn community(&self) -> Option<&CommunityLabel> {
        match self {
            Self::Offer(offer) => Some(&offer.invitation.community),
            Self::Outcome(_, community) => Some(community),
            Self::NotFound | Self::TryAgain => None,
        }
    }

    /// Where the reader goes from here.
    fn onward(&self) -> Option<&str> {
        match self {
            Self::Outcome(Outcome::Accepted | Outcome::AlreadyAccepted | Outcome::AlreadyMember, community) => {
                community.url.as_deref().and_then(plain::web_url)
            }
            // The same page, asked for afresh.
            Self::TryAgain => Some("?"),
            _ => None,
        }
    }
}

impl<'a> Offer<'a> {
    fn shown(&self, settings: &Settings, locale: Locale) -> ShownOffer<'a> {
        let community = self.community;
        ShownOffer {
            personal: pieces::is_personal(self.invitation, settings),
            message: pieces::message_lines(self.invitation, locale),
            description: community.and_then(|c| c.description.as_deref()).map(pieces::text_lines).unwrap_or_default(),
            members: community.and_then(|c| c.member_count).map(|count| words::members(count, locale)),
            rules: community.and_then(|c| c.rules_url.as_deref()).and_then(plain::web_url),
            expires: words::moment(self.invitation.expires_at, locale),
            intent: self.intent,
            answering: self.answering,
            elsewhere: match self.answering {
                Answering::Here => None,
                Answering::AfterRegistration { url } | Answering::SignedIn { url } => url.and_then(plain::web_url),
            },
        }
    }
}

/// What `page.html` arranges.
#[derive(Template)]
#[template(path = "page.html")]
struct Document<'a> {
    page: &'a Page<'a>,
    locale: Locale,
    language: &'static str,
    style: &'static str,
    product: String,
    community: Name,
    community_name: Name,
    sender: Name,
    sender_name: Name,
    kind: &'static str,
    offer: Option<ShownOffer<'a>>,
    onward: Option<&'a str>,
    support: Option<&'a str>,
}

impl Document<'_> {
    fn words(&self, part: Part) -> Words<'_> {
        Words { part, page: self.page, locale: self.locale, d: self }
    }

    fn asks_to_unsubscribe(&self) -> bool {
        matches!(self.page, Page::Outcome(Outcome::Unsubscribe, _))
    }
}

/// An offer as the page shows it.
struct ShownOffer<'a> {
    personal: bool,
    message: Vec<Vec<Piece>>,
    description: Vec<Vec<Piece>>,
    members: Option<String>,
    rules: Option<&'a str>,
    expires: String,
    intent: Intent,
    answering: Answering<'a>,
    /// Where registering or signing in happens.
    elsewhere: Option<&'a str>,
}

impl ShownOffer<'_> {
    fn declining(&self) -> bool {
        self.intent == Intent::Decline
    }

    fn accepts_here(&self) -> bool {
        self.answering == Answering::Here
    }

    fn declines_here(&self) -> bool {
        !matches!(self.answering, Answering::SignedIn { .. })
    }
}

/// The stretches of wording that `page.html` puts together. Each language file has a passage for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
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
    Unsubscribe,
    Help,
}

/// A passage of wording, escaped.
#[derive(Template)]
#[template(path = "words.html")]
struct Words<'a> {
    part: Part,
    page: &'a Page<'a>,
    locale: Locale,
    d: &'a Document<'a>,
}

impl HtmlSafe for Words<'_> {}

/// A name, escaped, and a link where it leads somewhere.
#[derive(Template)]
#[template(path = "name.html")]
struct Name(Piece);

impl HtmlSafe for Name {}

#[cfg(test)]
mod tests;
