//! Email addresses, parsed once and compared without regard to case or to how their domain is spelled.

pub mod list;

use std::{fmt, str::FromStr};

use idna::{
    AsciiDenyList,
    uts46::{DnsLength, Hyphens, Uts46},
};
use lettre::Address;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// The longest address that mail can carry (RFC 5321, path less its brackets), in bytes.
pub const MAX_EMAIL_LENGTH: usize = 254;

/// What may stand between the labels of a domain (UTS 46).
const FULL_STOPS: [char; 4] = ['.', '。', '．', '｡'];

/// An address that mail can be sent to. Keeps its spelling; two spellings of one address are equal: in upper and lower
/// case, and with an internationalised domain in its own script or in ASCII.
///
/// `Debug` hides the address, so that it cannot reach a log by accident; `Display` is for mails and responses.
#[derive(Clone, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct EmailAddress {
    written: String,
    /// The same with the domain in ASCII.
    mailed: String,
}

/// Text that is no deliverable address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be an email address such as ada@example.org")]
pub struct InvalidEmail;

impl EmailAddress {
    /// The address as it was written.
    pub fn as_str(&self) -> &str {
        &self.written
    }

    /// The address as the mail service takes it: with the domain in ASCII.
    pub fn as_mailed(&self) -> &str {
        &self.mailed
    }

    /// The address in lower case, as it is searched for: with the domain in ASCII, and in its own script where that
    /// differs.
    pub fn searched_as(&self) -> Vec<String> {
        let mailed = self.mailed.to_lowercase();
        let (user, domain) = mailed.rsplit_once('@').unwrap_or_default();
        let (domain, _) = Uts46::new().to_unicode(domain.as_bytes(), AsciiDenyList::STD3, Hyphens::CheckFirstLast);
        let shown = format!("{user}@{domain}");
        if shown == mailed { vec![mailed] } else { vec![mailed, shown] }
    }

    /// The address as somebody recognises it who knows it, and nobody else: `a…@e….org`.
    pub fn masked(&self) -> String {
        let (user, domain) = self.written.rsplit_once('@').unwrap_or_default();
        let top = domain.rsplit(FULL_STOPS).next().unwrap_or_default();
        let first = |text: &str| text.chars().next().map(String::from).unwrap_or_default();
        format!("{}…@{}….{top}", first(user), first(domain))
    }

    /// What the address is known by in keys and history: it survives erasure without naming anyone.
    pub fn key(&self) -> AddressKey {
        AddressKey(hex::encode(Sha256::digest(self.mailed.to_lowercase())))
    }
}

impl FromStr for EmailAddress {
    type Err = InvalidEmail;

    /// Reads an address that stands by itself, white space around it aside. What people paste, [`list`] reads.
    fn from_str(text: &str) -> Result<Self, InvalidEmail> {
        let text = text.trim();
        if text.len() > 4 * MAX_EMAIL_LENGTH {
            return Err(InvalidEmail);
        }
        let (user, domain) = text.rsplit_once('@').ok_or(InvalidEmail)?;
        let mailed = if domain.is_ascii() { text.to_owned() } else { format!("{user}@{}", ascii(domain)?) };
        // The mail service takes no other local parts: neither quoted ones nor such as are not ASCII.
        let deliverable = mailed.is_ascii() && !user.starts_with('"') && Address::new(user, ascii(domain)?).is_ok();
        let fits = mailed.len() <= MAX_EMAIL_LENGTH && text.chars().count() <= MAX_EMAIL_LENGTH;
        if deliverable && fits { Ok(Self { written: text.to_owned(), mailed }) } else { Err(InvalidEmail) }
    }
}

/// Returns the domain in ASCII (UTS 46), if the public mail system can have it: names with a dot, the last of which is
/// none of numbers only.
fn ascii(domain: &str) -> Result<String, InvalidEmail> {
    let strict = (AsciiDenyList::STD3, Hyphens::CheckFirstLast, DnsLength::Verify);
    let ascii = Uts46::new().to_ascii(domain.as_bytes(), strict.0, strict.1, strict.2).map_err(|_| InvalidEmail)?;
    let (_, top) = ascii.rsplit_once('.').ok_or(InvalidEmail)?;
    let is_name = top.starts_with("xn--") || top.len() > 1 && top.bytes().all(|b| b.is_ascii_alphabetic());
    if is_name { Ok(ascii.into_owned()) } else { Err(InvalidEmail) }
}

