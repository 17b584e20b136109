//! What the table knows of a request's people: read in batches, kept up to date by what lost writes reveal.

use domain::{
    Timestamp,
    community::Community,
    email::EmailAddress,
    id::{CommunityId, UserId},
    invitation::Invitee,
    person::{Caller, Party, Role, User},
    sending::{Quota, Recipient},
    settings::Settings,
};
use store::{
    Store, StoreError,
    keys::Key,
    read::Records,
    record::{Address, Item},
};

use crate::request::{Named, Submission, Submitted};

/// The records that one request decides from.
pub(crate) struct Directory {
    records: Records,
    caller: UserId,
    community: CommunityId,
    now: Timestamp,
}

impl Directory {
    /// Reads all that the submission names.
    pub(crate) async fn read(
        store: &Store,
        caller: &Caller,
        community: &CommunityId,
        submission: &Submission,
        request: Option<&Key>,
        now: Timestamp,
    ) -> Result<Self, StoreError> {
        let mut directory =
            Self { records: Records::default(), caller: caller.id.clone(), community: community.clone(), now };
        let mut keys = vec![
            Key::settings(),
            Key::user(&caller.id),
            directory.standing(&Party::User(caller.id.clone())),
            directory.community_key(),
            Key::quota(&caller.id, Quota::day(now)),
        ];
        keys.extend(request.cloned());
        for recipient in &submission.recipients {
            match &recipient.names {
                Named::User(id) => keys.extend(directory.user_keys(id)),
                Named::Email(email) => {
                    keys.push(Key::address(&email.key()));
                    keys.push(directory.standing(&Party::Address(email.key())));
                }
                Named::Nobody | Named::NoEmail => {}
            }
        }
        directory.records = store.read(keys).await?;
        Ok(directory)
    }

    /// Reads the users who own submitted addresses, as far as they are not known yet.
    pub(crate) async fn resolve_owners(&mut self, store: &Store, submission: &Submission) -> Result<(), StoreError> {
        let mut keys = Vec::new();
        for recipient in &submission.recipients {
            if let Named::Email(email) = &recipient.names
                && let Some(owner) = self.address(email)?.owner
                && self.records.get(&Key::user(&owner)).is_none()
            {
                keys.extend(self.user_keys(&owner));
            }
        }
        if !keys.is_empty() {
            self.records.extend(store.read(keys).await?);
        }
        Ok(())
    }

    /// Takes over what a lost write says of one record.
    pub(crate) fn learn(&mut self, key: Key, item: Option<Item>) {
        self.records.replace(key, item);
    }

    pub(crate) fn record(&self, key: &Key) -> Option<&Item> {
        self.records.get(key)
    }

    pub(crate) fn settings(&self) -> Result<Settings, StoreError> {
        self.records.settings()
    }

    pub(crate) fn sender(&self) -> Result<Option<User>, StoreError> {
        Ok(self.records.user(&self.caller)?.map(|record| record.user))
    }

    pub(crate) fn sender_role(&self) -> Result<Option<Role>, StoreError> {
        Ok(self.records.standing(&Party::User(self.caller.clone()), &self.community)?.role)
    }

    pub(crate) fn community(&self) -> Result<Option<Community>, StoreError> {
        self.records.community(&self.community, self.spread())
    }

    pub(crate) fn quota(&self, settings: &Settings) -> Quota {
        let day = Quota::day(self.now);
        let used = used(self.records.get(&Key::quota(&self.caller, day)));
        Quota { sender: self.caller.clone(), day, used, limit: settings.daily_invitations_per_sender }
    }

    /// Whom each recipient comes down to, in order; `None` for nobody. Two that are equal are one and the same.
    pub(crate) fn identities(&self, submission: &Submission) -> Result<Vec<Option<Party>>, StoreError> {
        let identity = |recipient: &Submitted| {
            Ok(match &recipient.names {
                Named::User(id) => Some(Party::User(id.clone())),
                Named::Email(email) => {
                    let owner = self.address(email)?.owner;
                    Some(owner.map_or_else(|| Party::Address(email.key()), Party::User))
                }
                Named::Nobody | Named::NoEmail => None,
            })
        };
        submission.recipients.iter().map(identity).collect()
    }

    /// What is known of a recipient.
    pub(crate) fn recipient(&self, recipient: &Submitted) -> Result<Recipient, StoreError> {
        match &recipient.names {
            Named::Nobody => Ok(Recipient::UnknownUser),
            Named::NoEmail => Ok(Recipient::InvalidEmail),
            Named::User(id) => self.user(id),
            Named::Email(email) => {
                let address = self.address(email)?;
                match address.owner {
                    Some(owner) => self.user(&owner),
                    None => Ok(Recipient::Address {
                        email: email.clone(),
                        standing: self.records.standing(&Party::Address(email.key()), &self.community)?,
                        suppressed: address.suppressed,
                    }),
                }
            }
        }
    }

    /// The invitee that a recipient came down to, by the name that the directory has for them.
    pub(crate) fn invitee(&self, party: &Party, recipient: &Submitted) -> Result<Invitee, StoreError> {
        Ok(match (party, &recipient.names) {
            (Party::User(id), _) => {
                let display_name = self.records.user(id)?.map(|found| found.user.display_name);
                Invitee::User { id: id.clone(), display_name }
            }
            (Party::Address(_), Named::Email(email)) => Invitee::address(email.clone()),
            (Party::Address(key), _) => Invitee::Address { key: key.clone(), email: None },
        })
    }

    fn user(&self, id: &UserId) -> Result<Recipient, StoreError> {
        let Some(found) = self.records.user(id)? else { return Ok(Recipient::UnknownUser) };
        Ok(Recipient::User {
            suppressed: found.suppressed,
            user: Box::new(found.user),
            standing: self.records.standing(&Party::User(id.clone()), &self.community)?,
            connected: self.records.get(&Key::connection(&self.caller, id)).is_some(),
        })
    }

    fn address(&self, email: &EmailAddress) -> Result<Address, StoreError> {
        Ok(self.records.value(&Key::address(&email.key()))?.unwrap_or_default())
    }

    fn user_keys(&self, id: &UserId) -> [Key; 3] {
        [Key::user(id), self.standing(&Party::User(id.clone())), Key::connection(&self.caller, id)]
    }

    fn standing(&self, party: &Party) -> Key {
        Key::standing(party, &self.community)
    }

    fn community_key(&self) -> Key {
        Key::community(&self.community, self.spread())
    }

    /// Which copy of the community to read: any will do, as long as requests spread over all.
    fn spread(&self) -> u8 {
        self.now.as_millisecond().to_le_bytes()[0]
    }
}

/// The invitations that a quota record counts; none without a record.
pub(crate) fn used(item: Option<&Item>) -> u32 {
    item.and_then(|item| item.get("used")?.as_n().ok()?.parse().ok()).unwrap_or(0)
}
