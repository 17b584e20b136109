//! Random programs: what many callers do, in shares that keep a small world busy.

use std::collections::{BTreeMap, VecDeque};

use serde_json::{Value, json};

use super::schedule::{Dice, Purpose};
use crate::world::{Ask, Person, platform};

/// Users of the world.
pub(super) const USERS: usize = 30;
/// Its communities: enrolment, visibility, mode.
pub(super) const COMMUNITIES: [(&str, &str, Option<&str>); 6] = [
    ("open", "public", None),
    ("moderated", "public", None),
    ("closed", "public", None),
    ("network", "private", None),
    ("open", "public", Some("automatic")),
    ("closed", "public", Some("automatic")),
];
/// Addresses that belong to nobody at first.
const GUESTS: usize = 60;
/// What a read is about that lists what its caller was sent.
pub(super) const MINE: &str = "mine";
/// What a read is about that lists what its caller has sent.
pub(super) const SENT: &str = "sent";
/// How far back callers look for an invitation to act on.
const MEMORY: usize = 60;
/// The network's settings in every run.
pub(super) const DAILY_QUOTA: u32 = 15;

/// An invitation that callers have heard of.
#[derive(Debug, Clone)]
struct Heard {
    id: String,
    community: String,
    sender: String,
    /// The user id or address.
    invitee: String,
}

/// What callers know and pass on to one another.
#[derive(Debug, Default)]
pub(super) struct Rumours {
    heard: VecDeque<Heard>,
    /// Tokens of links in mails.
    links: VecDeque<String>,
    /// Sends with an idempotency key: who, where, which, and what.
    keyed: VecDeque<(Person, String, String, Value)>,
    /// What somebody else has just turned to.
    focus: Option<Heard>,
    /// The send before: who, where, and what.
    rivalled: Option<(String, usize, Value)>,
    /// Mails that arrived: to whom, and their tags.
    arrived: VecDeque<(String, String, String)>,
    emails: BTreeMap<String, (String, bool)>,
    keys: u64,
}

/// One thing to do.
#[allow(clippy::large_enum_variant, reason = "one lives at a time")]
pub(super) enum Deed {
    /// A request to the API.
    Ask {
        /// What it is for.
        purpose: Purpose,
        /// The user who makes it.
        user: String,
        /// The request.
        ask: Ask,
        /// What it is about: an invitation's id, a community, a user.
        about: String,
        /// The idempotency key and the body, where there is a key.
        key: Option<(String, Value)>,
    },
    /// The mail service reports what became of a mail.
    Feedback(Value),
    /// The clock moves by that many seconds.
    Wait(u64),
    /// The table removes what has outlived its `ttl`.
    Expire,
}

/// How a deed comes up.
type Draw = fn(&mut Rumours, &Dice) -> Deed;

/// What callers do, with its share.
const SHARES: [(usize, Draw); 24] = [
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
    (30, put_member),
    (110, delete_member),
    (20, connect),
    (12, put_community),
    (3, delete_community),
    (8, feedback),
    (10, wait),
    (3, |_, _| Deed::Expire),
];

/// The next thing to do.
pub(super) fn next(rumours: &mut Rumours, dice: &Dice) -> Deed {
    let mut drawn = dice.below(SHARES.iter().map(|(share, _)| share).sum());
    for (share, deed) in SHARES {
        if drawn < share {
            return deed(rumours, dice);
        }
        drawn -= share;
    }
    Deed::Expire
}

pub(super) fn user_id(index: usize) -> String {
    format!("u{index}")
}

pub(super) fn community_id(index: usize) -> String {
    format!("c{index}")
}

/// What the platform says of a community at first, and whenever it says so again.
pub(super) fn community_body(index: usize) -> Value {
    let (enrolment, visibility, mode) = COMMUNITIES[index];
    let mut body = json!({ "title": format!("C{index}"), "enrolment": enrolment, "visibility": visibility });
    if let Some(mode) = mode {
        body["membershipMode"] = mode.into();
    }
    body
}

impl Rumours {
    /// The person with the address that they were last said to have.
    pub(super) fn person(&self, id: &str) -> Person {
        let own = (format!("{id}@example.org"), true);
        let (email, email_verified) = self.emails.get(id).cloned().unwrap_or(own);
        Person { id: id.to_owned(), email, email_verified, site_administrator: false }
    }

