//! Which way text runs, and how a name keeps its way to itself.

/// The way in which a line of text runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    LeftToRight,
    RightToLeft,
}

impl Direction {
    /// Returns the direction as HTML's `dir` names it.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::LeftToRight => "ltr",
            Self::RightToLeft => "rtl",
        }
    }

    /// Returns the side at which lines begin, for what knows `left` and `right` only, as mail programs do.
    pub(crate) fn start(self) -> &'static str {
        match self {
            Self::LeftToRight => "left",
            Self::RightToLeft => "right",
        }
    }

    /// Returns the side at which lines end.
    pub(crate) fn end(self) -> &'static str {
        match self {
            Self::LeftToRight => "right",
            Self::RightToLeft => "left",
        }
    }

    /// Returns the direction to assume around the names in a person's own words: right to left as soon as anything
    /// there runs that way.
    pub(crate) fn around(text: &str) -> Self {
        if text.contains(is_right_to_left) { Self::RightToLeft } else { Self::LeftToRight }
    }
}

/// Wraps a name for plain text such that it moves nothing around it, and nothing moves the name: FSI … PDI, what
/// `<bdi>` is in HTML.
///
/// Where nothing can move, the name is left as it is, because invisible characters get copied along with a name, and an
/// ASCII subject is one that every program shows.
pub(crate) fn isolated(name: &str, among: Direction) -> String {
    if can_move(name, among) { format!("\u{2068}{name}\u{2069}") } else { name.to_owned() }
}

/// Tells whether a name and the text around it can move each other. They cannot if all of it runs left to right.
pub(crate) fn can_move(name: &str, among: Direction) -> bool {
    among == Direction::RightToLeft || name.contains(is_right_to_left)
}

/// Tells whether a character may run from right to left, or be a number that does not run with its neighbours: the
/// blocks that Unicode reserves for such scripts.
pub(crate) fn is_right_to_left(c: char) -> bool {
    matches!(c,
        '\u{590}'..='\u{8FF}' | '\u{FB1D}'..='\u{FDFF}' | '\u{FE70}'..='\u{FEFF}' | '\u{10800}'..='\u{10FFF}'
        | '\u{1E800}'..='\u{1EFFF}')
}
