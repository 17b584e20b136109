//! Paying for one mail: is it still wanted, whom does it reach, what does it say; lease, send, settle.

use std::time::Duration;

use domain::{
    Timestamp,
    community::Community,
    email::{AddressKey, EmailAddress},
    id::UserId,
    invitation::{DeliveryState, Invitation, Invitee, Status},
    link::{LinkToken, SECRET_BYTES},
    person::Party,
    settings::{Locale, Settings},
    transition::{Addressee, MailKind},
};
use jiff::SignedDuration;
use mail::{Letter, Links, Rendered};
use store::{
    StoreError,
    keys::Key,
    outbox::{LEASE, Lease, MailId, MailState, MailedLink, OutboxMail},
    read::Records,
    record::Address,
};
use system::{now, randomise};
use tokio::time::Instant;

use crate::{
    Deliver,
    outbound::{POST_TIMEOUT, Parcel, Refused},
};

// How long it takes at the most, so that nobody else holds a mail's lease while it may still be posted, and so that the
// function is not ended while it posts:
//
//   a mail is leased at the latest                      60 s after the batch came      TAKES_ON
//   its last post begins at the latest                  40 s after the lease began     POSTS
//   and is answered, or given up, at the latest         30 s after that                POST_TIMEOUT
//   what came of it is noted, at the latest             15 s after that                the table's own limit
//                                                      ─────
//                                                       85 s of the lease's 90         LEASE
//                                                      150 s of the function's 180     LONGEST, `Timeout` in template.yaml
//
// The rest is for showing in the invitation how its mail fares, which is made up for if it is cut short. Usually all of
// it takes well below a second.

/// For how long a batch takes on more mails. The others come again.
const TAKES_ON: Duration = Duration::from_mins(1);
/// For how long after its lease began a mail may be posted once more.
const POSTS: Duration = Duration::from_secs(40);
/// How long the table may take to note something, as `runtime::aws` has it.
const NOTED: Duration = Duration::from_secs(15);
/// How long a batch takes at the most, aside from what may be cut short: the function's timeout must be longer.
pub const LONGEST: Duration = Duration::from_secs(TAKES_ON.as_secs() + LEASE.as_secs().unsigned_abs());

const _: () = assert!(
    POSTS.as_secs() + POST_TIMEOUT.as_secs() + NOTED.as_secs() < LEASE.as_secs().unsigned_abs(),
    "a lease must outlast its posts"
);

/// How often the mail service is asked within one lease when it is busy: over half a minute, with pauses that double
/// from half a second, since it counts its rate by the second.
const TRIES: u32 = 7;
/// How often a mail may be leased, and not be known to be sent or refused, before an operator must look at it. Each
/// time may have doubled it.
const MAX_FAILURES: u32 = 5;
/// For how long the mail service may be too busy for a mail before an operator must look at it. Its daily quota counts
/// the last 24 hours: whatever it was that had used it up is past by then.
const MOST_PATIENCE: SignedDuration = SignedDuration::from_hours(24);

/// Why a mail is still owed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unpaid {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("another attempt holds the lease")]
    Leased,
    #[error("the batch has no time left for it")]
    NoTime,
    #[error("the mail service did not say whether it took the mail: {0}")]
    Unknown(String),
    #[error("the mail cannot be written")]
    Unwritable,
}

/// Whom a mail reaches, and in which language.
struct Reached {
    address: EmailAddress,
    /// The language that they chose; in none, the mail is in the network's.
    chosen: Option<Locale>,
}

/// What is known for writing a mail.
struct Context {
    settings: Settings,
    community: Community,
    reached: Reached,
    decided_by: String,
}

impl Deliver {
    /// Pays for the mail of a batch that came at `begun`. What would fail the next time too is parked, since it would
    /// hold up all behind it.
    pub(crate) async fn pay_or_park(&self, mail: &MailId, begun: Instant) -> Result<(), Unpaid> {
        match self.pay(mail, begun).await {
            Err(Unpaid::Store(StoreError::Damaged(_)) | Unpaid::Unwritable) => {
                tracing::error!(invitation = %mail.invitation, mail = mail.name, "a mail cannot be made");
                Ok(self.store.park(mail, "it cannot be made from what the table holds", now()).await?)
            }
            paid => paid,
        }
    }

