//! What finds invitations in a list: the beginning of a name or of an address.
//!
//! Who was named by an address is found by that address, and by their name only once everyone sees it.

use icu_normalizer::ComposingNormalizerBorrowed;

use super::{
    invitation::Invitation,
    search::SearchName,
    text::trim,
    viewing::{ShownInvitee, shown_to_others},
};

/// What is searched for in a list of invitations: the beginning of words of the invitee's name, or of their address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InviteeQuery {
    address: String,
    words: Vec<String>,
}

impl InviteeQuery {
    /// Reads what has been typed; `None` if that is nothing.
    pub fn new(text: &str) -> Option<Self> {
        let address = fold_address(trim(text).trim_matches(['<', '>']));
        // Of an address, the words would be those of other people's names.
        let name = if address.contains('@') { SearchName::default() } else { SearchName::new(text) };
        (!address.is_empty())
            .then_some(Self { address: begin(&address), words: name.words().iter().map(|word| begin(word)).collect() })
    }

    /// What the text must have in it: this,
    pub fn address(&self) -> &str {
        &self.address
    }

    /// or each of these, if there are some.
    pub fn words(&self) -> &[String] {
        &self.words
    }

    /// Whether the invitation is found.
    pub fn finds(&self, invitation: &Invitation) -> bool {
        found_by(invitation).is_some_and(|text| {
            let words = !self.words.is_empty() && self.words.iter().all(|word| text.contains(word.as_str()));
            words || text.contains(&self.address)
        })
    }
}

/// The text that an invitation is found by: the name of its invitee, or the address that they were named by as long as
/// they appear to others as that. `None` if they appear as neither.
pub fn found_by(invitation: &Invitation) -> Option<String> {
    match shown_to_others(invitation) {
        ShownInvitee::User { display_name: Some(name), .. } => Some(begin(&SearchName::new(name).to_string())),
        ShownInvitee::Address(email) => Some(email.searched_as().iter().map(|spelling| begin(spelling)).collect()),
        ShownInvitee::User { display_name: None, .. } | ShownInvitee::Nobody => None,
    }
}

/// Returns the beginning of an address as the domain's own script has it: in one of the many ways to type its letters
/// and dots.
fn fold_address(text: &str) -> String {
    ComposingNormalizerBorrowed::new_nfkc().normalize(&text.to_lowercase()).replace('。', ".")
}

/// Marks where a word begins, the first one too.
fn begin(word: &str) -> String {
    format!(" {word}")
}

#[cfg(test)]
mod tests {
    use super::InviteeQuery;

    #[test]
    fn nothing_is_no_query_and_an_address_is_none_for_names() {
        assert_eq!(InviteeQuery::new(" \u{200B}"), None);
        assert_eq!(InviteeQuery::new("<>"), None);
        let words = |text: &str| InviteeQuery::new(text).map(|query| query.words().join("|"));
        assert_eq!(words("Ann Be").as_deref(), Some(" ann| be"));
        assert_eq!(words("ann@ex").as_deref(), Some(""));
        assert_eq!(words("-").as_deref(), Some(""));
    }
}
