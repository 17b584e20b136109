//! Delivery of the mails in the outbox: what comes next for one, its lease, its content, and what came of it.
//!
//! The mail service itself is the caller's. What `domain::delivery` decides is carried out here, as far as the table
//! goes; a mail that is to be sent comes back as a [`Draft`].

use std::ops::ControlFlow;

use domain::{
    Timestamp,
    community::Community,
    delivery::{self, AfterBusy, Facts, Notices, RecipientFact, Step, Target},
    digest::Digest,
    email::EmailAddress,
    fact::Fact,
    id::{InvitationId, UserId},
    invitation::{DeliveryState, Invitation},
    lifecycle,
    link::{LinkToken, SECRET_BYTES},
    outbox::{MailKind, MailState, MailedLink, OutboxMail},
    person::{Party, User},
    sending::Quota,
    settings::{Locale, SenderNotices, Settings},
};
use mail::{Answer, Links, MailContent, RenderedMail};
use store::{
    Store, StoreError,
    digest::NoticeLease,
    execute::Executed,
    keys::{Key, Spread},
    outbox::{Lease, MailId},
    read::Records,
    record::UserRecord,
    retry,
};
use system::randomise;

use crate::labels;

/// Why a mail is not delivered by this attempt.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DeliveryError {
    /// The table failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Another attempt is at it.
    #[error("another attempt holds the lease")]
    Leased,
    /// What it depends on has changed: it is to be decided again.
    #[error("the sender has been told something else meanwhile")]
    Overtaken,
    /// Its content cannot be made from what the table holds.
    #[error("the mail cannot be written")]
    Unwritable,
}

/// A mail that is to be sent, with all that its content is made from.
#[derive(Debug)]
pub struct Draft {
    id: MailId,
    mail: OutboxMail,
    context: Context,
}

/// What the content of a mail is made from.
#[derive(Debug, Clone)]
struct Context {
    /// The invitation, with the labels that hold now.
    invitation: Invitation,
    settings: Settings,
    community: Option<Community>,
    recipient: Recipient,
    /// The name of the moderator who decided; empty where none did, or where the name is gone.
    decided_by: String,
    /// The answers that the mail tells of besides that to its own invitation.
    carried: Carried,
}

/// The answers that a mail carries for others: those that it lists, and how many more there are.
#[derive(Debug, Clone, Default)]
struct Carried {
    listed: Vec<(MailKind, Invitation)>,
    more: usize,
}

/// Answers that one mail lists. It only counts those that are left.
const LISTED: usize = 100;

/// Where a mail goes, and in which language.
#[derive(Debug, Clone)]
struct Recipient {
    address: EmailAddress,
    /// The language that the recipient has chosen; without one, the mail is in the network's.
    locale: Option<Locale>,
}

/// What is found of the recipient of a mail.
enum LookedUp {
    /// There is one.
    Recipient(Box<Context>),
    /// It is a user without a mailbox that takes the mail.
    Unreached(Box<User>),
    /// There is none that wants the mail, or no community to tell of.
    Nobody,
}

/// What is found around a mail.
struct Surroundings {
    settings: Settings,
    digest: Digest,
    looked_up: LookedUp,
}

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
}

/// Decides what comes next for a mail and does it; what is to be sent is returned.
///
/// # Errors
/// [`DeliveryError::Leased`] while another attempt is at it, [`DeliveryError::Store`] if the table fails.
pub async fn next(store: &Store, id: &MailId, now: Timestamp) -> Result<Option<Draft>, DeliveryError> {
    retry((), |()| next_once(store, id, now)).await
}