impl TryFrom<String> for EmailAddress {
    type Error = InvalidEmail;

    fn try_from(text: String) -> Result<Self, InvalidEmail> {
        text.parse()
    }
}

impl From<EmailAddress> for String {
    fn from(address: EmailAddress) -> Self {
        address.written
    }
}

impl PartialEq for EmailAddress {
    fn eq(&self, other: &Self) -> bool {
        self.mailed.eq_ignore_ascii_case(&other.mailed)
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
        f.write_str(&self.written)
    }
}

/// The SHA-256 digest, in hexadecimal, of an address in ASCII and lower case.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AddressKey(String);

impl AddressKey {
    /// The 64 hexadecimal digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::EmailAddress;

    #[test]
    fn a_masked_address_tells_how_two_of_its_parts_begin_and_where_it_ends() {
        for (address, masked) in [
            ("ada@example.org", "a…@e….org"),
            ("Ada.Lovelace+news@mail.example.co.uk", "A…@m….uk"),
            ("a@e.org", "a…@e….org"),
            ("info@bücher.test", "i…@b….test"),
            ("info@例え。テスト", "i…@例….テスト"),
        ] {
            assert_eq!(address.parse::<EmailAddress>().unwrap().masked(), masked);
        }
    }

    #[test]
    fn a_domain_has_one_key_in_every_spelling_and_is_shown_as_written() {
        for (written, mailed) in [
            ("info@bücher.test", "info@xn--bcher-kva.test"),
            ("Info@BÜCHER.test", "Info@xn--bcher-kva.test"),
            ("info@bu\u{308}cher.test", "info@xn--bcher-kva.test"),
            ("info@XN--BCHER-KVA.test", "info@XN--BCHER-KVA.test"),
            ("info@straße.test", "info@xn--strae-oqa.test"),
            ("info@例え。テスト", "info@xn--r8jz45g.xn--zckzah"),
            ("info@نامه\u{200C}ای.test", "info@xn--mgba3gch31f060k.test"),
            ("Zoe@Example.org", "Zoe@Example.org"),
        ] {
            let address: EmailAddress = written.parse().unwrap();
            assert_eq!((address.as_str(), address.as_mailed()), (written, mailed));
            let same: EmailAddress = mailed.to_uppercase().parse().unwrap();
            assert_eq!(same, address, "{written}");
            assert_eq!(same.key(), address.key(), "{written}");
        }
        assert_ne!("a@bücher.test".parse::<EmailAddress>(), "a@bucher.test".parse::<EmailAddress>());
    }

    #[test]
    fn what_cannot_be_mailed_is_no_address() {
        let (long, longer) = ("x".repeat(64), "x".repeat(65));
        for good in ["a@x-y.test", "a@1.2.test", "a@3com.test", "o'b+c@x.test", &format!("{long}@{}.test", &long[1..])]
        {
            assert!(good.parse::<EmailAddress>().is_ok(), "{good}");
        }
        for bad in [
            "",
            "a",
            "@x.test",
            "a@",
            "a@x",
            "a@b@x.test",
            "a@1.2.3.4",
            "a@[1.2.3.4]",
            "a@x.123",
            "a@x.y",
            "a@0x7f.0x1",
            "a@x_y.test",
            "a@-x.test",
            "a@x-.test",
            "a@bü-.test",
            "a@x..test",
            "a@.test",
            "a@x.test.",
            "a@x y.test",
            "a@xn--a.test",
            "a@xn--bücher.test",
            "a b@x.test",
            ".a@x.test",
            "a..b@x.test",
            "jörg@x.test",
            "\"a b\"@x.test",
            &format!("a@{long}.test"),
            &format!("{longer}@x.test"),
            &format!("a@{}test", "ü.".repeat(40)),
        ] {
            assert!(bad.parse::<EmailAddress>().is_err(), "{bad}");
        }
    }
}
