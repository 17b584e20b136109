//! Makes text that people wrote harmless, without changing what a reader sees.
//!
//! Names, titles, messages, descriptions and reasons come from people. Whatever they contain, it must stay on its line,
//! run in its direction, and not become a link: neither by escaping mistakes (the templates' business) nor because a
//! mail program makes one of anything that looks like an address.
//!
//! Nothing invisible is put into the text for that: it would be copied along with an address and break it. Where the
//! format has markup, markup keeps a link from being seen; plain text has none, and shows a space.

use domain::text::with_plain_lines;
use unicode_segmentation::UnicodeSegmentation;

/// A piece of text on one line, made harmless.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Piece {
    /// The text that readers see. The template escapes it, because it knows the format.
    pub(crate) text: String,
    /// An http or https URL.
    pub(crate) href: Option<String>,
    /// Whether it is the name of someone or something, which runs in its own direction.
    pub(crate) is_name: bool,
    /// Where a mail program could see a link in the text: see [`link_joints`].
    joints: Vec<usize>,
}

impl Piece {
    /// Makes a piece of a person's own words.
    pub(crate) fn words(text: &str) -> Self {
        Self { joints: link_joints(text), ..Self::verbatim_words(text) }
    }

    /// Makes a piece of a name; a link if `url` is one of the web.
    pub(crate) fn name(name: &str, url: Option<&str>) -> Self {
        Self { is_name: true, href: url.and_then(web_url).map(str::to_owned), ..Self::words(&line(name)) }
    }

    /// Makes a piece of a name that mail programs may make a link of: the operator's product, or an address that the
    /// reader has typed or moderates.
    pub(crate) fn verbatim_name(name: &str) -> Self {
        Self { is_name: true, ..Self::verbatim_words(&line(name)) }
    }

    /// Makes a piece of some of this one's text.
    pub(crate) fn excerpt(&self, text: &str) -> Self {
        Self { joints: link_joints(text), text: text.to_owned(), ..self.clone() }
    }

    fn verbatim_words(text: &str) -> Self {
        Self { text: text.to_owned(), href: None, is_name: false, joints: Vec::new() }
    }

    /// Returns the text in stretches: a word in which a mail program could see a link, cut into parts at its joints, or
    /// any number of other words as one part.
    pub(crate) fn stretches(&self) -> Vec<Vec<&str>> {
        let mut stretches = Vec::new();
        let (mut start, mut end) = (0, 0);
        for word in self.text.split_inclusive(' ') {
            let from = end;
            end += word.len();
            let parts = self.cut(from, end);
            if parts.len() > 1 {
                stretches.extend((start < from).then(|| vec![&self.text[start..from]]));
                stretches.push(parts);
                start = end;
            }
        }
        stretches.extend((start < end).then(|| vec![&self.text[start..]]));
        stretches
    }

    fn cut(&self, from: usize, to: usize) -> Vec<&str> {
        let joints = self.joints.iter().copied().filter(|joint| (from + 1..=to).contains(joint));
        let mut start = from;
        joints.chain([to]).map(|end| &self.text[std::mem::replace(&mut start, end)..end]).collect()
    }

    /// Returns the text with a space at each joint.
    pub(crate) fn spaced(&self) -> String {
        self.cut(0, self.text.len()).join(" ")
    }
}

/// Finds the joints of a line's pieces anew, in the line as a whole: a name and the words around it can make a link
/// together.
pub(crate) fn find_joints(line: &mut [Piece]) {
    let whole: String = line.iter().map(|piece| piece.text.as_str()).collect();
    let joints = link_joints(&whole);
    let mut start = 0;
    for piece in line {
        let end = start + piece.text.len();
        piece.joints = joints.iter().filter(|joint| (start + 1..=end).contains(joint)).map(|at| at - start).collect();
        start = end;
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
    let mut lines: Vec<String> = with_plain_lines(text.trim()).split('\n').map(line).collect();
    lines.dedup_by(|next, previous| next.is_empty() && previous.is_empty());
    if lines.iter().all(String::is_empty) { Vec::new() } else { lines }
}

/// Cuts `text` to at most `max` characters, with an ellipsis where something is missing. What a reader takes for one
/// letter or symbol stays whole, or goes.
pub(crate) fn shorten(text: &str, max: usize) -> String {
    if text.chars().count() <= max {
        return text.to_owned();
    }
    let mut room = max.saturating_sub(1);
    let fits = |letter: &&str| {
        let left = room.checked_sub(letter.chars().count());
        room = left.unwrap_or(room);
        left.is_some()
    };
    let kept: String = text.graphemes(true).take_while(fits).collect();
    format!("{}…", kept.trim_end())
}

/// Returns where in `text` a mail program could see a link: behind every colon, dot and at sign that could be part of
/// an address.
fn link_joints(text: &str) -> Vec<usize> {
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
