//! The secret that a mail link carries.
//!
//! A token is the id of its invitation followed by 256 random bits. The id makes the token useless anywhere but at its
//! own invitation and lets one read find it; the random bits are the secret, of which only a digest is ever kept.

use std::{fmt, str::FromStr};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::id::InvitationId;

/// The random bytes in a token: 256 bits.
pub const SECRET_BYTES: usize = 32;
const TOKEN_BYTES: usize = 16 + SECRET_BYTES;
/// The characters of a token in a link.
pub const TOKEN_CHARS: usize = TOKEN_BYTES / 3 * 4;

/// A token as it stands in a link. Neither `Debug` nor any log shows it.
#[derive(Clone, PartialEq, Eq)]
pub struct LinkToken {
    invitation: InvitationId,
    secret: [u8; SECRET_BYTES],
}

/// Text that cannot be a token. Says nothing more, because whoever tries does not deserve more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is no link of ours")]
pub struct InvalidToken;

impl LinkToken {
    /// The token for `invitation` with a secret that the caller has just drawn.
    #[must_use]
    pub fn new(invitation: InvitationId, secret: [u8; SECRET_BYTES]) -> Self {
        Self { invitation, secret }
    }

    /// The invitation that the token claims to open. Only a matching [`LinkDigest`] proves the claim.
    #[must_use]
    pub fn invitation(&self) -> InvitationId {
        self.invitation
    }

    /// What is kept in the token's stead.
    #[must_use]
    pub fn digest(&self) -> LinkDigest {
        LinkDigest(BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(self.to_bytes())))
    }

    /// The 64 characters that stand in the link.
    #[must_use]
    pub fn reveal(&self) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(self.to_bytes())
    }

    fn to_bytes(&self) -> [u8; TOKEN_BYTES] {
        let mut bytes = [0; TOKEN_BYTES];
        bytes[..16].copy_from_slice(&self.invitation.to_bytes());
        bytes[16..].copy_from_slice(&self.secret);
        bytes
    }
}

impl FromStr for LinkToken {
    type Err = InvalidToken;

    fn from_str(text: &str) -> Result<Self, InvalidToken> {
        let mut bytes = [0; TOKEN_BYTES];
        match BASE64_URL_SAFE_NO_PAD.decode_slice(text, &mut bytes) {
            Ok(TOKEN_BYTES) => {}
            _ => return Err(InvalidToken),
        }
        let (id, secret) = bytes.split_at(16);
        match (id.try_into(), secret.try_into()) {
            (Ok(id), Ok(secret)) => Ok(Self::new(InvitationId::from_bytes(id), secret)),
            _ => Err(InvalidToken),
        }
    }
}

impl fmt::Debug for LinkToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LinkToken({}, …)", self.invitation)
    }
}

/// The SHA-256 digest of a token: enough to recognise it, useless to whoever reads it.
///
/// Comparing digests needs no constant time: a timing that reveals a digest reveals nothing about its token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LinkDigest(String);

impl LinkDigest {
    /// The 43 characters that are kept.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
