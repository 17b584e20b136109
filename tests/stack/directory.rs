//! The host platform keeps its people and communities in step, and invitations follow.

use domain::{field::Whole, settings::Settings};
use serde_json::{Value, json};
use testkit::{
    api::{Invitee, Sender},
    eventually,
    stack::{Part, World, free_address, page, serial, stack},
};

#[test]
fn every_record_is_created_with_201_replaced_with_200_and_removed_with_204_twice() {
    let world = World::new();
    let administrator = &world.administrator;
    let (one, two, community) =
        (format!("one-{}", serial()), format!("two-{}", serial()), format!("club-{}", serial()));
    let user = |name: &str| json!({"displayName": name, "profileUrl": "https://example.org/u", "locale": "de"});
    let club =
        json!({"title": "Club", "visibility": "private", "enrolment": "closed", "rulesUrl": "https://example.org/r"});
    let records = [
        (format!("/directory/users/{one}"), user("One")),
        (format!("/directory/users/{two}"), user("Two")),
        (format!("/directory/communities/{community}"), club),
        (format!("/directory/communities/{community}/members/{one}"), json!({"role": "moderator"})),
        (format!("/directory/users/{one}/connections/{two}"), json!({})),
    ];
    for (path, body) in &records {
        let created = administrator.put(path, body).expect(201).json();
        let replaced = administrator.put(path, body).expect(200).json();
        assert_eq!(created, replaced, "{path}");
        for (field, value) in body.as_object().unwrap() {
            assert_eq!(&replaced[field], value, "{path}: {replaced}");
        }
    }
    // What a replacement leaves out is gone.
    let replaced = administrator.put(&records[0].0, &json!({"displayName": "One"})).ok().json();
    assert_eq!(replaced["profileUrl"], Value::Null);
    assert_eq!((&replaced["active"], &replaced["emailVerified"]), (&json!(true), &json!(false)));
    for (path, _) in records.iter().rev() {
        for _ in 0..2 {
            assert_eq!(administrator.delete(path).expect(204).body, "");
        }
    }
}

#[test]
fn every_fault_of_a_record_is_named() {
    let world = World::new();
    let administrator = &world.administrator;
    let user = format!("/directory/users/faulty-{}", serial());
    let community = format!("/directory/communities/faulty-{}", serial());
    let member = format!("/directory/communities/{}/members/someone", world.community);
    let cases = [
        (&user, json!({}), vec!["displayName"]),
        (
            &user,
            json!({"displayName": "two\nlines", "email": "nobody", "profileUrl": "javascript:alert(1)", "locale": "?"}),
            vec!["displayName", "profileUrl", "email", "locale"],
        ),
        (&user, json!({"displayName": "A", "emailVerified": true}), vec!["emailVerified"]),
        (&community, json!({}), vec!["title", "visibility", "enrolment"]),
        (
            &community,
            json!({
                "title": " ", "visibility": "secret", "enrolment": "none", "memberCount": -1, "url": "//x", "rulesUrl": "x",
                "membershipMode": "both", "description": "a\u{0}"
            }),
            vec!["title", "url", "description", "rulesUrl", "memberCount", "visibility", "enrolment", "membershipMode"],
        ),
        (&member, json!({}), vec!["role"]),
        (&member, json!({"role": "king"}), vec!["role"]),
        (
            &"/directory/settings".to_owned(),
            json!({
                "membershipMode": "both", "invitationLifetimeDays": 366, "declineCooldownDays": -1,
                "maxRecipientsPerRequest": 101, "dailyInvitationsPerSender": 0, "emailLinkResponse": "click",
                "defaultMessage": "a\u{0}", "registrationUrl": "x", "productName": "", "logoUrl": "x", "supportEmail": "x",
                "postalAddress": "a\u{0}", "defaultLocale": "xx"
            }),
            vec![
                "membershipMode",
                "invitationLifetimeDays",
                "declineCooldownDays",
                "maxRecipientsPerRequest",
                "dailyInvitationsPerSender",
                "emailLinkResponse",
                "defaultMessage",
                "registrationUrl",
                "productName",
                "logoUrl",
                "supportEmail",
                "postalAddress",
                "defaultLocale",
            ],
        ),
    ];
    for (path, body, faults) in cases {
        let problem = administrator.put(path, &body).refused(422, "invalid_value");
        let mut named = problem.params();
        let mut faults = faults;
        named.sort_unstable();
        faults.sort_unstable();
        assert_eq!(named, faults, "{path}: {problem:?}");
    }
    let malformed = [
        (&user, json!({"displayName": 1}), "displayName"),
        (&user, json!({"displayName": "A", "role": "owner"}), "role"),
        (&"/directory/users/no%20id".to_owned(), json!({"displayName": "A"}), "userId"),
    ];
    for (path, body, param) in malformed {
        assert_eq!(administrator.put(path, &body).refused(400, "malformed_request").param(), param, "{path}");
    }
}

