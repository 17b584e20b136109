//! The main job: people are invited, hear of it, answer, and everyone sees what came of it.

use serde_json::json;

use crate::world::{Part, World, eventually, free_address, ids, outcomes, page, stack};

#[test]
fn three_people_are_invited_and_each_answers_in_their_own_way() {
    let world = World::new();
    let [moderator, ines, ivo] = world.people([Part::Moderator, Part::Outsider, Part::Outsider]);
    let neighbour = free_address();

    let sent = world.send(&moderator, &json!({"userIds": [ines.id, ivo.id], "emails": [neighbour]})).ok();
    assert_eq!(outcomes(&sent), ["invited", "invited", "invited"]);
    assert_eq!(sent["summary"]["invited"], 3);
    let invitations = [0, 1, 2].map(|index| sent["results"][index]["invitation"]["id"].as_str().unwrap().to_owned());

    // Mails have arrived; nobody is a member yet.
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
            Some(moderator.sees(invitation)).filter(|seen| seen["delivery"]["state"] == "sent")
        });
    }
    let mine = ines.get("/me/invitations").ok();
    assert_eq!((ids(&mine), &mine["pendingCount"]), (vec![invitations[0].clone()], &json!(1)));

    // One accepts on the page, one over the API, one declines without an account.
    let answered = page("POST", &stack().await_mail(&ines.email).link("i"), Some("answer=accept")).expect(200);
    assert!(answered.body.contains(&format!("Welcome to <bdi>{}</bdi>", world.title)), "{}", answered.body);
    let accepted = ivo.command("accept", &invitations[1]).ok();
    assert_eq!((&accepted["status"], &accepted["actions"]), (&json!("accepted"), &json!([])));
    let declined = page("POST", &stack().await_mail(&neighbour).link("i"), Some("answer=decline")).expect(200);
    assert!(declined.body.contains("Invitation declined"), "{}", declined.body);

    // The moderator sees all three, in the list and one by one.
    let expected = ["accepted", "accepted", "declined"];
    for (invitation, state) in invitations.iter().zip(expected) {
        assert_eq!(moderator.sees(invitation)["status"], state);
    }
    for list in [world.path(), "/me/invitations/sent".to_owned()] {
        eventually("the list shows all answers, the newest invitation first", || {
            let list = moderator.get(&list).ok();
            let listed = list["invitations"].as_array().unwrap().iter().rev();
            Some(()).filter(|()| listed.map(|one| &one["status"]).eq(&expected))
        });
    }
    // Both who accepted are members.
    let again = world.send(&moderator, &json!({"userIds": [ines.id, ivo.id], "emails": [neighbour]})).ok();
    assert_eq!(outcomes(&again), ["already_member", "already_member", "cooling_down"]);

    let stats = eventually("the statistics have followed", || {
        let stats = moderator.get(&format!("{}/stats", world.path())).ok();
        Some(stats).filter(|stats| stats["counts"]["accepted"] == 2 && stats["counts"]["declined"] == 1)
    });
    let counts = json!({
        "awaiting_approval": 0, "pending": 0, "accepted": 2, "declined": 1, "rejected": 0, "cancelled": 0, "expired": 0
    });
    assert_eq!(stats["counts"], counts);
    assert!((stats["acceptanceRate"].as_f64().unwrap() - 2.0 / 3.0).abs() < 0.001, "{stats}");
    assert!(stats["medianAnswerSeconds"].is_u64(), "{stats}");

    // Who accepted is welcomed, and the sender hears of every answer.
    for invitee in [&ines, &ivo] {
        let welcome = stack().await_mails(&invitee.email, 2).remove(1);
        assert_eq!(welcome.subject, format!("Welcome to {}", world.title));
    }
    let mut told: Vec<_> = stack().await_mails(&moderator.email, 3).into_iter().map(|mail| mail.subject).collect();
    told.sort();
    let mut expected = vec![
        format!("Your invitation to {} was accepted", ines.name),
        format!("Your invitation to {} was accepted", ivo.name),
        format!("Your invitation to {neighbour} was declined"),
    ];
    expected.sort();
    assert_eq!(told, expected);
    assert_eq!(stack().mails_to(&neighbour).len(), 1);
}

