//! `docs/cost.md`: what a million invitations cost on AWS, from what was measured and from `bench/prices.toml`.

use std::{collections::BTreeMap, fmt::Write as _, fs, path::Path};

use serde::Deserialize;

use crate::{
    Outcome,
    report::{Findings, splice},
};

#[derive(Deserialize)]
struct Prices {
    taken: String,
    region: String,
    api_requests: f64,
    lambda_requests: f64,
    read_units: f64,
    write_units: f64,
    events: f64,
    mails: f64,
    lambda_arm64: f64,
    logs: f64,
    traffic_out: f64,
    table: f64,
    table_backup: f64,
    logs_kept: f64,
    assumed: Assumed,
}

#[derive(Deserialize)]
struct Assumed {
    round_trip_milliseconds: f64,
    other_service_milliseconds: f64,
    megabytes_of_a_processor: f64,
    bytes_logged_per_invocation: f64,
    bytes_logged_per_request: f64,
    cold_starts_per_thousand: f64,
}

/// The life of a usual invitation: what is called how often.
const LIFE: [(&str, f64); 6] = [
    ("send to 1 user", 1.0),
    ("list-mine", 2.0),
    ("status, to the invitee", 1.0),
    ("page behind a link", 1.0),
    ("accept behind a link", 1.0),
    ("list-sent, own", 1.0),
];
/// What follows by itself: each once, and the delivery of three mails.
const AFTERMATH: [(&str, f64); 3] =
    [("deliver, after a send", 1.0), ("deliver, after an acceptance", 1.0), ("feedback, mail delivered", 3.0)];
/// The records that an accepted invitation leaves, with their copies in the indexes, in bytes: invitation four times,
/// mails, tally mark, standing.
const KEPT: f64 = 6_000.0;
/// What an answer weighs on its way to a caller, in bytes.
const ANSWER: f64 = 3_000.0;

/// The memory that a function has.
fn memory(function: &str) -> f64 {
    if ["send", "deliver"].contains(&function) { 512.0 } else { 256.0 }
}

/// What one invocation uses, whoever asks for it.
struct Use {
    milliseconds: f64,
    gigabyte_seconds: f64,
    read_units: f64,
    write_units: f64,
}

impl Use {
    fn of(
        prices: &Prices,
        (function, computed, init): (&str, f64, f64),
        (rounds, calls): (f64, f64),
        (read_units, write_units): (f64, f64),
    ) -> Self {
        let assumed = &prices.assumed;
        let memory = memory(function);
        let slower = (assumed.megabytes_of_a_processor / memory).max(1.0);
        let waiting = rounds * assumed.round_trip_milliseconds + calls * assumed.other_service_milliseconds;
        // Lambda gives init a whole processor, and bills it.
        let cold = init / 1e3 * assumed.cold_starts_per_thousand / 1e3;
        let milliseconds = (computed / 1e3 * slower + waiting + cold).ceil();
        Self { milliseconds, gigabyte_seconds: milliseconds / 1e3 * memory / 1024.0, read_units, write_units }
    }
}

