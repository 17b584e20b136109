//! The embedded engine is atomic: before anything is proved on it, it must be trusted.

use testkit::{canary::Canary, embedded::World};

/// How often each race is run.
const ROUNDS: usize = 20;

async fn canary() -> Canary {
    World::new().await.canary()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_conditional_writes_one_wins() {
    canary().await.one_write_wins(ROUNDS).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_overlapping_transactions_one_wins_whole() {
    canary().await.one_transaction_wins(ROUNDS).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn transfers_at_the_same_time_keep_the_sum() {
    canary().await.transfers_keep_the_sum(ROUNDS).await;
}

#[tokio::test]
async fn a_cancelled_transaction_leaves_nothing() {
    canary().await.a_cancelled_transaction_leaves_nothing().await;
}
