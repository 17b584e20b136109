//! Values of records that carry their range: text and numbers that cannot be out of it.
//!
//! Each is read from what JSON has for it and says what it wants where that does not fit. What the table holds was read
//! the same way before it was written, and is read so again: a narrower range would make older records unreadable, so
//! widen ranges freely, and narrow one only after a migration.

use std::{fmt, ops::Deref, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, de};
use url::Url;

use super::text::{ends_line, is_blank, is_plain, with_plain_lines};

/// The longest URL, in characters.
pub const MAX_URL_CHARS: usize = 2_000;

/// What a value must be, as a caller is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidField {
    /// Text that is no [`Line`].
    #[error("must be 1 to {most} characters on one line, not all of them invisible")]
    Line {
        /// The longest one, in characters.
        most: usize,
    },
    /// Text that is no [`Prose`].
    #[error("must be plain text of at most {most} characters")]
    Prose {
        /// The longest one, in characters.
        most: usize,
    },
    /// Text that is no [`WebUrl`].
    #[error("must be an absolute http or https URL without user name, of at most {MAX_URL_CHARS} characters")]
    Url,
    /// A number that is no [`Whole`].
    #[error("must be a whole number from {least} to {most}")]
    Whole {
        /// The smallest one.
        least: u32,
        /// The largest one.
        most: u32,
    },
    /// A number that is no [`Count`].
    #[error("must not be negative")]
    Count,
}

/// One line of 1 to `MOST` characters of which some are seen, without the space around it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Line<const MOST: usize>(String);

/// The longest name of a person or community, in characters.
pub const MAX_NAME_CHARS: usize = 200;
/// The name of a person or community.
pub type Name = Line<MAX_NAME_CHARS>;

impl<const MOST: usize> FromStr for Line<MOST> {
    type Err = InvalidField;

    fn from_str(text: &str) -> Result<Self, InvalidField> {
        let text = text.trim();
        let line = !text.chars().any(|c| c.is_control() || ends_line(c));
        if line && !is_blank(text) && text.chars().count() <= MOST {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidField::Line { most: MOST })
        }
    }
}

impl<const MOST: usize> Line<MOST> {
    /// A line that the code knows.
    pub(crate) fn known(text: &'static str) -> Self {
        Self(text.to_owned())
    }
}

/// Plain text of some lines, up to `MOST` characters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Prose<const MOST: usize>(String);

impl<const MOST: usize> FromStr for Prose<MOST> {
    type Err = InvalidField;

    fn from_str(text: &str) -> Result<Self, InvalidField> {
        let text = with_plain_lines(text);
        if is_plain(&text) && text.chars().count() <= MOST {
            Ok(Self(text))
        } else {
            Err(InvalidField::Prose { most: MOST })
        }
    }
}

/// An address in the web that can be linked to as it stands. Keeps its spelling.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct WebUrl(String);

impl FromStr for WebUrl {
    type Err = InvalidField;

    fn from_str(text: &str) -> Result<Self, InvalidField> {
        // The parser forgives what old browsers let pass; mails and pages shall not depend on it.
        let spelled_out = text.split_once("://").is_some_and(|(scheme, rest)| {
            ["http", "https"].iter().any(|known| scheme.eq_ignore_ascii_case(known)) && !rest.starts_with('/')
        });
        let clean = !text.contains(|c: char| c.is_whitespace() || c.is_control() || c == '\\');
        let short = text.chars().count() <= MAX_URL_CHARS;
        let parsed = Url::parse(text).ok().filter(Url::has_host);
        let anonymous = parsed.is_some_and(|url| url.username().is_empty() && url.password().is_none());
        if spelled_out && clean && short && anonymous { Ok(Self(text.to_owned())) } else { Err(InvalidField::Url) }
    }
}

macro_rules! reads_as_text {
    ($([$($generics:tt)*] $type:ty,)*) => {
        $(
            impl<$($generics)*> TryFrom<String> for $type {
                type Error = InvalidField;

                fn try_from(text: String) -> Result<Self, InvalidField> {
                    text.parse()
                }
            }

            impl<$($generics)*> From<$type> for String {
                fn from(text: $type) -> Self {
                    text.0
                }
            }

            impl<$($generics)*> Deref for $type {
                type Target = str;

                fn deref(&self) -> &str {
                    &self.0
                }
            }
        )*
    };
}

reads_as_text! {
    [const MOST: usize] Line<MOST>,
    [const MOST: usize] Prose<MOST>,
    [] WebUrl,
}

