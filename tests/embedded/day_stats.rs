//! What happened in a community, by day and by sender: right however late, often and in whatever order it is reported.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_dynamodb::types::AttributeValue;
use domain::{
    community::Era,
    id::{InvitationId, UserId},
    invitation::{Invitation, Status},
    stats::{Counter, MailResult},
};
use jiff::civil::{Date, date};
use serde_json::{Value, json};
use store::{keys::Key, record::Item, stats::Uncounted};
use testkit::{
    SesEvent,
    api::{Figures, PeriodStats},
    embedded::{Person, World, chess, kind_of, person},
};

use crate::{
    list_order::{Clock, with_clock},
    stats::{hand_over_in_other_orders, hand_over_twice_at_once},
};

const HOUR: i64 = 60 * 60 * 1_000;
const DAY: i64 = 24 * HOUR;
/// A day and two days, as times to answer are rounded.
const ONE_DAY: u64 = 86_016;
const TWO_DAYS: u64 = 172_032;

const NOTHING: Figures = ([0; 5], None);

async fn november(world: &World, who: &Person) -> PeriodStats {
    world.period(who, "chess", "2026-11-01", "2026-11-04").await
}

/// Three days in the life of a community: Mona invites two people, Olaf an address, and Mona one more, in vain.
async fn some_days(world: &World, clock: &Clock, mona: &Person, pumping: bool) {
    let pump = async || {
        if pumping {
            world.pump().await;
        }
    };
    let [olaf, ann, ben, cara] = world.people(["olaf", "ann", "ben", "cara"]).await;
    world.member("chess", &olaf, "moderator").await;
    let to_ann = world.invite_user(mona, "chess", &ann).await;
    let to_ben = world.invite_user(mona, "chess", &ben).await;
    let to_guest = world.invite_address(&olaf, "chess", "guest@example.org").await;
    pump().await;
    world.ses_event(&SesEvent::new("Delivery", &to_ann)).await;
    world.ses_event(&SesEvent::bounce(&to_guest, "guest@example.org")).await;
    pump().await;
    clock.forward(DAY);
    world.command(&ann, &to_ann, "accept").await.ok();
    world.ses_event(&SesEvent::new("Delivery", &to_ben)).await;
    pump().await;
    clock.forward(DAY);
    world.command(&ben, &to_ben, "decline").await.ok();
    let to_cara = world.invite_user(mona, "chess", &cara).await;
    world.command(mona, &to_cara, "cancel").await.ok();
    pump().await;
}

/// Asserts that the counters are those of [`some_days`].
fn assert_some_days(found: &PeriodStats) {
    assert_eq!((&*found.from, &*found.to, &found.senders_from), ("2026-11-01", "2026-11-04", &None));
    assert_eq!(
        found.by_day(),
        [
            ("2026-11-01", ([3, 1, 1, 0, 0], None)),
            ("2026-11-02", ([0, 1, 0, 1, 1], Some(ONE_DAY))),
            ("2026-11-03", ([1, 0, 0, 1, 0], Some(TWO_DAYS))),
            ("2026-11-04", NOTHING),
        ]
    );
    assert_eq!(
        found.by_sender(),
        [("mona", ([3, 2, 0, 2, 1], Some(ONE_DAY))), ("olaf", ([1, 0, 1, 0, 0], None))],
        "who sent most comes first"
    );
}

#[tokio::test]
async fn what_happens_counts_on_its_day_and_for_its_sender_whenever_it_is_reported() {
    for pumping in [true, false] {
        with_clock(async |clock| {
            let (world, mona) = chess("owner").await;
            assert_eq!(november(&world, &mona).await.by_day(), [1, 2, 3, 4].map(nothing_on).each_ref().map(as_row));
            some_days(&world, &clock, &mona, pumping).await;
            clock.forward(9 * DAY);
            world.pump().await;
            assert_some_days(&november(&world, &mona).await);
            // Parts of the period, and days around it.
            let third = world.period(&mona, "chess", "2026-11-03", "2026-11-03").await;
            assert_eq!(third.by_day(), [("2026-11-03", ([1, 0, 0, 1, 0], Some(TWO_DAYS)))]);
            assert_eq!(third.by_sender(), [("mona", ([1, 0, 0, 1, 0], Some(TWO_DAYS)))]);
            let after = world.period(&mona, "chess", "2026-11-04", "2026-11-09").await;
            assert_eq!((after.days.len(), after.senders.len()), (6, 0));
            // Another community's are its own.
            world.community_of("club", &mona, "owner").await;
            let other = world.period(&mona, "club", "2026-11-01", "2026-11-04").await;
            assert!(other.by_day().iter().all(|(_, figures)| *figures == NOTHING) && other.senders.is_empty());
        })
        .await;
    }
}

