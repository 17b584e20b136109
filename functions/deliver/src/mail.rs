//! Posting one mail: again while the mail service is only busy, as long as its lease has time for that.

use std::time::Duration;

use aws_sdk_sesv2::Client;
use domain::delivery::Failure;
use service::delivery::OutgoingMail;
use system::randomise;
use tokio::time::sleep;

use crate::{
    outbound::{Outbound, PostFailure},
    timing::POSTS,
};

/// How often the mail service is asked within one lease when it is busy: over half a minute, with pauses that double
/// from half a second, since it counts its rate by the second.
pub const TRIES: u32 = 7;

impl Outbound {
    /// Posts the mail, until the mail service takes it or says anything but that it is busy.
    pub(crate) async fn send(&self, ses: &Client, mail: OutgoingMail) -> Result<(), Failure> {
        for post in 1..=TRIES {
            match self.post(ses, &mail, post).await {
                Ok(()) => return Ok(()),
                Err(PostFailure::Busy(cause)) => {
                    tracing::warn!(invitation = %mail.invitation, cause, post, "the mail service is busy");
                    let pause = self.pause(post);
                    if post == TRIES || mail.leased_at.elapsed() + pause > POSTS {
                        break;
                    }
                    sleep(pause).await;
                }
                Err(PostFailure::Rejected(why)) => return Err(Failure::Rejected(why)),
                Err(PostFailure::Stopped(fault)) => return Err(Failure::Stopped(fault)),
                // The mail may be on its way.
                Err(PostFailure::Unknown(cause)) => {
                    tracing::warn!(invitation = %mail.invitation, cause, "the mail service did not respond");
                    return Err(Failure::NoResponse);
                }
            }
        }
        Err(Failure::Busy)
    }

    /// How long to wait after that many posts that met a busy mail service: doubling, half of it by chance, so that
    /// mails that met it together do not come back together.
    fn pause(&self, posts: u32) -> Duration {
        let most = self.first_pause.saturating_mul(1 << (posts - 1));
        let mut chance = [0];
        // Without randomness the wait is merely not jittered.
        let _ = randomise(&mut chance);
        most / 2 + most.mul_f64(f64::from(chance[0]) / 512.0)
    }
}
