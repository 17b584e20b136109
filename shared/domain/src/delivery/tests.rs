//! Every state of a mail of every kind has one step that comes next.

use super::*;
use crate::{
    community::{CommunityType, MembershipMode},
    field::Whole,
    invitation::{CommunityLabel, Delivery, Sender, Status},
    outbox::{MailKind, NewMail, RequestSize},
    sending::{SendingRights, Terms},
};

fn now() -> Timestamp {
    Timestamp::from_second(1_793_534_400).unwrap()
}

fn later(seconds: i64) -> Timestamp {
    crate::time::later(now(), SignedDuration::from_secs(seconds))
}

fn invitation(status: Status) -> Invitation {
    let terms = Terms {
        community: CommunityLabel {
            id: "chess".parse().unwrap(),
            title: "Chess".to_owned(),
            url: None,
            community_type: CommunityType::Community,
        },
        community_since: None,
        sender: Sender { id: "mona".parse().unwrap(), display_name: None, profile_url: None },
        message: None,
        lifetime_days: 30,
        mode: MembershipMode::Acceptance,
        silent: false,
        rights: SendingRights { needs_approval: false, connections_only: false },
        now: now(),
        reminder_at: None,
    };
    let invitee = Invitee::address("ann@example.org".parse().unwrap());
    let made = terms.invitation("01KZ7Q3V9MZ4T8X2C6B1N5D0FA".parse().unwrap(), invitee);
    Invitation { status, expires_at: later(3_600), ..made }
}

fn mail(kind: MailKind, state: MailState) -> OutboxMail {
    let to = match kind {
        MailKind::ApprovalNeeded => Addressee::User("moderator".parse().unwrap()),
        _ => Addressee::Invitee,
    };
    OutboxMail { state, ..OutboxMail::new(&NewMail::new(kind, to)) }
}

/// The steps of a mail whose recipient is not looked up, is nobody, and is found.
fn steps(mail: &OutboxMail, status: Status) -> [Step; 3] {
    let facts = [RecipientFact::Unread, RecipientFact::Nobody, RecipientFact::Found];
    facts.map(|fact| decide(mail, &invitation(status), &knowing(fact), now()))
}

fn knowing(recipient: RecipientFact) -> Facts<'static> {
    Facts { recipient, ..Facts::default() }
}

/// The step of a mail whose recipient was found.
fn step_at(mail: &OutboxMail, invitation: &Invitation, now: Timestamp) -> Step {
    decide(mail, invitation, &knowing(RecipientFact::Found), now)
}

#[test]
fn a_queued_mail_is_looked_up_then_sent_or_failed() {
    for kind in MailKind::ALL {
        let status = kind.rules().wanted_while.unwrap_or(Status::Declined);
        assert_eq!(steps(&mail(kind, MailState::Queued), status), [Step::LookUp, Step::Fail, Step::Send], "{kind:?}");
    }
}

#[test]
fn it_is_noted_of_a_user_that_no_mailbox_took_the_invitation_mail_and_no_other() {
    for kind in MailKind::ALL {
        let status = kind.rules().wanted_while.unwrap_or(Status::Declined);
        let facts = knowing(RecipientFact::Unreached);
        let step = decide(&mail(kind, MailState::Queued), &invitation(status), &facts, now());
        assert_eq!(step, if kind == MailKind::Invitation { Step::FailUnreached } else { Step::Fail }, "{kind:?}");
    }
}

#[test]
fn a_mail_waits_behind_a_closed_gate_if_it_would_be_sent() {
    let at = later(300);
    for kind in MailKind::ALL {
        let status = kind.rules().wanted_while.unwrap_or(Status::Declined);
        let step = |mail: &OutboxMail, recipient| {
            let facts = Facts { closed_until: Some(at), ..knowing(recipient) };
            decide(mail, &invitation(status), &facts, now())
        };
        let queued = mail(kind, MailState::Queued);
        let until = spread(invitation(status).id, at);
        assert_eq!(step(&queued, RecipientFact::Found), Step::Postpone(until), "{kind:?}");
        assert_eq!(step(&queued, RecipientFact::Nobody), Step::Fail, "{kind:?}");
        let tried = OutboxMail { attempts: 5, ..queued };
        assert!(matches!(step(&tried, RecipientFact::Found), Step::Park(_)), "{kind:?}");
    }
}

