//! Random programs: what many callers do, in shares that keep a small world busy.

use serde_json::{Value, json};

use testkit::{
    SesEvent,
    embedded::{Person, Request, platform},
};

use super::{
    known::{Known, KnownInvitation, USERS, community_id, remember, user_id},
    schedule::{Purpose, Random},
};

/// Its communities: enrolment, visibility, mode.
pub(super) const COMMUNITIES: [(&str, &str, Option<&str>); 6] = [
    ("open", "public", None),
    ("moderated", "public", None),
    ("closed", "public", None),
    ("network", "private", None),
    ("open", "public", Some("automatic")),
    ("closed", "public", Some("automatic")),
];
/// Addresses that belong to no user at first.
const GUESTS: usize = 60;
/// What a read is about that lists what its caller was sent. The address that their token proves follows.
pub(super) const MINE: &str = "mine";
/// What a read is about that lists what its caller has sent.
pub(super) const SENT: &str = "sent";
/// The network's settings in every run.
pub(super) const DAILY_QUOTA: u32 = 15;

/// One thing to do.
#[allow(clippy::large_enum_variant, reason = "one lives at a time")]
pub(super) enum Action {
    /// A request to the API.
    Request {
        /// What it is for.
        purpose: Purpose,
        /// The user who makes it.
        user: String,
        /// The request.
        request: Request,
        /// What it is about: an invitation's id, a community, a user.
        about: String,
        /// The idempotency key and the body, where there is a key.
        key: Option<(String, Value)>,
    },
    /// The mail service reports what became of a mail.
    Feedback(SesEvent),
    /// The clock moves by that many seconds.
    Wait(u64),
    /// The table removes what has outlived its `ttl`.
    Expire,
}

/// Draws an action.
type Draw = fn(&mut Known, &Random) -> Action;

/// What callers do, with its share.
const SHARES: [(usize, Draw); 25] = [
    (230, send),
    (40, send_again),
    (150, accept),
    (60, decline),
    (50, cancel),
    (70, approve),
    (30, reject),
    (40, resend),
    (60, answer_link),
    (20, open_link),
    (3, unsubscribe),
    (50, list),
    (20, stats),
    (30, status),
    (40, put_user),
    (12, delete_user),
    (4, withdraw_sent),
    (30, put_member),
    (110, delete_member),
    (20, connect),
    (12, put_community),
    (3, delete_community),
    (8, feedback),
    (10, wait),
    (3, |_, _| Action::Expire),
];

/// Returns the next thing to do.
pub(super) fn next(known: &mut Known, random: &Random) -> Action {
    let mut drawn = random.below(SHARES.iter().map(|(share, _)| share).sum());
    for (share, action) in SHARES {
        if drawn < share {
            return action(known, random);
        }
        drawn -= share;
    }
    Action::Expire
}

/// Returns what the platform tells of a community, at first and whenever it tells it again.
pub(super) fn community_body(index: usize) -> Value {
    let (enrolment, visibility, mode) = COMMUNITIES[index];
    let mut body = json!({ "title": format!("C{index}"), "enrolment": enrolment, "visibility": visibility });
    if let Some(mode) = mode {
        body["membershipMode"] = mode.into();
    }
    body
}

fn anyone(random: &Random) -> String {
    user_id(random.below(USERS))
}

fn somewhere(random: &Random) -> usize {
    random.below(COMMUNITIES.len())
}

/// Returns an address: a user's own, or one that may be anyone's.
fn address(random: &Random) -> String {
    if random.permille(300) { format!("{}@example.org", anyone(random)) } else { guest(random) }
}

fn guest(random: &Random) -> String {
    format!("guest{}@example.org", random.below(GUESTS))
}

fn by_user(purpose: Purpose, person: &Person, request: Request, about: String) -> Action {
    Action::Request { purpose, user: person.id.clone(), request: request.by(person), about, key: None }
}

fn by_platform(purpose: Purpose, method: &'static str, path: &str, body: Option<Value>, about: String) -> Action {
    let request = Request::new(method, format!("/directory/{path}")).by(&platform());
    let request = match body {
        Some(body) => request.json(&body),
        None => request,
    };
    Action::Request { purpose, user: platform().id, request, about, key: None }
}

/// Returns the last send once more, by its sender or by another: two may be at it at the same time.
fn competing_send(known: &Known, random: &Random) -> Option<Action> {
    let (sender, index, body) = known.last_send.clone()?;
    let sender = if random.permille(500) { sender } else { user_id(index + COMMUNITIES.len()) };
    Some(sending(&known.person(&sender), community_id(index), None, body))
}

