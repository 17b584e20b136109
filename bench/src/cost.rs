//! `docs/cost.md`: what a million invitations cost on AWS, from what was measured and from `bench/prices.toml`.

use std::{collections::BTreeMap, fs, path::Path};

use serde::Deserialize;
use testkit::template::template;

use crate::{
    error::Result,
    fixtures::CaseKind,
    operation::{LARGEST_SEND, NOTICES},
    page::{splice, table},
    recorder::Usage,
    results::{BackgroundResult, NodeResult, OperationResult, Results, TableResult},
};

/// AWS's prices, and what is assumed.
#[derive(Deserialize)]
pub(crate) struct Prices {
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

impl Prices {
    /// Reads them from `bench/prices.toml`.
    pub(crate) fn read() -> Result<Self> {
        Ok(toml::from_str(&fs::read_to_string("bench/prices.toml")?)?)
    }

    /// Returns what a million calls cost, in US dollars: Lambda alone; and gateway, Lambda and table together.
    pub(crate) fn million(&self, result: &OperationResult) -> (f64, f64) {
        Step { times: [1.0; 3], ..Step::request(result) }.million(self)
    }

    /// Returns the same for the operation's peer in Node, with the same memory.
    pub(crate) fn million_in_node(&self, result: &OperationResult, node: &NodeResult) -> (f64, f64) {
        let NodeResult { metrics, usage, .. } = node;
        Step { times: [1.0; 3], init: metrics.init, cpu: metrics.cpu, usage, ..Step::request(result) }.million(self)
    }
}

/// The records that an accepted invitation leaves, in bytes: the invitation with its message, three mails, the mark of
/// the counters, the standing, the deadline, and its places in three indexes, each with the hundred that `DynamoDB`
/// adds.
const KEPT_BYTES: f64 = 4_500.0;
/// What comes before the body of a response on its way to a caller, in bytes.
const RESPONSE_HEAD_BYTES: f64 = 500.0;
/// The operation that puts a mail to the sender into the outbox, unless the network has them hear of nothing.
const ACCEPTANCE: &str = "accept behind a link";
/// The write units of a mail's record in a transaction.
const OUTBOX_MAIL: f64 = 2.0;
/// The operations that differ in the number of recipients alone.
const SENDS: [&str; 3] = ["send to 1 user", "send to 10 users", LARGEST_SEND];

/// One step in the life of an invitation: an invocation that AWS bills.
struct Step<'a> {
    name: &'a str,
    /// How often it happens, for each of [`NOTICES`].
    times: [f64; 3],
    /// Whether it comes over the API.
    is_request: bool,
    /// The function's memory, in megabytes.
    memory: f64,
    /// In microseconds.
    init: f64,
    /// In microseconds.
    cpu: f64,
    usage: &'a Usage,
}

/// Dollars for each service.
type Bill = BTreeMap<&'static str, f64>;

impl<'a> Step<'a> {
    fn request(result: &'a OperationResult) -> Self {
        let OperationResult { operation, smallest: TableResult { function, usage, .. }, .. } = result;
        Self {
            name: operation.name,
            times: [operation.per_invitation.into(); 3],
            is_request: true,
            memory: template().function_behind(operation.route).memory.into(),
            init: function.init,
            cpu: function.cpu,
            usage,
        }
    }

    fn background(result: &'a BackgroundResult) -> Self {
        let BackgroundResult { step, init, cpu, usage } = result;
        Self {
            name: step.name,
            times: step.per_invitation.map(Into::into),
            is_request: false,
            memory: template().function(step.function).memory.into(),
            init: *init,
            cpu: *cpu,
            usage,
        }
    }

    /// Returns the time that one invocation is billed for.
    #[allow(clippy::cast_precision_loss, reason = "a few requests")]
    fn milliseconds(&self, prices: &Prices) -> f64 {
        let assumed = &prices.assumed;
        let slower = (assumed.megabytes_of_a_processor / self.memory).max(1.0);
        let Usage { groups, mails, events, .. } = self.usage;
        let other_services = f64::from(u8::from(*mails > 0) + u8::from(*events > 0));
        let waiting =
            groups.len() as f64 * assumed.round_trip_milliseconds + other_services * assumed.other_service_milliseconds;
        // Lambda gives init a whole processor, and bills it.
        let cold = self.init / 1e3 * assumed.cold_starts_per_thousand / 1e3;
        (self.cpu / 1e3 * slower + waiting + cold).ceil()
    }

    /// The write units of one invocation under that one of [`NOTICES`].
    fn write_units(&self, notices: usize) -> f64 {
        let is_silent = self.name == ACCEPTANCE && NOTICES[notices] == "none";
        self.usage.write_units - if is_silent { OUTBOX_MAIL } else { 0.0 }
    }

