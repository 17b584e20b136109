//! An action is shown if and only if the same caller could take it at that moment, on every route and on the page.

use serde_json::{Value, json};
use testkit::{
    SesEvent,
    api::Invitation,
    embedded::{Person, World, chess, person},
};

const VERBS: [&str; 6] = ["accept", "decline", "cancel", "approve", "reject", "resend"];
/// How many cases are drawn. A hundred and sixty held when the rule was made.
const SEEDS: u64 = 30;
/// What may have changed since the invitation was made.
const CHANGES: [&str; 14] = [
    "the community closes to invitations",
    "the community is removed",
    "the community turns private",
    "the invitee is deactivated",
    "the invitee complains about a mail",
    "the invitee unsubscribes by an older mail",
    "the invitee becomes a member",
    "the sender is deactivated",
    "the sender leaves",
    "the sender moderates",
    "the connection ends",
    "the last mail was an hour ago",
    "the lifetime passes",
    "the moderator is deactivated",
];

/// One invitation, and those who look at it.
struct Case {
    world: World,
    id: String,
    callers: Vec<Person>,
    history: Vec<&'static str>,
}

impl Case {
    async fn new(random: &mut fastrand::Rng) -> Self {
        let world = World::new().await;
        let [mona, mia, ann, yan] = world.people(["mona", "mia", "ann", "yan"]).await;
        world.community_of("chess", &mona, "moderator").await;
        world.member("chess", &mia, ["member", "moderator"][random.usize(..2)]).await;
        world.connect(&mia, &ann).await;
        // An invitation that was, and the link in its mail.
        let by = json!({ "emails": [ann.email] });
        let earlier = world.invite(&mona, "chess", by.clone()).await.id().to_owned();
        let link = world.deliver_mail().await.path("u");
        world.command(&mona, &earlier, "cancel").await.ok();
        let enrolment = ["open", "closed"][random.usize(..2)];
        world.community("chess", json!({ "enrolment": enrolment })).await;
        let by_id = random.bool() || enrolment == "closed";
        let recipient = if by_id { json!({ "userIds": ["ann"] }) } else { by };
        let sender = if random.bool() || enrolment == "closed" { &mia } else { &mona };
        let made = world.send(sender, "chess", recipient).await;
        let id = match &made.results[0].invitation {
            Some(made) => made.id.clone(),
            None => world.invite_user(&mia, "chess", &ann).await,
        };
        world.pump().await;
        let mut history = Vec::new();
        for _ in 0..random.usize(..4) {
            let change = CHANGES[random.usize(..CHANGES.len())];
            history.push(change);
            let inactive = json!({ "active": false });
            match change {
                "the community closes to invitations" => {
                    world.community("chess", json!({ "enrolment": enrolment, "allowInvitations": false })).await;
                }
                "the community is removed" => world.remove("communities/chess").await,
                "the community turns private" => {
                    world.community("chess", json!({ "enrolment": enrolment, "visibility": "private" })).await;
                }
                "the invitee is deactivated" => world.register_with(&ann, inactive).await,
                "the invitee complains about a mail" => {
                    let event = SesEvent::new("Complaint", &earlier).tag("mail", "invitation");
                    world.ses_event(&event.complained(&ann.email)).await;
                }
                "the invitee unsubscribes by an older mail" => drop(world.unsubscribe(&link).await),
                "the invitee becomes a member" => {
                    drop(world.directory("PUT", "communities/chess/members/ann", json!({ "role": "member" })).await);
                }
                "the sender is deactivated" => world.register_with(&mia, inactive).await,
                "the sender leaves" => world.remove("communities/chess/members/mia").await,
                "the sender moderates" => {
                    drop(world.directory("PUT", "communities/chess/members/mia", json!({ "role": "moderator" })).await);
                }
                "the connection ends" => world.remove("users/mia/connections/ann").await,
                "the last mail was an hour ago" => world.backdate_mail(&id).await,
                "the lifetime passes" => world.lapse(&id).await,
                _ => world.register_with(&mona, inactive).await,
            }
        }
        let admin = person("admin").site_administrator();
        Self { world, id, callers: vec![mona, mia, ann, yan, admin], history }
    }

    /// Returns the invitation as the caller sees it, if they do; every list that they find it in must show the same.
    async fn seen(&self, caller: &Person) -> Option<Invitation> {
        let response = self.world.get(caller, format!("/invitations/{}", self.id)).await;
        if response.status == 404 {
            return None;
        }
        let seen = response.invitation();
        for path in ["/me/invitations", "/me/invitations/sent", "/communities/chess/invitations"] {
            let list = self.world.get(caller, path).await;
            if list.status == 200 {
                for listed in list.page().invitations.iter().filter(|one| one.id == self.id) {
                    assert_eq!(listed.actions, seen.actions, "{path} to {} after {:?}", caller.id, self.history);
                }
            }
        }
        Some(seen)
    }

