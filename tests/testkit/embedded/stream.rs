//! How far a test has read the table's stream.

use std::sync::Mutex;

use serde_json::Value;

/// How far the stream has been read.
pub(super) struct Stream {
    pub(super) arn: Mutex<String>,
    pub(super) iterator: Mutex<Option<String>>,
    /// All that has been read.
    pub(super) seen: Mutex<Vec<Value>>,
}

impl Stream {
    pub(super) fn new(arn: String) -> Self {
        Self { arn: Mutex::new(arn), iterator: Mutex::default(), seen: Mutex::default() }
    }

    /// Reads another stream, from its beginning.
    pub(super) fn restart(&self, arn: String) {
        *self.arn.lock().unwrap() = arn;
        *self.iterator.lock().unwrap() = None;
    }
}
