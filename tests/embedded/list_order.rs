//! The order of lists: the same for every page size, whatever has expired, and however the clock runs on meanwhile.

use std::{
    cmp::Reverse,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use domain::{
    Timestamp,
    id::InvitationId,
    invitation::{Invitation, Invitee, Sender, Status},
};
use serde_json::json;
use system::{now, simulation};
use testkit::{
    api::Page,
    embedded::{Person, World, chess},
};

const DAY: i64 = 24 * 60 * 60 * 1_000;
/// Where the clock starts: 1 November 2026, noon.
const START: i64 = 1_793_534_400_000;

/// A clock that a test leads. Randomness is the seed's.
#[derive(Clone)]
pub(crate) struct Clock(Arc<AtomicI64>);

impl Clock {
    pub(crate) fn forward(&self, millis: i64) {
        self.0.fetch_add(millis, Ordering::SeqCst);
    }
}

impl simulation::World for Clock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millisecond(self.0.load(Ordering::SeqCst)).unwrap()
    }

    fn randomise(&self, bytes: &mut [u8]) {
        fastrand::fill(bytes);
    }
}

pub(crate) async fn with_clock<F: Future>(work: impl FnOnce(Clock) -> F) -> F::Output {
    let clock = Clock(Arc::new(AtomicI64::new(START)));
    simulation::Simulation::new(clock.clone()).run(Box::pin(work(clock))).await
}

/// Mona, who owns `chess`, Ann, and an invitation of the one to the other.
async fn prototype() -> (World, Person, Person, Invitation) {
    let (world, mona) = chess("owner").await;
    let [ann] = world.people(["ann"]).await;
    let id = world.invite_user(&mona, "chess", &ann).await;
    world.pump().await;
    let prototype = world.stored(&id).await;
    (world, mona, ann, prototype)
}

/// Returns a copy of the prototype that was made at that time and expires so many days later.
fn copy(prototype: &Invitation, made: i64, days: i64, number: u16, status: Status) -> Invitation {
    let mut entropy = [7; 10];
    entropy[..2].copy_from_slice(&number.to_be_bytes());
    let at = |millis| Timestamp::from_millisecond(millis).unwrap();
    Invitation {
        id: InvitationId::new(made.unsigned_abs(), entropy),
        status,
        created_at: at(made),
        expires_at: at(made + days * DAY),
        answered_at: matches!(status, Status::Accepted | Status::Declined).then_some(at(made)),
        ..prototype.clone()
    }
}

/// A list, and what its pages have been so far.
struct Reading<'a> {
    world: &'a World,
    caller: &'a Person,
    path: String,
    pages: Vec<Page>,
    most_queries: u32,
}

impl<'a> Reading<'a> {
    fn new(world: &'a World, caller: &'a Person, path: String) -> Self {
        Self { world, caller, path, pages: Vec::new(), most_queries: 0 }
    }

    /// Reads the next page, if there is one.
    async fn turn(&mut self) -> bool {
        let cursor = match self.pages.last() {
            None => String::new(),
            Some(page) => match &page.next_cursor {
                Some(next) => next.clone(),
                None => return false,
            },
        };
        self.world.meter.take();
        let page = self.world.page(self.caller, format!("{}&cursor={cursor}", self.path)).await;
        let usage = self.world.meter.take();
        self.most_queries = self.most_queries.max(usage.of("Query"));
        self.pages.push(page);
        assert!(self.pages.len() < 2_000, "{} does not end", self.path);
        true
    }

    async fn whole(mut self) -> Self {
        while self.turn().await {}
        self
    }

    fn ids(&self) -> Vec<&str> {
        self.pages.iter().flat_map(Page::ids).collect()
    }
}

/// The order of statuses, as the contract states it.
const ORDER: [Status; 7] = [
    Status::Pending,
    Status::AwaitingApproval,
    Status::Accepted,
    Status::Declined,
    Status::Rejected,
    Status::Cancelled,
    Status::Expired,
];

