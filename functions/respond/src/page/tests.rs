//! What every page looks like, in both languages, and that nobody can make it look like anything else.

use super::*;
use domain::{
    community::{Enrolment, Visibility},
    invitation::{Invitee, Sender},
};

const LOCALES: [Locale; 2] = [Locale::En, Locale::De];
const LINK: &str = "https://invite.example.org/i/TOKEN";
const REGISTER: &str = "https://platform.example.org/register?return_to=https%3A%2F%2Finvite.example.org%2Fi%2FTOKEN";

fn community() -> Community {
    Community {
        id: "gardening".parse().unwrap(),
        title: "Gardening Friends".into(),
        url: Some("https://platform.example.org/c/gardening".into()),
        description: Some("Seeds, soil & sunshine.\nWe meet every other Saturday.".into()),
        rules_url: Some("https://platform.example.org/c/gardening/rules".into()),
        member_count: Some(1204),
        visibility: Visibility::Public,
        enrolment: Enrolment::Open,
        allow_invitations: true,
        membership_mode: None,
    }
}

fn settings() -> Settings {
    Settings {
        product_name: "Commons".into(),
        support_email: Some("help@platform.example.org".into()),
        ..Settings::default()
    }
}

fn invitation() -> Invitation {
    Invitation {
        id: "01JBC0000000000000000000AA".parse().unwrap(),
        community: CommunityLabel::from(&community()),
        sender: Sender {
            id: "ada".parse().unwrap(),
            display_name: Some("Ada Lovelace".into()),
            profile_url: Some("https://platform.example.org/u/ada".into()),
        },
        invitee: Invitee::address("grace@example.org".parse().unwrap()),
        status: Status::Pending,
        message: None,
        created_at: "2026-11-22T09:30:00Z".parse().unwrap(),
        expires_at: "2026-12-22T09:30:00Z".parse().unwrap(),
        lifetime_days: 30,
        joins_on_approval: false,
        answered_at: None,
        decided_by: None,
        reason: None,
        delivery: None,
        mailed_at: None,
        revision: 1,
    }
}

fn personal() -> Invitation {
    let message = "Dear Grace,\n\nyou belong in the %community% %type%. See https://evil.example/x <3";
    Invitation { message: Some(message.parse().unwrap()), ..invitation() }
}

fn offer<'a>(invitation: &'a Invitation, community: Option<&'a Community>, answering: Answering<'a>) -> Page<'a> {
    Page::Offer(Offer { invitation, community, intent: Intent::Accept, answering })
}