#[test]
fn a_mail_is_dropped_in_every_state_but_the_one_it_tells_of() {
    for kind in MailKind::ALL {
        let Some(wanted) = kind.rules().wanted_while else { continue };
        for status in Status::ALL.into_iter().filter(|status| *status != wanted) {
            assert_eq!(steps(&mail(kind, MailState::Queued), status), [Step::Drop; 3], "{kind:?} while {status:?}");
        }
    }
}

#[test]
fn no_mail_tells_an_invitee_of_a_request_that_was_not_approved() {
    for status in Status::ALL {
        let joined = mail(MailKind::Joined, MailState::Queued);
        let unheard_of = Invitation { mailed_at: None, ..invitation(status) };
        let step = step_at(&joined, &unheard_of, now());
        let hears = matches!(status, Status::Pending | Status::Accepted | Status::Declined);
        assert_eq!(step, if hears { Step::Send } else { Step::Drop }, "{status:?}");
        assert_eq!(steps(&joined, Status::Expired)[2], Step::Send, "what was mailed before has been heard of");
    }
}

#[test]
fn an_expired_invitation_is_not_mailed_although_the_table_still_has_it_as_pending() {
    let mail = mail(MailKind::Invitation, MailState::Queued);
    let at = |now| step_at(&mail, &invitation(Status::Pending), now);
    assert_eq!([at(later(3_599)), at(later(3_600))], [Step::Send, Step::Drop]);
}

#[test]
fn a_mail_to_the_moderators_is_fanned_out_without_a_look_at_anyone() {
    let mail = OutboxMail { to: Addressee::Moderators, ..mail(MailKind::ApprovalNeeded, MailState::Queued) };
    assert_eq!(steps(&mail, Status::AwaitingApproval), [Step::FanOut; 3]);
    assert_eq!(steps(&mail, Status::Cancelled), [Step::Drop; 3]);
}

#[test]
fn a_mail_that_is_dealt_with_shows_in_an_invitation_that_does_not_say_so_yet() {
    let step = |kind, state, status| decide(&mail(kind, state), &invitation(status), &Facts::default(), now());
    for (state, shown) in [
        (MailState::Sent, DeliveryState::Sent),
        (MailState::Parked, DeliveryState::Failed),
        (MailState::Dropped, DeliveryState::Failed),
    ] {
        assert_eq!(step(MailKind::Invitation, state, Status::Pending), Step::Show(shown));
        assert_eq!(step(MailKind::Joined, state, Status::Accepted), Step::Skip, "only invitation mails are tracked");
    }
    assert_eq!(step(MailKind::Invitation, MailState::Dropped, Status::Cancelled), Step::Skip);
    let known = Invitation {
        delivery: Some(Delivery { state: DeliveryState::Delivered, at: now() }),
        ..invitation(Status::Pending)
    };
    let sent = mail(MailKind::Invitation, MailState::Sent);
    assert_eq!(decide(&sent, &known, &Facts::default(), now()), Step::Skip);
}

#[test]
fn a_lease_is_waited_for_until_it_ends() {
    let leased = OutboxMail { leased_until: Some(later(90)), ..mail(MailKind::Invitation, MailState::Sending) };
    let at = |now| step_at(&leased, &invitation(Status::Pending), now);
    assert_eq!([at(later(89)), at(later(90))], [Step::Wait, Step::Send]);
}

