//! What a language must say.

use crate::direction::Direction;

/// Makes a language's `mail_text`, `mail_html` and `page` from its two templates, seen from the folder `templates`.
macro_rules! wording {
    ($mail:literal, $page:literal) => {
        use crate::{
            content::{HtmlPiece, MailContent, MailPart, MailValues},
            page::{Answering, Page, PagePart, PageValues, PendingPage, Report},
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
            v: &'a MailValues<HtmlPiece>,
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
            v: &MailValues<HtmlPiece>,
        ) -> askama::Result<String> {
            askama::Template::render(&MailHtml { part, content, v })
        }

        pub(super) fn page(part: PagePart, page: &Page<'_>, v: &PageValues) -> askama::Result<String> {
            askama::Template::render(&PageHtml { part, page, v })
        }
    };
}
pub(super) use wording;

/// What a language writes in its own way outside of its templates.
pub(super) struct Words {
    /// The way in which the language is written.
    pub(super) direction: Direction,
    /// The message of invitations without one of the sender's or the network's, with its tokens.
    pub(super) default_message: &'static str,
    /// The value of `%type%` for a community.
    pub(super) community: &'static str,
    /// The value of `%type%` for a network.
    pub(super) network: &'static str,
    /// A sender whose name is gone. Stands at the beginning of sentences.
    pub(super) unnamed_sender: &'static str,
    /// An invitee whose name is gone. Stands within sentences.
    pub(super) unnamed_invitee: &'static str,
    /// An administrator whose name is gone. Stands within sentences, behind "by".
    pub(super) unnamed_administrator: &'static str,
    /// The days of the week, from Monday.
    pub(super) weekdays: [&'static str; 7],
    /// The months, from January.
    pub(super) months: [&'static str; 12],
    /// A moment, to the minute.
    pub(super) moment: fn(&Moment) -> String,
    /// A number of members.
    pub(super) members: fn(u64) -> String,
}

/// A moment in UTC, with its day and month in a language's words.
pub(super) struct Moment {
    pub(super) weekday: &'static str,
    pub(super) day: i8,
    pub(super) month: &'static str,
    pub(super) year: i16,
    pub(super) hour: i8,
    pub(super) minute: i8,
}

/// Writes a number with `separator` between its groups of three digits.
pub(super) fn grouped(number: u64, separator: char) -> String {
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
