//! Marks where a list goes on: opaque to callers, and good for one caller and one query.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use domain::Timestamp;
use service::lists::Position;
use sha2::{Digest, Sha256};

use super::problem::Problem;

/// The bytes of digest that bind a cursor: enough that no damage and no mix-up goes unnoticed. It is no signature: a
/// forged cursor leads to another place in the forger's own list.
const SEAL: usize = 12;

/// Returns the cursor of the position, as callers carry it; `query` is all that the list depends on, the caller
/// included.
pub fn seal(position: &Position, query: &str) -> String {
    let Position { after, clock, lapsed, pending } = position;
    let pending = pending.map(|pending| pending.to_string()).unwrap_or_default();
    let text = format!("{pending}|{}|{}|{after}", clock.as_millisecond(), u8::from(*lapsed));
    let mut bytes = digest(query, &text)[..SEAL].to_vec();
    bytes.extend(text.as_bytes());
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

/// Reads the cursor that a caller brings back.
///
/// # Errors
/// 400 if it is damaged, or was sealed for another caller or query.
pub fn open(sealed: &str, query: &str) -> Result<Position, Problem> {
    let parse = || {
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(sealed).ok()?;
        let (seal, text) = bytes.split_at_checked(SEAL)?;
        let text = std::str::from_utf8(text).ok()?;
        let genuine = digest(query, text)[..SEAL] == *seal;
        genuine.then(|| position(text)).flatten()
    };
    parse().ok_or_else(Problem::invalid_cursor)
}

fn position(text: &str) -> Option<Position> {
    let mut fields = text.split('|');
    let pending = fields.next()?.parse().ok();
    let clock = Timestamp::from_millisecond(fields.next()?.parse().ok()?).ok()?;
    let lapsed = fields.next()? == "1";
    Some(Position { after: fields.next()?.parse().ok()?, clock, lapsed, pending })
}

fn digest(query: &str, text: &str) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in [query, text] {
        hash.update(part.len().to_be_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}
