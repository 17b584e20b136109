//! What every proof of concurrency rests on: the database that stands in for DynamoDB is itself atomic.
//!
//! The embedded engine and the local stack's are tested alike. The table has the key `pk`, `sk`, and the canary has
//! records of its own.

use std::collections::HashMap;

use aws_sdk_dynamodb::{
    Client,
    types::{AttributeValue, ConditionCheck, Put, TransactWriteItem, Update},
};

/// Writers at the same time.
const WRITERS: usize = 8;
/// Accounts that money is moved between, and what each has at first.
const ACCOUNTS: usize = 4;
const BALANCE: i64 = 100;

type Item = HashMap<String, AttributeValue>;

/// A table, and where in it the canary keeps its records.
#[derive(Debug, Clone)]
pub struct Canary {
    /// A client of the table's service.
    pub client: Client,
    /// The name of the table.
    pub table: String,
    /// What tells the records of this canary from those of others.
    pub prefix: String,
}

fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

fn number(value: impl ToString) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

impl Canary {
    fn key(&self, name: &str) -> Item {
        Item::from([("pk".to_owned(), text(format!("CANARY#{}", self.prefix))), ("sk".to_owned(), text(name))])
    }

    async fn get(&self, name: &str) -> Option<Item> {
        let found = self.client.get_item().table_name(&self.table).set_key(Some(self.key(name))).consistent_read(true);
        found.send().await.unwrap().item
    }

    async fn balance(&self, account: usize) -> i64 {
        let item = self.get(&format!("account{account}")).await.unwrap();
        item["balance"].as_n().unwrap().parse().unwrap()
    }

    async fn put(&self, name: &str, attribute: &str, value: AttributeValue) {
        let mut item = self.key(name);
        item.insert(attribute.to_owned(), value);
        self.client.put_item().table_name(&self.table).set_item(Some(item)).send().await.unwrap();
    }

    /// Does `work` by several writers at the same time, each on a task of its own.
    async fn at_once<F: Future<Output = T> + Send + 'static, T: Send + 'static>(
        &self,
        work: impl Fn(Self, usize) -> F,
    ) -> Vec<T> {
        let tasks: Vec<_> = (0..WRITERS).map(|writer| tokio::spawn(work(self.clone(), writer))).collect();
        let mut done = Vec::new();
        for task in tasks {
            done.push(task.await.unwrap());
        }
        done
    }

    /// Asserts that of many conditional writes of one record one succeeds, and that what it wrote stays.
    pub async fn one_write_wins(&self, rounds: usize) {
        for round in 0..rounds {
            let won = self
                .at_once(move |canary, writer| async move {
                    let mut item = canary.key(&format!("race{round}"));
                    item.insert("writer".to_owned(), number(writer));
                    let put = canary.client.put_item().table_name(&canary.table).set_item(Some(item));
                    put.condition_expression("attribute_not_exists(pk)").send().await.is_ok().then_some(writer)
                })
                .await;
            let won: Vec<_> = won.into_iter().flatten().collect();
            let kept = self.get(&format!("race{round}")).await.unwrap();
            assert_eq!(vec![kept["writer"].clone()], won.iter().map(number).collect::<Vec<_>>(), "round {round}");
        }
    }

    /// Asserts that money which many transactions move to and fro at the same time is neither made nor lost.
    pub async fn transfers_keep_the_sum(&self, rounds: usize) {
        for account in 0..ACCOUNTS {
            self.put(&format!("account{account}"), "balance", number(BALANCE)).await;
        }
        let moved = self
            .at_once(move |canary, writer| async move {
                let mut moved = [0_i64; ACCOUNTS];
                for round in 0..rounds {
                    let (from, to) = ((writer + round) % ACCOUNTS, (writer + round * 3 + 1) % ACCOUNTS);
                    if from != to && canary.transfer(from, to).await {
                        moved[from] -= 1;
                        moved[to] += 1;
                    }
                }
                moved
            })
            .await;
        let mut succeeded = 0;
        for account in 0..ACCOUNTS {
            let expected: i64 = BALANCE + moved.iter().map(|moved| moved[account]).sum::<i64>();
            assert_eq!(self.balance(account).await, expected, "account {account}");
            succeeded += moved.iter().map(|moved| moved[account].abs()).sum::<i64>();
        }
        assert!(succeeded > 0, "nothing was moved at all");
    }

