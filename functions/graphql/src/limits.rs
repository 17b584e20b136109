//! What a document may ask for. It is looked at before anything of it is validated or executed, in time that grows with
//! its length alone: fragments are measured once each, however often they are spread.

use std::collections::{HashMap, HashSet};

use async_graphql::{
    Pos, Positioned, Response, ServerError,
    parser::{
        self, parse_query,
        types::{Directive, ExecutableDocument, Field, FragmentSpread, OperationType, Selection, SelectionSet},
    },
};

/// The largest body that is read, in bytes.
pub(crate) const MAX_BODY: usize = 64 * 1024;
/// The greatest complexity: 1 for each field, more for what is read or done.
pub(crate) const MAX_COMPLEXITY: usize = 500;
/// The most levels of fields.
const MAX_DEPTH: usize = 8;
/// The most levels of fields within `__schema` and `__type`: what tools ask for.
const MAX_INTROSPECTION_DEPTH: usize = 16;
/// The most mutations in a document.
const MAX_MUTATIONS: usize = 10;
/// The most fields and fragments, each fragment counted wherever it is spread.
const MAX_SELECTIONS: usize = 1_000;
/// The most directives at one place.
const MAX_DIRECTIVES: usize = 4;
/// The most fragments that are spread within each other.
const MAX_SPREADS: usize = 16;
/// What a block string begins and ends with.
const BLOCK: &str = "\"\"\"";
/// The most brackets within each other: no document that keeps to the other limits has as many.
const MAX_NESTING: usize = 48;

/// Why a document is not executed.
#[derive(Debug)]
pub(crate) struct Fault(ServerError);

impl From<Fault> for Response {
    fn from(fault: Fault) -> Self {
        Self::from_errors(vec![fault.0])
    }
}

impl Fault {
    fn new(message: impl Into<String>, at: Option<Pos>) -> Self {
        Self(ServerError::new(message, at))
    }
}

/// Reads a document that keeps to the limits.
///
/// # Errors
/// The first limit that it does not keep to, or where it is no GraphQL.
pub(crate) fn read(query: &str, introspection: bool) -> Result<ExecutableDocument, Fault> {
    // The parser goes down into brackets by recursion.
    if nesting(query) > MAX_NESTING {
        return Err(Fault::new(format!("Brackets are nested too deep; at most {MAX_NESTING} are allowed."), None));
    }
    let document = parse_query(query).map_err(|error| match error {
        // The parser's own words are for who knows its grammar.
        parser::Error::Syntax { start, .. } => Fault::new("From here on the document is no GraphQL.", Some(start)),
        error => Fault(error.into()),
    })?;
    let mut measure = Measure { document: &document, introspection, fragments: HashMap::new(), open: 0 };
    measure.check()?;
    Ok(document)
}

/// How deep brackets are nested, strings and comments aside.
fn nesting(query: &str) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    let mut rest = query;
    while let Some(at) = rest.find(['"', '#', '(', '[', '{', ')', ']', '}']) {
        let found = &rest[at..];
        rest = &found[1..];
        match found.as_bytes()[0] {
            b'"' => rest = behind_string(found),
            b'#' => rest = rest.trim_start_matches(|c| c != '\n' && c != '\r'),
            b'(' | b'[' | b'{' => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            _ => depth = depth.saturating_sub(1),
        }
    }
    deepest
}

/// What comes after the string that the text begins with; nothing, if the string does not end.
fn behind_string(text: &str) -> &str {
    if let Some(mut rest) = text.strip_prefix(BLOCK) {
        while let Some(end) = rest.find(BLOCK) {
            let behind = &rest[end + BLOCK.len()..];
            if !rest[..end].ends_with('\\') {
                return behind;
            }
            rest = behind;
        }
        return "";
    }
    let mut rest = &text[1..];
    while let Some(at) = rest.find(['"', '\\']) {
        let behind = &rest[at + 1..];
        if rest.as_bytes()[at] == b'"' {
            return behind;
        }
        rest = skip_char(behind);
    }
    ""
}

fn skip_char(text: &str) -> &str {
    let mut chars = text.chars();
    chars.next();
    chars.as_str()
}

/// How much a part of a document asks for.
#[derive(Debug, Clone, Copy, Default)]
struct Size {
    selections: usize,
    depth: usize,
}

/// Measures a document, each fragment once.
struct Measure<'a> {
    document: &'a ExecutableDocument,
    introspection: bool,
    /// The fragments that are measured; `None` while one is.
    fragments: HashMap<&'a str, Option<Size>>,
    /// How many fragments are being measured.
    open: usize,
}

impl<'a> Measure<'a> {
    fn check(&mut self) -> Result<(), Fault> {
        let document = self.document;
        // In the order of the document, so that it is told the same whenever it comes.
        let mut fragments: Vec<_> = document.fragments.iter().collect();
        fragments.sort_by_key(|(_, fragment)| fragment.pos);
        for (name, fragment) in fragments {
            check_directives(&fragment.node.directives)?;
            self.fragment(name, fragment.pos)?;
        }
        let (mut selections, mut commands) = (0_usize, Vec::new());
        let mut operations: Vec<_> = document.operations.iter().map(|(_, operation)| operation).collect();
        operations.sort_by_key(|operation| operation.pos);
        for operation in operations {
            check_directives(&operation.node.directives)?;
            let size = self.set(&operation.node.selection_set.node)?;
            selections = selections.saturating_add(size.selections);
            if selections > MAX_SELECTIONS {
                let message = format!("The document asks for too much at once: at most {MAX_SELECTIONS} fields.");
                return Err(Fault::new(message, Some(operation.pos)));
            }
            if size.depth > MAX_DEPTH {
                let message = format!("Fields are nested {} levels deep; at most {MAX_DEPTH} are allowed.", size.depth);
                return Err(Fault::new(message, Some(operation.pos)));
            }
            if operation.node.ty == OperationType::Mutation {
                self.roots(&operation.node.selection_set.node, &mut commands);
            }
        }
        check_commands(&commands)
    }

