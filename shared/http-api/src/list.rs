//! What the three lists have in common: their parameters, one query, a cursor, and the order on a page.

use std::cmp::Reverse;

use lambda_http::{Request, RequestExt};
use serde::Serialize;

use super::{cursor::Cursor, problem::Problem, view::InvitationView};
use domain::{
    Timestamp,
    invitation::{Invitation, Status},
    viewing::Viewer,
};
use store::{
    Store,
    keys::Index,
    listing,
    read::{Page, PageRequest, listing_of},
    record::{self, Item},
};

/// Invitations on a page when the caller asks for no number.
pub const DEFAULT_LIMIT: u32 = 25;
/// The most invitations on a page, and the most pending ones that are counted.
pub const MAX_LIMIT: u32 = 100;

/// One list and one place in it.
#[derive(Debug, Clone)]
pub struct ListQuery {
    index: Index,
    of: String,
    status: Option<Status>,
    limit: u32,
    cursor: Option<Cursor>,
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

/// The invitations of a page, in the order they are shown, and where the next one starts.
#[derive(Debug)]
pub struct Listed {
    invitations: Vec<Invitation>,
    next_cursor: Option<String>,
    pending: Option<u32>,
}

impl ListQuery {
    /// The list of all invitations that `index` has under `of`, as the parameters of `request` narrow it.
    ///
    /// # Errors
    /// 400 that names a parameter which is not one, or a cursor of another list.
    pub fn parse(request: &Request, index: Index, of: String, caller: &str) -> Result<Self, Problem> {
        let parameters = request.query_string_parameters();
        let status = match parameters.first("status").filter(|name| !name.is_empty()) {
            None => None,
            Some(name) => Some(Status::of_name(name).ok_or_else(|| {
                let names: Vec<_> = Status::ALL.iter().map(|status| status.as_str()).collect();
                Problem::malformed("status", format!("must be one of {}", names.join(", ")))
            })?),
        };
        let limit =
            match parameters.first("limit").filter(|text| !text.is_empty()) {
                None => DEFAULT_LIMIT,
                Some(text) => text.parse().ok().filter(|limit| (1..=MAX_LIMIT).contains(limit)).ok_or_else(|| {
                    Problem::malformed("limit", format!("must be a whole number from 1 to {MAX_LIMIT}"))
                })?,
            };
        let binding = format!("{caller} {} {of} {}", index.name(), status.map_or("", Status::as_str));
        let cursor = parameters
            .first("cursor")
            .filter(|text| !text.is_empty())
            .map(|sealed| Cursor::open(sealed, &binding))
            .transpose()?;
        Ok(Self { index, of, status, limit, cursor, binding })
    }

    /// Whether this list can count its pending invitations: their range is at its top.
    fn counts_pending(&self) -> bool {
        matches!(self.status, None | Some(Status::Pending))
    }

    /// The page, at the price of one query. With `counting`, the first page reads far enough to count up to
    /// [`MAX_LIMIT`] pending invitations; later pages carry the count along.
    ///
    /// # Errors
    /// 500 or 503 if the table fails.
    pub async fn fetch(&self, store: &Store, counting: bool, now: Timestamp) -> Result<Listed, Problem> {
        let first = self.cursor.is_none();
        let counting = counting && self.counts_pending();
        let request = PageRequest {
            index: self.index,
            of: self.of.clone(),
            status: self.status,
            after: self.cursor.as_ref().map(|cursor| cursor.after.as_str()),
            // One more than is shown tells whether there is a next page.
            limit: if counting && first { MAX_LIMIT.max(self.limit + 1) } else { self.limit + 1 },
            now,
        };
        let Page { mut items, .. } = store.page(&request).await?;
        let pending = match &self.cursor {
            Some(cursor) => cursor.pending,
            None if counting => {
                let pending = |item: &&Item| listing_of(item).is_some_and(|key| listing::is_pending(key, now));
                u32::try_from(items.iter().filter(pending).count()).ok().map(|count| count.min(MAX_LIMIT))
            }
            None => None,
        };
        let wanted = self.limit as usize;
        let more = items.len() > wanted;
        items.truncate(wanted);
        let after = items.last().and_then(listing_of).filter(|_| more).map(str::to_owned);
        let next_cursor = after.map(|after| Cursor { after, pending }.seal(&self.binding));
        let mut invitations = items.into_iter().map(record::invitation).collect::<Result<Vec<_>, _>>()?;
        // The index sorts pending invitations by expiry; people expect the newest first.
        invitations.sort_by_key(|one| (one.status_at(now) != Status::Pending, Reverse(one.id)));
        Ok(Listed { invitations, next_cursor, pending })
    }
}

impl Listed {
    /// The page in the eyes of `viewer`.
    pub fn view(&self, viewer: &Viewer<'_>, now: Timestamp) -> ListView<'_> {
        ListView {
            invitations: self.invitations.iter().map(|one| InvitationView::new(one, viewer, now)).collect(),
            next_cursor: self.next_cursor.clone(),
            pending_count: self.pending,
        }
    }
}
