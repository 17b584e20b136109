//! What `deliver` is invoked with: a batch of the stream, or a task that the clock or an operator sets.

use aws_lambda_events::{dynamodb::Event, streams::DynamoDbEventResponse};
use serde::{Deserialize, Serialize};
use system::now;

use crate::Deliver;

/// The mails that are woken at once at the most; the next time is soon.
const WOKEN: usize = 10_000;

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
    /// Have the stream report the mails whose time has come.
    Wake,
}

/// How much a task has done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Done {
    /// The mails that the stream reports now.
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

impl Deliver {
    /// Does what the invocation asks for.
    ///
    /// # Errors
    /// If a task fails. It may be set again.
    pub async fn invoke(&self, invocation: Invocation) -> Result<Response, lambda_runtime::Error> {
        match invocation {
            Invocation::Stream(event) => Ok(Response::Stream(Box::pin(self.handle(event)).await?)),
            Invocation::Task(task) => Ok(Response::Task(self.perform(task).await?)),
        }
    }

    /// Does the task, as far as one invocation gets.
    ///
    /// # Errors
    /// If the table fails. The task may be set again.
    pub async fn perform(&self, task: Task) -> Result<Done, lambda_runtime::Error> {
        let mails = match task {
            Task::Wake => self.store.wake(now(), WOKEN).await?,
        };
        tracing::info!(?task, mails, "task done");
        Ok(Done { mails })
    }
}