/// What a list must show at `clock`: status by status, the newest first.
fn ordered(all: &[Invitation], clock: Timestamp, status: Option<Status>) -> Vec<String> {
    let mut listed: Vec<_> =
        all.iter().filter(|one| status.is_none_or(|status| one.status_at(clock) == status)).collect();
    let group = |one: &Invitation| ORDER.iter().position(|status| *status == one.status_at(clock));
    listed.sort_by_key(|one| (group(one), Reverse(one.created_at), Reverse(one.id)));
    listed.iter().map(|one| one.id.to_string()).collect()
}

#[tokio::test]
async fn pages_of_two_give_the_same_order_as_one_page_whatever_the_lifetimes() {
    let (world, mona) = chess("owner").await;
    let [ann] = world.people(["ann"]).await;
    let guests = world.users(6).await;
    let mut made = Vec::new();
    for (number, days) in [365, 30, 1, 90, 2, 30].into_iter().enumerate() {
        let community = format!("club{number}");
        world.community_of(&community, &mona, "owner").await;
        world.send(&mona, &community, json!({ "userIds": ["ann"], "expiresInDays": days })).await;
        made.push(guests[number].clone());
        world.send(&mona, "chess", json!({ "userIds": [guests[number]], "expiresInDays": days })).await;
        // The id tells the time to the millisecond.
        tokio::time::sleep(std::time::Duration::from_millis(2)).await;
    }
    for limit in [1, 2, 3, 4, 100] {
        let mine = Reading::new(&world, &ann, format!("/me/invitations?limit={limit}")).whole().await;
        let of = |page: &Page| page.invitations.iter().map(|one| one.community_id.clone()).collect::<Vec<_>>();
        let communities: Vec<_> = mine.pages.iter().flat_map(of).collect();
        assert_eq!(communities, ["club5", "club4", "club3", "club2", "club1", "club0"], "pages of {limit}");
        assert_eq!(mine.most_queries, 1);
        let sent = Reading::new(&world, &mona, format!("/communities/chess/invitations?limit={limit}")).whole().await;
        let of = |page: &Page| page.invitations.iter().map(|one| one.invitee.user_id.clone()).collect::<Vec<_>>();
        let invitees: Vec<_> = sent.pages.iter().flat_map(of).flatten().collect();
        assert!(invitees.iter().eq(made.iter().rev()), "pages of {limit}: {invitees:?}");
    }
}

/// Returns invitations of all kinds, lapsed ones among them.
fn some_of_everything(random: &mut fastrand::Rng, prototype: &Invitation, count: u16) -> Vec<Invitation> {
    let lapses = random.u32(0..=100);
    let one = |number| {
        let status = Status::ALL[random.usize(0..Status::ALL.len())];
        let days = [1, 2, 30, 30, 30, 90, 365][random.usize(0..7)];
        // Some of one millisecond: the invitations of one request.
        let age = if random.u32(0..100) < lapses { random.i64(0..60) * DAY / 2 } else { random.i64(0..DAY) };
        let mailed_at = if random.bool() { None } else { prototype.mailed_at };
        Invitation { mailed_at, ..copy(prototype, START - age, days, number, status) }
    };
    (1..=count).map(one).collect()
}

/// Whether the invitee's own list shows it.
fn is_shown_to_invitee(one: &Invitation) -> bool {
    match one.status {
        Status::AwaitingApproval | Status::Rejected => false,
        Status::Cancelled | Status::Expired => one.mailed_at.is_some(),
        _ => true,
    }
}

