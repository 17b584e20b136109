//! `POST /directory/import`: many records of all kinds, a result each. One bad record never stops the others.
//!
//! Records that have something to do with each other are applied in the order they came in; the others at the same
//! time. A wave is as many records from the front as have nothing to do with each other.

use std::mem;

use domain::id::{CommunityId, UserId};
use futures::{StreamExt, stream};
use http_api::problem::{Fault, Problem};
use lambda_http::http::StatusCode;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};
use store::Store;

use crate::{
    Stored,
    communities::{self, CommunityBody},
    connections::{self, ConnectionBody},
    members::{self, MemberBody},
    sweep::{CONCURRENCY, TimeBudget},
    users::{self, UserBody},
};

/// The most records of one import.
pub(crate) const MAX_RECORDS: usize = 100;

/// The body of a request.
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct ImportBody {
    records: Vec<Value>,
}

/// What came of all records, in order.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub(crate) struct Import {
    results: Vec<RecordResult>,
}

#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
struct RecordResult {
    index: usize,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    record_type: Option<RecordType>,
    status: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    record: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<RecordError>,
}

#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
struct RecordError {
    code: &'static str,
    detail: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    param: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<Fault>,
}

/// What a record describes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub(crate) enum RecordType {
    User,
    Community,
    Member,
    Connection,
}

/// One record, understood as far as its shape goes.
pub(crate) enum Upsert {
    User(UserId, UserBody),
    Community(CommunityId, CommunityBody),
    Member(CommunityId, UserId, MemberBody),
    Connection(UserId, UserId, ConnectionBody),
}

/// Applies all records.
pub(crate) async fn run(store: &Store, body: ImportBody) -> Result<Import, Problem> {
    if body.records.len() > MAX_RECORDS {
        return Err(Problem::too_large("records", format!("must be at most {MAX_RECORDS}")));
    }
    let budget = TimeBudget::start();
    let mut results = Vec::new();
    for wave in waves(body.records.into_iter().map(parse).collect()) {
        let applied = wave.into_iter().map(|(record_type, upsert)| async move {
            let outcome = match upsert {
                Ok(upsert) => apply(store, upsert, budget).await,
                Err(problem) => Err(problem),
            };
            (record_type, outcome)
        });
        results.extend(stream::iter(applied).buffered(CONCURRENCY).collect::<Vec<_>>().await);
    }
    let results = results.into_iter().enumerate();
    let results =
        results.map(|(index, (record_type, outcome))| RecordResult::new(index, record_type, outcome)).collect();
    Ok(Import { results })
}

/// A record's type, as far as it has one, and what it asks for.
type Parsed = (Option<RecordType>, Result<Upsert, Problem>);

pub(crate) fn parse(record: Value) -> Parsed {
    let Value::Object(mut fields) = record else {
        return (None, Err(Problem::malformed("record", "must be an object")));
    };
    let record_type = match shape(fields.remove("type").unwrap_or_default(), "type") {
        Ok(record_type) => record_type,
        Err(problem) => return (None, Err(problem)),
    };
    (Some(record_type), upsert(record_type, fields))
}

fn upsert(record_type: RecordType, mut fields: Map<String, Value>) -> Result<Upsert, Problem> {
    let ids = &mut fields;
    Ok(match record_type {
        RecordType::User => Upsert::User(id(ids, "userId")?, body(fields)?),
        RecordType::Community => Upsert::Community(id(ids, "communityId")?, body(fields)?),
        RecordType::Member => Upsert::Member(id(ids, "communityId")?, id(ids, "userId")?, body(fields)?),
        RecordType::Connection => Upsert::Connection(id(ids, "userId")?, id(ids, "otherId")?, body(fields)?),
    })
}

fn id<T: DeserializeOwned>(fields: &mut Map<String, Value>, name: &str) -> Result<T, Problem> {
    shape(fields.remove(name).unwrap_or_default(), name)
}

fn body<T: DeserializeOwned>(fields: Map<String, Value>) -> Result<T, Problem> {
    shape(Value::Object(fields), "record")
}