fn send(known: &mut Known, random: &Random) -> Action {
    if random.permille(300)
        && let Some(action) = competing_send(known, random)
    {
        return action;
    }
    let index = somewhere(random);
    // Owners mostly; else anyone, who may be no member there.
    let sender = if random.permille(600) { user_id(index) } else { anyone(random) };
    let person = known.person(&sender);
    let users: Vec<_> = (0..random.below(4)).map(|_| anyone(random)).collect();
    let emails: Vec<_> = (0..=random.below(2)).map(|_| address(random)).collect();
    let mut body = json!({ "userIds": users, "emails": emails });
    if random.permille(500) {
        body["expiresInDays"] = (1 + random.below(4)).into();
    }
    known.last_send = Some((sender, index, body.clone()));
    let key = random.permille(300).then(|| {
        known.keys += 1;
        format!("key-{}", known.keys)
    });
    if let Some(key) = &key {
        remember(&mut known.keyed, (person.clone(), community_id(index), key.clone(), body.clone()));
    }
    sending(&person, community_id(index), key, body)
}

fn send_again(known: &mut Known, random: &Random) -> Action {
    let Some((person, community, key, body)) = known.keyed.get(random.below(known.keyed.len())).cloned() else {
        return send(known, random);
    };
    sending(&person, community, Some(key), body)
}

fn sending(person: &Person, community: String, key: Option<String>, body: Value) -> Action {
    let request = Request::send(person, &community, &body);
    let (request, key) = match key {
        Some(key) => (request.key(&key), Some((key, body))),
        None => (request, None),
    };
    Action::Request { purpose: Purpose::Send, user: person.id.clone(), request, about: community, key }
}

fn command(purpose: Purpose, person: &Person, id: String, verb: &str, body: Option<Value>) -> Action {
    let request = Request::new("POST", format!("/invitations/{id}/{verb}"));
    by_user(purpose, person, if let Some(body) = body { request.json(&body) } else { request }, id)
}

/// Returns the invitee mostly, or else anyone.
fn invitee(known: &Known, some: &KnownInvitation, random: &Random) -> Person {
    let id = if random.permille(900) { known.owner(&some.invitee) } else { anyone(random) };
    known.person(&id)
}

/// Returns the community's owner mostly, or else anyone.
fn moderator(known: &Known, some: &KnownInvitation, random: &Random) -> Person {
    let id = if random.permille(800) { some.community.replace('c', "u") } else { anyone(random) };
    known.person(&id)
}

fn accept(known: &mut Known, random: &Random) -> Action {
    let some = known.some(random);
    command(Purpose::Accept, &invitee(known, &some, random), some.id, "accept", None)
}

fn decline(known: &mut Known, random: &Random) -> Action {
    let some = known.some(random);
    let body = json!({ "block": random.permille(40) });
    command(Purpose::Decline, &invitee(known, &some, random), some.id, "decline", Some(body))
}

fn cancel(known: &mut Known, random: &Random) -> Action {
    let some = known.some(random);
    let person = if random.permille(500) { known.person(&some.sender) } else { moderator(known, &some, random) };
    command(Purpose::Cancel, &person, some.id, "cancel", None)
}

fn approve(known: &mut Known, random: &Random) -> Action {
    let some = known.some(random);
    command(Purpose::Approve, &moderator(known, &some, random), some.id, "approve", None)
}

fn reject(known: &mut Known, random: &Random) -> Action {
    let some = known.some(random);
    let body = json!({ "reason": "Not now." });
    command(Purpose::Reject, &moderator(known, &some, random), some.id, "reject", Some(body))
}

fn resend(known: &mut Known, random: &Random) -> Action {
    let some = known.some(random);
    command(Purpose::Resend, &known.person(&some.sender), some.id, "resend", None)
}

fn link(known: &Known, random: &Random) -> String {
    known.links.get(random.below(known.links.len())).cloned().unwrap_or_else(|| "broken".to_owned())
}

fn answer_link(known: &mut Known, random: &Random) -> Action {
    let token = link(known, random);
    let form = if random.permille(500) { "answer=accept" } else { "answer=decline" };
    let form = if random.permille(50) { "answer=decline&block=on" } else { form };
    let request = Request::new("POST", format!("/i/{token}")).form(form);
    Action::Request { purpose: Purpose::Link, user: String::new(), request, about: token, key: None }
}

fn open_link(known: &mut Known, random: &Random) -> Action {
    let token = link(known, random);
    let request = Request::new(["GET", "HEAD"][random.below(2)], format!("/i/{token}"));
    Action::Request { purpose: Purpose::Read, user: String::new(), request, about: token, key: None }
}

fn unsubscribe(known: &mut Known, random: &Random) -> Action {
    let token = link(known, random);
    let request = Request::new("POST", format!("/u/{token}")).form("List-Unsubscribe=One-Click");
    Action::Request { purpose: Purpose::Unsubscribe, user: String::new(), request, about: token, key: None }
}

