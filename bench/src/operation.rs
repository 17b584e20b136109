//! What is measured: each operation of the API and each step in the background, with its place in an invitation's life.
//!
//! One table for both. A route that is to be measured is one row here; the function behind it, and that function's
//! memory, are those of `template.yaml`.

use std::fs;

use serde_json::{Value, json};

use crate::{
    error::Result,
    fixtures::{CaseKind, Fixtures, INVITEE, OPEN, OWNER, SENDER},
    prototype::Case,
    request::Request,
};

/// One operation of the API.
#[derive(Debug)]
pub(crate) struct Operation {
    pub(crate) name: &'static str,
    /// Its method and path in `template.yaml`.
    pub(crate) route: &'static str,
    /// What each invocation works on.
    pub(crate) case: CaseKind,
    /// The most requests that an invocation may make.
    pub(crate) most_requests: usize,
    /// How many of the usual number of invocations are measured: one in so many.
    pub(crate) one_in: usize,
    /// How often it is called in the life of a usual invitation.
    pub(crate) per_invitation: u32,
    /// The name of the same function in `bench/peers/node`, if there is one.
    pub(crate) in_node: Option<&'static str>,
    /// Whether it is a document that asks and changes nothing, though it is posted.
    is_query: bool,
    request: for<'a> fn(Request<'a>, &'a Case) -> Request<'a>,
}

impl Operation {
    const fn new(
        name: &'static str,
        route: &'static str,
        case: CaseKind,
        most_requests: usize,
        request: for<'a> fn(Request<'a>, &'a Case) -> Request<'a>,
    ) -> Self {
        Self { name, route, case, most_requests, one_in: 1, per_invitation: 0, in_node: None, is_query: false, request }
    }

    const fn one_in(self, one_in: usize) -> Self {
        Self { one_in, ..self }
    }

    const fn per_invitation(self, per_invitation: u32) -> Self {
        Self { per_invitation, ..self }
    }

    const fn in_node(self, name: &'static str) -> Self {
        Self { in_node: Some(name), ..self }
    }

    const fn query(self) -> Self {
        Self { is_query: true, ..self }
    }

    /// Returns the operation of that name.
    pub(crate) fn named(name: &str) -> Result<&'static Self> {
        OPERATIONS.iter().find(|operation| operation.name == name).ok_or_else(|| format!("no operation {name}").into())
    }

    /// Whether an invocation leaves its case as it was.
    pub(crate) fn reads(&self) -> bool {
        self.is_query || self.route.starts_with("GET ")
    }

    /// Returns the event for an invocation.
    pub(crate) fn event(&self, case: &Case) -> String {
        (self.request)(Request::to(self.route), case).event()
    }
}

pub(crate) const SEND: &str = "POST /communities/{communityId}/invitations";
pub(crate) const LIST_MINE: &str = "GET /me/invitations";
pub(crate) const STATUS: &str = "GET /invitations/{invitationId}";
pub(crate) const ACCEPT: &str = "POST /invitations/{invitationId}/accept";
pub(crate) const DECLINE: &str = "POST /invitations/{invitationId}/decline";
pub(crate) const RESEND: &str = "POST /invitations/{invitationId}/resend";
pub(crate) const LINK: &str = "GET /i/{proxy+}";
pub(crate) const PEOPLE: &str = "GET /communities/{communityId}/people";
/// The operation that sends to as many as one request may name.
pub(crate) const LARGEST_SEND: &str = "send to 100 users";
const GRAPHQL: &str = "POST /graphql";
const ANSWER_PAGE: &str = "POST /i/{proxy+}";

