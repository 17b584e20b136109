//! `POST /directory/import`: many records of all kinds, a result each. One bad record never stops the others.

use domain::id::{CommunityId, UserId};
use http_api::problem::{Fault, Problem};
use lambda_http::http::StatusCode;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};
use service::directory::{
    Stored,
    import::{self, Record},
};
use store::Store;
use system::now;

use crate::{records, response::status};

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
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Value>))]
    record: Option<Record>,
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

/// Applies all records.
pub(crate) async fn run(store: &Store, body: ImportBody) -> Result<Import, Problem> {
    if body.records.len() > MAX_RECORDS {
        return Err(Problem::too_large("records", format!("must be at most {MAX_RECORDS}")));
    }
    let (types, records): (Vec<_>, Vec<_>) = body.records.into_iter().map(parse).unzip();
    let results = types.into_iter().zip(import::import(store, records, now()).await).enumerate();
    Ok(Import { results: results.map(|(index, (of, result))| RecordResult::new(index, of, result)).collect() })
}

/// A record's type, as far as it has one, and the record.
pub(crate) fn parse(record: Value) -> (Option<RecordType>, Result<Record, Problem>) {
    let Value::Object(mut fields) = record else {
        return (None, Err(Problem::malformed("record", "must be an object")));
    };
    match take(&mut fields, "type") {
        Ok(record_type) => (Some(record_type), record_of(record_type, fields)),
        Err(problem) => (None, Err(problem)),
    }
}

fn record_of(record_type: RecordType, mut fields: Map<String, Value>) -> Result<Record, Problem> {
    match record_type {
        RecordType::User => {
            let id = take(&mut fields, "userId")?;
            records::user(&id, &fields.into()).map(Record::User)
        }
        RecordType::Community => {
            let id = take(&mut fields, "communityId")?;
            records::community(&id, &fields.into()).map(Record::Community)
        }
        RecordType::Member => {
            let ids: (CommunityId, UserId) = (take(&mut fields, "communityId")?, take(&mut fields, "userId")?);
            records::member(&ids.0, &ids.1, &fields.into()).map(Record::Member)
        }
        RecordType::Connection => {
            let ids: (UserId, UserId) = (take(&mut fields, "userId")?, take(&mut fields, "otherId")?);
            records::connection(&ids.0, &ids.1, &fields.into()).map(Record::Connection)
        }
    }
}

/// Takes a field that says which record is meant.
fn take<T: DeserializeOwned>(fields: &mut Map<String, Value>, name: &str) -> Result<T, Problem> {
    let value = fields.remove(name).unwrap_or_default();
    T::deserialize(value).map_err(|error| Problem::malformed(name, error))
}

impl RecordResult {
    fn new(index: usize, record_type: Option<RecordType>, result: Result<Stored<Record>, Problem>) -> Self {
        let status = result.as_ref().map_or_else(Problem::status, status);
        let (record, error) = match result {
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
