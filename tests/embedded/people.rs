//! The search for people to invite: who is found, by what, by whom, and at what price.

use domain::person::User;
use serde_json::{Value, json};
use store::{
    keys::Key,
    record::{Item, Kind, UserRecord, record, user_record},
};
use testkit::embedded::{Person, World, person};

/// Mona owns `chess`, Mia is a member, and these people are users with these names.
async fn town(people: &[(&str, &str)]) -> (World, Person, Person) {
    let world = World::new().await;
    let [mona, mia] = world.people(["mona", "mia"]).await;
    world.community_of("chess", &mona, "owner").await;
    world.member("chess", &mia, "member").await;
    for (id, name) in people {
        world.register_with(&person(id), json!({ "displayName": name })).await;
    }
    (world, mona, mia)
}

const TOWN: [(&str, &str); 7] = [
    ("ada", "Ada King Lovelace"),
    ("adam", "Adam Ångström"),
    ("emilie", "Émilie du Châtelet"),
    ("brien", "Flann O’Brien"),
    ("anne", "Anne-Marie Žukauskaitė"),
    ("ahmad", "أحمد علي"),
    ("wang", "王小明"),
];

#[tokio::test]
async fn people_are_found_by_the_beginning_of_any_word_of_their_names() {
    let (world, mona, mia) = town(&TOWN).await;
    for (id, _) in TOWN {
        world.connect(&mia, &person(id)).await;
    }
    for (query, expected) in [
        ("ada", &["ada", "adam"][..]),
        ("ADAM", &["adam"]),
        ("love", &["ada"]),
        ("king", &["ada"]),
        ("ada+king", &["ada"]),
        ("ada+love", &["ada"]),
        ("lovelace+a", &["ada"]),
        ("love+kin", &["ada"]),
        ("angstrom", &["adam"]),
        ("%C3%85ngstr%C3%B6", &["adam"]),
        ("emil", &["emilie"]),
        ("chatelet+du", &["emilie"]),
        ("obri", &["brien"]),
        ("o%27b", &["brien"]),
        ("marie", &["anne"]),
        ("anne-m", &["anne"]),
        ("zuk", &["anne"]),
        ("%D8%A7%D8%AD", &["ahmad"]),
        ("%E7%8E%8B", &["wang"]),
        ("%E7%8E%8B%E5%B0%8F", &["wang"]),
        ("%EF%BC%A1%EF%BD%84%EF%BD%81+", &["ada", "adam"]),
        ("dam", &[]),
        ("ada+x", &[]),
        ("nobody", &[]),
        ("", &[]),
        ("+-.", &[]),
        ("%23", &[]),
        ("ada%40example.org", &[]),
    ] {
        for caller in [&mona, &mia] {
            let mut found = world.found(caller, "chess", query).await;
            found.sort();
            assert_eq!(found, expected, "{query} to {}", caller.id);
        }
    }
}

#[tokio::test]
async fn who_has_one_of_two_words_hides_nobody_who_has_both() {
    let names: Vec<_> = (0..12).map(|number| (format!("mary{number}"), format!("Mary Ann {number}"))).collect();
    let mut people: Vec<_> = names.iter().map(|(id, name)| (id.as_str(), name.as_str())).collect();
    people.push(("zoe", "Mary Zoe Bo"));
    let (world, mona, mia) = town(&people).await;
    for (id, _) in &people {
        world.connect(&mia, &person(id)).await;
    }
    for caller in [&mona, &mia] {
        assert_eq!(world.found(caller, "chess", "bo+mary").await, ["zoe"], "to {}", caller.id);
    }
}

