//! What `deliver` is invoked with: a batch of the stream, or a task that the clock or an operator sets.

use aws_lambda_events::{dynamodb::Event, streams::DynamoDbEventResponse};
use serde::{Deserialize, Serialize};
use store::StoreError;
use system::now;

use crate::Deliver;

/// How much is released at once at the most: one invocation has time for that.
const RELEASED: usize = 20_000;

/// How many lifetimes end in a minute at the most, so that a great many that end together hold up nothing else: a third of what
/// the index of one community takes.
const LAPSED: usize = 10_000;

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
    /// Have the stream report the invitations whose lifetime has ended, and the mails whose time has come, as many as the mail
    /// service takes.
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
            Task::Wake => self.wake().await?,
            Task::Release => self.store.release_parked(RELEASED).await?,
        };
        tracing::info!(?task, mails, "task done");
        Ok(Done { mails })
    }

    async fn wake(&self) -> Result<usize, StoreError> {
        if self.store.is_anything_parked().await? {
            // The alarm goes by lines of this level, and lasts as long as they do.
            tracing::error!("mails are parked");
        }
        let (known, account, shards) =
            futures::join!(self.store.gate(), self.outbound.account(), self.outbound.shards());
        let (known, now) = (known?, now());
        let (gate, most) = known.shared_by(shards).after(account.as_ref(), now);
        if let Some(fault) = gate.fault.as_ref().filter(|_| gate.closed_until > known.closed_until) {
            // The account itself says so, and no mail is tried by which anyone would notice.
            tracing::error!(fault, "the mail service takes no mail");
        }
        if gate != known {
            self.store.put_gate(&gate).await?;
        }
        // Mails come first, so that lifetimes that cannot be ended hold up none.
        let woken = self.store.wake(now, most as usize).await?;
        let lapsed = self.store.end_lifetimes(now, LAPSED).await?;
        if lapsed > 0 {
            tracing::info!(lapsed, "lifetimes have ended");
        }
        Ok(woken)
    }
}
