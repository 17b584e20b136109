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
    http::{HttpConnector, HttpConnectorFuture, SharedHttpClient, SharedHttpConnector, http_client_fn},
    orchestrator::{HttpRequest, HttpResponse},
    result::ConnectorError,
};
use dynoxide::Item;
use serde_json::{Value, json};
use testkit::embedded::engine::{self, Engine, Reply};

use super::{
    fault::{self, Fault},
    schedule::{CALL, Call, Clock, Order, Random},
    stored::text,
    wire::{Found, Request},
    write_log::WriteLog,
};

/// The records that a lagging index may not show yet.
const LAG: usize = 12;

/// What has been counted.
#[derive(Debug, Clone, Default)]
pub(super) struct Counts {
    pub(super) requests: u64,
    pub(super) faults: BTreeMap<Fault, u64>,
    /// Transactions that failed because another one held an item.
    pub(super) conflicts: u64,
    /// Writes that failed because a condition did not hold: lost races among them.
    pub(super) failed_conditions: u64,
}

/// The layer.
#[derive(Clone)]
pub(super) struct Layer(Arc<Inner>);

struct Inner {
    engine: Engine,
    order: Order,
    random: Random,
    clock: Clock,
    failing: AtomicBool,
    counts: Mutex<Counts>,
    /// Items that a transaction holds.
    held: Mutex<BTreeSet<(String, String)>>,
    /// The partitions written last.
    fresh: Mutex<VecDeque<String>>,
    log: Mutex<WriteLog>,
    /// Held between a write and its entry in the log, so that on many threads no read sees what is not in the log yet.
    log_lock: RwLock<()>,
    running: AtomicUsize,
    most_running: AtomicUsize,
}

impl fmt::Debug for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Layer")
    }
}

impl Layer {
    pub(super) fn new(engine: Engine, order: Order, random: Random, clock: Clock) -> Self {
        Self(Arc::new(Inner {
            engine,
            order,
            random,
            clock,
            failing: AtomicBool::new(false),
            counts: Mutex::default(),
            held: Mutex::default(),
            fresh: Mutex::default(),
            log: Mutex::default(),
            log_lock: RwLock::default(),
            running: AtomicUsize::new(0),
            most_running: AtomicUsize::new(0),
        }))
    }

    /// Lets requests fail from now on, or no longer.
    pub(super) fn set_failing(&self, failing: bool) {
        self.0.failing.store(failing, Ordering::SeqCst);
    }

    /// Returns a client that reaches the table through this layer.
    pub(super) fn client(&self) -> SharedHttpClient {
        let connector = SharedHttpConnector::new(self.clone());
        http_client_fn(move |_, _| connector.clone())
    }

    pub(super) fn counts(&self) -> Counts {
        self.0.counts.lock().unwrap().clone()
    }

    /// Returns how many requests were on their way at the same time at the most.
    pub(super) fn most_at_once(&self) -> usize {
        self.0.most_running.load(Ordering::SeqCst)
    }

