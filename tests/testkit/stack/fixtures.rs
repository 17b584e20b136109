//! Names and addresses that no other test has, of this run or another.

use std::{
    sync::{
        OnceLock,
        atomic::{AtomicU64, Ordering},
    },
    time::SystemTime,
};

/// Returns an address that belongs to no user.
pub fn free_address() -> String {
    format!("neighbour.{}@example.net", serial())
}

/// Returns letters and digits that no other test has.
pub fn serial() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    static START: OnceLock<u64> = OnceLock::new();
    let start = START.get_or_init(|| {
        #[allow(clippy::disallowed_methods, reason = "the deployed stack has no clock that tests lead")]
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
        u64::try_from(now.as_millis()).unwrap()
    });
    format!("{start:x}n{}", NEXT.fetch_add(1, Ordering::Relaxed))
}
