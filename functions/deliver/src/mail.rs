//! Paying for one mail: is it still wanted, whom does it reach, what does it say; lease, send, settle.

use std::time::Duration;

use invitations::{
    domain::{
        Timestamp,
        community::Community,
        email::EmailAddress,
        id::UserId,
        invitation::{DeliveryState, Invitation, Invitee, Status},
        lifecycle,
        link::{LinkToken, SECRET_BYTES},
        settings::{Locale, Settings},
        transition::{Addressee, MailKind},
    },
    mail::{self, Letter, Links, Rendered},
    runtime::now,
    store::{
        StoreError,
        execute::Executed,
        keys::Key,
        mailbook::{MailRef, MailState, OwedMail},
        record::Address,
    },
};

use crate::{
    Deliver,
    outbound::{Parcel, Refused},
};

/// How often the mail service is asked within one lease when it is busy.
const TRIES: u32 = 4;
/// How often a mail may be leased before an operator must look at it.
const MAX_ATTEMPTS: u32 = 5;

/// Why a mail is still owed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unpaid {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("another attempt holds the lease")]
    Leased,
    #[error("the mail cannot be written")]
    Unwritable,
}

/// Whom a mail reaches, and in which language.
struct Reached {
    address: EmailAddress,
    locale: Locale,
}

/// What is known for writing a mail.
struct Context {
    settings: Settings,
    community: Option<Community>,
    reached: Option<Reached>,
    decided_by: String,
}

impl Deliver {
    /// Sends the mail, unless it is settled or no longer wanted.
    pub(crate) async fn pay(&self, mail: &MailRef) -> Result<(), Unpaid> {
        let account = self.store.account(mail.invitation).await?;
        let (Some(owed), Some(invitation)) = (account.mail(&mail.name), account.invitation.as_ref()) else {
            return Ok(());
        };
        match owed.state {
            MailState::Sent | MailState::Dropped | MailState::Parked => return Ok(()),
            MailState::Sending if owed.leased_until.is_some_and(|until| until > now()) => return Err(Unpaid::Leased),
            MailState::Sending | MailState::Queued => {}
        }
        if !is_wanted(owed.mail, invitation, now()) {
            return Ok(self.store.settle(mail, MailState::Dropped).await?);
        }
        if owed.to == Addressee::Moderators {
            return Ok(self.store.fan_out(mail, owed, &invitation.community.id).await?);
        }
        let context = self.context(owed, invitation).await?;
        let Some(reached) = &context.reached else {
            self.store.settle(mail, MailState::Dropped).await?;
            return self.track(owed, mail, DeliveryState::Failed).await;
        };
        if owed.attempts >= MAX_ATTEMPTS {
            return self.give_up(owed, mail, "too many attempts").await;
        }
        self.send(mail, owed, invitation, &context, reached).await
    }

    async fn send(
        &self,
        mail: &MailRef,
        owed: &OwedMail,
        invitation: &Invitation,
        context: &Context,
        reached: &Reached,
    ) -> Result<(), Unpaid> {
        let token = LinkToken::new(invitation.id, secret()?);
        let links = self.outbound.links(&token);
        let rendered = write(owed, invitation, context, reached, &links)?;
        if !self.store.lease(mail, &token.digest(), now()).await? {
            return Err(Unpaid::Leased);
        }
        let parcel = Parcel {
            to: &reached.address,
            product: &context.settings.product_name,
            rendered: &rendered,
            unsubscribe: matches!(owed.mail, MailKind::Invitation | MailKind::Joined).then_some(&*links.unsubscribe),
            invitation: invitation.id,
            kind: owed.mail,
            attempt: owed.attempts + 1,
        };
        for attempt in 0..TRIES {
            match self.outbound.post(&parcel).await {
                Ok(()) => {
                    self.store.settle(mail, MailState::Sent).await?;
                    return self.track(owed, mail, DeliveryState::Sent).await;
                }
                Err(Refused::Busy(cause)) => {
                    tracing::warn!(invitation = %mail.invitation, cause, attempt, "the mail service is busy");
                    tokio::time::sleep(backoff(attempt)).await;
                }
                Err(Refused::Rejected(cause)) => return self.give_up(owed, mail, &cause).await,
            }
        }
        // The record in the stream that this makes is the next attempt, behind all others.
        Ok(self.store.settle(mail, MailState::Queued).await?)
    }

