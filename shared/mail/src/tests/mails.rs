//! What every mail looks like, and that people's own words cannot change it.

use std::mem::discriminant;

use proptest::prelude::*;

use super::{
    community, invitation, links,
    plain::{NASTY_URLS, looks_like_a_link},
    settings,
};
use crate::{
    Answer, Links, MailContent, RenderedMail, language,
    pieces::{message_lines, plain_message},
    plain::Piece,
    render,
};
use domain::{
    community::{Community, CommunityType},
    invitation::{CommunityLabel, Invitation, Invitee, Sender},
    message::{Segment, segments},
    outbox::{Addressee, MailKind, NewMail, OutboxMail},
    settings::{Locale, Settings},
};

fn with_message(message: &str) -> Invitation {
    Invitation { message: Some(message.parse().unwrap()), ..invitation() }
}

/// Every mail, by its kind and, where it says another thing to another addressee, that one.
pub(super) fn every_mail(links: &Links) -> Vec<(String, MailContent<'_>)> {
    let of_kind = |kind| {
        let says = |to| MailContent::new(&OutboxMail::new(&NewMail::new(kind, to)), links, "Charles Babbage");
        let (to_invitee, to_sender) = (says(Addressee::Invitee), says(Addressee::Sender));
        if discriminant(&to_invitee) == discriminant(&to_sender) {
            vec![(kind.as_str().to_owned(), to_sender)]
        } else {
            vec![
                (format!("{}_to_invitee", kind.as_str()), to_invitee),
                (format!("{}_to_sender", kind.as_str()), to_sender),
            ]
        }
    };
    let several = MailContent::ApprovalsNeeded { people: 12 };
    MailKind::ALL.into_iter().flat_map(of_kind).chain([("approvals_needed".to_owned(), several)]).collect()
}

fn rendered(content: &MailContent<'_>, invitation: &Invitation, locale: Locale) -> RenderedMail {
    render(content, invitation, Some(&community()), &settings(), locale).unwrap()
}

fn snapshot(name: &str, mail: &RenderedMail) {
    // For a look in a browser: MAIL_DUMP=/some/folder cargo test mail
    if let Ok(folder) = std::env::var("MAIL_DUMP") {
        std::fs::write(format!("{folder}/{name}.html"), &mail.html).unwrap();
    }
    insta::assert_snapshot!(format!("{name}.text"), format!("Subject: {}\n\n{}", mail.subject, mail.text));
    insta::assert_snapshot!(format!("{name}.html"), mail.html);
}

#[test]
fn every_mail_reads_as_it_should_in_every_language() {
    let links = links();
    for locale in Locale::ALL {
        for (name, content) in every_mail(&links) {
            let reason = matches!(content, MailContent::RequestRejected { .. })
                .then(|| "We are full.\nTry again in May.".into());
            let mail = rendered(&content, &Invitation { reason, ..invitation() }, locale);
            snapshot(&format!("{}.{name}", locale.as_str()), &mail);
        }
    }
}

#[test]
fn a_sender_s_own_words_are_quoted() {
    let links = links();
    let invitation = with_message(
        "Dear Grace,\n\n%sender% here. The %community% %type% needs you, 100% sure!\nSee https://evil.example/x?a=1&b=2 <3",
    );
    for (name, content) in every_mail(&links)
        .into_iter()
        .filter(|(name, _)| ["invitation", "joined", "approval_needed", "reminder"].contains(&&**name))
    {
        snapshot(&format!("en.{name}.personal"), &rendered(&content, &invitation, Locale::En));
    }
}

