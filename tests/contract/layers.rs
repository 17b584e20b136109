//! Which crate may depend on which, and that no file imports in a circle.

use std::{collections::BTreeSet, fs, path::Path};

use testkit::files::{full, read, sources};

use crate::imports::{circles, imports};

/// The crates of `shared/`, and everything that each of them may depend on. What is missing here is the point: `domain`
/// knows no AWS, no runtime, no clock and no randomness; `store` alone knows DynamoDB; `service` knows no HTTP.
const MAY_DEPEND_ON: [(&str, &[&str]); 7] = [
    (
        "domain",
        &[
            "base64",
            "hex",
            "icu_normalizer",
            "idna",
            "jiff",
            "lettre",
            "percent-encoding",
            "serde",
            "sha2",
            "thiserror",
            "ulid",
            "url",
            "utoipa",
        ],
    ),
    ("system", &["getrandom", "jiff", "thiserror", "tokio"]),
    ("mail", &["askama", "base64", "domain", "jiff", "sha2", "thiserror", "unicode-segmentation"]),
    (
        "store",
        &[
            "aws-sdk-dynamodb",
            "base64",
            "domain",
            "futures",
            "hex",
            "jiff",
            "serde",
            "serde_dynamo",
            "sha2",
            "system",
            "thiserror",
            "tokio",
        ],
    ),
    (
        "service",
        &[
            "domain",
            "futures",
            "hex",
            "jiff",
            "mail",
            "serde",
            "serde_json",
            "sha2",
            "store",
            "system",
            "thiserror",
            "tokio",
            "tracing",
        ],
    ),
    (
        "runtime",
        &[
            "aws-config",
            "aws-sdk-dynamodb",
            "aws-smithy-http-client",
            "mimalloc",
            "store",
            "thiserror",
            "tracing",
            "tracing-subscriber",
        ],
    ),
    (
        "http-api",
        &[
            "base64",
            "domain",
            "jiff",
            "lambda_http",
            "mail",
            "percent-encoding",
            "runtime",
            "serde",
            "serde_json",
            "serde_path_to_error",
            "service",
            "sha2",
            "store",
            "system",
            "tracing",
            "utoipa",
        ],
    ),
];

/// The functions behind the stream and SES. They know no HTTP.
const BEHIND_THE_STREAM: [&str; 2] = ["deliver", "feedback"];

/// What those functions may use of ours, and what all others may, which are behind the gateway.
const OURS: [&[&str]; 2] = [
    &["domain", "runtime", "service", "store", "system"],
    &["domain", "http-api", "mail", "service", "store", "system"],
];

/// The libraries by which a crate reaches AWS or Lambda, and the crates that name them. No other one does.
const DOORS: [(&str, &[&str]); 8] = [
    ("aws-config", &["functions/deliver", "shared/runtime"]),
    ("aws-sdk-dynamodb", &["shared/runtime", "shared/store"]),
    ("aws-sdk-dynamodbstreams", &["functions/deliver"]),
    ("aws-sdk-eventbridge", &["functions/deliver"]),
    ("aws-sdk-sesv2", &["functions/deliver"]),
    ("aws_lambda_events", &["functions/deliver"]),
    ("lambda_runtime", &["functions/deliver", "functions/feedback"]),
    ("serde_dynamo", &["shared/store"]),
];

fn dependencies(folder: &str) -> BTreeSet<String> {
    let manifest: toml::Table = read(&format!("{folder}/Cargo.toml")).parse().unwrap();
    let targets = manifest.get("target").and_then(toml::Value::as_table).into_iter().flat_map(toml::Table::values);
    let tables = targets.filter_map(toml::Value::as_table).chain([&manifest]);
    let kinds = tables.flat_map(|table| ["dependencies", "build-dependencies"].map(|kind| table.get(kind)));
    kinds.flatten().flat_map(|found| found.as_table().unwrap().keys().cloned()).collect()
}

fn folders(parent: &str) -> Vec<String> {
    let entries = fs::read_dir(full(parent)).unwrap().map(|entry| entry.unwrap());
    let folders = entries.filter(|entry| entry.path().join("Cargo.toml").exists());
    folders.map(|entry| format!("{parent}/{}", entry.file_name().into_string().unwrap())).collect()
}

#[test]
fn a_layer_depends_on_nothing_but_what_it_may() {
    let crates: BTreeSet<_> = folders("shared").into_iter().collect();
    assert_eq!(crates, MAY_DEPEND_ON.map(|(name, _)| format!("shared/{name}")).into(), "every layer has its list");
    for (name, allowed) in MAY_DEPEND_ON {
        let found = dependencies(&format!("shared/{name}"));
        let allowed = allowed.iter().map(|name| (*name).to_owned()).collect();
        assert_eq!(found, allowed, "{name} depends on exactly its list; see ARCHITECTURE.md before you change that");
    }
}

