//! Random lives of invitations: whatever is asked, by whomever and whenever, the rules of the lifecycle hold.

use jiff::SignedDuration;
use proptest::prelude::*;

use super::*;
use crate::{
    community::{CommunityType, MembershipMode},
    email::EmailAddress,
    id::{CommunityId, InvitationId},
    invitation::CommunityLabel,
    person::{Caller, Role, Standing},
    sending::{Recipient, SendingRights, Terms},
    time::later,
};

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Who {
    Invitee,
    Sender,
    Moderator,
    Stranger,
    SiteAdministrator,
}

/// What is done.
#[derive(Debug, Clone)]
enum Act {
    Command(Command, Who),
    ByLink(Command),
    Unsubscribe,
    Expire,
    Withdraw,
    Claim,
    EraseInvitee,
    EraseSender,
    Track(DeliveryState),
}

fn commands() -> impl Strategy<Value = Command> {
    prop_oneof![
        Just(Command::Accept),
        any::<bool>().prop_map(|block| Command::Decline { block }),
        Just(Command::Cancel),
        Just(Command::Approve),
        Just(Command::Reject { reason: None }),
        Just(Command::Resend),
    ]
}

fn acts() -> impl Strategy<Value = Act> {
    let who = prop_oneof![
        3 => Just(Who::Invitee),
        2 => Just(Who::Sender),
        3 => Just(Who::Moderator),
        1 => Just(Who::Stranger),
        1 => Just(Who::SiteAdministrator),
    ];
    let states = prop_oneof![
        Just(DeliveryState::Failed),
        Just(DeliveryState::Sent),
        Just(DeliveryState::Delivered),
        Just(DeliveryState::Bounced),
        Just(DeliveryState::Complained),
    ];
    prop_oneof![
        8 => (commands(), who).prop_map(|(command, who)| Act::Command(command, who)),
        2 => commands().prop_map(Act::ByLink),
        1 => Just(Act::Unsubscribe),
        1 => Just(Act::Expire),
        1 => Just(Act::Withdraw),
        1 => Just(Act::Claim),
        1 => Just(Act::EraseInvitee),
        1 => Just(Act::EraseSender),
        2 => states.prop_map(Act::Track),
    ]
}

fn invitee() -> User {
    User {
        id: "ann".parse().unwrap(),
        display_name: "Ann".parse().unwrap(),
        profile_url: None,
        email: Some(address()),
        email_verified: true,
        active: true,
        locale: None,
    }
}

fn address() -> EmailAddress {
    "ann@example.org".parse().unwrap()
}

fn someone(id: &str) -> User {
    User { id: id.parse().unwrap(), display_name: id.parse().unwrap(), email: None, email_verified: false, ..invitee() }
}

/// The invitation as it is made.
fn made(by_address: bool, needs_approval: bool, mode: MembershipMode) -> Transition {
    let terms = Terms {
        community: CommunityLabel {
            id: "chess".parse().unwrap(),
            title: "Chess".to_owned(),
            url: None,
            community_type: CommunityType::Community,
        },
        sender: Sender::from(&someone("sender")),
        message: Some("Do come, says %sender%.".parse().unwrap()),
        lifetime_days: 30,
        mode,
        rights: SendingRights { needs_approval, connections_only: false },
        now: Timestamp::from_second(1_800_000_000).unwrap(),
    };
    let standing = Standing::default();
    let recipient = if by_address {
        Recipient::Address { email: address(), standing, suppressed: false }
    } else {
        Recipient::User { user: Box::new(invitee()), standing, connected: true, suppressed: false, typed: None }
    };
    terms.make(InvitationId::new(1_800_000_000_000, [7; 10]), &recipient).unwrap()
}