    /// Results of a send get around.
    pub(super) fn sent(&mut self, sender: &str, community: &str, answer: &Value) {
        for result in answer["results"].as_array().into_iter().flatten() {
            let made = &result["invitation"];
            let invitee = made["invitee"]["userId"].as_str().or(made["invitee"]["email"].as_str());
            if let (Some(id), Some(invitee)) = (made["id"].as_str(), invitee) {
                let heard = Heard {
                    id: id.to_owned(),
                    community: community.to_owned(),
                    sender: sender.to_owned(),
                    invitee: invitee.to_owned(),
                };
                remember(&mut self.heard, heard);
            }
        }
    }

    /// A mail arrives.
    pub(super) fn arrived(&mut self, to: &str, invitation: &str, mail: &str, token: Option<String>) {
        remember(&mut self.arrived, (to.to_owned(), invitation.to_owned(), mail.to_owned()));
        if let Some(token) = token {
            remember(&mut self.links, token);
        }
    }

    /// An invitation to act on: often the one that somebody else is busy with.
    fn some(&mut self, dice: &Dice) -> Heard {
        if dice.permille(400)
            && let Some(focus) = self.focus.take()
        {
            return focus;
        }
        let some = self.any(dice);
        self.focus = Some(some.clone());
        some
    }

    fn any(&self, dice: &Dice) -> Heard {
        let nobody = || Heard {
            id: "01KH0000000000000000000000".to_owned(),
            community: community_id(0),
            sender: user_id(0),
            invitee: user_id(1),
        };
        // The latest mostly, which others are busy with as well.
        let reach = if dice.permille(500) { 4.min(self.heard.len()) } else { self.heard.len() };
        let back = 1 + dice.below(reach);
        self.heard.len().checked_sub(back).and_then(|index| self.heard.get(index)).cloned().unwrap_or_else(nobody)
    }

    /// Who has the address, as far as people know.
    fn owner(&self, invitee: &str) -> String {
        let known = (0..USERS).map(user_id).find(|id| self.person(id).email == invitee);
        known.unwrap_or_else(|| invitee.to_owned())
    }
}

fn remember<T>(memory: &mut VecDeque<T>, new: T) {
    memory.push_back(new);
    if memory.len() > MEMORY {
        memory.pop_front();
    }
}

fn anyone(dice: &Dice) -> String {
    user_id(dice.below(USERS))
}

fn somewhere(dice: &Dice) -> usize {
    dice.below(COMMUNITIES.len())
}

/// Some address: a user's own, or one that may be anyone's.
fn address(dice: &Dice) -> String {
    if dice.permille(300) { format!("{}@example.org", anyone(dice)) } else { guest(dice) }
}

fn guest(dice: &Dice) -> String {
    format!("guest{}@example.org", dice.below(GUESTS))
}

fn by_user(purpose: Purpose, person: &Person, ask: Ask, about: String) -> Deed {
    Deed::Ask { purpose, user: person.id.clone(), ask: ask.by(person), about, key: None }
}

fn by_platform(purpose: Purpose, method: &'static str, path: &str, body: Option<Value>, about: String) -> Deed {
    let ask = Ask::new(method, format!("/directory/{path}")).by(&platform());
    let ask = match body {
        Some(body) => ask.json(&body),
        None => ask,
    };
    Deed::Ask { purpose, user: platform().id, ask, about, key: None }
}

/// The people of the send before, once more, by its sender or by another: two may be at it at the same time.
fn rival(rumours: &Rumours, dice: &Dice) -> Option<Deed> {
    let (sender, index, body) = rumours.rivalled.clone()?;
    let sender = if dice.permille(500) { sender } else { user_id(index + COMMUNITIES.len()) };
    Some(sending(&rumours.person(&sender), community_id(index), None, body))
}

fn send(rumours: &mut Rumours, dice: &Dice) -> Deed {
    if dice.permille(300)
        && let Some(deed) = rival(rumours, dice)
    {
        return deed;
    }
    let index = somewhere(dice);
    // Owners mostly; else anyone, who may be nobody there.
    let sender = if dice.permille(600) { user_id(index) } else { anyone(dice) };
    let person = rumours.person(&sender);
    let users: Vec<_> = (0..dice.below(4)).map(|_| anyone(dice)).collect();
    let emails: Vec<_> = (0..=dice.below(2)).map(|_| address(dice)).collect();
    let mut body = json!({ "userIds": users, "emails": emails });
    if dice.permille(500) {
        body["expiresInDays"] = (1 + dice.below(4)).into();
    }
    rumours.rivalled = Some((sender, index, body.clone()));
    let key = dice.permille(300).then(|| {
        rumours.keys += 1;
        format!("key-{}", rumours.keys)
    });
    if let Some(key) = &key {
        remember(&mut rumours.keyed, (person.clone(), community_id(index), key.clone(), body.clone()));
    }
    sending(&person, community_id(index), key, body)
}

