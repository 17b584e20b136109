//! Who gets what from which route: every route of the template, as every kind of caller.
//!
//! The expectations are read from the specification's sections 3 and 4. A route that has none fails the test, and so
//! does an expectation of a route that is gone.

use std::{
    collections::BTreeSet,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};

use serde_json::{Value, json};

use crate::world::{
    Answer, Part, Person, World, free_address,
    http::call,
    serial, stack,
    template::{Route, routes},
};

/// Who calls, and what they are to the community and the invitation that a route names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Caller {
    Nobody,
    Garbage,
    /// With a token whose claims were meddled with.
    Forged,
    Expired,
    /// With a token that was made for another application.
    OtherAudience,
    /// With a token of somebody else's identity provider.
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

use Caller::{
    Administrator, Deactivated, Expired, Forged, Garbage, Invitee, Member, Moderator, Nobody, OtherAudience,
    OtherIssuer, OtherOwner, Owner, Sender, SiteAdministrator, Stranger, Unknown,
};

const UNAUTHENTICATED: [Caller; 6] = [Nobody, Garbage, Forged, Expired, OtherAudience, OtherIssuer];
const SIGNED_IN: [Caller; 11] = [
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
const MEMBERS: [Caller; 6] = [Member, Sender, Moderator, Administrator, Owner, SiteAdministrator];
const MODERATORS: [Caller; 4] = [Moderator, Administrator, Owner, SiteAdministrator];
const MODERATORS_AND_SENDER: [Caller; 5] = [Sender, Moderator, Administrator, Owner, SiteAdministrator];
const SENDER_AND_INVITEE: [Caller; 2] = [Sender, Invitee];

/// What the specification says of one route.
struct Rule {
    route: &'static str,
    /// What those get who may.
    status: u16,
    may: &'static [Caller],
    /// Those who see what it is about, and are told that they may not: 403.
    told: &'static [Caller],
    /// What everybody else gets who has signed in.
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
const RULES: [Rule; 29] = [
    // "Non-members invite nobody. Site administrators invite anyone anywhere." Here: an open, public community.
    rule("POST /communities/{communityId}/invitations", 200, &MEMBERS, &[], 403),
    rule("POST /communities/{communityId}/invitations/preview", 200, &MEMBERS, &[], 403),
    // "For moderators."
    rule("GET /communities/{communityId}/invitations", 200, &MODERATORS, &[], 403),
    rule("GET /communities/{communityId}/invitations/stats", 200, &MODERATORS, &[], 403),
    // Their own.
    rule("GET /me/invitations", 200, &SIGNED_IN, &[], 403),
    rule("GET /me/invitations/sent", 200, &SIGNED_IN, &[], 403),
    // "Read one invitation: its invitee, its sender, moderators and above of that community, site administrators. To
    // anyone else it does not exist (404, not 403)."
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
    rule("POST /invitations/{invitationId}/approve", 200, &MODERATORS, &SENDER_AND_INVITEE, 404),
    rule("POST /invitations/{invitationId}/reject", 200, &MODERATORS, &SENDER_AND_INVITEE, 404),
    // As cancelling.
    rule("POST /invitations/{invitationId}/resend", 200, &MODERATORS_AND_SENDER, &[Invitee], 404),
    // "Directory API (site administrator or machine client)."
    rule("PUT /directory/users/{userId}", 200, &[SiteAdministrator], &[], 403),
    rule("DELETE /directory/users/{userId}", 204, &[SiteAdministrator], &[], 403),
    rule("PUT /directory/communities/{communityId}", 200, &[SiteAdministrator], &[], 403),
    rule("DELETE /directory/communities/{communityId}", 204, &[SiteAdministrator], &[], 403),
    rule("PUT /directory/communities/{communityId}/members/{userId}", 201, &[SiteAdministrator], &[], 403),
    rule("DELETE /directory/communities/{communityId}/members/{userId}", 204, &[SiteAdministrator], &[], 403),
    rule("PUT /directory/users/{userId}/connections/{otherId}", 201, &[SiteAdministrator], &[], 403),
    rule("DELETE /directory/users/{userId}/connections/{otherId}", 204, &[SiteAdministrator], &[], 403),
    rule("GET /directory/settings", 200, &[SiteAdministrator], &[], 403),
    rule("PUT /directory/settings", 200, &[SiteAdministrator], &[], 403),
    rule("POST /directory/import", 200, &[SiteAdministrator], &[], 403),
    // The link is what lets people in, whoever they are.
    rule("GET /i/{token}", 200, &SIGNED_IN, &[], 404),
    rule("HEAD /i/{token}", 200, &SIGNED_IN, &[], 404),
    rule("POST /i/{token}", 200, &SIGNED_IN, &[], 404),
    rule("GET /u/{token}", 200, &SIGNED_IN, &[], 404),
    rule("POST /u/{token}", 200, &SIGNED_IN, &[], 404),
];

impl Rule {
    fn expected(&self, route: &Route, caller: Caller) -> u16 {
        match caller {
            _ if route.is_page() => self.status,
            caller if UNAUTHENTICATED.contains(&caller) => 401,
            caller if self.may.contains(&caller) => self.status,
            caller if self.told.contains(&caller) => 403,
            _ => self.otherwise,
        }
    }
}

/// Tokens that are none of this API's, made once for all routes.
struct BadTokens {
    expired: String,
    other_audience: String,
    other_issuer: String,
}

/// How many routes are tried at the same time.
const THREADS: usize = 3;

#[test]
fn every_route_answers_every_kind_of_caller_as_the_specification_says() {
    let declared: BTreeSet<_> = routes().iter().map(|route| format!("{} {}", route.method, route.path)).collect();
    let expected: BTreeSet<_> = RULES.iter().map(|rule| rule.route.to_owned()).collect();
    assert_eq!(declared, expected, "every route has one expectation");

    let bad = BadTokens {
        // Signing in with another lifetime concerns everybody who signs in meanwhile.
        expired: World::alone_with_settings(&json!({})).expired_token(),
        other_audience: stack().token_for_another_application(),
        other_issuer: stack().token_of_another_issuer(),
    };
    let (next, cases) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let wrong: Vec<String> = thread::scope(|scope| {
        let sweep = || {
            let mut wrong = Vec::new();
            let mut scene = Scene::new(&bad);
            while let Some(rule) = RULES.get(next.fetch_add(1, Ordering::Relaxed)) {
                let (tried, found) = scene.try_route(rule);
                cases.fetch_add(tried, Ordering::Relaxed);
                wrong.extend(found);
            }
            wrong
        };
        let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(sweep)).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    let cases = cases.into_inner();
    eprintln!("authorisation sweep: {cases} cases, {} failures", wrong.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(cases, RULES.len() * (UNAUTHENTICATED.len() + SIGNED_IN.len()));
}

/// A community, everybody whom the cases are about, and what the routes name.
struct Scene<'a> {
    world: World,
    bad: &'a BadTokens,
    people: Vec<(Caller, Person)>,
    /// What nobody may learn from a refusal.
    private: Vec<String>,
}

impl<'a> Scene<'a> {
    fn new(bad: &'a BadTokens) -> Self {
        let world = World::new();
        let [owner, administrator, moderator, deactivated, member, sender] = world.people([
            Part::Owner,
            Part::Administrator,
            Part::Moderator,
            Part::Moderator,
            Part::Member,
            Part::Member,
        ]);
        let [stranger, unknown, other_owner] = world.people([Part::Outsider, Part::Unknown, Part::Outsider]);
        let mut gone = deactivated.record();
        gone["active"] = json!(false);
        let other = World::another(&other_owner);
        world.import(&[
            gone,
            json!({"type": "member", "communityId": other.community, "userId": other_owner.id, "role": "owner"}),
        ]);
        let mut private = vec![world.title.clone()];
        for person in [&owner, &moderator, &sender] {
            private.extend([person.name.clone(), person.email.clone()]);
        }
        let people = vec![
            (Owner, owner),
            (Administrator, administrator),
            (Moderator, moderator),
            (Deactivated, deactivated),
            (Member, member),
            (Sender, sender),
            (Stranger, stranger),
            (Unknown, unknown),
            (OtherOwner, other_owner),
            (SiteAdministrator, world.administrator.clone()),
        ];
        Self { world, bad, people, private }
    }

    /// Tries the route as every kind of caller; those who may come last, because they change things.
    fn try_route(&mut self, rule: &Rule) -> (usize, Vec<String>) {
        let (method, path) = rule.route.split_once(' ').unwrap();
        let route = Route { method: method.to_owned(), path: path.to_owned() };
        let [invitee] = self.world.people([Part::Outsider]);
        self.world.connect(self.person(Sender), &invitee);
        self.people.retain(|(caller, _)| *caller != Invitee);
        self.people.push((Invitee, invitee));

        let mut props = self.props(&route);
        let mut callers: Vec<_> = UNAUTHENTICATED.into_iter().chain(SIGNED_IN).collect();
        callers.sort_by_key(|caller| rule.may.contains(caller));
        let mut wrong = Vec::new();
        for caller in &callers {
            let answer = self.ask(&route, *caller, &props);
            let expected = rule.expected(&route, *caller);
            if answer.status != expected {
                wrong.push(format!("{} as {caller:?}: {} instead of {expected}", rule.route, answer.status));
            }
            wrong.extend(self.told(&answer).map(|what| format!("{} as {caller:?} tells {what}", rule.route)));
            if answer.status < 300 && route.path.starts_with("/invitations/") && method == "POST" {
                // Cancelled already, or not answered: the invitee is free for the next one.
                self.world.administrator.command("cancel", &props.invitation);
                if caller != callers.last().unwrap() {
                    props = self.props(&route);
                }
            }
        }
        (callers.len(), wrong)
    }

    fn person(&self, caller: Caller) -> &Person {
        &self.people.iter().find(|(known, _)| *known == caller).unwrap().1
    }

    /// Makes what the route names, in the state that it is about.
    fn props(&self, route: &Route) -> Props {
        let verb = route.path.rsplit('/').next().unwrap();
        let mut props = Props { community: self.world.community.clone(), ..Props::default() };
        if route.is_directory() {
            let [user, other] = [serial(), serial()].map(|serial| format!("spare-{serial}"));
            let community = format!("spare-{}", serial());
            let user_record = |id: &str| json!({"type": "user", "userId": id, "displayName": "Spare"});
            self.world.import(&[
                user_record(&user),
                user_record(&other),
                json!({
                    "type": "community", "communityId": community, "title": "Spare", "visibility": "public",
                    "enrolment": "open",
                }),
            ]);
            return Props { community, user, other, ..props };
        }
        if route.is_page() {
            let (_, mail) = self.world.invite_by_mail(self.person(Moderator), self.person(Invitee));
            mail.link("i").rsplit('/').next().unwrap().clone_into(&mut props.token);
        } else if route.path.contains("{invitationId}") {
            let asks = ["approve", "reject"].contains(&verb);
            self.world.describe(&json!({"enrolment": if asks { "closed" } else { "open" }}));
            props.invitation = self.world.invite(self.person(Sender), self.person(Invitee));
            if verb == "resend" {
                stack().let_rest(&props.invitation);
            }
        } else {
            self.world.describe(&json!({}));
        }
        props
    }

    fn ask(&self, route: &Route, caller: Caller, props: &Props) -> Answer {
        let token = match caller {
            Nobody => String::new(),
            Garbage => "x.y.z".to_owned(),
            Forged => {
                let token = self.person(SiteAdministrator).authorization();
                let (claims, signature) = token.trim_start_matches("Bearer ").rsplit_once('.').unwrap();
                format!("{claims}.{}", signature.chars().rev().collect::<String>())
            }
            Expired => self.bad.expired.clone(),
            OtherAudience => self.bad.other_audience.clone(),
            OtherIssuer => self.bad.other_issuer.clone(),
            caller => self.person(caller).authorization().trim_start_matches("Bearer ").to_owned(),
        };
        let authorization = format!("Bearer {token}");
        let url = format!("{}{}", stack().api_url, route.at(&props.values()));
        let form = route.is_page();
        let mut headers =
            vec![("Content-Type", if form { "application/x-www-form-urlencoded" } else { "application/json" })];
        if caller != Nobody {
            headers.push(("Authorization", &authorization));
        }
        let body = if form { "answer=decline".to_owned() } else { self.body(route).to_string() };
        let body = Some(body).filter(|_| ["POST", "PUT"].contains(&route.method.as_str()));
        let answer = call(&route.method, &url, &headers, body.as_deref());
        if !form && !UNAUTHENTICATED.contains(&caller) {
            answer.keeps_promises();
        }
        answer
    }

    /// A body that the route takes.
    fn body(&self, route: &Route) -> Value {
        match route.path.as_str() {
            // An address that nobody may be the first to invite: each case is about the right, not about the recipient.
            path if path.starts_with("/communities/") => json!({"emails": [free_address()]}),
            "/directory/users/{userId}" => json!({"displayName": "Spare"}),
            "/directory/communities/{communityId}" => {
                json!({"title": "Spare", "visibility": "public", "enrolment": "open"})
            }
            "/directory/communities/{communityId}/members/{userId}" => json!({"role": "member"}),
            // As they are: other tests go on meanwhile.
            "/directory/settings" => self.world.administrator.get("/directory/settings").ok(),
            "/directory/import" => json!({"records": []}),
            _ => json!({}),
        }
    }

    /// What a refusal tells that it should not.
    fn told<'b>(&'b self, answer: &'b Answer) -> impl Iterator<Item = &'b String> {
        self.private.iter().filter(|secret| answer.status >= 400 && answer.body.contains(secret.as_str()))
    }
}

/// What the path of a route names.
#[derive(Default)]
struct Props {
    community: String,
    invitation: String,
    user: String,
    other: String,
    token: String,
}

impl Props {
    fn values(&self) -> [(&str, &str); 5] {
        [
            ("communityId", &self.community),
            ("invitationId", &self.invitation),
            ("userId", &self.user),
            ("otherId", &self.other),
            ("token", &self.token),
        ]
    }
}
