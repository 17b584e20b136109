//! An invitation's message with its tokens replaced, as pieces that any template can show.

use crate::{
    language::{self, community_type, default_message},
    plain::{self, Piece},
};
use domain::{
    invitation::{CommunityLabel, Invitation, Sender},
    message::{Segment, segments},
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

/// Tells whether the message is the sender's own words rather than the network's or the built-in ones.
pub(crate) fn is_personal(invitation: &Invitation, settings: &Settings) -> bool {
    invitation.message.as_ref().is_some_and(|message| {
        let text = message.as_str().trim();
        !is_built_in(text) && settings.default_message.as_ref().map(|message| message.as_str().trim()) != Some(text)
    })
}

/// Tells whether a message is a default one. User interfaces send it back unedited, in any language.
fn is_built_in(text: &str) -> bool {
    Locale::ALL.into_iter().any(|locale| default_message(locale) == text)
}

/// Returns the message with its tokens replaced, line by line. Apart from links, it reads like [`plain_message`].
pub(crate) fn message_lines(invitation: &Invitation, locale: Locale) -> Vec<Vec<Piece>> {
    let text = plain::lines(template(invitation, locale)).join("\n");
    let pieces: Vec<Piece> = segments(&text).map(|segment| replaced(segment, invitation, locale)).collect();
    into_lines(unlinked(pieces))
}

/// Returns the message of an invitation with its tokens replaced by plain text, as the API shows it.
pub fn plain_message(invitation: &Invitation, locale: Locale) -> String {
    segments(template(invitation, locale)).map(|segment| replaced(segment, invitation, locale).text).collect()
}

/// Returns the lines of any other text that a person wrote, such as a description or a reason.
pub(crate) fn text_lines(text: &str) -> Vec<Vec<Piece>> {
    let piece = |line: String| vec![Piece { text: plain::unlinked(&line), href: None }];
    plain::lines(text).into_iter().map(piece).collect()
}

fn template(invitation: &Invitation, locale: Locale) -> &str {
    match &invitation.message {
        Some(message) if !is_built_in(message.as_str().trim()) => message.as_str(),
        _ => default_message(locale),
    }
}

fn replaced(segment: Segment<'_>, invitation: &Invitation, locale: Locale) -> Piece {
    let (text, url) = match segment {
        Segment::Sender => (sender_name(&invitation.sender, locale), invitation.sender.profile_url.as_deref()),
        Segment::Community => (community_title(&invitation.community, locale), invitation.community.url.as_deref()),
        Segment::Type => (community_type(invitation.community.community_type, locale).to_owned(), None),
        Segment::Text(text) | Segment::Unknown(text) => (text.to_owned(), None),
    };
    Piece { text, href: url.and_then(plain::web_url).map(str::to_owned) }
}

/// Breaks links up. The text is taken as a whole, because a token and the words around it can make a link together.
fn unlinked(mut pieces: Vec<Piece>) -> Vec<Piece> {
    let whole: String = pieces.iter().map(|piece| piece.text.as_str()).collect();
    let joints = plain::link_joints(&whole);
    let mut start = 0;
    for piece in &mut pieces {
        let end = start + piece.text.len();
        for joint in joints.iter().rev().filter(|joint| (start + 1..=end).contains(joint)) {
            piece.text.insert(joint - start, plain::BREAKER);
        }
        start = end;
    }
    pieces
}

fn into_lines(pieces: Vec<Piece>) -> Vec<Vec<Piece>> {
    let mut lines = vec![Vec::new()];
    for piece in pieces {
        for (index, text) in piece.text.split('\n').enumerate() {
            if index > 0 {
                lines.push(Vec::new());
            }
            if let (false, Some(line)) = (text.is_empty(), lines.last_mut()) {
                line.push(Piece { text: text.to_owned(), href: piece.href.clone() });
            }
        }
    }
    lines
}
