//! The answer: one entry per recipient, in order, and a summary.
//!
//! What is kept of it names nobody: the rest of every invitation follows from the terms, and the recipients from the
//! request that comes again. So an erased person is in no kept answer.

use std::collections::BTreeMap;

use domain::{
    Timestamp,
    id::InvitationId,
    invitation::Invitation,
    person::{Caller, Party, Role},
    sending::{Outcome, Terms},
    viewing::{RoleFact, Viewer},
};
use http_api::{function::json, problem::Problem, view::InvitationView};
use lambda_http::{
    Body, Response,
    http::{HeaderValue, StatusCode},
};
use serde::{Deserialize, Serialize};

use crate::{directory::Directory, request::Submission};

/// What came of a request.
#[derive(Serialize, Deserialize)]
pub(crate) struct Answer {
    pub(crate) terms: Terms,
    pub(crate) role: Option<Role>,
    pub(crate) entries: Vec<Entry>,
}

/// What came of one recipient.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Entry {
    pub(crate) outcome: Outcome,
    /// In seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) retry_after: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) made: Option<Made>,
}

/// An invitation that was made.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Made {
    pub(crate) id: InvitationId,
    pub(crate) party: Party,
    #[serde(with = "jiff::fmt::serde::timestamp::millisecond::required")]
    pub(crate) at: Timestamp,
}

#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = SendAnswer))]
pub(crate) struct Wire<'a> {
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

impl Answer {
    /// The answer to the first request.
    pub(crate) fn respond(
        &self,
        caller: &Caller,
        submission: &Submission,
        directory: &Directory,
    ) -> Result<Response<Body>, Problem> {
        let entries = || self.entries.iter().zip(&submission.recipients);
        let mut invitations: Vec<Option<Invitation>> = Vec::with_capacity(self.entries.len());
        for (entry, recipient) in entries() {
            invitations.push(match &entry.made {
                Some(made) => {
                    let invitee = directory.invitee(&made.party, recipient)?;
                    Some(Terms { now: made.at, ..self.terms.clone() }.invitation(made.id, invitee))
                }
                None => None,
            });
        }
        let viewer = Viewer { caller, user: None, role: RoleFact::Known(self.role) };
        let results = entries().zip(&invitations).map(|((entry, recipient), invitation)| ResultView {
            recipient: &recipient.text,
            outcome: entry.outcome,
            retry_after: entry.retry_after,
            invitation: invitation.as_ref().map(|made| InvitationView::new(made, &viewer, self.terms.now)),
        });
        let mut summary: BTreeMap<_, _> = Outcome::ALL.into_iter().map(|outcome| (outcome, 0)).collect();
        for entry in &self.entries {
            *summary.entry(entry.outcome).or_default() += 1;
        }
        json(StatusCode::OK, &Wire { results: results.collect(), summary })
    }

    /// The same answer to a repetition of the request.
    pub(crate) fn replay(
        &self,
        caller: &Caller,
        submission: &Submission,
        directory: &Directory,
    ) -> Result<Response<Body>, Problem> {
        let mut response = self.respond(caller, submission, directory)?;
        response.headers_mut().insert("idempotency-replayed", HeaderValue::from_static("true"));
        Ok(response)
    }
}
