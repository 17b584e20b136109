//! What mails say, which mail is previewed, and the mail that is not sent at all.

use domain::outbox::MailState;
use serde_json::json;
use store::keys::Key;
use testkit::{
    api::Preview,
    embedded::{Person, World, chess},
};

#[tokio::test]
async fn a_preview_is_the_mail_that_the_same_request_sends() {
    let (world, mona) = chess("moderator").await;
    let [ann] = world.people(["ann"]).await;
    let body = json!({ "userIds": [ann.id], "message": "Hello! %sender% wants you in the %community% %type%." });
    let before = world.dump().await;
    let preview = preview(&world, &mona, &body).await;
    assert_eq!(world.dump().await, before);
    world.send(&mona, "chess", body).await;
    let mail = world.deliver_mail().await;
    assert_eq!(preview.subject, mail.subject);
    let without_links = |text: &str| -> Vec<String> {
        text.split([' ', '\n', '"']).filter(|word| !word.starts_with("https://")).map(str::to_owned).collect()
    };
    assert_eq!(without_links(&preview.text), without_links(&mail.text));
    assert_eq!(without_links(&preview.html), without_links(&mail.html));
}

async fn preview(world: &World, mona: &Person, body: &serde_json::Value) -> Preview {
    world.post(mona, "/communities/chess/invitations/preview", body.clone()).await.preview()
}

#[tokio::test]
async fn a_preview_in_automatic_mode_is_the_mail_to_a_member() {
    let (world, mona) = chess("moderator").await;
    let [ann] = world.people(["ann"]).await;
    world.settings(json!({ "membershipMode": "automatic" })).await;
    let body = json!({ "userIds": [ann.id] });
    let preview_of_it = preview(&world, &mona, &body).await;
    world.send(&mona, "chess", body).await;
    let mail = world.deliver_mail().await;
    assert_eq!((mail.tag("mail"), &preview_of_it.subject), ("joined", &mail.subject));
    // An address of no user is invited in that mode too.
    let body = json!({ "emails": ["zoe@example.org"] });
    let preview_of_it = preview(&world, &mona, &body).await;
    world.send(&mona, "chess", body).await;
    let mail = world.deliver_mail().await;
    assert_eq!((mail.tag("mail"), &*mail.to), ("invitation", "zoe@example.org"));
    assert_eq!(preview_of_it.subject, mail.subject);
}

#[tokio::test]
async fn a_preview_of_a_request_is_the_mail_that_its_approval_sends() {
    for (mode, kind) in [("acceptance", "invitation"), ("automatic", "joined")] {
        let (world, mona, mia) = closed_chess(mode).await;
        let [ann] = world.people(["ann"]).await;
        let preview = preview(&world, &mia, &json!({ "userIds": ["ann"] })).await;
        let request = world.invite_user(&mia, "chess", &ann).await;
        let asks = world.deliver_mail().await.text;
        assert_eq!(asks.contains("they are a member as soon as"), mode == "automatic", "{asks}");
        world.command(&mona, &request, "approve").await.ok();
        let mails = world.deliver_mails().await;
        let mail = mails.iter().find(|mail| mail.to == ann.email).unwrap();
        assert_eq!((mail.tag("mail"), &preview.subject), (kind, &mail.subject));
    }
}

#[tokio::test]
async fn moderators_are_told_what_their_approval_of_many_does() {
    for mode in ["acceptance", "automatic"] {
        let (world, _, mia) = closed_chess(mode).await;
        let users = world.users(3).await;
        for body in [json!({ "userIds": users[..2] }), json!({ "emails": ["user2@example.org", "zoe@example.org"] })] {
            world.send(&mia, "chess", body).await;
            let asks = world.deliver_mail().await.text;
            assert!(asks.contains("Nobody hears of it before"), "{asks}");
            assert_eq!(asks.contains("is a member from then on"), mode == "automatic", "{asks}");
        }
    }
}

