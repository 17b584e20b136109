//! Many at once: one winner, and everyone else is told what won. Whoever arrives first differs from round to round.

use std::{collections::BTreeMap, sync::Arc};

use domain::invitation::Invitee;
use futures::future::join_all;
use serde_json::{Value, json};
use tokio::sync::Barrier;

use crate::world::{
    Answer, Ask, Person, World,
    faults::{Faults, Gate},
    person, platform,
};

/// Each race is run that often.
const ROUNDS: usize = 12;

async fn chess() -> (Arc<World>, Person) {
    let world = World::new().await;
    let [mona] = world.people(["mona"]).await;
    world.settings(json!({ "declineCooldownDays": 0, "dailyInvitationsPerSender": 10_000 })).await;
    world.community("chess", json!({})).await;
    world.member("chess", &mona, "owner").await;
    (Arc::new(world), mona)
}

/// Makes all requests at the same time, each on a task of its own.
async fn at_once(world: &Arc<World>, asks: Vec<Ask>) -> Vec<Answer> {
    let barrier = Arc::new(Barrier::new(asks.len()));
    let tasks = asks.into_iter().map(|ask| {
        let (world, barrier) = (Arc::clone(world), Arc::clone(&barrier));
        tokio::spawn(async move {
            barrier.wait().await;
            world.ask(ask).await
        })
    });
    join_all(tasks).await.into_iter().map(Result::unwrap).collect()
}

