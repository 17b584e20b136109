//! The kinds of callers, and what the specification lets each of them do at every route.

use testkit::template::Route;

/// A kind of caller: what they are to the community and the invitation that a route names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Caller {
    NoToken,
    Garbage,
    /// With a token whose claims were meddled with.
    Forged,
    Expired,
    /// With a token that was made for another application.
    OtherAudience,
    /// With a token of another identity provider.
    OtherIssuer,
    /// Signed up, and not known to the directory.
    Unknown,
    Stranger,
    OtherOwner,
    /// Was the community's moderator, and is not active any more.
    Deactivated,
    Member,
    /// A member too.
    Sender,
    Invitee,
    Moderator,
    Administrator,
    Owner,
    SiteAdministrator,
}

use self::Caller::{
    Administrator, Deactivated, Expired, Forged, Garbage, Invitee, Member, Moderator, NoToken, OtherAudience,
    OtherIssuer, OtherOwner, Owner, Sender, SiteAdministrator, Stranger, Unknown,
};

pub(super) const UNAUTHENTICATED: [Caller; 6] = [NoToken, Garbage, Forged, Expired, OtherAudience, OtherIssuer];
pub(super) const SIGNED_IN: [Caller; 11] = [
    Unknown,
    Stranger,
    OtherOwner,
    Deactivated,
    Member,
    Sender,
    Invitee,
    Moderator,
    Administrator,
    Owner,
    SiteAdministrator,
];
pub(super) const MEMBERS: [Caller; 6] = [Member, Sender, Moderator, Administrator, Owner, SiteAdministrator];
pub(super) const MODERATORS: [Caller; 4] = [Moderator, Administrator, Owner, SiteAdministrator];
pub(super) const MODERATORS_AND_SENDER: [Caller; 5] = [Sender, Moderator, Administrator, Owner, SiteAdministrator];

/// What the specification says of one route.
pub(super) struct Rule {
    pub(super) route: &'static str,
    /// What those get who may.
    status: u16,
    pub(super) may: &'static [Caller],
    /// Those who see what it is about, and are told that they may not: 403.
    told: &'static [Caller],
    /// What everyone else gets who has signed in.
    otherwise: u16,
}

const fn rule(
    route: &'static str,
    status: u16,
    may: &'static [Caller],
    told: &'static [Caller],
    otherwise: u16,
) -> Rule {
    Rule { route, status, may, told, otherwise }
}

