//! The main job: people are invited, hear of it, answer, and everyone sees what came of it.

use serde_json::json;

use testkit::{
    SesEvent, eventually,
    stack::{Part, World, free_address, page, stack},
};

#[test]
fn three_people_are_invited_and_each_answers_in_their_own_way() {
    let world = World::new();
    let [moderator, ines, ivo] = world.people([Part::Moderator, Part::Outsider, Part::Outsider]);
    let neighbour = free_address();

    let sent = world.send(&moderator, &json!({"userIds": [ines.id, ivo.id], "emails": [neighbour]})).sent();
    assert_eq!(sent.outcomes(), ["invited", "invited", "invited"]);
    assert_eq!(sent.summary["invited"], 3);
    let invitations = [0, 1, 2].map(|index: usize| sent.results[index].id().to_owned());

    // Mails have arrived; no one is a member yet.
    for address in [&ines.email, &ivo.email, &neighbour] {
        let mail = stack().await_mail(address);
        assert_eq!(mail.subject, format!("{} invited you to join {}", moderator.name, world.title));
        let message = format!(
            "{name} (https://community.example.org/people/{id}) has invited you to join the {title} \
             (https://community.example.org/{community}) community. You can use the links below to accept or reject \
             the invitation.",
            name = moderator.name,
            id = moderator.id,
            title = world.title,
            community = world.community,
        );
        assert!(mail.text.contains(&message), "{}", mail.text);
        for part in [&mail.text, &mail.html] {
            assert!(part.contains("Accept Invitation") && part.contains("Decline Invitation"), "{part}");
            assert!(part.contains(&mail.link("i")), "{part}");
        }
    }
    for invitation in &invitations {
        eventually("the invitation tells that its mail has left", || {
            Some(moderator.sees(invitation)).filter(|seen| seen.is_mail("sent"))
        });
    }
    let mine = ines.mine();
    assert_eq!((mine.ids(), mine.pending_count), (vec![&*invitations[0]], Some(1)));

    // One accepts on the page, one over the API, one declines without an account.
    let answered = page("POST", &stack().await_mail(&ines.email).link("i"), Some("answer=accept"));
    answered.expect(200);
    assert!(answered.body.contains(&format!("Welcome to <bdi>{}</bdi>", world.title)), "{}", answered.body);
    let accepted = ivo.command("accept", &invitations[1]).invitation();
    assert_eq!((&*accepted.status, accepted.actions), ("accepted", vec![]));
    let declined = page("POST", &stack().await_mail(&neighbour).link("i"), Some("answer=decline"));
    declined.expect(200);
    assert!(declined.body.contains("Invitation declined"), "{}", declined.body);

    // The moderator sees all three, in the list and one by one.
    let expected = ["accepted", "accepted", "declined"];
    for (invitation, state) in invitations.iter().zip(expected) {
        assert_eq!(moderator.sees(invitation).status, state);
    }
    for list in [world.path(), "/me/invitations/sent".to_owned()] {
        eventually("the list shows all answers, status by status", || {
            let list = moderator.page(&list);
            Some(()).filter(|()| list.statuses() == expected)
        });
    }
    // Both who accepted are members.
    let again = world.send(&moderator, &json!({"userIds": [ines.id, ivo.id], "emails": [neighbour]})).sent();
    assert_eq!(again.outcomes(), ["already_member", "already_member", "cooling_down"]);

    let stats = eventually("the statistics have followed", || {
        let stats = moderator.get(&format!("{}/stats", world.path())).stats();
        Some(stats).filter(|stats| stats.nonzero() == [("accepted", 2), ("declined", 1)])
    });
    assert!((stats.acceptance_rate.unwrap() - 2.0 / 3.0).abs() < 0.001, "{stats:?}");
    assert!(stats.median_answer_seconds.is_some(), "{stats:?}");

    // Who accepted is welcomed, and the sender hears of the first answer at once, of the others within an hour.
    for invitee in [&ines, &ivo] {
        let welcome = stack().await_mails(&invitee.email, 2).remove(1);
        assert_eq!(welcome.subject, format!("Welcome to {}", world.title));
    }
    let told = stack().await_mails(&moderator.email, 1).remove(0).subject;
    let answers = [
        format!("Your invitation to {} was accepted", ines.name),
        format!("Your invitation to {} was accepted", ivo.name),
        format!("Your invitation to {neighbour} was declined"),
    ];
    assert!(answers.contains(&told), "{told}");
    assert_eq!(stack().mails_to(&neighbour).len(), 1);
}

