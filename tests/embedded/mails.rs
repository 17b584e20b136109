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
