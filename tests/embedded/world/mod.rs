//! One deployment, as small as it gets: an embedded table, the handlers behind their routes, the stream, the outside.

pub(crate) mod engine;
pub(crate) mod faults;
pub(crate) mod meter;
pub(crate) mod post;
pub(crate) mod stream;
mod template;

use std::{collections::BTreeMap, sync::Arc};

use aws_sdk_dynamodb::{
    Client,
    config::{BehaviorVersion, Region, SharedHttpClient, StalledStreamProtectionConfig},
};
use aws_smithy_runtime::client::retries::RetryPartition;
use deliver::Deliver;
use domain::{Timestamp, id::InvitationId, invitation::Invitation, person::Party};
use feedback::Feedback;
use http_api::{api::Api, caller::Claims, function::respond};
use lambda_http::{Body, Request, http::HeaderMap};
use serde_json::{Value, json};
use store::{
    Store,
    keys::Key,
    record::{Item, invitation, invitation_record},
};
use system::now;
use tokio::net::TcpListener;

pub(crate) use self::template::TEMPLATE;
use self::{
    engine::{Direct, Engine},
    faults::Faults,
    meter::Meter,
    post::Post,
    stream::Stream,
};
use crate::{
    canary::Canary,
    conformance::{self, Exchange},
};

const TABLE: &str = "invitations";

/// A person, as the token that they call with describes them.
#[derive(Debug, Clone)]
pub(crate) struct Person {
    pub(crate) id: String,
    pub(crate) email: String,
    pub(crate) email_verified: bool,
    pub(crate) site_administrator: bool,
}

/// Somebody with that id and the verified address `{id}@example.org`.
pub(crate) fn person(id: &str) -> Person {
    let email = format!("{id}@example.org");
    Person { id: id.to_owned(), email, email_verified: true, site_administrator: false }
}

/// The host platform, which keeps the directory.
pub(crate) fn platform() -> Person {
    Person { site_administrator: true, ..person("platform") }
}

impl Person {
    fn claims(&self) -> Value {
        let mut claims = json!({
            "sub": self.id,
            "email": self.email,
            "email_verified": self.email_verified.to_string(),
            "token_use": "id",
        });
        let groups = if self.site_administrator { "[editors administrators]" } else { "[editors]" };
        claims["cognito:groups"] = groups.into();
        claims
    }
}

/// A request to be made.
#[derive(Debug, Clone)]
pub(crate) struct Ask {
    method: &'static str,
    path: String,
    caller: Option<Person>,
    headers: BTreeMap<String, String>,
    body: String,
}

impl Ask {
    pub(crate) fn new(method: &'static str, path: impl Into<String>) -> Self {
        Self { method, path: path.into(), caller: None, headers: BTreeMap::new(), body: String::new() }
    }

    pub(crate) fn by(mut self, caller: &Person) -> Self {
        self.caller = Some(caller.clone());
        self
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.insert(name.to_owned(), value.to_owned());
        self
    }

    pub(crate) fn json(self, body: &Value) -> Self {
        self.header("content-type", "application/json").body(body.to_string())
    }

    pub(crate) fn form(self, body: &str) -> Self {
        self.header("content-type", "application/x-www-form-urlencoded").body(body.to_owned())
    }

    pub(crate) fn body(mut self, body: String) -> Self {
        self.body = body;
        self
    }

    /// The request as the gateway hands it to a function: payload format 2.0.
    fn event(&self, parameters: &BTreeMap<String, String>) -> Request {
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
        lambda_http::request::from_str(&event.to_string()).expect("the event must read")
    }
}

