//! The rules of approval and resending: both ask again what sending asked, and an invitee hears of nothing before.

use serde_json::{Value, json};
use testkit::{
    SesEvent,
    embedded::{Person, World, person},
};

use crate::refusals::chess;

#[tokio::test]
async fn a_request_for_someone_who_has_blocked_the_community_meanwhile_cannot_be_approved() {
    let (world, [mona, mia, ann]) = chess().await;
    let id = world.invite_user(&mona, "chess", &ann).await;
    world.post(&ann, format!("/invitations/{id}/decline"), json!({ "block": false })).await.ok();
    world.community("chess", json!({ "enrolment": "closed" })).await;
    world.settings(json!({ "declineCooldownDays": 0 })).await;
    // The cooldown that the first decline began is over.
    world.edit_standing(&ann, "chess", |standing| drop(standing.remove("coolingUntil"))).await;
    let request = world.invite_user(&mia, "chess", &ann).await;
    world.post(&ann, format!("/invitations/{id}/decline"), json!({ "block": true })).await.ok();
    world.command(&mona, &request, "approve").await.refused(409, "invitee_unavailable");
}

#[tokio::test]
async fn a_request_for_someone_who_is_not_active_any_more_enrols_nobody() {
    let (world, [mona, mia, ann]) = chess().await;
    world.community("chess", json!({ "enrolment": "closed", "membershipMode": "automatic" })).await;
    let request = world.invite_user(&mia, "chess", &ann).await;
    world.register_with(&ann, json!({ "active": false })).await;
    let refused = world.command(&mona, &request, "approve").await.refused(409, "invitee_unavailable");
    assert_eq!(refused.invitation_status(), "awaiting_approval");
    assert_eq!(world.role(&ann, "chess").await, None);
    world.register(&ann).await;
    assert_eq!(world.command(&mona, &request, "approve").await.invitation().status, "accepted");
}

/// What may happen to the people of a request while it waits for its approval, and what the approval is refused with.
const MEANWHILE: [(&str, u16, &str); 10] = [
    ("the invitee is deactivated", 409, "invitee_unavailable"),
    ("the invitee's mailbox complains", 409, "invitee_unavailable"),
    ("the invitee's mailbox bounces", 409, "invitee_unavailable"),
    ("the invitee's mailbox opts out", 409, "invitee_unavailable"),
    ("the sender is deactivated", 409, "sender_may_not_invite"),
    ("the sender leaves", 409, "sender_may_not_invite"),
    ("the sender and the invitee part", 409, "sender_may_not_invite"),
    ("the community becomes a network", 409, "sender_may_not_invite"),
    ("the community becomes private", 409, "sender_may_not_invite"),
    ("the community allows no invitations", 403, "invitations_not_allowed"),
];

async fn happen(world: &World, what: &str, mia: &Person, ann: &Person, mail: &str) {
    let closed = |fields: Value| async move {
        let mut body = json!({ "enrolment": "closed" });
        body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        world.community("chess", body).await;
    };
    let report = |kind| SesEvent::new(kind, "01ARZ3NDEKTSV4RRFFQ69G5FAV");
    match what {
        "the invitee is deactivated" => world.register_with(ann, json!({ "active": false })).await,
        "the invitee's mailbox complains" => world.ses_event(&report("Complaint").complained(&ann.email)).await,
        "the invitee's mailbox bounces" => world.ses_event(&report("Bounce").bounced("Permanent", &ann.email)).await,
        "the invitee's mailbox opts out" => assert_eq!(world.unsubscribe(mail).await.status, 200),
        "the sender is deactivated" => world.register_with(mia, json!({ "active": false })).await,
        "the sender leaves" => world.remove("communities/chess/members/mia").await,
        "the sender and the invitee part" => world.remove("users/mia/connections/ann").await,
        "the community becomes a network" => closed(json!({ "enrolment": "network" })).await,
        "the community becomes private" => closed(json!({ "visibility": "private" })).await,
        "the community allows no invitations" => closed(json!({ "allowInvitations": false })).await,
        "the invitee joins" => world.member("chess", ann, "member").await,
        _ => unreachable!("{what}"),
    }
}

