//! The tables and records that the functions work on.
//!
//! The service's handlers make one of each kind: users, communities and settings through the directory, invitations
//! through `send`. What they leave in the table is then copied, with other ids, as often as the measurement needs it.

use std::collections::BTreeSet;

use domain::id::InvitationId;
use dynoxide::Item;
use serde_json::{Map, Value};

use crate::{
    error::Result,
    handlers::{Handlers, Invited},
    prototype::{Case, Prototype, fresh_id, fresh_user},
    table::Table,
};

/// The open community that everyone is invited to.
pub(crate) const OPEN: &str = "harbour";
/// The community where members' invitations need approval.
const CLOSED: &str = "club";
/// Sends, and moderates both communities.
pub(crate) const SENDER: &str = "mona";
/// Owns both communities, and sent nothing.
pub(crate) const OWNER: &str = "olaf";
/// A member of [`CLOSED`].
const MEMBER: &str = "mia";
/// Has a tenth of all invitations.
pub(crate) const INVITEE: &str = "ida";

/// What is in the largest table.
pub(crate) struct Large {
    pub(crate) invitations: usize,
    /// How many of them are to the one invitee.
    to_invitee: usize,
    /// How many there are whole, besides those.
    whole: usize,
    people: usize,
}

pub(crate) const LARGE: Large = Large { invitations: 10_000_000, to_invitee: 10_000, whole: 1_000, people: 1_000_000 };

/// How many people of a table are known by more than their names.
const FOUND: usize = 100;

/// What kind of case an invocation works on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CaseKind {
    /// Nothing in particular.
    Nothing,
    /// That many users who have not been invited.
    Guests(usize),
    /// A pending invitation.
    Pending,
    /// An invitation that waits for approval.
    AwaitingApproval,
    /// A pending invitation whose mail has been sent.
    Mailed,
    /// A pending invitation whose mail was sent over an hour ago.
    MailedLongAgo,
    /// An invitation that was accepted a moment ago.
    Accepted,
}

/// The prototypes, and what everything else refers to.
pub(crate) struct Fixtures {
    /// The records of the directory.
    directory: Vec<Item>,
    guest: Prototype,
    pending: Prototype,
    awaiting_approval: Prototype,
    mailed: Prototype,
    mailed_long_ago: Prototype,
    accepted: Prototype,
    /// Invitations without other records: one pending, one accepted, one declined.
    crowd: [Prototype; 3],
    /// A membership without other records.
    member: Prototype,
    /// The records of the stream about an invitation's creation, about the arrival of its mail, about its acceptance,
    /// and about the latter where the sender does not hear of it.
    creation: Prototype,
    arrival: Prototype,
    acceptance: Prototype,
    unheard_acceptance: Prototype,
    /// A record of the stream that asks for nothing.
    idle: Prototype,
}

