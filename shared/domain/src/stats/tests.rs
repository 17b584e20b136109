use jiff::civil::date;

use super::*;
use crate::{
    id::InvitationId,
    invitation::Delivery,
    time::{days_later, later},
};

const LIFETIME_DAYS: u32 = 30;

fn noon(day: i8) -> Timestamp {
    format!("2026-11-{day:02}T12:00:00Z").parse().unwrap()
}

/// An invitation that was asked for on 1 November, and became pending on that day of it.
fn invitation(status: Status, sent_on: i8) -> Invitation {
    serde_json::from_value(serde_json::json!({
        "id": InvitationId::new(1, [9; 10]).to_string(),
        "community": { "id": "chess", "title": "Chess", "type": "community" },
        "sender": { "id": "mona" },
        "invitee": { "user": { "id": "ann" } },
        "status": status.as_str(),
        "createdAt": noon(1).as_millisecond(),
        "expiresAt": days_later(noon(sent_on), LIFETIME_DAYS).as_millisecond(),
        "lifetimeDays": LIFETIME_DAYS,
        "revision": 1,
    }))
    .unwrap()
}

fn answered(status: Status, sent_on: i8, answered_on: i8) -> Invitation {
    Invitation { answered_at: Some(noon(answered_on)), ..invitation(status, sent_on) }
}

fn mailed(one: Invitation) -> Invitation {
    Invitation { mailed_at: Some(one.sent_at()), ..one }
}

fn with_mail(state: DeliveryState, mailed_on: i8, on: i8) -> Invitation {
    Invitation {
        mailed_at: Some(noon(mailed_on)),
        delivery: Some(Delivery { state, at: noon(on) }),
        ..invitation(Status::Pending, 1)
    }
}

#[test]
fn what_happened_is_counted_on_its_day_whether_it_is_seen_step_by_step_or_at_once() {
    let day = |day| date(2026, 11, day);
    let yes = [Counter::AcceptedAnswer, Counter::AnswerSeconds(rounded_seconds(2 * 86_400))];
    let no = [Counter::DeclinedAnswer, Counter::AnswerSeconds(0)];
    let (sent, third) = (Counter::Sent, day(3));
    let steps = |before: &[Status], after: &Invitation| {
        let mut counts = Vec::new();
        let mut known = None;
        for status in before {
            counts.extend(day_counts(known, &mailed(invitation(*status, 3))));
            known = Some(*status);
        }
        counts.extend(day_counts(known, after));
        counts
    };
    for (before, after, expected) in [
        (&[][..], invitation(Status::AwaitingApproval, 1), vec![]),
        (&[Status::AwaitingApproval], invitation(Status::Rejected, 1), vec![]),
        (&[Status::AwaitingApproval], invitation(Status::Cancelled, 1), vec![]),
        (&[Status::AwaitingApproval], mailed(invitation(Status::Pending, 3)), vec![(third, sent)]),
        // Unasked: sent, and answered by nobody.
        (&[Status::AwaitingApproval], invitation(Status::Accepted, 3), vec![(third, sent)]),
        (
            &[Status::AwaitingApproval, Status::Pending],
            mailed(answered(Status::Accepted, 3, 5)),
            vec![(third, sent), (day(5), yes[0]), (day(5), yes[1])],
        ),
        (
            &[Status::Pending],
            mailed(answered(Status::Declined, 3, 3)),
            vec![(third, sent), (third, no[0]), (third, no[1])],
        ),
        (&[Status::Pending], mailed(invitation(Status::Cancelled, 3)), vec![(third, sent)]),
        (&[Status::Pending], mailed(invitation(Status::Expired, 3)), vec![(third, sent)]),
        (&[Status::Pending, Status::Cancelled], mailed(invitation(Status::Cancelled, 3)), vec![(third, sent)]),
    ] {
        assert_eq!(steps(before, &after), expected, "{before:?}, {:?}", after.status);
        assert_eq!(steps(&[], &after), expected, "{:?} at once", after.status);
    }
}

