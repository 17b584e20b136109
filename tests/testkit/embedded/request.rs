//! Requests to the API, as the gateway hands them to a function.

use std::{collections::BTreeMap, time::Duration};

use serde_json::{Value, json};

use super::person::Person;

/// A request to be made.
#[derive(Debug, Clone)]
pub struct Request {
    pub(super) method: String,
    path: String,
    caller: Option<Person>,
    headers: BTreeMap<String, String>,
    pub(super) body: String,
    /// How long the function may take, if that is not the usual time.
    pub(super) time: Option<Duration>,
}

impl Request {
    /// Returns a request without a caller and a body.
    pub fn new(method: &str, path: impl Into<String>) -> Self {
        let (method, path) = (method.to_owned(), path.into());
        Self { method, path, caller: None, headers: BTreeMap::new(), body: String::new(), time: None }
    }

    /// Returns a bulk send to the community.
    pub fn send(caller: &Person, community: &str, body: &Value) -> Self {
        Self::new("POST", format!("/communities/{community}/invitations")).by(caller).json(body)
    }

    /// Returns a command on an invitation, without a body.
    pub fn command(caller: &Person, id: &str, verb: &str) -> Self {
        Self::new("POST", format!("/invitations/{id}/{verb}")).by(caller)
    }

    /// Returns the platform's request to register the person.
    pub fn register(person: &Person) -> Self {
        let body =
            json!({ "displayName": person.name(), "email": person.email, "emailVerified": person.email_verified });
        Self::new("PUT", format!("/directory/users/{}", person.id)).by(&super::platform()).json(&body)
    }

    /// Sets the caller.
    pub fn by(mut self, caller: &Person) -> Self {
        self.caller = Some(caller.clone());
        self
    }

    /// Sets a header.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Sets how long the function may take before it is ended.
    pub fn within(mut self, time: Duration) -> Self {
        self.time = Some(time);
        self
    }

    /// Sets an `Idempotency-Key`.
    pub fn key(self, key: &str) -> Self {
        self.header("idempotency-key", key)
    }

    /// Sets a JSON body.
    pub fn json(self, body: &Value) -> Self {
        self.header("content-type", "application/json").body(body.to_string())
    }

    /// Sets a form as the body.
    pub fn form(self, body: &str) -> Self {
        self.header("content-type", "application/x-www-form-urlencoded").body(body.to_owned())
    }

    /// Sets the body.
    pub fn body(mut self, body: String) -> Self {
        self.body = body;
        self
    }

    /// Returns the path without the query.
    pub(super) fn path(&self) -> &str {
        self.path.split('?').next().unwrap_or_default()
    }

    /// Returns the request as the gateway hands it to a function: payload format 2.0.
    pub(super) fn event(&self, parameters: &BTreeMap<String, String>) -> Value {
        let (path, query) = self.path.split_once('?').unwrap_or((&self.path, ""));
        let pairs: BTreeMap<_, _> = query.split('&').filter_map(|pair| pair.split_once('=')).collect();
        let mut event = json!({
            "version": "2.0",
            "routeKey": "$default",
            "rawPath": path,
            "rawQueryString": query,
            "headers": self.headers,
            "queryStringParameters": pairs,
            "pathParameters": parameters,
            "requestContext": {
                "accountId": "123456789012",
                "apiId": "api",
                "domainName": "api.example.org",
                "domainPrefix": "api",
                "http": {
                    "method": self.method, "path": path, "protocol": "HTTP/1.1",
                    "sourceIp": "192.0.2.1", "userAgent": "tests",
                },
                "requestId": "request-1",
                "routeKey": "$default",
                "stage": "$default",
                "time": "01/Nov/2026:12:00:00 +0000",
                "timeEpoch": 1_793_534_400_000_i64,
            },
            "body": self.body,
            "isBase64Encoded": false,
        });
        if let Some(caller) = &self.caller {
            event["requestContext"]["authorizer"] = json!({ "jwt": { "claims": caller.claims(), "scopes": null } });
        }
        event
    }
}
