//! Expressions without hand-kept placeholders: every name and value gets the next one. `DynamoDB` takes letters and
//! digits in them, whatever characters the names have.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;

/// The parts of one request's expressions.
#[derive(Debug, Clone, Default)]
pub struct Expression {
    sets: Vec<String>,
    adds: Vec<String>,
    removes: Vec<String>,
    conditions: Vec<String>,
    /// Each once: an action has few, among which looking is quicker than hashing.
    names: Vec<String>,
    values: Vec<AttributeValue>,
}

impl Expression {
    /// A path of placeholders for attribute names, whose steps are separated by dots.
    fn name(&mut self, path: &str) -> String {
        path.split('.').map(|step| self.step(step)).reduce(|path, step| format!("{path}.{step}")).unwrap_or_default()
    }

    /// A placeholder for one attribute name.
    fn step(&mut self, name: &str) -> String {
        let index = self.names.iter().position(|known| known == name).unwrap_or_else(|| {
            self.names.push(name.to_owned());
            self.names.len() - 1
        });
        name_placeholder(index)
    }

    /// A placeholder for a value.
    fn value(&mut self, value: AttributeValue) -> String {
        self.values.push(value);
        value_placeholder(self.values.len() - 1)
    }

    /// Sets an attribute.
    pub fn set(&mut self, path: &str, value: AttributeValue) {
        let assignment = format!("{} = {}", self.name(path), self.value(value));
        self.sets.push(assignment);
    }

    /// Adds to a number that may be missing. What it is called is no path, and may have dots.
    pub fn increase(&mut self, name: &str, by: i64) {
        let addition = format!("{} {}", self.step(name), self.value(number(by)));
        self.adds.push(addition);
    }

    /// Sets a counter, which is called as [`Expression::increase`] takes it.
    pub fn set_counter(&mut self, name: &str, count: i64) {
        let assignment = format!("{} = {}", self.step(name), self.value(number(count)));
        self.sets.push(assignment);
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
        self.sets.push(format!("{name} = list_append(if_not_exists({name}, {empty}), {element})"));
    }

    /// Sets an attribute to what another one holds.
    pub fn copy(&mut self, path: &str, from: &str) {
        let assignment = format!("{} = {}", self.name(path), self.name(from));
        self.sets.push(assignment);
    }

    /// Sets an attribute that is missing.
    pub fn set_missing(&mut self, path: &str, value: AttributeValue) {
        let (name, value) = (self.name(path), self.value(value));
        self.sets.push(format!("{name} = if_not_exists({name}, {value})"));
    }

    /// Removes an element of a list, if there is one in that place.
    pub fn remove_element(&mut self, path: &str, index: usize) {
        let name = self.name(path);
        self.removes.push(format!("{name}[{index}]"));
    }

    /// Removes an attribute. Twice is as good as once, which DynamoDB does not take for one.
    pub fn remove(&mut self, path: &str) {
        let name = self.name(path);
        if !self.removes.contains(&name) {
            self.removes.push(name);
        }
    }

    /// Requires `condition`, in which the placeholders stand.
    fn require(&mut self, condition: String) {
        self.conditions.push(condition);
    }

    /// Requires that the attribute is missing.
    pub fn require_missing(&mut self, path: &str) {
        let name = self.name(path);
        self.require(format!("attribute_not_exists({name})"));
    }

    /// Requires that the attribute is there.
    pub fn require_existing(&mut self, path: &str) {
        let name = self.name(path);
        self.require(format!("attribute_exists({name})"));
    }

    /// Requires that the attribute has that value.
    pub fn require_equal(&mut self, path: &str, value: AttributeValue) {
        let condition = format!("{} = {}", self.name(path), self.value(value));
        self.require(condition);
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
        self.require(format!("{name} IN ({})", values.join(", ")));
    }

    /// Requires that the attribute is missing, or has that value.
    pub fn require_missing_or_equal(&mut self, path: &str, value: AttributeValue) {
        let (name, value) = (self.name(path), self.value(value));
        self.require(format!("attribute_not_exists({name}) OR {name} = {value}"));
    }

    /// Requires that the text is missing, or sorts before that one.
    pub fn require_missing_or_before(&mut self, path: &str, value: AttributeValue) {
        let (name, value) = (self.name(path), self.value(value));
        self.require(format!("attribute_not_exists({name}) OR {name} < {value}"));
    }

    /// Requires that the number is missing, or at most that one.
    pub fn require_missing_or_at_most(&mut self, path: &str, most: i64) {
        let (name, most) = (self.name(path), self.value(number(most)));
        self.require(format!("attribute_not_exists({name}) OR {name} <= {most}"));
    }

    /// Requires that the attribute is missing, or counts no longer since the time in `until` has come.
    pub fn require_lapsed(&mut self, path: &str, until: &str, now: i64) {
        let (name, until, now) = (self.name(path), self.name(until), self.value(number(now)));
        self.require(format!("attribute_not_exists({name}) OR {until} <= {now}"));
    }

    /// Requires that the attribute is missing, counts no longer since the time in `until` has come, or has that value.
    pub fn require_lapsed_or_equal(&mut self, path: &str, value: AttributeValue, until: &str, now: i64) {
        let (name, until) = (self.name(path), self.name(until));
        let (now, value) = (self.value(number(now)), self.value(value));
        self.require(format!("attribute_not_exists({name}) OR {until} <= {now} OR {name} = {value}"));
    }

    /// Requires that the attribute is missing or has another value, or that `flag` is missing.
    pub fn require_other_or_missing(&mut self, path: &str, value: AttributeValue, flag: &str) {
        let (name, value, flag) = (self.name(path), self.value(value), self.name(flag));
        self.require(format!("attribute_not_exists({name}) OR {name} <> {value} OR attribute_not_exists({flag})"));
    }

    /// Requires that the attribute is missing or has another value, or that the time in `until` is missing or has come.
    pub fn require_other_or_lapsed(&mut self, path: &str, value: AttributeValue, until: &str, now: i64) {
        let (name, until) = (self.name(path), self.name(until));
        let (value, now) = (self.value(value), self.value(number(now)));
        self.require(format!(
            "attribute_not_exists({name}) OR {name} <> {value} OR attribute_not_exists({until}) OR {until} <= {now}"
        ));
    }

    /// The update, condition, names and values as the SDK's setters want them.
    pub(super) fn finish(self) -> Finished {
        let clause =
            |keyword: &str, parts: &[String]| (!parts.is_empty()).then(|| format!("{keyword} {}", parts.join(", ")));
        let clauses = [clause("SET", &self.sets), clause("ADD", &self.adds), clause("REMOVE", &self.removes)];
        let update: Vec<_> = clauses.into_iter().flatten().collect();
        let conditions: Vec<_> = self.conditions.iter().map(|condition| format!("({condition})")).collect();
        Finished {
            update: (!update.is_empty()).then(|| update.join(" ")),
            condition: (!conditions.is_empty()).then(|| conditions.join(" AND ")),
            names: by_placeholder(self.names, name_placeholder),
            values: by_placeholder(self.values, value_placeholder),
        }
    }
}

fn name_placeholder(index: usize) -> String {
    format!("#n{index}")
}

fn value_placeholder(index: usize) -> String {
    format!(":v{index}")
}

fn by_placeholder<T>(parts: Vec<T>, placeholder: fn(usize) -> String) -> Option<HashMap<String, T>> {
    let parts = parts.into_iter().enumerate().map(|(index, part)| (placeholder(index), part));
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