    /// Waits until no request is on its way any more.
    pub(super) async fn quiet(&self) {
        while self.0.running.load(Ordering::SeqCst) > 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    pub(super) fn with_log<T>(&self, look: impl FnOnce(&mut WriteLog) -> T) -> T {
        look(&mut self.0.log.lock().unwrap())
    }

    pub(super) async fn schedule(&self) {
        self.0.order.schedule(&self.0.random, &self.0.clock).await;
    }

    async fn serve(self, call: Arc<Call>, operation: String, body: String) -> Result<HttpResponse, ConnectorError> {
        let inner = &*self.0;
        let _running = Running::enter(&self.0);
        inner.order.turn(&call).await;
        inner.counts.lock().unwrap().requests += 1;
        let request = Request::read(&body);
        let failing = inner.failing.load(Ordering::SeqCst);
        let fault = if failing { fault::draw(&inner.random, &operation, request.reads_index()) } else { None };
        if let Some(fault) = fault {
            *inner.counts.lock().unwrap().faults.entry(fault).or_default() += 1;
            if fault != Fault::Lag {
                call.trouble();
                self.with_log(|log| log.disturbed(&request));
            }
        }
        match fault {
            Some(Fault::Throttled) => return Ok(fault::failure(400, "ThrottlingException")),
            Some(Fault::Internal) => return Ok(fault::failure(500, "InternalServerError")),
            Some(Fault::Conflict) => return Ok(fault::conflict()),
            Some(Fault::LostRequest) => return Err(fault::no_response()),
            Some(Fault::CrashBefore) => return fault::crash(&call).await,
            Some(Fault::Unread) => return Ok(engine::response((200, fault::unread(&request)))),
            Some(Fault::Late) => {
                let (layer, call) = (self.clone(), Arc::clone(&call));
                let running = Running::enter(&self.0);
                tokio::spawn(async move {
                    let _running = running;
                    layer.0.order.turn(&call).await;
                    layer.apply(&call, &operation, &body, &request).await;
                });
                return Err(fault::no_response());
            }
            _ => {}
        }
        let reply = self.apply(&call, &operation, &body, &request).await;
        match fault {
            Some(Fault::LostResponse) => Err(fault::no_response()),
            Some(Fault::CrashAfter) => fault::crash(&call).await,
            Some(Fault::Lag) => Ok(engine::response((reply.0, self.lagging(&call, &reply.1)))),
            _ => Ok(engine::response(reply)),
        }
    }

    /// Executes the request. A transaction holds its items for a moment, and so finds them held by another.
    async fn apply(&self, call: &Arc<Call>, operation: &str, body: &str, request: &Request) -> Reply {
        let inner = &*self.0;
        let keys = request.keys();
        let transaction = operation == "TransactWriteItems";
        let writes = transaction || ["PutItem", "UpdateItem"].contains(&operation);
        let Some(_held) = Held::take(&self.0, if writes { keys.clone() } else { Vec::new() }) else {
            inner.counts.lock().unwrap().conflicts += 1;
            call.trouble();
            let code = "TransactionConflictException";
            return (
                400,
                if transaction { fault::cancelled(keys.len()) } else { json!({ "__type": code }).to_string() },
            );
        };
        if transaction && inner.failing.load(Ordering::SeqCst) {
            match inner.order {
                // Long enough for others to come across, however busy the machine is.
                Order::Parallel => tokio::time::sleep(Duration::from_millis(10)).await,
                Order::Chosen(_) if inner.random.permille(300) => inner.order.turn(call).await,
                Order::Chosen(_) => {}
            }
        }
        let reading = (!writes).then(|| inner.log_lock.read().unwrap());
        let writing = writes.then(|| inner.log_lock.write().unwrap());
        let reply = inner.engine.execute(operation, body);
        drop(reading);
        if writes && reply.0 == 200 {
            let mut fresh = inner.fresh.lock().unwrap();
            fresh.extend(keys.into_iter().map(|(pk, _)| pk).filter(|pk| pk.starts_with("INVITATION#")));
            while fresh.len() > LAG {
                fresh.pop_front();
            }
            drop(fresh);
            self.with_log(|log| log.written(call, request, inner.clock.millis()));
        } else if writes {
            let kind = ["ConditionalCheckFailed", "TransactionCanceled"].iter().any(|kind| reply.1.contains(kind));
            assert!(kind, "the table rejects {operation}: {} {body}", reply.1);
            inner.counts.lock().unwrap().failed_conditions += 1;
            call.trouble();
        } else {
            assert_eq!(reply.0, 200, "the table rejects {operation}: {} {body}", reply.1);
        }
        drop(writing);
        reply
    }

    /// Returns what an index responds with that has not seen the latest writes.
    fn lagging(&self, call: &Call, response: &str) -> String {
        let found: Found = serde_json::from_str(response).unwrap();
        let fresh = self.0.fresh.lock().unwrap();
        let old = |item: &&Item| !fresh.iter().any(|pk| text(item, &["pk"]) == Some(pk));
        let (shown, unseen): (Vec<_>, Vec<_>) = found.items.iter().partition(old);
        // A page of an index that goes on is never empty.
        if shown.is_empty() && found.goes_on() {
            return response.to_owned();
        }
        self.with_log(|log| unseen.iter().for_each(|item| log.unseen(call, item)));
        let mut response: Value = serde_json::from_str(response).unwrap();
        response["Count"] = shown.len().into();
        response["Items"] = json!(shown);
        response.to_string()
    }
}

/// Items that a transaction holds until it is executed.
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

impl HttpConnector for Layer {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let call = CALL.with(Arc::clone);
        let operation = engine::operation(&request).to_owned();
        HttpConnectorFuture::new(self.clone().serve(call, operation, engine::text(&request)))
    }
}
