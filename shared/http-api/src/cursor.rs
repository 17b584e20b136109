//! Marks where a list goes on: opaque to callers, and good for one caller and one query.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};

use super::problem::Problem;

/// The bytes of digest that bind a cursor: enough that no damage and no mix-up goes unnoticed. It is no signature: a
/// forged cursor leads to another place in the forger's own list.
const SEAL: usize = 12;

/// A place in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor {
    /// The listing key of the last invitation shown.
    pub after: String,
    /// The count of pending invitations that the first page found.
    pub pending: Option<u32>,
}

impl Cursor {
    /// Returns the cursor as callers carry it; `query` is all that the list depends on, the caller included.
    pub fn seal(&self, query: &str) -> String {
        let text = match self.pending {
            Some(pending) => format!("{pending}|{}", self.after),
            None => format!("|{}", self.after),
        };
        let mut bytes = digest(query, &text)[..SEAL].to_vec();
        bytes.extend(text.as_bytes());
        BASE64_URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Reads the cursor that a caller brings back.
    ///
    /// # Errors
    /// 400 if it is damaged, or was sealed for another caller or query.
    pub fn open(sealed: &str, query: &str) -> Result<Self, Problem> {
        let parse = || {
            let bytes = BASE64_URL_SAFE_NO_PAD.decode(sealed).ok()?;
            let (seal, text) = bytes.split_at_checked(SEAL)?;
            let text = std::str::from_utf8(text).ok()?;
            let (pending, after) = text.split_once('|')?;
            let genuine = digest(query, text)[..SEAL] == *seal;
            genuine.then(|| Self { after: after.to_owned(), pending: pending.parse().ok() })
        };
        parse().ok_or_else(Problem::invalid_cursor)
    }
}

fn digest(query: &str, text: &str) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in [query, text] {
        hash.update(part.len().to_be_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}