#[tokio::test]
async fn every_list_is_the_same_whole_in_pages_of_any_size_whatever_expires_meanwhile() {
    for seed in 0..12 {
        with_clock(async |clock| {
            let mut random = fastrand::Rng::with_seed(seed);
            let (world, mona, ann, prototype) = prototype().await;
            let count = [3, 20, 60, 140][random.usize(0..4)];
            let mut all = some_of_everything(&mut random, &prototype, count);
            world.load(&all);
            all.push(prototype);
            for (caller, path) in
                [(&ann, "/me/invitations"), (&mona, "/me/invitations/sent"), (&mona, "/communities/chess/invitations")]
            {
                let listed: Vec<_> =
                    all.iter().filter(|one| path != "/me/invitations" || is_shown_to_invitee(one)).cloned().collect();
                for status in [None, Some(ORDER[random.usize(0..7)]), Some(ORDER[random.usize(0..7)])] {
                    let sizes: &[u32] = if count < 60 { &[1, 2, 3, 7, 25, 100] } else { &[7, 25, 99, 100] };
                    let limit = sizes[random.usize(0..sizes.len())];
                    let filter = status.map_or("", Status::as_str);
                    let path = format!("{path}?limit={limit}&status={filter}");
                    let (began, still) = (now(), random.bool());
                    let expected = ordered(&listed, began, status);
                    let mut reading = Reading::new(&world, caller, path.clone());
                    let mut shown = Vec::new();
                    while reading.turn().await {
                        let page = reading.pages.last().unwrap();
                        for one in &page.invitations {
                            let stored = listed.iter().find(|stored| stored.id.to_string() == one.id).unwrap();
                            assert_eq!(one.status, stored.status_at(now()).as_str(), "seed {seed}: {path}");
                        }
                        shown.extend(page.ids().into_iter().map(str::to_owned));
                        if !still {
                            clock.forward(random.i64(0..DAY / 8));
                        }
                    }
                    let left: Vec<_> =
                        expected.iter().filter(|id| still || status.is_none() || shown.contains(id)).cloned().collect();
                    assert_eq!(shown, left, "seed {seed}: {path}");
                    // What a status leaves out has lapsed since the first page.
                    for id in expected.iter().filter(|id| !shown.contains(id)) {
                        let stored = listed.iter().find(|stored| stored.id.to_string() == **id).unwrap();
                        assert_eq!(stored.status_at(now()), Status::Expired, "seed {seed}: {path}");
                    }
                    assert!(reading.most_queries <= 2, "seed {seed}: {path} took {}", reading.most_queries);
                    let pending = ordered(&listed, began, Some(Status::Pending)).len().min(100);
                    let counted = reading.pages.iter().filter_map(|page| page.pending_count);
                    assert!(counted.into_iter().all(|count| count as usize == pending), "seed {seed}: {path}");
                }
            }
        })
        .await;
    }
}

#[tokio::test]
async fn after_a_mass_expiry_a_page_costs_a_second_query_and_no_more() {
    with_clock(async |clock| {
        let (world, mona, ann, prototype) = prototype().await;
        let minutes = |number: i64| START - number * 60_000;
        let made: Vec<_> = (0..400_u16)
            .map(|number| {
                let days = if number % 20 == 0 { 30 } else { 2 };
                copy(&prototype, minutes(i64::from(number) + 1), days, number, Status::Pending)
            })
            .collect();
        world.load(&made);
        let mut all = made;
        all.push(prototype);
        for days in [0, 3] {
            clock.forward(days * DAY);
            for (caller, path) in [(&ann, "/me/invitations"), (&mona, "/communities/chess/invitations")] {
                for status in ["", "pending", "expired"] {
                    let path = format!("{path}?limit=50&status={status}");
                    let reading = Reading::new(&world, caller, path.clone()).whole().await;
                    assert_eq!(reading.ids(), ordered(&all, now(), Status::of_name(status)), "{path} {status}");
                    let most = if days == 0 && status != "expired" { 1 } else { 2 };
                    assert!(reading.most_queries <= most, "{path} {status} took {}", reading.most_queries);
                    let short = reading.pages.iter().rev().skip(1).filter(|page| page.invitations.len() < 50).count();
                    assert!(short <= 1, "{path} {status} has {short} short pages");
                }
            }
            let pending = world.mine(&ann).await.pending_count;
            assert_eq!(pending, Some(if days == 0 { 100 } else { 21 }));
        }
    })
    .await;
}