#[test]
fn settings_are_read_as_they_were_written_with_defaults_for_the_rest() {
    let world = World::alone_with_settings(&json!({"invitationLifetimeDays": 7, "productName": "Commons"}));
    let settings = world.administrator.get("/directory/settings").ok().json();
    // The defaults are the code's, which its own test spells out.
    let expected = Settings {
        invitation_lifetime_days: Whole::new(7),
        product_name: "Commons".parse().unwrap(),
        ..Settings::default()
    };
    assert_eq!(settings, json!(expected));
    let [moderator, ines] = world.people([Part::Moderator, Part::Outsider]);
    let (_, mail) = world.invite_by_mail(&moderator, &ines);
    assert!(mail.text.contains("on Commons"), "{}", mail.text);
}

#[test]
fn an_import_takes_what_it_can_and_says_what_became_of_each_record() {
    let world = World::new();
    let (ann, bob) = (format!("ann-{}", serial()), format!("bob-{}", serial()));
    let community = &world.community;
    let records = json!([
        {"type": "user", "userId": ann, "displayName": "Ann"},
        {"type": "user", "userId": bob},
        {"type": "member", "communityId": community, "userId": ann, "role": "member"},
        {"type": "member", "communityId": community, "userId": bob, "role": "member"},
        {"type": "user", "userId": bob, "displayName": "Bob"},
        {"type": "connection", "userId": ann, "otherId": bob},
        {"type": "member", "communityId": community, "userId": bob, "role": "king"},
        {"type": "planet", "userId": bob},
        {"type": "user", "userId": ann, "displayName": "Ann B."},
        "nonsense",
    ]);
    let imported = world.administrator.post("/directory/import", &json!({"records": records})).import();
    let told: Vec<_> = imported
        .results
        .iter()
        .map(|result| {
            let error = result.error.as_ref();
            (result.status, error.map(|error| &*error.code), error.and_then(|error| error.param.as_deref()))
        })
        .collect();
    let expected = [
        (201, None, None),
        (422, Some("invalid_value"), Some("displayName")),
        (201, None, None),
        (404, Some("not_in_directory"), None),
        (201, None, None),
        (201, None, None),
        (422, Some("invalid_value"), Some("role")),
        (400, Some("malformed_request"), Some("type")),
        (200, None, None),
        (400, Some("malformed_request"), Some("record")),
    ];
    assert_eq!(told, expected, "{imported:?}");
    assert!(imported.results.iter().map(|result| result.index).eq(0..10), "{imported:?}");
    assert_eq!(imported.results[8].record.as_ref().unwrap()["displayName"], "Ann B.");
}

