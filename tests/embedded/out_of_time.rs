//! Work that takes longer than a function may: its caller gets a response in time, what is done stays done, and the
//! same request goes on from there.
//!
//! The table is slow, and the clock of the runtime moves by itself, so that nobody waits.

use std::{collections::BTreeMap, time::Duration};

use domain::outbox::MailState;
use serde_json::{Value, json};
use testkit::{
    Response,
    embedded::{Person, Request, World, person, platform},
};
use tokio::time::Instant;

use crate::people::acquaintances;

/// How long a function must have at a table so slow to get any further.
const ENOUGH: Duration = Duration::from_secs(18);
/// How long the slow table takes over each request.
const SLOW: Duration = Duration::from_secs(1);

async fn world(name: &str) -> (World, Person) {
    let world = World::without_network(name);
    let [mona] = world.people(["mona"]).await;
    world.community_of("chess", &mona, "owner").await;
    (world, mona)
}

/// Makes the request to a table that takes `delay` over everything.
async fn slowly(world: &World, delay: Duration, request: Request) -> Response {
    world.faults.slow_down(delay);
    let response = world.call(request).await;
    world.faults.slow_down(Duration::ZERO);
    response
}

fn delete(path: &str) -> Request {
    Request::new("DELETE", format!("/directory/{path}")).by(&platform())
}

/// Repeats the request until it has done all, giving it so much time the first time, and enough to get further each
/// other time; returns how often it ran out of it.
async fn repeat(world: &World, request: &Request, time: Duration, mut between: impl AsyncFnMut()) -> u32 {
    for broken_off in 0..100 {
        let time = if broken_off == 0 { time } else { time.max(ENOUGH) };
        let response = slowly(world, SLOW, request.clone().within(time)).await;
        if response.status < 300 {
            return broken_off;
        }
        assert!(response.refused(503, "unavailable").retry_after.is_some(), "{response:?}");
        between().await;
    }
    panic!("it never comes to an end");
}

/// Returns how many invitations the index finds by that attribute.
async fn listed(world: &World, attribute: &str, value: &str) -> usize {
    let is_it =
        |item: &store::record::Item| item.get(attribute).and_then(|found| found.as_s().ok()) == Some(&value.into());
    world.dump().await.values().filter(|item| is_it(item)).count()
}

#[tokio::test(start_paused = true)]
async fn every_kind_of_request_gets_its_response_before_its_function_is_ended() {
    let (world, mona) = world("every-kind").await;
    let [ann] = world.people(["ann"]).await;
    let id = world.invite_user(&mona, "chess", &ann).await;
    let link = world.deliver_mail().await.path("i");
    let query = json!({ "query": "{ me { invitations(first: 1) { edges { node { id } } } } }" });
    let requests = [
        Request::new("GET", "/me/invitations").by(&ann),
        Request::new("GET", format!("/invitations/{id}")).by(&ann),
        Request::new("GET", "/communities/chess/people?q=a").by(&mona),
        Request::new("GET", "/communities/chess/invitations/stats").by(&mona),
        Request::command(&ann, &id, "accept"),
        Request::send(&mona, "chess", &json!({ "emails": ["ben@example.org"] })),
        Request::new("PUT", "/directory/users/ben").by(&platform()).json(&json!({ "displayName": "Ben" })),
        delete("communities/chess"),
    ];
    let time = Duration::from_secs(4);
    let begun = Instant::now();
    for request in requests {
        let begun = Instant::now();
        let response = slowly(&world, Duration::from_mins(1), request.within(time)).await;
        assert!(begun.elapsed() < time, "{:?} {response:?}", begun.elapsed());
        assert!(response.refused(503, "unavailable").retry_after.is_some(), "{response:?}");
    }
    let page = slowly(&world, Duration::from_mins(1), Request::new("GET", &*link).within(time)).await;
    assert!(page.status == 503 && page.body.contains("<html"), "{page:?}");
    let graphql = Request::new("POST", "/graphql").by(&ann).json(&query).within(time);
    let told = slowly(&world, Duration::from_mins(1), graphql).await;
    assert!(told.body.contains("unavailable"), "{told:?}");
    assert!(begun.elapsed() < 10 * time);
}

#[tokio::test(start_paused = true)]
async fn a_runtime_that_knows_no_deadline_leaves_the_usual_time() {
    let (world, mona) = world("usual").await;
    let list = Request::new("GET", "/me/invitations").by(&mona);
    for time in [Duration::ZERO, Duration::from_secs(29)] {
        let begun = Instant::now();
        slowly(&world, Duration::from_mins(1), list.clone().within(time)).await.refused(503, "unavailable");
        assert!((10..29).contains(&begun.elapsed().as_secs()), "{:?}", begun.elapsed());
    }
}

