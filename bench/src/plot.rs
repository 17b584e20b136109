//! `docs/speed.svg`: warm p50 of every operation beside its floor, and how it grows with the table.

use std::{fmt::Write as _, fs};

use crate::{
    error::Result,
    page::grouped,
    results::{OperationResult, TableResult},
};

const WIDTH: f64 = 980.0;
const LEFT: f64 = 210.0;
const RIGHT: f64 = 130.0;
const TOP: f64 = 84.0;
const STEP: f64 = 34.0;

/// Writes the plot. Its bars are on a logarithmic scale, since operations differ a hundredfold.
pub(crate) fn write(operations: &[OperationResult]) -> Result<()> {
    Ok(fs::write("docs/speed.svg", svg(operations))?)
}

fn svg(operations: &[OperationResult]) -> String {
    #[allow(clippy::cast_precision_loss, reason = "a few rows")]
    let bottom = TOP + STEP * operations.len() as f64;
    let times_of = |result: &OperationResult| {
        let TableResult { function, floor, .. } = &result.smallest;
        [function.p50, floor.p50, result.largest().function.p50]
    };
    let times = || operations.iter().flat_map(times_of);
    let least = times().filter(|time| *time > 0.0).fold(f64::INFINITY, f64::min);
    let (from, to) = ((least / 1.3).log10(), (times().fold(1.0, f64::max) * 1.3).log10());
    let x = |micros: f64| LEFT + (micros.max(1.0).log10() - from) / (to - from) * (WIDTH - LEFT - RIGHT);
    let mut svg = String::new();
    let _ = writeln!(
        svg,
        r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="system-ui, sans-serif" font-size="13">
<style>text {{ fill: #24292f }} .grid {{ stroke: #d0d7de }} .ours {{ fill: #0969da }} .floor {{ fill: #afb8c1 }} .size {{ fill: #ffffff; stroke: #bc4c00; stroke-width: 2 }}</style>
<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>
<text x="16" y="26" font-size="17" font-weight="600">Warm invocation, p50 in milliseconds (logarithmic)</text>
<rect class="ours" x="16" y="42" width="14" height="10"/><text x="36" y="52">function</text>
<rect class="floor" x="110" y="42" width="14" height="10"/><text x="130" y="52">floor: the same DynamoDB requests and nothing else</text>
<circle class="size" cx="510" cy="47" r="4"/><text x="521" y="52">function, table of {sizes} invitations</text>
<text x="{ratio}" y="{heading}" text-anchor="end" font-weight="600">function / floor</text>"##,
        height = bottom + 44.0,
        sizes = largest(operations),
        ratio = WIDTH - 16.0,
        heading = TOP - 8.0,
    );
    for decade in [100.0, 200.0, 500.0, 1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e5, 2e5, 5e5] {
        if (from..to).contains(&f64::log10(decade)) {
            let (x, label) = (x(decade), decade / 1e3);
            let _ = writeln!(svg, r#"<line class="grid" x1="{x:.1}" x2="{x:.1}" y1="{TOP}" y2="{bottom}"/>"#);
            let _ = writeln!(svg, r#"<text x="{x:.1}" y="{:.1}" text-anchor="middle">{label}</text>"#, bottom + 18.0);
        }
    }
    for (index, result) in operations.iter().enumerate() {
        #[allow(clippy::cast_precision_loss, reason = "a few rows")]
        let y = TOP + STEP * index as f64 + 5.0;
        let _ = writeln!(
            svg,
            r#"<text x="{}" y="{}" text-anchor="end">{}</text>"#,
            LEFT - 10.0,
            y + 15.0,
            result.operation.name
        );
        let (ours, floor) = (result.smallest.function.p50, result.smallest.floor.p50);
        for (class, time, at) in [("ours", ours, y), ("floor", floor, y + 12.0)] {
            let width = x(time) - LEFT;
            let _ = writeln!(svg, r#"<rect class="{class}" x="{LEFT}" y="{at}" width="{width:.1}" height="11"/>"#);
        }
        let largest = x(result.largest().function.p50);
        let _ = writeln!(svg, r#"<circle class="size" cx="{largest:.1}" cy="{}" r="4"/>"#, y + 5.5);
        let ratio = result.smallest.to_floor();
        let _ = writeln!(svg, r#"<text x="{}" y="{}" text-anchor="end">{ratio:.2}</text>"#, WIDTH - 16.0, y + 15.0);
    }
    svg.push_str("</svg>\n");
    svg
}

/// Returns the size of the largest table.
fn largest(operations: &[OperationResult]) -> String {
    grouped(operations.first().map_or(0, |result| result.largest().invitations))
}
