//! What must be true of the table when everything has been delivered.

use std::collections::{BTreeMap, BTreeSet};

use domain::invitation::Status;
use jiff::{Timestamp, tz::TimeZone};
use store::record::Item;

use super::{
    history::History,
    program::DAILY_QUOTA,
    stored::{Stored, has, number, text},
    write_log::WriteLog,
};

type Table = BTreeMap<(String, String), Item>;

/// Mails that the mail service took, by invitation and kind.
pub(super) type Taken = BTreeMap<(String, String), u64>;

/// Looks through the table.
pub(super) struct Inspection<'a> {
    table: &'a Table,
    invitations: BTreeMap<&'a str, Stored<'a>>,
    log: &'a WriteLog,
    history: &'a History,
    now: i64,
    violations: Vec<String>,
    sent_twice: u64,
}

impl<'a> Inspection<'a> {
    /// Everything that is not as it must be at `now`, and how many mails went out more often than is noted.
    pub(super) fn of(
        table: &'a Table,
        log: &'a WriteLog,
        history: &'a History,
        taken: &Taken,
        now: i64,
    ) -> (Vec<String>, u64) {
        let mut invitations = BTreeMap::new();
        for ((pk, sk), item) in table {
            if sk == "INVITATION" {
                let one = Stored::read(pk, item);
                invitations.insert(one.id, one);
            }
        }
        let mut inspection = Self { table, invitations, log, history, now, violations: Vec::new(), sent_twice: 0 };
        inspection.states();
        inspection.live();
        inspection.members();
        inspection.mails(taken);
        inspection.digests();
        inspection.stats();
        inspection.days();
        inspection.quotas();
        inspection.belongings();
        inspection.directory();
        inspection.mailboxes();
        inspection.erased();
        (inspection.violations, inspection.sent_twice)
    }

    fn check(&mut self, right: bool, what: impl FnOnce() -> String) {
        if !right {
            self.violations.push(what());
        }
    }

