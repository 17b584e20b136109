//! Addresses as people paste them: what mail programs, spreadsheets and documents put on the clipboard.
//!
//! It reads the mailbox lists of RFC 5322 (names, quoted names, angle brackets, comments, groups, folded lines) and
//! what comes instead of them: addresses between white space, lines or separators of any script, typographic quotes,
//! `mailto:` links with all their addresses, a name and its address in two cells, a comma in a name without quotes, a
//! full stop behind an address, unseen marks. What stands before an address is its name. Text that belongs to no
//! address is an entry of its own, so that nothing is lost without a word.
//!
//! Time and space are linear in the text: wherever the reader looks ahead, it stops where the next look begins.

use std::collections::HashSet;

use percent_encoding::percent_decode_str;
use serde::{Deserialize, Deserializer, de};

use super::{EmailAddress, InvalidEmail};
use crate::text::{ends_line, is_blank, is_mark, is_unseen, trim};

#[cfg(test)]
mod tests;

/// One entry of a list: an address, or text that is none, as it was pasted.
pub type Entry<'a> = Result<EmailAddress, &'a str>;

/// Reads a pasted list, entry by entry. What is blank is no entry.
pub fn entries(text: &str) -> impl Iterator<Item = Entry<'_>> {
    let (unread, linked) = (None, Vec::new().into_iter());
    Reader {
        text,
        at: 0,
        unread,
        linked,
        links_read: 0,
        quotes_read: 0,
        follows_address: false,
        row_has_address: false,
    }
}

/// Reads a text that is to name one address and nothing else.
///
/// # Errors
/// [`InvalidEmail`] if it names none, or more than one.
pub fn only(text: &str) -> Result<EmailAddress, InvalidEmail> {
    // Nearly every text is an address and nothing else, in which the reader would find nothing to take away.
    if let (true, Ok(address)) = (is_bare(text), text.parse()) {
        return Ok(address);
    }
    let mut entries = entries(text);
    match (entries.next(), entries.next()) {
        (Some(Ok(address)), None) => Ok(address),
        _ => Err(InvalidEmail),
    }
}

/// Whether the text has no character for which an address is read otherwise than as it stands, but for a full stop at its
/// end, with which none parses.
fn is_bare(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"@.-_+".contains(&byte))
}

/// Reads a field for an address that someone has typed, and that may be left out.
///
/// # Errors
/// Those of the text, and [`InvalidEmail`].
pub fn optional<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<EmailAddress>, D::Error> {
    Option::<String>::deserialize(deserializer)?.map(|text| only(&text)).transpose().map_err(de::Error::custom)
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    /// What has been read and belongs to no address yet: a name, if one follows.
    unread: Option<(usize, usize)>,
    /// The addresses of a link that has been read, as far as they have not been told.
    linked: std::vec::IntoIter<Entry<'a>>,
    /// Up to where links mean nothing: they name no address.
    links_read: usize,
    /// Up to where quotes mean nothing: they are around text that is read like any other, or do not close.
    quotes_read: usize,
    /// Whether only white space has come since an address.
    follows_address: bool,
    /// Whether there is an address on the line: what its other cells say is about it.
    row_has_address: bool,
}

impl<'a> Iterator for Reader<'a> {
    type Item = Entry<'a>;

    fn next(&mut self) -> Option<Entry<'a>> {
        if let Some(entry) = self.linked.next() {
            return Some(entry);
        }
        while let Some((c, end)) = self.char_at(self.at) {
            let entry = match c {
                _ if ends_line(c) => self.end_line(end),
                _ if is_unseen(c) => self.step(end),
                ',' => self.comma(end),
                ';' => self.separate(end),
                '"' => self.quote(end),
                '<' | '(' | '[' => self.bracket(c, end),
                '>' | ')' | ']' => self.step(end),
                _ => self.word(self.at),
            };
            if entry.is_some() {
                return entry;
            }
        }
        self.leave()
    }
}

impl<'a> Reader<'a> {
    /// The character at `at` as it is meant, and where it ends.
    fn char_at(&self, at: usize) -> Option<(char, usize)> {
        self.text[at..].chars().next().map(|c| (meant(c), at + c.len_utf8()))
    }

    /// The first place from `from` on at which a character as it is meant is one of those wanted.
    fn seek(&self, from: usize, mut wanted: impl FnMut(char) -> bool) -> Option<(usize, char)> {
        self.text[from..].char_indices().map(|(at, c)| (from + at, meant(c))).find(|(_, c)| wanted(*c))
    }

