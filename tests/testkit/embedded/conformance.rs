//! Every request that a test makes and every response that it gets is held against `openapi.yaml`.

use std::{
    collections::HashMap,
    sync::{LazyLock, Mutex, PoisonError},
};

use jsonschema::Validator;
use serde_json::{Value, json};

use super::Request;
use crate::{Response, files, template::Route};

/// The document, with schemas that allow no field besides theirs: what is not documented shall not be sent back.
static DOCUMENT: LazyLock<Value> = LazyLock::new(|| {
    let mut document: Value = files::yaml("openapi.yaml");
    for schema in document["components"]["schemas"].as_object_mut().unwrap().values_mut() {
        if schema["properties"].is_object() && schema["additionalProperties"].is_null() {
            schema["additionalProperties"] = false.into();
        }
    }
    document
});

/// Panics unless the document describes the request and its response.
#[track_caller]
pub(super) fn check(request: &Request, route: &Route, response: &Response) {
    let (method, status, body) = (&request.method, response.status, &response.body);
    let route = route.documented();
    let escaped = route.replace('~', "~0").replace('/', "~1");
    let operation = format!("/paths/{escaped}/{}", method.to_lowercase());
    let described = DOCUMENT.pointer(&operation).unwrap_or_else(|| panic!("{method} {route} is not documented"));
    let documented = &described["responses"][status.to_string()];
    assert!(documented.is_object(), "{method} {route} does not document {status}: {body}");
    let media_type = response.header("content-type").and_then(|text| text.split(';').next());
    match media_type.filter(|_| !body.is_empty()) {
        None => assert!(body.is_empty() && (method == "HEAD" || documented["content"].is_null()), "{method} {route}"),
        Some(_) if method == "HEAD" => {}
        Some(found) => {
            let content = &documented["content"][found];
            assert!(content.is_object(), "{method} {route} does not document {found} with {status}");
            if found.ends_with("json") {
                let faults = faults(&content["schema"], &response.json());
                assert!(faults.is_empty(), "{method} {route} sends back {body}: {faults:?}");
            }
        }
    }
    let described = &described["requestBody"]["content"]["application/json"];
    if (200..300).contains(&status) && described.is_object() && !request.body.trim().is_empty() {
        let value = serde_json::from_str(request.body.trim_start_matches('\u{FEFF}')).unwrap();
        // An import takes bad records, and refuses each on its own.
        let faults = if route == "/directory/import" { Vec::new() } else { faults(&described["schema"], &value) };
        assert!(faults.is_empty(), "{method} {route} took {}: {faults:?}", request.body);
    }
}

fn faults(schema: &Value, value: &Value) -> Vec<String> {
    static VALIDATORS: LazyLock<Mutex<HashMap<String, &'static Validator>>> = LazyLock::new(Mutex::default);
    let mut validators = VALIDATORS.lock().unwrap_or_else(PoisonError::into_inner);
    let validator = *validators.entry(schema.to_string()).or_insert_with(|| {
        let whole = json!({ "allOf": [schema], "components": DOCUMENT["components"] });
        Box::leak(Box::new(jsonschema::draft202012::new(&whole).unwrap()))
    });
    validator.iter_errors(value).map(|fault| format!("{}: {fault}", fault.instance_path())).collect()
}
