//! What comes next for a mail: `domain::delivery` decides it from what is looked up here, and all but sending is done
//! at once.

use std::ops::ControlFlow;

use domain::{
    Timestamp,
    delivery::{self, Facts, Notices, Step},
    digest::Digest,
    fact::Fact,
    invitation::{DeliveryState, Invitation},
    outbox::OutboxMail,
    person::User,
};
use store::{
    Store, StoreError,
    keys::{Key, Spread},
    outbox::MailId,
    read::Records,
};

use super::{
    batch::Batch,
    content::{self, Context},
    error::DeliveryError,
    parking::park,
    recipient::{self, LookedUp, Recipient},
    tracking::show,
};

/// A mail that is to be sent, with all that its content is made from.
#[derive(Debug)]
pub(super) struct Draft {
    pub(super) id: MailId,
    pub(super) mail: OutboxMail,
    pub(super) recipient: Recipient,
    pub(super) context: Context,
}

/// What is found around a mail.
struct Surroundings {
    records: Records,
    digest: Digest,
    looked_up: LookedUp,
}

/// Decides what comes next for a mail and does it; what is to be sent is returned. Continues where something got in
/// between, so that it is to be decided again.
///
/// # Errors
/// [`DeliveryError::Leased`] while another attempt is at it, [`DeliveryError::Store`] if the table fails.
pub(super) async fn next(
    store: &Store,
    id: &MailId,
    batch: &Batch,
    now: Timestamp,
) -> Result<ControlFlow<Option<Draft>>, DeliveryError> {
    let found = store.invitation_with_mails(id.invitation).await?;
    let (Some(mail), Some(invitation)) = (found.mail(&id.name), found.invitation.as_ref()) else {
        return Ok(ControlFlow::Break(None));
    };
    let outdated = id.revision().is_some_and(|revision| found.is_outdated(revision));
    let (mut facts, name) = (Facts { outdated, ..Facts::default() }, id.to_string());
    let mut step = delivery::decide(mail, invitation, &facts, now);
    if step == Step::LookUpRequest {
        facts.request_waits = Fact::Known(request_waits(store, mail, invitation, now).await?);
        step = delivery::decide(mail, invitation, &facts, now);
    }
    let mut around = None;
    if step == Step::LookUp {
        let found = look_up(store, mail, invitation, now).await?;
        let settings = found.records.settings(Spread::by_invitation(invitation.id));
        facts.recipient = found.looked_up.fact();
        facts.notices = Some(Notices::new(&settings, &found.digest, &name));
        facts.closed_until = batch.gate().closed_at(now);
        step = delivery::decide(mail, invitation, &facts, now);
        around = Some(found);
    }
    carry_out(store, id, (mail, invitation), (step, around), now).await
}

/// Does what was decided on a mail.
async fn carry_out(
    store: &Store,
    id: &MailId,
    (mail, invitation): (&OutboxMail, &Invitation),
    (step, around): (Step, Option<Surroundings>),
    now: Timestamp,
) -> Result<ControlFlow<Option<Draft>>, DeliveryError> {
    let sender = &invitation.sender.id;
    let done = match step {
        Step::Skip => true,
        Step::LookUp | Step::LookUpRequest | Step::Again => false,
        Step::Show(state) => {
            show(store, id, mail.kind, state, now).await?;
            true
        }
        // It comes by again when the lease ends, and does not hold up others until then.
        Step::Wait => {
            store.look_again(id, mail.leased_until.unwrap_or(now)).await?;
            true
        }
        Step::Drop => {
            drop_mail(store, id, mail).await?;
            true
        }
        Step::FanOut => {
            store.fan_out(id, mail, &invitation.community.id).await?;
            true
        }
        Step::Fail => {
            drop_mail(store, id, mail).await?;
            show(store, id, mail.kind, DeliveryState::Failed, now).await?;
            true
        }
        Step::FailUnreached => match around.map(|around| around.looked_up) {
            Some(LookedUp::Unreached(user)) => {
                drop_unreached(store, id, mail, &user).await?;
                show(store, id, mail.kind, DeliveryState::Failed, now).await?;
                true
            }
            _ => false,
        },
        Step::Park(why) => {
            park(store, id, mail.kind, why, now).await?;
            true
        }
        Step::Postpone(until) => store.postpone(id, mail, until).await?,
        Step::Carry(until) => store.carry(sender, id, mail, until).await?,
        Step::Join => match around.and_then(|around| around.digest.carrier) {
            Some(carrier) => store.join(sender, id, mail, &carrier, now).await?,
            None => false,
        },
        Step::Close => {
            store.close(sender, id).await?;
            false
        }
        Step::Send => match around {
            Some(around) => return draft(store, id, (mail, invitation), around).await,
            None => false,
        },
    };
    Ok(if done { ControlFlow::Break(None) } else { ControlFlow::Continue(()) })
}

/// The mail as it is to be written, if it has a recipient.
async fn draft(
    store: &Store,
    id: &MailId,
    (mail, invitation): (&OutboxMail, &Invitation),
    Surroundings { records, looked_up, .. }: Surroundings,
) -> Result<ControlFlow<Option<Draft>>, DeliveryError> {
    let LookedUp::Recipient(recipient) = looked_up else { return Ok(ControlFlow::Continue(())) };
    let context = Context::read(store, id, mail, invitation, &records).await?;
    Ok(ControlFlow::Break(Some(Draft { id: id.clone(), mail: mail.clone(), recipient, context })))
}

/// Whether an invitation that was asked for together with this one waits for approval.
async fn request_waits(
    store: &Store,
    mail: &OutboxMail,
    invitation: &Invitation,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let ids: Vec<_> = delivery::request_of(mail, invitation.id).collect();
    let records = store.read(ids.iter().copied().map(Key::invitation)).await?;
    let invitations = ids.into_iter().map(|id| records.invitation(id));
    Ok(delivery::request_waits(invitations, invitation.created_at, now))
}

async fn drop_mail(store: &Store, id: &MailId, mail: &OutboxMail) -> Result<(), DeliveryError> {
    if store.drop_mail(id, mail).await? { Ok(()) } else { Err(DeliveryError::Leased) }
}

async fn drop_unreached(store: &Store, id: &MailId, mail: &OutboxMail, user: &User) -> Result<(), DeliveryError> {
    // The user has changed meanwhile, or another attempt is at it: either way it comes again.
    if store.drop_unreached(id, mail, user).await? { Ok(()) } else { Err(DeliveryError::Leased) }
}

/// Looks up the recipient, what the network wants its people to hear, and what the content needs.
async fn look_up(
    store: &Store,
    mail: &OutboxMail,
    invitation: &Invitation,
    now: Timestamp,
) -> Result<Surroundings, StoreError> {
    let spread = Spread::by_invitation(invitation.id);
    let digest = Key::digest(&invitation.sender.id);
    let told = mail.is_sender_notice().then(|| digest.clone());
    let keys = recipient::keys(mail, invitation, spread).chain(content::keys(invitation, spread)).chain(told);
    let records = store.read(keys).await?;
    let digest = records.value(&digest)?.unwrap_or_default();
    let looked_up = recipient::look_up(store, mail, invitation, &records, now).await?;
    Ok(Surroundings { records, digest, looked_up })
}
