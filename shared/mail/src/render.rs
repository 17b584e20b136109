//! Puts a mail together: its wording, the names in it, and the layouts for text and HTML.

use askama::{Template, filters::Safe};

use crate::{
    content::{Buttons, HtmlName, MailContent, MailPart, MailValues, Quote},
    language, pieces,
    plain::{self, Piece},
};
use domain::{
    community::Community,
    email::EmailAddress,
    invitation::Invitation,
    settings::{Locale, Settings},
    viewing::{ShownInvitee, shown_to_others},
};

/// The longest name or title in a subject, in characters: two of them and the words around stay readable in a list.
const SUBJECT_NAME_CHARS: usize = 60;

/// A mail, ready to be sent. The subject is one line without control characters; both bodies end in a line break.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RenderedMail {
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

/// Renders a mail about `invitation` in `locale`.
///
/// `community` adds the description, member count and rules to mails for the invitee; without it they are left out.
/// The same input gives the same bytes, which is what makes a preview one.
pub fn render(
    content: &MailContent<'_>,
    invitation: &Invitation,
    community: Option<&Community>,
    settings: &Settings,
    locale: Locale,
) -> Result<RenderedMail, RenderError> {
    let mail = Mail { content, invitation, community, settings, locale };
    let values = mail.values(in_subject);
    let subject = plain::line(&language::mail_text(locale, MailPart::Subject, content, &values)?);

    let values = mail.values(in_text);
    let text =
        TextLayout { mail: mail.sections(|part| language::mail_text(locale, part, content, &values))? }.render()?;

    let values = mail.values(in_html);
    let html = HtmlLayout {
        subject: &subject,
        mail: mail.sections(|part| language::mail_html(locale, part, content, &values))?,
    }
    .render()?;
    Ok(RenderedMail { subject, text: tidy(&text, 1), html: tidy(&html, 0) })
}

/// The sections of a mail, which both layouts arrange. `W` is wording, safe in the layout's format.
struct Sections<'a, W> {
    language: &'static str,
    product: String,
    logo: Option<&'a str>,
    heading: W,
    opening: Vec<W>,
    quote: Option<QuotedLines>,
    buttons: Vec<Button<'a, W>>,
    closing: Vec<W>,
    about: Option<About<'a, W>>,
    because: Vec<W>,
    unsubscribe: Option<(W, &'a str)>,
    help: Option<(W, &'a str)>,
    postal_address: Vec<String>,
}

/// The lines of a message or reason.
struct QuotedLines {
    /// Whether a person wrote them, rather than the network or this crate.
    personal: bool,
    lines: Vec<Vec<Piece>>,
}

struct Button<'a, W> {
    label: W,
    url: &'a str,
    stands_out: bool,
}

/// What helps the invitee to know the community.
struct About<'a, W> {
    heading: W,
    description: Vec<Vec<Piece>>,
    members: Option<String>,
    rules: Option<(W, &'a str)>,
}

#[derive(Template)]
#[template(path = "mail/layout.txt", escape = "none")]
struct TextLayout<'a> {
    mail: Sections<'a, String>,
}

#[derive(Template)]
#[template(path = "mail/layout.html")]
struct HtmlLayout<'a> {
    subject: &'a str,
    mail: Sections<'a, Safe<String>>,
}

/// What a mail is made from.
struct Mail<'a> {
    content: &'a MailContent<'a>,
    invitation: &'a Invitation,
    community: Option<&'a Community>,
    settings: &'a Settings,
    locale: Locale,
}

impl<'a> Mail<'a> {
    fn values<N>(&self, show: fn(&Name<'_>) -> N) -> MailValues<N> {
        let (invitation, locale) = (self.invitation, self.locale);
        let sender = pieces::sender_name(&invitation.sender, locale);
        let community = pieces::community_title(&invitation.community, locale);
        MailValues {
            sender: show(&Name::link(&sender, invitation.sender.profile_url.as_deref())),
            sender_name: show(&Name::of(&sender)),
            community: show(&Name::link(&community, invitation.community.url.as_deref())),
            community_name: show(&Name::of(&community)),
            invitee: show(&self.invitee()),
            administrator: show(&Name::of(&self.administrator())),
            product: show(&Name::verbatim(&self.settings.product_name)),
            kind: language::community_type(invitation.community.community_type, locale),
            expires: language::moment(invitation.expires_at, locale),
            personal: pieces::is_personal(invitation, self.settings),
            reason: self.reason().is_some(),
        }
    }

    fn invitee(&self) -> Name<'a> {
        match shown_to_others(self.invitation) {
            _ if !self.content.features().names_invitee => Name::of(language::unnamed_invitee(self.locale)),
            ShownInvitee::Address(address) => Name::verbatim(address.as_str()),
            ShownInvitee::User { display_name: Some(name), .. } if !plain::line(name).is_empty() => Name::of(name),
            _ => Name::of(language::unnamed_invitee(self.locale)),
        }
    }

    fn administrator(&self) -> String {
        let name = match self.content {
            MailContent::RequestRejected { decided_by } => plain::line(decided_by),
            _ => String::new(),
        };
        if name.is_empty() { language::unnamed_administrator(self.locale).to_owned() } else { name }
    }

