//! `POST /communities/{communityId}/invitations`: invites many at once, one outcome per recipient.
//! `POST …/preview`: the mail that the same request would send.
//!
//! A request reads everything it must know in batches of a hundred records, decides in memory, and writes as many
//! invitations as fit into each transaction. Whoever loses a race is decided anew; nobody else notices.

mod answer;
#[cfg(feature = "openapi")]
pub mod contract;
mod directory;
mod idempotency;
mod preview;
mod request;

use std::{collections::HashSet, sync::Arc};

use domain::{
    Timestamp,
    id::{CommunityId, InvitationId},
    invitation::{CommunityLabel, Sender},
    person::{Caller, Role},
    refusal::Refusal,
    sending::{Outcome, Quota, Terms, outcome_of, sending_rights},
    settings::Settings,
    transition::{Guard, Transition},
};
use http_api::{
    body,
    function::{Api, path, verb},
    problem::Problem,
};
use lambda_http::{Body, Request, Response};
use store::{
    Store,
    execute::{Cause, Companion, Executed, Loss, MAX_ACTIONS, actions},
    keys::Key,
    record,
};
use system::now;

use crate::{
    answer::{Answer, Entry, Made},
    directory::Directory,
    idempotency::{Claim, Earlier},
    request::{SendRequest, Submission},
};

/// How often a chunk of invitations is decided anew because others were faster.
const ROUNDS: u32 = 8;
/// Actions of a transaction that do not belong to one invitation: the guards of community and sender, the quota, the
/// answer.
const SHARED_ACTIONS: usize = 4;

/// Answers one request.
///
/// # Errors
/// The problem that stands in the way of the whole request; what concerns one recipient is an outcome.
pub async fn handle(api: Arc<Api>, request: Request) -> Result<Response<Body>, Problem> {
    let caller = api.claims.caller(&request)?;
    let community: CommunityId = path(&request, "communityId")?;
    let body: SendRequest = body::json(&request)?;
    if verb(&request) == "preview" {
        return preview::answer(&api.store, &caller, &community, body).await;
    }
    let idempotency_key = request::idempotency_key(&request)?;
    let now = now();
    let digest = body.digest(&community);
    let submission = Submission::parse(body)?;
    let request_key = idempotency_key.map(|key| Key::idempotency(&caller.id, key));
    let mut directory =
        Directory::read(&api.store, &caller, &community, &submission, request_key.as_ref(), now).await?;
    let claim = match &request_key {
        None => None,
        Some(key) => match idempotency::look(directory.record(key), key, &digest, now)? {
            Earlier::Answered(answer) => {
                directory.resolve_owners(&api.store, &submission).await?;
                return answer.replay(&caller, &submission, &directory);
            }
            Earlier::Claimable(claim) => Some(claim),
        },
    };
    let send = Send::new(&api.store, &caller, submission, directory, claim, now)?;
    send.run().await
}

/// What is common to sending and to previewing: the terms, if the caller may make one.
pub(crate) fn terms(
    caller: &Caller,
    directory: &Directory,
    submission: &Submission,
    settings: &Settings,
    now: Timestamp,
) -> Result<(Terms, Option<Role>), Problem> {
    let (user, role) = (directory.sender()?, directory.sender_role()?);
    let community = directory.community()?;
    let rights = sending_rights(caller, user.as_ref(), community.as_ref(), role, settings)?;
    let (Some(user), Some(community)) = (user, community) else { return Err(Refusal::CommunityNotFound.into()) };
    let most = settings.max_recipients_per_request;
    if submission.recipients.len() > most as usize {
        return Err(Refusal::TooManyRecipients { found: submission.recipients.len(), most }.into());
    }
    let network_message = || settings.default_message.as_deref().and_then(|message| message.parse().ok());
    let terms = Terms {
        community: CommunityLabel::from(&community),
        sender: Sender::from(&user),
        message: submission.message.clone().or_else(network_message),
        lifetime_days: submission.expires_in_days.unwrap_or(settings.invitation_lifetime_days),
        mode: settings.membership_mode_in(&community),
        rights,
        now,
    };
    Ok((terms, role))
}

/// One request on its way through the recipients.
struct Send<'a> {
    store: &'a Store,
    caller: &'a Caller,
    role: Option<Role>,
    submission: Submission,
    directory: Directory,
    claim: Option<Claim>,
    terms: Terms,
    quota: Quota,
    /// One entry per recipient, as far as they are decided for good.
    entries: Vec<Option<Entry>>,
    /// Whether some invitations are written already.
    begun: bool,
}

