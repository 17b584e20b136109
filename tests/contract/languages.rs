//! Every language of mails and pages is one of the screens and of the demo, too, and is written the same way there.

use std::collections::BTreeSet;

use domain::settings::Locale;
use testkit::files::{names_in, read};

fn locales() -> impl Iterator<Item = &'static str> {
    Locale::ALL.into_iter().map(Locale::as_str)
}

/// Whether the language's mails run from right to left.
fn is_right_to_left(locale: &str) -> bool {
    read(&format!("shared/mail/src/language/{locale}/mod.rs")).contains("Direction::RightToLeft")
}

/// What stands in quotes, of either kind, in a line that begins so.
fn quoted(source: &str, start: &str) -> BTreeSet<String> {
    let line = source.lines().find(|line| line.starts_with(start)).unwrap_or_else(|| panic!("no {start:?}"));
    line.split(['\'', '"']).skip(1).step_by(2).map(str::to_owned).collect()
}

#[test]
fn the_screens_speak_every_language() {
    let wanted = locales().map(|locale| format!("{locale}.ts")).chain(["index.ts".to_owned()]);
    assert_eq!(
        names_in("ui/src/locales").into_iter().collect::<BTreeSet<_>>(),
        wanted.collect::<BTreeSet<_>>(),
        "ui/src/locales has one file for each language"
    );
    let index = read("ui/src/locales/index.ts");
    let (_, listed) = index.split_once("LOCALES: Record<string, Messages> = {").unwrap();
    let listed = listed.split(['}', ',']).map(str::trim).take_while(|name| name.chars().all(char::is_alphanumeric));
    assert_eq!(
        listed.filter(|name| !name.is_empty()).collect::<BTreeSet<_>>(),
        locales().collect::<BTreeSet<_>>(),
        "ui/src/locales/index.ts lists every language"
    );
    assert_eq!(
        quoted(&read("ui/src/words.ts"), "const RIGHT_TO_LEFT"),
        locales().filter(|locale| is_right_to_left(locale)).map(str::to_owned).collect::<BTreeSet<_>>(),
        "ui/src/words.ts knows which languages run from right to left"
    );
}

#[test]
fn the_demo_speaks_every_language() {
    let words = read("local/web/static/demo/words.js");
    for locale in locales() {
        let direction = if is_right_to_left(locale) { "rtl" } else { "ltr" };
        let head = format!("  {locale}: {{\n    direction: \"{direction}\",\n");
        assert!(words.contains(&head), "local/web/static/demo/words.js lacks {locale}, or its direction");
    }
}
