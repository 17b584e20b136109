//! The count for a badge: the `pendingCount` of the list, for one read unit at most.

use domain::{
    id::InvitationId,
    invitation::{Invitation, Invitee, Status},
    time::later,
};
use jiff::SignedDuration;
use serde_json::json;
use system::now;
use testkit::embedded::{Person, World, chess, person};

use crate::list_order::with_clock;

/// Fails unless the count is the list's, and returns it.
async fn counted(world: &World, caller: &Person) -> u32 {
    let count = world.waiting(caller).await;
    assert_eq!(world.mine(caller).await.pending_count, Some(count));
    count
}

#[tokio::test]
async fn what_waits_for_an_answer_is_counted_and_nothing_else() {
    let (world, mona) = chess("owner").await;
    let [ann, mia] = world.people(["ann", "mia"]).await;
    for community in ["choir", "club", "attic"] {
        world.community_of(community, &mona, "owner").await;
    }
    assert_eq!(counted(&world, &ann).await, 0);
    let first = world.invite_user(&mona, "chess", &ann).await;
    let second = world.invite_address(&mona, "choir", &ann.email).await;
    assert_eq!(counted(&world, &ann).await, 2);
    world.command(&ann, &first, "accept").await.ok();
    assert_eq!(counted(&world, &ann).await, 1);
    world.command(&mona, &second, "cancel").await.ok();
    assert_eq!(counted(&world, &ann).await, 0);
    // A request is nothing that waits for the invitee, until it is approved.
    world.community("club", json!({ "enrolment": "closed" })).await;
    world.member("club", &mia, "member").await;
    world.connect(&mia, &ann).await;
    let request = world.invite_user(&mia, "club", &ann).await;
    assert_eq!(counted(&world, &ann).await, 0);
    world.command(&mona, &request, "approve").await.ok();
    assert_eq!(counted(&world, &ann).await, 1);
    world.command(&ann, &request, "decline").await.ok();
    // Nobody else's count changes with it, and the sender's own is another.
    world.invite_user(&mona, "attic", &ann).await;
    assert_eq!((counted(&world, &ann).await, counted(&world, &mona).await, counted(&world, &mia).await), (1, 0, 0));
}

#[tokio::test]
async fn an_invitation_waits_until_the_very_moment_at_which_it_expires() {
    with_clock(|clock| async move {
        let (world, mona) = chess("owner").await;
        let [ann] = world.people(["ann"]).await;
        world.invite(&mona, "chess", json!({ "userIds": ["ann"], "expiresInDays": 1 })).await;
        let day = 24 * 60 * 60 * 1_000;
        clock.forward(day - 1);
        assert_eq!(counted(&world, &ann).await, 1);
        clock.forward(1);
        assert_eq!(counted(&world, &ann).await, 0);
    })
    .await;
}

#[tokio::test]
async fn what_a_verified_address_was_sent_is_counted_once() {
    let (world, mona) = chess("owner").await;
    world.community_of("choir", &mona, "owner").await;
    let zoe = person("zoe");
    world.invite_address(&mona, "chess", &zoe.email).await;
    assert_eq!(counted(&world, &zoe).await, 1, "by the token's word");
    assert_eq!(counted(&world, &zoe.clone().unverified()).await, 0, "by nobody's");
    world.register(&zoe).await;
    assert_eq!(counted(&world, &zoe).await, 1, "it is the user's now");
    world.invite_user(&mona, "choir", &zoe).await;
    assert_eq!(counted(&world, &zoe).await, 2);
}

/// Copies of a pending invitation to the invitee, so many with each status.
fn copies(prototype: &Invitation, counts: &[(Status, u16)]) -> Vec<Invitation> {
    let copy = |status: Status, number: u16| {
        let mut entropy = [7; 10];
        entropy[..2].copy_from_slice(&number.to_be_bytes());
        entropy[2] = status as u8;
        Invitation { id: InvitationId::new(number.into(), entropy), status, ..prototype.clone() }
    };
    counts.iter().flat_map(|(status, count)| (0..*count).map(|number| copy(*status, number))).collect()
}

#[tokio::test]
async fn the_count_takes_one_read_unit_whatever_the_list_holds() {
    let (world, mona) = chess("owner").await;
    // An id as long as those that platforms make.
    let ann = person("0198c2f4-6d3e-7b1a-9c55-3f0e8d2a6b17");
    world.register(&ann).await;
    let id = world.invite_user(&mona, "chess", &ann).await;
    let mut prototype = world.stored(&id).await;
    let cost = async |pending: u32| {
        world.meter.take();
        assert_eq!(world.waiting(&ann).await, pending);
        let usage = world.meter.take();
        assert!(usage.total() <= 2 && usage.of("Query") == usage.total(), "{usage:?}");
        usage.read_units
    };
    assert!(cost(1).await <= 1.0);
    let answered = [(Status::Accepted, 400), (Status::Declined, 300), (Status::Expired, 200), (Status::Cancelled, 100)];
    world.load(&copies(&prototype, &answered));
    assert!(cost(1).await <= 1.0, "of a thousand that are answered, none is read");
    world.load(&copies(&prototype, &[(Status::Pending, 50)]));
    assert!(cost(51).await <= 1.0);
    prototype.expires_at = later(now(), -SignedDuration::from_hours(1));
    world.load(&copies(&prototype, &[(Status::AwaitingApproval, 500)]));
    let mut lapsed = copies(&prototype, &[(Status::Pending, 500)]);
    lapsed.iter_mut().for_each(|one| one.community.id = "choir".parse().unwrap());
    world.load(&lapsed[50..]);
    assert!(cost(51).await <= 1.0, "nor of those that have lapsed");
    prototype.expires_at = later(now(), SignedDuration::from_hours(1));
    world.load(&copies(&prototype, &[(Status::Pending, 1_000)]));
    let hundred = cost(100).await;
    assert!(hundred <= 1.0, "a hundred took {hundred}");
    let other = Invitee::address("zoe@example.org".parse().unwrap());
    world.load(&copies(&Invitation { invitee: other, ..prototype }, &[(Status::Pending, 1_000)]));
    assert_eq!(world.waiting(&person("zoe")).await, 100, "an address without a user is counted as far");
}
