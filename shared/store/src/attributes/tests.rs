//! Every attribute that a condition or an update names is a field of the record that it is meant for.

use std::collections::BTreeSet;

use domain::{
    Timestamp,
    community::{Community, Enrolment, Visibility},
    digest::Digest,
    id::InvitationId,
    link::LinkToken,
    outbox::{Addressee, MailKind, MailState, MailedLink, OutboxMail},
    person::{MailboxWish, Role, Standing, User},
};
use serde::Serialize;

use super::*;
use crate::{
    idempotency::IdempotentRequest,
    record::{Address, Item, OPTIONAL_OF_USER, UserRecord, user_record},
};

fn id() -> InvitationId {
    "01KZ7Q3V9MZ4T8X2C6B1N5D0FA".parse().unwrap()
}

#[track_caller]
fn has(record: &impl Serialize, attributes: &[&str]) {
    let item: Item = serde_dynamo::to_item(record).unwrap();
    let fields: BTreeSet<_> = item.keys().map(String::as_str).collect();
    for attribute in attributes {
        assert!(fields.contains(attribute), "no field is called {attribute}: {fields:?}");
    }
}

#[test]
fn the_attributes_of_a_standing_are_its_fields() {
    let now = Some(Timestamp::UNIX_EPOCH);
    let address = "ann@example.org".parse::<domain::email::EmailAddress>().unwrap().key();
    let mailbox = MailboxWish { address, cooling_until: now, blocked: true };
    let standing = Standing {
        role: Some(Role::Member),
        joined_by: Some(id()),
        live_invitation: Some(id()),
        live_until: now,
        live_by_address: true,
        cooling_until: now,
        blocked: true,
        mailbox: Some(mailbox.clone()),
    };
    has(&standing, &[ROLE, JOINED_BY, LIVE_INVITATION, LIVE_UNTIL, LIVE_BY_ADDRESS, COOLING_UNTIL, BLOCKED, MAILBOX]);
    let inside = [MAILBOX_ADDRESS, MAILBOX_COOLING_UNTIL, MAILBOX_BLOCKED].map(|path| path.split_once('.').unwrap());
    assert_eq!(inside.map(|(map, _)| map), [MAILBOX; 3]);
    has(&mailbox, &inside.map(|(_, field)| field));
}

#[test]
fn the_attributes_of_a_user_and_an_address_are_their_fields() {
    let user: User = serde_json::from_value(serde_json::json!({
        "id": "ann", "displayName": "Ann", "email": "ann@example.org", "emailVerified": true, "active": true,
        "profileUrl": "https://example.org/ann", "locale": "en",
    }))
    .unwrap();
    has(&user, &[ACTIVE, DISPLAY_NAME, EMAIL, EMAIL_VERIFIED, PROFILE_URL, LOCALE]);
    // What a record may lack is removed where it is lacking.
    let known = |user: &User, says: bool| UserRecord {
        user: user.clone(),
        suppressed: says,
        unreached: says.then(String::new),
        filed: says,
        renamed: says.then(String::new),
    };
    let bare = User { profile_url: None, email: None, locale: None, ..user.clone() };
    let [full, bare] = [known(&user, true), known(&bare, false)].map(|known| user_record(&known).unwrap());
    let lacking: BTreeSet<_> = full.keys().filter(|name| !bare.contains_key(*name)).map(String::as_str).collect();
    assert_eq!(lacking, BTreeSet::from(OPTIONAL_OF_USER));
    let address = Address { owner: Some(user.id), owner_active: true, suppressed: true };
    has(&address, &[OWNER, OWNER_ACTIVE, SUPPRESSED]);
}

#[test]
fn the_attributes_of_a_community_are_its_fields() {
    let community: Community = serde_json::from_value(serde_json::json!({
        "id": "chess", "title": "Chess", "visibility": Visibility::Public, "enrolment": Enrolment::Open,
        "allowInvitations": true,
    }))
    .unwrap();
    has(&community, &[ALLOW_INVITATIONS]);
}

#[test]
fn the_attributes_of_a_mail_are_its_fields() {
    let address = "ann@example.org".parse::<domain::email::EmailAddress>().unwrap().key();
    let digest = LinkToken::new(id(), 1, [0; 32]).digest();
    let mail = OutboxMail {
        kind: MailKind::Invitation,
        to: Addressee::Invitee,
        state: MailState::Queued,
        attempts: 1,
        forgiven: 1,
        busy_since: Some(Timestamp::UNIX_EPOCH),
        leased_until: Some(Timestamp::UNIX_EPOCH),
        not_before: Some(Timestamp::UNIX_EPOCH),
        counted_on: Some(jiff::civil::Date::default()),
        request: None,
        links: vec![MailedLink { digest, address, locale: None }],
    };
    has(&mail, &[STATE, ATTEMPTS, FORGIVEN, BUSY_SINCE, NOT_BEFORE, COUNTED_ON, LEASED_UNTIL, LINKS]);
}

#[test]
fn the_attributes_of_what_a_sender_was_told_are_its_fields() {
    let name = Some(String::new());
    let digest = Digest { carrier: name.clone(), told_by: name, told_at: Some(Timestamp::UNIX_EPOCH) };
    has(&digest, &[CARRIER, TOLD_BY, TOLD_AT]);
}

#[test]
fn the_attributes_of_an_idempotent_request_are_its_fields() {
    let (digest, stamp, now) = (String::new(), String::new(), Timestamp::UNIX_EPOCH);
    has(&IdempotentRequest { digest, stamp, started_at: now, leased_until: now, result: None }, &[STAMP, LEASED_UNTIL]);
}
