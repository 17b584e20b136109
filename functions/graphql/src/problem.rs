//! How refusals stand in data, and failures beside it. Codes and words are those of `http_api::problem`.

use async_graphql::{Context, ErrorExtensions, OutputType, SimpleObject};
use http_api::problem::{Fault, Problem};
use system::now;

use crate::{
    session::Session,
    types::{CommunityInvitation, CommunityOptions, CommunityStats, InvitationStatus, PeriodStats},
};

/// What stands in the way, and what to change.
#[derive(Debug, Clone, SimpleObject)]
#[graphql(name = "Problem")]
pub(crate) struct ProblemNode {
    /// What is wrong, for programs. Codes are stable; later versions may add some.
    pub(crate) code: String,
    /// The same in words for people.
    pub(crate) message: String,
    /// The argument at fault, if one is.
    pub(crate) param: Option<String>,
    /// The HTTP status that stands for the code elsewhere in the API. None for what came of a single recipient.
    pub(crate) status: Option<i32>,
    /// The seconds after which the same request may succeed, where that is known.
    pub(crate) retry_after: Option<i64>,
    /// The state of the invitation that is in the way.
    pub(crate) invitation_status: Option<InvitationStatus>,
}

/// What a command or a question came to: what was asked for, or why not.
#[derive(SimpleObject)]
#[graphql(concrete(name = "CommunityInvitationPayload", params(CommunityInvitation)))]
#[graphql(concrete(name = "CommunityStatsPayload", params(CommunityStats)))]
#[graphql(concrete(name = "PeriodStatsPayload", params(PeriodStats)))]
#[graphql(concrete(name = "CommunityOptionsPayload", params(CommunityOptions)))]
pub(crate) struct Payload<T: OutputType> {
    /// The codes of what stands in the way; empty if nothing does.
    errors: Vec<String>,
    /// The same with words and particulars.
    problems: Vec<ProblemNode>,
    /// What was asked for.
    response: Option<T>,
}

/// A refusal, in both of its forms.
#[derive(Debug, Clone, Default)]
pub(crate) struct Refused {
    pub(crate) errors: Vec<String>,
    pub(crate) problems: Vec<ProblemNode>,
}

impl From<ProblemNode> for Refused {
    fn from(problem: ProblemNode) -> Self {
        Self { errors: vec![problem.code.clone()], problems: vec![problem] }
    }
}

impl From<&Problem> for Refused {
    fn from(problem: &Problem) -> Self {
        let node = |message: String, param: Option<&str>| ProblemNode {
            code: problem.code().to_owned(),
            message,
            param: param.map(argument),
            status: Some(problem.status().as_u16().into()),
            retry_after: problem.retry_after(now()),
            invitation_status: problem.invitation_status().map(InvitationStatus::from),
        };
        let problems = match problem.faults() {
            [] => vec![node(problem.detail().to_owned(), None)],
            [fault] => vec![node(problem.detail().to_owned(), Some(&fault.param))],
            several => {
                let words = |Fault { param, detail }: &Fault| node(format!("{param} {detail}"), Some(param));
                several.iter().map(words).collect()
            }
        };
        Self { errors: vec![problem.code().to_owned()], problems }
    }
}

impl<T: OutputType> From<Refused> for Payload<T> {
    fn from(Refused { errors, problems }: Refused) -> Self {
        Self { errors, problems, response: None }
    }
}

/// What GraphQL calls a parameter that has another name over HTTP.
fn argument(param: &str) -> String {
    match param {
        "limit" => "first",
        "cursor" => "after",
        "q" => "query",
        "Idempotency-Key" => "idempotencyKey",
        param => param,
    }
    .to_owned()
}

/// Returns the payload of a result; `None` after a failure of ours, which is told beside the data.
pub(crate) fn payload<T: OutputType>(context: &Context<'_>, result: Result<T, Problem>) -> Option<Payload<T>> {
    let done = |response| Payload { errors: Vec::new(), problems: Vec::new(), response: Some(response) };
    unless_failed(context, result.map(done), Payload::from)
}

/// Returns the value, or what `refused` makes of a refusal; `None` after a failure of ours, which is told beside the
/// data.
pub(crate) fn unless_failed<T>(
    context: &Context<'_>,
    result: Result<T, Problem>,
    refused: impl FnOnce(Refused) -> T,
) -> Option<T> {
    let problem = match result {
        Ok(value) => return Some(value),
        Err(problem) => problem,
    };
    let (request_id, status) = (&Session::of(context).request_id, problem.status());
    if !status.is_server_error() {
        tracing::info!(request_id, status = status.as_u16(), code = problem.code(), "refused");
        return Some(refused((&problem).into()));
    }
    // The status of the response need not tell of it, so this line raises the alarm.
    tracing::error!(request_id, status = status.as_u16(), code = problem.code(), "a part of a document failed");
    add_failure(context, &problem, request_id);
    None
}

fn add_failure(context: &Context<'_>, problem: &Problem, request_id: &str) {
    let error = async_graphql::Error::new(problem.detail()).extend_with(|_, values| {
        values.set("code", problem.code());
        values.set("status", problem.status().as_u16());
        values.set("requestId", request_id);
        if let Some(seconds) = problem.retry_after(now()) {
            values.set("retryAfter", seconds);
        }
    });
    context.add_error(context.set_error_path(error.into_server_error(context.item.pos)));
}
