//! What the functions get from outside, damaged in any way: they respond, report or set aside, and never fail or hang.
//!
//! The damage is done to the samples in `events/`, so that most of each event still makes sense.

use std::time::Duration;

use aws_lambda_events::dynamodb::Event;
use feedback::MailEvent;
use proptest::{prelude::*, sample::Index, test_runner::TestCaseResult};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use testkit::{
    embedded::{World, chess, person},
    files,
};

use crate::input::assert_plain;

/// The invitation that the samples speak of.
const ID: &str = "01KZ7Q3V9MZ4T8X2C6B1N5D0FA";
const TIMEOUT: Duration = Duration::from_mins(1);
const HTTP: [&str; 8] = [
    "send-good",
    "send-preview",
    "respond-good",
    "cancel-good",
    "moderate-good",
    "directory-good",
    "directory-import",
    "status-good",
];
const DELIVER: [&str; 4] = ["deliver-mail", "deliver-repeated", "deliver-deadline", "deliver-malformed"];
const FEEDBACK: [&str; 4] = ["feedback-delivery", "feedback-bounce", "feedback-complaint", "feedback-foreign"];

fn sample(name: &str, id: &str) -> Value {
    serde_json::from_str(&files::read(&format!("events/{name}.json")).replace(ID, id)).unwrap()
}

/// Returns a world with an invitation for the samples to be about.
fn club() -> (Runtime, World, String) {
    let runtime = Runtime::new().unwrap();
    let (world, id) = runtime.block_on(async {
        let (world, mona) = chess("moderator").await;
        let [ann] = world.people(["ann"]).await;
        let id = world.invite_user(&mona, "chess", &ann).await;
        (world, id)
    });
    (runtime, world, id)
}

/// Returns any JSON, and texts that look like what parsers meet.
fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        "[A-Z#]{0,12}[0-9A-Z]{26}(#[a-z]{0,9}){0,3}".prop_map(Value::from),
        "[a-z.]{0,9}@?[a-z.]{0,9}".prop_map(Value::from),
        Just(json!({"S": ""})),
        Just(json!({"N": "-1e99"})),
        Just(json!({"M": {}})),
        Just(json!({"L": [{"NULL": true}]})),
    ];
    leaf.prop_recursive(3, 20, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::hash_map("[a-zA-Z]{0,8}", inner, 0..4).prop_map(|map| json!(map)),
        ]
    })
}

/// Some places in a JSON value, each with what stands there instead; nothing, to remove it.
fn damages() -> impl Strategy<Value = Vec<(Index, Option<Value>)>> {
    prop::collection::vec((any::<Index>(), prop::option::weighted(0.8, values())), 1..4)
}

fn damage(value: &mut Value, damages: &[(Index, Option<Value>)]) {
    for (place, instead) in damages {
        let mut places = Vec::new();
        pointers(value, "", &mut places);
        let Some((parent, last)) = places.get(place.index(places.len().max(1))).and_then(|at| at.rsplit_once('/'))
        else {
            return;
        };
        match (value.pointer_mut(parent), instead) {
            (Some(Value::Object(fields)), Some(instead)) => drop(fields.insert(last.to_owned(), instead.clone())),
            (Some(Value::Object(fields)), None) => drop(fields.remove(last)),
            (Some(Value::Array(items)), Some(instead)) => items[last.parse::<usize>().unwrap()] = instead.clone(),
            (Some(Value::Array(items)), None) => drop(items.remove(last.parse().unwrap())),
            _ => {}
        }
    }
}

/// Everywhere in the value; names with a slash or a tilde are left alone.
fn pointers(value: &Value, at: &str, found: &mut Vec<String>) {
    let children: Vec<(String, &Value)> = match value {
        Value::Object(fields) => fields.iter().map(|(name, child)| (name.clone(), child)).collect(),
        Value::Array(items) => items.iter().enumerate().map(|(index, child)| (index.to_string(), child)).collect(),
        _ => Vec::new(),
    };
    for (name, child) in children.into_iter().filter(|(name, _)| !name.contains(['/', '~'])) {
        let here = format!("{at}/{name}");
        pointers(child, &here, found);
        found.push(here);
    }
}

