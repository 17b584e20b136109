//! What each operation may ask of the table, and what it does ask: the figures that the docs quote.
//!
//! `cargo test -p embedded budgets -- --nocapture` prints them as a table.

use std::fmt::Write as _;

use domain::{id::InvitationId, invitation::Invitation, sending::Quota};
use serde_json::{Value, json};

use testkit::{
    SesEvent,
    embedded::{Person, Request, Usage, World, person},
};

/// The most write units of operations. They are lowered with what is saved, and raised knowingly.
const WRITE_UNITS: [(&str, f64); 16] = [
    ("send to one user", 17.0),
    ("send to one address of no user", 17.0),
    ("send to one user, idempotent", 19.0),
    ("send to one address of a user", 17.0),
    ("send to 10 users", 134.0),
    ("send to 100 users", 1_320.0),
    ("send to 100 addresses", 1_320.0),
    ("accept", 20.0),
    ("decline", 18.0),
    ("cancel, by the sender", 12.0),
    ("reject", 17.0),
    ("approve", 25.0),
    ("resend, by the sender", 10.0),
    ("accept behind a link", 20.0),
    ("deliver: the mail, the events and the counts of one invitation", 9.0),
    ("deliver: that a mail has arrived", 4.0),
];

/// What operations have used, beside what they may ask for.
#[derive(Default)]
struct Usages(Vec<(String, u32, Usage)>);

impl Usages {
    fn note(&mut self, world: &World, operation: &str, most: u32) {
        self.0.push((operation.to_owned(), most, world.meter.take()));
    }

    fn table(&self) -> String {
        let mut table =
            "| Operation | Requests | at most | Read units | Write units | Which |\n|---|--:|--:|--:|--:|---|\n"
                .to_owned();
        for (operation, most, usage) in &self.0 {
            let which: Vec<_> = usage.requests.iter().map(|(name, count)| format!("{count} {name}")).collect();
            let (requests, which) = (usage.total(), which.join(", "));
            let (reads, writes) = (usage.read_units, usage.write_units);
            writeln!(table, "| {operation} | {requests} | {most} | {reads} | {writes} | {which} |").unwrap();
        }
        table
    }

    #[allow(clippy::print_stdout, reason = "the docs quote it")]
    fn check(&self) {
        println!("{}", self.table());
        let writes_more = |operation: &str, usage: &Usage| {
            WRITE_UNITS.iter().any(|(bounded, most)| *bounded == operation && usage.write_units > *most)
        };
        let is_over =
            |(operation, most, usage): &&(String, u32, Usage)| usage.total() > *most || writes_more(operation, usage);
        let over: Vec<_> = self.0.iter().filter(is_over).collect();
        assert!(over.is_empty(), "over budget: {over:#?}");
    }
}

/// A club whose members' requests need approval, with Ann as Mia's connection.
async fn club() -> (World, [Person; 4]) {
    let world = World::new().await;
    let people = world.people(["mona", "mia", "ann", "olaf"]).await;
    world.community("chess", json!({})).await;
    world.community("club", json!({ "enrolment": "closed" })).await;
    for community in ["chess", "club"] {
        world.member(community, &people[0], "moderator").await;
        world.member(community, &people[1], "member").await;
        world.member(community, &people[3], "owner").await;
    }
    world.connect(&people[1], &people[2]).await;
    world.meter.take();
    (world, people)
}

/// Registers users and returns their ids.
async fn guests(world: &World, from: usize, count: usize) -> Vec<String> {
    let ids: Vec<_> = (from..from + count).map(|number| format!("guest{number}")).collect();
    world.import_users(&ids).await;
    world.meter.take();
    ids
}