#[test]
fn a_mail_arrives_once_and_bounces_once_on_the_day_that_it_does() {
    use DeliveryState::{Bounced, Complained, Delivered, Queued, Sent};

    let of = |before: Option<&Invitation>, after: &Invitation| {
        MailResult::of_change(before, after).map(|result| (result.mailed_at, result.counter, result.day))
    };
    let result = |mailed_on, counter, on| Some((noon(mailed_on), counter, date(2026, 11, on)));
    let sent = with_mail(Sent, 1, 1);
    let delivered = with_mail(Delivered, 1, 2);
    assert_eq!(of(None, &invitation(Status::AwaitingApproval, 1)), None);
    assert_eq!(of(None, &with_mail(Queued, 1, 1)), None);
    assert_eq!(of(Some(&sent), &delivered), result(1, Counter::Delivered, 2));
    assert_eq!(of(None, &delivered), result(1, Counter::Delivered, 2), "as when it is reported again");
    assert_eq!(of(Some(&delivered), &Invitation { revision: 9, ..delivered.clone() }), None, "nothing of the mail");
    assert_eq!(of(Some(&delivered), &with_mail(Bounced, 1, 3)), result(1, Counter::Bounced, 3));
    assert_eq!(of(Some(&with_mail(Bounced, 1, 3)), &with_mail(Complained, 1, 4)), None);
    assert_eq!(of(Some(&delivered), &with_mail(Queued, 5, 5)), None);
    assert_eq!(of(Some(&with_mail(Sent, 5, 5)), &with_mail(Delivered, 5, 6)), result(5, Counter::Delivered, 6));
}

#[test]
fn the_time_to_an_answer_runs_from_when_the_invitation_became_pending() {
    let one = answered(Status::Accepted, 3, 4);
    assert_eq!(one.sent_at(), noon(3));
    assert_eq!(seconds_to_answer(&one), Some(86_400));
    assert_eq!(seconds_to_answer(&invitation(Status::Pending, 3)), None);
    let at_once = Invitation { answered_at: Some(later(noon(3), jiff::SignedDuration::ZERO)), ..one };
    assert_eq!(seconds_to_answer(&at_once), Some(0));
}

#[test]
fn days_add_up() {
    let mut day = DayStats::default();
    for (counter, by) in [
        (Counter::Sent, 3),
        (Counter::Sent, 1),
        (Counter::Delivered, 2),
        (Counter::Bounced, 1),
        (Counter::AcceptedAnswer, 2),
        (Counter::DeclinedAnswer, 1),
        (Counter::AnswerSeconds(9), 1),
        (Counter::AnswerSeconds(9), 1),
        (Counter::AnswerSeconds(60), 1),
    ] {
        day.add(counter, by);
    }
    assert_eq!((day.sent, day.delivered, day.bounced), (4, 2, 1));
    assert_eq!((day.answers.all(), day.answers.accepted, day.answers.median_seconds()), (3, 2, Some(9)));
}

#[test]
fn a_period_has_one_day_to_ninety_two() {
    let day = |text: &str| text.parse::<Date>().unwrap();
    let period = |from, to| Period::new(day(from), day(to));
    let one = period("2026-11-01", "2026-11-01").unwrap();
    assert_eq!(one.days().collect::<Vec<_>>(), [day("2026-11-01")]);
    let most = period("2026-11-01", "2027-01-31").unwrap();
    assert_eq!(most.days().count(), 92);
    assert_eq!((most.days().next(), most.days().last()), (Some(most.from()), Some(most.to())));
    assert_eq!(period("2026-11-01", "2027-02-01"), Err(InvalidPeriod::TooLong));
    assert_eq!(period("2026-11-02", "2026-11-01"), Err(InvalidPeriod::Reversed));
    assert_eq!(period("0001-01-01", "9999-12-31"), Err(InvalidPeriod::TooLong));
    assert_eq!(period("9999-12-30", "9999-12-31").unwrap().days().count(), 2);
}
