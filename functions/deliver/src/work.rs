//! What a batch of the table's stream asks for, each with the numbers of the reports that ask for it.

use std::collections::BTreeMap;

use aws_lambda_events::dynamodb::EventRecord;
use domain::{Timestamp, id::InvitationId};
use service::counting::Change;
use store::{
    keys::Key,
    outbox::MailId,
    stream::{Report, read},
};

/// What a batch of stream records asks for.
#[derive(Default)]
pub(crate) struct Work {
    pub(crate) mails: BTreeMap<MailId, Vec<String>>,
    /// When the oldest report of a mail was made.
    pub(crate) mails_since: Option<Timestamp>,
    pub(crate) changes: Vec<Change>,
    pub(crate) deadlines: Vec<(String, InvitationId)>,
    pub(crate) released: Vec<(String, Released)>,
    pub(crate) unreadable: Vec<(String, InvitationId, String)>,
}

/// What an operator has released.
pub(crate) enum Released {
    Mail(MailId),
    Record(Key),
}

impl Work {
    /// Reads the records at `now`.
    pub(crate) fn of(records: Vec<EventRecord>, now: Timestamp) -> Self {
        let mut work = Self::default();
        for event in records {
            let sequence = event.change.sequence_number.clone().unwrap_or_default();
            let at = event.change.approximate_creation_date_time.timestamp_millis();
            if let Some(report) = read(event.change.old_image.into(), event.change.new_image.into()) {
                work.add(report, sequence, Timestamp::from_millisecond(at).ok(), now);
            }
        }
        work
    }

    fn add(&mut self, report: Report, sequence: String, at: Option<Timestamp>, now: Timestamp) {
        match report {
            Report::Mail(mail) | Report::Due(mail) => {
                self.mails.entry(mail).or_default().push(sequence);
                self.mails_since = self.mails_since.into_iter().chain(at).min();
            }
            Report::Invitation { before, after } => {
                // An operator has it dealt with again: what said that its lifetime had ended may be what was given up.
                if before.is_none() && after.status_at(now) != after.status {
                    self.deadlines.push((sequence.clone(), after.id));
                }
                self.changes.push(Change { sequence, before: before.map(|before| *before), after: *after });
            }
            Report::Deadline(id) => self.deadlines.push((sequence, id)),
            Report::ReleasedMail(mail) => self.released.push((sequence, Released::Mail(mail))),
            Report::ReleasedRecord(key) => self.released.push((sequence, Released::Record(key))),
            Report::Unreadable(id, sk) => self.unreadable.push((sequence, id, sk)),
        }
    }
}
