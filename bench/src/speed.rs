//! `docs/speed.md`: each operation beside its floor, and the targets that a run missed.

use std::path::Path;

use testkit::template::{Function, template};

use crate::{
    behaviour::Seen,
    beside_node,
    better_auth::{Compared, Measured},
    cost::Prices,
    error::Result,
    operation::{LARGEST_SEND, PEOPLE},
    page::{grouped, measured_on, megabytes, splice, table, today},
    program::node_version,
    results::{Metrics, OperationResult, Results, TableResult, ratio},
    size::{FunctionSize, Size},
};

/// The targets: each a ratio to the floor.
const WARM: f64 = 1.25;
const INIT: f64 = 1.25;
const MEMORY: f64 = 1.5;
/// The one for the processor time of the largest send.
const BULK_CPU: f64 = 1.4;
/// The target for a larger table, as a ratio to the smallest.
const GROWTH: f64 = 1.1;
/// The target for the zip of a function that a caller waits for, in bytes.
const ZIP: u64 = 2_500_000;

/// Writes what is between the markers of `docs/speed.md`.
pub(crate) fn write(results: &Results, prices: &Prices) -> Result<()> {
    beside_node::write_opening(results, prices)?;
    let operations = &results.operations;
    let text = [
        format!("{} Repeat it with `make bench`.", measured_on(&results.date)),
        beside_node::beside_node(results, prices, &node_version()?),
        times(operations),
        requests(operations),
        growth(operations),
        keystrokes(operations),
        memory(operations),
        sizes(&results.sizes),
        missed(results),
    ];
    splice(Path::new("docs/speed.md"), "figures", &text.map(|part| part.trim_end().to_owned()).join("\n\n"))
}

fn times(operations: &[OperationResult]) -> String {
    let row = |result: &OperationResult| {
        let OperationResult { operation, smallest: TableResult { function: ours, floor, .. }, .. } = result;
        let time = |of: fn(&Metrics) -> f64| format!("{:.2} ({:.2})", of(ours) / 1e3, ratio(of(ours), of(floor)));
        let (per_second, floor_per_second) = (ratio(1e6, ours.cpu), ratio(1e6, floor.cpu));
        vec![
            operation.name.to_owned(),
            time(|metrics| metrics.init),
            time(|metrics| metrics.first),
            time(|metrics| metrics.p50),
            time(|metrics| metrics.p99),
            time(|metrics| metrics.cpu),
            format!("{per_second:.0} ({:.2})", ratio(per_second, floor_per_second)),
        ]
    };
    let columns =
        "Operation | init: | first: | warm p50: | warm p99: | processor time: | requests a second on one core:";
    let rows = table(columns, operations.iter().map(row));
    format!("### Time\n\nMilliseconds of the function; in brackets the ratio to the floor.\n\n{rows}")
}

fn requests(operations: &[OperationResult]) -> String {
    let row = |OperationResult { operation, smallest: TableResult { usage, .. }, .. }: &OperationResult| {
        vec![
            operation.name.to_owned(),
            usage.requests().to_string(),
            operation.most_requests.to_string(),
            usage.groups.len().to_string(),
            usage.read_units.to_string(),
            usage.write_units.to_string(),
            usage.names(),
        ]
    };
    let columns = "Operation | requests: | at most: | one after another: | read units: | write units: | which";
    format!("### Requests and capacity units\n\n{}", table(columns, operations.iter().map(row)))
}

fn growth(operations: &[OperationResult]) -> String {
    format!("### The same with more invitations in the table\n\n{BY_SIZE}\n\n{}", by_size(operations))
}

/// What the columns of [`by_size`] are.
const BY_SIZE: &str = "Warm p50 in milliseconds, and in brackets the ratio to the floor on the same table. *time*: p50 on the larger table \
    where it is longest, divided by that on the smallest. *ratio*: the same of what is in brackets. Read + write units.";

/// Returns the table of each operation's times by the size of the table.
fn by_size(operations: &[OperationResult]) -> String {
    let Some(first) = operations.first() else { return String::new() };
    let sizes: Vec<_> = first.tables().map(|table| format!("{}:", grouped(table.invitations))).collect();
    let row = |result: &OperationResult| {
        let mut units: Vec<_> =
            result.tables().map(|one| format!("{} + {}", one.usage.read_units, one.usage.write_units)).collect();
        units.dedup();
        let times = result.tables().map(|table| format!("{:.2} ({:.2})", table.function.p50 / 1e3, table.to_floor()));
        let times = [result.operation.name.to_owned()].into_iter().chain(times);
        let ratios = [result.longest(), result.growth()].map(|ratio| format!("{ratio:.2}"));
        times.chain(ratios).chain([units.join(" → ")]).collect()
    };
    table(&format!("Operation | {} | time: | ratio: | units", sizes.join(" | ")), operations.iter().map(row))
}

/// Writes what is between the markers of `docs/speed.md` that are about the largest table.
pub(crate) fn write_growth(operations: &[OperationResult]) -> Result<()> {
    let missed = operations.iter().filter(|result| result.growth() > GROWTH);
    let missed: Vec<_> = missed.map(|result| format!("{} {:.3}", result.operation.name, result.growth())).collect();
    let missed = if missed.is_empty() { "None".to_owned() } else { missed.join(", ") };
    let text = format!(
        "{} {BY_SIZE}\n\n{}\nTargets missed, *ratio* at most {GROWTH}: {missed}.",
        measured_on(&today()),
        by_size(operations)
    );
    splice(Path::new("docs/speed.md"), "ten-million", &text)
}

