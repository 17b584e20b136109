//! Puts a mail together: its wording, the names in it, and the layouts for text and HTML.

use askama::{Template, filters::Safe};

use crate::{
    content::{Answer, Buttons, HtmlPiece, MailContent, MailPart, MailValues, Quote},
    direction::{Direction, isolated},
    language,
    pieces::{self, Author},
    plain::{self, Piece},
};
use domain::{
    community::{Community, MembershipMode},
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
    let direction = language::direction(locale);
    let mail = Mail { content, invitation, community, settings, locale, direction };
    let values = mail.values(|name| in_subject(name, direction));
    let subject = unwrapped(&language::mail_text(locale, MailPart::Subject, content, &values)?);

    let text = TextLayout { mail: mail.sections(Mail::text)? }.render()?;
    let html = mail.sections(Mail::html)?;
    let html = HtmlLayout { subject: &subject, direction, mail: html }.render()?;
    Ok(RenderedMail { subject, text: tidy(&text, 1), html: tidy(&html, 0) })
}

/// The sections of a mail, which both layouts arrange. `W` is wording, safe in the layout's format.
struct Sections<'a, W> {
    language: &'static str,
    product: String,
    logo: Option<&'a str>,
    heading: W,
    opening: Vec<W>,
    quote: Option<QuotedLines<W>>,
    buttons: Vec<Button<'a, W>>,
    closing: Vec<W>,
    about: Option<About<'a, W>>,
    because: Vec<W>,
    unsubscribe: Option<(W, &'a str)>,
    help: Option<(W, &'a str)>,
    postal_address: Vec<String>,
}

/// The lines of a message or reason.
struct QuotedLines<W> {
    author: Author,
    lines: Vec<W>,
}

struct Button<'a, W> {
    label: W,
    url: &'a str,
    stands_out: bool,
}

/// What helps the invitee to know the community.
struct About<'a, W> {
    heading: W,
    description: Vec<W>,
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
    direction: Direction,
    mail: Sections<'a, Safe<String>>,
}

/// What a mail is made from.
#[derive(Clone, Copy)]
struct Mail<'a> {
    content: &'a MailContent<'a>,
    invitation: &'a Invitation,
    community: Option<&'a Community>,
    settings: &'a Settings,
    locale: Locale,
    direction: Direction,
}

impl<'a> Mail<'a> {
    fn text(&self, part: MailPart) -> askama::Result<String> {
        let values = self.values(|name| in_text(name, self.direction));
        language::mail_text(self.locale, part, self.content, &values)
    }

    fn html(&self, part: MailPart) -> askama::Result<Safe<String>> {
        let (among, in_link) = (self.direction, part.is_link());
        let values = self.values(|name| HtmlPiece { piece: name.clone(), among, in_link });
        language::mail_html(self.locale, part, self.content, &values)
    }

    /// The mail that would tell of one answer alone.
    fn of_answer(&self, answer: &'a Answer<'a>) -> Self {
        Self { content: answer.content, invitation: answer.invitation, ..*self }
    }

    /// How many people, invitations or answers the mail is about, and how many of them it does not name.
    fn counts(&self) -> (usize, usize) {
        match *self.content {
            MailContent::ApprovalsNeeded { people } => (people.into(), people.into()),
            MailContent::Answers { carried, more, .. } => (1 + carried.len() + more, more),
            _ => (1, 0),
        }
    }

    fn values<N>(&self, show: impl Fn(&Piece) -> N) -> MailValues<N> {
        let (invitation, locale) = (self.invitation, self.locale);
        let (count, more) = self.counts();
        let sender = pieces::sender_name(&invitation.sender, locale);
        let community = pieces::community_title(&invitation.community, locale);
        MailValues {
            sender: show(&Piece::name(&sender, invitation.sender.profile_url.as_deref())),
            sender_name: show(&Piece::name(&sender, None)),
            community: show(&Piece::name(&community, invitation.community.url.as_deref())),
            community_name: show(&Piece::name(&community, None)),
            invitee: show(&self.invitee()),
            administrator: show(&Piece::name(&self.administrator(), None)),
            product: show(&Piece::verbatim_name(&self.settings.product_name)),
            kind: language::community_type(invitation.community.community_type, locale),
            expires: language::moment(invitation.expires_at, locale),
            count: count.to_string(),
            more: if more > 0 { more.to_string() } else { String::new() },
            personal: pieces::is_personal(invitation, self.settings),
            joins: self.approval_makes_members(),
            reason: !self.reason().is_empty(),
        }
    }

