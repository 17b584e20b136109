//! An address does not give away the account behind it: what a sender and a moderator get to see is the same, byte for
//! byte, whether or not the address that was typed is a user's.

use std::sync::{
    Arc,
    atomic::{AtomicI64, AtomicU64, Ordering},
};

use domain::{Timestamp, id::InvitationId};
use jiff::SignedDuration;
use serde_json::{Value, json};
use system::simulation::{self, Simulation};
use testkit::{
    Response, SesEvent,
    api::Invitee,
    embedded::{Mail, Person, Request, World, chess, person},
};

/// What begins the line with an event's id, which counts the invitation's writes.
const EVENT_ID: &str = "event id";
const ADDRESS: &str = "hidden@example.org";

/// The user behind the address. Nothing in the worlds but the user is called so.
fn owner() -> Person {
    person("quill").with_email(ADDRESS)
}

/// What there is behind the address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Account {
    None,
    User,
    /// A user from the first invitation on.
    Later,
}

/// Who sends, and where.
#[derive(Debug, Clone, Copy)]
struct Case {
    role: &'static str,
    enrolment: &'static str,
    mode: &'static str,
    connections_only: bool,
    /// How invitations end one after the other.
    endings: &'static [&'static str],
}

const fn case(role: &'static str, enrolment: &'static str, endings: &'static [&'static str]) -> Case {
    Case { role, enrolment, mode: "acceptance", connections_only: false, endings }
}

const CASES: [Case; 7] = [
    case("moderator", "open", &["decline", "cancel", "expire", "resend", "bounce"]),
    case("site_administrator", "network", &["cancel"]),
    case("member", "moderated", &["decline"]),
    case("member", "closed", &["reject", "decline", "expire", "block"]),
    Case { connections_only: true, ..case("member", "closed", &["cancel"]) },
    // In automatic mode the outcome tells, and so does approval: a user is a member at once.
    Case { mode: "automatic", ..case("member", "closed", &["reject", "cancel"]) },
    Case { mode: "automatic", ..case("owner", "open", &[]) },
];

/// The same clock and the same randomness for every world.
struct Machine {
    clock: Arc<AtomicI64>,
    draws: AtomicU64,
}

impl simulation::World for Machine {
    fn now(&self) -> Timestamp {
        Timestamp::from_millisecond(self.clock.load(Ordering::Relaxed)).unwrap()
    }

    fn randomise(&self, bytes: &mut [u8]) {
        let draw = self.draws.fetch_add(1, Ordering::Relaxed).to_be_bytes();
        bytes.fill(7);
        let count = bytes.len().min(draw.len());
        let at = bytes.len() - count;
        bytes[at..].copy_from_slice(&draw[draw.len() - count..]);
    }
}

/// A world, and all that its sender and its moderator have seen.
struct Watch {
    world: World,
    clock: Arc<AtomicI64>,
    account: Account,
    sender: Person,
    chief: Person,
    seen: Vec<String>,
    /// The latest invitation mail.
    mail: Option<Mail>,
}

impl Watch {
    async fn new(case: Case, account: Account, clock: Arc<AtomicI64>) -> Self {
        let world = World::new().await;
        world
            .settings(json!({
                "membersInviteConnectionsOnly": case.connections_only, "membershipMode": case.mode,
                "declineCooldownDays": 7,
            }))
            .await;
        world.community("club", json!({ "enrolment": case.enrolment })).await;
        let [sender, chief] = world.people(["sender", "chief"]).await;
        world.member("club", &chief, "owner").await;
        let site_administrator = case.role == "site_administrator";
        if !site_administrator {
            world.member("club", &sender, case.role).await;
        }
        let sender = Person { site_administrator, ..sender };
        let watch = Self { world, clock, account, sender, chief, seen: Vec::new(), mail: None };
        if account == Account::User {
            watch.register().await;
        }
        watch
    }

    async fn register(&self) {
        let fields = json!({
            "displayName": "Quill Quirke", "profileUrl": "https://platform.example.org/quill", "locale": "de",
        });
        self.world.register_with(&owner(), fields).await;
    }

    fn pass(&self, time: SignedDuration) {
        self.clock.fetch_add(time.as_millis().try_into().unwrap(), Ordering::Relaxed);
    }

    async fn call(&mut self, request: Request) -> Response {
        let response = self.world.call(request).await;
        self.seen.push(format!("{response:?}"));
        response
    }

