//! Two at once in a chosen order: what happens between the reads of a request and its write, or between its writes.

use std::sync::Arc;

use domain::invitation::Invitee;
use serde_json::{Value, json};
use testkit::{
    Response, SesEvent,
    embedded::{Faults, Person, Place, Request, Stop, World, person, platform},
};
use tokio::task::JoinHandle;

use crate::races::busy_chess;

/// Makes the request on a task of its own.
fn begin(world: &Arc<World>, request: Request) -> JoinHandle<Response> {
    let world = Arc::clone(world);
    tokio::spawn(async move { world.call(request).await })
}

/// Returns the response to the request when `meanwhile` happens between its reads and its write.
async fn interrupted(world: &Arc<World>, request: Request, meanwhile: impl Future<Output = ()>) -> Response {
    let stop = world.faults.stop_next();
    let task = begin(world, request);
    stop.reached().await;
    meanwhile.await;
    stop.open();
    task.await.unwrap()
}

/// Returns the response to the request when `meanwhile` happens after its first transaction, before what `stop` then
/// holds up.
async fn halfway(
    world: &Arc<World>,
    request: Request,
    stop: impl FnOnce(&Faults) -> Arc<Stop>,
    meanwhile: impl Future<Output = ()>,
) -> Response {
    let first = world.faults.stop_next();
    let task = begin(world, request);
    first.reached().await;
    let next = stop(&world.faults);
    first.open();
    next.reached().await;
    meanwhile.await;
    next.open();
    task.await.unwrap()
}

/// Erases Ann; `meanwhile` happens when what she leaves has been read, and is about to be removed.
async fn erased(world: &Arc<World>, meanwhile: impl Future<Output = ()>) {
    let erasure = Request::new("DELETE", "/directory/users/ann").by(&platform());
    assert_eq!(halfway(world, erasure, Faults::stop_next, meanwhile).await.status, 204);
}

/// Returns the place of a record that tells of Ann.
async fn left_of_ann(world: &World) -> Option<Place> {
    world.dump().await.into_keys().find(|(pk, sk)| format!("{pk} {sk} ").contains("#ann "))
}

#[tokio::test]
async fn whom_the_platform_connects_while_they_are_erased_is_erased_with_it() {
    let (world, _) = busy_chess().await;
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
    let (world, mona) = busy_chess().await;
    let [ann] = world.people(["ann"]).await;
    world.member("chess", &ann, "member").await;
    world.remove("communities/chess/members/ann").await;
    let id = world.invite_address(&mona, "chess", "other@example.org").await;
    let given = json!({ "email": "other@example.org", "active": false });
    erased(&world, world.register_with(&ann, given)).await;
    assert_eq!(world.status(&mona, &id).await, "cancelled");
    assert_eq!(left_of_ann(&world).await, None);
}

#[tokio::test]
async fn whom_the_platform_brings_back_while_they_are_erased_keeps_what_they_have_got() {
    let (world, mona) = busy_chess().await;
    let [ann] = world.people(["ann"]).await;
    world.member("chess", &ann, "member").await;
    world.remove("communities/chess/members/ann").await;
    let mut id = String::new();
    erased(&world, async {
        world.register(&ann).await;
        id = world.invite_user(&mona, "chess", &ann).await;
    })
    .await;
    world.command(&ann, &id, "accept").await.ok();
    assert_eq!(world.role(&ann, "chess").await.as_deref(), Some("member"));
}

#[tokio::test]
async fn whom_the_platform_brings_back_at_the_last_moment_of_their_erasure_stays() {
    let (world, mona) = busy_chess().await;
    let [ann] = world.people(["ann"]).await;
    // With nothing to remove but the user, that is what comes after making them inactive.
    erased(&world, world.register(&ann)).await;
    world.invite_user(&mona, "chess", &ann).await;
}

/// Gives ann an address, and her own again before she gets what the other one has.
async fn given_and_taken(world: &Arc<World>, other: &str) {
    let ann = person("ann");
    let given = Request::register(&ann.with_email(other));
    halfway(world, given, Faults::stop_next, world.register(&ann)).await.ok();
}