/// Returns the way out of a mail that came to Ann's address when it was another's.
async fn old_mail(world: &World, mona: &Person, ann: &Person) -> String {
    let old = person("old").with_email(&ann.email);
    world.register(&ann.with_email("new@example.org")).await;
    world.register(&old).await;
    let id = world.invite_user(mona, "chess", &old).await;
    let link = world.deliver_mail().await.path("u");
    world.command(mona, &id, "cancel").await.ok();
    world.remove("users/old").await;
    world.register(ann).await;
    link
}

#[tokio::test]
async fn an_approval_asks_of_invitee_and_sender_all_that_sending_asked() {
    for mode in ["acceptance", "automatic"] {
        for (what, status, code) in MEANWHILE {
            let (world, [mona, mia, ann]) = chess().await;
            let mail = old_mail(&world, &mona, &ann).await;
            world.community("chess", json!({ "enrolment": "closed", "membershipMode": mode })).await;
            let request = world.invite_user(&mia, "chess", &ann).await;
            happen(&world, what, &mia, &ann, &mail).await;
            let refused = world.command(&mona, &request, "approve").await.refused(status, code);
            if status == 409 {
                assert_eq!(refused.invitation_status(), "awaiting_approval", "{what}");
            }
            assert_eq!(world.status(&mona, &request).await, "awaiting_approval", "{what}");
            assert_eq!(world.role(&ann, "chess").await, None, "{what}");
            assert_eq!(world.command(&mona, &request, "reject").await.invitation().status, "rejected", "{what}");
        }
    }
}

#[tokio::test]
async fn a_sender_who_was_demoted_in_a_network_community_has_nothing_approved() {
    let (world, [_, mia, ann]) = chess().await;
    let [olaf] = world.people(["olaf"]).await;
    world.member("chess", &olaf, "owner").await;
    world.community("chess", json!({ "enrolment": "closed" })).await;
    let request = world.invite_user(&mia, "chess", &ann).await;
    world.community("chess", json!({ "enrolment": "network" })).await;
    world.member("chess", &mia, "moderator").await;
    let refused = world.command(&olaf, &request, "approve").await.refused(409, "sender_may_not_invite");
    assert_eq!(refused.invitation_status(), "awaiting_approval");
    world.member("chess", &mia, "administrator").await;
    assert_eq!(world.command(&olaf, &request, "approve").await.invitation().status, "pending");
}

#[tokio::test]
async fn what_changes_while_an_approval_or_a_resend_is_written_is_asked_once_more() {
    for (verb, what, status, code) in [
        ("approve", "the invitee is deactivated", 409, "invitee_unavailable"),
        ("approve", "the invitee's mailbox opts out", 409, "invitee_unavailable"),
        ("approve", "the invitee joins", 409, "invitation_cancelled"),
        ("approve", "the sender is deactivated", 409, "sender_may_not_invite"),
        ("approve", "the sender leaves", 409, "sender_may_not_invite"),
        ("approve", "the community allows no invitations", 403, "invitations_not_allowed"),
        ("resend", "the invitee's mailbox opts out", 409, "invitee_unavailable"),
        ("resend", "the invitee joins", 409, "invitation_cancelled"),
        ("resend", "the community allows no invitations", 403, "invitations_not_allowed"),
    ] {
        let (world, [mona, mia, ann]) = chess().await;
        let mail = old_mail(&world, &mona, &ann).await;
        let id = if verb == "approve" {
            world.community("chess", json!({ "enrolment": "closed" })).await;
            world.invite_user(&mia, "chess", &ann).await
        } else {
            let id = world.invite_user(&mona, "chess", &ann).await;
            world.backdate_mail(&id).await;
            id
        };
        let before = world.stored(&id).await;
        let gate = world.faults.stop_next();
        let (response, ()) = futures::join!(world.command(&mona, &id, verb), async {
            gate.reached().await;
            happen(&world, what, &mia, &ann, &mail).await;
            gate.open();
        });
        response.refused(status, code);
        if code == "invitation_cancelled" {
            // The membership has ended it.
            assert_eq!(world.status(&mona, &id).await, "cancelled");
        } else {
            assert_eq!(world.stored(&id).await, before, "{verb}: {what}");
        }
    }
}