/// The value in its expected shape; `name` is what to call it when none of its parts is at fault.
fn shape<T: DeserializeOwned>(value: Value, name: &str) -> Result<T, Problem> {
    serde_path_to_error::deserialize(value).map_err(|error| {
        let path = error.path().to_string();
        Problem::malformed(if path == "." { name } else { &path }, error.into_inner())
    })
}

async fn apply(store: &Store, upsert: Upsert, budget: TimeBudget) -> Result<Stored<Value>, Problem> {
    budget.check()?;
    match upsert {
        Upsert::User(id, body) => shown(users::put(store, id, body).await?),
        Upsert::Community(id, body) => shown(communities::put(store, id, body).await?),
        Upsert::Member(community, user, body) => shown(members::put(store, community, user, body).await?),
        Upsert::Connection(user, other, body) => shown(connections::put(store, user, other, &body).await?),
    }
}

fn shown<T: Serialize>(Stored { record, created }: Stored<T>) -> Result<Stored<Value>, Problem> {
    let record = serde_json::to_value(record).map_err(|_| Problem::internal())?;
    Ok(Stored { record, created })
}

impl RecordResult {
    fn new(index: usize, record_type: Option<RecordType>, outcome: Result<Stored<Value>, Problem>) -> Self {
        let status = outcome.as_ref().map_or_else(Problem::status, Stored::status);
        let (record, error) = match outcome {
            Ok(stored) => (Some(stored.record), None),
            Err(problem) => (None, Some(RecordError::from(&problem))),
        };
        Self { index, record_type, status: StatusCode::as_u16(&status), record, error }
    }
}

impl From<&Problem> for RecordError {
    fn from(problem: &Problem) -> Self {
        let errors = problem.faults().to_vec();
        let param = errors.first().map(|fault| fault.param.clone());
        Self { code: problem.code(), detail: problem.detail().to_owned(), param, errors }
    }
}

/// Something that a record changes, or needs to be as earlier records have left it.
#[derive(PartialEq, Eq)]
enum Subject {
    User(UserId),
    Address(String),
    Community(CommunityId),
    Member(CommunityId, UserId),
    Connection(UserId, UserId),
}

impl Upsert {
    fn changes(&self) -> Vec<Subject> {
        match self {
            Self::User(id, body) => {
                let address = body.email.as_ref().map(|email| Subject::Address(email.trim().to_lowercase()));
                [Subject::User(id.clone())].into_iter().chain(address).collect()
            }
            Self::Community(id, _) => vec![Subject::Community(id.clone())],
            Self::Member(community, user, _) => vec![Subject::Member(community.clone(), user.clone())],
            Self::Connection(user, other, _) => {
                let (one, two) = if user < other { (user, other) } else { (other, user) };
                vec![Subject::Connection(one.clone(), two.clone())]
            }
        }
    }

    fn needs(&self) -> Vec<Subject> {
        match self {
            Self::User(..) | Self::Community(..) => Vec::new(),
            Self::Member(community, user, _) => {
                vec![Subject::Community(community.clone()), Subject::User(user.clone())]
            }
            Self::Connection(user, other, _) => vec![Subject::User(user.clone()), Subject::User(other.clone())],
        }
    }
}

/// The records in their order, cut wherever one has to wait for those before it.
pub(crate) fn waves(records: Vec<Parsed>) -> Vec<Vec<Parsed>> {
    let (mut waves, mut wave) = (Vec::new(), Vec::new());
    let (mut touched, mut relied_on) = (Vec::new(), Vec::new());
    for (record_type, upsert) in records {
        let changes = upsert.as_ref().map(Upsert::changes).unwrap_or_default();
        let needs = upsert.as_ref().map(Upsert::needs).unwrap_or_default();
        let waits = changes.iter().any(|subject| touched.contains(subject) || relied_on.contains(subject))
            || needs.iter().any(|subject| touched.contains(subject));
        if waits {
            waves.push(mem::take(&mut wave));
            touched.clear();
            relied_on.clear();
        }
        touched.extend(changes);
        relied_on.extend(needs);
        wave.push((record_type, upsert));
    }
    waves.push(wave);
    waves
}