impl<'a> Send<'a> {
    fn new(
        store: &'a Store,
        caller: &'a Caller,
        submission: Submission,
        directory: Directory,
        claim: Option<Claim>,
        now: Timestamp,
    ) -> Result<Self, Problem> {
        submission.check_not_empty()?;
        let settings = directory.settings()?;
        let (terms, role) = terms(caller, &directory, &submission, &settings, now)?;
        let quota = directory.quota(&settings);
        // A request that was begun may find its own invitations to have used up the day.
        if quota.left() == 0 && !claim.as_ref().is_some_and(Claim::resumes) {
            return Err(Refusal::DailyQuotaUsed { until: quota.renews_at() }.into());
        }
        let entries = vec![None; submission.recipients.len()];
        Ok(Self { store, caller, role, submission, directory, claim, terms, quota, entries, begun: false })
    }

    async fn run(mut self) -> Result<Response<Body>, Problem> {
        self.resume().await?;
        loop {
            self.directory.resolve_owners(self.store, &self.submission).await?;
            let chunk = self.decide()?;
            let last = self.entries.iter().filter(|entry| entry.is_none()).count() == chunk.len();
            if chunk.is_empty() && self.claim.is_none() {
                break;
            }
            if let Some(replayed) = self.write(chunk, last).await? {
                return Ok(replayed);
            }
            if last {
                break;
            }
        }
        self.answer().respond(self.caller, &self.submission, &self.directory)
    }

    /// Finds what an earlier attempt at the same request had done before it died.
    async fn resume(&mut self) -> Result<(), Problem> {
        let Some(claim) = self.claim.as_ref().filter(|claim| claim.resumes()) else { return Ok(()) };
        let ids: Vec<_> = (0..self.entries.len()).map(|index| claim.invitation_id(index)).collect();
        let records = self.store.read(ids.iter().map(|id| Key::invitation(*id))).await?;
        for (index, id) in ids.iter().enumerate() {
            if let Some(item) = records.get(&Key::invitation(*id)) {
                let made = record::invitation(item.clone())?;
                let offered = self.terms.invitation(*id, made.invitee.clone());
                self.entries[index] = Some(Entry {
                    outcome: outcome_of(&offered),
                    retry_after: None,
                    made: Some(Made { id: *id, party: made.invitee.party(), at: made.created_at }),
                });
            }
        }
        Ok(())
    }

    /// Decides the open recipients, in order, until a transaction is full: refusals are entries at once, the invitations
    /// to make are returned. Whoever comes after that stays open, and is decided with the next transaction.
    fn decide(&mut self) -> Result<Vec<(usize, Transition)>, Problem> {
        let mut chunk: Vec<(usize, Transition)> = Vec::new();
        let mut room = MAX_ACTIONS - SHARED_ACTIONS;
        let mut left = self.quota.left();
        let mut earlier = HashSet::new();
        for (index, identity) in self.directory.identities(&self.submission)?.into_iter().enumerate() {
            let repeated = identity.is_some_and(|identity| !earlier.insert(identity));
            if self.entries[index].is_some() {
                continue;
            }
            if repeated {
                self.refuse(index, Outcome::Duplicate, None);
                continue;
            }
            let recipient = self.directory.recipient(&self.submission.recipients[index])?;
            match self.terms.make(self.id(index)?, &recipient) {
                Err(declination) => self.refuse(index, declination.outcome, declination.retry_after),
                Ok(_) if left == 0 => self.refuse(index, Outcome::OverQuota, Some(self.quota.renews_at())),
                Ok(transition) if actions(&transition) > room => break,
                Ok(transition) => {
                    left -= 1;
                    room -= actions(&transition);
                    chunk.push((index, transition));
                }
            }
        }
        Ok(chunk)
    }

