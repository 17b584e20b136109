//! The main job, as the people in it live through it.

use domain::link::LinkToken;
use serde_json::{Value, json};

use crate::world::{Answer, Ask, Person, World, person, post::Mail};

/// The mails since the last time, after everything that was owed has been paid, by address.
async fn mails(world: &World) -> Vec<Mail> {
    world.pump().await;
    let mut mails = world.post.take_mails();
    mails.sort_by(|one, other| one.to.cmp(&other.to));
    mails
}

fn to(mails: &[Mail]) -> Vec<&str> {
    mails.iter().map(|mail| mail.to.as_str()).collect()
}

async fn open(world: &World, method: &'static str, path: &str) -> Answer {
    world.ask(Ask::new(method, path)).await
}

async fn press(world: &World, path: &str, form: &str) -> Answer {
    world.ask(Ask::new("POST", path).form(form)).await
}

/// A chess community with a moderator.
async fn chess() -> (World, Person) {
    let world = World::new().await;
    let [mona] = world.people(["mona"]).await;
    world.community("chess", json!({})).await;
    world.member("chess", &mona, "moderator").await;
    (world, mona)
}

#[tokio::test]
async fn three_people_are_invited_and_answer_each_in_their_own_way() {
    let (world, mona) = chess().await;
    let [ann, ben] = world.people(["ann", "ben"]).await;

    let everyone = json!({ "userIds": ["ann", "ben"], "emails": ["carl@example.org"] });
    let answer = world.post(&mona, "/communities/chess/invitations", everyone).await.ok();
    assert_eq!(answer["summary"]["invited"], 3);
    let results = answer["results"].as_array().unwrap();
    let recipients: Vec<_> = results.iter().map(|result| result["recipient"].as_str().unwrap()).collect();
    assert_eq!(recipients, ["ann", "ben", "carl@example.org"]);
    let ids: Vec<_> = results.iter().map(|result| result["invitation"]["id"].as_str().unwrap()).collect();

    let invited = mails(&world).await;
    assert_eq!(to(&invited), ["ann@example.org", "ben@example.org", "carl@example.org"]);
    assert!(invited.iter().all(|mail| mail.tag("mail") == "invitation" && mail.subject.contains("Mona")));

    // Ann accepts from the mail.
    let page = open(&world, "GET", &invited[0].path("i")).await;
    assert_eq!(page.status, 200);
    assert!(page.body.contains("Chess") && page.body.contains("Mona"), "{}", page.body);
    let accepted = press(&world, &invited[0].path("i"), "answer=accept").await;
    assert_eq!(accepted.status, 200);
    assert_eq!(world.role(&ann, "chess").await.as_deref(), Some("member"));
    let confirmed = mails(&world).await;
    assert_eq!(to(&confirmed), ["ann@example.org", "mona@example.org"]);
    assert!(confirmed.iter().all(|mail| mail.tag("mail") == "membership_confirmed"));

    // Ben accepts over the API.
    let list = world.get(&ben, "/me/invitations").await.ok();
    assert_eq!(list["pendingCount"], 1);
    let accept = list["invitations"][0]["actions"][0].clone();
    assert_eq!(accept["id"], "ACCEPT_COMMUNITY_INVITATION");
    let answered = world.post(&ben, accept["href"].as_str().unwrap(), Value::Null).await.ok();
    assert_eq!(answered["status"], "accepted");
    assert_eq!(answered["actions"], json!([]));
    assert_eq!(world.role(&ben, "chess").await.as_deref(), Some("member"));
    assert_eq!(to(&mails(&world).await), ["ben@example.org", "mona@example.org"]);

    // Carl, whom nobody knows, declines from the mail.
    let declined = press(&world, &invited[2].path("i"), "answer=decline").await;
    assert_eq!(declined.status, 200);
    let told = mails(&world).await;
    assert_eq!(to(&told), ["mona@example.org"]);
    assert_eq!(told[0].tag("mail"), "declined");

    // The moderator sees where each one stands.
    let list = world.get(&mona, "/communities/chess/invitations").await.ok();
    let states: Vec<_> = list["invitations"].as_array().unwrap().iter().map(|one| one["status"].clone()).collect();
    assert_eq!(states, ["declined", "accepted", "accepted"], "the newest first");
    for (id, status) in ids.iter().zip(["accepted", "accepted", "declined"]) {
        assert_eq!(world.status(&mona, id).await, status);
    }
    let events = world.post.take_events();
    let count = |name: &str| events.iter().filter(|event| event["name"] == name).count();
    assert_eq!(
        ["InvitationSent", "InvitationAccepted", "MembershipActivated", "InvitationDeclined"].map(count),
        [3, 2, 2, 1]
    );
}

