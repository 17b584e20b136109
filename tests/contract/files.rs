//! The checked-in files that the tests read.

use std::fs;

/// The text of a file, by its path from the top of the project.
pub(crate) fn read(path: &str) -> String {
    fs::read_to_string(full(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The path as the tests can open it.
pub(crate) fn full(path: &str) -> String {
    format!("{}/../../{path}", env!("CARGO_MANIFEST_DIR"))
}

/// The rows of the tables under a heading of a page, cell by cell, without the heads of the tables.
pub(crate) fn rows(page: &str, heading: &str) -> Vec<Vec<String>> {
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

/// The names in code marks in a cell.
pub(crate) fn names(cell: &str) -> Vec<String> {
    cell.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}
