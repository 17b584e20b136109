//! Makes text that people wrote harmless, without changing what a reader sees.
//!
//! Names, titles, messages, descriptions and reasons come from people. Whatever they contain, it must stay on its line,
//! run in its direction, and not become a link: neither by escaping mistakes (the templates' business) nor because a
//! mail program makes one of anything that looks like an address.

/// A piece of text, made harmless, and its destination if it is a link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Piece {
    /// The text that readers see. The template escapes it, because it knows the format.
    pub(crate) text: String,
    /// An http or https URL.
    pub(crate) href: Option<String>,
}

impl Piece {
    /// Makes a piece of `text` on one line; a link if `url` is one of the web.
    pub(crate) fn new(text: &str, url: Option<&str>) -> Self {
        Self { text: unlinked(&line(text)), href: url.and_then(web_url).map(str::to_owned) }
    }
}

/// Tells whether a character changes how the text around it is shown, and no name or message needs it: controls,
/// direction overrides, invisible spacing.
fn is_disruptive(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{061C}' | '\u{180E}' | '\u{200B}' | '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}')
}

/// Returns `text` as one line without control, direction or invisible characters, and without needless space.
pub(crate) fn line(text: &str) -> String {
    let visible: String =
        text.chars().map(|c| if c.is_whitespace() { ' ' } else { c }).filter(|c| !is_disruptive(*c)).collect();
    visible.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Returns the lines of `text`, each as [`line()`] makes it; none if there is nothing to read.
///
/// At most one empty line in a row is kept: empty space must not push the buttons and the way to unsubscribe out of
/// sight.
pub(crate) fn lines(text: &str) -> Vec<String> {
    let breaks = ['\n', '\u{b}', '\u{c}', '\r', '\u{85}', '\u{2028}', '\u{2029}'];
    let text = text.replace("\r\n", "\n");
    let mut lines: Vec<String> = text.trim().split(breaks).map(line).collect();
    lines.dedup_by(|next, previous| next.is_empty() && previous.is_empty());
    if lines.iter().all(String::is_empty) { Vec::new() } else { lines }
}

/// Cuts `text` to at most `max` characters, with an ellipsis where something is missing.
pub(crate) fn shorten(text: &str, max: usize) -> String {
    if text.chars().count() <= max {
        return text.to_owned();
    }
    let kept: String = text.chars().take(max.saturating_sub(1)).collect();
    format!("{}…", kept.trim_end())
}

/// The character that keeps mail programs from seeing a link. It has no width, is drawn as nothing, and is no part of
/// any host name.
pub(crate) const BREAKER: char = '\u{200C}';

/// Returns `text` such that no program finds a link in it. It looks as before.
pub(crate) fn unlinked(text: &str) -> String {
    let mut result = String::with_capacity(text.len());
    let mut copied = 0;
    for at in link_joints(text) {
        result.push_str(&text[copied..at]);
        result.push(BREAKER);
        copied = at;
    }
    result.push_str(&text[copied..]);
    result
}

/// Returns where in `text` a [`BREAKER`] belongs: behind every colon, dot and at sign that could be part of an address.
pub(crate) fn link_joints(text: &str) -> Vec<usize> {
    let mut previous = None;
    let mut joints = Vec::new();
    for (at, c) in text.char_indices() {
        let after = at + c.len_utf8();
        let rest = &text[after..];
        let breaks = match c {
            // "https://", "mailto:", but neither "10:30" nor "Note: this".
            ':' => {
                let scheme = previous.is_some_and(char::is_alphabetic);
                rest.starts_with("//") || scheme && rest.starts_with(|c: char| !c.is_whitespace())
            }
            // "example.org" in any script's dots, but neither "3.14" nor "e.g.".
            '.' | '\u{3002}' | '\u{FF0E}' | '\u{FF61}' => {
                previous.is_some_and(|p: char| !p.is_whitespace()) && starts_like_top_level_domain(rest)
            }
            '@' => rest.starts_with(|c: char| c.is_alphanumeric() || c == '-'),
            _ => false,
        };
        if breaks {
            joints.push(after);
        }
        previous = Some(c);
    }
    joints
}

fn starts_like_top_level_domain(rest: &str) -> bool {
    rest.starts_with(char::is_alphabetic)
        && rest.chars().take_while(|c| c.is_alphanumeric() || *c == '-').nth(1).is_some()
}

/// Returns `url` if it is one of the web, which alone becomes a link.
///
/// It is http or https with a host, and has nothing that could end an attribute or a line, or that could pass another
/// site off as the host.
pub(crate) fn web_url(url: &str) -> Option<&str> {
    let (scheme, rest) = url.split_once("://")?;
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let harmless = |c: char| !c.is_whitespace() && !is_disruptive(c) && !"\"<>\\^`{|}".contains(c);
    let of_the_web = scheme.eq_ignore_ascii_case("https") || scheme.eq_ignore_ascii_case("http");
    (of_the_web && !host.is_empty() && !host.contains('@') && url.chars().all(harmless)).then_some(url)
}
