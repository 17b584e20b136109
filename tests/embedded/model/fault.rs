//! What goes wrong with requests to the table, as a network, DynamoDB and Lambda fail.

use std::{collections::BTreeMap, sync::atomic::Ordering};

use aws_smithy_runtime_api::client::{orchestrator::HttpResponse, result::ConnectorError};
use serde_json::json;
use testkit::embedded::engine;

use super::{
    schedule::{Call, Random},
    wire::Request,
};

/// What goes wrong with a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fault {
    /// The table is too busy.
    Throttled,
    /// The table has an internal error and has done nothing.
    Internal,
    /// Another transaction is said to be under way.
    Conflict,
    /// No response comes, and nothing has happened.
    LostRequest,
    /// No response comes, and it has happened.
    LostResponse,
    /// No response comes, and it happens some time later.
    Late,
    /// The function crashes before its request arrives.
    CrashBefore,
    /// The function crashes when its request has been executed.
    CrashAfter,
    /// Some keys of a batch stay unread.
    Unread,
    /// An index does not show the latest writes.
    Lag,
}

/// How often that goes wrong, in a thousand requests.
const FAULTS: [(Fault, usize); 8] = [
    (Fault::Throttled, 6),
    (Fault::Internal, 3),
    (Fault::Conflict, 6),
    (Fault::LostRequest, 4),
    (Fault::LostResponse, 6),
    (Fault::Late, 3),
    (Fault::CrashBefore, 2),
    (Fault::CrashAfter, 3),
];

/// Draws what goes wrong with a request, if anything; `query` says whether it is a query of an index.
pub(super) fn draw(random: &Random, operation: &str, query: bool) -> Option<Fault> {
    if query && random.permille(100) {
        return Some(Fault::Lag);
    }
    if operation == "BatchGetItem" && random.permille(5) {
        return Some(Fault::Unread);
    }
    let mut drawn = random.below(1_000);
    for (fault, chance) in FAULTS {
        if drawn < chance {
            return Some(fault).filter(|fault| *fault != Fault::Conflict || operation == "TransactWriteItems");
        }
        drawn -= chance;
    }
    None
}

/// Returns a response with that error.
pub(super) fn failure(status: u16, code: &str) -> HttpResponse {
    engine::response((status, json!({ "__type": format!("com.amazonaws.dynamodb.v20120810#{code}") }).to_string()))
}

/// Returns the body of a response that a transaction of so many writes conflicts with another.
pub(super) fn cancelled(actions: usize) -> String {
    let reasons = vec![json!({ "Code": "TransactionConflict" }); actions.max(1)];
    let code = "com.amazonaws.dynamodb.v20120810#TransactionCanceledException";
    json!({ "__type": code, "CancellationReasons": reasons }).to_string()
}

/// Returns a response that a transaction conflicts with another.
pub(super) fn conflict() -> HttpResponse {
    engine::response((400, cancelled(1)))
}

/// Returns what the client gets when no response comes.
pub(super) fn no_response() -> ConnectorError {
    ConnectorError::timeout("no response".into())
}

/// Returns a batch of which nothing was read.
pub(super) fn unread(request: &Request) -> String {
    let nothing: BTreeMap<_, _> = request.batch.keys().map(|table| (table, json!([]))).collect();
    json!({ "Responses": nothing, "UnprocessedKeys": request.batch }).to_string()
}

/// Lets the function of the call crash. Never ends.
pub(super) async fn crash(call: &Call) -> Result<HttpResponse, ConnectorError> {
    call.crashed.store(true, Ordering::SeqCst);
    call.crash.notify_one();
    std::future::pending().await
}
