//! Each file in `events/` is what a function really gets, and comes to what its name says.
//!
//! The same files work with `cargo lambda invoke`; see docs/guide.md.

use std::collections::BTreeSet;

use deliver::task::{Invocation, Response as Done};
use feedback::MailEvent;
use http_api::route::Access;
use serde_json::json;

use testkit::{
    Response,
    embedded::{Person, World, person, recipients},
    files,
};

/// The invitation that the files speak of.
const ID: &str = "01KZ7Q3V9MZ4T8X2C6B1N5D0FA";

/// What each file comes to: the status of an HTTP function's response and the code of a problem.
const HTTP: [(&str, u16, &str); 61] = [
    ("send-good", 200, ""),
    ("send-repeated", 200, ""),
    ("send-preview", 200, ""),
    ("send-unauthorised", 401, "unauthenticated"),
    ("send-forbidden", 403, "not_a_member"),
    ("send-malformed", 400, "malformed_request"),
    ("options-good", 200, ""),
    ("options-unauthorised", 401, "unauthenticated"),
    ("options-forbidden", 403, "caller_unknown"),
    ("options-malformed", 400, "malformed_request"),
    ("people-good", 200, ""),
    ("people-unauthorised", 401, "unauthenticated"),
    ("people-forbidden", 403, "not_a_member"),
    ("people-malformed", 400, "malformed_request"),
    ("list-mine-good", 200, ""),
    ("list-mine-count", 200, ""),
    ("list-mine-unauthorised", 401, "unauthenticated"),
    ("list-mine-malformed", 400, "invalid_cursor"),
    ("list-sent-good", 200, ""),
    ("list-sent-community", 200, ""),
    ("list-sent-stats", 200, ""),
    ("list-sent-period", 200, ""),
    ("list-sent-export", 200, ""),
    ("list-sent-unauthorised", 401, "unauthenticated"),
    ("list-sent-forbidden", 403, "not_moderator"),
    ("list-sent-malformed", 400, "malformed_request"),
    ("status-good", 200, ""),
    ("status-unauthorised", 401, "unauthenticated"),
    ("status-forbidden", 404, "invitation_not_found"),
    ("status-malformed", 404, "invitation_not_found"),
    ("respond-good", 200, ""),
    ("respond-repeated", 200, ""),
    ("respond-page", 404, ""),
    ("respond-unauthorised", 401, "unauthenticated"),
    ("respond-forbidden", 404, "invitation_not_found"),
    ("respond-malformed", 400, "malformed_request"),
    ("cancel-good", 200, ""),
    ("cancel-repeated", 200, ""),
    ("cancel-unauthorised", 401, "unauthenticated"),
    ("cancel-forbidden", 403, "not_sender"),
    ("cancel-malformed", 404, "invitation_not_found"),
    ("moderate-good", 200, ""),
    ("moderate-repeated", 200, ""),
    ("moderate-unauthorised", 401, "unauthenticated"),
    ("moderate-forbidden", 403, "not_moderator"),
    ("moderate-malformed", 400, "malformed_request"),
    ("graphql-good", 200, ""),
    ("graphql-query", 200, ""),
    ("graphql-repeated", 200, ""),
    // What a rule refuses is data.
    ("graphql-forbidden", 200, ""),
    ("graphql-unauthorised", 401, "unauthenticated"),
    ("graphql-malformed", 400, "malformed_request"),
    ("graphql-not-executed", 400, ""),
    ("directory-good", 201, ""),
    ("directory-repeated", 201, ""),
    ("directory-import", 200, ""),
    ("directory-unauthorised", 401, "unauthenticated"),
    ("directory-forbidden", 403, "not_site_administrator"),
    ("directory-malformed", 400, "malformed_request"),
    ("ui-good", 200, ""),
    ("ui-malformed", 404, "no_such_route"),
];

