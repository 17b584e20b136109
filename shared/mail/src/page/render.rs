//! Puts a page together: its wording, the names in it, and the layout.

use std::sync::LazyLock;

use askama::{Template, filters::Safe};
use base64::{Engine, prelude::BASE64_STANDARD};
use sha2::{Digest, Sha256};

use crate::{
    direction::{Direction, isolated},
    language,
    page::{Account, Answering, Intent, Page, PagePart, PagePiece, PageValues, PendingPage, Report},
    pieces::{self, Author},
    plain::{self, Piece},
    render::RenderError,
};
use domain::{
    community::CommunityType,
    email::EmailAddress,
    invitation::CommunityLabel,
    settings::{Locale, SenderNotices, Settings},
};

pub(crate) const STYLE: &str = include_str!("../../templates/page/page.css");

/// Returns the `Content-Security-Policy` of every page.
///
/// Nothing loads, nothing runs, nothing frames it; the one style sheet is known by its digest, and forms lead back to
/// where the page came from.
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

impl Page<'_> {
    /// Renders the HTML document, to be served with [`content_security_policy`].
    pub fn render(&self, settings: &Settings, locale: Locale) -> Result<String, RenderError> {
        let document = Document {
            page: self,
            locale,
            language: locale.as_str(),
            direction: language::direction(locale),
            style: STYLE,
            values: self.values(settings, locale),
            pending: match self {
                Self::Pending(pending) => Some(pending.sections(settings, locale)),
                _ => None,
            },
            asks_to_unsubscribe: matches!(self, Self::Report(Report::Unsubscribe, _)),
            onward: self.onward(),
            support: settings.support_email.as_ref().map(EmailAddress::as_str),
        };
        Ok(document.render()?)
    }

    fn values(&self, settings: &Settings, locale: Locale) -> PageValues {
        let community = self.community();
        let title = community.map(|community| pieces::community_title(community, locale)).unwrap_or_default();
        let community_type = community.map_or(CommunityType::Community, |community| community.community_type);
        let sender = match self {
            Self::Pending(PendingPage { invitation, .. }) => Some(&invitation.sender),
            _ => None,
        };
        let name = sender.map(|sender| pieces::sender_name(sender, locale)).unwrap_or_default();
        let account = match self {
            Self::Pending(pending) => pending.account(),
            _ => None,
        };
        let address = account.and_then(|account| account.address).map(EmailAddress::masked).unwrap_or_default();
        PageValues {
            product: PagePiece(Piece::name(&settings.product_name, None)),
            community: PagePiece(Piece::name(&title, community.and_then(|community| community.url.as_deref()))),
            community_name: PagePiece(Piece::name(&title, None)),
            sender: PagePiece(Piece::name(&name, sender.and_then(|sender| sender.profile_url.as_deref()))),
            sender_name: PagePiece(Piece::name(&name, None)),
            addressee: PagePiece(Piece::name(&address, None)),
            kind: language::community_type(community_type, locale),
            confirmed: settings.invitee_confirmation,
            told: settings.sender_notices != SenderNotices::None,
        }
    }

    fn community(&self) -> Option<&CommunityLabel> {
        match self {
            Self::Pending(pending) => Some(&pending.invitation.community),
            Self::Report(_, community) => Some(community),
            Self::NotFound | Self::TryAgain => None,
        }
    }

    /// Returns where the reader goes from here.
    fn onward(&self) -> Option<&str> {
        match self {
            Self::Report(Report::Accepted | Report::AlreadyAccepted | Report::AlreadyMember, community) => {
                community.url.as_deref().and_then(plain::web_url)
            }
            // The same page, asked for afresh.
            Self::TryAgain => Some("?"),
            _ => None,
        }
    }
}

impl<'a> PendingPage<'a> {
    fn account(&self) -> Option<Account<'a>> {
        match self.answering {
            Answering::Here | Answering::DecliningHere => None,
            Answering::AfterRegistration { account, .. } | Answering::SignedIn { account, .. } => Some(account),
        }
    }

    fn sections(&self, settings: &Settings, locale: Locale) -> PendingSections<'a> {
        let community = self.community;
        PendingSections {
            author: pieces::author(self.invitation, settings),
            message: shown(pieces::message_lines(self.invitation, locale)),
            description: community
                .and_then(|c| c.description.as_deref())
                .map(|text| shown(pieces::text_lines(text)))
                .unwrap_or_default(),
            members: community.and_then(|c| c.member_count).map(|count| language::members(count.get(), locale)),
            rules: community.and_then(|c| c.rules_url.as_deref()).and_then(plain::web_url),
            expires: language::moment(self.invitation.expires_at, locale),
            intent: self.intent,
            answering: self.answering,
            elsewhere: match self.answering {
                Answering::Here | Answering::DecliningHere => None,
                Answering::AfterRegistration { url, .. } | Answering::SignedIn { url, .. } => {
                    url.and_then(plain::web_url)
                }
            },
            account: self.account(),
        }
    }
}

fn shown(lines: Vec<Vec<Piece>>) -> Vec<Vec<PagePiece>> {
    lines.into_iter().map(|line| line.into_iter().map(PagePiece).collect()).collect()
}

/// What `page.html` arranges.
#[derive(Template)]
#[template(path = "page/page.html")]
struct Document<'a> {
    page: &'a Page<'a>,
    locale: Locale,
    language: &'static str,
    direction: Direction,
    style: &'static str,
    values: PageValues,
    pending: Option<PendingSections<'a>>,
    asks_to_unsubscribe: bool,
    onward: Option<&'a str>,
    support: Option<&'a str>,
}

impl Document<'_> {
    fn words(&self, part: PagePart) -> askama::Result<Safe<String>> {
        language::page(self.locale, part, self.page, &self.values)
    }

    /// Returns the heading for the title, which is text: it would show the tags that isolate a name. What people wrote
    /// is escaped, so no tag of theirs is among these.
    fn title(&self) -> askama::Result<Safe<String>> {
        let heading = self.words(PagePart::Heading)?.0;
        let mut stretches = heading.split("<bdi>");
        let before = stretches.next().unwrap_or_default().to_owned();
        let title = stretches.fold(before, |title, stretch| {
            let (name, after) = stretch.split_once("</bdi>").unwrap_or((stretch, ""));
            title + &isolated(name, self.direction) + after
        });
        Ok(Safe(title))
    }

    fn product_in_title(&self) -> String {
        isolated(&self.values.product.0.text, self.direction)
    }
}

/// The sections of a page about an invitation that waits for its answer.
struct PendingSections<'a> {
    author: Author,
    message: Vec<Vec<PagePiece>>,
    description: Vec<Vec<PagePiece>>,
    members: Option<String>,
    rules: Option<&'a str>,
    expires: String,
    intent: Intent,
    answering: Answering<'a>,
    /// Where registering or signing in happens.
    elsewhere: Option<&'a str>,
    account: Option<Account<'a>>,
}

impl PendingSections<'_> {
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
