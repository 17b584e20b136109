//! What a mail's links open: pages that show, that answer when they are told to, and that give nothing away.

use serde_json::json;

use testkit::{
    Response, eventually,
    stack::{Part, World, call, free_address, page, stack},
};

/// What holds for every page, whatever it says.
#[track_caller]
fn is_well_kept(response: &Response) {
    assert_eq!(response.header("content-type"), Some("text/html; charset=utf-8"), "{response:?}");
    assert_eq!(response.header("cache-control"), Some("no-store"));
    assert_eq!(response.header("referrer-policy"), Some("no-referrer"));
    assert_eq!(response.header("x-content-type-options"), Some("nosniff"));
    assert!(response.header("x-robots-tag").unwrap().contains("noindex"));
    let policy = response.header("content-security-policy").unwrap();
    for rule in ["default-src 'none'", "form-action 'self'", "base-uri 'none'", "frame-ancestors 'none'"] {
        assert!(policy.contains(rule), "{policy}");
    }
    assert!(!policy.contains("unsafe") && !policy.contains("script-src"), "{policy}");
    for foreign in ["<script", "<img", "<link", "<iframe", " src=", "@import", "url("] {
        assert!(!response.body.contains(foreign), "{} has {foreign}", response.request);
    }
}

#[test]
fn every_page_is_kept_from_caches_frames_referrers_and_search_engines() {
    let world = World::new();
    let [moderator, ines] = world.people([Part::Moderator, Part::Outsider]);
    let (invitation, mail) = world.invite_by_mail(&moderator, &ines);
    let (answer, no_more) = (mail.link("i"), mail.link("u"));
    let nowhere = format!("{}/i/nonsense", stack().api_url);
    is_well_kept(page("GET", &answer, None).expect(200));
    is_well_kept(page("GET", &no_more, None).expect(200));
    is_well_kept(page("GET", &nowhere, None).expect(404));
    is_well_kept(page("POST", &answer, Some("answer=perhaps")).expect(400));
    moderator.command("cancel", &invitation).ok();
    is_well_kept(page("GET", &answer, None).expect(410));
    is_well_kept(page("POST", &no_more, Some("")).expect(200));
}

#[test]
fn the_page_names_community_sender_message_and_expiry_and_has_both_buttons() {
    let world = World::with(&json!({"rulesUrl": "https://community.example.org/rules"}));
    let [moderator, ines] = world.people([Part::Moderator, Part::Outsider]);
    let body = json!({"userIds": [ines.id], "message": "We <b>dig</b> at dawn, says %sender%", "expiresInDays": 3});
    world.send(&moderator, &body).ok();
    let link = stack().await_mail(&ines.email).link("i");
    let shown = page("GET", &link, None).expect(200).body.clone();
    let said = [
        world.title.as_str(),
        "Neighbours who grow vegetables.",
        "1,234 members",
        "https://community.example.org/rules",
        moderator.name.as_str(),
        "We &#60;b&#62;dig&#60;/b&#62; at dawn",
        "The invitation expires on",
        "value=\"accept\"",
        "value=\"decline\"",
        "name=\"block\"",
        "<html lang=\"en\" dir=\"ltr\">",
    ];
    for text in said {
        assert!(shown.contains(text), "no {text} in {shown}");
    }
    // The intent of the link says which button stands out, and nothing else.
    let declining = page("GET", &format!("{link}?intent=decline"), None).expect(200).body.clone();
    assert!(shown.contains("value=\"accept\" class=\"first\"") && !shown.contains("value=\"decline\" class=\"first\""));
    assert!(declining.contains("value=\"decline\" class=\"first\"") && declining.contains("value=\"accept\">"));
}

#[test]
fn head_says_what_get_would_without_a_body() {
    let world = World::new();
    let [moderator, ines] = world.people([Part::Moderator, Part::Outsider]);
    let (invitation, mail) = world.invite_by_mail(&moderator, &ines);
    let link = mail.link("i");
    let wrong = format!("{}/i/nonsense", stack().api_url);
    let head = |link: &str, status: u16| {
        let response = page("HEAD", link, None);
        is_well_kept(response.expect(status));
        assert_eq!(response.body, "");
    };
    head(&link, 200);
    head(&mail.link("u"), 200);
    head(&wrong, 404);
    moderator.command("cancel", &invitation).ok();
    head(&link, 410);
}

#[test]
fn a_link_survives_what_mail_programs_put_behind_it() {
    let world = World::new();
    let [moderator, ines] = world.people([Part::Moderator, Part::Outsider]);
    let (invitation, mail) = world.invite_by_mail(&moderator, &ines);
    for link in [mail.link("i"), mail.link("u")] {
        for behind in ["/", ".", ")", "=", "%20", "%3E", "/?intent=decline"] {
            for method in ["GET", "HEAD"] {
                is_well_kept(page(method, &format!("{link}{behind}"), None).expect(200));
            }
        }
    }
    assert_eq!(ines.sees(&invitation).status, "pending");
    page("POST", &format!("{}/", mail.link("i")), Some("answer=decline")).expect(200);
    assert_eq!(ines.sees(&invitation).status, "declined");
}