    /// Sends the mail of a batch that came at `begun`, unless it is settled or no longer wanted.
    async fn pay(&self, mail: &MailId, begun: Instant) -> Result<(), Unpaid> {
        in_time(begun)?;
        let account = self.store.account(mail.invitation).await?;
        let (Some(owed), Some(invitation)) = (account.mail(&mail.name), account.invitation.as_ref()) else {
            return Ok(());
        };
        let wanted = is_wanted(owed.mail, invitation, now());
        match owed.state {
            MailState::Sent => return self.make_up(owed, mail, invitation, DeliveryState::Sent).await,
            MailState::Parked => return self.make_up(owed, mail, invitation, DeliveryState::Failed).await,
            MailState::Dropped if wanted => {
                return self.make_up(owed, mail, invitation, DeliveryState::Failed).await;
            }
            MailState::Dropped => return Ok(()),
            MailState::Sending if owed.leased_until.is_some_and(|until| until > now()) => return Err(Unpaid::Leased),
            MailState::Sending | MailState::Queued => {}
        }
        if !wanted {
            return self.drop_unsent(mail, owed).await;
        }
        if owed.to == Addressee::Moderators {
            return Ok(self.store.fan_out(mail, owed, &invitation.community.id).await?);
        }
        let Some(context) = self.context(owed, invitation).await? else {
            self.drop_unsent(mail, owed).await?;
            return self.track(owed, mail, DeliveryState::Failed).await;
        };
        if owed.failures() >= MAX_FAILURES {
            return self.give_up(owed, mail, "too many attempts of which nobody knows what became").await;
        }
        in_time(begun)?;
        self.send(mail, owed, invitation, &context).await
    }

    async fn send(
        &self,
        mail: &MailId,
        owed: &OutboxMail,
        invitation: &Invitation,
        context: &Context,
    ) -> Result<(), Unpaid> {
        let revision = mail.revision().and_then(|revision| revision.try_into().ok()).ok_or(Unpaid::Unwritable)?;
        let token = LinkToken::new(invitation.id, revision, secret()?);
        let links = self.outbound.links(&token);
        let rendered = write(owed, invitation, context, &links)?;
        let Reached { address, chosen, .. } = &context.reached;
        let link = MailedLink { digest: token.digest(), address: address.key(), locale: *chosen };
        let leased = Instant::now();
        let Some(lease) = self.store.lease(mail, owed, &link, now()).await? else { return Err(Unpaid::Leased) };
        let parcel = Parcel {
            to: &context.reached.address,
            product: &context.settings.product_name,
            rendered: &rendered,
            unsubscribe: solicits(owed.mail).then_some(&*links.unsubscribe),
            invitation: invitation.id,
            kind: owed.mail,
            revision,
            attempt: owed.attempts + 1,
        };
        for post in 1..=TRIES {
            match self.outbound.post(&parcel, post).await {
                Ok(()) => {
                    self.store.settle(mail).await?;
                    return self.track(owed, mail, DeliveryState::Sent).await;
                }
                Err(Refused::Busy(cause)) => {
                    tracing::warn!(invitation = %mail.invitation, cause, post, "the mail service is busy");
                    let pause = self.pause(post);
                    if post == TRIES || leased.elapsed() + pause > POSTS {
                        break;
                    }
                    tokio::time::sleep(pause).await;
                }
                Err(Refused::Rejected(cause)) => return self.give_up(owed, mail, &cause).await,
                // The mail may be on its way. Nobody sends it again before the lease ends.
                Err(Refused::Unknown(cause)) => return Err(Unpaid::Unknown(cause)),
            }
        }
        self.wait(mail, owed, &lease).await
    }

    /// The mail service has been too busy for the mail: it queues again behind all others, however often, until it has
    /// waited for too long.
    async fn wait(&self, mail: &MailId, owed: &OutboxMail, lease: &Lease) -> Result<(), Unpaid> {
        let patience = owed.busy_since.is_none_or(|since| now().duration_since(since) < MOST_PATIENCE);
        if patience {
            return Ok(self.store.put_off(mail, lease, now()).await?);
        }
        self.give_up(owed, mail, "the mail service has been too busy for a day").await
    }

