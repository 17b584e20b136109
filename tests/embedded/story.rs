//! The main job, as the people in it live through it.

use serde_json::{Value, json};
use testkit::embedded::{World, chess, person, recipients};

#[tokio::test]
async fn three_people_are_invited_and_answer_each_in_their_own_way() {
    let (world, mona) = chess("moderator").await;
    let [ann, ben] = world.people(["ann", "ben"]).await;

    world.settings(json!({ "senderNotices": "each" })).await;
    let everyone = json!({ "userIds": ["ann", "ben"], "emails": ["carl@example.org"] });
    let sent = world.send(&mona, "chess", everyone).await;
    assert_eq!(sent.summary["invited"], 3);
    assert_eq!(sent.recipients(), ["ann", "ben", "carl@example.org"]);

    let invited = world.deliver_mails().await;
    assert_eq!(recipients(&invited), ["ann@example.org", "ben@example.org", "carl@example.org"]);
    assert!(invited.iter().all(|mail| mail.tag("mail") == "invitation" && mail.subject.contains("Mona")));

    // Ann accepts from the mail.
    let page = world.open(&invited[0].path("i")).await;
    assert_eq!(page.status, 200);
    assert!(page.body.contains("Chess") && page.body.contains("Mona"), "{}", page.body);
    let accepted = world.submit(&invited[0].path("i"), "answer=accept").await;
    assert_eq!(accepted.status, 200);
    assert_eq!(world.role(&ann, "chess").await.as_deref(), Some("member"));
    let confirmed = world.deliver_mails().await;
    assert_eq!(recipients(&confirmed), ["ann@example.org", "mona@example.org"]);
    assert!(confirmed.iter().all(|mail| mail.tag("mail") == "membership_confirmed"));

    // Ben accepts over the API.
    let mine = world.mine(&ben).await;
    assert_eq!(mine.pending_count, Some(1));
    let accept = &mine.invitations[0].actions[0];
    assert_eq!(accept.id, "ACCEPT_COMMUNITY_INVITATION");
    let answered = world.post(&ben, &accept.href, Value::Null).await.invitation();
    assert_eq!((&*answered.status, answered.actions), ("accepted", vec![]));
    assert_eq!(world.role(&ben, "chess").await.as_deref(), Some("member"));
    assert_eq!(recipients(&world.deliver_mails().await), ["ben@example.org", "mona@example.org"]);

    // Carl, who is no user, declines from the mail.
    let declined = world.submit(&invited[2].path("i"), "answer=decline").await;
    assert_eq!(declined.status, 200);
    let told = world.deliver_mails().await;
    assert_eq!(recipients(&told), ["mona@example.org"]);
    assert_eq!(told[0].tag("mail"), "declined");

    // The moderator sees where each one stands.
    let all = world.page(&mona, "/communities/chess/invitations").await;
    assert_eq!(all.statuses(), ["accepted", "accepted", "declined"], "status by status");
    for (result, status) in sent.results.iter().zip(["accepted", "accepted", "declined"]) {
        assert_eq!(world.status(&mona, result.id()).await, status);
    }
    let events = world.fakes.take_events();
    let count = |name: &str| events.iter().filter(|event| event.name == name).count();
    assert_eq!(
        ["InvitationSent", "InvitationAccepted", "MembershipActivated", "InvitationDeclined"].map(count),
        [3, 2, 2, 1]
    );
}

#[tokio::test]
async fn cancelling_is_silent_and_the_notification_disappears() {
    let (world, mona) = chess("moderator").await;
    let [ann] = world.people(["ann"]).await;
    let id = world.invite_user(&mona, "chess", &ann).await;
    let link = world.deliver_mail().await.path("i");
    assert_eq!(world.command(&mona, &id, "cancel").await.invitation().status, "cancelled");
    assert_eq!(recipients(&world.deliver_mails().await), Vec::<&str>::new());
    assert_eq!(world.mine(&ann).await.pending_count, Some(0));
    assert_eq!(world.page(&ann, "/me/invitations?status=pending").await.invitations, []);
    assert_eq!(world.open(&link).await.status, 410);
    assert_eq!(world.submit(&link, "answer=accept").await.status, 410);
    assert_eq!(world.role(&ann, "chess").await, None);
    // A repetition succeeds and changes nothing.
    let before = world.dump().await;
    assert_eq!(world.command(&mona, &id, "cancel").await.invitation().status, "cancelled");
    assert_eq!(world.dump().await, before);
}

