//! What nearly every request reads is kept in copies, so that no single record is the ceiling of the stack.

use std::collections::BTreeSet;

use domain::Timestamp;
use serde_json::json;
use store::keys::{Key, Spread};
use testkit::embedded::World;

#[tokio::test]
async fn every_copy_of_the_settings_says_what_was_put_last() {
    let world = World::new().await;
    for days in [3, 5] {
        world.settings(json!({ "declineCooldownDays": days })).await;
        for key in Key::settings_copies() {
            let copy = world.record(key).await.unwrap();
            assert_eq!(copy["declineCooldownDays"].as_n(), Ok(&days.to_string()));
        }
    }
}

#[test]
fn requests_spread_over_all_copies_of_the_settings() {
    let at = |millis| Key::settings(Spread::by_time(Timestamp::from_millisecond(millis).unwrap()));
    let read: BTreeSet<_> = (1_793_534_400_000..1_793_534_400_256).map(at).collect();
    let copies: BTreeSet<_> = Key::settings_copies().collect();
    assert_eq!(read, copies);
}
