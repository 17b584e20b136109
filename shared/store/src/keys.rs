//! How every key in the table is made. No other module writes a key string.
//!
//! | Record | `pk` | `sk` |
//! |---|---|---|
//! | invitation | `INVITATION#id` | `INVITATION` |
//! | a mail about it, in the outbox | `INVITATION#id` | `MAIL#kind#to#revision` |
//! | the status it is counted in | `INVITATION#id` | `TALLIED` |
//! | user | `USER#id` | `USER` |
//! | standing of a user | `USER#id` | `STANDING#community` |
//! | connection, one way | `USER#id` | `CONNECTION#other` |
//! | idempotent request | `USER#id` | `REQUEST#digest` |
//! | how far a sender has been told of answers | `USER#id` | `DIGEST` |
//! | a notice that another mail carries | `USER#id` | `NOTICE#carrier#mail` |
//! | name of an active user, from each of its words on | `NAME#first character` | `name#user` |
//! | address: its owner, its suppression | `ADDRESS#digest` | `ADDRESS` |
//! | invitation mails to an address in a day | `MAILED#digest` | `MAILED` |
//! | standing of an address | `ADDRESS#digest` | `STANDING#community` |
//! | community, in copies | `COMMUNITY#id#copy` | `COMMUNITY` |
//! | removal of a community | `COMMUNITY#id` | `REMOVED` |
//! | moderator of a community | `MODERATORS#id` | `MODERATOR#user` |
//! | counters of a community and of its present day | `TALLY#era` | `TALLY` |
//! | its counters of other days' answers | `TALLY#era` | `ANSWERS#magnitude` |
//! | its counters of a UTC day | `DAYS#era` | `DAY#date` |
//! | those of one sender in the day | `DAYS#era` | `SENDER#date#user` |
//! | network settings, in copies | `SETTINGS#copy` | `SETTINGS` |
//! | mail that waits for its time | `DUE#spread` | `time#invitation#mail` |
//! | deadline of a live invitation | `DEADLINE#spread` | `time#invitation` |
//! | gate before the mail service | `GATE` | `GATE` |
//! | parked mail | `PARKED#spread` | `invitation#mail` |
//! | record of an invitation that did not read | `PARKED#spread` | `invitation#RECORD#sk` |
//!
//! An era is the community's id, and when the one that had it before was removed, if one was: `id` or `id#time`.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use domain::{
    Timestamp,
    community::Era,
    email::AddressKey,
    id::{CommunityId, InvitationId, UserId},
    outbox::{Addressee, MailKind},
    person::Party,
    search::SearchName,
    stats::Period,
};
use jiff::civil::Date;
use sha2::{Digest, Sha256};

use crate::attributes::{COMMUNITY, INVITEE, PK, SENDER, SK};

/// How many copies of a community's record there are.
///
/// Every invitation and answer checks its community in the writing transaction, which locks the record for a moment.
/// Copies spread these checks, so that a busy community does not queue on one item.
const COMMUNITY_COPIES: u8 = 8;

/// How many copies of the network's settings there are.
///
/// Nearly every request reads them, consistently, and a partition gives 3,000 read units a second: one record would
/// limit the whole stack to that. So many copies give 96,000.
const SETTINGS_COPIES: u8 = 32;

/// The choice of a copy of a community, or of the settings. Equal values choose the same one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spread(u8);

impl Spread {
    /// The copy that an invitation is checked against: by its id's randomness, so that the invitations of one request
    /// spread over all.
    pub fn by_invitation(id: InvitationId) -> Self {
        Self(id.to_bytes()[15])
    }

    /// The copy that a request at that time reads.
    pub fn by_time(now: Timestamp) -> Self {
        Self(now.as_millisecond().to_le_bytes()[0])
    }

    /// The copy that a membership of the user is checked against.
    pub fn by_user(id: &UserId) -> Self {
        Self(id.as_str().bytes().fold(0, u8::wrapping_add))
    }
}

