//! A suppressed address gets mail again once a site administrator says so.

use serde_json::json;
use testkit::{
    SesEvent,
    embedded::{Person, Request, World, chess, person, platform},
};

/// Has the invitation's mail bounce from the person's address.
async fn bounced(world: &World, id: &str, address: &str) {
    world.pump().await;
    world.fakes.take_mails();
    world.ses_event(&SesEvent::bounce(id, address)).await;
}

/// Returns the outcome of inviting to a community of its own.
async fn outcome(world: &World, mona: &Person, community: &str, body: serde_json::Value) -> String {
    world.community_of(community, mona, "owner").await;
    world.outcome(mona, community, body).await
}

#[tokio::test]
async fn an_address_is_mailed_again_once_its_suppression_is_lifted() {
    let (world, mona) = chess("owner").await;
    let id = world.invite_address(&mona, "chess", "zoe@example.org").await;
    bounced(&world, &id, "zoe@example.org").await;
    let zoe = json!({ "emails": ["zoe@example.org"] });
    assert_eq!(outcome(&world, &mona, "choir", zoe.clone()).await, "unavailable");
    for address in ["Zoe@EXAMPLE.org", "mailto%3Azoe@example.org", "zoe%40example.org"] {
        world.remove(&format!("suppressions/{address}")).await;
    }
    assert_eq!(outcome(&world, &mona, "club", zoe).await, "invited");
    assert_eq!(world.deliver_mail().await.to, "zoe@example.org");
}

#[tokio::test]
async fn its_owner_is_mailed_again_by_id_too() {
    let (world, mona) = chess("owner").await;
    let [ann] = world.people(["ann"]).await;
    let id = world.invite_user(&mona, "chess", &ann).await;
    bounced(&world, &id, &ann.email).await;
    assert_eq!(outcome(&world, &mona, "choir", json!({ "userIds": ["ann"] })).await, "unavailable");
    world.remove("suppressions/ann@example.org").await;
    assert_eq!(outcome(&world, &mona, "club", json!({ "userIds": ["ann"] })).await, "invited");
    assert_eq!(world.deliver_mail().await.to, ann.email);
    // What bounces again is suppressed again.
    let again = world.mine(&ann).await.invitations[0].id.clone();
    world.ses_event(&SesEvent::bounce(&again, &ann.email)).await;
    assert_eq!(outcome(&world, &mona, "crew", json!({ "emails": [ann.email] })).await, "unavailable");
}

#[tokio::test]
async fn nobody_is_even_told_of_answers_at_a_suppressed_address_whether_or_not_it_is_proven() {
    for verified in [true, false] {
        let (world, mona) = chess("owner").await;
        let [ann] = world.people(["ann"]).await;
        world.settings(json!({ "senderNotices": "each", "inviteeConfirmation": false })).await;
        world.register_with(&mona, json!({ "emailVerified": verified })).await;
        let id = world.invite_user(&mona, "chess", &ann).await;
        world.pump().await;
        world.fakes.take_mails();
        world.ses_event(&SesEvent::new("Bounce", &id).bounced("Permanent", &mona.email)).await;
        world.command(&ann, &id, "accept").await.ok();
        world.pump().await;
        assert_eq!(world.fakes.take_recipients(), Vec::<String>::new(), "{verified}");
    }
}

#[tokio::test]
async fn who_has_not_proven_the_address_is_mailed_again_once_the_platform_writes_them() {
    let (world, mona) = chess("owner").await;
    let ann = person("ann").unverified();
    world.register(&ann).await;
    let id = world.invite_user(&mona, "chess", &ann).await;
    bounced(&world, &id, &ann.email).await;
    world.register(&ann).await;
    assert_eq!(outcome(&world, &mona, "choir", json!({ "userIds": ["ann"] })).await, "unavailable", "it is not lifted");
    world.remove("suppressions/ann@example.org").await;
    world.register(&ann).await;
    assert_eq!(outcome(&world, &mona, "club", json!({ "userIds": ["ann"] })).await, "invited");
    assert_eq!(world.deliver_mail().await.to, ann.email);
}

#[tokio::test]
async fn lifting_what_is_not_there_changes_nothing_and_no_other_address() {
    let (world, mona) = chess("owner").await;
    let [ann, ben] = world.people(["ann", "ben"]).await;
    let id = world.invite_user(&mona, "chess", &ann).await;
    bounced(&world, &id, &ann.email).await;
    for address in [&*ben.email, "nobody@example.org"] {
        world.remove(&format!("suppressions/{address}")).await;
    }
    let both = world.send(&mona, "chess", json!({ "userIds": ["ben"], "emails": ["nobody@example.org"] })).await;
    assert_eq!(both.outcomes(), ["invited", "invited"]);
    assert_eq!(outcome(&world, &mona, "choir", json!({ "userIds": ["ann"] })).await, "unavailable");
}

#[tokio::test]
async fn who_comes_to_own_the_address_meanwhile_owns_it_and_is_mailed() {
    let (world, mona) = chess("owner").await;
    let zoe = person("zoe");
    let id = world.invite_address(&mona, "chess", &zoe.email).await;
    bounced(&world, &id, &zoe.email).await;
    world.command(&mona, &id, "cancel").await.ok();
    let gate = world.faults.stop_next();
    tokio::join!(world.remove("suppressions/zoe@example.org"), async {
        gate.reached().await;
        world.register(&zoe).await;
        gate.open();
    });
    assert_eq!(outcome(&world, &mona, "choir", json!({ "userIds": ["zoe"] })).await, "invited");
    let taken = json!({ "displayName": "Eve", "email": zoe.email, "emailVerified": true });
    world.directory("PUT", "users/eve", taken).await.refused(409, "email_taken");
}

#[tokio::test]
async fn a_lifting_that_breaks_off_is_finished_by_its_repetition() {
    let (world, mona) = chess("owner").await;
    let [ann] = world.people(["ann"]).await;
    let id = world.invite_user(&mona, "chess", &ann).await;
    bounced(&world, &id, &ann.email).await;
    let update = world.faults.stop_next_update();
    let lifting = Request::new("DELETE", "/directory/suppressions/ann@example.org").by(&platform());
    tokio::select! {
        _ = world.call(lifting) => panic!("it must wait at the gate"),
        () = update.reached() => {}
    }
    world.remove("suppressions/ann@example.org").await;
    assert_eq!(outcome(&world, &mona, "choir", json!({ "userIds": ["ann"] })).await, "invited");
}

#[tokio::test]
async fn what_is_no_address_is_refused_without_repeating_it() {
    let (world, _) = chess("owner").await;
    for path in ["nobody", "a@x.test,b@x.test", "%20", "a%0A@x.test"] {
        let refused = world.directory("DELETE", format!("suppressions/{path}"), serde_json::Value::Null).await;
        assert_eq!(refused.refused(400, "malformed_request").param(), "address", "{path}");
    }
}
