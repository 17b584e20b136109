//! The records of the stream that a run has on their way.

use std::collections::VecDeque;

use serde_json::Value;

/// Drivers of the stream, each with the items of some partitions.
pub(super) const SHARDS: usize = 2;

/// The records of the stream that are on their way.
#[derive(Default)]
pub(super) struct Stream {
    /// What comes next, by the partition of the items.
    pub(super) shards: [VecDeque<Value>; SHARDS],
    /// Records that failed and come again later.
    pub(super) late: Vec<Value>,
    /// What was handed over, and may come again.
    pub(super) past: VecDeque<Value>,
}
