//! The response: one entry per recipient, in order, and a summary; or the mail of a preview.

use std::collections::BTreeMap;

use domain::{person::Caller, sending::Outcome};
use http_api::{
    function::json,
    problem::Problem,
    sending::{self, ResultView},
};
use lambda_http::{
    Body, Response,
    http::{HeaderValue, StatusCode},
};
use mail::RenderedMail;
use serde::Serialize;
use service::send::SendResult;

#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = SendAnswer))]
pub(crate) struct SendView {
    results: Vec<ResultView>,
    summary: BTreeMap<Outcome, usize>,
}

#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub(crate) struct Preview<'a> {
    subject: &'a str,
    text: &'a str,
    html: &'a str,
}

/// Shows what became of a request to the caller who sent it.
pub(crate) fn sent(result: SendResult, caller: &Caller) -> Result<Response<Body>, Problem> {
    let mut summary: BTreeMap<_, _> = Outcome::ALL.into_iter().map(|outcome| (outcome, 0)).collect();
    for one in &result.results {
        *summary.entry(one.outcome).or_default() += 1;
    }
    let replayed = result.replayed;
    let mut response = json(StatusCode::OK, &SendView { results: sending::results(result, caller), summary })?;
    if replayed {
        response.headers_mut().insert("idempotency-replayed", HeaderValue::from_static("true"));
    }
    Ok(response)
}

/// Shows the mail of a preview.
pub(crate) fn preview(mail: &RenderedMail) -> Result<Response<Body>, Problem> {
    json(StatusCode::OK, &Preview { subject: &mail.subject, text: &mail.text, html: &mail.html })
}