fn send_again(rumours: &mut Rumours, dice: &Dice) -> Deed {
    let Some((person, community, key, body)) = rumours.keyed.get(dice.below(rumours.keyed.len())).cloned() else {
        return send(rumours, dice);
    };
    sending(&person, community, Some(key), body)
}

fn sending(person: &Person, community: String, key: Option<String>, body: Value) -> Deed {
    let ask = Ask::new("POST", format!("/communities/{community}/invitations")).by(person).json(&body);
    let (ask, key) = match key {
        Some(key) => (ask.header("idempotency-key", &key), Some((key, body))),
        None => (ask, None),
    };
    Deed::Ask { purpose: Purpose::Send, user: person.id.clone(), ask, about: community, key }
}

fn command(purpose: Purpose, person: &Person, id: String, verb: &str, body: Option<Value>) -> Deed {
    let ask = Ask::new("POST", format!("/invitations/{id}/{verb}"));
    by_user(purpose, person, if let Some(body) = body { ask.json(&body) } else { ask }, id)
}

/// The invitee mostly, or someone who has no business there.
fn invitee(rumours: &Rumours, heard: &Heard, dice: &Dice) -> Person {
    let id = if dice.permille(900) { rumours.owner(&heard.invitee) } else { anyone(dice) };
    rumours.person(&id)
}

/// The community's owner mostly.
fn moderator(rumours: &Rumours, heard: &Heard, dice: &Dice) -> Person {
    let id = if dice.permille(800) { heard.community.replace('c', "u") } else { anyone(dice) };
    rumours.person(&id)
}

fn accept(rumours: &mut Rumours, dice: &Dice) -> Deed {
    let heard = rumours.some(dice);
    command(Purpose::Accept, &invitee(rumours, &heard, dice), heard.id, "accept", None)
}

fn decline(rumours: &mut Rumours, dice: &Dice) -> Deed {
    let heard = rumours.some(dice);
    let body = json!({ "block": dice.permille(40) });
    command(Purpose::Decline, &invitee(rumours, &heard, dice), heard.id, "decline", Some(body))
}

fn cancel(rumours: &mut Rumours, dice: &Dice) -> Deed {
    let heard = rumours.some(dice);
    let person = if dice.permille(500) { rumours.person(&heard.sender) } else { moderator(rumours, &heard, dice) };
    command(Purpose::Cancel, &person, heard.id, "cancel", None)
}

fn approve(rumours: &mut Rumours, dice: &Dice) -> Deed {
    let heard = rumours.some(dice);
    command(Purpose::Approve, &moderator(rumours, &heard, dice), heard.id, "approve", None)
}

fn reject(rumours: &mut Rumours, dice: &Dice) -> Deed {
    let heard = rumours.some(dice);
    let body = json!({ "reason": "Not now." });
    command(Purpose::Reject, &moderator(rumours, &heard, dice), heard.id, "reject", Some(body))
}

fn resend(rumours: &mut Rumours, dice: &Dice) -> Deed {
    let heard = rumours.some(dice);
    command(Purpose::Resend, &rumours.person(&heard.sender), heard.id, "resend", None)
}

fn link(rumours: &Rumours, dice: &Dice) -> String {
    rumours.links.get(dice.below(rumours.links.len())).cloned().unwrap_or_else(|| "broken".to_owned())
}

fn answer_link(rumours: &mut Rumours, dice: &Dice) -> Deed {
    let token = link(rumours, dice);
    let form = if dice.permille(500) { "answer=accept" } else { "answer=decline" };
    let form = if dice.permille(50) { "answer=decline&block=on" } else { form };
    let ask = Ask::new("POST", format!("/i/{token}")).form(form);
    Deed::Ask { purpose: Purpose::Link, user: String::new(), ask, about: token, key: None }
}

fn open_link(rumours: &mut Rumours, dice: &Dice) -> Deed {
    let token = link(rumours, dice);
    let ask = Ask::new(["GET", "HEAD"][dice.below(2)], format!("/i/{token}"));
    Deed::Ask { purpose: Purpose::Read, user: String::new(), ask, about: token, key: None }
}

fn unsubscribe(rumours: &mut Rumours, dice: &Dice) -> Deed {
    let token = link(rumours, dice);
    let ask = Ask::new("POST", format!("/u/{token}")).form("List-Unsubscribe=One-Click");
    Deed::Ask { purpose: Purpose::Unsubscribe, user: String::new(), ask, about: token, key: None }
}

