//! Renders every mail from compile-checked templates: pure functions from an invitation to subject, text and HTML.
//!
//! The wording is in `templates/mail/en.txt` and `de.txt`, once for both formats; `layout.html` and `layout.txt` arrange
//! it. What people wrote reaches a template only through [`plain`], and HTML only through the templates' escaping, so
//! that no name, title or message can add markup, a header or a link.

mod letter;
pub mod pieces;
pub mod plain;
pub mod words;

pub use letter::{Letter, Links, RenderError, Rendered, render};
pub use pieces::plain_message;

use domain::settings::Locale;

/// The message of invitations whose sender wrote none and whose network has none, with its tokens.
pub fn default_message(locale: Locale) -> &'static str {
    match locale {
        Locale::En => const { include_str!("../templates/default_message.en.txt").trim_ascii_end() },
        Locale::De => const { include_str!("../templates/default_message.de.txt").trim_ascii_end() },
    }
}

#[cfg(test)]
mod tests;