impl Fixtures {
    pub(crate) async fn new() -> Result<Self> {
        let table = Table::new(true).await?;
        let handlers = Handlers::on(&table);
        fill_directory(&handlers).await?;
        let directory = table.dump()?;
        let guest = fresh_user();
        handlers.put_user(&guest).await?;
        let pending = handlers.invite(SENDER, OPEN).await?;
        let awaiting_approval = handlers.invite(MEMBER, CLOSED).await?;
        let mailed = handlers.invite(SENDER, OPEN).await?;
        let accepted = handlers.invite(SENDER, OPEN).await?;
        let declined = handlers.invite(SENDER, OPEN).await?;
        let arrived = handlers.invite(SENDER, OPEN).await?;
        let until_answers = table.changes()?;
        handlers.mark_mailed(&mailed).await?;
        handlers.mark_arrived(&arrived).await?;
        handlers.answer(&accepted, "POST /invitations/{invitationId}/accept").await?;
        handlers.answer(&declined, "POST /invitations/{invitationId}/decline").await?;
        let since = table.changes()?.split_off(until_answers.len());

        let known: BTreeSet<_> = directory.iter().map(key).collect();
        // The first invitation of a day is written on another condition than all others: the senders have made some.
        let (directory, records): (Vec<_>, Vec<_>) =
            table.dump()?.into_iter().partition(|item| known.contains(&key(item)));
        let records: Vec<_> = records.iter().map(serde_json::to_string).collect::<Result<_, _>>()?;
        let prototype = |user: &str, id: Option<InvitationId>| {
            let id_text = id.map(|id| id.to_string());
            let is_theirs =
                |record: &&String| record.contains(user) || id_text.as_ref().is_some_and(|id| record.contains(id));
            Prototype { user: user.to_owned(), id, records: records.iter().filter(is_theirs).cloned().collect() }
        };
        let invited = |Invited { user, id }: &Invited| prototype(user, Some(*id));
        let mut mailed_long_ago = invited(&mailed);
        for record in &mut mailed_long_ago.records {
            *record = two_hours_earlier(record)?;
        }
        Ok(Self {
            directory,
            guest: prototype(&guest, None),
            pending: invited(&pending),
            awaiting_approval: invited(&awaiting_approval),
            mailed: invited(&mailed),
            mailed_long_ago,
            accepted: invited(&accepted),
            crowd: [&pending, &accepted, &declined].map(|one| only(invited(one), "INVITATION")),
            member: only(invited(&accepted), &format!("STANDING#{OPEN}")),
            creation: stream_records(&pending, &until_answers),
            arrival: stream_records(&arrived, &since),
            acceptance: stream_records(&accepted, &since),
            unheard_acceptance: stream_records(&accepted, &without(since.clone(), "#sender#")),
            idle: idle(stream_records(&accepted, &without(since, "MAIL#")))?,
        })
    }

    /// Returns a table with the directory, that many invitations and as many people: all invitations to one community,
    /// from one sender, a tenth of them to one invitee; all people members of it, with names that begin alike.
    pub(crate) async fn table(&self, size: usize) -> Result<Table> {
        self.fill(Table::new(false).await?, size)
    }

    /// Fills an empty table with so many invitations.
    pub(crate) fn fill(&self, table: Table, size: usize) -> Result<Table> {
        table.load(self.directory.clone())?;
        self.add_people(&table, size)?;
        add_invitations(&table, size, &self.crowd, 10)?;
        Ok(table)
    }

    /// Returns such a table in which a tenth of the invitations is pending, and the sender's. For ten million to fit
    /// into memory, those to the invitee and the newest alone are whole. Of any other there is what lists and stats
    /// pass over: its key and its places in the indexes.
    pub(crate) async fn large_table(&self, large: &Large) -> Result<Table> {
        let table = Table::new(false).await?;
        table.load(self.directory.clone())?;
        let [pending, accepted, declined] = &self.crowd;
        let answered = &["community", "listing"][..];
        let tenth = (large.invitations - large.to_invitee - large.whole) / 10;
        // In the order of the lists, which fills the database's pages to their ends.
        for (prototype, places, count) in [
            (declined, answered, 4 * tenth),
            (accepted, answered, 5 * tenth),
            (pending, &["community", "listing", "sender", "expiry"], tenth),
        ] {
            add_invitations(&table, count, &[with_only(prototype, places)?], 10)?;
        }
        self.add_people(&table, large.people)?;
        add_invitations(&table, large.to_invitee, &self.crowd, 1)?;
        add_invitations(&table, large.whole, &self.crowd, 10)?;
        Ok(table)
    }

    fn add_people(&self, table: &Table, count: usize) -> Result<()> {
        add_many(table, count, |index, records| {
            let (id, person) = (fresh_id()?.to_string(), fresh_user());
            records.extend(self.member.records_of(&person, &id));
            // Those that come first are found, and therefore known.
            records.extend(self.guest.records_of(&person, "").filter(|record| is_name(record) || index < FOUND));
            Ok(())
        })
    }