/// The primary key of one record.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// The partition key.
    pub pk: String,
    /// The sort key.
    pub sk: String,
}

impl Key {
    fn new(pk: impl Into<String>, sk: impl Into<String>) -> Self {
        Self { pk: pk.into(), sk: sk.into() }
    }

    /// The invitation.
    pub fn invitation(id: InvitationId) -> Self {
        Self::new(format!("INVITATION#{id}"), INVITATION_RECORD)
    }

    /// A mail about the invitation.
    pub fn mail(id: InvitationId, mail: &str) -> Self {
        Self::new(format!("INVITATION#{id}"), format!("{MAIL_PREFIX}{mail}"))
    }

    /// The status that the invitation is counted in.
    pub fn counted(id: InvitationId) -> Self {
        Self::new(format!("INVITATION#{id}"), "TALLIED")
    }

    /// The user.
    pub fn user(id: &UserId) -> Self {
        Self::new(user_partition(id), USER_RECORD)
    }

    /// How the party stands with the community.
    pub fn standing(party: &Party, community: &CommunityId) -> Self {
        Self::new(party_partition(party), standing_name(community))
    }

    /// That `other` is a connection of `user`; the way back is a record of its own.
    pub fn connection(user: &UserId, other: &UserId) -> Self {
        Self::new(user_partition(user), connection_name(other.as_str()))
    }

    /// That the user has that name, as it is filed from one of its words on; `None` for a name without words.
    pub fn name(turn: &SearchName, user: &UserId) -> Option<Self> {
        let name = turn.to_string();
        Some(Self::new(names_partition(&name)?, format!("{name}#{user}")))
    }

    /// The name and the user of a filed name.
    pub(crate) fn filed_name(&self) -> Option<(SearchName, UserId)> {
        let (name, user) = self.sk.rsplit_once('#')?;
        Some((SearchName::of_folded(name), user.parse().ok()?))
    }

    /// The invitation mails that the address got on that UTC day. Nothing leads from an address to it but a guess, so
    /// that it may outlive an erasure by a day.
    pub fn mailed(address: &AddressKey, day: Date) -> Self {
        let digest = hex::encode(Sha256::digest(format!("{day} {}", address.as_str())));
        Self::new(format!("MAILED#{digest}"), "MAILED")
    }

    /// How far the sender has been told of answers.
    pub fn digest(sender: &UserId) -> Self {
        Self::new(user_partition(sender), "DIGEST")
    }

    /// That `carrier`, a mail by its name, tells the sender what the mail of that name says.
    pub(crate) fn notice(sender: &UserId, carrier: &str, invitation: InvitationId, mail: &str) -> Self {
        Self::new(user_partition(sender), format!("{}{invitation}#{mail}", notices_of(carrier)))
    }

    /// The invitation and the name of the mail that a notice's key names.
    pub(crate) fn notice_mail(&self, carrier: &str) -> Option<(InvitationId, &str)> {
        mail_of(self.sk.strip_prefix(&notices_of(carrier))?)
    }

    /// What came of the user's request with that idempotency key.
    pub fn idempotency(user: &UserId, idempotency_key: &str) -> Self {
        let digest = hex::encode(Sha256::digest(idempotency_key));
        Self::new(user_partition(user), format!("REQUEST#{digest}"))
    }

    /// The address.
    pub fn address(key: &AddressKey) -> Self {
        Self::new(address_partition(key), ADDRESS_RECORD)
    }

    /// One copy of the community; `spread` chooses which, alike for the same value.
    pub fn community(id: &CommunityId, spread: Spread) -> Self {
        Self::new(format!("COMMUNITY#{id}#{}", spread.0 % COMMUNITY_COPIES), COMMUNITY_RECORD)
    }

    /// All copies of the community.
    pub fn community_copies(id: &CommunityId) -> impl Iterator<Item = Self> {
        (0..COMMUNITY_COPIES).map(|copy| Self::community(id, Spread(copy)))
    }