    /// Of an address, whether its own approval does would tell whether there is an account behind it.
    fn approval_makes_members(&self) -> bool {
        let mode = self.community.map(|community| self.settings.membership_mode_in(community));
        if self.invitation.invitee.is_named_by_address() {
            mode == Some(MembershipMode::Automatic)
        } else {
            self.invitation.joins_on_approval
        }
    }

    fn invitee(&self) -> Piece {
        let unnamed = || Piece::name(language::unnamed_invitee(self.locale), None);
        match shown_to_others(self.invitation) {
            _ if !self.content.features().names_invitee => unnamed(),
            ShownInvitee::Address(address) => Piece::verbatim_name(address.as_str()),
            ShownInvitee::User { display_name: Some(name), .. } if !plain::line(name).is_empty() => {
                Piece::name(name, None)
            }
            _ => unnamed(),
        }
    }

    fn administrator(&self) -> String {
        let name = match self.content {
            MailContent::RequestRejected { decided_by } => plain::line(decided_by),
            _ => String::new(),
        };
        if name.is_empty() { language::unnamed_administrator(self.locale).to_owned() } else { name }
    }

    fn sections<W: Wording>(
        &self,
        says: impl Fn(&Self, MailPart) -> askama::Result<W>,
    ) -> askama::Result<Sections<'a, W>> {
        let words = |part| says(self, part);
        let (settings, features) = (self.settings, self.content.features());
        let support = settings.support_email.as_ref().map(EmailAddress::as_str);
        let labelled = |part, url: Option<&'a str>| url.map(|url| words(part).map(|label| (label, url))).transpose();
        Ok(Sections {
            language: self.locale.as_str(),
            product: plain::line(&settings.product_name),
            logo: settings.logo_url.as_deref().and_then(plain::web_url).filter(|url| url.starts_with("https://")),
            heading: words(MailPart::Subject)?,
            opening: words(MailPart::Opening)?.paragraphs().into_iter().chain(self.answers(&says)?).collect(),
            quote: self.quote(features.quote)?,
            buttons: self.buttons(features.buttons, &words)?,
            closing: words(MailPart::Closing)?.paragraphs(),
            about: if features.about { self.about(&words)? } else { None },
            because: words(MailPart::Because)?.paragraphs(),
            unsubscribe: labelled(MailPart::Unsubscribe, features.unsubscribe)?,
            help: labelled(MailPart::Help, support)?,
            postal_address: settings.postal_address.as_deref().map(plain::lines).unwrap_or_default(),
        })
    }

    /// The answers that the mail lists, each as the mail that would tell of it alone says it.
    fn answers<W: Wording>(&self, says: &impl Fn(&Self, MailPart) -> askama::Result<W>) -> askama::Result<Vec<W>> {
        let MailContent::Answers { first, carried, .. } = self.content else { return Ok(Vec::new()) };
        let mut answers = Vec::new();
        for answer in [first].into_iter().chain(*carried) {
            answers.extend(says(&self.of_answer(answer), MailPart::Opening)?.paragraphs());
        }
        Ok(answers)
    }

    fn quote<W: Wording>(&self, quote: Quote) -> askama::Result<Option<QuotedLines<W>>> {
        let author = pieces::author(self.invitation, self.settings);
        let (author, lines) = match quote {
            Quote::PersonalMessage if author != Author::Sender => return Ok(None),
            Quote::Message | Quote::PersonalMessage => (author, pieces::message_lines(self.invitation, self.locale)),
            Quote::Reason => (Author::Sender, self.reason()),
            Quote::None => return Ok(None),
        };
        let around = |line: &[Piece]| if author == Author::Us { self.direction } else { direction_around(line) };
        let lines = set(&lines, around)?;
        Ok((!lines.is_empty()).then_some(QuotedLines { author, lines }))
    }

    fn reason(&self) -> Vec<Vec<Piece>> {
        self.invitation.reason.as_deref().map(pieces::text_lines).unwrap_or_default()
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

    fn about<W: Wording>(
        &self,
        words: &impl Fn(MailPart) -> askama::Result<W>,
    ) -> askama::Result<Option<About<'a, W>>> {
        let Some(community) = self.community else { return Ok(None) };
        let rules = community.rules_url.as_deref().and_then(plain::web_url);
        let description = community.description.as_deref().map(pieces::text_lines).unwrap_or_default();
        let about = About {
            heading: words(MailPart::About)?,
            description: set(&description, direction_around)?,
            members: community.member_count.map(|count| language::members(count.get(), self.locale)),
            rules: rules.map(|url| words(MailPart::Rules).map(|label| (label, url))).transpose()?,
        };
        let empty = about.description.is_empty() && about.members.is_none() && about.rules.is_none();
        Ok((!empty).then_some(about))
    }
}