/// A whole number from `LEAST` to `MOST`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "i64", into = "u32")]
pub struct Whole<const LEAST: u32, const MOST: u32>(u32);

impl<const LEAST: u32, const MOST: u32> Whole<LEAST, MOST> {
    /// A number that the code knows.
    ///
    /// # Panics
    /// If the number is out of its range: while compiling, where it is a constant.
    pub const fn new(number: u32) -> Self {
        assert!(LEAST <= number && number <= MOST, "the number is out of its range");
        Self(number)
    }

    /// Returns the number.
    pub const fn get(self) -> u32 {
        self.0
    }
}

impl<const LEAST: u32, const MOST: u32> TryFrom<i64> for Whole<LEAST, MOST> {
    type Error = InvalidField;

    fn try_from(number: i64) -> Result<Self, InvalidField> {
        let number = u32::try_from(number).ok().filter(|number| (LEAST..=MOST).contains(number));
        number.map(Self).ok_or(InvalidField::Whole { least: LEAST, most: MOST })
    }
}

impl<const LEAST: u32, const MOST: u32> From<Whole<LEAST, MOST>> for u32 {
    fn from(number: Whole<LEAST, MOST>) -> Self {
        number.0
    }
}

/// How many there are of something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "i64", into = "u64")]
pub struct Count(u64);

impl Count {
    /// Returns the number.
    pub const fn get(self) -> u64 {
        self.0
    }
}

impl TryFrom<i64> for Count {
    type Error = InvalidField;

    fn try_from(number: i64) -> Result<Self, InvalidField> {
        u64::try_from(number).map(Self).map_err(|_| InvalidField::Count)
    }
}

impl From<Count> for u64 {
    fn from(count: Count) -> Self {
        count.0
    }
}

/// Reads text that may be left out. Text of which nothing is seen reads as left out.
///
/// # Errors
/// Those of the text, and what is wrong with it.
pub(crate) fn unless_blank<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr<Err: fmt::Display>,
{
    let text = Option::<String>::deserialize(deserializer)?.filter(|text| !is_blank(text));
    text.map(|text| text.parse()).transpose().map_err(de::Error::custom)
}

/// Reads a flag that is left out as set.
pub(crate) fn yes() -> bool {
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_one_line_of_up_to_200_characters() {
        let name = |text: &str| text.parse::<Name>();
        assert!(name(&"ä".repeat(200)).is_ok());
        assert!(name(&"ä".repeat(201)).is_err());
        assert!(name("Ada\nLovelace").is_err());
        assert!(name("Ada\u{2028}Lovelace").is_err());
    }

    #[test]
    fn a_name_of_characters_that_nobody_sees_is_none() {
        for unseen in [
            "",
            "\t",
            "\u{A0}\u{3000}",
            "\u{200B}",
            "\u{200D}\u{FE0F}",
            "\u{202E}\u{2069}",
            "\u{3164}",
            "\u{2800}",
            "\u{FFF9}",
            "\u{FFF9}\u{FFFB}",
            "\u{FFFC}",
            "\u{1D159}",
        ] {
            assert!(unseen.parse::<Name>().is_err(), "{unseen:?}");
        }
        // Marks beside what is seen are a part of the name.
        assert_eq!("\u{200F}דנה".parse::<Name>().map(String::from).as_deref(), Ok("\u{200F}דנה"));
    }

    #[test]
    fn every_end_of_a_line_of_prose_reads_as_one() {
        assert_eq!("Pier 1\rHarbour\r\n\u{85}Sea".parse::<Prose<50>>().as_deref(), Ok("Pier 1\nHarbour\n\nSea"));
        assert!("bell\u{7}".parse::<Prose<50>>().is_err());
    }

    #[test]
    fn urls_are_absolute_and_name_nobody() {
        let url = |text: &str| text.parse::<WebUrl>().map(String::from);
        for good in ["https://a.example", "HTTP://a.example:8080/x?y=z#f", "https://müller.example/ä", "http://[::1]/"]
        {
            assert_eq!(url(good).as_deref(), Ok(good));
        }
        let long = format!("https://a.example/{}", "x".repeat(2_000));
        for bad in [
            "",
            "a.example",
            "/people/ada",
            "//a.example",
            "https:a.example",
            "https://",
            "https:///x",
            "ftp://a.example",
            "javascript:alert(1)",
            "https://ada@a.example",
            "https://:secret@a.example",
            "https://a.example/a b",
            "https://a.example/\n",
            " https://a.example",
            "https:\\\\a.example",
            "https://a.example:99999",
            &long,
        ] {
            assert!(url(bad).is_err(), "{bad}");
        }
    }
}