/// The transition that the act comes to, if it is let through. Whatever role must be read is read.
fn act(act: &Act, invitation: &Invitation, now: Timestamp) -> Result<Option<Transition>, Refusal> {
    let settings = Settings::default();
    let (ann, key) = (invitee(), address().key());
    let holder = Holder { address: &key, invitee: InviteeFact::Known(Some(&ann)) };
    let verdict = match act {
        Act::Command(command, who) => {
            let (id, role) = match who {
                Who::Invitee => ("ann", None),
                Who::Sender => ("sender", Some(Role::Member)),
                Who::Moderator => ("moderator", Some(Role::Moderator)),
                Who::Stranger => ("stranger", None),
                Who::SiteAdministrator => ("root", None),
            };
            let user = if *who == Who::Invitee { invitee() } else { someone(id) };
            let caller = Caller {
                id: user.id.clone(),
                site_administrator: *who == Who::SiteAdministrator,
                email: user.email.clone(),
                email_verified: user.email_verified,
            };
            let ask = |role| {
                let viewer = Viewer { caller: &caller, user: Some(&user), role };
                decide(command, invitation, &viewer, &settings, now)
            };
            match ask(RoleFact::Unread)? {
                Verdict::RoleNeeded => ask(RoleFact::Known(role))?,
                // What is provided for is a guard of the write: it fails for whoever has no such role.
                Verdict::Change(transition) => {
                    let holds = transition.guards.iter().all(|guard| match guard {
                        Guard::Moderates(..) => role.is_some_and(Role::moderates),
                        Guard::Belongs(..) => role.is_some(),
                        _ => true,
                    });
                    if holds { Verdict::Change(transition) } else { ask(RoleFact::Known(role))? }
                }
                Verdict::Unchanged => Verdict::Unchanged,
            }
        }
        Act::ByLink(command) => decide_by_link(command, invitation, &holder, &settings, now)?,
        Act::Unsubscribe => unsubscribe(invitation, &holder, &settings, now)?,
        Act::Expire => return Ok(expire(invitation, now)),
        Act::Withdraw => return Ok(withdraw(invitation, now)),
        Act::Claim if matches!(invitation.invitee, Invitee::Address { .. }) => {
            return Ok(transfer(invitation, &invitee(), now));
        }
        Act::Claim => return Ok(None),
        Act::EraseInvitee => return Ok(erase(invitation, &invitee().id, Some(&address().key()), now)),
        Act::EraseSender => return Ok(erase(invitation, &invitation.sender.id, None, now)),
        Act::Track(state) => return Ok(track(invitation, *state, now)),
    };
    match verdict {
        Verdict::Change(transition) => Ok(Some(*transition)),
        Verdict::Unchanged => Ok(None),
        Verdict::RoleNeeded => panic!("the role was told"),
    }
}

/// Whether SPEC's picture of the lifecycle has the step.
fn is_drawn(from: Status, to: Status, invitation: &Invitation) -> bool {
    use Status::{Accepted, AwaitingApproval, Cancelled, Declined, Expired, Pending, Rejected};
    match (from, to) {
        (AwaitingApproval, Pending | Rejected | Cancelled | Expired)
        | (Pending, Accepted | Declined | Cancelled | Expired) => true,
        // Automatic mode: approval makes a member of a user.
        (AwaitingApproval, Accepted) => invitation.joins_on_approval,
        _ => from == to,
    }
}

/// The memberships that the transition makes.
fn joins(transition: &Transition) -> Vec<&Party> {
    let joins = transition.standings.iter().filter(|(_, change)| {
        let cause = match change {
            StandingChange::Join { invitation, .. } | StandingChange::Enrol { invitation } => Some(*invitation),
            _ => None,
        };
        cause.is_some_and(|cause| cause == transition.invitation.id)
    });
    joins.map(|(party, _)| party).collect()
}

