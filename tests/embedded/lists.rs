//! Lists: their order, filters, cursors and counts, exact to the moment, at one query a page whatever there is.

use domain::{
    id::InvitationId,
    invitation::{CommunityLabel, Invitation, Invitee, Status},
    time::days_later,
};
use jiff::SignedDuration;
use serde_json::json;
use system::now;

use crate::list_order::with_clock;
use testkit::{
    api::{self, Page, ids},
    embedded::{Person, World, chess as chess_of, person},
};

/// Returns Mona's open community, and a cancelled invitation of hers to Ann as a prototype.
async fn chess() -> (World, Person, Person, Invitation) {
    let (world, mona) = chess_of("moderator").await;
    let [ann] = world.people(["ann"]).await;
    let id = world.invite_user(&mona, "chess", &ann).await;
    let prototype = world.stored(&id).await;
    world.command(&mona, &id, "cancel").await.ok();
    (world, mona, ann, prototype)
}

/// Returns a copy of the prototype, made that long ago, with a status of its own.
fn copy(prototype: &Invitation, age: SignedDuration, number: u16, status: Status) -> Invitation {
    let made = now() - age;
    let mut entropy = [7; 10];
    entropy[..2].copy_from_slice(&number.to_be_bytes());
    Invitation {
        id: InvitationId::new(made.as_millisecond().unsigned_abs(), entropy),
        status,
        created_at: made,
        expires_at: days_later(made, prototype.lifetime_days),
        answered_at: matches!(status, Status::Accepted | Status::Declined).then_some(made),
        ..prototype.clone()
    }
}

/// Returns every invitation of a list, and how many were on each page.
async fn pages(world: &World, caller: &Person, path: &str) -> (Vec<api::Invitation>, Vec<usize>) {
    let (mut all, mut sizes) = (Vec::new(), Vec::new());
    let mut cursor = String::new();
    loop {
        let joint = if path.contains('?') { '&' } else { '?' };
        world.meter.take();
        let page = world.page(caller, format!("{path}{joint}cursor={cursor}")).await;
        let usage = world.meter.take();
        let most = if path.contains("status=expired") { 2 } else { 1 };
        assert!(usage.of("Query") <= most, "{usage:?}");
        sizes.push(page.invitations.len());
        all.extend(page.invitations);
        match page.next_cursor {
            Some(next) => cursor = next,
            None => return (all, sizes),
        }
    }
}

#[tokio::test]
async fn pending_comes_first_then_status_by_status_and_the_newest_of_each_before_the_others() {
    let (world, mona, ann, prototype) = chess().await;
    let hours = SignedDuration::from_hours;
    let made = [
        copy(&prototype, hours(1), 0, Status::Accepted),
        copy(&prototype, hours(2), 0, Status::Pending),
        copy(&prototype, hours(3), 0, Status::Declined),
        copy(&prototype, hours(4), 0, Status::Pending),
    ];
    world.load(&made);
    for (who, path) in
        [(&ann, "/me/invitations"), (&mona, "/me/invitations/sent"), (&mona, "/communities/chess/invitations")]
    {
        let page = world.page(who, path).await;
        let expected = [&made[1], &made[3]].map(|one| one.id.to_string());
        assert_eq!(page.ids()[..2], expected, "{path}");
        assert_eq!(page.statuses(), ["pending", "pending", "accepted", "declined", "cancelled"], "{path}");
    }
}