    /// Moves one unit from the balances that were read, unless another transfer was faster.
    async fn transfer(&self, from: usize, to: usize) -> bool {
        let before = [self.balance(from).await, self.balance(to).await];
        let set = |account: usize, before: i64, after: i64| {
            let update = Update::builder()
                .table_name(&self.table)
                .set_key(Some(self.key(&format!("account{account}"))))
                .update_expression("SET balance = :after")
                .condition_expression("balance = :before")
                .expression_attribute_values(":before", number(before))
                .expression_attribute_values(":after", number(after));
            TransactWriteItem::builder().update(update.build().unwrap()).build()
        };
        let writes = vec![set(from, before[0], before[0] - 1), set(to, before[1], before[1] + 1)];
        self.client.transact_write_items().set_transact_items(Some(writes)).send().await.is_ok()
    }

    /// Asserts that a transaction leaves nothing if one of its conditions fails, wherever in it the condition stands.
    pub async fn a_cancelled_transaction_leaves_nothing(&self) {
        self.put("there", "n", number(1)).await;
        for place in 0..3 {
            let put = |name: &str| {
                let put = Put::builder().table_name(&self.table).set_item(Some(self.key(name)));
                TransactWriteItem::builder().put(put.build().unwrap()).build()
            };
            let check = ConditionCheck::builder()
                .table_name(&self.table)
                .set_key(Some(self.key("there")))
                .condition_expression("attribute_not_exists(pk)");
            let mut writes = vec![put("one"), put("two")];
            writes.insert(place, TransactWriteItem::builder().condition_check(check.build().unwrap()).build());
            let done = self.client.transact_write_items().set_transact_items(Some(writes)).send().await;
            let failed = done.unwrap_err().into_service_error();
            assert!(failed.is_transaction_canceled_exception(), "{failed:?}");
            assert_eq!((self.get("one").await, self.get("two").await), (None, None), "place {place}");
        }
    }

    /// Asserts that of many transactions that overlap in one record one succeeds, and that no other leaves anything.
    pub async fn one_transaction_wins(&self, rounds: usize) {
        for round in 0..rounds {
            let won = self
                .at_once(move |canary, writer| async move {
                    let put = |name: String| {
                        let mut item = canary.key(&name);
                        item.insert("writer".to_owned(), number(writer));
                        let put = Put::builder().table_name(&canary.table).set_item(Some(item));
                        let put = put.condition_expression("attribute_not_exists(pk)").build().unwrap();
                        TransactWriteItem::builder().put(put).build()
                    };
                    // Each has a record of its own before or after the one that all want.
                    let mut writes = vec![put(format!("wanted{round}")), put(format!("own{round}of{writer}"))];
                    writes.rotate_left(writer % 2);
                    let done = canary.client.transact_write_items().set_transact_items(Some(writes)).send().await;
                    done.is_ok()
                })
                .await;
            let wanted = self.get(&format!("wanted{round}")).await;
            assert_eq!(won.iter().filter(|won| **won).count(), usize::from(wanted.is_some()), "round {round}: {won:?}");
            for (writer, won) in won.into_iter().enumerate() {
                let own = self.get(&format!("own{round}of{writer}")).await;
                assert_eq!(own.is_some(), won, "round {round}, writer {writer}");
                let has = wanted.as_ref().is_some_and(|wanted| wanted["writer"] == number(writer));
                assert_eq!(has, won, "round {round}, writer {writer}");
            }
        }
    }
}
