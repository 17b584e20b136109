//! Inviting many at once, with one outcome per recipient.
//!
//! A request reads everything it must know in batches of a hundred records, decides in memory, and writes as many
//! invitations as fit into each transaction. A recipient who loses a race is decided again; the others do not notice.

mod facts;
mod idempotency;
mod preview;
mod result;
mod submission;
mod terms;

use std::{collections::HashSet, ops::ControlFlow};

use domain::{
    Timestamp,
    id::{CommunityId, InvitationId},
    outbox::RequestSize,
    person::{Caller, Party, Role},
    refusal::Refusal,
    sending::{Outcome, Quota, Terms, ask_moderators, outcome_of},
    transition::{Guard, Transition},
};
use store::{
    Store, StoreError,
    execute::{Condition, Executed, ExtraWrite, FailedCondition, MAX_ACTIONS, actions},
    keys::Key,
    retry,
};

use self::{
    facts::Facts,
    idempotency::{Attempt, Earlier},
    result::{Entry, KeptResult, Made},
    terms::terms,
};
pub use self::{
    preview::preview,
    result::{RecipientResult, SendResult},
    submission::{MAX_SUBMITTED, Named, Submission, Submitted},
};
use crate::{ServiceError, decision::refusal_of};

/// Actions of a transaction that do not belong to one invitation: the guard of the community, that of the sender with
/// the quota, the idempotent request, the mail that asks the moderators.
const SHARED_ACTIONS: usize = 4;

/// Invites the recipients. With an idempotency key, the same request again has the same result.
///
/// # Errors
/// [`ServiceError::Refused`] with the rule that stands in the way of the whole request; what concerns one recipient is
/// an outcome. [`ServiceError::Store`] if the table fails.
pub async fn send(
    store: &Store,
    caller: &Caller,
    community: &CommunityId,
    submission: Submission,
    idempotency_key: Option<&str>,
    now: Timestamp,
) -> Result<SendResult, ServiceError> {
    let request = idempotency_key.map(|key| Key::idempotency(&caller.id, key));
    let mut facts = Facts::read(store, caller, community, &submission, request.as_ref(), now).await?;
    let attempt = match &request {
        None => None,
        Some(key) => match idempotency::look(facts.request(key)?, key, &submission.digest(community), now)? {
            Earlier::Finished(kept) => {
                facts.resolve_owners(store, &submission).await?;
                return Ok(kept.replay(store, caller, &submission, &facts, now).await?);
            }
            Earlier::Open(attempt) => Some(attempt),
        },
    };
    Send::new(store, caller, submission, facts, attempt, now)?.run().await
}

/// One request on its way through the recipients.
struct Send<'a> {
    store: &'a Store,
    caller: &'a Caller,
    role: Option<Role>,
    submission: Submission,
    facts: Facts,
    attempt: Option<Attempt>,
    terms: Terms,
    quota: Quota,
    /// One entry per recipient, as far as they are decided for good.
    entries: Vec<Option<Entry>>,
    /// The id of the invitation for the first recipient.
    first_id: InvitationId,
    /// Whether some invitations are written already.
    begun: bool,
    /// Whether the moderators have been asked.
    asked: bool,
}

/// The invitations that one transaction makes, each with the place of its recipient.
type Chunk = Vec<(usize, Transition)>;

