//! What is measured: the operations, what each invocation of one is about, and the requests that it may make.

use serde_json::json;

use crate::{
    event::Ask,
    nursery::{About, Case, INVITEE, OPEN, OWNER, SENDER},
};

/// One operation of the API.
pub(crate) struct Operation {
    pub(crate) name: &'static str,
    /// The binary behind it.
    pub(crate) function: &'static str,
    pub(crate) about: About,
    /// Whether an invocation leaves its case as it was.
    pub(crate) reads: bool,
    /// The requests that it may make at the most.
    pub(crate) most: usize,
    /// How many of the usual number of invocations are measured: one in so many.
    pub(crate) one_in: usize,
    /// The event about a case.
    pub(crate) event: fn(&Case) -> String,
}

const fn read(
    name: &'static str,
    function: &'static str,
    about: About,
    most: usize,
    event: fn(&Case) -> String,
) -> Operation {
    Operation { name, function, about, reads: true, most, one_in: 1, event }
}

const fn write(
    name: &'static str,
    function: &'static str,
    about: About,
    most: usize,
    event: fn(&Case) -> String,
) -> Operation {
    Operation { name, function, about, reads: false, most, one_in: 1, event }
}

/// Every operation that is measured.
pub(crate) const OPERATIONS: [Operation; 20] = [
    write("send to 1 user", "send", About::Guests(1), 3, |case| sending(case).event()),
    write("send to 1 user, idempotent", "send", About::Guests(1), 3, |case| {
        sending(case).key(format!("once-{}", case.users.concat())).event()
    }),
    Operation { one_in: 3, ..write("send to 10 users", "send", About::Guests(10), 12, |case| sending(case).event()) },
    Operation {
        one_in: 10,
        ..write("send to 100 users", "send", About::Guests(100), 12, |case| sending(case).event())
    },
    read("list-mine", "list-mine", About::Nothing, 1, |_| Ask::get(INVITEE, "/me/invitations").event()),
    read("list-sent, own", "list-sent", About::Nothing, 1, |_| Ask::get(SENDER, "/me/invitations/sent").event()),
    read("list-sent, a community's", "list-sent", About::Nothing, 2, |_| {
        Ask::get(OWNER, format!("/communities/{OPEN}/invitations")).with("communityId", OPEN).event()
    }),
    read("stats", "list-sent", About::Nothing, 4, |_| {
        Ask::get(OWNER, format!("/communities/{OPEN}/invitations/stats")).with("communityId", OPEN).event()
    }),
    read("status, to the invitee", "status", About::Pending, 1, |case| {
        Ask::get(&case.users[0], format!("/invitations/{}", case.id)).with("invitationId", &case.id).event()
    }),
    read("status, to the sender", "status", About::Pending, 1, |case| {
        Ask::get(SENDER, format!("/invitations/{}", case.id)).with("invitationId", &case.id).event()
    }),
    read("status, to a moderator", "status", About::Pending, 2, |case| {
        Ask::get(OWNER, format!("/invitations/{}", case.id)).with("invitationId", &case.id).event()
    }),
    write("accept", "respond", About::Pending, 2, |case| command(case, &case.users[0], "accept")),
    write("decline", "respond", About::Pending, 2, |case| command(case, &case.users[0], "decline")),
    write("cancel", "cancel", About::Pending, 2, |case| command(case, SENDER, "cancel")),
    write("approve", "moderate", About::Requested, 2, |case| command(case, OWNER, "approve")),
    write("reject", "moderate", About::Requested, 2, |case| command(case, OWNER, "reject")),
    write("resend", "moderate", About::MailedLongAgo, 2, |case| command(case, SENDER, "resend")),
    read("page behind a link", "respond", About::Linked, 2, |case| link(case, "GET").event()),
    write("accept behind a link", "respond", About::Linked, 2, |case| {
        link(case, "POST").body("answer=accept".into()).event()
    }),
    write("decline behind a link", "respond", About::Linked, 2, |case| {
        link(case, "POST").body("answer=decline".into()).event()
    }),
];

fn sending(case: &Case) -> Ask<'_> {
    let path = format!("/communities/{OPEN}/invitations");
    Ask::post(SENDER, path).with("communityId", OPEN).body(json!({ "userIds": case.users }))
}

fn command(case: &Case, caller: &str, verb: &str) -> String {
    Ask::post(caller, format!("/invitations/{}/{verb}", case.id)).with("invitationId", &case.id).event()
}

fn link<'a>(case: &'a Case, method: &'a str) -> Ask<'a> {
    let ask = Ask::get(SENDER, format!("/i/{}", case.token)).with("token", &case.token).anonymous();
    Ask { method, ..ask }
}