#[tokio::test]
async fn opening_a_link_a_hundred_times_changes_nothing_and_one_post_answers() {
    let (world, mona) = chess().await;
    let [ann] = world.people(["ann"]).await;
    world.invite_user(&mona, "chess", &ann).await;
    let mail = mails(&world).await.remove(0);
    let before = world.dump().await;
    world.meter.take();
    for page in ["i", "u"] {
        let link = mail.path(page);
        for round in 0..100 {
            // There is no HEAD of the page that stops invitations: the template has no such route.
            let method = if round % 2 == 0 || page == "u" { "GET" } else { "HEAD" };
            assert_eq!(open(&world, method, &link).await.status, 200);
            assert_eq!(open(&world, method, &format!("{link}?intent=decline")).await.status, 200);
        }
    }
    let usage = world.meter.take();
    assert_eq!(usage.of("TransactWriteItems") + usage.of("UpdateItem"), 0, "{usage:?}");
    assert_eq!(world.dump().await, before);
    assert_eq!(press(&world, &mail.path("i"), "answer=accept").await.status, 200);
    assert_eq!(world.role(&ann, "chess").await.as_deref(), Some("member"));
}

#[tokio::test]
async fn a_used_link_tells_what_happened_and_answers_nothing_more() {
    let (world, mona) = chess().await;
    let [ann] = world.people(["ann"]).await;
    world.invite_user(&mona, "chess", &ann).await;
    let link = mails(&world).await[0].path("i");
    press(&world, &link, "answer=accept").await;
    let after = world.dump().await;
    assert_eq!(press(&world, &link, "answer=accept").await.status, 200, "the same success again");
    assert_eq!(press(&world, &link, "answer=decline").await.status, 410);
    assert_eq!(open(&world, "GET", &link).await.status, 410);
    assert_eq!(world.dump().await, after);
}

#[tokio::test]
async fn a_wrong_link_opens_nothing() {
    let (world, mona) = chess().await;
    let [ann] = world.people(["ann"]).await;
    world.invite_user(&mona, "chess", &ann).await;
    let ann_link = mails(&world).await[0].path("i");
    let before = world.dump().await;
    // Ann's invitation with another secret.
    let genuine: LinkToken = ann_link.trim_start_matches("/i/").parse().unwrap();
    let forged = format!("/i/{}", LinkToken::new(genuine.invitation(), genuine.revision(), [7; 32]).reveal());
    for link in [forged, "/i/x".to_owned(), ann_link[..60].to_owned(), format!("{ann_link}A")] {
        assert_eq!(open(&world, "GET", &link).await.status, 404, "{link}");
        assert_eq!(press(&world, &link, "answer=accept").await.status, 404, "{link}");
    }
    assert_eq!(world.dump().await, before);
}

#[tokio::test]
async fn pages_keep_to_themselves() {
    let (world, mona) = chess().await;
    let [ann] = world.people(["ann"]).await;
    world.invite_user(&mona, "chess", &ann).await;
    let page = open(&world, "GET", &mails(&world).await[0].path("i")).await;
    assert_eq!(page.header("cache-control"), Some("no-store"));
    assert_eq!(page.header("referrer-policy"), Some("no-referrer"));
    assert!(page.header("x-robots-tag").unwrap().contains("noindex"));
    assert!(page.header("content-security-policy").unwrap().starts_with("default-src 'none'"));
    assert!(!page.body.contains("<script"));
}

#[tokio::test]
async fn cancelling_is_silent_and_the_notification_disappears() {
    let (world, mona) = chess().await;
    let [ann] = world.people(["ann"]).await;
    let id = world.invite_user(&mona, "chess", &ann).await;
    let link = mails(&world).await[0].path("i");
    assert_eq!(world.command(&mona, &id, "cancel").await.ok()["status"], "cancelled");
    assert_eq!(to(&mails(&world).await), Vec::<&str>::new());
    let list = world.get(&ann, "/me/invitations").await.ok();
    assert_eq!(list["pendingCount"], 0);
    assert_eq!(world.get(&ann, "/me/invitations?status=pending").await.ok()["invitations"], json!([]));
    assert_eq!(open(&world, "GET", &link).await.status, 410);
    assert_eq!(press(&world, &link, "answer=accept").await.status, 410);
    assert_eq!(world.role(&ann, "chess").await, None);
    // A repetition succeeds and changes nothing.
    let before = world.dump().await;
    assert_eq!(world.command(&mona, &id, "cancel").await.ok()["status"], "cancelled");
    assert_eq!(world.dump().await, before);
}

