//! The name of every attribute that a key, a condition or an update names. No other module writes one.
//!
//! Records take their fields' names from the domain types' serde names. A test compares both, so that renaming a field
//! cannot break a condition in silence.

/// The partition key.
pub(crate) const PK: &str = "pk";
/// The sort key.
pub(crate) const SK: &str = "sk";
/// What a record is; the stream's filters go by it.
pub(crate) const KIND: &str = "kind";
/// The moment after which DynamoDB deletes the record some time, in Unix seconds.
pub(crate) const TTL: &str = "ttl";
/// Asks the stream to report the record once more, when the first report was in vain.
pub(crate) const AGAIN: &str = "again";
/// The sort key of the three indexes.
pub(crate) const LISTING: &str = "listing";

/// When a live invitation expires, in Unix milliseconds; the sort key of the index by expiry and of that of who is
/// waited for.
pub(crate) const EXPIRY: &str = "expiry";
/// The text that an invitation is found by in a community's list.
pub(crate) const FOUND_BY: &str = "foundBy";
/// The party whose answer a pending invitation waits for, as a short digest; the hash key of the index that is counted
/// for badges. The name is as short as the value: a hundred of the index's records are to fit into one read unit.
pub(crate) const WAITS_FOR: &str = "for";

/// The fields of an invitation, as one map.
pub(crate) const BODY: &str = "body";
/// The revision of an invitation, which every write of it is conditional on.
pub(crate) const REVISION: &str = "revision";
/// The hash key of the index by invitee.
pub(crate) const INVITEE: &str = "invitee";
/// The hash key of the index by sender.
pub(crate) const SENDER: &str = "sender";
/// The hash key of the index by community.
pub(crate) const COMMUNITY: &str = "community";

/// Whether a user may act and be invited.
pub(crate) const ACTIVE: &str = "active";
/// The full name of a user.
pub(crate) const DISPLAY_NAME: &str = "displayName";
/// Whether a user is filed under their name. Those written before there was such a thing are not.
pub(crate) const FILED: &str = "filed";
/// Whether connections of a user have not been told the user's present name yet.
pub(crate) const RENAMED: &str = "renamed";
/// The name of the other user in a connection, as a search compares it; empty while they are not active.
pub(crate) const NAME: &str = "name";
/// The link to a user's profile.
pub(crate) const PROFILE_URL: &str = "profileUrl";
/// The language that a user chose.
pub(crate) const LOCALE: &str = "locale";
/// The UTC day on which a user sent last.
pub(crate) const SENT_ON: &str = "sentOn";
/// The address of a user.
pub(crate) const EMAIL: &str = "email";
/// Whether the address of a user is proven to be theirs.
pub(crate) const EMAIL_VERIFIED: &str = "emailVerified";
/// In a user, the key of the address that gets no more mail; in an address, whether it gets no more mail.
pub(crate) const SUPPRESSED: &str = "suppressed";
/// In a user, the key of the mailbox that did not take an invitation mail; empty where there was none.
pub(crate) const UNREACHED: &str = "unreached";
/// The user whose verified address it is.
pub(crate) const OWNER: &str = "owner";
/// Whether that user is active.
pub(crate) const OWNER_ACTIVE: &str = "ownerActive";

/// The role of a member.
pub(crate) const ROLE: &str = "role";
/// The invitation that made the membership.
pub(crate) const JOINED_BY: &str = "joinedBy";
/// The live invitation of a standing.
pub(crate) const LIVE_INVITATION: &str = "liveInvitation";
/// When the live invitation expires.
pub(crate) const LIVE_UNTIL: &str = "liveUntil";
/// Whether the sender of the live invitation named the party by an address.
pub(crate) const LIVE_BY_ADDRESS: &str = "liveByAddress";
/// Until when the community must not invite again.
pub(crate) const COOLING_UNTIL: &str = "coolingUntil";
/// Whether the party wants no more invitations from the community.
pub(crate) const BLOCKED: &str = "blocked";
/// What the present mailbox of a user wants of the community, as one map.
pub(crate) const MAILBOX: &str = "mailbox";
/// The address of that mailbox.
pub(crate) const MAILBOX_ADDRESS: &str = "mailbox.address";
/// Until when the community must not invite again, by that mailbox.
pub(crate) const MAILBOX_COOLING_UNTIL: &str = "mailbox.coolingUntil";
/// Whether that mailbox wants no more invitations from the community.
pub(crate) const MAILBOX_BLOCKED: &str = "mailbox.blocked";

/// Whether a community allows invitations.
pub(crate) const ALLOW_INVITATIONS: &str = "allowInvitations";
/// When the last community with that id was removed, in Unix milliseconds: what is older was another one's.
pub(crate) const SINCE: &str = "since";

/// How far a mail in the outbox has got.
pub(crate) const STATE: &str = "state";
/// How often the mail was leased.
pub(crate) const ATTEMPTS: &str = "attempts";
/// How many attempts count for nothing.
pub(crate) const FORGIVEN: &str = "forgiven";
/// Since when the mail service has been too busy for the mail.
pub(crate) const BUSY_SINCE: &str = "busySince";
/// When a mail is to be sent.
pub(crate) const NOT_BEFORE: &str = "notBefore";
/// The UTC day that a mail counts against its recipient's mailbox.
pub(crate) const COUNTED_ON: &str = "countedOn";
/// The end of the mail's lease.
pub(crate) const LEASED_UNTIL: &str = "leasedUntil";
/// The links that were mailed.
pub(crate) const LINKS: &str = "links";
/// Why a mail or a record is parked.
pub(crate) const WHY: &str = "why";
/// Since when a mail or a record is parked.
pub(crate) const AT: &str = "at";

/// The notice that waits, in what a sender has been told.
pub(crate) const CARRIER: &str = "carrier";
/// The notice that was leased last.
pub(crate) const TOLD_BY: &str = "toldBy";
/// When that was.
pub(crate) const TOLD_AT: &str = "toldAt";

/// In a user, how many invitations they made on the day on which they sent last; elsewhere, how many mails a mailbox
/// got in a day.
pub(crate) const USED: &str = "used";
/// What tells one write of an idempotent request from the next.
pub(crate) const STAMP: &str = "stamp";

/// The status that an invitation is counted in.
pub(crate) const STATUS: &str = "status";
/// The day whose counters stand in the record of a community.
pub(crate) const DAY: &str = "day";
/// In the record of a day: that its counters have stood in that of the community.
pub(crate) const MOVED: &str = "moved";
/// The counter of invitations that became pending on a day.
pub(crate) const SENT: &str = "sent";
/// The counter of mails that arrived on a day. Beside an invitation, with the time of one of its mails: that it is
/// counted.
pub(crate) const DELIVERED: &str = "delivered";
/// The counter of mails that bounced or were called spam on a day. Beside an invitation as [`DELIVERED`].
pub(crate) const BOUNCED: &str = "bounced";
/// The counter of answers that were yes.
pub(crate) const ACCEPTED_ANSWERS: &str = "acceptedAnswers";
/// The counter of answers that were no.
pub(crate) const DECLINED_ANSWERS: &str = "declinedAnswers";
/// What the counters of answers that took so many seconds begin with.
pub(crate) const SECONDS_PREFIX: &str = "seconds";
/// What stands between a counter of a day and the sender that it is about. No other name has it.
pub(crate) const OF_SENDER: char = '#';

#[cfg(test)]
mod tests;
