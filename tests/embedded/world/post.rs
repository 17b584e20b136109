//! The mail service and the bus, captured at their HTTP clients: mails are read as they were really sent.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};

use aws_sdk_sesv2::config::{BehaviorVersion, Credentials, Region, SharedHttpClient};
use aws_smithy_http_client::test_util::infallible_client_fn;
use deliver::Outbound;
use lambda_http::http::Response;
use serde_json::{Value, json};

/// Where the links of mails lead.
pub(crate) const BASE_URL: &str = "https://invite.example.org";

/// A mail as the mail service got it.
#[derive(Debug, Clone)]
pub(crate) struct Mail {
    pub(crate) to: String,
    pub(crate) subject: String,
    pub(crate) text: String,
    pub(crate) html: String,
    /// All of the request.
    pub(crate) request: Value,
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

    /// The path of the first link in the text that leads to `/{page}/…`, without its query.
    pub(crate) fn path(&self, page: &str) -> String {
        let start = self.text.find(&format!("{BASE_URL}/{page}/")).expect("the mail must have the link");
        let link = self.text[start..].split_whitespace().next().unwrap();
        link.strip_prefix(BASE_URL).unwrap().split('?').next().unwrap().to_owned()
    }

    /// The value of a tag.
    pub(crate) fn tag(&self, name: &str) -> &str {
        let tags = self.request["EmailTags"].as_array().unwrap();
        tags.iter().find(|tag| tag["Name"] == name).and_then(|tag| tag["Value"].as_str()).unwrap_or_default()
    }

    /// The value of a header.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let headers = self.request["Content"]["Simple"]["Headers"].as_array()?;
        headers.iter().find(|header| header["Name"] == name)?["Value"].as_str()
    }
}

#[derive(Debug, Default)]
struct State {
    mails: Vec<Mail>,
    events: Vec<Value>,
    /// The errors that the next mails meet.
    refusals: VecDeque<&'static str>,
}

/// What has left the service.
#[derive(Debug, Clone, Default)]
pub(crate) struct Post(Arc<Mutex<State>>);

impl Post {
    /// The mails since the last time.
    pub(crate) fn take_mails(&self) -> Vec<Mail> {
        std::mem::take(&mut self.0.lock().unwrap().mails)
    }

    /// The events since the last time.
    pub(crate) fn take_events(&self) -> Vec<Value> {
        std::mem::take(&mut self.0.lock().unwrap().events)
    }

    /// The next mail is refused with that error.
    pub(crate) fn refuse_next(&self, error: &'static str) {
        self.0.lock().unwrap().refusals.push_back(error);
    }

    /// The services as `deliver` reaches them.
    pub(crate) fn outbound(&self) -> Outbound {
        let (mails, bus) = (self.clone(), self.clone());
        let ses = aws_sdk_sesv2::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::from_static("us-east-1"))
            .credentials_provider(credentials())
            .retry_config(aws_sdk_sesv2::config::retry::RetryConfig::disabled())
            .http_client(client(move |request| mails.accept(request)))
            .build();
        let events = aws_sdk_eventbridge::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::from_static("us-east-1"))
            .credentials_provider(credentials())
            .http_client(client(move |request| bus.announce(&request)))
            .build();
        Outbound {
            ses: aws_sdk_sesv2::Client::from_conf(ses),
            events: aws_sdk_eventbridge::Client::from_conf(events),
            public_base_url: BASE_URL.to_owned(),
            sender_address: "invitations@example.org".to_owned(),
            configuration_set: "mails".to_owned(),
            event_bus: "bus".to_owned(),
        }
    }

    fn accept(&self, request: Value) -> Response<String> {
        let mut state = self.0.lock().unwrap();
        if let Some(error) = state.refusals.pop_front() {
            let status = if error == "TooManyRequestsException" { 429 } else { 400 };
            let refused = Response::builder().status(status).header("x-amzn-errortype", error);
            return refused.body(json!({ "message": error }).to_string()).unwrap();
        }
        state.mails.push(Mail::of(request));
        answer(&json!({ "MessageId": format!("message-{}", state.mails.len()) }))
    }

    fn announce(&self, request: &Value) -> Response<String> {
        let mut state = self.0.lock().unwrap();
        let mut taken = Vec::new();
        for entry in request["Entries"].as_array().unwrap() {
            let mut event: Value = serde_json::from_str(entry["Detail"].as_str().unwrap()).unwrap();
            event["name"] = entry["DetailType"].clone();
            state.events.push(event);
            taken.push(json!({ "EventId": "event" }));
        }
        answer(&json!({ "FailedEntryCount": 0, "Entries": taken }))
    }
}

pub(super) fn credentials() -> Credentials {
    Credentials::new("test", "test", None, None, "tests")
}

fn client(handle: impl Fn(Value) -> Response<String> + Send + Sync + 'static) -> SharedHttpClient {
    infallible_client_fn(move |request| {
        let body = request.body().bytes().unwrap_or_default();
        handle(serde_json::from_slice(body).unwrap_or_default())
    })
}

fn answer(body: &Value) -> Response<String> {
    Response::builder().status(200).header("content-type", "application/json").body(body.to_string()).unwrap()
}
