//! The network's settings: one record for the whole deployment, with defaults that work.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{
    community::{Community, MembershipMode},
    email::{EmailAddress, list},
    field::{self, Line, Prose, WebUrl, Whole},
    message::Message,
    named::named,
    time::{Timestamp, days_later},
};

/// What the page behind a mail link asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum EmailLinkResponse {
    /// A press of a button on the page answers.
    #[default]
    Confirm,
    /// The page leads to signing in; only a signed-in invitee answers.
    SignIn,
}

/// How a sender hears what became of invitations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum SenderNotices {
    /// By one mail for each answer.
    Each,
    /// By a mail for the first answer, then at most one an hour that lists what came.
    #[default]
    Digest,
    /// By no mail.
    None,
}

/// The people that those who may invite find by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum PeopleSearch {
    /// Moderators and above find everybody, members their connections.
    #[default]
    Everybody,
    /// Everyone finds their own connections.
    Connections,
    /// There is no search.
    Off,
}

named! {
    /// The languages that mails and pages speak.
    // By their language tags. What each says is in its folder of the crate `mail`.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
    #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
    pub enum Locale {
        /// English.
        #[default]
        En = "en",
        /// German.
        De = "de",
        /// Arabic.
        Ar = "ar",
    }
}

impl Locale {
    /// Returns the language of a tag such as `de-AT`; `None` for a language that is not spoken here.
    pub fn of_tag(tag: &str) -> Option<Self> {
        let language = tag.split(['-', '_']).next().unwrap_or_default();
        Self::ALL.into_iter().find(|locale| locale.as_str().eq_ignore_ascii_case(language))
    }

    /// Returns the language that the header `Accept-Language` wants most (RFC 9110), the first of equals; `None` if
    /// none of them is spoken here, or any will do.
    pub fn wanted(header: &str) -> Option<Self> {
        let mut best: Option<(f32, &str)> = None;
        for range in header.split(',') {
            let mut parts = range.split(';').map(str::trim);
            let tag = parts.next().unwrap_or_default();
            let quality = parts.find_map(|part| part.strip_prefix("q=").or(part.strip_prefix("Q=")));
            let quality =
                quality.map_or(Some(1.0), |text| text.parse::<f32>().ok().filter(|q| (0.0..=1.0).contains(q)));
            let quality = quality.unwrap_or(0.0);
            let spoken = tag == "*" || Self::of_tag(tag).is_some();
            if spoken && quality > best.map_or(0.0, |(most, _)| most) {
                best = Some((quality, tag));
            }
        }
        best.and_then(|(_, tag)| Self::of_tag(tag))
    }
}

/// A language that a user chose, such as `de-AT`. Any language may be chosen, also one that is not spoken here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct LanguageTag(String);

/// Text that is no language tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a language tag such as en or de-AT")]
pub struct InvalidLanguageTag;

impl LanguageTag {
    /// The language in which to speak to the user; `None` if it is not spoken here.
    pub fn locale(&self) -> Option<Locale> {
        Locale::of_tag(&self.0)
    }
}

impl FromStr for LanguageTag {
    type Err = InvalidLanguageTag;

    fn from_str(text: &str) -> Result<Self, InvalidLanguageTag> {
        let mut parts = text.split(['-', '_']);
        let language = parts.next().unwrap_or_default();
        let fits = (2..=8).contains(&language.len()) && language.chars().all(|c| c.is_ascii_alphabetic());
        let rest = parts.all(|part| (1..=8).contains(&part.len()) && part.chars().all(|c| c.is_ascii_alphanumeric()));
        if fits && rest && text.len() <= 35 { Ok(Self(text.to_owned())) } else { Err(InvalidLanguageTag) }
    }
}

impl TryFrom<String> for LanguageTag {
    type Error = InvalidLanguageTag;

    fn try_from(text: String) -> Result<Self, InvalidLanguageTag> {
        text.parse()
    }
}

impl From<LanguageTag> for String {
    fn from(tag: LanguageTag) -> Self {
        tag.0
    }
}

/// The network settings. A missing field reads as its default.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct Settings {
    /// Whether invited users must answer; a community may override it.
    pub membership_mode: MembershipMode,
    /// Days until an unanswered invitation expires, 1 to 365.
    #[cfg_attr(feature = "openapi", schema(inline))]
    pub invitation_lifetime_days: LifetimeDays,
    /// Days that a community waits after a decline before it may invite the same person again, 0 to 3650.
    #[cfg_attr(feature = "openapi", schema(inline))]
    pub decline_cooldown_days: Whole<0, 3_650>,
    /// Recipients that one request may name, 1 to 100.
    #[cfg_attr(feature = "openapi", schema(inline))]
    pub max_recipients_per_request: Recipients,
    /// Invitations that one sender may make in a UTC day, 1 to 1,000,000.
    #[cfg_attr(feature = "openapi", schema(inline))]
    pub daily_invitations_per_sender: Whole<1, 1_000_000>,
    /// Invitation mails that one mailbox gets in a UTC day, whoever sends them, 1 to 10,000. What is over waits for the
    /// next day.
    #[cfg_attr(feature = "openapi", schema(inline))]
    pub daily_invitation_mails_per_address: Whole<1, 10_000>,
    /// Whether members may invite only their own connections.
    pub members_invite_connections_only: bool,
    /// The people that those who may invite find by name.
    pub people_search: PeopleSearch,
    /// What the page behind a mail link asks for.
    pub email_link_response: EmailLinkResponse,
    /// How a sender hears of answers.
    pub sender_notices: SenderNotices,
    /// Whether an invitee who accepts gets a mail that says so.
    pub invitee_confirmation: bool,
    /// Days before the expiry at which the invitee of a pending invitation is reminded of it, 0 to 364; 0 for never.
    #[cfg_attr(feature = "openapi", schema(inline))]
    pub reminder_days_before_expiry: Whole<0, 364>,
    /// The message of invitations whose sender wrote none; the built-in one when absent.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "field::unless_blank")]
    #[cfg_attr(feature = "openapi", schema(inline))]
    pub default_message: Option<Message>,
    /// Where a person without an account registers.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(inline))]
    pub registration_url: Option<WebUrl>,
    /// What the platform calls itself in mails and pages.
    #[cfg_attr(feature = "openapi", schema(inline))]
    pub product_name: Line<100>,
    /// The platform's logo, shown in mails.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(inline))]
    pub logo_url: Option<WebUrl>,
    /// The address that people ask for help.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "list::optional")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub support_email: Option<EmailAddress>,
    /// The postal address that mail law asks for in the footer.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "field::unless_blank")]
    #[cfg_attr(feature = "openapi", schema(inline))]
    pub postal_address: Option<Prose<500>>,
    /// The language for people who have chosen none.
    pub default_locale: Locale,
}

