//! Random lives of invitations: whatever is asked, by whomever and whenever, the rules of the lifecycle hold.

use jiff::SignedDuration;
use proptest::prelude::*;

use super::*;
use crate::{
    community::{Community, CommunityType, Enrolment, MembershipMode, Visibility},
    email::EmailAddress,
    field::Whole,
    id::{CommunityId, InvitationId},
    invitation::CommunityLabel,
    outbox::RequestSize,
    person::{Caller, MailboxWish, Role, Standing, Unwilling},
    sending::{Recipient, SendingRights, Terms, ask_moderators},
    surroundings::SenderNow,
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
    Transfer,
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
        1 => Just(Act::Transfer),
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

fn community() -> Community {
    Community {
        id: "chess".parse().unwrap(),
        title: "Chess".parse().unwrap(),
        url: None,
        description: None,
        rules_url: None,
        member_count: None,
        visibility: Visibility::Public,
        enrolment: Enrolment::Closed,
        allow_invitations: true,
        membership_mode: None,
    }
}

/// The invitee as the sender finds them.
fn recipient(by_address: bool, standing: Standing) -> Recipient {
    if by_address {
        Recipient::Address { email: address(), standing, suppressed: false }
    } else {
        Recipient::User { user: Box::new(invitee()), standing, connected: true, suppressed: false, typed: None }
    }
}

/// Surroundings in which nothing stands in the way of an invitation.
fn surroundings(by_address: bool) -> Surroundings {
    Surroundings {
        community: Fact::Known(Some(community())),
        sender: Fact::Known(SenderNow { user: Some(someone("sender")), role: Some(Role::Moderator) }),
        invitee: Fact::Known(recipient(by_address, Standing::default())),
        mailbox_owner: Fact::Unread,
    }
}

fn terms(needs_approval: bool, mode: MembershipMode) -> Terms {
    Terms {
        community: CommunityLabel {
            id: "chess".parse().unwrap(),
            title: "Chess".to_owned(),
            url: None,
            community_type: CommunityType::Community,
        },
        community_since: None,
        sender: Sender::from(&someone("sender")),
        message: Some("Do come, says %sender%.".parse().unwrap()),
        lifetime_days: 30,
        mode,
        silent: false,
        rights: SendingRights { needs_approval, connections_only: false },
        now: Timestamp::from_second(1_800_000_000).unwrap(),
        reminder_at: None,
    }
}

/// The invitation as it is made.
fn made(by_address: bool, needs_approval: bool, mode: MembershipMode) -> Transition {
    let recipient = recipient(by_address, Standing::default());
    terms(needs_approval, mode).make(InvitationId::new(1_800_000_000_000, [7; 10]), &recipient).unwrap()
}

/// The transition that the act comes to, if it is let through. Whatever role must be read is read.
fn act(act: &Act, invitation: &Invitation, now: Timestamp) -> Result<Option<Transition>, Refusal> {
    let settings = Settings::default();
    let (ann, key) = (invitee(), address().key());
    let mailbox = Mailbox { address: key, owner: Some(ann.id.clone()) };
    let around = surroundings(matches!(invitation.invitee, Invitee::Address { .. }));
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
                decide(command, invitation, &viewer, &around, &settings, now)
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
                Verdict::SurroundingsNeeded => panic!("the surroundings were told"),
            }
        }
        Act::ByLink(command) => decide_by_link(command, invitation, &mailbox, &settings, now)?,
        Act::Unsubscribe => unsubscribe(invitation, &mailbox, &settings, now)?,
        Act::Expire => return Ok(expire(invitation, now)),
        Act::Withdraw => return Ok(withdraw(invitation, WithdrawalReason::CommunityRemoved, now)),
        Act::Transfer if matches!(invitation.invitee, Invitee::Address { .. }) => {
            return Ok(transfer(invitation, &invitee(), now));
        }
        Act::Transfer => return Ok(None),
        Act::EraseInvitee => return Ok(erase(invitation, &invitee().id, Some(&address().key()), now)),
        Act::EraseSender => return Ok(erase(invitation, &invitation.sender.id, None, now)),
        Act::Track(state) => return Ok(track(invitation, *state, now)),
    };
    match verdict {
        Verdict::Change(transition) => Ok(Some(*transition)),
        Verdict::Unchanged => Ok(None),
        Verdict::RoleNeeded | Verdict::SurroundingsNeeded => panic!("all of it was told"),
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
            StandingChange::Join { invitation, .. } | StandingChange::Enrol { invitation, .. } => Some(*invitation),
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
    // A withdrawal says why, once and for all.
    if before.status.is_final() {
        assert_eq!(after.withdrawal, before.withdrawal);
    }
    assert!(after.withdrawal.is_none() || after.status == Status::Cancelled, "{after:?}");
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
        assert!(transition.standings.iter().any(|(changed, _)| *changed == party), "still live: {transition:?}");
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

#[test]
fn whoever_joins_by_what_an_address_got_ends_their_own_invitation_with_it() {
    let settings = Settings::default();
    let (mailed, own) = (made(true, false, MembershipMode::Acceptance), made(false, false, MembershipMode::Acceptance));
    let own = Invitation { id: InvitationId::new(1_800_000_000_000, [8; 10]), ..own.invitation };
    let (mailed, now) = (mailed.invitation, own.created_at);
    let ann = invitee();
    let caller =
        Caller { id: ann.id.clone(), site_administrator: false, email: ann.email.clone(), email_verified: true };
    let viewer = Viewer { caller: &caller, user: Some(&ann), role: RoleFact::Unread };
    let Ok(Verdict::Change(mut accepted)) =
        decide(&Command::Accept, &mailed, &viewer, &Surroundings::default(), &settings, now)
    else {
        panic!("it is hers to accept")
    };
    let (ann, address) = (Party::User(ann.id.clone()), Party::Address(address().key()));
    let join = |ends| (ann.clone(), StandingChange::Join { invitation: mailed.id, ends });
    let release = StandingChange::Release { invitation: mailed.id };
    assert_eq!(accepted.standings, [(address.clone(), release.clone()), join(mailed.id)]);
    let withdrawn = make_moot(&mut accepted, &own, now).expect("it is live");
    assert_eq!(accepted.standings, [(address.clone(), release), join(own.id)]);
    let (status, why) = (withdrawn.invitation.status, withdrawn.invitation.withdrawal);
    assert_eq!((status, why), (Status::Cancelled, Some(WithdrawalReason::JoinedAnotherWay)));
    assert!(withdrawn.mails.is_empty());
    // What is not live ends in the standing alone.
    assert_eq!(make_moot(&mut accepted, &withdrawn.invitation, now), None);
    assert_eq!(accepted.standings[1], join(own.id));
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
    let (settings, key, ann) = (Settings::default(), address().key(), invitee().id);
    let nobodys = Mailbox { address: key.clone(), owner: None };
    let anothers = Mailbox { address: key.clone(), owner: Some("mallory".parse().unwrap()) };
    let own = Mailbox { address: key.clone(), owner: Some(ann.clone()) };
    for command in [Command::Accept, Command::Decline { block: false }, Command::Decline { block: true }] {
        let answer = |mailbox: &Mailbox| decide_by_link(&command, &invitation, mailbox, &settings, now);
        for mailbox in [&nobodys, &anothers] {
            assert_eq!(answer(mailbox), Err(Refusal::SignInNeeded), "{command:?} {mailbox:?}");
        }
        let Ok(Verdict::Change(done)) = answer(&own) else { panic!("the invitee's own address must do") };
        let guard = match command {
            Command::Accept => Guard::OwnedByActive(key.clone(), ann.clone()),
            _ => Guard::Owned(key.clone(), ann.clone()),
        };
        assert!(done.guards.contains(&guard), "{done:?}");
    }
    // Of mails, the reader of the address may have enough; but only the address does, and whose it is by now.
    for mailbox in [nobodys, anothers] {
        let Ok(Verdict::Change(done)) = unsubscribe(&invitation, &mailbox, &settings, now) else {
            panic!("it must do")
        };
        let itself = (Party::Address(key.clone()), StandingChange::Block { anew: true });
        let wish = MailboxWish { address: key.clone(), cooling_until: None, blocked: true };
        let owner = mailbox.owner.clone().map(|owner| (Party::User(owner), StandingChange::Mailbox(wish)));
        assert_eq!(done.standings, [Some(itself), owner].into_iter().flatten().collect::<Vec<_>>());
        assert_eq!((done.invitation.status, done.guards), (Status::Pending, vec![mailbox.guard()]));
    }
}

/// The verdict on the command of a moderator.
fn moderated(command: &Command, invitation: &Invitation, around: &Surroundings) -> Result<Verdict, Refusal> {
    let user = someone("moderator");
    let caller = Caller { id: user.id.clone(), site_administrator: false, email: None, email_verified: false };
    let viewer = Viewer { caller: &caller, user: Some(&user), role: RoleFact::Known(Some(Role::Moderator)) };
    // Long enough for a mail to be sent again.
    let now = later(invitation.created_at, SignedDuration::from_hours(2));
    decide(command, invitation, &viewer, around, &Settings::default(), now)
}

#[test]
fn sending_approving_and_resending_ask_the_same_of_the_invitee() {
    let later = later(terms(false, MembershipMode::Acceptance).now, SignedDuration::from_hours(24));
    let wish = |address: AddressKey| MailboxWish { address, cooling_until: None, blocked: true };
    let elsewhere = "new@example.org".parse::<EmailAddress>().unwrap().key();
    let standing = Standing::default();
    let standings = [
        (standing.clone(), None),
        (Standing { role: Some(Role::Member), ..standing.clone() }, Some("member")),
        (Standing { blocked: true, ..standing.clone() }, Some("unavailable")),
        (Standing { cooling_until: Some(later), ..standing.clone() }, Some("unavailable")),
        (Standing { mailbox: Some(wish(elsewhere)), ..standing.clone() }, None),
        (
            Standing { live_invitation: Some(InvitationId::from_bytes([9; 16])), live_until: Some(later), ..standing },
            Some("unavailable"),
        ),
    ];
    let mut cases = Vec::new();
    for (standing, refused) in standings {
        cases.extend([false, true].map(|by_address| (recipient(by_address, standing.clone()), refused)));
    }
    let mailbox = |wish| Standing { mailbox: Some(wish), ..Standing::default() };
    let user = |user, standing, suppressed| Recipient::User {
        user: Box::new(user),
        standing,
        connected: true,
        suppressed,
        typed: None,
    };
    let own = address().key();
    cases.extend(
        [
            Recipient::UnknownUser,
            user(User { active: false, ..invitee() }, Standing::default(), false),
            user(invitee(), Standing::default(), true),
            user(invitee(), mailbox(wish(own.clone())), false),
            user(invitee(), mailbox(MailboxWish { cooling_until: Some(later), blocked: false, ..wish(own) }), false),
            Recipient::Address { email: address(), standing: Standing::default(), suppressed: true },
        ]
        .map(|recipient| (recipient, Some("unavailable"))),
    );
    for (recipient, refused) in cases {
        let by_address = matches!(recipient, Recipient::Address { .. });
        let around = Surroundings { invitee: Fact::Known(recipient.clone()), ..surroundings(by_address) };
        let made_anew = terms(false, MembershipMode::Acceptance).make(InvitationId::from_bytes([8; 16]), &recipient);
        assert_eq!(made_anew.is_err(), refused.is_some(), "{recipient:?}");
        for (command, needs_approval) in [(Command::Approve, true), (Command::Resend, false)] {
            let invitation = made(by_address, needs_approval, MembershipMode::Acceptance).invitation;
            let status = invitation.status;
            let expected = match refused {
                Some("member") => Some(Refusal::AlreadyMember(status)),
                Some(_) => Some(Refusal::InviteeUnavailable(status)),
                None => None,
            };
            assert_eq!(moderated(&command, &invitation, &around).err(), expected, "{command:?} {recipient:?}");
        }
    }
}

#[test]
fn approving_asks_of_the_sender_what_sending_asked() {
    let request = made(false, true, MembershipMode::Acceptance).invitation;
    let sender = |user: Option<User>, role| Fact::Known(SenderNow { user, role });
    let known = || Some(someone("sender"));
    let club = |community| Fact::Known(Some(community));
    let stranger = Recipient::User {
        user: Box::new(invitee()),
        standing: Standing::default(),
        connected: false,
        suppressed: false,
        typed: None,
    };
    let fine = || surroundings(false);
    let may_not = Refusal::SenderMayNotInvite(Status::AwaitingApproval);
    let member = || sender(known(), Some(Role::Member));
    for (around, refused) in [
        (fine(), None),
        (Surroundings { sender: member(), ..fine() }, None),
        (Surroundings { invitee: Fact::Known(stranger.clone()), ..fine() }, None),
        (Surroundings { sender: member(), invitee: Fact::Known(stranger), ..fine() }, Some(&may_not)),
        (Surroundings { sender: sender(None, Some(Role::Member)), ..fine() }, Some(&may_not)),
        (
            Surroundings {
                sender: sender(Some(User { active: false, ..someone("sender") }), Some(Role::Owner)),
                ..fine()
            },
            Some(&may_not),
        ),
        (Surroundings { sender: sender(known(), None), ..fine() }, Some(&may_not)),
        (
            Surroundings { community: club(Community { enrolment: Enrolment::Network, ..community() }), ..fine() },
            Some(&may_not),
        ),
        (
            Surroundings {
                sender: member(),
                community: club(Community { visibility: Visibility::Private, ..community() }),
                ..fine()
            },
            Some(&may_not),
        ),
        (
            Surroundings { community: club(Community { allow_invitations: false, ..community() }), ..fine() },
            Some(&Refusal::InvitationsNotAllowed),
        ),
        (Surroundings { community: Fact::Known(None), ..fine() }, Some(&Refusal::CommunityNotFound)),
    ] {
        assert_eq!(moderated(&Command::Approve, &request, &around).err().as_ref(), refused, "{around:?}");
    }
    assert_eq!(moderated(&Command::Approve, &request, &Surroundings::default()), Ok(Verdict::SurroundingsNeeded));
}

#[test]
fn what_a_mailbox_wants_counts_while_it_is_the_users_and_the_longer_wish_holds() {
    let now = Timestamp::from_second(1_800_000_000).unwrap();
    let at = |seconds| later(now, SignedDuration::from_secs(seconds));
    let (here, there) = (address(), "new@example.org".parse::<EmailAddress>().unwrap());
    let wish = |cooling_until, blocked| MailboxWish { address: here.key(), cooling_until, blocked };
    let standing = |own, mailbox| Standing { cooling_until: own, mailbox: Some(mailbox), ..Standing::default() };
    for (standing, at_home, elsewhere) in [
        (standing(None, wish(None, true)), Some(Unwilling::ForEver), None),
        (standing(None, wish(Some(at(9)), false)), Some(Unwilling::Until(at(9))), None),
        (standing(None, wish(Some(now), false)), None, None),
        (standing(Some(at(5)), wish(Some(at(9)), false)), Some(Unwilling::Until(at(9))), Some(Unwilling::Until(at(5)))),
        (standing(Some(at(9)), wish(Some(at(5)), false)), Some(Unwilling::Until(at(9))), Some(Unwilling::Until(at(9)))),
        (standing(Some(at(9)), wish(None, true)), Some(Unwilling::ForEver), Some(Unwilling::Until(at(9)))),
    ] {
        assert_eq!(standing.unwilling_at(Some(&here), now), at_home, "{standing:?}");
        for other in [Some(&there), None] {
            assert_eq!(standing.unwilling_at(other, now), elsewhere, "{standing:?}");
        }
    }
    let both = wish(Some(at(5)), false).and(Some(&wish(Some(at(9)), true)));
    assert_eq!(both, wish(Some(at(9)), true));
    let other = MailboxWish { address: there.key(), ..wish(None, true) };
    assert_eq!(wish(Some(at(5)), false).and(Some(&other)), wish(Some(at(5)), false));
}

#[test]
fn who_is_told_of_an_answer_is_for_the_network_to_say() {
    let invitation = made(false, false, MembershipMode::Acceptance).invitation;
    let mailbox = Mailbox { address: address().key(), owner: Some(invitee().id) };
    let told = |command: &Command, settings: &Settings| match decide_by_link(
        command,
        &invitation,
        &mailbox,
        settings,
        invitation.created_at,
    )
    .unwrap()
    {
        Verdict::Change(transition) => transition.mails.into_iter().map(|mail| mail.to).collect::<Vec<_>>(),
        other => panic!("{other:?}"),
    };
    let (accept, decline) = (Command::Accept, Command::Decline { block: false });
    let default = Settings::default();
    assert_eq!(told(&accept, &default), [Addressee::Invitee, Addressee::Sender]);
    assert_eq!(told(&decline, &default), [Addressee::Sender]);
    let unconfirmed = Settings { invitee_confirmation: false, ..default.clone() };
    assert_eq!(told(&accept, &unconfirmed), [Addressee::Sender]);
    let silent = Settings { sender_notices: SenderNotices::None, ..default };
    assert_eq!(told(&accept, &silent), [Addressee::Invitee]);
    assert_eq!(told(&decline, &silent), []);
}

#[test]
fn a_reminder_is_queued_once_from_the_moment_an_invitation_is_offered() {
    let reminders = |transition: &Transition| -> Vec<_> {
        let of_kind = transition.mails.iter().filter(|mail| mail.kind == MailKind::Reminder);
        of_kind.map(|mail| (mail.to.clone(), mail.not_before)).collect()
    };
    let (now, recipient) = (terms(false, MembershipMode::Acceptance).now, recipient(false, Standing::default()));
    let id = InvitationId::new(1_800_000_000_000, [7; 10]);
    let at = |days| Some(days_later(now, days));
    let made = |needs_approval, mode| {
        Terms { reminder_at: at(27), ..terms(needs_approval, mode) }.make(id, &recipient).unwrap()
    };
    assert_eq!(reminders(&made(false, MembershipMode::Acceptance)), [(Addressee::Invitee, at(27))]);
    assert_eq!(reminders(&made(false, MembershipMode::Automatic)), [], "a member has nothing to answer");
    let asked = made(true, MembershipMode::Acceptance);
    assert_eq!(reminders(&asked), [], "nobody hears of a request");

    let settings = Settings { reminder_days_before_expiry: const { Whole::new(3) }, ..Settings::default() };
    let approved_at = days_later(now, 2);
    let step = Step { invitation: &asked.invitation, now: approved_at };
    match step.approve(&someone("moderator").id, &surroundings(false), &settings).unwrap() {
        Verdict::Change(approved) => assert_eq!(reminders(&approved), [(Addressee::Invitee, at(29))]),
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_moderators_are_asked_once_for_all_that_one_request_asks_for() {
    let ask = |needs_approval, count: u16| {
        let mut all: Vec<_> = (0..3).map(|_| made(false, needs_approval, MembershipMode::Acceptance)).collect();
        let size = RequestSize { places: 5, invitations: count };
        let asked = ask_moderators(all.iter_mut(), size);
        let mails: Vec<_> =
            all.into_iter().map(|one| one.mails.into_iter().find(|m| m.to == Addressee::Moderators)).collect();
        (asked, mails)
    };
    let mail = |request| NewMail { request, ..NewMail::new(MailKind::ApprovalNeeded, Addressee::Moderators) };
    let several = Some(RequestSize { places: 5, invitations: 3 });
    assert_eq!(ask(true, 3), (true, vec![Some(mail(several)), None, None]));
    assert_eq!(ask(true, 1), (true, vec![Some(mail(None)), None, None]), "one is asked for by name");
    assert_eq!(ask(false, 3), (false, vec![None, None, None]));
}
