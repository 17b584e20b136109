//! Many at once: one winner, and everyone else is told what won. Which request arrives first differs from round to
//! round.

use std::{collections::BTreeMap, sync::Arc};

use futures::future::join_all;
use serde_json::json;
use testkit::{
    Response,
    embedded::{Person, Request, World, chess, person, platform},
};
use tokio::sync::Barrier;

/// How often each race is run.
const ROUNDS: usize = 12;

/// Returns the community `chess` of Mona, its owner, in a network where much may be sent.
pub(crate) async fn busy_chess() -> (Arc<World>, Person) {
    let (world, mona) = chess("owner").await;
    world.settings(json!({ "declineCooldownDays": 0, "dailyInvitationsPerSender": 10_000 })).await;
    (Arc::new(world), mona)
}

/// Returns the same as [`busy_chess`], with a member whose invitations need approval.
async fn closed_chess() -> (Arc<World>, Person, Person) {
    let (world, mona) = busy_chess().await;
    world.community("chess", json!({ "enrolment": "closed" })).await;
    world.settings(json!({ "membersInviteConnectionsOnly": false })).await;
    let mia = person("mia");
    world.register(&mia).await;
    world.member("chess", &mia, "member").await;
    (world, mona, mia)
}

/// Makes all requests at the same time, each on a task of its own.
async fn at_once(world: &Arc<World>, requests: Vec<Request>) -> Vec<Response> {
    let barrier = Arc::new(Barrier::new(requests.len()));
    let tasks = requests.into_iter().map(|request| {
        let (world, barrier) = (Arc::clone(world), Arc::clone(&barrier));
        tokio::spawn(async move {
            barrier.wait().await;
            world.call(request).await
        })
    });
    join_all(tasks).await.into_iter().map(Result::unwrap).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_accept_decline_and_cancel_exactly_one_wins_and_the_others_are_told_which() {
    let (world, mona) = busy_chess().await;
    let mut winners = BTreeMap::<String, usize>::new();
    for round in 0..ROUNDS {
        let ann = person(&format!("ann{round}"));
        world.register(&ann).await;
        let id = world.invite_user(&mona, "chess", &ann).await;
        let mut requests = Vec::new();
        for turn in 0..4 {
            let mut three = [
                Request::command(&ann, &id, "accept"),
                Request::command(&ann, &id, "decline"),
                Request::command(&mona, &id, "cancel"),
            ];
            three.rotate_left((round + turn) % 3);
            requests.extend(three);
        }
        let responses = at_once(&world, requests).await;
        let winner = world.status(&ann, &id).await;
        assert!(["accepted", "declined", "cancelled"].contains(&&*winner), "{winner}");
        let won = responses.iter().filter(|response| response.status == 200).count();
        assert_eq!(won, 4, "the winner's four repetitions succeed, no one else's: {responses:?}");
        for response in &responses {
            if response.status == 200 {
                assert_eq!(response.invitation().status, winner);
            } else {
                let problem = response.refused(409, &format!("invitation_{winner}"));
                assert_eq!(problem.invitation_status(), winner);
            }
        }
        assert_eq!(world.role(&ann, "chess").await.is_some(), winner == "accepted");
        assert_eq!(world.stored(&id).await.revision, 2, "one change and no more");
        *winners.entry(winner).or_default() += 1;
    }
    assert!(winners.len() > 1, "the race is none: {winners:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn whoever_becomes_a_member_while_their_invitation_is_answered_has_none_that_is_live() {
    let (world, mona) = busy_chess().await;
    let mut ends = BTreeMap::<String, usize>::new();
    for round in 0..ROUNDS {
        let ann = person(&format!("ann{round}"));
        world.register(&ann).await;
        let id = world.invite_user(&mona, "chess", &ann).await;
        let member = Request::new("PUT", format!("/directory/communities/chess/members/{}", ann.id)).by(&platform());
        let member = member.json(&json!({ "role": "moderator" }));
        let verbs = [(&ann, "accept"), (&ann, "decline"), (&mona, "cancel")];
        let (who, verb) = verbs[round % 3];
        let mut requests = vec![member, Request::command(who, &id, verb)];
        requests.rotate_left(round % 2);
        let mut responses = at_once(&world, requests).await;
        responses.rotate_right(round % 2);
        responses[0].succeeded();
        let status = world.status(&mona, &id).await;
        if responses[1].status == 200 {
            assert_eq!(responses[1].invitation().status, status);
        } else {
            responses[1].refused(409, "invitation_cancelled");
            assert_eq!(status, "cancelled");
        }
        assert_eq!(world.role(&ann, "chess").await.as_deref(), Some("moderator"));
        assert!(!world.standing(&ann, "chess").await.unwrap().contains_key("liveInvitation"));
        *ends.entry(status).or_default() += 1;
    }
    assert!(ends.len() > 1, "the race is none: {ends:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_request_that_is_approved_while_its_invitee_becomes_a_member_ends_either_way() {
    let (world, mona, mia) = closed_chess().await;
    for round in 0..ROUNDS {
        let ann = person(&format!("ann{round}"));
        world.register(&ann).await;
        let id = world.invite_user(&mia, "chess", &ann).await;
        let member = Request::new("PUT", format!("/directory/communities/chess/members/{}", ann.id)).by(&platform());
        let mut requests = vec![member.json(&json!({ "role": "member" })), Request::command(&mona, &id, "approve")];
        requests.rotate_left(round % 2);
        let mut responses = at_once(&world, requests).await;
        responses.rotate_right(round % 2);
        responses[0].succeeded();
        if responses[1].status != 200 {
            responses[1].refused(409, "invitation_cancelled");
        }
        assert_eq!(world.status(&mona, &id).await, "cancelled");
        assert!(!world.standing(&ann, "chess").await.unwrap().contains_key("liveInvitation"));
    }
    world.pump().await;
    assert!(world.fakes.take_mails().iter().all(|mail| mail.tag("mail") != "invitation"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_two_sends_to_the_same_person_one_invites() {
    let (world, mona) = busy_chess().await;
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
        let requests = others.iter().chain([&mona]).cycle().take(8);
        let requests = requests.map(|who| Request::send(who, "chess", &body)).collect();
        let responses = at_once(&world, requests).await;
        for recipient in 0..2 {
            let outcomes: Vec<_> =
                responses.iter().map(|response| response.sent().results[recipient].outcome.clone()).collect();
            let invited = outcomes.iter().filter(|outcome| *outcome == "invited").count();
            let already = outcomes.iter().filter(|outcome| *outcome == "already_invited").count();
            assert_eq!((invited, already), (1, 7), "{outcomes:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_two_users_with_the_invited_address_one_gets_the_invitation() {
    let (world, mona) = busy_chess().await;
    for round in 0..ROUNDS {
        let address = format!("shared{round}@example.org");
        let id = world.invite_address(&mona, "chess", &address).await;
        // Two tokens say, both verified, that the address is theirs; neither is in the directory.
        let twin = |name: &str| person(&format!("{name}{round}")).with_email(&address);
        let (one, other) = (twin("one"), twin("other"));
        let responses =
            at_once(&world, vec![Request::command(&one, &id, "accept"), Request::command(&other, &id, "accept")]).await;
        let won: Vec<_> = responses.iter().map(|response| response.status == 200).collect();
        assert_eq!(won.iter().filter(|won| **won).count(), 1, "{responses:?}");
        let members = [world.role(&one, "chess").await.is_some(), world.role(&other, "chess").await.is_some()];
        assert_eq!(won, members);
        // The other is not told to whom it belongs now.
        let loser = responses.iter().find(|response| response.status != 200).unwrap();
        assert!([403, 404, 409].contains(&loser.status), "{loser:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_user_who_registers_while_they_are_invited_misses_nothing_and_is_invited_once() {
    let (world, mona) = busy_chess().await;
    for round in 0..ROUNDS {
        let zoe = person(&format!("zoe{round}"));
        let invite = Request::send(&mona, "chess", &json!({ "emails": [zoe.email] }));
        let responses = at_once(&world, vec![Request::register(&zoe), invite]).await;
        assert_eq!(responses[1].sent().outcomes(), ["invited"]);
        assert_eq!(world.mine(&zoe).await.pending_count, Some(1), "round {round}: {responses:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_approve_reject_and_cancel_exactly_one_wins() {
    let (world, mona, mia) = closed_chess().await;
    for round in 0..ROUNDS {
        let ann = person(&format!("ann{round}"));
        world.register(&ann).await;
        let id = world.invite_user(&mia, "chess", &ann).await;
        let mut requests = vec![Request::command(&mona, &id, "approve"), Request::command(&mona, &id, "reject")];
        requests.rotate_left(round % 2);
        let responses = at_once(&world, requests).await;
        assert_eq!(responses.iter().filter(|response| response.status == 200).count(), 1, "{responses:?}");
        let status = world.status(&mona, &id).await;
        let loser = responses.iter().find(|response| response.status != 200).unwrap();
        loser.refused(409, &format!("invitation_{status}"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_quota_holds_however_many_requests_share_it() {
    let (world, mona) = busy_chess().await;
    world.settings(json!({ "dailyInvitationsPerSender": 10 })).await;
    let requests = (0..8).map(|number| {
        let emails: Vec<_> = (0..3).map(|guest| format!("guest{number}x{guest}@example.org")).collect();
        Request::send(&mona, "chess", &json!({ "emails": emails }))
    });
    let responses = at_once(&world, requests.collect()).await;
    let mut invited = 0;
    for response in &responses {
        match response.code() {
            Some(code) => assert_eq!(code, "daily_quota_used"),
            None => invited += response.sent().summary["invited"],
        }
    }
    assert_eq!((invited, world.count_invitations().await), (10, 10));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nobody_accepts_into_a_community_that_is_being_removed() {
    let (world, mona) = busy_chess().await;
    for round in 0..4 {
        let community = format!("club{round}");
        world.community_of(&community, &mona, "owner").await;
        let people: Vec<_> = (0..6).map(|number| person(&format!("p{round}x{number}"))).collect();
        let mut requests = vec![Request::new("DELETE", format!("/directory/communities/{community}")).by(&platform())];
        let mut ids = Vec::new();
        for one in &people {
            world.register(one).await;
            ids.push(world.invite_user(&mona, &community, one).await);
            requests.push(Request::command(one, ids.last().unwrap(), "accept"));
        }
        let responses = at_once(&world, requests).await;
        assert_eq!(responses[0].status, 204, "{:?}", responses[0]);
        for ((one, id), response) in people.iter().zip(&ids).zip(&responses[1..]) {
            let status = world.status(one, id).await;
            let joined = world.role(one, &community).await.is_some();
            assert_eq!((response.status == 200, joined), (status == "accepted", status == "accepted"), "{response:?}");
            assert!(["accepted", "cancelled"].contains(&&*status), "{status}");
        }
    }
}
