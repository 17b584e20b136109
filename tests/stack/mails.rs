//! What the mails say that really left.

use serde_json::json;

use testkit::stack::{Part, World, free_address, stack};

#[test]
fn a_preview_is_the_mail_that_is_sent_and_writes_nothing() {
    let world = World::new();
    let [moderator, ines] = world.people([Part::Moderator, Part::Outsider]);
    let body = json!({"userIds": [ines.id], "message": "Dig with %sender% in %community%, our %type%.\n100% fun"});
    let preview = moderator.post(&format!("{}/preview", world.path()), &body).preview();
    assert_eq!(world.outcome(&moderator, &body), "invited", "the preview has invited no one");
    let mail = stack().await_mail(&ines.email);
    assert_eq!(preview.subject, mail.subject);
    assert!(mail.text.contains("100% fun") && mail.text.contains("our community"), "{}", mail.text);
    // Links aside, and the moment that the invitation expires: both are told line by line.
    let lasting = |text: &str| -> Vec<String> {
        let passing = |line: &str| line.contains("http") || line.contains("expires on");
        text.lines().filter(|line| !passing(line)).map(str::to_owned).collect()
    };
    for (shown, sent) in [(&preview.text, &mail.text), (&preview.html, &mail.html)] {
        let (shown, sent) = (lasting(shown), lasting(sent));
        assert!(sent.len() > 10, "{sent:?}");
        assert_eq!(shown, sent);
    }
}

#[test]
fn nothing_that_people_write_becomes_markup_a_header_or_a_link() {
    let world = World::new();
    world.describe(&json!({"title": "<script>alert(1)</script> https://evil.example \u{202e}x"}));
    let [moderator] = world.people([Part::Moderator]);
    let mut renamed = moderator.record();
    renamed["displayName"] = json!("Mo\" <boss@evil.example> www.evil.example");
    world.import(&[renamed]);
    let address = free_address();
    let message = "Click https://evil.example/<a href='https://evil.example'>here</a>\r\nBcc: all@example.org";
    world.send(&moderator, &json!({"emails": [address], "message": message})).ok();
    let mail = stack().await_mail(&address);
    assert!(!mail.subject.contains(['\r', '\n']), "{:?}", mail.subject);
    assert_eq!(mail.to, [address]);
    for markup in ["<script", "<a href='", "href=\"https://evil", "href=\"http://evil", "href=\"www"] {
        assert!(!mail.html.contains(markup), "{markup} in {}", mail.html);
    }
}

#[test]
fn a_mail_speaks_the_language_of_whom_it_is_for() {
    let world = World::new();
    let [moderator, gerda] = world.people([Part::Moderator, Part::Outsider]);
    let mut german = gerda.record();
    german["locale"] = json!("de-AT");
    world.import(&[german]);
    let (_, mail) = world.invite_by_mail(&moderator, &gerda);
    assert!(mail.html.contains("<html lang=\"de\" dir=\"ltr\">"), "{}", mail.html);
    assert!(mail.text.contains("Einladung annehmen") && mail.text.contains("Einladung ablehnen"), "{}", mail.text);
}

#[test]
fn a_community_of_network_enrolment_is_called_a_network() {
    let world = World::with(&json!({"enrolment": "network"}));
    let [owner, ines] = world.people([Part::Owner, Part::Outsider]);
    let (_, mail) = world.invite_by_mail(&owner, &ines);
    assert!(mail.text.contains(") network. You can use the links below"), "{}", mail.text);
}