    fn set(&mut self, set: &'a SelectionSet) -> Result<Size, Fault> {
        let mut whole = Size::default();
        for selection in &set.items {
            check_directives(selection.node.directives())?;
            let part = match &selection.node {
                Selection::Field(field) => self.field(field)?,
                Selection::FragmentSpread(spread) => self.spread(spread)?,
                Selection::InlineFragment(inline) => self.set(&inline.node.selection_set.node)?,
            };
            whole.selections = whole.selections.saturating_add(part.selections.saturating_add(1));
            whole.depth = whole.depth.max(part.depth);
        }
        Ok(whole)
    }

    fn field(&mut self, field: &'a Positioned<Field>) -> Result<Size, Fault> {
        let Size { selections, depth } = self.set(&field.node.selection_set.node)?;
        if !matches!(field.node.name.node.as_str(), "__schema" | "__type") {
            return Ok(Size { selections, depth: depth.saturating_add(1) });
        }
        if !self.introspection {
            return Err(Fault::new("Introspection is switched off.", Some(field.pos)));
        }
        if depth > MAX_INTROSPECTION_DEPTH {
            let message = format!("The schema is asked for more than {MAX_INTROSPECTION_DEPTH} levels deep.");
            return Err(Fault::new(message, Some(field.pos)));
        }
        Ok(Size { selections, depth: 1 })
    }

    fn spread(&mut self, spread: &'a Positioned<FragmentSpread>) -> Result<Size, Fault> {
        self.fragment(&spread.node.fragment_name.node, spread.pos)
    }

    fn fragment(&mut self, name: &'a str, at: Pos) -> Result<Size, Fault> {
        match self.fragments.get(name) {
            Some(Some(size)) => return Ok(*size),
            Some(None) => return Err(Fault::new(format!("The fragment \"{name}\" spreads itself."), Some(at))),
            None => {}
        }
        // One that is missing is told by the validation.
        let Some(fragment) = self.document.fragments.get(name) else { return Ok(Size::default()) };
        if self.open == MAX_SPREADS {
            let message = format!("Fragments are spread within each other more than {MAX_SPREADS} times.");
            return Err(Fault::new(message, Some(at)));
        }
        self.open += 1;
        self.fragments.insert(name, None);
        let size = self.set(&fragment.node.selection_set.node)?;
        self.open -= 1;
        self.fragments.insert(name, Some(size));
        Ok(size)
    }

    /// Collects the fields at the top of an operation. There are no more of them than selections were counted.
    fn roots(&self, set: &'a SelectionSet, found: &mut Vec<&'a Positioned<Field>>) {
        for selection in &set.items {
            match &selection.node {
                Selection::Field(field) if field.node.name.node.starts_with("__") => {}
                Selection::Field(field) => found.push(field),
                Selection::InlineFragment(inline) => self.roots(&inline.node.selection_set.node, found),
                Selection::FragmentSpread(spread) => {
                    if let Some(fragment) = self.document.fragments.get(&spread.node.fragment_name.node) {
                        self.roots(&fragment.node.selection_set.node, found);
                    }
                }
            }
        }
    }
}

fn check_directives(directives: &[Positioned<Directive>]) -> Result<(), Fault> {
    match directives.get(MAX_DIRECTIVES) {
        Some(one) => {
            Err(Fault::new(format!("At most {MAX_DIRECTIVES} directives are allowed in one place."), Some(one.pos)))
        }
        None => Ok(()),
    }
}

/// Refuses more mutations than are allowed, and two of one name: would they be one, or two?
fn check_commands(commands: &[&Positioned<Field>]) -> Result<(), Fault> {
    if let Some(more) = commands.get(MAX_MUTATIONS) {
        let message = format!("{} mutations; at most {MAX_MUTATIONS} are allowed in one document.", commands.len());
        return Err(Fault::new(message, Some(more.pos)));
    }
    let mut names = HashSet::new();
    match commands.iter().find(|field| !names.insert(field.node.response_key().node.as_str())) {
        Some(repeated) => {
            let name = &repeated.node.response_key().node;
            let message = format!("\"{name}\" stands twice; give each mutation an alias of its own.");
            Err(Fault::new(message, Some(repeated.pos)))
        }
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_count_where_they_are_brackets() {
        for (query, depth) in [
            ("", 0),
            ("{a}", 1),
            ("{a(b: [{c: 1}])}", 4),
            ("}}}{", 1),
            ("{a(b: \"[[[[\")}", 2),
            ("{a(b: \"\\\"[[\\\\\") {c}}", 2),
            ("{a(b: \"\") {c {d}}}", 3),
            ("{a(b: \"\"\"[\" [[\\\"\"\"[\"\"\") {c}}", 2),
            ("# [[[[ \"\n{a}", 1),
            ("# [[[[", 0),
            ("\"[[[", 0),
            ("\"\"\"[[[\"", 0),
            ("\"\\ü[\"{a}", 1),
        ] {
            assert_eq!(nesting(query), depth, "{query}");
        }
    }

    #[test]
    fn the_schema_is_hidden_where_introspection_is_off() {
        for query in
            ["{ __schema { types { name } } }", "{ ...f } fragment f on Query { a: __type(name: \"Me\") { name } }"]
        {
            assert!(read(query, true).is_ok(), "{query}");
            assert_eq!(read(query, false).unwrap_err().0.message, "Introspection is switched off.");
        }
        assert!(read("{ __typename me { __typename } }", false).is_ok());
    }
}
