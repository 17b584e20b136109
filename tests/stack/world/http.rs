//! The HTTP client, and what every answer of the API must keep to, whatever it was asked.

use std::{sync::LazyLock, time::Duration};

use serde_json::Value;
use ureq::{
    Agent,
    http::{HeaderMap, Request},
};

const PATIENCE: Duration = Duration::from_mins(1);
/// The mailbox of a long run is the largest body there is.
const LARGEST_BODY: u64 = 256 * 1024 * 1024;

static AGENT: LazyLock<Agent> =
    LazyLock::new(|| Agent::config_builder().http_status_as_error(false).timeout_global(Some(PATIENCE)).build().into());

/// An HTTP answer, and what it answers.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) asked: String,
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

/// Sends one request.
pub(crate) fn call(method: &str, url: &str, headers: &[(&str, &str)], body: Option<&str>) -> Answer {
    let asked = format!("{method} {url}");
    let mut request = Request::builder().method(method).uri(url);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let answered = match body {
        Some(body) => AGENT.run(request.body(body.to_owned()).unwrap()),
        None => AGENT.run(request.body(()).unwrap()),
    };
    let mut answered = answered.unwrap_or_else(|error| panic!("{asked}: {error}"));
    let body = answered.body_mut().with_config().limit(LARGEST_BODY).read_to_string();
    let body = body.unwrap_or_else(|error| panic!("{asked}: {error}"));
    Answer { asked, status: answered.status().as_u16(), headers: answered.headers().clone(), body }
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{self:?} is no JSON: {error}"))
    }

    /// This answer, if it has the status.
    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{} answered {}", self.asked, self.body);
        self
    }

    /// The JSON of an answer that went well.
    #[track_caller]
    pub(crate) fn ok(self) -> Value {
        self.expect(200).json()
    }

    /// The problem with that status and code, in the form that all problems have.
    #[track_caller]
    pub(crate) fn refused(&self, status: u16, code: &str) -> Value {
        self.keeps_promises();
        let problem = self.json();
        assert_eq!((self.status, problem["code"].as_str()), (status, Some(code)), "{} answered {problem}", self.asked);
        problem
    }

    /// What holds for every answer of the API: errors are problems of one form, and nothing in it answers an invitation.
    #[track_caller]
    pub(crate) fn keeps_promises(&self) {
        assert_eq!(self.header("cache-control"), "no-store", "{self:?} may be cached");
        for way_in in ["/i/", "/u/"] {
            assert!(!self.body.contains(way_in), "{} hands out a link: {}", self.asked, self.body);
        }
        if self.status < 400 {
            return;
        }
        assert_eq!(self.header("content-type"), "application/problem+json", "{}: {}", self.asked, self.body);
        let problem = self.json();
        assert_eq!(problem["status"], self.status, "{} answered {problem}", self.asked);
        for text in ["title", "code", "detail", "requestId"] {
            let filled = problem[text].as_str().is_some_and(|text| !text.is_empty());
            assert!(filled, "{} answered a problem without {text}: {problem}", self.asked);
        }
        assert_eq!(problem["param"], problem["errors"][0]["param"], "{} answered {problem}", self.asked);
        let wait = problem["retryAfter"].as_u64().map(|seconds| seconds.to_string()).unwrap_or_default();
        assert_eq!(self.header("retry-after"), wait, "{} answered {problem}", self.asked);
    }
}
