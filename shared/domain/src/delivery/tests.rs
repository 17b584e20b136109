//! Every state of a mail of every kind has one step that comes next.

use super::*;
use crate::{
    community::{CommunityType, MembershipMode},
    invitation::{CommunityLabel, Delivery, Sender, Status},
    outbox::{MailKind, NewMail},
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
        sender: Sender { id: "mona".parse().unwrap(), display_name: None, profile_url: None },
        message: None,
        lifetime_days: 30,
        mode: MembershipMode::Acceptance,
        silent: false,
        rights: SendingRights { needs_approval: false, connections_only: false },
        now: now(),
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
    OutboxMail { state, ..OutboxMail::new(&NewMail { kind, to }) }
}

/// The steps of a mail for each of what may be known of its recipient.
fn steps(mail: &OutboxMail, status: Status) -> [Step; 3] {
    let facts = [RecipientFact::Unread, RecipientFact::Nobody, RecipientFact::Found];
    facts.map(|fact| decide(mail, &invitation(status), fact, now()))
}

#[test]
fn a_queued_mail_is_looked_up_then_sent_or_failed() {
    for kind in MailKind::ALL {
        let status = kind.rules().wanted_while.unwrap_or(Status::Declined);
        assert_eq!(steps(&mail(kind, MailState::Queued), status), [Step::LookUp, Step::Fail, Step::Send], "{kind:?}");
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
        let step = decide(&joined, &unheard_of, RecipientFact::Found, now());
        let hears = matches!(status, Status::Pending | Status::Accepted | Status::Declined);
        assert_eq!(step, if hears { Step::Send } else { Step::Drop }, "{status:?}");
        assert_eq!(steps(&joined, Status::Expired)[2], Step::Send, "what was mailed before has been heard of");
    }
}

#[test]
fn an_expired_invitation_is_not_mailed_although_the_table_still_has_it_as_pending() {
    let mail = mail(MailKind::Invitation, MailState::Queued);
    let at = |now| decide(&mail, &invitation(Status::Pending), RecipientFact::Found, now);
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
    let step = |kind, state, status| decide(&mail(kind, state), &invitation(status), RecipientFact::Unread, now());
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
    assert_eq!(decide(&sent, &known, RecipientFact::Unread, now()), Step::Skip);
}

#[test]
fn a_lease_is_waited_for_until_it_ends() {
    let leased = OutboxMail { leased_until: Some(later(90)), ..mail(MailKind::Invitation, MailState::Sending) };
    let at = |now| decide(&leased, &invitation(Status::Pending), RecipientFact::Found, now);
    assert_eq!([at(later(89)), at(later(90))], [Step::Wait, Step::Send]);
}

#[test]
fn the_fifth_attempt_without_a_result_is_the_last() {
    let tried = |attempts, forgiven| {
        let mail = OutboxMail { attempts, forgiven, ..mail(MailKind::Invitation, MailState::Queued) };
        decide(&mail, &invitation(Status::Pending), RecipientFact::Found, now())
    };
    assert_eq!(tried(4, 0), Step::Send);
    assert!(matches!(tried(5, 0), Step::Park(_)));
    assert_eq!(tried(9, 5), Step::Send, "an attempt that met a busy mail service does not count");
}

#[test]
fn a_busy_mail_service_is_waited_for_a_day() {
    let busy = |busy_since| OutboxMail { busy_since, ..mail(MailKind::Invitation, MailState::Sending) };
    assert_eq!(after_busy(&busy(None), now()), None);
    assert_eq!(after_busy(&busy(Some(later(-86_399))), now()), None);
    assert!(after_busy(&busy(Some(later(-86_400))), now()).is_some());
}

#[test]
fn who_blocked_the_community_gets_no_mail_that_solicits_and_every_notice() {
    let blocked = Standing { blocked: true, ..Standing::default() };
    let cooling = Standing { cooling_until: Some(later(1)), ..Standing::default() };
    let rested = Standing { cooling_until: Some(now()), ..Standing::default() };
    for kind in MailKind::ALL {
        let solicits = matches!(kind, MailKind::Invitation | MailKind::Joined);
        let refused = |standing| is_refused(&mail(kind, MailState::Queued), standing, now());
        assert_eq!([&blocked, &cooling].map(refused), [solicits; 2], "{kind:?}");
        assert_eq!([&rested, &Standing::default()].map(refused), [false; 2], "{kind:?}");
    }
}
