//! What leaves the service: mails through SES, events through EventBridge.

use std::{error::Error, time::Duration};

use aws_config::{SdkConfig, retry::RetryConfig, timeout::TimeoutConfig};
use aws_sdk_dynamodbstreams::types::Shard;
use aws_sdk_eventbridge::types::PutEventsRequestEntry;
use aws_sdk_sesv2::{
    Client,
    error::{ProvideErrorMetadata, SdkError},
    operation::{get_account::GetAccountOutput, send_email::SendEmailError},
    types::{Body, Content, Destination, EmailContent, Message, MessageHeader, MessageTag, SendQuota},
};
use base64::{Engine, prelude::BASE64_STANDARD};
use domain::{event::Event, gate::Account};
use runtime::{MissingVariable, https, variable};
use service::delivery::OutgoingMail;

/// The source of every event on the bus.
const EVENT_SOURCE: &str = "invitations";
/// Events that the bus takes in one request.
const EVENTS_PER_REQUEST: usize = 10;
/// SES's error codes that mean "not now" although their status says that the request is at fault.
const BUSY: [&str; 2] = ["LimitExceededException", "ThrottlingException"];
/// SES's error codes that are about the account, the sender or this function's rights, whatever the mail is. So is
/// every response with the status 401 or 403.
const STOPPED: [&str; 5] = [
    "AccountSuspendedException",
    "MailFromDomainNotVerifiedException",
    // The configuration set.
    "NotFoundException",
    "SendingPausedException",
    "UnrecognizedClientException",
];
/// What SES says, under several codes, when the day is used up.
const DAY_USED_UP: &str = "Daily message quota exceeded";
/// What SES says of a sender that is not verified, and in the sandbox of a recipient.
const NOT_VERIFIED: &str = "Email address is not verified";
/// How long the mail service may take over one mail. What it has not responded to by then it may have sent all the
/// same, so it gets far more time than it ever needs.
pub(crate) const POST_TIMEOUT: Duration = Duration::from_secs(30);
/// How long a mail waits when the mail service is busy for the first time; each further time about twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(500);

/// The mail service and the bus, with what every mail and event has in common.
#[derive(Debug, Clone)]
pub struct Outbound {
    /// How the mail service is reached.
    pub mail_service: SdkConfig,
    /// The bus's service.
    pub events: aws_sdk_eventbridge::Client,
    /// The service that tells of the table's stream.
    pub streams: aws_sdk_dynamodbstreams::Client,
    /// The stream.
    pub stream: String,
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
    /// How many functions send mails at the same time, for each shard of the stream.
    pub concurrency: u32,
}

