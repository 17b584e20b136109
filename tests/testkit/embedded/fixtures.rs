//! People and communities, told to the directory as the host platform does.

use serde_json::{Value, json};

use super::{Person, Request, World, person, person::capitalized, platform};
use crate::{Response, SesEvent};

/// Returns a world with the open community `chess`, in which Mona has that role.
pub async fn chess(role: &str) -> (World, Person) {
    let world = World::new().await;
    let [mona] = world.people(["mona"]).await;
    world.community_of("chess", &mona, role).await;
    (world, mona)
}

impl World {
    /// Makes the platform's request to the directory; without a body, if that is null.
    pub async fn directory(&self, method: &str, path: impl Into<String>, body: Value) -> Response {
        let request = Request::new(method, format!("/directory/{}", path.into())).by(&platform());
        self.call(if body.is_null() { request } else { request.json(&body) }).await
    }

    /// Removes what is at a path of the directory.
    pub async fn remove(&self, path: &str) {
        self.directory("DELETE", path, Value::Null).await.expect(204);
    }

    /// Makes the person a user, whose name is their id with a capital.
    pub async fn register(&self, person: &Person) {
        self.call(Request::register(person)).await.succeeded();
    }

    /// Makes the person a user with other fields besides.
    pub async fn register_with(&self, person: &Person, fields: Value) {
        let body =
            json!({ "displayName": person.name(), "email": person.email, "emailVerified": person.email_verified });
        self.directory("PUT", format!("users/{}", person.id), with(body, fields)).await.succeeded();
    }

    /// Registers all of them.
    pub async fn people<const N: usize>(&self, ids: [&str; N]) -> [Person; N] {
        let people = ids.map(person);
        for person in &people {
            self.register(person).await;
        }
        people
    }

    /// Registers that many users, from `user0` on, and returns their ids.
    pub async fn users(&self, count: usize) -> Vec<String> {
        let ids: Vec<_> = (0..count).map(|number| format!("user{number}")).collect();
        for chunk in ids.chunks(100) {
            self.import_users(chunk).await;
        }
        ids
    }

    /// Imports users with those ids, at most a hundred.
    pub async fn import_users(&self, ids: &[String]) {
        let record = |id: &String| {
            let email = format!("{id}@example.org");
            json!({ "type": "user", "userId": id, "displayName": id, "email": email, "emailVerified": true })
        };
        let records: Vec<_> = ids.iter().map(record).collect();
        let import = self.directory("POST", "import", json!({ "records": records })).await.import();
        assert!(import.results.iter().all(|result| result.status == 201), "{import:?}");
    }

    /// Keeps an open, public community with those fields besides.
    pub async fn community(&self, id: &str, fields: Value) {
        let body = json!({
            "title": capitalized(id), "url": format!("https://platform.example.org/c/{id}"),
            "visibility": "public", "enrolment": "open",
        });
        self.directory("PUT", format!("communities/{id}"), with(body, fields)).await.succeeded();
    }

    /// Keeps an open, public community in which the person has that role.
    pub async fn community_of(&self, id: &str, person: &Person, role: &str) {
        self.community(id, json!({})).await;
        self.member(id, person, role).await;
    }

    /// Gives the person a role in the community.
    pub async fn member(&self, community: &str, person: &Person, role: &str) {
        let path = format!("communities/{community}/members/{}", person.id);
        self.directory("PUT", path, json!({ "role": role })).await.succeeded();
    }

    /// Connects two users.
    pub async fn connect(&self, one: &Person, other: &Person) {
        self.directory("PUT", format!("users/{}/connections/{}", one.id, other.id), Value::Null).await.succeeded();
    }

    /// Closes the community `chess` and lets Mia, a member, ask for an invitation of Ann; returns them and its id.
    pub async fn requested(&self) -> (Person, Person, String) {
        self.community("chess", json!({ "enrolment": "closed" })).await;
        let [mia, ann] = self.people(["mia", "ann"]).await;
        self.member("chess", &mia, "member").await;
        self.connect(&mia, &ann).await;
        let id = self.invite_user(&mia, "chess", &ann).await;
        (mia, ann, id)
    }

    /// Replaces the network's settings.
    pub async fn settings(&self, settings: Value) {
        self.directory("PUT", "settings", settings).await.ok();
    }

    /// Hands an event of the mail service to `feedback`.
    pub async fn ses_event(&self, event: &SesEvent) {
        self.feedback.handle(serde_json::from_value(event.event()).unwrap()).await.unwrap();
    }
}

fn with(mut body: Value, fields: Value) -> Value {
    body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    body
}
