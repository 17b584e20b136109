//! What every page looks like, and that people's own words cannot change it.

use base64::{Engine, prelude::BASE64_STANDARD};
use sha2::{Digest, Sha256};

use super::{community, settings};
use crate::page::{
    Account, Answering, Intent, Page, PendingPage, Report,
    render::{STYLE, content_security_policy},
    with_other_account, with_return,
};
use domain::{
    community::Community,
    invitation::{CommunityLabel, Invitation, Invitee, Status},
    settings::Locale,
};

const LINK: &str = "https://invite.example.org/i/TOKEN";
const SWITCH: &str = "https://platform.example.org/register?prompt=select_account&return_to=https%3A%2F%2Fx.example";
const REGISTER: &str = "https://platform.example.org/register?return_to=https%3A%2F%2Finvite.example.org%2Fi%2FTOKEN";

fn invitation() -> Invitation {
    Invitation { invitee: Invitee::address("grace@example.org".parse().unwrap()), ..super::invitation() }
}

fn personal() -> Invitation {
    let message = "Dear Grace,\n\nyou belong in the %community% %type%. See https://evil.example/x <3";
    Invitation { message: Some(message.parse().unwrap()), ..invitation() }
}

fn pending<'a>(invitation: &'a Invitation, community: Option<&'a Community>, answering: Answering<'a>) -> Page<'a> {
    Page::Pending(PendingPage { invitation, community, intent: Intent::Accept, answering })
}