#[test]
fn the_fifth_attempt_without_a_result_is_the_last() {
    let tried = |attempts, forgiven| {
        let mail = OutboxMail { attempts, forgiven, ..mail(MailKind::Invitation, MailState::Queued) };
        step_at(&mail, &invitation(Status::Pending), now())
    };
    assert_eq!(tried(4, 0), Step::Send);
    assert!(matches!(tried(5, 0), Step::Park(_)));
    assert_eq!(tried(9, 5), Step::Send, "an attempt that met a busy mail service does not count");
}

/// What to do with the mail after the failure, while the gate is open.
fn after<'a>(failure: &'a Failure, mail: &OutboxMail, invitation: &Invitation) -> AfterFailure<'a> {
    after_failure(failure, mail, invitation, &Gate::default(), now())
}

#[test]
fn a_busy_mail_service_is_waited_for_while_the_invitation_lives_and_for_a_day() {
    let busy = |busy_since: Option<i64>, expires: i64| {
        let mail = OutboxMail { busy_since: busy_since.map(later), ..mail(MailKind::Invitation, MailState::Sending) };
        after(&Failure::Busy, &mail, &Invitation { expires_at: later(expires), ..invitation(Status::Pending) })
    };
    assert_eq!([busy(None, 1), busy(Some(-299), 1)], [AfterFailure::Requeue, AfterFailure::Requeue]);
    let wait = |seconds| AfterFailure::Wait(spread(invitation(Status::Pending).id, later(seconds)));
    assert_eq!(
        [busy(Some(-300), 1), busy(Some(-3_000), 0), busy(Some(-86_399), 0)],
        [wait(300), wait(3_000), wait(3_600)]
    );
    assert_eq!(busy(Some(-864_000), 1), wait(3_600), "ten days, and it is not over");
    assert!(matches!(busy(Some(-86_400), 0), AfterFailure::Park(_)));
}

#[test]
fn what_the_mail_service_says_decides_whether_a_mail_waits_or_is_parked() {
    let (mail, invitation) = (mail(MailKind::Invitation, MailState::Sending), invitation(Status::Pending));
    let rejected = Failure::Rejected("MessageRejected".to_owned());
    assert_eq!(after(&rejected, &mail, &invitation), AfterFailure::Park("MessageRejected"));
    assert_eq!(after(&Failure::NoResponse, &mail, &invitation), AfterFailure::AwaitLease);
    let gate = Gate::default().closed_by("AccessDenied", now());
    let stopped = Failure::Stopped("AccessDenied".to_owned());
    assert_eq!(
        after_failure(&stopped, &mail, &invitation, &gate, now()),
        AfterFailure::Wait(spread(invitation.id, gate.closed_until.unwrap()))
    );
}

#[test]
fn who_blocked_the_community_gets_no_mail_that_solicits_and_every_notice() {
    let blocked = Standing { blocked: true, ..Standing::default() };
    let cooling = Standing { cooling_until: Some(later(1)), ..Standing::default() };
    let rested = Standing { cooling_until: Some(now()), ..Standing::default() };
    for kind in MailKind::ALL {
        let solicits = matches!(kind, MailKind::Invitation | MailKind::Joined | MailKind::Reminder);
        let unwanted = |standing| is_unwanted(&mail(kind, MailState::Queued), standing, now());
        assert_eq!([&blocked, &cooling].map(unwanted), [solicits; 2], "{kind:?}");
        assert_eq!([&rested, &Standing::default()].map(unwanted), [false; 2], "{kind:?}");
    }
}

#[test]
fn a_mail_that_waits_is_left_alone_until_its_time() {
    let reminder = OutboxMail { not_before: Some(later(60)), ..mail(MailKind::Reminder, MailState::Waiting) };
    let at = |now| step_at(&reminder, &invitation(Status::Pending), now);
    assert_eq!([at(later(59)), at(later(60))], [Step::Postpone(later(60)), Step::Send]);
    assert_eq!(steps(&reminder, Status::Accepted), [Step::Drop; 3], "and is dropped as soon as it says nothing true");
    let queued = OutboxMail { state: MailState::Queued, ..reminder.clone() };
    assert_eq!(step_at(&queued, &invitation(Status::Pending), now()), Step::Send, "one that is queued has its time");
}

