//! What `deliver` is invoked with: a batch of the stream, or a task that the clock or an operator sets.

use aws_lambda_events::{dynamodb::Event, streams::DynamoDbEventResponse};
use serde::{Deserialize, Serialize};

/// What an invocation asks for.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub enum Invocation {
    /// Something besides the stream.
    Task(Task),
    /// Records of the stream are to be followed up.
    Stream(Event),
}

/// Something to do besides following the stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", tag = "task")]
pub enum Task {
    /// Have the stream report the invitations whose lifetime has ended, and the mails whose time has come, as many as
    /// the mail service takes.
    Wake,
    /// Have the stream report all that is parked: an operator has mended what kept it from going on.
    Release,
}

/// How much a task has done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Done {
    /// The mails that the stream reports now. After a release there may be more while it is not zero.
    pub mails: usize,
}

/// The response to an invocation.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum Response {
    /// The records that must come again.
    Stream(DynamoDbEventResponse),
    /// How much a task has done.
    Task(Done),
}