#[tokio::test]
async fn a_person_is_shown_by_name_and_profile_and_never_by_address() {
    let (world, mona, mia) = town(&[]).await;
    let [ann, ben, cleo] = world.people(["ann", "ben", "cleo"]).await;
    world
        .register_with(&ann, json!({ "displayName": "Ann Zett", "profileUrl": "https://platform.example.org/ann" }))
        .await;
    world.register_with(&ben, json!({ "displayName": "Ben Zett" })).await;
    world.register_with(&cleo, json!({ "displayName": "Cleo Zett" })).await;
    world.member("chess", &ben, "member").await;
    let id = world.invite_user(&mona, "chess", &cleo).await;
    let search = async || world.get(&mona, "/communities/chess/people?q=zett").await;
    let found = search().await;
    let shown = json!({ "people": [
        { "userId": "ann", "displayName": "Ann Zett", "profileUrl": "https://platform.example.org/ann" },
        { "userId": "ben", "displayName": "Ben Zett", "reason": "already_member" },
        { "userId": "cleo", "displayName": "Cleo Zett", "reason": "already_invited" },
    ] });
    assert_eq!(found.json(), shown);
    world.lapse(&id).await;
    assert_eq!(search().await.people().people[2].reason, None, "what has lapsed is in nobody's way");
    let blocked = world.invite_user(&mona, "chess", &ann).await;
    world.post(&ann, format!("/invitations/{blocked}/decline"), json!({ "block": true })).await.ok();
    assert_eq!(search().await.people().people[0].reason, None, "nobody learns of a block");
    assert_eq!(world.found(&mia, "chess", "zett").await, [""; 0], "a member finds connections");
}

#[tokio::test]
async fn who_finds_whom_is_a_matter_of_role_and_setting() {
    let (world, mona, mia) = town(&TOWN).await;
    world.connect(&mia, &person("adam")).await;
    world.connect(&person("adam"), &mona).await;
    let root = person("root").site_administrator();
    world.register(&root).await;
    let found = async |caller: &Person| world.found(caller, "chess", "ada").await;
    let (everybody, connections) = (vec!["ada".to_owned(), "adam".to_owned()], vec!["adam".to_owned()]);
    assert_eq!((found(&mona).await, found(&root).await), (everybody.clone(), everybody.clone()));
    assert_eq!(found(&mia).await, connections);
    assert_eq!(world.options(&mia, "chess").await.people_search, "connections");
    // That members may invite anyone does not show them everyone.
    world.settings(json!({ "membersInviteConnectionsOnly": false })).await;
    assert_eq!(found(&mia).await, connections);
    world.settings(json!({ "peopleSearch": "connections" })).await;
    assert_eq!((found(&mona).await, found(&mia).await), (connections.clone(), connections));
    assert_eq!(world.options(&mona, "chess").await.people_search, "connections");
    world.settings(json!({ "peopleSearch": "off" })).await;
    for caller in [&mona, &mia, &root] {
        world.get(caller, "/communities/chess/people?q=ada").await.refused(403, "people_search_off");
        assert_eq!(world.options(caller, "chess").await.people_search, "off");
    }
    world.settings(json!({})).await;
    // Whoever may not invite finds nobody.
    for (caller, code) in [(person("ada"), "not_a_member"), (person("ghost"), "caller_unknown")] {
        world.get(&caller, "/communities/chess/people?q=ada").await.refused(403, code);
    }
    world.community("chess", json!({ "visibility": "private" })).await;
    world.get(&mia, "/communities/chess/people?q=ada").await.refused(403, "community_private");
    world.get(&mona, "/communities/none/people?q=ada").await.refused(404, "community_not_found");
    let long = "a".repeat(201);
    let refused = world.get(&mona, format!("/communities/chess/people?q={long}")).await;
    assert_eq!(refused.refused(400, "malformed_request").param(), "q");
}

