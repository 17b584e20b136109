//! What each language says in its own way: one folder per language, with its templates, words and default message.
//!
//! A new language is a value of [`Locale`], a folder like `en`, and two lines here. The compiler finds whatever is
//! missing.

mod ar;
mod de;
mod en;
mod words;

use askama::filters::Safe;
use jiff::tz::TimeZone;

use self::words::{Moment, Words};
use crate::{
    content::{HtmlPiece, MailContent, MailPart, MailValues},
    direction::Direction,
    page::{Page, PagePart, PageValues},
};
use domain::{Timestamp, community::CommunityType, settings::Locale};

/// Picks an item from a language's folder.
macro_rules! of_language {
    ($locale:expr, $item:ident) => {
        match $locale {
            Locale::Ar => ar::$item,
            Locale::De => de::$item,
            Locale::En => en::$item,
        }
    };
}

fn words(locale: Locale) -> &'static Words {
    of_language!(locale, WORDS)
}

/// Returns the way in which the language is written.
pub(crate) fn direction(locale: Locale) -> Direction {
    words(locale).direction
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
    values: &MailValues<HtmlPiece>,
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
