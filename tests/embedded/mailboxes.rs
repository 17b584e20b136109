//! What a mailbox said stays with the mailbox: no mail of a community goes to an address that has opted out of it, or
//! not before the cooldown ends, whoever owns the address by then.

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::{Value, json};
use store::keys::Key;
use testkit::embedded::{Person, World, chess, person};

/// What may become of the address of a user, after they have said no.
const FATES: [&str; 4] = ["its user is removed", "its user moves on", "it is verified no more", "it is another user's"];

async fn befall(world: &World, user: &Person, fate: &str) {
    match fate {
        "its user is removed" => world.remove(&format!("users/{}", user.id)).await,
        "it is verified no more" => world.register(&user.clone().unverified()).await,
        _ => world.register(&user.with_email("moved@example.org")).await,
    }
    if fate == "it is another user's" {
        world.register(&person("owner").with_email(&user.email)).await;
    }
}

/// Returns the kinds of the mails that have come to the address, of all that were sent.
async fn mailed(world: &World, email: &str) -> Vec<String> {
    world.pump().await;
    let mails = world.fakes.take_mails();
    mails.iter().filter(|mail| mail.to == email).map(|mail| mail.tag("mail").to_owned()).collect()
}

/// Ends all cooldowns, as if they had been so short.
async fn end_cooldowns(world: &World) {
    let past = || AttributeValue::N("1".to_owned());
    for ((_, sk), mut standing) in world.dump().await {
        if !sk.starts_with("STANDING#") {
            continue;
        }
        standing.entry("coolingUntil".to_owned()).and_modify(|until| *until = past());
        if let Some(AttributeValue::M(mailbox)) = standing.get_mut("mailbox") {
            mailbox.entry("coolingUntil".to_owned()).and_modify(|until| *until = past());
        }
        world.put_record(standing).await;
    }
}

fn to(email: &str) -> Value {
    json!({ "emails": [email] })
}

#[tokio::test]
async fn a_mailbox_that_opted_out_gets_no_more_mail_whatever_becomes_of_its_address() {
    for fate in FATES {
        let (world, mona) = chess("moderator").await;
        let [ann] = world.people(["ann"]).await;
        world.invite_user(&mona, "chess", &ann).await;
        let link = world.deliver_mail().await.path("u");
        assert_eq!(world.unsubscribe(&link).await.status, 200);
        befall(&world, &ann, fate).await;
        assert_eq!(world.outcome(&mona, "chess", to("ANN@example.org")).await, "unavailable", "{fate}");
        assert_eq!(mailed(&world, &ann.email).await, Vec::<String>::new(), "{fate}");
        world.community_of("choir", &mona, "owner").await;
        assert_eq!(world.outcome(&mona, "choir", to(&ann.email)).await, "invited", "{fate}: of another community");
    }
}

#[tokio::test]
async fn who_blocks_the_community_before_their_mail_goes_out_gets_none_though_no_mailbox_says_so() {
    let (world, mona) = chess("moderator").await;
    world.settings(json!({ "declineCooldownDays": 0 })).await;
    // The address is hers by the platform's word alone, so that it speaks for nobody.
    let ann = person("ann").unverified();
    world.register(&ann).await;
    let declined = world.invite_user(&mona, "chess", &ann).await;
    world.pump().await;
    world.fakes.take_mails();
    world.command(&ann, &declined, "decline").await.ok();
    world.pump().await;
    world.fakes.take_mails();
    let pending = world.invite_user(&mona, "chess", &ann).await;
    world.post(&ann, format!("/invitations/{declined}/decline"), json!({ "block": true })).await.ok();
    assert_eq!(mailed(&world, &ann.email).await, Vec::<String>::new());
    assert_eq!(world.status(&ann, &pending).await, "pending");
}