#[tokio::test]
async fn people_are_found_by_the_name_they_have_now_while_they_are_active() {
    let (world, mona, mia) = town(&[("ada", "Ada Lovelace")]).await;
    let ada = person("ada");
    world.connect(&mia, &ada).await;
    let by = async |query: &str| {
        let found = world.found(&mona, "chess", query).await;
        assert_eq!(found, world.found(&mia, "chess", query).await, "{query}");
        found.len()
    };
    assert_eq!((by("ada").await, by("lovelace").await, by("byron").await), (1, 1, 0));
    world.register_with(&ada, json!({ "displayName": "Augusta Ada Byron" })).await;
    assert_eq!((by("ada").await, by("augusta").await, by("byron").await, by("lovelace").await), (1, 1, 1, 0));
    world.register_with(&ada, json!({ "displayName": "Augusta Ada Byron", "active": false })).await;
    assert_eq!((by("ada").await, by("byron").await), (0, 0));
    world.register_with(&ada, json!({ "displayName": "Augusta Ada Byron" })).await;
    assert_eq!((by("ada").await, by("byron").await), (1, 1));
    world.remove("users/mia/connections/ada").await;
    assert_eq!(world.found(&mia, "chess", "ada").await, [""; 0]);
}

#[tokio::test]
async fn nothing_that_an_erased_person_was_found_by_stays() {
    let (world, mona, mia) = town(&[]).await;
    let before = world.dump().await;
    world.register_with(&person("ada"), json!({ "displayName": "Ada King Lovelace" })).await;
    world.connect(&mia, &person("ada")).await;
    world.register_with(&person("ada"), json!({ "displayName": "Ada Byron Lovelace" })).await;
    world.remove("users/ada").await;
    assert_eq!(world.dump().await, before);
    assert_eq!(world.found(&mona, "chess", "ada").await, [""; 0]);
}

#[tokio::test]
async fn connections_hear_of_a_new_name_however_often_telling_them_breaks_off() {
    for transactions in 0.. {
        let (world, _, mia) = town(&[("ada", "Ada Lovelace")]).await;
        // Two transactions tell them all.
        let friends = world.users(100).await;
        let connect = |friend: &String| json!({ "type": "connection", "userId": "ada", "otherId": friend });
        let records: Vec<_> = friends.iter().map(connect).collect();
        world.directory("POST", "import", json!({ "records": records })).await.ok();
        world.connect(&mia, &person("ada")).await;
        let body = json!({ "displayName": "Ada Byron" });
        world.faults.fail_after(transactions);
        let broken = world.directory("PUT", "users/ada", body.clone()).await;
        world.faults.clear();
        world.directory("PUT", "users/ada", body).await.succeeded();
        assert_eq!(world.found(&mia, "chess", "byron").await, ["ada"], "after {transactions}");
        assert_eq!(world.found(&mia, "chess", "lovelace").await, [""; 0], "after {transactions}");
        if broken.status == 200 {
            assert!(transactions > 2, "the user, and two batches of connections");
            return;
        }
    }
}

/// The keys of the names that the user is filed under.
async fn filed(world: &World, user: &str) -> Vec<String> {
    let keys = world.dump().await.into_keys().map(|(_, sk)| sk);
    keys.filter_map(|sk| Some(sk.strip_suffix(&format!("#{user}"))?.to_owned()))
        .filter(|name| name.contains(' '))
        .collect()
}

#[tokio::test]
async fn of_two_names_given_at_once_the_one_that_stays_is_found() {
    let (world, mona, _) = town(&[("ada", "Ada Lovelace")]).await;
    let rename = async |name: &str| world.register_with(&person("ada"), json!({ "displayName": name })).await;
    let write = world.faults.stop_next();
    let faster = async {
        write.reached().await;
        rename("Ada King").await;
        write.open();
    };
    tokio::join!(rename("Ada Byron"), faster);
    assert_eq!(world.found(&mona, "chess", "byron").await, ["ada"]);
    assert_eq!(filed(&world, "ada").await, ["ada byron", "byron ada"]);
}