#[tokio::test]
async fn an_address_that_is_taken_from_a_user_again_brings_them_nothing() {
    let (world, mona) = busy_chess().await;
    let [ann] = world.people(["ann"]).await;
    let id = world.invite_address(&mona, "chess", "one@example.org").await;
    given_and_taken(&world, "one@example.org").await;
    assert!(matches!(world.stored(&id).await.invitee, Invitee::Address { .. }));

    world.settings(json!({ "declineCooldownDays": 7 })).await;
    let declined = world.invite_address(&mona, "chess", "two@example.org").await;
    let guest = person("guest").with_email("two@example.org");
    world.command(&guest, &declined, "decline").await.ok();
    given_and_taken(&world, "two@example.org").await;
    world.invite_user(&mona, "chess", &ann).await;
}

#[tokio::test]
async fn an_address_that_declined_before_it_came_back_to_a_user_keeps_them_from_being_invited() {
    let (world, mona) = busy_chess().await;
    let [ann, olaf] = world.people(["ann", "olaf"]).await;
    world.member("chess", &olaf, "moderator").await;
    world.settings(json!({ "declineCooldownDays": 7 })).await;
    let invite = Request::send(&mona, "chess", &json!({ "userIds": ["ann"] }));
    let meanwhile = async {
        world.register(&ann.with_email("new@example.org")).await;
        let declined = world.invite_address(&olaf, "chess", &ann.email).await;
        let guest = person("guest").with_email(&ann.email);
        world.command(&guest, &declined, "decline").await.ok();
        world.register(&ann).await;
    };
    assert_eq!(interrupted(&world, invite, meanwhile).await.sent().outcomes(), ["cooling_down"]);
}

#[tokio::test]
async fn what_an_address_wants_is_not_written_for_a_user_who_was_erased_meanwhile() {
    let (world, mona) = busy_chess().await;
    world.invite_address(&mona, "chess", &person("ann").email).await;
    world.unsubscribe(&world.deliver_mail().await.path("u")).await;
    let registration = Request::register(&person("ann"));
    halfway(&world, registration, Faults::stop_next, world.remove("users/ann")).await;
    assert_eq!(left_of_ann(&world).await, None);
}

#[tokio::test]
async fn an_address_that_goes_from_one_user_to_another_brings_its_invitation_to_the_last() {
    let (world, mona) = busy_chess().await;
    let [ann] = world.people(["ann"]).await;
    let id = world.invite_address(&mona, "chess", "other@example.org").await;
    let with_other = |user: &Person| user.with_email("other@example.org");
    let on_to_ben = async {
        world.register(&ann).await;
        world.register(&with_other(&person("ben"))).await;
    };
    halfway(&world, Request::register(&with_other(&ann)), Faults::stop_next_read, on_to_ben).await.ok();
    let invitee = world.stored(&id).await.invitee;
    assert!(matches!(&invitee, Invitee::User { id, .. } if id.as_str() == "ben"), "{invitee:?}");
}

#[tokio::test]
async fn of_two_users_who_are_given_an_address_at_once_one_gets_it() {
    let (world, _) = busy_chess().await;
    let register = |id, email| Request::register(&person(id).with_email(email));
    let meanwhile = async |id, email| world.register(&person(id).with_email(email)).await;
    interrupted(&world, register("ann", "one@example.org"), meanwhile("ben", "one@example.org"))
        .await
        .refused(409, "email_taken");
    // A user who is registered twice at once has one address, and the other is free.
    interrupted(&world, register("cleo", "three@example.org"), meanwhile("cleo", "two@example.org")).await.succeeded();
    world.call(register("dan", "two@example.org")).await.succeeded();
    world.call(register("dan", "three@example.org")).await.refused(409, "email_taken");
    interrupted(&world, register("cleo", "five@example.org"), meanwhile("cleo", "four@example.org")).await.succeeded();
    world.call(register("dan", "four@example.org")).await.succeeded();
}

