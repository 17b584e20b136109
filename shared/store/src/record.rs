//! How records look: a key, a `kind`, and the fields of the domain type.
//!
//! An invitation keeps its fields under `body`, since the attributes by which the indexes find it have the same names.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use serde::{Serialize, de::DeserializeOwned};

use domain::{
    Timestamp,
    community::Community,
    id::{InvitationId, UserId},
    invitation::{Invitation, Status},
    invitee_query::found_by,
    person::{Standing, User},
    settings::Settings,
};
use jiff::civil::Date;

use crate::{
    StoreError,
    attributes::{
        AGAIN, BODY, EMAIL, EXPIRY, FILED, FOUND_BY, KIND, LISTING, LOCALE, PK, PROFILE_URL, RENAMED, REVISION,
        SENT_ON, SINCE, SK, SUPPRESSED, TTL, UNREACHED, USED, WAITS_FOR,
    },
    expression::{number, string},
    keys::{
        ADDRESS_RECORD, COMMUNITY_RECORD, INVITATION_RECORD, Key, List, SETTINGS_RECORD, STANDING_PREFIX, USER_RECORD,
        waited_for,
    },
    listing::listing,
};

/// The attributes of one record.
pub type Item = HashMap<String, AttributeValue>;

/// What a record is, as its `kind` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// An invitation.
    Invitation,
    /// A mail in the outbox.
    Mail,
    /// A deadline.
    Deadline,
    /// The status that an invitation is counted in.
    Counted,
    /// A user.
    User,
    /// A standing.
    Standing,
    /// A connection.
    Connection,
    /// A name that a user is found by.
    Name,
    /// An idempotent request.
    Idempotency,
    /// An address.
    Address,
    /// A community.
    Community,
    /// The removal of a community.
    Removal,
    /// A moderator.
    Moderator,
    /// A part of a community's counters.
    Stats,
    /// The counters of a day, or of a sender in it.
    DayStats,
    /// The network settings.
    Settings,
    /// How far a sender has been told of answers.
    Digest,
    /// A notice that another mail carries.
    Notice,
    /// The invitation mails that an address got in a day.
    Mailed,
    /// A mail that waits for its time.
    Due,
    /// The gate before the mail service.
    Gate,
    /// A parked mail.
    Parked,
}

impl Kind {
    /// The value of the `kind` attribute.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Invitation => "invitation",
            Self::Mail => "mail",
            Self::Deadline => "deadline",
            Self::Counted => "tallied",
            Self::User => "user",
            Self::Standing => "standing",
            Self::Connection => "connection",
            Self::Name => "name",
            Self::Idempotency => "request",
            Self::Address => "address",
            Self::Community => "community",
            Self::Removal => "removal",
            Self::Moderator => "moderator",
            Self::Stats => "tally",
            Self::DayStats => "day",
            Self::Settings => "settings",
            Self::Digest => "digest",
            Self::Notice => "notice",
            Self::Mailed => "mailed",
            Self::Due => "due",
            Self::Gate => "gate",
            Self::Parked => "parked",
        }
    }
}

/// A record of `kind` at `key` with the fields of `value`.
///
/// # Errors
/// [`StoreError::Damaged`] if `value` does not serialise to a map.
pub fn record(kind: Kind, key: Key, value: &impl Serialize) -> Result<Item, StoreError> {
    let mut item: Item = serde_dynamo::to_item(value)?;
    item.extend(HashMap::from(key));
    item.insert(KIND.to_owned(), string(kind.as_str()));
    Ok(item)
}

/// What a record says that has nothing but its key.
#[derive(Serialize)]
pub(crate) struct NoFields {}

/// The value whose fields the record holds.
///
/// # Errors
/// [`StoreError::Damaged`] if they are not those of a `T`.
pub fn value<T: DeserializeOwned>(mut item: Item) -> Result<T, StoreError> {
    for attribute in [PK, SK, KIND, TTL, AGAIN] {
        item.remove(attribute);
    }
    Ok(serde_dynamo::from_item(item)?)
}

