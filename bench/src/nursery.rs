//! Where the records come from that the functions work on.
//!
//! The service itself makes one of each kind: users, communities and settings through the directory, invitations through
//! `send`. What it left in the table is then copied, with other ids, as often as the measurement needs it.

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use aws_sdk_dynamodb::{
    Client,
    config::{BehaviorVersion, Credentials, Region},
};
use domain::{
    email::{AddressKey, EmailAddress},
    id::InvitationId,
    lifecycle::Command,
    link::LinkToken,
    outbox::MailedLink,
    person::Caller,
    settings::Locale,
};
use dynoxide::Item;
use http_api::{
    caller::Claims,
    function::{Api, respond},
};
use lambda_http::{Body, Request, Response};
use serde_json::{Value, json};
use service::command::perform;
use store::{Store, outbox::MailId};
use system::now;

use crate::{
    Outcome,
    event::Ask,
    table::{TABLE, Table},
};

/// The open community that everyone is invited to.
pub(crate) const OPEN: &str = "harbour";
/// The community where members' invitations need approval.
pub(crate) const CLOSED: &str = "club";
/// Sends, and moderates both communities.
pub(crate) const SENDER: &str = "mona";
/// Owns both communities, and sent nothing.
pub(crate) const OWNER: &str = "olaf";
/// A member of [`CLOSED`].
pub(crate) const MEMBER: &str = "mia";
/// Has a tenth of all invitations.
pub(crate) const INVITEE: &str = "ida";

/// The secret of every copied link.
const SECRET: [u8; 32] = [7; 32];

static NEXT: AtomicU64 = AtomicU64::new(1);

fn number() -> u64 {
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// An id that nothing has yet.
pub(crate) fn fresh_id() -> Outcome<InvitationId> {
    let mut entropy = [0; 10];
    entropy[2..].copy_from_slice(&number().to_be_bytes());
    Ok(InvitationId::new(now().as_millisecond().try_into()?, entropy))
}

/// Characters that nothing has yet: as many hexadecimal ones as a SHA-256 digest has.
pub(crate) fn fresh_digest() -> String {
    format!("{:064x}", number())
}

/// What the table knows a user's address by.
fn address(user: &str) -> Outcome<AddressKey> {
    Ok(format!("{user}@example.org").parse::<EmailAddress>()?.key())
}

/// What changes in a text when it speaks of another user.
pub(crate) fn renaming(from: &str, to: &str) -> Outcome<Vec<(String, String)>> {
    let (before, after) = (address(from)?, address(to)?);
    Ok(vec![(before.as_str().to_owned(), after.as_str().to_owned()), (from.to_owned(), to.to_owned())])
}

/// The link in the mail of an invitation that has not changed since it was made.
fn link(id: InvitationId) -> LinkToken {
    LinkToken::new(id, 1, SECRET)
}

fn guest() -> String {
    format!("guest-{:08}", number())
}

/// Whom or what an invocation is about.
#[derive(Debug, Clone, Default)]
pub(crate) struct Case {
    /// The invited users, or those to be invited.
    pub(crate) users: Vec<String>,
    /// The invitation, if there is one.
    pub(crate) id: String,
    /// The token of its mail's link.
    pub(crate) token: String,
}

/// What the service has left of one user, and of the invitation to them.
struct Mold {
    user: String,
    id: Option<InvitationId>,
    records: Vec<String>,
}

impl Mold {
    fn cast(&self) -> Outcome<(Case, Vec<Item>)> {
        let user = guest();
        let mut case = Case { users: vec![user.clone()], ..Case::default() };
        let mut swaps = renaming(&self.user, &user)?;
        if let Some(old) = self.id {
            let id = fresh_id()?;
            let (before, after) = (link(old), link(id));
            case.id = id.to_string();
            case.token = after.reveal();
            swaps.push((old.to_string(), case.id.clone()));
            swaps.push((before.digest().as_str().to_owned(), after.digest().as_str().to_owned()));
        }
        let records = self.records.iter().map(|record| Ok(serde_json::from_str(&swap(record, &swaps))?));
        Ok((case, records.collect::<Outcome<_>>()?))
    }
}

/// `text` with every first of a pair replaced by its second.
pub(crate) fn swap(text: &str, pairs: &[(String, String)]) -> String {
    pairs.iter().fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
}

/// The molds, and what everything else refers to.
pub(crate) struct Nursery {
    base: Vec<Item>,
    guest: Mold,
    pending: Mold,
    requested: Mold,
    linked: Mold,
    mailed_long_ago: Mold,
    accepted: Mold,
    /// Invitations alone: one pending, one accepted, one declined.
    crowd: Vec<Mold>,
    /// What the stream told of the pending invitation, and of its acceptance.
    told: [Vec<Value>; 2],
}

/// What an invocation is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum About {
    /// Nobody in particular.
    Nothing,
    /// That many users who have not been invited.
    Guests(usize),
    /// A pending invitation.
    Pending,
    /// One that waits for approval.
    Requested,
    /// A pending one whose mail has been sent.
    Linked,
    /// A pending one whose mail was sent over an hour ago.
    MailedLongAgo,
    /// One that was accepted a moment ago.
    Accepted,
}