#[test]
fn a_wrong_token_is_404_however_close_it_is() {
    let world = World::new();
    let [moderator, ines, ivo] = world.people([Part::Moderator, Part::Outsider, Part::Outsider]);
    let (invitation, mail) = world.invite_by_mail(&moderator, &ines);
    let (_, other) = world.invite_by_mail(&moderator, &ivo);
    let (link, other) = (mail.link("i"), other.link("i"));
    let (base, token) = link.rsplit_once('/').unwrap();
    let other = other.rsplit_once('/').unwrap().1;
    let last = if token.ends_with('A') { "B" } else { "A" };
    let wrong = [
        format!("{base}/{}{last}", &token[..63]),
        format!("{base}/{}", &token[..63]),
        format!("{base}/{token}A"),
        // One invitation's id with another's secret.
        format!("{base}/{}{}", &token[..22], &other[22..]),
        format!("{base}/{}", token.to_lowercase()),
        format!("{base}/{invitation}"),
        format!("{base}/{}", "A".repeat(64)),
    ];
    for link in wrong {
        for (method, form) in [("GET", None), ("POST", Some("answer=accept"))] {
            let response = page(method, &link, form);
            response.expect(404);
            assert!(!response.body.contains(&world.title), "{response:?}");
        }
        page("POST", &link.replace("/i/", "/u/"), Some("List-Unsubscribe=One-Click")).expect(404);
    }
    assert_eq!(ines.sees(&invitation).status, "pending");
}

#[test]
fn the_same_answer_again_is_the_same_success_and_the_other_one_is_410() {
    let world = World::new();
    let [moderator, ines, ivo] = world.people([Part::Moderator, Part::Outsider, Part::Outsider]);
    let (accepted, mail) = world.invite_by_mail(&moderator, &ines);
    let link = mail.link("i");
    for _ in 0..2 {
        let response = page("POST", &link, Some("answer=accept"));
        response.expect(200);
        assert!(response.body.contains(&format!("https://community.example.org/{}", world.community)), "a way onward");
    }
    let late = page("POST", &link, Some("answer=decline"));
    late.expect(410);
    assert!(late.body.contains("already accepted"), "{}", late.body);
    page("GET", &link, None).expect(410);
    assert_eq!(ines.sees(&accepted).status, "accepted");

    let (declined, mail) = world.invite_by_mail(&moderator, &ivo);
    let link = mail.link("i");
    for _ in 0..2 {
        page("POST", &link, Some("answer=decline")).expect(200);
    }
    let late = page("POST", &link, Some("answer=accept"));
    late.expect(410);
    assert!(late.body.contains("already declined"), "{}", late.body);
    assert_eq!(ivo.sees(&declined).status, "declined");
    // The first answer was told once, to both; the sender hears of the other one later.
    stack().await_mails(&moderator.email, 1);
    stack().await_mails(&ines.email, 2);
}

#[test]
fn an_expired_invitation_is_410_and_its_button_does_nothing() {
    let world = World::new();
    let [moderator, ines] = world.people([Part::Moderator, Part::Outsider]);
    let (invitation, mail) = world.invite_by_mail(&moderator, &ines);
    stack().expire(&invitation);
    let shown = page("GET", &mail.link("i"), None);
    shown.expect(410);
    assert!(shown.body.contains("expired") && shown.body.contains("ask"), "what to do next: {}", shown.body);
    page("POST", &mail.link("i"), Some("answer=accept")).expect(410);
    assert_eq!(ines.sees(&invitation).status, "expired");
    assert_eq!(world.outcome(&moderator, &json!({"userIds": [ines.id]})), "invited", "no one became a member");
}

#[test]
fn declining_with_the_box_ticked_blocks_the_community() {
    let world = World::new();
    let [moderator, ines] = world.people([Part::Moderator, Part::Outsider]);
    let (_, mail) = world.invite_by_mail(&moderator, &ines);
    page("POST", &mail.link("i"), Some("answer=decline&block=on")).expect(200);
    assert_eq!(world.outcome(&moderator, &json!({"userIds": [ines.id]})), "unavailable");
    let other = World::another(&moderator);
    assert_eq!(other.outcome(&moderator, &json!({"userIds": [ines.id]})), "invited", "elsewhere nothing is blocked");
}

#[test]
fn one_click_unsubscribing_blocks_the_community_and_opening_its_page_does_not() {
    let world = World::new();
    let [moderator] = world.people([Part::Moderator]);
    let address = free_address();
    let invitation = world.invite_address(&moderator, &address);
    let link = stack().await_mail(&address).link("u");
    for _ in 0..3 {
        let asked = page("GET", &link, None);
        asked.expect(200);
        assert!(asked.body.contains("Stop invitations"), "{}", asked.body);
    }
    assert_eq!(moderator.sees(&invitation).status, "pending");
    assert_eq!(world.outcome(&moderator, &json!({"emails": [address]})), "already_invited");
    for _ in 0..2 {
        page("POST", &link, Some("List-Unsubscribe=One-Click")).expect(200);
    }
    assert_eq!(moderator.sees(&invitation).status, "declined");
    assert_eq!(world.outcome(&moderator, &json!({"emails": [address.to_uppercase()]})), "unavailable");
}