#[test]
fn an_erased_sender_and_an_address_are_named_as_such() {
    let links = links();
    let erased = Invitation {
        sender: Sender { display_name: None, profile_url: None, ..invitation().sender },
        invitee: Invitee::address("grace@example.org".parse().unwrap()),
        community: CommunityLabel { url: None, community_type: CommunityType::Network, ..invitation().community },
        ..invitation()
    };
    for locale in Locale::ALL {
        let invitation_mail =
            render(&MailContent::Invitation { links: &links }, &erased, None, &Settings::default(), locale);
        snapshot(&format!("{}.invitation.bare", locale.as_str()), &invitation_mail.unwrap());
        let rejected = rendered(&MailContent::RequestRejected { decided_by: "" }, &erased, locale);
        snapshot(&format!("{}.request_rejected.bare", locale.as_str()), &rejected);
    }
}

#[test]
fn several_answers_are_listed_each_in_its_own_words() {
    let mut other = invitation();
    other.invitee = Invitee::address("leah@example.org".parse().unwrap());
    other.community.title = "Chess & Co".into();
    let own = invitation();
    let carried = [(MailKind::Declined, &other), (MailKind::MembershipConfirmed, &other)];
    let carried: Vec<_> = carried.into_iter().filter_map(|(kind, one)| Answer::new(kind, one)).collect();
    let first = Answer::new(MailKind::MembershipConfirmed, &own).unwrap();
    for locale in Locale::ALL {
        let of = |more| rendered(&MailContent::Answers { first, carried: &carried, more }, &own, locale);
        snapshot(&format!("{}.answers", locale.as_str()), &of(0));
        assert!(!of(0).text.contains("4711") && of(4_711).text.contains("4711"), "{}", of(4_711).text);
        assert!(of(4_711).subject.contains("4714"), "{}", of(4_711).subject);
    }
}

#[test]
fn names_and_words_that_run_the_other_way_leave_our_sentences_as_they_are() {
    let links = links();
    let mut invitation = with_message("שלום Grace, כאן %sender%!\nWe are %community%, see https://evil.example/ש (3).");
    invitation.sender.display_name = Some("דנה לוי (42".into());
    invitation.community.title = "!גינה & Garden".into();
    for locale in Locale::ALL {
        let mail = rendered(&MailContent::Invitation { links: &links }, &invitation, locale);
        snapshot(&format!("{}.invitation.mixed", locale.as_str()), &mail);
    }
}

#[test]
fn only_senders_and_moderators_see_an_invited_address() {
    let links = links();
    let invitation = Invitation { invitee: Invitee::address("grace@example.org".parse().unwrap()), ..invitation() };
    for (name, content) in every_mail(&links) {
        let mail = rendered(&content, &invitation, Locale::En);
        let to_invitee = !content.features().names_invitee;
        for part in [&mail.subject, &mail.text, &mail.html] {
            assert!(!to_invitee || !part.contains("grace"), "{name}: {part}");
        }
        assert!(to_invitee || mail.text.contains("grace@example.org"), "{name}: {}", mail.text);
    }
}

#[test]
fn the_default_message_is_the_one_of_the_specification_and_known_to_the_rules() {
    assert_eq!(
        language::default_message(Locale::En),
        "%sender% has invited you to join the %community% %type%. You can use the links below to accept or reject the \
         invitation."
    );
    for locale in Locale::ALL {
        let tokens = |wanted| segments(language::default_message(locale)).filter(|found| *found == wanted).count();
        assert!([Segment::Sender, Segment::Community, Segment::Type].into_iter().all(|token| tokens(token) == 1));
        let parsed: Result<domain::message::Message, _> = language::default_message(locale).parse();
        assert!(parsed.is_ok());
    }
}

#[test]
fn the_built_in_message_sent_back_by_an_interface_speaks_the_reader_s_language() {
    let unedited = with_message(language::default_message(Locale::En));
    assert_eq!(plain_message(&unedited, Locale::De), plain_message(&invitation(), Locale::De));
    let links = links();
    let content = MailContent::Invitation { links: &links };
    assert_eq!(rendered(&content, &unedited, Locale::De), rendered(&content, &invitation(), Locale::De));
}