impl Nursery {
    pub(crate) async fn new() -> Outcome<Self> {
        let table = Table::new(true).await?;
        let service = Service::on(&table);
        service.found().await?;
        let base = table.dump()?;
        let known = keys(&base);
        let mut molds = Vec::new();
        let mut told = [Vec::new(), Vec::new()];
        for (sender, community) in [(SENDER, OPEN), (MEMBER, CLOSED), (SENDER, OPEN), (SENDER, OPEN), (SENDER, OPEN)] {
            let user = guest();
            service.register(&user).await?;
            let id = service.invite(sender, community, &user).await?;
            molds.push((user, id));
        }
        let guest = {
            let user = guest();
            service.register(&user).await?;
            user
        };
        let [(pending, first), (requested, second), (linked, third), (accepted, fourth), (declined, fifth)] =
            &molds[..]
        else {
            return Err("five molds".into());
        };
        let stream = table.changes()?;
        let of = |id: &InvitationId, changes: &[Value]| -> Vec<Value> {
            changes
                .iter()
                .filter(|change| change["dynamodb"]["Keys"]["pk"]["S"] == format!("INVITATION#{id}"))
                .cloned()
                .collect()
        };
        told[0] = of(first, &stream);
        service.sent(linked, *third).await?;
        service.answer(accepted, *fourth, Command::Accept).await?;
        service.answer(declined, *fifth, Command::Decline { block: false }).await?;
        let later = table.changes()?;
        told[1] = of(fourth, &later[stream.len()..]);
        let text = told[1].iter().map(Value::to_string).collect::<Vec<_>>().join("\n");
        let renamed = swap(&text, &[(accepted.clone(), pending.clone()), (fourth.to_string(), first.to_string())]);
        told[1] = renamed.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;

        let records = table.dump()?;
        let mold = |user: &str, id: Option<InvitationId>, alone: bool| -> Outcome<Mold> {
            let mut own = Vec::new();
            for item in &records {
                let text = serde_json::to_string(item)?;
                let theirs = text.contains(user) || id.is_some_and(|id| text.contains(&id.to_string()));
                let invitation = text.contains(r#""sk":{"S":"INVITATION"}"#);
                if theirs && !known.contains(&key(item)) && (invitation || !alone) {
                    own.push(text);
                }
            }
            Ok(Mold { user: user.to_owned(), id, records: own })
        };
        let mut mailed_long_ago = mold(linked, Some(*third), false)?;
        for record in &mut mailed_long_ago.records {
            let mut value: Value = serde_json::from_str(record)?;
            if let Some(at) = value["body"]["M"]["mailedAt"]["N"].as_str() {
                let at = at.parse::<i64>()? - 2 * 3_600_000;
                value["body"]["M"]["mailedAt"]["N"] = at.to_string().into();
                *record = value.to_string();
            }
        }
        Ok(Self {
            guest: mold(&guest, None, false)?,
            pending: mold(pending, Some(*first), false)?,
            requested: mold(requested, Some(*second), false)?,
            linked: mold(linked, Some(*third), false)?,
            mailed_long_ago,
            accepted: mold(accepted, Some(*fourth), false)?,
            crowd: vec![
                mold(pending, Some(*first), true)?,
                mold(accepted, Some(*fourth), true)?,
                mold(declined, Some(*fifth), true)?,
            ],
            base,
            told,
        })
    }

    /// A table with the directory and that many invitations: all to one community, from one sender, a tenth of them to
    /// one invitee.
    pub(crate) async fn table(&self, size: usize) -> Outcome<Table> {
        const BATCH: usize = 20_000;
        let table = Table::new(false).await?;
        table.load(self.base.clone())?;
        let mut made = 0;
        while made < size {
            let count = BATCH.min(size - made);
            let mut items = Vec::with_capacity(count);
            for index in made..made + count {
                let mold = &self.crowd[index / 10 % self.crowd.len()];
                let user = if index % 10 == 0 { INVITEE.to_owned() } else { guest() };
                let Some(old) = mold.id else { return Err("a crowd of nobody".into()) };
                let swaps = [(mold.user.clone(), user), (old.to_string(), fresh_id()?.to_string())];
                for record in &mold.records {
                    items.push(serde_json::from_str(&swap(record, &swaps))?);
                }
            }
            table.load(items)?;
            made += count;
        }
        Ok(table)
    }

    /// That many cases in `table`, each of which one invocation may use up.
    pub(crate) fn cases(&self, table: &Table, about: About, count: usize) -> Outcome<Vec<Case>> {
        let (mut cases, mut items) = (Vec::new(), Vec::new());
        for _ in 0..count {
            let mut one = |mold: &Mold| -> Outcome<Case> {
                let (case, records) = mold.cast()?;
                items.extend(records);
                Ok(case)
            };
            cases.push(match about {
                About::Nothing => Case::default(),
                About::Guests(guests) => {
                    let mut case = Case::default();
                    for _ in 0..guests {
                        case.users.extend(one(&self.guest)?.users);
                    }
                    case
                }
                About::Pending => one(&self.pending)?,
                About::Requested => one(&self.requested)?,
                About::Linked => one(&self.linked)?,
                About::MailedLongAgo => one(&self.mailed_long_ago)?,
                About::Accepted => one(&self.accepted)?,
            });
        }
        table.load(items)?;
        Ok(cases)
    }

    /// What the stream tells of a pending invitation's making, or of its acceptance.
    pub(crate) fn told(&self, case: &Case, acceptance: bool) -> String {
        let records = json!({ "Records": self.told[usize::from(acceptance)] }).to_string();
        let from = &self.pending.user;
        let (Some(user), Some(id)) = (case.users.first(), self.pending.id) else { return records };
        swap(&records, &[(from.clone(), user.clone()), (id.to_string(), case.id.clone())])
    }
}

fn key(item: &Item) -> String {
    format!("{:?} {:?}", item.get("pk"), item.get("sk"))
}

fn keys(items: &[Item]) -> BTreeSet<String> {
    items.iter().map(key).collect()
}

/// The service, in this process.
struct Service(Arc<Api>);

impl Service {
    fn on(table: &Table) -> Self {
        let config = aws_sdk_dynamodb::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::from_static("us-east-1"))
            .credentials_provider(Credentials::new("AKIAIOSFODNN7EXAMPLE", "secret", None, None, "bench"))
            .endpoint_url(&table.endpoint)
            .build();
        let claims = Claims {
            user_id: "sub".to_owned(),
            administrator: "cognito:groups".to_owned(),
            administrator_value: "administrators".to_owned(),
        };
        Self(Arc::new(Api {
            store: Store::new(Client::from_conf(config), TABLE),
            claims,
            public_base_url: String::new(),
        }))
    }

