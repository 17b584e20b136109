//! What a caller is told that they may do is what happens when they do it.

use domain::settings::Locale;
use serde_json::json;
use testkit::{
    api::CommunityOptions,
    embedded::{Person, World, person},
};

const ROLES: [&str; 6] = ["none", "member", "moderator", "administrator", "owner", "site_administrator"];

fn caller(role: &str) -> Person {
    Person { site_administrator: role == "site_administrator", ..person(&format!("the_{role}")) }
}

/// Fails unless sending comes to what the options say.
async fn compare(world: &World, role: &str, community: &str, options: &CommunityOptions) {
    let sender = caller(role);
    let case = format!("{role} · {community} · {options:?}");
    let attempt = async |body: serde_json::Value| {
        let response = world.post(&sender, format!("/communities/{community}/invitations"), body).await;
        match response.code() {
            Some(code) => Err(code),
            None => Ok(response.sent().results.remove(0).outcome),
        }
    };
    let friend = person(&format!("friend_of_{role}"));
    let by_id = attempt(json!({ "userIds": [friend.id] })).await;
    if let Some(reason) = &options.reason {
        assert_eq!(by_id, Err(reason.clone()), "{case}");
    } else {
        let at_once = if options.membership_mode == "automatic" { "joined" } else { "invited" };
        let expected = if options.needs_approval { "awaiting_approval" } else { at_once };
        assert_eq!(by_id, Ok(expected.to_owned()), "{case}");
        let stranger = attempt(json!({ "userIds": [format!("stranger_of_{role}")] })).await;
        assert_eq!(stranger == Ok("not_connected".to_owned()), options.connections_only, "{case}");
        let address = attempt(json!({ "emails": [format!("{role}@of-{community}.test")] })).await;
        assert_eq!(address != Ok("not_connected".to_owned()), options.addresses_allowed, "{case}");
    }
    assert_eq!(options.may_invite, options.reason.is_none(), "{case}");
    let list = world.get(&sender, format!("/communities/{community}/invitations")).await;
    assert_eq!(list.status == 200, options.may_moderate, "{case}");
}

#[tokio::test]
async fn the_options_are_what_sending_and_moderating_come_to() {
    let world = World::new().await;
    for role in ROLES {
        world.register(&caller(role)).await;
        for kind in ["friend", "stranger"] {
            world.register(&person(&format!("{kind}_of_{role}"))).await;
        }
        world.connect(&caller(role), &person(&format!("friend_of_{role}"))).await;
    }
    let communities = [
        ("open", json!({})),
        ("private", json!({ "visibility": "private" })),
        ("closed", json!({ "enrolment": "closed" })),
        ("network", json!({ "enrolment": "network", "membershipMode": "automatic" })),
        ("still", json!({ "allowInvitations": false })),
    ];
    for (number, connections_only) in [true, false].into_iter().enumerate() {
        world.settings(json!({ "membersInviteConnectionsOnly": connections_only })).await;
        for (name, fields) in &communities {
            let community = format!("{name}{number}");
            world.community(&community, fields.clone()).await;
            for role in ROLES {
                if !["none", "site_administrator"].contains(&role) {
                    world.member(&community, &caller(role), role).await;
                }
                let options = world.options(&caller(role), &community).await;
                compare(&world, role, &community, &options).await;
            }
        }
    }
}

#[tokio::test]
async fn limits_quota_and_message_are_those_that_hold() {
    let world = World::new().await;
    let [mona, _ann] = world.people(["mona", "ann"]).await;
    world.community_of("chess", &mona, "owner").await;
    let before = world.options(&mona, "chess").await;
    assert_eq!(
        before.default_message,
        "%sender% has invited you to join the %community% %type%. You can use the links below to accept or reject the \
         invitation."
    );
    assert_eq!(before.message_tokens.len(), 3);
    assert_eq!(before.languages, Locale::ALL.map(|locale| locale.as_str().to_owned()));
    assert_eq!((before.limits.recipients, before.limits.default_lifetime_days), (100, 30));
    assert_eq!((before.quota.per_day, before.quota.left), (500, 500));
    world
        .settings(json!({ "maxRecipientsPerRequest": 7, "invitationLifetimeDays": 9, "dailyInvitationsPerSender": 2,
                           "membershipMode": "automatic" }))
        .await;
    world.register_with(&mona, json!({ "locale": "de-AT" })).await;
    world.invite_address(&mona, "chess", "zoe@example.org").await;
    let after = world.options(&mona, "chess").await;
    assert_eq!((after.limits.recipients, after.limits.default_lifetime_days), (7, 9));
    assert_eq!((after.quota.per_day, after.quota.left, &*after.membership_mode), (2, 1, "automatic"));
    assert!(after.default_message.contains("%sender%") && after.default_message != before.default_message);
    world.settings(json!({ "defaultMessage": "Come to %community%!" })).await;
    assert_eq!(world.options(&mona, "chess").await.default_message, "Come to %community%!");
}

#[tokio::test]
async fn a_caller_who_can_do_nothing_anywhere_learns_why() {
    let world = World::new().await;
    let [mona] = world.people(["mona"]).await;
    world.community_of("chess", &mona, "owner").await;
    let path = "/communities/chess/options";
    world.get(&person("ghost"), path).await.refused(403, "caller_unknown");
    world.get(&mona, "/communities/none/options").await.refused(404, "community_not_found");
    let root = person("root").site_administrator();
    let options = world.options(&root, "chess").await;
    assert_eq!((options.reason.as_deref(), options.may_moderate), (Some("caller_unknown"), true));
    world.register_with(&mona, json!({ "active": false })).await;
    world.get(&mona, path).await.refused(403, "caller_inactive");
}