#[tokio::test]
async fn who_is_connected_and_renamed_at_once_is_found_by_the_new_name() {
    let (world, _, mia) = town(&[("ada", "Ada Lovelace")]).await;
    let write = world.faults.stop_next();
    let renamed = async {
        write.reached().await;
        world.register_with(&person("ada"), json!({ "displayName": "Ada Byron" })).await;
        write.open();
    };
    let ada = person("ada");
    tokio::join!(world.connect(&mia, &ada), renamed);
    assert_eq!(world.found(&mia, "chess", "byron").await, ["ada"]);
}

#[tokio::test]
async fn a_connection_that_ends_while_it_is_told_a_name_stays_ended() {
    let (world, _, mia) = town(&[("ada", "Ada Lovelace")]).await;
    let ada = person("ada");
    world.connect(&mia, &ada).await;
    let body = json!({ "displayName": "Ada Byron" });
    world.faults.fail_after(1);
    assert_ne!(world.directory("PUT", "users/ada", body.clone()).await.status, 200);
    world.faults.clear();
    // The user has the new name; what is left is to tell it.
    let telling = world.faults.stop_next();
    let ended = async {
        telling.reached().await;
        world.remove("users/mia/connections/ada").await;
        telling.open();
    };
    let (told, ()) = tokio::join!(world.directory("PUT", "users/ada", body), ended);
    told.succeeded();
    assert_eq!(world.found(&mia, "chess", "ada").await, [""; 0]);
    let connections = world.dump().await.into_keys().filter(|(_, sk)| sk.starts_with("CONNECTION#")).count();
    assert_eq!(connections, 0);
}

/// Ada's connections, as the table has them: so many, by the name of Ada Lovelace.
pub(crate) fn acquaintances(number: usize) -> impl Iterator<Item = Item> {
    let ada = "ada".parse().unwrap();
    (0..number).flat_map(move |number| {
        let friend = format!("friend{number:04}").parse().unwrap();
        [(Key::connection(&ada, &friend), "some one"), (Key::connection(&friend, &ada), "ada lovelace")]
            .map(|(key, name)| record(Kind::Connection, key, &json!({ "name": name })).unwrap())
    })
}

#[tokio::test]
async fn a_name_that_is_given_again_while_it_is_told_is_told_to_all_again() {
    let (world, ..) = town(&[("ada", "Ada Lovelace")]).await;
    world.load_records(acquaintances(150));
    let rename = async |name: &str| world.directory("PUT", "users/ada", json!({ "displayName": name })).await;
    let mut write = world.faults.stop_next();
    let others = async {
        // The user is written, and the first hundred are told.
        for _ in 0..2 {
            write.reached().await;
            let next = world.faults.stop_next();
            write.open();
            write = next;
        }
        write.reached().await;
        rename("Ada King").await.succeeded();
        world.faults.fail_after(1);
        assert_ne!(rename("Ada Byron").await.status, 200);
        world.faults.clear();
        write.open();
    };
    let (told, ()) = tokio::join!(rename("Ada Byron"), others);
    told.succeeded();
    for friend in ["friend0000", "friend0149"] {
        let told = world.record(Key::connection(&friend.parse().unwrap(), &"ada".parse().unwrap())).await.unwrap();
        assert_eq!(told["name"].as_s().unwrap(), "ada byron", "{friend}");
    }
}

#[tokio::test]
async fn a_name_that_is_filed_wrongly_finds_nobody() {
    let (world, mona, _) = town(&[("ada", "Ada Lovelace")]).await;
    let turn = domain::search::SearchName::new("Zelda");
    let key = Key::name(&turn, &"ada".parse().unwrap()).unwrap();
    world.put_record(record(Kind::Name, key, &json!({})).unwrap()).await;
    assert_eq!(world.found(&mona, "chess", "zelda").await, [""; 0]);
}