    /// Writes that many cases into the table, each of which one invocation may use up.
    pub(crate) fn cases(&self, table: &Table, kind: CaseKind, count: usize) -> Result<Vec<Case>> {
        let (mut cases, mut items) = (Vec::new(), Vec::new());
        for _ in 0..count {
            let mut copy = |prototype: &Prototype| -> Result<Case> {
                let (case, records) = prototype.copy()?;
                items.extend(records);
                Ok(case)
            };
            cases.push(match kind {
                CaseKind::Nothing => Case::default(),
                CaseKind::Guests(guests) => {
                    let mut case = Case::default();
                    for _ in 0..guests {
                        case.users.extend(copy(&self.guest)?.users);
                    }
                    case
                }
                CaseKind::Pending => copy(&self.pending)?,
                CaseKind::AwaitingApproval => copy(&self.awaiting_approval)?,
                CaseKind::Mailed => copy(&self.mailed)?,
                CaseKind::MailedLongAgo => copy(&self.mailed_long_ago)?,
                CaseKind::Accepted => copy(&self.accepted)?,
            });
        }
        table.load(items)?;
        Ok(cases)
    }

    /// Returns the stream's event about the creation of a pending invitation.
    pub(crate) fn creation_event(&self, case: &Case) -> String {
        stream_event(&self.creation, case)
    }

    /// Returns the stream's event about the arrival of an invitation's mail.
    pub(crate) fn arrival_event(&self, case: &Case) -> String {
        stream_event(&self.arrival, case)
    }

    /// Returns the stream's event about the acceptance of an invitation.
    pub(crate) fn acceptance_event(&self, case: &Case) -> String {
        stream_event(&self.acceptance, case)
    }

    /// Returns the same where the sender does not hear of it.
    pub(crate) fn unheard_acceptance_event(&self, case: &Case) -> String {
        stream_event(&self.unheard_acceptance, case)
    }

    /// Returns an event of the stream about a change of an invitation that nobody has to follow up.
    pub(crate) fn idle_event(&self, case: &Case) -> String {
        stream_event(&self.idle, case)
    }
}

async fn fill_directory(handlers: &Handlers) -> Result<()> {
    handlers.put_settings("digest").await?;
    handlers.put_community(OPEN, "open").await?;
    handlers.put_community(CLOSED, "closed").await?;
    for user in [SENDER, OWNER, MEMBER, INVITEE] {
        handlers.put_user(user).await?;
    }
    for (community, user, role) in [
        (OPEN, SENDER, "moderator"),
        (CLOSED, SENDER, "moderator"),
        (OPEN, OWNER, "owner"),
        (CLOSED, OWNER, "owner"),
        (CLOSED, MEMBER, "member"),
    ] {
        handlers.put_member(community, user, role).await?;
    }
    Ok(())
}

/// Adds that many invitations, one in so many to the one invitee.
fn add_invitations(table: &Table, count: usize, prototypes: &[Prototype], one_in: usize) -> Result<()> {
    add_many(table, count, |index, records| {
        let user = if index % one_in == 0 { INVITEE.to_owned() } else { fresh_user() };
        records.extend(prototypes[index / 10 % prototypes.len()].records_of(&user, &fresh_id()?.to_string()));
        Ok(())
    })
}

/// Adds the records that belong to each number below `count`.
fn add_many(table: &Table, count: usize, mut add: impl FnMut(usize, &mut Vec<String>) -> Result<()>) -> Result<()> {
    const BATCH: usize = 20_000;
    for first in (0..count).step_by(BATCH) {
        let mut records = Vec::new();
        for index in first..count.min(first + BATCH) {
            add(index, &mut records)?;
        }
        table.load(records.iter().map(|record| serde_json::from_str(record)).collect::<Result<_, _>>()?)?;
    }
    Ok(())
}

/// Returns the prototype with nothing in its records but their keys and those attributes.
fn with_only(prototype: &Prototype, attributes: &[&str]) -> Result<Prototype> {
    let mut prototype = prototype.clone();
    for record in &mut prototype.records {
        let mut fields: Map<String, Value> = serde_json::from_str(record)?;
        fields.retain(|name, _| ["pk", "sk"].contains(&name.as_str()) || attributes.contains(&name.as_str()));
        *record = serde_json::to_string(&fields)?;
    }
    Ok(prototype)
}