async fn next_once(store: &Store, id: &MailId, now: Timestamp) -> Result<ControlFlow<Option<Draft>>, DeliveryError> {
    let found = store.invitation_with_mails(id.invitation).await?;
    let (Some(mail), Some(invitation)) = (found.mail(&id.name), found.invitation.as_ref()) else {
        return Ok(ControlFlow::Break(None));
    };
    let (mut facts, name) = (Facts::default(), id.to_string());
    let mut step = delivery::decide(mail, invitation, &facts, now);
    if step == Step::LookUpRequest {
        facts.request_waits = Fact::Known(request_waits(store, mail, invitation, now).await?);
        step = delivery::decide(mail, invitation, &facts, now);
    }
    let mut around = None;
    if step == Step::LookUp {
        let looked_up = look_up(store, mail, invitation, now).await?;
        let found = matches!(looked_up.looked_up, LookedUp::Recipient(_));
        facts.recipient = if found { RecipientFact::Found } else { RecipientFact::Nobody };
        facts.notices = Some(Notices::new(&looked_up.settings, &looked_up.digest, &name));
        step = delivery::decide(mail, invitation, &facts, now);
        around = Some(looked_up);
    }
    carry_out(store, id, (mail, invitation), (step, around), now).await
}

/// Does what was decided on a mail. Continues where something got in between, so that it is to be decided again.
async fn carry_out(
    store: &Store,
    id: &MailId,
    (mail, invitation): (&OutboxMail, &Invitation),
    (step, around): (Step, Option<Surroundings>),
    now: Timestamp,
) -> Result<ControlFlow<Option<Draft>>, DeliveryError> {
    let sender = &invitation.sender.id;
    let done = match step {
        Step::Skip | Step::LookUp | Step::LookUpRequest => true,
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
            fail(store, id, mail, around, now).await?;
            true
        }
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
        Step::Again => false,
        Step::Send => match around.map(|around| around.looked_up) {
            Some(LookedUp::Recipient(context)) => {
                let context = Context { carried: carried(store, id, mail, sender).await?, ..*context };
                return Ok(ControlFlow::Break(Some(Draft { id: id.clone(), mail: mail.clone(), context })));
            }
            _ => true,
        },
    };
    Ok(if done { ControlFlow::Break(None) } else { ControlFlow::Continue(()) })
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

/// The answers that the mail carries, with the labels that hold now.
async fn carried(store: &Store, id: &MailId, mail: &OutboxMail, sender: &UserId) -> Result<Carried, StoreError> {
    if !mail.carries() {
        return Ok(Carried::default());
    }
    let notices = store.notices(sender, id).await?;
    let listed = &notices[..notices.len().min(LISTED)];
    let found = store.read(listed.iter().map(|(_, id)| Key::invitation(*id))).await?;
    let answered = listed.iter().filter_map(|(kind, id)| Some((*kind, found.invitation(*id)?)));
    let spread = Spread::by_invitation(id.invitation);
    let labels = store.read_to_show(answered.clone().flat_map(|(_, one)| labels::keys(one, spread))).await?;
    let relabelled = answered.map(|(kind, one)| (kind, labels::relabel(one.clone(), &labels, spread)));
    Ok(Carried { listed: relabelled.collect(), more: notices.len() - listed.len() })
}

/// Writes the mail, with links below `public_base_url` that nothing has carried before, and takes its lease. `None` if the
/// recipient's mailbox has got as much as it may today: the mail waits for tomorrow.
///
/// # Errors
/// [`DeliveryError::Leased`] if another attempt was faster, [`DeliveryError::Overtaken`] if another mail to the same sender
/// was, [`DeliveryError::Unwritable`] if its content cannot be made.
pub async fn lease(
    store: &Store,
    draft: &Draft,
    public_base_url: &str,
    now: Timestamp,
) -> Result<Option<(Lease, OutgoingMail)>, DeliveryError> {
    let Draft { id, mail, context } = draft;
    let revision = id.revision().and_then(|revision| revision.try_into().ok()).ok_or(DeliveryError::Unwritable)?;
    let mut secret = [0; SECRET_BYTES];
    randomise(&mut secret).map_err(|_| DeliveryError::Unwritable)?;
    let token = LinkToken::new(id.invitation, revision, secret);
    let links = links(public_base_url, &token);
    let rendered = write(mail, context, &links)?;
    let rules = mail.kind.rules();
    let Recipient { address, locale } = &context.recipient;
    let link = MailedLink { digest: token.digest(), address: address.key(), locale: *locale };
    let mut lease = take(store, draft, &link, now).await?;
    let today = Some(Quota::day(now));
    if rules.solicits && lease.counted_on != today {
        let most = context.settings.daily_invitation_mails_per_address.get();
        if !store.count_mail(&link.address, now, most).await? {
            store.put_off(id, &lease, delivery::next_day(id.invitation, now)).await?;
            return Ok(None);
        }
        lease.counted_on = today;
    }
    let outgoing = OutgoingMail {
        to: address.clone(),
        product: context.settings.product_name.to_string(),
        rendered,
        unsubscribe: rules.solicits.then_some(links.unsubscribe),
        invitation: id.invitation,
        kind: mail.kind,
        revision,
        attempt: mail.attempts + 1,
    };
    Ok(Some((lease, outgoing)))
}