/// The record of an invitation, listed in every index where it can be found.
///
/// # Errors
/// [`StoreError::Damaged`] if it does not serialise.
pub fn invitation_record(invitation: &Invitation) -> Result<Item, StoreError> {
    let body: Item = serde_dynamo::to_item(invitation)?;
    let mut item: Item = Key::invitation(invitation.id).into();
    // At once for all that may come.
    item.reserve(10);
    let mut put = |name: &str, value| item.insert(name.to_owned(), value);
    put(KIND, string(Kind::Invitation.as_str()));
    put(REVISION, number(invitation.revision));
    put(LISTING, string(listing(invitation)));
    if !invitation.status.is_final() {
        put(EXPIRY, number(invitation.expires_at.as_millisecond()));
    }
    if let Some(text) = found_by(invitation) {
        put(FOUND_BY, string(text));
    }
    if invitation.status == Status::Pending {
        put(WAITS_FOR, string(waited_for(&invitation.invitee.party())));
    }
    for list in lists_of(invitation) {
        put(list.hash(), string(list.of()));
    }
    put(BODY, AttributeValue::M(body));
    Ok(item)
}

/// The lists that the invitation stands in: one of each index. It stands in none of a person who has been erased from
/// it, so that these lists are what an erasure has left to do.
pub fn lists_of(invitation: &Invitation) -> Vec<List> {
    let mut lists = vec![List::Into(invitation.community.id.clone())];
    if !invitation.invitee.is_erased() {
        let invitee = invitation.invitee.party();
        lists.push(if invitation.has_reached_invitee() { List::To(invitee) } else { List::RequestedFor(invitee) });
    }
    if !invitation.sender.is_erased() {
        lists.push(List::By(invitation.sender.id.clone()));
    }
    lists
}

/// The invitation that the record holds.
///
/// # Errors
/// [`StoreError::Damaged`] if it holds none.
pub fn invitation(mut item: Item) -> Result<Invitation, StoreError> {
    match item.remove(BODY) {
        Some(AttributeValue::M(body)) => Ok(serde_dynamo::from_item(body)?),
        _ => Err(StoreError::Damaged("an invitation without its body".to_owned())),
    }
}

/// A record as it was read. What decisions are taken from is read into what it is, once; anything else as it is needed.
#[derive(Debug, Clone)]
pub(crate) enum Record {
    Invitation(Box<Invitation>),
    /// A user, and how many invitations count against a day of theirs.
    User(Box<UserRecord>, Option<(Date, u32)>),
    /// A community, and when one with its id was removed before.
    Community(Box<Community>, Option<Timestamp>),
    Standing(Box<Standing>),
    Address(Address),
    Settings(Box<Settings>),
    Other(Item),
}

impl Record {
    /// Reads the record at `key`.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] if it is not what its key says.
    pub(crate) fn read(key: &Key, item: Item) -> Result<Self, StoreError> {
        Ok(match key.sk.as_str() {
            INVITATION_RECORD => Self::Invitation(Box::new(invitation(item)?)),
            USER_RECORD => {
                let counted = counted(&item);
                Self::User(Box::new(user(item)?), counted)
            }
            COMMUNITY_RECORD => {
                let since = since(&item);
                Self::Community(Box::new(value(item)?), since)
            }
            ADDRESS_RECORD => Self::Address(value(item)?),
            SETTINGS_RECORD => Self::Settings(Box::new(value(item)?)),
            standing if standing.starts_with(STANDING_PREFIX) => Self::Standing(Box::new(value(item)?)),
            _ => Self::Other(item),
        })
    }
}

/// When the community that had the id before was removed.
pub(crate) fn since(item: &Item) -> Option<Timestamp> {
    Timestamp::from_millisecond(item.get(SINCE)?.as_n().ok()?.parse().ok()?).ok()
}

/// The day that a user's invitations were last counted against, and how many they were.
fn counted(user: &Item) -> Option<(Date, u32)> {
    let day = user.get(SENT_ON)?.as_s().ok()?.parse().ok()?;
    Some((day, user.get(USED)?.as_n().ok()?.parse().ok()?))
}