#[test]
fn a_hundred_looks_at_a_link_change_nothing_and_one_press_of_a_button_accepts() {
    let world = World::new();
    let [moderator, ines] = world.people([Part::Moderator, Part::Outsider]);
    let (invitation, mail) = world.invite_by_mail(&moderator, &ines);
    let link = mail.link("i");
    eventually("the mail is sent", || Some(()).filter(|()| ines.sees(&invitation).is_mail("sent")));
    let before = stack().invitation_record(&invitation);

    for look in 0..100 {
        let intent = ["", "?intent=accept", "?intent=decline"][look % 3];
        let shown = page(["GET", "HEAD"][look % 2], &format!("{link}{intent}"), None);
        shown.expect(200);
        assert!(look % 2 == 1 || shown.body.contains(&world.title), "{}", shown.body);
    }
    assert_eq!(stack().invitation_record(&invitation), before);
    assert_eq!(world.outcome(&moderator, &json!({"userIds": [ines.id]})), "already_invited");

    page("POST", &link, Some("answer=accept")).expect(200);
    assert_eq!(ines.sees(&invitation).status, "accepted");
    assert_eq!(world.outcome(&moderator, &json!({"userIds": [ines.id]})), "already_member");
}

#[test]
fn a_request_goes_out_once_a_moderator_approves_it() {
    let world = World::with(&json!({"enrolment": "closed"}));
    let [owner, moderator, member, ines] = world.people([Part::Owner, Part::Moderator, Part::Member, Part::Outsider]);
    world.connect(&member, &ines);
    let invitation = {
        let sent = world.send(&member, &json!({"userIds": [ines.id], "message": "Come %sender%"})).sent();
        assert_eq!(sent.outcomes(), ["awaiting_approval"]);
        sent.results[0].id().to_owned()
    };
    for decider in [&owner, &moderator] {
        let asked = stack().await_mail(&decider.email);
        assert_eq!(asked.subject, format!("{} asks to invite someone to {}", member.name, world.title));
        assert!(!asked.text.contains("/i/") && !asked.html.contains("/i/"), "{}", asked.text);
    }
    // The queue has it, and the invitee knows nothing.
    let queue = eventually("the queue has it", || {
        let queue = moderator.page(&format!("{}?status=awaiting_approval", world.path()));
        Some(queue).filter(|queue| queue.ids() == [invitation.clone()])
    });
    let decide = ["CANCEL_COMMUNITY_INVITATION", "APPROVE_COMMUNITY_INVITATION", "REJECT_COMMUNITY_INVITATION"];
    assert_eq!(queue.invitations[0].action_ids(), decide);
    assert_eq!(ines.mine().ids(), Vec::<String>::new());

    let approved = moderator.command("approve", &invitation).invitation();
    assert_eq!((&*approved.status, approved.decided_by.as_ref()), ("pending", Some(&moderator.id)));
    let mail = stack().await_mail(&ines.email);
    assert!(mail.subject.starts_with(&member.name), "the sender is who asked: {}", mail.subject);
    assert_eq!(moderator.command("approve", &invitation).invitation().status, "pending", "a repetition succeeds");
    assert_eq!(ines.command("accept", &invitation).invitation().status, "accepted");
}