    async fn give_up(&self, owed: &OwedMail, mail: &MailRef, why: &str) -> Result<(), Unpaid> {
        tracing::error!(invitation = %mail.invitation, mail = mail.name, why, "a mail is parked");
        self.store.park(mail, why, now()).await?;
        self.track(owed, mail, DeliveryState::Failed).await
    }

    /// Shows in the invitation how its mail fares.
    async fn track(&self, owed: &OwedMail, mail: &MailRef, state: DeliveryState) -> Result<(), Unpaid> {
        if owed.mail != MailKind::Invitation {
            return Ok(());
        }
        loop {
            let Some(invitation) = self.store.account(mail.invitation).await?.invitation else { return Ok(()) };
            let Some(transition) = lifecycle::track(&invitation, state, now()) else { return Ok(()) };
            if self.store.execute(&[&transition], &[], now()).await? == Executed::Done {
                return Ok(());
            }
        }
    }

    async fn context(&self, owed: &OwedMail, invitation: &Invitation) -> Result<Context, StoreError> {
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
        let records = self.store.read(keys).await?;
        let settings = records.settings()?;
        let user_reached = |id: &UserId| -> Result<Option<Reached>, StoreError> {
            let Some(found) = records.user(id)?.filter(|found| found.user.active && !found.suppressed) else {
                return Ok(None);
            };
            let locale = found.user.locale().unwrap_or(settings.default_locale);
            Ok(found.user.email.map(|address| Reached { address, locale }))
        };
        let reached = match (user, address) {
            (Some(id), _) => user_reached(id)?,
            (None, Some((key, email))) => {
                let known: Address = records.value(&Key::address(key))?.unwrap_or_default();
                let reached = Reached { address: email.clone(), locale: settings.default_locale };
                (!known.suppressed).then_some(reached)
            }
            (None, None) => None,
        };
        let decided_by = match decider {
            Some(id) => records.user(id)?.map(|found| found.user.display_name).unwrap_or_default(),
            None => String::new(),
        };
        Ok(Context { community: records.value(&community_key)?, settings, reached, decided_by })
    }
}

/// Whether the mail still says something true: nobody is told of an invitation that has gone before its mail left.
fn is_wanted(mail: MailKind, invitation: &Invitation, now: Timestamp) -> bool {
    match mail {
        MailKind::Invitation => invitation.status_at(now) == Status::Pending,
        MailKind::ApprovalNeeded => invitation.status_at(now) == Status::AwaitingApproval,
        MailKind::Joined | MailKind::MembershipConfirmed | MailKind::RequestRejected | MailKind::Declined => true,
    }
}

fn write(
    owed: &OwedMail,
    invitation: &Invitation,
    context: &Context,
    reached: &Reached,
    links: &Links,
) -> Result<Rendered, Unpaid> {
    let letter = match (owed.mail, &owed.to) {
        (MailKind::Invitation, _) => Letter::Invitation { links },
        (MailKind::Joined, _) => Letter::Joined { unsubscribe: &links.unsubscribe },
        (MailKind::MembershipConfirmed, Addressee::Invitee) => Letter::MembershipConfirmedToInvitee,
        (MailKind::MembershipConfirmed, _) => Letter::MembershipConfirmedToSender,
        (MailKind::ApprovalNeeded, _) => Letter::ApprovalNeeded,
        (MailKind::RequestRejected, _) => Letter::RequestRejected { decided_by: &context.decided_by },
        (MailKind::Declined, _) => Letter::Declined,
    };
    let community = context.community.as_ref();
    mail::render(&letter, invitation, community, &context.settings, reached.locale).map_err(|_| Unpaid::Unwritable)
}

fn secret() -> Result<[u8; SECRET_BYTES], Unpaid> {
    let mut secret = [0; SECRET_BYTES];
    getrandom::fill(&mut secret).map_err(|_| Unpaid::Unwritable)?;
    Ok(secret)
}

/// A quarter of a second, doubling.
fn backoff(attempt: u32) -> Duration {
    Duration::from_millis(250 << attempt.min(TRIES))
}
