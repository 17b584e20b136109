//! Names as the search for people compares them: without case, accents and other differences that a keyboard may not
//! have.
//!
//! A name is found by the beginning of any of its words, so it is filed once for each of them: with the words that
//! follow and then those before, as if the name were written on a ring. What people type is then one stretch of such an
//! order, whether they begin with the first name or the last.

use std::{collections::BTreeSet, fmt};

use icu_normalizer::{DecomposingNormalizerBorrowed, properties::CanonicalCombiningClassMapBorrowed};

use super::text::is_mark;

/// By how many of its words a name is found, from the first on.
const MAX_WORDS: usize = 8;
/// How much of a name is filed, in characters.
const MAX_CHARS: usize = 100;

/// The words of a name or of what is searched for, folded. Nobody is found by one without words.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct SearchName(Vec<String>);

impl SearchName {
    /// Folds a text and cuts it into words.
    pub fn new(text: &str) -> Self {
        Self::of_folded(&fold(text).take(MAX_CHARS).collect::<String>())
    }

    /// Reads what is folded already.
    pub fn of_folded(folded: &str) -> Self {
        Self(folded.split_whitespace().map(str::to_owned).collect())
    }

    /// Whether there is no word in it.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The name once from each of its words on: what it is filed under.
    pub fn turns(&self) -> BTreeSet<Self> {
        let turned = |first| {
            let (before, from) = self.0.split_at(first);
            Self([from, before].concat())
        };
        (0..self.0.len().min(MAX_WORDS)).map(turned).collect()
    }

    /// The longest word, which the fewest names begin with.
    pub fn longest(&self) -> Option<&str> {
        self.0.iter().map(String::as_str).max_by_key(|word| word.chars().count())
    }

    /// The words, in their order.
    pub fn words(&self) -> &[String] {
        &self.0
    }

    /// Whether there are several words.
    pub fn has_several(&self) -> bool {
        self.0.len() > 1
    }

    /// Whether each word of what is searched for begins a word of the name.
    pub fn finds(&self, name: &Self) -> bool {
        let begins = |word: &String| name.0.iter().any(|whole| whole.starts_with(word.as_str()));
        !self.is_empty() && self.0.iter().all(begins)
    }
}

impl fmt::Display for SearchName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join(" "))
    }
}

/// Returns the text without case and accents, with a space wherever a word ends.
fn fold(text: &str) -> impl Iterator<Item = char> {
    let decomposed = DecomposingNormalizerBorrowed::new_nfkd().normalize_iter(text.chars());
    let seen = decomposed.filter(|c| !is_mark(*c) && !is_accent(*c) && !is_apostrophe(*c));
    seen.flat_map(char::to_lowercase).flat_map(plain)
}

/// Whether the character is an accent, or a vowel point that may be left out. What tells words of other scripts apart,
/// such as the vowel signs and viramas of India and the voicing of kana, is none.
fn is_accent(c: char) -> bool {
    // By the classes of Unicode: overlays, the points of Hebrew, Arabic and Syriac, and what stands above, below or
    // beside.
    let class = CanonicalCombiningClassMapBorrowed::new().get_u8(c);
    class == 1 || (10..=36).contains(&class) || class >= 200
}

/// Whether the character stands within words that people also write without it.
fn is_apostrophe(c: char) -> bool {
    matches!(c, '\'' | '`' | '\u{2BB}' | '\u{2BC}' | '\u{2018}' | '\u{2019}' | '\u{2032}' | '\u{640}')
}

/// Returns a folded letter, with those that Unicode does not take apart as people without them on the keyboard write
/// them. What is no part of a word is a space.
fn plain(c: char) -> impl Iterator<Item = char> {
    let (first, second) = match c {
        'ß' => ('s', Some('s')),
        'æ' => ('a', Some('e')),
        'œ' => ('o', Some('e')),
        'þ' => ('t', Some('h')),
        'ø' => ('o', None),
        'đ' | 'ð' => ('d', None),
        'ħ' => ('h', None),
        'ı' => ('i', None),
        'ł' => ('l', None),
        'ŋ' => ('n', None),
        'ŧ' => ('t', None),
        'ς' => ('σ', None),
        // Letters that Arabic and Persian keyboards have in forms of their own, or that end words.
        'ى' | 'ی' => ('ي', None),
        'ک' => ('ك', None),
        'ة' => ('ه', None),
        // Katakana as hiragana.
        '\u{30A1}'..='\u{30F6}' => (char::from_u32(u32::from(c) - 0x60).unwrap_or(c), None),
        _ if c.is_alphanumeric() || CanonicalCombiningClassMapBorrowed::new().get_u8(c) != 0 => (c, None),
        _ => (' ', None),
    };
    [Some(first), second].into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folded(text: &str) -> String {
        SearchName::new(text).to_string()
    }

    #[test]
    fn case_accents_and_forms_of_letters_make_no_difference() {
        for (one, other) in [
            ("Ångström", "angstrom"),
            ("ÉMILIE", "emilie"),
            ("Łukasz Żółć", "lukasz zolc"),
            ("Søren Æbelø", "soren aebelo"),
            ("Weiß", "WEISS"),
            ("İpek Işık", "ipek isik"),
            ("Ὀδυσσεύς", "οδυσσευσ"),
            ("Ёлкина", "елкина"),
            ("أحمد", "احمد"),
            ("مُحَمَّد", "محمد"),
            ("علی", "علي"),
            ("שָׁלוֹם", "שלום"),
            ("ﾀﾅｶ", "たなか"),
            ("タナカ", "たなか"),
            ("Ａｄａ", "ada"),
            ("D\u{200B}an", "dan"),
            ("O’Brien", "obrien"),
            ("Nguyễn", "nguyen"),
        ] {
            assert_eq!(folded(one), folded(other), "{one}");
        }
        for (one, other) in [("राम", "रम"), ("ガ", "カ"), ("Ada", "Adam")] {
            assert_ne!(folded(one), folded(other), "{one}");
        }
    }

    #[test]
    fn words_end_at_whatever_is_no_part_of_one() {
        assert_eq!(folded("  Anne-Marie \u{3000}St. John (Ann)\n"), "anne marie st john ann");
        assert_eq!(folded("J.R.R. Tolkien 2nd"), "j r r tolkien 2nd");
        assert!(SearchName::new(" -·… ").is_empty() && SearchName::new("\u{200B}").is_empty());
    }

    #[test]
    fn a_name_is_filed_from_each_of_its_words_on() {
        let turns = |name: &str| SearchName::new(name).turns().iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(turns("Ada King Lovelace"), ["ada king lovelace", "king lovelace ada", "lovelace ada king"]);
        assert_eq!(turns("Bo Bo"), ["bo bo"]);
        assert_eq!(turns("a b c d e f g h i j").len(), MAX_WORDS);
        let longest = turns(&"ﷺ ".repeat(200));
        assert!(longest.iter().all(|turn| turn.chars().count() <= MAX_CHARS), "{longest:?}");
    }

    #[test]
    fn every_word_that_is_searched_for_must_begin_one_of_the_name() {
        let finds = |query: &str, name: &str| SearchName::new(query).finds(&SearchName::new(name));
        for query in ["a", "ada", "LOV", "king", "ada lov", "lovelace ada", "love k"] {
            assert!(finds(query, "Ada King Lovelace"), "{query}");
        }
        for query in ["", "-", "da", "adam", "ada x", "adaking"] {
            assert!(!finds(query, "Ada King Lovelace"), "{query}");
        }
    }
}
