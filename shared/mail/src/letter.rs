//! The mails of SPEC section 5 and how they come to be.

use askama::{
    Template,
    filters::{HtmlSafe, Safe},
};

use super::{
    pieces::{self, Piece},
    plain, words,
};
use domain::{
    community::Community,
    email::EmailAddress,
    invitation::{Invitation, Invitee},
    settings::{Locale, Settings},
};

/// The longest name or title in a subject, in characters: two of them and the words around stay readable in a list.
const SUBJECT_NAME_CHARS: usize = 60;

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

/// A mail to render, with what only it knows.
#[derive(Debug, Clone, Copy)]
pub enum Letter<'a> {
    /// To the invitee: you are invited.
    Invitation {
        /// Where to answer.
        links: &'a Links,
    },
    /// To the invitee: you are a member now (automatic mode).
    Joined {
        /// The page that stops further invitations from the community.
        unsubscribe: &'a str,
    },
    /// To the invitee: you accepted and are a member now.
    MembershipConfirmedToInvitee,
    /// To the sender: your invitation was accepted.
    MembershipConfirmedToSender,
    /// To moderators and above: a member asks to invite somebody.
    ApprovalNeeded,
    /// To the sender: your request was rejected, for the invitation's reason if it has one.
    RequestRejected {
        /// The full name of the administrator who decided; may be empty when it is gone.
        decided_by: &'a str,
    },
    /// To the sender: the invitee said no.
    Declined,
}

/// A mail's content. The subject is one line without control characters; both bodies end in a line break.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// The subject, not encoded.
    pub subject: String,
    /// The plain text part.
    pub text: String,
    /// The HTML part.
    pub html: String,
}

/// A template could not be written out. Its input cannot cause this.
#[derive(Debug, thiserror::Error)]
#[error("a template could not be rendered")]
pub struct RenderError(#[from] askama::Error);

/// Renders `letter` about `invitation` in `locale`.
///
/// `community` adds the description, member count and rules to mails for the invitee; without it they are left out.
/// The same input gives the same bytes, which is what makes a preview one.
pub fn render(
    letter: &Letter<'_>,
    invitation: &Invitation,
    community: Option<&Community>,
    settings: &Settings,
    locale: Locale,
) -> Result<Rendered, RenderError> {
    let mail = Mail { letter, invitation, community, settings, locale };
    let subject = plain::line(&mail.text_words(Part::Subject, &mail.facts(in_subject))?);

    let facts = mail.facts(in_text);
    let text = TextLayout { c: mail.content(|part| mail.text_words(part, &facts))? }.render()?;

    let facts = mail.facts(in_html);
    let html =
        HtmlLayout { subject: &subject, c: mail.content(|part| mail.html_words(part, &facts).map(Safe))? }.render()?;
    Ok(Rendered { subject, text: tidy(&text, 1), html: tidy(&html, 0) })
}

/// The stretches of wording that a layout puts together. Each language file has a passage for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
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

/// What the wording can name. `V` is how the format shows a name, already safe in that format.
struct Facts<V> {
    sender: V,
    sender_name: V,
    community: V,
    community_name: V,
    invitee: V,
    administrator: V,
    product: V,
    kind: &'static str,
    expires: String,
    personal: bool,
    reason: bool,
}

#[derive(Template)]
#[template(path = "words.txt", escape = "none")]
struct TextWords<'a> {
    part: Part,
    letter: &'a Letter<'a>,
    locale: Locale,
    v: &'a Facts<String>,
}

#[derive(Template)]
#[template(path = "words.txt", escape = "html")]
struct HtmlWords<'a> {
    part: Part,
    letter: &'a Letter<'a>,
    locale: Locale,
    v: &'a Facts<HtmlName>,
}

/// A name in HTML: escaped, and a link where it leads somewhere.
#[derive(Template)]
#[template(path = "name.html")]
struct HtmlName {
    piece: Piece,
}

impl HtmlSafe for HtmlName {}

/// What both layouts arrange. `V` is a run of wording, safe in the layout's format.
struct Content<'a, V> {
    language: &'static str,
    product: String,
    logo: Option<&'a str>,
    heading: V,
    opening: Vec<V>,
    /// A message or reason, and whether it is somebody's own words.
    message: Option<(bool, Vec<Vec<Piece>>)>,
    buttons: Vec<Button<'a, V>>,
    closing: Vec<V>,
    about: Option<About<'a, V>>,
    because: Vec<V>,
    unsubscribe: Option<(V, &'a str)>,
    help: Option<(V, &'a str)>,
    postal_address: Vec<String>,
}

struct Button<'a, V> {
    label: V,
    url: &'a str,
    stands_out: bool,
}