#[test]
fn a_rejected_request_reaches_its_sender_with_the_reason_and_the_invitee_never() {
    let world = World::with(&json!({"enrolment": "closed"}));
    let [moderator, member, ines] = world.people([Part::Moderator, Part::Member, Part::Outsider]);
    world.connect(&member, &ines);
    let invitation = world.invite(&member, &ines);
    let reject = format!("/invitations/{invitation}/reject");
    let rejected = moderator.post(&reject, &json!({"reason": "We are full."})).invitation();
    assert_eq!((&*rejected.status, rejected.reason.as_deref()), ("rejected", Some("We are full.")));

    let told = stack().await_mail(&member.email);
    let sentence = format!("Your request to send an invitation to {} was rejected by {}.", ines.name, moderator.name);
    assert!(told.text.contains(&sentence) && told.text.contains("We are full."), "{}", told.text);
    assert_eq!(stack().mails_to(&ines.email).len(), 0);
    assert_eq!(ines.mine().ids(), Vec::<String>::new());
}

#[test]
fn automatic_mode_makes_a_member_at_once_and_says_so() {
    let world = World::with(&json!({"membershipMode": "automatic"}));
    let [moderator, ines] = world.people([Part::Moderator, Part::Outsider]);
    let address = free_address();
    let sent = world.send(&moderator, &json!({"userIds": [ines.id], "emails": [address]})).sent();
    assert_eq!(sent.outcomes(), ["joined", "invited"]);
    assert_eq!(sent.results[0].made().status, "accepted");

    let told = stack().await_mail(&ines.email);
    assert_eq!(told.subject, format!("You are now a member of {}", world.title));
    assert!(!told.text.contains("/i/"), "there is nothing to answer: {}", told.text);
    assert_eq!(world.outcome(&moderator, &json!({"userIds": [ines.id]})), "already_member");
}

#[test]
fn a_cancelled_invitation_disappears_silently() {
    let world = World::new();
    let [owner, moderator, ines] = world.people([Part::Owner, Part::Moderator, Part::Outsider]);
    let (invitation, mail) = world.invite_by_mail(&moderator, &ines);
    assert_eq!(owner.command("cancel", &invitation).invitation().status, "cancelled");

    let gone = page("GET", &mail.link("i"), None);
    gone.expect(410);
    assert!(gone.body.contains("withdrawn"), "{}", gone.body);
    page("POST", &mail.link("i"), Some("answer=accept")).expect(410);
    eventually("it has left the list of pending ones", || {
        let mine = ines.page("/me/invitations?status=pending");
        Some(()).filter(|()| mine.ids().is_empty() && mine.pending_count == Some(0))
    });
    // A later mail has come, so one about the cancelling would have come as well.
    let (again, _) = world.invite_by_mail(&moderator, &ines);
    assert_ne!(again, invitation);
    assert_eq!(ines.sees(&invitation).status, "cancelled", "history stays readable");
    assert_eq!(stack().mails_to(&moderator.email).len(), 0);
}

#[test]
fn of_two_answers_at_the_same_time_one_wins_and_the_other_learns_which() {
    let world = World::new();
    let [moderator, ines] = world.people([Part::Moderator, Part::Outsider]);
    let invitation = world.invite(&moderator, &ines);
    let statuses = std::thread::scope(|scope| {
        let responses = ["accept", "decline"].map(|command| scope.spawn(|| ines.command(command, &invitation)));
        responses.map(|response| response.join().unwrap())
    });
    let won = ines.sees(&invitation).status;
    let (winner, loser) = if won == "accepted" { (&statuses[0], &statuses[1]) } else { (&statuses[1], &statuses[0]) };
    assert_eq!(winner.invitation().status, won);
    assert_eq!(loser.refused(409, &format!("invitation_{won}")).invitation_status(), won);
}

#[test]
fn what_happens_to_a_mail_is_seen_at_its_invitation() {
    let world = World::new();
    let [moderator, ines] = world.people([Part::Moderator, Part::Outsider]);
    let (invitation, _) = world.invite_by_mail(&moderator, &ines);
    stack().ses_event(&SesEvent::new("Delivery", &invitation));
    eventually("it is delivered", || Some(()).filter(|()| moderator.sees(&invitation).is_mail("delivered")));
}