#[tokio::test]
async fn sending_keeps_to_its_budget() {
    let (world, [mona, mia, ..]) = club().await;
    let mut usages = Usages::default();
    world.send(&mona, "chess", json!({ "userIds": ["ann"] })).await;
    usages.note(&world, "send to one user", 3);
    world.send(&mona, "chess", json!({ "emails": ["new@example.org"] })).await;
    usages.note(&world, "send to one address of no user", 3);
    world.send(&mia, "club", json!({ "userIds": ["ann"] })).await;
    usages.note(&world, "send to one user, to be approved", 3);
    let ids = guests(&world, 0, 1).await;
    let request = Request::send(&mona, "chess", &json!({ "userIds": ids })).key("one");
    world.call(request.clone()).await.ok();
    usages.note(&world, "send to one user, idempotent", 3);
    world.call(request).await.ok();
    usages.note(&world, "the same again, replayed", 3);
    let ids = guests(&world, 1, 1).await;
    world.send(&mona, "chess", json!({ "emails": [format!("{}@example.org", ids[0])] })).await;
    usages.note(&world, "send to one address of a user", 4);
    for count in [10, 100] {
        let ids = guests(&world, count, count).await;
        world.send(&mona, "chess", json!({ "userIds": ids })).await;
        usages.note(&world, &format!("send to {count} users"), 12);
        let emails: Vec<_> = (0..count).map(|number| format!("new{number}@of{count}.example.org")).collect();
        world.send(&mona, "chess", json!({ "emails": emails })).await;
        usages.note(&world, &format!("send to {count} addresses"), 12);
    }
    world.post(&mona, "/communities/chess/invitations/preview", json!({ "userIds": ["mia"] })).await.ok();
    usages.note(&world, "preview", 1);
    usages.check();
}

#[tokio::test]
async fn reading_keeps_to_its_budget() {
    let (world, [mona, mia, ann, olaf]) = club().await;
    let mut usages = Usages::default();
    let id = world.invite_user(&mona, "chess", &ann).await;
    let root = person("root").site_administrator();
    world.pump().await;
    world.meter.take();
    let status = format!("/invitations/{id}");
    let today = Quota::day(system::now());
    let period = format!("/communities/chess/invitations/stats?from={today}&to={today}");
    for (who, path, operation, most) in [
        (&ann, "/me/invitations", "list-mine", 2),
        (&ann, "/me/invitations/count", "count", 2),
        (&mona, "/communities/chess/options", "options", 1),
        (&mona, "/communities/chess/people?q=an", "people, of everybody", 3),
        (&mia, "/communities/chess/people?q=an", "people, of one's connections", 3),
        (&mona, "/communities/chess/people?q=an+x", "people, by two words that are nobody's", 4),
        (&mona, "/me/invitations/sent", "list-sent, own", 2),
        (&mona, "/communities/chess/invitations", "list-sent, a community's", 2),
        (&mona, "/communities/chess/invitations/stats", "stats", 3),
        (&mona, &*period, "stats of a day with one sender", 7),
        (&mona, "/communities/chess/invitations/export", "export, a page", 2),
        (&ann, &*status, "status, to the invitee", 2),
        (&mona, &*status, "status, to the sender", 2),
        (&root, &*status, "status, to a site administrator", 2),
        (&olaf, &*status, "status, to a moderator", 2),
    ] {
        world.get(who, path).await.ok();
        usages.note(&world, operation, most);
    }
    world.get(&person("ghost"), &status).await.refused(404, "invitation_not_found");
    usages.note(&world, "status, to a stranger", 2);
    let prototype = world.stored(&id).await;
    let copy = |number: u8| Invitation {
        id: InvitationId::new(prototype.created_at.as_millisecond().unsigned_abs(), [number; 10]),
        ..prototype.clone()
    };
    world.load(&(0..100).map(copy).collect::<Vec<_>>());
    world.mine(&ann).await;
    usages.note(&world, "list-mine, 25 of a hundred", 2);
    world.page(&mona, "/me/invitations/sent").await;
    usages.note(&world, "list-sent, own, 25 of a hundred", 2);
    usages.check();
}

/// Executes a document, which nothing may stand in the way of.
async fn execute(world: &World, who: &Person, document: &str) -> Value {
    let response = world.post(who, "/graphql", json!({ "query": document })).await.ok().json();
    assert_eq!((&response["errors"], response.to_string().contains("\"code\":")), (&Value::Null, false), "{response}");
    response
}

