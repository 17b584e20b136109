//! Every outcome that a recipient of a bulk request can have, as the sender gets to see it.

use serde_json::{Value, json};

use testkit::{
    SesEvent,
    api::SendResponse,
    eventually,
    stack::{Part, Person, World, free_address, page, serial, stack},
};

/// Sends to some recipients, each of whom must have its expected outcome.
fn check(world: &World, sender: &Person, body: &Value, expected: &[&str]) -> SendResponse {
    let sent = world.send(sender, body).sent();
    assert_eq!(sent.outcomes(), expected, "{sent:?}");
    assert_eq!(sent.summary.values().sum::<u64>(), expected.len() as u64);
    for outcome in expected {
        let count = expected.iter().filter(|one| *one == outcome).count();
        assert_eq!(sent.summary[*outcome], count as u64, "{sent:?}");
    }
    for result in &sent.results {
        let made = ["invited", "awaiting_approval", "joined"].contains(&&*result.outcome);
        assert_eq!(result.invitation.is_some(), made, "{result:?}");
    }
    sent
}

#[test]
fn invited_already_invited_already_member_unknown_user_invalid_email_and_duplicate_in_one_request() {
    let world = World::new();
    let [moderator, member, ines, ivo] = world.people([Part::Moderator, Part::Member, Part::Outsider, Part::Outsider]);
    world.invite(&moderator, &ivo);
    let free = free_address();
    let unknown = format!("nobody-{}", serial());
    let body = json!({
        "userIds": [ines.id, ivo.id, member.id, unknown, "no id!", ines.id],
        // In other letters, it is still the address of the user who has just been invited.
        "emails": format!("{free};no address\n{}, {}", free.to_uppercase(), ines.email.to_uppercase()),
    });
    let sent = check(
        &world,
        &moderator,
        &body,
        &[
            "invited",
            "already_invited",
            "already_member",
            "unknown_user",
            "unknown_user",
            "duplicate",
            "invited",
            "invalid_email",
            "duplicate",
            "already_invited",
        ],
    );
    let submitted = [
        ines.id.as_str(),
        &ivo.id,
        &member.id,
        &unknown,
        "no id!",
        &ines.id,
        &free,
        "no address",
        &free.to_uppercase(),
        &ines.email.to_uppercase(),
    ];
    assert_eq!(sent.recipients(), submitted);
}

#[test]
fn awaiting_approval_and_not_connected_for_a_member_of_a_closed_community() {
    let world = World::with(&json!({"enrolment": "closed"}));
    let [member, friend, other] = world.people([Part::Member, Part::Outsider, Part::Outsider]);
    world.connect(&friend, &member);
    let body = json!({"userIds": [friend.id, other.id], "emails": [free_address(), other.email]});
    check(&world, &member, &body, &["awaiting_approval", "not_connected", "not_connected", "not_connected"]);
}

#[test]
fn joined_in_automatic_mode() {
    let world = World::with(&json!({"membershipMode": "automatic"}));
    let [moderator, ines] = world.people([Part::Moderator, Part::Outsider]);
    check(&world, &moderator, &json!({"userIds": [ines.id]}), &["joined"]);
}

