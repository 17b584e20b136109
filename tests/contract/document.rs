//! The document as a whole: put together from what the functions say of their routes.

use std::{
    collections::{BTreeMap, BTreeSet},
    env, fs,
};

use functions::operations;
use http_api::{
    code::Code,
    contract::{
        Operation, Schema, Value, example_problems, json, keyword,
        openapi::{
            self, AllOfBuilder, ComponentsBuilder, Content, ContentBuilder, Info, InfoBuilder, LicenseBuilder,
            ObjectBuilder, OpenApiBuilder, PathsBuilder, Ref, RefOr, Response, ResponseBuilder, Server, ServerBuilder,
            ServerVariableBuilder,
            example::ExampleBuilder,
            header::HeaderBuilder,
            path::{HttpMethod, PathItem},
            schema::Type,
            security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme},
            tag::TagBuilder,
        },
        problem,
    },
    route::{Access, Route},
};

use testkit::{files, template::documented};

const FILE: &str = "openapi.yaml";
const HEAD: &str = "# Made from the code: `UPDATE_OPENAPI=1 cargo test -p contract` writes it anew.\n";
const INTRODUCTION: &str = "People invite people into communities; invitees accept or decline; moderators approve, track \
    and cancel.\n\nCallers present a token of the platform's identity provider, but for the pages behind mail links, \
    which the secret in their path opens, and for the custom elements, which are the same for everyone. Errors are \
    problems (RFC 9457) with a stable `code`. Fields and codes may be added in later versions; clients ignore what they \
    do not know.";
const TAGS: [(&str, &str); 6] = [
    ("Sending", "Inviting people, and what became of it."),
    ("Answering", "Invitations as their invitees see and answer them."),
    ("Moderating", "What moderators and above decide and track."),
    ("GraphQL", "The same over GraphQL."),
    ("Directory", "For the host platform: users, communities, memberships, connections, settings."),
    ("Elements", "Custom elements for the pages of the host platform."),
];

/// The document as the code has it.
pub(crate) fn document() -> Value {
    let meanings = meanings();
    let operations = operations();
    let used: BTreeSet<_> = operations.iter().flat_map(|(_, operation)| operation.problems.iter().copied()).collect();
    let schemas = schemas(&operations);
    let mut paths = PathsBuilder::new();
    for (route, operation) in operations {
        let item = PathItem::new(method(&route), described(&route, operation, &meanings));
        paths = paths.path(documented(route.path), item);
    }
    let examples = example_problems().into_iter().filter(|(code, _)| used.contains(code));
    let components = examples.fold(ComponentsBuilder::new(), |components, (code, value)| {
        let example = ExampleBuilder::new().summary(&meanings[code.as_str()]).value(Some(value));
        components.example(code.as_str(), example)
    });
    let document = OpenApiBuilder::new()
        .info(info())
        .servers(Some([server()]))
        .security(Some([SecurityRequirement::new::<_, [&str; 0], _>("token", [])]))
        .tags(Some(TAGS.map(|(name, description)| TagBuilder::new().name(name).description(Some(description)).build())))
        .paths(paths)
        .components(Some(components.security_scheme("token", security_scheme()).build()))
        .build();
    let mut document = serde_json::to_value(document).unwrap();
    without_defaults(&mut document);
    let schemas = referred(schemas, &document["paths"]);
    document["components"]["schemas"] = serde_json::to_value(schemas).unwrap();
    document
}

fn info() -> Info {
    InfoBuilder::new()
        .title("Invitations")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(INTRODUCTION))
        .license(Some(LicenseBuilder::new().name("MIT").identifier(Some("MIT")).build()))
        .extensions(keyword("summary", "Invitations for community platforms"))
        .build()
}

fn server() -> Server {
    ServerBuilder::new()
        .url("https://{host}")
        .description(Some("The stack's output `ApiUrl`, or the domain in front of it."))
        .parameter("host", ServerVariableBuilder::new().default_value("invitations.example.org"))
        .build()
}

fn security_scheme() -> SecurityScheme {
    let description = "A token of the platform's identity provider. The deployment says which claim holds the user's \
        id, and which group or scope makes a site administrator.";
    let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT").description(Some(description));
    SecurityScheme::Http(scheme.build())
}

/// utoipa spells out that a parameter is not required, which is the default.
fn without_defaults(document: &mut Value) {
    for path in document["paths"].as_object_mut().unwrap().values_mut() {
        for operation in path.as_object_mut().unwrap().values_mut() {
            for parameter in operation.get_mut("parameters").and_then(Value::as_array_mut).into_iter().flatten() {
                if parameter["required"] == false {
                    parameter.as_object_mut().unwrap().remove("required");
                }
            }
        }
    }
}