    /// Fills the directory.
    async fn found(&self) -> Outcome<()> {
        self.direct(
            "PUT",
            "settings",
            json!({
                "dailyInvitationsPerSender": 1_000_000, "membersInviteConnectionsOnly": false,
                "registrationUrl": "https://platform.example.org/join", "productName": "Example Platform",
                "supportEmail": "support@example.org", "postalAddress": "1 Harbour Road, 12345 Port",
            }),
        )
        .await?;
        for (community, enrolment) in [(OPEN, "open"), (CLOSED, "closed")] {
            self.direct("PUT", &format!("communities/{community}"), json!({
                "title": format!("The people of the {community}"), "url": format!("https://platform.example.org/c/{community}"),
                "description": "Everyone who has a plot, a boat or a garden here, and all who would like one.",
                "memberCount": 1234, "visibility": "public", "enrolment": enrolment,
            })).await?;
        }
        for user in [SENDER, OWNER, MEMBER, INVITEE] {
            self.register(user).await?;
        }
        for (community, user, role) in [
            (OPEN, SENDER, "moderator"),
            (CLOSED, SENDER, "moderator"),
            (OPEN, OWNER, "owner"),
            (CLOSED, OWNER, "owner"),
            (CLOSED, MEMBER, "member"),
        ] {
            self.direct("PUT", &format!("communities/{community}/members/{user}"), json!({ "role": role })).await?;
        }
        Ok(())
    }

