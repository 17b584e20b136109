//! Serves lists over HTTP: their parameters, the cursor, and how a page is shown.

use domain::{Timestamp, invitation::Status, invitee_query::InviteeQuery, person::Caller, viewing::Viewer};
use lambda_http::{Body, Request, Response, http::StatusCode};
use serde::Serialize;
use service::lists::{List, ListRequest, Listed, Page, Position};

use super::{cursor, problem::Problem, query::parameter, response::json, view::InvitationView};

pub use service::lists::MAX_LIMIT;

/// The invitations on a page when the caller asks for no number.
pub const DEFAULT_LIMIT: u32 = 25;

/// The longest text to search a list by, in characters.
pub const MAX_QUERY_CHARS: usize = 320;

/// The parameters of a list, read.
#[derive(Debug, Clone)]
pub struct ListQuery {
    /// What to ask for.
    pub request: ListRequest,
    /// All that a cursor is bound to.
    binding: String,
}

/// How a caller narrows a list, before it is checked.
#[derive(Debug, Clone, Default)]
pub struct ListArguments {
    /// Only the invitations in this state.
    pub status: Option<Status>,
    /// What a community's list is searched by. No other list can be searched.
    pub text: Option<String>,
    /// The most invitations on the page.
    pub limit: Option<i64>,
    /// Where the page before ended, as the caller brings it back.
    pub cursor: Option<String>,
}

impl ListArguments {
    /// Reads the parameters of `request`; what a list is searched by only where it can be.
    ///
    /// # Errors
    /// 400 that names a parameter which is not one or stands twice.
    pub fn parse(request: &Request, searched: bool) -> Result<Self, Problem> {
        let status = match parameter(request, "status")? {
            None => None,
            Some(name) => Some(Status::of_name(&name).ok_or_else(|| {
                let names: Vec<_> = Status::ALL.iter().map(|status| status.as_str()).collect();
                Problem::malformed("status", format!("must be one of {}", names.join(", ")))
            })?),
        };
        let limit = parameter(request, "limit")?.map(|text| text.parse().map_err(|_| bad_limit())).transpose()?;
        let cursor = parameter(request, "cursor")?;
        let text = if searched { parameter(request, "q")? } else { None };
        Ok(Self { status, text, limit, cursor })
    }
}

/// A page of a list.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = InvitationPage))]
#[serde(rename_all = "camelCase")]
pub struct ListView {
    invitations: Vec<InvitationView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pending_count: Option<u32>,
}

impl ListQuery {
    /// Reads how the parameters of `request` narrow the lists, for the caller.
    ///
    /// # Errors
    /// 400 that names a parameter which is not one or stands twice, or a cursor of another list.
    pub fn parse(request: &Request, lists: Vec<List>, caller: &str, counting: bool) -> Result<Self, Problem> {
        let searched = lists.iter().all(|list| matches!(list, List::Into(_)));
        Self::new(ListArguments::parse(request, searched)?, lists, caller, counting)
    }

    /// Reads how `arguments` narrow the lists, for the caller.
    ///
    /// # Errors
    /// 400 that names a limit out of its range, a text that is too long, or a cursor of another list.
    pub fn new(arguments: ListArguments, lists: Vec<List>, caller: &str, counting: bool) -> Result<Self, Problem> {
        let ListArguments { status, text, limit, cursor } = arguments;
        let limit = limit.map_or(Some(DEFAULT_LIMIT), |limit| u32::try_from(limit).ok());
        let limit = limit.filter(|limit| (1..=MAX_LIMIT).contains(limit)).ok_or_else(bad_limit)?;
        let of: Vec<_> = lists.iter().map(|list| format!("{} {}", list.index(), list.of())).collect();
        let text = searched_by(text)?;
        let query = InviteeQuery::new(&text);
        let binding = format!("{caller} {} {} {text}", of.join(" "), status.map_or("", Status::as_str));
        let after = cursor.map(|sealed| cursor::open(&sealed, &binding)).transpose()?;
        Ok(Self { request: ListRequest { lists, status, query, limit, after, counting }, binding })
    }

    /// Returns the cursor of a position in the list.
    pub fn seal(&self, position: &Position) -> String {
        cursor::seal(position, &self.binding)
    }

    /// Responds with the page as the caller sees it.
    ///
    /// # Errors
    /// 500 if it does not serialise.
    pub fn respond(&self, page: Page, caller: &Caller, now: Timestamp) -> Result<Response<Body>, Problem> {
        let view = ListView {
            next_cursor: page.next.as_ref().map(|next| self.seal(next)),
            pending_count: page.pending,
            invitations: views(page, caller, now),
        };
        json(StatusCode::OK, &view)
    }
}

/// Shows the invitations on a page as the caller sees them.
pub fn views(page: Page, caller: &Caller, now: Timestamp) -> Vec<InvitationView> {
    let Page { user, invitations, .. } = page;
    let view = |Listed { invitation, role, actions }| {
        let viewer = Viewer { caller, user: user.as_ref(), role };
        InvitationView::new(invitation, &actions, &viewer, now)
    };
    invitations.into_iter().map(view).collect()
}

fn bad_limit() -> Problem {
    Problem::malformed("limit", format!("must be a whole number from 1 to {MAX_LIMIT}"))
}

/// Returns what a community's list is searched by; empty, where it is not.
fn searched_by(text: Option<String>) -> Result<String, Problem> {
    let text = text.unwrap_or_default();
    if text.chars().count() > MAX_QUERY_CHARS {
        return Err(Problem::malformed("q", format!("must be at most {MAX_QUERY_CHARS} characters")));
    }
    Ok(text)
}
