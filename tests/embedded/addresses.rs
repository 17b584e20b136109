//! Invitations to addresses: who may answer them, with an address that is verified, unproven, or no longer theirs.

use serde_json::json;
use testkit::embedded::{chess, person};

#[tokio::test]
async fn an_invited_address_registers_later_and_accepts() {
    let (world, mona) = chess("moderator").await;
    world.settings(json!({ "registrationUrl": "https://platform.example.org/register" })).await;
    let id = world.invite_address(&mona, "chess", "Zoe@Example.org").await;
    let link = world.deliver_mail().await.path("i");
    // Without an account the page leads to registering, and back.
    let page = world.open(&link).await;
    assert!(page.body.contains("https://platform.example.org/register?return_to="), "{}", page.body);
    assert_eq!(world.submit(&link, "answer=accept").await.status, 403);
    let zoe = person("zoe");
    world.register(&zoe).await;
    let mine = world.mine(&zoe).await;
    assert_eq!((mine.pending_count, mine.ids()), (Some(1), vec![&*id]));
    // The link from before still works, and now accepts.
    assert_eq!(world.submit(&link, "answer=accept").await.status, 200);
    assert_eq!(world.role(&zoe, "chess").await.as_deref(), Some("member"));
}

#[tokio::test]
async fn refusing_an_unverified_address_changes_with_its_verification() {
    let (world, mona) = chess("owner").await;
    let zoe = person("zoe").unverified();
    let id = world.invite_address(&mona, "chess", "ZOE@example.org").await;
    world.register(&zoe).await;
    assert_eq!(world.mine(&zoe).await.invitations, []);
    world.get(&zoe, format!("/invitations/{id}")).await.refused(404, "invitation_not_found");
    world.register(&person("zoe")).await;
    assert_eq!(world.mine(&zoe).await.pending_count, Some(1));
    assert_eq!(world.command(&zoe, &id, "accept").await.invitation().invitee.user_id.as_deref(), Some("zoe"));
    assert_eq!(world.role(&zoe, "chess").await.as_deref(), Some("member"));
}

#[tokio::test]
async fn a_verified_address_in_the_token_is_enough_without_the_directory() {
    let (world, mona) = chess("owner").await;
    let id = world.invite_address(&mona, "chess", "Zoe@Example.org").await;
    let zoe = person("zoe");
    assert_eq!(world.command(&zoe, &id, "accept").await.invitation().status, "accepted");
    assert_eq!(world.role(&zoe, "chess").await.as_deref(), Some("member"));
    // The address's own standing holds nothing any more, and the same again succeeds.
    assert_eq!(world.command(&zoe, &id, "accept").await.invitation().status, "accepted");
}

#[tokio::test]
async fn a_member_accepts_nothing_more_that_comes_to_another_address_of_theirs() {
    let (world, mona) = chess("owner").await;
    // The directory knows her without an address; her token brings a verified one.
    let zoe = person("zoe");
    world.register_with(&zoe, json!({ "email": null, "emailVerified": false })).await;
    let own = world.invite_user(&mona, "chess", &zoe).await;
    world.command(&zoe, &own, "accept").await.ok();
    let mailed = world.invite_address(&mona, "chess", &zoe.email).await;
    let seen = world.invitation(&zoe, &mailed).await;
    assert_eq!(seen.actions.iter().map(|action| &*action.id).collect::<Vec<_>>(), ["DECLINE_COMMUNITY_INVITATION"]);
    world.command(&zoe, &mailed, "accept").await.refused(409, "already_member");
    assert_eq!(world.command(&zoe, &mailed, "decline").await.invitation().status, "declined");
}

#[tokio::test]
async fn a_link_in_a_mail_to_an_unproven_address_answers_nothing_and_stops_the_mail_to_that_address_alone() {
    let (world, mona) = chess("moderator").await;
    let ann = person("ann").unverified();
    world.register(&ann).await;
    let id = world.invite_user(&mona, "chess", &ann).await;
    let mail = world.deliver_mail().await;
    let page = world.open(&mail.path("i")).await;
    assert!(page.status == 200 && !page.body.contains("<button"), "the page leads to signing in: {}", page.body);
    for form in ["answer=accept", "answer=decline", "answer=decline&block=on"] {
        assert_eq!(world.submit(&mail.path("i"), form).await.status, 403, "{form}");
    }
    assert_eq!(world.status(&ann, &id).await, "pending");

    // The owner of the address may have enough of the mails. The invitation stays Ann's to answer.
    for _ in 0..2 {
        assert_eq!(world.submit(&mail.path("u"), "").await.status, 200);
    }
    assert_eq!(world.status(&ann, &id).await, "pending");
    world.backdate_mail(&id).await;
    world.command(&mona, &id, "resend").await.ok();
    world.pump().await;
    assert!(world.fakes.take_mails().is_empty());
    assert_eq!(world.delivery(&mona, &id).await, "failed");
    assert_eq!(world.command(&ann, &id, "accept").await.invitation().status, "accepted");
}

