//! Examples are of the kind that they stand for.

use domain::sending::Outcome;
use http_api::{code::Code, contract::example_problems};
use jsonschema::Validator;
use serde_json::{Value, json};

use crate::document::document;

/// What checks values against a schema of the document.
fn validator(document: &Value, schema: &Value) -> Validator {
    let schema = json!({"allOf": [schema], "components": document["components"]});
    jsonschema::draft202012::options().should_validate_formats(true).build(&schema).unwrap()
}

fn check(document: &Value, place: &str, content: &Value) {
    let validator = validator(document, &content["schema"]);
    for (name, example) in content["examples"].as_object().into_iter().flatten() {
        let value = match example["$ref"].as_str() {
            Some(reference) => &document.pointer(&reference[1..]).unwrap()["value"],
            None => &example["value"],
        };
        let faults: Vec<_> = validator.iter_errors(value).map(|fault| fault.to_string()).collect();
        assert!(faults.is_empty(), "{place}, example {name}: {faults:?}");
    }
}

#[test]
fn every_example_is_valid() {
    let document = document();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let bodies = [("body", &operation["requestBody"])].into_iter();
            let responses =
                operation["responses"].as_object().unwrap().iter().map(|(status, one)| (status.as_str(), one));
            for (part, described) in bodies.chain(responses) {
                for content in described["content"].as_object().into_iter().flatten().map(|(_, content)| content) {
                    check(&document, &format!("{method} {path} {part}"), content);
                }
            }
        }
    }
}

#[test]
fn every_json_body_that_is_read_or_written_has_an_example() {
    let document = document();
    for methods in document["paths"].as_object().unwrap().values() {
        for operation in methods.as_object().unwrap().values() {
            let responses = operation["responses"].as_object().unwrap().values();
            for described in responses.chain([&operation["requestBody"]]) {
                for (media_type, content) in described["content"].as_object().into_iter().flatten() {
                    let by_gateway = content["schema"]["$ref"] == "#/components/schemas/GatewayMessage";
                    let exempt =
                        ["text/html", "text/javascript", "text/csv"].contains(&media_type.as_str()) || by_gateway;
                    assert!(exempt || content["examples"].is_object(), "{}: {described}", operation["operationId"]);
                }
            }
        }
    }
}

#[test]
fn every_code_has_an_example() {
    let shown: Vec<_> = example_problems().into_iter().map(|(code, _)| code).collect();
    let missing: Vec<_> = Code::ALL.iter().filter(|code| !shown.contains(code)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn every_outcome_has_an_example() {
    let document = document();
    let response = &document["paths"]["/communities/{communityId}/invitations"]["post"]["responses"]["200"];
    let examples = response["content"]["application/json"]["examples"].as_object().unwrap();
    for outcome in Outcome::ALL {
        let example = &examples[json!(outcome).as_str().unwrap()]["value"];
        assert_eq!(example["results"][0]["outcome"], json!(outcome));
    }
    assert_eq!(examples.len(), Outcome::ALL.len());
}
