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

/// The libraries by which a crate reaches AWS or HTTP. No other crate names them.
const DOORS: [(&str, &[&str]); 4] = [
    ("aws-sdk-dynamodb", &["shared/store", "shared/runtime"]),
    ("aws-sdk-sesv2", &["functions/deliver"]),
    ("aws-sdk-eventbridge", &["functions/deliver"]),
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

/// The files of its crate that a file imports from: by `crate::` and `super::`, and what a root re-exports by `use`.
fn imports(source: &str, file: &str, files: &BTreeSet<String>) -> BTreeSet<String> {
    let (parent, root) = match file.rsplit_once('/') {
        Some((parent, _)) => (format!("{parent}/"), format!("{parent}/mod.rs")),
        None => (String::new(), "lib.rs".to_owned()),
    };
    let code: String = source.lines().take_while(|line| *line != "mod tests {").collect::<Vec<_>>().join("\n");
    let mut found = BTreeSet::new();
    for (prefix, base, own) in [("crate::", "", "lib.rs"), ("super::", &*parent, &root), ("use ", &*parent, "")] {
        for rest in code.split(prefix).skip(1).filter(|rest| !rest.starts_with('*')) {
            let tree = rest.split(';').next().unwrap_or_default();
            let words = |text: &str| -> Vec<String> {
                let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
                words.filter(|word| !word.is_empty()).map(str::to_owned).collect()
            };
            let named = if rest.starts_with('{') { words(tree) } else { words(tree).into_iter().take(1).collect() };
            for word in named {
                let modules = [format!("{base}{word}.rs"), format!("{base}{word}/mod.rs")];
                match modules.into_iter().find(|module| files.contains(module)) {
                    Some(module) => drop(found.insert(module)),
                    // What is named directly below the root is the root's own. Re-exports and the crate's types are not
                    // told from modules' items in a tree, so only plain paths count.
                    None if !rest.starts_with('{') && prefix != "use " => drop(found.insert(own.to_owned())),
                    None => {}
                }
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
