//! The table's stream, handed to `deliver` by the test: in order or not, once or more often.

use aws_lambda_events::dynamodb::Event;
use deliver::task::Task;
use dynoxide::actions::{
    describe_stream::DescribeStreamRequest, get_records::GetRecordsRequest, get_shard_iterator::GetShardIteratorRequest,
};
use serde_json::{Value, json};
use system::now;

use super::{Mail, World};
use crate::template::template;

/// The size of the batches that `deliver` gets.
const BATCH: usize = 25;
/// How often a record comes again before the mapping gives it up.
const RETRIES: u32 = 10;

/// Returns of which kind a record is after the change; nothing if it is removed.
pub fn kind_of(change: &Value) -> &str {
    change["dynamodb"]["NewImage"]["kind"]["S"].as_str().unwrap_or_default()
}

impl World {
    /// Returns the records since the last time, as far as the mapping's filters let them through.
    pub fn changes(&self) -> Vec<Value> {
        let changes = self.fresh_changes();
        self.stream.seen.lock().unwrap().extend_from_slice(&changes);
        changes
    }

    /// Returns the same, without keeping them for [`World::history`].
    pub fn fresh_changes(&self) -> Vec<Value> {
        let mut changes = self.read_on(&mut self.stream.iterator.lock().unwrap());
        changes.retain(|record| template().streams(record));
        changes
    }

    /// Returns all that the stream holds, also what no mapping hands over.
    pub fn whole_stream(&self) -> Vec<Value> {
        self.read_on(&mut None)
    }

    /// Reads the stream on from the iterator, or from its beginning.
    fn read_on(&self, iterator: &mut Option<String>) -> Vec<Value> {
        let mut records = Vec::new();
        loop {
            let shard_iterator = iterator.take().unwrap_or_else(|| self.first_iterator());
            let page = self.engine.database().get_records(GetRecordsRequest { shard_iterator, limit: None }).unwrap();
            iterator.clone_from(&page.next_shard_iterator);
            if page.records.is_empty() {
                return records;
            }
            records.extend(page.records.iter().map(|record| {
                let mut record = serde_json::to_value(record).unwrap();
                // The engine does not know the clock of the test.
                record["dynamodb"]["ApproximateCreationDateTime"] = now().as_second().into();
                record
            }));
        }
    }

    /// Returns every record of the stream so far.
    pub fn history(&self) -> Vec<Value> {
        self.changes();
        self.stream.seen.lock().unwrap().clone()
    }

    fn first_iterator(&self) -> String {
        let request =
            DescribeStreamRequest { stream_arn: self.stream.arn.lock().unwrap().clone(), ..Default::default() };
        let stream = self.engine.database().describe_stream(request).unwrap().stream_description;
        let request = GetShardIteratorRequest {
            stream_arn: self.stream.arn.lock().unwrap().clone(),
            shard_id: stream.shards[0].shard_id.clone(),
            shard_iterator_type: "TRIM_HORIZON".to_owned(),
            sequence_number: None,
        };
        self.engine.database().get_shard_iterator(request).unwrap().shard_iterator.unwrap()
    }

    /// Hands the records to `deliver` as one batch, and returns those that must come again.
    pub async fn hand_over(&self, records: &[Value]) -> Vec<Value> {
        let event: Event = serde_json::from_value(json!({ "Records": records })).expect("the records must read");
        let response = Box::pin(self.deliver.handle(event)).await.unwrap();
        let failed: Vec<_> =
            response.batch_item_failures.iter().filter_map(|one| one.item_identifier.clone()).collect();
        let is_failed = |record: &&Value| {
            failed.iter().any(|sequence| record["dynamodb"]["SequenceNumber"].as_str() == Some(sequence))
        };
        records.iter().filter(is_failed).cloned().collect()
    }

    /// Hands over the stream until nothing comes any more. Every record must be dealt with in the end.
    pub async fn pump(&self) {
        loop {
            let changes = self.changes();
            if changes.is_empty() {
                return;
            }
            for batch in changes.chunks(BATCH) {
                let mut rest = batch.to_vec();
                for _ in 0..=RETRIES {
                    rest = self.hand_over(&rest).await;
                    if rest.is_empty() {
                        break;
                    }
                }
                assert!(rest.is_empty(), "records that were never dealt with: {rest:?}");
            }
        }
    }

    /// Wakes the mails whose time has come, as the clock does every minute.
    pub async fn wake(&self) {
        self.deliver.perform(Task::Wake).await.unwrap();
    }

    /// Delivers everything that is due, and returns the mails, in the order of their addresses.
    pub async fn deliver_mails(&self) -> Vec<Mail> {
        self.pump().await;
        let mut mails = self.fakes.take_mails();
        mails.sort_by(|one, other| one.to.cmp(&other.to));
        mails
    }

    /// Delivers everything that is due, and returns the only mail.
    pub async fn deliver_mail(&self) -> Mail {
        self.pump().await;
        self.fakes.take_mail()
    }
}
