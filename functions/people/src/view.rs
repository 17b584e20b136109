//! Shows who was found: their names and profiles, never an address.

use domain::id::UserId;
use serde::Serialize;
use service::people::{Candidate, Reason};

#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = People))]
pub(crate) struct PeopleView<'a> {
    people: Vec<PersonView<'a>>,
}

#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = Person))]
#[serde(rename_all = "camelCase")]
struct PersonView<'a> {
    #[cfg_attr(feature = "openapi", schema(value_type = UserId))]
    user_id: &'a str,
    display_name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    profile_url: Option<&'a str>,
    /// Why they cannot be invited.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<ReasonView>,
}

/// Why a person cannot be invited.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = NotInvitable))]
#[serde(rename_all = "snake_case")]
enum ReasonView {
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
