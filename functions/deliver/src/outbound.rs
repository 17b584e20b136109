//! What leaves the service: mails through SES, events through EventBridge.

use std::{error::Error, time::Duration};

use aws_config::{SdkConfig, retry::RetryConfig, timeout::TimeoutConfig};
use aws_sdk_eventbridge::types::PutEventsRequestEntry;
use aws_sdk_sesv2::{
    error::{ProvideErrorMetadata, SdkError},
    operation::send_email::SendEmailError,
    types::{Body, Content, Destination, EmailContent, Message, MessageHeader, MessageTag},
};
use base64::{Engine, prelude::BASE64_STANDARD};
use domain::event::Event;
use runtime::{MissingVariable, variable};
use service::delivery::OutgoingMail;

/// The source of every event on the bus.
const EVENT_SOURCE: &str = "invitations";
/// Events that the bus takes in one request.
const EVENTS_PER_REQUEST: usize = 10;
/// SES's error codes that mean "not now" although their status says that the request is at fault.
const BUSY: [&str; 3] = ["LimitExceededException", "SendingPausedException", "ThrottlingException"];
/// How long the mail service may take over one mail. What it has not answered by then it may have sent all the same,
/// so it gets far more time than it ever needs.
pub(crate) const POST_TIMEOUT: Duration = Duration::from_secs(30);
/// How long a mail waits when the mail service is busy for the first time; each further time about twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(500);

/// The mail service and the bus, with what every mail and event has in common.
#[derive(Debug, Clone)]
pub struct Outbound {
    /// The mail service.
    pub ses: aws_sdk_sesv2::Client,
    /// The bus's service.
    pub events: aws_sdk_eventbridge::Client,
    /// Where links lead, without a slash at the end.
    pub public_base_url: String,
    /// The address that mails come from.
    pub sender_address: String,
    /// The configuration set that reports what became of mails.
    pub configuration_set: String,
    /// The bus's name.
    pub event_bus: String,
    /// How long a mail waits when the mail service is busy for the first time.
    pub first_pause: Duration,
}

/// Why the mail service is not known to have taken a mail.
pub(crate) enum PostFailure {
    /// It said that it may later, or was never reached.
    Busy(String),
    /// It said that it will not.
    Rejected(String),
    /// It did not say: the mail may be on its way, or not.
    Unknown(String),
}

/// An event, and the record of the stream that it comes from.
pub(crate) struct Announcement {
    pub(crate) sequence: String,
    pub(crate) event: Event,
}

impl Outbound {
    /// The services that the environment names.
    ///
    /// # Errors
    /// [`MissingVariable`] if it does not name one.
    pub fn from_environment(aws: &SdkConfig) -> Result<Self, MissingVariable> {
        Ok(Self {
            ses: Self::mail_service(aws),
            events: aws_sdk_eventbridge::Client::new(aws),
            public_base_url: variable("PUBLIC_BASE_URL")?.trim_end_matches('/').to_owned(),
            sender_address: variable("SENDER_ADDRESS")?,
            configuration_set: variable("CONFIGURATION_SET")?,
            event_bus: variable("EVENT_BUS")?,
            first_pause: FIRST_PAUSE,
        })
    }

    /// The client of the mail service, which asks once and waits long: SES knows no idempotency, so a request that is
    /// repeated because its answer was late is a second mail.
    pub fn mail_service(aws: &SdkConfig) -> aws_sdk_sesv2::Client {
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(Duration::from_secs(2))
            .operation_attempt_timeout(POST_TIMEOUT)
            .operation_timeout(POST_TIMEOUT);
        let config = aws_sdk_sesv2::config::Builder::from(aws)
            .retry_config(RetryConfig::disabled())
            .timeout_config(timeouts.build());
        aws_sdk_sesv2::Client::from_conf(config.build())
    }

    /// Posts the mail once. `post` counts within the attempt, so that each request can be told from all others.
    pub(crate) async fn post(&self, mail: &OutgoingMail, post: u32) -> Result<(), PostFailure> {
        let message = message(mail).map_err(|error| PostFailure::Rejected(error.to_string()))?;
        let tag = |name: &str, value: String| MessageTag::builder().name(name).value(value).build();
        let tags = [
            tag("invitation", mail.invitation.to_string()),
            tag("mail", mail.kind.as_str().to_owned()),
            tag("revision", mail.revision.to_string()),
            tag("attempt", format!("{}-{post}", mail.attempt)),
        ];
        let tags = tags.into_iter().collect::<Result<Vec<_>, _>>().map_err(|e| PostFailure::Rejected(e.to_string()))?;
        let sent = self
            .ses
            .send_email()
            .from_email_address(format!("{} <{}>", phrase(&mail.product), self.sender_address))
            .destination(Destination::builder().to_addresses(mail.to.as_mailed()).build())
            .content(EmailContent::builder().simple(message).build())
            .configuration_set_name(&self.configuration_set)
            .set_email_tags(Some(tags))
            .send()
            .await;
        sent.map(drop).map_err(|error| post_failure(&error))
    }

