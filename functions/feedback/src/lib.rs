//! Notes what became of mails, from SES's events on the default bus: the invitation shows it, and an address to which
//! mail bounces for good, or whose owner calls it spam, gets no more.

use domain::{
    email::EmailAddress,
    id::{InvitationId, UserId},
    invitation::{DeliveryState, Invitee},
    transition::MailKind,
};
use serde::Deserialize;
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
    /// Takes in one event. Repetitions change nothing.
    ///
    /// # Errors
    /// [`StoreError`] if the table fails; the event comes again then.
    pub async fn handle(&self, event: MailEvent) -> Result<(), StoreError> {
        let detail = event.detail;
        let Some(state) = detail.state() else { return Ok(()) };
        let tags = &detail.mail.tags;
        let (id, mail) = (tags.invitation.first(), tags.mail.first());
        tracing::info!(invitation = id, mail, state = ?state, "feedback");
        let id: Option<InvitationId> = id.and_then(|id| id.parse().ok());
        let gone = detail.gone();
        if !gone.is_empty() {
            let invitee = self.invitee(id).await?;
            for address in gone {
                self.store.suppress(&address.key(), invitee.as_ref()).await?;
            }
        }
        let Some(id) = id.filter(|_| mail.is_some_and(|mail| mail == MailKind::Invitation.as_str())) else {
            return Ok(());
        };
        let revision = tags.revision.first().and_then(|revision| revision.parse().ok());
        self.store.track(id, revision, state, now()).await
    }

    /// The user whom the invitation is for, if it is a user.
    async fn invitee(&self, id: Option<InvitationId>) -> Result<Option<UserId>, StoreError> {
        let Some(id) = id else { return Ok(None) };
        Ok(self.store.account(id).await?.invitation.and_then(|invitation| match invitation.invitee {
            Invitee::User { id, .. } => Some(id),
            Invitee::Address { .. } => None,
        }))
    }
}

impl Detail {
    /// What the event means for the mail; `None` for what changes nothing, a passing bounce among it.
    fn state(&self) -> Option<DeliveryState> {
        match self.event_type.as_str() {
            "Delivery" => Some(DeliveryState::Delivered),
            "Bounce" if self.is_final_bounce() => Some(DeliveryState::Bounced),
            "Complaint" => Some(DeliveryState::Complained),
            "Reject" | "Rendering Failure" => Some(DeliveryState::Failed),
            _ => None,
        }
    }

    fn is_final_bounce(&self) -> bool {
        self.bounce.as_ref().is_some_and(|bounce| bounce.bounce_type == "Permanent")
    }

    /// The addresses to which no more mail should go.
    fn gone(&self) -> Vec<EmailAddress> {
        let bounced = self.bounce.iter().filter(|_| self.is_final_bounce()).flat_map(|b| &b.bounced_recipients);
        let complained = self.complaint.iter().flat_map(|complaint| &complaint.complained_recipients);
        bounced.chain(complained).filter_map(|recipient| recipient.email_address.parse().ok()).collect()
    }
}