#[test]
fn a_request_for_many_stays_true_while_one_of_them_waits_for_approval() {
    let request = Some(RequestSize { places: 3, invitations: 3 });
    for to in [Addressee::Moderators, Addressee::User("mo".parse().unwrap())] {
        let asks = OutboxMail { request, to: to.clone(), ..mail(MailKind::ApprovalNeeded, MailState::Queued) };
        let wanted = if to == Addressee::Moderators { Step::FanOut } else { Step::LookUp };
        let step = |status, request_waits| {
            let facts = Facts { request_waits, ..Facts::default() };
            decide(&asks, &invitation(status), &facts, now())
        };
        assert_eq!(step(Status::AwaitingApproval, Fact::Unread), wanted);
        assert_eq!(step(Status::Pending, Fact::Unread), Step::LookUpRequest);
        assert_eq!(
            [step(Status::Pending, Fact::Known(true)), step(Status::Pending, Fact::Known(false))],
            [wanted, Step::Drop]
        );
    }
}

#[test]
fn a_request_waits_while_one_of_its_invitations_does_or_may_still_be_made() {
    let (made, answered) = (invitation(Status::AwaitingApproval), invitation(Status::Pending));
    let waits = |all: [Option<&Invitation>; 2], seconds| request_waits(all, now(), later(seconds));
    assert!(waits([Some(&answered), Some(&made)], 1_800));
    assert!(!waits([Some(&answered), Some(&made)], 3_600), "an expired one waits no more");
    assert!(!waits([Some(&answered); 2], 0));
    assert!(waits([Some(&answered), None], 59) && !waits([Some(&answered), None], 60));
}

/// What is known of a notice to a sender that reaches them or not.
fn noticing(to_senders: SenderNotices, digest: &Digest, found: bool) -> Facts<'_> {
    let notices = Notices { to_senders, reminders: false, digest, name: "own" };
    let recipient = if found { RecipientFact::Found } else { RecipientFact::Nobody };
    Facts { recipient, notices: Some(notices), ..Facts::default() }
}

/// The step of a notice to a sender that reaches them or not.
fn notice_step(mail: &OutboxMail, to_senders: SenderNotices, digest: &Digest, found: bool) -> Step {
    decide(mail, &invitation(Status::Accepted), &noticing(to_senders, digest, found), now())
}

#[test]
fn a_sender_hears_of_answers_as_the_network_wants() {
    let told = Digest { told_by: Some("other".to_owned()), told_at: Some(now()), carrier: None };
    let carried = Digest { carrier: Some("another".to_owned()), ..told.clone() };
    for kind in [MailKind::MembershipConfirmed, MailKind::Declined] {
        let notice = OutboxMail { to: Addressee::Sender, ..mail(kind, MailState::Queued) };
        let step = |mode, digest: &Digest, found| notice_step(&notice, mode, digest, found);
        assert_eq!(step(SenderNotices::Digest, &Digest::default(), true), Step::Send);
        assert_eq!(step(SenderNotices::Digest, &told, true), Step::Carry(later(3_600)));
        assert_eq!(step(SenderNotices::Digest, &carried, true), Step::Join);
        assert_eq!(step(SenderNotices::Digest, &carried, false), Step::Fail, "nobody is there to be told");
        assert_eq!(step(SenderNotices::Each, &carried, true), Step::Send);
        assert_eq!(step(SenderNotices::None, &carried, true), Step::Drop);
    }
    let to_invitee = mail(MailKind::MembershipConfirmed, MailState::Queued);
    assert_eq!(notice_step(&to_invitee, SenderNotices::None, &carried, true), Step::Send);
}