#[tokio::test]
async fn a_status_narrows_every_list_and_pages_neither_repeat_nor_miss_anything() {
    let (world, mona, ann, prototype) = chess().await;
    let statuses = [Status::Pending, Status::Accepted, Status::Declined, Status::Cancelled, Status::Expired];
    let made: Vec<_> = (0..50_u16)
        .map(|number| {
            let status = statuses[usize::from(number) % statuses.len()];
            copy(&prototype, SignedDuration::from_mins(i64::from(number) + 1), number, status)
        })
        .collect();
    world.load(&made);
    for (who, path) in
        [(&ann, "/me/invitations"), (&mona, "/me/invitations/sent"), (&mona, "/communities/chess/invitations")]
    {
        for status in statuses {
            let (list, sizes) = pages(&world, who, &format!("{path}?status={}&limit=4", status.as_str())).await;
            let mut expected: Vec<_> =
                made.iter().filter(|one| one.status == status).map(|one| one.id.to_string()).collect();
            if status == Status::Cancelled {
                expected.insert(0, prototype.id.to_string());
            }
            assert_eq!(ids(&list), expected, "{path} {}", status.as_str());
            assert!(sizes.iter().rev().skip(1).all(|size| *size == 4), "{sizes:?}");
        }
        let (list, _) = pages(&world, who, &format!("{path}?limit=7")).await;
        let mut found = ids(&list);
        found.sort_unstable();
        found.dedup();
        assert_eq!((found.len(), list.len()), (51, 51), "{path}");
        assert!(list[..10].iter().all(|one| one.status == "pending"), "{path}");
    }
}

#[tokio::test]
async fn an_invitation_is_expired_from_the_very_moment_everywhere() {
    with_clock(async |clock| {
        let (world, mona, ann, _) = chess().await;
        let id = world.invite_user(&mona, "chess", &ann).await;
        let moment = now() + SignedDuration::from_millis(900);
        world.set_expiry(&id, moment).await;
        let seen = async |wanted: &str| {
            let mine = world.mine(&ann).await;
            let filtered = world.page(&ann, format!("/me/invitations?status={wanted}")).await;
            let sent = world.page(&mona, format!("/communities/chess/invitations?status={wanted}")).await;
            let listed = mine.invitations.iter().find(|one| one.id == id).unwrap();
            assert_eq!([world.status(&ann, &id).await, listed.status.clone()], [wanted, wanted]);
            assert!(filtered.ids().contains(&&*id) && sent.ids().contains(&&*id), "{wanted}");
            mine.pending_count
        };
        assert_eq!(seen("pending").await, Some(1));
        clock.forward(899);
        assert_eq!(seen("pending").await, Some(1));
        clock.forward(1);
        assert_eq!(seen("expired").await, Some(0));
        world.command(&ann, &id, "accept").await.refused(409, "invitation_expired");
        world.stats(&mona, "chess").await;
        // It is not live any more: Ann can be invited again, and the old one stays readable.
        let again = world.invite_user(&mona, "chess", &ann).await;
        assert_ne!(again, id);
        assert_eq!(world.status(&ann, &id).await, "expired");
    })
    .await;
}

#[tokio::test]
async fn cursors_are_good_for_one_caller_and_one_list() {
    let (world, mona, ann, prototype) = chess().await;
    let made: Vec<_> =
        (0..5).map(|number| copy(&prototype, SignedDuration::from_mins(1), number, Status::Pending)).collect();
    world.load(&made);
    let page = world.page(&ann, "/me/invitations?limit=2").await;
    let cursor = page.next();
    let next = world.page(&ann, format!("/me/invitations?limit=2&cursor={cursor}")).await;
    assert_eq!(next.invitations.len(), 2);
    let refuse = async |who: &Person, path: String| {
        world.get(who, path).await.refused(400, "invalid_cursor");
    };
    refuse(&mona, format!("/me/invitations?cursor={cursor}")).await;
    refuse(&ann, format!("/me/invitations/sent?cursor={cursor}")).await;
    refuse(&ann, format!("/me/invitations?status=pending&cursor={cursor}")).await;
    for at in 0..cursor.len() {
        let mut damaged = cursor.to_owned().into_bytes();
        damaged[at] = if damaged[at] == b'A' { b'B' } else { b'A' };
        refuse(&ann, format!("/me/invitations?cursor={}", String::from_utf8(damaged).unwrap())).await;
    }
    refuse(&ann, "/me/invitations?cursor=%F0%9F".to_owned()).await;
    refuse(&ann, format!("/me/invitations?cursor={}", &cursor[1..])).await;
    // Another community's list is another list, also for the same moderator.
    world.community_of("choir", &mona, "owner").await;
    let page = world.page(&mona, "/communities/chess/invitations?limit=2").await;
    let cursor = page.next();
    refuse(&mona, format!("/communities/choir/invitations?cursor={cursor}")).await;
    // And another moderator's list of the same community is another one.
    let [mo] = world.people(["mo"]).await;
    world.member("chess", &mo, "moderator").await;
    refuse(&mo, format!("/communities/chess/invitations?cursor={cursor}")).await;
}