/// Every operation that is measured.
pub(crate) static OPERATIONS: [Operation; 29] = [
    Operation::new("send to 1 user", SEND, CaseKind::Guests(1), 3, send).per_invitation(1).in_node("send"),
    Operation::new("send to 1 user, idempotent", SEND, CaseKind::Guests(1), 3, |request, case| {
        send(request, case).key(format!("once-{}", case.users.concat()))
    }),
    Operation::new("send to 10 users", SEND, CaseKind::Guests(10), 12, send).one_in(3).in_node("send"),
    Operation::new(LARGEST_SEND, SEND, CaseKind::Guests(100), 12, send).one_in(10).in_node("send"),
    Operation::new("options", "GET /communities/{communityId}/options", CaseKind::Nothing, 1, |request, _| {
        request.by(OWNER).with("communityId", OPEN)
    }),
    // Everyone's name begins so, and has all of these words.
    Operation::new("people, a keystroke", PEOPLE, CaseKind::Nothing, 3, |request, _| {
        request.by(OWNER).with("communityId", OPEN).query("q", "exam")
    }),
    Operation::new("people, a first letter", PEOPLE, CaseKind::Nothing, 3, |request, _| {
        request.by(OWNER).with("communityId", OPEN).query("q", "e")
    }),
    Operation::new("people, two words that are apart", PEOPLE, CaseKind::Nothing, 4, |request, _| {
        request.by(OWNER).with("communityId", OPEN).query("q", "example+guest")
    }),
    Operation::new("count", "GET /me/invitations/count", CaseKind::Nothing, 2, |request, _| request.by(INVITEE)),
    Operation::new("list-mine", LIST_MINE, CaseKind::Nothing, 2, |request, _| request.by(INVITEE))
        .per_invitation(2)
        .in_node("list-mine"),
    Operation::new("list-sent, own", "GET /me/invitations/sent", CaseKind::Nothing, 2, |request, _| request.by(SENDER))
        .per_invitation(1),
    Operation::new(
        "list-sent, a community's",
        "GET /communities/{communityId}/invitations",
        CaseKind::Nothing,
        2,
        |request, _| request.by(OWNER).with("communityId", OPEN),
    ),
    Operation::new("stats", "GET /communities/{communityId}/invitations/stats", CaseKind::Nothing, 3, |request, _| {
        request.by(OWNER).with("communityId", OPEN)
    }),
    Operation::new("status, to the invitee", STATUS, CaseKind::Pending, 2, by_invitee)
        .per_invitation(1)
        .in_node("status"),
    Operation::new("status, to the sender", STATUS, CaseKind::Pending, 2, by_sender).in_node("status"),
    Operation::new("status, to a moderator", STATUS, CaseKind::Pending, 2, by_owner).in_node("status"),
    Operation::new("accept", ACCEPT, CaseKind::Pending, 3, by_invitee).in_node("accept"),
    Operation::new("decline", DECLINE, CaseKind::Pending, 3, by_invitee),
    Operation::new("cancel", "POST /invitations/{invitationId}/cancel", CaseKind::Pending, 3, by_sender),
    Operation::new("approve", "POST /invitations/{invitationId}/approve", CaseKind::AwaitingApproval, 4, by_owner),
    Operation::new("reject", "POST /invitations/{invitationId}/reject", CaseKind::AwaitingApproval, 3, by_owner),
    Operation::new("resend", RESEND, CaseKind::MailedLongAgo, 4, by_sender),
    Operation::new("page behind a link", LINK, CaseKind::Mailed, 2, by_link).per_invitation(1),
    Operation::new("accept behind a link", ANSWER_PAGE, CaseKind::Mailed, 3, |request, case| {
        by_link(request, case).body("answer=accept".into())
    })
    .per_invitation(1),
    Operation::new("decline behind a link", ANSWER_PAGE, CaseKind::Mailed, 3, |request, case| {
        by_link(request, case).body("answer=decline".into())
    }),
    Operation::new("graphql: send to 1 user", GRAPHQL, CaseKind::Guests(1), 3, |request, case| {
        let invite = "createCommunityInvitations(communityId: $community, userIds: $users)";
        let document = format!(
            "mutation ($community: ID!, $users: [ID!]) {{ {invite} {{ errors results {{ outcome invitation {{ {SHOWN} }} }} }} }}"
        );
        request.by(SENDER).body(json!({"query": document, "variables": {"community": OPEN, "users": case.users}}))
    }),
    Operation::new("graphql: list-mine", GRAPHQL, CaseKind::Nothing, 2, |request, _| {
        let document = format!(
            "{{ me {{ invitations {{ errors edges {{ cursor node {{ {SHOWN} }} }} pageInfo {{ endCursor }} }} }} }}"
        );
        request.by(INVITEE).body(json!({"query": document}))
    })
    .query(),
    Operation::new("graphql: status, to the invitee", GRAPHQL, CaseKind::Pending, 2, |request, case| {
        by_document(request, case, "query ($id: ID!) { invitation(id: $id)")
    })
    .query(),
    Operation::new("graphql: accept", GRAPHQL, CaseKind::Pending, 3, |request, case| {
        by_document(request, case, "mutation ($id: ID!) { acceptCommunityInvitation(id: $id)")
    }),
];

/// Everything that the HTTP API shows of an invitation.
const SHOWN: &str = "id initiatorUserContext { id displayName profileUrl } inviteeUserContext { id displayName email } \
    community { id title url type } status message createdAt expiresAt answeredAt decidedBy reason delivery { state at } \
    cta { actionId arguments { key value } }";

fn send<'a>(request: Request<'a>, case: &'a Case) -> Request<'a> {
    request.by(SENDER).with("communityId", OPEN).body(json!({ "userIds": case.users }))
}

fn by_invitee<'a>(request: Request<'a>, case: &'a Case) -> Request<'a> {
    request.by(&case.users[0]).with("invitationId", &case.id)
}

fn by_sender<'a>(request: Request<'a>, case: &'a Case) -> Request<'a> {
    request.by(SENDER).with("invitationId", &case.id)
}

