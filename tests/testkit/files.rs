//! The checked-in files that the tests read.

use std::{fs, path::Path};

use serde::de::DeserializeOwned;

/// Returns the path of a file by which it can be opened from anywhere; `path` starts at the top of the project.
pub fn full(path: &str) -> String {
    format!("{}/../../{path}", env!("CARGO_MANIFEST_DIR"))
}

/// Returns the text of a file.
pub fn read(path: &str) -> String {
    fs::read_to_string(full(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Returns what a YAML file holds.
pub fn yaml<T: DeserializeOwned>(path: &str) -> T {
    serde_saphyr::from_str(&read(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Returns the names of what a folder holds.
pub fn names_in(folder: &str) -> Vec<String> {
    let entries = fs::read_dir(full(folder)).unwrap_or_else(|error| panic!("{folder}: {error}"));
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

/// Returns the path and the text of every file below a folder whose name ends in one of these ways.
pub fn texts(folder: &str, ends: &[&str]) -> Vec<(String, String)> {
    let read_one = |name: String| {
        let path = format!("{folder}/{name}");
        if Path::new(&full(&path)).is_dir() {
            texts(&path, ends)
        } else if ends.iter().any(|end| name.ends_with(end)) {
            vec![(path.clone(), read(&path))]
        } else {
            Vec::new()
        }
    };
    names_in(folder).into_iter().flat_map(read_one).collect()
}

/// Returns the text of every Rust source below a folder.
pub fn sources(folder: &str) -> Vec<String> {
    texts(folder, &[".rs"]).into_iter().map(|(_, text)| text).collect()
}

/// Returns the rows of the tables under a heading of a page, cell by cell, without the heads of the tables.
pub fn rows(page: &str, heading: &str) -> Vec<Vec<String>> {
    let text = read(page);
    let start = text.find(&format!("{heading}\n")).unwrap_or_else(|| panic!("{page} has no {heading:?}"));
    let depth = heading.split(' ').next().unwrap();
    let section = &text[start + heading.len()..];
    let section = &section[..section.find(&format!("\n{depth} ")).unwrap_or(section.len())];
    let mut rows = Vec::new();
    let mut lines = section.lines().peekable();
    while let Some(line) = lines.next() {
        let is_head = lines.peek().is_some_and(|next| next.starts_with("|---"));
        if line.starts_with('|') && !line.starts_with("|---") && !is_head {
            let cells = line.trim_matches('|').split(" | ").map(|cell| cell.trim().to_owned());
            rows.push(cells.collect());
        }
    }
    rows
}

/// Returns the names in code marks in a cell.
pub fn names(cell: &str) -> Vec<String> {
    cell.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}
