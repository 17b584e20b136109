//! The records of the directory, as a body and the path of a request describe them.

use std::str::FromStr;

use crate::fields::{Fields, FromFields};
use domain::{
    community::Community,
    id::{CommunityId, UserId},
    message::{InvalidMessage, Message},
    person::{Connection, Member, User},
    settings::Settings,
};
use http_api::{
    code::Code,
    json::Json,
    problem::{Fault, Problem},
};

impl FromFields for User {
    const REQUIRED: &[&str] = &["displayName"];
}

impl FromFields for Community {
    const REQUIRED: &[&str] = &["title", "visibility", "enrolment"];
}

impl FromFields for Member {
    const REQUIRED: &[&str] = &["role"];
}

impl FromFields for Connection {
    const REQUIRED: &[&str] = &[];
}

impl FromFields for Settings {
    const REQUIRED: &[&str] = &[];
}

pub(crate) fn user(id: &UserId, fields: &Fields) -> Result<User, Problem> {
    let unproven = fields.get("emailVerified") == Some(&Json::Flag(true)) && fields.get("email").is_none();
    let fault = unproven.then(|| Fault::new("emailVerified", "must be false without an email"));
    fields.read(&[("id", id.as_str())], fault.into_iter().collect())
}

pub(crate) fn community(id: &CommunityId, fields: &Fields) -> Result<Community, Problem> {
    fields.read(&[("id", id.as_str())], Vec::new())
}

pub(crate) fn member(community: &CommunityId, user: &UserId, fields: &Fields) -> Result<Member, Problem> {
    fields.read(&[("communityId", community.as_str()), ("userId", user.as_str())], Vec::new())
}

pub(crate) fn connection(user: &UserId, other: &UserId, fields: &Fields) -> Result<Connection, Problem> {
    let fault = (user == other).then(|| Fault::new("otherId", "must be another user than userId"));
    fields.read(&[("userId", user.as_str()), ("otherId", other.as_str())], fault.into_iter().collect())
}

pub(crate) fn settings(fields: &Fields) -> Result<Settings, Problem> {
    const MESSAGE: &str = "defaultMessage";
    fields.read(&[], Vec::new()).map_err(|problem| {
        let text = match fields.get(MESSAGE) {
            Some(Json::Text(text)) => Some(Message::from_str(text)),
            _ => None,
        };
        let at_fault = problem.code() == Code::InvalidValue.as_str();
        match text {
            // Unknown tokens have a code of their own.
            Some(Err(unknown @ InvalidMessage::UnknownTokens(_))) if at_fault => {
                Problem::unknown_tokens(MESSAGE, unknown)
            }
            _ => problem,
        }
    })
}
