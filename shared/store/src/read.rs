//! Reads: batches of records by key, and partitions.

use std::{
    collections::{HashMap, HashSet},
    ops::ControlFlow,
};

use aws_sdk_dynamodb::{operation::query::builders::QueryFluentBuilder, types::KeysAndAttributes};

use domain::{
    Timestamp,
    community::{Community, Era},
    email::{AddressKey, EmailAddress},
    fact::Fact,
    id::{CommunityId, InvitationId, UserId},
    invitation::{Invitation, Invitee},
    person::{Caller, Party, Role, Standing},
    sending::Recipient,
    settings::Settings,
    surroundings::{SenderNow, Surroundings},
};
use jiff::civil::Date;

use crate::{
    Store, StoreError,
    attributes::{PK, SK},
    execute::FailedCondition,
    expression::string,
    keys::{Key, Spread, connection_at, inviter_at, party_partition, recipient_at, user_partition},
    record::{self, Address, Item, Record, UserRecord},
};

/// The most keys that one batch read may name.
const BATCH: usize = 100;
/// How often keys that a batch left unread are asked for again before the read counts as failed.
const ATTEMPTS: u32 = 6;

/// Records by key, as one moment's reads found them. A key that is not there has no record.
#[derive(Debug, Clone, Default)]
pub struct Records(HashMap<Key, Record>);

impl Records {
    /// Whether there is a record at `key`.
    pub fn has(&self, key: &Key) -> bool {
        self.0.contains_key(key)
    }

    /// The attributes of the record at `key`, if it is one of those that are read as they are needed.
    pub(crate) fn item(&self, key: &Key) -> Option<&Item> {
        match self.0.get(key)? {
            Record::Other(item) => Some(item),
            _ => None,
        }
    }

    /// The value of the record at `key`, if it is one of those that are read as they are needed.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] if the record is not one of a `T`.
    pub fn value<T: serde::de::DeserializeOwned>(&self, key: &Key) -> Result<Option<T>, StoreError> {
        self.item(key).cloned().map(record::value).transpose()
    }

    /// The user `id`.
    pub fn user(&self, id: &UserId) -> Option<&UserRecord> {
        match self.0.get(&Key::user(id))? {
            Record::User(user, _) => Some(user),
            _ => None,
        }
    }

    /// The invitation `id`.
    pub fn invitation(&self, id: InvitationId) -> Option<&Invitation> {
        match self.0.get(&Key::invitation(id))? {
            Record::Invitation(invitation) => Some(invitation),
            _ => None,
        }
    }

    /// What is known of the address; nothing, if there is no record.
    pub fn address(&self, key: &AddressKey) -> Address {
        match self.0.get(&Key::address(key)) {
            Some(Record::Address(address)) => address.clone(),
            _ => Address::default(),
        }
    }

    /// Whether `other` is a connection of `user`.
    pub fn are_connected(&self, user: &UserId, other: &UserId) -> bool {
        self.has(&Key::connection(user, other))
    }

    /// The invitations that count against the sender's day, by their record. A day after which another one has begun
    /// has no room any more: only that one is counted.
    pub fn used(&self, sender: &UserId, day: Date) -> u32 {
        match self.0.get(&Key::user(sender)) {
            Some(Record::User(_, Some((sent_on, used)))) if *sent_on == day => *used,
            Some(Record::User(_, Some((sent_on, _)))) if *sent_on > day => u32::MAX,
            _ => 0,
        }
    }

    /// How the party stands with the community; nothing in particular, if there is no record.
    pub fn standing(&self, party: &Party, community: &CommunityId) -> Standing {
        match self.0.get(&Key::standing(party, community)) {
            Some(Record::Standing(standing)) => Standing::clone(standing),
            _ => Standing::default(),
        }
    }

    /// The user `id`, if there is one, as a recipient of the sender's, who named them by the address in `typed` if not
    /// by id.
    pub fn user_recipient(
        &self,
        id: &UserId,
        typed: Option<&EmailAddress>,
        sender: &UserId,
        community: &CommunityId,
    ) -> Recipient {
        let Some(found) = self.user(id) else { return Recipient::UnknownUser };
        Recipient::User {
            suppressed: found.suppressed,
            user: Box::new(found.user.clone()),
            standing: self.standing(&Party::User(id.clone()), community),
            connected: self.are_connected(sender, id),
            typed: typed.cloned(),
        }
    }

