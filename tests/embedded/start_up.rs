//! What a function does before its first request.

use testkit::embedded::World;

/// `template.yaml` lets every function read records by a batch, and not every one by anything else.
#[tokio::test]
async fn the_connection_is_opened_by_a_read_that_every_function_may_do() {
    let world = World::new().await;
    world.meter.take();
    world.api.store.warm_up().await;
    let requests = world.meter.take().requests;
    assert_eq!(requests.into_iter().collect::<Vec<_>>(), [("BatchGetItem".to_owned(), 1)]);
}
