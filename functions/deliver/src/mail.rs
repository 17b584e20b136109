//! Sending one mail of a batch: in time, once per lease, and again while the mail service is only busy.

use std::{sync::Mutex, time::Duration};

use aws_sdk_sesv2::Client;
use domain::{Timestamp, gate::Gate};
use service::delivery::{self, DeliveryError, Draft};
use store::{StoreError, outbox::MailId};
use system::{now, randomise};
use tokio::time::Instant;

use crate::{
    Deliver,
    outbound::PostFailure,
    timing::{LATEST, POSTS, TAKES_ON},
};

/// How often the mail service is asked within one lease when it is busy: over half a minute, with pauses that double
/// from half a second, since it counts its rate by the second.
pub const TRIES: u32 = 7;

/// Why a mail of a batch must come again.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Undelivered {
    #[error(transparent)]
    Delivery(#[from] DeliveryError),
    #[error("the batch has no time left for it")]
    NoTime,
}

/// What the mails of one batch share.
pub(crate) struct Batch {
    begun: Instant,
    /// Whether its reports are so old that its mails had better wait in the table.
    late: bool,
    /// A client with connections of its own.
    ses: Client,
    /// The gate, as far as it is known.
    gate: Mutex<Gate>,
    /// When the next mail may be posted.
    next_post: Mutex<Instant>,
    /// The time between two posts.
    interval: Duration,
}

impl Batch {
    /// How long to wait until the next post may begin, which is taken by that.
    fn turn(&self) -> Duration {
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

    /// Whether there is time for one more mail.
    fn takes_on(&self) -> Result<(), Undelivered> {
        if !self.late && self.begun.elapsed() < TAKES_ON { Ok(()) } else { Err(Undelivered::NoTime) }
    }

    /// The gate as it is known now.
    fn gate(&self) -> Gate {
        self.gate.lock().map(|gate| gate.clone()).unwrap_or_default()
    }

    fn set_gate(&self, gate: &Gate) {
        if let Ok(mut known) = self.gate.lock() {
            known.clone_from(gate);
        }
    }
}

impl Deliver {
    /// What the mails of a batch share that came at `begun`, and whose oldest report was made at `since`.
    pub(crate) async fn batch(&self, begun: Instant, since: Option<i64>) -> Result<Batch, StoreError> {
        let gate = self.store.gate().await?;
        let age = since.and_then(|since| u64::try_from(now().as_millisecond() - since).ok());
        let late = age.is_some_and(|age| Duration::from_millis(age) > LATEST);
        let interval = gate.interval(self.outbound.concurrency);
        let (ses, next_post) = (self.outbound.connect(), Mutex::new(begun));
        Ok(Batch { begun, late, ses, gate: Mutex::new(gate), next_post, interval })
    }

    /// Delivers a mail of the batch. What would fail the next time too is parked.
    pub(crate) async fn deliver_or_park(&self, id: &MailId, batch: &Batch) -> Result<(), Undelivered> {
        match self.deliver(id, batch).await {
            Err(Undelivered::NoTime) => Ok(delivery::untried(&self.store, id, now()).await?),
            Err(Undelivered::Delivery(DeliveryError::Store(StoreError::Damaged(_)) | DeliveryError::Unwritable)) => {
                Ok(delivery::park_unwritable(&self.store, id, now()).await?)
            }
            delivered => delivered,
        }
    }

    async fn deliver(&self, id: &MailId, batch: &Batch) -> Result<(), Undelivered> {
        loop {
            batch.takes_on()?;
            let Some(draft) = delivery::next(&self.store, id, now()).await? else { return Ok(()) };
            let sent = match batch.gate().closed_at(now()) {
                Some(until) => delivery::postpone(&self.store, &draft, until).await.map_err(Undelivered::from),
                None => self.send(&draft, batch).await,
            };
            match sent {
                // Each time another mail to the same sender got on.
                Err(Undelivered::Delivery(DeliveryError::Overtaken)) => {}
                sent => return sent,
            }
        }
    }

    async fn send(&self, draft: &Draft, batch: &Batch) -> Result<(), Undelivered> {
        let wait = batch.turn();
        if batch.begun.elapsed() + wait >= TAKES_ON {
            return Err(Undelivered::NoTime);
        }
        tokio::time::sleep(wait).await;
        let leased = Instant::now();
        let taken = delivery::lease(&self.store, draft, &self.outbound.public_base_url, now()).await?;
        let Some((lease, mail)) = taken else { return Ok(()) };
        for post in 1..=TRIES {
            match self.outbound.post(&batch.ses, &mail, post).await {
                Ok(()) => {
                    delivery::sent(&self.store, draft, now()).await?;
                    return self.open_gate(batch).await;
                }
                Err(PostFailure::Stopped(fault)) => {
                    let until = self.close_gate(batch, &fault).await.map_err(DeliveryError::from)?;
                    return Ok(delivery::put_off(&self.store, draft, &lease, until).await?);
                }
                Err(PostFailure::Busy(cause)) => {
                    tracing::warn!(invitation = %mail.invitation, cause, post, "the mail service is busy");
                    let pause = self.pause(post);
                    if post == TRIES || leased.elapsed() + pause > POSTS {
                        break;
                    }
                    tokio::time::sleep(pause).await;
                }
                Err(PostFailure::Rejected(why)) => {
                    return Ok(delivery::rejected(&self.store, draft, &why, now()).await?);
                }
                // The mail may be on its way. No attempt sends it again before the lease ends.
                Err(PostFailure::Unknown(cause)) => {
                    tracing::warn!(invitation = %mail.invitation, cause, "the mail service did not answer");
                    return Ok(delivery::unanswered(&self.store, draft, &lease).await?);
                }
            }
        }
        Ok(delivery::busy(&self.store, draft, &lease, now()).await?)
    }

    /// Closes the gate for all mails, and returns until when: what stopped this one stops any.
    async fn close_gate(&self, batch: &Batch, fault: &str) -> Result<Timestamp, StoreError> {
        let now = now();
        tracing::error!(fault, "the mail service takes no mail");
        let gate = batch.gate().closed_by(fault, now);
        batch.set_gate(&gate);
        self.store.put_gate(&gate).await?;
        Ok(gate.closed_until.unwrap_or(now))
    }

    /// Opens the gate that a fault had closed: a mail got through.
    async fn open_gate(&self, batch: &Batch) -> Result<(), Undelivered> {
        let gate = batch.gate();
        if gate.fault.is_some() {
            let gate = gate.opened();
            batch.set_gate(&gate);
            self.store.put_gate(&gate).await.map_err(DeliveryError::from)?;
        }
        Ok(())
    }

    /// How long to wait after that many posts that met a busy mail service: doubling, half of it by chance, so that
    /// mails that were refused together do not come back together.
    fn pause(&self, posts: u32) -> Duration {
        let most = self.outbound.first_pause.saturating_mul(1 << (posts - 1));
        let mut chance = [0];
        // Without randomness the wait is merely not jittered.
        let _ = randomise(&mut chance);
        most / 2 + most.mul_f64(f64::from(chance[0]) / 512.0)
    }
}
