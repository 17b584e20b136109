//! An invitation's message with its tokens replaced, as pieces that any template can show.

use std::borrow::Cow;

use crate::{
    direction::{Direction, isolated},
    language::{self, community_type, default_message},
    plain::{self, Piece},
};
use domain::{
    invitation::{CommunityLabel, Invitation, Sender},
    message::{Message, Segment, segments},
    settings::{Locale, Settings},
};

/// Returns the sender's full name, or what stands for an erased one.
pub(crate) fn sender_name(sender: &Sender, locale: Locale) -> String {
    let name = plain::line(sender.display_name.as_deref().unwrap_or_default());
    if name.is_empty() { language::unnamed_sender(locale).to_owned() } else { name }
}

/// Returns the community's title on one line, or its type if there is nothing to read in it.
pub(crate) fn community_title(community: &CommunityLabel, locale: Locale) -> String {
    let title = plain::line(&community.title);
    if title.is_empty() { community_type(community.community_type, locale).to_owned() } else { title }
}

/// The author of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Author {
    /// The built-in message, in the reader's language.
    Us,
    /// The network's default message, in whatever language it was written.
    Network,
    /// The sender's own words.
    Sender,
}

/// Returns the author of the message.
pub(crate) fn author(invitation: &Invitation, settings: &Settings) -> Author {
    let default = settings.default_message.as_ref().map(|message| message.as_str().trim());
    match invitation.message.as_ref().map(|message| message.as_str().trim()) {
        None => Author::Us,
        Some(text) if is_built_in(text) => Author::Us,
        Some(text) if default == Some(text) => Author::Network,
        Some(_) => Author::Sender,
    }
}

/// Tells whether the message is the sender's own words rather than the network's or the built-in ones.
pub(crate) fn is_personal(invitation: &Invitation, settings: &Settings) -> bool {
    author(invitation, settings) == Author::Sender
}

/// Tells whether a message is a default one. User interfaces send it back unedited, in any language.
fn is_built_in(text: &str) -> bool {
    Locale::ALL.into_iter().any(|locale| default_message(locale) == text)
}

/// Returns the message with its tokens replaced, line by line. Apart from links, it reads like [`plain_message`].
pub(crate) fn message_lines(invitation: &Invitation, locale: Locale) -> Vec<Vec<Piece>> {
    let text = plain::lines(template(invitation, locale)).join("\n");
    let mut lines = into_lines(segments(&text).map(|segment| replaced(segment, invitation, locale)));
    for line in &mut lines {
        plain::find_joints(line);
    }
    lines
}

/// Returns the message of an invitation with its tokens replaced by plain text, as the API shows it. Names keep their
/// direction to themselves.
pub fn plain_message(invitation: &Invitation, locale: Locale) -> String {
    let template = template(invitation, locale);
    let among = Direction::around(template);
    let shown = |segment| match segment {
        Segment::Sender | Segment::Community => isolated(&text(segment, invitation, locale), among).into(),
        Segment::Type | Segment::Text(_) | Segment::Unknown(_) => text(segment, invitation, locale),
    };
    segments(template).map(shown).collect()
}

/// Returns the message of an invitation whose sender writes none, with its tokens: the network's, or the built-in one.
pub fn unedited_message(settings: &Settings, locale: Locale) -> &str {
    settings.default_message.as_ref().map_or(default_message(locale), Message::as_str)
}

/// Returns the lines of any other text that a person wrote, such as a description or a reason.
pub(crate) fn text_lines(text: &str) -> Vec<Vec<Piece>> {
    plain::lines(text).iter().map(|line| vec![Piece::words(line)]).collect()
}

fn template(invitation: &Invitation, locale: Locale) -> &str {
    match &invitation.message {
        Some(message) if !is_built_in(message.as_str().trim()) => message.as_str(),
        _ => default_message(locale),
    }
}

/// Returns what a reader sees of a segment.
fn text<'a>(segment: Segment<'a>, invitation: &Invitation, locale: Locale) -> Cow<'a, str> {
    match segment {
        Segment::Sender => sender_name(&invitation.sender, locale).into(),
        Segment::Community => community_title(&invitation.community, locale).into(),
        // In the reader's language, which need not be that of the words around it.
        Segment::Type => community_type(invitation.community.community_type, locale).into(),
        Segment::Text(text) | Segment::Unknown(text) => text.into(),
    }
}

fn replaced(segment: Segment<'_>, invitation: &Invitation, locale: Locale) -> Piece {
    let text = text(segment, invitation, locale);
    match segment {
        Segment::Sender => Piece::name(&text, invitation.sender.profile_url.as_deref()),
        Segment::Community => Piece::name(&text, invitation.community.url.as_deref()),
        Segment::Type => Piece::name(&text, None),
        Segment::Text(_) | Segment::Unknown(_) => Piece::words(&text),
    }
}

fn into_lines(pieces: impl Iterator<Item = Piece>) -> Vec<Vec<Piece>> {
    let mut lines = vec![Vec::new()];
    for piece in pieces {
        for (index, text) in piece.text.split('\n').enumerate() {
            if index > 0 {
                lines.push(Vec::new());
            }
            if let (false, Some(line)) = (text.is_empty(), lines.last_mut()) {
                line.push(piece.excerpt(text));
            }
        }
    }
    lines
}
