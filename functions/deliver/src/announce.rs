//! Events for the host platform, put on the bus.

use domain::event::events;

use crate::{Change, Deliver, outbound::Announcement};

impl Deliver {
    /// Announces what the changes mean. Returns the reports whose events the bus did not take.
    pub(crate) async fn announce(&self, changes: &[Change]) -> Vec<String> {
        let announcements: Vec<_> = changes
            .iter()
            .flat_map(|change| {
                let of = |event| Announcement { sequence: change.sequence.clone(), event };
                events(change.before.as_ref(), &change.after).into_iter().map(of)
            })
            .collect();
        self.outbound.announce(&announcements).await
    }
}