    /// That there was a community with that id which was removed.
    pub fn removal(id: &CommunityId) -> Self {
        Self::new(format!("COMMUNITY#{id}"), "REMOVED")
    }

    /// That the user moderates the community: a moderator or above.
    pub fn moderator(community: &CommunityId, user: &UserId) -> Self {
        Self::new(moderators_partition(community), format!("{MODERATOR_PREFIX}{user}"))
    }

    /// The community's counters of invitations in each status, and of its present day.
    pub fn stats(community: &Era) -> Self {
        Self::new(stats_partition(community), "TALLY")
    }

    /// The community's counters of answers, as far as its present day does not hold them: of those that took a time of
    /// one magnitude. The first one also has those of yes and no.
    pub fn answers(community: &Era, magnitude: u32) -> Self {
        Self::new(stats_partition(community), format!("ANSWERS#{magnitude:02}"))
    }

    /// The community's counters of a UTC day, as far as the community's own record does not hold them.
    pub fn day_stats(community: &Era, day: Date) -> Self {
        Self::new(days_partition(community), format!("{DAY_PREFIX}{day}"))
    }

    /// The community's counters of a UTC day, as far as they are about one sender.
    pub fn sender_stats(community: &Era, day: Date, sender: &UserId) -> Self {
        Self::new(days_partition(community), format!("{SENDER_PREFIX}{day}#{sender}"))
    }

    /// The day whose counters the record holds.
    pub(crate) fn counted_day(&self) -> Option<Date> {
        self.sk.strip_prefix(DAY_PREFIX)?.parse().ok()
    }

    /// The day whose counters the record holds for one sender, and the sender.
    pub(crate) fn counted_sender(&self) -> Option<(Date, UserId)> {
        let (day, sender) = self.sk.strip_prefix(SENDER_PREFIX)?.split_once('#')?;
        Some((day.parse().ok()?, sender.parse().ok()?))
    }

    /// One copy of the network settings; `spread` chooses which, alike for the same value.
    pub fn settings(spread: Spread) -> Self {
        Self::new(format!("SETTINGS#{}", spread.0 % SETTINGS_COPIES), SETTINGS_RECORD)
    }

    /// All copies of the network settings.
    pub fn settings_copies() -> impl Iterator<Item = Self> {
        (0..SETTINGS_COPIES).map(|copy| Self::settings(Spread(copy)))
    }

    /// The community that a standing's key names.
    pub fn standing_with(&self) -> Option<CommunityId> {
        self.sk.strip_prefix(STANDING_PREFIX)?.parse().ok()
    }

    /// The other user that a connection's key names.
    pub fn connected_to(&self) -> Option<UserId> {
        self.sk.strip_prefix(CONNECTION_PREFIX)?.parse().ok()
    }

    /// The user that a moderator's key names.
    pub(crate) fn moderated_by(&self) -> Option<UserId> {
        self.sk.strip_prefix(MODERATOR_PREFIX)?.parse().ok()
    }

    /// The gate before the mail service.
    pub fn gate() -> Self {
        Self::new("GATE", "GATE")
    }

    /// That the mail waits until then. Mails are spread over some partitions.
    pub fn due(at: Timestamp, id: InvitationId, mail: &str) -> Self {
        Self::new(due_partition(spread(id)), format!("{}{id}#{mail}", due_at(at)))
    }

    /// The mail whose time has come when this record goes; `None` for any other record.
    pub fn due_mail(&self) -> Option<(InvitationId, &str)> {
        let (_, mail) = self.sk.split_once('#').filter(|_| self.pk.starts_with(DUE_PREFIX))?;
        mail_of(mail)
    }

    /// That the invitation expires then. Deadlines are spread over some partitions.
    pub fn deadline(at: Timestamp, id: InvitationId) -> Self {
        Self::new(deadline_partition(spread(id)), format!("{}{id}", due_at(at)))
    }