    fn sections<W: Wording>(&self, words: impl Fn(MailPart) -> askama::Result<W>) -> askama::Result<Sections<'a, W>> {
        let (settings, features) = (self.settings, self.content.features());
        let support = settings.support_email.as_ref().map(EmailAddress::as_str);
        let labelled = |part, url: Option<&'a str>| url.map(|url| words(part).map(|label| (label, url))).transpose();
        Ok(Sections {
            language: self.locale.as_str(),
            product: plain::line(&settings.product_name),
            logo: settings.logo_url.as_deref().and_then(plain::web_url).filter(|url| url.starts_with("https://")),
            heading: words(MailPart::Subject)?,
            opening: words(MailPart::Opening)?.paragraphs(),
            quote: self.quote(features.quote),
            buttons: self.buttons(features.buttons, &words)?,
            closing: words(MailPart::Closing)?.paragraphs(),
            about: if features.about { self.about(&words)? } else { None },
            because: words(MailPart::Because)?.paragraphs(),
            unsubscribe: labelled(MailPart::Unsubscribe, features.unsubscribe)?,
            help: labelled(MailPart::Help, support)?,
            postal_address: settings.postal_address.as_deref().map(plain::lines).unwrap_or_default(),
        })
    }

    fn quote(&self, quote: Quote) -> Option<QuotedLines> {
        let personal = pieces::is_personal(self.invitation, self.settings);
        match quote {
            Quote::PersonalMessage if !personal => None,
            Quote::Message | Quote::PersonalMessage => {
                Some(QuotedLines { personal, lines: pieces::message_lines(self.invitation, self.locale) })
            }
            Quote::Reason => self.reason().map(|lines| QuotedLines { personal: true, lines }),
            Quote::None => None,
        }
    }

    fn reason(&self) -> Option<Vec<Vec<Piece>>> {
        self.invitation.reason.as_deref().map(pieces::text_lines).filter(|lines| !lines.is_empty())
    }

    fn buttons<W>(
        &self,
        buttons: Buttons<'a>,
        words: &impl Fn(MailPart) -> askama::Result<W>,
    ) -> askama::Result<Vec<Button<'a, W>>> {
        let to_community = self.invitation.community.url.as_deref().and_then(plain::web_url);
        match buttons {
            Buttons::Answer(links) => Ok(vec![
                Button { label: words(MailPart::Accept)?, url: &links.accept, stands_out: true },
                Button { label: words(MailPart::Decline)?, url: &links.decline, stands_out: false },
            ]),
            Buttons::Visit => to_community
                .map(|url| words(MailPart::Visit).map(|label| Button { label, url, stands_out: true }))
                .into_iter()
                .collect(),
            Buttons::None => Ok(Vec::new()),
        }
    }

    fn about<W>(&self, words: &impl Fn(MailPart) -> askama::Result<W>) -> askama::Result<Option<About<'a, W>>> {
        let Some(community) = self.community else { return Ok(None) };
        let rules = community.rules_url.as_deref().and_then(plain::web_url);
        let about = About {
            heading: words(MailPart::About)?,
            description: community.description.as_deref().map(pieces::text_lines).unwrap_or_default(),
            members: community.member_count.map(|count| language::members(count.get(), self.locale)),
            rules: rules.map(|url| words(MailPart::Rules).map(|label| (label, url))).transpose()?,
        };
        let empty = about.description.is_empty() && about.members.is_none() && about.rules.is_none();
        Ok((!empty).then_some(about))
    }
}

/// A name on its way into the wording.
struct Name<'a> {
    text: &'a str,
    url: Option<&'a str>,
    /// Whether mail programs may make a link of it. They must not with the names of people and communities.
    verbatim: bool,
}

impl<'a> Name<'a> {
    fn of(text: &'a str) -> Self {
        Self { text, url: None, verbatim: false }
    }

    fn link(text: &'a str, url: Option<&'a str>) -> Self {
        Self { text, url, verbatim: false }
    }

    /// Makes a name of the operator's product, or of an address that the reader has typed or moderates. It must stay
    /// searchable.
    fn verbatim(text: &'a str) -> Self {
        Self { text, url: None, verbatim: true }
    }

    fn piece(&self) -> Piece {
        if self.verbatim { Piece { text: plain::line(self.text), href: None } } else { Piece::new(self.text, self.url) }
    }
}

/// Shows a name in a subject: short, and otherwise as it is, because no program looks for links there.
fn in_subject(name: &Name<'_>) -> String {
    plain::shorten(&plain::line(name.text), SUBJECT_NAME_CHARS)
}

/// Shows a name in plain text: the link follows in parentheses.
fn in_text(name: &Name<'_>) -> String {
    match name.piece() {
        Piece { text, href: Some(href) } => format!("{text} ({href})"),
        Piece { text, href: None } => text,
    }
}

/// Shows a name in HTML.
fn in_html(name: &Name<'_>) -> HtmlName {
    HtmlName { piece: name.piece() }
}

/// Wording that falls into paragraphs.
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

/// Removes trailing spaces, and all but `empty` of the empty lines in a row, which template tags leave behind.
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