#[tokio::test]
async fn an_invitation_that_is_cancelled_before_its_mail_left_is_never_mailed() {
    let (world, mona) = chess("moderator").await;
    let [ann] = world.people(["ann"]).await;
    let id = world.invite_user(&mona, "chess", &ann).await;
    world.command(&mona, &id, "cancel").await.ok();
    assert_eq!(recipients(&world.deliver_mails().await), Vec::<&str>::new());
}

#[tokio::test]
async fn a_member_of_a_closed_community_asks_and_a_moderator_approves() {
    let world = World::new().await;
    let [mona, olaf, mia, ann] = world.people(["mona", "olaf", "mia", "ann"]).await;
    world.community("club", json!({ "enrolment": "closed" })).await;
    world.member("club", &mona, "moderator").await;
    world.member("club", &olaf, "owner").await;
    world.member("club", &mia, "member").await;
    world.connect(&mia, &ann).await;
    let result = world.invite(&mia, "club", json!({ "userIds": ["ann"] })).await;
    assert_eq!(result.outcome, "awaiting_approval");
    let id = result.id();

    // Those who decide hear of it; the invitee does not.
    let asked = world.deliver_mails().await;
    assert_eq!(recipients(&asked), ["mona@example.org", "olaf@example.org"]);
    assert!(asked.iter().all(|mail| mail.tag("mail") == "approval_needed"));
    assert_eq!(world.mine(&ann).await.invitations, []);
    let queue = world.page(&mona, "/communities/club/invitations?status=awaiting_approval").await;
    assert_eq!(queue.ids(), [id]);

    let approved = world.command(&olaf, id, "approve").await.invitation();
    assert_eq!((&*approved.status, approved.decided_by.as_deref()), ("pending", Some("olaf")));
    assert_eq!(approved.sender.id, "mia");
    let invited = world.deliver_mails().await;
    assert_eq!(recipients(&invited), ["ann@example.org"]);
    assert!(invited[0].subject.contains("Mia"), "the sender is who asked: {}", invited[0].subject);
    world.command(&ann, id, "accept").await.ok();
    assert_eq!(recipients(&world.deliver_mails().await), ["ann@example.org", "mia@example.org"]);
}

#[tokio::test]
async fn a_rejected_request_tells_the_sender_who_and_why() {
    let world = World::new().await;
    let [mona, mia, ann] = world.people(["mona", "mia", "ann"]).await;
    world.community("club", json!({ "enrolment": "closed" })).await;
    world.member("club", &mona, "moderator").await;
    world.member("club", &mia, "member").await;
    world.connect(&mia, &ann).await;
    let id = world.invite_user(&mia, "club", &ann).await;
    world.deliver_mails().await;
    let path = format!("/invitations/{id}/reject");
    let rejected = world.post(&mona, path, json!({ "reason": "We are full." })).await.invitation();
    assert_eq!((&*rejected.status, rejected.reason.as_deref()), ("rejected", Some("We are full.")));
    let told = world.deliver_mails().await;
    assert_eq!(recipients(&told), ["mia@example.org"]);
    assert!(
        told[0].text.contains("Your request to send an invitation to Ann was rejected by Mona."),
        "{}",
        told[0].text
    );
    assert!(told[0].text.contains("We are full."));
    // Ann never heard of it, and never does.
    world.get(&ann, format!("/invitations/{id}")).await.refused(404, "invitation_not_found");
}

#[tokio::test]
async fn an_invitee_never_hears_of_a_request_that_was_withdrawn() {
    let (world, mona) = chess("owner").await;
    let (mia, ann, id) = world.requested().await;
    world.command(&mia, &id, "cancel").await.ok();
    assert_eq!(world.status(&mona, &id).await, "cancelled");
    for query in ["", "?status=cancelled"] {
        let page = world.page(&ann, format!("/me/invitations{query}")).await;
        assert_eq!(page.invitations, [], "{query}");
    }
}