fn list(rumours: &mut Rumours, dice: &Dice) -> Deed {
    let index = somewhere(dice);
    let status = ["", "?status=pending", "?status=expired", "?limit=5"][dice.below(4)];
    let (person, path, about) = match dice.below(3) {
        0 => (anyone(dice), format!("/me/invitations{status}"), MINE),
        1 => (anyone(dice), format!("/me/invitations/sent{status}"), SENT),
        _ => (user_id(index), format!("/communities/c{index}/invitations{status}"), ""),
    };
    by_user(Purpose::Read, &rumours.person(&person), Ask::new("GET", path), about.to_owned())
}

fn stats(rumours: &mut Rumours, dice: &Dice) -> Deed {
    let index = somewhere(dice);
    let path = format!("/communities/c{index}/invitations/stats");
    by_user(Purpose::Read, &rumours.person(&user_id(index)), Ask::new("GET", path), String::new())
}

fn status(rumours: &mut Rumours, dice: &Dice) -> Deed {
    let heard = rumours.some(dice);
    let person = invitee(rumours, &heard, dice);
    by_user(Purpose::Read, &person, Ask::new("GET", format!("/invitations/{}", heard.id)), String::new())
}

fn put_user(rumours: &mut Rumours, dice: &Dice) -> Deed {
    let id = anyone(dice);
    let own = format!("{id}@example.org");
    let (email, verified) = match dice.below(10) {
        0..6 => (own, true),
        6 => (own, false),
        7 | 8 => (guest(dice), true),
        _ => (guest(dice), false),
    };
    rumours.emails.insert(id.clone(), (email.clone(), verified));
    let active = !dice.permille(100);
    let body = json!({ "displayName": id, "email": email, "emailVerified": verified, "active": active });
    by_platform(Purpose::PutUser, "PUT", &format!("users/{id}"), Some(body), id)
}

fn delete_user(rumours: &mut Rumours, dice: &Dice) -> Deed {
    let id = anyone(dice);
    rumours.emails.remove(&id);
    by_platform(Purpose::DeleteUser, "DELETE", &format!("users/{id}"), None, id)
}

fn put_member(_: &mut Rumours, dice: &Dice) -> Deed {
    let index = somewhere(dice);
    // The owner comes back first of all.
    let (user, role) = match dice.below(4) {
        0 | 1 => (user_id(index), "owner"),
        2 => (anyone(dice), "moderator"),
        _ => (anyone(dice), "member"),
    };
    let path = format!("communities/c{index}/members/{user}");
    by_platform(Purpose::PutMember, "PUT", &path, Some(json!({ "role": role })), user)
}

fn delete_member(_: &mut Rumours, dice: &Dice) -> Deed {
    let (index, user) = (somewhere(dice), COMMUNITIES.len() + dice.below(USERS - COMMUNITIES.len()));
    let user = user_id(user);
    by_platform(Purpose::DeleteMember, "DELETE", &format!("communities/c{index}/members/{user}"), None, user)
}

fn connect(_: &mut Rumours, dice: &Dice) -> Deed {
    let (one, other) = (anyone(dice), anyone(dice));
    let method = if dice.permille(800) { "PUT" } else { "DELETE" };
    by_platform(Purpose::Connect, method, &format!("users/{one}/connections/{other}"), None, one)
}

fn put_community(_: &mut Rumours, dice: &Dice) -> Deed {
    let index = somewhere(dice);
    let mut body = community_body(index);
    body["allowInvitations"] = (!dice.permille(100)).into();
    by_platform(Purpose::PutCommunity, "PUT", &format!("communities/c{index}"), Some(body), community_id(index))
}

fn delete_community(_: &mut Rumours, dice: &Dice) -> Deed {
    let index = somewhere(dice);
    by_platform(Purpose::DeleteCommunity, "DELETE", &format!("communities/c{index}"), None, community_id(index))
}

fn feedback(rumours: &mut Rumours, dice: &Dice) -> Deed {
    let Some((to, invitation, mail)) = rumours.arrived.get(dice.below(rumours.arrived.len())).cloned() else {
        return Deed::Expire;
    };
    let mut detail = json!({
        "eventType": "Delivery", "mail": { "tags": { "invitation": [invitation], "mail": [mail] } },
    });
    if dice.permille(100) {
        detail["eventType"] = "Bounce".into();
        detail["bounce"] = json!({ "bounceType": "Permanent", "bouncedRecipients": [{ "emailAddress": to }] });
    }
    Deed::Feedback(json!({ "detail": detail }))
}

fn wait(_: &mut Rumours, dice: &Dice) -> Deed {
    const HOUR: u64 = 3_600;
    Deed::Wait([60, HOUR, 5 * HOUR, 24 * HOUR, 72 * HOUR][dice.below(5)])
}
