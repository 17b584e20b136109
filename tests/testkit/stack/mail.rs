//! The mails that really left, as their readers find them.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use serde::Deserialize;

use super::{Stack, call};
use crate::eventually;

/// How old the tests' picture of the mailbox may be: all of them look at it, and it holds every mail.
const FRESH: Duration = Duration::from_millis(150);

static SEEN: Mutex<Option<(Instant, Arc<Vec<Mail>>)>> = Mutex::new(None);

/// All mails, by account.
#[derive(Deserialize)]
struct Mailbox {
    messages: BTreeMap<String, Vec<Mail>>,
}

/// A mail that left.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Mail {
    /// The addresses that it goes to.
    pub to: Vec<String>,
    /// The subject.
    pub subject: String,
    /// The text part.
    #[serde(rename = "BodyText")]
    pub text: String,
    /// The HTML part.
    #[serde(rename = "BodyHtml")]
    pub html: String,
}

impl Mail {
    /// Returns the first link to that page (`i` answers, `u` unsubscribes), as a person finds it in the text.
    #[track_caller]
    pub fn link(&self, page: &str) -> String {
        let path = format!("/{page}/");
        let links = self.text.split_whitespace().filter(|word| word.starts_with("http") && word.contains(&path));
        let link = links.map(|link| link.split('?').next().unwrap_or_default()).next();
        link.unwrap_or_else(|| panic!("no link to /{page}/ in {self:?}")).to_owned()
    }
}

impl Stack {
    /// Returns every mail that left so far, oldest first.
    pub fn mails(&self) -> Arc<Vec<Mail>> {
        let mut seen = SEEN.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some((_, mails)) = seen.as_ref().filter(|(at, _)| at.elapsed() < FRESH) {
            return Arc::clone(mails);
        }
        let listed = call("GET", &format!("{}/_ministack/ses/messages", self.endpoint_url), &[], None);
        let mailbox: Mailbox = serde_json::from_str(&listed.expect(200).body).unwrap();
        let mails = Arc::new(mailbox.messages.into_values().flatten().collect());
        *seen = Some((Instant::now(), Arc::clone(&mails)));
        mails
    }

    /// Returns the mails to that address so far, oldest first.
    pub fn mails_to(&self, address: &str) -> Vec<Mail> {
        self.mails().iter().filter(|mail| mail.to.iter().any(|to| to == address)).cloned().collect()
    }

    /// Returns the mails to that address, once there are that many. More are a failure.
    #[track_caller]
    pub fn await_mails(&self, address: &str, count: usize) -> Vec<Mail> {
        let found = eventually(&format!("{count} mails to {address}"), || {
            Some(self.mails_to(address)).filter(|mails| mails.len() >= count)
        });
        let subjects: Vec<_> = found.iter().map(|mail| &mail.subject).collect();
        assert_eq!(found.len(), count, "mails to {address}: {subjects:?}");
        found
    }

    /// Returns the only mail to that address, once it is there.
    #[track_caller]
    pub fn await_mail(&self, address: &str) -> Mail {
        self.await_mails(address, 1).remove(0)
    }
}