fn by_owner<'a>(request: Request<'a>, case: &'a Case) -> Request<'a> {
    request.by(OWNER).with("invitationId", &case.id)
}

fn by_document<'a>(request: Request<'a>, case: &'a Case, field: &str) -> Request<'a> {
    let document = format!("{field} {{ errors response {{ {SHOWN} }} }} }}");
    request.by(&case.users[0]).body(json!({"query": document, "variables": {"id": case.id}}))
}

fn by_link<'a>(request: Request<'a>, case: &'a Case) -> Request<'a> {
    request.with("proxy+", &case.token)
}

/// How a network has senders hear of answers: the values of its setting `senderNotices`.
pub(crate) const NOTICES: [&str; 3] = ["each", "digest", "none"];

/// One step in the background, after a change or a mail.
#[derive(Debug)]
pub(crate) struct BackgroundStep {
    pub(crate) name: &'static str,
    pub(crate) function: &'static str,
    /// What each invocation works on.
    pub(crate) case: CaseKind,
    /// How often it happens in the life of a usual invitation, for each of [`NOTICES`].
    pub(crate) per_invitation: [u32; 3],
    /// Returns the event for an invocation.
    pub(crate) event: fn(&Fixtures, &Case) -> Result<String>,
}

impl BackgroundStep {
    /// Returns the setting that it is measured under: the first one that it happens under.
    pub(crate) fn notices(&self) -> &'static str {
        let happens = |(_, times): &(&str, u32)| *times > 0;
        NOTICES.into_iter().zip(self.per_invitation).find(happens).map_or("digest", |(notices, _)| notices)
    }

    const fn after_acceptance(
        name: &'static str,
        per_invitation: [u32; 3],
        event: fn(&Fixtures, &Case) -> Result<String>,
    ) -> Self {
        Self { name, function: "deliver", case: CaseKind::Accepted, per_invitation, event }
    }
}

/// Every step in the background.
pub(crate) static BACKGROUND: [BackgroundStep; 8] = [
    BackgroundStep {
        name: "deliver, after a send",
        function: "deliver",
        case: CaseKind::Pending,
        per_invitation: [1; 3],
        event: |fixtures, case| Ok(fixtures.creation_event(case)),
    },
    BackgroundStep::after_acceptance("deliver, after an acceptance, each", [1, 0, 0], |fixtures, case| {
        Ok(fixtures.acceptance_event(case))
    }),
    // Answered one after the other, all but the first two join the notice that waits.
    BackgroundStep::after_acceptance("deliver, after an acceptance, in a digest", [0, 1, 0], |fixtures, case| {
        Ok(fixtures.acceptance_event(case))
    }),
    BackgroundStep::after_acceptance("deliver, after an acceptance, none", [0, 0, 1], |fixtures, case| {
        Ok(fixtures.unheard_acceptance_event(case))
    }),
    BackgroundStep {
        name: "deliver, after its mail has arrived",
        function: "deliver",
        case: CaseKind::Pending,
        per_invitation: [1; 3],
        event: |fixtures, case| Ok(fixtures.arrival_event(case)),
    },
    BackgroundStep {
        name: "deliver, nothing to do",
        function: "deliver",
        case: CaseKind::Accepted,
        // Mails come by a mapping of their own, after a send and after an acceptance; and the invitation is written
        // when its mail is sent.
        per_invitation: [3; 3],
        event: |fixtures, case| Ok(fixtures.idle_event(case)),
    },
    BackgroundStep {
        name: "feedback, the invitation arrived",
        function: "feedback",
        case: CaseKind::Mailed,
        per_invitation: [1; 3],
        event: |_, case| arrived("invitation", case),
    },
    BackgroundStep {
        name: "feedback, a confirmation arrived",
        function: "feedback",
        case: CaseKind::Mailed,
        per_invitation: [2, 1, 1],
        event: |_, case| arrived("membership_confirmed", case),
    },
];

/// Returns the event that a mail of that kind has arrived.
fn arrived(kind: &str, case: &Case) -> Result<String> {
    let mut event: Value = serde_json::from_str(&fs::read_to_string("events/feedback-delivery.json")?)?;
    let tags = &mut event["detail"]["mail"]["tags"];
    tags["invitation"][0] = case.id.as_str().into();
    tags["mail"][0] = kind.into();
    Ok(event.to_string())
}

#[cfg(test)]
mod tests {
    use super::{GRAPHQL, OPERATIONS};
    use crate::prototype::Case;

    #[test]
    fn a_document_that_changes_nothing_is_known_as_such() {
        let case = Case { users: vec!["ida".to_owned()], ..Case::default() };
        for operation in OPERATIONS.iter().filter(|operation| operation.route == GRAPHQL) {
            assert_eq!(operation.reads(), !operation.event(&case).contains("mutation ("), "{}", operation.name);
        }
    }
}
