//! What is done each minute: the gate follows the mail service's account, and what is due goes on.

use domain::{Timestamp, gate::Account};
use store::{Store, StoreError};

/// How many lifetimes end in a minute at the most, so that a great many that end together hold up nothing else: a third
/// of what the index of one community takes.
const LAPSED: usize = 10_000;

/// Has the stream report the mails whose time has come, as many as the mail service takes by what it says of the
/// account, and the invitations whose lifetime has ended. Returns how many mails. The pace is that of a stream with so
/// many `shards`, as far as that is known.
///
/// # Errors
/// [`StoreError`] if the table fails. What was reported stays so.
pub async fn wake(
    store: &Store,
    account: Option<&Account>,
    shards: Option<u32>,
    now: Timestamp,
) -> Result<usize, StoreError> {
    if store.is_anything_parked().await? {
        // The alarm goes by lines of this level, and lasts as long as they do.
        tracing::error!("mails are parked");
    }
    let known = store.gate().await?;
    let (gate, most) = known.shared_by(shards).after(account, now);
    if let Some(fault) = gate.fault.as_ref().filter(|_| gate.closed_until > known.closed_until) {
        // The account itself says so, and no mail is tried that could tell.
        tracing::error!(fault, "the mail service takes no mail");
    }
    if gate != known {
        store.put_gate(&gate).await?;
    }
    // Mails come first, so that lifetimes that cannot be ended hold up none.
    let woken = store.wake(now, most as usize).await?;
    let lapsed = store.end_lifetimes(now, LAPSED).await?;
    if lapsed > 0 {
        tracing::info!(lapsed, "lifetimes have ended");
    }
    Ok(woken)
}