/// What came back.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Answer {
    /// The JSON of a success.
    #[track_caller]
    pub(crate) fn ok(&self) -> Value {
        assert!((200..300).contains(&self.status), "{} {}", self.status, self.body);
        serde_json::from_str(&self.body).unwrap_or_default()
    }

    /// The JSON of a problem with that status and code.
    #[track_caller]
    pub(crate) fn refused(&self, status: u16, code: &str) -> Value {
        let problem: Value = serde_json::from_str(&self.body).unwrap_or_default();
        let got = (self.status, problem["code"].as_str().unwrap_or_default());
        assert_eq!(got, (status, code), "{}", self.body);
        assert_eq!(self.headers["content-type"], "application/problem+json");
        problem
    }

    /// The code of a problem; none of a success.
    pub(crate) fn code(&self) -> Option<String> {
        let body: Value = serde_json::from_str(&self.body).ok()?;
        body["code"].as_str().map(str::to_owned)
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// The deployment.
pub(crate) struct World {
    pub(crate) api: Arc<Api>,
    pub(crate) deliver: Deliver,
    pub(crate) feedback: Feedback,
    /// Sees what the handlers ask of the table.
    pub(crate) meter: Meter,
    /// Makes the handlers' transactions fail.
    pub(crate) faults: Faults,
    /// Sees what leaves the service.
    pub(crate) post: Post,
    /// Another client, for the tests' own looks at the table and changes to it.
    client: Client,
    engine: Engine,
    stream: Stream,
}

impl World {
    /// An empty deployment, whose table is a request over HTTP away.
    pub(crate) async fn new() -> Self {
        let engine = Engine::new();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(dynoxide::server::serve_on(listener, engine.database()));
        let http = aws_smithy_http_client::Builder::new().build_http();
        let (config, meter, faults) = (table(endpoint), Meter::default(), Faults::new(http.clone()));
        let own = Client::from_conf(config.clone().http_client(http).build());
        let watched = config.http_client(faults.clone()).interceptor(meter.clone()).build();
        Self::over(engine, own, Client::from_conf(watched), meter, faults).await
    }

    /// An empty deployment without a network, whose handlers reach the table by `way` alone.
    pub(crate) async fn behind(engine: Engine, way: SharedHttpClient, name: String) -> Self {
        let config = table("http://table".to_owned())
            .retry_partition(RetryPartition::new(name))
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
        let direct = Direct(engine.clone()).client();
        let own = Client::from_conf(config.clone().http_client(direct).build());
        let faults = Faults::new(way);
        let watched = Client::from_conf(config.http_client(faults.clone()).build());
        Self::over(engine, own, watched, Meter::default(), faults).await
    }

    async fn over(engine: Engine, client: Client, watched: Client, meter: Meter, faults: Faults) -> Self {
        let stream = Stream::new(TEMPLATE.create_table(&client, TABLE).await);
        let (store, post) = (Store::new(watched, TABLE), Post::default());
        let claims = Claims {
            user_id: "sub".to_owned(),
            administrator: "cognito:groups".to_owned(),
            administrator_value: "administrators".to_owned(),
        };
        Self {
            api: Arc::new(Api { store: store.clone(), claims, public_base_url: post::BASE_URL.to_owned() }),
            deliver: Deliver { store: store.clone(), outbound: post.outbound() },
            feedback: Feedback { store },
            meter,
            faults,
            post,
            client,
            engine,
            stream,
        }
    }

    /// Routes the request as the template says, and answers it as the function behind the route does.
    pub(crate) async fn ask(&self, ask: Ask) -> Answer {
        let path = ask.path.split('?').next().unwrap_or_default();
        let (function, parameters) =
            TEMPLATE.route(ask.method, path).unwrap_or_else(|| panic!("no route {} {path}", ask.method));
        let answer = Box::pin(self.serve(function, ask.event(&parameters))).await;
        conformance::check(&Exchange {
            method: ask.method,
            path,
            request: &ask.body,
            status: answer.status,
            content_type: answer.header("content-type"),
            answer: &answer.body,
        });
        answer
    }

    /// Answers a request as the gateway hands it to a function, by the route that it came on.
    pub(crate) async fn invoke(&self, event: &str) -> Answer {
        let read: Value = serde_json::from_str(event).unwrap();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let (method, path) = (text(&read["requestContext"]["http"]["method"]), text(&read["rawPath"]));
        let (function, _) = TEMPLATE.route(&method, &path).unwrap_or_else(|| panic!("no route {method} {path}"));
        self.serve(function, lambda_http::request::from_str(event).expect("the event must read")).await
    }

    async fn serve(&self, function: &str, request: Request) -> Answer {
        let response = respond(&self.api, functions::function(function), &request).await;
        let (parts, body) = response.into_parts();
        let body = match body {
            Body::Text(text) => text,
            Body::Binary(bytes) => String::from_utf8(bytes).unwrap(),
            _ => String::new(),
        };
        Answer { status: parts.status.as_u16(), headers: parts.headers, body }
    }

    pub(crate) async fn get(&self, caller: &Person, path: impl Into<String>) -> Answer {
        self.ask(Ask::new("GET", path).by(caller)).await
    }

    pub(crate) async fn post(&self, caller: &Person, path: impl Into<String>, body: Value) -> Answer {
        self.ask(Ask::new("POST", path).by(caller).json(&body)).await
    }

    /// Gives a command on an invitation, without a body.
    pub(crate) async fn command(&self, caller: &Person, id: &str, verb: &str) -> Answer {
        self.ask(Ask::new("POST", format!("/invitations/{id}/{verb}")).by(caller)).await
    }

    /// The status of an invitation, as the caller sees it.
    pub(crate) async fn status(&self, caller: &Person, id: &str) -> String {
        let invitation = self.get(caller, format!("/invitations/{id}")).await.ok();
        invitation["status"].as_str().unwrap().to_owned()
    }

    /// Invites, which must succeed; returns the results.
    pub(crate) async fn invite(&self, caller: &Person, community: &str, body: Value) -> Vec<Value> {
        let answer = self.post(caller, format!("/communities/{community}/invitations"), body).await;
        answer.ok()["results"].as_array().unwrap().clone()
    }

    /// Invites one user, which must succeed; returns the invitation's id.
    pub(crate) async fn invite_user(&self, caller: &Person, community: &str, user: &Person) -> String {
        let results = self.invite(caller, community, json!({ "userIds": [user.id] })).await;
        results[0]["invitation"]["id"].as_str().unwrap_or_else(|| panic!("{results:?}")).to_owned()
    }

    /// Invites one address, which must succeed; returns the invitation's id.
    pub(crate) async fn invite_address(&self, caller: &Person, community: &str, email: &str) -> String {
        let results = self.invite(caller, community, json!({ "emails": [email] })).await;
        results[0]["invitation"]["id"].as_str().unwrap_or_else(|| panic!("{results:?}")).to_owned()
    }
}

/// The directory, through its API.
impl World {
    pub(crate) async fn directory(&self, method: &'static str, path: impl Into<String>, body: Value) -> Answer {
        let ask = Ask::new(method, format!("/directory/{}", path.into())).by(&platform());
        self.ask(if body.is_null() { ask } else { ask.json(&body) }).await
    }

    /// Makes the person a user, whose name is their id with a capital.
    pub(crate) async fn register(&self, person: &Person) {
        self.register_with(person, json!({})).await;
    }

    /// The same, with other fields.
    pub(crate) async fn register_with(&self, person: &Person, fields: Value) {
        let mut body = json!({
            "displayName": name(person), "email": person.email, "emailVerified": person.email_verified,
        });
        body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        self.directory("PUT", format!("users/{}", person.id), body).await.ok();
    }

    /// Registers all of them.
    pub(crate) async fn people<const N: usize>(&self, ids: [&str; N]) -> [Person; N] {
        let people = ids.map(person);
        for person in &people {
            self.register(person).await;
        }
        people
    }

    /// An open, public community with those fields besides.
    pub(crate) async fn community(&self, id: &str, fields: Value) {
        let mut body = json!({
            "title": name(&person(id)), "url": format!("https://platform.example.org/c/{id}"),
            "visibility": "public", "enrolment": "open",
        });
        body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        self.directory("PUT", format!("communities/{id}"), body).await.ok();
    }

    pub(crate) async fn member(&self, community: &str, person: &Person, role: &str) {
        let path = format!("communities/{community}/members/{}", person.id);
        self.directory("PUT", path, json!({ "role": role })).await.ok();
    }

    pub(crate) async fn connect(&self, one: &Person, other: &Person) {
        self.directory("PUT", format!("users/{}/connections/{}", one.id, other.id), Value::Null).await.ok();
    }

    pub(crate) async fn settings(&self, settings: Value) {
        self.directory("PUT", "settings", settings).await.ok();
    }
}

fn table(endpoint: String) -> aws_sdk_dynamodb::config::Builder {
    aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static("us-east-1"))
        .credentials_provider(post::credentials())
        .endpoint_url(endpoint)
}