#[tokio::test]
async fn a_list_of_more_than_one_query_reads_has_short_pages_and_is_never_wrong() {
    with_clock(async |clock| {
        let (world, mona, _, prototype) = prototype().await;
        // Long ids, so that few fill a megabyte.
        let long = |name: &str| name.repeat(120 / name.len()).parse().unwrap();
        let long_ids = Invitation {
            invitee: Invitee::User { id: long("crowd"), display_name: None, invited_as: None },
            ..prototype
        };
        let long_ids = Invitation { sender: Sender { id: long("sender"), ..long_ids.sender.clone() }, ..long_ids };
        let made = |number: u16| {
            // Requests among them, and some whose expiry is stored.
            let (status, days) = match number % 40 {
                0 => (Status::AwaitingApproval, 2),
                1 => (Status::Expired, 2),
                2 => (Status::Pending, 2),
                _ => (Status::Pending, 30),
            };
            copy(&long_ids, START - 1_000 * i64::from(number + 1), days, number, status)
        };
        let all: Vec<_> = (0..4_000).map(made).collect();
        world.load(&all);
        world.command(&mona, &long_ids.id.to_string(), "cancel").await.ok();
        clock.forward(3 * DAY);
        for status in ["expired", "awaiting_approval"] {
            let path = format!("/communities/chess/invitations?limit=100&status={status}");
            let reading = Reading::new(&world, &mona, path).whole().await;
            let expected = ordered(&all, now(), Status::of_name(status));
            assert!(reading.ids() == expected, "{status} is in another order");
            assert!(reading.most_queries <= 3, "{status} took {}", reading.most_queries);
        }
    })
    .await;
}

#[tokio::test]
async fn an_invitation_that_moves_on_while_its_list_is_read_is_shown_where_it_belongs_or_not_at_all() {
    let (world, mona) = chess("owner").await;
    let [ann] = world.people(["ann"]).await;
    let mut ids = Vec::new();
    for number in 0..3 {
        let community = format!("club{number}");
        world.community_of(&community, &mona, "owner").await;
        ids.push(world.invite_user(&mona, &community, &ann).await);
        tokio::time::sleep(std::time::Duration::from_millis(2)).await;
    }
    ids.reverse();
    // Between the index and the records that it names, as if the index lagged behind.
    let overtaken = async |path: &str, id: &str, verb: &str| {
        let read = world.faults.stop_next_read();
        let page = world.page(&ann, path);
        let overtaking = async {
            read.reached().await;
            world.command(&ann, id, verb).await.ok();
            read.open();
        };
        tokio::join!(page, overtaking).0
    };
    let page = overtaken("/me/invitations?status=pending", &ids[0], "accept").await;
    assert_eq!(page.ids(), [&ids[1], &ids[2]]);
    let page = overtaken("/me/invitations", &ids[1], "decline").await;
    assert_eq!(page.ids(), [&ids[2], &ids[0], &ids[1]]);
    assert_eq!(page.statuses(), ["pending", "accepted", "declined"]);
    let page = overtaken("/me/invitations?limit=1", &ids[2], "decline").await;
    assert_eq!(page.ids(), [""; 0]);
    let page = world.page(&ann, format!("/me/invitations?cursor={}", page.next())).await;
    assert_eq!(page.ids(), [&ids[0], &ids[1], &ids[2]]);
}

#[tokio::test]
async fn a_request_that_is_approved_while_its_page_is_read_is_not_shown_behind_the_pending_ones() {
    let (world, mona) = chess("owner").await;
    world.community("chess", json!({ "enrolment": "closed" })).await;
    let [mia, ann, bob] = world.people(["mia", "ann", "bob"]).await;
    world.member("chess", &mia, "moderator").await;
    let pending = world.invite_user(&mia, "chess", &bob).await;
    world.member("chess", &mia, "member").await;
    world.connect(&mia, &ann).await;
    let id = world.invite_user(&mia, "chess", &ann).await;
    let page = world.page(&mia, "/me/invitations/sent?limit=1").await;
    assert_eq!(page.ids(), [&pending]);
    let read = world.faults.stop_next_read();
    let second = world.page(&mia, format!("/me/invitations/sent?limit=1&cursor={}", page.next()));
    let overtaking = async {
        read.reached().await;
        world.command(&mona, &id, "approve").await.ok();
        read.open();
    };
    assert_eq!(tokio::join!(second, overtaking).0.ids(), [""; 0]);
    assert_eq!(world.page(&mia, "/me/invitations/sent").await.ids(), [&id, &pending]);
}