    /// The address, which is no user's, as a recipient.
    pub fn address_recipient(&self, email: &EmailAddress, community: &CommunityId) -> Recipient {
        let key = email.key();
        Recipient::Address {
            email: email.clone(),
            suppressed: self.address(&key).suppressed,
            standing: self.standing(&Party::Address(key), community),
        }
    }

    /// What is around the invitation: what is not among the records does not exist.
    pub fn surroundings(&self, invitation: &Invitation, spread: Spread) -> Surroundings {
        let (community, sender) = (&invitation.community.id, &invitation.sender.id);
        let invitee = match &invitation.invitee {
            Invitee::User { id, .. } => self.user_recipient(id, invitation.invitee.typed(), sender, community),
            Invitee::Address { email: Some(email), .. } => self.address_recipient(email, community),
            Invitee::Address { email: None, .. } => Recipient::UnknownUser,
        };
        let sending = Party::User(sender.clone());
        let sender = SenderNow {
            user: self.user(sender).map(|found| found.user.clone()),
            role: self.standing(&sending, community).role,
        };
        Surroundings {
            community: Fact::Known(self.community_of(invitation, spread).cloned()),
            sender: Fact::Known(sender),
            invitee: Fact::Known(invitee),
            mailbox_owner: Fact::Unread,
        }
    }

    /// The network settings, from the copy that `spread` chose; the defaults until someone has set any.
    pub fn settings(&self, spread: Spread) -> Settings {
        match self.0.get(&Key::settings(spread)) {
            Some(Record::Settings(settings)) => Settings::clone(settings),
            _ => Settings::default(),
        }
    }

    /// The community, from the copy that `spread` chose.
    pub fn community(&self, id: &CommunityId, spread: Spread) -> Option<&Community> {
        self.community_at(&Key::community(id, spread)).map(|(community, _)| community)
    }

    /// The community that the copy is of, and when one with its id was removed before it.
    pub(crate) fn community_at(&self, copy: &Key) -> Option<(&Community, Option<Timestamp>)> {
        match self.0.get(copy)? {
            Record::Community(community, since) => Some((community, *since)),
            _ => None,
        }
    }

    /// The community that the invitation is to; `None` if that is gone, whatever has its id now.
    pub fn community_of(&self, invitation: &Invitation, spread: Spread) -> Option<&Community> {
        self.community(&invitation.community.id, spread).filter(|_| self.is_to_present_community(invitation, spread))
    }

    /// The user's role in the community that the invitation is to.
    pub fn role(&self, user: &UserId, invitation: &Invitation, spread: Spread) -> Option<Role> {
        let role = self.standing(&Party::User(user.clone()), &invitation.community.id).role;
        role.filter(|_| self.is_to_present_community(invitation, spread))
    }

    /// Which community has the id now, from the copy that `spread` chose; `None` if none has.
    pub fn era(&self, id: &CommunityId, spread: Spread) -> Option<Era> {
        let (_, since) = self.community_at(&Key::community(id, spread))?;
        Some(Era { id: id.clone(), since })
    }

    /// Whether the community that has the id now, if one does, is the one that the invitation is to.
    pub fn is_to_present_community(&self, invitation: &Invitation, spread: Spread) -> bool {
        self.era(&invitation.community.id, spread).is_none_or(|era| era == invitation.era())
    }

    /// Takes over what another read found.
    pub fn extend(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// Takes over what a failed condition says of its record.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] if the record does not read.
    pub fn learn(&mut self, failed: FailedCondition) -> Result<(), StoreError> {
        match failed.record {
            Some(item) => self.add(failed.key, item)?,
            None => drop(self.0.remove(&failed.key)),
        }
        Ok(())
    }

    fn add(&mut self, key: Key, item: Item) -> Result<(), StoreError> {
        let record = Record::read(&key, item)?;
        self.0.insert(key, record);
        Ok(())
    }
}

/// What a query found that does not read without end.
#[derive(Debug)]
pub(crate) struct Found {
    /// The records, backwards.
    pub(crate) items: Vec<Item>,
    /// Whether there are no more.
    pub(crate) all: bool,
}

/// An invitation, with what the directory says of the caller.
#[derive(Debug, Clone)]
pub struct Subject {
    /// The invitation.
    pub invitation: Option<Invitation>,
    /// The caller's own record.
    pub user: Option<UserRecord>,
    /// The network settings.
    pub settings: Settings,
}

impl Store {
    /// The records at `keys`, read consistently, up to 100 in a request.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if some stay unread.
    pub async fn read(&self, keys: impl IntoIterator<Item = Key>) -> Result<Records, StoreError> {
        self.read_batches(keys, true).await
    }

