//! From the requests that a function was seen to make about one case, the requests that the floor makes about another.

use std::collections::BTreeSet;

use domain::id::InvitationId;
use serde_json::{Value, json};

use crate::{
    error::Result,
    prototype::{Case, fresh_digest, fresh_id, renaming, replace},
    recorder::Usage,
    request::Request,
};

/// The recorded requests of one invocation.
pub(crate) struct Plan {
    /// The requests as JSON, as the floor reads them.
    text: String,
    /// The case that they are about.
    case: Case,
    /// Ids that the function drew, and digests of keys that must not be used again.
    ids: BTreeSet<String>,
    digests: BTreeSet<String>,
    /// Whether the requests can be made again as they are.
    reads: bool,
}

impl Plan {
    pub(crate) fn new(usage: &Usage, case: Case, reads: bool) -> Self {
        let request = |(name, request): &(String, Value)| {
            let mut request = request.clone();
            if let Value::Object(fields) = &mut request {
                // The floor's SDK draws its own.
                fields.remove("ClientRequestToken");
            }
            json!({ name: request })
        };
        let groups: Vec<Vec<_>> = usage.groups.iter().map(|group| group.iter().map(request).collect()).collect();
        let text = json!(groups).to_string();
        let words = text.split(|letter: char| !letter.is_ascii_alphanumeric());
        let ids = words.filter(|word| word.len() == 26 && *word != case.id && word.parse::<InvitationId>().is_ok());
        let ids = ids.map(str::to_owned).collect();
        let digests =
            text.match_indices("REQUEST#").filter_map(|(at, name)| text.get(at + name.len()..at + name.len() + 64));
        let digests = digests.map(str::to_owned).collect();
        Self { text, case, ids, digests, reads }
    }

    /// Returns the event that prepares the floor for the same requests about another case.
    pub(crate) fn prepare(&self, case: &Case) -> Result<String> {
        let mut replacements = vec![(self.case.id.clone(), case.id.clone())];
        for (from, to) in self.case.users.iter().zip(&case.users) {
            replacements.extend(renaming(from, to)?);
        }
        replacements.retain(|(from, _)| !from.is_empty());
        if !self.reads {
            for id in &self.ids {
                replacements.push((id.clone(), fresh_id()?.to_string()));
            }
            replacements.extend(self.digests.iter().map(|digest| (digest.clone(), fresh_digest())));
        }
        let plan = serde_json::from_str(&replace(&self.text, &replacements))?;
        Ok(Request::to("POST /prepare").body(plan).event())
    }
}
