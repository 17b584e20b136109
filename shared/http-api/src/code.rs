//! The codes of problems, which programs rely on. Each has one HTTP status; docs/problems.md says what it means.

use lambda_http::http::StatusCode;

use domain::invitation::Status;

macro_rules! codes {
    ($($status:ident { $($name:ident $text:literal,)* })*) => {
        /// What is wrong, for programs: the `code` of a problem. Stable, unlike the words for people.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        #[allow(missing_docs, reason = "docs/problems.md has the meanings, which a test compares with the codes")]
        pub enum Code {
            $($($name,)*)*
        }

        impl Code {
            /// Every code, by HTTP status.
            pub const ALL: &[Self] = &[$($(Self::$name,)*)*];

            /// Returns the code as it stands in responses.
            pub fn as_str(self) -> &'static str {
                match self {
                    $($(Self::$name => $text,)*)*
                }
            }

            /// Returns the HTTP status of every problem with the code.
            pub fn status(self) -> StatusCode {
                match self {
                    $($(Self::$name)|* => StatusCode::$status,)*
                }
            }
        }
    };
}

codes! {
    BAD_REQUEST {
        MalformedRequest "malformed_request",
        InvalidCursor "invalid_cursor",
    }
    UNAUTHORIZED {
        Unauthenticated "unauthenticated",
    }
    FORBIDDEN {
        CallerUnknown "caller_unknown",
        CallerInactive "caller_inactive",
        NotSiteAdministrator "not_site_administrator",
        NotAMember "not_a_member",
        InvitersAreAdministrators "inviters_are_administrators",
        CommunityPrivate "community_private",
        InvitationsNotAllowed "invitations_not_allowed",
        PeopleSearchOff "people_search_off",
        NotInvitee "not_invitee",
        EmailUnverified "email_unverified",
        NotModerator "not_moderator",
        NotSender "not_sender",
        RegistrationNeeded "registration_needed",
        SignInNeeded "sign_in_needed",
    }
    NOT_FOUND {
        InvitationNotFound "invitation_not_found",
        CommunityNotFound "community_not_found",
        NotInDirectory "not_in_directory",
        NoSuchRoute "no_such_route",
    }
    CONFLICT {
        AlreadyMember "already_member",
        InviteeUnavailable "invitee_unavailable",
        SenderMayNotInvite "sender_may_not_invite",
        InvitationAwaitingApproval "invitation_awaiting_approval",
        InvitationPending "invitation_pending",
        InvitationAccepted "invitation_accepted",
        InvitationDeclined "invitation_declined",
        InvitationRejected "invitation_rejected",
        InvitationCancelled "invitation_cancelled",
        InvitationExpired "invitation_expired",
        EmailTaken "email_taken",
        RequestStillRunning "request_still_running",
    }
    PAYLOAD_TOO_LARGE {
        TooLarge "too_large",
        TooManyRecipients "too_many_recipients",
    }
    UNPROCESSABLE_ENTITY {
        InvalidValue "invalid_value",
        UnknownMessageToken "unknown_message_token",
        IdempotencyKeyReused "idempotency_key_reused",
    }
    TOO_MANY_REQUESTS {
        DailyQuotaUsed "daily_quota_used",
        ResentRecently "resent_recently",
    }
    INTERNAL_SERVER_ERROR {
        InternalError "internal_error",
    }
    SERVICE_UNAVAILABLE {
        Unavailable "unavailable",
    }
}

impl Code {
    /// Returns the code of a conflict with an invitation in that state.
    pub fn of_conflict(status: Status) -> Self {
        match status {
            Status::AwaitingApproval => Self::InvitationAwaitingApproval,
            Status::Pending => Self::InvitationPending,
            Status::Accepted => Self::InvitationAccepted,
            Status::Declined => Self::InvitationDeclined,
            Status::Rejected => Self::InvitationRejected,
            Status::Cancelled => Self::InvitationCancelled,
            Status::Expired => Self::InvitationExpired,
        }
    }
}