#[tokio::test]
async fn a_mailbox_that_opted_out_gets_no_mail_while_its_new_owner_is_still_being_told() {
    for (transactions, body) in (0..4).flat_map(|transactions| {
        [to("ann@example.org"), json!({ "userIds": ["owner"] })].map(|body| (transactions, body))
    }) {
        let (world, mona) = chess("moderator").await;
        let [ann] = world.people(["ann"]).await;
        let owner = person("owner").with_email("owner@example.org");
        world.register(&owner).await;
        world.invite_user(&mona, "chess", &ann).await;
        let link = world.deliver_mail().await.path("u");
        assert_eq!(world.unsubscribe(&link).await.status, 200);
        world.remove("users/ann").await;
        // Invited at their old address, or while they get the one that opted out: either way the mail is still to come.
        let queued = world.outcome(&mona, "chess", json!({ "userIds": ["owner"] })).await;
        assert_eq!(queued, "invited");
        world.faults.fail_after(transactions);
        let put = json!({ "displayName": "Owner", "email": ann.email, "emailVerified": true });
        world.directory("PUT", "users/owner", put).await;
        world.faults.clear();
        let moved = world.record(Key::user(&"owner".parse().unwrap())).await.unwrap()["email"].as_s() == Ok(&ann.email);
        if moved {
            let outcome = world.outcome(&mona, "chess", body.clone()).await;
            assert!(body.get("emails").is_none() || outcome == "unavailable", "{transactions}: {outcome}");
            assert_eq!(mailed(&world, &ann.email).await, Vec::<String>::new(), "{transactions}: {body}");
        } else {
            assert_eq!(transactions, 0, "the address is written first");
        }
    }
}

#[tokio::test]
async fn a_mailbox_that_declined_is_left_alone_until_the_cooldown_ends_whatever_becomes_of_its_address() {
    for fate in FATES {
        for by_link in [true, false] {
            let (world, mona) = chess("moderator").await;
            world.settings(json!({ "declineCooldownDays": 7 })).await;
            let [ann] = world.people(["ann"]).await;
            let id = world.invite_user(&mona, "chess", &ann).await;
            let link = world.deliver_mail().await.path("i");
            if by_link {
                assert_eq!(world.submit(&link, "answer=decline").await.status, 200);
            } else {
                world.command(&ann, &id, "decline").await.ok();
            }
            befall(&world, &ann, fate).await;
            let result = world.invite(&mona, "chess", to(&ann.email)).await;
            assert_eq!(result.outcome, "cooling_down", "{fate}");
            let week = 7 * 86_400;
            assert!((week - 60..=week + 1).contains(&result.retry_after.unwrap()), "{fate}: {result:?}");
            assert_eq!(mailed(&world, &ann.email).await, Vec::<String>::new(), "{fate}");
            end_cooldowns(&world).await;
            assert_eq!(world.outcome(&mona, "chess", to(&ann.email)).await, "invited", "{fate}");
            assert_eq!(mailed(&world, &ann.email).await, ["invitation"], "{fate}");
        }
    }
}

#[tokio::test]
async fn a_mailbox_speaks_by_an_old_mail_although_its_address_has_changed_hands() {
    for to_user in [true, false] {
        let (world, mona) = chess("moderator").await;
        let [ann] = world.people(["ann"]).await;
        let address = if to_user { ann.email.clone() } else { "guest@example.org".to_owned() };
        let first = if to_user {
            world.invite_user(&mona, "chess", &ann).await
        } else {
            world.invite_address(&mona, "chess", &address).await
        };
        let link = world.deliver_mail().await.path("u");
        world.command(&mona, &first, "cancel").await.ok();
        world.register(&ann.with_email("moved@example.org")).await;
        let ben = person("ben").with_email(&address);
        world.register(&ben).await;
        // Ben's own invitation is on its way when the reader of his mailbox has had enough.
        let own = world.invite_user(&mona, "chess", &ben).await;
        assert_eq!(world.unsubscribe(&link).await.status, 200);
        assert_eq!(mailed(&world, &address).await, Vec::<String>::new());
        assert_eq!(world.delivery(&mona, &own).await, "failed");
        let once = world.dump().await;
        assert_eq!(world.unsubscribe(&link).await.status, 200);
        assert_eq!(world.dump().await, once, "the same again changes nothing");
        world.backdate_mail(&own).await;
        let refused = world.command(&mona, &own, "resend").await.refused(409, "invitee_unavailable");
        assert_eq!(refused.invitation_status(), "pending");
        world.command(&mona, &own, "cancel").await.ok();
        assert_eq!(world.outcome(&mona, "chess", json!({ "userIds": ["ben"] })).await, "unavailable");
        assert_eq!(world.outcome(&mona, "chess", to(&address)).await, "unavailable");
        assert_eq!(mailed(&world, &address).await, Vec::<String>::new());
        // Ann said nothing herself, and reads another mailbox.
        assert_eq!(world.outcome(&mona, "chess", json!({ "userIds": ["ann"] })).await, "invited");
        assert_eq!(mailed(&world, "moved@example.org").await, ["invitation"]);
    }
}