    /// The invitation whose deadline it is; `None` for any other record.
    pub fn expiring(&self) -> Option<InvitationId> {
        let (_, id) = self.sk.split_once('#').filter(|_| self.pk.starts_with(DEADLINE_PREFIX))?;
        id.parse().ok()
    }

    /// That the mail is parked. Mails are spread over some partitions.
    pub fn parked(id: InvitationId, mail: &str) -> Self {
        Self::new(parked_partition(spread(id)), format!("{id}#{mail}"))
    }

    /// The mail that a parked record is about; `None` for any other record.
    pub fn parked_mail(&self) -> Option<(InvitationId, &str)> {
        self.parked_thing().filter(|(_, thing)| !thing.starts_with(RECORD_PREFIX))
    }

    /// That a record in the invitation's partition did not read.
    pub fn parked_record(id: InvitationId, sk: &str) -> Self {
        Self::new(parked_partition(spread(id)), format!("{id}#{RECORD_PREFIX}{sk}"))
    }

    /// The key of the record that did not read; `None` if this parks something else.
    pub fn unread(&self) -> Option<Self> {
        let (id, thing) = self.parked_thing()?;
        Some(Self::new(Self::invitation(id).pk, thing.strip_prefix(RECORD_PREFIX)?))
    }

    fn parked_thing(&self) -> Option<(InvitationId, &str)> {
        mail_of(&self.sk).filter(|_| self.pk.starts_with(PARKED_PREFIX))
    }
}

#[allow(clippy::implicit_hasher, reason = "the SDK takes keys as the standard map only")]
impl From<Key> for HashMap<String, AttributeValue> {
    fn from(key: Key) -> Self {
        Self::from([(PK.to_owned(), AttributeValue::S(key.pk)), (SK.to_owned(), AttributeValue::S(key.sk))])
    }
}

/// The partitions of mails that wait, of those that are parked, of deadlines.
pub(crate) const SPREAD: u8 = 8;

/// The partition, among [`SPREAD`], of a record about the invitation or a mail of it.
fn spread(id: InvitationId) -> u8 {
    id.to_bytes()[15] % SPREAD
}

/// The partition of mails that wait, by its number.
pub(crate) fn due_partition(number: u8) -> String {
    format!("{DUE_PREFIX}{number}")
}

/// The partition of deadlines, by its number.
pub(crate) fn deadline_partition(number: u8) -> String {
    format!("{DEADLINE_PREFIX}{number}")
}

/// The partition of parked mails, by its number.
pub(crate) fn parked_partition(number: u8) -> String {
    format!("{PARKED_PREFIX}{number}")
}

/// What the sort keys of mails that wait until then, and of deadlines, begin with. Texts of one length compare as their
/// numbers do.
pub(crate) fn due_at(at: Timestamp) -> String {
    format!("{:015}#", at.as_millisecond().max(0))
}

/// What the sort keys of the notices that a mail carries begin with.
pub(crate) fn notices_of(carrier: &str) -> String {
    format!("NOTICE#{carrier}#")
}

/// The invitation and the name of one of its mails, as texts name them together.
fn mail_of(text: &str) -> Option<(InvitationId, &str)> {
    let (id, name) = text.split_once('#')?;
    Some((id.parse().ok()?, name))
}

