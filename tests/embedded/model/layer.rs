//! The layer between the handlers and the table: it orders requests, makes them fail as a network and DynamoDB do, and
//! keeps what was really written.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    fmt,
    sync::{
        Arc, Mutex, RwLock,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use aws_smithy_runtime_api::client::{
    http::{HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector},
    orchestrator::{HttpRequest, HttpResponse},
    result::ConnectorError,
    runtime_components::RuntimeComponents,
};
use serde_json::{Value, json};

use super::{
    ledger::Ledger,
    schedule::{CALL, Call, Clock, Dice, Order},
};
use crate::world::engine::{self, Engine, Reply};

/// The records that a lagging index may not show yet.
const LAG: usize = 12;

/// What befalls a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fault {
    /// The table is too busy.
    Throttled,
    /// The table has an internal error and has done nothing.
    Internal,
    /// Another transaction is said to be under way.
    Conflict,
    /// Nobody answers, and nothing has happened.
    LostRequest,
    /// Nobody answers, and it has happened.
    LostAnswer,
    /// Nobody answers, and it happens some time later.
    Late,
    /// The function dies before its request arrives.
    DeathBefore,
    /// The function dies when its request has been carried out.
    DeathAfter,
    /// Some keys of a batch stay unread.
    Unread,
    /// An index does not show the latest writes.
    Lag,
}

/// How often what befalls a request, in a thousand.
const FAULTS: [(Fault, usize); 8] = [
    (Fault::Throttled, 6),
    (Fault::Internal, 3),
    (Fault::Conflict, 6),
    (Fault::LostRequest, 4),
    (Fault::LostAnswer, 6),
    (Fault::Late, 3),
    (Fault::DeathBefore, 2),
    (Fault::DeathAfter, 3),
];

/// What has been counted.
#[derive(Debug, Clone, Default)]
pub(super) struct Counts {
    pub(super) requests: u64,
    pub(super) faults: BTreeMap<Fault, u64>,
    /// Transactions refused because another one held an item.
    pub(super) conflicts: u64,
    /// Writes refused because a condition did not hold: lost races among them.
    pub(super) refused: u64,
}

/// The layer.
#[derive(Clone)]
pub(super) struct Layer(Arc<Inner>);

struct Inner {
    engine: Engine,
    order: Order,
    dice: Dice,
    clock: Clock,
    stormy: AtomicBool,
    counts: Mutex<Counts>,
    /// Items that a transaction holds.
    held: Mutex<BTreeSet<(String, String)>>,
    /// The partitions written last.
    fresh: Mutex<VecDeque<String>>,
    ledger: Mutex<Ledger>,
    /// Nobody reads between a write and its entry in the ledger: on many threads, they would be told of what is not there.
    books: RwLock<()>,
    running: AtomicUsize,
    most_running: AtomicUsize,
}

impl fmt::Debug for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Layer")
    }
}

impl Layer {
    pub(super) fn new(engine: Engine, order: Order, dice: Dice, clock: Clock) -> Self {
        Self(Arc::new(Inner {
            engine,
            order,
            dice,
            clock,
            stormy: AtomicBool::new(false),
            counts: Mutex::default(),
            held: Mutex::default(),
            fresh: Mutex::default(),
            ledger: Mutex::default(),
            books: RwLock::default(),
            running: AtomicUsize::new(0),
            most_running: AtomicUsize::new(0),
        }))
    }

    /// Requests fail from now on, or no longer.
    pub(super) fn storm(&self, stormy: bool) {
        self.0.stormy.store(stormy, Ordering::SeqCst);
    }

    pub(super) fn counts(&self) -> Counts {
        self.0.counts.lock().unwrap().clone()
    }

    /// How many requests were on their way at the same time at the most.
    pub(super) fn most_at_once(&self) -> usize {
        self.0.most_running.load(Ordering::SeqCst)
    }