#[tokio::test(start_paused = true)]
async fn an_index_that_is_throttled_is_waited_for_and_at_last_said_to_be_busy() {
    let (world, mona) = world("throttled").await;
    let [ann] = world.people(["ann"]).await;
    let id = world.invite_user(&mona, "chess", &ann).await;
    for path in ["/me/invitations", "/me/invitations/count"] {
        world.faults.throttle("Query", 2);
        world.get(&ann, path).await.ok();
        world.faults.throttle("Query", u32::MAX);
        let busy = world.get(&ann, path).await.refused(503, "unavailable");
        assert!(busy.retry_after.is_some(), "{busy:?}");
        world.faults.clear();
    }
    assert_eq!(world.status(&ann, &id).await, "pending");
}

#[tokio::test(start_paused = true)]
async fn a_mail_is_noted_as_sent_also_while_the_table_is_throttled() {
    let (world, mona) = world("throttled updates").await;
    let id = world.invite_address(&mona, "chess", "ann@example.org").await;
    let changes = world.changes();
    world.faults.throttle("UpdateItem", 7);
    assert!(world.hand_over(&changes).await.is_empty());
    assert_eq!((world.fakes.take_mails().len(), world.outbox_mail(&id).await.state), (1, MailState::Sent));
}

/// Quentin has sent and got invitations of all kinds, and knows many.
async fn quentin(world: &World, mona: &Person) -> (Person, String) {
    let quentin = person("quentin");
    let taken_over = world.invite_address(mona, "chess", &quentin.email).await;
    world.register(&quentin).await;
    let sent: Vec<_> = (0..3).map(|number| format!("guest{number}@example.org")).collect();
    world.member("chess", mona, "owner").await;
    world.community_of("choir", &quentin, "moderator").await;
    world.send(&quentin, "choir", json!({ "emails": sent, "message": "It is me, Quentin." })).await;
    for friend in ["ann", "ben"] {
        world.register(&person(friend)).await;
        world.connect(&quentin, &person(friend)).await;
        let id = world.invite_user(&quentin, "choir", &person(friend)).await;
        world.command(&person(friend), &id, "accept").await.ok();
    }
    (quentin, taken_over)
}

#[tokio::test(start_paused = true)]
async fn an_erasure_that_runs_out_of_time_anywhere_goes_on_where_it_stopped() {
    let mut broken_off = BTreeMap::new();
    for seconds in (2..46).step_by(2) {
        let (world, mona) = world(&format!("erasure-{seconds}")).await;
        let (quentin, taken_over) = quentin(&world, &mona).await;
        let times = repeat(&world, &delete("users/quentin"), Duration::from_secs(seconds), async || {
            // Whatever is left to do: once it has begun, he does nothing more.
            if seconds > 5 {
                let invite = Request::send(&quentin, "choir", &json!({ "emails": ["late@example.org"] }));
                let refused = world.call(invite).await;
                assert_eq!(refused.status, 403, "{refused:?}");
                let response = world.command(&quentin, &taken_over, "accept").await;
                assert!([403, 409].contains(&response.status), "{response:?}");
            }
        })
        .await;
        assert_eq!(world.status(&mona, &taken_over).await, "cancelled");
        for (place, record) in world.dump().await {
            let text = format!("{record:?}");
            for personal in ["Quentin", &*quentin.email, "It is me"] {
                assert!(!text.contains(personal), "{seconds} {place:?} still holds {personal}: {text}");
            }
            assert!(place.0 != "USER#quentin" && !place.1.ends_with("#quentin"), "{seconds} {place:?}");
        }
        broken_off.insert(times, seconds);
    }
    assert!(broken_off.len() > 2 && broken_off.contains_key(&0), "{broken_off:?}");
}

#[tokio::test(start_paused = true)]
async fn what_an_erasure_has_done_is_not_read_again() {
    let (world, _) = world("erasure-goes-on").await;
    let quentin = person("quentin");
    world.register(&quentin).await;
    world.settings(json!({ "dailyInvitationsPerSender": 1_000 })).await;
    world.community_of("choir", &quentin, "owner").await;
    for hundred in 0..4 {
        let emails: Vec<_> = (0..100).map(|number| format!("guest{hundred}-{number}@example.org")).collect();
        world.send(&quentin, "choir", json!({ "emails": emails })).await;
    }
    world.command(&quentin, &first_sent(&world, &quentin).await, "cancel").await.ok();
    let mut left = vec![listed(&world, "sender", "USER#quentin").await];
    assert_eq!(left, [400]);
    let counted = async || listed(&world, "sender", "USER#quentin").await;
    let times =
        repeat(&world, &delete("users/quentin"), Duration::from_secs(25), async || left.push(counted().await)).await;
    assert!(times > 2, "{left:?}");
    assert!(left.is_sorted_by(|one, next| one > next), "each attempt has done something: {left:?}");
    assert_eq!(listed(&world, "sender", "USER#quentin").await, 0);
    assert_eq!(world.count_invitations().await, 400, "history is kept");
}

