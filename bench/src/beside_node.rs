//! `docs/speed.md`: the functions beside the same ones in Node, in one picture, three sentences and a table.

use std::{fmt::Write as _, fs, path::Path};

use crate::{
    cost::Prices,
    error::Result,
    page::{grouped, megabytes, splice, table},
    results::{Metrics, NodeResult, OperationResult, Results, TableResult, ratio},
    size::Size,
};

/// The operations that stand for all in the picture and the sentences.
const SHOWN: [&str; 4] = ["send to 1 user", "list-mine", "status, to the invitee", "accept"];
/// The targets: each a ratio to Node.
const INIT: f64 = 1.0 / 15.0;
const MEMORY: f64 = 1.0 / 8.0;
const CPU: f64 = 1.0 / 4.0;

const WIDTH: f64 = 760.0;
const LEFT: f64 = 250.0;
const STEP: f64 = 52.0;
const TOP: f64 = 74.0;

/// An operation that is there twice.
struct Pair<'a> {
    result: &'a OperationResult,
    node: &'a NodeResult,
}

fn pairs(results: &Results) -> Vec<Pair<'_>> {
    results.operations.iter().filter_map(|result| Some(Pair { result, node: result.node.as_ref()? })).collect()
}

/// What the picture shows: a name, a unit, ours and Node's.
struct Bar {
    name: &'static str,
    unit: &'static str,
    ours: f64,
    node: f64,
}

impl Bar {
    /// How many times as much Node needs.
    fn times(&self) -> f64 {
        ratio(self.node, self.ours)
    }
}

/// Returns the operations that stand for all.
fn shown(results: &Results) -> Result<Vec<Pair<'_>>> {
    let shown: Vec<_> = pairs(results).into_iter().filter(|pair| SHOWN.contains(&pair.result.operation.name)).collect();
    if shown.len() == SHOWN.len() { Ok(shown) } else { Err("an operation has no peer in Node".into()) }
}

#[allow(clippy::cast_precision_loss, reason = "four operations")]
fn mean(pairs: &[Pair<'_>], of: impl Fn(&Pair<'_>) -> f64) -> f64 {
    pairs.iter().map(of).sum::<f64>() / pairs.len() as f64
}