#[tokio::test]
async fn an_address_that_bounces_while_it_is_given_to_a_user_gets_no_mail() {
    let (world, mona) = busy_chess().await;
    world.community_of("choir", &mona, "owner").await;
    let ann = person("ann");
    let id = world.invite_address(&mona, "choir", &ann.email).await;
    let bounce = SesEvent::bounce(&id, &ann.email);
    interrupted(&world, Request::register(&ann), Box::pin(world.ses_event(&bounce))).await.succeeded();
    assert_eq!(world.outcome(&mona, "chess", json!({ "userIds": ["ann"] })).await, "unavailable");
}

#[tokio::test]
async fn whoever_becomes_a_member_has_no_live_invitation_whatever_happens_meanwhile() {
    let (world, mona) = busy_chess().await;
    let members = ["invited", "accepts", "cancelled", "declines", "mailed", "member"].map(person);
    for one in &members {
        world.register(one).await;
    }
    let [invited, accepts, cancelled, declines, mailed, member] = &members;
    let becomes = |user: &Person| {
        Request::new("PUT", format!("/directory/communities/chess/members/{}", user.id))
            .by(&platform())
            .json(&json!({ "role": "moderator" }))
    };
    let mut id = String::new();
    let invite = async { id = world.invite_user(&mona, "chess", invited).await };
    assert_eq!(interrupted(&world, becomes(invited), invite).await.status, 201);
    assert_eq!(world.status(&mona, &id).await, "cancelled");

    for (user, who, verb, becomes_of_it) in [
        (accepts, accepts, "accept", "accepted"),
        (cancelled, &mona, "cancel", "cancelled"),
        (declines, declines, "decline", "declined"),
    ] {
        let id = world.invite_user(&mona, "chess", user).await;
        let command = async {
            world.command(who, &id, verb).await.ok();
        };
        interrupted(&world, becomes(user), command).await.succeeded();
        assert_eq!(world.status(&mona, &id).await, becomes_of_it);
    }
    // The mail is sent, which is a change of the invitation.
    let id = world.invite_user(&mona, "chess", mailed).await;
    interrupted(&world, becomes(mailed), world.pump()).await.succeeded();
    assert_eq!(world.status(&mona, &id).await, "cancelled");
    // Someone else makes them a member.
    let id = world.invite_user(&mona, "chess", member).await;
    let first = world.member("chess", member, "owner");
    assert_eq!(interrupted(&world, becomes(member), first).await.status, 200);
    assert_eq!(world.status(&mona, &id).await, "cancelled");
    for one in &members {
        assert_eq!(world.role(one, "chess").await.as_deref(), Some("moderator"));
        assert!(!world.standing(one, "chess").await.unwrap().contains_key("liveInvitation"));
    }
}

#[tokio::test]
async fn an_own_invitation_that_changes_while_another_is_accepted_hinders_nobody() {
    let (world, mona) = busy_chess().await;
    for (verb, becomes) in [("sent", "cancelled"), ("decline", "declined"), ("accept", "accepted")] {
        // The directory knows her without an address; her token brings a verified one.
        let zoe = person(&format!("zoe-{verb}"));
        world.register_with(&zoe, json!({ "email": null, "emailVerified": false })).await;
        let own = world.invite_user(&mona, "chess", &zoe).await;
        let mailed = world.invite_address(&mona, "chess", &zoe.email).await;
        // The first transaction meets her own invitation, which changes before the second.
        let meanwhile = async {
            match verb {
                "sent" => world.pump().await,
                _ => {
                    world.command(&zoe, &own, verb).await.ok();
                }
            }
        };
        let accept = Request::command(&zoe, &mailed, "accept");
        let response = halfway(&world, accept, Faults::stop_next, meanwhile).await;
        if verb == "accept" {
            // Which ends what came to the address.
            response.refused(409, "invitation_cancelled");
        } else {
            response.ok();
        }
        assert_eq!(world.status(&mona, &own).await, becomes);
        assert_eq!(world.role(&zoe, "chess").await.as_deref(), Some("member"));
        assert!(!world.standing(&zoe, "chess").await.unwrap().contains_key("liveInvitation"));
    }
}