    /// The records at `keys` as [`Store::read`] gives them, at half the price: moments may be missing, as in an index.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if some stay unread.
    pub async fn read_to_show(&self, keys: impl IntoIterator<Item = Key>) -> Result<Records, StoreError> {
        self.read_batches(keys, false).await
    }

    async fn read_batches(&self, keys: impl IntoIterator<Item = Key>, consistent: bool) -> Result<Records, StoreError> {
        let keys: Vec<Key> = keys.into_iter().collect::<HashSet<_>>().into_iter().collect();
        let batches = keys.chunks(BATCH).map(|batch| self.read_batch(batch.to_vec(), consistent));
        let mut records = Records::default();
        for batch in futures::future::try_join_all(batches).await? {
            records.extend(batch);
        }
        Ok(records)
    }

    async fn read_batch(&self, keys: Vec<Key>, consistent: bool) -> Result<Records, StoreError> {
        let wanted = KeysAndAttributes::builder()
            .consistent_read(consistent)
            .set_keys(Some(keys.into_iter().map(Into::into).collect()))
            .build()
            .map_err(|_| StoreError::Permanent("a batch of no keys".to_owned()))?;
        let begun = (wanted, Records::default());
        self.persist(ATTEMPTS, "unprocessed keys", begun, |(wanted, mut records)| async move {
            let request = self.client.batch_get_item().request_items(&self.table, wanted);
            let response = self.within_time(request.send()).await??;
            for item in response.responses.unwrap_or_default().remove(&self.table).unwrap_or_default() {
                if let Some(key) = key_of(&item) {
                    records.add(key, item)?;
                }
            }
            Ok(match response.unprocessed_keys.unwrap_or_default().remove(&self.table) {
                Some(unread) => ControlFlow::Continue((unread, records)),
                None => ControlFlow::Break(records),
            })
        })
        .await
    }

    /// Reads the invitation.
    ///
    /// # Errors
    /// [`StoreError`] if the read fails.
    pub async fn invitation(&self, id: InvitationId) -> Result<Option<Invitation>, StoreError> {
        Ok(self.read([Key::invitation(id)]).await?.invitation(id).cloned())
    }

    /// Reads the invitation and what is needed to know of the caller, in one request.
    ///
    /// # Errors
    /// [`StoreError`] if the read fails.
    pub async fn subject(&self, id: InvitationId, caller: &Caller) -> Result<Subject, StoreError> {
        let spread = Spread::by_invitation(id);
        let keys = [Key::invitation(id), Key::user(&caller.id), Key::settings(spread)];
        let records = self.read(keys).await?;
        Ok(Subject {
            invitation: records.invitation(id).cloned(),
            user: records.user(&caller.id).cloned(),
            settings: records.settings(spread),
        })
    }

    /// Reads what is around the invitation now, in one request.
    ///
    /// # Errors
    /// [`StoreError`] if the read fails.
    pub async fn surroundings(&self, invitation: &Invitation) -> Result<Surroundings, StoreError> {
        let spread = Spread::by_invitation(invitation.id);
        Ok(self.read(surroundings_keys(invitation, spread)).await?.surroundings(invitation, spread))
    }

    /// The user's role in the community that the invitation is to.
    ///
    /// # Errors
    /// [`StoreError`] if the read fails.
    pub async fn role_for(&self, user: &UserId, invitation: &Invitation) -> Result<Option<Role>, StoreError> {
        let (spread, community) = (Spread::by_invitation(invitation.id), &invitation.community.id);
        let keys = [Key::standing(&Party::User(user.clone()), community), Key::community(community, spread)];
        Ok(self.read(keys).await?.role(user, invitation, spread))
    }

    /// The user's role in the community.
    ///
    /// # Errors
    /// [`StoreError`] if the read fails.
    pub async fn role(&self, user: &UserId, community: &CommunityId) -> Result<Option<Role>, StoreError> {
        Ok(self.standing(&Party::User(user.clone()), community).await?.role)
    }

    /// Reads how the party stands with the community.
    ///
    /// # Errors
    /// [`StoreError`] if the read fails.
    pub async fn standing(&self, party: &Party, community: &CommunityId) -> Result<Standing, StoreError> {
        let key = Key::standing(party, community);
        let found = self.client.get_item().table_name(&self.table).set_key(Some(key.into())).consistent_read(true);
        let found = self.within_time(found.send()).await??;
        Ok(found.item.map(record::value).transpose()?.unwrap_or_default())
    }

