//! Serves lists over HTTP: their parameters, the cursor, and how a page is shown.

use domain::{Timestamp, invitation::Status, viewing::Viewer};
use lambda_http::Request;
use serde::Serialize;
use service::lists::{List, ListRequest, Page, Position};

use super::{cursor::Cursor, problem::Problem, query::parameter, view::InvitationView};

pub use service::lists::MAX_LIMIT;

/// The invitations on a page when the caller asks for no number.
pub const DEFAULT_LIMIT: u32 = 25;

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
    /// Reads how the parameters of `request` narrow `list`, for the caller.
    ///
    /// # Errors
    /// 400 that names a parameter which is not one or stands twice, or a cursor of another list.
    pub fn parse(request: &Request, list: List, caller: &str, counting: bool) -> Result<Self, Problem> {
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
        let binding = format!("{caller} {} {} {}", list.index(), list.of(), status.map_or("", Status::as_str));
        let cursor = parameter(request, "cursor")?.map(|sealed| Cursor::open(&sealed, &binding)).transpose()?;
        let after = cursor.map(|cursor| Position { listing: cursor.after, pending: cursor.pending });
        Ok(Self { request: ListRequest { list, status, limit, after, counting }, binding })
    }

    /// Shows the page as `viewer` sees it.
    pub fn view<'a>(&self, page: &'a Page, viewer: &Viewer<'_>, now: Timestamp) -> ListView<'a> {
        let cursor = page.next.as_ref().map(|Position { listing, pending }| {
            Cursor { after: listing.clone(), pending: *pending }.seal(&self.binding)
        });
        ListView {
            invitations: page.invitations.iter().map(|one| InvitationView::new(one, viewer, now)).collect(),
            next_cursor: cursor,
            pending_count: page.pending,
        }
    }
}