    async fn send(&mut self, body: &Value) -> Response {
        self.call(Request::send(&self.sender, "club", body)).await
    }

    async fn command(&mut self, caller: &Person, id: &str, verb: &str) -> Response {
        self.call(Request::command(caller, id, verb)).await
    }

    /// Sees what there is to see of the invitation and around it.
    async fn look(&mut self, id: &str) {
        for mail in self.world.deliver_mails().await {
            if mail.to == ADDRESS {
                self.mail = Some(mail);
            } else {
                self.seen.push(format!("mail to {}: {}\n{}\n{}", mail.to, mail.subject, mail.text, mail.html));
            }
        }
        for event in self.world.fakes.take_events() {
            let mut raw = event.raw;
            self.seen.push(format!("{EVENT_ID} {}", raw["id"].take()));
            self.seen.push(format!("event {}: {raw}", event.name));
        }
        let (sender, chief) = (self.sender.clone(), self.chief.clone());
        let invitation = format!("/invitations/{id}");
        for (who, path) in [
            (&sender, &*invitation),
            (&chief, &invitation),
            (&sender, "/me/invitations/sent"),
            (&chief, "/communities/club/invitations"),
            (&chief, "/communities/club/invitations?q=hidden"),
            (&chief, "/communities/club/invitations/stats"),
            (&chief, "/communities/club/invitations/export"),
        ] {
            self.call(Request::new("GET", path).by(who)).await;
        }
    }

    /// Lives through an invitation that ends like that.
    async fn invitation(&mut self, ending: &str) {
        let body = json!({ "emails": [ADDRESS] });
        let request = Request::send(&self.sender, "club", &body).key(ending);
        let sent = self.call(request.clone()).await.sent().results.remove(0);
        self.call(request).await;
        self.send(&body).await;
        self.send(&json!({ "emails": [ADDRESS, ADDRESS.to_uppercase()] })).await;
        let Some(made) = sent.invitation else { return };
        let id = made.id;
        self.look(&id).await;
        if self.account == Account::Later {
            self.register().await;
        }
        self.look(&id).await;
        let (sender, chief) = (self.sender.clone(), self.chief.clone());
        for who in [&sender, &chief] {
            for verb in ["accept", "decline", "resend"] {
                self.command(who, &id, verb).await;
            }
        }
        if made.status == "awaiting_approval" {
            self.command(&sender, &id, "approve").await;
            if ["decline", "block"].contains(&ending) {
                self.command(&chief, &id, "approve").await.ok();
                self.look(&id).await;
            }
        } else {
            self.command(&chief, &id, "approve").await.refused(409, "invitation_pending");
        }
        self.end(&id, ending).await;
        self.look(&id).await;
        self.send(&body).await;
        for verb in ["cancel", "approve", "reject", "resend"] {
            self.command(&chief, &id, verb).await;
        }
        self.pass(SignedDuration::from_hours(8 * 24));
    }

    async fn end(&mut self, id: &str, ending: &str) {
        let (sender, chief) = (self.sender.clone(), self.chief.clone());
        match ending {
            "reject" => {
                let reason = json!({ "reason": "We are full." });
                self.call(Request::new("POST", format!("/invitations/{id}/reject")).by(&chief).json(&reason))
                    .await
                    .ok();
            }
            "cancel" => {
                self.command(&sender, id, "cancel").await.ok();
            }
            "decline" | "block" => self.decline(id, ending == "block").await,
            "expire" => {
                self.pass(SignedDuration::from_hours(31 * 24));
                self.look(id).await;
                self.world.remove_by_ttl();
            }
            "resend" => {
                self.pass(SignedDuration::from_hours(2));
                self.command(&sender, id, "resend").await.ok();
                self.look(id).await;
                self.command(&chief, id, "cancel").await.ok();
            }
            "bounce" => {
                let revision = self.mail.as_ref().unwrap().tag("revision").to_owned();
                let bounce = SesEvent::new("Bounce", id).tag("revision", &revision).bounced("Permanent", ADDRESS);
                self.world.ses_event(&bounce).await;
            }
            _ => unreachable!(),
        }
    }

    /// Has the invitee decline: over the API who has an account, and behind the link who has none.
    async fn decline(&mut self, id: &str, block: bool) {
        let declined = if self.account == Account::None {
            let form = if block { "answer=decline&block=on" } else { "answer=decline" };
            self.world.submit(&self.mail.as_ref().unwrap().path("i"), form).await
        } else {
            self.world.post(&owner(), format!("/invitations/{id}/decline"), json!({ "block": block })).await
        };
        declined.ok();
    }
}