#[tokio::test]
async fn a_community_that_comes_back_while_it_is_removed_keeps_whom_it_has_got() {
    let (world, mona) = busy_chess().await;
    let removal = Request::new("DELETE", "/directory/communities/chess").by(&platform());
    let [ann] = world.people(["ann"]).await;
    let back = async {
        world.community_of("chess", &mona, "owner").await;
        world.invite_user(&mona, "chess", &ann).await;
    };
    assert_eq!(halfway(&world, removal, Faults::stop_next, back).await.status, 204);
    assert_eq!(world.role(&mona, "chess").await.as_deref(), Some("owner"));
    let kept = world.mine(&ann).await.invitations.remove(0);
    assert_eq!(
        (&*kept.status, world.page(&mona, "/communities/chess/invitations").await.ids()),
        ("pending", vec![&*kept.id])
    );
}

#[tokio::test]
async fn a_community_that_closes_amid_a_request_leaves_what_is_written() {
    let (world, mona) = busy_chess().await;
    let mut ids = world.users(60).await;
    ids.push(ids[0].clone());
    let send = Request::send(&mona, "chess", &json!({ "userIds": ids }));
    let closed = world.community("chess", json!({ "allowInvitations": false }));
    let response = halfway(&world, send, Faults::stop_next, closed).await.sent();
    let mut outcomes = response.outcomes();
    assert_eq!(outcomes.pop(), Some("duplicate"), "the name stands in the request twice, whatever happens");
    let invited = outcomes.iter().take_while(|outcome| **outcome == "invited").count();
    assert!((1..60).contains(&invited), "{outcomes:?}");
    assert!(outcomes[invited..].iter().all(|outcome| *outcome == "unavailable"), "{outcomes:?}");
    assert_eq!(world.count_invitations().await, invited);
}

#[tokio::test]
async fn what_changes_between_reading_and_writing_decides_anew() {
    let (world, mona) = busy_chess().await;
    let [ann, ben, cleo] = world.people(["ann", "ben", "cleo"]).await;
    let zoe = person("zoe");
    let send = |body: Value| Request::send(&mona, "chess", &body);

    // Someone registers with the invited address: the invitation becomes theirs.
    let response = interrupted(&world, send(json!({ "emails": [zoe.email] })), world.register(&zoe)).await;
    let result = response.sent().results.remove(0);
    assert_eq!((&*result.outcome, world.mine(&zoe).await.ids()), ("invited", vec![result.id()]));

    // One of two becomes a member: the other is invited all the same.
    let two = send(json!({ "userIds": ["ann", "ben"] }));
    let response = interrupted(&world, two, world.member("chess", &ann, "moderator")).await;
    assert_eq!(response.sent().outcomes(), ["already_member", "invited"]);
    assert_eq!(world.role(&ann, "chess").await.as_deref(), Some("moderator"));

    // Someone is made inactive, or erased: they are not, and the other one is.
    let dan = person("dan");
    world.register(&dan).await;
    let inactive = world.register_with(&dan, json!({ "active": false }));
    let response = interrupted(&world, send(json!({ "userIds": ["dan", "cleo"] })), inactive).await;
    let results = response.sent().results;
    assert_eq!([&*results[0].outcome, &*results[1].outcome], ["unavailable", "invited"]);
    world.command(&mona, results[1].id(), "cancel").await.ok();
    world.register(&dan).await;
    let erased = world.remove("users/dan");
    let response = interrupted(&world, send(json!({ "userIds": ["dan"] })), erased).await;
    assert_eq!(response.sent().outcomes(), ["unknown_user"]);
    // By their address they are invited all the same: that it was a user's does not show.
    world.register(&dan).await;
    let erased = world.remove("users/dan");
    let response = interrupted(&world, send(json!({ "emails": [dan.email] })), erased).await;
    assert_eq!(response.sent().outcomes(), ["invited"]);

    // Someone declines what another one sent them: they are left alone.
    world.settings(json!({ "declineCooldownDays": 1 })).await;
    let [eve] = world.people(["eve"]).await;
    let declined = async {
        let id = world.invite_user(&ann, "chess", &eve).await;
        world.command(&eve, &id, "decline").await.ok();
    };
    let response = interrupted(&world, send(json!({ "userIds": ["eve"] })), declined).await;
    assert_eq!(response.sent().outcomes(), ["cooling_down"]);

    // The sender is made inactive: no one is invited in their name.
    let inactive = world.register_with(&mona, json!({ "active": false }));
    interrupted(&world, send(json!({ "userIds": ["cleo"] })), inactive).await.refused(403, "caller_inactive");
    world.register(&mona).await;

    // The community stops inviting: no one is.
    let closed = json!({ "allowInvitations": false });
    interrupted(&world, send(json!({ "userIds": ["cleo"] })), world.community("chess", closed))
        .await
        .refused(403, "invitations_not_allowed");
    world.community("chess", json!({})).await;

    // The invitee becomes a member by another way, or inactive: accepting says so.
    let id = &world.mine(&ben).await.invitations[0].id;
    let inactive = world.register_with(&ben, json!({ "active": false }));
    interrupted(&world, Request::command(&ben, id, "accept"), inactive).await.refused(403, "caller_inactive");
    world.register(&ben).await;
    interrupted(&world, Request::command(&ben, id, "accept"), world.member("chess", &ben, "owner"))
        .await
        .refused(409, "invitation_cancelled");
    assert_eq!(world.role(&ben, "chess").await.as_deref(), Some("owner"));

    // The moderator loses the role before the decision is written.
    let id = world.invite_user(&mona, "chess", &cleo).await;
    let demoted = world.member("chess", &ann, "member");
    interrupted(&world, Request::command(&ann, &id, "cancel"), demoted).await.refused(404, "invitation_not_found");
    assert_eq!(world.status(&cleo, &id).await, "pending");
}