/// The files of the functions behind the stream and behind the mail service.
const OTHERS: [&str; 15] = [
    "deliver-mail",
    "deliver-repeated",
    "deliver-deadline",
    "deliver-malformed",
    "deliver-wake",
    "deliver-release",
    "feedback-delivery",
    "feedback-repeated",
    "feedback-bounce",
    "feedback-given-up",
    "feedback-complaint",
    "feedback-rendering-failure",
    "feedback-reject",
    "feedback-malformed",
    "feedback-foreign",
];

fn sample(name: &str, id: &str) -> String {
    // Reports of the stream are as young as those that come in time.
    let reported = system::now().as_second().to_string();
    files::read(&format!("events/{name}.json")).replace(ID, id).replace("1793534400", &reported)
}

struct Club {
    world: World,
    mona: Person,
    /// Pending, from Mona to Ann.
    offered: String,
    /// Ben's request to invite Fay.
    requested: String,
}

/// Returns the club and the people that the files name.
async fn club() -> Club {
    let world = World::new().await;
    let [mona, ann, ben, _carl, fay] = world.people(["mona", "ann", "ben", "carl", "fay"]).await;
    world.community("chess", json!({ "enrolment": "closed" })).await;
    world.member("chess", &mona, "moderator").await;
    world.member("chess", &ben, "member").await;
    world.connect(&ben, &fay).await;
    let offered = world.invite_user(&mona, "chess", &ann).await;
    let requested = world.invite_user(&ben, "chess", &fay).await;
    Club { world, mona, offered, requested }
}

impl Club {
    async fn invoke(&self, name: &str) -> Response {
        let id = if name.starts_with("moderate") { &self.requested } else { &self.offered };
        Box::pin(self.world.invoke(&sample(name, id))).await
    }

    async fn delivery(&self) -> String {
        self.world.delivery(&self.mona, &self.offered).await
    }

    async fn feedback(&self, name: &str) -> Result<(), serde_json::Error> {
        let event: MailEvent = serde_json::from_str(&sample(name, &self.offered))?;
        self.world.feedback.handle(event).await.unwrap();
        Ok(())
    }

    async fn deliver_as_invoked(&self, name: &str) -> Done {
        let invocation: Invocation = serde_json::from_str(&sample(name, &self.offered)).unwrap();
        Box::pin(self.world.deliver.invoke(invocation)).await.unwrap()
    }

    async fn deliver(&self, name: &str) -> Vec<String> {
        let Done::Stream(response) = self.deliver_as_invoked(name).await else { panic!("{name} is a batch") };
        response.batch_item_failures.into_iter().filter_map(|one| one.item_identifier).collect()
    }
}

#[test]
fn every_sample_is_tried() {
    let tried: BTreeSet<_> =
        HTTP.iter().map(|(name, ..)| *name).chain(OTHERS).map(|name| format!("{name}.json")).collect();
    assert_eq!(tried, files::names_in("events").into_iter().collect());
}

#[tokio::test]
async fn samples_of_requests_get_what_their_names_say() {
    for (name, status, code) in HTTP {
        let response = club().await.invoke(name).await;
        let got = response.code().unwrap_or_default();
        assert_eq!((response.status, &*got), (status, code), "{name}: {}", response.body);
    }
}

#[tokio::test]
async fn samples_of_graphql_tell_in_their_data_what_came_of_them() {
    let club = club().await;
    let data = async |name: &str| club.invoke(name).await.ok().json()["data"].take();
    let accepted = data("graphql-repeated").await;
    assert_eq!(accepted["acceptCommunityInvitation"]["response"], json!({ "status": "ACCEPTED" }));
    let stored = club.world.dump().await;
    assert_eq!(data("graphql-repeated").await, accepted);
    let refused = data("graphql-forbidden").await["acceptCommunityInvitation"].take();
    assert_eq!(refused["errors"], json!(["invitation_not_found"]));
    assert_eq!(club.world.dump().await, stored);
    assert_eq!(data("graphql-query").await["me"]["invitations"]["edges"][0]["node"]["id"], club.offered.as_str());
    assert_eq!(data("graphql-good").await["createCommunityInvitation"]["errors"], json!(["already_invited"]));
}

