//! Fakes of the mail service and the event bus, behind their real clients: mails and events are read as they were sent.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};

use aws_config::{SdkConfig, retry::RetryConfig};
use aws_sdk_sesv2::config::{BehaviorVersion, Credentials, Region, SharedCredentialsProvider, SharedHttpClient};
use aws_smithy_runtime_api::client::{
    http::{HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn},
    orchestrator::HttpRequest,
    result::ConnectorError,
};
use deliver::Outbound;
use serde_json::{Value, json};

use super::engine::{response as response_of, text};
use crate::api::Event;

/// Where the links of mails lead.
pub const BASE_URL: &str = "https://invite.example.org";

/// A mail as the mail service accepted it.
#[derive(Debug, Clone)]
pub struct Mail {
    /// The address that it goes to.
    pub to: String,
    /// The subject.
    pub subject: String,
    /// The text part.
    pub text: String,
    /// The HTML part.
    pub html: String,
    /// The whole request.
    pub request: Value,
}

impl Mail {
    fn of(request: Value) -> Self {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let message = &request["Content"]["Simple"];
        Self {
            to: text(&request["Destination"]["ToAddresses"][0]),
            subject: text(&message["Subject"]["Data"]),
            text: text(&message["Body"]["Text"]["Data"]),
            html: text(&message["Body"]["Html"]["Data"]),
            request,
        }
    }

    /// Returns the path of the first link in the text that leads to `/{page}/…`, without its query.
    pub fn path(&self, page: &str) -> String {
        let start = self.text.find(&format!("{BASE_URL}/{page}/")).expect("the mail must have the link");
        let link = self.text[start..].split_whitespace().next().unwrap();
        link.strip_prefix(BASE_URL).unwrap().split('?').next().unwrap().to_owned()
    }

    /// Returns the token of the mail's link, if it has one.
    pub fn token(&self) -> Option<&str> {
        let (_, rest) = self.text.split_once("/u/")?;
        rest.split_whitespace().next()
    }

    /// Returns the value of a tag.
    pub fn tag(&self, name: &str) -> &str {
        let tags = self.request["EmailTags"].as_array().unwrap();
        tags.iter().find(|tag| tag["Name"] == name).and_then(|tag| tag["Value"].as_str()).unwrap_or_default()
    }

    /// Returns the value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        let headers = self.request["Content"]["Simple"]["Headers"].as_array()?;
        headers.iter().find(|header| header["Name"] == name)?["Value"].as_str()
    }
}

/// Returns the addresses that mails go to.
pub fn recipients(mails: &[Mail]) -> Vec<&str> {
    mails.iter().map(|mail| mail.to.as_str()).collect()
}

/// What goes wrong with a mail.
#[derive(Debug, Clone, Copy)]
pub enum SesFault {
    /// It is rejected with that status and error.
    Rejected(u16, &'static str),
    /// It is accepted, and the response is lost.
    LostResponse,
    /// It is accepted, and the response is garbage.
    Garbage,
    /// It never arrives, and no response comes.
    LostRequest,
}

/// Decides what goes wrong with each mail.
#[derive(Clone)]
struct Script(Arc<ScriptFn>);

type ScriptFn = dyn Fn(&Mail) -> Option<SesFault> + Send + Sync;

impl std::fmt::Debug for Script {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Script")
    }
}

#[derive(Debug, Default)]
struct State {
    mails: Vec<Mail>,
    events: Vec<Event>,
    /// How many requests the mail service got.
    ses_requests: usize,
    /// The shards of the table's stream that are written to.
    shards: usize,
    /// What goes wrong with the next mails.
    ses_faults: VecDeque<SesFault>,
    /// How many more events the bus fails to take.
    failing_events: usize,
    /// What decides about the mails after those.
    script: Option<Script>,
    /// What the mail service says of the account, unless it is the usual.
    account: Option<Value>,
}

/// The fake mail service and the fake event bus.
#[derive(Debug, Clone, Default)]
pub struct Fakes(Arc<Mutex<State>>);

