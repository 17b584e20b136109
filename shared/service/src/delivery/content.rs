//! The content of a mail, with the labels that hold now and the answers that it carries for others.

use domain::{
    community::Community,
    id::UserId,
    invitation::Invitation,
    link::LinkToken,
    outbox::{MailKind, OutboxMail},
    settings::Settings,
};
use mail::{Answer, Links, MailContent, RenderedMail};
use store::{
    Store, StoreError,
    keys::{Key, Spread},
    outbox::MailId,
    read::Records,
};

use super::{error::DeliveryError, recipient::Recipient};
use crate::labels;

/// Answers that one mail lists. It only counts those that are left.
const LISTED: usize = 100;

/// What the content of a mail is made from.
#[derive(Debug, Clone)]
pub(super) struct Context {
    /// The invitation, with the labels that hold now.
    pub(super) invitation: Invitation,
    pub(super) settings: Settings,
    community: Option<Community>,
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

/// The records that the content is made from.
pub(super) fn keys(invitation: &Invitation, spread: Spread) -> impl Iterator<Item = Key> {
    let decider = invitation.decided_by.as_ref().map(Key::user);
    [Key::settings(spread)].into_iter().chain(labels::keys(invitation, spread)).chain(decider)
}

impl Context {
    /// Takes what the content is made from out of those records, and reads what the mail carries.
    pub(super) async fn read(
        store: &Store,
        id: &MailId,
        mail: &OutboxMail,
        invitation: &Invitation,
        records: &Records,
    ) -> Result<Self, StoreError> {
        let spread = Spread::by_invitation(invitation.id);
        let decider = invitation.decided_by.as_ref().and_then(|id| records.user(id));
        Ok(Self {
            invitation: labels::relabel(invitation.clone(), records, spread),
            settings: records.settings(spread),
            community: records.community_of(invitation, spread).cloned(),
            decided_by: decider.map(|found| found.user.display_name.to_string()).unwrap_or_default(),
            carried: carried(store, id, mail, &invitation.sender.id).await?,
        })
    }

    /// Writes the mail.
    pub(super) fn write(
        &self,
        mail: &OutboxMail,
        recipient: &Recipient,
        links: &Links,
    ) -> Result<RenderedMail, DeliveryError> {
        let Carried { listed, more } = &self.carried;
        let carried: Vec<_> = listed.iter().filter_map(|(kind, invitation)| Answer::new(*kind, invitation)).collect();
        let says = match Answer::new(mail.kind, &self.invitation).filter(|_| !carried.is_empty()) {
            Some(first) => MailContent::Answers { first, carried: &carried, more: *more },
            None => MailContent::new(mail, links, &self.decided_by),
        };
        let locale = recipient.locale.unwrap_or(self.settings.default_locale);
        mail::render(&says, &self.invitation, self.community.as_ref(), &self.settings, locale)
            .map_err(|_| DeliveryError::Unwritable)
    }
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

/// The links of a mail below `public_base_url`.
pub(super) fn links(public_base_url: &str, token: &LinkToken) -> Links {
    let (base, token) = (public_base_url, token.reveal());
    Links {
        accept: format!("{base}/i/{token}?intent=accept"),
        decline: format!("{base}/i/{token}?intent=decline"),
        unsubscribe: format!("{base}/u/{token}"),
    }
}