#[tokio::test]
async fn what_a_mailbox_says_while_its_new_owner_hears_what_it_said_before_is_heard_too() {
    for earlier in [false, true] {
        let (world, mona) = busy_chess().await;
        world.settings(json!({ "declineCooldownDays": 7 })).await;
        let decline = async |email: &str| {
            world.invite_address(&mona, "chess", email).await;
            let mail = world.deliver_mail().await;
            assert_eq!(world.submit(&mail.path("i"), "answer=decline").await.status, 200);
            world.pump().await;
            world.fakes.take_mails();
            mail.path("u")
        };
        let ben = person("ben");
        if earlier {
            // He has had a mailbox before that had said something.
            decline(&ben.email).await;
            world.register(&ben).await;
        }
        let unsubscribe = decline("other@example.org").await;
        let moving = Request::register(&ben.with_email("other@example.org"));
        let opting_out = async { assert_eq!(world.unsubscribe(&unsubscribe).await.status, 200) };
        halfway(&world, moving, Faults::stop_next, opting_out).await.succeeded();
        assert_eq!(world.outcome(&mona, "chess", json!({ "userIds": ["ben"] })).await, "unavailable");
    }
}

#[tokio::test]
async fn a_link_accepts_for_whoever_is_active_and_owns_its_address_when_it_is_written() {
    for meanwhile in ["deactivated", "moved", "taken", "erased"] {
        let (world, mona) = busy_chess().await;
        let ben = person("ben");
        world.register(&ben).await;
        world.invite_user(&mona, "chess", &ben).await;
        let accept = Request::new("POST", world.deliver_mail().await.path("i")).form("answer=accept");
        let change = async {
            match meanwhile {
                "deactivated" => world.register_with(&ben, json!({ "active": false })).await,
                "moved" | "taken" => world.register(&ben.with_email("new@example.org")).await,
                _ => world.remove("users/ben").await,
            }
            if meanwhile == "taken" {
                world.register(&person("nina").with_email(&ben.email)).await;
            }
        };
        let status = interrupted(&world, accept, change).await.status;
        assert_eq!(status, if meanwhile == "erased" { 410 } else { 403 }, "{meanwhile}");
        assert_eq!(world.role(&ben, "chess").await, None, "{meanwhile}");
    }
}
