//! An invitation as the table holds it, read without the domain's code.

use std::collections::HashMap;

use store::record::Item;

const DAY: i64 = 86_400_000;

/// An invitation, as its record says.
pub(super) struct Stored<'a> {
    pub(super) id: &'a str,
    pub(super) status: &'a str,
    pub(super) community: &'a str,
    /// The community among those that had its id.
    pub(super) era: String,
    pub(super) sender: &'a str,
    /// The partition of the invitee.
    pub(super) party: String,
    pub(super) created: i64,
    pub(super) expires: i64,
    pub(super) answered: bool,
    /// When it was answered.
    pub(super) answered_at: i64,
    /// When it became pending, or made its invitee a member at once, if it did.
    pub(super) sent_at: Option<i64>,
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
        let status = body(&["status"]);
        let (mailed, offered) = (has(item, &["body", "mailedAt"]), has(item, &["body", "offered"]));
        let was_sent = match status {
            "pending" | "accepted" | "declined" => true,
            "cancelled" | "expired" => mailed || offered,
            _ => false,
        };
        let expires = number(item, &["body", "expiresAt"]).unwrap_or_default();
        let lifetime = number(item, &["body", "lifetimeDays"]).unwrap_or_default() * DAY;
        let answered_at = number(item, &["body", "answeredAt"]);
        Self {
            id: pk.trim_start_matches("INVITATION#"),
            status,
            community: body(&["community", "id"]),
            era: era(item),
            sender: body(&["sender", "id"]),
            party,
            created: number(item, &["body", "createdAt"]).unwrap_or_default(),
            expires,
            answered: answered_at.is_some(),
            answered_at: answered_at.unwrap_or_default(),
            sent_at: was_sent.then_some(expires - lifetime),
            named: text(item, &["body", "sender", "displayName"]).is_some(),
        }
    }

    /// Whether it waits for a decision or an answer at `now`.
    pub(super) fn is_live(&self, now: i64) -> bool {
        ["pending", "awaiting_approval"].contains(&self.status) && self.expires > now
    }
}

/// An attribute, as the client or the engine has it.
pub(super) trait Attribute: Sized {
    fn as_text(&self) -> Option<&str>;
    fn as_number(&self) -> Option<&str>;
    fn as_map(&self) -> Option<&HashMap<String, Self>>;
}

impl Attribute for aws_sdk_dynamodb::types::AttributeValue {
    fn as_text(&self) -> Option<&str> {
        self.as_s().ok().map(String::as_str)
    }

    fn as_number(&self) -> Option<&str> {
        self.as_n().ok().map(String::as_str)
    }

    fn as_map(&self) -> Option<&HashMap<String, Self>> {
        self.as_m().ok()
    }
}

impl Attribute for dynoxide::AttributeValue {
    fn as_text(&self) -> Option<&str> {
        if let Self::S(text) = self { Some(text) } else { None }
    }

    fn as_number(&self) -> Option<&str> {
        if let Self::N(number) = self { Some(number) } else { None }
    }

    fn as_map(&self) -> Option<&HashMap<String, Self>> {
        if let Self::M(map) = self { Some(map) } else { None }
    }
}

/// Returns which community the invitation is to, among those that had its id.
pub(super) fn era<A: Attribute>(item: &HashMap<String, A>) -> String {
    let id = text(item, &["body", "community", "id"]).unwrap_or_default();
    let since = number(item, &["body", "communitySince"]);
    since.map_or_else(|| id.to_owned(), |since| format!("{id}#{since}"))
}

/// Returns the text at a path in a record.
pub(super) fn text<'a, A: Attribute>(item: &'a HashMap<String, A>, path: &[&str]) -> Option<&'a str> {
    value(item, path)?.as_text()
}

/// Returns the number at a path in a record.
pub(super) fn number<A: Attribute>(item: &HashMap<String, A>, path: &[&str]) -> Option<i64> {
    value(item, path)?.as_number()?.parse().ok()
}

/// Whether there is something at a path in a record.
pub(super) fn has(item: &Item, path: &[&str]) -> bool {
    value(item, path).is_some()
}

fn value<'a, A: Attribute>(item: &'a HashMap<String, A>, path: &[&str]) -> Option<&'a A> {
    let (last, steps) = path.split_last()?;
    let mut item = item;
    for step in steps {
        item = item.get(*step)?.as_map()?;
    }
    item.get(*last)
}