/// "The API must refuse on its own whatever a user interface would hide."
pub(super) const RULES: &[Rule] = &[
    // "Non-members invite nobody. Site administrators invite anyone anywhere." Here: an open, public community.
    rule("POST /communities/{communityId}/invitations", 200, &MEMBERS, &[], 403),
    rule("POST /communities/{communityId}/invitations/preview", 200, &MEMBERS, &[], 403),
    // "For moderators."
    rule("GET /communities/{communityId}/invitations", 200, &MODERATORS, &[], 403),
    rule("GET /communities/{communityId}/invitations/stats", 200, &MODERATORS, &[], 403),
    rule("GET /communities/{communityId}/invitations/export", 200, &MODERATORS, &[], 403),
    // Whoever may not invite learns that; whoever may do nothing anywhere, why.
    rule(
        "GET /communities/{communityId}/options",
        200,
        &[Stranger, OtherOwner, Member, Sender, Invitee, Moderator, Administrator, Owner, SiteAdministrator],
        &[],
        403,
    ),
    // As sending.
    rule("GET /communities/{communityId}/people", 200, &MEMBERS, &[], 403),
    // Their own.
    rule("GET /me/invitations/count", 200, &SIGNED_IN, &[], 403),
    rule("GET /me/invitations", 200, &SIGNED_IN, &[], 403),
    rule("GET /me/invitations/sent", 200, &SIGNED_IN, &[], 403),
    // "Read one invitation: its invitee (not before it is approved, and never if it is rejected), its sender,
    // moderators and above of that community, site administrators. To anyone else it does not exist (404, not 403)."
    rule(
        "GET /invitations/{invitationId}",
        200,
        &[Sender, Invitee, Moderator, Administrator, Owner, SiteAdministrator],
        &[],
        404,
    ),
    // "Accept, decline: the invitee alone."
    rule("POST /invitations/{invitationId}/accept", 200, &[Invitee], &MODERATORS_AND_SENDER, 404),
    rule("POST /invitations/{invitationId}/decline", 200, &[Invitee], &MODERATORS_AND_SENDER, 404),
    // "Cancel: the sender, the community's owner, administrators and moderators, a site administrator."
    rule("POST /invitations/{invitationId}/cancel", 200, &MODERATORS_AND_SENDER, &[Invitee], 404),
    // "Approve, reject: moderator and above of that community, site administrators."
    rule("POST /invitations/{invitationId}/approve", 200, &MODERATORS, &[Sender], 404),
    rule("POST /invitations/{invitationId}/reject", 200, &MODERATORS, &[Sender], 404),
    // As cancelling.
    rule("POST /invitations/{invitationId}/resend", 200, &MODERATORS_AND_SENDER, &[Invitee], 404),
    // Whoever has signed in may ask; what they are told is the same as elsewhere, which tests/embedded/graphql
    // compares.
    rule("POST /graphql", 200, &SIGNED_IN, &[], 403),
    // "Directory API (site administrator or machine client)."
    rule("PUT /directory/users/{userId}", 200, &[SiteAdministrator], &[], 403),
    rule("DELETE /directory/users/{userId}", 204, &[SiteAdministrator], &[], 403),
    rule("DELETE /directory/users/{userId}/invitations", 204, &[SiteAdministrator], &[], 403),
    rule("PUT /directory/communities/{communityId}", 200, &[SiteAdministrator], &[], 403),
    rule("DELETE /directory/communities/{communityId}", 204, &[SiteAdministrator], &[], 403),
    rule("PUT /directory/communities/{communityId}/members/{userId}", 201, &[SiteAdministrator], &[], 403),
    rule("DELETE /directory/communities/{communityId}/members/{userId}", 204, &[SiteAdministrator], &[], 403),
    rule("PUT /directory/users/{userId}/connections/{otherId}", 201, &[SiteAdministrator], &[], 403),
    rule("DELETE /directory/users/{userId}/connections/{otherId}", 204, &[SiteAdministrator], &[], 403),
    rule("GET /directory/settings", 200, &[SiteAdministrator], &[], 403),
    rule("PUT /directory/settings", 200, &[SiteAdministrator], &[], 403),
    rule("DELETE /directory/suppressions/{address}", 204, &[SiteAdministrator], &[], 403),
    rule("POST /directory/import", 200, &[SiteAdministrator], &[], 403),
    // The link is what lets people in, signed in or not.
    rule("GET /i/{proxy+}", 200, &SIGNED_IN, &[], 404),
    rule("HEAD /i/{proxy+}", 200, &SIGNED_IN, &[], 404),
    rule("POST /i/{proxy+}", 200, &SIGNED_IN, &[], 404),
    rule("GET /u/{proxy+}", 200, &SIGNED_IN, &[], 404),
    rule("HEAD /u/{proxy+}", 200, &SIGNED_IN, &[], 404),
    rule("POST /u/{proxy+}", 200, &SIGNED_IN, &[], 404),
    // The same for everybody.
    rule("GET /ui", 200, &SIGNED_IN, &[], 404),
    rule("HEAD /ui", 200, &SIGNED_IN, &[], 404),
    rule("GET /ui/invitations.js", 200, &SIGNED_IN, &[], 404),
    rule("HEAD /ui/invitations.js", 200, &SIGNED_IN, &[], 404),
    rule("GET /ui/{hash}/invitations.js", 200, &SIGNED_IN, &[], 404),
    rule("HEAD /ui/{hash}/invitations.js", 200, &SIGNED_IN, &[], 404),
];

impl Rule {
    pub(super) fn expected(&self, route: &Route, caller: Caller) -> u16 {
        match caller {
            _ if route.public => self.status,
            caller if UNAUTHENTICATED.contains(&caller) => 401,
            caller if self.may.contains(&caller) => self.status,
            caller if self.told.contains(&caller) => 403,
            _ => self.otherwise,
        }
    }
}

/// Tokens that are none of this API's, made once for all routes.
pub(super) struct BadTokens {
    pub(super) expired: String,
    pub(super) other_audience: String,
    pub(super) other_issuer: String,
}