#[test]
fn an_address_without_an_account_registers_before_it_accepts() {
    let world = World::alone_with_settings(&json!({"registrationUrl": "https://community.example.org/join?from=mail"}));
    let [moderator] = world.people([Part::Moderator]);
    let address = free_address();
    let invitation = world.invite_address(&moderator, &address);
    let link = stack().await_mail(&address).link("i");
    let shown = page("GET", &link, None).expect(200).body.clone();
    let back = link.replace(':', "%3A").replace('/', "%2F");
    let registration = format!("https://community.example.org/join?from=mail&#38;return_to={back}");
    assert!(shown.contains(&registration), "no {registration} in {shown}");
    assert!(!shown.contains("value=\"accept\"") && shown.contains("value=\"decline\""), "{shown}");
    page("POST", &link, Some("answer=accept")).expect(403);
    assert_eq!(moderator.sees(&invitation).status, "pending");
    page("POST", &link, Some("answer=decline")).expect(200);
}

#[test]
fn where_the_network_wants_it_only_signed_in_people_answer() {
    let world = World::alone_with_settings(&json!({"emailLinkResponse": "sign_in"}));
    let [moderator, ines] = world.people([Part::Moderator, Part::Outsider]);
    let (invitation, mail) = world.invite_by_mail(&moderator, &ines);
    let link = mail.link("i");
    let shown = page("GET", &link, None).expect(200).body.clone();
    assert!(shown.contains("Sign in to answer") && !shown.contains("<form"), "{shown}");
    for answer in ["accept", "decline"] {
        page("POST", &link, Some(&format!("answer={answer}"))).expect(403);
    }
    assert_eq!(ines.command("accept", &invitation).invitation().status, "accepted");
}

#[test]
fn a_mail_sent_again_leaves_the_old_link_working() {
    let world = World::new();
    let [moderator, ines] = world.people([Part::Moderator, Part::Outsider]);
    let (invitation, first) = world.invite_by_mail(&moderator, &ines);
    let expiry = moderator.sees(&invitation).expires_at;
    eventually("the mail is sent", || Some(()).filter(|()| ines.sees(&invitation).is_mail("sent")));
    stack().backdate_mail(&invitation);
    let resent = moderator.command("resend", &invitation).invitation();
    assert_eq!((resent.id, resent.expires_at), (invitation, expiry));
    let second = stack().await_mails(&ines.email, 2).remove(1);
    assert_ne!(first.link("i"), second.link("i"));
    for mail in [&first, &second] {
        page("GET", &mail.link("i"), None).expect(200);
    }
    page("POST", &first.link("i"), Some("answer=accept")).expect(200);
    page("GET", &second.link("i"), None).expect(410);
}

#[test]
fn the_page_speaks_the_readers_language() {
    let world = World::new();
    let [moderator] = world.people([Part::Moderator]);
    let address = free_address();
    world.invite_address(&moderator, &address);
    let link = stack().await_mail(&address).link("i");
    let languages =
        [("de-AT,de;q=0.9,en;q=0.5", "de", "ltr"), ("en-GB", "en", "ltr"), ("ar-EG", "ar", "rtl"), ("xx", "en", "ltr")];
    for (wanted, language, direction) in languages {
        let shown = call("GET", &link, &[("Accept-Language", wanted)], None);
        shown.expect(200);
        assert!(shown.body.contains(&format!("<html lang=\"{language}\" dir=\"{direction}\">")), "{wanted}");
    }
}

#[test]
fn accepting_on_the_page_checks_everything_again() {
    let world = World::new();
    let [moderator, ines, ivo] = world.people([Part::Moderator, Part::Outsider, Part::Outsider]);
    let (_, to_ines) = world.invite_by_mail(&moderator, &ines);
    let (_, to_ivo) = world.invite_by_mail(&moderator, &ivo);
    // The invitee is not active any more, or has become a member another way.
    let mut inactive = ines.record();
    inactive["active"] = json!(false);
    world.import(&[inactive, world.member_record(&ivo, "member")]);
    page("POST", &to_ines.link("i"), Some("answer=accept")).expect(403);
    page("POST", &to_ivo.link("i"), Some("answer=accept")).expect(410);
    // The community allows no invitations any more.
    world.import(&[ines.record()]);
    world.describe(&json!({"allowInvitations": false}));
    page("POST", &to_ines.link("i"), Some("answer=accept")).expect(403);
    world.describe(&json!({}));
    page("POST", &to_ines.link("i"), Some("answer=accept")).expect(200);
}