async fn take(store: &Store, draft: &Draft, link: &MailedLink, now: Timestamp) -> Result<Lease, DeliveryError> {
    let Draft { id, mail, context } = draft;
    if !is_in_digest(draft) {
        return store.lease(id, mail, link, now).await?.ok_or(DeliveryError::Leased);
    }
    match store.lease_notice(&context.invitation.sender.id, id, mail, link, now).await? {
        NoticeLease::Leased(lease) => Ok(lease),
        NoticeLease::Taken => Err(DeliveryError::Leased),
        NoticeLease::Overtaken => Err(DeliveryError::Overtaken),
    }
}

/// Notes that the mail service has the mail.
///
/// # Errors
/// [`DeliveryError::Store`] if the table fails.
pub async fn sent(store: &Store, draft: &Draft, now: Timestamp) -> Result<(), DeliveryError> {
    store.mark_sent(&draft.id).await?;
    Ok(show(store, &draft.id, draft.mail.kind, DeliveryState::Sent, now).await?)
}

/// Notes that the mail service has been too busy for the mail: it comes by again, however often, until it has waited for
/// too long.
///
/// # Errors
/// [`DeliveryError::Store`] if the table fails.
pub async fn busy(store: &Store, draft: &Draft, lease: &Lease, now: Timestamp) -> Result<(), DeliveryError> {
    match delivery::after_busy(&draft.mail, &draft.context.invitation, now) {
        AfterBusy::Requeue => Ok(store.requeue(&draft.id, lease, now).await?),
        AfterBusy::Wait(until) => Ok(store.put_off(&draft.id, lease, until).await?),
        AfterBusy::Park(why) => park(store, &draft.id, draft.mail.kind, why, now).await,
    }
}

/// Notes that nobody knows whether the mail service has the mail: it comes by again when its lease is over.
///
/// # Errors
/// [`DeliveryError::Store`] if the table fails.
pub async fn unanswered(store: &Store, draft: &Draft, lease: &Lease) -> Result<(), DeliveryError> {
    Ok(store.look_again(&draft.id, lease.until()).await?)
}

/// Has a mail that there was no time for come by again.
///
/// # Errors
/// [`DeliveryError::Store`] if the table fails.
pub async fn untried(store: &Store, id: &MailId, now: Timestamp) -> Result<(), DeliveryError> {
    Ok(store.look_again(id, delivery::spread(id.invitation, now)).await?)
}

/// Lets a mail wait that was leased while no mail goes out, as if this attempt had not been.
///
/// # Errors
/// [`DeliveryError::Store`] if the table fails.
pub async fn put_off(store: &Store, draft: &Draft, lease: &Lease, until: Timestamp) -> Result<(), DeliveryError> {
    Ok(store.put_off(&draft.id, lease, delivery::spread(draft.id.invitation, until)).await?)
}

