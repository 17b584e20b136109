//! The pages in `docs/`: their tables name what the code and the template have, all of it and nothing else.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    event::{Event, EventName},
    sending::Outcome,
    settings::Settings,
};
use http_api::{code::Code, contract::Schema};
use serde_json::{Value, json};
use testkit::{
    files::{names, read, rows, sources},
    template::template,
};

fn first_names(page: &str, heading: &str) -> Vec<String> {
    rows(page, heading).iter().flat_map(|row| names(&row[0])).collect()
}

#[test]
fn every_code_is_explained_with_its_status() {
    let table = rows("docs/problems.md", "# Problems");
    let table = table.iter().filter(|row| row.len() == 3);
    let explained: BTreeSet<_> =
        table.flat_map(|row| names(&row[0]).into_iter().map(|name| (name, row[1].clone()))).collect();
    let codes = Code::ALL.iter().map(|code| (code.as_str().to_owned(), code.status().as_u16().to_string()));
    assert_eq!(explained, codes.collect());
}

#[test]
fn every_outcome_is_explained() {
    let outcomes = Outcome::ALL.map(|outcome| json!(outcome).as_str().unwrap().to_owned());
    assert_eq!(first_names("docs/problems.md", "## Outcomes"), outcomes);
}

#[test]
fn every_event_is_explained() {
    let event_name = Schema::of::<EventName>();
    let names: BTreeSet<_> = event_name.value["enum"].as_array().unwrap().iter().map(text).collect();
    assert_eq!(first_names("docs/events.md", "## What there is to hear").into_iter().collect::<BTreeSet<_>>(), names);
}

#[test]
fn every_field_of_events_is_explained() {
    let event = Schema::of::<Event>();
    let fields: BTreeSet<_> = event.value["properties"].as_object().unwrap().keys().cloned().collect();
    assert_eq!(first_names("docs/events.md", "## What an event says").into_iter().collect::<BTreeSet<_>>(), fields);
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

#[test]
fn every_setting_is_explained() {
    let settings = Schema::of::<Settings>();
    let fields: BTreeSet<_> = settings.value["properties"].as_object().unwrap().keys().cloned().collect();
    let rows = rows("docs/guide.md", "## Settings");
    assert_eq!(rows.iter().map(|row| names(&row[0])[0].clone()).collect::<BTreeSet<_>>(), fields);
    // A default that can be written in the table is the one of the code.
    for (name, default) in json!(Settings::default()).as_object().unwrap() {
        let row = rows.iter().find(|row| names(&row[0])[0] == *name).unwrap();
        let shown = default.as_str().map_or_else(|| default.to_string(), str::to_owned);
        let told = [format!("default {shown}"), format!("{shown} (default)")];
        let values = row[1].replace(['`', ','], "");
        assert!(told.iter().any(|told| values.contains(told)), "the default of {name} is {shown}, not as {values}");
    }
}

#[test]
fn every_parameter_is_explained_with_its_default() {
    let rows = rows("docs/deployment.md", "## Parameters");
    let explained: BTreeMap<_, _> = rows.iter().map(|row| (names(&row[0])[0].clone(), row[1].clone())).collect();
    let shown = |default: &Option<Value>| match default {
        None => "asked for".to_owned(),
        Some(Value::String(text)) if text.is_empty() => "empty".to_owned(),
        Some(Value::String(text)) => format!("`{text}`"),
        Some(other) => format!("`{other}`"),
    };
    let parameters = template().parameters().iter();
    let wanted = parameters.map(|(name, parameter)| (name.clone(), shown(&parameter.default))).collect();
    assert_eq!(explained, wanted);
}

#[test]
fn every_output_is_explained() {
    let explained: BTreeSet<_> = first_names("docs/deployment.md", "## Outputs").into_iter().collect();
    assert_eq!(explained, template().outputs().keys().cloned().collect());
}

/// Returns the alarms of the template. Those of the indexes mean what those of the table mean.
fn alarms() -> BTreeSet<String> {
    let is_of_index = |alarm: &&str| alarm.contains("ThrottlesBy");
    template()
        .resources_of("AWS::CloudWatch::Alarm")
        .into_iter()
        .filter(|alarm| !is_of_index(alarm))
        .map(str::to_owned)
        .collect()
}

#[test]
fn resources_that_the_pages_name_exist() {
    let explained = first_names("docs/deployment.md", "## Alarms");
    assert_eq!(explained.len(), alarms().len());
    assert_eq!(explained.into_iter().collect::<BTreeSet<_>>(), alarms());
}

#[test]
fn the_runbook_knows_every_alarm_and_quotes_what_is_really_logged() {
    let runbook = read("docs/runbook.md");
    let told = runbook.lines().filter_map(|line| line.strip_prefix("### `")?.strip_suffix('`'));
    assert_eq!(told.map(str::to_owned).collect::<BTreeSet<_>>(), alarms());

    let said: String = sources("functions").into_iter().chain(sources("shared")).collect();
    let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
    let runbook = runbook.split_whitespace().collect::<Vec<_>>().join(" ");
    for message in [
        "the table failed",
        "the table is unavailable",
        "a part of a document failed",
        "the mail service is busy",
        "mail delivery failed, will retry",
        "the bus did not take events",
        "counting failed, will retry",
        "batch done",
        "refused",
        "feedback",
    ] {
        assert!(runbook.contains(message), "the runbook does not say what to make of {message:?}");
        assert!(said.contains(&format!("\"{message}\")")), "nothing logs {message:?}");
    }
}
