//! Identifiers. The host platform chooses those of users and communities; invitations are named by a ULID.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use ulid::{ULID_LEN, Ulid};

use super::Timestamp;

/// The longest id of a user or community that is accepted, in bytes.
pub const MAX_ID_LENGTH: usize = 128;

/// An id that cannot be one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidId {
    /// Empty, too long, or with a character outside the allowed set.
    #[error("must be 1 to 128 letters, digits or any of - _ . : @ ~ | + =")]
    Foreign,
    /// Not the 26 characters of a ULID.
    #[error("must be a ULID of 26 characters")]
    NotUlid,
}

fn check(text: &str) -> Result<(), InvalidId> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-_.:@~|+=".contains(c);
    if text.is_empty() || text.len() > MAX_ID_LENGTH || !text.chars().all(allowed) {
        return Err(InvalidId::Foreign);
    }
    Ok(())
}

macro_rules! host_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The id as the host platform wrote it.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                check(text).map(|()| Self(text.to_owned()))
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidId;

            fn try_from(text: String) -> Result<Self, InvalidId> {
                check(&text).map(|()| Self(text))
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

host_id! {
    /// A person known to the platform, as the platform names them.
    UserId
}
host_id! {
    /// A group that people join, as the platform names it.
    CommunityId
}

/// One invitation. It sorts by the time of its making and is an id, never a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct InvitationId(Ulid);

impl InvitationId {
    /// The id made at `millis` (Unix time) whose 80 other bits are `entropy`.
    ///
    /// The caller draws the entropy; a repeated request that must name the same invitation derives it instead.
    pub fn new(millis: u64, entropy: [u8; 10]) -> Self {
        let mut random = [0; 16];
        random[6..].copy_from_slice(&entropy);
        Self(Ulid::from_parts(millis, u128::from_be_bytes(random)))
    }

    /// The id of the invitation for the recipient in that place of the same request.
    ///
    /// The first two bytes of the entropy are the place, so that the invitations of one request keep their order. The
    /// last byte differs by place too: what is spread by it is spread over the invitations of one request.
    pub fn at_place(self, place: u16) -> Self {
        let mut bytes = self.to_bytes();
        let ([_, here], [high, low]) = ([bytes[6], bytes[7]], place.to_be_bytes());
        (bytes[6], bytes[7]) = (high, low);
        bytes[15] ^= here ^ low;
        Self::from_bytes(bytes)
    }

    /// The time that the id says it was made at, in milliseconds. All lists are in the order of ids.
    pub fn made_at(self) -> Timestamp {
        let millis = i64::try_from(self.0.timestamp_ms()).ok();
        millis.and_then(|millis| Timestamp::from_millisecond(millis).ok()).unwrap_or(Timestamp::MAX)
    }

    /// The 16 bytes that link tokens carry.
    pub fn to_bytes(self) -> [u8; 16] {
        self.0.to_bytes()
    }

    /// The inverse of [`InvitationId::to_bytes`]; every 16 bytes name some invitation, though hardly one that exists.
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(Ulid::from_bytes(bytes))
    }
}

impl FromStr for InvitationId {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        // More than 128 bits would wrap around: one invitation, one spelling, case aside.
        let is_spelled_so = |ulid: &Ulid| ulid.array_to_str(&mut [0; ULID_LEN]).eq_ignore_ascii_case(text);
        let ulid = Ulid::from_string(text).ok().filter(is_spelled_so);
        ulid.map(Self).ok_or(InvalidId::NotUlid)
    }
}

impl TryFrom<String> for InvitationId {
    type Error = InvalidId;

    fn try_from(text: String) -> Result<Self, InvalidId> {
        text.parse()
    }
}

impl From<InvitationId> for String {
    fn from(id: InvitationId) -> Self {
        id.to_string()
    }
}

impl fmt::Display for InvitationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
