//! Fields that must make sense: each check says what it wants, and all faults of a record are told at once.

use std::{fmt::Display, ops::RangeInclusive};

use http_api::problem::{Fault, Problem};
use serde::de::{DeserializeOwned, IntoDeserializer};
use url::Url;

/// The longest name of a person or community, in characters.
pub(crate) const MAX_NAME_CHARS: usize = 200;
/// The longest description of a community, in characters.
pub(crate) const MAX_DESCRIPTION_CHARS: usize = 2_000;
/// The longest URL, in characters.
pub(crate) const MAX_URL_CHARS: usize = 2_000;

/// The faults found in one record so far.
#[derive(Default)]
pub(crate) struct Faults(Vec<Fault>);

impl Faults {
    pub(crate) fn add(&mut self, param: &str, detail: impl Display) {
        self.0.push(Fault::new(param, detail));
    }

    /// The value of a field that must be there.
    pub(crate) fn required<T, E: Display>(
        &mut self,
        param: &str,
        text: Option<String>,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        if text.is_none() {
            self.add(param, "is required");
        }
        self.optional(param, text, parse)
    }

    /// The value of a field, if it is there and makes sense.
    pub(crate) fn optional<T, E: Display>(
        &mut self,
        param: &str,
        text: Option<String>,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        parse(&text?).map_err(|fault| self.add(param, fault)).ok()
    }

    /// The value of a whole number, if it is there and within `range`.
    pub(crate) fn whole<T: TryFrom<i64> + Display + PartialOrd>(
        &mut self,
        param: &str,
        number: Option<i64>,
        range: &RangeInclusive<T>,
    ) -> Option<T> {
        let number = T::try_from(number?).ok().filter(|number| range.contains(number));
        if number.is_none() {
            self.add(param, format!("must be a whole number from {} to {}", range.start(), range.end()));
        }
        number
    }

    /// What was made of the record, unless there are faults.
    pub(crate) fn finish<T>(self, record: Option<T>) -> Result<T, Problem> {
        record.filter(|_| self.0.is_empty()).ok_or_else(|| Problem::invalid(self.0))
    }
}

/// One line of text, without the space around it.
pub(crate) fn line(text: &str, most: usize) -> Result<String, String> {
    let text = text.trim();
    let fits = (1..=most).contains(&text.chars().count()) && !text.chars().any(char::is_control);
    if fits { Ok(text.to_owned()) } else { Err(format!("must be 1 to {most} characters on one line")) }
}

/// The name of a person or community.
pub(crate) fn name(text: &str) -> Result<String, String> {
    line(text, MAX_NAME_CHARS)
}

/// Plain text of some lines; `None` if there is nothing in it to read.
pub(crate) fn prose(text: &str, most: usize) -> Result<Option<String>, String> {
    let plain = text.chars().all(|c| !c.is_control() || matches!(c, '\n' | '\r' | '\t'));
    if text.chars().count() > most || !plain {
        return Err(format!("must be plain text of at most {most} characters"));
    }
    Ok(Some(text.to_owned()).filter(|text| !text.trim().is_empty()))
}

/// An address in the web that can be linked to as it stands. It stays as it was written.
pub(crate) fn url(text: &str) -> Result<String, String> {
    // The parser forgives what old browsers let pass; mails and pages shall not depend on it.
    let spelled_out = text.split_once("://").is_some_and(|(scheme, rest)| {
        ["http", "https"].iter().any(|known| scheme.eq_ignore_ascii_case(known)) && !rest.starts_with('/')
    });
    let clean = !text.contains(|c: char| c.is_whitespace() || c.is_control() || c == '\\');
    let fits = text.chars().count() <= MAX_URL_CHARS;
    let parsed = Url::parse(text).ok().filter(Url::has_host);
    let named = parsed.is_some_and(|url| url.username().is_empty() && url.password().is_none());
    if spelled_out && clean && fits && named {
        return Ok(text.to_owned());
    }
    Err(format!("must be an absolute http or https URL without user name, of at most {MAX_URL_CHARS} characters"))
}

/// One of the names that SPEC gives the values of `T`.
pub(crate) fn choice<T: DeserializeOwned>(text: &str) -> Result<T, serde::de::value::Error> {
    T::deserialize(text.into_deserializer())
}
