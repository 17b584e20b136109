//! What a request to invite says, parsed: recipients in order, a message, a lifetime, and whether the invitees get a
//! mail; and what came of each recipient.

use std::{collections::BTreeMap, fmt};

use domain::{
    message::{InvalidMessage, Message},
    person::Caller,
    sending::Outcome,
    settings::LifetimeDays,
    text::is_blank,
    viewing::{RoleFact, Viewer},
};
use lambda_http::{
    Body, Response,
    http::{HeaderValue, StatusCode},
};
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{self, SeqAccess, Visitor},
};
use service::send::{RecipientResult, SendResult, Submission};

use super::{
    problem::{Fault, Problem},
    response::json,
    view::{InvitationView, message},
};

/// The longest `Idempotency-Key`, in characters (SPEC section 4).
pub const MAX_IDEMPOTENCY_KEY: usize = 255;

/// The body of a request.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
#[allow(missing_docs, reason = "openapi.yaml is made from the fields")]
pub struct SendRequest {
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Vec<String>>))]
    pub user_ids: Vec<String>,
    #[serde(deserialize_with = "emails")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Emails>))]
    pub emails: Vec<String>,
    pub message: Option<String>,
    #[cfg_attr(feature = "openapi", schema(value_type = Option<LifetimeDays>, inline))]
    pub expires_in_days: Option<i64>,
    pub notify: Option<bool>,
}

impl SendRequest {
    /// Checks what concerns the whole request; a recipient that is none is an outcome, not an error.
    ///
    /// # Errors
    /// 422 with each value that is not allowed, 413 for more recipients than are looked at.
    pub fn parse(self) -> Result<Submission, Problem> {
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
        let expires_in_days = match self.expires_in_days.map(LifetimeDays::try_from).transpose() {
            Ok(days) => days.map(LifetimeDays::get),
            Err(error) => {
                faults.push(Fault::new("expiresInDays", error));
                None
            }
        };
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

/// Reads the key that makes repetitions of a request safe.
///
/// # Errors
/// 400 if it is too long, or not printable.
pub fn idempotency_key(text: &[u8]) -> Result<&str, Problem> {
    let is_key =
        (1..=MAX_IDEMPOTENCY_KEY).contains(&text.len()) && text.iter().all(|byte| (b' '..=b'~').contains(byte));
    std::str::from_utf8(text).ok().filter(|_| is_key).ok_or_else(|| {
        let detail = format!("must be 1 to {MAX_IDEMPOTENCY_KEY} printable characters");
        Problem::malformed("Idempotency-Key", detail)
    })
}

/// What came of one recipient, as the sender sees it.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = SendResult))]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "openapi.yaml is made from the fields")]
pub struct ResultView {
    pub recipient: String,
    pub outcome: Outcome,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub invitation: Option<InvitationView>,
}

/// What came of each recipient, in the order in which they were named, and how often each outcome came.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = SendAnswer))]
pub struct SendView {
    results: Vec<ResultView>,
    summary: BTreeMap<Outcome, usize>,
}

/// Responds with what became of a request to the caller who sent it.
///
/// # Errors
/// 500 if it does not serialise.
pub fn respond(result: SendResult, caller: &Caller) -> Result<Response<Body>, Problem> {
    let mut summary: BTreeMap<_, _> = Outcome::ALL.into_iter().map(|outcome| (outcome, 0)).collect();
    for one in &result.results {
        *summary.entry(one.outcome).or_default() += 1;
    }
    let replayed = result.replayed;
    let mut response = json(StatusCode::OK, &SendView { results: results(result, caller), summary })?;
    if replayed {
        response.headers_mut().insert("idempotency-replayed", HeaderValue::from_static("true"));
    }
    Ok(response)
}

/// Shows what became of each recipient of a request to the caller who sent it.
pub fn results(result: SendResult, caller: &Caller) -> Vec<ResultView> {
    let viewer = Viewer { caller, user: None, role: RoleFact::Known(result.role) };
    // The message, its sender and its community are those of the request.
    let message = result.results.iter().find_map(|one| one.invitation.as_ref()).map(message).unwrap_or_default();
    let show =
        |made, actions: Vec<_>| InvitationView::with_message(message.clone(), made, &actions, &viewer, result.at);
    let view = |RecipientResult { recipient, outcome, retry_after, invitation, actions }| ResultView {
        recipient,
        outcome,
        retry_after,
        invitation: invitation.map(|made| show(made, actions)),
    };
    result.results.into_iter().map(view).collect()
}
