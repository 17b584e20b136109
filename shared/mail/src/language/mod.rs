//! What each language says in its own way: one folder per language, with its templates, words and default message.
//!
//! A new language is a value of [`Locale`], a folder like `en`, and two lines here. The compiler finds whatever is
//! missing.

mod de;
mod en;

use askama::filters::Safe;
use jiff::tz::TimeZone;

use crate::{
    content::MailContent,
    page::{Page, PagePart, PageValues},
    render::{HtmlName, MailPart, MailValues},
};
use domain::{Timestamp, community::CommunityType, settings::Locale};

/// Picks an item from a language's folder.
macro_rules! of_language {
    ($locale:expr, $item:ident) => {
        match $locale {
            Locale::De => de::$item,
            Locale::En => en::$item,
        }
    };
}

/// Makes a language's `mail_text`, `mail_html` and `page` from its two templates, seen from the folder `templates`.
macro_rules! wording {
    ($mail:literal, $page:literal) => {
        use crate::{
            content::MailContent,
            page::{Answering, Page, PagePart, PageValues, PendingPage, Report},
            render::{HtmlName, MailPart, MailValues},
        };

        #[derive(askama::Template)]
        #[template(path = $mail, escape = "none")]
        struct MailText<'a> {
            part: MailPart,
            content: &'a MailContent<'a>,
            v: &'a MailValues<String>,
        }

        #[derive(askama::Template)]
        #[template(path = $mail, escape = "html")]
        struct MailHtml<'a> {
            part: MailPart,
            content: &'a MailContent<'a>,
            v: &'a MailValues<HtmlName>,
        }

        #[derive(askama::Template)]
        #[template(path = $page)]
        struct PageHtml<'a> {
            part: PagePart,
            page: &'a Page<'a>,
            v: &'a PageValues,
        }

        pub(super) fn mail_text(
            part: MailPart,
            content: &MailContent<'_>,
            v: &MailValues<String>,
        ) -> askama::Result<String> {
            askama::Template::render(&MailText { part, content, v })
        }

        pub(super) fn mail_html(
            part: MailPart,
            content: &MailContent<'_>,
            v: &MailValues<HtmlName>,
        ) -> askama::Result<String> {
            askama::Template::render(&MailHtml { part, content, v })
        }

        pub(super) fn page(part: PagePart, page: &Page<'_>, v: &PageValues) -> askama::Result<String> {
            askama::Template::render(&PageHtml { part, page, v })
        }
    };
}
use wording;

/// What a language writes in its own way outside of its templates.
struct Words {
    /// The message of invitations without one of the sender's or the network's, with its tokens.
    default_message: &'static str,
    /// The value of `%type%` for a community.
    community: &'static str,
    /// The value of `%type%` for a network.
    network: &'static str,
    /// A sender whose name is gone. Stands at the beginning of sentences.
    unnamed_sender: &'static str,
    /// An invitee whose name is gone. Stands within sentences.
    unnamed_invitee: &'static str,
    /// An administrator whose name is gone. Stands within sentences, behind "by".
    unnamed_administrator: &'static str,
    /// The days of the week, from Monday.
    weekdays: [&'static str; 7],
    /// The months, from January.
    months: [&'static str; 12],
    /// A moment, to the minute.
    moment: fn(&Moment) -> String,
    /// A number of members.
    members: fn(u64) -> String,
}

/// A moment in UTC, with its day and month in a language's words.
struct Moment {
    weekday: &'static str,
    day: i8,
    month: &'static str,
    year: i16,
    hour: i8,
    minute: i8,
}

fn words(locale: Locale) -> &'static Words {
    of_language!(locale, WORDS)
}

/// Returns the message of invitations without one of the sender's or the network's, with its tokens.
pub(crate) fn default_message(locale: Locale) -> &'static str {
    words(locale).default_message.trim_ascii_end()
}

/// Returns what the language calls a community of that type: the value of `%type%`.
pub(crate) fn community_type(community_type: CommunityType, locale: Locale) -> &'static str {
    match community_type {
        CommunityType::Community => words(locale).community,
        CommunityType::Network => words(locale).network,
    }
}

/// Returns the words for a sender whose name is gone.
pub(crate) fn unnamed_sender(locale: Locale) -> &'static str {
    words(locale).unnamed_sender
}

/// Returns the words for an invitee whose name is gone.
pub(crate) fn unnamed_invitee(locale: Locale) -> &'static str {
    words(locale).unnamed_invitee
}

/// Returns the words for an administrator whose name is gone.
pub(crate) fn unnamed_administrator(locale: Locale) -> &'static str {
    words(locale).unnamed_administrator
}

/// Returns a moment in words, to the minute and in UTC, because the reader's time zone is not known.
pub(crate) fn moment(at: Timestamp, locale: Locale) -> String {
    let at = at.to_zoned(TimeZone::UTC);
    let words = words(locale);
    let pick = |names: &[&'static str], one_based: i8| {
        usize::try_from(one_based - 1).ok().and_then(|index| names.get(index)).copied().unwrap_or_default()
    };
    (words.moment)(&Moment {
        weekday: pick(&words.weekdays, at.weekday().to_monday_one_offset()),
        day: at.day(),
        month: pick(&words.months, at.month()),
        year: at.year(),
        hour: at.hour(),
        minute: at.minute(),
    })
}

/// Returns how many members there are, such as "1,204 members".
pub(crate) fn members(count: u64, locale: Locale) -> String {
    (words(locale).members)(count)
}

/// Returns a part of a mail's wording as plain text.
pub(crate) fn mail_text(
    locale: Locale,
    part: MailPart,
    content: &MailContent<'_>,
    values: &MailValues<String>,
) -> askama::Result<String> {
    of_language!(locale, mail_text)(part, content, values).map(|words| words.trim().to_owned())
}

/// Returns a part of a mail's wording as HTML.
pub(crate) fn mail_html(
    locale: Locale,
    part: MailPart,
    content: &MailContent<'_>,
    values: &MailValues<HtmlName>,
) -> askama::Result<Safe<String>> {
    of_language!(locale, mail_html)(part, content, values).map(|words| Safe(words.trim().to_owned()))
}

/// Returns a part of a page's wording as HTML.
pub(crate) fn page(
    locale: Locale,
    part: PagePart,
    page: &Page<'_>,
    values: &PageValues,
) -> askama::Result<Safe<String>> {
    of_language!(locale, page)(part, page, values).map(|words| Safe(words.trim().to_owned()))
}

/// Writes a number with `separator` between its groups of three digits.
fn grouped(number: u64, separator: char) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() * 4 / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(separator);
        }
        grouped.push(digit);
    }
    grouped
}