/// The first community that has the id.
fn chess_itself() -> Era {
    Era { id: "chess".parse().unwrap(), since: None }
}

fn nothing_on(day: i8) -> (String, Figures) {
    (date(2026, 11, day).to_string(), NOTHING)
}

fn as_row((date, figures): &(String, Figures)) -> (&str, Figures) {
    (date, *figures)
}

#[tokio::test]
async fn days_are_right_however_often_and_in_whatever_order_changes_arrive() {
    with_clock(async |clock| {
        let (world, mona) = chess("owner").await;
        some_days(&world, &clock, &mona, false).await;
        hand_over_in_other_orders(&world).await;
        assert_some_days(&november(&world, &mona).await);
    })
    .await;
}

#[tokio::test]
async fn a_mail_whose_arrival_two_count_at_once_is_counted_once() {
    with_clock(async |_| {
        let (world, mona) = chess("owner").await;
        let id = world.invite_address(&mona, "chess", "ann@example.org").await;
        world.pump().await;
        world.ses_event(&SesEvent::new("Delivery", &id)).await;
        hand_over_twice_at_once(&world, &world.changes()).await;
        assert_eq!(november(&world, &mona).await.by_day()[0].1, ([1, 1, 0, 0, 0], None));
    })
    .await;
}

/// Two invitations that are not counted yet, of the present day and of the next one, where something has counted
/// before.
async fn two_uncounted(world: &World, clock: &Clock, mona: &Person) -> [Vec<Value>; 2] {
    let uncounted = async |address: &str| {
        world.invite_address(mona, "chess", address).await;
        let mut changes = world.changes();
        changes.retain(|change| kind_of(change) == "invitation");
        changes
    };
    world.invite_address(mona, "chess", "olaf@example.org").await;
    world.pump().await;
    let first = uncounted("ann@example.org").await;
    clock.forward(DAY);
    [first, uncounted("ben@example.org").await]
}

#[tokio::test]
async fn what_counts_while_a_later_day_begins_is_counted_on_its_own_day() {
    for later_begins_while_other_waits in [true, false] {
        with_clock(async |clock| {
            let (world, mona) = chess("owner").await;
            let [first, second] = two_uncounted(&world, &clock, &mona).await;
            let (slow, fast) = if later_begins_while_other_waits { (&first, &second) } else { (&second, &first) };
            let count = world.faults.stop_next();
            let meanwhile = async {
                count.reached().await;
                assert!(world.hand_over(fast).await.is_empty());
                count.open();
            };
            let (failed, ()) = tokio::join!(world.hand_over(slow), meanwhile);
            assert!(failed.is_empty());
            let found = november(&world, &mona).await;
            let sent: Vec<_> = found.days.iter().map(|day| day.sent).collect();
            assert_eq!((sent, found.senders[0].sent), (vec![2, 1, 0, 0], 3));
            assert_eq!(world.stats(&mona, "chess").await.nonzero(), [("pending", 3)]);
        })
        .await;
    }
}

#[tokio::test]
async fn what_was_counted_before_a_record_held_a_day_stays_and_more_is_added() {
    with_clock(async |clock| {
        let (world, mona) = chess("owner").await;
        let [first, second] = two_uncounted(&world, &clock, &mona).await;
        // As records were once: answers of all time in that of the community, and each day in its own.
        let own = world.record(Key::stats(&chess_itself())).await.unwrap();
        let mut former: Item = own.into_iter().filter(|(name, _)| !name.starts_with("sent") && name != "day").collect();
        former.remove("revision");
        former.insert("acceptedAnswers".to_owned(), AttributeValue::N("1".to_owned()));
        world.put_record(former).await;
        let day = counted(Key::day_stats(&chess_itself(), date(2026, 11, 1)), 1, 0);
        world.put_record(day).await;
        world.hand_over(&first).await;
        assert_eq!(november(&world, &mona).await.days[0].sent, 2);
        world.hand_over(&second).await;
        let found = november(&world, &mona).await;
        let sent: Vec<_> = found.days.iter().map(|day| (day.sent, day.accepted)).collect();
        assert_eq!(sent, [(2, 0), (1, 0), (0, 0), (0, 0)]);
        assert_eq!(world.stats(&mona, "chess").await.acceptance_rate, Some(1.0));
    })
    .await;
}

