//! Links in mails: opening one changes nothing, one answer counts, and a wrong, used or powerless one answers nothing.

use domain::link::LinkToken;
use serde_json::json;
use testkit::embedded::{Request, chess};

#[tokio::test]
async fn opening_a_link_a_hundred_times_changes_nothing_and_one_post_answers() {
    let (world, mona) = chess("moderator").await;
    let [ann] = world.people(["ann"]).await;
    world.invite_user(&mona, "chess", &ann).await;
    let mail = world.deliver_mail().await;
    let before = world.dump().await;
    world.meter.take();
    for page in ["i", "u"] {
        let link = mail.path(page);
        for round in 0..100 {
            let method = if round % 2 == 0 { "GET" } else { "HEAD" };
            for link in [link.clone(), format!("{link}?intent=decline")] {
                assert_eq!(world.call(Request::new(method, link)).await.status, 200);
            }
        }
    }
    let usage = world.meter.take();
    assert_eq!((usage.write_units, usage.writes.len()), (0.0, 0), "{usage:?}");
    assert_eq!(world.dump().await, before);
    assert_eq!(world.submit(&mail.path("i"), "answer=accept").await.status, 200);
    assert_eq!(world.role(&ann, "chess").await.as_deref(), Some("member"));
}

#[tokio::test]
async fn a_link_opens_and_answers_whatever_a_mail_program_has_put_behind_it() {
    let (world, mona) = chess("moderator").await;
    let behind = [
        "/",
        "//",
        ".",
        "...",
        ")",
        ").",
        "]",
        ">",
        "&gt;",
        "=",
        ",",
        ";",
        ":",
        "!",
        "'",
        "*",
        "_",
        "-",
        "|",
        "+",
        "/.",
        "%20",
        "%20and",
        "%09",
        "%0D%0A",
        "%22",
        "%27",
        "%3E",
        "%29",
        "%2F",
        "%3D",
        "%3F",
        "%C2%A0",
        "%E2%80%8B",
        "%E2%80%9D",
        "%2520",
        "%253E",
        "/index.html",
    ];
    let addresses: Vec<_> = (0..behind.len()).map(|number| format!("reader{number}@example.org")).collect();
    world.send(&mona, "chess", json!({ "emails": addresses })).await;
    let mut mails = world.deliver_mails().await;
    let before = world.dump().await;
    for behind in behind {
        let link = |page: &str| format!("{}{behind}", mails[0].path(page));
        for link in [link("i"), link("u"), format!("{}?intent=decline", link("i"))] {
            for method in ["GET", "HEAD"] {
                assert_eq!(world.call(Request::new(method, &*link)).await.status, 200, "{method} {link}");
            }
        }
    }
    assert_eq!(world.dump().await, before, "looking changes nothing");
    let declining = format!("{}?intent=decline", mails[0].path("i"));
    assert_eq!(world.open(&format!("{declining}.")).await.body, world.open(&declining).await.body);
    for behind in behind {
        let mail = mails.pop().unwrap();
        assert_eq!(
            world.submit(&format!("{}{behind}", mail.path("i")), "answer=decline").await.status,
            200,
            "{behind}"
        );
        assert_eq!(world.unsubscribe(&format!("{}{behind}", mail.path("u"))).await.status, 200, "{behind}");
        assert_eq!(world.status(&mona, mail.tag("invitation")).await, "declined", "{behind}");
    }
}

#[tokio::test]
async fn a_used_link_tells_what_happened_and_answers_nothing_more() {
    let (world, mona) = chess("moderator").await;
    let [ann] = world.people(["ann"]).await;
    world.invite_user(&mona, "chess", &ann).await;
    let link = world.deliver_mail().await.path("i");
    world.submit(&link, "answer=accept").await;
    let after = world.dump().await;
    assert_eq!(world.submit(&link, "answer=accept").await.status, 200, "the same success again");
    assert_eq!(world.submit(&link, "answer=decline").await.status, 410);
    assert_eq!(world.open(&link).await.status, 410);
    assert_eq!(world.dump().await, after);
}

#[tokio::test]
async fn a_page_says_that_the_sender_is_told_where_the_network_tells_them() {
    for (notices, told) in [("digest", true), ("each", true), ("none", false)] {
        for answer in ["answer=decline", "answer=decline&block=on"] {
            let (world, mona) = chess("moderator").await;
            let [ann] = world.people(["ann"]).await;
            world.settings(json!({ "senderNotices": notices })).await;
            world.invite_user(&mona, "chess", &ann).await;
            let page = world.submit(&world.deliver_mail().await.path("i"), answer).await;
            assert_eq!((page.status, page.body.contains("sender will be told")), (200, told), "{notices} {answer}");
        }
    }
}

