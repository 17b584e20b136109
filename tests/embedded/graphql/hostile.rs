//! Documents that nobody writes in good faith: each gets a clear error, at once, and nothing is read or done for it.

use std::{
    fmt::Write as _,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use testkit::embedded::{Person, World, chess};

use super::calls::{invitation, page, request};

/// How long any of them may take, in a debug build on a busy machine.
const PATIENCE: Duration = Duration::from_secs(5);

fn repeated(count: usize, part: impl Fn(usize) -> String) -> String {
    (0..count).fold(String::new(), |mut text, number| {
        write!(text, "{} ", part(number)).unwrap();
        text
    })
}

/// Fragments of which each spreads the next one twice.
fn bomb(count: usize) -> String {
    let fragments = repeated(count, |number| format!("fragment f{number} on Query {{ ...f{0} ...f{0} }}", number + 1));
    format!("{{ ...f0 }} {fragments} fragment f{count} on Query {{ me {{ id }} }}")
}

/// Every document, by what is wrong with it, and a word of what is told.
fn documents() -> Vec<(&'static str, String, &'static str)> {
    let cancel = |number: usize| format!("m{number}: cancelCommunityInvitation(id: {number}) {{ errors }}");
    let schema = format!("{{ __schema {{ types {{ {} name {} }} }} }}", "fields { type { ".repeat(9), "} }".repeat(9));
    vec![
        ("nothing", String::new(), "no GraphQL"),
        ("no document", "what?".to_owned(), "no GraphQL"),
        ("no end", "{ me { id ".to_owned(), "no GraphQL"),
        ("no such field", "{ secrets }".to_owned(), "secrets"),
        ("no such argument", "{ invitation(key: 1) { errors } }".to_owned(), "key"),
        ("no such type", "query ($id: Key!) { invitation(id: $id) { errors } }".to_owned(), "Key"),
        ("a variable without a value", "query ($id: ID!) { invitation(id: $id) { errors } }".to_owned(), "id"),
        ("a leaf with fields", "{ me { id { id } } }".to_owned(), "id"),
        ("an object without fields", "{ me }".to_owned(), "me"),
        ("a subscription", "subscription { me { id } }".to_owned(), "ubscription"),
        ("two operations and no name", "query A { me { id } } query B { me { id } }".to_owned(), "name"),
        ("a word where a number goes", "{ me { invitations(first: \"all\") { errors } } }".to_owned(), "first"),
        ("a number beyond Int", "{ me { invitations(first: 99999999999) { errors } } }".to_owned(), "Int"),
        ("a number of thousands of digits", format!("{{ me {{ invitations(first: {}) {{ errors }} }} }}", "9".repeat(60_000)), ""),
        ("a power beyond any number", "{ me { invitations(first: 1e999) { errors } } }".to_owned(), ""),
        ("half of a character", "{ invitation(id: \"\\ud800\") { errors } }".to_owned(), ""),
        ("depth", format!("{{ a {} b {} }}", "{ a ".repeat(12), "} ".repeat(12)), "deep"),
        ("depth by fragments", {
            let chain = repeated(12, |number| format!("fragment f{number} on Query {{ a {{ ...f{} }} }}", number + 1));
            format!("{{ ...f0 }} {chain} fragment f12 on Query {{ me {{ id }} }}")
        }, "deep"),
        ("deep selections", format!("{{ a{} }}", "{a".repeat(10_000)), "nested too deep"),
        ("deep lists", format!("{{ invitation(id: {}", "[".repeat(30_000)), "nested too deep"),
        ("deep lists, closed", format!("{{ invitation(id: {}{}) {{ errors }} }}", "[".repeat(20_000), "]".repeat(20_000)), "nested too deep"),
        ("deep objects", format!("{{ invitation(id: {}", "{a:".repeat(20_000)), "nested too deep"),
        ("deep types", format!("query ($a: {}Int{}) {{ me {{ id }} }}", "[".repeat(20_000), "]".repeat(20_000)), "nested too deep"),
        ("brackets behind a string with quotes", format!("{{ invitation(id: \"\\\"#\\\\\") {}", "{a".repeat(20_000)), "nested too deep"),
        ("brackets behind a block with quotes", format!("{{ invitation(id: \"\"\"\\\"\"\" # \"\" \"\"\") {}", "{a".repeat(20_000)), "nested too deep"),
        ("brackets behind a comment with quotes", format!("{{ # \"\n{}", "{a".repeat(20_000)), "nested too deep"),
        ("breadth by aliases", format!("{{ {} }}", repeated(400, |number| format!("a{number}: me {{ id }}"))), "complex"),
        ("breadth of reads", format!("{{ {} }}", repeated(60, |number| format!("a{number}: invitation(id: {number}) {{ errors }}"))), "complex"),
        ("breadth within a page", format!("{{ me {{ invitations(first: 100) {{ edges {{ node {{ {} }} }} }} }} }}", repeated(60, |number| format!("a{number}: message"))), "complex"),
        ("more fields than anybody needs", format!("{{ {} }}", repeated(2_000, |number| format!("a{number}: me {{ id }}"))), "too much"),
        ("pages in one document", format!("{{ {} }}", repeated(3, |number| format!("a{number}: me {{ invitations(first: 100) {{ edges {{ node {{ {} }} }} }} }}", invitation()))), "complex"),
        ("a fragment of itself", "{ ...f } fragment f on Query { ...f }".to_owned(), "itself"),
        ("a fragment of itself, twice", "{ ...f } fragment f on Query { ...f ...f }".to_owned(), "itself"),
        ("fragments in a circle", "{ ...a } fragment a on Query { ...b } fragment b on Query { ...c ...c } fragment c on Query { ...a ...a }".to_owned(), "itself"),
        ("a circle that nobody spreads", "{ me { id } } fragment a on Query { ...b } fragment b on Query { ...a }".to_owned(), "itself"),
        ("a circle through fields", "{ me { ...m } } fragment m on Me { invitations { edges { node { ...n } } } } fragment n on CommunityInvitation { ...n }".to_owned(), "itself"),
        ("fragments that double", bomb(15), "too much"),
        ("fragments that double without end", bomb(60), "spread within each other"),
        ("a long chain of fragments", format!("{{ ...f0 }} {}", repeated(1_500, |number| format!("fragment f{number} on Me {{ ...f{} }}", number + 1))), "spread within each other"),
        ("fragments that nobody spreads", format!("{{ me {{ id }} }} {}", repeated(900, |number| format!("fragment f{number} on Me {{ id }}"))), ""),
        ("a fragment that is not there", "{ ...f }".to_owned(), "f"),
        ("1,000 mutations", format!("mutation {{ {} }}", repeated(1_000, cancel)), "too much"),
        ("eleven mutations", format!("mutation {{ {} }}", repeated(11, cancel)), "11 mutations"),
        ("mutations in fragments", format!("mutation {{ ...a ...b }} fragment a on Mutation {{ {} }} fragment b on Mutation {{ {} }}", repeated(6, cancel), repeated(6, |number| cancel(number + 6))), "12 mutations"),
        ("mutations in two operations", format!("mutation A {{ {} }} mutation B {{ {} }}", repeated(6, cancel), repeated(6, |number| cancel(number + 6))), "12 mutations"),
        ("one mutation under one name twice", format!("mutation {{ {} {} }}", cancel(1), cancel(1)), "twice"),
        ("directives overloaded", format!("{{ me {} {{ id }} }}", "@skip(if: false) ".repeat(3_000)), "directives"),
        ("directives on a fragment", format!("{{ ...f {} }} fragment f on Query {{ me {{ id }} }}", "@include(if: true) ".repeat(5)), "directives"),
        ("directives on an operation", format!("query {} {{ me {{ id }} }}", "@a ".repeat(5)), "directives"),
        ("a directive that there is not", "{ me @secret { id } }".to_owned(), "secret"),
        ("the schema, deep", schema, "deep"),
        ("a name of thousands of letters", format!("{{ {} }}", "n".repeat(60_000)), ""),
        ("thousands of faults", format!("{{ {} }}", repeated(400, |number| format!("x{number}"))), ""),
        ("a literal of thousands of letters", format!("{{ nothing(id: \"{}\") }}", "\\n".repeat(10_000)), "nothing"),
        ("escapes without end", format!("{{ invitation(id: \"{}", "\\\\".repeat(10_000)), ""),
    ]
}

#[tokio::test]
async fn every_hostile_document_gets_a_clear_error_at_once_and_nothing_is_read_for_it() {
    let (world, mona) = chess("moderator").await;
    world.meter.take();
    let mut unclear = Vec::new();
    for (name, document, word) in documents() {
        let began = Instant::now();
        let response = world.call(request(&mona, &document, &json!({}))).await;
        assert!(began.elapsed() < PATIENCE, "{name} took {:?}", began.elapsed());
        let told = response.ok().json();
        let errors = told["errors"].as_array().unwrap_or_else(|| panic!("{name}: {told}"));
        assert!((1..=10).contains(&errors.len()), "{name}: {told}");
        assert_eq!(told.get("data"), None, "{name}: {told}");
        assert!(response.body.len() < 20_000, "{name}: {} bytes", response.body.len());
        for error in errors {
            assert_eq!(error["extensions"], json!({ "code": "malformed_request" }), "{name}: {told}");
        }
        if !errors.iter().any(|error| error["message"].as_str().unwrap().contains(word)) {
            unclear.push(format!("{name}: {told}"));
        }
    }
    assert!(unclear.is_empty(), "{}", unclear.join("\n"));
    assert_eq!(world.meter.take().total(), 0);
}

#[tokio::test]
async fn documents_at_the_limits_are_executed() {
    let (world, mona) = chess("moderator").await;
    let ten = repeated(10, |number| format!("m{number}: cancelCommunityInvitation(id: {number}) {{ errors }}"));
    let literal = "x".repeat(50_000);
    for document in [
        format!("{{ me {{ invitations(first: 100) {{ {} }} }} }}", page()),
        format!("mutation {{ {ten} }}"),
        format!("{{ invitation(id: \"{literal}\") {{ errors }} }}"),
        format!("{{ invitation(id: \"\"\"{literal}\"\"\") {{ errors }} }}"),
        format!("{{ invitation(id: \"{}\") {{ errors }} }}", "[".repeat(500)),
        format!("# {}\n{{ me {{ id }} }}", "{[(".repeat(500)),
        bomb(8).replace("me { id }", "__typename"),
    ] {
        let response = world.call(request(&mona, &document, &json!({}))).await.ok().json();
        assert_eq!(response["errors"], Value::Null, "{}: {response}", document.chars().take(200).collect::<String>());
    }
}

/// The question that tools ask for the schema.
const INTROSPECTION: &str = "query IntrospectionQuery { __schema { queryType { name } mutationType { name } subscriptionType { name }
    types { ...FullType } directives { name description locations args { ...InputValue } } } }
    fragment FullType on __Type { kind name description fields(includeDeprecated: true) { name description args { ...InputValue }
        type { ...TypeRef } isDeprecated deprecationReason } inputFields { ...InputValue } interfaces { ...TypeRef }
        enumValues(includeDeprecated: true) { name description isDeprecated deprecationReason } possibleTypes { ...TypeRef } }
    fragment InputValue on __InputValue { name description type { ...TypeRef } defaultValue }
    fragment TypeRef on __Type { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name
        ofType { kind name ofType { kind name ofType { kind name } } } } } } } }";