#[tokio::test]
async fn a_resend_asks_of_the_invitee_all_that_sending_asked() {
    for (what, _, code) in MEANWHILE.into_iter().filter(|(_, _, code)| *code == "invitee_unavailable") {
        let (world, [mona, mia, ann]) = chess().await;
        let mail = old_mail(&world, &mona, &ann).await;
        let id = world.invite_user(&mona, "chess", &ann).await;
        world.backdate_mail(&id).await;
        happen(&world, what, &mia, &ann, &mail).await;
        let refused = world.command(&mona, &id, "resend").await.refused(409, code);
        assert_eq!(refused.invitation_status(), "pending", "{what}");
    }
    let (world, [mona, ..]) = chess().await;
    let id = world.invite_address(&mona, "chess", "guest@example.org").await;
    world.backdate_mail(&id).await;
    world.ses_event(&SesEvent::new("Bounce", &id).bounced("Permanent", "guest@example.org")).await;
    world.command(&mona, &id, "resend").await.refused(409, "invitee_unavailable");
}

#[tokio::test]
async fn a_request_that_nobody_has_approved_does_not_exist_for_its_invitee() {
    let (world, [mona, mia, ann]) = chess().await;
    world.community("chess", json!({ "enrolment": "closed" })).await;
    let unheard_of = async |id: &str, what: &str| {
        assert_eq!(world.mine(&ann).await.ids(), Vec::<&str>::new(), "{what}");
        world.get(&ann, format!("/invitations/{id}")).await.refused(404, "invitation_not_found");
        for verb in ["accept", "decline", "cancel", "resend"] {
            world.command(&ann, id, verb).await.refused(404, "invitation_not_found");
        }
        // Sender and moderator go on seeing it, also where the invitee is one: in their other part.
        let site_administrator = ann.clone().site_administrator();
        for who in [&mia, &mona, &site_administrator] {
            assert_eq!(world.invitation(who, id).await.status, what);
        }
        world.command(&site_administrator, id, "accept").await.refused(403, "not_invitee");
    };
    let request = world.invite_user(&mia, "chess", &ann).await;
    unheard_of(&request, "awaiting_approval").await;
    world.command(&mona, &request, "reject").await.ok();
    unheard_of(&request, "rejected").await;
    let request = world.invite_user(&mia, "chess", &ann).await;
    world.command(&mia, &request, "cancel").await.ok();
    unheard_of(&request, "cancelled").await;
    let request = world.invite_user(&mia, "chess", &ann).await;
    world.pump().await;
    world.lapse(&request).await;
    unheard_of(&request, "expired").await;
    world.remove_by_ttl();
    world.pump().await;
    assert_eq!(world.stored(&request).await.status.as_str(), "expired");
    unheard_of(&request, "expired").await;
    let request = world.invite_user(&mia, "chess", &ann).await;
    world.command(&mona, &request, "approve").await.ok();
    assert_eq!(world.invitation(&ann, &request).await.status, "pending");
    world.command(&mia, &request, "cancel").await.ok();
    assert_eq!(world.invitation(&ann, &request).await.status, "cancelled");
}

#[tokio::test]
async fn a_request_for_someone_who_has_become_a_member_meanwhile_is_over() {
    for mode in ["acceptance", "automatic"] {
        let (world, [mona, mia, ann]) = chess().await;
        world.community("chess", json!({ "enrolment": "closed", "membershipMode": mode })).await;
        let request = world.invite_user(&mia, "chess", &ann).await;
        world.member("chess", &ann, "moderator").await;
        let refused = world.command(&mona, &request, "approve").await.refused(409, "invitation_cancelled");
        assert_eq!(refused.invitation_status(), "cancelled");
        assert_eq!(world.role(&ann, "chess").await.as_deref(), Some("moderator"));
    }
}