    async fn direct(&self, method: &str, path: &str, body: Value) -> Outcome<Value> {
        let parameters = match path.split('/').collect::<Vec<_>>()[..] {
            ["communities", community, "members", user] => vec![("communityId", community), ("userId", user)],
            ["communities", community] => vec![("communityId", community)],
            ["users", user] => vec![("userId", user)],
            _ => Vec::new(),
        };
        let ask = Ask { method, parameters, ..Ask::post("platform", format!("/directory/{path}")).body(body) };
        let request: Request = lambda_http::request::from_str(&ask.event())?;
        read(&ask, respond(&self.0, &directory::FUNCTION, &request).await)
    }

    async fn register(&self, user: &str) -> Outcome<Value> {
        let body = json!({
            "displayName": format!("Jo {user} Example"), "email": format!("{user}@example.org"), "emailVerified": true,
            "profileUrl": format!("https://platform.example.org/people/{user}"), "locale": "en",
        });
        self.direct("PUT", &format!("users/{user}"), body).await
    }

    async fn invite(&self, sender: &str, community: &str, user: &str) -> Outcome<InvitationId> {
        let path = format!("/communities/{community}/invitations");
        let ask = Ask::post(sender, path).with("communityId", community).body(json!({ "userIds": [user] }));
        let request: Request = lambda_http::request::from_str(&ask.event())?;
        let answer = read(&ask, respond(&self.0, &send::FUNCTION, &request).await)?;
        let id = answer["results"][0]["invitation"]["id"].as_str().ok_or_else(|| answer.to_string())?;
        Ok(id.parse()?)
    }

    /// The invitation's mail has left, with a link in it.
    async fn sent(&self, user: &str, id: InvitationId) -> Outcome<()> {
        let store = &self.0.store;
        let (name, owed) = store.invitation_with_mails(id).await?.mails.into_iter().next().ok_or("no mail is owed")?;
        let mail = MailId { invitation: id, name };
        let address = address(user)?;
        let link = MailedLink { digest: link(id).digest(), address, locale: Some(Locale::En) };
        store.lease(&mail, &owed, &link, now()).await?.ok_or("the mail is taken")?;
        Ok(store.mark_sent(&mail).await?)
    }

    async fn answer(&self, user: &str, id: InvitationId, command: Command) -> Outcome<()> {
        let caller = Caller { id: user.parse()?, site_administrator: false, email: None, email_verified: false };
        perform(&self.0.store, &caller, id, &command, now()).await?;
        Ok(())
    }
}

fn read(ask: &Ask<'_>, response: Response<Body>) -> Outcome<Value> {
    match response.body() {
        Body::Text(text) if response.status().is_success() => Ok(serde_json::from_str(text)?),
        body => Err(format!("{} {}: {} {body:?}", ask.method, ask.path, response.status()).into()),
    }
}
