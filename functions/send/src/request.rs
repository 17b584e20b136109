//! What a request says, parsed: recipients in order, a message, a lifetime.

use std::fmt;

use domain::{
    Timestamp,
    email::EmailAddress,
    id::{CommunityId, InvitationId, UserId},
    message::{InvalidMessage, Message},
    refusal::Refusal,
};
use http_api::problem::{Fault, Problem};
use lambda_http::Request;
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{self, SeqAccess, Visitor},
};
use sha2::{Digest, Sha256};
use system::randomise;

/// The longest lifetime that a request may ask for, in days (SPEC section 3).
pub(crate) const MAX_LIFETIME_DAYS: u32 = 365;
/// The longest `Idempotency-Key`, in characters (SPEC section 4).
pub(crate) const MAX_IDEMPOTENCY_KEY: usize = 255;
/// More recipients than any settings allow are not even looked at.
pub(crate) const MAX_SUBMITTED: usize = 1_000;

/// The body of a request.
#[derive(Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub(crate) struct SendRequest {
    user_ids: Vec<String>,
    #[serde(deserialize_with = "emails")]
    #[cfg_attr(feature = "openapi", schema(value_type = crate::contract::Emails))]
    emails: Vec<String>,
    message: Option<String>,
    expires_in_days: Option<i64>,
}

impl SendRequest {
    /// What tells two requests apart: the same for the same community and values, however they are spelled in JSON.
    pub(crate) fn digest(&self, community: &CommunityId) -> String {
        let text = serde_json::to_string(&(community, self)).unwrap_or_default();
        hex::encode(Sha256::digest(text))
    }
}

/// Addresses come as a list, or as one string that was pasted from somewhere.
fn emails<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    struct Emails;

    impl<'de> Visitor<'de> for Emails {
        type Value = Vec<String>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a list of addresses, or one string with addresses between commas, semicolons or line breaks")
        }

        fn visit_str<E: de::Error>(self, text: &str) -> Result<Vec<String>, E> {
            let parts = text.split([',', ';', '\n', '\r']).map(str::trim);
            Ok(parts.filter(|part| !part.is_empty()).map(str::to_owned).collect())
        }

        fn visit_unit<E: de::Error>(self) -> Result<Vec<String>, E> {
            Ok(Vec::new())
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

/// A request that can be acted on.
#[derive(Debug)]
pub(crate) struct Submission {
    pub(crate) recipients: Vec<Submitted>,
    pub(crate) message: Option<Message>,
    pub(crate) expires_in_days: Option<u32>,
}

/// One recipient as it was submitted.
#[derive(Debug)]
pub(crate) struct Submitted {
    pub(crate) text: String,
    pub(crate) names: Named,
}

/// Whom a recipient's text names.
#[derive(Debug)]
pub(crate) enum Named {
    User(UserId),
    /// Text that no user can have as an id.
    Nobody,
    Email(EmailAddress),
    /// Text that is no address.
    NoEmail,
}

impl Submission {
    /// Checks what concerns the whole request; a recipient that is none is an outcome, not an error.
    pub(crate) fn parse(body: SendRequest) -> Result<Self, Problem> {
        let mut faults = Vec::new();
        let message = match body.message.map(|text| text.parse::<Message>()).transpose() {
            Ok(message) => message,
            Err(error @ InvalidMessage::UnknownTokens(_)) => return Err(Problem::unknown_tokens("message", error)),
            Err(error) => {
                faults.push(Fault::new("message", error));
                None
            }
        };
        let expires_in_days = body.expires_in_days.and_then(|days| {
            let days = u32::try_from(days).ok().filter(|days| (1..=MAX_LIFETIME_DAYS).contains(days));
            if days.is_none() {
                faults.push(Fault::new("expiresInDays", format!("must be from 1 to {MAX_LIFETIME_DAYS}")));
            }
            days
        });
        if !faults.is_empty() {
            return Err(Problem::invalid(faults));
        }
        let users = body.user_ids.into_iter().map(|text| {
            let names = text.parse().map_or(Named::Nobody, Named::User);
            Submitted { text, names }
        });
        let emails = body.emails.into_iter().map(|text| {
            let names = text.parse().map_or(Named::NoEmail, Named::Email);
            Submitted { text, names }
        });
        let recipients: Vec<_> = users.chain(emails).collect();
        if recipients.len() > MAX_SUBMITTED {
            return Err(
                Refusal::TooManyRecipients { found: recipients.len(), most: domain::settings::MAX_RECIPIENTS }.into()
            );
        }
        Ok(Self { recipients, message, expires_in_days })
    }

    pub(crate) fn check_not_empty(&self) -> Result<(), Problem> {
        if self.recipients.is_empty() {
            return Err(Refusal::NoRecipients.into());
        }
        Ok(())
    }
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

/// A new id. Its first random bytes count the recipients, so that one request's invitations keep their order.
pub(crate) fn draw_id(now: Timestamp, index: usize) -> Result<InvitationId, Problem> {
    let mut entropy = [0; 10];
    randomise(&mut entropy[2..]).map_err(|_| Problem::internal())?;
    Ok(ordered_id(now, index, entropy))
}

/// The id at `now` with that entropy, of which the first two bytes give way to the recipient's place.
pub(crate) fn ordered_id(now: Timestamp, index: usize, mut entropy: [u8; 10]) -> InvitationId {
    entropy[..2].copy_from_slice(&u16::try_from(index).unwrap_or(u16::MAX).to_be_bytes());
    InvitationId::new(now.as_millisecond().unsigned_abs(), entropy)
}