#[tokio::test]
async fn a_wrong_link_opens_nothing() {
    let (world, mona) = chess("moderator").await;
    let [ann] = world.people(["ann"]).await;
    world.invite_user(&mona, "chess", &ann).await;
    let ann_link = world.deliver_mail().await.path("i");
    let before = world.dump().await;
    // Ann's invitation with another secret.
    let genuine: LinkToken = ann_link.trim_start_matches("/i/").parse().unwrap();
    let forged = format!("/i/{}", LinkToken::new(genuine.invitation(), genuine.revision(), [7; 32]).reveal());
    for link in [
        forged,
        "/i/x".to_owned(),
        "/i/x/y".to_owned(),
        "/i/%2F".to_owned(),
        ann_link[..60].to_owned(),
        format!("{ann_link}A"),
        format!("{ann_link}-A"),
        ann_link.to_lowercase(),
    ] {
        assert_eq!(world.open(&link).await.status, 404, "{link}");
        assert_eq!(world.submit(&link, "answer=accept").await.status, 404, "{link}");
    }
    assert_eq!(world.dump().await, before);
}

#[tokio::test]
async fn pages_keep_to_themselves() {
    let (world, mona) = chess("moderator").await;
    let [ann] = world.people(["ann"]).await;
    world.invite_user(&mona, "chess", &ann).await;
    let page = world.open(&world.deliver_mail().await.path("i")).await;
    assert_eq!(page.header("cache-control"), Some("no-store"));
    assert_eq!(page.header("referrer-policy"), Some("no-referrer"));
    assert!(page.header("x-robots-tag").unwrap().contains("noindex"));
    assert!(page.header("content-security-policy").unwrap().starts_with("default-src 'none'"));
    assert!(!page.body.contains("<script"));
}

#[tokio::test]
async fn the_link_of_someone_who_is_not_active_any_more_makes_no_member() {
    let (world, mona) = chess("moderator").await;
    let [ann] = world.people(["ann"]).await;
    let id = world.invite_user(&mona, "chess", &ann).await;
    let link = world.deliver_mail().await.path("i");
    world.register_with(&ann, json!({ "active": false })).await;
    assert_eq!(world.submit(&link, "answer=accept").await.status, 403);
    assert_eq!(world.role(&ann, "chess").await, None);
    assert_eq!(world.status(&mona, &id).await, "pending");
    world.register(&ann).await;
    assert_eq!(world.submit(&link, "answer=accept").await.status, 200, "as soon as they are active again");
}

#[tokio::test]
async fn a_page_that_asks_to_sign_in_tells_its_reader_their_own_address_masked_and_no_other() {
    let (world, mona) = chess("moderator").await;
    let [ann] = world.people(["ann"]).await;
    let named = async |link: &str| {
        let page = world.open(link).await.body;
        assert!(!page.contains("@example"), "{page}");
        page.split("<bdi>")
            .filter_map(|rest| rest.split_once("</bdi>"))
            .find(|(name, _)| name.contains('@'))
            .map(|(name, _)| name.to_owned())
    };
    world.invite_address(&mona, "chess", "zoe@example.org").await;
    let to_zoe = world.deliver_mail().await.path("i");
    assert_eq!(named(&to_zoe).await.as_deref(), Some("z…@e….org"));
    world.invite_user(&mona, "chess", &ann).await;
    let to_ann = world.deliver_mail().await.path("i");
    assert_eq!(named(&to_ann).await, None, "nobody is asked to sign in");
    world.settings(json!({ "emailLinkResponse": "sign_in" })).await;
    assert_eq!(named(&to_ann).await.as_deref(), Some("a…@e….org"));
    // Who reads the old mailbox learns nothing of the new one.
    world.register(&ann.with_email("new@example.com")).await;
    assert_eq!(named(&to_ann).await, None);
    world.settings(json!({})).await;
    assert_eq!(named(&to_ann).await, None);
}

#[tokio::test]
async fn with_sign_in_mode_a_link_alone_answers_nothing() {
    let (world, mona) = chess("moderator").await;
    let [ann] = world.people(["ann"]).await;
    let register = "https://platform.example.org/join";
    world.settings(json!({ "emailLinkResponse": "sign_in", "registrationUrl": register })).await;
    let id = world.invite_user(&mona, "chess", &ann).await;
    let link = world.deliver_mail().await.path("i");
    // Onward to where the invitation can be answered, and not in a circle by way of this page.
    let page = world.open(&link).await.body;
    assert!(page.contains("href=\"https://platform.example.org/c/chess\" class=\"button first\""), "{page}");
    let back = "return_to=https%3A%2F%2Fplatform.example.org%2Fc%2Fchess";
    assert!(page.contains(&format!("href=\"{register}?prompt=select_account&#38;{back}\"")), "{page}");
    assert_eq!((page.matches("return_to").count(), page.matches("/i/").count()), (1, 0), "{page}");
    for form in ["answer=accept", "answer=decline"] {
        assert_eq!(world.submit(&link, form).await.status, 403);
    }
    assert_eq!(world.status(&ann, &id).await, "pending");
    assert_eq!(world.command(&ann, &id, "accept").await.invitation().status, "accepted");
}
