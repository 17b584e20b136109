//! Every refusal of docs/problems.md that a caller can run into, each brought about by what people really do.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use testkit::{
    Response, eventually, files,
    stack::{Part, Person, World, call, free_address, page, serial, stack},
};

/// Declares a test per refusal: its name, the status, the code, and a way to run into it.
macro_rules! refusals {
    ($($(#[$attribute:meta])* $name:ident: $status:literal $code:literal, $bring_about:expr;)*) => {
        $($(#[$attribute])* #[test] fn $name() {
            let bring_about: fn() -> Response = $bring_about;
            bring_about().refused($status, $code);
        })*

        /// The refusals that are brought about.
        const SHOWN: &[(u16, &str)] = &[$(($status, $code)),*];
    };
}

/// Refusals that no caller of the API can run into here, and who shows them instead.
const SHOWN_ELSEWHERE: [(&str, &str); 7] = [
    ("unauthenticated", "the gateway responds with 401 before any function: see `access`"),
    ("no_such_route", "the gateway knows the routes: see `access`"),
    ("registration_needed", "a page says it: see `page`"),
    ("sign_in_needed", "a page says it: see `page`"),
    ("people_search_off", "the whole network must have no search: see tests/embedded"),
    ("unavailable", "the table must be busy: see tests/embedded"),
    ("already_member", "the directory must not know the invited address as the member's: see tests/embedded"),
];

#[test]
fn every_documented_refusal_is_shown() {
    let text = files::read("docs/problems.md");
    // Other tables of the page have no status in their second column.
    let refusal = |line: &'static str| {
        let mut columns = line.strip_prefix("| ")?.split(" | ");
        let (codes, status): (_, u16) = (columns.next()?, columns.next()?.parse().ok()?);
        Some(codes.split(", ").map(move |code| (status, code.trim_matches('`'))))
    };
    let documented: BTreeSet<_> = text.leak().lines().filter_map(refusal).flatten().collect();
    assert!(documented.len() > 30, "docs/problems.md lists only {documented:?}");
    let shown: BTreeSet<_> = SHOWN.iter().copied().collect();
    let undocumented: Vec<_> = shown.difference(&documented).collect();
    assert!(undocumented.is_empty(), "not in docs/problems.md: {undocumented:?}");
    let elsewhere = SHOWN_ELSEWHERE.map(|(code, _)| code);
    let missing: Vec<_> = documented.difference(&shown).filter(|(_, code)| !elsewhere.contains(code)).collect();
    assert!(missing.is_empty(), "no test runs into {missing:?}");
}

/// A member's request to a closed community, which waits for approval.
struct Requested {
    world: World,
    moderator: Person,
    member: Person,
    invitee: Person,
    invitation: String,
}

fn requested() -> Requested {
    let world = World::with(&json!({"enrolment": "closed"}));
    let [moderator, member, invitee] = world.people([Part::Moderator, Part::Member, Part::Outsider]);
    world.connect(&member, &invitee);
    let invitation = world.invite(&member, &invitee);
    Requested { world, moderator, member, invitee, invitation }
}

/// A moderator's invitation, which waits for its answer.
struct Invited {
    world: World,
    moderator: Person,
    invitee: Person,
    invitation: String,
}

fn invited() -> Invited {
    let world = World::new();
    let [moderator, invitee] = world.people([Part::Moderator, Part::Outsider]);
    let invitation = world.invite(&moderator, &invitee);
    Invited { world, moderator, invitee, invitation }
}

/// Returns the response to a person of that part who invites an address to a community with those fields.
fn sending(part: Part, fields: &Value) -> Response {
    let world = World::with(fields);
    let [sender] = world.people([part]);
    world.send(&sender, &json!({"emails": [free_address()]}))
}

refusals! {
    a_body_that_is_no_json_is_malformed: 400 "malformed_request", || {
        let world = World::new();
        let [moderator] = world.people([Part::Moderator]);
        let url = format!("{}{}", stack().api_url, world.path());
        let authorization = moderator.authorization();
        call("POST", &url, &[("Authorization", &authorization)], Some("{\"emails\": ["))
    };
    a_cursor_of_another_list_is_invalid: 400 "invalid_cursor", || {
        let world = World::new();
        let [moderator, other] = world.people([Part::Moderator, Part::Moderator]);
        let addresses = [(); 3].map(|()| free_address());
        world.send(&moderator, &json!({"emails": addresses})).ok();
        let page = eventually("a page of several", || {
            Some(moderator.page(&format!("{}?limit=1", world.path()))).filter(|page| page.next_cursor.is_some())
        });
        other.get(&format!("{}?limit=1&cursor={}", world.path(), page.next()))
    };
    who_is_not_in_the_directory_sends_nothing: 403 "caller_unknown", || sending(Part::Unknown, &json!({}));
    who_is_not_active_sends_nothing: 403 "caller_inactive", || sending(Part::Inactive, &json!({}));
    who_is_no_site_administrator_changes_no_directory: 403 "not_site_administrator", || {
        let world = World::new();
        let [owner] = world.people([Part::Owner]);
        owner.put(&format!("/directory/communities/{}", world.community), &json!({"title": "Mine"}))
    };
    who_is_no_member_invites_nobody: 403 "not_a_member", || sending(Part::Outsider, &json!({}));
    a_moderator_of_a_network_invites_nobody:
        403 "inviters_are_administrators", || sending(Part::Moderator, &json!({"enrolment": "network"}));
    a_member_invites_nobody_into_a_private_community:
        403 "community_private", || sending(Part::Member, &json!({"visibility": "private"}));
    nobody_invites_where_invitations_are_not_allowed:
        403 "invitations_not_allowed", || sending(Part::Owner, &json!({"allowInvitations": false}));
    a_moderator_does_not_answer_for_the_invitee: 403 "not_invitee", || {
        let scene = invited();
        scene.moderator.command("accept", &scene.invitation)
    };
    whose_address_is_not_verified_is_told_so: 403 "email_unverified", || {
        let world = World::new();
        let [moderator, unverified] = world.people([Part::Moderator, Part::Unverified]);
        let invitation = world.invite_address(&moderator, &unverified.email);
        unverified.command("accept", &invitation)
    };
    a_sender_who_only_is_a_member_approves_nothing: 403 "not_moderator", || {
        let scene = requested();
        scene.member.command("approve", &scene.invitation)
    };
    an_invitee_does_not_cancel: 403 "not_sender", || {
        let scene = invited();
        scene.invitee.command("cancel", &scene.invitation)
    };
    an_invitation_that_never_was_is_not_found: 404 "invitation_not_found", || {
        let world = World::new();
        let [outsider] = world.people([Part::Outsider]);
        outsider.get("/invitations/01ARZ3NDEKTSV4RRFFQ69G5FAV")
    };
    a_community_that_never_was_is_not_found: 404 "community_not_found", || {
        let world = World::new();
        let path = format!("/communities/nowhere-{}/invitations", serial());
        let [outsider] = world.people([Part::Outsider]);
        outsider.post(&path, &json!({"emails": ["ada@example.org"]}))
    };
    a_member_must_be_in_the_directory: 404 "not_in_directory", || {
        let world = World::new();
        let path = format!("/directory/communities/{}/members/nobody-{}", world.community, serial());
        world.administrator.put(&path, &json!({"role": "member"}))
    };
    who_became_a_member_another_way_finds_the_invitation_ended: 409 "invitation_cancelled", || {
        let scene = invited();
        scene.world.import(&[scene.world.member_record(&scene.invitee, "member")]);
        scene.invitee.command("accept", &scene.invitation)
    };
    a_request_whose_sender_has_left_cannot_be_approved: 409 "sender_may_not_invite", || {
        let scene = requested();
        let path = format!("/directory/communities/{}/members/{}", scene.world.community, scene.member.id);
        scene.world.administrator.delete(&path).expect(204);
        scene.moderator.command("approve", &scene.invitation)
    };
    a_request_for_someone_who_has_blocked_the_community_cannot_be_approved: 409 "invitee_unavailable", || {
        let scene = requested();
        // An earlier invitation's mail is still there, with its way out.
        scene.moderator.command("cancel", &scene.invitation).ok();
        let (earlier, mail) = scene.world.invite_by_mail(&scene.moderator, &scene.invitee);
        scene.moderator.command("cancel", &earlier).ok();
        let request = scene.world.invite(&scene.member, &scene.invitee);
        page("POST", &mail.link("u"), Some("List-Unsubscribe=One-Click")).expect(200);
        scene.moderator.command("approve", &request)
    };
    what_awaits_approval_is_not_mailed: 409 "invitation_awaiting_approval", || {
        let scene = requested();
        scene.moderator.command("resend", &scene.invitation)
    };
    what_needs_no_approval_is_not_approved: 409 "invitation_pending", || {
        let scene = invited();
        scene.moderator.command("approve", &scene.invitation)
    };
    what_is_accepted_is_not_declined: 409 "invitation_accepted", || {
        let scene = invited();
        scene.invitee.command("accept", &scene.invitation).ok();
        scene.invitee.command("decline", &scene.invitation)
    };
    what_is_declined_is_not_accepted: 409 "invitation_declined", || {
        let scene = invited();
        scene.invitee.command("decline", &scene.invitation).ok();
        scene.invitee.command("accept", &scene.invitation)
    };
    what_is_rejected_is_not_approved: 409 "invitation_rejected", || {
        let scene = requested();
        scene.moderator.command("reject", &scene.invitation).ok();
        scene.moderator.command("approve", &scene.invitation)
    };
    what_is_cancelled_is_not_accepted: 409 "invitation_cancelled", || {
        let scene = invited();
        scene.moderator.command("cancel", &scene.invitation).ok();
        scene.invitee.command("accept", &scene.invitation)
    };
    what_is_expired_is_not_accepted: 409 "invitation_expired", || {
        let scene = invited();
        stack().expire(&scene.invitation);
        scene.invitee.command("accept", &scene.invitation)
    };
    an_address_has_one_owner: 409 "email_taken", || {
        let world = World::new();
        let [ines] = world.people([Part::Outsider]);
        let body = json!({"displayName": "Impostor", "email": ines.email.to_uppercase(), "emailVerified": true});
        world.administrator.put(&format!("/directory/users/impostor-{}", serial()), &body)
    };
    a_repetition_of_a_request_that_is_still_running_waits: 409 "request_still_running", || {
        let world = World::new();
        let [moderator] = world.people([Part::Moderator]);
        let body = json!({"emails": [free_address()]});
        world.send_once(&moderator, "key", &body).ok();
        stack().let_requests_run_on(&moderator.id);
        world.send_once(&moderator, "key", &body)
    };
    more_than_a_hundred_records_are_too_large: 413 "too_large", || {
        let world = World::new();
        let record = json!({"type": "connection", "userId": "a", "otherId": "b"});
        world.administrator.post("/directory/import", &json!({"records": vec![record; 101]}))
    };
    more_than_a_hundred_recipients_are_too_many: 413 "too_many_recipients", || {
        let world = World::new();
        let [moderator] = world.people([Part::Moderator]);
        let addresses: Vec<_> = (0..101).map(|_| free_address()).collect();
        world.send(&moderator, &json!({"emails": addresses}))
    };
    a_lifetime_of_a_year_and_a_day_is_invalid: 422 "invalid_value", || {
        let world = World::new();
        let [moderator] = world.people([Part::Moderator]);
        world.send(&moderator, &json!({"emails": [free_address()], "expiresInDays": 366}))
    };
    a_token_that_nobody_knows_is_named: 422 "unknown_message_token", || {
        let world = World::new();
        let [moderator] = world.people([Part::Moderator]);
        let response =
            world.send(&moderator, &json!({"emails": [free_address()], "message": "%sender% and %friend%"}));
        let problem = response.refused(422, "unknown_message_token");
        assert!(problem.detail.contains("%friend%"), "{problem:?}");
        response
    };
    a_key_is_for_one_request: 422 "idempotency_key_reused", || {
        let world = World::new();
        let [moderator] = world.people([Part::Moderator]);
        world.send_once(&moderator, "key", &json!({"emails": [free_address()]})).ok();
        world.send_once(&moderator, "key", &json!({"emails": [free_address()]}))
    };
    a_day_has_so_many_invitations: 429 "daily_quota_used", || {
        let world = World::alone_with_settings(&json!({"dailyInvitationsPerSender": 1}));
        let [moderator] = world.people([Part::Moderator]);
        world.invite_address(&moderator, &free_address());
        world.send(&moderator, &json!({"emails": [free_address()]}))
    };
    an_hour_has_one_mail: 429 "resent_recently", || {
        let scene = invited();
        scene.moderator.command("resend", &scene.invitation)
    };
    our_own_fault_tells_nothing_internal: 500 "internal_error", || {
        let world = World::new();
        let [moderator, invitee] = world.people([Part::Moderator, Part::Outsider]);
        let (invitation, _) = world.invite_by_mail(&moderator, &invitee);
        eventually("the mail is sent", || {
            Some(()).filter(|()| invitee.sees(&invitation).is_mail("sent"))
        });
        stack().damage(&invitation);
        let response = invitee.get(&format!("/invitations/{invitation}"));
        assert_eq!(response.refused(500, "internal_error").detail, "Something went wrong on our side.");
        response
    };
}

#[test]
fn a_conflict_tells_the_state_that_the_invitation_is_in() {
    let scene = invited();
    scene.moderator.command("cancel", &scene.invitation).ok();
    let problem = scene.invitee.command("decline", &scene.invitation).refused(409, "invitation_cancelled");
    assert_eq!(problem.invitation_status(), "cancelled");
}

#[test]
fn what_is_over_quota_tells_when_to_come_back() {
    let scene = invited();
    let problem = scene.moderator.command("resend", &scene.invitation).refused(429, "resent_recently");
    assert!((3_500..=3_601).contains(&problem.retry_after.unwrap()), "{problem:?}");
}

#[test]
fn every_part_of_a_request_that_cannot_be_understood_is_named() {
    let world = World::new();
    let [moderator] = world.people([Part::Moderator]);
    let send = |body: Value| world.send(&moderator, &body);
    let list = |query: &str| moderator.get(&format!("{}?{query}", world.path()));
    let cases = [
        (send(json!({"userIds": "ines"})), "userIds"),
        (send(json!({"userIds": [1]})), "userIds[0]"),
        (send(json!({"emails": {"to": "ada"}})), "emails"),
        (send(json!({"emails": ["ada@example.org"], "subject": "Hi"})), "subject"),
        (send(json!({"emails": ["ada@example.org"], "expiresInDays": "two"})), "expiresInDays"),
        (list("limit=0"), "limit"),
        (list("limit=101"), "limit"),
        (list("limit=many"), "limit"),
        (list("status=open"), "status"),
    ];
    for (response, param) in cases {
        assert_eq!(response.refused(400, "malformed_request").param(), param, "{response:?}");
    }
    assert_eq!(list("cursor=x").refused(400, "invalid_cursor").param(), "cursor");
}
