//! The one place that gives errors their HTTP form: RFC 9457 problems with a stable `code`.

use lambda_http::{
    Body, Response,
    http::{HeaderValue, StatusCode, header},
};
use serde::Serialize;

use super::code::Code;
use domain::{Timestamp, invitation::Status, refusal::Refusal};
use service::ServiceError;
use store::StoreError;

/// A response that says what is wrong and what to change. Internal causes stay in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    code: Code,
    detail: String,
    faults: Vec<Fault>,
    invitation_status: Option<Status>,
    retry_at: Option<Timestamp>,
}

/// One input at fault.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Fault {
    /// The field or parameter.
    pub param: String,
    /// What is wrong with it.
    pub detail: String,
}

impl Fault {
    /// A fault of `param`.
    pub fn new(param: impl Into<String>, detail: impl ToString) -> Self {
        Self { param: param.into(), detail: detail.to_string() }
    }
}

#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = Problem))]
#[serde(rename_all = "camelCase")]
pub(super) struct ProblemView<'a> {
    title: &'a str,
    status: u16,
    #[cfg_attr(feature = "openapi", schema(value_type = Code))]
    code: &'a str,
    detail: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    param: Option<&'a str>,
    #[serde(skip_serializing_if = "<[Fault]>::is_empty")]
    errors: &'a [Fault],
    #[serde(skip_serializing_if = "Option::is_none")]
    invitation: Option<Conflict>,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after: Option<i64>,
    request_id: &'a str,
}

/// `status` of a problem is its HTTP status (RFC 9457), so that of the invitation stands one level down.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
struct Conflict {
    status: Status,
}

impl Problem {
    fn new(code: Code, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into(), faults: Vec::new(), invitation_status: None, retry_at: None }
    }

    /// 400: the request cannot be understood; `param` names the part at fault.
    pub fn malformed(param: impl Into<String>, detail: impl ToString) -> Self {
        let fault = Fault::new(param, detail);
        let text = format!("{}: {}", fault.param, fault.detail);
        Self { faults: vec![fault], ..Self::new(Code::MalformedRequest, text) }
    }

    /// 400: the cursor is damaged, or was made for another caller or query.
    pub fn invalid_cursor() -> Self {
        let detail = "The cursor is damaged or belongs to another list. Start again without one.";
        let fault = Fault::new("cursor", "is not one of this list");
        Self { faults: vec![fault], ..Self::new(Code::InvalidCursor, detail) }
    }

    /// 401: no identity came with the request. The gateway refuses most of these itself.
    pub fn unauthenticated() -> Self {
        Self::new(Code::Unauthenticated, "Send a valid bearer token.")
    }

    /// 403: only a site administrator or a machine client may do this.
    pub fn site_administrators_only() -> Self {
        Self::new(Code::NotSiteAdministrator, "Only site administrators can do this.")
    }

    /// 404: no such route.
    pub fn no_route() -> Self {
        Self::new(Code::NoSuchRoute, "There is no such route.")
    }

    /// 413: a list or body is longer than is allowed.
    pub fn too_large(param: impl Into<String>, detail: impl ToString) -> Self {
        let fault = Fault::new(param, detail);
        let text = format!("{}: {}", fault.param, fault.detail);
        Self { faults: vec![fault], ..Self::new(Code::TooLarge, text) }
    }

    /// 422: the request is well formed and some values are not allowed.
    pub fn invalid(faults: Vec<Fault>) -> Self {
        let texts: Vec<_> = faults.iter().map(|fault| format!("{} {}", fault.param, fault.detail)).collect();
        Self { faults, ..Self::new(Code::InvalidValue, texts.join("; ")) }
    }

    /// 422: the message has unknown tokens.
    pub fn unknown_tokens(param: impl Into<String>, detail: impl ToString) -> Self {
        let fault = Fault::new(param, detail);
        let text = format!("{} {}", fault.param, fault.detail);
        Self { faults: vec![fault], ..Self::new(Code::UnknownMessageToken, text) }
    }

    /// 500: our own fault; the log knows more under the request id.
    pub fn internal() -> Self {
        Self::new(Code::InternalError, "Something went wrong on our side.")
    }

    /// 503: a passing fault.
    pub fn unavailable(now: Timestamp) -> Self {
        let detail = "The service is busy. Nothing may have been changed; try again in a moment.";
        // In the middle of a second: it is told as two, however many milliseconds the response takes.
        let retry_at = Some(domain::time::later(now, jiff::SignedDuration::from_millis(1_500)));
        Self { retry_at, ..Self::new(Code::Unavailable, detail) }
    }

    /// 503: there was no time for all of it. What was done stays done.
    pub fn out_of_time(now: Timestamp) -> Self {
        let detail = "There was no time for all of it. What is done stays done; send the same request again, which goes on \
                      from there.";
        Self { detail: detail.to_owned(), ..Self::unavailable(now) }
    }

    /// The HTTP status.
    pub fn status(&self) -> StatusCode {
        self.code.status()
    }

    /// The stable code for programs.
    pub fn code(&self) -> &'static str {
        self.code.as_str()
    }

    /// The words for the caller.
    pub fn detail(&self) -> &str {
        &self.detail
    }

    /// The inputs at fault.
    pub fn faults(&self) -> &[Fault] {
        &self.faults
    }

    /// The state of the invitation that was in the way.
    pub fn invitation_status(&self) -> Option<Status> {
        self.invitation_status
    }

    /// The seconds after which the same request may succeed, where that is known.
    pub fn retry_after(&self, now: Timestamp) -> Option<i64> {
        self.retry_at.map(|at| at.duration_since(now).as_secs().max(0) + 1)
    }

    fn view<'a>(&'a self, request_id: &'a str, now: Timestamp) -> ProblemView<'a> {
        ProblemView {
            title: self.status().canonical_reason().unwrap_or("Error"),
            status: self.status().as_u16(),
            code: self.code(),
            detail: &self.detail,
            param: self.faults.first().map(|fault| fault.param.as_str()),
            errors: &self.faults,
            invitation: self.invitation_status.map(|status| Conflict { status }),
            retry_after: self.retry_after(now),
            request_id,
        }
    }

    /// Returns the code, and the body of the response to the request with that id at `now`.
    #[cfg(feature = "openapi")]
    pub(super) fn example(&self, request_id: &str, now: Timestamp) -> (Code, serde_json::Value) {
        (self.code, serde_json::to_value(self.view(request_id, now)).unwrap_or_default())
    }

    /// Returns the response to the request with that id at `now`.
    pub fn into_response(self, request_id: &str, now: Timestamp) -> Response<Body> {
        let view = self.view(request_id, now);
        let retry_after = view.retry_after;
        let mut response = Response::new(Body::Text(serde_json::to_string(&view).unwrap_or_default()));
        *response.status_mut() = self.status();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(seconds) = retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let mut problem = Self::new(code(&refusal), refusal.to_string());
        problem.faults.extend(fault(&refusal));
        match refusal {
            Refusal::Conflict(status)
            | Refusal::AlreadyMember(status)
            | Refusal::InviteeUnavailable(status)
            | Refusal::SenderMayNotInvite(status) => {
                problem.invitation_status = Some(status);
            }
            Refusal::ResentRecently { until }
            | Refusal::DailyQuotaUsed { until }
            | Refusal::RequestStillRunning { until } => problem.retry_at = Some(until),
            _ => {}
        }
        problem
    }
}