fn command(who: &Person, id: &str, verb: &str) -> Ask {
    Ask::new("POST", format!("/invitations/{id}/{verb}")).by(who)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_accept_decline_and_cancel_exactly_one_wins_and_the_others_are_told_which() {
    let (world, mona) = chess().await;
    let mut winners = BTreeMap::<String, usize>::new();
    for round in 0..ROUNDS {
        let ann = person(&format!("ann{round}"));
        world.register(&ann).await;
        let id = world.invite_user(&mona, "chess", &ann).await;
        let mut asks = Vec::new();
        for turn in 0..4 {
            let mut three =
                [command(&ann, &id, "accept"), command(&ann, &id, "decline"), command(&mona, &id, "cancel")];
            three.rotate_left((round + turn) % 3);
            asks.extend(three);
        }
        let answers = at_once(&world, asks).await;
        let winner = world.status(&ann, &id).await;
        assert!(["accepted", "declined", "cancelled"].contains(&&*winner), "{winner}");
        let won = answers.iter().filter(|answer| answer.status == 200).count();
        assert_eq!(won, 4, "the winner's four repetitions succeed, nobody else: {answers:?}");
        for answer in &answers {
            let body: Value = serde_json::from_str(&answer.body).unwrap();
            if answer.status == 200 {
                assert_eq!(body["status"], winner);
            } else {
                answer.refused(409, &format!("invitation_{winner}"));
                assert_eq!(body["invitation"]["status"], winner);
            }
        }
        assert_eq!(world.role(&ann, "chess").await.is_some(), winner == "accepted");
        assert_eq!(world.stored(&id).await.revision, 2, "one change and no more");
        *winners.entry(winner).or_default() += 1;
    }
    assert!(winners.len() > 1, "the race is none: {winners:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_two_sends_to_the_same_person_one_invites() {
    let (world, mona) = chess().await;
    let others: Vec<_> = (0..3).map(|number| person(&format!("mod{number}"))).collect();
    for other in &others {
        world.register(other).await;
        world.member("chess", other, "moderator").await;
    }
    for round in 0..ROUNDS {
        let ann = person(&format!("ann{round}"));
        world.register(&ann).await;
        let address = format!("guest{round}@example.org");
        let body = json!({ "userIds": [ann.id], "emails": [address] });
        let asks = others.iter().chain([&mona]).cycle().take(8);
        let asks = asks.map(|who| Ask::new("POST", "/communities/chess/invitations").by(who).json(&body)).collect();
        let answers = at_once(&world, asks).await;
        for recipient in 0..2 {
            let outcomes: Vec<_> = answers
                .iter()
                .map(|answer| answer.ok()["results"][recipient]["outcome"].as_str().unwrap().to_owned())
                .collect();
            let invited = outcomes.iter().filter(|outcome| *outcome == "invited").count();
            let already = outcomes.iter().filter(|outcome| *outcome == "already_invited").count();
            assert_eq!((invited, already), (1, 7), "{outcomes:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_two_users_with_the_invited_address_one_gets_the_invitation() {
    let (world, mona) = chess().await;
    for round in 0..ROUNDS {
        let address = format!("shared{round}@example.org");
        let id = world.invite_address(&mona, "chess", &address).await;
        // Two tokens say, both verified, that the address is theirs; neither is in the directory.
        let twin = |name: &str| Person { email: address.clone(), ..person(&format!("{name}{round}")) };
        let (one, other) = (twin("one"), twin("other"));
        let answers = at_once(&world, vec![command(&one, &id, "accept"), command(&other, &id, "accept")]).await;
        let won: Vec<_> = answers.iter().map(|answer| answer.status == 200).collect();
        assert_eq!(won.iter().filter(|won| **won).count(), 1, "{answers:?}");
        let members = [world.role(&one, "chess").await.is_some(), world.role(&other, "chess").await.is_some()];
        assert_eq!(won, members);
        // Whom it belongs to now is no business of the other's.
        let loser = answers.iter().find(|answer| answer.status != 200).unwrap();
        assert!([403, 404, 409].contains(&loser.status), "{loser:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_user_who_registers_while_they_are_invited_misses_nothing_and_is_invited_once() {
    let (world, mona) = chess().await;
    for round in 0..ROUNDS {
        let zoe = person(&format!("zoe{round}"));
        let user = json!({ "displayName": "Zoe", "email": zoe.email, "emailVerified": true });
        let register =
            Ask::new("PUT", format!("/directory/users/{}", zoe.id)).by(&crate::world::platform()).json(&user);
        let invite =
            Ask::new("POST", "/communities/chess/invitations").by(&mona).json(&json!({ "emails": [zoe.email] }));
        let answers = at_once(&world, vec![register, invite]).await;
        assert_eq!(answers[1].ok()["results"][0]["outcome"], "invited");
        let list = world.get(&zoe, "/me/invitations").await.ok();
        assert_eq!(list["pendingCount"], 1, "round {round}: {answers:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_approve_reject_and_cancel_exactly_one_wins() {
    let (world, mona) = chess().await;
    world.community("chess", json!({ "enrolment": "closed" })).await;
    world.settings(json!({ "membersInviteConnectionsOnly": false })).await;
    let mia = person("mia");
    world.register(&mia).await;
    world.member("chess", &mia, "member").await;
    for round in 0..ROUNDS {
        let ann = person(&format!("ann{round}"));
        world.register(&ann).await;
        let id = world.invite_user(&mia, "chess", &ann).await;
        let mut asks = vec![command(&mona, &id, "approve"), command(&mona, &id, "reject")];
        asks.rotate_left(round % 2);
        let answers = at_once(&world, asks).await;
        assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1, "{answers:?}");
        let status = world.status(&mona, &id).await;
        let loser = answers.iter().find(|answer| answer.status != 200).unwrap();
        loser.refused(409, &format!("invitation_{status}"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_quota_holds_however_many_requests_share_it() {
    let (world, mona) = chess().await;
    world.settings(json!({ "dailyInvitationsPerSender": 10 })).await;
    let asks = (0..8).map(|number| {
        let emails: Vec<_> = (0..3).map(|guest| format!("guest{number}x{guest}@example.org")).collect();
        Ask::new("POST", "/communities/chess/invitations").by(&mona).json(&json!({ "emails": emails }))
    });
    let answers = at_once(&world, asks.collect()).await;
    let mut invited = 0;
    for answer in &answers {
        match answer.code() {
            Some(code) => assert_eq!(code, "daily_quota_used"),
            None => invited += answer.ok()["summary"]["invited"].as_u64().unwrap(),
        }
    }
    let made = world.dump().await.keys().filter(|(_, sk)| sk == "INVITATION").count();
    assert_eq!((invited, made), (10, 10));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nobody_accepts_into_a_community_that_is_being_removed() {
    let (world, mona) = chess().await;
    for round in 0..4 {
        let community = format!("club{round}");
        world.community(&community, json!({})).await;
        world.member(&community, &mona, "owner").await;
        let people: Vec<_> = (0..6).map(|number| person(&format!("p{round}x{number}"))).collect();
        let mut asks =
            vec![Ask::new("DELETE", format!("/directory/communities/{community}")).by(&crate::world::platform())];
        let mut ids = Vec::new();
        for one in &people {
            world.register(one).await;
            ids.push(world.invite_user(&mona, &community, one).await);
            asks.push(command(one, ids.last().unwrap(), "accept"));
        }
        let answers = at_once(&world, asks).await;
        assert_eq!(answers[0].status, 204, "{:?}", answers[0]);
        for ((one, id), answer) in people.iter().zip(&ids).zip(&answers[1..]) {
            let status = world.status(one, id).await;
            let joined = world.role(one, &community).await.is_some();
            assert_eq!((answer.status == 200, joined), (status == "accepted", status == "accepted"), "{answer:?}");
            assert!(["accepted", "cancelled"].contains(&&*status), "{status}");
        }
    }
}

#[tokio::test]
async fn a_mail_that_many_are_about_to_send_is_sent_once() {
    let (world, mona) = chess().await;
    for round in 0..ROUNDS {
        world.invite_address(&mona, "chess", &format!("guest{round}@example.org")).await;
        let changes = world.changes();
        join_all((0..8).map(|_| world.hand_over(&changes))).await;
        assert_eq!(world.post.take_mails().len(), 1, "round {round}");
    }
}

/// What the request answers when `meanwhile` happens between its reads and its write.
async fn interrupted(world: &Arc<World>, ask: Ask, meanwhile: impl Future<Output = ()>) -> Answer {
    let gate = world.faults.stop_next();
    let task = tokio::spawn({
        let world = Arc::clone(world);
        async move { world.ask(ask).await }
    });
    gate.reached().await;
    meanwhile.await;
    gate.open();
    task.await.unwrap()
}

/// What the request answers when `meanwhile` happens after its first transaction, before what `stop` then stops.
async fn halfway(
    world: &Arc<World>,
    ask: Ask,
    stop: impl FnOnce(&Faults) -> Arc<Gate>,
    meanwhile: impl Future<Output = ()>,
) -> Answer {
    let first = world.faults.stop_next();
    let task = tokio::spawn({
        let world = Arc::clone(world);
        async move { world.ask(ask).await }
    });
    first.reached().await;
    let next = stop(&world.faults);
    first.open();
    next.reached().await;
    meanwhile.await;
    next.open();
    task.await.unwrap()
}

/// Erases ann; `meanwhile` happens when what she leaves has been read, and is about to be removed.
async fn erased(world: &Arc<World>, meanwhile: impl Future<Output = ()>) {
    let erasure = Ask::new("DELETE", "/directory/users/ann").by(&platform());
    assert_eq!(halfway(world, erasure, Faults::stop_next, meanwhile).await.status, 204);
}

/// A record that tells of ann.
async fn left_of_ann(world: &World) -> Option<(String, String)> {
    world.dump().await.into_keys().find(|(pk, sk)| format!("{pk} {sk} ").contains("#ann "))
}

#[tokio::test]
async fn whom_the_platform_connects_while_they_are_erased_is_erased_with_it() {
    let (world, _) = chess().await;
    let [ann, ben] = world.people(["ann", "ben"]).await;
    erased(&world, async {
        world.connect(&ann, &ben).await;
        world.member("chess", &ann, "moderator").await;
    })
    .await;
    assert_eq!(left_of_ann(&world).await, None);
}

#[tokio::test]
async fn what_an_address_brings_to_a_user_while_they_are_erased_is_withdrawn() {
    let (world, mona) = chess().await;
    let [ann] = world.people(["ann"]).await;
    world.member("chess", &ann, "member").await;
    world.directory("DELETE", "communities/chess/members/ann", Value::Null).await;
    let id = world.invite_address(&mona, "chess", "other@example.org").await;
    let given = json!({ "email": "other@example.org", "active": false });
    erased(&world, world.register_with(&ann, given)).await;
    assert_eq!(world.status(&mona, &id).await, "cancelled");
    assert_eq!(left_of_ann(&world).await, None);
}

/// Gives ann an address, and her own again before she gets what the other one has.
async fn given_and_taken(world: &Arc<World>, other: &str) {
    let ann = person("ann");
    let given = tell(&Person { email: other.to_owned(), ..ann.clone() });
    halfway(world, given, Faults::stop_next, world.register(&ann)).await.ok();
}

#[tokio::test]
async fn an_address_that_is_taken_from_a_user_again_brings_them_nothing() {
    let (world, mona) = chess().await;
    let [ann] = world.people(["ann"]).await;
    let id = world.invite_address(&mona, "chess", "one@example.org").await;
    given_and_taken(&world, "one@example.org").await;
    assert!(matches!(world.stored(&id).await.invitee, Invitee::Address { .. }));

    world.settings(json!({ "declineCooldownDays": 7 })).await;
    let declined = world.invite_address(&mona, "chess", "two@example.org").await;
    let guest = Person { email: "two@example.org".to_owned(), ..person("guest") };
    world.command(&guest, &declined, "decline").await.ok();
    given_and_taken(&world, "two@example.org").await;
    world.invite_user(&mona, "chess", &ann).await;
}

#[tokio::test]
async fn an_address_that_goes_from_one_user_to_another_brings_its_invitation_to_the_last() {
    let (world, mona) = chess().await;
    let [ann] = world.people(["ann"]).await;
    let id = world.invite_address(&mona, "chess", "other@example.org").await;
    let with_other = |user: &Person| Person { email: "other@example.org".to_owned(), ..user.clone() };
    let on_to_ben = async {
        world.register(&ann).await;
        world.register(&with_other(&person("ben"))).await;
    };
    halfway(&world, tell(&with_other(&ann)), Faults::stop_next_read, on_to_ben).await.ok();
    let invitee = world.stored(&id).await.invitee;
    assert!(matches!(&invitee, Invitee::User { id, .. } if id.as_str() == "ben"), "{invitee:?}");
}

#[tokio::test]
async fn whom_the_platform_brings_back_while_they_are_erased_keeps_what_they_have_got() {
    let (world, mona) = chess().await;
    let [ann] = world.people(["ann"]).await;
    world.member("chess", &ann, "member").await;
    world.directory("DELETE", "communities/chess/members/ann", Value::Null).await;
    let mut id = String::new();
    erased(&world, async {
        world.register(&ann).await;
        id = world.invite_user(&mona, "chess", &ann).await;
    })
    .await;
    world.command(&ann, &id, "accept").await.ok();
    assert_eq!(world.role(&ann, "chess").await.as_deref(), Some("member"));
}

/// What the platform tells of a user.
fn tell(user: &Person) -> Ask {
    let body = json!({ "displayName": user.id, "email": user.email, "emailVerified": user.email_verified });
    Ask::new("PUT", format!("/directory/users/{}", user.id)).by(&platform()).json(&body)
}

#[tokio::test]
async fn of_two_users_who_are_given_an_address_at_once_one_gets_it() {
    let (world, _) = chess().await;
    let with = |id| Person { email: "one@example.org".to_owned(), ..person(id) };
    interrupted(&world, tell(&with("ann")), world.register(&with("ben"))).await.refused(409, "email_taken");
    // Whoever is told of twice at once has one address, and the other is free.
    let other = Person { email: "two@example.org".to_owned(), ..person("cleo") };
    let last = Person { email: "three@example.org".to_owned(), ..person("cleo") };
    interrupted(&world, tell(&last), world.register(&other)).await.ok();
    world.ask(tell(&Person { email: other.email, ..person("dan") })).await.ok();
    world.ask(tell(&Person { email: last.email, ..person("dan") })).await.refused(409, "email_taken");
    let again = Person { email: "four@example.org".to_owned(), ..person("cleo") };
    let at_last = Person { email: "five@example.org".to_owned(), ..person("cleo") };
    interrupted(&world, tell(&at_last), world.register(&again)).await.ok();
    world.ask(tell(&Person { email: again.email, ..person("dan") })).await.ok();
}

#[tokio::test]
async fn an_address_that_bounces_while_it_is_given_to_a_user_gets_no_mail() {
    let (world, mona) = chess().await;
    world.community("choir", json!({})).await;
    world.member("choir", &mona, "owner").await;
    let ann = person("ann");
    let id = world.invite_address(&mona, "choir", &ann.email).await;
    let bounce = json!({ "source": "aws.ses", "detail": {
        "eventType": "Bounce",
        "mail": { "messageId": "m", "tags": { "invitation": [id], "mail": ["invitation"], "revision": ["1"] } },
        "bounce": { "bounceType": "Permanent", "bouncedRecipients": [{ "emailAddress": ann.email }] },
    } });
    let bounces = async { world.feedback.handle(serde_json::from_value(bounce).unwrap()).await.unwrap() };
    interrupted(&world, tell(&ann), Box::pin(bounces)).await.ok();
    let results = world.invite(&mona, "chess", json!({ "userIds": ["ann"] })).await;
    assert_eq!(results[0]["outcome"], "unavailable");
}

#[tokio::test]
async fn whom_the_platform_brings_back_at_the_last_moment_of_their_erasure_stays() {
    let (world, mona) = chess().await;
    let [ann] = world.people(["ann"]).await;
    // With nothing to remove but the user, that is what comes after making them inactive.
    erased(&world, world.register(&ann)).await;
    world.invite_user(&mona, "chess", &ann).await;
}

#[tokio::test]
async fn what_changes_between_reading_and_writing_decides_anew() {
    let (world, mona) = chess().await;
    let [ann, ben, cleo] = world.people(["ann", "ben", "cleo"]).await;
    let zoe = person("zoe");
    let send = |body: Value| Ask::new("POST", "/communities/chess/invitations").by(&mona).json(&body);
    let outcome = |answer: Answer, at: usize| answer.ok()["results"][at].clone();

    // Someone registers with the invited address: the invitation becomes theirs.
    let answer = interrupted(&world, send(json!({ "emails": [zoe.email] })), world.register(&zoe)).await;
    let result = outcome(answer, 0);
    assert_eq!((&result["outcome"], &result["invitation"]["invitee"]["userId"]), (&json!("invited"), &json!("zoe")));

    // One of two becomes a member: the other is invited all the same.
    let two = send(json!({ "userIds": ["ann", "ben"] }));
    let answer = interrupted(&world, two, world.member("chess", &ann, "moderator")).await;
    assert_eq!(outcome(answer.clone(), 0)["outcome"], "already_member");
    assert_eq!(outcome(answer, 1)["outcome"], "invited");
    assert_eq!(world.role(&ann, "chess").await.as_deref(), Some("moderator"));

    // Someone is made inactive, or erased: they are not, and the other one is.
    let dan = person("dan");
    world.register(&dan).await;
    let inactive = async { world.register_with(&dan, json!({ "active": false })).await };
    let answer = interrupted(&world, send(json!({ "userIds": ["dan", "cleo"] })), inactive).await;
    assert_eq!(outcome(answer.clone(), 0)["outcome"], "unavailable");
    let made = outcome(answer, 1);
    assert_eq!(made["outcome"], "invited");
    world.command(&mona, made["invitation"]["id"].as_str().unwrap(), "cancel").await.ok();
    world.register(&dan).await;
    let erased = async { drop(world.directory("DELETE", "users/dan", Value::Null).await) };
    let answer = interrupted(&world, send(json!({ "userIds": ["dan"] })), erased).await;
    assert_eq!(outcome(answer, 0)["outcome"], "unknown_user");

    // Someone declines what another one sent them: they are left alone.
    world.settings(json!({ "declineCooldownDays": 1 })).await;
    let [eve] = world.people(["eve"]).await;
    let declined = async {
        let id = world.invite_user(&ann, "chess", &eve).await;
        world.command(&eve, &id, "decline").await.ok();
    };
    let answer = interrupted(&world, send(json!({ "userIds": ["eve"] })), declined).await;
    assert_eq!(outcome(answer, 0)["outcome"], "cooling_down");

    // The sender is made inactive: nobody is invited in their name.
    let inactive = async { world.register_with(&mona, json!({ "active": false })).await };
    interrupted(&world, send(json!({ "userIds": ["cleo"] })), inactive).await.refused(403, "caller_inactive");
    world.register(&mona).await;

    // The community stops inviting, or is removed: nobody is.
    let closed = json!({ "allowInvitations": false });
    interrupted(&world, send(json!({ "userIds": ["cleo"] })), world.community("chess", closed))
        .await
        .refused(403, "invitations_not_allowed");
    world.community("chess", json!({})).await;

    // The invitee becomes a member by another way, or inactive: accepting says so.
    let list = world.get(&ben, "/me/invitations").await.ok();
    let id = list["invitations"][0]["id"].as_str().unwrap();
    let inactive = async { world.register_with(&ben, json!({ "active": false })).await };
    interrupted(&world, command(&ben, id, "accept"), inactive).await.refused(403, "caller_inactive");
    world.register(&ben).await;
    interrupted(&world, command(&ben, id, "accept"), world.member("chess", &ben, "owner"))
        .await
        .refused(409, "already_member");
    assert_eq!(world.role(&ben, "chess").await.as_deref(), Some("owner"));

    // The moderator loses the role before the decision is written.
    let id = world.invite_user(&mona, "chess", &cleo).await;
    let demoted = async { world.member("chess", &ann, "member").await };
    interrupted(&world, command(&ann, &id, "cancel"), demoted).await.refused(404, "invitation_not_found");
    assert_eq!(world.status(&cleo, &id).await, "pending");
}