impl<'a> Send<'a> {
    fn new(
        store: &'a Store,
        caller: &'a Caller,
        submission: Submission,
        facts: Facts,
        attempt: Option<Attempt>,
        now: Timestamp,
    ) -> Result<Self, ServiceError> {
        if submission.recipients.is_empty() {
            return Err(Refusal::NoRecipients.into());
        }
        let settings = facts.settings();
        let (terms, role) = terms(caller, &facts, &submission, &settings, now)?;
        let quota = facts.quota(&settings);
        // A request that was begun may find its own invitations to have used up the day.
        if quota.left() == 0 && !attempt.as_ref().is_some_and(Attempt::resumes) {
            return Err(Refusal::DailyQuotaUsed { until: quota.renews_at() }.into());
        }
        // The ids of an idempotent request are derived, those of any other drawn.
        let first_id = match &attempt {
            Some(attempt) => attempt.first_id(),
            None => submission::draw_id(now)?,
        };
        let entries = passing_over_repetitions(&submission);
        let (begun, asked) = (false, false);
        Ok(Self { store, caller, role, submission, facts, attempt, terms, quota, entries, first_id, begun, asked })
    }

    async fn run(mut self) -> Result<SendResult, ServiceError> {
        self.resume().await?;
        loop {
            let (store, lease) = (self.store, self.attempt.as_ref().and_then(Attempt::lease));
            self = match self.step().await {
                Ok(ControlFlow::Continue(send)) => *send,
                Ok(ControlFlow::Break(result)) => return Ok(result),
                Err(error) => {
                    // The same request may go on at once. If this fails, too, the lease ends by itself.
                    if let Some((request, stamp)) = lease {
                        let _ = store.end_lease(request, &stamp).await;
                    }
                    return Err(error);
                }
            };
        }
    }

    /// Makes the invitations of one transaction. Breaks with the result once there are no more.
    async fn step(mut self) -> Result<ControlFlow<SendResult, Box<Self>>, ServiceError> {
        self.store.in_time()?;
        self.facts.resolve_owners(self.store, &self.submission).await?;
        let chunk = self.decide();
        let last = self.entries.iter().filter(|entry| entry.is_none()).count() == chunk.len();
        if !chunk.is_empty() || self.attempt.is_some() {
            let write = |(send, chunk): (Self, Chunk)| send.write(chunk, last);
            self = match retry((self, chunk), write).await? {
                ChunkEnd::Chunk(send) if !last => return Ok(ControlFlow::Continue(send)),
                ChunkEnd::Chunk(send) => *send,
                ChunkEnd::Elsewhere(result) => return Ok(ControlFlow::Break(result)),
            };
        }
        let result = self.result().in_full(self.caller, &self.submission, &self.facts, None);
        Ok(ControlFlow::Break(result))
    }

    /// Finds what an earlier attempt at the same request had done before it died.
    async fn resume(&mut self) -> Result<(), ServiceError> {
        if !self.attempt.as_ref().is_some_and(Attempt::resumes) {
            return Ok(());
        }
        let ids: Vec<_> = (0..self.entries.len()).map(|index| self.id(index)).collect();
        let records = self.store.read(ids.iter().map(|id| Key::invitation(*id))).await?;
        for (index, id) in ids.iter().enumerate() {
            if let Some(made) = records.invitation(*id) {
                let sent = self.terms.invitation(*id, made.invitee.clone());
                self.asked = true;
                self.entries[index] =
                    Some(Entry { outcome: outcome_of(&sent), retry_after: None, made: Some(Made::of(made)) });
            }
        }
        Ok(())
    }

    /// Decides the open recipients, in order, until a transaction is full: those who get no invitation have their entry
    /// at once, the invitations to make are returned. What comes after that stays open for the next transaction.
    fn decide(&mut self) -> Chunk {
        let mut chunk = Chunk::new();
        let mut room = MAX_ACTIONS - SHARED_ACTIONS;
        let mut left = self.quota.left();
        let mut invited = self.invited();
        for index in 0..self.entries.len() {
            if self.entries[index].is_some() {
                continue;
            }
            let recipient = self.facts.recipient(&self.submission.recipients[index]);
            match self.terms.make(self.id(index), &recipient) {
                Err(not_invited) => self.pass_over(index, not_invited.outcome, not_invited.retry_after),
                // One person by two names is told what a second request would be.
                Ok(transition) if invited.contains(&transition.invitation.invitee.party()) => {
                    let joined = outcome_of(&transition.invitation) == Outcome::Joined;
                    let outcome = if joined { Outcome::AlreadyMember } else { Outcome::AlreadyInvited };
                    self.pass_over(index, outcome, None);
                }
                Ok(_) if left == 0 => self.pass_over(index, Outcome::OverQuota, Some(self.quota.renews_at())),
                Ok(transition) if actions(&transition) > room => break,
                Ok(transition) => {
                    left -= 1;
                    room -= actions(&transition);
                    invited.insert(transition.invitation.invitee.party());
                    chunk.push((index, transition));
                }
            }
        }
        chunk
    }

