//! `POST /directory/import`: many records of all kinds, a result each. One bad record never stops the others.

use domain::id::{CommunityId, UserId};
use http_api::{
    json::Json,
    problem::{Fault, Problem},
};
use lambda_http::http::StatusCode;
use serde::{Deserialize, Serialize};
use service::directory::{
    Stored,
    import::{self, Record},
};
use store::Store;
use system::now;

use crate::{fields::Fields, records, response::status};

/// The most records of one import.
pub(crate) const MAX_RECORDS: usize = 100;

/// The body of a request.
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct ImportBody {
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<Value>))]
    records: Vec<Json>,
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
pub(crate) fn parse(record: Json) -> (Option<RecordType>, Result<Record, Problem>) {
    let Json::Object(fields) = record else {
        return (None, Err(Problem::malformed("record", "must be an object")));
    };
    let mut fields = Fields::from(fields);
    match fields.take("type") {
        Ok(record_type) => (Some(record_type), record_of(record_type, fields)),
        Err(problem) => (None, Err(problem)),
    }
}

fn record_of(record_type: RecordType, mut fields: Fields) -> Result<Record, Problem> {
    match record_type {
        RecordType::User => {
            let id = fields.take("userId")?;
            records::user(&id, &fields).map(Record::User)
        }
        RecordType::Community => {
            let id = fields.take("communityId")?;
            records::community(&id, &fields).map(Record::Community)
        }
        RecordType::Member => {
            let ids: (CommunityId, UserId) = (fields.take("communityId")?, fields.take("userId")?);
            records::member(&ids.0, &ids.1, &fields).map(Record::Member)
        }
        RecordType::Connection => {
            let ids: (UserId, UserId) = (fields.take("userId")?, fields.take("otherId")?);
            records::connection(&ids.0, &ids.1, &fields).map(Record::Connection)
        }
    }
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
