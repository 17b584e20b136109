//! Notes what became of mails, from SES's events on the default bus: the invitation shows it, and an address to which
//! mail bounces for good, or whose owner calls it spam, gets no more.

use domain::{email::EmailAddress, invitation::DeliveryState, outbox::MailKind};
use serde::Deserialize;
use service::feedback::{self, MailReport};
use store::{Store, StoreError};
use system::now;

/// Everything that `feedback` reaches.
#[derive(Debug, Clone)]
pub struct Feedback {
    /// The table.
    pub store: Store,
}

/// What SES reports of one mail. Fields that are of no use here are not read.
#[derive(Debug, Clone, Deserialize)]
pub struct MailEvent {
    detail: Detail,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Detail {
    event_type: String,
    mail: Mail,
    bounce: Option<Bounce>,
    complaint: Option<Complaint>,
}

#[derive(Debug, Clone, Deserialize)]
struct Mail {
    #[serde(default)]
    tags: Tags,
}

/// SES gives every tag as a list of values.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct Tags {
    invitation: Vec<String>,
    mail: Vec<String>,
    revision: Vec<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Bounce {
    bounce_type: String,
    #[serde(default)]
    bounced_recipients: Vec<Recipient>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Complaint {
    #[serde(default)]
    complained_recipients: Vec<Recipient>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Recipient {
    email_address: String,
}

impl Feedback {
    /// Takes in one event. A repetition changes nothing.
    ///
    /// # Errors
    /// [`StoreError`] if the table fails; the event comes again then.
    pub async fn handle(&self, event: MailEvent) -> Result<(), StoreError> {
        let Some(report) = event.detail.report() else { return Ok(()) };
        feedback::record(&self.store, &report, now()).await
    }
}

impl Detail {
    /// What the event reports; `None` for what changes nothing.
    fn report(&self) -> Option<MailReport> {
        let state = self.state()?;
        let Tags { invitation, mail, revision } = &self.mail.tags;
        let (invitation, mail) = (invitation.first(), mail.first());
        tracing::info!(invitation, mail, state = ?state, "feedback");
        Some(MailReport {
            invitation: invitation.and_then(|id| id.parse().ok()),
            kind: mail.and_then(|name| MailKind::of_name(name)),
            revision: revision.first().and_then(|revision| revision.parse().ok()),
            state,
            unreachable: self.unreachable(),
        })
    }

    /// What the event means for the mail; `None` for what changes nothing.
    ///
    /// SES reports a bounce that is not permanent once it has given up trying. It also takes an automatic reply for
    /// one, which a delivered mail outlives.
    fn state(&self) -> Option<DeliveryState> {
        match self.event_type.as_str() {
            "Delivery" => Some(DeliveryState::Delivered),
            "Bounce" if self.is_permanent_bounce() => Some(DeliveryState::Bounced),
            "Complaint" => Some(DeliveryState::Complained),
            "Bounce" | "Reject" | "Rendering Failure" => Some(DeliveryState::Failed),
            _ => None,
        }
    }

    fn is_permanent_bounce(&self) -> bool {
        self.bounce.as_ref().is_some_and(|bounce| bounce.bounce_type == "Permanent")
    }

    /// The addresses that no more mail should go to.
    fn unreachable(&self) -> Vec<EmailAddress> {
        let bounced = self.bounce.iter().filter(|_| self.is_permanent_bounce()).flat_map(|b| &b.bounced_recipients);
        let complained = self.complaint.iter().flat_map(|complaint| &complaint.complained_recipients);
        bounced.chain(complained).filter_map(|recipient| recipient.email_address.parse().ok()).collect()
    }
}