/// Whether the record is that of a name from its first or its last word on.
fn is_name(record: &str) -> bool {
    ["jo guest", "example jo"].iter().any(|name| record.contains(&format!(r#""sk":{{"S":"{name}"#)))
}

fn key(item: &Item) -> String {
    format!("{:?} {:?}", item.get("pk"), item.get("sk"))
}

/// Returns the record of an invitation as if its mail had been sent two hours earlier; any other record as it is.
fn two_hours_earlier(record: &str) -> Result<String> {
    let mut value: Value = serde_json::from_str(record)?;
    if let Some(mailed_at) = value["body"]["M"]["mailedAt"]["N"].as_str() {
        let mailed_at = mailed_at.parse::<i64>()? - 2 * 3_600_000;
        value["body"]["M"]["mailedAt"]["N"] = mailed_at.to_string().into();
    }
    Ok(value.to_string())
}

/// Returns the prototype with the record of that sort key as its only one.
fn only(mut prototype: Prototype, sk: &str) -> Prototype {
    prototype.records.retain(|record| record.contains(&format!(r#""sk":{{"S":"{sk}"}}"#)));
    prototype
}

/// Returns a prototype of those records of the stream that are about the invitation.
fn stream_records(Invited { user, id }: &Invited, changes: &[Value]) -> Prototype {
    let pk = format!("INVITATION#{id}");
    let theirs = changes.iter().filter(|change| change["dynamodb"]["Keys"]["pk"]["S"] == pk.as_str());
    Prototype { user: user.clone(), id: Some(*id), records: theirs.map(Value::to_string).collect() }
}

/// Returns those of the stream's records whose sort key does not have the part.
fn without(mut changes: Vec<Value>, part: &str) -> Vec<Value> {
    changes.retain(|change| !change["dynamodb"]["Keys"]["sk"]["S"].as_str().is_some_and(|sk| sk.contains(part)));
    changes
}

/// Returns the records of the stream as if nothing had changed in them.
fn idle(mut prototype: Prototype) -> Result<Prototype> {
    for record in &mut prototype.records {
        let mut value: Value = serde_json::from_str(record)?;
        value["dynamodb"]["OldImage"] = value["dynamodb"]["NewImage"].clone();
        *record = value.to_string();
    }
    Ok(prototype)
}

fn stream_event(records: &Prototype, case: &Case) -> String {
    let user = case.users.first().map_or("", String::as_str);
    let records: Vec<_> = records.records_of(user, &case.id).collect();
    format!(r#"{{"Records":[{}]}}"#, records.join(","))
}

#[cfg(test)]
mod tests {
    use testkit::template::template;

    use super::*;
    use crate::operation::OPERATIONS;

    /// Returns how many invitations each list shows.
    async fn all_operations_succeed(fixtures: &Fixtures, table: &Table) -> Vec<usize> {
        let mut shown = Vec::new();
        let handlers = Handlers::on(table);
        for operation in &OPERATIONS {
            let case = fixtures.cases(table, operation.case, 1).unwrap().remove(0);
            let function = functions::function(&template().function_behind(operation.route).name);
            let body = handlers.handle(&operation.event(&case), function).await.unwrap();
            assert!(!["[{", "[\""].iter().any(|some| body.contains(&format!(r#""errors":{some}"#))), "{body}");
            if operation.name.starts_with("list-") {
                let page: Value = serde_json::from_str(&body).unwrap();
                shown.push(page["invitations"].as_array().unwrap().len());
            }
        }
        shown
    }

    #[tokio::test]
    async fn what_is_copied_serves_every_operation() {
        let fixtures = Fixtures::new().await.unwrap();
        let shown = all_operations_succeed(&fixtures, &fixtures.table(300).await.unwrap()).await;
        assert_eq!(shown, [25; 3]);
    }

    #[tokio::test]
    async fn invitations_that_are_not_whole_are_in_no_page_that_is_measured() {
        let fixtures = Fixtures::new().await.unwrap();
        let large = Large { invitations: 1_000, to_invitee: 30, whole: 100, people: 30 };
        let shown = all_operations_succeed(&fixtures, &fixtures.large_table(&large).await.unwrap()).await;
        assert_eq!(shown, [25; 3]);
    }

    #[tokio::test]
    async fn who_has_accepted_may_invite() {
        let fixtures = Fixtures::new().await.unwrap();
        let table = fixtures.table(0).await.unwrap();
        let member = fixtures.cases(&table, CaseKind::Accepted, 1).unwrap().remove(0);
        Handlers::on(&table).invite(&member.users[0], OPEN).await.unwrap();
    }
}
