//! The document as a whole: put together from what the functions say of their routes.

use std::{
    collections::{BTreeMap, BTreeSet},
    env, fs,
};

use http_api::{
    code::Code,
    contract::{Answer, Content, Operation, Schema, example_problems, problem},
};
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::files;

const FILE: &str = "openapi.yaml";
const HEAD: &str = "# Made from the code: `UPDATE_OPENAPI=1 cargo test -p contract` writes it anew.\n";
const INTRODUCTION: &str = "People invite people into communities; invitees accept or decline; moderators approve, track \
    and cancel.\n\nCallers present a token of the platform's identity provider, but for the pages behind mail links, \
    which the secret in their path opens. Errors are problems (RFC 9457) with a stable `code`. Fields and codes may be \
    added in later versions; clients ignore what they do not know.";
const TAGS: [(&str, &str); 4] = [
    ("Sending", "Inviting people, and what became of it."),
    ("Answering", "Invitations as their invitees see and answer them."),
    ("Moderating", "What moderators and above decide and track."),
    ("Directory", "For the host platform: users, communities, memberships, connections, settings."),
];

#[derive(Serialize)]
struct Document {
    openapi: &'static str,
    info: Info,
    servers: Value,
    security: Value,
    tags: Vec<Value>,
    paths: BTreeMap<&'static str, BTreeMap<String, Described>>,
    components: Components,
}

