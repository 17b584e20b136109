//! What the API responds with, as a client that is told every field reads it: a field that is not listed fails the
//! test, except in an invitation, whose fields are compared with openapi.yaml alone.

#![allow(missing_docs, reason = "the fields are explained in openapi.yaml")]

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

/// An invitation, as one caller sees it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Invitation {
    pub id: String,
    pub community_id: String,
    pub community: Community,
    pub sender: Sender,
    pub invitee: Invitee,
    pub status: String,
    pub message: String,
    pub created_at: String,
    pub expires_at: String,
    pub answered_at: Option<String>,
    pub decided_by: Option<String>,
    pub reason: Option<String>,
    pub delivery: Option<Delivery>,
    pub actions: Vec<Action>,
    /// What no test asks for by name. Which fields there are at all is compared with openapi.yaml.
    #[serde(flatten)]
    pub others: BTreeMap<String, Value>,
}

impl Invitation {
    /// Returns how far the mail of the invitation has got.
    #[track_caller]
    pub fn delivery_state(&self) -> &str {
        &self.delivery.as_ref().unwrap_or_else(|| panic!("no delivery in {self:?}")).state
    }

    /// Whether the mail of the invitation has got so far.
    pub fn is_mail(&self, state: &str) -> bool {
        self.delivery.as_ref().is_some_and(|delivery| delivery.state == state)
    }

    /// Returns the ids of the actions that the caller may take.
    pub fn action_ids(&self) -> Vec<&str> {
        self.actions.iter().map(|action| action.id.as_str()).collect()
    }
}

/// The community of an invitation.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Community {
    pub id: String,
    pub title: String,
    pub url: Option<String>,
    pub r#type: String,
    pub description: Option<String>,
    pub rules_url: Option<String>,
    pub member_count: Option<u64>,
}

/// The sender of an invitation.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Sender {
    pub id: String,
    pub display_name: Option<String>,
    pub profile_url: Option<String>,
}

/// The invitee of an invitation.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Invitee {
    pub user_id: Option<String>,
    pub display_name: Option<String>,
    pub email: Option<String>,
}

impl Invitee {
    /// Returns an invitee whose id alone is shown.
    pub fn user(id: &str) -> Self {
        Self { user_id: Some(id.to_owned()), ..Self::default() }
    }

    /// Returns an invitee whose address is shown.
    pub fn address(email: &str) -> Self {
        Self { email: Some(email.to_owned()), ..Self::default() }
    }
}

/// How far the mail of an invitation has got.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Delivery {
    pub state: String,
    pub at: String,
}

/// What a caller may do to an invitation.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Action {
    pub id: String,
    pub method: String,
    pub href: String,
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Page {
    pub invitations: Vec<Invitation>,
    pub next_cursor: Option<String>,
    pub pending_count: Option<u32>,
}

impl Page {
    /// Returns the ids of the invitations, in order.
    pub fn ids(&self) -> Vec<&str> {
        ids(&self.invitations)
    }

    /// Returns the statuses of the invitations, in order.
    pub fn statuses(&self) -> Vec<&str> {
        self.invitations.iter().map(|one| one.status.as_str()).collect()
    }

    /// Returns the cursor of the page that follows.
    #[track_caller]
    pub fn next(&self) -> &str {
        self.next_cursor.as_deref().expect("a page follows")
    }
}

/// Returns the ids of invitations, in order.
pub fn ids(invitations: &[Invitation]) -> Vec<&str> {
    invitations.iter().map(|one| one.id.as_str()).collect()
}

/// What came of a bulk send.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SendResponse {
    pub results: Vec<SendResult>,
    pub summary: BTreeMap<String, u64>,
}

/// What came of one recipient.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SendResult {
    pub recipient: String,
    pub outcome: String,
    pub retry_after: Option<u64>,
    pub invitation: Option<Invitation>,
}

impl SendResult {
    /// Returns the invitation that was made.
    #[track_caller]
    pub fn made(&self) -> &Invitation {
        self.invitation.as_ref().unwrap_or_else(|| panic!("no invitation in {self:?}"))
    }

    /// Returns the id of the invitation that was made.
    #[track_caller]
    pub fn id(&self) -> &str {
        &self.made().id
    }
}

impl SendResponse {
    /// Returns the outcomes, in order.
    pub fn outcomes(&self) -> Vec<&str> {
        self.results.iter().map(|result| result.outcome.as_str()).collect()
    }

    /// Returns the recipients as they were submitted, in order.
    pub fn recipients(&self) -> Vec<&str> {
        self.results.iter().map(|result| result.recipient.as_str()).collect()
    }
}

/// What a bulk send would mail.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Preview {
    pub subject: String,
    pub text: String,
    pub html: String,
}

/// What a caller may do in a community.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "each says something of its own")]
pub struct CommunityOptions {
    pub community_id: String,
    pub may_invite: bool,
    pub reason: Option<String>,
    pub needs_approval: bool,
    pub connections_only: bool,
    pub addresses_allowed: bool,
    pub people_search: String,
    pub may_moderate: bool,
    pub membership_mode: String,
    pub default_message: String,
    pub message_tokens: Vec<String>,
    pub limits: SendLimits,
    pub quota: Quota,
    pub languages: Vec<String>,
}