fn name(person: &Person) -> String {
    let (first, rest) = person.id.split_at(1);
    format!("{}{rest}", first.to_uppercase())
}

/// Looks behind the API, and changes behind its back.
impl World {
    /// What tells whether the table is atomic.
    pub(crate) fn canary(&self) -> Canary {
        Canary { client: self.client.clone(), table: TABLE.to_owned(), cage: "embedded".to_owned() }
    }

    /// Every record but the ones that a test leaves out by kind, in key order.
    pub(crate) async fn dump(&self) -> BTreeMap<(String, String), Item> {
        let mut pages = self.client.scan().table_name(TABLE).into_paginator().items().send();
        let mut records = BTreeMap::new();
        while let Some(item) = pages.next().await {
            let item = item.unwrap();
            let text = |name: &str| item[name].as_s().unwrap().clone();
            records.insert((text("pk"), text("sk")), item);
        }
        records
    }

    pub(crate) async fn record(&self, key: Key) -> Option<Item> {
        let found = self.client.get_item().table_name(TABLE).set_key(Some(key.into())).consistent_read(true);
        found.send().await.unwrap().item
    }

    pub(crate) async fn put_record(&self, item: Item) {
        self.client.put_item().table_name(TABLE).set_item(Some(item)).send().await.unwrap();
    }