/// Returns all that the sender and a moderator see.
async fn all_that_is_seen(case: Case, account: Account) -> Vec<String> {
    // Long ago, so that what has a time to live has outlived it.
    let clock = Arc::new(AtomicI64::new(1_767_600_000_000));
    let machine = Simulation::new(Machine { clock: Arc::clone(&clock), draws: AtomicU64::new(0) });
    let run = async {
        let mut watch = Watch::new(case, account, clock).await;
        for body in [
            json!({ "emails": [ADDRESS] }),
            json!({ "emails": ["nobody", ADDRESS], "message": "%sender% hopes for you." }),
            json!({ "userIds": ["nobody"], "emails": ADDRESS }),
        ] {
            let preview = Request::new("POST", "/communities/club/invitations/preview").by(&watch.sender).json(&body);
            watch.call(preview).await;
        }
        for ending in case.endings {
            watch.invitation(ending).await;
        }
        watch.seen
    };
    Box::pin(machine.run(run)).await
}

/// Returns the lines with the invitations' ids, which are random, as numbers in the order of their appearance.
fn numbered(lines: Vec<String>) -> Vec<String> {
    let mut ids: Vec<String> = Vec::new();
    let mut number = |word: &str| {
        let end = word.trim_end_matches(|c: char| !c.is_ascii_alphanumeric()).len();
        let (id, rest) = word.split_at(end);
        if id.parse::<InvitationId>().is_err() {
            return word.to_owned();
        }
        let known = ids.iter().position(|known| known == id).unwrap_or_else(|| {
            ids.push(id.to_owned());
            ids.len() - 1
        });
        format!("invitation {known}{rest}")
    };
    let mut line = |line: String| line.split_inclusive(|c: char| !c.is_ascii_alphanumeric()).map(&mut number).collect();
    lines.into_iter().map(&mut line).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sender_sees_the_same_of_an_address_with_an_account_and_of_one_without() {
    for case in CASES {
        let seen = |account| async move { numbered(all_that_is_seen(case, account).await) };
        let (none, user, later) = futures::join!(seen(Account::None), seen(Account::User), seen(Account::Later));
        // To give the invitation to its owner is one write more.
        let without_ids = |seen: &[String]| -> Vec<String> {
            seen.iter().filter(|line| !line.starts_with(EVENT_ID)).cloned().collect()
        };
        for (with, seen, same) in
            [(Account::User, user, none.clone()), (Account::Later, without_ids(&later), without_ids(&none))]
        {
            assert_eq!(seen.len(), same.len(), "{case:?} {with:?}");
            for (seen, same) in seen.iter().zip(&same) {
                assert_eq!(seen, same, "{case:?} {with:?}");
                assert!(!seen.to_lowercase().contains("quill"), "{case:?} {with:?}: {seen}");
            }
        }
    }
}

#[tokio::test]
async fn who_was_invited_by_address_is_named_from_acceptance_on_and_sees_themselves_all_the_time() {
    let (world, mona) = chess("moderator").await;
    let [olaf] = world.people(["olaf"]).await;
    world.member("chess", &olaf, "owner").await;
    world.register(&owner()).await;
    let id = world.invite_address(&mona, "chess", "Hidden@Example.org").await;
    let oneself = Invitee { display_name: Some("Quill".to_owned()), ..Invitee::user("quill") };
    assert_eq!(world.invitation(&owner(), &id).await.invitee, oneself);
    assert_eq!(world.mine(&owner()).await.invitations[0].invitee, oneself);
    for viewer in [&mona, &olaf] {
        assert_eq!(world.invitation(viewer, &id).await.invitee, Invitee::address("Hidden@Example.org"), "as typed");
    }
    assert_eq!(world.command(&owner(), &id, "accept").await.invitation().invitee, oneself);
    for viewer in [&mona, &olaf] {
        assert_eq!(world.invitation(viewer, &id).await.invitee, oneself);
    }
    world.pump().await;
    let accepted = world.fakes.take_events().into_iter().find(|event| event.name == "InvitationAccepted").unwrap();
    assert_eq!(accepted.invitee_id.as_deref(), Some("quill"));
    let told = world.fakes.take_mails().into_iter().find(|mail| mail.to == mona.email).unwrap();
    assert!(told.subject.contains("Quill"), "{}", told.subject);
}

/// Who can invite addresses could else find out whose each is: by looking who has become one who is invited already.
#[tokio::test]
async fn an_invitation_to_an_address_changes_nothing_in_what_a_search_for_people_finds() {
    let (world, mona) = chess("moderator").await;
    let [mia] = world.people(["mia"]).await;
    world.member("chess", &mia, "member").await;
    world.register(&owner()).await;
    world.connect(&mia, &owner()).await;
    let mut found = Vec::new();
    let look = async || {
        let search = |who| world.get(who, "/communities/chess/people?q=quill");
        [search(&mona).await.body, search(&mia).await.body]
    };
    found.push(look().await);
    let body = json!({ "emails": [ADDRESS], "notify": false });
    let id = world.invite(&mona, "chess", body).await.id().to_owned();
    found.push(look().await);
    world.command(&mona, &id, "resend").await.ok();
    found.push(look().await);
    assert!(found.iter().all(|now| *now == found[0]), "{found:?}");
    // Who is invited by id is shown as that, also where an address was before.
    world.set_expiry(&id, system::now()).await;
    world.invite_user(&mona, "chess", &owner()).await;
    for seen in look().await {
        assert!(seen.contains("already_invited"), "{seen}");
    }
}

#[tokio::test]
async fn an_approval_asks_of_an_address_the_same_whether_or_not_it_is_a_user_s() {
    let mut told = Vec::new();
    for has_account in [false, true] {
        let (world, mona) = chess("moderator").await;
        let [mia] = world.people(["mia"]).await;
        world.community("chess", json!({ "enrolment": "closed" })).await;
        world.member("chess", &mia, "member").await;
        if has_account {
            world.register(&owner()).await;
            world.connect(&mia, &owner()).await;
        }
        world.settings(json!({ "membersInviteConnectionsOnly": false })).await;
        let id = world.invite_address(&mia, "chess", ADDRESS).await;
        world.settings(json!({ "membersInviteConnectionsOnly": true })).await;
        let actions = world.invitation(&mona, &id).await.action_ids().join(" ");
        let approved = world.command(&mona, &id, "approve").await;
        told.push((actions, approved.status, approved.code()));
    }
    assert_eq!(told[0], told[1]);
    assert_eq!(told[0].0, "CANCEL_COMMUNITY_INVITATION REJECT_COMMUNITY_INVITATION");
}

#[tokio::test]
async fn who_invites_their_own_address_sees_themselves() {
    let (world, _) = chess("moderator").await;
    let owner = owner().site_administrator();
    world.register(&owner).await;
    let made = world.invite(&owner, "chess", json!({ "emails": [ADDRESS] })).await;
    assert_eq!(made.made().invitee.user_id.as_deref(), Some("quill"));
    assert_eq!(world.invitation(&owner, made.id()).await.invitee, made.made().invitee);
}

#[tokio::test]
async fn who_merely_says_that_an_address_is_theirs_learns_nothing_of_the_account_behind_it() {
    let mut told = Vec::new();
    for has_account in [false, true] {
        let (world, mona) = chess("moderator").await;
        let mona = mona.with_email(ADDRESS).unverified();
        if has_account {
            world.register(&owner()).await;
        }
        let id = world.invite_address(&mona, "chess", ADDRESS).await;
        let answers = ["accept", "decline"].map(|verb| world.command(&mona, &id, verb));
        told.push(futures::future::join_all(answers).await.iter().map(Response::code).collect::<Vec<_>>());
    }
    assert_eq!(told[0], told[1]);
}

#[tokio::test]
async fn of_who_was_invited_by_address_nothing_is_left_when_they_are_erased() {
    let (world, mona) = chess("moderator").await;
    world.community_of("choir", &mona, "owner").await;
    let before = world.invite_address(&mona, "choir", ADDRESS).await;
    world.register(&owner()).await;
    let id = world.invite_address(&mona, "chess", ADDRESS).await;
    world.pump().await;
    world.fakes.take_events();
    world.remove("users/quill").await;
    for id in [&before, &id] {
        let left = world.invitation(&mona, id).await;
        assert_eq!((&*left.status, left.invitee), ("cancelled", Invitee::default()));
    }
    world.pump().await;
    for event in world.fakes.take_events() {
        assert_eq!((&*event.name, event.invitee_id), ("InvitationCancelled", None));
    }
    for (place, record) in world.dump().await {
        assert!(!format!("{record:?}").contains(ADDRESS), "{place:?}: {record:?}");
    }
}