fn list(known: &mut Known, random: &Random) -> Action {
    let index = somewhere(random);
    let status = ["", "?status=pending", "?status=expired", "?limit=5"][random.below(4)];
    let (person, path, about) = match random.below(3) {
        0 => (anyone(random), format!("/me/invitations{status}"), MINE),
        1 => (anyone(random), format!("/me/invitations/sent{status}"), SENT),
        _ => (user_id(index), format!("/communities/c{index}/invitations{status}"), ""),
    };
    let person = known.person(&person);
    let address = if about == MINE && person.email_verified { person.email.as_str() } else { "" };
    let about = format!("{about}{address}");
    by_user(Purpose::Read, &person, Request::new("GET", path), about)
}

fn stats(known: &mut Known, random: &Random) -> Action {
    let index = somewhere(random);
    let path = format!("/communities/c{index}/invitations/stats");
    by_user(Purpose::Read, &known.person(&user_id(index)), Request::new("GET", path), String::new())
}

fn status(known: &mut Known, random: &Random) -> Action {
    let some = known.some(random);
    let person = invitee(known, &some, random);
    by_user(Purpose::Read, &person, Request::new("GET", format!("/invitations/{}", some.id)), String::new())
}

fn put_user(known: &mut Known, random: &Random) -> Action {
    let id = anyone(random);
    let own = format!("{id}@example.org");
    let (email, verified) = match random.below(10) {
        0..6 => (own, true),
        6 => (own, false),
        7 | 8 => (guest(random), true),
        _ => (guest(random), false),
    };
    known.emails.insert(id.clone(), (email.clone(), verified));
    let active = !random.permille(100);
    let body = json!({ "displayName": id, "email": email, "emailVerified": verified, "active": active });
    by_platform(Purpose::PutUser, "PUT", &format!("users/{id}"), Some(body), id)
}

fn delete_user(known: &mut Known, random: &Random) -> Action {
    let id = anyone(random);
    known.emails.remove(&id);
    by_platform(Purpose::DeleteUser, "DELETE", &format!("users/{id}"), None, id)
}

fn withdraw_sent(_: &mut Known, random: &Random) -> Action {
    let id = anyone(random);
    by_platform(Purpose::WithdrawSent, "DELETE", &format!("users/{id}/invitations"), None, id)
}

fn put_member(_: &mut Known, random: &Random) -> Action {
    let index = somewhere(random);
    // The owner comes back first of all.
    let (user, role) = match random.below(4) {
        0 | 1 => (user_id(index), "owner"),
        2 => (anyone(random), "moderator"),
        _ => (anyone(random), "member"),
    };
    let path = format!("communities/c{index}/members/{user}");
    by_platform(Purpose::PutMember, "PUT", &path, Some(json!({ "role": role })), user)
}

fn delete_member(_: &mut Known, random: &Random) -> Action {
    let (index, user) = (somewhere(random), COMMUNITIES.len() + random.below(USERS - COMMUNITIES.len()));
    let user = user_id(user);
    by_platform(Purpose::DeleteMember, "DELETE", &format!("communities/c{index}/members/{user}"), None, user)
}

fn connect(_: &mut Known, random: &Random) -> Action {
    let (one, other) = (anyone(random), anyone(random));
    let method = if random.permille(800) { "PUT" } else { "DELETE" };
    by_platform(Purpose::Connect, method, &format!("users/{one}/connections/{other}"), None, one)
}

fn put_community(_: &mut Known, random: &Random) -> Action {
    let index = somewhere(random);
    let mut body = community_body(index);
    body["allowInvitations"] = (!random.permille(100)).into();
    by_platform(Purpose::PutCommunity, "PUT", &format!("communities/c{index}"), Some(body), community_id(index))
}

fn delete_community(_: &mut Known, random: &Random) -> Action {
    let index = somewhere(random);
    by_platform(Purpose::DeleteCommunity, "DELETE", &format!("communities/c{index}"), None, community_id(index))
}

fn feedback(known: &mut Known, random: &Random) -> Action {
    let Some(mail) = known.mails.get(random.below(known.mails.len())) else { return Action::Expire };
    let event = |kind| SesEvent::new(kind, mail.tag("invitation")).tag("mail", mail.tag("mail"));
    Action::Feedback(if random.permille(100) {
        event("Bounce").bounced("Permanent", &mail.to)
    } else {
        event("Delivery")
    })
}

fn wait(_: &mut Known, random: &Random) -> Action {
    const HOUR: u64 = 3_600;
    Action::Wait([60, HOUR, 5 * HOUR, 24 * HOUR, 72 * HOUR][random.below(5)])
}