#[test]
fn a_network_s_default_message_is_nobody_s_own_words() {
    let invitation = with_message("Come to the %community% %type%!");
    let settings = Settings { default_message: Some("Come to the %community% %type%!".parse().unwrap()), ..settings() };
    let links = links();
    let mail = render(&MailContent::Invitation { links: &links }, &invitation, None, &settings, Locale::En).unwrap();
    assert!(
        mail.text.contains("\nCome to the Gardening Friends (https://platform.example.org/c/gardening) community!\n")
    );
    assert!(!mail.html.contains("<blockquote"));
}

#[test]
fn the_api_shows_the_message_as_plain_text() {
    let message = "Hi,\n%sender% wants you in the %community% %type%: https://example.org/x";
    assert_eq!(
        plain_message(&with_message(message), Locale::En),
        "Hi,\nAda Lovelace wants you in the Gardening Friends community: https://example.org/x"
    );
    let mut of_dana = with_message("%sender% wants you in the %community%.");
    of_dana.sender.display_name = Some("דנה לוי".to_owned());
    assert_eq!(
        plain_message(&of_dana, Locale::En),
        "\u{2068}דנה לוי\u{2069} wants you in the Gardening Friends.",
        "a name keeps its direction to itself"
    );
}

#[test]
fn sender_and_community_are_links_only_where_their_urls_are_of_the_web() {
    let links = links();
    let content = MailContent::Invitation { links: &links };
    let html = rendered(&content, &invitation(), Locale::En).html;
    assert!(html.contains("<a href=\"https://platform.example.org/u/ada\""));
    assert!(html.contains("<a href=\"https://platform.example.org/c/gardening\""));
    for url in NASTY_URLS {
        let mut invitation = invitation();
        invitation.sender.profile_url = Some(url.into());
        invitation.community.url = Some(url.into());
        let mail = rendered(&content, &invitation, Locale::En);
        assert_only_our_links(&mail, &links, url);
    }
}

#[test]
fn the_logo_is_shown_from_secure_addresses_only() {
    for (url, shown) in [("https://example.org/l.png", true), ("http://example.org/l.png", false), ("data:,x", false)] {
        let settings = Settings { logo_url: url.parse().ok(), ..settings() };
        let mail = render(&MailContent::Declined, &invitation(), None, &settings, Locale::En).unwrap();
        assert_eq!(mail.html.contains("<img"), shown, "{url}");
    }
}

#[test]
fn a_preview_differs_from_the_mail_in_nothing_but_the_links() {
    let (real, placeholder) = (links(), Links { accept: "#a".into(), decline: "#d".into(), unsubscribe: "#u".into() });
    let sent = rendered(&MailContent::Invitation { links: &real }, &invitation(), Locale::En);
    let preview = rendered(&MailContent::Invitation { links: &placeholder }, &invitation(), Locale::En);
    let swapped =
        |text: &str| text.replace(&real.accept, "#a").replace(&real.decline, "#d").replace(&real.unsubscribe, "#u");
    assert_eq!(preview.subject, sent.subject);
    assert_eq!(preview.text, swapped(&sent.text));
    assert_eq!(preview.html, swapped(&sent.html));
}

#[test]
fn subjects_stay_short_whatever_people_are_called() {
    let mut invitation = invitation();
    invitation.sender.display_name = Some("Ada ".repeat(200));
    invitation.community.title = "Gardening ".repeat(200);
    let links = links();
    for locale in Locale::ALL {
        for (name, content) in every_mail(&links) {
            let subject = rendered(&content, &invitation, locale).subject;
            assert!(subject.chars().count() <= 160, "{name}: {subject}");
        }
    }
}

