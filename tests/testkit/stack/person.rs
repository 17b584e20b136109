//! People who call the API, and what they are to a test's community.

use serde_json::{Value, json};

use super::{Stack, stack};
use crate::{
    Response,
    api::{Invitation, Page},
};

/// A person who calls the API.
#[derive(Debug, Clone)]
pub struct Person {
    /// The id of the user.
    pub id: String,
    /// The full name.
    pub name: String,
    /// The address.
    pub email: String,
    pub(super) token: String,
}

impl Person {
    /// Returns the header that says who calls.
    pub fn authorization(&self) -> String {
        format!("Bearer {}", self.token)
    }

    /// Makes a request.
    #[track_caller]
    pub fn call(&self, method: &str, path: &str, body: Option<&Value>) -> Response {
        stack().api(method, path, &[("Authorization", &*self.authorization())], body)
    }

    /// Gets what is at the path.
    #[track_caller]
    pub fn get(&self, path: &str) -> Response {
        self.call("GET", path, None)
    }

    /// Puts a body at the path.
    #[track_caller]
    pub fn put(&self, path: &str, body: &Value) -> Response {
        self.call("PUT", path, Some(body))
    }

    /// Posts a body to the path.
    #[track_caller]
    pub fn post(&self, path: &str, body: &Value) -> Response {
        self.call("POST", path, Some(body))
    }

    /// Deletes what is at the path.
    #[track_caller]
    pub fn delete(&self, path: &str) -> Response {
        self.call("DELETE", path, None)
    }

    /// Gives a command such as `accept` on an invitation.
    #[track_caller]
    pub fn command(&self, command: &str, invitation: &str) -> Response {
        self.post(&format!("/invitations/{invitation}/{command}"), &json!({}))
    }

    /// Returns the person as the directory's import takes them: active, with a verified address.
    pub fn record(&self) -> Value {
        json!({
            "type": "user",
            "userId": self.id,
            "displayName": self.name,
            "profileUrl": format!("https://community.example.org/people/{}", self.id),
            "email": self.email,
            "emailVerified": true,
        })
    }

    /// Returns the invitation as this person sees it.
    #[track_caller]
    pub fn sees(&self, invitation: &str) -> Invitation {
        self.get(&format!("/invitations/{invitation}")).invitation()
    }

    /// Returns a page of a list.
    #[track_caller]
    pub fn page(&self, path: &str) -> Page {
        self.get(path).page()
    }

    /// Returns the first page of this person's invitations.
    #[track_caller]
    pub fn mine(&self) -> Page {
        self.page("/me/invitations")
    }
}

impl Stack {
    /// Returns the site administrator.
    pub fn administrator(&self) -> Person {
        let found = self.people.iter().find(|person| person.role == "site_administrator").unwrap();
        Person { id: String::new(), name: String::new(), email: String::new(), token: found.token.clone() }
    }
}

/// What a person is to a test's community.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Its owner.
    Owner,
    /// One of its administrators.
    Administrator,
    /// One of its moderators.
    Moderator,
    /// A plain member.
    Member,
    /// Known to the directory, and no member.
    Outsider,
    /// As an outsider, with an address that is not verified.
    Unverified,
    /// As an outsider, and not active.
    Inactive,
    /// Signed up, and not known to the directory.
    Unknown,
}

impl Part {
    pub(super) fn role(self) -> Option<&'static str> {
        match self {
            Self::Owner => Some("owner"),
            Self::Administrator => Some("administrator"),
            Self::Moderator => Some("moderator"),
            Self::Member => Some("member"),
            Self::Outsider | Self::Unverified | Self::Inactive | Self::Unknown => None,
        }
    }
}