/// What helps the invitee to know the community.
struct About<'a, V> {
    heading: V,
    description: Vec<Vec<Piece>>,
    members: Option<String>,
    rules: Option<(V, &'a str)>,
}

#[derive(Template)]
#[template(path = "layout.txt", escape = "none")]
struct TextLayout<'a> {
    c: Content<'a, String>,
}

#[derive(Template)]
#[template(path = "layout.html")]
struct HtmlLayout<'a> {
    subject: &'a str,
    c: Content<'a, Safe<String>>,
}

/// What a mail is made from.
struct Mail<'a> {
    letter: &'a Letter<'a>,
    invitation: &'a Invitation,
    community: Option<&'a Community>,
    settings: &'a Settings,
    locale: Locale,
}

impl<'a> Mail<'a> {
    fn facts<V>(&self, show: fn(&Name<'_>) -> V) -> Facts<V> {
        let (invitation, locale) = (self.invitation, self.locale);
        let sender = pieces::sender_name(&invitation.sender, locale);
        let community = pieces::community_title(&invitation.community, locale);
        let administrator = match self.letter {
            Letter::RequestRejected { decided_by } => plain::line(decided_by),
            _ => String::new(),
        };
        let administrator =
            if administrator.is_empty() { words::unnamed_administrator(locale) } else { &administrator };
        Facts {
            sender: show(&Name::link(&sender, invitation.sender.profile_url.as_deref())),
            sender_name: show(&Name::of(&sender)),
            community: show(&Name::link(&community, invitation.community.url.as_deref())),
            community_name: show(&Name::of(&community)),
            invitee: show(&self.invitee()),
            administrator: show(&Name::of(administrator)),
            product: show(&Name::verbatim(&self.settings.product_name)),
            kind: words::community_type(invitation.community.community_type, locale),
            expires: words::moment(invitation.expires_at, locale),
            personal: pieces::is_personal(invitation, self.settings),
            reason: self.reason().is_some(),
        }
    }

    /// The invitee for the eyes of senders and moderators, who alone may see an address.
    fn invitee(&self) -> Name<'a> {
        match &self.invitation.invitee {
            Invitee::Address { email: Some(address), .. } => Name::verbatim(address.as_str()),
            Invitee::User { display_name: Some(name), .. } if !plain::line(name).is_empty() => Name::of(name),
            _ => Name::of(words::unnamed_invitee(self.locale)),
        }
    }

    fn text_words(&self, part: Part, v: &Facts<String>) -> Result<String, askama::Error> {
        TextWords { part, letter: self.letter, locale: self.locale, v }.render().map(|words| words.trim().to_owned())
    }

    fn html_words(&self, part: Part, v: &Facts<HtmlName>) -> Result<String, askama::Error> {
        HtmlWords { part, letter: self.letter, locale: self.locale, v }.render().map(|words| words.trim().to_owned())
    }