#[test]
fn members_and_moments_read_well_in_every_language() {
    let at = "2027-03-01T00:05:59Z".parse().unwrap();
    for locale in Locale::ALL {
        let (members, moment) = match locale {
            Locale::En => (
                ["0 members", "1 member", "999 members", "1,000 members", "1,234,567 members"],
                "Monday, 1 March 2027 at 00:05 UTC",
            ),
            Locale::Ar => (
                ["لا أعضاء", "عضو واحد", "999 عضوًا", "1,000 عضو", "1,234,567 عضوًا"],
                "الاثنين، 1 مارس 2027، الساعة 00:05 بالتوقيت العالمي المنسق (UTC)",
            ),
            Locale::De => (
                ["0 Mitglieder", "1 Mitglied", "999 Mitglieder", "1.000 Mitglieder", "1.234.567 Mitglieder"],
                "Montag, 1. März 2027 um 00:05 Uhr (UTC)",
            ),
        };
        assert_eq!([0, 1, 999, 1000, 1_234_567].map(|count| language::members(count, locale)), members);
        assert_eq!(language::moment(at, locale), moment);
    }
}

#[test]
fn arabic_counts_members_in_six_forms() {
    let forms = [
        (2, "عضوان"),
        (3, "3 أعضاء"),
        (10, "10 أعضاء"),
        (11, "11 عضوًا"),
        (99, "99 عضوًا"),
        (100, "100 عضو"),
        (102, "102 عضو"),
        (103, "103 أعضاء"),
        (1204, "1,204 أعضاء"),
    ];
    for (count, expected) in forms {
        assert_eq!(language::members(count, Locale::Ar), expected);
    }
}

#[test]
fn tokens_cannot_complete_a_link() {
    let mut invitation = with_message("evil.%type%/x http:%community% a@%sender%.com");
    invitation.community.title = "//evil.example".into();
    invitation.sender.display_name = Some("evil".into());
    for line in message_lines(&invitation, Locale::En) {
        let seen: String = line.iter().map(Piece::spaced).collect();
        assert!(!looks_like_a_link(&seen), "{seen:?}");
    }
}

/// Everything that a mail links to, in both formats, comes from us; everything else looks like no link.
fn assert_only_our_links(mail: &RenderedMail, links: &Links, input: &str) {
    let ours = [
        &*links.accept,
        &*links.decline,
        &*links.unsubscribe,
        "https://platform.example.org/u/ada",
        "https://platform.example.org/c/gardening",
        "https://platform.example.org/c/gardening/rules",
        "https://platform.example.org/logo.png",
        "help@platform.example.org",
    ];
    let mut text = mail.text.clone();
    for url in ours {
        text = text.replace(&format!("{url}\n"), "\n").replace(&format!("({url})"), "()");
    }
    assert!(!looks_like_a_link(&text), "{input:?} made a link in {text}");
    for (at, _) in mail.html.match_indices("href=\"").chain(mail.html.match_indices("src=\"")) {
        let value = mail.html[at..].split('"').nth(1).unwrap_or_default();
        let value = value.strip_prefix("mailto:").unwrap_or(value).replace("&#38;", "&");
        assert!(ours.contains(&&*value), "{input:?} made a link to {value}");
    }
    // Programs look for links outside of anchors: some in each stretch of text, others in what the stretches make up.
    let stretches = outside_anchors(mail.html.split("<body").nth(1).unwrap_or_default());
    let linked = stretches.iter().find(|stretch| looks_like_a_link(stretch));
    assert!(linked.is_none(), "{input:?} made a link in {linked:?}");
    assert!(!looks_like_a_link(&stretches.concat()), "{input:?} in {stretches:?}");
}

/// The stretches of text between the tags, without what an anchor holds. An anchor leaves an empty one.
fn outside_anchors(html: &str) -> Vec<&str> {
    let mut in_anchor = false;
    html.split('<')
        .skip(1)
        .map(|piece| {
            let (tag, text) = piece.split_once('>').unwrap_or_default();
            in_anchor = tag == "a" || tag.starts_with("a ") || in_anchor && tag != "/a";
            if in_anchor { "" } else { text }
        })
        .collect()
}

