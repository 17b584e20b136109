//! The mail service and the bus, captured at their HTTP clients: mails are read as they were really sent.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};

use aws_config::{SdkConfig, retry::RetryConfig};
use aws_sdk_sesv2::config::{BehaviorVersion, Credentials, Region, SharedCredentialsProvider, SharedHttpClient};
use aws_smithy_http_client::test_util::infallible_client_fn;
use aws_smithy_runtime_api::{
    client::{
        http::{HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn},
        orchestrator::{HttpRequest, HttpResponse},
        result::ConnectorError,
    },
    http::StatusCode,
};
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

/// What the next mail meets.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Luck {
    /// It is refused with that status and error.
    Refused(u16, &'static str),
    /// It is taken, and the answer never comes.
    Silence,
    /// It is taken, and the answer does not read.
    Babble,
    /// It is lost on its way, and so is any answer.
    Lost,
}

/// Decides what a mail meets, if anything.
#[derive(Clone)]
struct Weather(Arc<Forecast>);

/// What becomes of a mail; as ever, without any.
type Forecast = dyn Fn(&Mail) -> Option<Luck> + Send + Sync;

impl std::fmt::Debug for Weather {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Weather")
    }
}

#[derive(Debug, Default)]
struct State {
    mails: Vec<Mail>,
    events: Vec<Value>,
    /// How often the mail service was asked.
    posts: usize,
    luck: VecDeque<Luck>,
    /// How many more events the bus refuses.
    unwelcome: usize,
    /// What decides for mails of which nothing was said before.
    weather: Option<Weather>,
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

    /// The bus refuses so many more events.
    pub(crate) fn refuse_events(&self, events: usize) {
        self.0.lock().unwrap().unwelcome = events;
    }

    /// The next mail is refused with that error.
    pub(crate) fn refuse_next(&self, error: &'static str) {
        self.meets(Luck::Refused(if error == "TooManyRequestsException" { 429 } else { 400 }, error));
    }

    /// The next mail, after those that this was said of before, meets that.
    pub(crate) fn meets(&self, luck: Luck) {
        self.0.lock().unwrap().luck.push_back(luck);
    }

    /// From now on `weather` decides what mails meet.
    pub(crate) fn expose(&self, weather: impl Fn(&Mail) -> Option<Luck> + Send + Sync + 'static) {
        self.0.lock().unwrap().weather = Some(Weather(Arc::new(weather)));
    }

    /// How often the mail service was asked since the last time.
    pub(crate) fn take_posts(&self) -> usize {
        std::mem::take(&mut self.0.lock().unwrap().posts)
    }

    /// The services as `deliver` reaches them.
    pub(crate) fn outbound(&self) -> Outbound {
        let (mails, bus) = (self.clone(), self.clone());
        // As a function has it, with the repetitions that are right for anything but mails.
        let aws = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::from_static("us-east-1"))
            .credentials_provider(SharedCredentialsProvider::new(credentials()))
            .retry_config(RetryConfig::standard().with_max_attempts(3))
            .http_client(http_client_fn(move |_, _| SharedHttpConnector::new(Connector(mails.clone()))))
            .build();
        let events = aws_sdk_eventbridge::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::from_static("us-east-1"))
            .credentials_provider(credentials())
            .http_client(client(move |request| bus.announce(&request)))
            .build();
        Outbound {
            ses: Outbound::mail_service(&aws),
            events: aws_sdk_eventbridge::Client::from_conf(events),
            public_base_url: BASE_URL.to_owned(),
            sender_address: "invitations@example.org".to_owned(),
            configuration_set: "mails".to_owned(),
            event_bus: "bus".to_owned(),
            first_pause: std::time::Duration::from_micros(100),
        }
    }

    fn accept(&self, request: Value) -> Result<(u16, Option<&'static str>, String), ConnectorError> {
        let mut state = self.0.lock().unwrap();
        state.posts += 1;
        let mail = Mail::of(request);
        let luck = state.luck.pop_front().or_else(|| state.weather.as_ref()?.0(&mail));
        match luck {
            Some(Luck::Refused(status, error)) => {
                return Ok((status, Some(error), json!({ "message": error }).to_string()));
            }
            Some(Luck::Lost) => return Err(ConnectorError::timeout("no answer".into())),
            _ => state.mails.push(mail),
        }
        match luck {
            Some(Luck::Silence) => Err(ConnectorError::timeout("no answer".into())),
            Some(Luck::Babble) => Ok((200, None, "<html>".to_owned())),
            _ => Ok((200, None, json!({ "MessageId": format!("message-{}", state.mails.len()) }).to_string())),
        }
    }

    fn announce(&self, request: &Value) -> Response<String> {
        let mut state = self.0.lock().unwrap();
        let (mut told, mut failed) = (Vec::new(), 0);
        for entry in request["Entries"].as_array().unwrap() {
            if state.unwelcome > 0 {
                state.unwelcome -= 1;
                failed += 1;
                told.push(json!({ "ErrorCode": "InternalFailure" }));
                continue;
            }
            let mut event: Value = serde_json::from_str(entry["Detail"].as_str().unwrap()).unwrap();
            event["name"] = entry["DetailType"].clone();
            state.events.push(event);
            told.push(json!({ "EventId": "event" }));
        }
        answer(&json!({ "FailedEntryCount": failed, "Entries": told }))
    }
}

#[derive(Debug)]
struct Connector(Post);

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let body = request.body().bytes().unwrap_or_default();
        let answer = self.0.accept(serde_json::from_slice(body).unwrap_or_default());
        HttpConnectorFuture::ready(answer.map(|(status, error, body)| {
            let mut response = HttpResponse::new(StatusCode::try_from(status).unwrap(), body.into());
            if let Some(error) = error {
                response.headers_mut().insert("x-amzn-errortype", error);
            }
            response
        }))
    }
}

pub(crate) fn credentials() -> Credentials {
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
