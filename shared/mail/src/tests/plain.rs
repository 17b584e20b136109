//! What text that others wrote becomes before it is shown.

use crate::plain::{Piece, line, lines, shorten, web_url};

pub(super) const NASTY_URLS: [&str; 10] = [
    "javascript:alert(1)",
    "javascript://example.org/%0aalert(1)",
    "data:text/html,<script>alert(1)</script>",
    "https://",
    "https:///path",
    "https://platform.example.org@evil.example/",
    "https://evil.example/\"onmouseover=\"alert(1)",
    "https://evil.example/\r\nBcc: all@example.org",
    " https://evil.example/",
    "//evil.example/",
];

#[test]
fn urls_of_the_web_and_no_others_are_links() {
    for url in ["https://example.org", "HTTP://example.org:8080/a?b=c&d='e'#f", "https://münchen.example/ü"] {
        assert_eq!(web_url(url), Some(url));
    }
    for url in NASTY_URLS {
        assert_eq!(web_url(url), None, "{url}");
    }
}

#[test]
fn text_loses_what_changes_its_neighbours_and_keeps_the_rest() {
    assert_eq!(line("  Ada\r\nBcc: x@y\t\u{202e}evil\u{0}\u{2028}z "), "Ada Bcc: x@y evil z");
    assert_eq!(line("دادا Ada 👩‍💻 Ünal"), "دادا Ada 👩‍💻 Ünal");
    assert_eq!(lines("a\r\nb\n\n\n\n c \u{2029}d\n"), ["a", "b", "", "c", "d"]);
    assert!(lines(" \n\t").is_empty());
    assert_eq!(shorten("abcdef", 6), "abcdef");
    assert_eq!(shorten("abc defg", 5), "abc…");
}

#[test]
fn a_subject_s_name_is_never_cut_inside_a_letter() {
    let family = "👩\u{200d}👩\u{200d}👧\u{200d}👦";
    assert_eq!(shorten(&format!("Team {family} of Ünal"), 10), "Team…");
    assert_eq!(shorten(&format!("Team {family} of Ünal"), 13), format!("Team {family}…"));
    assert_eq!(shorten("Zoe\u{301} Zoe\u{301}", 4), "Zo…");
    assert_eq!(shorten("🇩🇪🇫🇷🇮🇹", 4), "🇩🇪…");
    assert_eq!(shorten("한국어 모임 동아리", 5), "한국어…");
    assert_eq!(shorten(&format!("x{}", "\u{301}".repeat(100)), 60), "…");
}

#[test]
fn words_that_mail_programs_would_link_are_cut_and_copy_as_they_were_written() {
    let linkable = [
        "https://evil.example",
        "www.evil.example/x",
        "evil.example",
        "a@evil.example",
        "mailto:a@b.example",
        "javascript:alert(1)",
        "evil。example",
        "user@münchen.de",
    ];
    for text in linkable {
        let words = format!("See {text} today");
        let piece = Piece::words(&words);
        let [before, parts, after] = &piece.stretches()[..] else { panic!("{piece:?}") };
        assert_eq!((&before[..], parts.concat(), &after[..]), (&["See "][..], format!("{text} "), &["today"][..]));
        assert!(parts.len() > 1 && !looks_like_a_link(&piece.spaced()), "{piece:?}");
        // Nothing but spaces, which who copies it sees.
        assert_eq!(piece.spaced().replace(' ', ""), words.replace(' ', ""));
    }
    for text in ["100% sure. Yes", "at 10:30, e.g. 3.14 m", "Note: this", "J. Smith", "end."] {
        assert_eq!(Piece::words(text).stretches(), [[text]]);
    }
}

/// What a mail program takes for a link: a scheme, a host name, or an address.
pub(super) fn looks_like_a_link(text: &str) -> bool {
    let chars: Vec<char> = text.chars().collect();
    let host = |c: char| c.is_alphanumeric() || c == '-';
    text.contains("://")
        || chars
            .windows(4)
            .any(|w| host(w[0]) && ".\u{3002}\u{ff0e}\u{ff61}".contains(w[1]) && w[2].is_alphabetic() && host(w[3]))
        || chars.windows(3).any(|w| host(w[0]) && w[1] == '@' && host(w[2]))
}
