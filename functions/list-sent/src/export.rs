//! Shows a page of a community's invitations as a table that spreadsheets open: CSV, in which no cell is a formula.

use csv::{Terminator, WriterBuilder};
use domain::{
    Timestamp,
    id::InvitationId,
    invitation::{DeliveryState, Status},
};
use http_api::{list::ListArguments, view::InvitationView};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;

/// The names of the columns, in the order of a [`Row`].
const COLUMNS: [&str; 12] = [
    "id",
    "status",
    "recipient",
    "inviteeId",
    "sender",
    "senderId",
    "createdAt",
    "expiresAt",
    "answeredAt",
    "delivery",
    "deliveryAt",
    "reason",
];
/// Byte order marks, by which spreadsheets tell that the text is UTF-8. There are two, because `lambda_http` decodes
/// the text of a response, which takes one away.
const BYTE_ORDER_MARKS: &str = "\u{FEFF}\u{FEFF}";
/// What a cell begins with that a spreadsheet takes for a formula, or from which it takes away what stands before one.
const BEFORE_FORMULAS: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];

/// The table cannot be written.
#[derive(Debug)]
pub(crate) struct Unwritable;

/// One invitation.
#[derive(Serialize)]
struct Row {
    id: InvitationId,
    status: Status,
    recipient: Cell,
    invitee_id: Cell,
    sender: Cell,
    sender_id: Cell,
    created_at: Timestamp,
    expires_at: Timestamp,
    answered_at: Option<Timestamp>,
    delivery: Option<DeliveryState>,
    delivery_at: Option<Timestamp>,
    reason: Cell,
}

/// A text that somebody wrote, as a spreadsheet shows it.
#[derive(Serialize)]
struct Cell(String);

impl Cell {
    /// Where spreadsheets take a semicolon or a tab for the end of a cell, quotes or not, what stands behind it begins
    /// one, too.
    fn new(text: Option<impl Into<String>>) -> Self {
        let text = text.map(Into::into).unwrap_or_default();
        let mut safe = String::with_capacity(text.len());
        let mut begins = true;
        for c in text.chars() {
            if begins && BEFORE_FORMULAS.contains(&c) {
                safe.push('\'');
            }
            begins = matches!(c, ';' | '\t') || begins && c == ' ';
            safe.push(c);
        }
        Self(safe)
    }
}

impl From<InvitationView> for Row {
    fn from(view: InvitationView) -> Self {
        let (invitee, sender) = (view.invitee, view.sender);
        Self {
            id: view.id,
            status: view.status,
            recipient: Cell::new(invitee.display_name.or(invitee.email.map(String::from))),
            invitee_id: Cell::new(invitee.user_id),
            sender: Cell::new(sender.display_name),
            sender_id: Cell::new(Some(sender.id)),
            created_at: view.created_at,
            expires_at: view.expires_at,
            answered_at: view.answered_at,
            delivery: view.delivery.as_ref().map(|delivery| delivery.state),
            delivery_at: view.delivery.map(|delivery| delivery.at),
            reason: Cell::new(view.reason),
        }
    }
}

/// Returns the rows of a page. The first one begins with the names of the columns, so that all pages, one after the
/// other, are one table.
///
/// # Errors
/// [`Unwritable`]; no invitation is known to be.
pub(crate) fn table(invitations: Vec<InvitationView>, is_first: bool) -> Result<String, Unwritable> {
    let start = if is_first { BYTE_ORDER_MARKS } else { "" };
    let mut writer =
        WriterBuilder::new().has_headers(false).terminator(Terminator::CRLF).from_writer(start.as_bytes().to_vec());
    if is_first {
        writer.write_record(COLUMNS).map_err(|_| Unwritable)?;
    }
    for invitation in invitations {
        writer.serialize(Row::from(invitation)).map_err(|_| Unwritable)?;
    }
    String::from_utf8(writer.into_inner().map_err(|_| Unwritable)?).map_err(|_| Unwritable)
}

/// Returns the link to the next page. It is relative to the address of this one, so that it holds behind any domain and
/// path.
pub(crate) fn next_link(arguments: &ListArguments, cursor: &str) -> String {
    let parameters = [
        ("status", arguments.status.map(|status| status.as_str().to_owned())),
        ("q", arguments.text.clone()),
        ("limit", arguments.limit.map(|limit| limit.to_string())),
        ("cursor", Some(cursor.to_owned())),
    ];
    let encoded = |text: String| utf8_percent_encode(&text, NON_ALPHANUMERIC).to_string();
    let given = parameters.into_iter().filter_map(|(name, value)| Some(format!("{name}={}", encoded(value?))));
    format!("<?{}>; rel=\"next\"", given.collect::<Vec<_>>().join("&"))
}
