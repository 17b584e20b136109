//! What the life of one accepted invitation writes, step by step and record by record: so each unit that is saved is
//! seen, and each that is lost is noticed.
//!
//! `cargo test -p embedded life -- --nocapture` prints it.

use std::fmt::Write as _;

use serde_json::json;
use testkit::{
    SesEvent,
    embedded::{Person, Usage, World, chess, person},
    template::template,
};

/// One step of a life: what it is called, how often functions behind the stream and the bus were invoked, and what it
/// used.
type Step = (&'static str, u32, Usage);

/// The steps of a life.
const STEPS: [&str; 6] = [
    "send",
    "deliver: the invitation",
    "feedback: it arrived",
    "accept behind the link",
    "deliver: the confirmations",
    "feedback: they arrived",
];

/// Hands over the stream as the mappings do where little happens: each gets by itself what has come since the last
/// time. Returns how often `deliver` was invoked.
async fn deliver(world: &World) -> u32 {
    let mut invocations = 0;
    loop {
        let changes = world.changes();
        if changes.is_empty() {
            return invocations;
        }
        for mapping in ["DeliverMapping", "MailMapping"] {
            let batch: Vec<_> = changes.iter().filter(|record| template().maps(mapping, record)).cloned().collect();
            if !batch.is_empty() {
                assert_eq!(world.hand_over(&batch).await, Vec::<serde_json::Value>::new());
                invocations += 1;
            }
        }
    }
}

/// Leads an invitation of the guest, who accepts it behind the link, through all its steps.
async fn lead(world: &World, sender: &Person, guest: &Person) -> Vec<Step> {
    let mut invocations = Vec::new();
    let mut usages = Vec::new();
    let mut note = |count| {
        invocations.push(count);
        usages.push(world.meter.take());
    };
    world.meter.take();
    let id = world.invite_user(sender, "chess", guest).await;
    note(0);
    let count = deliver(world).await;
    note(count);
    let link = world.fakes.take_mail().path("i");
    world.ses_event(&SesEvent::new("Delivery", &id).tag("revision", "1")).await;
    note(1 + deliver(world).await);
    assert_eq!(world.submit(&link, "answer=accept").await.status, 200);
    note(0);
    let count = deliver(world).await;
    note(count);
    let mails = world.fakes.take_mails();
    for mail in &mails {
        world.ses_event(&SesEvent::new("Delivery", &id).tag("mail", mail.tag("mail")).tag("revision", "3")).await;
    }
    let count = u32::try_from(mails.len()).unwrap();
    note(count + deliver(world).await);
    assert_eq!(world.role(guest, "chess").await.as_deref(), Some("member"));
    STEPS.into_iter().zip(invocations).zip(usages).map(|((name, count), usage)| (name, count, usage)).collect()
}

/// The life as a table.
fn table(steps: &[Step]) -> String {
    let mut table = "| Step | Requests | Read units | Write units | of indexes | Invocations | Writes |\n\
                     |---|--:|--:|--:|--:|--:|---|\n"
        .to_owned();
    for (name, invocations, usage) in steps {
        let writes: Vec<_> = usage.writes.iter().map(|(write, count)| format!("{count} {write}")).collect();
        let (requests, writes) = (usage.total(), writes.join(", "));
        let Usage { read_units, write_units, index_units, .. } = usage;
        writeln!(
            table,
            "| {name} | {requests} | {read_units} | {write_units} | {index_units} | {invocations} | {writes} |"
        )
        .unwrap();
    }
    table
}

#[tokio::test]
#[allow(clippy::print_stdout, reason = "it is there to be read")]
async fn the_life_of_an_accepted_invitation_keeps_to_its_write_units() {
    let mut over = Vec::new();
    // The setting, how many have answered the same sender before, and the most units of each step.
    for (notices, before, most) in [
        ("each", 0, [17.0, 9.0, 5.0, 20.0, 8.0, 0.0]),
        ("digest", 0, [17.0, 9.0, 5.0, 20.0, 9.0, 0.0]),
        ("digest", 2, [17.0, 9.0, 5.0, 20.0, 12.0, 0.0]),
        ("none", 0, [17.0, 9.0, 5.0, 18.0, 6.0, 0.0]),
    ] {
        let (world, mona) = chess("moderator").await;
        world.settings(json!({ "senderNotices": notices })).await;
        for guest in world.users(before + 1).await.iter().take(before) {
            lead(&world, &mona, &person(guest)).await;
        }
        let steps = lead(&world, &mona, &person(&format!("user{before}"))).await;
        let units: f64 = steps.iter().map(|(.., usage)| usage.write_units).sum();
        println!("senderNotices {notices}, after {before} answers: {units} write units\n\n{}", table(&steps));
        let bounded = steps.iter().zip(most);
        over.extend(
            bounded
                .filter(|((.., usage), most)| usage.write_units > *most)
                .map(|((name, ..), most)| format!("{notices}, after {before} answers: {name} takes more than {most}")),
        );
    }
    assert_eq!(over, Vec::<String>::new());
}