#[tokio::test]
async fn tools_may_ask_for_the_schema() {
    let (world, mona) = chess("moderator").await;
    let response = world.call(request(&mona, INTROSPECTION, &json!({}))).await.ok().json();
    assert_eq!(response["errors"], Value::Null, "{response}");
    let types = response["data"]["__schema"]["types"].as_array().unwrap();
    assert!(types.iter().any(|one| one["name"] == "CommunityInvitation"));
    assert_eq!(response["data"]["__schema"]["subscriptionType"], Value::Null);
}

/// Hands the function a body as it is.
async fn post(world: &World, who: &Person, body: &[u8]) -> testkit::Response {
    use base64::{Engine, prelude::BASE64_STANDARD};

    let claims = json!({ "sub": who.id, "email": who.email, "email_verified": "true", "cognito:groups": "[editors]" });
    let event = json!({
        "version": "2.0", "routeKey": "POST /graphql", "rawPath": "/graphql", "rawQueryString": "", "headers": {},
        "requestContext": {
            "accountId": "1", "apiId": "api", "domainName": "api.example.org", "stage": "$default", "requestId": "request-1",
            "http": { "method": "POST", "path": "/graphql", "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1" },
            "routeKey": "POST /graphql", "time": "01/Nov/2026:12:00:00 +0000", "timeEpoch": 1_793_534_400_000_i64,
            "authorizer": { "jwt": { "claims": claims, "scopes": null } },
        },
        "body": BASE64_STANDARD.encode(body), "isBase64Encoded": true,
    });
    world.invoke(&event.to_string()).await
}