    /// Charges a million times as many invocations as there are under that one of [`NOTICES`].
    #[allow(clippy::cast_precision_loss, reason = "a few requests")]
    fn charge(&self, prices: &Prices, notices: usize, bill: &mut Bill) {
        let mut add = |service, dollars: f64| *bill.entry(service).or_default() += self.times[notices] * dollars;
        let gigabyte_seconds = self.milliseconds(prices) / 1e3 * self.memory / 1024.0;
        add("Lambda", prices.lambda_requests + gigabyte_seconds * 1e6 * prices.lambda_arm64);
        add("DynamoDB reads", self.usage.read_units * prices.read_units);
        add("DynamoDB writes", self.write_units(notices) * prices.write_units);
        add("SES", self.usage.mails as f64 * prices.mails);
        add("EventBridge", self.usage.events as f64 * prices.events);
        let mut logged = prices.assumed.bytes_logged_per_invocation;
        if self.is_request {
            add("API Gateway", prices.api_requests);
            add("Traffic out", (self.usage.response_bytes as f64 + RESPONSE_HEAD_BYTES) / 1e3 * prices.traffic_out);
            logged += prices.assumed.bytes_logged_per_request;
        }
        add("CloudWatch Logs", logged / 1e3 * (prices.logs + prices.logs_kept));
    }

    /// Returns what a million of these steps cost: Lambda alone; and gateway, Lambda and table together.
    fn million(&self, prices: &Prices) -> (f64, f64) {
        let mut bill = Bill::new();
        self.charge(prices, 0, &mut bill);
        let dollars = |service| bill.get(service).copied().unwrap_or_default();
        let services = ["API Gateway", "Lambda", "DynamoDB reads", "DynamoDB writes"];
        (dollars("Lambda"), services.into_iter().map(dollars).sum())
    }
}

/// Writes what is between the markers of `docs/cost.md`.
pub(crate) fn write(results: &Results, prices: &Prices) -> Result<()> {
    let requests = results.operations.iter().map(Step::request);
    let background = results.background.iter().map(Step::background);
    let steps: Vec<_> = requests.chain(background).collect();
    let life: Vec<_> = steps.iter().filter(|step| step.times.iter().any(|times| *times > 0.0)).collect();
    let text = format!(
        "Computed on {} with AWS's list prices of {} ({}), from the figures of [speed.md](speed.md). `make bench` computes \
         it anew; the prices are in `bench/prices.toml`.\n\n{}\n{}\n{}",
        results.date,
        prices.taken,
        prices.region,
        uses(&life, prices),
        costs(&life, prices),
        bulk(results, prices)?,
    );
    splice(Path::new("docs/cost.md"), "figures", &text)
}

fn uses(life: &[&Step], prices: &Prices) -> String {
    let row = |step: &&Step| {
        let Usage { read_units, write_units, .. } = step.usage;
        let figures = [step.milliseconds(prices), step.memory, *read_units, *write_units];
        let figures = step.times.into_iter().chain(figures).map(|figure| figure.to_string());
        [step.name.to_owned()].into_iter().chain(figures).collect()
    };
    let title = "Step | times with `each`: | `digest`: | `none`: | billed ms: | MB: | read units: | write units:";
    let rows = table(title, life.iter().map(row));
    let written = [0, 1, 2].map(|notices| {
        let units: f64 = life.iter().map(|step| step.times[notices] * step.write_units(notices)).sum();
        format!("{units} with `{}`", NOTICES[notices])
    });
    format!("### What one invitation uses\n\n{rows}\nWrite units in all: {}.\n", written.join(", "))
}

fn costs(life: &[&Step], prices: &Prices) -> String {
    let bills = [0, 1, 2].map(|notices| {
        let mut bill = Bill::new();
        for step in life {
            step.charge(prices, notices, &mut bill);
        }
        bill.insert("DynamoDB storage, first month", KEPT_BYTES / 1e3 * (prices.table + prices.table_backup));
        bill
    });
    let row = |name: &str, figure: &dyn Fn(&Bill) -> String| {
        [name.to_owned()].into_iter().chain(bills.iter().map(figure)).collect::<Vec<_>>()
    };
    let total = |bill: &Bill| bill.values().sum::<f64>();
    let beside = |bill: &Bill| total(bill) - bill["SES"];
    let services = bills[0].keys().map(|service| row(service, &|bill| format!("{:.2}", bill[service])));
    let sums = [
        row("**all**", &|bill| format!("**{:.2}**", total(bill))),
        row("**beside SES**", &|bill| format!("**{:.2}**", beside(bill))),
        row("as a share of SES", &|bill| format!("{:.0} %", 100.0 * beside(bill) / bill["SES"])),
    ];
    let rows = table("US dollars for | `each`: | `digest`: | `none`:", services.chain(sums));
    format!("### What a million of them cost\n\n{rows}")
}

fn bulk(results: &Results, prices: &Prices) -> Result<String> {
    let mut rows = Vec::new();
    for result in results.operations.iter().filter(|result| SENDS.contains(&result.operation.name)) {
        let CaseKind::Guests(recipients) = result.operation.case else { continue };
        let recipients = u32::try_from(recipients)?;
        let (_, dollars) = prices.million(result);
        let Usage { read_units, write_units, .. } = &result.smallest.usage;
        rows.push(vec![
            recipients.to_string(),
            result.smallest.usage.requests().to_string(),
            read_units.to_string(),
            write_units.to_string(),
            format!("{:.2}", dollars / f64::from(recipients)),
        ]);
    }
    let rows = table("Recipients: | requests to the table: | read units: | write units: | US dollars:", rows);
    Ok(format!(
        "### Sending alone, by recipients in a request\n\nUS dollars for a million invitations made: gateway, Lambda, \
         table.\n\n{rows}"
    ))
}
