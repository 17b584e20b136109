//! Unseen characters, and the many ways to end a line: what text from a keyboard or a clipboard brings along.

/// Whether nothing is to be seen of the character: white space, and marks that only steer how others are set.
pub(crate) fn is_unseen(c: char) -> bool {
    c.is_whitespace() || c.is_control() || is_mark(c)
}

/// Whether the character is a mark without a shape: of direction, of joining and breaking, of variation, of encoding.
///
/// These are the characters that Unicode calls ignorable by default, and others that draw nothing of their own: the
/// blank of Braille, fillers, and what stands around annotations, hieroglyphs and objects.
pub(crate) fn is_mark(c: char) -> bool {
    matches!(
        c,
        '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}' | '\u{180B}'..='\u{180F}'
            | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{2800}' | '\u{3164}'
            | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFA0}' | '\u{FFF0}'..='\u{FFFC}' | '\u{13430}'..='\u{1343F}'
            | '\u{16FE4}' | '\u{1BCA0}'..='\u{1BCA3}' | '\u{1D159}' | '\u{1D173}'..='\u{1D17A}' | '\u{E0000}'..='\u{E0FFF}'
    )
}

/// Whether the character ends a line (Unicode's line separators, and those of old systems).
pub(crate) fn ends_line(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\u{B}' | '\u{C}' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// Whether nothing is to be seen of the whole text.
pub fn is_blank(text: &str) -> bool {
    text.chars().all(is_unseen)
}

/// Returns the text without what is not seen around it.
pub fn trim(text: &str) -> &str {
    text.trim_matches(is_unseen)
}

/// Returns the text with each end of a line as `\n`.
pub fn with_plain_lines(text: &str) -> String {
    text.replace("\r\n", "\n").replace(ends_line, "\n")
}

/// Whether the text, its lines being plain, has no control characters besides tabs.
pub(crate) fn is_plain(text: &str) -> bool {
    text.chars().all(|c| !c.is_control() || matches!(c, '\n' | '\t'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_seen_is_blank_and_trimmed() {
        for unseen in [
            "",
            " \t\r\n",
            "\u{200B}",
            "\u{2067}\u{2069}",
            "\u{3164}",
            "\u{2800}\u{AD}",
            "\u{FEFF}\u{3000}",
            "\u{FFF9}\u{FFFA}\u{FFFB}",
            "\u{FFFC}",
            "\u{13430}",
        ] {
            assert!(is_blank(unseen), "{unseen:?}");
            assert_eq!(trim(&format!("{unseen}Ada{unseen}")), "Ada");
        }
        assert!(!is_blank("\u{200B}.") && !is_blank("ㄱ"));
    }

    #[test]
    fn every_end_of_a_line_is_one_line_feed() {
        let text = "a\r\nb\rc\u{B}d\u{C}e\u{85}f\u{2028}g\u{2029}h\n\ni\n\rj";
        assert_eq!(with_plain_lines(text), "a\nb\nc\nd\ne\nf\ng\nh\n\ni\n\nj");
    }
}