/// Returns the means of the operations that stand for all.
fn bars(results: &Results, prices: &Prices) -> Result<[Bar; 6]> {
    let shown = shown(results)?;
    let mean = |of: &dyn Fn(&Pair<'_>) -> f64| mean(&shown, of);
    let metric = |of: fn(&Metrics) -> f64| {
        [mean(&|pair| of(&pair.result.smallest.function)), mean(&|pair| of(&pair.node.metrics))]
    };
    let uploaded = |pair: &Pair<'_>| results.sizes.iter().find(|size| size.function == pair.result.function());
    let [init, cpu] = [metric(|metrics| metrics.init / 1e3), metric(|metrics| metrics.cpu / 1e3)];
    let [p50, memory] = [metric(|metrics| metrics.p50 / 1e3), metric(|metrics| megabytes(metrics.memory))];
    let zip = [
        mean(&|pair| uploaded(pair).map_or(0.0, |size| megabytes(size.host.zip))),
        mean(&|pair| megabytes(pair.node.size.zip)),
    ];
    let lambda =
        [mean(&|pair| prices.million(pair.result).0), mean(&|pair| prices.million_in_node(pair.result, pair.node).0)];
    let bar = |name, unit, [ours, node]: [f64; 2]| Bar { name, unit, ours, node };
    Ok([
        bar("Until a new process is ready", "ms", init),
        bar("Memory", "MB", memory),
        bar("Processor time of a call", "ms", cpu),
        bar("A warm call, table included", "ms", p50),
        bar("Lambda, for a million calls", "USD", lambda),
        bar("Upload, zipped", "MB", zip),
    ])
}

/// Writes the picture and the sentences with which `docs/speed.md` opens, and the one in `README.md`.
pub(crate) fn write_opening(results: &Results, prices: &Prices) -> Result<()> {
    let bars = bars(results, prices)?;
    fs::write("docs/beside-node.svg", picture(&bars))?;
    let shown = shown(results)?;
    let whole = mean(&shown, |pair| prices.million(pair.result).1);
    splice(Path::new("docs/speed.md"), "opening", &sentences(results, &bars, whole))?;
    let [init, memory, cpu, ..] = &bars;
    let number = format!(
        "A function's process is ready [in {:.1} ms](docs/speed.md#in-short) and holds [{:.1} MB](docs/speed.md#in-short); \
         the same one in Node takes [{:.0} times as long to start, {:.0} times as much memory](docs/speed.md#in-short) and \
         [{:.1} times the processor time](docs/speed.md#in-short).",
        init.ours,
        memory.ours,
        init.times(),
        memory.times(),
        cpu.times(),
    );
    splice(Path::new("README.md"), "numbers", &number)
}

/// `whole` is what a million calls cost here, in dollars, with everything that they use.
fn sentences(results: &Results, bars: &[Bar; 6], whole: f64) -> String {
    let [init, memory, cpu, p50, lambda, _] = bars;
    let tables = || results.operations.iter().flat_map(OperationResult::tables);
    let most = tables().map(TableResult::to_floor).fold(0.0, f64::max);
    let of = |size: Option<usize>| grouped(size.unwrap_or_default());
    let (smallest, largest) =
        (of(tables().map(|table| table.invitations).min()), of(tables().map(|table| table.invitations).max()));
    format!(
        "## In short\n\n![The functions beside the same ones in Node](beside-node.svg)\n\n\
         The process of a function here is ready {:.0} times sooner than that of the same one in Node, after {:.1} ms against {:.0}, and \
         it holds {:.1} MB of memory, where Node holds {:.0} times as much, {:.0} MB (the means of four: send, list, look and accept).\n\
         A call takes {:.2} ms of a processor, and {:.1} times as much in Node, {:.2}, so that Lambda costs {:.2} dollars a million calls \
         against {:.2}, of some {:.1} with gateway and table; the caller waits {:.1} ms against {:.1}, table included.\n\
         By the median, no warm call takes more than {most:.2} times as long as its requests to the table alone, however many \
         invitations there are in the table, from {smallest} to {largest}.",
        init.times(),
        init.ours,
        init.node,
        memory.ours,
        memory.times(),
        memory.node,
        cpu.ours,
        cpu.times(),
        cpu.node,
        lambda.ours,
        lambda.node,
        whole,
        p50.ours,
        p50.node,
    )
}

/// Each pair of bars is on a scale of its own: how much of Node's ours is.
fn picture(bars: &[Bar; 6]) -> String {
    #[allow(clippy::cast_precision_loss, reason = "six bars")]
    let height = TOP + STEP * bars.len() as f64 + 10.0;
    let mut svg = format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="system-ui, sans-serif" font-size="14">
<style>text {{ fill: #24292f }} .ours {{ fill: #0969da }} .node {{ fill: #afb8c1 }}</style>
<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>
<text x="16" y="28" font-size="17" font-weight="600">Send, list, look, accept: here and in Node, on the same machine</text>
<rect class="ours" x="16" y="44" width="14" height="10"/><text x="36" y="54">this service</text>
<rect class="node" x="140" y="44" width="14" height="10"/><text x="160" y="54">the same functions in Node</text>
"##
    );
    for (index, bar) in bars.iter().enumerate() {
        #[allow(clippy::cast_precision_loss, reason = "six bars")]
        let y = TOP + STEP * index as f64;
        let _ = writeln!(svg, r#"<text x="{}" y="{}" text-anchor="end">{}</text>"#, LEFT - 12.0, y + 24.0, bar.name);
        let scale = (WIDTH - LEFT - 110.0) / bar.ours.max(bar.node);
        for (class, value, at) in [("ours", bar.ours, y + 3.0), ("node", bar.node, y + 21.0)] {
            let (width, unit) = (value * scale, bar.unit);
            let _ = writeln!(svg, r#"<rect class="{class}" x="{LEFT}" y="{at}" width="{width:.1}" height="16"/>"#);
            let (x, y) = (LEFT + width + 6.0, at + 13.0);
            let _ = writeln!(
                svg,
                r#"<text x="{x:.1}" y="{y}">{value:.decimals$} {unit}</text>"#,
                decimals = decimals(value)
            );
        }
    }
    svg.push_str("</svg>\n");
    svg
}

fn decimals(value: f64) -> usize {
    match value {
        large if large >= 100.0 => 0,
        small if small < 10.0 => 2,
        _ => 1,
    }
}

/// Returns the table of every operation that is there twice.
pub(crate) fn beside_node(results: &Results, prices: &Prices, node_version: &str) -> String {
    let row = |pair: &Pair<'_>| {
        let (ours, node) = (&pair.result.smallest.function, &pair.node.metrics);
        let both = |of: fn(&Metrics) -> f64| {
            let (ours, node) = (of(ours), of(node));
            format!("{ours:.2}, {node:.2} ({:.1})", ratio(node, ours))
        };
        let (ours, node) = (prices.million(pair.result), prices.million_in_node(pair.result, pair.node));
        vec![
            pair.result.operation.name.to_owned(),
            both(|metrics| metrics.init / 1e3),
            both(|metrics| metrics.first / 1e3),
            both(|metrics| metrics.p50 / 1e3),
            both(|metrics| metrics.p99 / 1e3),
            both(|metrics| metrics.cpu / 1e3),
            both(|metrics| megabytes(metrics.memory)),
            format!("{:.2}, {:.2}", ours.0, node.0),
            format!("{:.2}, {:.2}", ours.1, node.1),
        ]
    };
    let pairs = pairs(results);
    let columns = "Operation | init, ms: | first, ms: | warm p50, ms: | warm p99, ms: | processor time, ms: | memory, MB: | \
                   Lambda, USD: | gateway, Lambda and table, USD:";
    let rows = table(columns, pairs.iter().map(row));
    let size = |pair: &Pair<'_>| {
        let Size { binary, zip } = pair.node.size;
        let ours = results.sizes.iter().find(|size| size.function == pair.result.function()).map(|size| size.host.zip);
        vec![
            pair.result.operation.name.to_owned(),
            format!("{:.2}", megabytes(ours.unwrap_or_default())),
            format!("{:.2}", megabytes(zip)),
            format!("{:.2}", megabytes(binary)),
            pair.node.usage.requests().to_string(),
            pair.node.usage.read_units.to_string(),
            pair.node.usage.write_units.to_string(),
        ]
    };
    let columns = "Operation | our zip, MB: | Node's zip, MB: | Node's bundle, MB: | Node's requests: | read units: | write units:";
    let sizes = table(columns, pairs.iter().map(size));
    format!(
        "### Beside Node\n\nOurs, then Node's ({node_version}), and in brackets Node's divided by ours. Prices are for a million calls, \
         of both with the memory that the template gives to ours, and on arm64.\n\n{rows}\n{sizes}"
    )
}

/// Returns the targets that were missed: the operation, what, what was found, and the most that was wanted.
pub(crate) fn missed(results: &Results) -> Vec<Vec<String>> {
    let mut missed = Vec::new();
    for Pair { result, node } in pairs(results) {
        let (ours, node) = (&result.smallest.function, &node.metrics);
        for (what, found, most) in [
            ("init / Node's", ratio(ours.init, node.init), INIT),
            ("memory / Node's", ratio(megabytes(ours.memory), megabytes(node.memory)), MEMORY),
            ("processor time / Node's", ratio(ours.cpu, node.cpu), CPU),
        ] {
            if found > most {
                missed.push(vec![
                    result.operation.name.to_owned(),
                    what.to_owned(),
                    format!("{found:.3}"),
                    format!("{most:.3}"),
                ]);
            }
        }
    }
    missed
}