    fn step(&mut self, to: usize) -> Option<Entry<'a>> {
        self.at = to;
        None
    }

    /// Takes the text up to `to` for a part of a name, unless it is only a sign behind an address.
    fn keep(&mut self, to: usize) -> Option<Entry<'a>> {
        if !self.follows_address || self.text[self.at..to].contains(char::is_alphanumeric) {
            let from = self.unread.map_or(self.at, |(from, _)| from);
            self.unread = Some((from, to));
            self.follows_address = false;
        }
        self.step(to)
    }

    /// Ends what has been read and belongs to no address: text that is none.
    fn leave(&mut self) -> Option<Entry<'a>> {
        self.follows_address = false;
        let (from, to) = self.unread.take()?;
        if self.row_has_address && self.text[..from].trim_end_matches(' ').ends_with('\t') {
            return None;
        }
        Some(trim(&self.text[from..to])).filter(|text| !text.is_empty()).map(Err)
    }

    fn separate(&mut self, to: usize) -> Option<Entry<'a>> {
        self.at = to;
        self.leave()
    }

    /// An address, or text that was to be one, up to `to`. What stands before it is its name.
    fn found(&mut self, address: Option<EmailAddress>, to: usize) -> Entry<'a> {
        let (from, _) = self.unread.take().unwrap_or((self.at, to));
        self.at = to;
        self.follows_address = address.is_some();
        self.row_has_address |= address.is_some();
        address.ok_or(trim(&self.text[from..to]))
    }

    /// Takes the addresses of a link that ends at `to`. What stands before it is a name of theirs.
    fn found_linked(&mut self, linked: Vec<Entry<'a>>, to: usize) -> Option<Entry<'a>> {
        self.unread = None;
        self.at = to;
        (self.follows_address, self.row_has_address) = (true, true);
        self.linked = linked.into_iter();
        self.linked.next()
    }

    /// A line that ends between a name and its address was folded, if the next one is indented.
    fn end_line(&mut self, to: usize) -> Option<Entry<'a>> {
        let folded = self.unread.and_then(|_| self.bracket_after(self.at)).filter(|(_, open)| *open == '<');
        if let Some((bracket, _)) = folded {
            return self.step(bracket);
        }
        let entry = self.separate(to);
        self.row_has_address = false;
        entry
    }

    /// Returns the bracket that opens behind white space and folded lines.
    fn bracket_after(&self, from: usize) -> Option<(usize, char)> {
        let (at, open) = self.seek(from, |c| !is_unseen(c)).filter(|(_, c)| matches!(c, '<' | '(' | '['))?;
        let white = &self.text[from..at];
        let folded = white.rfind(ends_line).is_none_or(|end| white[end..].contains([' ', '\t']));
        folded.then_some((at, open))
    }

    /// "Smith, Alice <alice@example.org>": mail programs write names with commas so.
    fn comma(&mut self, to: usize) -> Option<Entry<'a>> {
        let ahead = self.seek(to, |c| matches!(c, '<' | '@' | ',' | ';' | '"') || ends_line(c));
        match (self.unread, ahead) {
            (Some(_), Some((_, '<'))) => self.step(to),
            _ => self.separate(to),
        }
    }

    /// Quotes are around a name, around a local part that no mail service takes, or around addresses.
    fn quote(&mut self, to: usize) -> Option<Entry<'a>> {
        if self.at < self.quotes_read {
            return self.step(to);
        }
        let Some(close) = self.closing_quote(to) else {
            self.quotes_read = self.seek(to, ends_line).map_or(self.text.len(), |(at, _)| at);
            return self.step(to);
        };
        let behind = self.char_at(close).map_or(close, |(_, end)| end);
        let content = &self.text[to..close];
        if self.char_at(behind).is_some_and(|(c, _)| c == '@') {
            return self.word(behind);
        }
        let names = self.bracket_after(behind).is_some_and(|(_, open)| open == '<');
        if names || !is_blank(content) && !content.contains(is_at) {
            return self.keep(behind);
        }
        self.quotes_read = behind;
        self.step(to)
    }

    /// Returns where a quote closes, on the same line, that opened before `from`.
    fn closing_quote(&self, from: usize) -> Option<usize> {
        let mut escaped = false;
        let ends = |c| {
            let ends = c == '"' && !escaped || ends_line(c);
            escaped = c == '\\' && !escaped;
            ends
        };
        self.seek(from, ends).filter(|(_, c)| *c == '"').map(|(at, _)| at)
    }

    /// Brackets are around an address, around several, or around a remark.
    fn bracket(&mut self, open: char, to: usize) -> Option<Entry<'a>> {
        let Some((content, behind)) = self.bracketed(open, to) else { return self.step(to) };
        if has_at(content) {
            // Several addresses, or text around one, are read like any other text.
            if !is_word(content) {
                return self.step(to);
            }
            if self.names_what_follows(open, content, behind) {
                return self.keep(behind);
            }
            if let Some(linked) = linked(content) {
                return self.found_linked(linked, behind);
            }
            let address = address(content);
            return if address.is_some() || open == '<' {
                Some(self.found(address, behind))
            } else {
                self.keep(behind)
            };
        }
        if open == '(' && self.follows_address { self.step(behind) } else { self.keep(behind) }
    }

    /// Whether a bracket with an address in it, which ended before `from`, is a part of the name of the address that
    /// follows on the line: a comment as in "Erin (old@x.test) <e@x.test>", or the same address.
    fn names_what_follows(&self, open: char, content: &str, from: usize) -> bool {
        let quoted = self.char_at(from).filter(|(c, _)| *c == '\'');
        let next = self.bracket_after(quoted.map_or(from, |(_, end)| end));
        let Some((at, next)) = next.filter(|(at, _)| !self.text[from..*at].contains(ends_line)) else { return false };
        let Some((named, _)) = self.char_at(at).and_then(|(_, inside)| self.bracketed(next, inside)) else {
            return false;
        };
        let named = linked(named).unwrap_or_else(|| address(named).into_iter().map(Ok).collect());
        match (open, next) {
            ('(', '<') => !named.is_empty(),
            ('[', '<' | '(') => names(&named, address(content).as_ref()),
            _ => false,
        }
    }

    /// Returns what stands in a bracket that opened before `from`, and where it ends; on one line, without a bracket in
    /// it.
    fn bracketed(&self, open: char, from: usize) -> Option<(&'a str, usize)> {
        let (at, c) = self.seek(from, |c| matches!(c, '<' | '(' | '[' | '>' | ')' | ']') || ends_line(c))?;
        let closes = matches!((open, c), ('<', '>') | ('(', ')') | ('[', ']'));
        let (_, behind) = self.char_at(at).filter(|_| closes)?;
        Some((&self.text[from..at], behind))
    }

    /// A word that ends at or behind `from`: an address if it has an at sign, a link, or else a part of a name.
    fn word(&mut self, from: usize) -> Option<Entry<'a>> {
        let end = self.end_of_word(from);
        let word = &self.text[self.at..end];
        if self.at >= self.links_read && without_mailto(word).is_some() {
            let end = self.end_of_link(end);
            if let Some(linked) = linked(&self.text[self.at..end]) {
                return self.found_linked(linked, end);
            }
            self.links_read = end;
        }
        if !word.contains(is_at) {
            return self.keep(end);
        }
        let address = address(word);
        // "alice@example.org <mailto:alice@example.org>" is one address and its link.
        let bracket = self.bracket_after(end).filter(|_| address.is_some());
        let link = bracket.and_then(|(at, open)| self.bracketed(open, self.char_at(at)?.1));
        match link.map(|(link, behind)| (linked(link), self::address(link), behind)) {
            Some((Some(mut linked), _, behind)) if names(&linked, address.as_ref()) => {
                linked.retain(|entry| entry.as_ref().ok() != address.as_ref());
                self.linked = linked.into_iter();
                Some(self.found(address, behind))
            }
            Some((None, same, behind)) if same == address => Some(self.found(address, behind)),
            _ => Some(self.found(address, end)),
        }
    }

    fn end_of_word(&self, from: usize) -> usize {
        self.seek(from, ends_word).map_or(self.text.len(), |(at, _)| at)
    }

    /// Returns where a link ends whose first word ends at `end`: there may be commas between its addresses.
    fn end_of_link(&self, mut end: usize) -> usize {
        while let Some((',' | ';', next)) = self.char_at(end) {
            let more = self.end_of_word(next);
            let word = &self.text[next..more];
            // A bracket has a link of its own in it.
            if !has_at(word) || word.contains(|c| meant(c) == '[') {
                break;
            }
            end = more;
        }
        end
    }
}

