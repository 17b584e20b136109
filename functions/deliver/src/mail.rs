//! Sending one mail of a batch: in time, once per lease, and again while the mail service is only busy.

use std::time::Duration;

use service::delivery::{self, DeliveryError, Draft};
use store::{StoreError, outbox::MailId};
use system::{now, randomise};
use tokio::time::Instant;

use crate::{
    Deliver,
    outbound::PostFailure,
    timing::{POSTS, TAKES_ON},
};

/// How often the mail service is asked within one lease when it is busy: over half a minute, with pauses that double
/// from half a second, since it counts its rate by the second.
const TRIES: u32 = 7;

/// Why a mail of a batch must come again.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Undelivered {
    #[error(transparent)]
    Delivery(#[from] DeliveryError),
    #[error("the batch has no time left for it")]
    NoTime,
    #[error("the mail service did not say whether it took the mail: {0}")]
    Unknown(String),
}

impl Deliver {
    /// Delivers the mail of a batch that came at `begun`. What would fail the next time too is parked.
    pub(crate) async fn deliver_or_park(&self, id: &MailId, begun: Instant) -> Result<(), Undelivered> {
        match self.deliver(id, begun).await {
            Err(Undelivered::Delivery(DeliveryError::Store(StoreError::Damaged(_)) | DeliveryError::Unwritable)) => {
                Ok(delivery::park_unwritable(&self.store, id, now()).await?)
            }
            delivered => delivered,
        }
    }

    async fn deliver(&self, id: &MailId, begun: Instant) -> Result<(), Undelivered> {
        loop {
            in_time(begun)?;
            let Some(draft) = delivery::next(&self.store, id, now()).await? else { return Ok(()) };
            in_time(begun)?;
            match self.send(&draft).await {
                // Each time another mail to the same sender got on.
                Err(Undelivered::Delivery(DeliveryError::Overtaken)) => {}
                sent => return sent,
            }
        }
    }

    async fn send(&self, draft: &Draft) -> Result<(), Undelivered> {
        let leased = Instant::now();
        let taken = delivery::lease(&self.store, draft, &self.outbound.public_base_url, now()).await?;
        let Some((lease, mail)) = taken else { return Ok(()) };
        for post in 1..=TRIES {
            match self.outbound.post(&mail, post).await {
                Ok(()) => return Ok(delivery::sent(&self.store, draft, now()).await?),
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
                Err(PostFailure::Unknown(cause)) => return Err(Undelivered::Unknown(cause)),
            }
        }
        Ok(delivery::busy(&self.store, draft, &lease, now()).await?)
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

fn in_time(begun: Instant) -> Result<(), Undelivered> {
    if begun.elapsed() < TAKES_ON { Ok(()) } else { Err(Undelivered::NoTime) }
}