#[test]
fn a_hundred_looks_at_a_link_change_nothing_and_one_press_of_a_button_accepts() {
    let world = World::new();
    let [moderator, ines] = world.people([Part::Moderator, Part::Outsider]);
    let (invitation, mail) = world.invite_by_mail(&moderator, &ines);
    let link = mail.link("i");
    eventually("the mail is settled", || Some(()).filter(|()| ines.sees(&invitation)["delivery"]["state"] == "sent"));
    let before = stack().invitation_record(&invitation);

    for look in 0..100 {
        let intent = ["", "?intent=accept", "?intent=decline"][look % 3];
        let shown = page(["GET", "HEAD"][look % 2], &format!("{link}{intent}"), None).expect(200);
        assert!(look % 2 == 1 || shown.body.contains(&world.title), "{}", shown.body);
    }
    assert_eq!(stack().invitation_record(&invitation), before);
    assert_eq!(world.outcome(&moderator, &json!({"userIds": [ines.id]})), "already_invited");

    page("POST", &link, Some("answer=accept")).expect(200);
    assert_eq!(ines.sees(&invitation)["status"], "accepted");
    assert_eq!(world.outcome(&moderator, &json!({"userIds": [ines.id]})), "already_member");
}

#[test]
fn a_request_goes_out_once_a_moderator_approves_it() {
    let world = World::with(&json!({"enrolment": "closed"}));
    let [owner, moderator, member, ines] = world.people([Part::Owner, Part::Moderator, Part::Member, Part::Outsider]);
    world.connect(&member, &ines);
    let invitation = {
        let sent = world.send(&member, &json!({"userIds": [ines.id], "message": "Come %sender%"})).ok();
        assert_eq!(outcomes(&sent), ["awaiting_approval"]);
        sent["results"][0]["invitation"]["id"].as_str().unwrap().to_owned()
    };
    for decider in [&owner, &moderator] {
        let asked = stack().await_mail(&decider.email);
        assert_eq!(asked.subject, format!("{} asks to invite someone to {}", member.name, world.title));
        assert!(!asked.text.contains("/i/") && !asked.html.contains("/i/"), "{}", asked.text);
    }
    // The queue has it, and the invitee knows nothing.
    let queue = eventually("the queue has it", || {
        let queue = moderator.get(&format!("{}?status=awaiting_approval", world.path())).ok();
        Some(queue).filter(|queue| ids(queue) == [invitation.clone()])
    });
    let actions: Vec<_> = queue["invitations"][0]["actions"].as_array().unwrap().iter().map(|a| &a["id"]).collect();
    let decide = ["CANCEL_COMMUNITY_INVITATION", "APPROVE_COMMUNITY_INVITATION", "REJECT_COMMUNITY_INVITATION"]
        .map(|a| json!(a));
    assert_eq!(actions, decide.iter().collect::<Vec<_>>());
    assert_eq!(ids(&ines.get("/me/invitations").ok()), Vec::<String>::new());

    let approved = moderator.command("approve", &invitation).ok();
    assert_eq!((&approved["status"], &approved["decidedBy"]), (&json!("pending"), &json!(moderator.id)));
    let mail = stack().await_mail(&ines.email);
    assert!(mail.subject.starts_with(&member.name), "the sender is who asked: {}", mail.subject);
    assert_eq!(moderator.command("approve", &invitation).ok()["status"], "pending", "a repetition succeeds");
    assert_eq!(ines.command("accept", &invitation).ok()["status"], "accepted");
}