    /// Waits until no request is on its way any more.
    pub(super) async fn quiet(&self) {
        while self.0.running.load(Ordering::SeqCst) > 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    pub(super) fn with_ledger<T>(&self, look: impl FnOnce(&mut Ledger) -> T) -> T {
        look(&mut self.0.ledger.lock().unwrap())
    }

    pub(super) async fn conduct(&self) {
        self.0.order.conduct(&self.0.dice, &self.0.clock).await;
    }

    fn draw(&self, operation: &str, query: bool) -> Option<Fault> {
        let inner = &*self.0;
        if !inner.stormy.load(Ordering::SeqCst) {
            return None;
        }
        if query && inner.dice.permille(100) {
            return Some(Fault::Lag);
        }
        if operation == "BatchGetItem" && inner.dice.permille(5) {
            return Some(Fault::Unread);
        }
        let mut drawn = inner.dice.below(1_000);
        for (fault, chance) in FAULTS {
            if drawn < chance {
                return Some(fault).filter(|fault| *fault != Fault::Conflict || operation == "TransactWriteItems");
            }
            drawn -= chance;
        }
        None
    }

    async fn serve(self, call: Arc<Call>, operation: String, body: String) -> Result<HttpResponse, ConnectorError> {
        let inner = &*self.0;
        let _running = Running::enter(&self.0);
        inner.order.turn(&call).await;
        inner.counts.lock().unwrap().requests += 1;
        let request: Value = serde_json::from_str(&body).unwrap();
        let by_index = request["IndexName"].is_string() && request["Select"].is_null();
        let fault = self.draw(&operation, by_index);
        if let Some(fault) = fault {
            *inner.counts.lock().unwrap().faults.entry(fault).or_default() += 1;
            if fault != Fault::Lag {
                call.trouble();
                self.with_ledger(|ledger| ledger.disturbed(&request));
            }
        }
        match fault {
            Some(Fault::Throttled) => return Ok(refusal(400, "ThrottlingException")),
            Some(Fault::Internal) => return Ok(refusal(500, "InternalServerError")),
            Some(Fault::Conflict) => return Ok(conflict()),
            Some(Fault::LostRequest) => return Err(silence()),
            Some(Fault::DeathBefore) => return die(&call).await,
            Some(Fault::Unread) => return Ok(engine::response((200, unread(&request)))),
            Some(Fault::Late) => {
                let (layer, call) = (self.clone(), Arc::clone(&call));
                let running = Running::enter(&self.0);
                tokio::spawn(async move {
                    let _running = running;
                    layer.0.order.turn(&call).await;
                    layer.apply(&call, &operation, &body, &request).await;
                });
                return Err(silence());
            }
            _ => {}
        }
        let reply = self.apply(&call, &operation, &body, &request).await;
        match fault {
            Some(Fault::LostAnswer) => Err(silence()),
            Some(Fault::DeathAfter) => die(&call).await,
            Some(Fault::Lag) => Ok(engine::response((reply.0, self.lagging(&call, &reply.1)))),
            _ => Ok(engine::response(reply)),
        }
    }

    /// Carries out the request. A transaction holds its items for a moment, and so finds them held by another.
    async fn apply(&self, call: &Arc<Call>, operation: &str, body: &str, request: &Value) -> Reply {
        let inner = &*self.0;
        let keys = keys(request);
        let transaction = operation == "TransactWriteItems";
        let writes = transaction || operation == "UpdateItem";
        let Some(_held) = Held::take(&self.0, if writes { keys.clone() } else { Vec::new() }) else {
            inner.counts.lock().unwrap().conflicts += 1;
            call.trouble();
            let code = "TransactionConflictException";
            return (400, if transaction { cancelled(keys.len()) } else { json!({ "__type": code }).to_string() });
        };
        if transaction && inner.stormy.load(Ordering::SeqCst) {
            match inner.order {
                // Long enough for others to come across, however busy the machine is.
                Order::Parallel => tokio::time::sleep(Duration::from_millis(10)).await,
                Order::Chosen(_) if inner.dice.permille(300) => inner.order.turn(call).await,
                Order::Chosen(_) => {}
            }
        }
        let reading = (!writes).then(|| inner.books.read().unwrap());
        let writing = writes.then(|| inner.books.write().unwrap());
        let reply = inner.engine.carry_out(operation, body);
        drop(reading);
        if writes && reply.0 == 200 {
            let mut fresh = inner.fresh.lock().unwrap();
            fresh.extend(keys.into_iter().map(|(pk, _)| pk).filter(|pk| pk.starts_with("INVITATION#")));
            while fresh.len() > LAG {
                fresh.pop_front();
            }
            drop(fresh);
            self.with_ledger(|ledger| ledger.written(call, request, inner.clock.millis()));
        } else if writes {
            let kind = ["ConditionalCheckFailed", "TransactionCanceled"].iter().any(|kind| reply.1.contains(kind));
            assert!(kind, "the table refuses {operation}: {} {body}", reply.1);
            inner.counts.lock().unwrap().refused += 1;
            call.trouble();
        } else {
            assert_eq!(reply.0, 200, "the table refuses {operation}: {} {body}", reply.1);
        }
        drop(writing);
        reply
    }

    /// What an index answers that has not seen the latest writes.
    fn lagging(&self, call: &Call, answer: &str) -> String {
        let mut answer: Value = serde_json::from_str(answer).unwrap();
        let fresh = self.0.fresh.lock().unwrap();
        let Some(items) = answer["Items"].as_array() else { return answer.to_string() };
        let old = |item: &&Value| !fresh.iter().any(|pk| item["pk"]["S"].as_str() == Some(pk));
        let (shown, unseen): (Vec<_>, Vec<_>) = items.iter().partition(old);
        // A page of an index that goes on is never empty.
        if shown.is_empty() && answer["LastEvaluatedKey"].is_object() {
            return answer.to_string();
        }
        self.with_ledger(|ledger| unseen.iter().for_each(|item| ledger.unseen(call, item)));
        let shown: Value = shown.into_iter().cloned().collect();
        answer["Count"] = shown.as_array().unwrap().len().into();
        answer["Items"] = shown;
        answer.to_string()
    }
}

/// The keys that a write names.
fn keys(request: &Value) -> Vec<(String, String)> {
    let key = |key: &Value| {
        let text = |name: &str| Some(key[name]["S"].as_str()?.to_owned());
        Some((text("pk")?, text("sk")?))
    };
    let of = |action: &Value| key(&action["Item"]).or_else(|| key(&action["Key"]));
    match request["TransactItems"].as_array() {
        Some(actions) => actions.iter().filter_map(|action| of(action.as_object()?.values().next()?)).collect(),
        None => of(request).into_iter().collect(),
    }
}

fn refusal(status: u16, code: &str) -> HttpResponse {
    engine::response((status, json!({ "__type": format!("com.amazonaws.dynamodb.v20120810#{code}") }).to_string()))
}

fn cancelled(actions: usize) -> String {
    let reasons = vec![json!({ "Code": "TransactionConflict" }); actions.max(1)];
    let code = "com.amazonaws.dynamodb.v20120810#TransactionCanceledException";
    json!({ "__type": code, "CancellationReasons": reasons }).to_string()
}

fn conflict() -> HttpResponse {
    engine::response((400, cancelled(1)))
}

fn silence() -> ConnectorError {
    ConnectorError::timeout("nobody answers".into())
}

/// A batch of which nothing was read.
fn unread(request: &Value) -> String {
    let tables = request["RequestItems"].as_object().unwrap();
    let nothing: Value =
        tables.keys().map(|table| (table.clone(), json!([]))).collect::<serde_json::Map<_, _>>().into();
    json!({ "Responses": nothing, "UnprocessedKeys": tables }).to_string()
}

async fn die(call: &Call) -> Result<HttpResponse, ConnectorError> {
    call.died.store(true, Ordering::SeqCst);
    call.death.notify_one();
    std::future::pending().await
}

/// Items that a transaction holds until it is carried out.
struct Held<'a>(&'a Inner, Vec<(String, String)>);

impl<'a> Held<'a> {
    fn take(inner: &'a Inner, keys: Vec<(String, String)>) -> Option<Self> {
        let mut held = inner.held.lock().unwrap();
        if keys.iter().any(|key| held.contains(key)) {
            return None;
        }
        held.extend(keys.iter().cloned());
        Some(Self(inner, keys))
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        let mut held = self.0.held.lock().unwrap();
        for key in &self.1 {
            held.remove(key);
        }
    }
}

/// A request on its way.
struct Running(Arc<Inner>);

impl Running {
    fn enter(inner: &Arc<Inner>) -> Self {
        let running = inner.running.fetch_add(1, Ordering::SeqCst) + 1;
        inner.most_running.fetch_max(running, Ordering::SeqCst);
        Self(Arc::clone(inner))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::SeqCst);
    }
}

impl HttpClient for Layer {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Layer {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let call = CALL.with(Arc::clone);
        let operation = engine::operation(&request).to_owned();
        HttpConnectorFuture::new(self.clone().serve(call, operation, engine::text(&request)))
    }
}