fn method(route: &Route) -> HttpMethod {
    serde_json::from_value(route.method.to_lowercase().into()).unwrap()
}

/// Every schema by its name.
fn schemas(operations: &[(Route, Operation)]) -> BTreeMap<String, Value> {
    let mut schemas = BTreeMap::new();
    let shared = [with_examples(problem()), gateway_message()];
    for schema in operations.iter().flat_map(|(_, operation)| &operation.schemas).chain(&shared) {
        let all = schema.others.iter().cloned().chain([(schema.name.clone(), schema.value.clone())]);
        for (name, value) in all {
            let known = schemas.entry(name.clone()).or_insert_with(|| value.clone());
            assert_eq!(*known, value, "two schemas are called {name}");
        }
    }
    schemas
}

/// The schemas that something refers to.
fn referred(schemas: BTreeMap<String, Value>, paths: &Value) -> BTreeMap<String, Value> {
    let mut text = paths.to_string();
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

/// The operation with all its responses.
fn described(route: &Route, operation: Operation, meanings: &BTreeMap<String, String>) -> openapi::path::Operation {
    let Operation { mut described, problems, others, .. } = operation;
    let tags = described.tags.iter().flatten();
    assert!(tags.clone().all(|tag| TAGS.iter().any(|(name, _)| name == tag)), "{:?}", described.tags);
    let mut by_status: BTreeMap<u16, Vec<Code>> = BTreeMap::new();
    for code in problems {
        by_status.entry(code.status().as_u16()).or_default().push(code);
    }
    let responses = &mut described.responses.responses;
    for (status, codes) in by_status {
        let twice = responses.insert(status.to_string(), refusal(status, &codes, meanings).into());
        assert!(twice.is_none(), "{} {} responds {status} twice", route.method, route.path);
    }
    if route.access != Access::Everyone {
        by_gateway(responses, "401", "The gateway does not take the token.");
    }
    by_gateway(responses, "429", "The gateway is at its limit.");
    by_gateway(responses, "500", "The function failed.");
    by_gateway(responses, "503", "The function cannot be reached.");
    for (status, media_type, content) in others {
        let response = responses.get_mut(&status.to_string()).unwrap();
        inner(response).content.insert(media_type.to_owned(), content.into());
    }
    if route.method == "HEAD" {
        for response in responses.values_mut() {
            inner(response).content.clear();
        }
    }
    described
}

fn inner(response: &mut RefOr<Response>) -> &mut Response {
    match response {
        RefOr::T(response) => response,
        RefOr::Ref(_) => panic!("responses are described where they are"),
    }
}

fn refusal(status: u16, codes: &[Code], meanings: &BTreeMap<String, String>) -> Response {
    let lines = codes.iter().map(|code| format!("`{}`: {}.", code.as_str(), meanings[code.as_str()]));
    let names: Vec<_> = codes.iter().map(|code| code.as_str()).collect();
    // utoipa has no properties beside `allOf`.
    let narrowed = keyword("properties", json!({"status": {"const": status}, "code": {"enum": names}}));
    let schema = AllOfBuilder::new().item(Ref::from_schema_name("Problem")).extensions(narrowed);
    let example = |name| RefOr::Ref(Ref::new(format!("#/components/examples/{name}")));
    let examples = names.iter().map(|name| (*name, example(name)));
    let content = ContentBuilder::new().schema(Some(schema)).examples_from_iter(examples).build();
    let response = ResponseBuilder::new()
        .description(lines.collect::<Vec<_>>().join("\n\n"))
        .content("application/problem+json", content);
    if !codes.iter().any(|code| RETRIED.contains(code)) {
        return response.build();
    }
    let seconds = ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(1));
    let header = HeaderBuilder::new().schema(Some(seconds)).description(Some("Seconds to wait before trying again."));
    response.header("Retry-After", header.build()).build()
}

/// The codes of problems that pass with time.
const RETRIED: [Code; 4] = [Code::RequestStillRunning, Code::DailyQuotaUsed, Code::ResentRecently, Code::Unavailable];

fn by_gateway(responses: &mut BTreeMap<String, RefOr<Response>>, status: &str, description: &str) {
    let response = responses.entry(status.to_owned()).or_insert_with(|| Response::new(description).into());
    let content = Content::new(Some(Ref::from_schema_name("GatewayMessage")));
    inner(response).content.insert("application/json".to_owned(), content.into());
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
    let made = format!("{HEAD}{}", serde_saphyr::to_string(&document()).unwrap());
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