#[tokio::test]
async fn what_holds_no_document_is_refused_as_everywhere() {
    let (world, mona) = chess("moderator").await;
    world.meter.take();
    let large = format!("{{\"query\": \"{{ me {{ id }} }} # {}\"}}", "x".repeat(65_536));
    let deep = format!(
        "{{\"query\": \"{{ me {{ id }} }}\", \"variables\": {{\"a\": {}1{}}}}}",
        "[".repeat(5_000),
        "]".repeat(5_000)
    );
    for (body, status, code) in [
        (&b""[..], 400, "malformed_request"),
        (b"{}", 400, "malformed_request"),
        (b"{ me { id } }", 400, "malformed_request"),
        (b"{\"query\": \"{ me { id } }", 400, "malformed_request"),
        (b"{\"query\": 7}", 400, "malformed_request"),
        (b"{\"query\": null}", 400, "malformed_request"),
        (b"{\"query\": \"{ me { id } }\", \"variables\": []}", 400, "malformed_request"),
        (b"{\"query\": \"{ me { id } }\", \"operationName\": 1}", 400, "malformed_request"),
        (b"{\"query\": \"{ me { id } }\", \"query\": \"{ me { id } }\"}", 400, "malformed_request"),
        // No batches.
        (b"[]", 400, "malformed_request"),
        (b"[{\"query\": \"{ me { id } }\"}]", 400, "malformed_request"),
        // No UTF-8.
        (b"{\"query\": \"{ me { id } } # \xff\"}", 400, "malformed_request"),
        (b"\xff\xfe{\0}\0", 400, "malformed_request"),
        (deep.as_bytes(), 400, "malformed_request"),
        (large.as_bytes(), 413, "too_large"),
    ] {
        post(&world, &mona, body).await.refused(status, code);
    }
    for good in [
        "{\"query\": \"{ me { id } }\"}",
        "\u{feff}{\"query\": \"{ me { id } }\", \"variables\": null, \"extensions\": {\"a\": [1]}}",
    ] {
        assert_eq!(
            post(&world, &mona, good.as_bytes()).await.ok().json(),
            json!({ "data": { "me": { "id": "mona" } } })
        );
    }
    assert_eq!(world.meter.take().total(), 0);
}