#[tokio::test]
async fn an_invitation_that_is_cancelled_before_its_mail_left_is_never_mailed() {
    let (world, mona) = chess().await;
    let [ann] = world.people(["ann"]).await;
    let id = world.invite_user(&mona, "chess", &ann).await;
    world.command(&mona, &id, "cancel").await.ok();
    assert_eq!(to(&mails(&world).await), Vec::<&str>::new());
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
    let results = world.invite(&mia, "club", json!({ "userIds": ["ann"] })).await;
    assert_eq!(results[0]["outcome"], "awaiting_approval");
    let id = results[0]["invitation"]["id"].as_str().unwrap();

    // Those who decide hear of it; whom it is for does not.
    let asked = mails(&world).await;
    assert_eq!(to(&asked), ["mona@example.org", "olaf@example.org"]);
    assert!(asked.iter().all(|mail| mail.tag("mail") == "approval_needed"));
    assert_eq!(world.get(&ann, "/me/invitations").await.ok()["invitations"], json!([]));
    let queue = world.get(&mona, "/communities/club/invitations?status=awaiting_approval").await.ok();
    assert_eq!(queue["invitations"][0]["id"], id);

    let approved = world.command(&olaf, id, "approve").await.ok();
    assert_eq!((&approved["status"], &approved["decidedBy"]), (&json!("pending"), &json!("olaf")));
    assert_eq!(approved["sender"]["id"], "mia");
    let invited = mails(&world).await;
    assert_eq!(to(&invited), ["ann@example.org"]);
    assert!(invited[0].subject.contains("Mia"), "the sender is who asked: {}", invited[0].subject);
    world.command(&ann, id, "accept").await.ok();
    assert_eq!(to(&mails(&world).await), ["ann@example.org", "mia@example.org"]);
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
    mails(&world).await;
    let path = format!("/invitations/{id}/reject");
    let rejected = world.post(&mona, path, json!({ "reason": "We are full." })).await.ok();
    assert_eq!((&rejected["status"], &rejected["reason"]), (&json!("rejected"), &json!("We are full.")));
    let told = mails(&world).await;
    assert_eq!(to(&told), ["mia@example.org"]);
    assert!(
        told[0].text.contains("Your request to send an invitation to Ann was rejected by Mona."),
        "{}",
        told[0].text
    );
    assert!(told[0].text.contains("We are full."));
    // Ann never heard of it, and never does.
    world.get(&ann, format!("/invitations/{id}")).await.ok();
}

#[tokio::test]
async fn in_automatic_mode_users_join_at_once_and_are_told() {
    let (world, mona) = chess().await;
    let [ann] = world.people(["ann"]).await;
    world.community("choir", json!({ "membershipMode": "automatic" })).await;
    world.member("choir", &mona, "moderator").await;
    let results = world.invite(&mona, "choir", json!({ "userIds": ["ann"], "emails": ["new@example.org"] })).await;
    assert_eq!((&results[0]["outcome"], &results[1]["outcome"]), (&json!("joined"), &json!("invited")));
    assert_eq!(world.role(&ann, "choir").await.as_deref(), Some("member"));
    let sent = mails(&world).await;
    assert_eq!(to(&sent), ["ann@example.org", "new@example.org"]);
    assert_eq!((sent[0].tag("mail"), sent[1].tag("mail")), ("joined", "invitation"));
}

