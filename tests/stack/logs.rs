//! What the functions log: ids and codes, never what opens an invitation, signs anybody in, or names a person.

use serde_json::{Value, json};

use testkit::{
    SesEvent, eventually, files,
    stack::{Part, World, call, free_address, page, stack},
};

#[test]
fn no_log_line_holds_a_link_a_bearer_token_an_address_or_a_name() {
    let world = World::with(&json!({"enrolment": "closed"}));
    let [moderator, member, invitee] = world.people([Part::Moderator, Part::Member, Part::Outsider]);
    world.connect(&member, &invitee);
    let address = free_address();
    let mut tokens = vec![moderator.authorization(), invitee.authorization()];

    // Good and bad: both leave lines.
    let request = world.invite(&member, &invitee);
    moderator.command("approve", &request).ok();
    world
        .send(&moderator, &json!({"emails": [address, "broken@@example"], "message": "%who%"}))
        .refused(422, "unknown_message_token");
    world.send(&moderator, &json!({"emails": [address, "broken@@example"], "message": "a secret greeting"})).ok();
    let url = format!("{}{}", stack().api_url, world.path());
    let headers = [("Authorization", tokens[0].as_str())];
    call("POST", &url, &headers, Some("{\"emails\": [\"ada@example.org\", 1]}")).refused(400, "malformed_request");
    let impostor = json!({"displayName": "Impostor", "email": invitee.email, "emailVerified": true});
    world.administrator.put("/directory/users/impostor", &impostor).refused(409, "email_taken");
    world.administrator.put("/directory/users/impostor", &json!({"displayName": "", "email": "a@b@c"})).expect(422);
    let mail_links = [stack().await_mail(&invitee.email), stack().await_mail(&address)].map(|mail| mail.link("i"));
    for link in &mail_links {
        page("GET", &format!("{link}?intent=accept"), None).expect(200);
        page("GET", &link[..link.len() - 1], None).expect(404);
        tokens.push(link.rsplit('/').next().unwrap().to_owned());
    }
    page("POST", &mail_links[1].replace("/i/", "/u/"), Some("List-Unsubscribe=One-Click")).expect(200);
    page("POST", &mail_links[0], Some("answer=accept")).expect(200);
    stack().await_mails(&invitee.email, 2);
    let last = moderator.get(&format!("/invitations/{request}?of={address}")).invitation();
    assert_eq!(last.status, "accepted");

    invitee.mine();
    call("GET", &format!("{}/ui", stack().api_url), &[], None).ok();
    moderator.get(&format!("{}?cursor=broken", world.path())).refused(400, "invalid_cursor");
    member.page("/me/invitations/sent");
    moderator.command("cancel", &request).refused(409, "invitation_accepted");
    stack().ses_event(&SesEvent::new("Bounce", &request).bounced("Permanent", &address));

    let lines = eventually("every function has logged", || {
        let lines = stack().log_lines();
        let told = |part: &String| lines.iter().any(|(function, line)| function == part && line.contains("INFO"));
        files::names_in("functions").iter().all(told).then_some(lines)
    });
    assert!(lines.len() > 50, "{lines:?}");
    // All lines so far, of this and every other test.
    let everyones: Vec<_> = stack().mails().iter().flat_map(|mail| mail.to.clone()).collect();
    let mail_links: Vec<_> =
        stack().mails().iter().filter(|mail| mail.text.contains("/i/")).map(|mail| mail.link("i")).collect();
    tokens.extend(mail_links.iter().map(|link| link.rsplit('/').next().unwrap().to_owned()));
    for (function, line) in &lines {
        // What is logged is one JSON object a line, and names the request that it is about.
        if line.starts_with('{') {
            let said: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{line}: {error}"));
            let about = said["request_id"].as_str().or(said["span"]["requestId"].as_str()).unwrap_or_default();
            assert!(!about.is_empty() || said["level"] != "INFO", "{function} logs without a request: {line}");
        }
        for shape in ["eyJ", "Bearer", "/i/", "/u/", "@example", "secret greeting", &world.title, &invitee.name] {
            assert!(!line.contains(shape), "{function} logs {shape}: {line}");
        }
        for secret in everyones.iter().chain(&tokens) {
            assert!(!line.contains(secret.as_str()), "{function} logs {secret}: {line}");
        }
    }
}
