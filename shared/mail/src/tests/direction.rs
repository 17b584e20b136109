//! That our own sentences run as their language does, whoever is named in them.

use proptest::prelude::*;
use unicode_bidi::{BidiClass, BidiInfo, Level, bidi_class};

use super::{community, invitation, links, mails::every_mail, settings};
use crate::{
    MailContent, RenderedMail,
    direction::{Direction, is_right_to_left, isolated},
    language,
    page::{Account, Answering, Intent, Page, PendingPage, Report},
    render,
};
use domain::{
    community::Community,
    invitation::{CommunityLabel, Invitation, Invitee},
    settings::{Locale, Settings},
};

const DANA: &str = "דנה לוי";

/// An invitation in which everybody has that name.
fn among(name: &str) -> Invitation {
    let mut invitation = invitation();
    invitation.sender.display_name = Some(name.into());
    invitation.community.title = name.into();
    invitation.invitee =
        Invitee::User { id: "grace".parse().unwrap(), display_name: Some(name.into()), invited_as: None };
    invitation
}

fn mail(content: &MailContent<'_>, invitation: &Invitation, locale: Locale) -> RenderedMail {
    let content = match content {
        MailContent::RequestRejected { .. } => {
            MailContent::RequestRejected { decided_by: invitation.sender.display_name.as_deref().unwrap() }
        }
        other => *other,
    };
    let settings = Settings {
        product_name: invitation.community.title.parse().unwrap_or_else(|_| "x".parse().unwrap()),
        ..Settings::default()
    };
    render(&content, invitation, None, &settings, locale).unwrap()
}

/// What a line does to the characters outside of its isolates: its own direction, and the level of each.
fn levels(line: &str) -> (Level, Vec<(char, Level)>) {
    let info = BidiInfo::new(line, None);
    let mut depth = 0;
    let outside = line.char_indices().filter(|(_, c)| match c {
        '\u{2068}' => {
            depth += 1;
            false
        }
        '\u{2069}' => {
            depth -= 1;
            false
        }
        _ => depth == 0,
    });
    let outside = outside.map(|(at, c)| (c, info.levels[at])).collect();
    (info.paragraphs[0].level, outside)
}

/// The subject and the lines of the text that are sentences of ours: all but links, the rule, and the product's name.
fn our_lines(mail: &RenderedMail) -> impl Iterator<Item = &str> {
    let body = mail.text.trim_end().rsplit_once('\n').map_or("", |(body, _product)| body);
    let sentences = body.lines().filter(|line| !line.is_empty() && *line != "---" && !line.starts_with("https://"));
    sentences.chain([mail.subject.as_str()])
}

fn name() -> impl Strategy<Value = String> {
    let bits = prop_oneof![
        Just(DANA.to_owned()),
        Just("محمد".to_owned()),
        Just("Ada".to_owned()),
        Just("٣".to_owned()),
        Just("42".to_owned()),
        "[-(!.:,/)\u{5be}\u{60c} ]{1,3}",
        Just("\u{200f}\u{202e}\u{2067}\u{2069}\u{61c}".to_owned()),
        "\\PC{1,6}",
    ];
    prop::collection::vec(bits, 1..5).prop_map(|bits| format!("{}x", bits.concat()))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn no_name_changes_the_direction_of_our_sentences(
        name in name(), locale in prop::sample::select(Locale::ALL.to_vec()),
    ) {
        let (links, direction) = (links(), language::direction(locale));
        for (kind, content) in every_mail(&links) {
            let (named, plain) = (mail(&content, &among(&name), locale), mail(&content, &among("x"), locale));
            for line in our_lines(&named) {
                let (base, outside) = levels(line);
                prop_assert_eq!(base.is_rtl(), direction == Direction::RightToLeft, "{} {:?}", kind, line);
                let turned = outside.iter().any(|(_, level)| direction == Direction::LeftToRight && level.number() > 0);
                prop_assert!(!turned, "{} {:?}", kind, line);
            }
            if direction == Direction::RightToLeft {
                prop_assert_eq!(levels(&named.subject), levels(&plain.subject), "{}", kind);
            }
        }
    }

    #[test]
    fn an_isolate_is_opened_and_closed_whatever_is_cut(name in "\\PC{50,70}", locale in prop::sample::select(Locale::ALL.to_vec())) {
        let links = links();
        for (kind, content) in every_mail(&links) {
            let subject = mail(&content, &among(&format!("{DANA}{name}")), locale).subject;
            let marks: String = subject.chars().filter(|c| ('\u{2066}'..='\u{2069}').contains(c)).collect();
            prop_assert_eq!(marks.replace("\u{2068}\u{2069}", ""), "", "{} {:?}", kind, subject);
            prop_assert!(!marks.is_empty(), "{} {:?}", kind, subject);
        }
    }
}