#[tokio::test]
async fn what_a_mailbox_said_does_not_follow_a_user_to_another_one() {
    for (form, refused) in [("answer=decline&block=on", "unavailable"), ("answer=decline", "cooling_down")] {
        let (world, mona) = chess("moderator").await;
        let zoe = person("zoe");
        world.invite_address(&mona, "chess", &zoe.email).await;
        let link = world.deliver_mail().await.path("i");
        assert_eq!(world.submit(&link, form).await.status, 200);
        world.register(&zoe).await;
        let outcome = async || world.outcome(&mona, "chess", json!({ "userIds": ["zoe"] })).await;
        assert_eq!(outcome().await, refused);
        world.register(&zoe.with_email("moved@example.org")).await;
        let invited = world.invite_user(&mona, "chess", &zoe).await;
        assert_eq!(mailed(&world, "moved@example.org").await, ["invitation"]);
        // Back at the old address she keeps the invitation, of which nothing more is mailed there.
        world.register(&zoe).await;
        world.backdate_mail(&invited).await;
        world.command(&mona, &invited, "resend").await.refused(409, "invitee_unavailable");
        assert_eq!(world.command(&zoe, &invited, "accept").await.invitation().status, "accepted");
        world.remove("communities/chess/members/zoe").await;
        assert_eq!(outcome().await, refused);
    }
}

#[tokio::test]
async fn what_a_user_said_follows_them_and_stays_with_the_mailbox_too() {
    let (world, mona) = chess("moderator").await;
    let [ann] = world.people(["ann"]).await;
    let id = world.invite_user(&mona, "chess", &ann).await;
    world.post(&ann, format!("/invitations/{id}/decline"), json!({ "block": true })).await.ok();
    world.register(&ann.with_email("moved@example.org")).await;
    assert_eq!(world.outcome(&mona, "chess", json!({ "userIds": ["ann"] })).await, "unavailable");
    assert_eq!(world.outcome(&mona, "chess", to(&ann.email)).await, "unavailable");
    // The mailbox that she reads now was asked nothing yet.
    world.remove("users/ann").await;
    assert_eq!(world.outcome(&mona, "chess", to("moved@example.org")).await, "invited");
}

#[tokio::test]
async fn a_block_after_the_decline_holds_for_the_mailbox_too() {
    let (world, mona) = chess("moderator").await;
    world.settings(json!({ "declineCooldownDays": 0 })).await;
    let [ann] = world.people(["ann"]).await;
    let id = world.invite_user(&mona, "chess", &ann).await;
    let link = world.deliver_mail().await.path("u");
    world.command(&ann, &id, "decline").await.ok();
    assert_eq!(world.unsubscribe(&link).await.status, 200);
    world.remove("users/ann").await;
    assert_eq!(world.outcome(&mona, "chess", to(&ann.email)).await, "unavailable");
}

#[tokio::test]
async fn who_blocks_at_a_second_mailbox_blocks_for_that_one_too() {
    let (world, mona) = chess("moderator").await;
    let [ann] = world.people(["ann"]).await;
    let id = world.invite_user(&mona, "chess", &ann).await;
    let link = world.deliver_mail().await.path("u");
    world.register(&ann.with_email("second@example.org")).await;
    world.post(&ann, format!("/invitations/{id}/decline"), json!({ "block": true })).await.ok();
    world.register(&ann).await;
    assert_eq!(world.unsubscribe(&link).await.status, 200);
    world.remove("users/ann").await;
    for address in [&*ann.email, "second@example.org"] {
        assert_eq!(world.outcome(&mona, "chess", to(address)).await, "unavailable", "{address}");
    }
}