#[test]
fn unavailable_whether_inactive_blocked_or_suppressed() {
    let world = World::new();
    let [moderator, inactive, blocking, unsubscribed, bouncing] =
        world.people([Part::Moderator, Part::Inactive, Part::Outsider, Part::Outsider, Part::Outsider]);
    let complaining = free_address();

    let invitation = world.invite(&moderator, &blocking);
    blocking.post(&format!("/invitations/{invitation}/decline"), &json!({"block": true})).ok();

    let (_, mail) = world.invite_by_mail(&moderator, &unsubscribed);
    page("POST", &mail.link("u"), Some("List-Unsubscribe=One-Click")).expect(200);

    let (bounced, _) = world.invite_by_mail(&moderator, &bouncing);
    let complained = world.invite_address(&moderator, &complaining);
    stack().ses_event(&SesEvent::new("Bounce", &bounced).bounced("Permanent", &bouncing.email));
    stack().ses_event(&SesEvent::new("Complaint", &complained).complained(&complaining));
    for (invitation, state) in [(&bounced, "bounced"), (&complained, "complained")] {
        eventually("the feedback is noted", || Some(()).filter(|()| moderator.sees(invitation).is_mail(state)));
        moderator.command("cancel", invitation).ok();
    }

    let people = [&inactive, &blocking, &unsubscribed, &bouncing].map(|person| &person.id);
    let body = json!({"userIds": people, "emails": [complaining]});
    for result in check(&world, &moderator, &body, &["unavailable"; 5]).results {
        assert_eq!((result.retry_after, result.invitation), (None, None), "the sender cannot tell which");
    }
}

#[test]
fn cooling_down_after_a_decline_with_the_seconds_to_wait() {
    let world = World::new();
    let [moderator, ines] = world.people([Part::Moderator, Part::Outsider]);
    let invitation = world.invite(&moderator, &ines);
    ines.command("decline", &invitation).ok();
    let sent = check(&world, &moderator, &json!({"userIds": [ines.id]}), &["cooling_down"]);
    let wait = sent.results[0].retry_after.unwrap();
    let thirty_days = 30 * 86_400;
    assert!((thirty_days - 600..=thirty_days + 1).contains(&wait), "{wait} s");
}

#[test]
fn over_quota_for_those_whom_the_day_has_no_room_for() {
    let world = World::alone_with_settings(&json!({"dailyInvitationsPerSender": 2}));
    let [moderator] = world.people([Part::Moderator]);
    let addresses = [(); 3].map(|()| free_address());
    let sent = check(&world, &moderator, &json!({"emails": addresses}), &["invited", "invited", "over_quota"]);
    assert!((1..=86_401).contains(&sent.results[2].retry_after.unwrap()), "{sent:?}");
}

#[test]
fn an_expired_invitation_stands_in_nobodys_way() {
    let world = World::new();
    let [moderator, ines] = world.people([Part::Moderator, Part::Outsider]);
    let first = world.invite(&moderator, &ines);
    stack().expire(&first);
    let second = world.invite(&moderator, &ines);
    assert_eq!(ines.sees(&first).status, "expired");
    assert_eq!(ines.sees(&second).status, "pending");
    eventually("the list shows both", || {
        let mine = ines.mine();
        Some(()).filter(|()| mine.statuses() == ["pending", "expired"] && mine.pending_count == Some(1))
    });
}

#[test]
fn a_hundred_recipients_of_all_kinds_get_an_outcome_each_and_the_same_key_changes_nothing() {
    let world = World::new();
    let [moderator, member, ines] = world.people([Part::Moderator, Part::Member, Part::Outsider]);
    let mut user_ids = vec![member.id.clone(), ines.id.clone()];
    user_ids.extend((0..28).map(|_| format!("nobody-{}", serial())));
    let mut emails: Vec<_> = (0..50).map(|_| free_address()).collect();
    emails.extend((0..10).map(|index| format!("no address {index}")));
    emails.extend(emails[..10].to_vec());
    let body = json!({"userIds": user_ids, "emails": emails});

    let first = world.send_once(&moderator, "bulk", &body);
    let summary = first.sent().summary;
    let expected =
        [("already_member", 1), ("invited", 51), ("unknown_user", 28), ("invalid_email", 10), ("duplicate", 10)];
    for (outcome, count) in expected {
        assert_eq!(summary[outcome], count, "{summary:?}");
    }
    let second = world.send_once(&moderator, "bulk", &body);
    assert_eq!(second.header("idempotency-replayed"), Some("true"));
    assert_eq!(second.ok().json(), first.ok().json());
    for address in &emails[..50] {
        stack().await_mail(address);
    }
}