    /// Writes a chunk; those of it whose standing has changed meanwhile stay open and are decided anew.
    async fn write(&mut self, chunk: Vec<(usize, Transition)>, last: bool) -> Result<Option<Response<Body>>, Problem> {
        let mut chunk = chunk;
        for _ in 0..ROUNDS {
            for (index, transition) in &chunk {
                self.entries[*index] = Some(Self::made(transition));
            }
            let transitions: Vec<_> = chunk.iter().map(|(_, transition)| transition).collect();
            let mut companions = Vec::new();
            let count = u32::try_from(transitions.len()).unwrap_or(u32::MAX);
            if count > 0 {
                companions.push(Companion::Quota(self.quota.clone(), count));
            }
            if let Some(claim) = &self.claim {
                companions.push(claim.record(&self.answer(), last, self.terms.now)?);
            }
            if companions.is_empty() {
                return Ok(None);
            }
            let losses = match self.store.execute(&transitions, &companions, self.terms.now).await? {
                Executed::Done => {
                    self.quota.used += count;
                    self.begun |= count > 0;
                    if let Some(claim) = &mut self.claim {
                        claim.written();
                    }
                    return Ok(None);
                }
                Executed::Lost(losses) => losses,
            };
            for (index, _) in &chunk {
                self.entries[*index] = None;
            }
            if let Some(response) = self.learn(losses)? {
                return Ok(Some(response));
            }
            self.directory.resolve_owners(self.store, &self.submission).await?;
            let before: Vec<_> = chunk.iter().map(|(index, _)| *index).collect();
            let mut again = self.decide()?;
            again.retain(|(index, _)| before.contains(index));
            chunk = again;
        }
        Err(Problem::unavailable(now()))
    }

    /// Takes in what a lost transaction says of the world.
    fn learn(&mut self, mut losses: Vec<Loss>) -> Result<Option<Response<Body>>, Problem> {
        let community = self.terms.community.id.clone();
        // The same request that was faster explains all the other losses: in the same millisecond, even the ids are alike.
        losses.sort_by_key(|loss| loss.cause != Cause::Record);
        for Loss { cause, item } in losses {
            match cause {
                Cause::Standing(_, party) => self.directory.learn(Key::standing(&party, &community), item),
                Cause::Guard(Guard::Unowned(address)) => self.directory.learn(Key::address(&address), item),
                Cause::Guard(Guard::Active(user)) if user != self.caller.id => {
                    self.directory.learn(Key::user(&user), item);
                }
                // What is written stays written; the rest of the request finds the community closed.
                Cause::Guard(_) if self.begun => self.refuse_rest(),
                Cause::Guard(Guard::Active(_)) => return Err(Refusal::CallerInactive.into()),
                Cause::Guard(_) if item.is_some() => return Err(Refusal::InvitationsNotAllowed.into()),
                Cause::Guard(_) => return Err(Refusal::CommunityNotFound.into()),
                Cause::Quota => self.quota.used = directory::used(item.as_ref()),
                Cause::Record => {
                    let Some(claim) = &self.claim else { continue };
                    // The same request came twice at once, and the other one was faster.
                    return match idempotency::look(item.as_ref(), &claim.key, &claim.digest, self.terms.now)? {
                        Earlier::Answered(answer) => {
                            answer.replay(self.caller, &self.submission, &self.directory).map(Some)
                        }
                        Earlier::Claimable(_) => Err(Problem::unavailable(now())),
                    };
                }
                Cause::Invitation(_) => return Err(Problem::unavailable(now())),
            }
        }
        Ok(None)
    }

    /// The id of the recipient's invitation: derived from an idempotent request, else drawn.
    fn id(&self, index: usize) -> Result<InvitationId, Problem> {
        match &self.claim {
            Some(claim) => Ok(claim.invitation_id(index)),
            None => request::draw_id(self.terms.now, index),
        }
    }

    fn made(transition: &Transition) -> Entry {
        let invitation = &transition.invitation;
        Entry {
            outcome: outcome_of(invitation),
            retry_after: None,
            made: Some(Made { id: invitation.id, party: invitation.invitee.party(), at: invitation.created_at }),
        }
    }

    fn refuse(&mut self, index: usize, outcome: Outcome, until: Option<Timestamp>) {
        let retry_after = until.map(|until| until.duration_since(self.terms.now).as_secs().max(0) + 1);
        self.entries[index] = Some(Entry { outcome, retry_after, made: None });
    }

    fn refuse_rest(&mut self) {
        for index in 0..self.entries.len() {
            if self.entries[index].is_none() {
                self.refuse(index, Outcome::Unavailable, None);
            }
        }
    }

    fn answer(&self) -> Answer {
        Answer { terms: self.terms.clone(), role: self.role, entries: self.entries.iter().flatten().cloned().collect() }
    }
}
