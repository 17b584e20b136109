//! One attempt at sending a mail: its lease, what the mail service gets, and what came of it.

use domain::{
    Timestamp,
    delivery::{self, AfterFailure, Failure},
    email::{AddressKey, EmailAddress},
    id::InvitationId,
    invitation::DeliveryState,
    link::{LinkToken, SECRET_BYTES},
    outbox::{MailKind, MailedLink},
    sending::Quota,
};
use mail::RenderedMail;
use store::{Store, digest::NoticeLease, outbox::Lease};
use system::{now, randomise};
use tokio::time::Instant;

use super::{
    batch::Batch, content::links, error::DeliveryError, next::Draft, parking::park, recipient::Recipient,
    tracking::show,
};

/// A leased mail, ready for the mail service. It carries links and an address, so it has no `Debug`.
#[allow(missing_debug_implementations, reason = "its links and its address must not reach a log by accident")]
pub struct OutgoingMail {
    /// The address that it goes to.
    pub to: EmailAddress,
    /// The name of the product, which the mail comes from.
    pub product: String,
    /// Subject and content.
    pub rendered: RenderedMail,
    /// The link that stops further mails of this kind, where there may be some.
    pub unsubscribe: Option<String>,
    /// The invitation that it is about.
    pub invitation: InvitationId,
    /// Its kind.
    pub kind: MailKind,
    /// The revision of the invitation that it came with.
    pub revision: u32,
    /// The number of this attempt.
    pub attempt: u32,
    /// When its lease began. The mail service must have responded, or been given up, before that ends.
    pub leased_at: Instant,
}

/// A mail that this attempt holds the lease of.
pub(super) struct Attempt {
    draft: Draft,
    lease: Lease,
    address: AddressKey,
    outgoing: OutgoingMail,
}

impl Attempt {
    /// Writes the mail, with links below `public_base_url` that nothing has carried before, and takes its lease. `None`
    /// if another mail to the same sender was faster: what comes next is to be decided again.
    ///
    /// # Errors
    /// [`DeliveryError::Leased`] if another attempt was faster, [`DeliveryError::Unwritable`] if the content cannot be
    /// made.
    pub(super) async fn begin(
        store: &Store,
        draft: Draft,
        public_base_url: &str,
        now: Timestamp,
    ) -> Result<Option<Self>, DeliveryError> {
        let leased_at = Instant::now();
        let Draft { id, mail, recipient, context } = &draft;
        let revision = id.revision().and_then(|revision| revision.try_into().ok()).ok_or(DeliveryError::Unwritable)?;
        let mut secret = [0; SECRET_BYTES];
        randomise(&mut secret).map_err(|_| DeliveryError::Unwritable)?;
        let token = LinkToken::new(id.invitation, revision, secret);
        let links = links(public_base_url, &token);
        let rendered = context.write(mail, recipient, &links)?;
        let Recipient { address, locale } = recipient;
        let link = MailedLink { digest: token.digest(), address: address.key(), locale: *locale };
        let Some(lease) = take_lease(store, &draft, &link, now).await? else { return Ok(None) };
        let outgoing = OutgoingMail {
            to: address.clone(),
            product: context.settings.product_name.to_string(),
            rendered,
            unsubscribe: mail.kind.rules().solicits.then_some(links.unsubscribe),
            invitation: id.invitation,
            kind: mail.kind,
            revision,
            attempt: mail.attempts + 1,
            leased_at,
        };
        Ok(Some(Self { draft, lease, address: link.address, outgoing }))
    }

    /// Has the mail posted, unless its mailbox has no room for it today, and notes what came of that.
    ///
    /// # Errors
    /// [`DeliveryError::Store`] if the table fails.
    pub(super) async fn carry_out<F>(
        mut self,
        store: &Store,
        batch: &Batch,
        post: impl Fn(OutgoingMail) -> F,
    ) -> Result<(), DeliveryError>
    where
        F: Future<Output = Result<(), Failure>>,
    {
        let has_room = self.count(store, now()).await?;
        let Self { draft: Draft { id, mail, context, .. }, lease, outgoing, .. } = self;
        let posted = if has_room { post(outgoing).await } else { Err(Failure::NoRoom) };
        let Err(failure) = posted else {
            store.mark_sent(&id).await?;
            show(store, &id, mail.kind, DeliveryState::Sent, now()).await?;
            return Ok(batch.open_gate(store).await?);
        };
        if let Failure::Stopped(fault) = &failure {
            batch.close_gate(store, fault, now()).await?;
        }
        let now = now();
        match delivery::after_failure(&failure, &mail, &context.invitation, &batch.gate(), now) {
            AfterFailure::Requeue => Ok(store.requeue(&id, &lease, now).await?),
            AfterFailure::Wait(until) => Ok(store.put_off(&id, &lease, until).await?),
            AfterFailure::AwaitLease => Ok(store.look_again(&id, lease.until()).await?),
            AfterFailure::Park(why) => park(store, &id, mail.kind, why, now).await,
        }
    }

    /// Counts the mail against its mailbox, once a day. `false` if that has got as many as it may today.
    async fn count(&mut self, store: &Store, now: Timestamp) -> Result<bool, DeliveryError> {
        let today = Quota::day(now);
        let Draft { mail, context, .. } = &self.draft;
        if !mail.is_uncounted_on(today) {
            return Ok(true);
        }
        let most = context.settings.daily_invitation_mails_per_address.get();
        let has_room = store.count_mail(&self.address, now, most).await?;
        if has_room {
            self.lease.counted_on = Some(today);
        }
        Ok(has_room)
    }
}

/// Takes the lease of the mail. `None` if its sender has been told something else meanwhile.
async fn take_lease(
    store: &Store,
    draft: &Draft,
    link: &MailedLink,
    now: Timestamp,
) -> Result<Option<Lease>, DeliveryError> {
    let Draft { id, mail, context, .. } = draft;
    if !mail.is_in_digest(context.settings.sender_notices) {
        return store.lease(id, mail, link, now).await?.map(Some).ok_or(DeliveryError::Leased);
    }
    match store.lease_notice(&context.invitation.sender.id, id, mail, link, now).await? {
        NoticeLease::Leased(lease) => Ok(Some(lease)),
        NoticeLease::Taken => Err(DeliveryError::Leased),
        NoticeLease::Overtaken => Ok(None),
    }
}