    pub(crate) async fn remove_record(&self, pk: &str, sk: &str) {
        let key = Key { pk: pk.to_owned(), sk: sk.to_owned() };
        self.client.delete_item().table_name(TABLE).set_key(Some(key.into())).send().await.unwrap();
    }

    /// The role of the member; none of anyone else.
    pub(crate) async fn role(&self, person: &Person, community: &str) -> Option<String> {
        let party = Party::User(person.id.parse().unwrap());
        let standing = self.record(Key::standing(&party, &community.parse().unwrap())).await?;
        standing.get("role")?.as_s().ok().cloned()
    }

    pub(crate) async fn stored(&self, id: &str) -> Invitation {
        invitation(self.record(Key::invitation(id.parse().unwrap())).await.unwrap()).unwrap()
    }

    /// Writes the invitations as they are, quickly.
    pub(crate) fn load(&self, invitations: &[Invitation]) {
        let items = invitations.iter().map(|one| native(invitation_record(one).unwrap()));
        self.engine.database().import_items(TABLE, items.collect(), dynoxide::ImportOptions::default()).unwrap();
    }

    /// Changes the invitation behind everyone's back.
    pub(crate) async fn edit(&self, id: &str, edit: impl FnOnce(&mut Invitation)) {
        let mut one = self.stored(id).await;
        edit(&mut one);
        self.put_record(invitation_record(&one).unwrap()).await;
    }

    /// Changes how the person stands with the community behind everyone's back.
    pub(crate) async fn edit_standing(&self, person: &Person, community: &str, edit: impl FnOnce(&mut Item)) {
        let party = Party::User(person.id.parse().unwrap());
        let mut standing = self.record(Key::standing(&party, &community.parse().unwrap())).await.unwrap();
        edit(&mut standing);
        self.put_record(standing).await;
    }

