//! The words that accompany an invitation: plain text with three tokens.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use super::text::{is_blank, is_plain, with_plain_lines};

/// The longest message, in characters (SPEC section 5).
pub const MAX_MESSAGE_CHARS: usize = 2_000;

/// The tokens that a message may have.
pub const TOKENS: [&str; 3] = ["%sender%", "%community%", "%type%"];

/// A message whose tokens are all known ones.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Message(String);

/// Why a text is no message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidMessage {
    /// Nothing that is seen.
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
/// has none; nor has a link, in which every per cent sign stands before two hexadecimal digits.
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
    let mut from = 0;
    loop {
        let start = from + text[from..].find('%')?;
        let rest = &text.as_bytes()[start + 1..];
        if rest.len() > 1 && rest[..2].iter().all(u8::is_ascii_hexdigit) {
            from = start + 3;
            continue;
        }
        let letters = rest.iter().take_while(|byte| byte.is_ascii_alphabetic() || **byte == b'_').count();
        if letters > 0 && rest.get(letters) == Some(&b'%') {
            return Some((start, start + letters + 2));
        }
        from = start + 1;
    }
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
        let text = with_plain_lines(text);
        if is_blank(&text) {
            return Err(InvalidMessage::Empty);
        }
        if text.chars().count() > MAX_MESSAGE_CHARS {
            return Err(InvalidMessage::TooLong);
        }
        if !is_plain(&text) {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn unknown(text: &str) -> Vec<String> {
        match text.parse::<Message>() {
            Err(InvalidMessage::UnknownTokens(tokens)) => tokens,
            other => {
                other.unwrap();
                Vec::new()
            }
        }
    }

    #[test]
    fn per_cent_signs_of_links_are_no_tokens() {
        for text in [
            "https://x.test/wiki/%E4%BD%A0%E5%A5%BD",
            "https://x.test/caf%C3%A9%",
            "https://x.test/peut-%C3%AAtre%20fini",
            "https://x.test/%ad%be%ef%",
            "https://x.test/?a=%de%sender%",
            "100% sure, 50 %, %20sender%20, %%, 100%",
        ] {
            assert_eq!(unknown(text), Vec::<String>::new(), "{text}");
        }
        let after_link: Vec<_> = segments("%C3%A9%sender%20").collect();
        assert_eq!(after_link, [Segment::Text("%C3%A9"), Segment::Sender, Segment::Text("20")]);
    }

    #[test]
    fn words_between_per_cent_signs_are_tokens_and_typos_are_told() {
        assert_eq!(unknown("%recipient% 5%x% %Sender% %_% %e%"), ["%recipient%", "%x%", "%Sender%", "%_%", "%e%"]);
        assert_eq!(unknown("%sender%community%type%"), Vec::<String>::new());
        // No token begins like what is encoded.
        for token in TOKENS {
            assert_eq!(unknown(token), Vec::<String>::new(), "{token}");
            assert!(!token.bytes().skip(1).take(2).all(|byte| byte.is_ascii_hexdigit()), "{token}");
        }
    }

    #[test]
    fn lines_end_in_one_way_and_a_message_says_something() {
        let message: Message = "a\r\nb\rc\u{B}d\u{85}e\u{2028}f".parse().unwrap();
        assert_eq!(message.as_str(), "a\nb\nc\nd\ne\nf");
        for blank in ["", " \n", "\u{200B}\u{2060}"] {
            assert_eq!(blank.parse::<Message>(), Err(InvalidMessage::Empty), "{blank:?}");
        }
    }
}
