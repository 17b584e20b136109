//! The database of the local stack is atomic: what races show there rests on it.

use testkit::stack::stack;

/// How often each race is run: every request costs the emulator a while.
const ROUNDS: usize = 5;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_conditional_writes_one_wins() {
    stack().canary("writes").one_write_wins(ROUNDS).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_overlapping_transactions_one_wins_whole() {
    stack().canary("transactions").one_transaction_wins(ROUNDS).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn transfers_at_the_same_time_keep_the_sum() {
    stack().canary("transfers").transfers_keep_the_sum(ROUNDS).await;
}

#[tokio::test]
async fn a_cancelled_transaction_leaves_nothing() {
    stack().canary("cancelled").a_cancelled_transaction_leaves_nothing().await;
}