async fn first_sent(world: &World, sender: &Person) -> String {
    world.page(sender, "/me/invitations/sent?limit=1").await.invitations[0].id.clone()
}

#[tokio::test(start_paused = true)]
async fn a_removal_of_a_community_that_runs_out_of_time_anywhere_goes_on_where_it_stopped() {
    let mut broken_off = BTreeMap::new();
    for seconds in (2..42).step_by(2) {
        let (world, mona) = world(&format!("removal-{seconds}")).await;
        let [otto] = world.people(["otto"]).await;
        world.member("chess", &otto, "moderator").await;
        let emails: Vec<_> = (0..30).map(|number| format!("guest{number}@example.org")).collect();
        let sent = world.send(&mona, "chess", json!({ "emails": emails })).await;
        // Those that have lapsed would else be met again each time.
        for result in &sent.results[..10] {
            world.lapse(result.id()).await;
        }
        let times = repeat(&world, &delete("communities/chess"), Duration::from_secs(seconds), async || {
            if seconds < 4 {
                return;
            }
            let late = Request::send(&mona, "chess", &json!({ "emails": ["late@example.org"] }));
            world.call(late).await.refused(404, "community_not_found");
        })
        .await;
        for (number, result) in sent.results.iter().enumerate() {
            let ended = if number < 10 { "expired" } else { "cancelled" };
            assert_eq!(world.stored(result.id()).await.status.as_str(), ended);
        }
        for one in [&mona, &otto] {
            assert_eq!(world.role(one, "chess").await, None);
        }
        broken_off.insert(times, seconds);
    }
    assert!(broken_off.len() > 1 && broken_off.contains_key(&0), "{broken_off:?}");
}

#[tokio::test(start_paused = true)]
async fn a_name_is_told_to_any_number_of_connections() {
    let (world, _) = world("renamed").await;
    world.directory("PUT", "users/ada", json!({ "displayName": "Ada Lovelace" })).await.succeeded();
    world.load_records(acquaintances(1_500));
    let rename =
        Request::new("PUT", "/directory/users/ada").by(&platform()).json(&json!({ "displayName": "Ada Byron" }));
    let times = repeat(&world, &rename, ENOUGH, async || {}).await;
    assert!(times > 1, "{times}");
    assert_eq!(listed(&world, "name", "ada byron").await, 1_500);
}

#[tokio::test(start_paused = true)]
async fn a_bulk_that_runs_out_of_time_is_finished_by_its_repetition() {
    let (world, mona) = world("bulk").await;
    let emails: Vec<_> = (0..100).map(|number| format!("guest{number}@example.org")).collect();
    let body = json!({ "emails": emails });
    let bulk = Request::send(&mona, "chess", &body).key("key");
    slowly(&world, SLOW, bulk.clone().within(Duration::from_secs(9))).await.refused(503, "unavailable");
    let made = world.count_invitations().await;
    assert!((1..100).contains(&made), "{made}");
    let sent = world.call(bulk).await.sent();
    assert!(sent.results.iter().all(|result| result.outcome == "invited"), "{:?}", sent.summary);
    assert_eq!(world.count_invitations().await, 100);

    // Without a key, those who have theirs are told so.
    let others: Vec<_> = (0..100).map(|number| format!("other{number}@example.org")).collect();
    let bulk = Request::send(&mona, "chess", &json!({ "emails": others }));
    slowly(&world, SLOW, bulk.clone().within(Duration::from_secs(9))).await.refused(503, "unavailable");
    let outcomes = world.call(bulk).await.sent().outcomes().join(" ");
    assert!(outcomes.contains("already_invited") && outcomes.contains(" invited"), "{outcomes}");
    assert_eq!(world.count_invitations().await, 200);
}

#[tokio::test(start_paused = true)]
async fn an_import_that_runs_out_of_time_says_what_it_has_done() {
    let (world, _) = world("import").await;
    let record = |number| json!({ "type": "user", "userId": format!("user{number}"), "displayName": "Some One" });
    let body = json!({ "records": (0..60).map(record).collect::<Vec<Value>>() });
    let import = Request::new("POST", "/directory/import").by(&platform()).json(&body);
    let results = slowly(&world, SLOW, import.clone().within(Duration::from_secs(15))).await.import().results;
    let (done, left): (Vec<_>, Vec<_>) = results.iter().partition(|result| result.status == 201);
    assert!(!done.is_empty() && !left.is_empty(), "{} done", done.len());
    assert!(left.iter().all(|result| result.status == 503), "{left:?}");
    let again = world.call(import).await.import().results;
    assert_eq!(again.iter().filter(|result| result.status == 200).count(), done.len());
}