#[tokio::test]
async fn a_link_stops_answering_when_its_address_is_no_longer_the_invitees() {
    let (world, mona) = chess("moderator").await;
    let [ann] = world.people(["ann"]).await;
    let id = world.invite_user(&mona, "chess", &ann).await;
    let link = world.deliver_mail().await.path("i");
    world.register(&ann.with_email("new@example.org")).await;
    assert_eq!(world.submit(&link, "answer=decline").await.status, 403);
    assert_eq!(world.status(&ann, &id).await, "pending");
    world.register(&ann).await;
    assert_eq!(world.submit(&link, "answer=decline").await.status, 200);
}

#[tokio::test]
async fn an_address_that_changes_hands_between_the_look_and_the_write_answers_nothing() {
    let (world, mona) = chess("moderator").await;
    let [ann] = world.people(["ann"]).await;
    let id = world.invite_user(&mona, "chess", &ann).await;
    let link = world.deliver_mail().await.path("i");
    let gate = world.faults.stop_next();
    let (response, ()) = futures::join!(world.submit(&link, "answer=accept"), async {
        gate.reached().await;
        world.register(&ann.with_email("new@example.org")).await;
        gate.open();
    });
    assert_eq!(response.status, 403);
    assert_eq!(world.status(&ann, &id).await, "pending");
}

#[tokio::test]
async fn an_address_that_only_the_token_proves_has_its_invitations_in_the_list() {
    let (world, mona) = chess("owner").await;
    let id = world.invite_address(&mona, "chess", "Zoe@Example.org").await;
    // Nobody the directory knows.
    let zoe = person("zoe");
    let mine = world.mine(&zoe).await;
    assert_eq!((mine.ids(), mine.pending_count), (vec![&*id], Some(1)));
    assert_eq!(mine.invitations[0].action_ids()[0], "ACCEPT_COMMUNITY_INVITATION");
    assert_eq!(world.mine(&zoe.clone().unverified()).await.invitations, []);
    assert_eq!(world.mine(&person("else").with_email("someone@example.org")).await.invitations, []);
    world.command(&zoe, &id, "accept").await.ok();
    let mine = world.mine(&zoe).await;
    assert_eq!((mine.statuses(), mine.pending_count), (vec!["accepted"], Some(0)));
}

#[tokio::test]
async fn invitations_to_the_user_and_to_another_verified_address_are_one_list() {
    let (world, mona) = chess("owner").await;
    let [zoe] = world.people(["zoe"]).await;
    let other = zoe.with_email("zoe@work.example.org");
    let mut made = Vec::new();
    for number in 0..6 {
        let community = format!("club{number}");
        world.community_of(&community, &mona, "owner").await;
        let id = match number % 2 {
            0 => world.invite_user(&mona, &community, &zoe).await,
            _ => world.invite_address(&mona, &community, &other.email).await,
        };
        made.insert(0, id);
        tokio::time::sleep(std::time::Duration::from_millis(2)).await;
    }
    let own: Vec<_> = made.iter().skip(1).step_by(2).map(String::as_str).collect();
    world.meter.take();
    assert_eq!(world.mine(&zoe).await.ids(), own);
    assert_eq!(world.meter.take().of("Query"), 1, "the directory knows the address as hers");
    for limit in [1, 2, 4, 25] {
        let (mut found, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = world.page(&other, format!("/me/invitations?limit={limit}&cursor={cursor}")).await;
            assert_eq!(page.pending_count, Some(6));
            found.extend(page.ids().into_iter().map(str::to_owned));
            match page.next_cursor {
                Some(next) => cursor = next,
                None => break,
            }
        }
        assert_eq!(found, made, "pages of {limit}");
    }
    world.command(&other, &made[0], "decline").await.ok();
    let pending = world.page(&other, "/me/invitations?status=pending").await;
    assert_eq!((pending.ids().len(), pending.pending_count), (5, Some(5)));
    // Once the directory knows the address as hers, there is one list for all.
    world.register(&other).await;
    assert_eq!(world.mine(&other).await.pending_count, Some(5));
}

#[tokio::test]
async fn an_invitation_that_becomes_the_owners_while_its_list_is_read_is_not_shown_to_who_had_the_address_before() {
    let (world, mona) = chess("owner").await;
    let id = world.invite_address(&mona, "chess", "zoe@example.org").await;
    let zoe = person("zoe");
    let first = world.faults.stop_next_read();
    let page = world.mine(&zoe);
    let transfer = async {
        first.reached().await;
        let second = world.faults.stop_next_read();
        first.open();
        second.reached().await;
        world.register(&person("owner").with_email("zoe@example.org")).await;
        second.open();
    };
    assert_eq!(tokio::join!(page, transfer).0.invitations, []);
    assert_eq!(world.mine(&person("owner").with_email("zoe@example.org")).await.ids(), [&id]);
}

#[tokio::test]
async fn an_import_gives_an_address_on_as_the_same_records_do_one_by_one() {
    let (world, _) = chess("moderator").await;
    let user = |id: &str, email: &str| json!({ "type": "user", "userId": id, "displayName": id, "email": email, "emailVerified": true });
    let import = async |records| world.directory("POST", "import", json!({ "records": records })).await.import();
    import(json!([user("ann", "desk@example.org")])).await;
    let moved =
        json!([user("ann", "ann@example.org"), user("ben", "desk@example.org"), user("eve", "ann@example.org")]);
    let results = import(moved).await.results;
    let refused: Vec<_> = results.iter().map(|result| result.error.as_ref().map(|error| &*error.code)).collect();
    assert_eq!(refused, [None, None, Some("email_taken")]);
}
