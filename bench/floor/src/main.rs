//! The floor under a function: a Lambda function that makes the DynamoDB requests that it is told to, and nothing else.
//!
//! An invocation of `/prepare` brings the requests of the next invocation, as they go over the wire. That next one
//! builds them with the SDK, sends those that go side by side together, and responds without looking at what came back.
//! Like the service's functions it opens its connection during init. It has no logging, no rules, no records, no body
//! in its response.

mod plan;

use std::{
    convert::Infallible,
    env,
    sync::{Arc, Mutex},
};

use aws_sdk_dynamodb::{Client, config, types::AttributeValue};
use futures::future::join_all;
use lambda_http::{Body, Request, RequestExt, Response, http::StatusCode};

use crate::plan::Plan;

#[global_allocator]
static ALLOCATOR: runtime::Allocator = runtime::Allocator;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    // As lean as the service's own: what Lambda sets, nothing looked for elsewhere, and as few certificates.
    let aws = runtime::aws()?;
    let client = Client::from_conf(config::Builder::from(&aws).http_client(runtime::https(&aws)).build());
    let settings = AttributeValue::S("SETTINGS".to_owned());
    let warm_up = client.get_item().table_name(env::var("TABLE_NAME")?).key("pk", settings.clone()).key("sk", settings);
    let _ = warm_up.send().await;
    let next: Arc<Mutex<Plan>> = Arc::default();
    let handle = |request| {
        let (client, next) = (client.clone(), Arc::clone(&next));
        async move { Ok::<_, Infallible>(respond(&client, &next, request).await) }
    };
    lambda_http::run(lambda_http::service_fn(handle)).await
}

async fn respond(client: &Client, next: &Mutex<Plan>, request: Request) -> Response<Body> {
    let mut response = Response::new(Body::Empty);
    if request.raw_http_path() == "/prepare" {
        match (serde_json::from_slice(request.body()), next.lock()) {
            (Ok(plan), Ok(mut next)) => *next = plan,
            (plan, _) => {
                *response.status_mut() = StatusCode::BAD_REQUEST;
                *response.body_mut() = plan.err().map(|error| error.to_string()).unwrap_or_default().into();
            }
        }
        return response;
    }
    let plan = next.lock().map(|mut next| std::mem::take(&mut *next)).unwrap_or_default();
    for group in plan.0 {
        let sent = join_all(group.into_iter().map(|request| plan::send(client, request))).await;
        // A request that fails makes the floor a false one, so that the bench must stop.
        if let Some(failure) = sent.into_iter().find_map(Result::err) {
            *response.status_mut() = StatusCode::BAD_GATEWAY;
            *response.body_mut() = failure.into();
        }
    }
    response
}
