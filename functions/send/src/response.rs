//! The response: one entry per recipient, in order, and a summary; or the mail of a preview.

use std::collections::BTreeMap;

use domain::{
    person::Caller,
    sending::Outcome,
    viewing::{RoleFact, Viewer},
};
use http_api::{function::json, problem::Problem, view::InvitationView};
use lambda_http::{
    Body, Response,
    http::{HeaderValue, StatusCode},
};
use mail::RenderedMail;
use serde::Serialize;
use service::send::SendResult;

#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = SendAnswer))]
pub(crate) struct SendView<'a> {
    results: Vec<ResultView<'a>>,
    summary: BTreeMap<Outcome, usize>,
}

#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = SendResult))]
#[serde(rename_all = "camelCase")]
struct ResultView<'a> {
    recipient: &'a str,
    outcome: Outcome,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    invitation: Option<InvitationView<'a>>,
}

#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub(crate) struct Preview<'a> {
    subject: &'a str,
    text: &'a str,
    html: &'a str,
}

/// Shows what became of a request to the caller who sent it.
pub(crate) fn sent(result: &SendResult, caller: &Caller) -> Result<Response<Body>, Problem> {
    let viewer = Viewer { caller, user: None, role: RoleFact::Known(result.role) };
    let results = result.results.iter().map(|one| ResultView {
        recipient: &one.recipient,
        outcome: one.outcome,
        retry_after: one.retry_after,
        invitation: one.invitation.as_ref().map(|made| InvitationView::new(made, &one.actions, &viewer, result.at)),
    });
    let mut summary: BTreeMap<_, _> = Outcome::ALL.into_iter().map(|outcome| (outcome, 0)).collect();
    for one in &result.results {
        *summary.entry(one.outcome).or_default() += 1;
    }
    let mut response = json(StatusCode::OK, &SendView { results: results.collect(), summary })?;
    if result.replayed {
        response.headers_mut().insert("idempotency-replayed", HeaderValue::from_static("true"));
    }
    Ok(response)
}

/// Shows the mail of a preview.
pub(crate) fn preview(mail: &RenderedMail) -> Result<Response<Body>, Problem> {
    json(StatusCode::OK, &Preview { subject: &mail.subject, text: &mail.text, html: &mail.html })
}