fn outcomes() -> [(&'static str, Outcome); 14] {
    [
        ("accepted", Outcome::Accepted),
        ("declined", Outcome::Declined { blocked: false }),
        ("declined_and_blocked", Outcome::Declined { blocked: true }),
        ("already_accepted", Outcome::AlreadyAccepted),
        ("already_declined", Outcome::AlreadyDeclined),
        ("expired", Outcome::Expired),
        ("cancelled", Outcome::Cancelled),
        ("awaiting_approval", Outcome::AwaitingApproval),
        ("rejected", Outcome::Rejected),
        ("invitations_not_allowed", Outcome::InvitationsNotAllowed),
        ("already_member", Outcome::AlreadyMember),
        ("invitee_inactive", Outcome::InviteeInactive),
        ("unsubscribe", Outcome::Unsubscribe),
        ("unsubscribed", Outcome::Unsubscribed),
    ]
}

fn html(page: &Page<'_>, locale: Locale) -> String {
    page.render(&settings(), locale).unwrap()
}

/// The page without the style sheet, which is reviewed in its own file.
fn without_style(html: &str) -> String {
    html.replace(STYLE, "…")
}

fn snapshot(name: &str, page: &Page<'_>) {
    for locale in LOCALES {
        let (html, language) = (html(page, locale), words::language_tag(locale));
        // For a look in a browser: PAGE_DUMP=/some/folder cargo test -p respond page
        if let Ok(folder) = std::env::var("PAGE_DUMP") {
            std::fs::write(format!("{folder}/{language}.{name}.html"), &html).unwrap();
        }
        insta::assert_snapshot!(format!("{language}.{name}"), without_style(&html));
    }
}

#[test]
fn an_offer_shows_all_that_one_needs_to_know_and_two_buttons() {
    let (plain, personal, community) = (invitation(), personal(), community());
    snapshot("offer", &offer(&plain, Some(&community), Answering::Here));
    snapshot("offer.personal", &offer(&personal, Some(&community), Answering::Here));
    snapshot(
        "offer.decline",
        &Page::Offer(Offer {
            invitation: &plain,
            community: None,
            intent: Intent::of_query(Some("decline")),
            answering: Answering::Here,
        }),
    );
}

#[test]
fn an_offer_that_needs_an_account_leads_to_it() {
    let (invitation, community) = (personal(), community());
    let url = Some("https://platform.example.org/sign-in");
    snapshot(
        "offer.register",
        &offer(&invitation, Some(&community), Answering::AfterRegistration { url: Some(REGISTER) }),
    );
    snapshot("offer.register.nowhere", &offer(&invitation, None, Answering::AfterRegistration { url: None }));
    snapshot("offer.sign_in", &offer(&invitation, Some(&community), Answering::SignedIn { url }));
    snapshot("offer.sign_in.nowhere", &offer(&invitation, None, Answering::SignedIn { url: None }));
}

#[test]
fn every_outcome_says_what_happened_and_what_to_do() {
    let label = CommunityLabel::from(&community());
    for (name, outcome) in outcomes() {
        snapshot(name, &Page::Outcome(outcome, &label));
    }
    snapshot("not_found", &Page::NotFound);
    snapshot("try_again", &Page::TryAgain);
}

#[test]
fn intent_changes_which_button_stands_out_and_nothing_else() {
    let invitation = invitation();
    let page = |intent| {
        let offer = Offer { invitation: &invitation, community: None, intent, answering: Answering::Here };
        html(&Page::Offer(offer), Locale::En)
    };
    let (accept, decline) = (page(Intent::of_query(Some("accept"))), page(Intent::of_query(Some("decline"))));
    assert!(accept.contains("<button name=\"answer\" value=\"accept\" class=\"first\">"));
    assert!(decline.contains("<button name=\"answer\" value=\"decline\" class=\"first\">"));
    assert_eq!(accept.replace(" class=\"first\"", ""), decline.replace(" class=\"first\"", ""));
    assert_eq!(page(Intent::of_query(None)), accept);
    assert_eq!(page(Intent::of_query(Some("\"><script>"))), accept);
}

#[test]
fn only_pages_that_ask_something_hold_a_form_and_none_holds_a_script() {
    let (invitation, label) = (invitation(), CommunityLabel::from(&community()));
    assert!(html(&offer(&invitation, None, Answering::Here), Locale::En).contains("<form method=\"post\">"));
    let signed_in = html(&offer(&invitation, None, Answering::SignedIn { url: None }), Locale::En);
    assert!(!signed_in.contains("<form"));
    for (_, outcome) in outcomes() {
        let html = html(&Page::Outcome(outcome, &label), Locale::En);
        assert_eq!(html.contains("<form"), outcome == Outcome::Unsubscribe);
        assert!(!html.contains("<script") && !html.contains("src="));
    }
}

#[test]
fn nobody_learns_the_invited_address_from_a_page() {
    let (invitation, community) = (invitation(), community());
    for answering in [Answering::Here, Answering::AfterRegistration { url: None }, Answering::SignedIn { url: None }] {
        assert!(!html(&offer(&invitation, Some(&community), answering), Locale::En).contains("grace"));
    }
}

#[test]
fn the_policy_admits_the_style_sheet_that_the_page_carries_and_nothing_else() {
    let html = html(&Page::NotFound, Locale::En);
    let style = html.split("<style>").nth(1).and_then(|rest| rest.split("</style>").next()).unwrap();
    let digest = BASE64_STANDARD.encode(Sha256::digest(style));
    assert_eq!(
        content_security_policy(),
        format!(
            "default-src 'none'; style-src 'sha256-{digest}'; form-action 'self'; base-uri 'none'; frame-ancestors \
             'none'"
        )
    );
    assert!(!html.contains("style=\""));
}

#[test]
fn every_page_of_a_state_has_the_status_of_that_state() {
    let label = CommunityLabel::from(&community());
    let statuses = outcomes().map(|(_, outcome)| Page::Outcome(outcome, &label).status());
    assert_eq!(statuses, [200, 200, 200, 410, 410, 410, 410, 409, 410, 403, 409, 403, 200, 200]);
    assert_eq!([Page::NotFound.status(), Page::TryAgain.status()], [404, 503]);
    for status in Status::ALL {
        assert_eq!(Outcome::of_status(status).is_none(), status == Status::Pending);
    }
}

#[test]
fn registration_knows_the_way_back() {
    let encoded = "return_to=https%3A%2F%2Finvite.example.org%2Fi%2FTOKEN";
    for (url, expected) in [
        ("https://p.example/r", format!("https://p.example/r?{encoded}")),
        ("https://p.example/r?", format!("https://p.example/r?{encoded}")),
        ("https://p.example/r?a=b", format!("https://p.example/r?a=b&{encoded}")),
        ("https://p.example/r?a=b#top", format!("https://p.example/r?a=b&{encoded}#top")),
    ] {
        assert_eq!(with_return(url, LINK), expected);
    }
    assert_eq!(with_return("https://p.example/", "a b&c=d#é"), "https://p.example/?return_to=a%20b%26c%3Dd%23%C3%A9");
}

#[test]
fn no_name_title_or_message_adds_markup_or_a_link() {
    let nasty = [
        "<script>alert(1)</script>",
        "\"><img src=x onerror=alert(1)>",
        "' onmouseover='alert(1)",
        "</title></style></blockquote><form action=https://evil.example>",
        "\u{202e}\r\n\u{0}x",
        "{{ d.sender }}{% raw %}",
        "https://evil.example/?a=b",
        "&lt;b&gt;",
    ];
    let tags = |html: &str| -> Vec<String> {
        let names = html.split('<').skip(1).map(|tag| tag.split(['>', '"']).next().unwrap_or_default().to_owned());
        names.filter(|name| name != "br").collect()
    };
    for text in nasty {
        for url in ["javascript:alert(1)", "https://evil.example/\"><script>", "data:text/html,x"] {
            let mut hostile =
                Invitation { message: Some(text.parse().unwrap_or("x".parse().unwrap())), ..invitation() };
            hostile.sender.display_name = Some(text.into());
            hostile.sender.profile_url = Some(url.into());
            hostile.community.title = text.into();
            hostile.community.url = Some(url.into());
            let mut harmless = Invitation { message: Some("x".parse().unwrap()), ..invitation() };
            harmless.sender.profile_url = None;
            harmless.community.url = None;
            let community = Community {
                title: text.into(),
                description: Some(text.into()),
                rules_url: Some(url.into()),
                ..community()
            };
            let plain = Community { description: Some("x".into()), rules_url: None, ..community.clone() };
            for locale in LOCALES {
                let answering = Answering::AfterRegistration { url: Some(url) };
                let shown = html(&offer(&hostile, Some(&community), answering), locale);
                let expected =
                    html(&offer(&harmless, Some(&plain), Answering::AfterRegistration { url: None }), locale);
                assert_eq!(tags(&shown), tags(&expected), "{text} {url}");
                assert!(!shown.contains("evil.example"), "{text} {url}");
                for (_, outcome) in outcomes() {
                    let shown = html(&Page::Outcome(outcome, &hostile.community), locale);
                    let expected = html(&Page::Outcome(outcome, &harmless.community), locale);
                    assert_eq!(tags(&shown), tags(&expected), "{text} {url}");
                }
            }
        }
    }
}