impl Findings {
    /// Writes what is between the markers of `docs/cost.md`.
    pub(crate) fn price(&self) -> Outcome<()> {
        let prices: Prices = toml::from_str(&fs::read_to_string("bench/prices.toml")?)?;
        let mut text = String::new();
        writeln!(
            text,
            "Computed on {} with AWS's list prices of {} ({}), from the figures of [speed.md](speed.md). `make bench` \
             computes it anew; the prices are in `bench/prices.toml`.\n",
            self.date, prices.taken, prices.region
        )?;
        let mut bill: BTreeMap<&str, f64> = BTreeMap::new();
        let mut add = |service: &'static str, dollars: f64| *bill.entry(service).or_default() += dollars;
        writeln!(text, "### What one invitation uses\n")?;
        writeln!(text, "| Step | times | billed ms | MB | read units | write units |\n|---|--:|--:|--:|--:|--:|")?;
        for (name, times) in LIFE {
            let Some(row) = self.rows.iter().find(|row| row.name == name) else { continue };
            let (_, _, reads, writes) = row.sizes.first().copied().unwrap_or_default();
            #[allow(clippy::cast_precision_loss, reason = "a few requests")]
            let rounds = row.rounds as f64;
            let (function, ours) = (row.function.as_str(), &row.ours);
            let used = Use::of(&prices, (function, ours.computed, ours.init), (rounds, 0.0), (reads, writes));
            used.charge(&prices, times, &mut add);
            add("API Gateway", times * prices.api_requests);
            add(
                "CloudWatch Logs",
                times * prices.assumed.bytes_logged_per_request / 1e3 * (prices.logs + prices.logs_kept),
            );
            add("Traffic out", times * ANSWER / 1e3 * prices.traffic_out);
            used.line(&mut text, name, function, times)?;
        }
        for (name, times) in AFTERMATH {
            let Some(step) = self.steps.iter().find(|step| step.name == name) else { continue };
            #[allow(clippy::cast_precision_loss, reason = "a few requests")]
            let (rounds, mails, events) = (step.rounds as f64, step.mails as f64, step.events as f64);
            let calls = f64::from(u8::from(step.mails > 0)) + f64::from(u8::from(step.events > 0));
            let function = step.function.as_str();
            let units = (step.read_units, step.write_units);
            let used = Use::of(&prices, (function, step.computed, step.init), (rounds, calls), units);
            used.charge(&prices, times, &mut add);
            add("SES", times * mails * prices.mails);
            add("EventBridge", times * events * prices.events);
            used.line(&mut text, name, function, times)?;
        }
        add("DynamoDB storage, first month", KEPT / 1e3 * (prices.table + prices.table_backup));
        let total: f64 = bill.values().sum();
        writeln!(text, "\n### What a million of them cost\n\n| Service | US dollars |\n|---|--:|")?;
        for (service, dollars) in &bill {
            writeln!(text, "| {service} | {dollars:.2} |")?;
        }
        writeln!(text, "| **all** | **{total:.2}** |")?;
        self.price_bulk(&prices, &mut text)?;
        splice(Path::new("docs/cost.md"), "figures", &text)
    }

    fn price_bulk(&self, prices: &Prices, text: &mut String) -> Outcome<()> {
        writeln!(text, "\n### Sending alone, by recipients in a request\n")?;
        writeln!(text, "US dollars for a million invitations made: gateway, Lambda, table.\n")?;
        writeln!(
            text,
            "| Recipients | requests to the table | read units | write units | US dollars |\n|--:|--:|--:|--:|--:|"
        )?;
        for (name, count) in [("send to 1 user", 1.0), ("send to 10 users", 10.0), ("send to 100 users", 100.0)] {
            let Some(row) = self.rows.iter().find(|row| row.name == name) else { continue };
            let (_, _, reads, writes) = row.sizes.first().copied().unwrap_or_default();
            #[allow(clippy::cast_precision_loss, reason = "a few requests")]
            let rounds = row.rounds as f64;
            let used =
                Use::of(prices, (&row.function, row.ours.computed, row.ours.init), (rounds, 0.0), (reads, writes));
            let mut dollars = prices.api_requests;
            used.charge(prices, 1.0, &mut |_, more| dollars += more);
            writeln!(text, "| {count} | {} | {reads} | {writes} | {:.2} |", row.requests, dollars / count)?;
        }
        Ok(())
    }
}

impl Use {
    /// Charges a million times as many.
    fn charge(&self, prices: &Prices, times: f64, add: &mut impl FnMut(&'static str, f64)) {
        add("Lambda", times * (prices.lambda_requests + self.gigabyte_seconds * 1e6 * prices.lambda_arm64));
        add("DynamoDB reads", times * self.read_units * prices.read_units);
        add("DynamoDB writes", times * self.write_units * prices.write_units);
        let logged = prices.assumed.bytes_logged_per_invocation / 1e3;
        add("CloudWatch Logs", times * logged * (prices.logs + prices.logs_kept));
    }

    fn line(&self, text: &mut String, name: &str, function: &str, times: f64) -> Outcome<()> {
        let Self { milliseconds, read_units, write_units, .. } = self;
        let memory = memory(function);
        Ok(writeln!(text, "| {name} | {times} | {milliseconds} | {memory} | {read_units} | {write_units} |")?)
    }
}
