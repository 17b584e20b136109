//! How every key in the table is made. No other module writes a key string.
//!
//! | Record | `pk` | `sk` |
//! |---|---|---|
//! | invitation | `INVITATION#id` | `INVITATION` |
//! | mail owed by it | `INVITATION#id` | `MAIL#kind#to#revision` |
//! | deadline, deleted by TTL when it passes | `INVITATION#id` | `DEADLINE` |
//! | what the tally counts it as | `INVITATION#id` | `TALLIED` |
//! | user | `USER#id` | `USER` |
//! | standing of a user | `USER#id` | `STANDING#community` |
//! | connection, one way | `USER#id` | `CONNECTION#other` |
//! | daily quota | `USER#id` | `QUOTA#day` |
//! | idempotent request | `USER#id` | `REQUEST#digest` |
//! | address: its owner, its suppression | `ADDRESS#digest` | `ADDRESS` |
//! | standing of an address | `ADDRESS#digest` | `STANDING#community` |
//! | community, in copies | `COMMUNITY#id#copy` | `COMMUNITY` |
//! | moderator of a community | `MODERATORS#id` | `MODERATOR#user` |
//! | tally of a community | `TALLY#id` | `TALLY` |
//! | its times to answer of one magnitude | `TALLY#id` | `ANSWERS#magnitude` |
//! | network settings | `SETTINGS` | `SETTINGS` |
//! | parked mail | `PARKED` | `invitation#mail` |
//! | record of an invitation that did not read | `PARKED` | `invitation#RECORD#sk` |

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::civil::Date;
use sha2::{Digest, Sha256};

use domain::{
    email::AddressKey,
    id::{CommunityId, InvitationId, UserId},
    person::Party,
};

/// The partition key attribute.
pub const PK: &str = "pk";
/// The sort key attribute.
pub const SK: &str = "sk";
/// The attribute that says what a record is; the stream's filters go by it.
pub const KIND: &str = "kind";
/// The attribute by which DynamoDB deletes a record some time after the moment it names, in Unix seconds.
pub const TTL: &str = "ttl";
/// The attribute by which a record asks to be dealt with once more, when the stream has told of it in vain.
pub const AGAIN: &str = "again";
/// The sort key attribute of the three indexes.
pub const LISTING: &str = "listing";

/// How many copies of a community's record there are.
///
/// Every invitation and answer checks its community in the writing transaction, which locks the record for a moment.
/// Copies spread these checks, so that a busy community does not queue on one item.
pub const COMMUNITY_COPIES: u8 = 8;

/// The primary key of one record.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// The partition key.
    pub pk: String,
    /// The sort key.
    pub sk: String,
}

impl Key {
    fn new(pk: impl Into<String>, sk: impl Into<String>) -> Self {
        Self { pk: pk.into(), sk: sk.into() }
    }

    /// The invitation.
    pub fn invitation(id: InvitationId) -> Self {
        Self::new(format!("INVITATION#{id}"), "INVITATION")
    }

    /// A mail that the invitation owes.
    pub fn mail(id: InvitationId, mail: &str) -> Self {
        Self::new(format!("INVITATION#{id}"), format!("{MAIL_PREFIX}{mail}"))
    }

    /// The invitation's deadline.
    pub fn deadline(id: InvitationId) -> Self {
        Self::new(format!("INVITATION#{id}"), "DEADLINE")
    }

    /// What the tally counts the invitation as.
    pub fn counted(id: InvitationId) -> Self {
        Self::new(format!("INVITATION#{id}"), "TALLIED")
    }

    /// The user.
    pub fn user(id: &UserId) -> Self {
        Self::new(user_partition(id), "USER")
    }

    /// How the party stands with the community.
    pub fn standing(party: &Party, community: &CommunityId) -> Self {
        Self::new(party_partition(party), format!("{STANDING_PREFIX}{community}"))
    }

    /// That `other` is a connection of `user`; the way back is a record of its own.
    pub fn connection(user: &UserId, other: &UserId) -> Self {
        Self::new(user_partition(user), format!("{CONNECTION_PREFIX}{other}"))
    }

    /// What the user has sent on that UTC day.
    pub fn quota(user: &UserId, day: Date) -> Self {
        Self::new(user_partition(user), format!("QUOTA#{day}"))
    }

    /// What came of the user's request with that idempotency key.
    pub fn idempotency(user: &UserId, idempotency_key: &str) -> Self {
        let digest = hex::encode(Sha256::digest(idempotency_key));
        Self::new(user_partition(user), format!("REQUEST#{digest}"))
    }

    /// The address.
    pub fn address(key: &AddressKey) -> Self {
        Self::new(address_partition(key), "ADDRESS")
    }

    /// One copy of the community; `spread` chooses which, alike for the same value.
    pub fn community(id: &CommunityId, spread: u8) -> Self {
        Self::new(format!("COMMUNITY#{id}#{}", spread % COMMUNITY_COPIES), "COMMUNITY")
    }

