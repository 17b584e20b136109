//! The pages that a run leaves: `docs/speed.md`, its plot, and the machine that they speak of.

use std::{fmt::Write as _, fs, path::Path, process::Command};

use serde::{Deserialize, Serialize};

use crate::{Outcome, background::Step, measure::Row, size::Size};

/// All that a run has found.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Findings {
    pub(crate) machine: String,
    pub(crate) date: String,
    pub(crate) warm: usize,
    pub(crate) starts: usize,
    pub(crate) rows: Vec<Row>,
    pub(crate) sizes: Vec<Size>,
    pub(crate) steps: Vec<Step>,
}

/// What is to be reached: each as a ratio to the floor.
const WARM: f64 = 1.25;
const INIT: f64 = 1.25;
const MEMORY: f64 = 1.5;
/// The same, from the smallest table to the largest.
const GROWTH: f64 = 1.1;
/// A zip's bytes.
const ZIP: u64 = 2_500_000;

/// The machine that the figures are of.
pub(crate) fn machine() -> String {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let field = |text: &str, name: &str| -> Option<String> {
        let line = text.lines().find(|line| line.starts_with(name))?;
        Some(line.split_once(':')?.1.trim().to_owned())
    };
    let (cpu, memory) = (read("/proc/cpuinfo"), read("/proc/meminfo"));
    let threads = cpu.lines().filter(|line| line.starts_with("processor")).count();
    let model = field(&cpu, "model name").unwrap_or_else(|| "unknown processor".to_owned());
    let kilobytes = field(&memory, "MemTotal").and_then(|total| total.split(' ').next()?.parse::<u64>().ok());
    let gigabytes = kilobytes.unwrap_or_default() / 1_000_000;
    let kernel = read("/proc/sys/kernel/osrelease");
    let compiler = Command::new("rustc").arg("--version").output().map(|output| output.stdout).unwrap_or_default();
    let compiler = String::from_utf8_lossy(&compiler).trim().to_owned();
    format!("{model}, {threads} threads, {gigabytes} GB, Linux {}, {compiler}", kernel.trim())
}

fn ratio(ours: f64, floor: f64) -> f64 {
    if floor > 0.0 { ours / floor } else { 0.0 }
}

#[allow(clippy::cast_precision_loss, reason = "a count of bytes")]
fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

impl Findings {
    /// Writes what is between the markers of `docs/speed.md`, and the plot.
    pub(crate) fn write(&self) -> Outcome<()> {
        let mut text = String::new();
        writeln!(text, "Measured on {} ({}). Repeat it with `make bench`.\n", self.date, self.machine)?;
        self.times(&mut text)?;
        self.requests(&mut text)?;
        self.growth(&mut text)?;
        self.memory(&mut text)?;
        self.sizes(&mut text)?;
        self.missed(&mut text)?;
        splice(Path::new("docs/speed.md"), "figures", &text)?;
        fs::write("docs/speed.svg", crate::plot::svg(self))?;
        Ok(())
    }

    fn times(&self, text: &mut String) -> Outcome<()> {
        writeln!(text, "### Time\n")?;
        writeln!(text, "Milliseconds of the function; in brackets the ratio to the floor.\n")?;
        writeln!(
            text,
            "| Operation | init | first | warm p50 | warm p99 | processor time | requests a second on one core |"
        )?;
        writeln!(text, "|---|--:|--:|--:|--:|--:|--:|")?;
        for row in &self.rows {
            let (ours, floor) = (&row.ours, &row.floor);
            let cell = |ours: f64, floor: f64| format!("{:.2} ({:.2})", ours / 1e3, ratio(ours, floor));
            let per_second = |computed: f64| ratio(1e6, computed);
            writeln!(
                text,
                "| {} | {} | {} | {} | {} | {} | {:.0} ({:.2}) |",
                row.name,
                cell(ours.init, floor.init),
                cell(ours.first, floor.first),
                cell(ours.p50, floor.p50),
                cell(ours.p99, floor.p99),
                cell(ours.computed, floor.computed),
                per_second(ours.computed),
                ratio(per_second(ours.computed), per_second(floor.computed)),
            )?;
        }
        Ok(writeln!(text)?)
    }

    fn requests(&self, text: &mut String) -> Outcome<()> {
        writeln!(text, "### Requests and capacity units\n")?;
        writeln!(text, "| Operation | requests | at most | one after another | read units | write units | which |")?;
        writeln!(text, "|---|--:|--:|--:|--:|--:|---|")?;
        for row in &self.rows {
            let (_, _, reads, writes) = row.sizes.first().copied().unwrap_or_default();
            writeln!(
                text,
                "| {} | {} | {} | {} | {reads} | {writes} | {} |",
                row.name, row.requests, row.most, row.rounds, row.which
            )?;
        }
        Ok(writeln!(text)?)
    }

