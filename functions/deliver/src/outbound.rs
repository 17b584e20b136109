//! What leaves the service: mails through SES, events through EventBridge.

use aws_config::SdkConfig;
use aws_sdk_eventbridge::types::PutEventsRequestEntry;
use aws_sdk_sesv2::{
    error::ProvideErrorMetadata,
    types::{Body, Content, Destination, EmailContent, Message, MessageHeader, MessageTag},
};
use base64::{Engine, prelude::BASE64_STANDARD};
use invitations::{
    domain::{email::EmailAddress, event::Event, id::InvitationId, link::LinkToken, transition::MailKind},
    mail::{Links, Rendered},
    runtime::{MissingVariable, variable},
};

/// The source of every event on the bus.
const EVENT_SOURCE: &str = "invitations";
/// Events that the bus takes in one request.
const EVENTS_PER_REQUEST: usize = 10;
/// SES's error codes for "not now".
const BUSY: [&str; 6] = [
    "TooManyRequestsException",
    "LimitExceededException",
    "ThrottlingException",
    "SendingPausedException",
    "InternalServiceErrorException",
    "ServiceUnavailable",
];

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
}

/// A mail, ready to go.
pub(crate) struct Parcel<'a> {
    pub(crate) to: &'a EmailAddress,
    pub(crate) product: &'a str,
    pub(crate) rendered: &'a Rendered,
    pub(crate) unsubscribe: Option<&'a str>,
    pub(crate) invitation: InvitationId,
    pub(crate) kind: MailKind,
    pub(crate) attempt: u32,
}

/// Why the mail service did not take a mail.
pub(crate) enum Refused {
    /// It may later.
    Busy(String),
    /// It will not.
    Rejected(String),
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
            ses: aws_sdk_sesv2::Client::new(aws),
            events: aws_sdk_eventbridge::Client::new(aws),
            public_base_url: variable("PUBLIC_BASE_URL")?.trim_end_matches('/').to_owned(),
            sender_address: variable("SENDER_ADDRESS")?,
            configuration_set: variable("CONFIGURATION_SET")?,
            event_bus: variable("EVENT_BUS")?,
        })
    }

    pub(crate) fn links(&self, token: &LinkToken) -> Links {
        let (base, token) = (&self.public_base_url, token.reveal());
        Links {
            accept: format!("{base}/i/{token}?intent=accept"),
            decline: format!("{base}/i/{token}?intent=decline"),
            unsubscribe: format!("{base}/u/{token}"),
        }
    }

    pub(crate) async fn post(&self, parcel: &Parcel<'_>) -> Result<(), Refused> {
        let message = message(parcel).map_err(|error| Refused::Rejected(error.to_string()))?;
        let tag = |name: &str, value: String| MessageTag::builder().name(name).value(value).build();
        let tags = [
            tag("invitation", parcel.invitation.to_string()),
            tag("mail", parcel.kind.as_str().to_owned()),
            tag("attempt", parcel.attempt.to_string()),
        ];
        let tags = tags.into_iter().collect::<Result<Vec<_>, _>>().map_err(|e| Refused::Rejected(e.to_string()))?;
        let sent = self
            .ses
            .send_email()
            .from_email_address(format!("{} <{}>", phrase(parcel.product), self.sender_address))
            .destination(Destination::builder().to_addresses(parcel.to.as_str()).build())
            .content(EmailContent::builder().simple(message).build())
            .configuration_set_name(&self.configuration_set)
            .set_email_tags(Some(tags))
            .send()
            .await;
        let Err(error) = sent else { return Ok(()) };
        match error.as_service_error().map(|service| service.code().unwrap_or("unknown").to_owned()) {
            Some(code) if BUSY.contains(&code.as_str()) => Err(Refused::Busy(code)),
            Some(code) => Err(Refused::Rejected(code)),
            None => Err(Refused::Busy("no answer".to_owned())),
        }
    }

    /// Puts events on the bus; answers with the stream records of those that it did not take.
    pub(crate) async fn announce(&self, announcements: &[Announcement]) -> Vec<String> {
        let mut failed = Vec::new();
        for chunk in announcements.chunks(EVENTS_PER_REQUEST) {
            let entries = chunk.iter().map(|announcement| self.entry(&announcement.event));
            let answer = self.events.put_events().set_entries(Some(entries.collect())).send().await;
            let refused = |index: usize| match &answer {
                Ok(answer) => answer.entries().get(index).is_none_or(|entry| entry.error_code().is_some()),
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

fn message(parcel: &Parcel<'_>) -> Result<Message, aws_sdk_sesv2::error::BuildError> {
    let content = |data: &str| Content::builder().data(data).charset("UTF-8").build();
    let body = Body::builder().text(content(&parcel.rendered.text)?).html(content(&parcel.rendered.html)?).build();
    let mut message = Message::builder().subject(content(&parcel.rendered.subject)?).body(body);
    if let Some(url) = parcel.unsubscribe {
        let header = |name: &str, value: String| MessageHeader::builder().name(name).value(value).build();
        message = message
            .headers(header("List-Unsubscribe", format!("<{url}>"))?)
            .headers(header("List-Unsubscribe-Post", "List-Unsubscribe=One-Click".to_owned())?);
    }
    Ok(message.build())
}

/// `name` as the display name of an address: an encoded word (RFC 2047), which needs no quoting whatever it holds.
fn phrase(name: &str) -> String {
    let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || c == ' ');
    if plain { name.to_owned() } else { format!("=?UTF-8?B?{}?=", BASE64_STANDARD.encode(name)) }
}
