//! A request to the table as it goes over the wire, as far as the model looks into it.

use std::collections::BTreeMap;

use dynoxide::Item;
use serde::Deserialize;
use serde_json::Value;

use super::stored::text;

/// A request of any operation.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Request {
    index_name: Option<String>,
    select: Option<String>,
    /// What a batch reads, by table.
    #[serde(default)]
    #[serde(rename = "RequestItems")]
    pub(super) batch: BTreeMap<String, Value>,
    client_request_token: Option<String>,
    /// Each under the name of its action.
    #[serde(default)]
    transact_items: Vec<BTreeMap<String, Write>>,
    #[serde(flatten)]
    single: Write,
}

/// One write, alone or in a transaction.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Write {
    #[serde(default)]
    pub(super) item: Item,
    #[serde(default)]
    key: Item,
    update_expression: Option<String>,
    #[serde(default)]
    expression_attribute_names: BTreeMap<String, String>,
    #[serde(default)]
    expression_attribute_values: Item,
}

/// A page of what a query found, without what else the response says.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Found {
    #[serde(default)]
    pub(super) items: Vec<Item>,
    last_evaluated_key: Option<Item>,
}

impl Request {
    /// Reads the body of a request.
    pub(super) fn read(body: &str) -> Self {
        serde_json::from_str(body).unwrap()
    }

    /// Whether it reads records through an index; one that only counts them does not.
    pub(super) fn reads_index(&self) -> bool {
        self.index_name.is_some() && self.select.is_none()
    }

    /// Returns what makes a repetition of the transaction harmless.
    pub(super) fn token(&self) -> Option<&str> {
        self.client_request_token.as_deref()
    }

    /// Returns the single writes.
    pub(super) fn writes(&self) -> Vec<&Write> {
        let transaction: Vec<_> = self.transact_items.iter().flat_map(BTreeMap::values).collect();
        if transaction.is_empty() { vec![&self.single] } else { transaction }
    }

    /// Returns the keys that the writes name.
    pub(super) fn keys(&self) -> Vec<(String, String)> {
        let key = |write: &&Write| Some((write.pk()?.to_owned(), write.sk()?.to_owned()));
        self.writes().iter().filter_map(key).collect()
    }
}

impl Write {
    pub(super) fn pk(&self) -> Option<&str> {
        self.key_part("pk")
    }

    pub(super) fn sk(&self) -> Option<&str> {
        self.key_part("sk")
    }

    fn key_part(&self, name: &str) -> Option<&str> {
        text(&self.item, &[name]).or_else(|| text(&self.key, &[name]))
    }

    /// Returns what comes after the prefix in the partition key.
    pub(super) fn partition(&self, prefix: &str) -> Option<&str> {
        self.pk()?.strip_prefix(prefix)
    }

    /// Returns the record's kind, if the write puts one.
    pub(super) fn kind(&self) -> Option<&str> {
        text(&self.item, &["kind"])
    }

    /// Returns the text that an update sets an attribute to.
    pub(super) fn sets(&self, attribute: &str) -> Option<&str> {
        let (name, _) = self.expression_attribute_names.iter().find(|(_, name)| *name == attribute)?;
        let assignment = format!("{name} = ");
        let placeholder = self.update_expression.as_ref()?.split_once(&assignment)?.1.split([',', ' ']).next()?;
        text(&self.expression_attribute_values, &[placeholder])
    }
}

impl Found {
    /// Whether there is more to find.
    pub(super) fn goes_on(&self) -> bool {
        self.last_evaluated_key.is_some()
    }
}