/// The sort key of an invitation.
pub(crate) const INVITATION_RECORD: &str = "INVITATION";
/// The sort key of a user.
pub(crate) const USER_RECORD: &str = "USER";
/// The sort key of a community.
pub(crate) const COMMUNITY_RECORD: &str = "COMMUNITY";
/// The sort key of an address.
pub(crate) const ADDRESS_RECORD: &str = "ADDRESS";
/// The sort key of the network's settings.
pub(crate) const SETTINGS_RECORD: &str = "SETTINGS";
/// What the partitions of mails that wait begin with.
const DUE_PREFIX: &str = "DUE#";
/// What the partitions of deadlines begin with.
const DEADLINE_PREFIX: &str = "DEADLINE#";
/// What the partitions of users begin with.
const USER_PREFIX: &str = "USER#";
/// What the sort keys of mails begin with.
pub(crate) const MAIL_PREFIX: &str = "MAIL#";
/// What the sort keys of standings begin with.
pub(crate) const STANDING_PREFIX: &str = "STANDING#";
/// What the sort keys of connections begin with.
pub(crate) const CONNECTION_PREFIX: &str = "CONNECTION#";
/// What the sort keys of moderators begin with.
pub(crate) const MODERATOR_PREFIX: &str = "MODERATOR#";
/// What the sort keys of the counters of days begin with.
const DAY_PREFIX: &str = "DAY#";
/// What the sort keys of the counters of senders begin with.
const SENDER_PREFIX: &str = "SENDER#";
/// What parks a record that did not read, rather than a mail.
const RECORD_PREFIX: &str = "RECORD#";
/// What the partitions of parked mails, and of records that did not read, begin with.
const PARKED_PREFIX: &str = "PARKED#";

/// The name of a mail among those of its invitation: the same for the same change, however often it is tried.
pub(crate) fn mail_name(kind: MailKind, to: &Addressee, revision: u64) -> String {
    format!("{}#{}#{revision}", kind.as_str(), addressee_name(to))
}

/// The name of an addressee in the name of a mail.
pub(crate) fn addressee_name(to: &Addressee) -> &str {
    match to {
        Addressee::Invitee => "invitee",
        Addressee::Sender => "sender",
        Addressee::Moderators => "moderators",
        Addressee::User(id) => id.as_str(),
    }
}

/// The sort key of a standing with the community.
fn standing_name(community: &CommunityId) -> String {
    [STANDING_PREFIX, community.as_str()].concat()
}

/// The sort key of the connection to the other user.
fn connection_name(other: &str) -> String {
    [CONNECTION_PREFIX, other].concat()
}

/// The partition of all that concerns one user.
pub(crate) fn user_partition(id: &UserId) -> String {
    [USER_PREFIX, id.as_str()].concat()
}

/// The partition of all that concerns one address.
pub(crate) fn address_partition(key: &AddressKey) -> String {
    ["ADDRESS#", key.as_str()].concat()
}

/// The partition of all that concerns one party; its name is also the party's hash key in the index by invitee.
pub(crate) fn party_partition(party: &Party) -> String {
    match party {
        Party::User(id) => user_partition(id),
        Party::Address(key) => address_partition(key),
    }
}

/// The partition of the names that begin with the same character as the text, which is folded; `None` if that is empty.
pub(crate) fn names_partition(folded: &str) -> Option<String> {
    folded.chars().next().map(|first| format!("NAME#{first}"))
}

/// The partition of a community's counters.
pub(crate) fn stats_partition(community: &Era) -> String {
    format!("TALLY#{}", era_name(community))
}

/// The partition of the counters of a community's days.
pub(crate) fn days_partition(community: &Era) -> String {
    format!("DAYS#{}", era_name(community))
}

/// The name of a community among those that had its id.
fn era_name(Era { id, since }: &Era) -> String {
    since.map_or_else(|| id.to_string(), |since| format!("{id}#{}", since.as_millisecond()))
}

/// The first and the last sort key that the counters of the period's days may have.
pub(crate) fn days_in(period: Period) -> [String; 2] {
    [period.from(), period.to()].map(|day| format!("{DAY_PREFIX}{day}"))
}

/// What the sort keys of the period's counters of senders lie between.
pub(crate) fn senders_in(period: Period) -> [String; 2] {
    // `$` is what comes after `#`, which stands behind the day.
    [format!("{SENDER_PREFIX}{}#", period.from()), format!("{SENDER_PREFIX}{}$", period.to())]
}