    /// Nobody is to get the mail any more, unless somebody is sending it by now: then it comes again.
    async fn drop_unsent(&self, mail: &MailId, owed: &OutboxMail) -> Result<(), Unpaid> {
        if self.store.drop_unsent(mail, owed).await? { Ok(()) } else { Err(Unpaid::Leased) }
    }

    async fn give_up(&self, owed: &OutboxMail, mail: &MailId, why: &str) -> Result<(), Unpaid> {
        tracing::error!(invitation = %mail.invitation, mail = mail.name, why, "a mail is parked");
        self.store.park(mail, why, now()).await?;
        self.track(owed, mail, DeliveryState::Failed).await
    }

    /// Shows in the invitation how its mail fares.
    async fn track(&self, owed: &OutboxMail, mail: &MailId, state: DeliveryState) -> Result<(), Unpaid> {
        if owed.mail != MailKind::Invitation {
            return Ok(());
        }
        Ok(self.store.track(mail.invitation, mail.revision(), state, now()).await?)
    }

    /// A settled mail comes again: if whoever settled it did not get to show so, the invitation shows it now.
    async fn make_up(
        &self,
        owed: &OutboxMail,
        mail: &MailId,
        invitation: &Invitation,
        state: DeliveryState,
    ) -> Result<(), Unpaid> {
        if invitation.delivery.as_ref().is_some_and(|delivery| delivery.state == DeliveryState::Queued) {
            self.track(owed, mail, state).await?;
        }
        Ok(())
    }

    /// An operator has deleted the record that held the mail back: it is owed again, and the invitation shows so.
    pub(crate) async fn unpark(&self, mail: &MailId) -> Result<(), Unpaid> {
        self.store.unpark(mail).await?;
        let account = self.store.account(mail.invitation).await?;
        match account.mail(&mail.name) {
            Some(owed) if owed.state == MailState::Queued => self.track(owed, mail, DeliveryState::Queued).await,
            _ => Ok(()),
        }
    }

    /// What is needed to write the mail; `None` if it must not be written: nobody is to be reached, or there is nothing
    /// left to tell of.
    async fn context(&self, owed: &OutboxMail, invitation: &Invitation) -> Result<Option<Context>, StoreError> {
        let user = match (&owed.to, &invitation.invitee) {
            (Addressee::User(id), _) | (Addressee::Invitee, Invitee::User { id, .. }) => Some(id),
            (Addressee::Sender, _) => Some(&invitation.sender.id),
            _ => None,
        };
        let address = match (&owed.to, &invitation.invitee) {
            (Addressee::Invitee, Invitee::Address { key, email: Some(email) }) => Some((key, email)),
            _ => None,
        };
        let decider = invitation.decided_by.as_ref();
        let community_key = Key::community(&invitation.community.id, invitation.id.to_bytes()[15]);
        let mut keys = vec![Key::settings(), community_key.clone()];
        keys.extend(user.map(Key::user));
        keys.extend(decider.map(Key::user));
        keys.extend(address.map(|(key, _)| Key::address(key)));
        keys.extend(solicits(owed.mail).then(|| standing_key(&invitation.invitee.party(), invitation)));
        let records = self.store.read(keys).await?;
        let settings = records.settings()?;
        let Some(community) = records.value(&community_key)? else { return Ok(None) };
        if refuses(&records, owed.mail, &invitation.invitee.party(), invitation)? {
            return Ok(None);
        }
        let reached = match (user, address) {
            (Some(id), _) => self.user_reached(&records, id, owed.mail, invitation).await?,
            (None, Some((key, email))) => {
                let known: Address = records.value(&Key::address(key))?.unwrap_or_default();
                (!known.suppressed).then(|| Reached { address: email.clone(), chosen: None })
            }
            (None, None) => None,
        };
        let Some(reached) = reached else { return Ok(None) };
        let decided_by = match decider {
            Some(id) => records.user(id)?.map(|found| found.user.display_name).unwrap_or_default(),
            None => String::new(),
        };
        Ok(Some(Context { settings, community, reached, decided_by }))
    }