    async fn revision(&self) -> u64 {
        self.world.stored(&self.id).await.revision
    }
}

fn verbs(seen: &Invitation) -> Vec<&str> {
    seen.actions.iter().filter_map(|action| action.href.rsplit('/').next()).collect()
}

#[tokio::test]
async fn an_action_is_shown_if_and_only_if_the_caller_could_take_it() {
    let (mut taken, mut refused) = (0, 0);
    for seed in 0..SEEDS {
        let mut random = fastrand::Rng::with_seed(seed);
        let case = Case::new(&mut random).await;
        let mut shown = Vec::new();
        for caller in &case.callers {
            let seen = case.seen(caller).await;
            let actions = seen.as_ref().map(verbs).unwrap_or_default();
            for verb in VERBS {
                if actions.contains(&verb) {
                    shown.push((caller, verb.to_owned()));
                    continue;
                }
                let before = case.revision().await;
                let response = case.world.command(caller, &case.id, verb).await;
                let changed = case.revision().await != before;
                assert!(
                    !changed,
                    "seed {seed}: {} could {verb} after {:?}: {}",
                    caller.id, case.history, response.body
                );
                refused += 1;
            }
        }
        if shown.is_empty() {
            continue;
        }
        let (caller, verb) = &shown[random.usize(..shown.len())];
        let before = case.revision().await;
        let response = case.world.command(caller, &case.id, verb).await;
        assert_eq!(
            response.status, 200,
            "seed {seed}: {} to {verb} after {:?}: {}",
            caller.id, case.history, response.body
        );
        assert_ne!(case.revision().await, before, "seed {seed}: nothing came of it");
        // What the response shows holds, too.
        let seen = case.seen(caller).await;
        assert_eq!(seen.map(|seen| seen.actions), Some(response.invitation().actions), "seed {seed}: after {verb}");
        taken += 1;
    }
    assert!(taken > SEEDS / 3 && refused > SEEDS * 10, "{taken} taken, {refused} refused");
}

#[tokio::test]
async fn a_list_offers_all_that_its_reader_may_do_with_what_only_their_token_knows_as_theirs() {
    let (world, mona) = chess("moderator").await;
    let mona = mona.with_email("mona@work.example.org");
    let id = world.invite_address(&mona, "chess", &mona.email).await;
    world.pump().await;
    world.backdate_mail(&id).await;
    let listed = world.mine(&mona).await.invitations.remove(0);
    assert_eq!(listed.actions, world.invitation(&mona, &id).await.actions);
    let names: Vec<_> = listed.actions.iter().map(|action| &*action.id).collect();
    assert!(
        names.contains(&"RESEND_COMMUNITY_INVITATION") && names.contains(&"CANCEL_COMMUNITY_INVITATION"),
        "{names:?}"
    );
}

#[tokio::test]
async fn a_send_offers_what_the_invitation_offers_also_to_who_invites_themselves() {
    let (world, mona) = chess("moderator").await;
    let [quill] = world.people(["quill"]).await;
    let quill = quill.site_administrator().with_email("quill@work.example.org");
    for sender in [mona.with_email("mona@work.example.org"), quill] {
        let sent = world
            .send(&sender, "chess", json!({ "emails": [sender.email, format!("guest-of-{}", sender.email)] }))
            .await;
        for result in &sent.results {
            let seen = world.invitation(&sender, result.id()).await;
            assert_eq!(result.made().actions, seen.actions, "{}", sender.id);
            assert!(!seen.actions.is_empty());
        }
    }
}

#[tokio::test]
async fn the_page_offers_to_accept_only_what_can_be_accepted() {
    let world = World::new().await;
    let [mona, ann] = world.people(["mona", "ann"]).await;
    world.community_of("chess", &mona, "owner").await;
    world.invite_user(&mona, "chess", &ann).await;
    let link = world.deliver_mail().await.path("i");
    let offers = async |accept: bool| {
        let page = world.open(&link).await;
        assert_eq!(page.status, 200, "{}", page.body);
        assert_eq!(page.body.contains("value=\"accept\""), accept, "{}", page.body);
        assert!(page.body.contains("value=\"decline\""));
    };
    offers(true).await;
    world.community("chess", json!({ "allowInvitations": false })).await;
    offers(false).await;
    world.community("chess", json!({})).await;
    world.register_with(&ann, json!({ "active": false })).await;
    offers(false).await;
    world.register(&ann).await;
    world.directory("DELETE", "communities/none", Value::Null).await.succeeded();
    offers(true).await;
    world.submit(&link, "answer=accept").await.ok();
}