/// Returns the character that is meant by one that looks like it: of East Asian width, or set by a typographer.
fn meant(c: char) -> char {
    #[cfg(test)]
    tests::LOOKS.set(tests::LOOKS.get() + 1);
    match c {
        '\u{FF01}'..='\u{FF5E}' => char::from_u32(u32::from(c) - 0xFEE0).unwrap_or(c),
        '“' | '”' | '„' | '‟' | '«' | '»' | '″' | '〝' | '〞' => '"',
        '‘' | '’' | '‚' | '‛' | '′' => '\'',
        '‹' | '〈' | '《' => '<',
        '›' | '〉' | '》' => '>',
        '、' | '،' | '﹐' | '﹑' | '､' => ',',
        '؛' | '﹔' => ';',
        _ => c,
    }
}

fn is_at(c: char) -> bool {
    meant(c) == '@'
}

/// Whether a text has an at sign, as it stands or encoded as in a link.
fn has_at(text: &str) -> bool {
    text.contains(is_at) || text.contains("%40")
}

/// Whether the address is among the entries.
fn names(entries: &[Entry<'_>], address: Option<&EmailAddress>) -> bool {
    address.is_some_and(|address| entries.contains(&Ok(address.clone())))
}

/// Whether a character, as it is meant, ends a word.
fn ends_word(c: char) -> bool {
    c.is_whitespace() || ends_line(c) || matches!(c, ',' | ';' | '"' | '<' | '>' | '(' | ')')
}

/// Whether a text is one word, which quotes and unseen marks may be around.
fn is_word(text: &str) -> bool {
    let word = text.trim_matches(|c| is_unseen(c) || meant(c) == '"');
    !word.contains(|c| ends_word(meant(c)))
}

/// Reads a word that is to be an address.
fn address(word: &str) -> Option<EmailAddress> {
    let word: String = word.chars().map(meant).collect();
    let word = word.trim_matches(|c| is_unseen(c) || c == '"').trim_end_matches(STOPS);
    // Spreadsheets mark text with a single one.
    let word = word.trim_matches('\'');
    without_label(&without_marks(word))?.trim_end_matches(STOPS).parse().ok()
}

/// What ends a sentence or a bracket behind an address.
const STOPS: [char; 6] = ['.', '。', '｡', ':', ']', '!'];

/// Takes out the marks that came with an address. Between letters that are not ASCII a joiner is a part of the name.
fn without_marks(word: &str) -> String {
    let mut before = 'a';
    let is_kept = |c: &char| {
        let kept = !is_mark(*c) || matches!(c, '\u{200C}' | '\u{200D}') && !before.is_ascii();
        before = if kept { *c } else { before };
        kept
    };
    word.chars().filter(is_kept).collect::<String>().trim_end_matches(is_mark).to_owned()
}

/// Takes away what labels an address, such as `Cc:`.
fn without_label(word: &str) -> Option<&str> {
    let Some((label, rest)) = word.split_once(':') else { return Some(word) };
    let labels =
        !label.is_empty() && label.chars().all(|c| c.is_ascii_alphabetic() || c == '-') && !rest.starts_with('/');
    labels.then_some(rest)
}

/// Takes the scheme off a link that writes a mail (RFC 6068), and what stands around the link.
fn without_mailto(word: &str) -> Option<&str> {
    const SCHEME: &str = "mailto:";
    let link = word.trim_matches(|c| is_unseen(c) || matches!(meant(c), '"' | '\'')).trim_end_matches(STOPS);
    link.get(..SCHEME.len()).filter(|scheme| scheme.eq_ignore_ascii_case(SCHEME)).map(|_| &link[SCHEME.len()..])
}

/// Whether a character, as it is meant, stands between the addresses of a link.
fn separates(c: char) -> bool {
    matches!(meant(c), ',' | ';')
}

/// Reads a link that writes a mail: the addresses in its path and its fields `to`, `cc` and `bcc`, each once. `None`
/// for any other text, and for a link that names no address.
fn linked(word: &str) -> Option<Vec<Entry<'_>>> {
    let link = without_mailto(word)?;
    let (path, query) = link.split_once('?').unwrap_or((link, ""));
    let fields = query.split('&').filter_map(|field| field.split_once('='));
    let lists = fields.filter(|(name, _)| ["to", "cc", "bcc"].iter().any(|known| name.eq_ignore_ascii_case(known)));
    let mut entries: Vec<Entry<'_>> = Vec::new();
    let mut known = HashSet::new();
    for part in [path].into_iter().chain(lists.map(|(_, list)| list)).flat_map(|list| list.split(separates)) {
        let decoded = percent_decode_str(part).decode_utf8().unwrap_or_default();
        for named in decoded.split(separates).filter(|named| !is_blank(named)) {
            let entry = address(named).ok_or(part);
            if entry.as_ref().map_or(true, |address| known.insert(address.key())) {
                entries.push(entry);
            }
        }
    }
    entries.iter().any(Result::is_ok).then_some(entries)
}