#[tokio::test]
async fn the_count_of_pending_invitations_is_exact_up_to_a_hundred_and_stops_there() {
    let (world, _, ann, prototype) = chess().await;
    let mut made = 0_u16;
    for (more, counted) in [(1, 1), (98, 99), (1, 100), (30, 100)] {
        let page: Vec<_> = (0..more)
            .map(|number| copy(&prototype, SignedDuration::from_mins(5), made + number, Status::Pending))
            .collect();
        made += more;
        world.load(&page);
        let mut cursor = String::new();
        for _ in 0..2 {
            let page = world.page(&ann, format!("/me/invitations?limit=3&cursor={cursor}")).await;
            assert_eq!(page.pending_count, Some(counted), "also on the next page");
            match page.next_cursor {
                Some(next) => cursor = next,
                None => break,
            }
        }
    }
}

#[tokio::test]
async fn only_those_who_moderate_list_a_community() {
    let (world, mona, ann, _) = chess().await;
    let [mia] = world.people(["mia"]).await;
    world.member("chess", &mia, "member").await;
    for path in ["/communities/chess/invitations", "/communities/chess/invitations/stats"] {
        for who in [&ann, &mia] {
            world.get(who, path).await.refused(403, "not_moderator");
        }
        world.get(&person("ghost"), path).await.refused(403, "caller_unknown");
        world.get(&mona, path).await.ok();
        world.get(&person("root").site_administrator(), path).await.ok();
    }
}

#[tokio::test]
async fn an_address_is_shown_only_to_those_who_sent_to_it_or_moderate() {
    let (world, mona, _, _) = chess().await;
    let id = world.invite_address(&mona, "chess", "zoe@example.org").await;
    let zoe = person("zoe");
    let shown = world.get(&zoe, format!("/invitations/{id}")).await;
    assert_eq!(shown.invitation().invitee, api::Invitee::default());
    assert!(!shown.body.contains("zoe@example.org"));
    for path in
        [format!("/invitations/{id}"), "/me/invitations/sent".to_owned(), "/communities/chess/invitations".to_owned()]
    {
        let shown = world.get(&mona, &path).await;
        assert!(shown.body.contains("zoe@example.org"), "{path}");
    }
    let token = world.deliver_mail().await.token().unwrap().to_owned();
    for path in [format!("/invitations/{id}"), "/me/invitations/sent".to_owned()] {
        assert!(!world.get(&mona, &path).await.body.contains(&token));
    }
    for record in world.dump().await.values() {
        assert!(!format!("{record:?}").contains(&token), "the token itself is kept nowhere");
    }
}

#[tokio::test]
async fn a_user_with_ten_thousand_invitations_and_a_community_with_a_hundred_thousand_pay_one_query_a_page() {
    let (world, mona, ann, prototype) = chess().await;
    let load = |count: u32, prototype: Invitation| {
        for start in (0..count).step_by(10_000) {
            let page: Vec<_> = (start..count.min(start + 10_000))
                .map(|number| {
                    let status = Status::ALL[(number % 7) as usize];
                    let age = SignedDuration::from_secs(i64::from(number));
                    copy(&prototype, age, u16::try_from(number % 60_000).unwrap(), status)
                })
                .collect();
            world.load(&page);
        }
    };
    load(
        10_000,
        Invitation {
            community: CommunityLabel { id: "many".parse().unwrap(), ..prototype.community.clone() },
            ..prototype.clone()
        },
    );
    let crowd = Invitation {
        invitee: Invitee::User { id: "crowd".parse().unwrap(), display_name: None, invited_as: None },
        ..prototype.clone()
    };
    load(LARGE, crowd);
    for status in ["", "pending", "accepted", "expired", "cancelled"] {
        for (who, path) in
            [(&ann, "/me/invitations"), (&mona, "/me/invitations/sent"), (&mona, "/communities/chess/invitations")]
        {
            let mut cursor = String::new();
            for _ in 0..3 {
                world.meter.take();
                let page = world.page(who, format!("{path}?status={status}&cursor={cursor}")).await;
                let usage = world.meter.take();
                // Whether any of the live ones have lapsed takes a query to know; of so many, one more for the
                // requests.
                let queries = match status {
                    "expired" if path == "/me/invitations" => 2,
                    "expired" => 3,
                    _ => 1,
                };
                assert!(usage.of("Query") <= queries, "{path} {status}: {usage:?}");
                assert_eq!(usage.total(), usage.of("Query") + 1, "{path} {status}: {usage:?}");
                assert_eq!(page.invitations.len(), 25, "{path} {status}");
                page.next().clone_into(&mut cursor);
            }
        }
    }
}