    /// How many invitations the open recipients will have, as far as can be told.
    fn count_open(&self) -> usize {
        let (before, mut invited) = (self.invited().len(), self.invited());
        for (index, submitted) in self.submission.recipients.iter().enumerate() {
            if self.entries[index].is_none()
                && let Ok(transition) = self.terms.make(self.id(index), &self.facts.recipient(submitted))
            {
                invited.insert(transition.invitation.invitee.party());
            }
        }
        (invited.len() - before).min(self.quota.left() as usize)
    }

    /// Has the moderators asked with the first chunk, once for the whole request.
    fn ask(&self, chunk: &mut Chunk) -> bool {
        if self.asked || !self.terms.rights.needs_approval || chunk.is_empty() {
            return self.asked;
        }
        let size = RequestSize {
            places: submission::short(self.entries.len()),
            invitations: submission::short(self.count_open()),
        };
        ask_moderators(chunk.iter_mut().map(|(_, transition)| transition), size)
    }

    /// The parties that the request has invited by now.
    fn invited(&self) -> HashSet<Party> {
        let made = self.entries.iter().flatten().filter_map(|entry| entry.made.as_ref());
        made.map(|made| made.party.clone()).collect()
    }

    /// Writes a chunk. After a conflict, it continues with what of the chunk is still to be made.
    async fn write(
        mut self,
        mut chunk: Chunk,
        last: bool,
    ) -> Result<ControlFlow<ChunkEnd<'a>, (Self, Chunk)>, ServiceError> {
        let asked = self.ask(&mut chunk);
        for (index, transition) in &chunk {
            self.entries[*index] = Some(made(transition));
        }
        let transitions: Vec<_> = chunk.iter().map(|(_, transition)| transition).collect();
        let mut extra = Vec::new();
        let count = u32::try_from(transitions.len()).unwrap_or(u32::MAX);
        if count > 0 {
            extra.push(ExtraWrite::Quota(self.quota.clone(), count));
        }
        if let Some(attempt) = &self.attempt {
            extra.push(ExtraWrite::IdempotentRequest(attempt.record(&self.result(), last, self.terms.now)?));
        }
        if extra.is_empty() {
            return Ok(ControlFlow::Break(ChunkEnd::Chunk(Box::new(self))));
        }
        let failed = match self.store.execute(&transitions, &extra, self.terms.now).await? {
            Executed::Done => {
                self.quota.used += count;
                self.begun |= count > 0;
                self.asked = asked;
                if let Some(attempt) = &mut self.attempt {
                    attempt.written();
                }
                return Ok(ControlFlow::Break(ChunkEnd::Chunk(Box::new(self))));
            }
            Executed::Conflict(failed) => failed,
        };
        for (index, _) in &chunk {
            self.entries[*index] = None;
        }
        if let Some(result) = self.learn(failed).await? {
            return Ok(ControlFlow::Break(ChunkEnd::Elsewhere(result)));
        }
        self.facts.resolve_owners(self.store, &self.submission).await?;
        let before: HashSet<_> = chunk.iter().map(|(index, _)| *index).collect();
        let mut rest = self.decide();
        rest.retain(|(index, _)| before.contains(index));
        Ok(ControlFlow::Continue((self, rest)))
    }

    /// Takes in what a conflict says of the world. The result of the same request, if that was faster, is returned.
    async fn learn(&mut self, mut failed: Vec<FailedCondition>) -> Result<Option<SendResult>, ServiceError> {
        // The same request that was faster explains all else that failed: in the same millisecond, even the ids are
        // alike.
        failed.sort_by_key(|failed| failed.condition != Condition::IdempotentRequest);
        for failed in failed {
            match &failed.condition {
                Condition::Standing(..) | Condition::Guard(Guard::Unowned(_)) => self.facts.learn(failed)?,
                // The sender's record has the quota, too, which may be all that was in the way.
                Condition::Guard(Guard::Active(user)) if *user != self.caller.id || failed.is_active()? => {
                    self.facts.learn(failed)?;
                }
                // What is written stays written; the rest of the request finds the community closed.
                Condition::Guard(_) if self.begun => self.pass_over_rest(),
                Condition::Guard(guard) => {
                    return Err(refusal_of(guard, failed.found()).map_or_else(busy, ServiceError::from));
                }
                Condition::Quota => {
                    self.facts.learn(failed)?;
                    self.quota.used = self.facts.used();
                }
                Condition::IdempotentRequest => return self.faster_request(failed).await,
                Condition::Invitation(_) | Condition::Membership(_) => return Err(busy()),
            }
        }
        Ok(None)
    }

    /// The same request came twice at once, and the other one was faster: its result is this one's, if it has one yet.
    async fn faster_request(&mut self, failed: FailedCondition) -> Result<Option<SendResult>, ServiceError> {
        self.facts.learn(failed)?;
        let Some(attempt) = &self.attempt else { return Ok(None) };
        let now = self.terms.now;
        match idempotency::look(self.facts.request(&attempt.key)?, &attempt.key, &attempt.digest, now)? {
            Earlier::Finished(kept) => {
                Ok(Some(kept.replay(self.store, self.caller, &self.submission, &self.facts, now).await?))
            }
            Earlier::Open(_) => Err(busy()),
        }
    }

    /// The id of the recipient's invitation.
    fn id(&self, index: usize) -> InvitationId {
        self.first_id.at_place(submission::short(index))
    }

    fn pass_over(&mut self, index: usize, outcome: Outcome, until: Option<Timestamp>) {
        let retry_after = until.map(|until| until.duration_since(self.terms.now).as_secs().max(0) + 1);
        self.entries[index] = Some(Entry { outcome, retry_after, made: None });
    }

    fn pass_over_rest(&mut self) {
        for index in 0..self.entries.len() {
            if self.entries[index].is_none() {
                self.pass_over(index, Outcome::Unavailable, None);
            }
        }
    }

    fn result(&self) -> KeptResult {
        let entries = self.entries.iter().flatten().cloned().collect();
        KeptResult { terms: self.terms.clone(), role: self.role, entries }
    }
}

/// The entries before anything is decided: that of each recipient whom the request has named before, and none for the
/// others.
fn passing_over_repetitions(submission: &Submission) -> Vec<Option<Entry>> {
    let mut named = HashSet::new();
    let entries = submission.recipients.iter().map(|recipient| {
        let repeated = recipient.names.party().is_some_and(|party| !named.insert(party));
        repeated.then_some(Entry { outcome: Outcome::Duplicate, retry_after: None, made: None })
    });
    entries.collect()
}

/// The end of one chunk.
enum ChunkEnd<'a> {
    /// It is written, as far as there was something to write.
    Chunk(Box<Send<'a>>),
    /// The same request has this result already.
    Elsewhere(SendResult),
}

fn made(transition: &Transition) -> Entry {
    let invitation = &transition.invitation;
    Entry { outcome: outcome_of(invitation), retry_after: None, made: Some(Made::of(invitation)) }
}

fn busy() -> ServiceError {
    StoreError::Unavailable("another writer was faster".to_owned()).into()
}
