//! Calls of the API: a request goes by its route to the function's handler, and its response is held against
//! `openapi.yaml`.

use std::time::Duration;

use http_api::function::respond;
use lambda_http::{Body, Context, RequestExt, http};
use serde_json::Value;
use system::now;

use super::{Person, Request, World, conformance};
use crate::{
    Response,
    api::{CommunityOptions, Invitation, Page, PeriodStats, SendResponse, SendResult, Stats},
    template::template,
};

impl World {
    /// Makes a request.
    pub async fn call(&self, request: Request) -> Response {
        let (method, path) = (&*request.method, request.path());
        let (route, parameters) = template().route(method, path).unwrap_or_else(|| panic!("no route {method} {path}"));
        let event = request.event(&parameters).to_string();
        let response = Box::pin(self.serve(&route.function, format!("{method} {path}"), &event, request.time)).await;
        conformance::check(&request, route, &response);
        response
    }

    /// Hands a function the event of the gateway, by the route that it came on.
    pub async fn invoke(&self, event: &str) -> Response {
        let read: Value = serde_json::from_str(event).unwrap();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let (method, path) = (text(&read["requestContext"]["http"]["method"]), text(&read["rawPath"]));
        let (route, _) = template().route(&method, &path).unwrap_or_else(|| panic!("no route {method} {path}"));
        self.serve(&route.function, format!("{method} {path}"), event, None).await
    }

    async fn serve(&self, function: &str, request: String, event: &str, time: Option<Duration>) -> Response {
        let mut event = lambda_http::request::from_str(event).expect("the event must read");
        if let Some(time) = time {
            let mut context = Context::default();
            context.deadline = (now() + time).as_millisecond().unsigned_abs();
            event = event.with_lambda_context(context);
        }
        let (parts, body) = respond(Some(&self.api), functions::function(function), &event).await.into_parts();
        let body = match body {
            Body::Text(text) => text,
            Body::Binary(bytes) => String::from_utf8(bytes).unwrap(),
            _ => String::new(),
        };
        let text = |value: &http::HeaderValue| value.to_str().unwrap().to_owned();
        let headers = parts.headers.iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect();
        Response { request, status: parts.status.as_u16(), headers, body }
    }

    /// Gets what is at the path.
    pub async fn get(&self, caller: &Person, path: impl Into<String>) -> Response {
        self.call(Request::new("GET", path).by(caller)).await
    }

    /// Posts a body to the path.
    pub async fn post(&self, caller: &Person, path: impl Into<String>, body: Value) -> Response {
        self.call(Request::new("POST", path).by(caller).json(&body)).await
    }

    /// Gives a command on an invitation, without a body.
    pub async fn command(&self, caller: &Person, id: &str, verb: &str) -> Response {
        self.call(Request::command(caller, id, verb)).await
    }

    /// Opens a page behind a link, without signing in.
    pub async fn open(&self, path: &str) -> Response {
        self.call(Request::new("GET", path)).await
    }

    /// Submits a form to a page behind a link, without signing in.
    pub async fn submit(&self, path: &str, form: &str) -> Response {
        self.call(Request::new("POST", path).form(form)).await
    }

    /// Unsubscribes by one click, as a mail program does.
    pub async fn unsubscribe(&self, path: &str) -> Response {
        self.submit(path, "List-Unsubscribe=One-Click").await
    }

    /// Returns an invitation as the caller sees it.
    pub async fn invitation(&self, caller: &Person, id: &str) -> Invitation {
        self.get(caller, format!("/invitations/{id}")).await.invitation()
    }

    /// Returns the status of an invitation, as the caller sees it.
    pub async fn status(&self, caller: &Person, id: &str) -> String {
        self.invitation(caller, id).await.status
    }

    /// Returns how far the mail of an invitation has got, as the caller sees it.
    pub async fn delivery(&self, caller: &Person, id: &str) -> String {
        self.invitation(caller, id).await.delivery_state().to_owned()
    }

    /// Returns the first page of a list.
    pub async fn page(&self, caller: &Person, path: impl Into<String>) -> Page {
        self.get(caller, path).await.page()
    }

    /// Returns the first page of the caller's invitations.
    pub async fn mine(&self, caller: &Person) -> Page {
        self.page(caller, "/me/invitations").await
    }

    /// Returns how many invitations wait for the caller.
    pub async fn waiting(&self, caller: &Person) -> u32 {
        self.get(caller, "/me/invitations/count").await.count()
    }

    /// Returns what the caller may do in the community.
    pub async fn options(&self, caller: &Person, community: &str) -> CommunityOptions {
        self.get(caller, format!("/communities/{community}/options")).await.options()
    }

    /// Returns the ids of the people whom the caller finds by the text, which is encoded as a query has it.
    pub async fn found(&self, caller: &Person, community: &str, query: &str) -> Vec<String> {
        let found = self.get(caller, format!("/communities/{community}/people?q={query}")).await.people();
        found.people.into_iter().map(|person| person.user_id).collect()
    }

    /// Returns the statistics of the community.
    pub async fn stats(&self, caller: &Person, community: &str) -> Stats {
        self.get(caller, format!("/communities/{community}/invitations/stats")).await.stats()
    }

    /// Returns what happened in the community from one day to another.
    pub async fn period(&self, caller: &Person, community: &str, from: &str, to: &str) -> PeriodStats {
        let path = format!("/communities/{community}/invitations/stats?from={from}&to={to}");
        self.get(caller, path).await.stats().period.expect("a period was asked for")
    }

    /// Sends, which must succeed.
    pub async fn send(&self, caller: &Person, community: &str, body: Value) -> SendResponse {
        self.call(Request::send(caller, community, &body)).await.sent()
    }

    /// Sends to the community `chess` with an `Idempotency-Key`.
    pub async fn send_with_key(&self, caller: &Person, key: &str, body: &Value) -> Response {
        self.call(Request::send(caller, "chess", body).key(key)).await
    }

    /// Invites the only recipient, which must succeed.
    pub async fn invite(&self, caller: &Person, community: &str, body: Value) -> SendResult {
        let mut results = self.send(caller, community, body).await.results;
        assert_eq!(results.len(), 1, "{results:?}");
        results.remove(0)
    }

    /// Returns the outcome for the only recipient.
    pub async fn outcome(&self, caller: &Person, community: &str, body: Value) -> String {
        self.invite(caller, community, body).await.outcome
    }

    /// Invites one user, and returns the invitation's id.
    pub async fn invite_user(&self, caller: &Person, community: &str, user: &Person) -> String {
        self.invite(caller, community, serde_json::json!({ "userIds": [user.id] })).await.id().to_owned()
    }

    /// Invites one address, and returns the invitation's id.
    pub async fn invite_address(&self, caller: &Person, community: &str, email: &str) -> String {
        self.invite(caller, community, serde_json::json!({ "emails": [email] })).await.id().to_owned()
    }
}