/// Invitations of the large community.
const LARGE: u32 = 100_000;

#[tokio::test]
async fn a_list_goes_on_although_the_invitation_that_its_cursor_names_has_expired_meanwhile() {
    with_clock(async |clock| {
        let (world, mona, ann, prototype) = chess().await;
        let expires = |number, millis, status| Invitation {
            expires_at: now() + SignedDuration::from_millis(millis),
            ..copy(&prototype, SignedDuration::from_hours(1), number, status)
        };
        let minute = 60_000;
        let made = [
            expires(3, 1_500, Status::Pending),
            expires(2, 1_400, Status::Pending),
            expires(1, 1_500, Status::AwaitingApproval),
            expires(0, minute, Status::AwaitingApproval),
        ];
        world.load(&made);
        let first = |page: &Page| page.invitations.first().map(|one| one.id.clone());
        let (pending, queue) =
            ("/me/invitations?status=pending&limit=1", "/me/invitations/sent?status=awaiting_approval&limit=1");
        let page = world.page(&ann, pending).await;
        assert_eq!(first(&page), Some(made[0].id.to_string()));
        let below = page.next();
        let page = world.page(&mona, queue).await;
        assert_eq!(first(&page), Some(made[2].id.to_string()));
        let above = page.next().to_owned();
        clock.forward(1_500);
        let page = world.page(&ann, format!("{pending}&cursor={below}")).await;
        assert_eq!((first(&page), page.next_cursor), (None, None));
        let page = world.page(&mona, format!("{queue}&cursor={above}")).await;
        assert_eq!(first(&page), Some(made[3].id.to_string()));
    })
    .await;
}

#[tokio::test]
async fn a_page_is_whole_although_its_invitations_are_long() {
    let (world, _, ann, prototype) = chess().await;
    let long = "\u{1f3f0}".repeat(4_000);
    let made: Vec<_> = (0..100_u16)
        .map(|number| Invitation {
            reason: Some(long.clone()),
            ..copy(&prototype, SignedDuration::from_mins(i64::from(number) + 1), number, Status::Pending)
        })
        .collect();
    world.load(&made);
    let page = world.page(&ann, "/me/invitations?limit=99").await;
    assert_eq!((page.invitations.len(), page.pending_count), (99, Some(100)));
    let rest = world.page(&ann, format!("/me/invitations?limit=99&cursor={}", page.next())).await;
    // The oldest, and the cancelled prototype.
    assert_eq!(rest.invitations.len(), 2);
}

#[tokio::test]
async fn a_single_invitation_says_what_one_should_know_of_the_community_before_answering() {
    let (world, mona, ann, _) = chess().await;
    let id = world.invite_user(&mona, "chess", &ann).await;
    let shown = world.invitation(&ann, &id).await.community;
    assert_eq!((shown.description, shown.rules_url, shown.member_count), (None, None, None));
    let about = json!({
        "description": "Evenings of chess.", "rulesUrl": "https://platform.example.org/rules", "memberCount": 1_204,
    });
    world.community("chess", about).await;
    let shown = world.invitation(&ann, &id).await.community;
    assert_eq!(shown.description.as_deref(), Some("Evenings of chess."));
    assert_eq!(shown.rules_url.as_deref(), Some("https://platform.example.org/rules"));
    assert_eq!(shown.member_count, Some(1_204));
    // A list says it of no invitation.
    assert_eq!(world.mine(&ann).await.invitations[0].community.description, None);
    world.remove("communities/chess").await;
    assert_eq!(world.invitation(&ann, &id).await.community.description, None);
}
