//! People who want no more invitations: unsubscribing, blocking a community, and declining as an address.

use serde_json::json;
use testkit::embedded::{BASE_URL, Request, chess, person};

#[tokio::test]
async fn one_click_on_unsubscribe_declines_and_blocks_the_community_alone() {
    let (world, mona) = chess("owner").await;
    let [ann] = world.people(["ann"]).await;
    let id = world.invite_user(&mona, "chess", &ann).await;
    let mail = world.deliver_mail().await;
    let link = mail.path("u");
    assert_eq!(mail.header("List-Unsubscribe"), Some(&*format!("<{BASE_URL}{link}>")));
    assert_eq!(mail.header("List-Unsubscribe-Post"), Some("List-Unsubscribe=One-Click"));
    for _ in 0..2 {
        assert_eq!(world.unsubscribe(&link).await.status, 200);
    }
    assert_eq!(world.status(&ann, &id).await, "declined");
    assert_eq!(world.outcome(&mona, "chess", json!({ "userIds": ["ann"] })).await, "unavailable");
    world.community_of("choir", &mona, "owner").await;
    assert_eq!(world.outcome(&mona, "choir", json!({ "userIds": ["ann"] })).await, "invited");
}

#[tokio::test]
async fn unsubscribing_works_also_from_a_mail_of_an_invitation_long_gone() {
    let (world, mona) = chess("owner").await;
    let id = world.invite_address(&mona, "chess", "zoe@example.org").await;
    let link = world.deliver_mail().await.path("u");
    world.command(&mona, &id, "cancel").await.ok();
    assert_eq!(world.submit(&link, "").await.status, 200);
    assert_eq!(world.stored(&id).await.status.as_str(), "cancelled");
    assert_eq!(world.outcome(&mona, "chess", json!({ "emails": ["ZOE@example.org"] })).await, "unavailable");
    // The refusal is the person's, also under the name they register by.
    world.register(&person("zoe")).await;
    assert_eq!(world.outcome(&mona, "chess", json!({ "userIds": ["zoe"] })).await, "unavailable");
}

#[tokio::test]
async fn whoever_has_blocked_the_community_meanwhile_gets_neither_the_queued_mail_nor_a_resent_one() {
    let (world, mona) = chess("moderator").await;
    let [ann] = world.people(["ann"]).await;
    let first = world.invite_user(&mona, "chess", &ann).await;
    let unsubscribe = world.deliver_mail().await.path("u");
    world.command(&mona, &first, "cancel").await.ok();
    let second = world.invite_user(&mona, "chess", &ann).await;
    assert_eq!(world.submit(&unsubscribe, "").await.status, 200);
    world.pump().await;
    assert!(world.fakes.take_mails().is_empty());
    assert_eq!(world.delivery(&mona, &second).await, "failed");
    world.backdate_mail(&second).await;
    world.command(&mona, &second, "resend").await.refused(409, "invitee_unavailable");
}

#[tokio::test]
async fn blocking_once_more_changes_nothing_and_brings_nobody_back_who_was_erased() {
    let (world, mona) = chess("moderator").await;
    let [ann] = world.people(["ann"]).await;
    let id = world.invite_user(&mona, "chess", &ann).await;
    let unsubscribe = world.deliver_mail().await.path("u");
    let block = Request::new("POST", format!("/invitations/{id}/decline")).by(&ann).json(&json!({ "block": true }));
    assert_eq!(world.call(block.clone()).await.invitation().status, "declined");
    world.pump().await;
    let blocked = world.dump().await;
    assert_eq!(world.call(block).await.invitation().status, "declined");
    assert_eq!(world.submit(&unsubscribe, "").await.status, 200);
    assert_eq!(world.dump().await, blocked);

    world.remove("users/ann").await;
    let erased = world.dump().await;
    assert_eq!(world.submit(&unsubscribe, "").await.status, 200);
    assert_eq!(world.dump().await, erased);

    world.fakes.take_mails();
    let id = world.invite_address(&mona, "chess", "zoe@example.org").await;
    let unsubscribe = world.deliver_mail().await.path("u");
    world.register(&person("zoe")).await;
    world.remove("users/zoe").await;
    for _ in 0..2 {
        assert_eq!(world.submit(&unsubscribe, "").await.status, 200, "{id}");
        assert!(world.dump().await.keys().all(|(pk, _)| pk != "USER#zoe"), "{id}");
    }
    // Whoever has the mailbox now is heard.
    assert_eq!(world.outcome(&mona, "chess", json!({ "emails": ["zoe@example.org"] })).await, "unavailable");
}

#[tokio::test]
async fn declining_behind_a_link_blocks_for_those_alone_who_tick_the_box() {
    let (world, mona) = chess("moderator").await;
    world.settings(json!({ "declineCooldownDays": 0 })).await;
    let [ann] = world.people(["ann"]).await;
    let mut id = world.invite_user(&mona, "chess", &ann).await;
    for (form, outcome) in [
        ("answer=decline", "invited"),
        ("block=&answer=decline", "invited"),
        ("answer=decline&block=on", "unavailable"),
    ] {
        let link = world.deliver_mails().await.into_iter().find(|mail| mail.tag("invitation") == id).unwrap().path("i");
        assert_eq!(world.submit(&link, form).await.status, 200);
        let result = world.invite(&mona, "chess", json!({ "userIds": ["ann"] })).await;
        assert_eq!(result.outcome, outcome, "{form}");
        id = result.invitation.map(|made| made.id).unwrap_or_default();
    }
}

#[tokio::test]
async fn who_declined_as_an_address_is_left_alone_as_a_user_too() {
    let (world, mona) = chess("moderator").await;
    world.settings(json!({ "declineCooldownDays": 7 })).await;
    let zoe = person("zoe");
    world.invite_address(&mona, "chess", &zoe.email).await;
    let link = world.deliver_mail().await.path("i");
    assert_eq!(world.submit(&link, "answer=decline").await.status, 200);
    world.register(&zoe).await;
    assert_eq!(world.outcome(&mona, "chess", json!({ "userIds": ["zoe"] })).await, "cooling_down");
}