fn check(
    cases: u32,
    mut test: impl FnMut(&str, Vec<(Index, Option<Value>)>) -> TestCaseResult,
    names: &'static [&str],
) {
    let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
    let mut runner = proptest::test_runner::TestRunner::new(config);
    let test = std::cell::RefCell::new(&mut test);
    let strategy = (prop::sample::select(names), damages());
    runner.run(&strategy, |(name, damages)| test.borrow_mut()(name, damages)).unwrap();
}

#[test]
fn any_stream_record_is_dealt_with_reported_or_set_aside() {
    let (runtime, world, id) = club();
    let test = |name: &str, damages: Vec<_>| {
        let mut event = sample(name, &id);
        damage(&mut event, &damages);
        // What is no batch of the stream at all never gets as far as the function.
        let Ok(batch) = serde_json::from_value::<Event>(event.clone()) else { return Ok(()) };
        let known: Vec<_> =
            batch.records.iter().map(|one| one.change.sequence_number.clone().unwrap_or_default()).collect();
        let response =
            runtime.block_on(async { tokio::time::timeout(TIMEOUT, Box::pin(world.deliver.handle(batch))).await });
        let response = response.map_err(|_| TestCaseError::fail("hangs"))?;
        let failures = response.map_err(|error| TestCaseError::fail(error.to_string()))?.batch_item_failures;
        for failure in failures {
            prop_assert!(known.contains(&failure.item_identifier.unwrap_or_default()), "{event}");
        }
        Ok(())
    };
    check(400, test, &DELIVER);
}

#[test]
fn any_event_of_the_mail_service_is_taken_in_or_passed_over() {
    let (runtime, world, id) = club();
    let test = |name: &str, damages: Vec<_>| {
        let mut event = sample(name, &id);
        damage(&mut event, &damages);
        let Ok(read) = serde_json::from_value::<MailEvent>(event.clone()) else { return Ok(()) };
        let done =
            runtime.block_on(async { tokio::time::timeout(TIMEOUT, Box::pin(world.feedback.handle(read))).await });
        let done = done.map_err(|_| TestCaseError::fail("hangs"))?;
        prop_assert!(done.is_ok(), "{event}: {done:?}");
        Ok(())
    };
    check(400, test, &FEEDBACK);
}

#[test]
fn any_body_and_any_id_in_a_path_gets_a_response_that_blames_nobody_else() {
    let (runtime, world, id) = club();
    runtime.block_on(world.register(&person("carl")));
    let test = |name: &str, damages: Vec<(Index, Option<Value>)>| {
        let mut event = sample(name, &id);
        let mut parts = json!({
            "body": serde_json::from_str::<Value>(event["body"].as_str().unwrap_or("{}")).unwrap_or_default(),
            "pathParameters": event["pathParameters"],
        });
        damage(&mut parts, &damages);
        event["body"] = json!(parts["body"].to_string());
        event["isBase64Encoded"] = json!(false);
        if let Some(parameters) = parts["pathParameters"].as_object() {
            let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            event["pathParameters"] = parameters.iter().map(|(name, value)| (name.clone(), text(value))).collect();
        }
        let event = event.to_string();
        let response = runtime.block_on(async { tokio::time::timeout(TIMEOUT, Box::pin(world.invoke(&event))).await });
        let response = response.map_err(|_| TestCaseError::fail("hangs"))?;
        prop_assert!(response.status < 500, "{event}: {response:?}");
        let problem = response.status >= 400 && !response.body.starts_with("<!");
        prop_assert!(!problem || response.code().is_some(), "{event}: {response:?}");
        assert_plain(&response);
        Ok(())
    };
    check(600, test, &HTTP);
}
