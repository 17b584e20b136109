//! Email addresses, parsed once and compared without regard to case.

use std::{fmt, str::FromStr};

use lettre::Address;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// The longest address that mail can carry (RFC 5321, path less its brackets), in bytes.
pub const MAX_EMAIL_LENGTH: usize = 254;

/// An address that mail can be sent to. Keeps its spelling; two spellings that differ in case are equal.
///
/// `Debug` hides the address, so that it cannot reach a log by accident; `Display` is for mails and responses.
#[derive(Clone, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct EmailAddress(String);

/// Text that is no deliverable address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be an email address such as ada@example.org")]
pub struct InvalidEmail;

impl EmailAddress {
    /// The address as it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What the address is known by in keys and history: it survives erasure without naming anyone.
    pub fn key(&self) -> AddressKey {
        AddressKey(hex::encode(Sha256::digest(self.0.to_lowercase())))
    }
}

impl FromStr for EmailAddress {
    type Err = InvalidEmail;

    fn from_str(text: &str) -> Result<Self, InvalidEmail> {
        let text = text.trim();
        let address: Address = text.parse().map_err(|_| InvalidEmail)?;
        // The parser takes hosts without a dot and quoted or literal forms, which no public mail system delivers to.
        let deliverable = text.is_ascii()
            && text.len() <= MAX_EMAIL_LENGTH
            && address.user().len() <= 64
            && !address.user().starts_with('"')
            && address.domain().contains('.')
            && !address.domain().starts_with('[');
        if deliverable { Ok(Self(text.to_owned())) } else { Err(InvalidEmail) }
    }
}

impl TryFrom<String> for EmailAddress {
    type Error = InvalidEmail;

    fn try_from(text: String) -> Result<Self, InvalidEmail> {
        text.parse()
    }
}

impl From<EmailAddress> for String {
    fn from(address: EmailAddress) -> Self {
        address.0
    }
}

impl PartialEq for EmailAddress {
    fn eq(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}

impl Eq for EmailAddress {}

impl fmt::Debug for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EmailAddress(…)")
    }
}

impl fmt::Display for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The SHA-256 digest, in hexadecimal, of an address in lower case.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AddressKey(String);

impl AddressKey {
    /// The 64 hexadecimal digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
