//! What the mails of one batch share: the time that it has, the pace of the mail service, and the gate.

use std::{sync::Mutex, time::Duration};

use domain::{Timestamp, gate::Gate};
use store::{Store, StoreError};
use system::now;
use tokio::time::{Instant, sleep};

use super::error::DeliveryError;

/// How old the reports of a batch may be whose mails are sent at once. The stream forgets what nobody has followed up
/// for a day, so mails that it would keep for longer than this wait in the table to be woken, at the pace of the mail
/// service.
pub const LATEST: Duration = Duration::from_hours(1);
/// For how long a batch takes on more mails. The others come again.
pub const TAKES_ON: Duration = Duration::from_mins(1);

/// A batch of mails.
#[derive(Debug)]
pub struct Batch {
    begun: Instant,
    /// Whether its reports are so old that its mails had better wait in the table.
    late: bool,
    /// The gate, as far as it is known.
    gate: Mutex<Gate>,
    /// When the next mail may be posted.
    next_post: Mutex<Instant>,
    /// The time between two posts.
    interval: Duration,
}

impl Batch {
    /// Begins a batch that came at `begun`, and whose oldest report was made at `since`. So many functions send mails
    /// at the same time.
    ///
    /// # Errors
    /// [`StoreError`] if the gate does not read.
    pub async fn begin(
        store: &Store,
        begun: Instant,
        since: Option<Timestamp>,
        functions: u32,
    ) -> Result<Self, StoreError> {
        let gate = store.gate().await?;
        let age = since.and_then(|since| Duration::try_from(now().duration_since(since)).ok());
        let late = age.is_some_and(|age| age > LATEST);
        let interval = gate.interval(functions);
        Ok(Self { begun, late, gate: Mutex::new(gate), next_post: Mutex::new(begun), interval })
    }

    /// Whether there is time for one more mail.
    pub(super) fn takes_on(&self) -> Result<(), DeliveryError> {
        if !self.late && self.begun.elapsed() < TAKES_ON { Ok(()) } else { Err(DeliveryError::NoTime) }
    }

    /// Waits until the next post may begin, unless that is too late.
    pub(super) async fn turn(&self) -> Result<(), DeliveryError> {
        let wait = self.next_turn();
        if self.begun.elapsed() + wait >= TAKES_ON {
            return Err(DeliveryError::NoTime);
        }
        sleep(wait).await;
        Ok(())
    }

    /// How long to wait until the next post may begin, which is taken by that.
    fn next_turn(&self) -> Duration {
        let now = Instant::now();
        match self.next_post.lock() {
            Ok(mut next) => {
                let at = (*next).max(now);
                *next = at + self.interval;
                at - now
            }
            Err(_) => Duration::ZERO,
        }
    }

    /// The gate as it is known now.
    pub(super) fn gate(&self) -> Gate {
        self.gate.lock().map(|gate| gate.clone()).unwrap_or_default()
    }

    /// Closes the gate for all mails: what stopped one stops any.
    pub(super) async fn close_gate(&self, store: &Store, fault: &str, now: Timestamp) -> Result<(), StoreError> {
        tracing::error!(fault, "the mail service takes no mail");
        self.put_gate(store, self.gate().closed_by(fault, now)).await
    }

    /// Opens the gate if a fault had closed it: a mail got through.
    pub(super) async fn open_gate(&self, store: &Store) -> Result<(), StoreError> {
        let gate = self.gate();
        if gate.fault.is_none() {
            return Ok(());
        }
        self.put_gate(store, gate.opened()).await
    }

    async fn put_gate(&self, store: &Store, gate: Gate) -> Result<(), StoreError> {
        if let Ok(mut known) = self.gate.lock() {
            known.clone_from(&gate);
        }
        store.put_gate(&gate).await
    }
}