#[tokio::test]
async fn an_answer_over_the_api_speaks_for_the_verified_address_of_the_token_where_the_directory_has_none() {
    let (world, mona) = chess("moderator").await;
    let ann = person("ann");
    world.register_with(&ann, json!({ "email": null, "emailVerified": false })).await;
    let block = json!({ "block": true });
    for (caller, outcome) in [(ann.clone().unverified(), "invited"), (ann.clone(), "unavailable")] {
        world.register_with(&ann, json!({ "email": null, "emailVerified": false })).await;
        let id = world.invite_user(&mona, "chess", &ann).await;
        world.post(&caller, format!("/invitations/{id}/decline"), block.clone()).await.ok();
        world.remove("users/ann").await;
        let result = world.invite(&mona, "chess", to(&ann.email)).await;
        assert_eq!(result.outcome, outcome);
        if let Some(made) = result.invitation {
            world.command(&mona, &made.id, "cancel").await.ok();
        }
    }
}

#[tokio::test]
async fn no_mail_goes_to_a_mailbox_that_said_no_of_a_user_who_has_it_by_the_platforms_word_alone() {
    for form in ["answer=decline&block=on", "answer=decline"] {
        let (world, mona) = chess("moderator").await;
        world.invite_address(&mona, "chess", "zoe@example.org").await;
        let link = world.deliver_mail().await.path("i");
        assert_eq!(world.submit(&link, form).await.status, 200);
        let zoe = person("zoe").unverified();
        world.register(&zoe).await;
        let id = world.invite_user(&mona, "chess", &zoe).await;
        assert_eq!(mailed(&world, &zoe.email).await, Vec::<String>::new());
        assert_eq!(world.delivery(&mona, &id).await, "failed");
        assert_eq!(world.command(&zoe, &id, "accept").await.invitation().status, "accepted");
    }
}

#[tokio::test]
async fn a_mailbox_that_changes_hands_while_it_speaks_is_heard() {
    let (world, mona) = chess("moderator").await;
    let [ann] = world.people(["ann"]).await;
    for (address, email) in [(None, "ann@example.org"), (Some("guest@example.org"), "guest@example.org")] {
        let id = match address {
            None => world.invite_user(&mona, "chess", &ann).await,
            Some(address) => world.invite_address(&mona, "chess", address).await,
        };
        let link = world.deliver_mail().await.path("u");
        let ben = person(&format!("ben{}", email.len())).with_email(email);
        let gate = world.faults.stop_next();
        let (response, ()) = futures::join!(world.unsubscribe(&link), async {
            gate.reached().await;
            world.register(&ann.with_email("moved@example.org")).await;
            world.register(&ben).await;
            gate.open();
        });
        assert_eq!(response.status, 200, "{email}");
        // An address's invitation became Ben's, who has thereby declined it. Ann's stays hers to answer.
        let status = if address.is_some() { "declined" } else { "pending" };
        assert_eq!(world.status(&mona, &id).await, status);
        assert_eq!(world.outcome(&mona, "chess", json!({ "userIds": [ben.id] })).await, "unavailable", "{email}");
        assert_eq!(mailed(&world, email).await, Vec::<String>::new(), "{email}");
    }
}

#[tokio::test]
async fn a_send_that_began_before_a_mailbox_spoke_hears_it() {
    for mode in ["acceptance", "automatic"] {
        let (world, mona) = chess("moderator").await;
        let [ann] = world.people(["ann"]).await;
        let first = world.invite_user(&mona, "chess", &ann).await;
        let link = world.deliver_mail().await.path("u");
        world.command(&mona, &first, "cancel").await.ok();
        world.register(&ann.with_email("moved@example.org")).await;
        let ben = person("ben").with_email(&ann.email);
        world.register(&ben).await;
        world.community("chess", json!({ "membershipMode": mode })).await;
        let gate = world.faults.stop_next();
        let (result, ()) = futures::join!(world.invite(&mona, "chess", json!({ "userIds": ["ben"] })), async {
            gate.reached().await;
            assert_eq!(world.unsubscribe(&link).await.status, 200);
            gate.open();
        });
        assert_eq!((&*result.outcome, world.role(&ben, "chess").await), ("unavailable", None), "{mode}");
    }
}