/// The partition of a community's moderators.
pub(crate) fn moderators_partition(community: &CommunityId) -> String {
    format!("MODERATORS#{community}")
}

/// A list of invitations: one partition of one of the three indexes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum List {
    /// The invitations that the party has heard of.
    To(Party),
    /// The requests to invite the party, which no moderator has approved. No list shows them; erasure finds them.
    RequestedFor(Party),
    /// The invitations that the user sent.
    By(UserId),
    /// The invitations to the community.
    Into(CommunityId),
}

/// The index of live invitations by community and expiry.
pub(crate) const BY_EXPIRY: &str = "by-expiry";
/// The index of pending invitations by whose answer they wait for and expiry.
pub(crate) const BY_WAITING: &str = "by-waiting";
/// The bytes of digest that name a party in it: among a billion parties, two are alike with a chance of one in ten
/// thousand.
const WAITING_DIGEST: usize = 9;

/// The party as the hash key of the index of pending invitations names it: in twelve characters, however long its id
/// is.
pub fn waited_for(party: &Party) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(&Sha256::digest(party_partition(party))[..WAITING_DIGEST])
}
/// What the hash key of requests that no moderator has approved begins with, in the index by invitee.
const REQUESTED: &str = "REQUESTED#";

/// The user that a hash key of the index by sender or by invitee names; `None` if it names an address.
pub(crate) fn user_at(partition: &str) -> Option<Key> {
    partition.starts_with(USER_PREFIX).then(|| Key::new(partition, USER_RECORD))
}

/// The partition of the party that a hash key of an index by people stands for.
pub(crate) fn partition_of(hash: &str) -> &str {
    hash.strip_prefix(REQUESTED).unwrap_or(hash)
}

/// What approving asks of the sender with the first partition besides their own record: how they stand with the
/// community, and whether they are connected to the party with the second.
pub(crate) fn inviter_at(sender: &str, invitee: &str, community: &CommunityId) -> impl Iterator<Item = Key> + use<> {
    [Some(standing_at(sender, community)), connection_at(sender, invitee)].into_iter().flatten()
}

/// The keys of what is known of the party with that partition as a recipient in the community.
pub(crate) fn recipient_at(partition: &str, community: &CommunityId) -> [Key; 2] {
    let own = user_at(partition).unwrap_or_else(|| Key::new(partition, ADDRESS_RECORD));
    [own, standing_at(partition, community)]
}

/// How the party with that partition stands with the community.
fn standing_at(partition: &str, community: &CommunityId) -> Key {
    Key::new(partition, standing_name(community))
}

/// Whether the user with the first partition is connected to the party with the second; `None` if that is no user.
pub(crate) fn connection_at(user: &str, other: &str) -> Option<Key> {
    let other = other.strip_prefix(USER_PREFIX)?;
    Some(Key::new(user, connection_name(other)))
}

impl List {
    /// The name of the index.
    pub fn index(&self) -> &'static str {
        match self {
            Self::To(_) | Self::RequestedFor(_) => "by-invitee",
            Self::By(_) => "by-sender",
            Self::Into(_) => "by-community",
        }
    }

    /// The attribute that is the hash key of the index.
    pub(crate) fn hash(&self) -> &'static str {
        match self {
            Self::To(_) | Self::RequestedFor(_) => INVITEE,
            Self::By(_) => SENDER,
            Self::Into(_) => COMMUNITY,
        }
    }

    /// Whether requests that wait for approval are among its invitations.
    pub(crate) fn holds_requests(&self) -> bool {
        !matches!(self, Self::To(_))
    }

    /// The value of the hash key.
    pub fn of(&self) -> String {
        match self {
            Self::To(party) => party_partition(party),
            Self::RequestedFor(party) => format!("{REQUESTED}{}", party_partition(party)),
            Self::By(user) => user_partition(user),
            Self::Into(community) => community.as_str().to_owned(),
        }
    }
}