#[tokio::test]
async fn a_day_that_moves_while_it_is_read_counts_once() {
    with_clock(async |clock| {
        let (world, mona) = chess("owner").await;
        let [first, second] = two_uncounted(&world, &clock, &mona).await;
        world.hand_over(&first).await;
        // The community's record is read before the next day begins, and the days after it.
        let as_read = world.record(Key::stats(&chess_itself())).await.unwrap();
        world.hand_over(&second).await;
        world.put_record(as_read).await;
        let found = november(&world, &mona).await;
        let sent: Vec<_> = found.days.iter().map(|day| day.sent).collect();
        assert_eq!((sent, found.senders[0].sent), (vec![2, 0, 0, 0], 2));
    })
    .await;
}

#[tokio::test]
async fn each_mail_of_an_invitation_arrives_once_and_bounces_once() {
    with_clock(async |clock| {
        let (world, mona) = chess("owner").await;
        let id = world.invite_address(&mona, "chess", "ann@example.org").await;
        world.pump().await;
        world.ses_event(&SesEvent::new("Delivery", &id)).await;
        clock.forward(13 * HOUR);
        world.command(&mona, &id, "resend").await.ok();
        world.ses_event(&SesEvent::new("Delivery", &id)).await;
        world.ses_event(&SesEvent::new("Delivery", &id)).await;
        // What arrived may come back, and be called spam as well.
        let bounce = SesEvent::new("Bounce", &id).bounced("Permanent", "ann@example.org");
        world.ses_event(&bounce).await;
        clock.forward(DAY);
        world.ses_event(&SesEvent::new("Complaint", &id).complained("ann@example.org")).await;
        // An operator has the invitation looked at again, as if all of it were new.
        let invitation = Key::invitation(id.parse().unwrap());
        world.api.store.report_again(invitation, system::now()).await.unwrap();
        // All of it in one batch, and once more.
        let changes = world.changes();
        for _ in 0..2 {
            assert!(world.hand_over(&changes).await.is_empty(), "a report that is told again holds up nothing");
        }
        world.pump().await;
        let found = november(&world, &mona).await;
        assert_eq!(
            found.by_day()[..3],
            [("2026-11-01", ([1, 1, 0, 0, 0], None)), ("2026-11-02", ([0, 1, 1, 0, 0], None)), ("2026-11-03", NOTHING),]
        );
    })
    .await;
}

#[tokio::test]
async fn a_request_counts_when_it_is_approved_and_for_who_asked() {
    with_clock(async |clock| {
        let (world, mona) = chess("owner").await;
        let (mia, ann, id) = world.requested().await;
        world.pump().await;
        clock.forward(DAY);
        assert!(november(&world, &mona).await.senders.is_empty(), "nothing is sent");
        world.command(&mona, &id, "approve").await.ok();
        clock.forward(DAY);
        world.command(&ann, &id, "accept").await.ok();
        world.pump().await;
        let found = november(&world, &mona).await;
        assert_eq!(
            found.by_day()[..3],
            [
                ("2026-11-01", NOTHING),
                ("2026-11-02", ([1, 0, 0, 0, 0], None)),
                ("2026-11-03", ([0, 0, 0, 1, 1], Some(ONE_DAY))),
            ]
        );
        assert_eq!(found.by_sender(), [(&*mia.id, ([1, 0, 0, 1, 1], Some(ONE_DAY)))]);
        // What was never approved was never sent.
        let [bob] = world.people(["bob"]).await;
        world.connect(&mia, &bob).await;
        let refused = world.invite_user(&mia, "chess", &bob).await;
        world.command(&mona, &refused, "reject").await.ok();
        world.pump().await;
        assert_eq!(november(&world, &mona).await, found);
    })
    .await;
}