fn check(before: &Invitation, transition: &Transition, now: Timestamp) {
    let after = &transition.invitation;
    assert_eq!(transition.from, Some(before.revision));
    assert_eq!(after.revision, before.revision + 1);
    assert_eq!((after.id, after.created_at), (before.id, before.created_at));
    assert_eq!((&after.community.id, &after.sender.id), (&before.community.id, &before.sender.id));
    // Nothing leaves a final state, and a lapsed lifetime is one.
    if before.status_at(now).is_final() {
        assert_eq!(after.status_at(now), before.status_at(now), "left a final state");
        assert_eq!((after.answered_at, after.invitee.party()), (before.answered_at, before.invitee.party()));
    }
    assert!(is_drawn(before.status, after.status, before), "{:?} to {:?}", before.status, after.status);
    // A member exactly when newly accepted, and for the one reason.
    let accepted = after.status == Status::Accepted && before.status != Status::Accepted;
    let expected = if accepted { vec![after.invitee.party()] } else { Vec::new() };
    assert_eq!(joins(transition), expected.iter().collect::<Vec<_>>());
    if accepted || (after.status == Status::Pending && before.status == Status::AwaitingApproval) {
        let community: CommunityId = after.community.id.clone();
        assert!(transition.guards.contains(&Guard::CommunityInvites(community)), "unguarded: {transition:?}");
    }
    // Whoever is not waiting any more holds nobody up, but for expiry, which needs no writing.
    if after.status.is_final() && !before.status.is_final() && after.status != Status::Expired {
        let party = before.invitee.party();
        assert!(transition.standings.iter().any(|(settled, _)| *settled == party), "still live: {transition:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn an_invitation_lives_by_the_rules_whatever_is_asked(
        by_address: bool,
        needs_approval: bool,
        automatic: bool,
        steps in prop::collection::vec((acts(), prop_oneof![Just(0), 0..7_200_i64, 0..40 * 86_400_i64]), 1..24),
    ) {
        let mode = if automatic { MembershipMode::Automatic } else { MembershipMode::Acceptance };
        let first = made(by_address, needs_approval, mode);
        prop_assert_eq!(joins(&first).len(), usize::from(first.invitation.status == Status::Accepted));
        let mut invitation = first.invitation;
        let mut now = invitation.created_at;
        let mut memberships = usize::from(invitation.status == Status::Accepted);
        for (step, seconds) in steps {
            now = later(now, SignedDuration::from_secs(seconds));
            let shown = invitation.status_at(now);
            match act(&step, &invitation, now) {
                Ok(Some(transition)) => {
                    check(&invitation, &transition, now);
                    memberships += joins(&transition).len();
                    invitation = transition.invitation;
                    // The same again changes nothing more.
                    if !matches!(step, Act::Command(Command::Decline { block: true } | Command::Resend, _) | Act::ByLink(Command::Decline { block: true }) | Act::Unsubscribe) {
                        let again = act(&step, &invitation, now);
                        prop_assert!(matches!(again, Ok(None)), "{step:?} again: {again:?}");
                    }
                }
                Err(Refusal::Conflict(status)) => prop_assert_eq!(status, shown, "the loser is told what won"),
                Ok(None) | Err(_) => {}
            }
            if matches!(step, Act::Command(_, Who::Stranger)) {
                let refused = act(&step, &invitation, now);
                prop_assert_eq!(refused, Err(Refusal::InvitationNotFound), "strangers learn nothing");
            }
            prop_assert_eq!(memberships, usize::from(invitation.status == Status::Accepted));
        }
    }
}

/// Every state that a mail may be in, with those that it may be in next.
#[test]
fn a_mail_goes_forward_but_for_a_late_refusal_and_an_operator() {
    use DeliveryState::{Bounced, Complained, Delivered, Failed, Queued, Sent};
    let next = |from: DeliveryState| {
        [Queued, Failed, Sent, Delivered, Bounced, Complained].into_iter().filter(move |to| from.leads_to(*to))
    };
    assert_eq!(next(Queued).collect::<Vec<_>>(), [Failed, Sent, Delivered, Bounced, Complained]);
    assert_eq!(next(Failed).collect::<Vec<_>>(), [Queued, Sent, Delivered, Bounced, Complained]);
    assert_eq!(next(Sent).collect::<Vec<_>>(), [Failed, Delivered, Bounced, Complained]);
    assert_eq!(next(Delivered).collect::<Vec<_>>(), [Bounced, Complained]);
    assert_eq!(next(Bounced).collect::<Vec<_>>(), [Complained]);
    assert_eq!(next(Complained).collect::<Vec<_>>(), []);
}

#[test]
fn a_link_that_was_mailed_to_an_unproven_address_answers_for_nobody() {
    let invitation = made(false, false, MembershipMode::Acceptance).invitation;
    let now = invitation.created_at;
    let (settings, key) = (Settings::default(), address().key());
    let elsewhere = "mallory@example.org".parse::<EmailAddress>().unwrap().key();
    let unverified = User { email_verified: false, ..invitee() };
    let verified = invitee();
    for command in [Command::Accept, Command::Decline { block: false }, Command::Decline { block: true }] {
        let answer = |holder: &Holder<'_>| decide_by_link(&command, &invitation, holder, &settings, now);
        for holder in [
            Holder { address: &key, invitee: InviteeFact::Known(Some(&unverified)) },
            Holder { address: &elsewhere, invitee: InviteeFact::Known(Some(&verified)) },
            Holder { address: &key, invitee: InviteeFact::Known(None) },
        ] {
            assert_eq!(answer(&holder), Err(Refusal::SignInNeeded), "{command:?} {holder:?}");
        }
        let Ok(Verdict::Change(done)) = answer(&Holder { address: &key, invitee: InviteeFact::Known(Some(&verified)) })
        else {
            panic!("the invitee's own address must do")
        };
        assert!(done.guards.contains(&Guard::Owned(key.clone(), verified.id.clone())), "{done:?}");
    }
    // Of mails, the reader of the address may have enough; but only the address does.
    let holder = Holder { address: &key, invitee: InviteeFact::Known(Some(&unverified)) };
    let Ok(Verdict::Change(done)) = unsubscribe(&invitation, &holder, &settings, now) else { panic!("it must do") };
    assert_eq!(done.standings, [(Party::Address(key.clone()), StandingChange::Block { anew: true })]);
    assert_eq!(done.invitation.status, Status::Pending);
}
