//! How the stream is delivered in a run: late, again and in batches of any size, as the mapping may do.

use std::{collections::VecDeque, sync::atomic::Ordering, time::Duration};

use serde_json::Value;
use testkit::embedded::platform;

use super::{
    super::schedule::Purpose,
    state::{CALLERS, Run},
    stream::SHARDS,
};

/// Records that a repetition may reach back over.
const PAST: usize = 2_000;
/// Records that most repetitions reach back over: some of them are still being worked on.
const LATEST: usize = 20;
/// The size of the batches that `deliver` gets at the most.
const BATCH: usize = 25;
/// Rounds in which everything must be delivered once nothing fails any more.
const ROUNDS: usize = 40;
/// How far time goes on from round to round: past the leases of the functions that crashed, and past the minute in
/// which a mail comes by again that there was no time for.
const ROUND: Duration = Duration::from_secs(100);

impl Run {
    /// Takes new records of the stream, each to the shard of its item.
    fn fetch(&self) {
        let mut stream = self.stream.lock().unwrap();
        let fresh = self.world.fresh_changes();
        for mut record in fresh {
            // Outside of a call nothing but the run knows its time.
            record["dynamodb"]["ApproximateCreationDateTime"] = (self.clock.millis() / 1_000).into();
            let pk = record["dynamodb"]["Keys"]["pk"]["S"].as_str().unwrap();
            let shard = pk.bytes().map(usize::from).sum::<usize>() % SHARDS;
            stream.shards[shard].push_back(record);
        }
    }

    /// Returns what is handed over next, and whether it is a repetition.
    fn batch(&self, shard: usize) -> (Vec<Value>, bool) {
        self.fetch();
        let mut stream = self.stream.lock().unwrap();
        let size = 1 + self.random.below(BATCH);
        if self.random.permille(150) && !stream.past.is_empty() {
            let reach = if self.random.permille(700) { LATEST } else { PAST }.min(stream.past.len());
            let from = stream.past.len() - 1 - self.random.below(reach);
            return (stream.past.iter().skip(from).take(size).cloned().collect(), true);
        }
        if self.random.permille(100) && !stream.late.is_empty() {
            let size = stream.late.len().min(BATCH);
            return (stream.late.drain(..size).collect(), false);
        }
        let size = size.min(stream.shards[shard].len());
        let batch: Vec<_> = stream.shards[shard].drain(..size).collect();
        remember(&mut stream.past, &batch);
        (batch, false)
    }

    /// Hands over one shard for as long as there are callers.
    pub(super) async fn drive(&self, shard: usize) {
        let mut failures = 0;
        while self.callers_left.load(Ordering::SeqCst) > 0 {
            let (batch, again) = self.batch(shard);
            if batch.is_empty() || self.random.permille(100) {
                // Late at times.
                let pause = if batch.is_empty() { 5 } else { 60 };
                tokio::time::sleep(Duration::from_millis(pause)).await;
            }
            if batch.is_empty() {
                continue;
            }
            let _working = self.work.read().await;
            let failed = self.hand_over(CALLERS + 1 + shard, &batch).await;
            let mut stream = self.stream.lock().unwrap();
            // What the mapping does: all from the first failure on comes again, up to a point.
            let rest = match failed {
                None => 0,
                Some(failed) => batch.iter().position(|record| failed.contains(record)).unwrap_or(batch.len()),
            };
            if again {
                continue;
            }
            failures = if rest == batch.len() { 0 } else { failures + 1 };
            let rest = batch[rest..].to_vec();
            if failures > 3 {
                failures = 0;
                stream.late.extend(rest);
            } else {
                rest.into_iter().rev().for_each(|record| stream.shards[shard].push_front(record));
            }
        }
    }

    /// Hands a batch to `deliver`; returns the records that failed, or `None` if the function crashed.
    async fn hand_over(&self, caller: usize, batch: &[Value]) -> Option<Vec<Value>> {
        let call = self.begin(caller, Purpose::Deliver, "");
        let failed = self.within(&call, self.world.hand_over(batch)).await;
        let posted = self.posted.lock().unwrap().remove(&call.number).unwrap_or_default();
        if failed.is_none() {
            // What it had sent, it may not have noted.
            self.layer.with_log(|log| posted.iter().for_each(|id| log.disturb(id)));
        }
        let mut known = self.known.lock().unwrap();
        for mail in self.world.fakes.take_mails() {
            known.arrived(mail);
        }
        drop(known);
        self.world.fakes.take_events();
        self.history.lock().unwrap().note(&(call.number, self.clock.millis(), batch.len()));
        failed
    }

    /// Delivers everything, and repeats what the platform got no response to.
    pub(super) async fn deliver_all(&self) {
        self.layer.quiet().await;
        let unfinished = std::mem::take(&mut *self.unfinished.lock().unwrap());
        for (purpose, about, request) in unfinished {
            self.request(CALLERS, purpose, &platform().id, request, &about, None).await;
        }
        let mut was_quiet = false;
        for _ in 0..ROUNDS {
            self.fetch();
            let mut all = Vec::new();
            {
                let mut stream = self.stream.lock().unwrap();
                all.append(&mut stream.late);
                stream.shards.iter_mut().for_each(|shard| all.extend(shard.drain(..)));
            }
            if all.is_empty() {
                let is_quiet = self.world.remove_outlived(self.clock.millis()) == 0;
                if is_quiet && was_quiet {
                    return;
                }
                if is_quiet {
                    self.clock.forward(ROUND);
                }
                was_quiet = is_quiet;
                continue;
            }
            was_quiet = false;
            self.clock.forward(ROUND);
            for batch in all.chunks(BATCH) {
                let failed = self.hand_over(CALLERS + 1, batch).await.unwrap_or_else(|| batch.to_vec());
                self.stream.lock().unwrap().late.extend(failed);
            }
        }
        let late = self.stream.lock().unwrap().late.len();
        self.violations.lock().unwrap().push(format!("{late} records of the stream are never dealt with"));
    }
}

fn remember(past: &mut VecDeque<Value>, batch: &[Value]) {
    past.extend(batch.iter().cloned());
    while past.len() > PAST {
        past.pop_front();
    }
}