#[test]
fn a_function_uses_the_layers_that_it_may_and_no_other_function() {
    let of_ours = ["shared", "functions", "tests"].into_iter().flat_map(folders);
    let ours: BTreeSet<_> = of_ours.map(|folder| folder.rsplit_once('/').unwrap().1.to_owned()).collect();
    let [behind_stream, behind_gateway] = OURS;
    let functions = folders("functions");
    assert!(BEHIND_THE_STREAM.iter().all(|name| functions.contains(&format!("functions/{name}"))), "they are there");
    for folder in functions {
        let is_behind_stream = BEHIND_THE_STREAM.iter().any(|name| folder == format!("functions/{name}"));
        let allowed = if is_behind_stream { behind_stream } else { behind_gateway };
        let found = dependencies(&folder);
        let found: Vec<_> = found.intersection(&ours).filter(|name| !allowed.contains(&name.as_str())).collect();
        assert_eq!(
            found,
            Vec::<&String>::new(),
            "{folder} uses more than it may; see ARCHITECTURE.md before you change that"
        );
    }
}

#[test]
fn who_speaks_http_does_so_by_one_crate() {
    let speaks = |folder: &String| dependencies(folder).contains("lambda_http");
    let found: BTreeSet<_> = [folders("shared"), folders("functions")].concat().into_iter().filter(speaks).collect();
    let behind_gateway = folders("functions").into_iter().filter(|folder| dependencies(folder).contains("http-api"));
    assert_eq!(found, behind_gateway.chain(["shared/http-api".to_owned()]).collect());
}

#[test]
fn each_way_to_aws_has_its_doors() {
    for (library, doors) in DOORS {
        let folders = [folders("shared"), folders("functions")].concat();
        let found: BTreeSet<_> = folders.into_iter().filter(|folder| dependencies(folder).contains(library)).collect();
        let doors = doors.iter().map(|door| (*door).to_owned()).collect();
        assert_eq!(found, doors, "who names {library}");
    }
}

#[test]
fn a_crate_uses_what_it_depends_on() {
    for folder in [folders("shared"), folders("functions")].concat() {
        let code = sources(&folder).concat();
        let words: BTreeSet<_> = code.split(|letter: char| !letter.is_alphanumeric() && letter != '_').collect();
        let unused = dependencies(&folder).into_iter().filter(|name| !words.contains(&*name.replace('-', "_")));
        assert_eq!(unused.collect::<Vec<_>>(), Vec::<String>::new(), "{folder} does not use them");
    }
}

/// The roots of the crate in a folder: its library, its program, or its tests.
fn roots(folder: &str) -> Vec<String> {
    let files = ["src/lib.rs", "src/main.rs", "lib.rs", "main.rs"].map(|file| format!("{folder}/{file}"));
    files.into_iter().filter(|file| Path::new(&full(file)).exists()).collect()
}

#[test]
fn no_file_imports_in_a_circle() {
    let bench = ["bench", "bench/floor"].map(str::to_owned).to_vec();
    let folders = [folders("shared"), folders("functions"), folders("tests"), bench].concat();
    for folder in &folders {
        let roots = roots(folder);
        assert!(!roots.is_empty(), "{folder} has no root");
        for root in roots {
            let found = circles(&imports(&root, &|file| fs::read_to_string(full(file)).ok()));
            assert!(found.is_empty(), "a circle:\n{}", found.join("\n\na circle:\n"));
        }
    }
}