    fn get(&self, pk: &str, sk: &str) -> Option<&'a Item> {
        self.table.get(&(pk.to_owned(), sk.to_owned()))
    }

    fn of_kind(&self, prefix: &'static str) -> impl Iterator<Item = (&'a str, &'a str, &'a Item)> + use<'a> {
        self.table
            .iter()
            .filter(move |((_, sk), _)| sk.starts_with(prefix))
            .map(move |((pk, sk), item)| (pk.as_str(), sk.strip_prefix(prefix).unwrap(), item))
    }

    /// The table holds what was written last, and nothing else.
    fn states(&mut self) {
        let count = self.invitations.len();
        self.check(count == self.log.count(), || format!("{count} invitations are stored"));
        for (id, one) in &self.invitations {
            let last = self.log.states(id).last().map(|entry| entry.status.as_str());
            if last != Some(one.status) {
                self.violations.push(format!("{id} is {} and was last written as {last:?}", one.status));
            }
        }
    }

    /// At most one live invitation of a party and community, and the standing agrees.
    fn live(&mut self) {
        let mut live = BTreeMap::<_, Vec<_>>::new();
        for one in self.invitations.values().filter(|one| one.is_live(self.now)) {
            live.entry((one.party.as_str(), one.community)).or_default().push(one.id);
        }
        let mut violations = Vec::new();
        for ((party, community), ids) in &live {
            let standing = self.get(party, &format!("STANDING#{community}"));
            let named = standing.and_then(|standing| text(standing, &["liveInvitation"]));
            if ids.len() != 1 || named != ids.first().copied() {
                violations.push(format!("{party} has live {ids:?} in {community}, and its standing names {named:?}"));
            }
        }
        for (pk, community, standing) in self.of_kind("STANDING#") {
            if number(standing, &["liveUntil"]).is_some_and(|until| until > self.now) {
                let named = text(standing, &["liveInvitation"]).unwrap_or_default();
                let agrees = live.get(&(pk, community)).is_some_and(|ids| ids.contains(&named));
                if !agrees {
                    violations.push(format!("{pk} stands with {community} as invited by {named}, which is not live"));
                }
            }
        }
        self.violations.extend(violations);
    }

    /// A member by an invitation has accepted it, and no member has a live one, neither as a user nor by their verified
    /// address. That each acceptance made a member is seen in the write.
    fn members(&mut self) {
        for (pk, community, standing) in self.of_kind("STANDING#") {
            let is_free = !standing.contains_key("role") || !standing.contains_key("liveInvitation");
            self.check(is_free, || format!("{pk} is a member of {community} and invited: {standing:?}"));
            let Some(by) = text(standing, &["joinedBy"]) else { continue };
            let one = self.invitations.get(by);
            let right =
                one.is_some_and(|one| one.status == "accepted" && one.party == pk && one.community == community);
            let is_member = standing.contains_key("role");
            self.check(right && is_member, || format!("{pk} is a member of {community} by {by}, which says otherwise"));
        }
        for (address, _, record) in self.of_kind("ADDRESS") {
            let Some(owner) = text(record, &["owner"]) else { continue };
            let user = self.get(&format!("USER#{owner}"), "USER");
            let agree = user.and_then(|user| user.get("active")) == record.get("ownerActive");
            self.check(agree, || format!("{address} and {owner} differ in whether the user is active"));
            for one in self.invitations.values().filter(|one| one.party == address && one.is_live(self.now)) {
                let standing = self.get(&format!("USER#{owner}"), &format!("STANDING#{}", one.community));
                let is_member = standing.is_some_and(|standing| standing.contains_key("role"));
                if is_member {
                    self.violations.push(format!("{} is live for the address of {owner}, a member", one.id));
                }
            }
        }
    }

    /// Every mail went out once, or has a reason not to.
    fn mails(&mut self, taken: &Taken) {
        let mut sent = Taken::new();
        let mut violations = Vec::new();
        for (pk, name, mail) in self.of_kind("MAIL#") {
            let id = pk.trim_start_matches("INVITATION#");
            let kind = text(mail, &["mail"]).unwrap_or_default();
            let Some(one) = self.invitations.get(id) else { continue };
            let to_all = text(mail, &["to"]) == Some("moderators");
            let reason = match text(mail, &["state"]).unwrap_or_default() {
                "sent" if to_all => true,
                "sent" => {
                    *sent.entry((id.to_owned(), kind.to_owned())).or_default() += 1;
                    true
                }
                "parked" => {
                    self.table.keys().any(|(pk, sk)| pk.starts_with("PARKED#") && *sk == format!("{id}#{name}"))
                }
                "dropped" => self.may_drop(one, kind, name),
                "waiting" => self.is_due_later(id, name, mail),
                "collected" => self.is_carried(one, name),
                _ => false,
            };
            if !reason {
                violations.push(format!("mail {name} of {id} ({}) is {:?}", one.status, text(mail, &["state"])));
            }
        }
        let all: BTreeSet<_> = taken.keys().chain(sent.keys()).collect();
        for key in all {
            let of = |counts: &Taken| counts.get(key).copied().unwrap_or_default();
            let (taken, sent, window) = (of(taken), of(&sent), self.log.disturbances(&key.0));
            self.sent_twice += taken.saturating_sub(sent);
            if sent > taken || taken > sent + window {
                violations
                    .push(format!("{key:?} went out {taken} times, is noted {sent} times, with {window} windows"));
            }
        }
        self.violations.extend(violations);
    }

    /// Whether the mail has yet to wait, and will come by again.
    fn is_due_later(&self, id: &str, name: &str, mail: &Item) -> bool {
        let at = number(mail, &["notBefore"]).unwrap_or_default();
        let due = format!("{at:015}#{id}#{name}");
        // What waits until now is not looked at before the second is over.
        at + 2_000 > self.now && self.table.keys().any(|(pk, sk)| pk.starts_with("DUE#") && *sk == due)
    }

    /// Whether another mail tells the sender what the mail says.
    fn is_carried(&self, one: &Stored<'_>, name: &str) -> bool {
        let (pk, end) = (format!("USER#{}", one.sender), format!("#{}#{name}", one.id));
        let noted = |(key, sk): &(String, String)| *key == pk && sk.starts_with("NOTICE#") && sk.ends_with(&end);
        self.history.was_erased(one.sender) || self.table.keys().any(noted)
    }

    /// No notice is left to a mail that does not wait.
    fn digests(&mut self) {
        let mut violations = Vec::new();
        for ((pk, _), digest) in self.table.iter().filter(|((_, sk), _)| sk == "DIGEST") {
            let Some((id, name)) = text(digest, &["carrier"]).and_then(|carrier| carrier.split_once('#')) else {
                continue;
            };
            let carrier = self.get(&format!("INVITATION#{id}"), &format!("MAIL#{name}"));
            let state = carrier.and_then(|mail| text(mail, &["state"]));
            if state != Some("waiting") {
                violations.push(format!("{pk} leaves notices to {name} of {id}, which is {state:?}"));
            }
        }
        self.violations.extend(violations);
    }

    /// Whether the mail may be dropped: its invitation has ended or was mailed again, or its recipient cannot be reached
    /// or may have ceased to moderate.
    fn may_drop(&self, one: &Stored<'_>, kind: &str, name: &str) -> bool {
        let revision = |name: &str| name.rsplit('#').next().and_then(|revision| revision.parse::<u64>().ok());
        let mut mails = self.of_kind("MAIL#invitation#").filter(|(pk, ..)| pk.ends_with(one.id));
        let replaced = kind == "invitation" && mails.any(|(_, other, _)| revision(other) > revision(name));
        let over = match kind {
            _ if replaced => true,
            "invitation" | "reminder" => one.status != "pending" || one.expires <= self.now,
            "approval_needed" => one.status != "awaiting_approval" || one.expires <= self.now,
            _ => false,
        };
        let to = name.split('#').nth(1).unwrap_or_default();
        let reached = match to {
            "invitee" => one.party.trim_start_matches("USER#"),
            "sender" => one.sender,
            "moderators" => name.split('#').nth(3).unwrap_or_default(),
            other => other,
        };
        let standing = self.get(&one.party, &format!("STANDING#{}", one.community));
        let mailbox =
            |standing: &Item| standing.get("mailbox").is_some_and(|wish| wish.as_m().unwrap().contains_key("blocked"));
        let unwilling = standing.is_some_and(|standing| standing.contains_key("blocked") || mailbox(standing));
        let unwanted = unwilling || self.history.was_removed(one.community);
        let moved = to == "moderators" && self.history.was_moved(reached);
        over || unwanted || moved || self.history.was_unreachable(reached) || reached.starts_with("ADDRESS#")
    }

    /// The counts are those of the invitations.
    fn stats(&mut self) {
        let mut truth = BTreeMap::<(String, &str), i64>::new();
        for one in self.invitations.values() {
            *truth.entry((one.era.clone(), one.status)).or_default() += 1;
            if one.answered {
                let answers = if one.status == "accepted" { "acceptedAnswers" } else { "declinedAnswers" };
                *truth.entry((one.era.clone(), answers)).or_default() += 1;
                *truth.entry((one.era.clone(), "seconds")).or_default() += 1;
            }
        }
        let mut counted = BTreeMap::<(String, &str), i64>::new();
        let records = self.table.iter().filter(|((pk, _), _)| pk.starts_with("TALLY#"));
        for ((pk, _), record) in records {
            // Beside what counts for all time stands what counts for the present day alone.
            let of_day =
                |name: &str| name.contains('#') || ["revision", "sent", "delivered", "bounced"].contains(&name);
            for name in record.keys().filter(|name| !of_day(name)) {
                if let Some(count) = number(record, &[name.as_str()]).filter(|count| *count != 0) {
                    let name = if name.starts_with("seconds") { "seconds" } else { name };
                    *counted.entry((pk.trim_start_matches("TALLY#").to_owned(), name)).or_default() += count;
                }
            }
        }
        self.check(truth == counted, || format!("counted are {counted:?} and the table has {truth:?}"));
    }

    /// The counts of days, and of senders in them, are those of what happened.
    fn days(&mut self) {
        let mut truth = BTreeMap::<(String, String, &str), i64>::new();
        let mut happened = |era: &str, sender: &str, at: i64, what: &'static str| {
            let day = day_of(at);
            for key in [format!("DAY#{day}"), format!("SENDER#{day}#{sender}")] {
                *truth.entry((era.to_owned(), key, what)).or_default() += 1;
            }
        };
        for one in self.invitations.values() {
            if let Some(at) = one.sent_at {
                happened(&one.era, one.sender, at, "sent");
            }
            if one.answered {
                let answer = if one.status == "accepted" { "acceptedAnswers" } else { "declinedAnswers" };
                happened(&one.era, one.sender, one.answered_at, answer);
                happened(&one.era, one.sender, one.answered_at, "seconds");
            }
        }
        for mail in self.log.mails() {
            happened(&mail.era, &mail.sender, mail.at, mail.result);
        }
        let mut counted = BTreeMap::<(String, String, &str), i64>::new();
        for ((pk, sk), record) in self.table {
            let place = match (pk.strip_prefix("TALLY#"), text(record, &["day"])) {
                (Some(era), Some(day)) => Some((era, format!("DAY#{day}"))),
                _ => pk.strip_prefix("DAYS#").map(|era| (era, sk.clone())),
            };
            let Some((era, sk)) = place else { continue };
            let is_other = |name: &str| ["ttl", "revision", "moved"].contains(&name) || Status::of_name(name).is_some();
            for attribute in record.keys().filter(|name| !is_other(name)) {
                // Counters of senders may stand beside those of the day, as well as apart.
                let (name, key) = match attribute.split_once('#') {
                    Some((name, sender)) => (name, format!("{}#{sender}", sk.replace("DAY#", "SENDER#"))),
                    None => (attribute.as_str(), sk.clone()),
                };
                if let Some(count) = number(record, &[attribute.as_str()]) {
                    let name = if name.starts_with("seconds") { "seconds" } else { name };
                    *counted.entry((era.to_owned(), key, name)).or_default() += count;
                }
            }
        }
        self.check(truth == counted, || format!("days count {counted:?} and the table has {truth:?}"));
    }

    /// No sender has sent more in a day than the quota, and the count is right.
    fn quotas(&mut self) {
        let mut made = BTreeMap::<(String, String), i64>::new();
        for one in self.invitations.values().filter(|one| !self.history.was_erased(one.sender)) {
            *made.entry((format!("USER#{}", one.sender), day_of(one.created))).or_default() += 1;
        }
        for ((pk, day), made) in made {
            // Only the last day on which they sent is counted.
            let sender = self.get(&pk, "USER").filter(|sender| text(sender, &["sentOn"]) == Some(&day));
            let used = sender.and_then(|sender| number(sender, &["used"]));
            self.check(made <= i64::from(DAILY_QUOTA), || format!("{pk} sent {made} on {day}"));
            self.check(used.is_none_or(|used| used == made), || format!("{pk} sent {made} on {day}, counted {used:?}"));
        }
    }

    /// What hangs on an invitation hangs on one that exists.
    fn belongings(&mut self) {
        for (pk, sk) in self.table.keys() {
            let Some(id) = pk.strip_prefix("INVITATION#") else { continue };
            let one = self.invitations.get(id);
            self.check(one.is_some(), || format!("{pk} {sk} belongs to nothing"));
        }
        let mut deadlines = BTreeSet::new();
        for ((pk, sk), item) in self.table.iter().filter(|((pk, _), _)| pk.starts_with("DEADLINE#")) {
            let late = number(item, &["ttl"]).is_none_or(|ttl| ttl < self.now / 1_000);
            self.check(!late, || format!("{pk} {sk} has outlived its time"));
            deadlines.extend(sk.split_once('#').map(|(_, id)| id.to_owned()));
        }
        let mut violations = Vec::new();
        for (id, one) in &self.invitations {
            let (pk, live) = (format!("INVITATION#{id}"), !["pending", "awaiting_approval"].contains(&one.status));
            if self.get(&pk, "TALLIED").and_then(|mark| text(mark, &["status"])) != Some(one.status) {
                violations.push(format!("{id} is {} and counted otherwise", one.status));
            }
            if !live && !deadlines.contains(*id) {
                violations.push(format!("{id} is {} for ever: it has no deadline", one.status));
            }
        }
        for (_, parked, _) in
            self.table.iter().filter(|((pk, _), _)| pk.starts_with("PARKED#")).map(|((pk, sk), item)| (pk, sk, item))
        {
            let (id, mail) = parked.split_once('#').unwrap_or_default();
            let state =
                self.get(&format!("INVITATION#{id}"), &format!("MAIL#{mail}")).and_then(|mail| text(mail, &["state"]));
            if state != Some("parked") {
                violations.push(format!("{parked} is parked, and its record {state:?}"));
            }
        }
        self.violations.extend(violations);
    }

    /// The directory agrees with itself.
    fn directory(&mut self) {
        let mut violations = Vec::new();
        for ((pk, sk), item) in self.table {
            let known = |user: &str| self.get(&format!("USER#{user}"), "USER").is_some();
            let fine = if let Some(user) = pk.strip_prefix("USER#") {
                // A person whom only a token names may join by their address, and leave a standing that says nothing.
                let joined = text(item, &["joinedBy"]).is_some() || item.len() == 3;
                let may_be_apart = sk.starts_with("STANDING#") && joined;
                // A request whose response came while its sender was erased is kept for a while, and what they were
                // told.
                let is_kept = |sk: &str| ["REQUEST#", "DIGEST", "NOTICE#"].iter().any(|kept| sk.starts_with(kept));
                let passes = number(item, &["ttl"]).is_some_and(|ttl| is_kept(sk) && ttl * 1_000 > self.now);
                let back = sk.strip_prefix("CONNECTION#");
                let both = back
                    .is_none_or(|other| self.get(&format!("USER#{other}"), &format!("CONNECTION#{user}")).is_some());
                both && (known(user) || may_be_apart || passes)
            } else if sk == "ADDRESS" {
                text(item, &["owner"]).is_none_or(|owner| {
                    let user = self.get(&format!("USER#{owner}"), "USER");
                    user.is_some_and(|user| user.get("emailVerified").is_some_and(|is| is.as_bool() == Ok(&true)))
                })
            } else if let (Some(community), Some(user)) =
                (pk.strip_prefix("MODERATORS#"), sk.strip_prefix("MODERATOR#"))
            {
                let standing = self.get(&format!("USER#{user}"), &format!("STANDING#{community}"));
                let role = standing.and_then(|standing| text(standing, &["role"]));
                let exists = self.get(&format!("COMMUNITY#{community}#0"), "COMMUNITY").is_some();
                exists && role.is_some_and(|role| role != "member")
            } else if let (Some(id), "REMOVED") = (pk.strip_prefix("COMMUNITY#"), sk.as_str()) {
                // What has come back knows of a removal, and of none that is yet to come.
                let back = self.get(&format!("COMMUNITY#{id}#0"), "COMMUNITY");
                back.is_none_or(|back| number(back, &["since"]) <= number(item, &["since"]))
            } else if let Some(copy) = pk.strip_prefix("COMMUNITY#") {
                let (id, _) = copy.rsplit_once('#').unwrap_or_default();
                (0..8).all(|copy| {
                    let other = self.get(&format!("COMMUNITY#{id}#{copy}"), "COMMUNITY");
                    other.is_some_and(|other| {
                        other.iter().all(|(name, value)| name == "pk" || item.get(name) == Some(value))
                    })
                })
            } else {
                true
            };
            if !fine {
                violations.push(format!("{pk} {sk} belongs to nothing, or contradicts it: {item:?}"));
            }
            let moderates = text(item, &["role"]).is_some_and(|role| role != "member");
            if let Some(community) = sk.strip_prefix("STANDING#").filter(|_| moderates) {
                let listed = self.get(&format!("MODERATORS#{community}"), &pk.replace("USER#", "MODERATOR#")).is_some();
                if !listed {
                    violations.push(format!("{pk} moderates {community} and is not on its list"));
                }
            }
        }
        self.violations.extend(violations);
    }

    /// What a mailbox wants of a community is known where its owner would be invited.
    fn mailboxes(&mut self) {
        let mut violations = Vec::new();
        for (pk, community, standing) in self.of_kind("STANDING#").filter(|(pk, ..)| pk.starts_with("ADDRESS#")) {
            let Some(owner) = self.get(pk, "ADDRESS").and_then(|address| text(address, &["owner"])) else { continue };
            let own = self.get(&format!("USER#{owner}"), &format!("STANDING#{community}"));
            let is_here = own.and_then(|own| text(own, &["mailbox", "address"])) == pk.strip_prefix("ADDRESS#");
            let repeats = |is_so: &dyn Fn(&[&str], &Item) -> bool| {
                own.is_some_and(|own| is_so(&[], own) || is_here && is_so(&["mailbox"], own))
            };
            let blocks = |within: &[&str], item: &Item| has(item, &[within, &["blocked"]].concat());
            let cools = |within: &[&str], item: &Item| {
                number(item, &[within, &["coolingUntil"]].concat()).filter(|until| *until > self.now)
            };
            let until = cools(&[], standing);
            let as_long = |within: &[&str], item: &Item| cools(within, item) >= until;
            let heard = if blocks(&[], standing) {
                repeats(&blocks)
            } else {
                until.is_none() || repeats(&blocks) || repeats(&as_long)
            };
            if !heard {
                violations.push(format!("{pk} said to {community} {standing:?}, and its owner {owner} has {own:?}"));
            }
        }
        self.violations.extend(violations);
    }

    /// Nothing names a sender or invitee who was erased, and nothing of theirs is live.
    fn erased(&mut self) {
        let mut violations = Vec::new();
        for one in self.invitations.values().filter(|one| !self.log.was_unseen(one.id)) {
            let gone =
                |user: &str| self.history.was_erased(user) && self.get(&format!("USER#{user}"), "USER").is_none();
            let invitee = one.party.strip_prefix("USER#").is_some_and(gone);
            if gone(one.sender) && (one.named || one.is_live(self.now)) {
                violations.push(format!("{} still names or serves its erased sender {}", one.id, one.sender));
            }
            if invitee && one.is_live(self.now) {
                violations.push(format!("{} is live for the erased {}", one.id, one.party));
            }
        }
        self.violations.extend(violations);
    }
}

/// The UTC day of a moment.
fn day_of(at: i64) -> String {
    Timestamp::from_millisecond(at).unwrap().to_zoned(TimeZone::UTC).date().to_string()
}