/// Lets a mail wait that no mail goes out for at the moment. A notice carries those to the same sender that come meanwhile.
///
/// # Errors
/// [`DeliveryError::Overtaken`] if something has changed since it was read, [`DeliveryError::Store`] if the table fails.
pub async fn postpone(store: &Store, draft: &Draft, until: Timestamp) -> Result<(), DeliveryError> {
    let Draft { id, mail, context } = draft;
    let until = delivery::spread(id.invitation, until);
    if is_in_digest(draft) {
        if store.carry(&context.invitation.sender.id, id, mail, until).await? {
            return Ok(());
        }
        // Another one waits already, and takes what has not waited yet.
        if !mail.carries() {
            return Err(DeliveryError::Overtaken);
        }
    }
    if store.postpone(id, mail, until).await? { Ok(()) } else { Err(DeliveryError::Overtaken) }
}

/// Whether the mail tells a sender of an answer by digest.
fn is_in_digest(draft: &Draft) -> bool {
    draft.mail.is_sender_notice() && draft.context.settings.sender_notices == SenderNotices::Digest
}

/// Notes that the mail service will not send the mail.
///
/// # Errors
/// [`DeliveryError::Store`] if the table fails.
pub async fn rejected(store: &Store, draft: &Draft, why: &str, now: Timestamp) -> Result<(), DeliveryError> {
    park(store, &draft.id, draft.mail.kind, why, now).await
}

/// Parks a mail that cannot be made, since it would hold up all behind it.
///
/// # Errors
/// [`DeliveryError::Store`] if the table fails.
pub async fn park_unwritable(store: &Store, id: &MailId, now: Timestamp) -> Result<(), DeliveryError> {
    tracing::error!(invitation = %id.invitation, mail = id.name, "a mail cannot be made");
    Ok(store.park(id, "it cannot be made from what the table holds", now).await?)
}

/// Releases a parked mail: an operator has deleted the record that held it back. The invitation shows it as queued.
///
/// # Errors
/// [`DeliveryError::Store`] if the table fails.
pub async fn release(store: &Store, id: &MailId, now: Timestamp) -> Result<(), DeliveryError> {
    Ok(queue_again(store, id, MailState::Parked, now).await?)
}

/// Queues the invitation mails again that found no mailbox of the user to take them, once the user has another one than
/// `unreached`. Whether that one takes them is looked up when they are sent.
///
/// # Errors
/// [`StoreError`] if the table fails; a repetition queues none twice.
pub(crate) async fn reach_again(store: &Store, user: &User, unreached: &str, now: Timestamp) -> Result<(), StoreError> {
    if delivery::mailbox_of(user).is_none_or(|mailbox| mailbox.as_str() == unreached) {
        return Ok(());
    }
    for (_, standing) in store.standings_of(&Party::User(user.id.clone())).await? {
        let Some(id) = standing.live_at(now) else { continue };
        let found = store.invitation_with_mails(id).await?;
        if let Some(mail) = found.dropped(now) {
            queue_again(store, &mail, MailState::Dropped, now).await?;
        }
    }
    store.queued_for_another(&user.id, unreached).await
}

async fn queue_again(store: &Store, id: &MailId, given_up: MailState, now: Timestamp) -> Result<(), StoreError> {
    store.queue_again(id, given_up).await?;
    let found = store.invitation_with_mails(id.invitation).await?;
    match found.mail(&id.name) {
        Some(mail) if mail.state == MailState::Queued => show(store, id, mail.kind, DeliveryState::Queued, now).await,
        _ => Ok(()),
    }
}

/// Shows in the invitation how far the invitation mail has got that came with `revision`, unless a later one is on its
/// way.
///
/// # Errors
/// [`StoreError`] if the table fails, or conflicts do not end.
pub async fn track(
    store: &Store,
    id: InvitationId,
    revision: Option<u64>,
    state: DeliveryState,
    now: Timestamp,
) -> Result<(), StoreError> {
    retry((), |()| track_once(store, id, revision, state, now)).await
}