/// The tags of a page, without their attributes' values: what injection would change. What the number of lines and the
/// look of addresses may change is left out.
fn structure(html: &str) -> Vec<String> {
    let mut open = Vec::new();
    let tags = html.split('<').skip(1).map(|piece| piece.split('>').next().unwrap_or_default());
    let kept = tags.filter(|tag| {
        let ours = !matches!(*tag, "br" | "wbr" | "a" | "div dir=\"auto\"" | "span dir=\"auto\"");
        let name = tag.split(' ').next().unwrap_or_default();
        match name.strip_prefix('/') {
            Some("a" | "div" | "span") => open.pop().unwrap_or(true),
            Some(_) => true,
            None if matches!(name, "a" | "div" | "span") => {
                open.push(ours);
                ours
            }
            None => ours,
        }
    });
    kept.map(|tag| tag.split('"').next().unwrap_or_default().to_owned()).collect()
}

fn nasty() -> impl Strategy<Value = String> {
    let bits = prop_oneof![
        Just("<script>alert(1)</script>".to_owned()),
        Just("\"><img src=x onerror=alert(1)>".to_owned()),
        Just("' onmouseover='x".to_owned()),
        Just("\r\nBcc: victim@example.com\r\n".to_owned()),
        Just("\u{2028}\u{202e}\u{2066}\u{feff}\u{0}\u{85}".to_owned()),
        Just("https://evil.example/?a=b&c=d".to_owned()),
        Just("evil.".to_owned()),
        Just("example".to_owned()),
        Just("http:".to_owned()),
        Just("//".to_owned()),
        Just("@".to_owned()),
        Just("{{ v.sender }}".to_owned()),
        Just("&lt;b&gt; &#60;".to_owned()),
        Just("=?utf-8?q?=0d=0a?=".to_owned()),
        Just("%sender%%community%".to_owned()),
        "\\PC{1,12}",
        any::<String>(),
    ];
    prop::collection::vec(bits, 1..5).prop_map(|bits| bits.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn no_name_title_message_or_reason_adds_markup_a_header_or_a_link(
        name in nasty(), title in nasty(), invitee in nasty(), decided_by in nasty(), message in nasty(),
        reason in nasty(), description in nasty(), locale in prop::sample::select(Locale::ALL.to_vec()),
    ) {
        let links = links();
        let harmless = Invitation { reason: Some("x".into()), ..with_message("x") };
        let mut hostile = Invitation { reason: Some(format!("x {reason}")), ..harmless.clone() };
        hostile.sender.display_name = Some(name.clone());
        hostile.community.title.clone_from(&title);
        hostile.invitee = Invitee::User { id: "grace".parse().unwrap(), display_name: Some(invitee), invited_as: None };
        // Whatever the rules would refuse cannot come this far.
        let message = message.parse().ok().filter(|_| !message.contains('%'));
        hostile.message = message.or(harmless.message.clone());
        let plain = |c: &char| !c.is_control() || matches!(c, '\n' | '\r' | '\t');
        let description = format!("x {description}").chars().filter(plain).collect::<String>();
        let community = Community { description: Some(description.parse().unwrap()), ..community() };
        let plain_community = Community { description: Some("x".parse().unwrap()), ..community.clone() };

        for (kind, content) in every_mail(&links) {
            let content = match content {
                MailContent::RequestRejected { .. } => MailContent::RequestRejected { decided_by: &decided_by },
                other => other,
            };
            let mail = render(&content, &hostile, Some(&community), &settings(), locale).unwrap();
            let breaks_out = mail.subject.contains(|c: char| c.is_control() || ('\u{2028}'..='\u{202e}').contains(&c));
            prop_assert!(!breaks_out);
            prop_assert!(!mail.subject.is_empty());
            assert_only_our_links(&mail, &links, &format!("{kind} {hostile:?} {decided_by:?}"));

            let expected = render(&content, &harmless, Some(&plain_community), &settings(), locale).unwrap();
            let without_breaks = |html: &str| {
                structure(html).into_iter().filter(|tag| tag != "br").collect::<Vec<_>>()
            };
            prop_assert_eq!(without_breaks(&mail.html), without_breaks(&expected.html));
        }
    }
}