/// Circles of every kind, each as the files of a crate: between its root and `a.rs` where nothing else is said.
const CIRCLES: [(&str, &[(&str, &str)]); 16] = [
    ("a plain path", &[("lib.rs", "mod a; use a::A; pub struct L;"), ("a.rs", "use crate::L; pub struct A;")]),
    ("a program", &[("main.rs", "mod a; fn main() { a::f() }"), ("a.rs", "pub fn f() { crate::main() }")]),
    (
        "a file and its folder",
        &[("lib.rs", "mod a;"), ("a.rs", "mod b; use b::B; pub struct A;"), ("a/b.rs", "use super::A; pub struct B;")],
    ),
    (
        "a folder's own file",
        &[
            ("lib.rs", "mod a;"),
            ("a/mod.rs", "mod b; use self::b::B; pub struct A;"),
            ("a/b.rs", "use super::A; pub struct B;"),
        ],
    ),
    (
        "a file that is named",
        &[
            ("lib.rs", "#[path = \"other.rs\"] mod a; use a::A; pub struct L;"),
            ("other.rs", "use super::L; pub struct A;"),
        ],
    ),
    (
        "names in braces",
        &[
            ("lib.rs", "mod a; mod b;"),
            ("a.rs", "use crate::{b::{B as C}}; pub struct A;"),
            ("b.rs", "use crate::{a::{self, A}}; pub struct B;"),
        ],
    ),
    (
        "a re-export",
        &[
            ("lib.rs", "mod a; mod b; pub use self::b::B;"),
            ("a.rs", "use crate::B; pub struct A;"),
            ("b.rs", "use crate::a::A; pub struct B;"),
        ],
    ),
    (
        "what is only re-exported",
        &[("lib.rs", "mod a; pub use a::A; pub struct L;"), ("a.rs", "use crate::L; pub struct A;")],
    ),
    (
        "everything of a module",
        &[
            ("lib.rs", "mod a; mod b;"),
            ("a.rs", "use crate::b::*; pub struct A(B);"),
            ("b.rs", "use super::a::*; pub struct B(A);"),
        ],
    ),
    (
        "a module whose items are named",
        &[
            ("lib.rs", "mod a; mod b;"),
            ("a.rs", "use crate::b; pub fn a() { b::b() }"),
            ("b.rs", "use super::a; pub fn b() { a::a() }"),
        ],
    ),
    (
        "a path in the code",
        &[
            ("lib.rs", "mod a; mod b;"),
            ("a.rs", "pub fn a() { crate::b::b() }"),
            ("b.rs", "pub fn b() { super::a::a() }"),
        ],
    ),
    (
        "a call in a macro",
        &[("lib.rs", "mod a; fn f() { vec![a::a()]; }"), ("a.rs", "pub fn a() { vec![crate::f()] }")],
    ),
    (
        "the definition of a macro",
        &[
            ("lib.rs", "mod a; mod b;"),
            ("a.rs", "macro_rules! m { () => { $crate::b::b() } } pub(crate) use m;"),
            ("b.rs", "pub fn b() { crate::a::m!() }"),
        ],
    ),
    (
        "an attribute",
        &[
            ("lib.rs", "mod a; struct L { #[serde(with = \"crate::a::w\")] field: u8 }"),
            ("a.rs", "pub fn w() -> crate::L { todo!() }"),
        ],
    ),
    (
        "a method of one type in two files",
        &[
            ("lib.rs", "mod a; pub struct L; impl L { fn f(&self) { self.g() } }"),
            ("a.rs", "impl crate::L { pub fn g(&self) {} }"),
        ],
    ),
    (
        "three files",
        &[
            ("lib.rs", "mod a; mod b; mod c;"),
            ("a.rs", "pub fn a() { crate::b::b() }"),
            ("b.rs", "pub fn b() { crate::c::c() }"),
            ("c.rs", "pub fn c() { crate::a::a() }"),
        ],
    ),
];

/// What looks like a circle and is none.
const NO_CIRCLES: [(&str, &[(&str, &str)]); 5] = [
    (
        "a module that shows its children, who import from each other",
        &[
            ("lib.rs", "mod a; mod b; pub use a::A; pub use b::B;"),
            ("a.rs", "use super::B; pub struct A;"),
            ("b.rs", "pub struct B;"),
        ],
    ),
    (
        "a child that imports what its parent defines, and is only declared",
        &[("lib.rs", "mod a; pub struct L;"), ("a.rs", "use crate::L; pub struct A;")],
    ),
    (
        "a file's own tests",
        &[
            ("lib.rs", "mod a; pub struct L; #[cfg(test)] mod tests { use super::a::A; }"),
            ("a.rs", "use crate::L; pub struct A;"),
        ],
    ),
    (
        "a name of another crate",
        &[("lib.rs", "mod a; use serde::A; pub struct L;"), ("a.rs", "use crate::L; pub struct A;")],
    ),
    (
        "a visibility",
        &[
            ("lib.rs", "mod a;"),
            ("a/mod.rs", "mod b; use b::B;"),
            ("a/b.rs", "pub(in crate::a) struct B; pub(super) struct C;"),
        ],
    ),
];

#[test]
fn a_circle_of_each_kind_is_seen() {
    let found = |files: &[(&str, &str)]| {
        let read = |name: &str| {
            let file = files.iter().find(|(file, _)| *file == name.trim_start_matches('/'));
            file.map(|(_, source)| (*source).to_owned())
        };
        circles(&imports(files[0].0, &read))
    };
    for (kind, files) in CIRCLES {
        assert_eq!(found(files).len(), 1, "not seen: {kind}");
    }
    for (kind, files) in NO_CIRCLES {
        assert_eq!(found(files), Vec::<String>::new(), "{kind}");
    }
}