#[tokio::test]
async fn an_invited_address_registers_later_and_accepts() {
    let (world, mona) = chess().await;
    world.settings(json!({ "registrationUrl": "https://platform.example.org/register" })).await;
    let id = world.invite_address(&mona, "chess", "Zoe@Example.org").await;
    let link = mails(&world).await[0].path("i");
    // Without an account the page leads to registering, and back.
    let page = open(&world, "GET", &link).await;
    assert!(page.body.contains("https://platform.example.org/register?return_to="), "{}", page.body);
    assert_eq!(press(&world, &link, "answer=accept").await.status, 403);
    let zoe = person("zoe");
    world.register(&zoe).await;
    let list = world.get(&zoe, "/me/invitations").await.ok();
    assert_eq!((&list["pendingCount"], &list["invitations"][0]["id"]), (&json!(1), &json!(id)));
    // The link from before still works, and now accepts.
    assert_eq!(press(&world, &link, "answer=accept").await.status, 200);
    assert_eq!(world.role(&zoe, "chess").await.as_deref(), Some("member"));
}

#[tokio::test]
async fn a_resent_mail_leaves_the_old_link_working_and_comes_at_most_once_an_hour() {
    let (world, mona) = chess().await;
    let [ann] = world.people(["ann"]).await;
    let id = world.invite_user(&mona, "chess", &ann).await;
    let first = mails(&world).await.remove(0);
    let problem = world.command(&mona, &id, "resend").await;
    problem.refused(429, "resent_recently");
    let wait: u32 = problem.header("retry-after").unwrap().parse().unwrap();
    assert!((3_500..=3_601).contains(&wait), "{wait}");
    let expiry = world.stored(&id).await.expires_at;
    world.edit(&id, |one| one.mailed_at = one.mailed_at.map(|at| at - jiff::SignedDuration::from_hours(2))).await;
    world.community("chess", json!({ "allowInvitations": false })).await;
    world.command(&mona, &id, "resend").await.refused(403, "invitations_not_allowed");
    world.community("chess", json!({})).await;
    let resent = world.command(&mona, &id, "resend").await.ok();
    assert_eq!((&resent["id"], &resent["status"]), (&json!(id), &json!("pending")));
    assert_eq!(world.stored(&id).await.expires_at, expiry, "the lifetime is not shortened");
    let second = mails(&world).await.remove(0);
    assert_ne!(first.path("i"), second.path("i"));
    for mail in [&first, &second] {
        assert_eq!(open(&world, "GET", &mail.path("i")).await.status, 200);
    }
    assert_eq!(press(&world, &first.path("i"), "answer=accept").await.status, 200);
    assert_eq!(open(&world, "GET", &second.path("i")).await.status, 410);
}

#[tokio::test]
async fn declining_behind_a_link_blocks_for_those_alone_who_tick_the_box() {
    let (world, mona) = chess().await;
    world.settings(json!({ "declineCooldownDays": 0 })).await;
    let [ann] = world.people(["ann"]).await;
    let mut id = world.invite_user(&mona, "chess", &ann).await;
    for (form, outcome) in [
        ("answer=decline", "invited"),
        ("block=&answer=decline", "invited"),
        ("answer=decline&block=on", "unavailable"),
    ] {
        let link = mails(&world).await.into_iter().find(|mail| mail.tag("invitation") == id).unwrap().path("i");
        assert_eq!(press(&world, &link, form).await.status, 200);
        let result = world.invite(&mona, "chess", json!({ "userIds": ["ann"] })).await.remove(0);
        assert_eq!(result["outcome"], outcome, "{form}");
        id = result["invitation"]["id"].as_str().unwrap_or_default().to_owned();
    }
}

#[tokio::test]
async fn who_declined_as_an_address_is_left_alone_as_a_user_too() {
    let (world, mona) = chess().await;
    world.settings(json!({ "declineCooldownDays": 7 })).await;
    let zoe = person("zoe");
    world.invite_address(&mona, "chess", &zoe.email).await;
    let link = mails(&world).await.remove(0).path("i");
    assert_eq!(press(&world, &link, "answer=decline").await.status, 200);
    world.register(&zoe).await;
    let results = world.invite(&mona, "chess", json!({ "userIds": ["zoe"] })).await;
    assert_eq!(results[0]["outcome"], "cooling_down");
}

#[tokio::test]
async fn a_sender_who_has_left_the_community_resends_nothing() {
    let (world, _) = chess().await;
    let [mia, ann] = world.people(["mia", "ann"]).await;
    world.member("chess", &mia, "member").await;
    world.connect(&mia, &ann).await;
    let id = world.invite_user(&mia, "chess", &ann).await;
    mails(&world).await;
    world.edit(&id, |one| one.mailed_at = one.mailed_at.map(|at| at - jiff::SignedDuration::from_hours(2))).await;
    world.directory("DELETE", "communities/chess/members/mia", Value::Null).await.ok();
    world.command(&mia, &id, "resend").await.refused(403, "not_a_member");
    assert!(mails(&world).await.is_empty());
    world.member("chess", &mia, "member").await;
    world.command(&mia, &id, "resend").await.ok();
    assert_eq!(mails(&world).await.len(), 1);
}

