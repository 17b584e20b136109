//! What a function does with the table before its first request.

use std::time::Duration;

use tokio::time::timeout;

use crate::{
    Store,
    keys::{Key, Spread},
};

impl Store {
    /// Opens the connection that the first request will use, so that it finds the handshake done.
    ///
    /// It is the request that every function may make, so that no start leaves a denial in the account's trail. What
    /// comes of it does not matter: a failure shows again, and is reported, where it matters. It waits two seconds at
    /// the most, since Lambda gives a start ten.
    pub async fn warm_up(&self) {
        let settings = Key::settings(Spread::by_time(system::now()));
        let _ = timeout(Duration::from_secs(2), self.read([settings])).await;
    }
}