async fn track_once(
    store: &Store,
    id: InvitationId,
    revision: Option<u64>,
    state: DeliveryState,
    now: Timestamp,
) -> Result<ControlFlow<()>, StoreError> {
    let found = store.invitation_with_mails(id).await?;
    let outdated = revision.is_some_and(|revision| found.is_outdated(revision));
    let invitation = found.invitation.filter(|_| !outdated);
    let Some(transition) = invitation.and_then(|invitation| lifecycle::track(&invitation, state, now)) else {
        return Ok(ControlFlow::Break(()));
    };
    let done = store.execute(&[&transition], &[], now).await? == Executed::Done;
    Ok(if done { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
}

/// Shows in the invitation how far its mail has got, if it is one of the kind that shows.
async fn show(
    store: &Store,
    id: &MailId,
    kind: MailKind,
    state: DeliveryState,
    now: Timestamp,
) -> Result<(), StoreError> {
    if !kind.rules().tracked {
        return Ok(());
    }
    track(store, id.invitation, id.revision(), state, now).await
}

async fn park(store: &Store, id: &MailId, kind: MailKind, why: &str, now: Timestamp) -> Result<(), DeliveryError> {
    tracing::error!(invitation = %id.invitation, mail = id.name, why, "a mail is parked");
    store.park(id, why, now).await?;
    Ok(show(store, id, kind, DeliveryState::Failed, now).await?)
}

async fn drop_mail(store: &Store, id: &MailId, mail: &OutboxMail) -> Result<(), DeliveryError> {
    if store.drop_mail(id, mail).await? { Ok(()) } else { Err(DeliveryError::Leased) }
}

async fn drop_unreached(store: &Store, id: &MailId, mail: &OutboxMail, user: &User) -> Result<(), DeliveryError> {
    // The user has changed meanwhile, or another attempt is at it: either way it comes again.
    if store.drop_unreached(id, mail, user).await? { Ok(()) } else { Err(DeliveryError::Leased) }
}

/// Drops a mail that reaches nobody, and shows so.
async fn fail(
    store: &Store,
    id: &MailId,
    mail: &OutboxMail,
    around: Option<Surroundings>,
    now: Timestamp,
) -> Result<(), DeliveryError> {
    match around.map(|around| around.looked_up) {
        Some(LookedUp::Unreached(user)) if mail.kind.rules().tracked => drop_unreached(store, id, mail, &user).await?,
        _ => drop_mail(store, id, mail).await?,
    }
    Ok(show(store, id, mail.kind, DeliveryState::Failed, now).await?)
}

/// Looks up the recipient, what the network wants its people to hear, and what the content needs.
async fn look_up(
    store: &Store,
    mail: &OutboxMail,
    invitation: &Invitation,
    now: Timestamp,
) -> Result<Surroundings, StoreError> {
    let spread = Spread::by_invitation(invitation.id);
    let sender = &invitation.sender.id;
    let mut keys = context_keys(mail, invitation, spread);
    keys.extend(mail.is_sender_notice().then(|| Key::digest(sender)));
    let records = store.read(keys).await?;
    let digest = records.value(&Key::digest(sender))?.unwrap_or_default();
    let looked_up = recipient(store, mail, invitation, &records, now).await?;
    Ok(Surroundings { settings: records.settings(spread), digest, looked_up })
}

fn context_keys(mail: &OutboxMail, invitation: &Invitation, spread: Spread) -> Vec<Key> {
    let mut keys = vec![Key::settings(spread)];
    keys.extend(labels::keys(invitation, spread));
    match delivery::target(mail, invitation) {
        Target::User(id) => keys.push(Key::user(id)),
        Target::Address(key, _) => keys.push(Key::address(key)),
        Target::Gone => {}
    }
    keys.extend(invitation.decided_by.as_ref().map(Key::user));
    let solicits = mail.kind.rules().solicits;
    keys.extend(solicits.then(|| Key::standing(&invitation.invitee.party(), &invitation.community.id)));
    keys
}

async fn recipient(
    store: &Store,
    mail: &OutboxMail,
    invitation: &Invitation,
    records: &Records,
    now: Timestamp,
) -> Result<LookedUp, StoreError> {
    let target = delivery::target(mail, invitation);
    let (invitee, decider) = (invitation.invitee.party(), invitation.decided_by.as_ref());
    let (community, spread) = (&invitation.community.id, Spread::by_invitation(invitation.id));
    let settings = records.settings(spread);
    let found = records.community_of(invitation, spread);
    // What a mail carries for others may be about communities that are still there.
    if found.is_none() && !mail.carries() {
        return Ok(LookedUp::Nobody);
    }
    let standing = records.standing(&invitee, community);
    if delivery::is_refused(mail, &standing, now) {
        return Ok(LookedUp::Nobody);
    }
    let recipient = match target {
        Target::User(id) => {
            let Some(user) = records.user(id) else { return Ok(LookedUp::Nobody) };
            match user_recipient(store, user, mail, invitation, now).await? {
                Some(recipient) => recipient,
                None => return Ok(LookedUp::Unreached(Box::new(user.user.clone()))),
            }
        }
        Target::Address(key, email) if !records.address(key).suppressed => {
            Recipient { address: email.clone(), locale: None }
        }
        Target::Address(..) | Target::Gone => return Ok(LookedUp::Nobody),
    };
    let decided_by = match decider {
        Some(id) => records.user(id).map(|found| found.user.display_name.to_string()).unwrap_or_default(),
        None => String::new(),
    };
    let invitation = labels::relabel(invitation.clone(), records, spread);
    let carried = Carried::default();
    Ok(LookedUp::Recipient(Box::new(Context {
        invitation,
        settings,
        community: found.cloned(),
        recipient,
        decided_by,
        carried,
    })))
}

async fn user_recipient(
    store: &Store,
    found: &UserRecord,
    mail: &OutboxMail,
    invitation: &Invitation,
    now: Timestamp,
) -> Result<Option<Recipient>, StoreError> {
    let Some(address) = delivery::address_of(&found.user, found.suppressed) else { return Ok(None) };
    let asks = mail.kind.rules().solicits || !found.user.email_verified;
    if asks && !takes_mail(store, &found.user.id, address, mail, invitation, now).await? {
        return Ok(None);
    }
    Ok(Some(Recipient { address: address.clone(), locale: found.user.locale() }))
}

/// Whether an address takes the mail, by its own records. The user's repeat what they say of a proven address, but not at
/// once, and say nothing of one that is theirs by the platform's word alone.
async fn takes_mail(
    store: &Store,
    user: &UserId,
    address: &EmailAddress,
    mail: &OutboxMail,
    invitation: &Invitation,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let (key, community) = (address.key(), &invitation.community.id);
    let party = Party::Address(key.clone());
    let records = store.read([Key::address(&key), Key::standing(&party, community)]).await?;
    if records.address(&key).suppressed {
        // So that the next send is told at once.
        store.suppress_for(user, &key).await?;
        return Ok(false);
    }
    Ok(!delivery::is_refused(mail, &records.standing(&party, community), now))
}

fn links(public_base_url: &str, token: &LinkToken) -> Links {
    let (base, token) = (public_base_url, token.reveal());
    Links {
        accept: format!("{base}/i/{token}?intent=accept"),
        decline: format!("{base}/i/{token}?intent=decline"),
        unsubscribe: format!("{base}/u/{token}"),
    }
}

fn write(mail: &OutboxMail, context: &Context, links: &Links) -> Result<RenderedMail, DeliveryError> {
    let Carried { listed, more } = &context.carried;
    let carried: Vec<_> = listed.iter().filter_map(|(kind, invitation)| Answer::new(*kind, invitation)).collect();
    let says = match Answer::new(mail.kind, &context.invitation).filter(|_| !carried.is_empty()) {
        Some(first) => MailContent::Answers { first, carried: &carried, more: *more },
        None => MailContent::new(mail, links, &context.decided_by),
    };
    let locale = context.recipient.locale.unwrap_or(context.settings.default_locale);
    mail::render(&says, &context.invitation, context.community.as_ref(), &context.settings, locale)
        .map_err(|_| DeliveryError::Unwritable)
}
