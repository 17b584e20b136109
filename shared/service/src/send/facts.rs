//! What the table knows of a request's people: read in batches, kept up to date by what failed conditions reveal.

use domain::{
    Timestamp,
    community::{Community, Era},
    email::EmailAddress,
    id::{CommunityId, UserId},
    invitation::{InvitedAs, Invitee},
    person::{Caller, Party, Role, Standing, User},
    sending::{Quota, Recipient},
    settings::Settings,
};
use store::{
    Store, StoreError,
    execute::FailedCondition,
    idempotency::IdempotentRequest,
    keys::{Key, Spread},
    read::{Records, recipient_keys},
    record::Address,
};

use super::submission::{Named, Submission, Submitted};

/// The records that one request is decided from.
pub(super) struct Facts {
    records: Records,
    caller: UserId,
    community: CommunityId,
    now: Timestamp,
}

impl Facts {
    /// Reads all that the submission names, and the record of the idempotent request at `request`.
    pub(super) async fn read(
        store: &Store,
        caller: &Caller,
        community: &CommunityId,
        submission: &Submission,
        request: Option<&Key>,
        now: Timestamp,
    ) -> Result<Self, StoreError> {
        let mut facts =
            Self { records: Records::default(), caller: caller.id.clone(), community: community.clone(), now };
        let mut keys = vec![
            Key::settings(facts.spread()),
            Key::user(&caller.id),
            Key::standing(&Party::User(caller.id.clone()), community),
            Key::community(community, facts.spread()),
        ];
        keys.extend(request.cloned());
        for recipient in &submission.recipients {
            match &recipient.names {
                Named::User(id) => keys.extend(facts.keys(&Party::User(id.clone()))),
                Named::Email(email) => keys.extend(facts.keys(&Party::Address(email.key()))),
                Named::NoUser | Named::NoEmail => {}
            }
        }
        facts.records = store.read(keys).await?;
        Ok(facts)
    }

    /// Reads the users who own submitted addresses, as far as they are not known yet.
    pub(super) async fn resolve_owners(&mut self, store: &Store, submission: &Submission) -> Result<(), StoreError> {
        let mut keys = Vec::new();
        for recipient in &submission.recipients {
            if let Named::Email(email) = &recipient.names
                && let Some(owner) = self.address(email).owner
                && !self.records.has(&Key::user(&owner))
            {
                keys.extend(self.keys(&Party::User(owner)));
            }
        }
        if !keys.is_empty() {
            self.records.extend(store.read(keys).await?);
        }
        Ok(())
    }

    /// Takes over what a failed condition says of its record.
    pub(super) fn learn(&mut self, failed: FailedCondition) -> Result<(), StoreError> {
        self.records.learn(failed)
    }

    pub(super) fn request(&self, key: &Key) -> Result<Option<IdempotentRequest>, StoreError> {
        self.records.value(key)
    }

    pub(super) fn settings(&self) -> Settings {
        self.records.settings(self.spread())
    }

    pub(super) fn sender(&self) -> Option<&User> {
        self.records.user(&self.caller).map(|record| &record.user)
    }

    pub(super) fn sender_role(&self) -> Option<Role> {
        self.records.standing(&Party::User(self.caller.clone()), &self.community).role
    }

    pub(super) fn community(&self) -> Option<&Community> {
        self.records.community(&self.community, self.spread())
    }

    /// Which community has the id now.
    pub(super) fn era(&self) -> Option<Era> {
        self.records.era(&self.community, self.spread())
    }

    pub(super) fn quota(&self, settings: &Settings) -> Quota {
        let (day, used) = (Quota::day(self.now), self.used());
        Quota { sender: self.caller.clone(), day, used, limit: settings.daily_invitations_per_sender.get() }
    }

    /// The invitations that count against the sender's day.
    pub(super) fn used(&self) -> u32 {
        self.records.used(&self.caller, Quota::day(self.now))
    }

    /// What is known of a recipient.
    pub(super) fn recipient(&self, recipient: &Submitted) -> Recipient {
        match &recipient.names {
            Named::NoUser => Recipient::UnknownUser,
            Named::NoEmail => Recipient::InvalidEmail,
            Named::User(id) => self.user(id, None),
            Named::Email(email) => {
                if let Some(owner) = self.address(email).owner
                    && let Recipient::User { user, standing, connected, suppressed, typed } =
                        self.user(&owner, Some(email))
                {
                    let standing = self.with_wish(standing, email);
                    return Recipient::User { user, standing, connected, suppressed, typed };
                }
                // No user's, or one's who has been erased since it was read.
                self.records.address_recipient(email, &self.community)
            }
        }
    }

    /// The invitee that a recipient turned out to be, by the name that the directory has for them.
    pub(super) fn invitee(&self, party: &Party, recipient: &Submitted) -> Invitee {
        match (party, &recipient.names) {
            (Party::User(id), names) => {
                let display_name = self.records.user(id).map(|found| found.user.display_name.to_string());
                let invited_as = match names {
                    Named::Email(email) => Some(InvitedAs::Address(email.clone())),
                    _ => None,
                };
                Invitee::User { id: id.clone(), display_name, invited_as }
            }
            (Party::Address(_), Named::Email(email)) => Invitee::address(email.clone()),
            (Party::Address(key), _) => Invitee::Address { key: key.clone(), email: None },
        }
    }

    fn user(&self, id: &UserId, typed: Option<&EmailAddress>) -> Recipient {
        self.records.user_recipient(id, typed, &self.caller, &self.community)
    }

    /// Adds what the mailbox itself says to the standing of its owner, which repeats it, but not at once.
    fn with_wish(&self, standing: Standing, email: &EmailAddress) -> Standing {
        let key = email.key();
        let itself = self.records.standing(&Party::Address(key.clone()), &self.community).wish_at(&key, self.now);
        let mailbox = match itself {
            Some(wish) => Some(wish.and(standing.mailbox.as_ref())),
            None => standing.mailbox,
        };
        Standing { mailbox, ..standing }
    }

    fn address(&self, email: &EmailAddress) -> Address {
        self.records.address(&email.key())
    }

    fn keys(&self, party: &Party) -> impl Iterator<Item = Key> + use<> {
        recipient_keys(party, &self.caller, &self.community)
    }

    fn spread(&self) -> Spread {
        Spread::by_time(self.now)
    }
}