impl Fakes {
    /// Returns the mails that were accepted since the last time.
    pub fn take_mails(&self) -> Vec<Mail> {
        std::mem::take(&mut self.0.lock().unwrap().mails)
    }

    /// Returns the only mail that was accepted since the last time.
    #[track_caller]
    pub fn take_mail(&self) -> Mail {
        let mut mails = self.take_mails();
        assert_eq!(mails.len(), 1, "{mails:?}");
        mails.remove(0)
    }

    /// Returns the addresses of the mails that were accepted since the last time, sorted.
    pub fn take_recipients(&self) -> Vec<String> {
        let mut to: Vec<_> = self.take_mails().into_iter().map(|mail| mail.to).collect();
        to.sort();
        to
    }

    /// Returns the events that the bus got since the last time.
    pub fn take_events(&self) -> Vec<Event> {
        std::mem::take(&mut self.0.lock().unwrap().events)
    }

    /// Returns how many requests the mail service got since the last time.
    pub fn take_ses_requests(&self) -> usize {
        std::mem::take(&mut self.0.lock().unwrap().ses_requests)
    }

    /// Has the bus fail to take that many more events.
    pub fn fail_events(&self, events: usize) {
        self.0.lock().unwrap().failing_events = events;
    }

    /// Rejects the next mail for good.
    pub fn reject_next(&self) {
        self.fail_next(SesFault::Rejected(400, "MessageRejected"));
    }

    /// Throttles the next mails.
    pub fn throttle(&self, mails: usize) {
        (0..mails).for_each(|_| self.fail_next(SesFault::Rejected(429, "TooManyRequestsException")));
    }

    /// Lets that go wrong with the next mail, after those that already have a fault.
    pub fn fail_next(&self, fault: SesFault) {
        self.0.lock().unwrap().ses_faults.push_back(fault);
    }

    /// Lets `script` decide from now on what goes wrong with mails.
    pub fn script(&self, script: impl Fn(&Mail) -> Option<SesFault> + Send + Sync + 'static) {
        self.0.lock().unwrap().script = Some(Script(Arc::new(script)));
    }