#[tokio::test]
async fn who_joins_unasked_was_sent_an_invitation_and_answered_none() {
    with_clock(async |clock| {
        let (world, mona) = chess("owner").await;
        let [cara] = world.people(["cara"]).await;
        world.community("chess", json!({ "membershipMode": "automatic" })).await;
        assert_eq!(world.outcome(&mona, "chess", json!({ "userIds": ["cara"] })).await, "joined");
        let closed = json!({ "enrolment": "closed", "membershipMode": "automatic" });
        world.community("chess", closed).await;
        let [mia, ann] = world.people(["mia", "ann"]).await;
        world.member("chess", &mia, "member").await;
        world.connect(&mia, &ann).await;
        let id = world.invite_user(&mia, "chess", &ann).await;
        clock.forward(2 * DAY);
        assert_eq!(world.command(&mona, &id, "approve").await.invitation().status, "accepted");
        world.pump().await;
        let found = november(&world, &mona).await;
        let sent = ([1, 0, 0, 0, 0], None);
        assert_eq!(found.by_day()[..3], [("2026-11-01", sent), ("2026-11-02", NOTHING), ("2026-11-03", sent)]);
        assert_eq!(found.by_sender(), [("mia", sent), ("mona", sent)]);
        assert_eq!(world.role(&cara, "chess").await.as_deref(), Some("member"));
    })
    .await;
}

#[tokio::test]
async fn senders_have_their_present_names_and_who_is_gone_keeps_the_id_alone() {
    with_clock(async |_| {
        let (world, mona) = chess("owner").await;
        let [olaf, ann, ben] = world.people(["olaf", "ann", "ben"]).await;
        world.member("chess", &olaf, "moderator").await;
        world.invite_user(&olaf, "chess", &ann).await;
        world.invite_user(&mona, "chess", &ben).await;
        world.pump().await;
        let profile = "https://platform.example.org/people/mona";
        world.register_with(&mona, json!({ "displayName": "Mona Lind", "profileUrl": profile })).await;
        world.remove("users/olaf").await;
        world.pump().await;
        let found = november(&world, &mona).await;
        let shown: Vec<_> = found.senders.iter().map(|one| &one.sender).collect();
        let name = |one: &testkit::api::Sender| (one.id.clone(), one.display_name.clone(), one.profile_url.clone());
        assert_eq!(
            shown.into_iter().map(name).collect::<Vec<_>>(),
            [
                ("mona".to_owned(), Some("Mona Lind".to_owned()), Some(profile.to_owned())),
                ("olaf".to_owned(), None, None)
            ]
        );
        assert_eq!(found.by_day()[0].1, ([2, 0, 0, 0, 0], None), "what happened has happened");
        let counters = world.record(Key::stats(&chess_itself())).await.unwrap();
        let text = format!("{counters:?}");
        assert!(text.contains("#olaf") && !text.contains("Olaf") && !text.contains("Mona"), "{text}");
    })
    .await;
}

#[tokio::test]
async fn a_period_is_two_days_in_order_and_at_most_ninety_two() {
    let (world, mona) = chess("owner").await;
    let ask = async |query: &str| world.get(&mona, format!("/communities/chess/invitations/stats?{query}")).await;
    for (query, param) in [
        ("from=2026-11-01", "to"),
        ("to=2026-11-01", "from"),
        ("from=2026-11-02&to=2026-11-01", "to"),
        ("from=2026-11-01&to=2027-02-01", "to"),
        ("from=2026-02-29&to=2026-03-01", "from"),
        ("from=2026-11-01&to=2026-11-31", "to"),
        ("from=2026-11-01T00:00:00Z&to=2026-11-02", "from"),
        ("from=20261101&to=2026-11-02", "from"),
        ("from=-000001-01-01&to=2026-11-02", "from"),
        ("from=0000-12-31&to=0000-12-31", "from"),
        ("from=yesterday&to=today", "from"),
        ("from=2026-11-01&from=2026-11-02&to=2026-11-02", "from"),
    ] {
        assert_eq!(ask(query).await.refused(400, "malformed_request").param(), param, "{query}");
    }
    assert_eq!(ask("from=&to=").await.stats().period, None);
    assert_eq!(world.period(&mona, "chess", "2026-11-01", "2027-01-31").await.days.len(), 92);
    assert_eq!(world.period(&mona, "chess", "9999-12-30", "9999-12-31").await.days.len(), 2);
    let period = "/communities/chess/invitations/stats?from=2026-11-01&to=2026-11-02";
    world.get(&person("ghost"), period).await.refused(403, "caller_unknown");
    let [ann] = world.people(["ann"]).await;
    world.get(&ann, period).await.refused(403, "not_moderator");
}

