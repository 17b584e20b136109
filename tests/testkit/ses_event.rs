//! Events of the mail service about mails of invitations.

use serde_json::{Value, json};

/// An event of the mail service about one mail.
#[derive(Debug, Clone)]
pub struct SesEvent(Value);

impl SesEvent {
    /// Returns an event of that type about an invitation's mail to its invitee.
    pub fn new(event_type: &str, invitation: &str) -> Self {
        let tags = json!({ "invitation": [invitation], "mail": ["invitation"] });
        Self(json!({ "eventType": event_type, "mail": { "messageId": "m", "tags": tags } }))
    }

    /// Sets a tag of the mail.
    pub fn tag(mut self, name: &str, value: &str) -> Self {
        self.0["mail"]["tags"][name] = json!([value]);
        self
    }

    /// Says that the address bounced the mail, and in which way.
    pub fn bounced(mut self, bounce_type: &str, address: &str) -> Self {
        self.0["bounce"] = json!({ "bounceType": bounce_type, "bouncedRecipients": [{ "emailAddress": address }] });
        self
    }

    /// Says that the owner of the address complained about the mail.
    pub fn complained(mut self, address: &str) -> Self {
        self.0["complaint"] = json!({ "complainedRecipients": [{ "emailAddress": address }] });
        self
    }

    /// Returns the permanent bounce of an invitation's mail.
    pub fn bounce(invitation: &str, address: &str) -> Self {
        Self::new("Bounce", invitation).tag("revision", "1").bounced("Permanent", address)
    }

    /// Returns the event as the bus hands it on.
    pub fn event(&self) -> Value {
        json!({ "source": "aws.ses", "detail-type": "Email Event", "detail": self.0 })
    }
}