fn reports() -> [(&'static str, Report); 12] {
    [
        ("accepted", Report::Accepted),
        ("declined", Report::Declined { blocked: false }),
        ("declined_and_blocked", Report::Declined { blocked: true }),
        ("already_accepted", Report::AlreadyAccepted),
        ("already_declined", Report::AlreadyDeclined),
        ("expired", Report::Expired),
        ("cancelled", Report::Cancelled),
        ("invitations_not_allowed", Report::InvitationsNotAllowed),
        ("already_member", Report::AlreadyMember),
        ("invitee_inactive", Report::InviteeInactive),
        ("unsubscribe", Report::Unsubscribe),
        ("unsubscribed", Report::Unsubscribed),
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
    for locale in Locale::ALL {
        let (html, language) = (html(page, locale), locale.as_str());
        // For a look in a browser: PAGE_DUMP=/some/folder cargo test -p mail pages
        if let Ok(folder) = std::env::var("PAGE_DUMP") {
            std::fs::write(format!("{folder}/{language}.{name}.html"), &html).unwrap();
        }
        insta::assert_snapshot!(format!("{language}.{name}"), without_style(&html));
    }
}

#[test]
fn a_pending_invitation_shows_all_that_one_needs_to_know_and_two_buttons() {
    let (plain, personal, community) = (invitation(), personal(), community());
    snapshot("pending", &pending(&plain, Some(&community), Answering::Here));
    snapshot("pending.personal", &pending(&personal, Some(&community), Answering::Here));
    snapshot("pending.declining", &pending(&plain, Some(&community), Answering::DecliningHere));
    snapshot(
        "pending.decline",
        &Page::Pending(PendingPage {
            invitation: &plain,
            community: None,
            intent: Intent::of_query(Some("decline")),
            answering: Answering::Here,
        }),
    );
}

#[test]
fn a_pending_invitation_that_needs_an_account_leads_to_it() {
    let (invitation, community) = (personal(), community());
    let (url, address) = (Some("https://platform.example.org/sign-in"), "grace@example.org".parse().unwrap());
    let account = Account { address: Some(&address), switch_url: Some(SWITCH) };
    let registering = Answering::AfterRegistration { url: Some(REGISTER), account };
    snapshot("pending.register", &pending(&invitation, Some(&community), registering));
    let account = Account { address: Some(&address), switch_url: None };
    let registering = Answering::AfterRegistration { url: None, account };
    snapshot("pending.register.nowhere", &pending(&invitation, None, registering));
    let account = Account { address: Some(&address), switch_url: Some(SWITCH) };
    snapshot("pending.sign_in", &pending(&invitation, Some(&community), Answering::SignedIn { url, account }));
    let account = Account::default();
    snapshot("pending.sign_in.nowhere", &pending(&invitation, None, Answering::SignedIn { url: None, account }));
}

#[test]
fn every_report_says_what_happened_and_what_to_do() {
    let label = CommunityLabel::from(&community());
    for (name, report) in reports() {
        snapshot(name, &Page::Report(report, &label));
    }
    snapshot("not_found", &Page::NotFound);
    snapshot("try_again", &Page::TryAgain);
}

#[test]
fn intent_changes_which_button_stands_out_and_nothing_else() {
    let invitation = invitation();
    let page = |intent| {
        let pending = PendingPage { invitation: &invitation, community: None, intent, answering: Answering::Here };
        html(&Page::Pending(pending), Locale::En)
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
    assert!(html(&pending(&invitation, None, Answering::Here), Locale::En).contains("<form method=\"post\">"));
    let answering = Answering::SignedIn { url: None, account: Account::default() };
    let signed_in = html(&pending(&invitation, None, answering), Locale::En);
    assert!(!signed_in.contains("<form"));
    for (_, report) in reports() {
        let html = html(&Page::Report(report, &label), Locale::En);
        assert_eq!(html.contains("<form"), report == Report::Unsubscribe);
        assert!(!html.contains("<script") && !html.contains("src="));
    }
}

#[test]
fn nobody_learns_the_invited_address_from_a_page() {
    let (invitation, community, address) = (invitation(), community(), "grace@example.org".parse().unwrap());
    let own = Account { address: Some(&address), switch_url: None };
    for (account, masked) in [(own, 1), (Account::default(), 0)] {
        let [registering, signed_in] =
            [Answering::AfterRegistration { url: None, account }, Answering::SignedIn { url: None, account }];
        for (answering, masked) in [(Answering::Here, 0), (registering, masked), (signed_in, masked)] {
            let shown = html(&pending(&invitation, Some(&community), answering), Locale::En);
            assert!(!shown.contains("grace") && !shown.contains("@example"), "{answering:?}");
            assert_eq!(shown.matches("<bdi>g…@e….org</bdi>").count(), masked, "{answering:?}");
        }
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
    let statuses = reports().map(|(_, report)| Page::Report(report, &label).status());
    assert_eq!(statuses, [200, 200, 200, 410, 410, 410, 410, 403, 409, 403, 200, 200]);
    assert_eq!([Page::NotFound.status(), Page::TryAgain.status()], [404, 503]);
    for status in Status::ALL {
        assert_eq!(Report::of_status(status).is_none(), status == Status::Pending);
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
    assert_eq!(with_other_account("https://p.example/r#top", None), "https://p.example/r?prompt=select_account#top");
    assert_eq!(
        with_other_account("https://p.example/r?a=b", Some(LINK)),
        format!("https://p.example/r?a=b&prompt=select_account&{encoded}")
    );
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
                description: Some(text.replace('\0', "").parse().unwrap()),
                rules_url: url.parse().ok(),
                ..community()
            };
            let plain = Community { description: Some("x".parse().unwrap()), rules_url: None, ..community.clone() };
            for locale in Locale::ALL {
                let account = Account { address: None, switch_url: Some(url) };
                let answering = Answering::AfterRegistration { url: Some(url), account };
                let shown = html(&pending(&hostile, Some(&community), answering), locale);
                let answering = Answering::AfterRegistration { url: None, account: Account::default() };
                let expected = html(&pending(&harmless, Some(&plain), answering), locale);
                assert_eq!(tags(&shown), tags(&expected), "{text} {url}");
                let leads_there = |tag: &str| tag.split('>').next().unwrap_or_default().contains("evil.example");
                assert!(!shown.split('<').skip(1).any(leads_there), "{text} {url}");
                for (_, report) in reports() {
                    let shown = html(&Page::Report(report, &hostile.community), locale);
                    let expected = html(&Page::Report(report, &harmless.community), locale);
                    assert_eq!(tags(&shown), tags(&expected), "{text} {url}");
                }
            }
        }
    }
}