/// Why the mail service is not known to have taken a mail.
pub(crate) enum PostFailure {
    /// It said that it may later, or was never reached.
    Busy(String),
    /// It said that it will not.
    Rejected(String),
    /// It said that it takes no mail at all.
    Stopped(String),
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
        let events = aws_sdk_eventbridge::config::Builder::from(aws).http_client(https(aws)).build();
        let streams = aws_sdk_dynamodbstreams::config::Builder::from(aws).http_client(https(aws)).build();
        Ok(Self {
            mail_service: aws.clone(),
            events: aws_sdk_eventbridge::Client::from_conf(events),
            streams: aws_sdk_dynamodbstreams::Client::from_conf(streams),
            stream: variable("TABLE_STREAM")?,
            public_base_url: variable("PUBLIC_BASE_URL")?.trim_end_matches('/').to_owned(),
            sender_address: variable("SENDER_ADDRESS")?,
            configuration_set: variable("CONFIGURATION_SET")?,
            event_bus: variable("EVENT_BUS")?,
            first_pause: FIRST_PAUSE,
            concurrency: variable("MAIL_CONCURRENCY")?.parse().unwrap_or(1),
        })
    }

    /// A client of the mail service with connections of its own.
    ///
    /// Between two batches the process may be frozen for minutes. A connection that died meanwhile looks alive until a
    /// mail has been written to it, and then nobody knows whether that arrived. So no connection outlives its batch.
    pub fn connect(&self) -> Client {
        Self::client(&self.mail_service)
    }

    /// The client of the mail service, which asks once and waits long: SES knows no idempotency, so a request that is
    /// repeated because its response was late is a second mail.
    fn client(aws: &SdkConfig) -> Client {
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(Duration::from_secs(2))
            .operation_attempt_timeout(POST_TIMEOUT)
            .operation_timeout(POST_TIMEOUT);
        let config = aws_sdk_sesv2::config::Builder::from(aws)
            .http_client(https(aws))
            .retry_config(RetryConfig::disabled())
            .timeout_config(timeouts.build());
        Client::from_conf(config.build())
    }

    /// What the mail service says of the account; `None` if it does not say.
    pub(crate) async fn account(&self) -> Option<Account> {
        match self.connect().get_account().send().await {
            Ok(found) => Some(account(&found)),
            Err(error) => {
                tracing::warn!(
                    code = error.code().unwrap_or("unknown"),
                    "the mail service does not tell of the account"
                );
                None
            }
        }
    }

    /// How many shards of the table's stream are written to, each of which Lambda reads by itself; `None` if that is
    /// not told.
    pub(crate) async fn shards(&self) -> Option<u32> {
        let (mut open, mut after) = (0, None);
        loop {
            let request = self.streams.describe_stream().stream_arn(&self.stream).set_exclusive_start_shard_id(after);
            let found = match request.send().await {
                Ok(found) => found.stream_description?,
                Err(error) => {
                    tracing::warn!(code = error.code().unwrap_or("unknown"), "the stream does not tell of its shards");
                    return None;
                }
            };
            let has_ended = |shard: &Shard| shard.sequence_number_range()?.ending_sequence_number().map(drop);
            open += u32::try_from(found.shards().iter().filter(|shard| has_ended(shard).is_none()).count()).ok()?;
            after = found.last_evaluated_shard_id;
            if after.is_none() {
                return Some(open);
            }
        }
    }

    /// Posts the mail once. `post` counts within the attempt, so that each request can be told from all others.
    pub(crate) async fn post(&self, ses: &Client, mail: &OutgoingMail, post: u32) -> Result<(), PostFailure> {
        let message = message(mail).map_err(|error| PostFailure::Rejected(error.to_string()))?;
        let tag = |name: &str, value: String| MessageTag::builder().name(name).value(value).build();
        let tags = [
            tag("invitation", mail.invitation.to_string()),
            tag("mail", mail.kind.as_str().to_owned()),
            tag("revision", mail.revision.to_string()),
            tag("attempt", format!("{}-{post}", mail.attempt)),
        ];
        let tags = tags.into_iter().collect::<Result<Vec<_>, _>>().map_err(|e| PostFailure::Rejected(e.to_string()))?;
        let sent = ses
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
            let is_lost = |index: usize| match &response {
                Ok(response) => response.entries().get(index).is_none_or(|entry| entry.error_code().is_some()),
                Err(_) => true,
            };
            let lost = chunk.iter().enumerate().filter(|(index, _)| is_lost(*index));
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
            let says = |text| service.err().message().is_some_and(|message| message.contains(text));
            match service.raw().status().as_u16() {
                401 | 403 => PostFailure::Stopped(code),
                400..=499 if STOPPED.contains(&&*code) => PostFailure::Stopped(code),
                400..=499 if says(DAY_USED_UP) => PostFailure::Stopped("the day is used up".to_owned()),
                400..=499 if says(NOT_VERIFIED) => PostFailure::Stopped("an address is not verified".to_owned()),
                429 | 500 | 503 => PostFailure::Busy(code),
                408 => PostFailure::Unknown(code),
                400..=499 if BUSY.contains(&&*code) => PostFailure::Busy(code),
                400..=499 => PostFailure::Rejected(code),
                // A response that does not read, or one that a gateway gave in SES's stead.
                status => PostFailure::Unknown(format!("status {status}")),
            }
        }
        SdkError::ConstructionFailure(_) => PostFailure::Rejected("the request could not be built".to_owned()),
        SdkError::DispatchFailure(_) if never_connected(error) => PostFailure::Busy("no connection".to_owned()),
        SdkError::TimeoutError(_) => PostFailure::Unknown("timeout".to_owned()),
        _ => PostFailure::Unknown("no response".to_owned()),
    }
}

/// What SES's figures come to. Parts of a mail count for nothing, and `-1` is no limit.
fn account(found: &GetAccountOutput) -> Account {
    let quota = found.send_quota();
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a figure beyond it is as good as none")]
    let whole = |figure: f64| figure as u32;
    Account {
        enabled: found.sending_enabled(),
        per_second: quota.map_or(1, |quota| whole(quota.max_send_rate())),
        per_day: quota.map(SendQuota::max24_hour_send).filter(|most| *most >= 0.0).map(whole),
        sent: quota.map_or(0, |quota| whole(quota.sent_last24_hours())),
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
