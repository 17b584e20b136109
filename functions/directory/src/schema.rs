//! How the contract describes a record in a request and in a response, both from the record's own type.

use http_api::contract::{Map, Schema, Value, json};
use utoipa::ToSchema;

/// The keywords of a range, in the order in which the contract has them.
const RANGE: [&str; 5] = ["pattern", "minLength", "maxLength", "minimum", "maximum"];

/// The record as a request describes it: without the fields that are `given` elsewhere in the request, each of the
/// others within its range.
pub(crate) fn asked<T: ToSchema>(name: &str, about: &str, given: &[&str]) -> Schema {
    let mut schema = Schema { name: name.to_owned(), ..Schema::of::<T>() };
    let is_own = |field: &str| !given.contains(&field);
    let required = schema.value["required"].as_array().cloned().unwrap_or_default();
    let required: Vec<_> = required.into_iter().filter(|field| field.as_str().is_some_and(is_own)).collect();
    let fields = schema.value["properties"].as_object().cloned().unwrap_or_default();
    let fields: Map<_, _> = fields
        .into_iter()
        .filter(|(field, _)| is_own(field))
        .map(|(field, described)| (field, input(flat(described)).into()))
        .collect();
    schema.value = json!({"type": "object", "description": about});
    if !fields.is_empty() {
        schema.value["properties"] = fields.into();
    }
    schema.value["additionalProperties"] = false.into();
    if !required.is_empty() {
        schema.value["required"] = required.into();
    }
    schema
}

/// The record as a response shows it: how far values may go is a matter of requests.
pub(crate) fn shown<T: ToSchema>() -> Schema {
    let mut schema = Schema::of::<T>();
    for field in schema.value["properties"].as_object_mut().into_iter().flat_map(Map::values_mut) {
        *field = output(flat(field.take())).into();
    }
    schema
}

/// The keywords of a field in one object, where they stand in several side by side.
fn flat(field: Value) -> Map<String, Value> {
    let Value::Object(mut field) = field else { return Map::new() };
    let mut keywords = Map::new();
    for parts in ["allOf", "oneOf"].into_iter().filter_map(|several| field.remove(several)) {
        let parts = parts.as_array().cloned().unwrap_or_default();
        for part in parts.iter().filter_map(Value::as_object).filter(|part| part.get("type") != Some(&json!("null"))) {
            for (keyword, value) in part {
                keywords.entry(keyword.clone()).or_insert_with(|| value.clone());
            }
        }
    }
    keywords.extend(field);
    keywords
}

/// A field that may be left out; the contract says of one that must be there that it is never null.
fn input(mut field: Map<String, Value>) -> Map<String, Value> {
    let mut described = Map::new();
    if let Some(reference) = field.remove("$ref") {
        described.insert("default".to_owned(), Value::Null);
        described.insert("oneOf".to_owned(), json!([{"$ref": reference}, {"type": "null"}]));
        return described;
    }
    let kind = field.remove("type").unwrap_or_default();
    described.insert("type".to_owned(), json!([kind, "null"]));
    if kind == "integer" {
        described.extend(field.remove_entry("format"));
    }
    described.insert("default".to_owned(), Value::Null);
    for keyword in ["format"].into_iter().chain(RANGE) {
        described.extend(field.remove_entry(keyword));
    }
    described
}

fn output(mut field: Map<String, Value>) -> Map<String, Value> {
    let small = field.get("maximum").is_some();
    for keyword in RANGE {
        field.remove(keyword);
    }
    if field.get("type") == Some(&json!("integer")) {
        if small {
            field.insert("format".to_owned(), "int32".into());
        }
        field.insert("minimum".to_owned(), 0.into());
    } else {
        field.remove("format");
    }
    field
}
