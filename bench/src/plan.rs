//! From the requests that a function was seen to make about one case, the requests that the floor makes about another.

use std::collections::BTreeSet;

use domain::id::InvitationId;
use serde_json::{Value, json};

use crate::{
    Outcome,
    event::Ask,
    nursery::{Case, fresh_digest, fresh_id, renaming, swap},
    recorder::Usage,
};

/// The requests of one invocation, as seen.
pub(crate) struct Plan {
    text: String,
    seen: Case,
    /// Ids that the function drew, and digests of keys that nobody will use again.
    drawn: BTreeSet<String>,
    digests: BTreeSet<String>,
    reads: bool,
}

impl Plan {
    pub(crate) fn of(usage: &Usage, seen: &Case, reads: bool) -> Self {
        let ask = |(name, request): &(String, Value)| {
            let mut request = request.clone();
            if let Value::Object(fields) = &mut request {
                // The floor's SDK draws its own.
                fields.remove("ClientRequestToken");
            }
            json!({ name: request })
        };
        let groups: Vec<Vec<_>> = usage.groups.iter().map(|group| group.iter().map(ask).collect()).collect();
        let text = json!(groups).to_string();
        let words = || text.split(|letter: char| !letter.is_ascii_alphanumeric());
        let drawn = words().filter(|word| word.len() == 26 && *word != seen.id && word.parse::<InvitationId>().is_ok());
        let drawn = drawn.map(str::to_owned).collect();
        let digests =
            text.match_indices("REQUEST#").filter_map(|(at, name)| text.get(at + name.len()..at + name.len() + 64));
        let digests = digests.map(str::to_owned).collect();
        Self { text, seen: seen.clone(), drawn, digests, reads }
    }

    /// The event that prepares the floor for the same about `case`.
    pub(crate) fn prepare(&self, case: &Case) -> Outcome<String> {
        let mut swaps = vec![(self.seen.id.clone(), case.id.clone())];
        for (from, to) in self.seen.users.iter().zip(&case.users) {
            swaps.extend(renaming(from, to)?);
        }
        swaps.retain(|(from, _)| !from.is_empty());
        if !self.reads {
            for drawn in &self.drawn {
                swaps.push((drawn.clone(), fresh_id()?.to_string()));
            }
            swaps.extend(self.digests.iter().map(|digest| (digest.clone(), fresh_digest())));
        }
        let plan = serde_json::from_str(&swap(&self.text, &swaps))?;
        Ok(Ask::post("harness", "/prepare").body(plan).event())
    }
}