#[test]
fn nothing_is_left_to_a_notice_that_is_sent_or_given_up() {
    let waited =
        OutboxMail { to: Addressee::Sender, not_before: Some(now()), ..mail(MailKind::Declined, MailState::Waiting) };
    let open = Digest { carrier: Some("own".to_owned()), ..Digest::default() };
    for (mode, then) in
        [(SenderNotices::Digest, Step::Send), (SenderNotices::Each, Step::Send), (SenderNotices::None, Step::Drop)]
    {
        assert_eq!([true, false].map(|found| notice_step(&waited, mode, &open, found)), [Step::Close; 2], "{mode:?}");
        assert_eq!(notice_step(&waited, mode, &Digest::default(), true), then, "{mode:?}");
    }
}

#[test]
fn behind_a_closed_gate_one_notice_to_a_sender_carries_those_that_come() {
    let (at, until) = (later(300), spread(invitation(Status::Accepted).id, later(300)));
    let notice = OutboxMail { to: Addressee::Sender, ..mail(MailKind::Declined, MailState::Queued) };
    let step = |to_senders, digest: &Digest| {
        let facts = Facts { closed_until: Some(at), ..noticing(to_senders, digest, true) };
        decide(&notice, &invitation(Status::Accepted), &facts, now())
    };
    let untold = Digest::default();
    assert_eq!(step(SenderNotices::Digest, &untold), Step::Carry(until));
    assert_eq!(step(SenderNotices::Each, &untold), Step::Postpone(until), "where each is told, none carries others");
    let waits = Digest { carrier: Some("other".to_owned()), ..Digest::default() };
    assert_eq!(step(SenderNotices::Digest, &waits), Step::Join);
    let repeated = Digest { told_by: Some("own".to_owned()), told_at: Some(now()), ..waits };
    assert_eq!(step(SenderNotices::Digest, &repeated), Step::Postpone(until), "it was told, and another one carries");
}

#[test]
fn a_network_that_wants_no_reminders_any_more_has_none_sent() {
    let digest = Digest::default();
    let notices = |days| {
        let settings = Settings { reminder_days_before_expiry: days, ..Settings::default() };
        let notices = Some(Notices::new(&settings, &digest, "own"));
        let facts = Facts { recipient: RecipientFact::Found, notices, ..Facts::default() };
        decide(&mail(MailKind::Reminder, MailState::Queued), &invitation(Status::Pending), &facts, now())
    };
    assert_eq!([notices(const { Whole::new(3) }), notices(const { Whole::new(0) })], [Step::Send, Step::Drop]);
}

#[test]
fn what_a_day_has_no_room_for_goes_out_in_the_first_hour_of_the_next() {
    let day = 86_400;
    let midnight = Timestamp::from_second(now().as_second() / day * day + day).unwrap();
    let (mail, invitation) = (mail(MailKind::Invitation, MailState::Sending), invitation(Status::Pending));
    let times = (0..100).map(|place| {
        let other = Invitation { id: invitation.id.at_place(place), ..invitation.clone() };
        match after(&Failure::NoRoom, &mail, &other) {
            AfterFailure::Wait(until) => until,
            step => panic!("{step:?}"),
        }
    });
    assert!(times.clone().all(|at| at >= midnight && at < crate::time::later(midnight, SignedDuration::from_hours(1))));
    assert!(times.collect::<std::collections::BTreeSet<_>>().len() > 50, "not all of them at once");
}

#[test]
fn a_mail_that_solicits_counts_once_against_each_day() {
    let today = Quota::day(now());
    for kind in MailKind::ALL {
        let fresh = mail(kind, MailState::Queued);
        assert_eq!(fresh.is_uncounted_on(today), kind.rules().solicits, "{kind:?}");
        let counted = OutboxMail { counted_on: Some(today), ..fresh };
        assert!(!counted.is_uncounted_on(today));
        assert_eq!(counted.is_uncounted_on(today.tomorrow().unwrap()), kind.rules().solicits, "{kind:?}");
    }
}
