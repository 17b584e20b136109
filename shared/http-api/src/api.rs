//! What handlers reach of the world.

use std::time::Duration;

use store::Store;

use super::caller::Claims;

/// What handlers reach: the table, the claims that name their callers, and where links lead.
#[derive(Debug, Clone)]
pub struct Api {
    /// The table.
    pub store: Store,
    /// How callers are named.
    pub claims: Claims,
    /// Where links lead; empty for the address that a request came to.
    pub public_base_url: String,
}

impl Api {
    /// The same for one request, whose response is due after `time`.
    pub fn within(&self, time: Duration) -> Self {
        Self { store: self.store.within(time), ..self.clone() }
    }
}
