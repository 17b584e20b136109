//! People who call the API.

use serde_json::{Value, json};

/// A person, as the token that they call with describes them.
#[derive(Debug, Clone)]
pub struct Person {
    /// The id of the user.
    pub id: String,
    /// The address in the token.
    pub email: String,
    /// Whether the token says that the address is theirs.
    pub email_verified: bool,
    /// Whether the token carries the administrators' group.
    pub site_administrator: bool,
}

/// Returns a person with that id and the verified address `{id}@example.org`.
pub fn person(id: &str) -> Person {
    let email = format!("{id}@example.org");
    Person { id: id.to_owned(), email, email_verified: true, site_administrator: false }
}

/// Returns the host platform, which keeps the directory.
pub fn platform() -> Person {
    person("platform").site_administrator()
}

impl Person {
    /// Returns the same person as a site administrator.
    pub fn site_administrator(self) -> Self {
        Self { site_administrator: true, ..self }
    }

    /// Returns the same person with an address that is not verified.
    pub fn unverified(self) -> Self {
        Self { email_verified: false, ..self }
    }

    /// Returns the same person with another address.
    pub fn with_email(&self, email: &str) -> Self {
        Self { email: email.to_owned(), ..self.clone() }
    }

    /// Returns what people call the person: the id with a capital.
    pub(super) fn name(&self) -> String {
        capitalized(&self.id)
    }

    pub(super) fn claims(&self) -> Value {
        let mut claims = json!({
            "sub": self.id,
            "email": self.email,
            "email_verified": self.email_verified.to_string(),
            "token_use": "id",
        });
        let groups = if self.site_administrator { "[editors administrators]" } else { "[editors]" };
        claims["cognito:groups"] = groups.into();
        claims
    }
}

pub(super) fn capitalized(id: &str) -> String {
    let (first, rest) = id.split_at(1);
    format!("{}{rest}", first.to_uppercase())
}
