//! What a run has found: the data behind `docs/speed.md`, its plot and `docs/cost.md`.

use testkit::template::template;

use crate::{
    operation::{BackgroundStep, Operation},
    recorder::Usage,
    size::{FunctionSize, Size},
};

/// The results of a run.
#[derive(Debug)]
pub(crate) struct Results {
    pub(crate) date: String,
    pub(crate) sizes: Vec<FunctionSize>,
    pub(crate) operations: Vec<OperationResult>,
    pub(crate) background: Vec<BackgroundResult>,
}

/// The results of one operation.
#[derive(Debug)]
pub(crate) struct OperationResult {
    pub(crate) operation: &'static Operation,
    pub(crate) ours: Metrics,
    pub(crate) floor: Metrics,
    /// The same operation in Node, if there is one.
    pub(crate) node: Option<NodeResult>,
    /// What one invocation uses on the smallest table.
    pub(crate) usage: Usage,
    /// The results for each size of the table, the smallest first.
    pub(crate) tables: Vec<TableResult>,
}

impl OperationResult {
    /// Returns the name of the function behind it.
    pub(crate) fn function(&self) -> &'static str {
        &template().function_behind(self.operation.route).name
    }

    /// Returns the warm time on any larger table as a multiple of that on the smallest: the most.
    pub(crate) fn growth(&self) -> f64 {
        match &self.tables[..] {
            [first, larger @ ..] => {
                larger.iter().map(|table| ratio(table.p50, first.p50)).reduce(f64::max).unwrap_or(1.0)
            }
            [] => 1.0,
        }
    }
}

/// The results of an operation's peer in Node.
#[derive(Debug)]
pub(crate) struct NodeResult {
    pub(crate) metrics: Metrics,
    /// What one invocation uses.
    pub(crate) usage: Usage,
    /// The size of its bundle.
    pub(crate) size: Size,
}

/// Times and memory of one process.
#[derive(Debug)]
pub(crate) struct Metrics {
    /// From process start to the first request for an event, in microseconds: the median of the starts.
    pub(crate) init: f64,
    /// The first invocation, in microseconds: the median of the starts.
    pub(crate) first: f64,
    /// A warm invocation, in microseconds: the median.
    pub(crate) p50: f64,
    /// A warm invocation, in microseconds: one in a hundred takes longer.
    pub(crate) p99: f64,
    /// The processor time of a warm invocation, in microseconds: the median.
    pub(crate) cpu: f64,
    /// The most memory held, in bytes.
    pub(crate) memory: u64,
}

/// The results of one operation on one table.
#[derive(Debug)]
pub(crate) struct TableResult {
    /// How many invitations the table holds.
    pub(crate) invitations: usize,
    /// A warm invocation, in microseconds: the median.
    pub(crate) p50: f64,
    /// A warm invocation, in microseconds: one in twenty takes longer.
    pub(crate) p95: f64,
    pub(crate) read_units: f64,
    pub(crate) write_units: f64,
}

/// The results of one background step, which has no caller who waits and hence no floor.
#[derive(Debug)]
pub(crate) struct BackgroundResult {
    pub(crate) step: &'static BackgroundStep,
    /// From process start to the first request for an event, in microseconds.
    pub(crate) init: f64,
    /// The processor time of an invocation, in microseconds: the median.
    pub(crate) cpu: f64,
    /// What one invocation uses.
    pub(crate) usage: Usage,
}

/// Returns 0 where there is no floor to compare with.
pub(crate) fn ratio(ours: f64, floor: f64) -> f64 {
    if floor > 0.0 { ours / floor } else { 0.0 }
}
