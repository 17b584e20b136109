//! What the written pages have in common: tables, markers, and the machine that the figures are of.

use std::{fs, path::Path, process::Command};

use crate::error::Result;

/// Returns a Markdown table. The columns are separated by ` | `; one that ends with a colon is aligned to the right.
pub(crate) fn table(columns: &str, rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let columns: Vec<_> = columns.split(" | ").collect();
    let heads: Vec<_> = columns.iter().map(|column| column.trim_end_matches(':')).collect();
    let rules: Vec<_> = columns.iter().map(|column| if column.ends_with(':') { "--:" } else { "---" }).collect();
    let rows = rows.into_iter().map(|row| format!("| {} |\n", row.join(" | ")));
    format!("| {} |\n|{}|\n{}", heads.join(" | "), rules.join("|"), rows.collect::<String>())
}

/// Replaces what is between `<!-- name -->` and `<!-- /name -->` of a page.
pub(crate) fn splice(page: &Path, name: &str, text: &str) -> Result<()> {
    let (begin, end) = (format!("<!-- {name} -->\n"), format!("<!-- /{name} -->"));
    let old = fs::read_to_string(page)?;
    let (before, rest) = old.split_once(&begin).ok_or_else(|| format!("{}: no {begin}", page.display()))?;
    let (_, after) = rest.split_once(&end).ok_or_else(|| format!("{}: no {end}", page.display()))?;
    Ok(fs::write(page, format!("{before}{begin}\n{}\n\n{end}{after}", text.trim_end()))?)
}

/// Returns the first line of what is measured: the date and the machine.
pub(crate) fn measured_on(date: &str) -> String {
    format!("Measured on {date} ({}).", machine())
}

fn machine() -> String {
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

/// Returns today's date, as the pages write it.
pub(crate) fn today() -> String {
    system::now().to_zoned(jiff::tz::TimeZone::UTC).date().to_string()
}

/// Returns a number with its digits in groups, as 1,000,000.
pub(crate) fn grouped(number: usize) -> String {
    let digits = number.to_string();
    digits.as_bytes().rchunks(3).rev().map(String::from_utf8_lossy).collect::<Vec<_>>().join(",")
}

/// Returns megabytes of 1,000,000 bytes.
#[allow(clippy::cast_precision_loss, reason = "a count of bytes")]
pub(crate) fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}