#[tokio::test]
async fn the_link_of_someone_who_is_not_active_any_more_makes_no_member() {
    let (world, mona) = chess().await;
    let [ann] = world.people(["ann"]).await;
    let id = world.invite_user(&mona, "chess", &ann).await;
    let link = mails(&world).await[0].path("i");
    world.register_with(&ann, json!({ "active": false })).await;
    assert_eq!(press(&world, &link, "answer=accept").await.status, 403);
    assert_eq!(world.role(&ann, "chess").await, None);
    assert_eq!(world.status(&mona, &id).await, "pending");
}

#[tokio::test]
async fn with_sign_in_mode_a_link_alone_answers_nothing() {
    let (world, mona) = chess().await;
    let [ann] = world.people(["ann"]).await;
    let register = "https://platform.example.org/join";
    world.settings(json!({ "emailLinkResponse": "sign_in", "registrationUrl": register })).await;
    let id = world.invite_user(&mona, "chess", &ann).await;
    let link = mails(&world).await[0].path("i");
    // Onward to where the invitation can be answered, and not in a circle by way of this page.
    let page = open(&world, "GET", &link).await.body;
    assert!(page.contains("href=\"https://platform.example.org/c/chess\" class=\"button first\""), "{page}");
    assert!(!page.contains("return_to"), "{page}");
    for form in ["answer=accept", "answer=decline"] {
        assert_eq!(press(&world, &link, form).await.status, 403);
    }
    assert_eq!(world.status(&ann, &id).await, "pending");
    assert_eq!(world.command(&ann, &id, "accept").await.ok()["status"], "accepted");
}

#[tokio::test]
async fn a_preview_is_the_mail_that_the_same_request_sends() {
    let (world, mona) = chess().await;
    let [ann] = world.people(["ann"]).await;
    let body = json!({ "userIds": [ann.id], "message": "Hello! %sender% wants you in the %community% %type%." });
    let before = world.dump().await;
    let preview = world.post(&mona, "/communities/chess/invitations/preview", body.clone()).await.ok();
    assert_eq!(world.dump().await, before);
    world.invite(&mona, "chess", body).await;
    let mail = mails(&world).await.remove(0);
    assert_eq!(preview["subject"], mail.subject);
    let without_links = |text: &str| -> Vec<String> {
        text.split([' ', '\n', '"']).filter(|word| !word.starts_with("https://")).map(str::to_owned).collect()
    };
    assert_eq!(without_links(preview["text"].as_str().unwrap()), without_links(&mail.text));
    assert_eq!(without_links(preview["html"].as_str().unwrap()), without_links(&mail.html));
}

#[tokio::test]
async fn ids_in_a_path_are_the_same_however_they_are_encoded() {
    let world = World::new().await;
    let [ann] = world.people(["ann"]).await;
    let mona = person("auth0|mona+1@example.org");
    world.directory("PUT", "users/auth0%7Cmona%2B1%40example.org", json!({"displayName": "Mona"})).await.ok();
    world
        .directory("PUT", "communities/go~1%3D2", json!({"title": "Go", "visibility": "public", "enrolment": "open"}))
        .await
        .ok();
    let members = "communities/go%7E1=2/members/auth0%7cmona+1@example.org";
    assert_eq!(world.directory("PUT", members, json!({"role": "owner"})).await.ok()["userId"], mona.id);
    let id = world.invite_user(&mona, "go~1%3D2", &ann).await;
    let spelled: Vec<_> = id.bytes().map(|byte| format!("%{byte:02x}")).collect();
    let spelled = spelled.concat();
    assert_eq!(world.status(&ann, &spelled).await, "pending");
    world.command(&ann, &spelled, "accept").await.ok();
    assert_eq!(world.role(&ann, "go~1=2").await.as_deref(), Some("member"));

    let nobody = world.directory("PUT", "users/a%2Fb%00", json!({"displayName": "Nobody"})).await;
    nobody.refused(400, "malformed_request");
    world.directory("PUT", "users/%ff%25", json!({"displayName": "Nobody"})).await.refused(400, "malformed_request");
}
