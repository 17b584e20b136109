//! The table as tests look into it, and change it behind the functions' backs.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::AttributeValue;
use domain::{Timestamp, invitation::Invitation, outbox::OutboxMail, person::Party};
use jiff::SignedDuration;
use store::{
    keys::Key,
    record::{Item, invitation, invitation_record, value},
};
use system::now;

use super::{Person, World, engine::TABLE};

/// Where a record is: its partition and sort keys.
pub type Place = (String, String);

impl World {
    /// Returns every record, in the order of its keys.
    pub async fn dump(&self) -> BTreeMap<Place, Item> {
        let mut pages = self.client.scan().table_name(TABLE).into_paginator().items().send();
        let mut records = BTreeMap::new();
        while let Some(item) = pages.next().await {
            let item = item.unwrap();
            let text = |name: &str| item[name].as_s().unwrap().clone();
            records.insert((text("pk"), text("sk")), item);
        }
        records
    }

    /// Returns one record.
    pub async fn record(&self, key: Key) -> Option<Item> {
        let found = self.client.get_item().table_name(TABLE).set_key(Some(key.into())).consistent_read(true);
        found.send().await.unwrap().item
    }

    /// Writes a record.
    pub async fn put_record(&self, item: Item) {
        self.client.put_item().table_name(TABLE).set_item(Some(item)).send().await.unwrap();
    }

    /// Removes a record.
    pub async fn remove_record(&self, (pk, sk): Place) {
        let key = Key { pk, sk };
        self.client.delete_item().table_name(TABLE).set_key(Some(key.into())).send().await.unwrap();
    }

    /// Returns an invitation as it is stored.
    pub async fn stored(&self, id: &str) -> Invitation {
        invitation(self.record(Key::invitation(id.parse().unwrap())).await.unwrap()).unwrap()
    }

    /// Returns the number of the stored invitations.
    pub async fn count_invitations(&self) -> usize {
        self.dump().await.keys().filter(|(_, sk)| sk == "INVITATION").count()
    }

    /// Changes an invitation.
    pub async fn edit(&self, id: &str, edit: impl FnOnce(&mut Invitation)) {
        let mut one = self.stored(id).await;
        edit(&mut one);
        self.put_record(invitation_record(&one).unwrap()).await;
    }

    /// Changes an invitation as if it had last been mailed one more hour ago.
    pub async fn backdate_mail(&self, id: &str) {
        self.edit(id, |one| one.mailed_at = one.mailed_at.map(|at| at - SignedDuration::from_hours(1))).await;
    }

    /// Returns how the person stands with the community.
    pub async fn standing(&self, person: &Person, community: &str) -> Option<Item> {
        let party = Party::User(person.id.parse().unwrap());
        self.record(Key::standing(&party, &community.parse().unwrap())).await
    }

    /// Changes how the person stands with the community.
    pub async fn edit_standing(&self, person: &Person, community: &str, edit: impl FnOnce(&mut Item)) {
        let mut standing = self.standing(person, community).await.unwrap();
        edit(&mut standing);
        self.put_record(standing).await;
    }

    /// Returns the role of a member; none of anyone else.
    pub async fn role(&self, person: &Person, community: &str) -> Option<String> {
        self.standing(person, community).await?.get("role")?.as_s().ok().cloned()
    }

    /// Moves the end of the invitation's lifetime, in all records that know it.
    pub async fn set_expiry(&self, id: &str, at: Timestamp) {
        let (mut one, deadline) = (self.stored(id).await, self.deadline(id).await);
        one.expires_at = at;
        self.put_record(invitation_record(&one).unwrap()).await;
        let standing = Key::standing(&one.invitee.party(), &one.community.id);
        self.set_number(standing, "liveUntil", at.as_millisecond()).await;
        // The former one stays, as when a function moves the end: the stream reports it at its time.
        if let Some(mut deadline) = deadline {
            deadline.extend(Item::from(Key::deadline(at, one.id)));
            deadline.insert("ttl".to_owned(), AttributeValue::N((at.as_second() + 1).to_string()));
            self.put_record(deadline).await;
        }
    }

    /// Returns the record of the end of the invitation's lifetime, if there is one.
    pub async fn deadline(&self, id: &str) -> Option<Item> {
        let one = self.stored(id).await;
        self.record(Key::deadline(one.expires_at, one.id)).await
    }

    async fn set_number(&self, key: Key, name: &str, number: i64) {
        if let Some(mut record) = self.record(key).await {
            record.insert(name.to_owned(), AttributeValue::N(number.to_string()));
            self.put_record(record).await;
        }
    }

    /// Ends the invitation's lifetime some seconds ago.
    pub async fn lapse(&self, id: &str) {
        self.set_expiry(id, now() - SignedDuration::from_secs(10)).await;
    }

    /// Returns the record of the invitation's only mail to its invitee.
    pub async fn mail_record(&self, id: &str) -> Item {
        let partition = format!("INVITATION#{id}");
        let is_it = |((pk, sk), _): &(Place, Item)| *pk == partition && sk.starts_with("MAIL#");
        self.dump().await.into_iter().find(is_it).unwrap().1
    }

    /// Returns the invitation's only mail to its invitee as the outbox has it.
    pub async fn outbox_mail(&self, id: &str) -> OutboxMail {
        value(self.mail_record(id).await).unwrap()
    }

    /// Sets a number in the record of the invitation's only mail.
    pub async fn edit_mail(&self, id: &str, name: &str, number: i64) {
        let mut record = self.mail_record(id).await;
        record.insert(name.to_owned(), AttributeValue::N(number.to_string()));
        self.put_record(record).await;
    }

    /// Ends the lease of the invitation's only mail.
    pub async fn end_mail_lease(&self, id: &str) {
        self.edit_mail(id, "leasedUntil", 1).await;
    }

    /// Returns the notes about parked mails.
    pub async fn parked(&self) -> BTreeMap<Place, Item> {
        self.dump().await.into_iter().filter(|((pk, _), _)| pk.starts_with("PARKED#")).collect()
    }

    /// Returns why mails are parked.
    pub async fn parked_reasons(&self) -> Vec<String> {
        self.parked().await.values().map(|note| note["why"].as_s().unwrap().clone()).collect()
    }

    /// Removes the note about a parked mail, as an operator does who wants it sent.
    pub async fn release_parked(&self) {
        let (place, _) = self.parked().await.pop_first().unwrap();
        self.remove_record(place).await;
    }

    /// Does what the table does some time after a record's `ttl`: removes it.
    pub fn remove_by_ttl(&self) -> usize {
        self.engine.database().sweep_ttl().unwrap()
    }
}
