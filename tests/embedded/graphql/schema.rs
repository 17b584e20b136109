//! The checked-in schema, from which the tests make what they ask for.

use std::collections::BTreeSet;

use testkit::files;

/// Returns the names of the types that have fields.
pub(crate) fn types() -> BTreeSet<String> {
    let schema = files::read("schema.graphql");
    let names = schema.lines().filter_map(|line| line.strip_prefix("type ")?.strip_suffix(" {"));
    names.map(str::to_owned).collect()
}

/// Returns the names of the fields of a type, each with the name of its own type, which arguments hide.
pub(crate) fn fields_of(name: &str) -> Vec<(String, String)> {
    let schema = files::read("schema.graphql");
    let (_, body) = schema.split_once(&format!("\ntype {name} {{\n")).unwrap_or_else(|| panic!("no type {name}"));
    let (body, _) = body.split_once("\n}").unwrap();
    let mut in_words = false;
    let mut fields = Vec::new();
    for line in body.lines() {
        let is_quote = line.trim() == "\"\"\"";
        in_words ^= is_quote;
        // Arguments stand one level deeper.
        let field =
            line.strip_prefix('\t').filter(|rest| !in_words && !is_quote && rest.starts_with(char::is_alphabetic));
        let Some(field) = field else { continue };
        let (name, rest) = field.split_at(field.find([':', '(']).unwrap());
        fields.push((name.to_owned(), rest.trim_matches([':', ' ', '[', ']', '!']).to_owned()));
    }
    fields
}

/// Returns a selection of all that a type shows, and of all that is below it.
pub(crate) fn everything_of(name: &str) -> String {
    let types = types();
    let shown = fields_of(name)
        .into_iter()
        .map(|(field, of)| if types.contains(&of) { format!("{field} {{ {} }}", everything_of(&of)) } else { field });
    shown.collect::<Vec<_>>().join(" ")
}
