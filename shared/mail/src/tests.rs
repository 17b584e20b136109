//! What every mail and page looks like, in every language, and that people's own words cannot change it.

mod direction;
mod mails;
mod pages;
mod plain;

use crate::Links;
use domain::{
    community::{Community, Enrolment, MembershipMode, Visibility},
    invitation::{CommunityLabel, Invitation, Invitee, Sender},
    sending::{SendingRights, Terms},
    settings::Settings,
};

fn links() -> Links {
    Links {
        accept: "https://invite.example.org/i/TOKEN?intent=accept".into(),
        decline: "https://invite.example.org/i/TOKEN?intent=decline".into(),
        unsubscribe: "https://invite.example.org/u/TOKEN".into(),
    }
}

fn community() -> Community {
    Community {
        id: "gardening".parse().unwrap(),
        title: "Gardening Friends".parse().unwrap(),
        url: Some("https://platform.example.org/c/gardening".parse().unwrap()),
        description: Some("Seeds, soil & sunshine.\nWe meet every other Saturday.".parse().unwrap()),
        rules_url: Some("https://platform.example.org/c/gardening/rules".parse().unwrap()),
        member_count: Some(1204.try_into().unwrap()),
        visibility: Visibility::Public,
        enrolment: Enrolment::Open,
        allow_invitations: true,
        membership_mode: None,
    }
}

fn settings() -> Settings {
    Settings {
        product_name: "Commons".parse().unwrap(),
        logo_url: Some("https://platform.example.org/logo.png".parse().unwrap()),
        support_email: Some("help@platform.example.org".parse().unwrap()),
        postal_address: Some("Commons Cooperative\n1 Market Square\n12345 Sampleton".parse().unwrap()),
        ..Settings::default()
    }
}

fn invitation() -> Invitation {
    let terms = Terms {
        community: CommunityLabel::from(&community()),
        community_since: None,
        sender: Sender {
            id: "ada".parse().unwrap(),
            display_name: Some("Ada Lovelace".into()),
            profile_url: Some("https://platform.example.org/u/ada".into()),
        },
        message: None,
        lifetime_days: 30,
        mode: MembershipMode::Acceptance,
        silent: false,
        rights: SendingRights { needs_approval: false, connections_only: false },
        now: "2026-11-22T09:30:00Z".parse().unwrap(),
        reminder_at: None,
    };
    let invitee =
        Invitee::User { id: "grace".parse().unwrap(), display_name: Some("Grace O'Hopper".into()), invited_as: None };
    terms.invitation("01JBC0000000000000000000AA".parse().unwrap(), invitee)
}