    /// Puts events on the bus. Returns the stream's reports of those that it did not take.
    pub(crate) async fn announce(&self, announcements: &[Announcement]) -> Vec<String> {
        let mut failed = Vec::new();
        for chunk in announcements.chunks(EVENTS_PER_REQUEST) {
            let entries = chunk.iter().map(|announcement| self.entry(&announcement.event));
            let response = self.events.put_events().set_entries(Some(entries.collect())).send().await;
            let refused = |index: usize| match &response {
                Ok(response) => response.entries().get(index).is_none_or(|entry| entry.error_code().is_some()),
                Err(_) => true,
            };
            let lost = chunk.iter().enumerate().filter(|(index, _)| refused(*index));
            failed.extend(lost.map(|(_, announcement)| announcement.sequence.clone()));
        }
        if !failed.is_empty() {
            tracing::warn!(events = failed.len(), "the bus did not take events");
        }
        failed
    }

    fn entry(&self, event: &Event) -> PutEventsRequestEntry {
        PutEventsRequestEntry::builder()
            .event_bus_name(&self.event_bus)
            .source(EVENT_SOURCE)
            .detail_type(event.name.as_str())
            .detail(serde_json::to_string(event).unwrap_or_default())
            .build()
    }
}

/// What a failure says of the mail. Only a plain no means that there is none on its way.
fn post_failure(error: &SdkError<SendEmailError>) -> PostFailure {
    match error {
        SdkError::ServiceError(service) => {
            let code = service.err().code().unwrap_or("unknown").to_owned();
            match service.raw().status().as_u16() {
                429 | 500 | 503 => PostFailure::Busy(code),
                408 => PostFailure::Unknown(code),
                400..=499 if BUSY.contains(&&*code) => PostFailure::Busy(code),
                400..=499 => PostFailure::Rejected(code),
                // An answer that does not read, or one that a gateway gave in SES's stead.
                status => PostFailure::Unknown(format!("status {status}")),
            }
        }
        SdkError::ConstructionFailure(_) => PostFailure::Rejected("the request could not be built".to_owned()),
        SdkError::DispatchFailure(_) if never_connected(error) => PostFailure::Busy("no connection".to_owned()),
        SdkError::TimeoutError(_) => PostFailure::Unknown("timeout".to_owned()),
        _ => PostFailure::Unknown("no answer".to_owned()),
    }
}

/// Whether a request failed before anything of it was sent.
fn never_connected(failure: &SdkError<SendEmailError>) -> bool {
    use hyper_util::client::legacy::Error as ClientError;

    let mut cause = failure.source();
    while let Some(error) = cause {
        if error.downcast_ref().is_some_and(ClientError::is_connect) {
            return true;
        }
        cause = error.source();
    }
    false
}

fn message(mail: &OutgoingMail) -> Result<Message, aws_sdk_sesv2::error::BuildError> {
    let content = |data: &str| Content::builder().data(data).charset("UTF-8").build();
    let body = Body::builder().text(content(&mail.rendered.text)?).html(content(&mail.rendered.html)?).build();
    let mut message = Message::builder().subject(content(&mail.rendered.subject)?).body(body);
    if let Some(url) = &mail.unsubscribe {
        let header = |name: &str, value: String| MessageHeader::builder().name(name).value(value).build();
        message = message
            .headers(header("List-Unsubscribe", format!("<{url}>"))?)
            .headers(header("List-Unsubscribe-Post", "List-Unsubscribe=One-Click".to_owned())?);
    }
    Ok(message.build())
}

/// The most of a text that one encoded word takes: with what stands around it, 72 of the 75 characters it may have.
const ENCODED_WORD_BYTES: usize = 45;

/// `name` as the display name of an address: encoded words (RFC 2047), which need no quoting whatever they hold.
fn phrase(name: &str) -> String {
    if name.chars().all(|c| c.is_ascii_alphanumeric() || c == ' ') {
        return name.to_owned();
    }
    // No character may be split between two words; the space between them is not shown.
    let mut words: Vec<String> = vec![String::new()];
    for character in name.chars() {
        match words.last_mut() {
            Some(word) if word.len() + character.len_utf8() <= ENCODED_WORD_BYTES => word.push(character),
            _ => words.push(character.to_string()),
        }
    }
    let encoded = words.iter().map(|word| format!("=?UTF-8?B?{}?=", BASE64_STANDARD.encode(word)));
    encoded.collect::<Vec<_>>().join(" ")
}