#[tokio::test]
async fn the_same_over_graphql_keeps_to_the_same_budget() {
    let (world, [mona, mia, ann, olaf]) = club().await;
    let mut usages = Usages::default();
    let refusal = "errors problems { code }";
    let give = async |usages: &mut Usages, who: &Person, id: &str, verb: &str, most: u32| {
        world.meter.take();
        let document =
            format!("mutation {{ {verb}CommunityInvitation(id: \"{id}\") {{ {refusal} response {{ id }} }} }}");
        execute(&world, who, &document).await;
        usages.note(&world, &format!("graphql: {verb}"), most);
    };
    let id = world.invite_user(&mona, "chess", &ann).await;
    world.meter.take();
    for (who, document, operation, most) in [
        (&ann, "{ me { invitations { REFUSAL edges { node { id } } } } }", "own invitations", 2),
        (&mona, "{ me { sentInvitations { REFUSAL edges { node { id } } } } }", "sent invitations", 2),
        (&mona, "{ community(id: \"chess\") { invitations { REFUSAL edges { node { id } } } } }", "a community's", 2),
        (&mona, "{ community(id: \"chess\") { stats { REFUSAL } } }", "stats", 3),
        (
            &mona,
            "{ community(id: \"chess\") { stats { response { period(from: \"2026-11-01\", to: \"2027-01-31\") { REFUSAL } } } } }",
            "stats of a period",
            7,
        ),
        (&ann, "{ invitation(id: \"ID\") { REFUSAL response { id } } }", "one invitation", 2),
        (&ann, "{ me { pendingCount } }", "count", 2),
        (&mona, "{ community(id: \"chess\") { options { REFUSAL } } }", "options", 1),
        (&mona, "{ community(id: \"chess\") { people(query: \"an\") { REFUSAL } } }", "people", 3),
        (&mona, "{ me { id } __typename }", "nothing", 0),
    ] {
        execute(&world, who, &document.replace("REFUSAL", refusal).replace("ID", &id)).await;
        usages.note(&world, &format!("graphql: {operation}"), most);
    }
    world.settings(json!({ "declineCooldownDays": 0 })).await;
    give(&mut usages, &ann, &id, "decline", 3).await;
    let [guest] = &guests(&world, 900, 1).await[..] else { panic!("one guest") };
    for (document, operation) in [
        (
            "createCommunityInvitation(communityId: \"chess\", inviteeUserContextId: \"GUEST\") { REFUSAL }",
            "create one",
        ),
        (
            "createCommunityInvitations(communityId: \"chess\", userIds: [\"ann\"]) { REFUSAL results { outcome } }",
            "create many, one",
        ),
    ] {
        let document = document.replace("GUEST", guest).replace("REFUSAL", refusal);
        execute(&world, &mona, &format!("mutation {{ {document} }}")).await;
        usages.note(&world, &format!("graphql: {operation}"), 3);
    }
    let id = world.mine(&ann).await.invitations[0].id.clone();
    give(&mut usages, &mona, &id, "cancel", 3).await;
    let id = world.invite_user(&mona, "chess", &ann).await;
    give(&mut usages, &ann, &id, "accept", 3).await;
    let id = world.invite_user(&mia, "club", &ann).await;
    give(&mut usages, &olaf, &id, "reject", 3).await;
    let id = world.invite_user(&mia, "club", &ann).await;
    give(&mut usages, &mona, &id, "approve", 4).await;
    world.backdate_mail(&id).await;
    give(&mut usages, &mia, &id, "resend", 4).await;
    usages.check();
}