    async fn user_reached(
        &self,
        records: &Records,
        id: &UserId,
        kind: MailKind,
        invitation: &Invitation,
    ) -> Result<Option<Reached>, StoreError> {
        let Some(found) = records.user(id)?.filter(|found| found.user.active && !found.suppressed) else {
            return Ok(None);
        };
        let chosen = found.user.locale();
        let verified = found.user.email_verified;
        let Some(address) = found.user.email else { return Ok(None) };
        if !verified && !self.is_welcome(id, address.key(), kind, invitation).await? {
            return Ok(None);
        }
        Ok(Some(Reached { address, chosen }))
    }

    /// Whether mail is welcome at an address that is the user's by the platform's word alone. What is known of such an
    /// address does not show in the user's own records.
    async fn is_welcome(
        &self,
        user: &UserId,
        address: AddressKey,
        kind: MailKind,
        invitation: &Invitation,
    ) -> Result<bool, StoreError> {
        let party = Party::Address(address.clone());
        let records = self.store.read([Key::address(&address), standing_key(&party, invitation)]).await?;
        let known: Address = records.value(&Key::address(&address))?.unwrap_or_default();
        if known.suppressed {
            // So that the next send is told at once.
            self.store.suppress_for(user, &address).await?;
        }
        Ok(!known.suppressed && !refuses(&records, kind, &party, invitation)?)
    }

    /// How long to wait after that many posts that met a busy mail service: doubling, half of it by chance, so that
    /// mails that were refused together do not come back together.
    fn pause(&self, posts: u32) -> Duration {
        let most = self.outbound.first_pause.saturating_mul(1 << (posts - 1));
        let mut chance = [0];
        // Without randomness the wait is merely not jittered.
        let _ = randomise(&mut chance);
        most / 2 + most.mul_f64(f64::from(chance[0]) / 512.0)
    }
}

fn in_time(begun: Instant) -> Result<(), Unpaid> {
    if begun.elapsed() < TAKES_ON { Ok(()) } else { Err(Unpaid::NoTime) }
}

/// Whether it is a mail that the addressee may want no more of.
fn solicits(mail: MailKind) -> bool {
    matches!(mail, MailKind::Invitation | MailKind::Joined)
}

fn standing_key(party: &Party, invitation: &Invitation) -> Key {
    Key::standing(party, &invitation.community.id)
}

/// Whether the party has meanwhile asked for no more of such mails from the community.
fn refuses(records: &Records, mail: MailKind, party: &Party, invitation: &Invitation) -> Result<bool, StoreError> {
    Ok(solicits(mail) && records.standing(party, &invitation.community.id)?.blocked)
}

/// Whether the mail still says something true: nobody is told of an invitation that has gone before its mail left.
fn is_wanted(mail: MailKind, invitation: &Invitation, now: Timestamp) -> bool {
    match mail {
        MailKind::Invitation => invitation.status_at(now) == Status::Pending,
        MailKind::ApprovalNeeded => invitation.status_at(now) == Status::AwaitingApproval,
        MailKind::Joined | MailKind::MembershipConfirmed | MailKind::RequestRejected | MailKind::Declined => true,
    }
}

fn write(owed: &OutboxMail, invitation: &Invitation, context: &Context, links: &Links) -> Result<Rendered, Unpaid> {
    let letter = match (owed.mail, &owed.to) {
        (MailKind::Invitation, _) => Letter::Invitation { links },
        (MailKind::Joined, _) => Letter::Joined { unsubscribe: &links.unsubscribe },
        (MailKind::MembershipConfirmed, Addressee::Invitee) => Letter::MembershipConfirmedToInvitee,
        (MailKind::MembershipConfirmed, _) => Letter::MembershipConfirmedToSender,
        (MailKind::ApprovalNeeded, _) => Letter::ApprovalNeeded,
        (MailKind::RequestRejected, _) => Letter::RequestRejected { decided_by: &context.decided_by },
        (MailKind::Declined, _) => Letter::Declined,
    };
    let (community, settings) = (Some(&context.community), &context.settings);
    let locale = context.reached.chosen.unwrap_or(settings.default_locale);
    mail::render(&letter, invitation, community, settings, locale).map_err(|_| Unpaid::Unwritable)
}

fn secret() -> Result<[u8; SECRET_BYTES], Unpaid> {
    let mut secret = [0; SECRET_BYTES];
    randomise(&mut secret).map_err(|_| Unpaid::Unwritable)?;
    Ok(secret)
}
