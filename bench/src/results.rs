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
    /// On the smallest table.
    pub(crate) smallest: TableResult,
    /// On the others, by their size.
    pub(crate) larger: Vec<TableResult>,
    /// The same operation in Node on the smallest table, if there is one.
    pub(crate) node: Option<NodeResult>,
}

impl OperationResult {
    /// Returns the name of the function behind it.
    pub(crate) fn function(&self) -> &'static str {
        &template().function_behind(self.operation.route).name
    }

    /// Returns the results on all tables, the smallest first.
    pub(crate) fn tables(&self) -> impl Iterator<Item = &TableResult> {
        [&self.smallest].into_iter().chain(&self.larger)
    }

    /// Returns the results on the largest table.
    pub(crate) fn largest(&self) -> &TableResult {
        self.larger.last().unwrap_or(&self.smallest)
    }

    /// Returns how many times longer a warm invocation takes on a larger table than on the smallest: the most.
    pub(crate) fn longest(&self) -> f64 {
        self.most(|table| table.function.p50)
    }

    /// Returns how many times higher the ratio to the floor is on a larger table than on the smallest: the most.
    pub(crate) fn growth(&self) -> f64 {
        self.most(TableResult::to_floor)
    }

    fn most(&self, of: impl Fn(&TableResult) -> f64) -> f64 {
        self.larger.iter().map(|table| ratio(of(table), of(&self.smallest))).reduce(f64::max).unwrap_or(1.0)
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
    /// A warm invocation, in microseconds: one in twenty takes longer.
    pub(crate) p95: f64,
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
    pub(crate) function: Metrics,
    pub(crate) floor: Metrics,
    /// What one invocation uses.
    pub(crate) usage: Usage,
}

impl TableResult {
    /// Returns how many times longer a warm invocation of the function takes than the floor's.
    pub(crate) fn to_floor(&self) -> f64 {
        ratio(self.function.p50, self.floor.p50)
    }
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

/// Returns how many times the second the first is; 0 where the second is nothing.
pub(crate) fn ratio(one: f64, other: f64) -> f64 {
    if other > 0.0 { one / other } else { 0.0 }
}