#[tokio::test]
async fn in_automatic_mode_users_join_at_once_and_are_told() {
    let (world, mona) = chess("moderator").await;
    let [ann] = world.people(["ann"]).await;
    world.community("choir", json!({ "membershipMode": "automatic" })).await;
    world.member("choir", &mona, "moderator").await;
    let results = world.send(&mona, "choir", json!({ "userIds": ["ann"], "emails": ["new@example.org"] })).await;
    assert_eq!(results.outcomes(), ["joined", "invited"]);
    assert_eq!(world.role(&ann, "choir").await.as_deref(), Some("member"));
    let sent = world.deliver_mails().await;
    assert_eq!(recipients(&sent), ["ann@example.org", "new@example.org"]);
    assert_eq!((sent[0].tag("mail"), sent[1].tag("mail")), ("joined", "invitation"));
}

#[tokio::test]
async fn a_resent_mail_leaves_the_old_link_working_and_comes_at_most_once_an_hour() {
    let (world, mona) = chess("moderator").await;
    let [ann] = world.people(["ann"]).await;
    let id = world.invite_user(&mona, "chess", &ann).await;
    let first = world.deliver_mail().await;
    let problem = world.command(&mona, &id, "resend").await;
    problem.refused(429, "resent_recently");
    let wait: u32 = problem.header("retry-after").unwrap().parse().unwrap();
    assert!((3_500..=3_601).contains(&wait), "{wait}");
    let expiry = world.stored(&id).await.expires_at;
    world.backdate_mail(&id).await;
    world.community("chess", json!({ "allowInvitations": false })).await;
    world.command(&mona, &id, "resend").await.refused(403, "invitations_not_allowed");
    world.community("chess", json!({})).await;
    let resent = world.command(&mona, &id, "resend").await.invitation();
    assert_eq!((&*resent.id, &*resent.status), (&*id, "pending"));
    assert_eq!(world.stored(&id).await.expires_at, expiry, "the lifetime is not shortened");
    let second = world.deliver_mail().await;
    assert_ne!(first.path("i"), second.path("i"));
    for mail in [&first, &second] {
        assert_eq!(world.open(&mail.path("i")).await.status, 200);
    }
    assert_eq!(world.submit(&first.path("i"), "answer=accept").await.status, 200);
    assert_eq!(world.open(&second.path("i")).await.status, 410);
}

#[tokio::test]
async fn a_sender_who_has_left_the_community_resends_nothing() {
    let (world, _) = chess("moderator").await;
    let [mia, ann] = world.people(["mia", "ann"]).await;
    world.member("chess", &mia, "member").await;
    world.connect(&mia, &ann).await;
    let id = world.invite_user(&mia, "chess", &ann).await;
    world.deliver_mails().await;
    world.backdate_mail(&id).await;
    world.remove("communities/chess/members/mia").await;
    world.command(&mia, &id, "resend").await.refused(403, "not_a_member");
    assert!(world.deliver_mails().await.is_empty());
    world.member("chess", &mia, "member").await;
    world.command(&mia, &id, "resend").await.ok();
    assert_eq!(world.deliver_mails().await.len(), 1);
}

#[tokio::test]
async fn ids_in_a_path_are_the_same_however_they_are_encoded() {
    let world = World::new().await;
    let [ann] = world.people(["ann"]).await;
    let mona = person("auth0|mona+1@example.org");
    world.directory("PUT", "users/auth0%7Cmona%2B1%40example.org", json!({"displayName": "Mona"})).await.succeeded();
    world
        .directory("PUT", "communities/go~1%3D2", json!({"title": "Go", "visibility": "public", "enrolment": "open"}))
        .await
        .succeeded();
    let members = "communities/go%7E1=2/members/auth0%7cmona+1@example.org";
    assert_eq!(world.directory("PUT", members, json!({"role": "owner"})).await.succeeded().json()["userId"], mona.id);
    let id = world.invite_user(&mona, "go~1%3D2", &ann).await;
    let spelled: Vec<_> = id.bytes().map(|byte| format!("%{byte:02x}")).collect();
    let spelled = spelled.concat();
    assert_eq!(world.status(&ann, &spelled).await, "pending");
    world.command(&ann, &spelled, "accept").await.ok();
    assert_eq!(world.role(&ann, "go~1=2").await.as_deref(), Some("member"));

    let broken = world.directory("PUT", "users/a%2Fb%00", json!({"displayName": "Nobody"})).await;
    broken.refused(400, "malformed_request");
    world.directory("PUT", "users/%ff%25", json!({"displayName": "Nobody"})).await.refused(400, "malformed_request");
}