#[tokio::test]
async fn days_go_after_four_hundred_days_and_the_counts_of_all_time_stay() {
    with_clock(async |clock| {
        let (world, mona) = chess("owner").await;
        some_days(&world, &clock, &mona, true).await;
        let counts = world.stats(&mona, "chess").await;
        let now = || domain::time::later(system::now(), jiff::SignedDuration::ZERO).as_millisecond();
        clock.forward(397 * DAY);
        world.remove_outlived(now());
        world.pump().await;
        assert_some_days(&november(&world, &mona).await);
        clock.forward(DAY);
        world.remove_outlived(now());
        world.pump().await;
        let left = november(&world, &mona).await;
        assert_eq!(left.by_day()[..2], [("2026-11-01", NOTHING), ("2026-11-02", ([0, 1, 0, 1, 1], Some(ONE_DAY)))]);
        let of_all_time = world.stats(&mona, "chess").await;
        assert_eq!(of_all_time.acceptance_rate, counts.acceptance_rate);
        assert_eq!(of_all_time.counts["accepted"], 1);
    })
    .await;
}

/// A record of counters with so many different times to answer.
fn counted(key: Key, sent: u32, times: u32) -> Item {
    let number = |number: u32| AttributeValue::N(number.to_string());
    let mut item = Item::from(key);
    item.insert("sent".to_owned(), number(sent));
    item.extend((0..times).map(|time| (format!("seconds{time}"), number(1))));
    item
}

#[tokio::test]
async fn days_are_whole_and_senders_count_from_a_day_that_is_told_where_there_are_too_many() {
    const SENDERS: u32 = 110;
    let (world, mona) = chess("owner").await;
    let community = chess_itself();
    let days: Vec<Date> = (1..=30).map(|day| date(2026, 11, day)).collect();
    let mut records = Vec::new();
    for day in &days {
        let mut all = counted(Key::day_stats(&community, *day), SENDERS * (SENDERS + 1) / 2, 0);
        all.insert("sent#olaf".to_owned(), AttributeValue::N("200".to_owned()));
        records.push(all);
        for number in 1..=SENDERS {
            let sender = format!("user{number:03}").parse().unwrap();
            records.push(counted(Key::sender_stats(&community, *day, &sender), number, 150));
        }
    }
    world.load_records(records);
    world.meter.take();
    let found = world.period(&mona, "chess", "2026-11-01", "2026-11-30").await;
    let usage = world.meter.take();
    assert!(usage.of("Query") <= 7, "the reading ends: {usage:?}");
    assert!(found.days.iter().all(|day| day.sent == 6_105), "days are never cut: {found:?}");
    let since: Date = found.senders_from.as_ref().expect("more than is read").parse().unwrap();
    assert!(since > days[0] && since < days[29], "{since}");
    let counted_days = days.iter().filter(|day| **day >= since).count();
    let counted_days = i64::try_from(counted_days).unwrap();
    let apart = (12..=110).rev().map(|number: i64| (format!("user{number:03}"), number * counted_days));
    let expected: Vec<_> = [("olaf".to_owned(), 200 * counted_days)].into_iter().chain(apart).collect();
    let shown: Vec<_> = found.senders.iter().map(|one| (one.sender.id.clone(), one.sent)).collect();
    assert_eq!(shown, expected, "a hundred, who sent most, each by whole days");
    // A shorter period is whole.
    let last = world.period(&mona, "chess", &since.to_string(), "2026-11-30").await;
    assert_eq!((last.senders_from, last.senders), (None, found.senders));
}