    /// The keys of the first records of a partition whose sort key is below `end`, some `most` of them, read
    /// consistently.
    ///
    /// # Errors
    /// [`StoreError`] if the query fails.
    pub(crate) async fn keys_before(&self, partition: &str, end: &str, most: usize) -> Result<Vec<Key>, StoreError> {
        let query = self
            .client
            .query()
            .table_name(&self.table)
            .consistent_read(true)
            .key_condition_expression("#pk = :pk AND #sk < :end")
            .projection_expression("#pk, #sk")
            .expression_attribute_names("#pk", PK)
            .expression_attribute_names("#sk", SK)
            .expression_attribute_values(":pk", string(partition))
            .expression_attribute_values(":end", string(end))
            .limit(i32::try_from(most).unwrap_or(i32::MAX));
        let found = self.within_time(query.send()).await??;
        Ok(found.items().iter().filter_map(key_of).collect())
    }

    /// The records of a partition whose sort keys lie from one to another, or the last of them: as many as so many
    /// requests read, a megabyte each. Unless it is `consistent`, moments may be missing, as in an index.
    ///
    /// # Errors
    /// [`StoreError`] if a query fails.
    pub(crate) async fn last_between(
        &self,
        partition: &str,
        [from, to]: [String; 2],
        consistent: bool,
        requests: usize,
    ) -> Result<Found, StoreError> {
        let query = self
            .client
            .query()
            .table_name(&self.table)
            .scan_index_forward(false)
            .consistent_read(consistent)
            .key_condition_expression("#pk = :pk AND #sk BETWEEN :from AND :to")
            .expression_attribute_names("#pk", PK)
            .expression_attribute_names("#sk", SK)
            .expression_attribute_values(":pk", string(partition))
            .expression_attribute_values(":from", string(from))
            .expression_attribute_values(":to", string(to));
        let mut pages = query.into_paginator().send();
        let mut found = Found { items: Vec::new(), all: true };
        for _ in 0..requests {
            let Some(page) = self.within_time(pages.next()).await?.transpose()? else { break };
            found.all = page.last_evaluated_key.is_none();
            found.items.extend(page.items.unwrap_or_default());
        }
        Ok(found)
    }

    /// All records of a partition whose sort key begins with `prefix`, read consistently.
    ///
    /// # Errors
    /// [`StoreError`] if a query fails.
    pub async fn partition(&self, partition: &str, prefix: &str) -> Result<Vec<Item>, StoreError> {
        let query = self.whole_partition(partition);
        // DynamoDB takes no empty string in a key condition.
        let query = if prefix.is_empty() {
            query
        } else {
            query
                .key_condition_expression("#pk = :pk AND begins_with(#sk, :prefix)")
                .expression_attribute_names("#sk", SK)
                .expression_attribute_values(":prefix", string(prefix))
        };
        let mut pages = query.into_paginator().items().send();
        let mut items = Vec::new();
        while let Some(item) = self.within_time(pages.next()).await? {
            items.push(item?);
        }
        Ok(items)
    }

    /// What reads a partition consistently.
    pub(crate) fn whole_partition(&self, partition: &str) -> QueryFluentBuilder {
        self.client
            .query()
            .table_name(&self.table)
            .consistent_read(true)
            .key_condition_expression("#pk = :pk")
            .expression_attribute_names("#pk", PK)
            .expression_attribute_values(":pk", string(partition))
    }
}

/// The keys of what is around the invitation.
pub fn surroundings_keys(invitation: &Invitation, spread: Spread) -> impl Iterator<Item = Key> {
    let (community, sender) = (&invitation.community.id, &invitation.sender.id);
    let invitee = party_partition(&invitation.invitee.party());
    let asked = inviter_at(&user_partition(sender), &invitee, community);
    [Key::community(community, spread), Key::user(sender)]
        .into_iter()
        .chain(recipient_at(&invitee, community))
        .chain(asked)
}

/// The keys of all that is known of a party as a recipient of the sender's.
pub fn recipient_keys(party: &Party, sender: &UserId, community: &CommunityId) -> impl Iterator<Item = Key> + use<> {
    let party = party_partition(party);
    recipient_at(&party, community).into_iter().chain(connection_at(&user_partition(sender), &party))
}

/// The primary key of a record.
pub fn key_of(item: &Item) -> Option<Key> {
    let text = |name: &str| item.get(name)?.as_s().ok().cloned();
    Some(Key { pk: text(PK)?, sk: text(SK)? })
}
