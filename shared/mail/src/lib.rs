//! Renders every mail and every page from templates that are checked at compile time: pure functions from an
//! invitation to text and HTML.
//!
//! What a language says is in its folder in `language`, once for text and HTML; the templates in `templates` arrange
//! it. What people wrote reaches a template only through `plain`, and HTML only through the templates' escaping, so
//! that no name, title or message can add markup, a header or a link.

mod content;
mod direction;
mod language;
pub mod page;
mod pieces;
mod plain;
mod render;

pub use content::{Answer, Links, MailContent};
pub use page::render::content_security_policy;
pub use pieces::{plain_message, unedited_message};
pub use render::{RenderError, RenderedMail, render};

#[cfg(test)]
mod tests;
