//! The words that accompany an invitation: plain text with three tokens.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// The longest message, in characters (SPEC section 5).
pub const MAX_MESSAGE_CHARS: usize = 2_000;

/// A message whose tokens are all known ones.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Message(String);

/// Why a text is no message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidMessage {
    /// Nothing but white space.
    #[error("must not be empty; leave it out for the default message")]
    Empty,
    /// More than [`MAX_MESSAGE_CHARS`].
    #[error("must be at most {MAX_MESSAGE_CHARS} characters")]
    TooLong,
    /// Control characters other than line breaks and tabs.
    #[error("must be plain text without control characters")]
    NotPlain,
    /// Words between per cent signs that are no tokens.
    #[error("has unknown tokens: {}; known are %sender%, %community% and %type%", .0.join(", "))]
    UnknownTokens(Vec<String>),
}

/// A stretch of a message: literal text, or a token that stands for something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Segment<'a> {
    /// Text to show as it is.
    Text(&'a str),
    /// `%sender%`: the sender's full name.
    Sender,
    /// `%community%`: the community's title.
    Community,
    /// `%type%`: "community" or "network".
    Type,
    /// Looks like a token and is none; [`Message`] never holds one.
    Unknown(&'a str),
}

/// Splits `text` at its tokens. A token is a word of letters and underscores between per cent signs, so "100% sure"
/// has none.
pub fn segments(text: &str) -> impl Iterator<Item = Segment<'_>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        match next_token(rest) {
            Some((0, end)) => {
                let token = &rest[..end];
                rest = &rest[end..];
                Some(match token {
                    "%sender%" => Segment::Sender,
                    "%community%" => Segment::Community,
                    "%type%" => Segment::Type,
                    unknown => Segment::Unknown(unknown),
                })
            }
            found => {
                let (literal, tail) = rest.split_at(found.map_or(rest.len(), |(start, _)| start));
                rest = tail;
                Some(Segment::Text(literal))
            }
        }
    })
}

/// The byte range of the first token.
fn next_token(text: &str) -> Option<(usize, usize)> {
    let mut signs = text.match_indices('%').map(|(at, _)| at).peekable();
    while let Some(start) = signs.next() {
        let end = *signs.peek()?;
        let word = &text[start + 1..end];
        if !word.is_empty() && word.chars().all(|c| c.is_ascii_alphabetic() || c == '_') {
            return Some((start, end + 1));
        }
    }
    None
}

impl Message {
    /// The message as written, tokens and all.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The message cut at its tokens.
    pub fn segments(&self) -> impl Iterator<Item = Segment<'_>> {
        segments(&self.0)
    }
}

impl FromStr for Message {
    type Err = InvalidMessage;

    fn from_str(text: &str) -> Result<Self, InvalidMessage> {
        let text = text.replace("\r\n", "\n");
        if text.trim().is_empty() {
            return Err(InvalidMessage::Empty);
        }
        if text.chars().count() > MAX_MESSAGE_CHARS {
            return Err(InvalidMessage::TooLong);
        }
        if text.chars().any(|c| c.is_control() && c != '\n' && c != '\t') {
            return Err(InvalidMessage::NotPlain);
        }
        let unknown: Vec<_> = segments(&text)
            .filter_map(|segment| match segment {
                Segment::Unknown(token) => Some(token.to_owned()),
                _ => None,
            })
            .collect();
        if unknown.is_empty() { Ok(Self(text)) } else { Err(InvalidMessage::UnknownTokens(unknown)) }
    }
}

impl TryFrom<String> for Message {
    type Error = InvalidMessage;

    fn try_from(text: String) -> Result<Self, InvalidMessage> {
        text.parse()
    }
}

impl From<Message> for String {
    fn from(message: Message) -> Self {
        message.0
    }
}

impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
