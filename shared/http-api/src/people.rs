//! The search for people to invite: what is typed, and who was found by it. Names and profiles show, never an address.

use domain::{field::MAX_NAME_CHARS, search::SearchName};
use serde::Serialize;
use service::people::{Candidate, Reason};

use super::problem::Problem;

/// Reads what has been typed of a name.
///
/// # Errors
/// 400 if it is longer than any name.
pub fn search_name(text: &str) -> Result<SearchName, Problem> {
    if text.chars().count() > MAX_NAME_CHARS {
        return Err(Problem::malformed("q", format!("must be at most {MAX_NAME_CHARS} characters")));
    }
    Ok(SearchName::new(text))
}

/// Who was found.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = People))]
pub struct PeopleView<'a> {
    /// The people, in the order of the words that were found.
    pub people: Vec<PersonView<'a>>,
}

/// Someone who was found.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = Person))]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "openapi.yaml is made from the fields")]
pub struct PersonView<'a> {
    #[cfg_attr(feature = "openapi", schema(value_type = domain::id::UserId))]
    pub user_id: &'a str,
    pub display_name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile_url: Option<&'a str>,
    /// Why they cannot be invited.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<ReasonView>,
}

/// Why a person cannot be invited.
#[derive(Debug, Clone, Copy, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = NotInvitable))]
#[serde(rename_all = "snake_case")]
pub enum ReasonView {
    /// They are a member already.
    AlreadyMember,
    /// They have a live invitation already.
    AlreadyInvited,
}

impl<'a> From<&'a [Candidate]> for PeopleView<'a> {
    fn from(found: &'a [Candidate]) -> Self {
        Self { people: found.iter().map(PersonView::from).collect() }
    }
}

impl<'a> From<&'a Candidate> for PersonView<'a> {
    fn from(Candidate { user, reason }: &'a Candidate) -> Self {
        Self {
            user_id: user.id.as_str(),
            display_name: &user.display_name,
            profile_url: user.profile_url.as_deref(),
            reason: reason.map(|reason| match reason {
                Reason::AlreadyMember => ReasonView::AlreadyMember,
                Reason::AlreadyInvited => ReasonView::AlreadyInvited,
            }),
        }
    }
}
