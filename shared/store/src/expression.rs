//! Expressions without hand-kept placeholders: every name and value gets the next one. `DynamoDB` takes letters and
//! digits in them, whatever characters the names have.

use std::{borrow::Cow, collections::HashMap};

use aws_sdk_dynamodb::types::AttributeValue;

/// The placeholders of the first names and values, two characters each. Hardly an expression needs more, which would
/// have to be made.
const NAMES: &str = "#a#b#c#d#e#f#g#h#i#j#k#l#m#n#o#p#q#r#s#t#u#v#w#x#y#z";
const VALUES: &str = ":a:b:c:d:e:f:g:h:i:j:k:l:m:n:o:p:q:r:s:t:u:v:w:x:y:z";

type Placeholder = Cow<'static, str>;

/// The parts of one request's expressions.
#[derive(Debug, Clone, Default)]
pub struct Expression {
    sets: String,
    adds: String,
    removes: Vec<Placeholder>,
    condition: String,
    /// Each once: an action has few, among which looking is quicker than hashing.
    names: Vec<String>,
    values: Vec<AttributeValue>,
}

impl Expression {
    /// A path of placeholders for attribute names, whose steps are separated by dots.
    fn name(&mut self, path: &str) -> Placeholder {
        let steps = path.split('.').map(|step| self.step(step));
        steps.reduce(|path, step| [&*path, ".", &*step].concat().into()).unwrap_or_default()
    }

    /// A placeholder for one attribute name.
    fn step(&mut self, name: &str) -> Placeholder {
        let index = self.names.iter().position(|known| known == name).unwrap_or_else(|| {
            self.names.push(name.to_owned());
            self.names.len() - 1
        });
        placeholder(NAMES, index)
    }

    /// A placeholder for a value.
    fn value(&mut self, value: AttributeValue) -> Placeholder {
        self.values.push(value);
        placeholder(VALUES, self.values.len() - 1)
    }

    /// Adds an assignment, in parts.
    fn assign(&mut self, parts: &[&str]) {
        append(&mut self.sets, ", ", parts);
    }

    /// Sets an attribute.
    pub fn set(&mut self, path: &str, value: AttributeValue) {
        let (name, value) = (self.name(path), self.value(value));
        self.assign(&[&name, " = ", &value]);
    }

    /// Adds to a number that may be missing. What it is called is no path, and may have dots.
    pub fn increase(&mut self, name: &str, by: i64) {
        let (name, by) = (self.step(name), self.value(number(by)));
        append(&mut self.adds, ", ", &[&name, " ", &by]);
    }

    /// Sets a counter, which is called as [`Expression::increase`] takes it.
    pub fn set_counter(&mut self, name: &str, count: i64) {
        let (name, count) = (self.step(name), self.value(number(count)));
        self.assign(&[&name, " = ", &count]);
    }

    /// Removes a counter, which is called as [`Expression::increase`] takes it.
    pub fn remove_counter(&mut self, name: &str) {
        let name = self.step(name);
        self.removes.push(name);
    }

    /// Appends to a list that may be missing.
    pub fn append(&mut self, path: &str, element: AttributeValue) {
        let (name, empty) = (self.name(path), self.value(AttributeValue::L(Vec::new())));
        let element = self.value(AttributeValue::L(vec![element]));
        self.assign(&[&name, " = list_append(if_not_exists(", &name, ", ", &empty, "), ", &element, ")"]);
    }

    /// Sets an attribute to what another one holds.
    pub fn copy(&mut self, path: &str, from: &str) {
        let (name, from) = (self.name(path), self.name(from));
        self.assign(&[&name, " = ", &from]);
    }

    /// Sets an attribute that is missing.
    pub fn set_missing(&mut self, path: &str, value: AttributeValue) {
        let (name, value) = (self.name(path), self.value(value));
        self.assign(&[&name, " = if_not_exists(", &name, ", ", &value, ")"]);
    }

    /// Removes an element of a list, if there is one in that place.
    pub fn remove_element(&mut self, path: &str, index: usize) {
        let name = self.name(path);
        self.removes.push(format!("{name}[{index}]").into());
    }

    /// Removes an attribute. Twice is as good as once, which DynamoDB does not take for one.
    pub fn remove(&mut self, path: &str) {
        let name = self.name(path);
        if !self.removes.contains(&name) {
            self.removes.push(name);
        }
    }

    /// Requires a condition, in parts.
    fn require(&mut self, parts: &[&str]) {
        append(&mut self.condition, " AND ", &["("]);
        self.condition.extend(parts.iter().copied().chain([")"]));
    }

    /// Requires that the attribute is missing.
    pub fn require_missing(&mut self, path: &str) {
        let name = self.name(path);
        self.require(&["attribute_not_exists(", &name, ")"]);
    }

    /// Requires that the attribute is there.
    pub fn require_existing(&mut self, path: &str) {
        let name = self.name(path);
        self.require(&["attribute_exists(", &name, ")"]);
    }

    /// Requires that the attribute has that value.
    pub fn require_equal(&mut self, path: &str, value: AttributeValue) {
        let (name, value) = (self.name(path), self.value(value));
        self.require(&[&name, " = ", &value]);
    }