    fn content<V: Wording>(
        &self,
        words: impl Fn(Part) -> Result<V, askama::Error>,
    ) -> Result<Content<'a, V>, askama::Error> {
        let settings = self.settings;
        let support = settings.support_email.as_deref().filter(|address| address.parse::<EmailAddress>().is_ok());
        Ok(Content {
            language: words::language_tag(self.locale),
            product: plain::line(&settings.product_name),
            logo: settings.logo_url.as_deref().and_then(plain::web_url).filter(|url| url.starts_with("https://")),
            heading: words(Part::Subject)?,
            opening: words(Part::Opening)?.paragraphs(),
            message: self.message(),
            buttons: self.buttons(&words)?,
            closing: words(Part::Closing)?.paragraphs(),
            about: self.about(&words)?,
            because: words(Part::Because)?.paragraphs(),
            unsubscribe: self
                .unsubscribe()
                .map(|url| words(Part::Unsubscribe).map(|label| (label, url)))
                .transpose()?,
            help: support.map(|address| words(Part::Help).map(|label| (label, address))).transpose()?,
            postal_address: settings.postal_address.as_deref().map(plain::lines).unwrap_or_default(),
        })
    }

    fn message(&self) -> Option<(bool, Vec<Vec<Piece>>)> {
        let personal = pieces::is_personal(self.invitation, self.settings);
        match self.letter {
            Letter::Invitation { .. } => Some((personal, pieces::message_lines(self.invitation, self.locale))),
            Letter::Joined { .. } | Letter::ApprovalNeeded if personal => {
                Some((true, pieces::message_lines(self.invitation, self.locale)))
            }
            Letter::RequestRejected { .. } => self.reason().map(|lines| (true, lines)),
            _ => None,
        }
    }

    fn reason(&self) -> Option<Vec<Vec<Piece>>> {
        self.invitation.reason.as_deref().map(pieces::text_lines).filter(|lines| !lines.is_empty())
    }

    fn buttons<V>(
        &self,
        words: &impl Fn(Part) -> Result<V, askama::Error>,
    ) -> Result<Vec<Button<'a, V>>, askama::Error> {
        let to_community = self.invitation.community.url.as_deref().and_then(plain::web_url);
        match self.letter {
            Letter::Invitation { links } => Ok(vec![
                Button { label: words(Part::Accept)?, url: &links.accept, stands_out: true },
                Button { label: words(Part::Decline)?, url: &links.decline, stands_out: false },
            ]),
            Letter::Joined { .. } | Letter::MembershipConfirmedToInvitee | Letter::ApprovalNeeded => to_community
                .map(|url| words(Part::Visit).map(|label| Button { label, url, stands_out: true }))
                .into_iter()
                .collect(),
            _ => Ok(Vec::new()),
        }
    }

    fn about<V>(
        &self,
        words: &impl Fn(Part) -> Result<V, askama::Error>,
    ) -> Result<Option<About<'a, V>>, askama::Error> {
        let for_invitee = matches!(self.letter, Letter::Invitation { .. } | Letter::Joined { .. });
        let Some(community) = self.community.filter(|_| for_invitee) else { return Ok(None) };
        let rules = community.rules_url.as_deref().and_then(plain::web_url);
        let about = About {
            heading: words(Part::About)?,
            description: community.description.as_deref().map(pieces::text_lines).unwrap_or_default(),
            members: community.member_count.map(|count| words::members(count, self.locale)),
            rules: rules.map(|url| words(Part::Rules).map(|label| (label, url))).transpose()?,
        };
        let empty = about.description.is_empty() && about.members.is_none() && about.rules.is_none();
        Ok((!empty).then_some(about))
    }

    fn unsubscribe(&self) -> Option<&'a str> {
        match *self.letter {
            Letter::Invitation { links } => Some(&links.unsubscribe),
            Letter::Joined { unsubscribe } => Some(unsubscribe),
            _ => None,
        }
    }
}

/// A name on its way into the wording.
struct Name<'a> {
    text: &'a str,
    url: Option<&'a str>,
    /// Whether programs may make a link of it: not of what people call themselves and their communities.
    verbatim: bool,
}

impl<'a> Name<'a> {
    fn of(text: &'a str) -> Self {
        Self { text, url: None, verbatim: false }
    }

    fn link(text: &'a str, url: Option<&'a str>) -> Self {
        Self { text, url, verbatim: false }
    }

    /// The operator's product, or an address that its reader has typed or moderates: they must stay searchable.
    fn verbatim(text: &'a str) -> Self {
        Self { text, url: None, verbatim: true }
    }

    fn piece(&self) -> Piece {
        if self.verbatim { Piece { text: plain::line(self.text), href: None } } else { Piece::new(self.text, self.url) }
    }
}

/// Names in a subject: short, and as they are, because no program looks for links there.
fn in_subject(name: &Name<'_>) -> String {
    plain::shorten(&plain::line(name.text), SUBJECT_NAME_CHARS)
}

/// Names in plain text: the link follows in parentheses.
fn in_text(name: &Name<'_>) -> String {
    match name.piece() {
        Piece { text, href: Some(href) } => format!("{text} ({href})"),
        Piece { text, href: None } => text,
    }
}

fn in_html(name: &Name<'_>) -> HtmlName {
    HtmlName { piece: name.piece() }
}

/// A run of wording that falls into paragraphs.
trait Wording: Sized {
    fn paragraphs(&self) -> Vec<Self>;
}

impl Wording for String {
    fn paragraphs(&self) -> Vec<Self> {
        // The templates wrap lines for their readers; a mail's paragraphs are wrapped by the program that shows them.
        let unwrapped = |paragraph: &str| paragraph.split_whitespace().collect::<Vec<_>>().join(" ");
        self.split("\n\n").map(unwrapped).filter(|paragraph| !paragraph.is_empty()).collect()
    }
}

impl Wording for Safe<String> {
    fn paragraphs(&self) -> Vec<Self> {
        self.0.paragraphs().into_iter().map(Safe).collect()
    }
}

/// Without the trailing space and the empty lines in excess of `empty` that template tags leave behind.
fn tidy(rendered: &str, empty: usize) -> String {
    let mut tidied = String::with_capacity(rendered.len());
    let mut run = 0;
    for line in rendered.trim().lines().map(str::trim_end) {
        run = if line.is_empty() { run + 1 } else { 0 };
        if run <= empty {
            tidied.push_str(line);
            tidied.push('\n');
        }
    }
    tidied
}