/// Sets lines, each in the direction around the names in it.
fn set<W: Wording>(lines: &[Vec<Piece>], around: impl Fn(&[Piece]) -> Direction) -> askama::Result<Vec<W>> {
    lines.iter().map(|line| W::of_pieces(line, around(line))).collect()
}

/// Returns the direction around the names in a line of a person's own words.
fn direction_around(line: &[Piece]) -> Direction {
    let words: String = line.iter().filter(|piece| !piece.is_name).map(|piece| piece.text.as_str()).collect();
    Direction::around(&words)
}

/// Shows a name in a subject: short, and otherwise as it is, because no program looks for links there.
fn in_subject(name: &Piece, among: Direction) -> String {
    isolated(&plain::shorten(&name.text, SUBJECT_NAME_CHARS), among)
}

/// Shows a piece in plain text: a name keeps its direction to itself, and its link follows in parentheses.
///
/// The link stays outside of the isolate, since a program that finds it there might take the isolate's end for a part
/// of it. What must not become a link gets a space at each joint: plain text has nothing else that a reader can see,
/// and what cannot be seen would be copied.
fn in_text(piece: &Piece, among: Direction) -> String {
    let text = piece.spaced();
    let text = if piece.is_name { isolated(&text, among) } else { text };
    match &piece.href {
        Some(href) => format!("{text} ({href})"),
        None => text,
    }
}

/// Wording in one of the two formats.
trait Wording: Sized {
    /// Cuts wording into its paragraphs.
    fn paragraphs(&self) -> Vec<Self>;

    /// Sets a line of a person's own words, whose names stand in text that runs like `among`.
    fn of_pieces(line: &[Piece], among: Direction) -> askama::Result<Self>;
}

impl Wording for String {
    fn paragraphs(&self) -> Vec<Self> {
        self.split("\n\n").map(unwrapped).filter(|paragraph| !paragraph.is_empty()).collect()
    }

    fn of_pieces(line: &[Piece], among: Direction) -> askama::Result<Self> {
        Ok(line.iter().map(|piece| in_text(piece, among)).collect())
    }
}

impl Wording for Safe<String> {
    fn paragraphs(&self) -> Vec<Self> {
        self.0.paragraphs().into_iter().map(Safe).collect()
    }

    fn of_pieces(line: &[Piece], among: Direction) -> askama::Result<Self> {
        let shown = |piece: &Piece| HtmlPiece { piece: piece.clone(), among, in_link: false }.render();
        line.iter().map(shown).collect::<Result<_, _>>().map(Safe)
    }
}

/// Returns a paragraph in one line. The templates wrap lines for their readers; a mail's paragraphs are wrapped by the
/// program that shows them.
fn unwrapped(paragraph: &str) -> String {
    paragraph.split_whitespace().collect::<Vec<_>>().join(" ")
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
