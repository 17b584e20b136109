//! The words of `docs/glossary.md`: the types that it names exist, and the words that it has replaced stay away.

use std::collections::BTreeSet;

use testkit::files::{names, read, rows, texts};

/// Words that gave way to others, each as a whole name or as a part of a `snake_case` name.
const REPLACED: [&str; 2] = [
    "Ask Babble Companion Debt Heir Judge Ledger Letter Loss Luck Mold News Nursery Offer",
    "OwedMail Parcel Reach Tally Weather cage judge ledger mailbook nursery tally",
];

/// Words that gave way to others, wherever people read: in comments, texts and pages as well. *Letter*, *news*, *reach*
/// and the like have a meaning of their own in English, and are looked for among names alone.
const OUT_OF_USE: [&str; 2] = [
    "babble companion companions debt debts heir heirs ledger ledgers luck mailbook mailbooks mold nursery",
    "owe owed owes owing parcel parcels settle settled settles settling tallies tally weather",
];

/// Where one of them stands for a reason.
const EXCEPTIONS: [(&str, &str); 2] = [
    // The kind of the counters' records, which are stored under it.
    ("tally", "shared/store/src/record.rs"),
    // The lists above.
    ("", "tests/contract/glossary.rs"),
];

/// Returns the names in the code below a folder, in files that end so, without those in comments and strings.
fn names_in_code(folder: &str, end: &str) -> BTreeSet<String> {
    let is_part = |letter: char| letter.is_alphanumeric() || letter == '_';
    let is_comment = |line: &str| ["/*", "* "].iter().any(|start| line.trim_start().starts_with(start));
    let mut found = BTreeSet::new();
    for (_, text) in texts(folder, &[end]) {
        let lines = text.lines().filter(|line| !is_comment(line));
        let code = lines.flat_map(|line| line.split("//").next().unwrap().split('"').step_by(2));
        found.extend(code.flat_map(|code| code.split(|letter| !is_part(letter))).map(str::to_owned));
    }
    found
}

#[test]
fn the_code_has_the_words_of_the_glossary_and_none_that_they_replaced() {
    let folders = ["bench", "functions", "shared", "tests"].into_iter();
    let found: BTreeSet<_> = folders.flat_map(|folder| names_in_code(folder, ".rs")).collect();
    let types = names(&read("docs/glossary.md")).into_iter().filter(|name| name.starts_with(char::is_uppercase));
    let missing: Vec<_> =
        types.filter(|name| name.chars().all(char::is_alphanumeric) && !found.contains(name)).collect();
    assert!(missing.is_empty(), "not in the code: {missing:?}");
    let replaced: Vec<_> = REPLACED.iter().flat_map(|words| words.split(' ')).collect();
    let of_screens = names_in_code("ui/src", ".ts");
    let all = found.iter().chain(&of_screens);
    let back: Vec<_> = all.filter(|name| name.split('_').any(|part| replaced.contains(&part))).collect();
    assert!(back.is_empty(), "replaced words: {back:?}");
}

#[test]
fn no_text_has_a_word_that_is_out_of_use() {
    let folders = ["bench/src", "docs", "functions", "local", "shared", "tests", "ui/src"].into_iter();
    let files = folders.flat_map(|folder| texts(folder, &[".css", ".html", ".js", ".md", ".py", ".rs", ".ts", ".txt"]));
    let pages = ["ARCHITECTURE.md", "CONTRIBUTING.md", "README.md", "SECURITY.md", "template.yaml"];
    let files = files.chain(pages.map(|page| (page.to_owned(), read(page))));
    let mut back = Vec::new();
    for (path, text) in files {
        let words: BTreeSet<_> = text.split(|letter: char| !letter.is_alphabetic()).collect();
        // What is all in capitals is a stored name.
        let words = words.into_iter().filter(|word| word.chars().any(char::is_lowercase)).map(str::to_lowercase);
        let found = words.filter(|word| OUT_OF_USE.iter().flat_map(|words| words.split(' ')).any(|old| old == word));
        let is_meant =
            |word: &String| EXCEPTIONS.iter().any(|(old, file)| path == *file && ["", word.as_str()].contains(old));
        back.extend(found.filter(|word| !is_meant(word)).map(|word| format!("{word} in {path}")));
    }
    assert!(back.is_empty(), "{back:#?}");
}

#[test]
fn a_term_stands_once() {
    let rows = rows("docs/glossary.md", "# Glossary");
    let terms: Vec<_> = rows.iter().flat_map(|row| row[0].split(", ")).collect();
    assert!(terms.len() > 100, "the glossary is read");
    let mut seen = BTreeSet::new();
    let twice: Vec<_> = terms.into_iter().filter(|term| !seen.insert(*term)).collect();
    assert!(twice.is_empty(), "terms that stand twice: {twice:?}");
}