#[test]
fn a_rejected_request_reaches_its_sender_with_the_reason_and_the_invitee_never() {
    let world = World::with(&json!({"enrolment": "closed"}));
    let [moderator, member, ines] = world.people([Part::Moderator, Part::Member, Part::Outsider]);
    world.connect(&member, &ines);
    let invitation = world.invite(&member, &ines);
    let reject = format!("/invitations/{invitation}/reject");
    let rejected = moderator.post(&reject, &json!({"reason": "We are full."})).ok();
    assert_eq!((&rejected["status"], &rejected["reason"]), (&json!("rejected"), &json!("We are full.")));

    let told = stack().await_mail(&member.email);
    let sentence = format!("Your request to send an invitation to {} was rejected by {}.", ines.name, moderator.name);
    assert!(told.text.contains(&sentence) && told.text.contains("We are full."), "{}", told.text);
    assert_eq!(stack().mails_to(&ines.email).len(), 0);
    assert_eq!(ids(&ines.get("/me/invitations").ok()), Vec::<String>::new());
}

#[test]
fn automatic_mode_makes_a_member_at_once_and_says_so() {
    let world = World::with(&json!({"membershipMode": "automatic"}));
    let [moderator, ines] = world.people([Part::Moderator, Part::Outsider]);
    let address = free_address();
    let sent = world.send(&moderator, &json!({"userIds": [ines.id], "emails": [address]})).ok();
    assert_eq!(outcomes(&sent), ["joined", "invited"]);
    assert_eq!(sent["results"][0]["invitation"]["status"], "accepted");

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
    assert_eq!(owner.command("cancel", &invitation).ok()["status"], "cancelled");

    let gone = page("GET", &mail.link("i"), None).expect(410);
    assert!(gone.body.contains("withdrawn"), "{}", gone.body);
    page("POST", &mail.link("i"), Some("answer=accept")).expect(410);
    eventually("it has left the list of pending ones", || {
        let mine = ines.get("/me/invitations?status=pending").ok();
        Some(()).filter(|()| ids(&mine).is_empty() && mine["pendingCount"] == 0)
    });
    // A later mail has come, so one about the cancelling would have come as well.
    let (again, _) = world.invite_by_mail(&moderator, &ines);
    assert_ne!(again, invitation);
    assert_eq!(ines.sees(&invitation)["status"], "cancelled", "history stays readable");
    assert_eq!(stack().mails_to(&moderator.email).len(), 0);
}

#[test]
fn of_two_answers_at_the_same_time_one_wins_and_the_other_learns_which() {
    let world = World::new();
    let [moderator, ines] = world.people([Part::Moderator, Part::Outsider]);
    let invitation = world.invite(&moderator, &ines);
    let statuses = std::thread::scope(|scope| {
        let answers = ["accept", "decline"].map(|command| scope.spawn(|| ines.command(command, &invitation)));
        answers.map(|answer| answer.join().unwrap())
    });
    let won = ines.sees(&invitation)["status"].as_str().unwrap().to_owned();
    let (winner, loser) = if won == "accepted" { (&statuses[0], &statuses[1]) } else { (&statuses[1], &statuses[0]) };
    assert_eq!(winner.clone().ok()["status"], json!(won));
    assert_eq!(loser.refused(409, &format!("invitation_{won}"))["invitation"]["status"], json!(won));
}

#[test]
fn what_happens_to_a_mail_is_seen_at_its_invitation() {
    let world = World::new();
    let [moderator, ines] = world.people([Part::Moderator, Part::Outsider]);
    let (invitation, _) = world.invite_by_mail(&moderator, &ines);
    let mail = json!({"tags": {
        "ses:configuration-set": [stack().physical_id("ConfigurationSet")],
        "invitation": [invitation],
        "mail": ["invitation"],
    }});
    stack().mail_event(&json!({"eventType": "Delivery", "mail": mail}));
    eventually("it is delivered", || {
        Some(()).filter(|()| moderator.sees(&invitation)["delivery"]["state"] == "delivered")
    });
}
