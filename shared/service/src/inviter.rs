//! A caller as one who may invite to a community, by the same facts and rules that sending goes by.

use domain::{
    Timestamp,
    community::Community,
    id::CommunityId,
    person::{Caller, Party, Role, User},
    refusal::Refusal,
    sending::{Quota, SendingRights, sending_rights},
    settings::Settings,
    viewing::{RoleFact, Viewer},
};
use store::{
    Store,
    keys::{Key, Spread},
};

use crate::ServiceError;

/// What is known of a caller and a community.
pub(crate) struct Inviter<'a> {
    pub(crate) caller: &'a Caller,
    pub(crate) user: Option<User>,
    pub(crate) role: Option<Role>,
    pub(crate) community: Community,
    pub(crate) settings: Settings,
    pub(crate) quota: Quota,
}

impl<'a> Inviter<'a> {
    /// Reads it in one batch.
    ///
    /// # Errors
    /// [`Refusal::CommunityNotFound`], and what [`Viewer::check_active`] refuses; [`ServiceError::Store`] if the read
    /// fails.
    pub(crate) async fn read(
        store: &Store,
        caller: &'a Caller,
        community: &CommunityId,
        now: Timestamp,
    ) -> Result<Self, ServiceError> {
        let (spread, day, party) = (Spread::by_time(now), Quota::day(now), Party::User(caller.id.clone()));
        let keys = [
            Key::settings(spread),
            Key::user(&caller.id),
            Key::standing(&party, community),
            Key::community(community, spread),
        ];
        let records = store.read(keys).await?;
        let settings = records.settings(spread);
        let user = records.user(&caller.id).map(|record| record.user.clone());
        let role = records.standing(&party, community).role;
        let viewer = Viewer { caller, user: user.as_ref(), role: RoleFact::Known(role) };
        viewer.check_active()?;
        let community = records.community(community, spread).cloned().ok_or(Refusal::CommunityNotFound)?;
        let quota = Quota {
            sender: caller.id.clone(),
            day,
            used: records.used(&caller.id, day),
            limit: settings.daily_invitations_per_sender.get(),
        };
        Ok(Self { caller, user, role, community, settings, quota })
    }

    /// The caller's rights to invite.
    ///
    /// # Errors
    /// As [`sending_rights`].
    pub(crate) fn rights(&self) -> Result<SendingRights, Refusal> {
        let administers = self.caller.site_administrator;
        sending_rights(administers, self.user.as_ref(), Some(&self.community), self.role, &self.settings)
    }

    /// Whether the caller decides on the community's invitations.
    pub(crate) fn moderates(&self) -> bool {
        let role = RoleFact::Known(self.role);
        Viewer { caller: self.caller, user: self.user.as_ref(), role }.moderates()
    }
}