#[tokio::test]
async fn the_record_of_a_community_holds_the_senders_and_times_of_its_day_as_long_as_it_is_small() {
    let (world, mona) = chess("owner").await;
    let [ann] = world.people(["ann"]).await;
    let id = world.invite_user(&mona, "chess", &ann).await;
    let invitation = world.stored(&id).await;
    let (community, day) = (chess_itself(), domain::sending::Quota::day(invitation.created_at));
    // What an id may have, and an expression may not.
    let senders: Vec<UserId> = (0..30).map(|number| format!("a.b-c_d:e@f~g|h+i=j{number}").parse().unwrap()).collect();
    let arrive = async |sender: &UserId, number: u8, latest: Option<&Invitation>| {
        let arrived = MailResult { mailed_at: invitation.created_at, counter: Counter::Delivered, day };
        let report = Uncounted { sender, latest, mails: BTreeSet::from([arrived]) };
        world.api.store.count_in(&community, &[(InvitationId::new(1, [number; 10]), report)]).await.unwrap();
    };
    let counted = async || {
        let apart: Vec<_> = world.dump().await.into_iter().filter(|((pk, _), _)| pk == "DAYS#chess").collect();
        let own = world.record(Key::stats(&community)).await.unwrap();
        let bytes = |(name, value): (&String, &AttributeValue)| name.len() + value.as_s().map_or(4, String::len);
        let bytes: usize = own.iter().map(bytes).sum();
        let today = day.to_string();
        let found = world.period(&mona, "chess", &today, &today).await;
        let of = |who: &UserId| {
            let one = found.senders.iter().find(|one| one.sender.id == who.as_str()).unwrap();
            (one.sent, one.delivered)
        };
        (bytes < 1_024, apart.len(), found.days[0].delivered, senders.iter().map(of).collect::<Vec<_>>())
    };
    for (sender, number) in senders.iter().zip(0..) {
        arrive(sender, number, None).await;
    }
    let (small, apart, all, of) = counted().await;
    assert!((1..29).contains(&apart), "some fit, and some do not: {apart}");
    assert_eq!((small, all, of), (true, 30, vec![(0, 1); 30]));
    // Whose counters are there goes on there.
    for (sender, number) in senders.iter().zip(100..) {
        arrive(sender, number, None).await;
    }
    assert_eq!(counted().await, (true, apart, 60, vec![(0, 2); 30]));
    // Who stands in the record and needs more room than it has is counted in both.
    arrive(&senders[0], 200, Some(&invitation)).await;
    let (small, both, all, of) = counted().await;
    assert_eq!((small, both, all, of[0]), (true, apart + 1, 61, (1, 3)));
    // A time to answer that it has no room for is counted apart as well, beside those of the day and those of all time.
    let at = invitation.created_at + jiff::SignedDuration::from_secs(7);
    let answered = Invitation {
        id: InvitationId::new(1, [202; 10]),
        status: Status::Accepted,
        answered_at: Some(at),
        ..invitation.clone()
    };
    let report = Uncounted { sender: &senders[2], latest: Some(&answered), mails: BTreeSet::new() };
    world.api.store.count_in(&community, &[(answered.id, report)]).await.unwrap();
    let (small, after, ..) = counted().await;
    assert_eq!((small, after), (true, both + 2), "a time of the day, and what the sender has no room for");
    // By now the record has more than that. Whose counters are there goes on there all the same.
    arrive(&senders[1], 203, None).await;
    assert_eq!(counted().await.1, after);
    let today = day.to_string();
    let found = world.period(&mona, "chess", &today, &today).await;
    assert_eq!((found.days[0].accepted, found.days[0].median_answer_seconds), (1, Some(7)));
    let of_all_time = world.stats(&mona, "chess").await;
    assert_eq!((of_all_time.acceptance_rate, of_all_time.median_answer_seconds), (Some(1.0), Some(7)));
}

#[tokio::test]
async fn what_takes_more_than_one_transaction_is_counted_in_several() {
    let (world, mona) = chess("owner").await;
    let [ann] = world.people(["ann"]).await;
    let id = world.invite_user(&mona, "chess", &ann).await;
    let prototype = world.stored(&id).await;
    let senders: Vec<UserId> = (0..60).map(|number| format!("sender{number}").parse().unwrap()).collect();
    let answered = |number: u8| Invitation {
        id: InvitationId::new(1, [number; 10]),
        status: Status::Accepted,
        answered_at: Some(prototype.expires_at),
        ..prototype.clone()
    };
    let invitations: Vec<_> = (0..60).map(answered).collect();
    let day = date(2026, 11, 9);
    let arrived = MailResult { mailed_at: prototype.created_at, counter: Counter::Delivered, day };
    let mut reports = Vec::new();
    for (invitation, sender) in invitations.iter().zip(&senders) {
        let mails = BTreeSet::from([arrived]);
        reports.push((invitation.id, Uncounted { sender, latest: Some(invitation), mails }));
    }
    for _ in 0..2 {
        world.api.store.count_in(&chess_itself(), &reports).await.unwrap();
    }
    let found = world.period(&mona, "chess", "2026-11-09", "2026-11-09").await;
    assert_eq!((found.days[0].delivered, found.senders.len()), (60, 60));
    let sent = prototype.sent_at().to_string()[..10].to_owned();
    let answered = prototype.expires_at.to_string()[..10].to_owned();
    let of: BTreeMap<_, _> = world
        .period(&mona, "chess", &sent, &answered)
        .await
        .days
        .into_iter()
        .map(|day| (day.date.clone(), day))
        .collect();
    assert_eq!((of[&sent].sent, of[&answered].answered, of[&answered].accepted), (60, 60, 60));
    assert_eq!(world.stats(&mona, "chess").await.nonzero(), [("accepted", 60)]);
}
