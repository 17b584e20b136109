//! Delivery of the mails in the outbox: what comes next for one, its lease, its content, and what came of it.
//!
//! `domain::delivery` decides; it is carried out here, as far as the table goes. The mail service itself is the
//! caller's, who posts the mails.

mod attempt;
mod batch;
mod content;
mod error;
mod next;
mod parking;
mod recipient;
mod tracking;
mod waking;

use std::ops::ControlFlow;

use domain::delivery::{Failure, spread};
use store::{Store, StoreError, outbox::MailId, retry};
use system::now;

pub(crate) use self::parking::reach_again;
use self::{attempt::Attempt, next::next, parking::park_unwritable};
pub use self::{
    attempt::OutgoingMail,
    batch::{Batch, LATEST, TAKES_ON},
    error::DeliveryError,
    parking::{park_record, release_all, release_mail, release_record},
    tracking::track,
    waking::wake,
};

/// Delivers a mail of the batch, with links below `public_base_url`: does what comes next for it, and has it posted by
/// `post` if it is to be sent. A mail that there is no time for comes by again; one that cannot be made is parked.
///
/// It takes as long as the mail service does, and so reads the clock at each step.
///
/// # Errors
/// [`DeliveryError::Leased`] while another attempt is at it, [`DeliveryError::Store`] if the table fails.
pub async fn deliver<F>(
    store: &Store,
    id: &MailId,
    batch: &Batch,
    public_base_url: &str,
    post: impl Fn(OutgoingMail) -> F,
) -> Result<(), DeliveryError>
where
    F: Future<Output = Result<(), Failure>>,
{
    let attempted = match retry((), |()| begin(store, id, batch, public_base_url)).await {
        Ok(Some(attempt)) => attempt.carry_out(store, batch, post).await,
        Ok(None) => Ok(()),
        Err(error) => Err(error),
    };
    match attempted {
        Err(DeliveryError::NoTime) => Ok(store.look_again(id, spread(id.invitation, now())).await?),
        // The next attempt would not read or make it either.
        Err(DeliveryError::Unwritable | DeliveryError::Store(StoreError::Damaged(_))) => {
            Ok(park_unwritable(store, id, now()).await?)
        }
        attempted => attempted,
    }
}

/// Does what comes next for the mail, and takes its lease if it is to be sent. Continues where something got in
/// between, so that it is to be decided again.
async fn begin(
    store: &Store,
    id: &MailId,
    batch: &Batch,
    public_base_url: &str,
) -> Result<ControlFlow<Option<Attempt>>, DeliveryError> {
    batch.takes_on()?;
    let draft = match next(store, id, batch, now()).await? {
        ControlFlow::Break(Some(draft)) => draft,
        ControlFlow::Break(None) => return Ok(ControlFlow::Break(None)),
        ControlFlow::Continue(()) => return Ok(ControlFlow::Continue(())),
    };
    batch.turn().await?;
    let attempt = Attempt::begin(store, draft, public_base_url, now()).await?;
    Ok(attempt.map_or(ControlFlow::Continue(()), |attempt| ControlFlow::Break(Some(attempt))))
}