#[tokio::test]
async fn who_was_written_before_there_was_a_search_is_found_once_told_again() {
    let (world, mona, mia) = town(&[("ada", "Ada Lovelace")]).await;
    world.connect(&mia, &person("ada")).await;
    for ((pk, sk), mut record) in world.dump().await {
        if pk.starts_with("NAME#") {
            world.remove_record((pk, sk)).await;
        } else if record.remove("filed").or_else(|| record.remove("name")).is_some() {
            world.put_record(record).await;
        }
    }
    assert_eq!(world.found(&mona, "chess", "ada").await, [""; 0]);
    assert_eq!(world.found(&mia, "chess", "ada").await, [""; 0]);
    world.register_with(&person("ada"), json!({ "displayName": "Ada Lovelace" })).await;
    assert_eq!(world.found(&mona, "chess", "ada").await, ["ada"]);
    assert_eq!(world.found(&mia, "chess", "ada").await, ["ada"]);
}

/// The records of a user, as the directory leaves them.
fn records_of(id: &str, name: &str) -> Vec<Item> {
    let user: User =
        serde_json::from_value(json!({ "id": id, "displayName": name, "emailVerified": false, "active": true }))
            .unwrap();
    let names = user.search_name().turns().into_iter().filter_map(|turn| Key::name(&turn, &user.id));
    let names = names.map(|key| record(Kind::Name, key, &json!({})).unwrap());
    let user =
        user_record(&UserRecord { user: user.clone(), suppressed: false, unreached: None, filed: true, renamed: None });
    names.chain([user.unwrap()]).collect()
}

#[tokio::test]
async fn what_is_loaded_for_a_measurement_is_what_the_directory_writes() {
    let world = World::new().await;
    world.directory("PUT", "users/ada", json!({ "displayName": "Ada King Lovelace" })).await.succeeded();
    let written = world.dump().await;
    let other = World::new().await;
    other.load_records(records_of("ada", "Ada King Lovelace"));
    assert_eq!(other.dump().await, written);
}

const FIRST: [&str; 8] = ["Anna", "Anton", "Ben", "Clara", "David", "Emma", "Felix", "Greta"];

/// Loads so many people: an eighth of them have each first name, and last names that nobody shares.
fn crowd(world: &World, size: usize) {
    for first in (0..size).step_by(10_000) {
        let people = first..size.min(first + 10_000);
        let records = people.flat_map(|number| {
            records_of(&format!("user{number}"), &format!("{} Nachname{number:07}", FIRST[number % FIRST.len()]))
        });
        world.load_records(records.collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn a_keystroke_costs_the_same_in_a_village_and_in_a_city() {
    let mut costs = Vec::new();
    for size in [80, 8_000] {
        let (world, mona, mia) = town(&[]).await;
        crowd(&world, size);
        for number in [7, 23, 31] {
            let friend = person(&format!("user{number}"));
            world.directory("PUT", format!("users/mia/connections/{}", friend.id), Value::Null).await.succeeded();
        }
        let mut cost = Vec::new();
        for (caller, query, found) in [
            (&mona, "a", 10),
            (&mona, "ann", 10),
            (&mona, "nachname", 10),
            (&mona, "nachname0000023", 1),
            (&mona, "greta+nachname0000023", 1),
            (&mona, "nachname0000023+gr", 1),
            (&mia, "gre", 3),
            (&mia, "nachname0000023+gr", 1),
        ] {
            world.meter.take();
            assert_eq!(world.found(caller, "chess", query).await.len(), found, "{query} among {size}");
            let usage = world.meter.take();
            assert!(usage.of("BatchGetItem") <= 2 && usage.of("Query") <= 2 && usage.write_units == 0.0, "{usage:?}");
            assert!(usage.total() <= 4, "{usage:?}");
            cost.push((query, usage.total(), usage.read_units));
        }
        costs.push(cost);
    }
    for (village, city) in costs[0].iter().zip(&costs[1]) {
        assert_eq!(village.1, city.1, "{village:?} {city:?}");
        assert!(city.2 <= village.2 * 1.1 && city.2 <= 16.0, "{village:?} {city:?}");
    }
}