#[tokio::test]
async fn samples_of_repeated_requests_change_nothing_the_second_time() {
    for function in ["send", "respond", "cancel", "moderate", "directory"] {
        let club = club().await;
        let first = club.invoke(&format!("{function}-good")).await;
        let stored = club.world.dump().await;
        let second = club.invoke(&format!("{function}-repeated")).await;
        assert_eq!(second.ok().json(), first.succeeded().json(), "{function}");
        assert_eq!(club.world.dump().await, stored, "{function}");
    }
}

#[tokio::test]
async fn samples_of_the_stream_mail_once() {
    let club = club().await;
    assert_eq!(club.deliver("deliver-mail").await, Vec::<String>::new());
    assert_eq!(club.deliver("deliver-repeated").await, Vec::<String>::new());
    let mails = club.world.fakes.take_mails();
    assert_eq!(recipients(&mails), ["ann@example.org"]);
}

#[tokio::test]
async fn a_malformed_sample_of_the_stream_is_set_aside_alone() {
    let club = club().await;
    assert_eq!(club.deliver("deliver-malformed").await, Vec::<String>::new(), "it must hold up no other");
    assert_eq!(club.world.fakes.take_mails().len(), 1);
    // An operator finds it, and has it looked at again by deleting what says so.
    let (parked, _) = club.world.parked().await.pop_first().unwrap();
    assert_eq!(parked.1, format!("{}#RECORD#INVITATION", club.offered));
    club.world.changes();
    club.world.fakes.take_events();
    club.world.remove_record(parked).await;
    club.world.pump().await;
    let events = club.world.fakes.take_events();
    let told: Vec<_> = events.iter().map(|event| (&*event.name, &*event.invitation_id)).collect();
    assert_eq!(told, [("InvitationSent", &*club.offered)]);
}

#[tokio::test]
async fn the_sample_of_a_deadline_expires_what_has_lapsed() {
    let club = club().await;
    club.deliver("deliver-deadline").await;
    assert_eq!(club.world.stored(&club.offered).await.status.as_str(), "pending");
    club.world.lapse(&club.offered).await;
    club.deliver("deliver-deadline").await;
    assert_eq!(club.world.stored(&club.offered).await.status.as_str(), "expired");
}

#[tokio::test]
async fn samples_of_the_mail_service_are_noted() {
    for (name, state) in [
        ("feedback-delivery", "delivered"),
        ("feedback-repeated", "delivered"),
        ("feedback-bounce", "bounced"),
        ("feedback-given-up", "failed"),
        ("feedback-complaint", "complained"),
        ("feedback-foreign", "sent"),
        ("feedback-rendering-failure", "failed"),
        ("feedback-reject", "failed"),
    ] {
        let club = club().await;
        club.world.pump().await;
        club.feedback(name).await.unwrap();
        club.feedback(name).await.unwrap();
        assert_eq!(club.delivery().await, state, "{name}");
    }
}

#[tokio::test]
async fn a_malformed_sample_of_the_mail_service_does_not_read() {
    assert!(club().await.feedback("feedback-malformed").await.is_err());
}

#[test]
fn nobody_is_left_out_of_the_samples() {
    let is_there = |sample: String| assert!(HTTP.iter().any(|(name, ..)| *name == sample), "{sample}");
    for function in functions::FUNCTIONS {
        for case in ["good", "malformed"] {
            is_there(format!("{}-{case}", function.name));
        }
        if function.routes.iter().any(|route| route.access != Access::Everyone) {
            is_there(format!("{}-unauthorised", function.name));
        }
    }
    assert_eq!(person("ann").email, "ann@example.org", "the files rely on it");
}

#[tokio::test]
async fn the_clock_wakes_mails_and_an_operator_releases_them() {
    let club = club().await;
    club.world.pump().await;
    for task in ["deliver-wake", "deliver-release"] {
        let done = serde_json::to_value(club.deliver_as_invoked(task).await).unwrap();
        assert_eq!(done, json!({ "mails": 0 }), "{task}");
    }
}