#[test]
fn whatever_may_run_from_right_to_left_is_known() {
    for c in '\u{0}'..=char::MAX {
        let turns = matches!(bidi_class(c), BidiClass::R | BidiClass::AL | BidiClass::AN);
        let formats = crate::plain::line(&c.to_string()).is_empty();
        assert!(!turns || is_right_to_left(c) || formats, "{:x}", u32::from(c));
    }
}

#[test]
fn a_name_that_runs_as_its_sentence_does_is_left_as_it_is() {
    assert_eq!(isolated("Ada", Direction::LeftToRight), "Ada");
    assert_eq!(isolated(DANA, Direction::LeftToRight), format!("\u{2068}{DANA}\u{2069}"));
    assert_eq!(isolated("Ada", Direction::RightToLeft), "\u{2068}Ada\u{2069}");
}

#[test]
fn a_hebrew_name_leaves_an_english_mail_english() {
    let links = links();
    let mail = mail(&MailContent::Invitation { links: &links }, &among(DANA), Locale::En);
    assert_eq!(mail.subject, format!("\u{2068}{DANA}\u{2069} invited you to join \u{2068}{DANA}\u{2069}"));
    assert!(
        mail.text.contains(&format!("\u{2068}{DANA}\u{2069} (https://platform.example.org/u/ada) has invited you"))
    );
    let name = format!("<bdi><span dir=\"auto\">{DANA}</span></bdi>");
    assert!(mail.html.contains(&format!("{name} invited you to join {name}</h1>")));
    assert!(!mail.html.replace(&name, "").contains("dir=\"auto\""), "{}", mail.html);
}

#[test]
fn only_other_people_s_words_find_their_own_direction() {
    let links = links();
    let content = MailContent::Invitation { links: &links };
    let community = Community { description: Some("א\n\nb".parse().unwrap()), ..community() };
    for locale in Locale::ALL {
        let direction = language::direction(locale).as_str();
        let auto = |message: Option<&str>, settings: &Settings| {
            let message = message.map(|message| message.parse().unwrap());
            let invitation = Invitation { message, ..invitation() };
            let html = render(&content, &invitation, Some(&community), settings, locale).unwrap().html;
            assert!(html.contains(&format!("<html lang=\"{}\" dir=\"{direction}\">", locale.as_str())));
            let shown = Page::Pending(PendingPage {
                invitation: &invitation,
                community: Some(&community),
                intent: Intent::Accept,
                answering: Answering::Here,
            });
            let page = shown.render(settings, locale).unwrap();
            assert!(page.contains(&format!("<html lang=\"{}\" dir=\"{direction}\">", locale.as_str())));
            let html = html.replace("<span dir=\"auto\">", "");
            (html.matches(" dir=\"auto\"").count(), page.matches(" dir=\"auto\"").count())
        };
        assert_eq!(auto(None, &settings()), (3, 1), "the description's three lines");
        assert_eq!(auto(Some("שלום\n%sender%"), &settings()), (5, 2), "and two of the sender");
        let settings = Settings { default_message: Some("ברוכים".parse().unwrap()), ..settings() };
        assert_eq!(auto(Some("ברוכים"), &settings), (4, 2), "and one of the network");
    }
}

#[test]
fn every_name_on_a_page_is_isolated_and_its_title_too() {
    let invitation = among(DANA);
    let settings = Settings { product_name: DANA.parse().unwrap(), ..settings() };
    let label = CommunityLabel { title: DANA.into(), ..invitation.community.clone() };
    for locale in Locale::ALL {
        let pending = PendingPage {
            invitation: &invitation,
            community: None,
            intent: Intent::Accept,
            answering: Answering::SignedIn { url: None, account: Account::default() },
        };
        for page in [Page::Pending(pending), Page::Report(Report::Unsubscribe, &label)] {
            let html = page.render(&settings, locale).unwrap();
            let (head, body) = html.split_once("</title>").unwrap();
            assert_eq!(body.matches(DANA).count(), body.matches(&format!("<bdi>{DANA}</bdi>")).count(), "{body}");
            assert_eq!(head.matches(DANA).count(), head.matches(&format!("\u{2068}{DANA}\u{2069}")).count(), "{head}");
        }
    }
}