/// How far one request may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SendLimits {
    pub recipients: u32,
    pub message_characters: u32,
    pub lifetime_days: u32,
    pub default_lifetime_days: u32,
}

/// A sender's allowance for the day.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Quota {
    pub per_day: u32,
    pub left: u32,
    pub renews_at: String,
}

/// Who was found.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct People {
    pub people: Vec<FoundPerson>,
}

/// Someone who was found.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FoundPerson {
    pub user_id: String,
    pub display_name: String,
    pub profile_url: Option<String>,
    pub reason: Option<String>,
}

/// How many invitations wait for the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct InvitationCount {
    pub pending_count: u32,
}

/// A community's statistics.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Stats {
    pub counts: BTreeMap<String, i64>,
    pub acceptance_rate: Option<f64>,
    pub median_answer_seconds: Option<u64>,
    pub period: Option<PeriodStats>,
}

/// What happened in a community in a period.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PeriodStats {
    pub from: String,
    pub to: String,
    pub days: Vec<DayStats>,
    pub senders: Vec<SenderStats>,
    pub senders_from: Option<String>,
}

/// What happened on a day.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DayStats {
    pub date: String,
    pub sent: i64,
    pub delivered: i64,
    pub bounced: i64,
    pub answered: i64,
    pub accepted: i64,
    pub median_answer_seconds: Option<u64>,
}

/// What happened to the invitations of one sender.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SenderStats {
    pub sender: Sender,
    pub sent: i64,
    pub delivered: i64,
    pub bounced: i64,
    pub answered: i64,
    pub accepted: i64,
    pub median_answer_seconds: Option<u64>,
}

/// What a row of figures has: sent, delivered, bounced, answered, accepted, and the median time to an answer.
pub type Figures = ([i64; 5], Option<u64>);

impl PeriodStats {
    /// Returns the figures of each day.
    pub fn by_day(&self) -> Vec<(&str, Figures)> {
        let figures = |day: &DayStats| [day.sent, day.delivered, day.bounced, day.answered, day.accepted];
        self.days.iter().map(|day| (day.date.as_str(), (figures(day), day.median_answer_seconds))).collect()
    }

    /// Returns the figures of each sender, by id.
    pub fn by_sender(&self) -> Vec<(&str, Figures)> {
        let figures = |one: &SenderStats| [one.sent, one.delivered, one.bounced, one.answered, one.accepted];
        self.senders.iter().map(|one| (one.sender.id.as_str(), (figures(one), one.median_answer_seconds))).collect()
    }
}

impl Stats {
    /// Returns the counts that are not zero; every state must be counted.
    #[track_caller]
    pub fn nonzero(&self) -> Vec<(&str, i64)> {
        assert_eq!(self.counts.len(), 7, "every state is counted");
        let counts = self.counts.iter().map(|(name, count)| (name.as_str(), *count));
        counts.filter(|(_, count)| *count != 0).collect()
    }
}

/// What came of the records of an import.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Import {
    pub results: Vec<ImportResult>,
}

/// What came of one record.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImportResult {
    pub index: usize,
    pub r#type: Option<String>,
    pub status: u16,
    pub record: Option<Value>,
    pub error: Option<RecordError>,
}

/// Why a record was refused.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordError {
    pub code: String,
    pub detail: String,
    pub param: Option<String>,
    #[serde(default)]
    pub errors: Vec<Fault>,
}

/// A problem (RFC 9457).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Problem {
    pub title: String,
    pub status: u16,
    pub code: String,
    pub detail: String,
    pub param: Option<String>,
    #[serde(default)]
    pub errors: Vec<Fault>,
    pub invitation: Option<Conflict>,
    pub retry_after: Option<u64>,
    pub request_id: String,
}

impl Problem {
    /// Returns the input at fault.
    #[track_caller]
    pub fn param(&self) -> &str {
        self.param.as_deref().unwrap_or_else(|| panic!("no input is at fault in {self:?}"))
    }

    /// Returns all inputs at fault.
    pub fn params(&self) -> Vec<&str> {
        self.errors.iter().map(|fault| fault.param.as_str()).collect()
    }

    /// Returns the status that the invitation has.
    #[track_caller]
    pub fn invitation_status(&self) -> &str {
        &self.invitation.as_ref().unwrap_or_else(|| panic!("no invitation in {self:?}")).status
    }
}

/// One input at fault.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    pub param: String,
    pub detail: String,
}

/// The invitation that a request is in conflict with.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Conflict {
    pub status: String,
}

/// An event on the bus.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Event {
    /// The event's `detail-type`.
    #[serde(skip)]
    pub name: String,
    pub id: String,
    pub invitation_id: String,
    pub community_id: String,
    pub sender_id: String,
    pub invitee_id: Option<String>,
    pub decided_by: Option<String>,
    pub status: String,
    pub created_at: String,
    pub expires_at: String,
    pub answered_at: Option<String>,
    /// All of it, for tests of what it does not hold.
    #[serde(skip)]
    pub raw: Value,
}

impl Event {
    /// Reads an event by its `detail-type` and its detail.
    pub fn read(name: &str, detail: Value) -> Self {
        let read: Self = serde_json::from_value(detail.clone()).unwrap_or_else(|error| panic!("{error}: {detail}"));
        Self { name: name.to_owned(), raw: detail, ..read }
    }
}