/// What the table knows of an address.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Address {
    /// The user whose verified address it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<UserId>,
    /// Whether that user is active.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub owner_active: bool,
    /// Whether mail to it bounced for good or was called spam.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub suppressed: bool,
}

/// A user with what the table alone knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserRecord {
    /// The user.
    pub user: User,
    /// Whether mail to the user's present address bounced for good or was called spam.
    pub suppressed: bool,
    /// The key of the mailbox that did not take an invitation mail, if that has happened; empty where there was none.
    pub unreached: Option<String>,
    /// Whether the user is filed under their name, as everyone is who was written since there is such a thing.
    pub filed: bool,
    /// While connections are to be told the user's present name: the last of them, in their order, who has been; empty
    /// before.
    pub renamed: Option<String>,
}

impl UserRecord {
    /// While connections are to be told the name that the user has as `after`: the last of them who has been.
    pub fn renamed_to(&self, after: &User) -> Option<String> {
        let is_new = !self.filed || self.user.search_name() != after.search_name();
        if is_new { Some(String::new()) } else { self.renamed.clone() }
    }
}

/// The user that the record holds.
///
/// # Errors
/// [`StoreError::Damaged`] if it holds none.
pub fn user(mut item: Item) -> Result<UserRecord, StoreError> {
    let mut key = |attribute| match item.remove(attribute) {
        Some(AttributeValue::S(key)) => Some(key),
        _ => None,
    };
    let (suppressed, unreached, renamed) = (key(SUPPRESSED), key(UNREACHED), key(RENAMED));
    let filed = item.remove(FILED).is_some();
    let user: User = value(item)?;
    let suppressed = suppressed.is_some_and(|key| user.address().is_some_and(|present| present.as_str() == key));
    Ok(UserRecord { user, suppressed, unreached, filed, renamed })
}

/// What the record of a user has only where there is something to say.
pub(crate) const OPTIONAL_OF_USER: [&str; 7] = [PROFILE_URL, EMAIL, LOCALE, SUPPRESSED, UNREACHED, FILED, RENAMED];

/// The record of a user, which names the present address if no mail goes to it any more, and the mailbox that did not
/// take one.
///
/// # Errors
/// [`StoreError::Damaged`] if the user does not serialise.
pub fn user_record(known: &UserRecord) -> Result<Item, StoreError> {
    let UserRecord { user, suppressed, unreached, filed, renamed } = known;
    let mut item = record(Kind::User, Key::user(&user.id), user)?;
    if let Some(email) = user.email.as_ref().filter(|_| *suppressed) {
        item.insert(SUPPRESSED.to_owned(), string(email.key().as_str()));
    }
    if let Some(mailbox) = unreached {
        item.insert(UNREACHED.to_owned(), string(mailbox));
    }
    if let Some(told) = renamed {
        item.insert(RENAMED.to_owned(), string(told));
    }
    if *filed {
        item.insert(FILED.to_owned(), AttributeValue::Bool(true));
    }
    Ok(item)
}

/// The record whose deletion tells `deliver` that the mail's time has come, and its key. The table deletes it some time
/// after that by itself.
pub(crate) fn due(at: Timestamp, id: InvitationId, mail: &str) -> (Key, Item) {
    let key = Key::due(at, id, mail);
    let mut item: Item = key.clone().into();
    item.insert(KIND.to_owned(), string(Kind::Due.as_str()));
    // TTL counts whole seconds: rounded up, so that it never comes early.
    item.insert(TTL.to_owned(), number(at.as_second() + 1));
    (key, item)
}

/// The kind of a record in a stream; `None` if it has none.
pub fn kind_of(item: &Item) -> Option<&str> {
    item.get(KIND).and_then(|kind| AttributeValue::as_s(kind).ok()).map(String::as_str)
}

/// The invitation whose partition the record stands in.
pub fn invitation_of(item: &Item) -> Option<InvitationId> {
    item.get(PK)?.as_s().ok()?.strip_prefix("INVITATION#")?.parse().ok()
}