/// A table holds as many people as invitations.
fn keystrokes(operations: &[OperationResult]) -> String {
    let Some(first) = operations.first() else { return String::new() };
    let sizes = first.tables().map(|table| format!("{} people: p50 (p95):", grouped(table.invitations)));
    let row = |result: &OperationResult| {
        let times = result.tables().map(|table| &table.function);
        let times = times.map(|Metrics { p50, p95, .. }| format!("{:.2} ({:.2})", p50 / 1e3, p95 / 1e3));
        let used = [result.smallest.usage.requests().to_string(), result.largest().usage.read_units.to_string()];
        [result.operation.name.to_owned()].into_iter().chain(times).chain(used).collect()
    };
    let columns = sizes.chain(["requests:".to_owned(), "read units:".to_owned()]).collect::<Vec<_>>().join(" | ");
    let rows =
        table(&format!("Typed | {columns}"), operations.iter().filter(|one| one.operation.route == PEOPLE).map(row));
    format!(
        "### A keystroke in a large directory\n\nWarm invocations in milliseconds, with as many names that all begin alike.\n\n{rows}"
    )
}

fn memory(operations: &[OperationResult]) -> String {
    let row = |OperationResult { operation, smallest, .. }: &OperationResult| {
        let (ours, floor) = (megabytes(smallest.function.memory), megabytes(smallest.floor.memory));
        vec![
            operation.name.to_owned(),
            format!("{ours:.1}"),
            format!("{floor:.1}"),
            format!("{:.2}", ratio(ours, floor)),
        ]
    };
    let rows = table("Operation | function: | floor: | ratio:", operations.iter().map(row));
    format!("### Peak memory\n\nMegabytes after all of an operation's invocations (VmHWM).\n\n{rows}")
}

fn sizes(sizes: &[FunctionSize]) -> String {
    let row = |FunctionSize { function, host, arm64 }: &FunctionSize| {
        let mut row = vec![function.clone()];
        for size in [Some(host), arm64.as_ref()] {
            row.extend(match size {
                Some(Size { binary, zip }) => [binary, zip].map(|bytes| format!("{:.2}", megabytes(*bytes))),
                None => ["not built"; 2].map(str::to_owned),
            });
        }
        row
    };
    let columns = "Function | binary here: | zip here: | binary arm64: | zip arm64:";
    format!(
        "### Size\n\nMegabytes of 1,000,000 bytes. arm64 is what is deployed, and `make build` builds it; *not built* is what it \
         had not built before this was measured. The rest of this page ran on this machine.\n\n{}",
        table(columns, sizes.iter().map(row))
    )
}

fn missed(results: &Results) -> String {
    let mut missed = Vec::new();
    for result in &results.operations {
        let OperationResult { operation, smallest: TableResult { function: ours, floor, usage, .. }, .. } = result;
        let cpu_most = if operation.name == LARGEST_SEND { BULK_CPU } else { f64::INFINITY };
        for (what, found, most) in [
            ("warm p50 / floor", result.smallest.to_floor(), WARM),
            ("processor time / floor", ratio(ours.cpu, floor.cpu), cpu_most),
            ("init / floor", ratio(ours.init, floor.init), INIT),
            ("memory / floor", ratio(megabytes(ours.memory), megabytes(floor.memory)), MEMORY),
            ("p50 / floor, a larger / the smallest table", result.growth(), GROWTH),
        ] {
            if found > most {
                missed.push([operation.name, what, &format!("{found:.3}"), &format!("{most:.3}")].map(str::to_owned));
            }
        }
        let (requests, most) = (usage.requests(), operation.most_requests);
        if requests > most {
            missed.push([operation.name, "requests", &requests.to_string(), &most.to_string()].map(str::to_owned));
        }
    }
    for size in &results.sizes {
        let function = template().functions().iter().find(|function| function.name == size.function);
        let has_callers = function.is_some_and(Function::has_routes);
        let zip = size.arm64.unwrap_or(size.host).zip;
        if has_callers && zip > ZIP {
            let [found, most] = [zip, ZIP].map(|bytes| format!("{:.2}", megabytes(bytes)));
            missed.push([&*size.function, "zip, MB", &found, &most].map(str::to_owned));
        }
    }
    let missed: Vec<_> = missed.into_iter().map(Vec::from).chain(beside_node::missed(results)).collect();
    let rows =
        if missed.is_empty() { "None.".to_owned() } else { table("Operation | what | found: | at most:", missed) };
    format!("### Targets missed in this run\n\n{rows}")
}

/// Writes what is between the markers of `docs/speed.md` that are about better-auth.
pub(crate) fn write_better_auth(compared: &[Compared], seen: &[Seen]) -> Result<()> {
    let row = |Compared { name, ours, theirs }: &Compared| {
        let both = |of: fn(&Measured) -> f64| format!("{:.2}, {:.2}", of(ours) / 1e3, of(theirs) / 1e3);
        vec![
            (*name).to_owned(),
            both(|measured| measured.p50),
            both(|measured| measured.p99),
            both(|measured| measured.cpu),
            format!("{:.0}, {:.0}", ratio(1e6, ours.cpu), ratio(1e6, theirs.cpu)),
            format!("{:.1}, {:.1}", megabytes(ours.memory), megabytes(theirs.memory)),
        ]
    };
    let columns =
        "Operation | p50, ms: | p99, ms: | processor time, ms: | requests a second on one core: | memory, MB:";
    let times = table(columns, compared.iter().map(row));
    let row = |seen: &Seen| vec![seen.situation.to_owned(), seen.ours.clone(), seen.theirs.clone()];
    let behaviour = table("What happens | here | better-auth", seen.iter().map(row));
    let text = format!(
        "{} Node {}. Ours, then better-auth's.\n\n{times}\n### What was seen\n\n{behaviour}",
        measured_on(&today()),
        node_version()?,
    );
    splice(Path::new("docs/speed.md"), "better-auth", &text)
}