    /// Returns the services as `deliver` reaches them.
    pub fn outbound(&self) -> Outbound {
        // As a function has it, with the repetitions that are right for anything but mails.
        let aws = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::from_static("us-east-1"))
            .credentials_provider(SharedCredentialsProvider::new(credentials()))
            .retry_config(RetryConfig::standard().with_max_attempts(3))
            .http_client(client(Ses(self.clone())))
            .build();
        let events = aws_sdk_eventbridge::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::from_static("us-east-1"))
            .credentials_provider(credentials())
            .http_client(client(Bus(self.clone())))
            .build();
        let streams = aws_sdk_dynamodbstreams::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::from_static("us-east-1"))
            .credentials_provider(credentials())
            .http_client(client(Streams(self.clone())))
            .build();
        Outbound {
            mail_service: aws,
            concurrency: 0,
            events: aws_sdk_eventbridge::Client::from_conf(events),
            streams: aws_sdk_dynamodbstreams::Client::from_conf(streams),
            stream: "arn:aws:dynamodb:us-east-1:000000000000:table/invitations/stream/1".to_owned(),
            public_base_url: BASE_URL.to_owned(),
            sender_address: "invitations@example.org".to_owned(),
            configuration_set: "mails".to_owned(),
            event_bus: "bus".to_owned(),
            first_pause: std::time::Duration::from_micros(100),
        }
    }

    /// Has the table's stream have so many shards from now on, besides one that has ended.
    pub fn set_shards(&self, shards: usize) {
        self.0.lock().unwrap().shards = shards;
    }

    /// Describes the stream: the shard that has ended on the first page, all others on the second.
    fn stream(&self, request: &Value) -> String {
        let shard = |name: String, range: Value| json!({ "ShardId": name, "SequenceNumberRange": range });
        let ended = || shard("ended".to_owned(), json!({ "StartingSequenceNumber": "1", "EndingSequenceNumber": "2" }));
        let open = |number| shard(format!("open-{number}"), json!({ "StartingSequenceNumber": "3" }));
        let page = if request["ExclusiveStartShardId"].is_null() {
            json!({ "Shards": [ended()], "LastEvaluatedShardId": "ended" })
        } else {
            json!({ "Shards": (0..self.0.lock().unwrap().shards).map(open).collect::<Vec<_>>() })
        };
        json!({ "StreamDescription": page }).to_string()
    }

    /// Has the mail service say that of the account from now on.
    pub fn set_account(&self, account: Value) {
        self.0.lock().unwrap().account = Some(account);
    }

    fn account(&self) -> String {
        let quota = json!({ "Max24HourSend": 50_000.0, "MaxSendRate": 14.0, "SentLast24Hours": 0.0 });
        let usual = || json!({ "SendingEnabled": true, "SendQuota": quota });
        self.0.lock().unwrap().account.clone().unwrap_or_else(usual).to_string()
    }

    fn accept(&self, request: Value) -> Result<(u16, Option<&'static str>, String), ConnectorError> {
        let mut state = self.0.lock().unwrap();
        state.ses_requests += 1;
        let mail = Mail::of(request);
        let fault = state.ses_faults.pop_front().or_else(|| state.script.as_ref()?.0(&mail));
        match fault {
            Some(SesFault::Rejected(status, error)) => {
                return Ok((status, Some(error), json!({ "message": error }).to_string()));
            }
            Some(SesFault::LostRequest) => return Err(ConnectorError::timeout("no response".into())),
            _ => state.mails.push(mail),
        }
        match fault {
            Some(SesFault::LostResponse) => Err(ConnectorError::timeout("no response".into())),
            Some(SesFault::Garbage) => Ok((200, None, "<html>".to_owned())),
            _ => Ok((200, None, json!({ "MessageId": format!("message-{}", state.mails.len()) }).to_string())),
        }
    }

    fn publish(&self, request: &Value) -> String {
        let mut state = self.0.lock().unwrap();
        let (mut results, mut failed) = (Vec::new(), 0);
        for entry in request["Entries"].as_array().unwrap() {
            if state.failing_events > 0 {
                state.failing_events -= 1;
                failed += 1;
                results.push(json!({ "ErrorCode": "InternalFailure" }));
                continue;
            }
            let text = |name: &str| entry[name].as_str().unwrap();
            state.events.push(Event::read(text("DetailType"), serde_json::from_str(text("Detail")).unwrap()));
            results.push(json!({ "EventId": "event" }));
        }
        json!({ "FailedEntryCount": failed, "Entries": results }).to_string()
    }
}

#[derive(Debug)]
struct Ses(Fakes);

impl HttpConnector for Ses {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        if request.method() == "GET" {
            return HttpConnectorFuture::ready(Ok(response_of((200, self.0.account()))));
        }
        let response = self.0.accept(serde_json::from_str(&text(&request)).unwrap_or_default());
        HttpConnectorFuture::ready(response.map(|(status, error, body)| {
            let mut response = response_of((status, body));
            if let Some(error) = error {
                response.headers_mut().insert("x-amzn-errortype", error);
            }
            response
        }))
    }
}

#[derive(Debug)]
struct Bus(Fakes);

impl HttpConnector for Bus {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let body = self.0.publish(&serde_json::from_str(&text(&request)).unwrap_or_default());
        HttpConnectorFuture::ready(Ok(response_of((200, body))))
    }
}

#[derive(Debug)]
struct Streams(Fakes);

impl HttpConnector for Streams {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let body = self.0.stream(&serde_json::from_str(&text(&request)).unwrap_or_default());
        HttpConnectorFuture::ready(Ok(response_of((200, body))))
    }
}

fn client(connector: impl HttpConnector + 'static) -> SharedHttpClient {
    let connector = SharedHttpConnector::new(connector);
    http_client_fn(move |_, _| connector.clone())
}

/// Returns credentials that no service looks at.
pub fn credentials() -> Credentials {
    Credentials::new("test", "test", None, None, "tests")
}