#[tokio::test]
async fn answering_and_deciding_keep_to_their_budget() {
    let (world, [mona, mia, ann, olaf]) = club().await;
    let zoe = person("zoe");
    let mut usages = Usages::default();
    world.settings(json!({ "declineCooldownDays": 0 })).await;

    let command = async |usages: &mut Usages, who: &Person, id: &str, verb: &str, operation: &str| {
        world.meter.take();
        world.command(who, id, verb).await.ok();
        // What is mailed to the invitee asks once more what sending asked.
        usages.note(&world, operation, if ["approve", "resend"].contains(&verb) { 4 } else { 3 });
    };
    let usages = &mut usages;
    let id = world.invite_user(&mona, "chess", &ann).await;
    command(usages, &ann, &id, "decline", "decline").await;
    let id = world.invite_user(&mona, "chess", &ann).await;
    command(usages, &mona, &id, "cancel", "cancel, by the sender").await;
    let id = world.invite_user(&mona, "chess", &ann).await;
    command(usages, &olaf, &id, "cancel", "cancel, by a moderator").await;
    let id = world.invite_user(&mona, "chess", &ann).await;
    command(usages, &ann, &id, "accept", "accept").await;
    command(usages, &ann, &id, "accept", "accept once more").await;
    let id = world.invite_address(&mona, "chess", &zoe.email).await;
    command(usages, &zoe, &id, "accept", "accept, by address").await;
    let id = world.invite_user(&mia, "club", &ann).await;
    command(usages, &mona, &id, "reject", "reject").await;
    let id = world.invite_user(&mia, "club", &ann).await;
    command(usages, &mona, &id, "approve", "approve").await;
    world.backdate_mail(&id).await;
    command(usages, &mia, &id, "resend", "resend, by the sender").await;
    world.backdate_mail(&id).await;
    command(usages, &mona, &id, "resend", "resend, by a moderator").await;

    world.pump().await;
    let mails = world.fakes.take_mails();
    let link = mails.iter().rfind(|mail| mail.to == ann.email && mail.tag("mail") == "invitation").unwrap().path("i");
    world.meter.take();
    world.open(&link).await;
    usages.note(&world, "page behind a link", 2);
    world.submit(&link, "answer=accept").await;
    usages.note(&world, "accept behind a link", 3);
    for (invitation, operation) in [("to a user", "unsubscribe, a user"), ("to an address", "unsubscribe, an address")]
    {
        world.pump().await;
        world.fakes.take_mails();
        let [ben] = world.people(["ben"]).await;
        match invitation {
            "to a user" => drop(world.invite_user(&mona, "chess", &ben).await),
            _ => drop(world.invite_address(&mona, "chess", "guest@example.org").await),
        }
        let link = world.deliver_mail().await.path("u");
        world.meter.take();
        world.unsubscribe(&link).await;
        usages.note(&world, operation, 3);
    }
    usages.check();
}

#[tokio::test]
async fn keeping_the_directory_and_delivering_mails_have_a_price_too() {
    let (world, [mona, ..]) = club().await;
    let mut usages = Usages::default();
    let user = json!({ "displayName": "Ben", "email": "ben@example.org", "emailVerified": true });
    let [zoe] = world.people(["zoe"]).await;
    let invited = world.invite_user(&mona, "chess", &zoe).await;
    world.ses_event(&SesEvent::bounce(&invited, &zoe.email)).await;
    world.meter.take();
    for (method, path, body, most) in [
        ("PUT", "users/ben", user.clone(), 4),
        ("PUT", "users/ben", user, 4),
        ("PUT", "communities/chess/members/zoe", json!({ "role": "member" }), 3),
        ("PUT", "communities/chess/members/zoe", json!({ "role": "moderator" }), 2),
        ("DELETE", "users/zoe/invitations", Value::Null, 2),
        ("PUT", "communities/choir", json!({ "title": "Choir", "visibility": "public", "enrolment": "open" }), 2),
        ("PUT", "communities/choir/members/ben", json!({ "role": "member" }), 2),
        ("PUT", "users/ben/connections/ann", Value::Null, 2),
        ("DELETE", "suppressions/zoe@example.org", Value::Null, 3),
        ("GET", "settings", Value::Null, 1),
        ("PUT", "settings", json!({}), 1),
        ("DELETE", "users/ben/connections/ann", Value::Null, 1),
        ("DELETE", "communities/choir/members/ben", Value::Null, 2),
    ] {
        world.directory(method, path, body).await.succeeded();
        usages.note(&world, &format!("{method} /directory/{path}"), most);
    }
    world.pump().await;
    world.send(&mona, "chess", json!({ "userIds": ["ann"] })).await;
    world.meter.take();
    world.pump().await;
    usages.note(&world, "deliver: the mail, the events and the counts of one invitation", 12);
    let sent = world.page(&mona, "/me/invitations/sent").await.invitations.remove(0).id;
    world.ses_event(&SesEvent::new("Delivery", &sent)).await;
    world.meter.take();
    world.pump().await;
    usages.note(&world, "deliver: that a mail has arrived", 2);
    usages.check();
}
