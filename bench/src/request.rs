//! Requests, as the events that the gateway hands to functions: payload format 2.0, with the headers of a browser.

use serde_json::{Value, json};

/// A request on its way to a function.
#[derive(Debug, Clone)]
pub(crate) struct Request<'a> {
    route: &'a str,
    method: &'a str,
    path: String,
    /// The names and values of the path's parameters.
    parameters: Vec<(&'a str, &'a str)>,
    caller: Option<&'a str>,
    query: Option<(&'a str, &'a str)>,
    idempotency_key: Option<String>,
    body: Value,
}

impl<'a> Request<'a> {
    /// A request to a route, such as `GET /invitations/{invitationId}`, of a caller who is not signed in.
    pub(crate) fn to(route: &'a str) -> Self {
        let (method, path) = route.split_once(' ').unwrap_or(("GET", route));
        Self {
            route,
            method,
            path: path.to_owned(),
            parameters: Vec::new(),
            caller: None,
            query: None,
            idempotency_key: None,
            body: Value::Null,
        }
    }

    pub(crate) fn route(&self) -> &'a str {
        self.route
    }

    pub(crate) fn by(self, caller: &'a str) -> Self {
        Self { caller: Some(caller), ..self }
    }

    /// Sets the parameter of the path.
    pub(crate) fn with(mut self, name: &'a str, value: &'a str) -> Self {
        self.path = self.path.replace(&format!("{{{name}}}"), value);
        self.parameters.push((name, value));
        self
    }

    /// Sets the only parameter of the query.
    pub(crate) fn query(self, name: &'a str, value: &'a str) -> Self {
        Self { query: Some((name, value)), ..self }
    }

    pub(crate) fn body(self, body: Value) -> Self {
        Self { body, ..self }
    }

    pub(crate) fn key(self, key: String) -> Self {
        Self { idempotency_key: Some(key), ..self }
    }

    /// Returns the JSON of the event. A body that is a string is a form; any other body is JSON.
    pub(crate) fn event(&self) -> String {
        let mut headers = headers_of_a_browser();
        if let Some(key) = &self.idempotency_key {
            headers["idempotency-key"] = key.as_str().into();
        }
        let mut event = json!({
            "version": "2.0",
            "routeKey": self.route,
            "rawPath": self.path,
            "rawQueryString": "",
            "requestContext": {
                "accountId": "123456789012",
                "apiId": "abcdefghij",
                "domainName": "abcdefghij.execute-api.eu-central-1.amazonaws.com",
                "domainPrefix": "abcdefghij",
                "http": {
                    "method": self.method, "path": self.path, "protocol": "HTTP/1.1",
                    "sourceIp": "192.0.2.1", "userAgent": "Mozilla/5.0",
                },
                "requestId": "T2xHdj0pIAMEVyQ=",
                "routeKey": self.route,
                "stage": "$default",
                "time": "01/Nov/2026:12:00:00 +0000",
                "timeEpoch": 1_793_534_400_000_i64,
            },
            "isBase64Encoded": false,
        });
        if let Some((name, value)) = self.query {
            event["rawQueryString"] = format!("{name}={value}").into();
            event["queryStringParameters"] = json!({ name: value });
        }
        match &self.body {
            Value::Null => {}
            Value::String(form) => {
                headers["content-type"] = "application/x-www-form-urlencoded".into();
                event["body"] = form.as_str().into();
            }
            body => {
                headers["content-type"] = "application/json".into();
                event["body"] = body.to_string().into();
            }
        }
        if let Some(caller) = self.caller {
            headers["authorization"] = format!("Bearer {}", "e".repeat(900)).into();
            event["requestContext"]["authorizer"] = json!({ "jwt": { "claims": claims_of(caller), "scopes": null } });
        }
        event["headers"] = headers;
        for (name, value) in &self.parameters {
            event["pathParameters"][name.trim_end_matches('+')] = (*value).into();
        }
        event.to_string()
    }
}

fn headers_of_a_browser() -> Value {
    json!({
        "accept": "application/json, text/html;q=0.9, */*;q=0.8",
        "accept-encoding": "gzip, deflate, br, zstd",
        "accept-language": "en-GB,en;q=0.9",
        "host": "abcdefghij.execute-api.eu-central-1.amazonaws.com",
        "user-agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
        "x-amzn-trace-id": "Root=1-690a0c2e-1f2b5f4e3d7c8a9b0c1d2e3f",
        "x-forwarded-for": "192.0.2.1",
        "x-forwarded-port": "443",
        "x-forwarded-proto": "https",
    })
}

/// The claims of an identity token by Cognito.
fn claims_of(caller: &str) -> Value {
    let groups = if caller == "platform" { "[administrators]" } else { "[people]" };
    json!({
        "aud": "4qj1l2m3n4o5p6q7r8s9t0u1v2",
        "auth_time": "1793534400",
        "cognito:groups": groups,
        "cognito:username": caller,
        "email": format!("{caller}@example.org"),
        "email_verified": "true",
        "exp": "1793538000",
        "iat": "1793534400",
        "iss": "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_AbCdEfGhI",
        "sub": caller,
        "token_use": "id",
    })
}
