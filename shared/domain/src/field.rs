//! Values of records that carry their range: text and numbers that cannot be out of it.
//!
//! Each is read from what JSON has for it and says what it wants where that does not fit. What the table holds was read
//! the same way before it was written, and is read so again: a narrower range would make older records unreadable, so
//! widen ranges freely, and narrow one only after a migration.

use std::{ops::Deref, str::FromStr};

use serde::{Deserialize, Serialize};
use url::Url;

/// The longest URL, in characters.
pub const MAX_URL_CHARS: usize = 2_000;

/// What a value must be, as a caller is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidField {
    /// Text that is no [`Line`].
    #[error("must be 1 to {most} characters on one line")]
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

/// One line of 1 to `MOST` characters, without the space around it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Line<const MOST: usize>(String);

/// The name of a person or community.
pub type Name = Line<200>;

impl<const MOST: usize> FromStr for Line<MOST> {
    type Err = InvalidField;

    fn from_str(text: &str) -> Result<Self, InvalidField> {
        let text = text.trim();
        let fits = (1..=MOST).contains(&text.chars().count()) && !text.chars().any(char::is_control);
        if fits { Ok(Self(text.to_owned())) } else { Err(InvalidField::Line { most: MOST }) }
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
        let plain = text.chars().all(|c| !c.is_control() || matches!(c, '\n' | '\r' | '\t'));
        let fits = plain && text.chars().count() <= MOST;
        if fits { Ok(Self(text.to_owned())) } else { Err(InvalidField::Prose { most: MOST }) }
    }
}

impl<const MOST: usize> Prose<MOST> {
    /// Reads text that may be left out. White space alone reads as left out.
    ///
    /// # Errors
    /// Those of the text.
    pub fn unless_blank<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Self>, D::Error> {
        Ok(Option::<Self>::deserialize(deserializer)?.filter(|text| !text.trim().is_empty()))
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
        assert!(name("\t").is_err());
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