/// Chess, where members ask for invitations, in that membership mode; its moderator and a member.
async fn closed_chess(mode: &str) -> (World, Person, Person) {
    let (world, mona) = chess("moderator").await;
    let [mia] = world.people(["mia"]).await;
    world.settings(json!({ "membersInviteConnectionsOnly": false })).await;
    world.community("chess", json!({ "enrolment": "closed", "membershipMode": mode })).await;
    world.member("chess", &mia, "member").await;
    (world, mona, mia)
}

#[tokio::test]
async fn a_long_name_of_the_product_comes_in_words_that_mail_programs_read() {
    let (world, mona) = chess("moderator").await;
    let name = "Übergroßer Gärtnerverein – für Höfe, Dächer und Balkone in Österreich 🌱";
    world.settings(json!({ "productName": name })).await;
    world.invite_address(&mona, "chess", "ann@example.org").await;
    let mail = world.deliver_mail().await;
    let from = mail.request["FromEmailAddress"].as_str().unwrap();
    let words: Vec<_> = from.strip_suffix(" <invitations@example.org>").unwrap().split(' ').collect();
    assert!(words.len() > 1 && words.iter().all(|word| word.len() <= 75), "{from}");
    let text = |word: &str| {
        let encoded = word.strip_prefix("=?UTF-8?B?").unwrap().strip_suffix("?=").unwrap();
        String::from_utf8(base64::Engine::decode(&base64::prelude::BASE64_STANDARD, encoded).unwrap()).unwrap()
    };
    assert_eq!(words.into_iter().map(text).collect::<String>(), name);
}

#[tokio::test]
async fn a_mail_runs_as_its_reader_s_language_does_whoever_is_named_in_it() {
    let (world, mona) = chess("moderator").await;
    world.register_with(&mona, json!({ "displayName": "מונה" })).await;
    let [ann, omar] = world.people(["ann", "omar"]).await;
    world.register_with(&omar, json!({ "locale": "ar-EG" })).await;

    world.invite_user(&mona, "chess", &ann).await;
    let english = world.deliver_mail().await;
    assert_eq!(english.subject, "\u{2068}מונה\u{2069} invited you to join Chess");
    assert!(english.html.contains("<html lang=\"en\" dir=\"ltr\">"), "{}", english.html);
    assert!(english.html.contains("<bdi><span dir=\"auto\">מונה</span></bdi>"), "{}", english.html);

    world.invite_user(&mona, "chess", &omar).await;
    let arabic = world.deliver_mail().await;
    assert_eq!(arabic.subject, "دعوة من \u{2068}מונה\u{2069} للانضمام إلى \u{2068}Chess\u{2069}");
    assert!(arabic.html.contains("<html lang=\"ar\" dir=\"rtl\">"), "{}", arabic.html);
    let page = world.open(&arabic.path("i")).await;
    assert!(page.body.contains("<html lang=\"ar\" dir=\"rtl\">") && page.body.contains("<bdi>מונה</bdi>"));
}

#[tokio::test]
async fn an_address_in_a_message_is_no_link_in_the_mail_and_whole_when_it_is_copied() {
    let (world, mona) = chess("moderator").await;
    let body = json!({ "emails": ["zoe@example.org"], "message": "See www.example.net" });
    world.send(&mona, "chess", body).await;
    let mail = world.deliver_mail().await;
    assert!(mail.html.contains("See <a>www.<wbr>example.<wbr>net</a>"), "{}", mail.html);
    assert!(mail.text.contains("See www. example. net"), "{}", mail.text);
}

#[tokio::test]
async fn nobody_is_mailed_about_a_community_that_is_gone() {
    let (world, mona) = chess("moderator").await;
    let id = world.invite_address(&mona, "chess", "ann@example.org").await;
    for key in Key::community_copies(&"chess".parse().unwrap()) {
        world.remove_record((key.pk, key.sk)).await;
    }
    world.pump().await;
    assert!(world.fakes.take_mails().is_empty());
    assert_eq!(world.outbox_mail(&id).await.state, MailState::Dropped);
}
