//! The walls of the house: which crate may depend on which, and that no file imports in a circle.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use testkit::files::{full, read};

/// The crates of `shared/`, and everything that each of them may depend on. What is missing here is the point: `domain`
/// knows no AWS, no runtime, no clock and no randomness; `store` alone knows DynamoDB; `service` knows no HTTP.
const MAY_DEPEND_ON: [(&str, &[&str]); 7] = [
    ("domain", &["base64", "hex", "jiff", "lettre", "serde", "sha2", "thiserror", "ulid", "url", "utoipa"]),
    ("system", &["getrandom", "jiff", "thiserror", "tokio"]),
    ("mail", &["askama", "base64", "domain", "jiff", "sha2", "thiserror"]),
    (
        "store",
        &[
            "aws-sdk-dynamodb",
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
    ("runtime", &["aws-config", "aws-sdk-dynamodb", "store", "thiserror", "tracing", "tracing-subscriber"]),
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

/// The libraries by which a crate reaches AWS or HTTP. No other crate names them.
const DOORS: [(&str, &[&str]); 4] = [
    ("aws-sdk-dynamodb", &["shared/store", "shared/runtime"]),
    ("aws-sdk-sesv2", &["functions/deliver"]),
    ("aws-sdk-eventbridge", &["functions/deliver"]),
    ("serde_dynamo", &["shared/store"]),
];

fn dependencies(folder: &str) -> BTreeSet<String> {
    let manifest: toml::Table = read(&format!("{folder}/Cargo.toml")).parse().unwrap();
    manifest["dependencies"].as_table().unwrap().keys().cloned().collect()
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
        let strange: Vec<_> = found.iter().filter(|dependency| !allowed.contains(&dependency.as_str())).collect();
        assert!(strange.is_empty(), "{name} must not depend on {strange:?}; see ARCHITECTURE.md before you allow it");
    }
}

#[test]
fn each_service_of_aws_has_one_door() {
    for folder in [folders("shared"), folders("functions")].concat() {
        let found = dependencies(&folder);
        for (library, doors) in DOORS {
            let reaches = found.contains(library) && !doors.contains(&folder.as_str());
            assert!(!reaches, "{folder} must not reach for {library}");
        }
    }
}

/// The modules that a file of a crate imports by `crate::` or `super::`, as paths below `src/`.
fn imports(source: &str, file: &str, files: &BTreeSet<String>) -> BTreeSet<String> {
    let parent = file.rsplit_once('/').map_or("", |(parent, _)| parent);
    let code: String =
        source.lines().take_while(|line| !line.starts_with("#[cfg(test)]")).collect::<Vec<_>>().join("\n");
    let mut found = BTreeSet::new();
    for (prefix, base) in [("crate::", ""), ("super::", parent)] {
        for rest in code.split(prefix).skip(1) {
            let tree = if rest.starts_with('{') { rest.split(';').next().unwrap_or_default() } else { rest };
            let words = tree.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
            let count = if rest.starts_with('{') { usize::MAX } else { 1 };
            for word in words.filter(|word| !word.is_empty()).take(count) {
                let base = if base.is_empty() { String::new() } else { format!("{base}/") };
                found.extend([format!("{base}{word}.rs"), format!("{base}{word}/mod.rs")]);
            }
        }
    }
    found.retain(|name| files.contains(name) && name != file);
    found
}

fn sources(folder: &Path, base: &str) -> BTreeSet<String> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    let mut found = BTreeSet::new();
    for entry in entries {
        let name = format!("{base}{}", entry.file_name().into_string().unwrap());
        if entry.path().is_dir() {
            found.extend(sources(&entry.path(), &format!("{name}/")));
        } else if Path::new(&name).extension().is_some_and(|kind| kind == "rs") && !name.ends_with("tests.rs") {
            found.insert(name);
        }
    }
    found
}

/// The first circle that is found from `file`, if there is one.
fn circle(file: &str, graph: &BTreeMap<String, BTreeSet<String>>, path: &mut Vec<String>) -> Option<Vec<String>> {
    if let Some(start) = path.iter().position(|seen| seen == file) {
        return Some(path[start..].to_vec());
    }
    path.push(file.to_owned());
    let found = graph[file].iter().find_map(|next| circle(next, graph, path));
    path.pop();
    found
}

#[test]
fn no_file_imports_in_a_circle() {
    for folder in [folders("shared"), folders("functions"), vec!["bench".to_owned()]].concat() {
        let src = format!("{folder}/src");
        let files = sources(Path::new(&full(&src)), "");
        let graph: BTreeMap<_, _> =
            files.iter().map(|file| (file.clone(), imports(&read(&format!("{src}/{file}")), file, &files))).collect();
        for file in &files {
            let found = circle(file, &graph, &mut Vec::new());
            assert!(found.is_none(), "{src}: {found:?}");
        }
    }
}