fn code(refusal: &Refusal) -> Code {
    match refusal {
        Refusal::InvitationNotFound => Code::InvitationNotFound,
        Refusal::CommunityNotFound => Code::CommunityNotFound,
        Refusal::CallerUnknown => Code::CallerUnknown,
        Refusal::CallerInactive => Code::CallerInactive,
        Refusal::NotAMember => Code::NotAMember,
        Refusal::InvitersAreAdministrators => Code::InvitersAreAdministrators,
        Refusal::CommunityPrivate => Code::CommunityPrivate,
        Refusal::InvitationsNotAllowed => Code::InvitationsNotAllowed,
        Refusal::PeopleSearchOff => Code::PeopleSearchOff,
        Refusal::NotInvitee => Code::NotInvitee,
        Refusal::EmailUnverified => Code::EmailUnverified,
        Refusal::NotModerator => Code::NotModerator,
        Refusal::NotSender => Code::NotSender,
        Refusal::RegistrationNeeded => Code::RegistrationNeeded,
        Refusal::SignInNeeded => Code::SignInNeeded,
        Refusal::AlreadyMember(_) => Code::AlreadyMember,
        Refusal::InviteeUnavailable(_) => Code::InviteeUnavailable,
        Refusal::SenderMayNotInvite(_) => Code::SenderMayNotInvite,
        Refusal::Conflict(status) => Code::of_conflict(*status),
        Refusal::ResentRecently { .. } => Code::ResentRecently,
        Refusal::DailyQuotaUsed { .. } => Code::DailyQuotaUsed,
        Refusal::NoRecipients => Code::InvalidValue,
        Refusal::TooManyRecipients { .. } => Code::TooManyRecipients,
        Refusal::IdempotencyKeyReused => Code::IdempotencyKeyReused,
        Refusal::RequestStillRunning { .. } => Code::RequestStillRunning,
        Refusal::NotInDirectory(_) => Code::NotInDirectory,
        Refusal::EmailTaken => Code::EmailTaken,
    }
}

/// The input that the refusal is about, where it is one of the request's own.
fn fault(refusal: &Refusal) -> Option<Fault> {
    Some(match refusal {
        Refusal::NoRecipients => Fault::new("userIds", "or emails must name at least one recipient"),
        Refusal::TooManyRecipients { most, .. } => Fault::new("recipients", format!("must be at most {most}")),
        Refusal::IdempotencyKeyReused => Fault::new("Idempotency-Key", "was used with another request"),
        Refusal::EmailTaken => Fault::new("email", "belongs to another user"),
        _ => return None,
    })
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable(cause) => {
                tracing::warn!(%cause, "the table is unavailable");
                Self::unavailable(system::now())
            }
            StoreError::OutOfTime => {
                tracing::warn!("the time was over before all was done");
                Self::out_of_time(system::now())
            }
            error => {
                tracing::error!(%error, "the table failed");
                Self::internal()
            }
        }
    }
}

impl From<ServiceError> for Problem {
    fn from(error: ServiceError) -> Self {
        match error {
            ServiceError::Refused(refusal) => refusal.into(),
            ServiceError::Store(error) => error.into(),
            ServiceError::NoRandomness | ServiceError::Unwritable => {
                tracing::error!(%error, "a use case failed");
                Self::internal()
            }
        }
    }
}