    fn growth(&self, text: &mut String) -> Outcome<()> {
        let Some(first) = self.rows.first() else { return Ok(()) };
        writeln!(text, "### The same with more invitations in the table\n")?;
        writeln!(
            text,
            "Warm p50 in milliseconds, and read + write units; the ratio is that of the last to the first.\n"
        )?;
        let sizes: Vec<_> = first.sizes.iter().map(|(size, ..)| size.to_string()).collect();
        writeln!(text, "| Operation | {} | ratio | units |", sizes.join(" | "))?;
        writeln!(text, "|---|{}--:|---|", "--:|".repeat(sizes.len()))?;
        for row in &self.rows {
            let times: Vec<_> = row.sizes.iter().map(|(_, time, ..)| format!("{:.2}", time / 1e3)).collect();
            let mut units: Vec<_> = row.sizes.iter().map(|(.., reads, writes)| format!("{reads} + {writes}")).collect();
            units.dedup();
            writeln!(text, "| {} | {} | {:.2} | {} |", row.name, times.join(" | "), row.growth(), units.join(" → "))?;
        }
        Ok(writeln!(text)?)
    }

    fn memory(&self, text: &mut String) -> Outcome<()> {
        writeln!(text, "### Peak memory\n")?;
        writeln!(text, "Megabytes after all of an operation's invocations (VmHWM).\n")?;
        writeln!(text, "| Operation | function | floor | ratio |\n|---|--:|--:|--:|")?;
        for row in &self.rows {
            let (ours, floor) = (megabytes(row.ours.memory), megabytes(row.floor.memory));
            writeln!(text, "| {} | {ours:.1} | {floor:.1} | {:.2} |", row.name, ratio(ours, floor))?;
        }
        Ok(writeln!(text)?)
    }

    fn sizes(&self, text: &mut String) -> Outcome<()> {
        writeln!(text, "### Size\n")?;
        writeln!(
            text,
            "Megabytes of 1,000,000 bytes. arm64 is what is deployed; the rest of this page ran on this machine.\n"
        )?;
        writeln!(text, "| Function | binary here | zip here | binary arm64 | zip arm64 |\n|---|--:|--:|--:|--:|")?;
        for size in &self.sizes {
            let arm = size.arm64.map_or_else(
                || "not built | not built".to_owned(),
                |(binary, zip)| format!("{:.2} | {:.2}", megabytes(binary), megabytes(zip)),
            );
            let (binary, zip) = (megabytes(size.host.0), megabytes(size.host.1));
            writeln!(text, "| {} | {binary:.2} | {zip:.2} | {arm} |", size.function)?;
        }
        Ok(writeln!(text)?)
    }

    fn missed(&self, text: &mut String) -> Outcome<()> {
        let mut missed = Vec::new();
        for row in &self.rows {
            let (ours, floor) = (&row.ours, &row.floor);
            #[allow(clippy::cast_precision_loss, reason = "a count of bytes")]
            let memory = ratio(ours.memory as f64, floor.memory as f64);
            for (what, found, most) in [
                ("warm p50 / floor", ratio(ours.p50, floor.p50), WARM),
                ("init / floor", ratio(ours.init, floor.init), INIT),
                ("memory / floor", memory, MEMORY),
                ("p50, largest / smallest table", row.growth(), GROWTH),
            ] {
                if found > most {
                    missed.push(format!("| {} | {what} | {found:.2} | {most} |", row.name));
                }
            }
            if row.requests > row.most {
                missed.push(format!("| {} | requests | {} | {} |", row.name, row.requests, row.most));
            }
        }
        for size in self.sizes.iter().filter(|size| !["deliver", "feedback", "floor"].contains(&&*size.function)) {
            let zip = size.arm64.unwrap_or(size.host).1;
            if zip > ZIP {
                missed.push(format!("| {} | zip, MB | {:.2} | {:.2} |", size.function, megabytes(zip), megabytes(ZIP)));
            }
        }
        writeln!(text, "### Targets missed in this run\n")?;
        if missed.is_empty() {
            writeln!(text, "None.")?;
        } else {
            writeln!(text, "| Operation | what | found | at most |\n|---|---|--:|--:|\n{}", missed.join("\n"))?;
        }
        Ok(())
    }
}

impl Row {
    fn growth(&self) -> f64 {
        match (self.sizes.first(), self.sizes.last()) {
            (Some(first), Some(last)) => ratio(last.1, first.1),
            _ => 0.0,
        }
    }
}

/// Replaces what is between `<!-- name -->` and `<!-- /name -->` of a page.
pub(crate) fn splice(page: &Path, name: &str, text: &str) -> Outcome<()> {
    let (begin, end) = (format!("<!-- {name} -->\n"), format!("<!-- /{name} -->"));
    let old = fs::read_to_string(page)?;
    let (before, rest) = old.split_once(&begin).ok_or_else(|| format!("{}: no {begin}", page.display()))?;
    let (_, after) = rest.split_once(&end).ok_or_else(|| format!("{}: no {end}", page.display()))?;
    Ok(fs::write(page, format!("{before}{begin}\n{}\n\n{end}{after}", text.trim_end()))?)
}
