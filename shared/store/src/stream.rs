//! What the table's stream reports of a record, read.

use domain::{
    id::InvitationId,
    invitation::Invitation,
    outbox::{MailState, OutboxMail},
};

use crate::{
    attributes::AGAIN,
    error::StoreError,
    keys::Key,
    outbox::MailId,
    read::key_of,
    record::{self, Item, Kind, invitation_of, kind_of},
};

/// A report that asks for something to be done.
#[derive(Debug, Clone, PartialEq)]
pub enum Report {
    /// A mail waits in the outbox.
    Mail(MailId),
    /// An invitation has changed.
    Invitation {
        /// Before; `None` for a new one, and for one that is to be dealt with again as if it were new.
        before: Option<Box<Invitation>>,
        /// As it is now.
        after: Box<Invitation>,
    },
    /// The deadline of an invitation has passed.
    Deadline(InvitationId),
    /// The time has come of a mail that waited.
    Due(MailId),
    /// An operator has released a parked mail.
    ReleasedMail(MailId),
    /// An operator wants a record looked at again that did not read.
    ReleasedRecord(Key),
    /// The record does not read, and would not the next time either.
    Unreadable(InvitationId, String),
}

/// Reads a change of a record; `None` where there is nothing to do.
pub fn read(before: Item, after: Item) -> Option<Report> {
    let place = invitation_of(&after).zip(key_of(&after).map(|key| key.sk));
    match changed(before, after) {
        Ok(report) => report,
        Err(_) => place.map(|(id, sk)| Report::Unreadable(id, sk)),
    }
}

fn changed(before: Item, after: Item) -> Result<Option<Report>, StoreError> {
    // The record asks to be dealt with again, because the first report was in vain.
    let again = after.get(AGAIN).is_some_and(|again| before.get(AGAIN) != Some(again));
    Ok(match kind_of(&after) {
        Some(kind) if kind == Kind::Mail.as_str() => match MailId::of_record(&after) {
            Some(id) if record::value::<OutboxMail>(after)?.state == MailState::Queued || again => {
                Some(Report::Mail(id))
            }
            _ => None,
        },
        Some(kind) if kind == Kind::Invitation.as_str() => {
            let before = if before.is_empty() || again { None } else { Some(record::invitation(before)?.into()) };
            Some(Report::Invitation { before, after: record::invitation(after)?.into() })
        }
        Some(_) => None,
        None => key_of(&before).and_then(|key| gone(&key)),
    })
}

/// What the deletion of the record at `key` asks for.
fn gone(key: &Key) -> Option<Report> {
    let came = key.expiring().map(Report::Deadline).or_else(|| MailId::of_due(key).map(Report::Due));
    let released =
        || key.unread().map(Report::ReleasedRecord).or_else(|| MailId::of_parked(key).map(Report::ReleasedMail));
    came.or_else(released)
}
