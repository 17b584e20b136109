//! `GET` and `PUT /directory/settings`.

use std::{ops::RangeInclusive, str::FromStr};

use domain::{
    email::EmailAddress,
    message::{InvalidMessage, Message},
    settings::{MAX_RECIPIENTS, Settings},
};
use http_api::problem::Problem;
use serde::Deserialize;
use store::{
    Store,
    expression::Expression,
    keys::Key,
    record::{self, Kind},
    write::Write,
};

use crate::fields::{self, Faults};

/// The longest name of the product, in characters.
pub(crate) const MAX_PRODUCT_NAME_CHARS: usize = 100;
/// The longest postal address, in characters.
pub(crate) const MAX_POSTAL_ADDRESS_CHARS: usize = 500;
/// How long invitations may live, in days.
pub(crate) const LIFETIME_DAYS: RangeInclusive<u32> = 1..=365;
/// How long a community may wait after a decline, in days.
pub(crate) const COOLDOWN_DAYS: RangeInclusive<u32> = 0..=3_650;
/// How many invitations a sender may make in a day.
pub(crate) const DAILY_INVITATIONS: RangeInclusive<u32> = 1..=1_000_000;

/// The settings that the platform wants; what it leaves out becomes the default.
#[derive(Default, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub(crate) struct SettingsBody {
    membership_mode: Option<String>,
    invitation_lifetime_days: Option<i64>,
    decline_cooldown_days: Option<i64>,
    max_recipients_per_request: Option<i64>,
    daily_invitations_per_sender: Option<i64>,
    members_invite_connections_only: Option<bool>,
    email_link_response: Option<String>,
    default_message: Option<String>,
    registration_url: Option<String>,
    product_name: Option<String>,
    logo_url: Option<String>,
    support_email: Option<String>,
    postal_address: Option<String>,
    default_locale: Option<String>,
}

impl SettingsBody {
    pub(crate) fn parse(self) -> Result<Settings, Problem> {
        let mut faults = Faults::default();
        let message = match self.default_message.as_deref().map(Message::from_str).transpose() {
            Ok(message) => message,
            Err(error @ InvalidMessage::UnknownTokens(_)) => {
                return Err(Problem::unknown_tokens("defaultMessage", error));
            }
            Err(error) => {
                faults.add("defaultMessage", error);
                None
            }
        };
        let default_message = message.map(String::from);
        let settings = Settings { default_message, ..self.read(&mut faults) };
        faults.finish(Some(settings))
    }

    fn read(self, faults: &mut Faults) -> Settings {
        let default = Settings::default();
        let mut days = |param, days, range| faults.whole(param, days, &range);
        let lifetime = days("invitationLifetimeDays", self.invitation_lifetime_days, LIFETIME_DAYS);
        let cooldown = days("declineCooldownDays", self.decline_cooldown_days, COOLDOWN_DAYS);
        let recipients =
            faults.whole("maxRecipientsPerRequest", self.max_recipients_per_request, &(1..=MAX_RECIPIENTS));
        let daily = faults.whole("dailyInvitationsPerSender", self.daily_invitations_per_sender, &DAILY_INVITATIONS);
        let product_name = |text: &str| fields::line(text, MAX_PRODUCT_NAME_CHARS);
        let postal_address = |text: &str| fields::prose(text, MAX_POSTAL_ADDRESS_CHARS);
        Settings {
            membership_mode: faults
                .optional("membershipMode", self.membership_mode, fields::choice)
                .unwrap_or(default.membership_mode),
            invitation_lifetime_days: lifetime.unwrap_or(default.invitation_lifetime_days),
            decline_cooldown_days: cooldown.unwrap_or(default.decline_cooldown_days),
            max_recipients_per_request: recipients.unwrap_or(default.max_recipients_per_request),
            daily_invitations_per_sender: daily.unwrap_or(default.daily_invitations_per_sender),
            members_invite_connections_only: self
                .members_invite_connections_only
                .unwrap_or(default.members_invite_connections_only),
            email_link_response: faults
                .optional("emailLinkResponse", self.email_link_response, fields::choice)
                .unwrap_or(default.email_link_response),
            default_message: None,
            registration_url: faults.optional("registrationUrl", self.registration_url, fields::url),
            product_name: faults
                .optional("productName", self.product_name, product_name)
                .unwrap_or(default.product_name),
            logo_url: faults.optional("logoUrl", self.logo_url, fields::url),
            support_email: faults
                .optional("supportEmail", self.support_email, EmailAddress::from_str)
                .map(String::from),
            postal_address: faults.optional("postalAddress", self.postal_address, postal_address).flatten(),
            default_locale: faults
                .optional("defaultLocale", self.default_locale, fields::choice)
                .unwrap_or(default.default_locale),
        }
    }
}

/// The settings as they are; the defaults until someone has set any.
pub(crate) async fn get(store: &Store) -> Result<Settings, Problem> {
    Ok(store.read([Key::settings()]).await?.settings()?)
}

/// Replaces all settings.
pub(crate) async fn put(store: &Store, body: SettingsBody) -> Result<Settings, Problem> {
    let settings = body.parse()?;
    let item = record::record(Kind::Settings, Key::settings(), &settings)?;
    store.transact(vec![Write::Put(item, Expression::default())]).await?;
    Ok(settings)
}
