//! The words of `docs/glossary.md`: the types that it names exist, and the words that it has replaced stay away.

use std::collections::BTreeSet;

use testkit::files::{names, read, sources};

/// Words that gave way to others, each as a whole name or as a part of a `snake_case` name.
const REPLACED: [&str; 2] = [
    "Ask Babble Companion Debt Heir Ledger Letter Loss Luck Mold Nursery Offer",
    "OwedMail Parcel Reach Tally Weather cage ledger mailbook nursery tally",
];

/// Returns the names in the code below a folder, without those in comments and strings.
fn names_in_code(folder: &str) -> BTreeSet<String> {
    let is_part = |letter: char| letter.is_alphanumeric() || letter == '_';
    let mut found = BTreeSet::new();
    for text in sources(folder) {
        let code = text.lines().flat_map(|line| line.split("//").next().unwrap().split('"').step_by(2));
        found.extend(code.flat_map(|code| code.split(|letter| !is_part(letter))).map(str::to_owned));
    }
    found
}

#[test]
fn the_code_has_the_words_of_the_glossary_and_none_that_they_replaced() {
    let found: BTreeSet<_> = ["bench", "functions", "shared", "tests"].into_iter().flat_map(names_in_code).collect();
    let types = names(&read("docs/glossary.md")).into_iter().filter(|name| name.starts_with(char::is_uppercase));
    let missing: Vec<_> =
        types.filter(|name| name.chars().all(char::is_alphanumeric) && !found.contains(name)).collect();
    assert!(missing.is_empty(), "not in the code: {missing:?}");
    let replaced: Vec<_> = REPLACED.iter().flat_map(|words| words.split(' ')).collect();
    let back = found.iter().filter(|name| name.split('_').any(|part| replaced.contains(&part)));
    let back: Vec<_> = back.collect();
    assert!(back.is_empty(), "replaced words: {back:?}");
}