#[test]
fn who_registers_with_an_invited_address_finds_the_invitation_and_accepts_it() {
    let world = World::new();
    let [moderator, newcomer] = world.people([Part::Moderator, Part::Unknown]);
    let typed = newcomer.email.to_uppercase();
    let invitation = world.invite_address(&moderator, &typed);
    stack().await_mail(&typed);
    // The directory does not know them; their token says whose the address is.
    assert_eq!(newcomer.mine().ids(), std::slice::from_ref(&invitation));

    // The platform hears of them first without, then with a verified address.
    let mut record = newcomer.record();
    record["emailVerified"] = json!(false);
    world.import(&[record]);
    assert_eq!(moderator.sees(&invitation).invitee.user_id, None);
    world.import(&[newcomer.record()]);

    let mine = eventually("the invitation is theirs", || {
        Some(newcomer.mine()).filter(|mine| mine.ids() == [invitation.clone()])
    });
    assert_eq!(mine.pending_count, Some(1));
    assert_eq!(moderator.sees(&invitation).invitee, Invitee::address(&typed), "whose it is does not show");
    assert_eq!(world.outcome(&moderator, &json!({"emails": [newcomer.email]})), "already_invited");
    assert_eq!(newcomer.command("accept", &invitation).invitation().status, "accepted");
    let invitee = Invitee { display_name: Some(newcomer.name.clone()), ..Invitee::user(&newcomer.id) };
    assert_eq!(moderator.sees(&invitation).invitee, invitee);
    assert_eq!(world.outcome(&moderator, &json!({"userIds": [newcomer.id]})), "already_member");
}

#[test]
fn an_erased_person_leaves_no_name_and_no_address_behind() {
    let world = World::new();
    let [owner, ines, moderator] = world.people([Part::Owner, Part::Outsider, Part::Moderator]);
    let address = free_address();
    let (to_them, mail) = world.invite_by_mail(&owner, &ines);
    let from_them = world.invite_address(&moderator, &address);
    for person in [&ines, &moderator] {
        world.administrator.delete(&format!("/directory/users/{}", person.id)).expect(204);
    }
    let received = owner.sees(&to_them);
    assert_eq!((&*received.status, received.invitee), ("cancelled", Invitee::user(&ines.id)));
    let sent = owner.sees(&from_them);
    let erased = Sender { id: moderator.id.clone(), ..Sender::default() };
    assert_eq!((&*sent.status, sent.sender), ("cancelled", erased));
    page("POST", &mail.link("i"), Some("answer=accept")).expect(410);
    assert_eq!(world.outcome(&owner, &json!({"userIds": [ines.id]})), "unknown_user");
    ines.command("accept", &to_them).refused(403, "caller_unknown");
    moderator.get(&world.path()).refused(403, "caller_unknown");
    for invitation in [&to_them, &from_them] {
        let stored = stack().invitation_record(invitation).to_string();
        for person in [&ines, &moderator] {
            assert!(!stored.contains(&person.name) && !stored.contains(&person.email), "{stored}");
        }
    }
}

#[test]
fn a_removed_community_takes_its_live_invitations_along() {
    let world = World::new();
    let [moderator, ines, ivo] = world.people([Part::Moderator, Part::Outsider, Part::Outsider]);
    let (live, mail) = world.invite_by_mail(&moderator, &ines);
    let declined = world.invite(&moderator, &ivo);
    ivo.command("decline", &declined).ok();
    eventually("the community's list has both", || {
        Some(()).filter(|()| moderator.page(&world.path()).invitations.len() == 2)
    });
    world.administrator.delete(&format!("/directory/communities/{}", world.community)).expect(204);
    assert_eq!(ines.sees(&live).status, "cancelled");
    assert_eq!(ivo.sees(&declined).status, "declined");
    page("POST", &mail.link("i"), Some("answer=accept")).expect(410);
    moderator.post(&world.path(), &json!({"userIds": [ines.id]})).refused(404, "community_not_found");
}

#[test]
fn who_loses_their_role_loses_its_rights_at_once() {
    let world = World::with(&json!({"enrolment": "closed"}));
    let [moderator, member, ines] = world.people([Part::Moderator, Part::Member, Part::Outsider]);
    world.connect(&member, &ines);
    let invitation = world.invite(&member, &ines);
    let role = |role: &str| {
        let path = format!("/directory/communities/{}/members/{}", world.community, moderator.id);
        world.administrator.put(&path, &json!({"role": role})).ok();
    };
    role("member");
    moderator.command("approve", &invitation).refused(404, "invitation_not_found");
    moderator.get(&world.path()).refused(403, "not_moderator");
    role("moderator");
    moderator.command("approve", &invitation).ok();
}
