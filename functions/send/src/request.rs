//! What a request says, parsed: recipients in order, a message, a lifetime, and whether the invitees get a mail.

use std::fmt;

use domain::{
    message::{InvalidMessage, Message},
    settings::MAX_LIFETIME_DAYS,
    text::is_blank,
};
use http_api::problem::{Fault, Problem};
use lambda_http::Request;
use serde::{
    Deserialize, Deserializer,
    de::{self, SeqAccess, Visitor},
};
use service::send::Submission;

/// The longest `Idempotency-Key`, in characters (SPEC section 4).
pub(crate) const MAX_IDEMPOTENCY_KEY: usize = 255;

/// The body of a request.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub(crate) struct SendRequest {
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Vec<String>>))]
    user_ids: Vec<String>,
    #[serde(deserialize_with = "emails")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Emails>))]
    emails: Vec<String>,
    message: Option<String>,
    expires_in_days: Option<i64>,
    notify: Option<bool>,
}

impl SendRequest {
    /// Checks what concerns the whole request; a recipient that is none is an outcome, not an error.
    pub(crate) fn parse(self) -> Result<Submission, Problem> {
        let mut faults = Vec::new();
        let written = self.message.filter(|text| !is_blank(text));
        let message = match written.map(|text| text.parse::<Message>()).transpose() {
            Ok(message) => message,
            Err(error @ InvalidMessage::UnknownTokens(_)) => return Err(Problem::unknown_tokens("message", error)),
            Err(error) => {
                faults.push(Fault::new("message", error));
                None
            }
        };
        let expires_in_days = self.expires_in_days.and_then(|days| {
            let days = u32::try_from(days).ok().filter(|days| (1..=MAX_LIFETIME_DAYS).contains(days));
            if days.is_none() {
                faults.push(Fault::new("expiresInDays", format!("must be from 1 to {MAX_LIFETIME_DAYS}")));
            }
            days
        });
        if !faults.is_empty() {
            return Err(Problem::invalid(faults));
        }
        let silent = self.notify == Some(false);
        Ok(Submission { silent, ..Submission::new(self.user_ids, self.emails, message, expires_in_days)? })
    }
}

/// Email addresses, as people paste them: with names, in angle brackets or quotes, as `mailto:` links; between commas,
/// semicolons, white space or line breaks.
#[cfg(feature = "openapi")]
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "what `emails` reads by hand, described")]
enum Emails {
    /// A list. An entry may hold several addresses. Text that is no address has the outcome `invalid_email`.
    List(Vec<String>),
    /// One text, as it was pasted from somewhere.
    Text(String),
}

/// Addresses come as a list of texts, or as one text.
fn emails<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    struct Emails;

    impl<'de> Visitor<'de> for Emails {
        type Value = Vec<String>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a list of strings, or one string with addresses as they were pasted")
        }

        fn visit_str<E: de::Error>(self, text: &str) -> Result<Vec<String>, E> {
            Ok(vec![text.to_owned()])
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Vec<String>, A::Error> {
            let mut addresses = Vec::new();
            while let Some(address) = list.next_element()? {
                addresses.push(address);
            }
            Ok(addresses)
        }
    }

    deserializer.deserialize_any(Emails)
}

/// The request's `Idempotency-Key`, if it has one.
pub(crate) fn idempotency_key(request: &Request) -> Result<Option<&str>, Problem> {
    let Some(value) = request.headers().get("idempotency-key") else { return Ok(None) };
    match value.to_str() {
        Ok(key) if (1..=MAX_IDEMPOTENCY_KEY).contains(&key.len()) => Ok(Some(key)),
        _ => {
            let detail = format!("must be 1 to {MAX_IDEMPOTENCY_KEY} printable characters");
            Err(Problem::malformed("Idempotency-Key", detail))
        }
    }
}
