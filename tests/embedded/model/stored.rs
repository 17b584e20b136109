//! An invitation as the table holds it, read without the domain's code.

use aws_sdk_dynamodb::types::AttributeValue;
use store::record::Item;

/// An invitation, as its record says.
pub(super) struct Stored<'a> {
    pub(super) id: &'a str,
    pub(super) status: &'a str,
    pub(super) community: &'a str,
    pub(super) sender: &'a str,
    /// The partition of the invitee.
    pub(super) party: String,
    pub(super) created: i64,
    pub(super) expires: i64,
    pub(super) answered: bool,
    pub(super) named: bool,
}

impl<'a> Stored<'a> {
    /// Reads the record of an invitation.
    pub(super) fn read(pk: &'a str, item: &'a Item) -> Self {
        let body = |path: &[&str]| text(item, &[&["body"], path].concat()).unwrap_or_default();
        let user = body(&["invitee", "user", "id"]);
        let party = if user.is_empty() {
            format!("ADDRESS#{}", body(&["invitee", "address", "key"]))
        } else {
            format!("USER#{user}")
        };
        Self {
            id: pk.trim_start_matches("INVITATION#"),
            status: body(&["status"]),
            community: body(&["community", "id"]),
            sender: body(&["sender", "id"]),
            party,
            created: number(item, &["body", "createdAt"]).unwrap_or_default(),
            expires: number(item, &["body", "expiresAt"]).unwrap_or_default(),
            answered: number(item, &["body", "answeredAt"]).is_some(),
            named: text(item, &["body", "sender", "displayName"]).is_some(),
        }
    }

    /// Whether it waits for a decision or an answer at `now`.
    pub(super) fn is_live(&self, now: i64) -> bool {
        ["pending", "awaiting_approval"].contains(&self.status) && self.expires > now
    }
}

/// Returns the text at a path in a record.
pub(super) fn text<'a>(item: &'a Item, path: &[&str]) -> Option<&'a str> {
    value(item, path)?.as_s().ok().map(String::as_str)
}

/// Returns the number at a path in a record.
pub(super) fn number(item: &Item, path: &[&str]) -> Option<i64> {
    value(item, path)?.as_n().ok()?.parse().ok()
}

fn value<'a>(item: &'a Item, path: &[&str]) -> Option<&'a AttributeValue> {
    let (last, steps) = path.split_last()?;
    let mut item = item;
    for step in steps {
        item = item.get(*step)?.as_m().ok()?;
    }
    item.get(*last)
}