    /// Moves the end of the invitation's lifetime, in all records that know it.
    pub(crate) async fn set_expiry(&self, id: &str, at: Timestamp) {
        let mut one = self.stored(id).await;
        one.expires_at = at;
        self.put_record(invitation_record(&one).unwrap()).await;
        let key = Key::standing(&one.invitee.party(), &one.community.id);
        if let Some(mut standing) = self.record(key).await {
            let until = aws_sdk_dynamodb::types::AttributeValue::N(at.as_millisecond().to_string());
            standing.insert("liveUntil".to_owned(), until);
            self.put_record(standing).await;
        }
        let key = Key::deadline(id.parse::<InvitationId>().unwrap());
        if let Some(mut deadline) = self.record(key).await {
            let ttl = aws_sdk_dynamodb::types::AttributeValue::N((at.as_second() + 1).to_string());
            deadline.insert("ttl".to_owned(), ttl);
            self.put_record(deadline).await;
        }
    }

    /// Lets the invitation's lifetime have passed some time ago.
    pub(crate) async fn lapse(&self, id: &str) {
        self.set_expiry(id, now() - jiff::SignedDuration::from_secs(10)).await;
    }

    /// What the table does some time after a record's `ttl`: it removes it.
    pub(crate) fn sweep_ttl(&self) -> usize {
        self.engine.database().sweep_ttl().unwrap()
    }
}

impl World {
    /// Moves the table, as it is, to a new database, where its stream is empty: the engine takes the longer for each
    /// write the more its stream holds. Everything in the stream must have been dealt with.
    pub(crate) async fn move_table(&self) {
        let items: Vec<_> = self.dump().await.into_values().map(native).collect();
        self.engine.renew();
        self.stream.restart(TEMPLATE.create_table(&self.client, TABLE).await);
        self.engine.database().import_items(TABLE, items, dynoxide::ImportOptions::default()).unwrap();
        self.fresh_changes();
    }

    /// What the table does some time after a record's `ttl`, by the clock of a test; returns how many records went.
    pub(crate) fn remove_outlived(&self, now: i64) -> usize {
        let scan = json!({
            "TableName": TABLE, "FilterExpression": "#ttl < :now", "ProjectionExpression": "pk, sk",
            "ExpressionAttributeNames": { "#ttl": "ttl" },
            "ExpressionAttributeValues": { ":now": { "N": (now / 1_000).to_string() } },
        });
        let mut keys = Vec::new();
        let mut start = Value::Null;
        loop {
            let mut request = scan.clone();
            if !start.is_null() {
                request["ExclusiveStartKey"] = start;
            }
            let (_, page) = self.engine.carry_out("Scan", &request.to_string());
            let mut page: Value = serde_json::from_str(&page).unwrap();
            keys.extend(page["Items"].as_array().unwrap().iter().cloned());
            start = page["LastEvaluatedKey"].take();
            if start.is_null() {
                break;
            }
        }
        for key in &keys {
            let mut delete = scan.clone();
            let request = delete.as_object_mut().unwrap();
            request.remove("ProjectionExpression");
            // Unless someone has given it more time since.
            let condition = request.remove("FilterExpression").unwrap();
            request.insert("ConditionExpression".to_owned(), condition);
            request.insert("Key".to_owned(), key.clone());
            self.engine.carry_out("DeleteItem", &delete.to_string());
        }
        keys.len()
    }
}

fn native(item: Item) -> dynoxide::Item {
    item.into_iter().map(|(name, value)| (name, native_value(value))).collect()
}

fn native_value(value: aws_sdk_dynamodb::types::AttributeValue) -> dynoxide::AttributeValue {
    use aws_sdk_dynamodb::types::AttributeValue as Sdk;
    use dynoxide::AttributeValue as Native;
    match value {
        Sdk::S(text) => Native::S(text),
        Sdk::N(number) => Native::N(number),
        Sdk::Bool(bool) => Native::BOOL(bool),
        Sdk::M(map) => Native::M(native(map)),
        Sdk::L(list) => Native::L(list.into_iter().map(native_value).collect()),
        other => panic!("no record has a {other:?}"),
    }
}
