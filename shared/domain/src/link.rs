//! The secret that a mail link carries.
//!
//! A token is the id of its invitation, the revision that the mail which carries it came with, and 256 random bits. The
//! first two let one read find what it opens, and make it useless anywhere else; the random bits are the secret, of
//! which only a digest is ever kept.

use std::{fmt, str::FromStr};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::id::InvitationId;

/// The random bytes in a token: 256 bits.
pub const SECRET_BYTES: usize = 32;
const ID_BYTES: usize = 16;
const REVISION_BYTES: usize = 4;
const TOKEN_BYTES: usize = ID_BYTES + REVISION_BYTES + SECRET_BYTES;
/// The characters of a token in a link: six bits each.
pub const TOKEN_CHARS: usize = (TOKEN_BYTES * 8).div_ceil(6);

/// A token as it stands in a link. Neither `Debug` nor any log shows it.
#[derive(Clone, PartialEq, Eq)]
pub struct LinkToken {
    invitation: InvitationId,
    revision: u32,
    secret: [u8; SECRET_BYTES],
}

/// Text that cannot be a token. Says nothing more, because it would only help to guess one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is no link of ours")]
pub struct InvalidToken;

impl LinkToken {
    /// Makes the token for `invitation`, in the mail that came with `revision`, with a secret that was just drawn.
    pub fn new(invitation: InvitationId, revision: u32, secret: [u8; SECRET_BYTES]) -> Self {
        Self { invitation, revision, secret }
    }

    /// Finds the token in what mail programs, chats and people make of a link: a slash, a full stop, a bracket, a
    /// quote, a space or a sign of emphasis behind it, encoded or not. `None` where there is no whole token.
    pub fn find(text: &str) -> Option<Self> {
        let in_token = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        // The last character of a token carries two bits, which spell neither of the signs.
        text.split(|c| !in_token(c)).find_map(|run| run.trim_end_matches(['-', '_']).parse().ok())
    }

    /// The invitation that the token says it opens. Only a matching [`LinkDigest`] proves it.
    pub fn invitation(&self) -> InvitationId {
        self.invitation
    }

    /// The revision of the invitation that the mail came with, which tells it from the invitation's other mails.
    pub fn revision(&self) -> u32 {
        self.revision
    }

    /// The digest that is kept instead of the token.
    pub fn digest(&self) -> LinkDigest {
        LinkDigest(BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(self.to_bytes())))
    }

    /// The [`TOKEN_CHARS`] characters that stand in the link.
    pub fn reveal(&self) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(self.to_bytes())
    }

    fn to_bytes(&self) -> [u8; TOKEN_BYTES] {
        let mut bytes = [0; TOKEN_BYTES];
        let (id, rest) = bytes.split_at_mut(ID_BYTES);
        let (revision, secret) = rest.split_at_mut(REVISION_BYTES);
        id.copy_from_slice(&self.invitation.to_bytes());
        revision.copy_from_slice(&self.revision.to_be_bytes());
        secret.copy_from_slice(&self.secret);
        bytes
    }
}

impl FromStr for LinkToken {
    type Err = InvalidToken;

    fn from_str(text: &str) -> Result<Self, InvalidToken> {
        // Room for what the decoder would write of text that is a little too long.
        let mut bytes = [0; TOKEN_BYTES + 2];
        match BASE64_URL_SAFE_NO_PAD.decode_slice(text, &mut bytes) {
            Ok(TOKEN_BYTES) => {}
            _ => return Err(InvalidToken),
        }
        let (id, rest) = bytes[..TOKEN_BYTES].split_at(ID_BYTES);
        let (revision, secret) = rest.split_at(REVISION_BYTES);
        match (id.try_into(), revision.try_into(), secret.try_into()) {
            (Ok(id), Ok(revision), Ok(secret)) => {
                Ok(Self::new(InvitationId::from_bytes(id), u32::from_be_bytes(revision), secret))
            }
            _ => Err(InvalidToken),
        }
    }
}

impl fmt::Debug for LinkToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LinkToken({}, …)", self.invitation)
    }
}

/// The SHA-256 digest of a token: enough to recognise it, and useless to its readers.
///
/// Comparing digests needs no constant time: a timing that reveals a digest reveals nothing about its token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LinkDigest(String);

impl LinkDigest {
    /// The 43 characters that are kept.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
