//! How long a batch and a mail may take.

use std::time::Duration;

pub use service::delivery::{LATEST, TAKES_ON};
use store::outbox::LEASE;

use crate::outbound::POST_TIMEOUT;

// How long it takes at the most, so that no other attempt holds a mail's lease while it may still be posted, and so
// that the function is not ended while it posts:
//
//   a mail is leased at the latest                      60 s after the batch came      TAKES_ON
//   its last post begins at the latest                  40 s after the lease began     POSTS
//   and gets its response, or is given up               30 s after that                POST_TIMEOUT
//   what came of it is noted, at the latest             15 s after that                the table's own limit
//                                                      ─────
//                                                       85 s of the lease's 90         LEASE
//                                                      150 s of the function's 180     LONGEST, `Timeout` in template.yaml
//
// The rest is for showing in the invitation how its mail fares, which is made up for if it is cut short. Usually all of
// it takes well below a second. A table that throttles is waited for beyond its limit, because a mail that is not noted
// as sent is certain to be sent again.

/// For how long after its lease began a mail may be posted once more.
pub const POSTS: Duration = Duration::from_secs(40);
/// How long the table may take to note something, as `runtime::aws` has it.
const NOTED: Duration = Duration::from_secs(15);
/// How long a batch takes at the most, aside from what may be cut short: the function's timeout must be longer.
pub const LONGEST: Duration = Duration::from_secs(TAKES_ON.as_secs() + LEASE.as_secs().unsigned_abs());

const _: () = assert!(
    POSTS.as_secs() + POST_TIMEOUT.as_secs() + NOTED.as_secs() < LEASE.as_secs().unsigned_abs(),
    "a lease must outlast its posts"
);
