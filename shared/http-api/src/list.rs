//! Serves lists over HTTP: their parameters, the cursor, and how a page is shown.

use domain::{Timestamp, invitation::Status, invitee_query::InviteeQuery, person::Caller, viewing::Viewer};
use lambda_http::Request;
use serde::Serialize;
use service::lists::{List, ListRequest, Listed, Page};

use super::{cursor, problem::Problem, query::parameter, view::InvitationView};

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

/// A page of a list.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = InvitationPage))]
#[serde(rename_all = "camelCase")]
pub struct ListView<'a> {
    invitations: Vec<InvitationView<'a>>,
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
        let status = match parameter(request, "status")? {
            None => None,
            Some(name) => Some(Status::of_name(&name).ok_or_else(|| {
                let names: Vec<_> = Status::ALL.iter().map(|status| status.as_str()).collect();
                Problem::malformed("status", format!("must be one of {}", names.join(", ")))
            })?),
        };
        let limit =
            match parameter(request, "limit")? {
                None => DEFAULT_LIMIT,
                Some(text) => text.parse().ok().filter(|limit| (1..=MAX_LIMIT).contains(limit)).ok_or_else(|| {
                    Problem::malformed("limit", format!("must be a whole number from 1 to {MAX_LIMIT}"))
                })?,
            };
        let searched = lists.iter().all(|list| matches!(list, List::Into(_)));
        let text = if searched { searched_by(request)? } else { String::new() };
        let query = InviteeQuery::new(&text);
        let of: Vec<_> = lists.iter().map(|list| format!("{} {}", list.index(), list.of())).collect();
        let binding = format!("{caller} {} {} {text}", of.join(" "), status.map_or("", Status::as_str));
        let after = parameter(request, "cursor")?.map(|sealed| cursor::open(&sealed, &binding)).transpose()?;
        Ok(Self { request: ListRequest { lists, status, query, limit, after, counting }, binding })
    }

    /// Shows the page as the caller sees it.
    pub fn view<'a>(&self, page: &'a Page, caller: &Caller, now: Timestamp) -> ListView<'a> {
        let view = |one: &'a Listed| {
            let viewer = Viewer { caller, user: page.user.as_ref(), role: one.role };
            InvitationView::new(&one.invitation, &one.actions, &viewer, now)
        };
        ListView {
            invitations: page.invitations.iter().map(view).collect(),
            next_cursor: page.next.as_ref().map(|next| cursor::seal(next, &self.binding)),
            pending_count: page.pending,
        }
    }
}

/// Returns what a community's list is searched by; empty, where it is not.
fn searched_by(request: &Request) -> Result<String, Problem> {
    let text = parameter(request, "q")?.unwrap_or_default();
    if text.chars().count() > MAX_QUERY_CHARS {
        return Err(Problem::malformed("q", format!("must be at most {MAX_QUERY_CHARS} characters")));
    }
    Ok(text)
}