/// The longest lifetime of an invitation, in days.
pub const MAX_LIFETIME_DAYS: u32 = 365;
/// How long an invitation lives.
pub type LifetimeDays = Whole<1, MAX_LIFETIME_DAYS>;
/// The most recipients that one request may name, whatever the settings say: what the design of `send` is sized for.
pub const MAX_RECIPIENTS: u32 = 100;
/// How many recipients one request may name.
type Recipients = Whole<1, MAX_RECIPIENTS>;

impl Default for Settings {
    fn default() -> Self {
        Self {
            membership_mode: MembershipMode::default(),
            invitation_lifetime_days: const { Whole::new(30) },
            decline_cooldown_days: const { Whole::new(30) },
            max_recipients_per_request: const { Whole::new(MAX_RECIPIENTS) },
            daily_invitations_per_sender: const { Whole::new(500) },
            daily_invitation_mails_per_address: const { Whole::new(10) },
            members_invite_connections_only: true,
            people_search: PeopleSearch::default(),
            email_link_response: EmailLinkResponse::default(),
            sender_notices: SenderNotices::default(),
            invitee_confirmation: true,
            reminder_days_before_expiry: const { Whole::new(0) },
            default_message: None,
            registration_url: None,
            product_name: Line::known("Community"),
            logo_url: None,
            support_email: None,
            postal_address: None,
            default_locale: Locale::default(),
        }
    }
}

impl Settings {
    /// The mode in `community`: its own where it has one, else the network's.
    pub fn membership_mode_in(&self, community: &Community) -> MembershipMode {
        community.membership_mode.unwrap_or(self.membership_mode)
    }

    /// When to remind of an invitation that is offered at `now` for that many days; `None` where the network wants no
    /// reminders, or that would be no later than the invitation itself.
    pub fn reminder(&self, now: Timestamp, lifetime_days: u32) -> Option<Timestamp> {
        let before = self.reminder_days_before_expiry.get();
        let after = lifetime_days.checked_sub(before).filter(|after| before > 0 && *after > 0)?;
        Some(days_later(now, after))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Locale, Settings, Timestamp, Whole, days_later};

    #[test]
    fn the_language_wanted_most_is_spoken() {
        use Locale::{De, En};
        for (header, spoken) in [
            ("de", Some(De)),
            ("de-AT,de;q=0.9,en;q=0.8", Some(De)),
            ("de;q=0.1, en;q=0.9", Some(En)),
            ("de ; q=0.1 , en ; q=0.9", Some(En)),
            ("en;q=0.5,de;q=0.5", Some(En)),
            ("fr, de;q=0.2", Some(De)),
            ("fr, *;q=0.5, de;q=0.2", None),
            ("de;q=0, en;q=0.001", Some(En)),
            ("de;q=0", None),
            ("de;q=x, en;q=0.1", Some(En)),
            ("de;q=NaN, fr;q=inf, de;q=2", None),
            ("fr", None),
            ("", None),
            (";,;q=1,,", None),
        ] {
            assert_eq!(Locale::wanted(header), spoken, "{header}");
        }
    }

    #[test]
    fn a_reminder_comes_days_before_the_expiry_and_after_the_invitation() {
        let now = Timestamp::UNIX_EPOCH;
        let wanted = |days, lifetime| {
            let settings = Settings { reminder_days_before_expiry: days, ..Settings::default() };
            settings.reminder(now, lifetime)
        };
        let three = const { Whole::new(3) };
        assert_eq!(wanted(three, 30), Some(days_later(now, 27)));
        assert_eq!(wanted(three, 4), Some(days_later(now, 1)));
        assert_eq!([wanted(three, 3), wanted(three, 1), wanted(const { Whole::new(0) }, 30)], [None; 3]);
    }

    #[test]
    fn the_defaults_are_those_of_spec() {
        let expected = json!({
            "membershipMode": "acceptance", "invitationLifetimeDays": 30, "declineCooldownDays": 30,
            "maxRecipientsPerRequest": 100, "dailyInvitationsPerSender": 500, "membersInviteConnectionsOnly": true,
            "peopleSearch": "everybody",
            "dailyInvitationMailsPerAddress": 10, "senderNotices": "digest", "inviteeConfirmation": true,
            "reminderDaysBeforeExpiry": 0, "emailLinkResponse": "confirm", "productName": "Community", "defaultLocale": "en",
        });
        assert_eq!(json!(Settings::default()), expected);
    }
}