    /// That the user moderates the community: a moderator or above.
    pub fn moderator(community: &CommunityId, user: &UserId) -> Self {
        Self::new(moderators_partition(community), format!("{MODERATOR_PREFIX}{user}"))
    }

    /// The community's tally, its times to answer aside.
    pub fn stats(community: &CommunityId) -> Self {
        Self::new(stats_partition(community), "TALLY")
    }

    /// The times to answer of one magnitude in the community's tally.
    pub fn answer_times(community: &CommunityId, magnitude: u32) -> Self {
        Self::new(stats_partition(community), format!("ANSWERS#{magnitude:02}"))
    }

    /// The network settings.
    pub fn settings() -> Self {
        Self::new("SETTINGS", "SETTINGS")
    }

    /// The community that a standing's key names.
    pub fn standing_with(&self) -> Option<CommunityId> {
        self.sk.strip_prefix(STANDING_PREFIX)?.parse().ok()
    }

    /// The other user that a connection's key names.
    pub fn connected_to(&self) -> Option<UserId> {
        self.sk.strip_prefix(CONNECTION_PREFIX)?.parse().ok()
    }

    /// That the mail is parked.
    pub fn parked(id: InvitationId, mail: &str) -> Self {
        Self::new(PARKED_PARTITION, format!("{id}#{mail}"))
    }

    /// The mail that a parked record is about; `None` for any other record.
    pub fn parked_mail(&self) -> Option<(InvitationId, &str)> {
        self.parked_thing().filter(|(_, thing)| !thing.starts_with(RECORD_PREFIX))
    }

    /// That a record in the invitation's partition did not read.
    pub fn parked_record(id: InvitationId, sk: &str) -> Self {
        Self::new(PARKED_PARTITION, format!("{id}#{RECORD_PREFIX}{sk}"))
    }

    /// The key of the record that did not read; `None` if this parks something else.
    pub fn unread(&self) -> Option<Self> {
        let (id, thing) = self.parked_thing()?;
        Some(Self::new(Self::invitation(id).pk, thing.strip_prefix(RECORD_PREFIX)?))
    }

    fn parked_thing(&self) -> Option<(InvitationId, &str)> {
        let (id, thing) = self.sk.split_once('#').filter(|_| self.pk == PARKED_PARTITION)?;
        Some((id.parse().ok()?, thing))
    }
}

#[allow(clippy::implicit_hasher, reason = "the SDK takes keys as the standard map only")]
impl From<Key> for HashMap<String, AttributeValue> {
    fn from(key: Key) -> Self {
        Self::from([(PK.to_owned(), AttributeValue::S(key.pk)), (SK.to_owned(), AttributeValue::S(key.sk))])
    }
}

/// What the sort keys of owed mails begin with.
pub const MAIL_PREFIX: &str = "MAIL#";
/// What the sort keys of standings begin with.
pub const STANDING_PREFIX: &str = "STANDING#";
/// What the sort keys of connections begin with.
pub const CONNECTION_PREFIX: &str = "CONNECTION#";
/// What the sort keys of moderators begin with.
pub const MODERATOR_PREFIX: &str = "MODERATOR#";
/// What parks a record that did not read, rather than a mail.
const RECORD_PREFIX: &str = "RECORD#";
/// The partition of parked mails, and of records that did not read.
pub const PARKED_PARTITION: &str = "PARKED";

/// The partition of all that concerns one user.
pub fn user_partition(id: &UserId) -> String {
    format!("USER#{id}")
}

/// The partition of all that concerns one address.
pub fn address_partition(key: &AddressKey) -> String {
    format!("ADDRESS#{}", key.as_str())
}

/// The partition of all that concerns one party; its name is also the party's hash key in the index by invitee.
pub fn party_partition(party: &Party) -> String {
    match party {
        Party::User(id) => user_partition(id),
        Party::Address(key) => address_partition(key),
    }
}

/// What the index by invitee files invitations under that the party has not heard of: requests that no moderator has
/// approved. No list shows them; erasure finds them.
pub fn requested_partition(party: &Party) -> String {
    format!("REQUESTED#{}", party_partition(party))
}

/// The partition of a community's tally.
pub fn stats_partition(community: &CommunityId) -> String {
    format!("TALLY#{community}")
}

/// The partition of a community's moderators.
pub fn moderators_partition(community: &CommunityId) -> String {
    format!("MODERATORS#{community}")
}

/// One of the three indexes over invitations; all are sorted by [`LISTING`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Index {
    /// By whom the invitation is for. Requests that no moderator has approved are filed apart.
    Invitee,
    /// By who sent it.
    Sender,
    /// By the community.
    Community,
}

impl Index {
    /// The name of the index.
    pub fn name(self) -> &'static str {
        match self {
            Self::Invitee => "by-invitee",
            Self::Sender => "by-sender",
            Self::Community => "by-community",
        }
    }

    /// The attribute that is its hash key.
    pub fn hash(self) -> &'static str {
        match self {
            Self::Invitee => "invitee",
            Self::Sender => "sender",
            Self::Community => "community",
        }
    }
}
