//! What a request to invite says: recipients in order, a message, a lifetime.

use domain::{
    Timestamp,
    email::{EmailAddress, list},
    id::{CommunityId, InvitationId, UserId},
    message::Message,
    person::Party,
    refusal::Refusal,
    settings::MAX_RECIPIENTS,
    text::trim,
};
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::ServiceError;

/// More recipients than any settings allow are not even looked at.
pub const MAX_SUBMITTED: usize = 1_000;

/// A request that can be acted on.
#[derive(Clone)]
pub struct Submission {
    /// The recipients, in order.
    pub recipients: Vec<Submitted>,
    /// The sender's own words.
    pub message: Option<Message>,
    /// Days until the invitations expire, 1 to 365.
    pub expires_in_days: Option<u32>,
    /// Whether no mail tells the invitees, since the platform does.
    pub silent: bool,
}

/// One recipient as it was submitted. It has no `Debug`, because the text may be an address.
#[derive(Clone)]
pub struct Submitted {
    /// The user's id, the address without what was around it, or the text that is neither.
    pub text: String,
    /// What the text names.
    pub names: Named,
}

/// What a recipient's text names.
#[derive(Debug, Clone)]
pub enum Named {
    /// A user, if there is one with that id.
    User(UserId),
    /// No user: the text cannot be an id.
    NoUser,
    /// An address.
    Email(EmailAddress),
    /// No address.
    NoEmail,
}

impl Named {
    /// What tells it from other recipients of the request as they were typed. A user and their address are two: that
    /// they belong together is nothing that a sender is told.
    pub(super) fn party(&self) -> Option<Party> {
        match self {
            Self::User(id) => Some(Party::User(id.clone())),
            Self::Email(email) => Some(Party::Address(email.key())),
            Self::NoUser | Self::NoEmail => None,
        }
    }
}

impl Submission {
    /// Reads the recipients, users before addresses: each of `emails` is a list of them, as it was pasted. What names
    /// none has an outcome of its own.
    ///
    /// # Errors
    /// [`Refusal::TooManyRecipients`] above [`MAX_SUBMITTED`].
    pub fn new(
        user_ids: Vec<String>,
        emails: Vec<String>,
        message: Option<Message>,
        expires_in_days: Option<u32>,
    ) -> Result<Self, Refusal> {
        let users = user_ids.iter().map(|text| Submitted::user(trim(text)));
        let addresses = emails.iter().flat_map(|text| list::entries(text)).map(Submitted::address);
        let mut submitted = users.chain(addresses);
        let recipients: Vec<_> = submitted.by_ref().take(MAX_SUBMITTED).collect();
        let found = recipients.len() + submitted.count();
        if found > MAX_SUBMITTED {
            return Err(Refusal::TooManyRecipients { found, most: MAX_RECIPIENTS });
        }
        Ok(Self { recipients, message, expires_in_days, silent: false })
    }

    /// What tells two requests apart: the same for the same community and values.
    pub(super) fn digest(&self, community: &CommunityId) -> String {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Digested<'a> {
            user_ids: Vec<&'a str>,
            emails: Vec<&'a str>,
            message: Option<&'a Message>,
            expires_in_days: Option<u32>,
            // As before there was such a thing, where it is not asked for.
            #[serde(skip_serializing_if = "std::ops::Not::not")]
            silent: bool,
        }

        let texts = |users: bool| {
            let is_user = |one: &&Submitted| matches!(one.names, Named::User(_) | Named::NoUser) == users;
            self.recipients.iter().filter(is_user).map(|one| one.text.as_str()).collect()
        };
        let digested = Digested {
            user_ids: texts(true),
            emails: texts(false),
            message: self.message.as_ref(),
            expires_in_days: self.expires_in_days,
            silent: self.silent,
        };
        let text = serde_json::to_string(&(community, digested)).unwrap_or_default();
        hex::encode(Sha256::digest(text))
    }
}

impl Submitted {
    fn user(text: &str) -> Self {
        Self { text: text.to_owned(), names: text.parse().map_or(Named::NoUser, Named::User) }
    }

    fn address(entry: list::Entry<'_>) -> Self {
        match entry {
            Ok(address) => Self { text: address.as_str().to_owned(), names: Named::Email(address) },
            Err(text) => Self { text: text.to_owned(), names: Named::NoEmail },
        }
    }
}

/// Draws the id of the invitation for a request's first recipient, of which those of all others follow.
pub(super) fn draw_id(now: Timestamp) -> Result<InvitationId, ServiceError> {
    let mut entropy = [0; 10];
    system::randomise(&mut entropy[2..]).map_err(|_| ServiceError::NoRandomness)?;
    Ok(first_id(now, entropy))
}

/// Returns the id at `now` with that entropy for the first recipient: the first two bytes give way to the place.
pub(super) fn first_id(now: Timestamp, mut entropy: [u8; 10]) -> InvitationId {
    entropy[..2].copy_from_slice(&[0; 2]);
    InvitationId::new(now.as_millisecond().unsigned_abs(), entropy)
}

/// Returns a number of recipients, or the place of one, as ids and mails count them.
pub(super) fn short(count: usize) -> u16 {
    u16::try_from(count).unwrap_or(u16::MAX)
}
