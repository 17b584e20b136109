//! What an HTTP request gets in response.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::api::{
    CommunityOptions, Import, Invitation, InvitationCount, Page, People, Preview, Problem, SendResponse, Stats,
};

/// A response, and the request that it belongs to.
#[derive(Debug, Clone)]
pub struct Response {
    /// The method and the address of the request.
    pub request: String,
    /// The HTTP status.
    pub status: u16,
    /// The headers by their names in lower case.
    pub headers: BTreeMap<String, String>,
    /// The body.
    pub body: String,
}

impl Response {
    /// Returns a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    /// Returns the body as JSON, whatever the status.
    #[track_caller]
    pub fn json(&self) -> Value {
        self.read()
    }

    #[track_caller]
    fn read<T: DeserializeOwned>(&self) -> T {
        serde_json::from_str(&self.body)
            .unwrap_or_else(|error| panic!("{} got {} {}: {error}", self.request, self.status, self.body))
    }

    /// Returns this response, which must have that status.
    #[track_caller]
    pub fn expect(&self, status: u16) -> &Self {
        assert_eq!(self.status, status, "{} got {}", self.request, self.body);
        self
    }

    /// Returns this response, which must be a success with status 200.
    #[track_caller]
    pub fn ok(&self) -> &Self {
        self.expect(200)
    }

    /// Asserts any success: what was told to the directory may be new, replaced or removed.
    #[track_caller]
    pub fn succeeded(&self) -> &Self {
        assert!((200..300).contains(&self.status), "{} got {} {}", self.request, self.status, self.body);
        self
    }

    /// Returns the invitation that a success shows.
    #[track_caller]
    pub fn invitation(&self) -> Invitation {
        self.ok().read()
    }

    /// Returns the page of a list.
    #[track_caller]
    pub fn page(&self) -> Page {
        self.ok().read()
    }

    /// Returns what came of a bulk send.
    #[track_caller]
    pub fn sent(&self) -> SendResponse {
        self.ok().read()
    }

    /// Returns a preview.
    #[track_caller]
    pub fn preview(&self) -> Preview {
        self.ok().read()
    }

    /// Returns what the caller may do in a community.
    #[track_caller]
    pub fn options(&self) -> CommunityOptions {
        self.ok().read()
    }

    /// Returns who was found.
    #[track_caller]
    pub fn people(&self) -> People {
        self.ok().read()
    }

    /// Returns how many invitations wait for the caller.
    #[track_caller]
    pub fn count(&self) -> u32 {
        self.ok().read::<InvitationCount>().pending_count
    }

    /// Returns a community's statistics.
    #[track_caller]
    pub fn stats(&self) -> Stats {
        self.ok().read()
    }

    /// Returns what came of an import.
    #[track_caller]
    pub fn import(&self) -> Import {
        self.ok().read()
    }

    /// Returns the problem, which must have that status and code.
    #[track_caller]
    pub fn refused(&self, status: u16, code: &str) -> Problem {
        self.assert_form();
        let problem: Problem = self.read();
        assert_eq!((self.status, &*problem.code), (status, code), "{} got {}", self.request, self.body);
        problem
    }

    /// Returns the code of a problem; none of a success.
    pub fn code(&self) -> Option<String> {
        let body: Value = serde_json::from_str(&self.body).ok()?;
        body["code"].as_str().map(str::to_owned)
    }

    /// Asserts what holds for every response of the API: it is not cached, errors are problems of one form, and nothing
    /// in it answers an invitation.
    #[track_caller]
    pub fn assert_form(&self) {
        assert_eq!(self.header("cache-control"), Some("no-store"), "{self:?} may be cached");
        for link in ["/i/", "/u/"] {
            assert!(!self.body.contains(link), "{} hands out a link: {}", self.request, self.body);
        }
        if self.status < 400 {
            return;
        }
        assert_eq!(self.header("content-type"), Some("application/problem+json"), "{}: {}", self.request, self.body);
        let problem: Problem = self.read();
        assert_eq!(problem.status, self.status, "{} got {problem:?}", self.request);
        for text in [&problem.title, &problem.code, &problem.detail, &problem.request_id] {
            assert!(!text.is_empty(), "{} left a text empty: {problem:?}", self.request);
        }
        assert_eq!(problem.param.as_deref(), problem.params().first().copied(), "{}: {problem:?}", self.request);
        let wait = problem.retry_after.map(|seconds| seconds.to_string());
        assert_eq!(self.header("retry-after"), wait.as_deref(), "{} got {problem:?}", self.request);
    }
}
