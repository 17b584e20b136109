//! What `callers` needs: a person for every kind of caller, and what each route names, in the state that it is about.

use serde_json::{Value, json};
use testkit::{
    Response,
    stack::{Part, Person, World, call, free_address, serial, stack},
    template::{Route, template},
};

use super::rules::{
    BadTokens,
    Caller::{
        self, Administrator, Deactivated, Expired, Forged, Garbage, Invitee, Member, Moderator, NoToken, OtherAudience,
        OtherIssuer, OtherOwner, Owner, Sender, SiteAdministrator, Stranger, Unknown,
    },
    Rule, SIGNED_IN, UNAUTHENTICATED,
};

/// A community, and everyone in the cases.
pub(super) struct Fixture<'a> {
    world: World,
    bad: &'a BadTokens,
    people: Vec<(Caller, Person)>,
    /// What no refusal may tell.
    private: Vec<String>,
}

impl<'a> Fixture<'a> {
    pub(super) fn new(bad: &'a BadTokens) -> Self {
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
        world.import(&[gone, other.member_record(&other_owner, "owner")]);
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
    pub(super) fn try_route(&mut self, rule: &Rule) -> (usize, Vec<String>) {
        let (method, path) = rule.route.split_once(' ').unwrap();
        let route = template().routes().iter().find(|route| route.method == method && route.path == path).unwrap();
        let [invitee] = self.world.people([Part::Outsider]);
        self.world.connect(self.person(Sender), &invitee);
        self.people.retain(|(caller, _)| *caller != Invitee);
        self.people.push((Invitee, invitee));

        let mut values = self.path_values(route);
        let mut callers: Vec<_> = UNAUTHENTICATED.into_iter().chain(SIGNED_IN).collect();
        callers.sort_by_key(|caller| rule.may.contains(caller));
        let mut wrong = Vec::new();
        for caller in &callers {
            let response = self.call(route, *caller, &values);
            let expected = rule.expected(route, *caller);
            if response.status != expected {
                wrong.push(format!("{} as {caller:?}: {} instead of {expected}", rule.route, response.status));
            }
            wrong.extend(self.told(&response).map(|what| format!("{} as {caller:?} tells {what}", rule.route)));
            if response.status < 300 && route.path.starts_with("/invitations/") && method == "POST" {
                // Cancelled already, or not answered: the invitee is free for the next one.
                self.world.administrator.command("cancel", &values.invitation);
                if caller != callers.last().unwrap() {
                    values = self.path_values(route);
                }
            }
        }
        (callers.len(), wrong)
    }

    fn person(&self, caller: Caller) -> &Person {
        &self.people.iter().find(|(known, _)| *known == caller).unwrap().1
    }

    /// Makes what the route names, in the state that it is about.
    fn path_values(&self, route: &Route) -> PathValues {
        let verb = route.path.rsplit('/').next().unwrap();
        let mut values = PathValues { community: self.world.community.clone(), ..PathValues::default() };
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
            return PathValues { community, user, other, ..values };
        }
        if route.is_page() {
            let (_, mail) = self.world.invite_by_mail(self.person(Moderator), self.person(Invitee));
            mail.link("i").rsplit('/').next().unwrap().clone_into(&mut values.token);
        } else if route.is_elements() {
            values.hash = elements_hash();
        } else if route.path.contains("{invitationId}") {
            let needs_approval = ["approve", "reject"].contains(&verb);
            self.world.describe(&json!({"enrolment": if needs_approval { "closed" } else { "open" }}));
            values.invitation = self.world.invite(self.person(Sender), self.person(Invitee));
            if verb == "resend" {
                stack().backdate_mail(&values.invitation);
            }
        } else {
            self.world.describe(&json!({}));
        }
        values
    }

    fn call(&self, route: &Route, caller: Caller, values: &PathValues) -> Response {
        let token = match caller {
            NoToken => String::new(),
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
        let url = format!("{}{}", stack().api_url, route.at(&values.values()));
        let form = route.is_page();
        let mut headers =
            vec![("Content-Type", if form { "application/x-www-form-urlencoded" } else { "application/json" })];
        if caller != NoToken {
            headers.push(("Authorization", &authorization));
        }
        let body = if form { "answer=decline".to_owned() } else { self.body(route).to_string() };
        let body = Some(body).filter(|_| ["POST", "PUT"].contains(&route.method.as_str()));
        let response = call(&route.method, &url, &headers, body.as_deref());
        if !route.public && !UNAUTHENTICATED.contains(&caller) {
            response.assert_form();
        }
        response
    }

    /// Returns a body that the route takes.
    fn body(&self, route: &Route) -> Value {
        match route.path.as_str() {
            // An address of its own: each case is about the right, not about the recipient.
            path if path.starts_with("/communities/") => json!({"emails": [free_address()]}),
            "/graphql" => self.document(),
            "/directory/users/{userId}" => json!({"displayName": "Spare"}),
            "/directory/communities/{communityId}" => {
                json!({"title": "Spare", "visibility": "public", "enrolment": "open"})
            }
            "/directory/communities/{communityId}/members/{userId}" => json!({"role": "member"}),
            // As they are: other tests go on meanwhile.
            "/directory/settings" => self.world.administrator.get("/directory/settings").ok().json(),
            "/directory/import" => json!({"records": []}),
            _ => json!({}),
        }
    }

    /// Asks for all that a stranger might be curious about.
    fn document(&self) -> Value {
        let community = &self.world.community;
        let query = "query ($community: ID!) { me { id invitations { edges { node { id } } } } community(id: $community) { \
            invitations { errors edges { node { id } } } stats { errors response { counts { count } } } } }";
        json!({"query": query, "variables": {"community": community}})
    }

    /// Returns what a refusal tells that it should not.
    fn told<'b>(&'b self, response: &'b Response) -> impl Iterator<Item = &'b String> {
        self.private.iter().filter(|secret| response.status >= 400 && response.body.contains(secret.as_str()))
    }
}

/// Returns the digest in the address of the custom elements.
fn elements_hash() -> String {
    let described = call("GET", &format!("{}/ui", stack().api_url), &[], None).ok().json();
    described["href"].as_str().unwrap().split('/').nth(2).unwrap().to_owned()
}

/// What the path of a route names.
#[derive(Default)]
struct PathValues {
    community: String,
    invitation: String,
    user: String,
    other: String,
    token: String,
    hash: String,
}

impl PathValues {
    fn values(&self) -> [(&str, &str); 7] {
        [
            ("communityId", &self.community),
            ("invitationId", &self.invitation),
            ("userId", &self.user),
            ("otherId", &self.other),
            // Nobody's: each case is about the right.
            ("address", "spare@example.net"),
            ("token", &self.token),
            ("hash", &self.hash),
        ]
    }
}