    /// Requires that the attribute has that value, or is missing where there was none.
    pub fn require_as_read(&mut self, path: &str, value: Option<AttributeValue>) {
        match value {
            Some(value) => self.require_equal(path, value),
            None => self.require_missing(path),
        }
    }

    /// Requires that the attribute has one of those values.
    pub fn require_any(&mut self, path: &str, values: impl IntoIterator<Item = AttributeValue>) {
        let name = self.name(path);
        let values: Vec<_> = values.into_iter().map(|value| self.value(value)).collect();
        self.require(&[&name, " IN (", &values.join(", "), ")"]);
    }

    /// Requires that the attribute is missing, or has that value.
    pub fn require_missing_or_equal(&mut self, path: &str, value: AttributeValue) {
        let (name, value) = (self.name(path), self.value(value));
        self.require(&["attribute_not_exists(", &name, ") OR ", &name, " = ", &value]);
    }

    /// Requires that the text is missing, or sorts before that one.
    pub fn require_missing_or_before(&mut self, path: &str, value: AttributeValue) {
        let (name, value) = (self.name(path), self.value(value));
        self.require(&["attribute_not_exists(", &name, ") OR ", &name, " < ", &value]);
    }

    /// Requires that the number is missing, or at most that one.
    pub fn require_missing_or_at_most(&mut self, path: &str, most: i64) {
        let (name, most) = (self.name(path), self.value(number(most)));
        self.require(&["attribute_not_exists(", &name, ") OR ", &name, " <= ", &most]);
    }

    /// Requires that the attribute is missing, or counts no longer since the time in `until` has come.
    pub fn require_lapsed(&mut self, path: &str, until: &str, now: i64) {
        let (name, until, now) = (self.name(path), self.name(until), self.value(number(now)));
        self.require(&["attribute_not_exists(", &name, ") OR ", &until, " <= ", &now]);
    }

    /// Requires that the attribute is missing, counts no longer since the time in `until` has come, or has that value.
    pub fn require_lapsed_or_equal(&mut self, path: &str, value: AttributeValue, until: &str, now: i64) {
        let (name, until) = (self.name(path), self.name(until));
        let (now, value) = (self.value(number(now)), self.value(value));
        self.require(&["attribute_not_exists(", &name, ") OR ", &until, " <= ", &now, " OR ", &name, " = ", &value]);
    }

    /// Requires that the attribute is missing or has another value, or that `flag` is missing.
    pub fn require_other_or_missing(&mut self, path: &str, value: AttributeValue, flag: &str) {
        let (name, value, flag) = (self.name(path), self.value(value), self.name(flag));
        let other = ["attribute_not_exists(", &name, ") OR ", &name, " <> ", &value].concat();
        self.require(&[&other, " OR attribute_not_exists(", &flag, ")"]);
    }

    /// Requires that the attribute is missing or has another value, or that the time in `until` is missing or has come.
    pub fn require_other_or_lapsed(&mut self, path: &str, value: AttributeValue, until: &str, now: i64) {
        let (name, until) = (self.name(path), self.name(until));
        let (value, now) = (self.value(value), self.value(number(now)));
        let other = ["attribute_not_exists(", &name, ") OR ", &name, " <> ", &value].concat();
        self.require(&[&other, " OR attribute_not_exists(", &until, ") OR ", &until, " <= ", &now]);
    }

    /// The update, condition, names and values as the SDK's setters want them.
    pub(super) fn finish(self) -> Finished {
        let mut update = String::new();
        for (keyword, clause) in [("SET ", self.sets), ("ADD ", self.adds), ("REMOVE ", self.removes.join(", "))] {
            if !clause.is_empty() {
                append(&mut update, " ", &[keyword, &clause]);
            }
        }
        Finished {
            update: (!update.is_empty()).then_some(update),
            condition: (!self.condition.is_empty()).then_some(self.condition),
            names: by_placeholder(self.names, NAMES),
            values: by_placeholder(self.values, VALUES),
        }
    }
}

/// Adds one more to what is separated so.
fn append(clause: &mut String, separator: &str, parts: &[&str]) {
    if !clause.is_empty() {
        clause.push_str(separator);
    }
    clause.extend(parts.iter().copied());
}

fn placeholder(first: &'static str, index: usize) -> Placeholder {
    let ready = first.get(2 * index..2 * index + 2);
    ready.map_or_else(|| format!("{}{index}", &first[..2]).into(), Cow::Borrowed)
}

fn by_placeholder<T>(parts: Vec<T>, first: &'static str) -> Option<HashMap<String, T>> {
    let parts = parts.into_iter().enumerate().map(|(index, part)| (placeholder(first, index).into_owned(), part));
    (parts.len() > 0).then(|| parts.collect())
}

/// A finished [`Expression`].
pub(super) struct Finished {
    pub(super) update: Option<String>,
    pub(super) condition: Option<String>,
    pub(super) names: Option<HashMap<String, String>>,
    pub(super) values: Option<HashMap<String, AttributeValue>>,
}

/// A string attribute.
pub(crate) fn string(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

/// A number attribute.
pub(crate) fn number(value: impl std::fmt::Display) -> AttributeValue {
    AttributeValue::N(value.to_string())
}