#[derive(Serialize)]
struct Info {
    title: &'static str,
    version: &'static str,
    summary: &'static str,
    description: &'static str,
    license: Value,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Described {
    operation_id: &'static str,
    tags: [&'static str; 1],
    summary: &'static str,
    #[serde(skip_serializing_if = "str::is_empty")]
    description: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    security: Option<Value>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    parameters: Vec<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_body: Option<Value>,
    responses: BTreeMap<String, Value>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Components {
    security_schemes: Value,
    schemas: BTreeMap<String, Value>,
    examples: BTreeMap<&'static str, Value>,
}

/// Every operation of every function.
pub(crate) fn operations() -> Vec<Operation> {
    [
        send::contract::operations(),
        list_mine::contract::operations(),
        list_sent::contract::operations(),
        status::contract::operations(),
        respond::contract::operations(),
        cancel::contract::operations(),
        moderate::contract::operations(),
        directory::contract::operations(),
    ]
    .concat()
}

/// The document as the code has it.
pub(crate) fn document() -> Value {
    serde_json::to_value(build()).unwrap()
}

fn build() -> Document {
    let meanings = meanings();
    let operations = operations();
    let mut schemas = BTreeMap::new();
    let problem = problem();
    let shared = [with_examples(problem), gateway_message()];
    for schema in operations.iter().flat_map(|operation| &operation.schemas).chain(&shared) {
        let all = schema.others.iter().cloned().chain([(schema.name.clone(), schema.value.clone())]);
        for (name, value) in all {
            let known = schemas.entry(name.clone()).or_insert_with(|| value.clone());
            assert_eq!(*known, value, "two schemas are called {name}");
        }
    }
    let used: BTreeSet<_> = operations.iter().flat_map(problems).collect();
    let examples = example_problems().into_iter().filter(|(code, _)| used.contains(code));
    let examples =
        examples.map(|(code, value)| (code.as_str(), json!({"summary": meanings[code.as_str()], "value": value})));
    let mut paths: BTreeMap<_, BTreeMap<_, _>> = BTreeMap::new();
    for operation in &operations {
        let methods = paths.entry(operation.path).or_default();
        let twice = methods.insert(operation.method.to_lowercase(), described(operation, &meanings));
        assert!(twice.is_none(), "{} {} is described twice", operation.method, operation.path);
    }
    let components = Components {
        security_schemes: security_schemes(),
        schemas: referred(schemas, &paths),
        examples: examples.collect(),
    };
    Document {
        openapi: "3.1.0",
        info: Info {
            title: "Invitations",
            version: env!("CARGO_PKG_VERSION"),
            summary: "Invitations for community platforms",
            description: INTRODUCTION,
            license: json!({"name": "MIT", "identifier": "MIT"}),
        },
        servers: json!([{
            "url": "https://{host}",
            "description": "The stack's output `ApiUrl`, or the domain in front of it.",
            "variables": {"host": {"default": "invitations.example.org"}},
        }]),
        security: json!([{"token": []}]),
        tags: TAGS.map(|(name, description)| json!({"name": name, "description": description})).to_vec(),
        paths,
        components,
    }
}

fn security_schemes() -> Value {
    json!({"token": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "A token of the platform's identity provider. The deployment says which claim holds the user's \
            id, and which group or scope makes a site administrator.",
    }})
}

/// The schemas that something refers to.
fn referred(
    schemas: BTreeMap<String, Value>,
    paths: &BTreeMap<&'static str, BTreeMap<String, Described>>,
) -> BTreeMap<String, Value> {
    let mut text = serde_json::to_string(paths).unwrap();
    let mut kept = BTreeMap::new();
    loop {
        let named = |name: &str| text.contains(&format!("\"#/components/schemas/{name}\""));
        let found: Vec<_> = schemas.iter().filter(|(name, _)| !kept.contains_key(*name) && named(name)).collect();
        if found.is_empty() {
            return kept;
        }
        let more: String = found.iter().map(|(_, schema)| schema.to_string()).collect();
        kept.extend(found.into_iter().map(|(name, schema)| (name.clone(), schema.clone())));
        text += &more;
    }
}

fn with_examples(problem: Schema) -> Schema {
    let mut problem = problem;
    problem.value["description"] =
        "What is wrong and what to change. `param` names the input at fault, `errors` each of \
        several; `invitation` tells the state that was in the way; `retryAfter` repeats the header, in seconds."
            .into();
    problem.value["examples"] = example_problems().into_iter().map(|(_, value)| value).collect();
    problem
}

fn gateway_message() -> Schema {
    let value = json!({
        "type": "object",
        "description": "What the gateway answers where no function is reached.",
        "required": ["message"],
        "properties": {"message": {"type": "string"}},
    });
    Schema { name: "GatewayMessage".to_owned(), value, others: Vec::new() }
}

/// All that an operation may refuse with.
fn problems(operation: &Operation) -> BTreeSet<Code> {
    let common = [Code::Unauthenticated, Code::InternalError, Code::Unavailable];
    let common = common.into_iter().filter(|_| !operation.public);
    operation.problems.iter().copied().chain(common).collect()
}

fn described(operation: &Operation, meanings: &BTreeMap<String, String>) -> Described {
    let mut responses = BTreeMap::new();
    for answer in &operation.answers {
        let twice = responses.insert(answer.status.to_string(), response(answer));
        assert!(twice.is_none(), "{} answers {} twice", operation.id, answer.status);
    }
    let mut by_status: BTreeMap<u16, Vec<Code>> = BTreeMap::new();
    for code in problems(operation) {
        by_status.entry(code.status().as_u16()).or_default().push(code);
    }
    for (status, codes) in by_status {
        let twice = responses.insert(status.to_string(), refusal(status, &codes, meanings));
        assert!(twice.is_none(), "{} answers {status} twice", operation.id);
    }
    if !operation.public {
        by_gateway(&mut responses, "401", "The gateway does not take the token.");
    }
    by_gateway(&mut responses, "429", "The gateway is at its limit.");
    by_gateway(&mut responses, "500", "The function failed.");
    by_gateway(&mut responses, "503", "The function cannot be reached.");
    if operation.method == "HEAD" {
        for response in responses.values_mut() {
            response.as_object_mut().unwrap().remove("content");
        }
    }
    let body = operation.body.as_ref().map(|body| {
        let is_form = body.media_type != "application/json";
        json!({"required": is_form || !accepts_nothing(operation, body), "content": content(body)})
    });
    Described {
        operation_id: operation.id,
        tags: [tag(operation)],
        summary: operation.summary,
        description: operation.description,
        security: operation.public.then(|| json!([])),
        parameters: operation.parameters.clone(),
        request_body: body,
        responses,
    }
}

/// Whether `{}`, which is what no body reads as, is in order.
fn accepts_nothing(operation: &Operation, body: &Content) -> bool {
    let name = body.schema["$ref"].as_str().unwrap().rsplit('/').next().unwrap();
    let schema = operation.schemas.iter().find(|schema| schema.name == name).unwrap();
    schema.value["required"].as_array().is_none_or(Vec::is_empty)
}

fn tag(operation: &Operation) -> &'static str {
    let path = operation.path;
    if path.starts_with("/directory") {
        "Directory"
    } else if ["/approve", "/reject", "/stats"].iter().any(|end| path.ends_with(end))
        || (operation.method == "GET" && path.starts_with("/communities"))
    {
        "Moderating"
    } else if ["/i/", "/u/"].iter().any(|start| path.starts_with(start))
        || ["/me/invitations", "/accept", "/decline"].iter().any(|end| path.ends_with(end))
    {
        "Answering"
    } else {
        "Sending"
    }
}

fn response(answer: &Answer) -> Value {
    let mut response = json!({"description": answer.description});
    if !answer.headers.is_empty() {
        response["headers"] =
            answer.headers.iter().map(|(name, header)| ((*name).to_owned(), header.clone())).collect();
    }
    if let Some(found) = &answer.content {
        response["content"] = content(found);
    }
    response
}

fn content(content: &Content) -> Value {
    let mut described = json!({"schema": content.schema});
    if !content.examples.is_empty() {
        let examples = content.examples.iter().map(|(name, value)| (name.clone(), json!({"value": value})));
        described["examples"] = examples.collect::<Map<_, _>>().into();
    }
    json!({content.media_type: described})
}

fn refusal(status: u16, codes: &[Code], meanings: &BTreeMap<String, String>) -> Value {
    let lines = codes.iter().map(|code| format!("`{}`: {}.", code.as_str(), meanings[code.as_str()]));
    let names: Vec<_> = codes.iter().map(|code| code.as_str()).collect();
    let examples =
        names.iter().map(|name| ((*name).to_owned(), json!({"$ref": format!("#/components/examples/{name}")})));
    let mut response = json!({
        "description": lines.collect::<Vec<_>>().join("\n\n"),
        "content": {"application/problem+json": {
            "schema": {
                "allOf": [{"$ref": "#/components/schemas/Problem"}],
                "properties": {"status": {"const": status}, "code": {"enum": names}},
            },
            "examples": examples.collect::<Map<_, _>>(),
        }},
    });
    if codes.iter().any(|code| RETRIED.contains(code)) {
        let description = "Seconds to wait before trying again.";
        let seconds = json!({"type": "integer", "minimum": 1});
        response["headers"] = json!({"Retry-After": {"description": description, "schema": seconds}});
    }
    response
}

/// The codes of problems that pass with time.
const RETRIED: [Code; 4] = [Code::RequestStillRunning, Code::DailyQuotaUsed, Code::ResentRecently, Code::Unavailable];

fn by_gateway(responses: &mut BTreeMap<String, Value>, status: &str, description: &str) {
    let response = responses.entry(status.to_owned()).or_insert_with(|| json!({"description": description}));
    response["content"]["application/json"] = json!({"schema": {"$ref": "#/components/schemas/GatewayMessage"}});
}

/// What docs/problems.md says of each code.
pub(crate) fn meanings() -> BTreeMap<String, String> {
    let mut meanings = BTreeMap::new();
    for row in files::rows("docs/problems.md", "# Problems") {
        if row.len() == 3 {
            for name in files::names(&row[0]) {
                meanings.insert(name, row[2].clone());
            }
        }
    }
    meanings
}

#[test]
fn the_checked_in_document_is_the_one_that_the_code_makes() {
    let made = format!("{HEAD}{}", serde_saphyr::to_string(&build()).unwrap());
    if env::var_os("UPDATE_OPENAPI").is_some() {
        fs::write(files::full(FILE), &made).unwrap();
    }
    let kept = fs::read_to_string(files::full(FILE)).unwrap_or_default();
    let differs = made.lines().zip(kept.lines()).position(|(made, kept)| made != kept);
    assert!(
        made == kept,
        "openapi.yaml is not what the code does, first at line {:?}. If the change is meant, write it anew with \
         `UPDATE_OPENAPI=1 cargo test -p contract`.",
        differs.map(|line| line + 1)
    );
}
